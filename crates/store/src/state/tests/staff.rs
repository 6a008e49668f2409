//! Staff under pseudonyms: how findings, groups, risk and mutes show accounts, and how two people unlock one.

use cordon_policy::{Party, StaffNames, UNLOCK_MAX};
use cordon_seal::SiteKey;
use serde_json::{Value, json};

use super::*;

const WEEK: i64 = 7 * DAY;

async fn keyed() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(&folder.path().join("state.db"), options()).await.unwrap();
    Kept { folder, state }
}

fn options() -> StateOptions {
    StateOptions { site_key: Some(SiteKey::new([5; 32])), ..StateOptions::default() }
}

/// What an analyst reads where staff have pseudonyms.
fn analyst() -> AccessScope {
    let universe = Universe { sites: ["main".to_owned()].into(), classes: [3002].into() };
    let policies = Policies::load(universe, &[]).unwrap().with_staff_names(StaffNames::ByPseudonym);
    let principal = Principal { roles: [Role::Analyst].into(), sites: None, only: None };
    match policies.decide(&principal, Action::ReadFindings, Asked::default()) {
        Decision::Allowed(scope) => scope,
        Decision::Denied => panic!("an analyst reads findings"),
    }
}

fn user(name: &str) -> Entity {
    Entity { kind: EntityKind::User, name: name.into() }
}

fn party(user: &str, roles: &[Role]) -> Party {
    Party { user: user.to_owned(), roles: roles.iter().copied().collect() }
}

fn new_unlock(pseudonym: &str, at: i64) -> NewUnlock {
    NewUnlock {
        pseudonym: pseudonym.to_owned(),
        reason: "exports at night".to_owned(),
        asked: party("carl", &[Role::Analyst]),
        at: Time(at),
    }
}

#[tokio::test]
async fn one_person_is_one_however_sources_write_the_name() {
    let Kept { state, folder: _folder } = keyed().await;
    let written = [finding(1, "a", "LAKESIDE\\anna", 10), finding(2, "a", "Anna", 10), finding(3, "a", "bert", 10)];
    state.record_findings(None, &written).await.unwrap();
    let (anna, bert) = (state.accounts().pseudonym("anna").unwrap(), state.accounts().pseudonym("bert").unwrap());
    let scope = analyst();
    let risks = state.risks(&scope, None, Time(10), 9).await.unwrap();
    let risks: Vec<(&str, f64)> = risks.iter().map(|risk| (&*risk.entity.name, risk.score)).collect();
    assert_eq!(risks, [(anna.as_str(), 40.0), (bert.as_str(), 20.0)]);
    let filter = GroupFilter { entity: Some(user(&anna)), ..GroupFilter::default() };
    let groups = listed(&state, &scope, &filter).await;
    assert_eq!(groups.iter().map(|group| group.1.as_str()).collect::<Vec<_>>(), [anna.as_str(), anna.as_str()]);
    assert_eq!(state.group_summary(&scope, &filter, 9).await.unwrap().total, 2);
    assert_eq!(state.risk(&scope, &user(&anna), Time(10)).await.unwrap().unwrap().score, 40.0);
    for guess in ["anna", "Anna", "LAKESIDE\\anna", "u-000000000000"] {
        let filter = GroupFilter { entity: Some(user(guess)), ..GroupFilter::default() };
        assert_eq!(listed(&state, &scope, &filter).await, [], "{guess}");
        assert_eq!(state.group_counts(&scope, &filter).await.unwrap(), [], "{guess}");
        assert_eq!(state.risk(&scope, &user(guess), Time(10)).await.unwrap(), None, "{guess}");
        let filter = FindingFilter { entity: Some(user(guess)), ..FindingFilter::default() };
        let counted = state.findings_over_time(&scope, &filter, (Time(0), Time(DAY)), 9).await.unwrap();
        assert_eq!(counted.cells, [], "{guess}");
    }
    // a message names the pseudonym: who sees names finds the person by it
    assert_eq!(state.risk(&node(), &user(&anna), Time(10)).await.unwrap().unwrap().score, 40.0);
}

