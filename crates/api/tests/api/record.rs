//! Who opened one record: who is told what, as JSON and as CSV, under which names, and what the audit log has of it.

use cordon_api::{Judged, OpenedRecord, Opening, RecordDisclosure};
use cordon_model::{EventId, Time};
use cordon_policy::{Party, Role};
use cordon_store::state::{By, NewUnlock, ReviewSilence};
use serde_json::{Value, json};

use crate::played::{Administrator, Answer, Played, post, request, with_token};

/// Whose record the played node knows.
pub(crate) const PATIENT: &str = "p-000000000000000000000000000000aa";
const HOUR: i64 = 3_600_000_000;

fn at(hours: i64) -> Time {
    Time(hours * HOUR)
}

/// A record that these have opened, an hour after the other; of the privacy office where it says so.
pub(crate) fn record_of<'n>(users: impl IntoIterator<Item = (&'n str, bool)>) -> OpenedRecord {
    let opening = |(hour, (user, is_office)): (i64, (&str, bool))| Opening {
        event: Some(EventId([1; 16])),
        time: at(hour),
        user: user.to_owned(),
        role: "nurse".to_owned(),
        department: "ED".to_owned(),
        action: "read".to_owned(),
        section: format!("notes of {user}"),
        workstation: format!("WS-{}", user.to_uppercase()),
        location: format!("desk of {user}"),
        source: "ehr-audit".to_owned(),
        judged: Judged::Explained,
        explanation: vec!["E1".to_owned()],
        words: "takes part in the patient's care".to_owned(),
        proof: vec!["participants.csv:3".to_owned()],
        is_office,
        ..Opening::default()
    };
    OpenedRecord {
        site: "main".to_owned(),
        ran: at(200),
        from: at(1),
        until: at(200),
        patients: vec![PATIENT.to_owned()],
        accesses: (1..).zip(users).map(opening).collect(),
        ..OpenedRecord::default()
    }
}

fn silence(from: i64, until: i64) -> ReviewSilence {
    ReviewSilence { feed: "the roster".to_owned(), from: at(from), until: at(until), words: "nothing came".to_owned() }
}

/// Opened by annabella with a reason, by bertram without one, by olga of the office; given away twice.
async fn played() -> Played {
    let played = Played::start().await;
    let mut record = record_of([("annabella", false), ("LAKESIDE\\bertram", false), ("olga", true)]);
    let bertram = &mut record.accesses[1];
    (bertram.judged, bertram.break_glass, bertram.purpose) = (Judged::Unexplained, true, "=cmd".to_owned());
    bertram.words = "no reason found in the data".to_owned();
    (bertram.explanation, bertram.proof) = (Vec::new(), Vec::new());
    let disclosure = RecordDisclosure {
        first: at(1),
        last: at(3),
        count: 2,
        recipient: "Registry, North".to_owned(),
        what: "pathology".to_owned(),
        purpose: "PUBHLTH".to_owned(),
        events: vec![EventId([1; 16])],
    };
    (record.disclosures, record.silences) = (vec![disclosure], vec![silence(2, 4), silence(300, 400)]);
    *played.node.opened.lock().unwrap() = Some(record);
    played
}

struct Asking<'p> {
    played: &'p Played,
    token: String,
}

impl Asking<'_> {
    async fn get(&self, path: &str) -> Answer {
        let path = format!("/api/v1/privacy/records/{path}");
        self.played.ask(with_token(request("GET", &path), &self.token)).await
    }
}

async fn asking<'p>(played: &'p Played, role: &str, site: &str) -> Asking<'p> {
    let administrator = played.administrator().await;
    asking_as(played, &administrator, role, site).await
}

async fn asking_as<'p>(played: &'p Played, by: &Administrator, role: &str, site: &str) -> Asking<'p> {
    Asking { played, token: played.token(by, &[role], Some(&[site])).await }
}

