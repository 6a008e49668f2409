//! The whole table of access: every role, every action, own and other sites, plain, for a purpose and in an emergency.
//!
//! `data/matrix.md` is the table that people read and agree on; `docs/specs/access.md` shows it. What the policies decide must be exactly that.
#![cfg(test)]

use std::collections::BTreeSet;

use cordon_model::Time;
use cordon_policy::{
    AccessScope, Action, Asked, Decision, OFFICE_CASES, Party, Policies, Principal, Purpose, Role, STAFF_CASES,
    StaffNames, Target, Universe, Unlock,
};

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
        (Decision::Allowed(scope), Target::Cases) => cases(&scope).to_owned(),
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

fn cases(scope: &AccessScope) -> &'static str {
    assert!(!scope.admits("own", SECURITY) && !scope.admits("own", HEALTH), "a scope of cases has no events");
    assert!(!scope.masks("user") && !scope.masks("patient_ref"), "whoever works on cases knows whom they are about");
    let admitted = [("own", STAFF_CASES), ("own", OFFICE_CASES), ("other", STAFF_CASES), ("other", OFFICE_CASES)];
    match admitted.map(|(site, class)| scope.admits(site, class)) {
        [true, false, false, false] => "own, staff",
        [false, true, false, false] => "own, privacy office",
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
            Target::Cases => "cases",
            Target::Places => "sites",
            Target::Node => "node",
        };
        table.push_str(&format!("| {} | {target} |", action.name()));
        Role::ALL.iter().for_each(|role| table.push_str(&format!(" {} |", cell(&policies, *role, action))));
        table.push('\n');
    }
    table
}

/// How a role sees the accounts of people in what it reads.
fn people(policies: &Policies, roles: &[Role], asked: Asked) -> &'static str {
    let Decision::Allowed(scope) = policies.decide(&of(roles), Action::ReadFindings, asked) else { return "-" };
    let columns = ["user", "user_name", "user_uid", "actor_user_name", "actor_user_domain", "actor_session_uid"];
    let shown = columns.map(|column| match (scope.masks(column), scope.pseudonymizes(column)) {
        (false, false) => "by name",
        (false, true) => "by pseudonym",
        (true, _) => "not",
    });
    assert!(shown.iter().all(|one| *one == shown[0]), "the columns of accounts are shown alike: {shown:?}");
    // what has no column of its own could name anybody
    assert!(scope.masks("rest") == (shown[0] != "by name") && !scope.pseudonymizes("rest"));
    shown[0]
}