#[tokio::test]
async fn an_explanation_holds_no_name_of_an_account_and_says_what_it_says_otherwise() {
    let Kept { state, folder: _folder } = keyed().await;
    let matched = |field: &str, value: &str| MatchedField {
        field: field.to_owned(),
        value: value.to_owned(),
        offset: Some(4),
        length: 3,
        pattern: "x".to_owned(),
    };
    let mut new = finding(1, "a", "LAKESIDE\\anna", 10);
    new.finding.matched = vec![
        matched("User", "LAKESIDE\\Anna"),
        matched("TargetUserName", "bert"),
        matched("SubjectUserName", "NT AUTHORITY\\SYSTEM"),
        matched("CommandLine", "net user BERT /add & type C:\\Users\\ANNA\\x"),
        matched("Image", "C:\\Windows\\net.exe"),
    ];
    state.record_findings(None, &[new]).await.unwrap();
    let (anna, bert) = (state.accounts().pseudonym("anna").unwrap(), state.accounts().pseudonym("bert").unwrap());
    let read = async |scope: &AccessScope| {
        let rows = state.findings(scope, &FindingFilter::default(), None, 9).await.unwrap().rows;
        rows[0].explanation["matched"].as_array().unwrap().clone()
    };
    let values = |matched: &[Value]| -> Vec<String> {
        matched.iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect()
    };
    let told = read(&analyst()).await;
    let expect = [
        anna.clone(),
        bert.clone(),
        "NT AUTHORITY\\SYSTEM".to_owned(),
        format!("net user {bert} /add & type C:\\Users\\{anna}\\x"),
        "C:\\Windows\\net.exe".to_owned(),
    ];
    assert_eq!(values(&told), expect);
    // what was changed does not say where in the record, or how long, the name is
    assert_eq!((&told[0]["offset"], &told[0]["length"]), (&Value::Null, &json!(0)));
    assert_eq!((&told[4]["offset"], &told[4]["length"]), (&json!(4), &json!(3)));
    state.ask_unlock(&by(1), &new_unlock(&bert, 10)).await.unwrap();
    state.agree_unlock(&by(2), 1, &party("dora", &[Role::Responder]), Time(10)).await.unwrap();
    let unlocked = analyst().unlocking(&state.unlocks_in_force(Time(11)).await.unwrap(), Time(11));
    let told = values(&read(&unlocked).await);
    assert_eq!((told[0].as_str(), told[1].as_str()), (anna.as_str(), "bert"));
    assert_eq!(told[3], format!("net user BERT /add & type C:\\Users\\{anna}\\x"));
}

#[tokio::test]
async fn short_names_are_replaced_where_they_are_words() {
    let Kept { state, folder: _folder } = keyed().await;
    let mut new = finding(1, "a", "al", 10);
    new.finding.matched[0].field = "CommandLine".to_owned();
    new.finding.matched[0].value = "install /for AL, altogether".to_owned();
    state.record_findings(None, &[new]).await.unwrap();
    let al = state.accounts().pseudonym("al").unwrap();
    let rows = state.findings(&analyst(), &FindingFilter::default(), None, 9).await.unwrap().rows;
    assert_eq!(rows[0].explanation["matched"][0]["value"], format!("install /for {al}, altogether"));
    assert_eq!(rows[0].subjects.user.as_deref(), Some(al.as_str()));
}

#[tokio::test]
async fn what_a_correlation_counted_is_no_name() {
    let Kept { state, folder: _folder } = keyed().await;
    let mut new = finding(1, "a", "anna", 10);
    new.finding.origin = FindingOrigin::Correlation {
        group: vec![("user".to_owned(), "anna".to_owned())],
        window_start: Time(0),
        window_end: Time(1),
        value: "7".to_owned(),
        told: "7 different values of user".to_owned(),
    };
    let of_group = MatchedField { pattern: "group-by".to_owned(), ..new.finding.matched[0].clone() };
    let measured = MatchedField { value: "7".to_owned(), pattern: "value_count > 6".to_owned(), ..of_group.clone() };
    new.finding.matched = vec![of_group, measured];
    state.record_findings(None, &[new]).await.unwrap();
    let anna = state.accounts().pseudonym("anna").unwrap();
    let rows = state.findings(&analyst(), &FindingFilter::default(), None, 9).await.unwrap().rows;
    let explanation = &rows[0].explanation;
    assert_eq!((&explanation["matched"][0]["value"], &explanation["matched"][1]["value"]), (&json!(anna), &json!("7")));
    assert_eq!(explanation["origin"]["group"][0]["value"], json!(anna));
}

