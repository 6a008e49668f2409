//! Staff under pseudonyms: who has no need of a name finds it in no answer, until two people of two roles have unlocked it.

use std::sync::Arc;

use cordon_api::{Live, LiveEvent};
use cordon_model::{
    Arena, Digest, Event, EventId, FindingOrigin, MatchedField, Node, Object, Position, RawRecord, Record, SourceSet,
    Time, When,
};
use cordon_policy::Action;
use cordon_store::state::{Entity, EntityKind, FindingFilter, MuteKind, NewFinding, NewMute, Subjects};
use cordon_store::tables::{RowMeta, Rows};
use serde_json::{Value, json};

use crate::played::{Administrator, Answer, Played, post, request, send, with_cookie, with_token};
use crate::resources::finding;
use crate::whole::operations;

pub(crate) const HEALTH: i64 = 87_006_001;
const NAMES: [&str; 2] = ["annabella", "bertram"];

/// A node with findings and events about two people and a machine.
async fn played() -> (Played, Administrator) {
    let played = Played::start_with_pseudonyms().await;
    *played.node.record_ends.lock().unwrap() = [(1, " by annabella".to_owned()), (2, " by Bertram".to_owned())].into();
    keep_findings(&played).await;
    keep_events(&played).await;
    crate::incidents::keep(&played).await;
    let opened = crate::record::record_of([("LAKESIDE\\annabella", false), ("olga", true)]);
    *played.node.opened.lock().unwrap() = Some(opened);
    let administrator = played.administrator().await;
    let officer = played.person(&administrator, "the.officer", &["privacy_officer"]).await;
    let mute = json!({
        "kind": "exception", "site": "main", "reason": "known, ticket 7", "entity": {"kind": "user", "name": "LAKESIDE\\annabella"},
        "fields": [{"field": "TargetUserName", "value": "bertram"}],
    });
    let muted = played.ask(with_cookie(post("/api/v1/mutes", &mute), &officer)).await;
    assert_eq!(muted.status, 201, "{}", muted.text);
    (played, administrator)
}

async fn keep_findings(played: &Played) {
    let matched = |field: &str, value: &str| MatchedField {
        field: field.to_owned(),
        value: value.to_owned(),
        offset: Some(3),
        length: value.len(),
        ..MatchedField::default()
    };
    let about = |number: u8, user: &str, matched: Vec<MatchedField>| {
        let mut new = finding(number, "main");
        new.finding.matched = matched;
        NewFinding { class_uid: HEALTH, subjects: Subjects { user: Some(user.into()), ..Subjects::default() }, ..new }
    };
    let anna = about(
        1,
        "LAKESIDE\\annabella",
        vec![
            matched("User", "LAKESIDE\\annabella"),
            matched("CommandLine", "C:\\Users\\ANNABELLA\\run.exe /add Bertram"),
            matched("TargetUserName", "bertram"),
        ],
    );
    let mut bert =
        about(2, "bertram", vec![MatchedField { pattern: "group-by".to_owned(), ..matched("user", "bertram") }]);
    bert.finding.origin = FindingOrigin::Correlation {
        group: vec![("user".to_owned(), "bertram".to_owned())],
        window_start: Time(0),
        window_end: Time(1),
        value: "7".to_owned(),
        told: "7 events within 1h".to_owned(),
    };
    let machine = about(3, "NT AUTHORITY\\SYSTEM", vec![matched("User", "NT AUTHORITY\\SYSTEM")]);
    played.kept.record_findings(None, &[anna, bert, machine]).await.unwrap();
}

async fn keep_events(played: &Played) {
    let people = [(1, "annabella", "LAKESIDE"), (2, "Bertram", "LAKESIDE"), (3, "SYSTEM", "NT AUTHORITY")];
    keep_events_of(played, &people, event_id).await;
}

