//! The whole table of access: every role, every action, own and other sites, plain, for a purpose and in an emergency.
//!
//! `data/matrix.md` is the table that people read and agree on; `docs/specs/access.md` shows it. What the policies decide must be exactly that.
#![cfg(test)]

use std::collections::BTreeSet;

use cordon_policy::{AccessScope, Action, Asked, Decision, Policies, Principal, Purpose, Role, Target, Universe};

const SECURITY: i64 = 3002;
const HEALTH: i64 = 87_006_001;

fn policies() -> Policies {
    let universe =
        Universe { sites: ["other".to_owned(), "own".to_owned()].into(), classes: [SECURITY, HEALTH].into() };
    Policies::load(universe, &[]).unwrap()
}

fn of(roles: &[Role]) -> Principal {
    Principal { roles: roles.iter().copied().collect(), sites: Some(["own".to_owned()].into()), only: None }
}

fn outcome(policies: &Policies, role: Role, action: Action, asked: Asked) -> String {
    match (policies.decide(&of(&[role]), action, asked), action.target()) {
        (Decision::Denied, _) => "-".to_owned(),
        (Decision::Allowed(_), Target::Node) => "yes".to_owned(),
        (Decision::Allowed(scope), Target::Places) => places(&scope).to_owned(),
        (Decision::Allowed(scope), Target::Records) => {
            let masked = if scope.masked_columns().is_empty() { "" } else { ", masked" };
            format!("{}{masked}", records(&scope))
        }
    }
}

fn places(scope: &AccessScope) -> &'static str {
    assert!(!scope.admits("own", SECURITY) && !scope.admits("own", HEALTH), "a place has no rows");
    match (scope.admits_site("own"), scope.admits_site("other")) {
        (true, false) => "own",
        (true, true) => "all",
        strange => panic!("{strange:?}"),
    }
}

fn records(scope: &AccessScope) -> &'static str {
    let admitted = [("own", SECURITY), ("own", HEALTH), ("other", SECURITY), ("other", HEALTH)];
    match admitted.map(|(site, class)| scope.admits(site, class)) {
        [true, true, false, false] => "own",
        [false, true, false, false] => "own, health",
        [true, true, true, true] => "all",
        strange => panic!("{strange:?}"),
    }
}

fn cell(policies: &Policies, role: Role, action: Action) -> String {
    let plain = outcome(policies, role, action, Asked::default());
    let for_purpose = |purpose: Purpose, break_glass: bool| {
        outcome(policies, role, action, Asked { purpose: Some(purpose), break_glass })
    };
    let purposes: BTreeSet<[String; 2]> =
        Purpose::ALL.into_iter().map(|purpose| [for_purpose(purpose, false), for_purpose(purpose, true)]).collect();
    assert_eq!(purposes.len(), 1, "the purpose is stated, not weighed");
    let [purpose, emergency] = purposes.into_iter().next().unwrap();
    let mut cell = plain.clone();
    if purpose != plain {
        cell.push_str(&format!("; with purpose: {purpose}"));
    }
    if emergency != purpose {
        cell.push_str(&format!("; emergency: {emergency}"));
    }
    cell
}

fn table() -> String {
    let policies = policies();
    let mut table = "| action | on |".to_owned();
    Role::ALL.iter().for_each(|role| table.push_str(&format!(" {} |", role.name())));
    table.push_str(&format!("\n|{}\n", "---|".repeat(2 + Role::ALL.len())));
    for action in Action::all() {
        let target = match action.target() {
            Target::Records => "rows",
            Target::Places => "sites",
            Target::Node => "node",
        };
        table.push_str(&format!("| {} | {target} |", action.name()));
        Role::ALL.iter().for_each(|role| table.push_str(&format!(" {} |", cell(&policies, *role, action))));
        table.push('\n');
    }
    table
}

#[test]
fn the_policies_decide_what_the_table_says() {
    let agreed = include_str!("../data/matrix.md");
    let table = table();
    assert_eq!(table, agreed, "the whole table as decided:\n{table}");
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/specs/access.md")).unwrap();
    assert!(page.contains(agreed), "docs/specs/access.md does not show the table");
}

#[test]
fn who_has_no_role_may_do_nothing() {
    for action in Action::all() {
        let asked = Asked { purpose: Some(Purpose::Treatment), break_glass: true };
        assert_eq!(policies().decide(&of(&[]), action, asked), Decision::Denied);
    }
}

#[test]
fn a_token_does_what_it_is_for_and_nothing_else() {
    let policies = policies();
    let token = Principal { only: Some([Action::ReadFindings].into()), ..of(&Role::ALL) };
    for action in Action::all() {
        let is_allowed = policies.decide(&token, action, Asked::default()) != Decision::Denied;
        assert_eq!(is_allowed, action == Action::ReadFindings, "{action:?}");
    }
}

#[test]
fn two_roles_are_a_union_without_a_product() {
    let policies = policies();
    let both = of(&[Role::PrivacyOfficer, Role::Auditor]);
    let Decision::Allowed(scope) = policies.decide(&both, Action::ReadFindings, Asked::default()) else { panic!() };
    assert!(scope.admits("own", SECURITY) && scope.admits("own", HEALTH) && !scope.admits("other", HEALTH));
    assert_eq!(policies.decide(&both, Action::ChangeUsers, Asked::default()), Decision::Denied);
}

#[test]
fn only_the_decision_to_reveal_reveals() {
    let policies = policies();
    for action in Action::all() {
        let asked = Asked { purpose: Some(Purpose::PrivacyInvestigation), break_glass: true };
        if let Decision::Allowed(scope) = policies.decide(&of(&Role::ALL), action, asked) {
            assert_eq!(scope.may_reveal(), action == Action::RevealEvidence, "{action:?}");
        }
    }
}

#[test]
fn masking_hides_every_column_that_could_name_somebody() {
    let Decision::Allowed(scope) = policies().decide(&of(&[Role::Auditor]), Action::ReadFindings, Asked::default())
    else {
        panic!()
    };
    let masked: Vec<&str> = scope.masked_columns().iter().map(String::as_str).collect();
    let expect = [
        "actor_session_uid",
        "actor_user_domain",
        "actor_user_name",
        "actor_user_uid",
        "patient_ref",
        "patient_refs",
        "rest",
        "user",
        "user_domain",
        "user_name",
        "user_uid",
    ];
    assert_eq!(masked, expect);
}
