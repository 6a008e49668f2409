//! FHIR's routes.

use axum::http::StatusCode;
use serde_json::json;

use super::{Log, Node};
use crate::live::http::Limits;
use crate::live::{DropReason, NotKept};

const JSON: (&str, &str) = ("Content-Type", "application/fhir+json; fhirVersion=4.0");
const XML: (&str, &str) = ("Content-Type", "application/fhir+xml");
const EVENT: &str = r#"{"resourceType":"AuditEvent","action":"R"}"#;
const XML_EVENT: &str = r#"<AuditEvent xmlns="http://hl7.org/fhir"><action value="R"/></AuditEvent>"#;

fn bundle(kind: &str, entries: &[&str]) -> String {
    let entries: Vec<_> = entries.iter().map(|resource| format!(r#"{{"resource":{resource}}}"#)).collect();
    format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{}]}}"#, entries.join(","))
}

#[tokio::test]
async fn an_audit_event_is_created_in_either_syntax() {
    for (media, body) in [(JSON, EVENT), (XML, XML_EVENT)] {
        let node = Node::new(Log::Keeps);
        let reply = node.send("POST", "/fhir/AuditEvent", "portal", &[media], format!("{body}\n")).await;
        assert_eq!((reply.status, reply.body.as_str()), (StatusCode::CREATED, ""));
        let id = reply.header("location").strip_prefix("AuditEvent/").and_then(|rest| rest.strip_suffix("/_history/1"));
        assert_eq!(id.map(str::len), Some(20));
        assert_eq!(node.records(), [format!("http/portal fhir_audit_event {body}")]);
    }
}

#[tokio::test]
async fn a_batch_keeps_its_audit_events_and_answers_each_entry() {
    let node = Node::new(Log::Keeps);
    let body = bundle("batch", &[EVENT, r#"{"resourceType":"Observation"}"#, EVENT]);
    let reply = node.send("POST", "/fhir", "portal", &[JSON], body).await;
    assert_eq!((reply.status, &reply.json()["type"]), (StatusCode::OK, &json!("batch-response")));
    let status: Vec<_> = (0..3).map(|entry| reply.json()["entry"][entry]["response"]["status"].clone()).collect();
    assert_eq!(status, ["201 Created", "422 Unprocessable Entity", "201 Created"]);
    let expect = format!("http/portal fhir_audit_event {EVENT}");
    assert_eq!(node.records(), [expect.clone(), expect]);
}

#[tokio::test]
async fn resources_of_care_are_kept_as_they_were_sent() {
    const VISIT: &str = r#"{"resourceType":"Encounter","id":"e1"}"#;
    let node = Node::new(Log::Keeps);
    let created = node.send("POST", "/fhir/Encounter", "portal", &[JSON], VISIT).await;
    let updated = node.send("PUT", "/fhir/Encounter/e1", "portal", &[JSON], VISIT).await;
    let told =
        node.send("POST", "/fhir", "portal", &[JSON], bundle("subscription-notification", &[VISIT, EVENT])).await;
    assert_eq!((created.status, updated.status, told.status), (StatusCode::CREATED, StatusCode::OK, StatusCode::OK));
    assert!(created.header("location").starts_with("Encounter/"));
    let (visit, event) = (format!("http/portal json {VISIT}"), format!("http/portal fhir_audit_event {EVENT}"));
    assert_eq!(node.records(), [visit.clone(), visit.clone(), event, visit]);
    for (method, path, media, body) in [
        ("POST", "/fhir/Patient", JSON, VISIT),
        ("POST", "/fhir/Observation", JSON, r#"{"resourceType":"Observation"}"#),
        ("POST", "/fhir/Encounter", XML, "<Encounter xmlns='http://hl7.org/fhir'/>"),
        ("PUT", "/fhir/Encounter/e1", JSON, EVENT),
    ] {
        let reply = node.send(method, path, "portal", &[media], body).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{method} {path} {body}");
    }
    assert_eq!(node.records().len(), 4);
}

#[tokio::test]
async fn a_transaction_is_kept_whole_or_not_at_all() {
    let node = Node::new(Log::Keeps);
    let mixed = bundle("transaction", &[EVENT, r#"{"resourceType":"Observation"}"#]);
    let reply = node.send("POST", "/fhir", "portal", &[JSON], mixed).await;
    assert_eq!((reply.status, node.kept().len()), (StatusCode::UNPROCESSABLE_ENTITY, 0));
    assert_eq!(reply.json()["resourceType"], "OperationOutcome");
    assert_eq!(node.counted("portal"), (1, vec![(DropReason::Malformed, 1)]));
    let reply = node.send("POST", "/fhir/", "portal", &[JSON], bundle("transaction", &[EVENT, EVENT])).await;
    assert_eq!((&reply.json()["type"], node.records().len()), (&json!("transaction-response"), 2));
}

#[tokio::test]
async fn a_bundle_in_xml_is_one_record_and_answered_in_xml() {
    let node = Node::new(Log::Keeps);
    let entry = format!("<entry><resource>{XML_EVENT}</resource></entry>");
    let body = format!("<Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"batch\"/>{entry}{entry}</Bundle>");
    let reply = node.send("POST", "/fhir", "portal", &[XML], body.clone()).await;
    assert_eq!((reply.status, reply.body.matches("201 Created").count()), (StatusCode::OK, 2));
    assert!(reply.header("content-type").starts_with("application/fhir+xml"));
    assert_eq!(node.records(), [format!("http/portal fhir_audit_event {body}")]);
}

#[tokio::test]
async fn what_is_not_taken_is_told_as_an_outcome() {
    let node = Node::with(Log::Keeps, Limits { record_bytes_max: 100, ..Limits::default() });
    let long = format!(r#"{{"resourceType":"AuditEvent","x":"{}"}}"#, "x".repeat(100));
    let collection = bundle("collection", &[EVENT]);
    let all = [
        ("/fhir/AuditEvent", JSON, "{", 400, "structure"),
        ("/fhir/AuditEvent", JSON, "{\"resourceType\":\"Observation\"}", 422, "not-supported"),
        ("/fhir/AuditEvent", JSON, long.as_str(), 413, "too-long"),
        ("/fhir", JSON, EVENT, 422, "not-supported"),
        ("/fhir", JSON, collection.as_str(), 422, "not-supported"),
        ("/fhir", ("Content-Type", "text/plain"), EVENT, 415, "not-supported"),
    ];
    for (path, media, body, status, code) in all {
        let reply = node.send("POST", path, "portal", &[media], body.to_owned()).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["issue"][0]["code"]), (status, &json!(code)), "{path} {body}");
    }
    assert_eq!(node.kept().len(), 0);
    let reply = node.send("POST", "/fhir/AuditEvent", "", &[JSON], EVENT).await;
    assert_eq!((reply.status, &reply.json()["issue"][0]["code"]), (StatusCode::UNAUTHORIZED, &json!("login")));
}

#[tokio::test]
async fn care_is_answered_at_once_and_others_wait() {
    for log in [Log::HoldsBack, Log::Stopped, Log::Refuses(NotKept::Unwritable)] {
        let node = Node::new(log);
        let reply = node.send("POST", "/fhir/AuditEvent", "ehr", &[JSON], EVENT).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{log:?}");
        let reply = node.send("POST", "/fhir", "ehr", &[JSON], bundle("batch", &[EVENT])).await;
        assert_eq!(reply.status, StatusCode::OK, "{log:?}");
    }
    let node = Node::new(Log::Refuses(NotKept::Unwritable));
    let reply = node.send("POST", "/fhir/AuditEvent", "portal", &[JSON], EVENT).await;
    assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "2"));
}