#[tokio::test]
async fn an_unlock_waits_a_week_holds_a_week_and_survives_a_restart() {
    let Kept { state, folder } = keyed().await;
    let anna = state.accounts().pseudonym("anna").unwrap();
    let asked = state.ask_unlock(&by(1), &new_unlock(&anna, DAY)).await.unwrap();
    assert_eq!((asked.until, state.unlocks_in_force(Time(DAY)).await.unwrap().len()), (Time(DAY + WEEK), 0));
    let exists = state.ask_unlock(&by(1), &new_unlock(&anna, DAY + WEEK - 1)).await;
    assert!(matches!(exists, Err(StateError::Exists("unlock"))));
    let late = state.agree_unlock(&by(2), 1, &party("dora", &[Role::PrivacyOfficer]), Time(DAY + WEEK)).await;
    assert!(matches!(late, Err(StateError::NotFound("unlock"))));
    for nobody in
        [party("carl", &[Role::PrivacyOfficer]), party("dora", &[Role::Analyst]), party("dora", &[Role::Auditor])]
    {
        let refused = state.agree_unlock(&by(2), 1, &nobody, Time(2 * DAY)).await;
        assert!(matches!(refused, Err(StateError::Refused(_))), "{nobody:?}");
    }
    let agreed = state.agree_unlock(&by(2), 1, &party("dora", &[Role::PrivacyOfficer]), Time(2 * DAY)).await.unwrap();
    assert_eq!(i64::try_from(UNLOCK_MAX.as_micros()).unwrap(), WEEK);
    assert_eq!(agreed.until, Time(2 * DAY + WEEK));
    state.close().await;
    let state = State::open(&folder.path().join("state.db"), options()).await.unwrap();
    let is_unlocked = async |now: i64| {
        let unlocks = state.unlocks_in_force(Time(now)).await.unwrap();
        analyst().unlocking(&unlocks, Time(now)).is_unlocked(&anna)
    };
    assert!(!is_unlocked(2 * DAY - 1).await && is_unlocked(2 * DAY).await);
    assert!(is_unlocked(2 * DAY + WEEK - 1).await && !is_unlocked(2 * DAY + WEEK).await);
    assert_eq!(state.unlocks(Time(3 * DAY)).await.unwrap(), [agreed]);
    let ended = state.end_unlock(&by(3), 1, Time(3 * DAY)).await.unwrap();
    assert_eq!((ended.until, ended.ended_by.as_deref()), (Time(3 * DAY), Some("anna")));
    assert!(!is_unlocked(3 * DAY).await);
    assert_eq!(state.unlocks(Time(3 * DAY)).await.unwrap(), []);
    state.ask_unlock(&by(4), &new_unlock(&anna, 4 * DAY)).await.unwrap();
}

#[tokio::test]
async fn what_is_asked_for_is_a_pseudonym_with_a_reason() {
    let Kept { state, folder: _folder } = keyed().await;
    for pseudonym in ["anna", "u-12", "u-0123456789AB", "p-0123456789ab", ""] {
        let refused = state.ask_unlock(&by(1), &new_unlock(pseudonym, 1)).await;
        assert!(matches!(refused, Err(StateError::Refused(_))), "{pseudonym}");
    }
    for reason in ["short", "         short         ", &"x".repeat(501)] {
        let new = NewUnlock { reason: reason.to_owned(), ..new_unlock("u-0123456789ab", 1) };
        assert!(matches!(state.ask_unlock(&by(1), &new).await, Err(StateError::Refused(_))), "{reason}");
    }
    for number in 0..500 {
        state.ask_unlock(&by(1), &new_unlock(&format!("u-{number:012x}"), 1)).await.unwrap();
    }
    let full = state.ask_unlock(&by(1), &new_unlock("u-0123456789ab", 1)).await;
    assert!(matches!(full, Err(StateError::TooMany { max: 500, .. })));
}
