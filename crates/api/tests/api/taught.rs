//! What analysts taught the models: listed with its effect, taken back and put back; and what was learnt of somebody, forgotten.

use std::sync::Arc;

use cordon_api::{VerdictStanding, VerdictStatus};
use cordon_model::Time;
use cordon_policy::AccessScope;
use cordon_store::state::{GroupFilter, GroupOrder, NewFinding, Subjects};
use serde_json::{Value, json};

use crate::played::{Answer, Played, post, request, send, with_token};
use crate::resources::finding;

fn learnt(number: u8, site: &str, user: &str) -> NewFinding {
    let mut new = finding(number, site);
    Arc::make_mut(&mut new.finding.rule).id = "learn.account.sign_in".to_owned();
    NewFinding { subjects: Subjects { user: Some(user.into()), ..Subjects::default() }, ..new }
}

/// Gives every group the verdict "harmless" as whoever has this token.
async fn judge(played: &Played, token: &str) {
    let listed = played.ask(with_token(request("GET", "/api/v1/finding-groups"), token)).await.json();
    for group in listed["items"].as_array().unwrap() {
        let path = format!("/api/v1/finding-groups/{}", group["id"].as_str().unwrap());
        let mut change = with_token(send("PATCH", &path, &json!({"verdict": "benign"})), token);
        change.headers_mut().insert("if-match", format!("\"{}\"", group["revision"]).parse().unwrap());
        let answer = played.ask(change).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

/// The node says that every verdict counts.
async fn put_into_force(played: &Played) {
    let groups =
        played.kept.groups(&AccessScope::of_the_node(), &GroupFilter::default(), GroupOrder::Newest, None, 100).await;
    let effect = |group| VerdictStatus {
        group,
        standing: VerdictStanding::Counts,
        entity_nats: -0.69,
        house_nats: -0.05,
        until: Time::from_rfc3339("2026-06-08T11:00:00Z").unwrap(),
    };
    *played.node.effects.lock().unwrap() = groups.unwrap().rows.into_iter().map(|row| effect(row.group_id)).collect();
}

async fn verdicts(played: &Played, token: &str, query: &str) -> Answer {
    played.ask(with_token(request("GET", &format!("/api/v1/models/verdicts{query}")), token)).await
}

#[tokio::test]
async fn a_verdict_on_a_finding_of_a_model_is_listed_with_its_effect_taken_back_and_put_back() {
    let played = Played::start().await;
    played
        .kept
        .record_findings(None, &[learnt(1, "main", "anna"), finding(2, "main"), learnt(3, "north", "bert")])
        .await
        .unwrap();
    let administrator = played.administrator().await;
    let analyst = played.token(&administrator, &["analyst"], None).await;
    judge(&played, &analyst).await;
    assert_eq!(*played.node.verdicts_changed.lock().unwrap(), 2, "the rule teaches nobody");
    put_into_force(&played).await;

    let listed = verdicts(&played, &analyst, "").await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert_eq!(verdicts(&played, &analyst, "?model=learn.host.beacon").await.json()["items"], json!([]));
    let main = played.token(&administrator, &["analyst"], Some(&["main"])).await;
    let own = verdicts(&played, &main, "?model=learn.account.sign_in").await.json();
    let one = &own["items"][0];
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&one["verdict"], &one["standing"], &one["entity_nats"], &one["until"], &one["taken_back_by"]),
        (&json!("benign"), &json!("counts"), &json!(-0.69), &json!("2026-06-08T11:00:00.000000Z"), &json!(null))
    );
    assert_eq!(one["entity"], json!({"kind": "user", "name": "anna"}));

    let path = format!("/api/v1/models/verdicts/{}", one["group"].as_str().unwrap());
    let teaches = async |token: &str, teaches: Value| {
        played.ask(with_token(send("PUT", &path, &json!({"teaches": teaches})), token)).await
    };
    let elsewhere = played.token(&administrator, &["analyst"], Some(&["north"])).await;
    assert_eq!(teaches(&elsewhere, json!(false)).await.status, 404);
    let auditor = played.token(&administrator, &["auditor"], None).await;
    assert_eq!(teaches(&auditor, json!(false)).await.status, 403);
    assert_eq!(teaches(&main, json!("no")).await.status, 400);
    let taken = teaches(&main, json!(false)).await;
    assert_eq!((taken.status.as_u16(), taken.json()["taken_back_by"].is_string()), (200, true), "{}", taken.text);
    assert_eq!(*played.node.verdicts_changed.lock().unwrap(), 3);
    assert_eq!(teaches(&main, json!(true)).await.json()["taken_back_by"], json!(null));
    let audit = played.ask(with_token(request("GET", "/api/v1/audit?action=verdict_teaches"), &auditor)).await.json();
    assert_eq!(audit["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_list_of_verdicts_has_no_names_where_staff_have_pseudonyms() {
    let played = Played::start_with_pseudonyms().await;
    played.kept.record_findings(None, &[learnt(1, "main", "annabella")]).await.unwrap();
    let administrator = played.administrator().await;
    let analyst = played.token(&administrator, &["analyst"], None).await;
    judge(&played, &analyst).await;
    put_into_force(&played).await;
    let listed = verdicts(&played, &analyst, "").await;
    assert_eq!(listed.json()["items"].as_array().unwrap().len(), 1, "{}", listed.text);
    assert!(!listed.text.contains("annabella"), "{}", listed.text);
}

#[tokio::test]
async fn privacy_officers_alone_have_somebody_forgotten_and_the_audit_log_has_no_name() {
    let played = Played::start_with_pseudonyms().await;
    let administrator = played.administrator().await;
    let officer = played.token(&administrator, &["privacy_officer"], None).await;
    let ask = async |token: &str, kind: &str, name: &str, reason: &str| {
        let body = json!({"entity": {"kind": kind, "name": name}, "reason": reason});
        played.ask(with_token(post("/api/v1/models/forget", &body), token)).await
    };
    let why = "left on 1 March and asked for it";
    for role in ["analyst", "responder", "auditor", "administrator"] {
        let token = played.token(&administrator, &[role], None).await;
        assert_eq!(ask(&token, "user", "annabella", why).await.status, 403, "{role}");
    }
    for (kind, name, reason) in [("user", "annabella", "no"), ("patient", "p-1", why), ("source", "fw", why)] {
        assert_eq!(ask(&officer, kind, name, reason).await.status, 422, "{kind}");
    }
    let known = ask(&officer, "user", "annabella", why).await;
    assert_eq!(
        (known.status.as_u16(), &known.json()["was_known"], &known.json()["days"]),
        (200, &json!(true), &json!(12)),
        "{}",
        known.text
    );
    assert_eq!(
        ask(&officer, "user", "nobody.known", why).await.json(),
        json!({"was_known": false, "first_seen": null, "days": 0})
    );
    assert_eq!(ask(&officer, "device", "PUMP-3", why).await.status, 200);
    let asked: Vec<String> =
        played.node.forgotten.lock().unwrap().iter().map(|entity| entity.name.to_string()).collect();
    assert_eq!(asked, ["annabella", "nobody.known", "PUMP-3"]);
    let audit = played.ask(with_token(request("GET", "/api/v1/audit?action=behaviour_forgotten"), &officer)).await;
    assert_eq!(audit.json()["items"].as_array().unwrap().len(), 3);
    assert!(!audit.text.contains("annabella") && audit.text.contains("asked for it"), "{}", audit.text);
}