fn users(record: &Value) -> Vec<&str> {
    record["accesses"].as_array().unwrap().iter().map(|access| access["user"]["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_record_tells_every_access_with_its_reason_as_of_the_review_and_what_was_silent_then() {
    let played = played().await;
    let officer = asking(&played, "privacy_officer", "main").await;
    let answer = officer.get(PATIENT).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let record = answer.json();
    assert_eq!(users(&record), ["annabella", "LAKESIDE\\bertram"]);
    assert_eq!((&record["reviewed"], &record["for_others"]), (&json!("1970-01-09T08:00:00.000000Z"), &json!(1)));
    assert_eq!((&record["patients"], &record["silences"].as_array().unwrap().len()), (&json!([PATIENT]), &1));
    let [first, second] = [&record["accesses"][0], &record["accesses"][1]];
    assert_eq!((&first["judged"], &first["explanation"]), (&json!("explained"), &json!(["E1"])));
    assert_eq!((&second["judged"], &second["words"]), (&json!("unexplained"), &json!("no reason found in the data")));
    assert_eq!(
        (&second["break_glass"], &first["role"], &first["department"]),
        (&json!(true), &json!("nurse"), &json!("ED"))
    );
    assert_eq!(record["disclosures"][0]["count"], 2);
    let part = officer.get(&format!("{PATIENT}?from=1970-01-01T02:00:00Z&until=1970-01-01T02:30:00Z")).await.json();
    assert_eq!((users(&part), &part["from"]), (vec!["LAKESIDE\\bertram"], &json!("1970-01-01T02:00:00.000000Z")));
}

#[tokio::test]
async fn a_record_is_asked_for_by_a_handle_too_so_that_no_address_has_the_pseudonym() {
    let played = played().await;
    let officer = asking(&played, "privacy_officer", "main").await;
    let handle = async |text: &str| {
        let asked = with_token(post("/api/v1/handles", &json!({"text": text})), &officer.token);
        played.ask(asked).await.json()["handle"].as_str().unwrap().to_owned()
    };
    assert_eq!(users(&officer.get(&handle(PATIENT).await).await.json()).len(), 2);
    for (text, status) in [(handle("annabella").await, 404), ("nonsense".to_owned(), 404), ("p-12".to_owned(), 404)] {
        assert_eq!(officer.get(&text).await.status, status, "{text}");
    }
}

#[tokio::test]
async fn both_lists_leave_as_csv_in_which_nothing_is_a_formula() {
    let played = played().await;
    let officer = asking(&played, "privacy_officer", "main").await;
    let accesses = officer.get(&format!("{PATIENT}/export")).await;
    assert_eq!(accesses.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(accesses.header("content-disposition"), "attachment; filename=\"record-accesses.csv\"");
    let lines: Vec<&str> = accesses.text.lines().collect();
    assert_eq!(lines.len(), 3, "{}", accesses.text);
    assert!(lines[0].starts_with("time,user,role,department,action,section,recipient,"), "{}", lines[0]);
    assert!(lines[2].contains(",'=cmd,1,success,unexplained,,no reason found in the data,,"), "{}", lines[2]);
    let disclosures = officer.get(&format!("{PATIENT}/export?of=disclosures")).await;
    let event = EventId([1; 16]);
    let row = format!(
        "1970-01-01T01:00:00.000000Z,1970-01-01T03:00:00.000000Z,2,\"Registry, North\",pathology,PUBHLTH,{event}\r\n"
    );
    assert_eq!(disclosures.text, format!("first,last,count,recipient,what,purpose,events\r\n{row}"));
}

#[tokio::test]
async fn only_who_may_read_cases_is_told_each_what_is_theirs_and_of_their_site() {
    let played = played().await;
    let administrator = played.administrator().await;
    for role in ["analyst", "responder", "administrator"] {
        let asking = asking_as(&played, &administrator, role, "main").await;
        for path in [PATIENT.to_owned(), format!("{PATIENT}/export")] {
            assert_eq!(asking.get(&path).await.status, 403, "{role} {path}");
        }
    }
    let auditor = asking_as(&played, &administrator, "auditor", "main").await.get(PATIENT).await.json();
    assert_eq!(
        (users(&auditor), &auditor["for_others"], &auditor["disclosures"]),
        (vec!["olga"], &json!(2), &json!([]))
    );
    let elsewhere = asking_as(&played, &administrator, "privacy_officer", "north").await.get(PATIENT).await;
    assert_eq!(elsewhere.status, 404, "{}", elsewhere.text);
}

#[tokio::test]
async fn an_unknown_patient_an_empty_period_and_a_node_without_a_review_say_what_is_the_matter() {
    let played = played().await;
    let officer = asking(&played, "privacy_officer", "main").await;
    let unknown = officer.get(&PATIENT.replace('a', "b")).await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.json()["detail"].as_str().unwrap().contains("knows no patient of this pseudonym"));
    let backwards = officer.get(&format!("{PATIENT}?from=1970-01-02T00:00:00Z&until=1970-01-01T00:00:00Z")).await;
    assert_eq!(backwards.status, 422);
    *played.node.opened.lock().unwrap() = None;
    let early = officer.get(PATIENT).await;
    assert_eq!(early.status, 422);
    assert!(early.json()["detail"].as_str().unwrap().contains("no review"), "{}", early.text);
}

#[tokio::test]
async fn each_reading_is_audited_with_who_and_whose_record_and_none_that_was_refused() {
    let played = played().await;
    let officer = asking(&played, "privacy_officer", "main").await;
    officer.get(&PATIENT.replace('a', "b")).await;
    officer.get(PATIENT).await;
    officer.get(&format!("{PATIENT}/export?of=disclosures")).await;
    let audit = with_token(request("GET", "/api/v1/audit?limit=100"), &officer.token);
    let audit = played.ask(audit).await.json();
    let read: Vec<&Value> =
        audit["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "record_accesses_read").collect();
    assert_eq!(read.len(), 2, "{audit}");
    for entry in &read {
        assert_eq!((&entry["target"], &entry["site"]), (&json!(PATIENT), &json!("main")), "{entry}");
        assert!(entry["actor"].as_str().unwrap().contains("privacy_officer"), "{entry}");
    }
    let forms: Vec<&Value> = read.iter().map(|entry| &entry["detail"]["as"]).collect();
    assert!(forms.contains(&&json!("json")) && forms.contains(&&json!("disclosures_csv")), "{forms:?}");
}

#[tokio::test]
async fn where_staff_have_pseudonyms_no_text_of_a_record_names_anybody_until_two_people_unlock_one() {
    let played = played().await;
    let officer = asking(&played, "privacy_officer", "main").await;
    played.hide_staff_from_officers_too();
    let pseudonym = |name: &str| played.kept.accounts().pseudonym(name).unwrap();
    let [anna, bert] = ["annabella", "bertram"].map(pseudonym);
    let everything = async || {
        let mut text = String::new();
        for path in [PATIENT.to_owned(), format!("{PATIENT}/export"), format!("{PATIENT}/export?of=disclosures")] {
            text += &officer.get(&path).await.text.to_lowercase();
        }
        text
    };
    let hidden = everything().await;
    for name in ["annabella", "bertram", "olga"] {
        assert!(!hidden.contains(name), "{name} in {hidden}");
    }
    assert!(hidden.contains(&anna) && hidden.contains(&bert), "{hidden}");
    unlock(&played, &anna).await;
    let unlocked = everything().await;
    assert!(unlocked.contains("ws-annabella") && !unlocked.contains("bertram"), "{unlocked}");
}

/// Two people agree on a name.
async fn unlock(played: &Played, pseudonym: &str) {
    let now = cordon_api::NodeControl::now(&*played.node);
    let party = |user: &str, role| Party { user: user.to_owned(), roles: [role].into() };
    let new = NewUnlock {
        pseudonym: pseudonym.to_owned(),
        reason: "because of ticket 7".to_owned(),
        asked: party("one", Role::Analyst),
        at: now,
    };
    let unlock = played.kept.ask_unlock(&By::node(now), &new).await.unwrap();
    let second = party("two", Role::PrivacyOfficer);
    played.kept.agree_unlock(&By::node(now), unlock.unlock_id, &second, now).await.unwrap();
}
