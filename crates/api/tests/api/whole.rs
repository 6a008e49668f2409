//! What holds for every route: the description is complete, and the decision of the policies is the one that is applied.

use std::collections::BTreeSet;

use cordon_policy::{Action, Asked, Decision, Policies, Principal, Purpose, Role, Universe};
use serde_json::Value;

use crate::played::{CLASSES, Played, send, with_token};

/// Every operation: method, path, action (none for public ones).
pub(crate) fn operations() -> Vec<(String, String, Option<Action>)> {
    let description = cordon_api::description();
    let mut all = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let action = operation["x-cordon-action"].as_str().map(|name| Action::from_name(name).unwrap());
            all.push((method.to_uppercase(), path.clone(), action));
        }
    }
    all
}

#[test]
fn every_route_is_guarded_or_in_the_list_of_public_ones() {
    let open: BTreeSet<(String, String)> = operations()
        .into_iter()
        .filter(|(_, _, action)| action.is_none())
        .map(|(method, path, _)| (method, path))
        .collect();
    let listed = cordon_api::PUBLIC.map(|(method, path)| (method.to_owned(), path.to_owned())).into();
    assert_eq!(open, listed);
}

/// Every route x role x site (of the token): 401 without a token; with one, 403 exactly when the policies deny.
#[tokio::test]
async fn every_route_answers_every_role_at_every_site_as_the_policies_decide() {
    let played = Played::start().await;
    let administrator = played.administrator().await;
    let sites: BTreeSet<String> = ["main", "north"].map(str::to_owned).into();
    let policies = Policies::load(Universe { sites, classes: CLASSES.into() }, &[]).unwrap();
    let guarded: Vec<_> =
        operations().into_iter().filter_map(|(method, path, action)| Some((method, path, action?))).collect();
    let mut cells = 0;
    for role in Role::ALL {
        for site in [Some("main"), Some("north"), None] {
            let named = site.map(|site| vec![site]);
            let token = played.token(&administrator, &[role.name()], named.as_deref()).await;
            let sites = site.map(|site| BTreeSet::from([site.to_owned()]));
            let principal = Principal { roles: [role].into(), sites, only: None };
            cells += row(&played, &policies, &principal, &token, &guarded).await;
        }
    }
    assert_eq!(cells, guarded.len() * 15);
    for (method, path, _) in &guarded {
        assert_eq!(check(&played, method, path, "unknown").await, 401, "{method} {path}");
    }
}

/// All routes as one token is answered; says how many.
async fn row(
    played: &Played,
    policies: &Policies,
    principal: &Principal,
    token: &str,
    guarded: &[(String, String, Action)],
) -> usize {
    let asked = Asked { purpose: Some(Purpose::SecurityInvestigation), break_glass: false };
    for (method, path, action) in guarded {
        let denied = check(played, method, path, token).await == 403;
        let expect = policies.decide(principal, *action, asked) == Decision::Denied;
        assert_eq!(denied, expect, "{method} {path} as {principal:?}");
    }
    guarded.len()
}

/// A body that no route reads, so that nothing is changed: whoever may is told 400, 404, 415 or 428 or gets an answer.
async fn check(played: &Played, method: &str, path: &str, token: &str) -> u16 {
    let path = path.replace("{id}", "999999").replace("{number}", "1");
    let mut request = with_token(send(method, &path, &Value::Null), token);
    request.headers_mut().insert("x-cordon-purpose", "security_investigation".parse().unwrap());
    let response = tower::ServiceExt::oneshot(played.router.clone(), request).await.unwrap();
    response.status().as_u16()
}