/// An event of each, by number, name and domain.
pub(crate) async fn keep_events_of(played: &Played, people: &[(u64, &str, &str)], event_id: impl Fn(u64) -> EventId) {
    let (arena, mut rows) = (Arena::new(), Rows::new());
    let time = Time::from_rfc3339("2025-12-10T11:00:00Z").unwrap();
    for &(number, name, domain) in people {
        let (mut ocsf, mut actor, mut user) = (Object::new_in(&arena), Object::new_in(&arena), Object::new_in(&arena));
        user.put_text("name", name);
        user.put_text("uid", name);
        user.put_text("domain", domain);
        actor.put("user", Node::Object(user));
        ocsf.put("actor", Node::Object(actor));
        let mut unmapped = Object::new_in(&arena);
        unmapped.put_text("told_to", "bertram");
        ocsf.put("unmapped", Node::Object(unmapped));
        let event = Event {
            id: EventId([0; 16]),
            class_uid: HEALTH,
            activity_id: 1,
            time,
            received: time,
            severity_id: 1,
            patient_refs: bumpalo::collections::Vec::new_in(&arena),
            ocsf,
            record: Record {
                raw: RawRecord { position: Position::Offset(number), bytes: b"" },
                index: 0,
                format: "test",
                when: When::Missing,
                sources: SourceSet::default(),
                fields: &[],
                anomalies: &[],
                patient_spans: &[],
            },
        };
        let event_id = event_id(number);
        let record_sha256 = Digest([7; 32]);
        rows.push(
            &event,
            &RowMeta { event_id, record_sha256, site: "main", source: "ehr-audit", position: number, index: 0 },
        );
    }
    let end = people.iter().map(|(number, ..)| number + 1).max().unwrap();
    played.tables.append(end, rows.finish()).await.unwrap();
}

fn event_id(number: u64) -> EventId {
    EventId([u8::try_from(number).unwrap(); 16])
}

/// What a route that reads is asked with a body; every other one that only reads needs none.
fn body_of(path: &str) -> Option<Value> {
    let all = json!({"filter": ""});
    Some(match path {
        "/api/v1/events/search" => all,
        "/api/v1/events/sql" => json!({"sql": "SELECT * FROM events ORDER BY actor_user_name, position"}),
        "/api/v1/events/histogram" => all,
        "/api/v1/events/facets" => {
            json!({"filter": "", "columns": ["actor_user_name", "actor_user_uid", "actor_user_domain", "user_name", "rest"]})
        }
        "/api/v1/events/export" => json!({"filter": "", "format": "csv"}),
        "/api/v1/events/{id}/reveal" => json!({"reason": "because of ticket 7"}),
        "/api/v1/finding-groups/search" => json!({}),
        _ => return None,
    })
}

/// The paths of a route with ids that are there.
async fn paths(played: &Played, path: &str) -> Vec<String> {
    let scope = cordon_policy::AccessScope::of_the_node();
    let rows = played.kept.findings(&scope, &FindingFilter::default(), None, 9).await.unwrap().rows;
    let ids: Vec<String> = match path {
        _ if path.contains("/events/") => (1..=3).map(|number| event_id(number).to_string()).collect(),
        _ if path.contains("/finding-groups/") => rows.iter().map(|row| row.group_id.to_string()).collect(),
        _ if path.contains("/incidents/") => vec![crate::incidents::id(1), crate::incidents::id(2)],
        _ if path.contains("/records/") => vec![crate::record::PATIENT.to_owned()],
        _ if path.contains("/findings/") => rows.iter().map(|row| row.finding_id.to_string()).collect(),
        _ => vec!["1".to_owned()],
    };
    let ids = if path.contains("{id}") || path.contains("{patient_ref}") { ids } else { vec![String::new()] };
    ids.iter().map(|id| path.replace("{id}", id).replace("{patient_ref}", id)).collect()
}

/// Routes that are asked about one entity.
const ABOUT: [&str; 3] = ["/api/v1/entities/behaviour", "/api/v1/entities/risk", "/api/v1/findings/search"];

/// Every route that reads something about what happened, with what it answers: method and path, and the answers in small letters.
pub(crate) async fn walk(played: &Played, token: &str, pseudonyms: &[&str]) -> Vec<(String, String)> {
    let mut answers = Vec::new();
    for (method, path, action) in operations() {
        let body = body_of(&path);
        if ABOUT.contains(&path.as_str()) {
            continue; // asked below, about each
        }
        if method != "GET" && body.is_none() {
            assert!(is_change(action), "{method} {path} reads: say what it is asked with");
            continue;
        }
        let mut text = String::new();
        for path in paths(played, &path).await {
            let mut request = with_token(send(&method, &path, &body.clone().unwrap_or_default()), token);
            request.headers_mut().insert("x-cordon-purpose", "privacy_investigation".parse().unwrap());
            request.headers_mut().insert("last-event-id", "0".parse().unwrap());
            text.push_str(&played.ask(request).await.text.to_lowercase());
        }
        answers.push((format!("{method} {path}"), text));
    }
    for path in ABOUT {
        let mut text = String::new();
        for name in pseudonyms {
            let entity = json!({"kind": "user", "name": name});
            let body = if path.contains("/entities/") { entity } else { json!({"entity": entity}) };
            text.push_str(&played.ask(with_token(post(path, &body), token)).await.text.to_lowercase());
        }
        answers.push((format!("POST {path}"), text));
    }
    answers
}