fn table_of_people() -> String {
    let mut table = "| staff |".to_owned();
    Role::ALL.iter().for_each(|role| table.push_str(&format!(" {} |", role.name())));
    table.push_str(&format!("\n|{}\n", "---|".repeat(1 + Role::ALL.len())));
    let emergency = Asked { break_glass: true, ..Asked::default() };
    let ways = [
        ("by name", StaffNames::ByName, Asked::default()),
        ("by pseudonym but to officers", StaffNames::ByPseudonymButToOfficers, Asked::default()),
        ("by pseudonym", StaffNames::ByPseudonym, Asked::default()),
        ("by pseudonym, emergency", StaffNames::ByPseudonym, emergency),
    ];
    for (name, staff_names, asked) in ways {
        let policies = policies().with_staff_names(staff_names);
        table.push_str(&format!("| {name} |"));
        Role::ALL.iter().for_each(|role| table.push_str(&format!(" {} |", people(&policies, &[*role], asked))));
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
fn staff_are_shown_as_the_table_says() {
    let agreed = include_str!("../data/people.md");
    let table = table_of_people();
    assert_eq!(table, agreed, "the whole table as decided:\n{table}");
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/specs/access.md")).unwrap();
    assert!(page.contains(agreed), "docs/specs/access.md does not show the table");
}

#[test]
fn whoever_is_privacy_officer_too_sees_names_where_officers_do_and_two_other_roles_do_not() {
    let policies = policies().with_staff_names(StaffNames::ByPseudonymButToOfficers);
    let shown = |roles: &[Role]| people(&policies, roles, Asked::default());
    assert_eq!(shown(&[Role::Analyst, Role::PrivacyOfficer]), "by name");
    assert_eq!(shown(&[Role::Analyst, Role::Responder, Role::Administrator]), "by pseudonym");
    assert_eq!(shown(&[Role::Analyst, Role::Auditor]), "by pseudonym");
}

#[test]
fn a_policy_of_the_site_does_not_show_names_where_staff_have_pseudonyms() {
    let more = "permit (principal, action == Action::\"ReadColumn\", resource);".to_owned();
    let universe = Universe { sites: ["own".to_owned()].into(), classes: [SECURITY].into() };
    let policies = Policies::load(universe, &[("site.cedar".to_owned(), more)]).unwrap();
    assert_eq!(people(&policies, &[Role::Auditor], Asked::default()), "by name");
    let policies = policies.with_staff_names(StaffNames::ByPseudonym);
    assert_eq!(people(&policies, &[Role::Auditor], Asked::default()), "by pseudonym");
}

#[test]
fn narrowing_keeps_pseudonyms_and_an_unlock_is_for_one_person() {
    let policies = policies().with_staff_names(StaffNames::ByPseudonym);
    let Decision::Allowed(scope) = policies.decide(&of(&[Role::Analyst]), Action::ReadFindings, Asked::default())
    else {
        panic!()
    };
    let party = |user: &str, role: Role| Party { user: user.to_owned(), roles: [role].into() };
    let unlock = |pseudonym: &str, second: Party| Unlock {
        pseudonym: pseudonym.to_owned(),
        asked: party("anna", Role::Analyst),
        agreed: second,
        from: Time(10),
        until: Time(20),
    };
    let unlocks = [unlock("u-1", party("bert", Role::PrivacyOfficer)), unlock("u-2", party("bert", Role::Analyst))];
    let scope = scope.narrowed_to_sites(&["own".to_owned()].into()).narrowed_to_classes(&[SECURITY].into());
    assert!(scope.pseudonymizes("user") && !scope.is_unlocked("u-1"));
    let unlocked = scope.clone().unlocking(&unlocks, Time(10));
    assert!(unlocked.is_unlocked("u-1") && !unlocked.is_unlocked("u-2") && unlocked.pseudonymizes("user"));
    assert!(!scope.clone().unlocking(&unlocks, Time(20)).is_unlocked("u-1"));
    assert!(scope.masking("user").unlocking(&unlocks, Time(10)).masks("user"));
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
fn a_privacy_officer_who_is_auditor_too_does_not_look_into_the_own_office() {
    let both = of(&[Role::PrivacyOfficer, Role::Auditor]);
    for action in Action::all().filter(|action| action.target() == Target::Cases) {
        let Decision::Allowed(scope) = policies().decide(&both, action, Asked::default()) else { panic!("{action:?}") };
        assert_eq!(cases(&scope), "own, staff", "{action:?}");
    }
}

#[test]
fn who_works_on_cases_sees_pseudonyms_where_staff_have_them() {
    for (role, staff_names, expect) in [
        (Role::PrivacyOfficer, StaffNames::ByPseudonym, true),
        (Role::PrivacyOfficer, StaffNames::ByPseudonymButToOfficers, false),
        (Role::Auditor, StaffNames::ByPseudonym, true),
        (Role::Auditor, StaffNames::ByPseudonymButToOfficers, true),
        (Role::Auditor, StaffNames::ByName, false),
    ] {
        let policies = policies().with_staff_names(staff_names);
        let decision = policies.decide(&of(&[role]), Action::ReadIncidents, Asked::default());
        let Decision::Allowed(scope) = decision else { panic!("{role:?}") };
        assert_eq!(scope.pseudonymizes("user"), expect, "{role:?} {staff_names:?}");
    }
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
