//! Events: found, counted, exported, and their own bytes masked or revealed.

use cordon_model::{Arena, Digest, Event, EventId, Node, Object, Position, RawRecord, Record, SourceSet, Time, When};
use cordon_store::tables::{RowMeta, Rows};
use serde_json::{Value, json};

use crate::played::{Played, post, request, with_token};

/// Accesses to records by `anna`: one at `main`, one at `north`.
async fn played() -> Played {
    let played = Played::start().await;
    let (arena, mut rows) = (Arena::new(), Rows::new());
    let time = Time::from_rfc3339("2025-12-10T11:00:00Z").unwrap();
    for (number, site) in [(1, "main"), (2, "north")] {
        let (mut ocsf, mut actor, mut user) = (Object::new_in(&arena), Object::new_in(&arena), Object::new_in(&arena));
        user.put_text("name", "anna");
        actor.put("user", Node::Object(user));
        ocsf.put("actor", Node::Object(actor));
        let event = Event {
            id: EventId([0; 16]),
            class_uid: 87_006_001,
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
        let event_id = EventId([u8::try_from(number).unwrap(); 16]);
        let record_sha256 = Digest([7; 32]);
        rows.push(&event, &RowMeta { event_id, record_sha256, site, source: "ehr-audit", position: number, index: 0 });
    }
    played.tables.append(3, rows.finish()).await.unwrap();
    played
}

#[tokio::test]
async fn events_are_found_counted_and_exported_within_the_scope() {
    let played = played().await;
    let administrator = played.administrator().await;
    let token = played.token(&administrator, &["privacy_officer"], Some(&["main"])).await;
    let ask = async |path: &str, body: Value| played.ask(with_token(post(path, &body), &token)).await;
    let found = ask("/api/v1/events/search", json!({"filter": "user:anna"})).await.json();
    assert_eq!((found["items"].as_array().unwrap().len(), &found["items"][0]["site"]), (1, &json!("main")));
    let counted = ask("/api/v1/events/sql", json!({"sql": "SELECT count(*) AS n FROM events"})).await.json();
    assert_eq!(counted, json!({"columns": ["n"], "rows": [{"n": 1}], "is_cut": false}));
    assert_eq!(ask("/api/v1/events/sql", json!({"sql": "DROP TABLE events"})).await.status, 422);
    let facets = ask("/api/v1/events/facets", json!({"filter": "", "columns": ["site"]})).await.json();
    assert_eq!(facets["items"][0]["values"], json!([{"value": "main", "count": 1}]));
    let histogram = ask("/api/v1/events/histogram", json!({"filter": ""})).await.json();
    assert_eq!((histogram["items"].as_array().unwrap().len(), &histogram["items"][0]["count"]), (1, &json!(1)));
    let export = || post("/api/v1/events/export", &json!({"filter": "", "format": "ndjson"}));
    assert_eq!(played.ask(with_token(export(), &token)).await.status, 403);
    let mut stated = with_token(export(), &token);
    stated.headers_mut().insert("x-cordon-purpose", "privacy_investigation".parse().unwrap());
    let rows = played.ask(stated).await;
    assert_eq!((rows.header("content-type"), rows.text.lines().count()), ("application/x-ndjson", 1));
}

#[tokio::test]
async fn a_record_is_masked_until_it_is_revealed_for_a_reason_with_one_audit_entry() {
    let played = played().await;
    let administrator = played.administrator().await;
    let officer = played.token(&administrator, &["privacy_officer"], Some(&["main"])).await;
    let analyst = played.token(&administrator, &["analyst"], None).await;
    let path = |number: u8, what: &str| format!("/api/v1/events/{}{what}", EventId([number; 16]));
    let record = played.ask(with_token(request("GET", &path(1, "/record")), &analyst)).await;
    assert_eq!(record.text, "record at 1 of ********");
    let reveal = async |token: &str, number: u8, reason: &str| {
        let mut request = with_token(post(&path(number, "/reveal"), &json!({"reason": reason})), token);
        request.headers_mut().insert("x-cordon-purpose", "privacy_investigation".parse().unwrap());
        let answer = played.ask(request).await;
        (answer.status.as_u16(), answer.text)
    };
    assert_eq!(reveal(&analyst, 1, "complaint 17 of Tuesday").await.0, 403);
    assert_eq!(reveal(&officer, 2, "complaint 17 of Tuesday").await.0, 404);
    assert_eq!(reveal(&officer, 1, "short").await.0, 422);
    let revealed = (200, "record at 1 of Jane Doe".to_owned());
    assert_eq!(reveal(&officer, 1, "complaint 17 of Tuesday").await, revealed);
    let audit = request("GET", "/api/v1/audit?action=record_revealed");
    let audit = played.ask(with_token(audit, &officer)).await.json();
    let rows = audit["items"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["purpose"], &rows[0]["site"]), (&json!("privacy_investigation"), &json!("main")));
    assert_eq!(rows[0]["detail"], json!({"reason": "complaint 17 of Tuesday"}));
}