/// Whether an action changes something or answers nothing about what happened. Closed: a new one has to be thought about.
fn is_change(action: Option<Action>) -> bool {
    use Action::{ExportEvents, ReadEntities, ReadEvidence, ReadFindings, ReadIncidents, RevealEvidence, SearchEvents};
    let reads = [SearchEvents, ExportEvents, ReadFindings, ReadEvidence, RevealEvidence, ReadEntities, ReadIncidents];
    !action.is_some_and(|action| reads.contains(&action))
}

/// The routes whose answers hold a name.
fn naming<'a>(answers: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    answers.iter().filter(|(_, text)| text.contains(name)).map(|(route, _)| route.as_str()).collect()
}

fn pseudonym(played: &Played, name: &str) -> String {
    played.kept.accounts().pseudonym(name).unwrap()
}

/// Where a name stands for whoever may see it: without these the walk would find nothing because there is nothing.
const NAMING: [&str; 13] = [
    "GET /api/v1/entities",
    "GET /api/v1/events/{id}",
    "GET /api/v1/events/{id}/record",
    "GET /api/v1/finding-groups",
    "GET /api/v1/finding-groups/stories",
    "GET /api/v1/finding-groups/{id}",
    "GET /api/v1/findings",
    "GET /api/v1/findings/{id}",
    "GET /api/v1/mutes",
    "GET /api/v1/stream/findings",
    "POST /api/v1/entities/risk",
    "POST /api/v1/events/search",
    "POST /api/v1/findings/search",
];

/// Where a name stands for a privacy officer alone.
const NAMING_OFFICERS: [&str; 5] = [
    "GET /api/v1/incidents",
    "GET /api/v1/incidents/{id}",
    "GET /api/v1/incidents/{id}/export",
    "GET /api/v1/privacy/records/{patient_ref}",
    "GET /api/v1/privacy/records/{patient_ref}/export",
];

/// What a route answers for each of the things that are there, in small letters.
async fn answers_of(played: &Played, route: &str, token: &str) -> String {
    let mut text = String::new();
    for path in paths(played, route.trim_start_matches("GET ")).await {
        text.push_str(&played.ask(with_token(request("GET", &path), token)).await.text.to_lowercase());
    }
    text
}

#[tokio::test]
async fn cases_name_somebody_to_officers_alone_and_where_all_staff_have_pseudonyms_to_nobody() {
    let (played, administrator) = played().await;
    let anna = pseudonym(&played, "annabella");
    let officer = played.token(&administrator, &["privacy_officer"], None).await;
    let auditor = played.token(&administrator, &["auditor"], None).await;
    let naming_cases = async |token: &str, name: &str| {
        let mut routes = Vec::new();
        for route in NAMING_OFFICERS {
            routes.extend(answers_of(&played, route, token).await.contains(name).then_some(route));
        }
        routes
    };
    assert_eq!(naming_cases(&officer, "annabella").await, NAMING_OFFICERS);
    assert_eq!(
        naming_cases(&auditor, &pseudonym(&played, "olga")).await,
        NAMING_OFFICERS,
        "the office is the auditor's"
    );
    played.hide_staff_from_officers_too();
    for token in [&officer, &auditor] {
        for name in ["annabella", "bertram", "olga"] {
            assert_eq!(naming_cases(token, name).await, [] as [&str; 0], "{name}");
        }
    }
    assert_eq!(naming_cases(&officer, &anna).await, NAMING_OFFICERS);
}

#[tokio::test]
async fn who_sees_pseudonyms_finds_a_name_in_no_answer_until_it_is_unlocked_and_then_that_one_alone() {
    let (played, administrator) = played().await;
    let pseudonyms = NAMES.map(|name| pseudonym(&played, name));
    let asked: Vec<&str> = pseudonyms.iter().map(String::as_str).collect();
    let officer = played.token(&administrator, &["privacy_officer"], None).await;
    let seen = walk(&played, &officer, &asked).await;
    for name in NAMES {
        let routes = naming(&seen, name);
        let missing: Vec<_> = NAMING.iter().filter(|route| !routes.contains(*route)).collect();
        assert!(missing.is_empty(), "{name} is not in the answers of {missing:?}");
    }
    for role in ["analyst", "responder", "auditor"] {
        let token = played.token(&administrator, &[role], None).await;
        let seen = walk(&played, &token, &asked).await;
        for name in NAMES {
            // an audit log is not for analysts and responders; what an officer did is told there as it was done
            let routes: Vec<_> =
                naming(&seen, name).into_iter().filter(|route| *route != "GET /api/v1/audit").collect();
            assert_eq!(routes, [] as [&str; 0], "{role} finds {name}");
        }
    }
    let analyst = played.token(&administrator, &["analyst"], None).await;
    let seen = walk(&played, &analyst, &asked).await;
    let shown = naming(&seen, &pseudonyms[0]);
    for route in NAMING.iter().filter(|route| !route.ends_with("/record")) {
        assert!(shown.contains(route), "the pseudonym is not in the answer of {route}");
    }
    assert!(naming(&seen, "system").contains(&"POST /api/v1/events/search"), "machines are named");
    unlock(&played, &administrator, &pseudonyms[0]).await;
    let seen = walk(&played, &analyst, &asked).await;
    let routes = naming(&seen, NAMES[0]);
    let missing: Vec<_> = NAMING.iter().filter(|route| !routes.contains(*route)).collect();
    assert!(missing.is_empty(), "the unlocked name is not in the answers of {missing:?}");
    assert_eq!(naming(&seen, NAMES[1]), [] as [&str; 0], "the other name is not unlocked");
}

/// Two people unlock a pseudonym; gives its number.
async fn unlock(played: &Played, administrator: &Administrator, pseudonym: &str) -> Value {
    let (asker, second) = ("an.analyst", "a.second");
    let asker = played.person(administrator, asker, &["analyst"]).await;
    let second = played.person(administrator, second, &["privacy_officer"]).await;
    let asked = ask(played, &asker, pseudonym).await;
    assert_eq!(asked.status, 201, "{}", asked.text);
    let agreed = deed(played, &second, &asked.json()["id"], "agree").await;
    assert_eq!((agreed.status.as_u16(), &agreed.json()["state"]), (200, &json!("in_force")));
    asked.json()["id"].clone()
}

async fn ask(played: &Played, cookie: &str, name: &str) -> Answer {
    let body = json!({"entity": {"kind": "user", "name": name}, "reason": "exports at night, ticket 12"});
    played.ask(with_cookie(post("/api/v1/unlocks", &body), cookie)).await
}

async fn deed(played: &Played, cookie: &str, id: &Value, deed: &str) -> Answer {
    played.ask(with_cookie(post(&format!("/api/v1/unlocks/{id}/{deed}"), &Value::Null), cookie)).await
}

#[tokio::test]
async fn who_sees_pseudonyms_guesses_no_name_and_finds_a_person_by_the_pseudonym() {
    let (played, administrator) = played().await;
    let analyst = played.token(&administrator, &["analyst"], None).await;
    let ask = async |path: &str, body: Value| played.ask(with_token(post(path, &body), &analyst)).await;
    let count = async |path: &str, body: Value| ask(path, body).await.json()["items"].as_array().unwrap().len();
    let user = |name: &str| json!({"kind": "user", "name": name});
    let anna = pseudonym(&played, "annabella");
    for (name, found) in [("annabella", 0), ("LAKESIDE\\annabella", 0), (&anna, 1), ("u-000000000000", 0)] {
        assert_eq!(count("/api/v1/findings/search", json!({"entity": user(name)})).await, found, "{name}");
        assert_eq!(count("/api/v1/finding-groups/search", json!({"entity": user(name)})).await, found, "{name}");
        let risk = ask("/api/v1/entities/risk", user(name)).await;
        assert_eq!(risk.status, if found == 1 { 200 } else { 404 }, "{name}");
    }
    assert_eq!(count("/api/v1/findings/search", json!({"entity": user("NT AUTHORITY\\SYSTEM")})).await, 1);
    let quoted = format!("user:\"{anna}\"");
    for (filter, found) in [
        ("user:annabella", 0),
        ("annabella", 0),
        ("bertram", 0),
        ("actor_user_domain:LAKESIDE", 0),
        (&quoted, 1),
        ("user:SYSTEM", 1),
    ] {
        assert_eq!(count("/api/v1/events/search", json!({"filter": filter})).await, found, "{filter}");
    }
    for (condition, found) in [
        ("actor_user_name = 'annabella'".to_owned(), 0),
        ("lower(actor_user_name) LIKE '%bert%'".to_owned(), 0),
        ("actor_user_uid IS NOT NULL".to_owned(), 1),
        ("rest IS NOT NULL".to_owned(), 0),
        (format!("actor_user_name = '{anna}'"), 1),
    ] {
        let sql = format!("SELECT count(*) AS n FROM record_access WHERE {condition}");
        let counted = ask("/api/v1/events/sql", json!({"sql": sql})).await.json();
        assert_eq!(counted["rows"][0]["n"], found, "{condition}");
    }
    let mute = |name: &str, field: &str, value: &str| json!({"kind": "exception", "site": "main", "reason": "known, ticket 8", "entity": user(name), "fields": [{"field": field, "value": value}]});
    assert_eq!(ask("/api/v1/mutes", mute("annabella", "Image", "x")).await.status, 422);
    assert_eq!(ask("/api/v1/mutes", mute(&anna, "User", "annabella")).await.status, 422);
    assert_eq!(ask("/api/v1/mutes", mute(&anna, "Image", "x")).await.status, 201);
}

#[tokio::test]
async fn in_an_emergency_names_are_seen_and_that_is_audited() {
    let (played, administrator) = played().await;
    let analyst = played.token(&administrator, &["analyst"], None).await;
    let list = || with_token(request("GET", "/api/v1/finding-groups"), &analyst);
    assert!(!played.ask(list()).await.text.contains("annabella"));
    let mut emergency = list();
    emergency.headers_mut().insert("x-cordon-break-glass", "1".parse().unwrap());
    assert!(played.ask(emergency).await.text.contains("annabella"));
    let officer = played.token(&administrator, &["privacy_officer"], None).await;
    let audit = with_token(request("GET", "/api/v1/audit?action=glass_broken"), &officer);
    assert_eq!(played.ask(audit).await.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn own_bytes_are_shown_when_everybody_whom_the_event_names_is_unlocked() {
    let (played, administrator) = played().await;
    let analyst = played.token(&administrator, &["analyst"], None).await;
    let read = async |number: u64| {
        let path = format!("/api/v1/events/{}/record", event_id(number));
        played.ask(with_token(request("GET", &path), &analyst)).await
    };
    let refused = read(1).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text.contains("/api/v1/unlocks"), "{}", refused.text);
    assert_eq!((read(2).await.status.as_u16(), read(3).await.status.as_u16()), (403, 200));
    let id = unlock(&played, &administrator, &pseudonym(&played, "annabella")).await;
    assert_eq!((read(1).await.status.as_u16(), read(2).await.status.as_u16()), (200, 403));
    assert_eq!(deed(&played, &administrator.cookie, &id, "end").await.json()["state"], "ended");
    assert_eq!(read(1).await.status, 403);
}

#[tokio::test]
async fn a_second_person_of_another_role_unlocks_and_each_step_is_audited_without_the_name() {
    let (played, administrator) = played().await;
    let anna = pseudonym(&played, "annabella");
    let first = played.person(&administrator, "first.analyst", &["analyst"]).await;
    let other = played.person(&administrator, "other.analyst", &["analyst"]).await;
    let responder = played.person(&administrator, "a.responder", &["responder"]).await;
    let token = played.token(&administrator, &["analyst"], None).await;
    let by_token = with_token(
        post("/api/v1/unlocks", &json!({"entity": {"kind": "user", "name": anna}, "reason": "exports at night"})),
        &token,
    );
    assert_eq!(played.ask(by_token).await.status, 422);
    for wrong in ["annabella", "SYSTEM", "u-12", ""] {
        assert_eq!(ask(&played, &first, wrong).await.status, 422, "{wrong}");
    }
    let asked = ask(&played, &first, &anna).await;
    assert_eq!((asked.status.as_u16(), &asked.json()["state"]), (201, &json!("waiting")));
    let id = asked.json()["id"].clone();
    assert_eq!(ask(&played, &other, &anna).await.status, 409);
    assert_eq!(deed(&played, &first, &id, "agree").await.status, 422);
    assert_eq!(deed(&played, &other, &id, "agree").await.status, 422);
    assert_eq!(deed(&played, &responder, &json!(99), "agree").await.status, 404);
    let listed = played.ask(with_cookie(request("GET", "/api/v1/unlocks"), &responder)).await;
    assert_eq!(
        (&listed.json()["items"][0]["pseudonym"], &listed.json()["items"][0]["agreed_by"]),
        (&json!(anna), &json!(null))
    );
    assert_eq!(deed(&played, &responder, &id, "end").await.json()["ended_by"], "a.responder");
    assert_eq!(deed(&played, &responder, &id, "agree").await.status, 404);
    let officer = played.person(&administrator, "by.name", &["privacy_officer"]).await;
    let asked = ask(&played, &officer, "LAKESIDE\\Annabella").await;
    assert_eq!((asked.status.as_u16(), &asked.json()["pseudonym"]), (201, &json!(anna)));
    let agreed = deed(&played, &first, &asked.json()["id"], "agree").await;
    assert_eq!((agreed.status.as_u16(), &agreed.json()["until"]), (200, &json!("2025-12-17T12:00:00.000000Z")));
    assert_eq!(deed(&played, &responder, &asked.json()["id"], "agree").await.status, 409);
    let audit = with_cookie(request("GET", &format!("/api/v1/audit?target_kind=pseudonym&target={anna}")), &officer);
    let audit = played.ask(audit).await;
    let rows = audit.json()["items"].as_array().unwrap().clone();
    let deeds: Vec<_> =
        rows.iter().map(|row| (row["action"].as_str().unwrap(), row["actor"].as_str().unwrap())).collect();
    let expect = [
        ("unlock_agreed", "first.analyst"),
        ("unlock_asked", "by.name"),
        ("unlock_refused", "a.responder"),
        ("unlock_asked", "first.analyst"),
    ];
    assert_eq!(deeds, expect);
    assert!(rows.iter().all(|row| row["detail"]["reason"] == "exports at night, ticket 12"), "{}", audit.text);
    assert!(!audit.text.to_lowercase().contains("annabella"), "{}", audit.text);
}

#[tokio::test]
async fn where_staff_are_shown_by_name_nothing_is_unlocked() {
    let played = Played::start().await;
    let administrator = played.administrator().await;
    let analyst = played.person(&administrator, "an.analyst", &["analyst"]).await;
    assert_eq!(ask(&played, &analyst, "u-0123456789ab").await.status, 422);
}

#[tokio::test]
async fn the_stream_of_events_shows_pseudonyms() {
    let (played, administrator) = played().await;
    let analyst = played.token(&administrator, &["analyst"], None).await;
    let columns = json!({
        "actor_user_name": "annabella", "actor_user_domain": "LAKESIDE", "user_name": "SYSTEM", "user_domain": "NT AUTHORITY",
        "rest": "{\"x\":\"bertram\"}", "activity_name": "Read",
    });
    let event = LiveEvent {
        id: event_id(1),
        time: Time(0),
        received: Time(0),
        source: "ehr-audit".to_owned(),
        site: "main".to_owned(),
        class_uid: HEALTH,
        columns: columns.as_object().unwrap().clone(),
    };
    let events = played.node.events.clone();
    let asked = played.ask(with_token(request("GET", "/api/v1/stream/events"), &analyst));
    let sent = tokio::spawn(async move {
        while events.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
        events.send(Arc::new(Live::Event(event))).unwrap();
    });
    let answer = asked.await;
    sent.await.unwrap();
    let data = answer.text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    let expect = json!({
        "actor_user_name": pseudonym(&played, "annabella"), "user_name": "SYSTEM", "user_domain": "NT AUTHORITY", "activity_name": "Read",
    });
    assert_eq!(data["columns"], expect);
}

#[tokio::test]
async fn a_mute_by_pseudonym_makes_the_person_quiet_however_a_source_writes_the_name() {
    let (played, _) = played().await;
    let scope = cordon_policy::AccessScope::of_the_node();
    let mute = NewMute {
        kind: MuteKind::Exception,
        rule_id: None,
        site: Some("north".to_owned()),
        entity: Some(Entity { kind: EntityKind::User, name: pseudonym(&played, "annabella").into() }),
        source: None,
        fields: Vec::new(),
        starts: Time(0),
        ends: None,
        reason: "known, ticket 9".to_owned(),
    };
    let by = cordon_store::state::By::node(Time(1));
    played.kept.add_mute(&scope, &by, mute).await.unwrap();
    let about = |number: u8, user: &str| {
        let subjects = Subjects { user: Some(user.into()), ..Subjects::default() };
        NewFinding { subjects, ..finding(number, "north") }
    };
    let new = [about(11, "annabella"), about(12, "LAKESIDE\\Annabella"), about(13, "bertram")];
    assert_eq!(played.kept.record_findings(None, &new).await.unwrap().muted, 2);
}
