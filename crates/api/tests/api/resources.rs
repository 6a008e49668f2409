//! The resources, as whoever may see them sees them.

use std::sync::Arc;

use cordon_api::DiskStanding;
use cordon_model::{
    Digest, EventId, Finding, FindingId, FindingOrigin, Level, LogSource, MatchedField, Position, RuleCard, Time,
};
use cordon_store::state::{NewFinding, Subjects};
use serde_json::{Value, json};

use crate::played::{Played, post, request, send, with_token};

#[tokio::test]
async fn sources_and_rules_are_those_of_the_node_within_the_sites() {
    let played = Played::start().await;
    let administrator = played.administrator().await;
    let token = played.token(&administrator, &["analyst"], Some(&["north"])).await;
    let read = async |path: &str| played.ask(with_token(request("GET", path), &token)).await;
    let sources = read("/api/v1/sources").await.json();
    let expect = json!({
        "id": "syslog_udp/10.0.0.2", "site": "north", "listener": "http", "sender": "token", "format": "", "is_declared": true,
        "is_care": false, "is_silent": false, "events_per_second_max": 0, "silence_seconds": 0, "records": 7, "bytes": 700,
        "received_last": "2025-12-10T11:59:00.000000Z", "event_last": "2025-12-10T11:58:30.000000Z", "lag_seconds": 30,
        "drops": {"overload": 2}
    });
    assert_eq!(sources, json!({"items": [expect], "next": null}));
    assert_eq!(read("/api/v1/sources/syslog_udp%2F10.0.0.2").await.json(), sources["items"][0]);
    assert_eq!(read("/api/v1/sources/ehr-audit").await.status, 404);
    let switch = send("PATCH", "/api/v1/rules/rule-1", &json!({"is_enabled": false}));
    assert_eq!(played.ask(with_token(switch, &token)).await.json()["is_enabled"], false);
    assert_eq!(read("/api/v1/rules/rule-1").await.json()["text"], "title: a rule");
}

#[tokio::test]
async fn the_disk_is_told_once_the_node_has_looked_at_it() {
    let played = Played::start().await;
    let administrator = played.administrator().await;
    let token = played.token(&administrator, &["responder"], None).await;
    let read = async || played.ask(with_token(request("GET", "/api/v1/disk"), &token)).await;
    assert_eq!(read().await.status, 503);
    let kept = vec![("health", 70), ("system", 0), ("evidence", 200), ("node", 5)];
    let standing = DiskStanding { budget: 1_000, kept, days_left: Some(9), free: 700, ..DiskStanding::default() };
    *played.node.disk.lock().unwrap() = Some(standing);
    let expect = json!({
        "budget": 1_000, "protected": 0, "days_kept": 0, "days_left": 9, "is_turning": false, "free": 700, "reserve": 0, "removed": 0,
        "kept": [{"class": "evidence", "bytes": 200}, {"class": "health", "bytes": 70}, {"class": "node", "bytes": 5}]
    });
    assert_eq!(read().await.json(), expect);
}

#[tokio::test]
async fn the_audit_log_is_searched_by_who_did_it_without_a_name_in_the_address() {
    let played = Played::start().await;
    let administrator = played.administrator().await;
    let auditor = played.token(&administrator, &["auditor"], None).await;
    let analyst = played.token(&administrator, &["analyst"], None).await;
    let body = json!({"kind": "suppression", "rule": "rule-1", "site": "main", "reason": "known, ticket 7", "ends": "2030-01-01T00:00:00Z"});
    assert_eq!(played.ask(with_token(post("/api/v1/mutes", &body), &analyst)).await.status, 201);
    let search = async |body: Value| played.ask(with_token(post("/api/v1/audit/search", &body), &auditor)).await;
    let every = search(json!({})).await.json();
    let every = every["items"].as_array().unwrap();
    let actor = "token/tanalyst";
    let done: Vec<Value> = every.iter().filter(|row| row["actor"] == actor).cloned().collect();
    assert_eq!((done.len(), &done[0]["action"]), (1, &json!("mute_added")));
    assert!(every.len() > 1);
    assert_eq!(search(json!({"actor": actor})).await.json()["items"], json!(done));
    assert_eq!(search(json!({"actor": "nobody"})).await.json()["items"], json!([]));
    assert_eq!(search(json!({"who": "nobody"})).await.status, 400);
    let refused = with_token(post("/api/v1/audit/search", &json!({"actor": actor})), &analyst);
    assert_eq!(played.ask(refused).await.status, 403);
}

#[tokio::test]
async fn a_job_is_started_followed_and_seen_by_its_owner_alone() {
    let played = Played::start().await;
    let administrator = played.administrator().await;
    let token = played.token(&administrator, &["analyst"], None).await;
    let other = played.token(&administrator, &["administrator"], None).await;
    let started = played.ask(with_token(post("/api/v1/jobs/verify", &Value::Null), &token)).await;
    assert_eq!((started.status.as_u16(), started.json()["kind"].clone()), (202, json!("verify")));
    let path = format!("/api/v1/jobs/{}/progress", started.json()["id"]);
    let followed = played.ask(with_token(request("GET", &path), &token)).await;
    assert_eq!(followed.header("content-type"), "text/event-stream");
    let (event, data) = followed.text.trim().split_once('\n').unwrap();
    let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!((event, data["state"].as_str().unwrap(), &data["done"]), ("event: ended", "done", &json!(1)));
    assert_eq!(played.ask(with_token(request("GET", &path), &other)).await.status, 404);
    let of = |rule: &str| json!({"rules": [rule], "tell": true});
    let start = async |path: &str, body: &Value| played.ask(with_token(post(path, body), &other)).await;
    assert_eq!(start("/api/v1/jobs/backfill", &of("unheard-of")).await.status, 422);
    let turned = json!({"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"});
    assert_eq!(start("/api/v1/jobs/backfill", &turned).await.status, 422);
    assert_eq!(start("/api/v1/jobs/backfill", &of("rule-1")).await.json()["kind"], "backfill");
    assert_eq!(start("/api/v1/jobs/history", &Value::Null).await.json()["kind"], "judge_history");
}

#[tokio::test]
async fn one_moment_is_frozen_at_a_time() {
    let played = Played::start().await;
    let administrator = played.administrator().await;
    let token = played.token(&administrator, &["administrator"], None).await;
    let start = async |what: &str| {
        let path = format!("/api/v1/jobs/{what}");
        let started = played.ask(with_token(post(&path, &Value::Null), &token)).await;
        if started.status == 202 && !*played.node.is_file_bad.lock().unwrap() {
            let path = format!("/api/v1/jobs/{}/progress", started.json()["id"]);
            assert_eq!(played.ask(with_token(request("GET", &path), &token)).await.status, 200);
        }
        (started.status.as_u16(), started.json()["detail"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(start("freeze").await.0, 202);
    let (status, detail) = start("freeze").await;
    assert_eq!(status, 409);
    assert!(detail.starts_with("a moment is frozen already, for a backup that has not ended"), "{detail}");
    assert_eq!(start("thaw").await.0, 202);
    *played.node.is_file_bad.lock().unwrap() = true;
    assert_eq!(start("freeze").await.0, 202);
    for what in ["freeze", "thaw"] {
        let (status, detail) = start(what).await;
        assert_eq!(status, 409);
        assert!(detail.contains("being frozen or given up just now"), "{detail}");
    }
}

#[tokio::test]
async fn a_mute_needs_a_reason_and_a_site_of_ones_own_and_is_audited() {
    let played = Played::start().await;
    let administrator = played.administrator().await;
    let token = played.token(&administrator, &["analyst"], Some(&["north"])).await;
    let mute = |site: &str| json!({"kind": "suppression", "rule": "rule-1", "site": site, "reason": "known, ticket 7", "ends": "2030-01-01T00:00:00Z"});
    assert_eq!(played.ask(with_token(post("/api/v1/mutes", &mute("main")), &token)).await.status, 422);
    let added = played.ask(with_token(post("/api/v1/mutes", &mute("north")), &token)).await;
    assert_eq!((added.status.as_u16(), added.json()["author"].as_str().unwrap()), (201, "token/tanalyst"));
    let ended = send("DELETE", &format!("/api/v1/mutes/{}", added.json()["id"]), &Value::Null);
    assert_eq!(played.ask(with_token(ended, &token)).await.status, 200);
    let auditor = played.token(&administrator, &["auditor"], None).await;
    let audit = played.ask(with_token(request("GET", "/api/v1/audit?target_kind=mute"), &auditor)).await.json();
    let deeds: Vec<&str> =
        audit["items"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(deeds, ["mute_ended", "mute_added"]);
    let verified = played.ask(with_token(post("/api/v1/audit/verify", &Value::Null), &auditor)).await.json();
    assert_eq!(
        verified["rows"],
        played.ask(with_token(request("GET", "/api/v1/audit"), &auditor)).await.json()["items"][0]["seq"]
    );
}

#[tokio::test]
async fn a_legal_hold_is_added_read_and_released_with_an_audit_entry_that_does_not_repeat_its_query() {
    let played = Played::start().await;
    let administrator = played.administrator().await;
    let token = played.token(&administrator, &["privacy_officer"], None).await;
    let hold = |query: &str, review: &str| json!({"site": "main", "query": query, "reason": "case 12 of Jane Doe", "owner": "legal", "review": review});
    let add = async |hold: Value| played.ask(with_token(post("/api/v1/holds", &hold), &token)).await;
    assert_eq!(add(hold("usr:jdoe", "2099-01-01T00:00:00Z")).await.status, 422);
    assert_eq!(add(hold("user:jdoe", "2020-01-01T00:00:00Z")).await.status, 422);
    assert_eq!(add(hold(" ", "2099-01-01T00:00:00Z")).await.status, 422);
    let added = add(hold("user:jdoe", "2099-01-01T00:00:00Z")).await;
    assert_eq!(
        (added.status.as_u16(), &added.json()["query"], &added.json()["ended"]),
        (201, &json!("user:jdoe"), &json!(null))
    );
    let read = async |path: &str| played.ask(with_token(request("GET", path), &token)).await.json();
    assert_eq!(read("/api/v1/holds").await["items"], json!([added.json()]));
    let release = || with_token(send("DELETE", &format!("/api/v1/holds/{}", added.json()["id"]), &Value::Null), &token);
    let released = played.ask(release()).await;
    assert_eq!((released.status.as_u16(), released.json()["ended"].is_string()), (200, true));
    assert_eq!(played.ask(release()).await.status, 404);
    assert_eq!(read("/api/v1/holds").await["items"], json!([]));
    assert_eq!(read("/api/v1/holds?ended=true").await["items"], json!([released.json()]));
    let audit = read("/api/v1/audit?target_kind=hold").await;
    let deeds: Vec<&str> =
        audit["items"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(deeds, ["hold_ended", "hold_added"]);
    assert!(!audit.to_string().contains("jdoe") && !audit.to_string().contains("Jane"), "{audit}");
}

/// A finding about a user at a site.
pub(crate) fn finding(number: u8, site: &str) -> NewFinding {
    let time = Time::from_rfc3339("2025-12-10T11:00:00Z").unwrap();
    let matched = MatchedField { field: "User".to_owned(), value: "anna".to_owned(), ..MatchedField::default() };
    NewFinding {
        finding: Finding {
            finding_id: FindingId([number; 16]),
            event_ids: vec![EventId([number; 16])],
            rule: Arc::new(RuleCard {
                id: "rule-1".to_owned(),
                title: "Odd".to_owned(),
                level: Level::High,
                ..RuleCard::default()
            }),
            time: Some(time),
            source_file: "ehr-audit".into(),
            position: Position::Offset(7),
            index: 0,
            log_source: LogSource::default(),
            matched: vec![matched],
            record_sha256: Digest([number; 32]),
            origin: FindingOrigin::Event,
        },
        events: Vec::new(),
        rule_version: "1".into(),
        site: site.into(),
        class_uid: 3002,
        received: time,
        subjects: Subjects { user: Some("anna".into()), ..Subjects::default() },
    }
}

#[tokio::test]
async fn a_group_is_changed_by_who_has_read_its_last_revision() {
    let played = Played::start().await;
    played.kept.record_findings(None, &[finding(1, "main"), finding(2, "main"), finding(3, "north")]).await.unwrap();
    let administrator = played.administrator().await;
    let token = played.token(&administrator, &["analyst"], Some(&["main"])).await;
    let listed = played.ask(with_token(request("GET", "/api/v1/finding-groups"), &token)).await.json();
    let group = &listed["items"][0];
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!((&group["count"], &group["entity"]), (&json!(2), &json!({"kind": "user", "name": "anna"})));
    let path = format!("/api/v1/finding-groups/{}", group["id"].as_str().unwrap());
    let etag = played.ask(with_token(request("GET", &path), &token)).await.header("etag").to_owned();
    let change = |tag: Option<&str>| {
        let mut request = with_token(send("PATCH", &path, &json!({"state": "closed", "verdict": "benign"})), &token);
        tag.map(|tag| request.headers_mut().insert("if-match", tag.parse().unwrap()));
        request
    };
    assert_eq!(played.ask(change(None)).await.status, 428);
    let changed = played.ask(change(Some(&etag))).await;
    assert_eq!((changed.status.as_u16(), &changed.json()["state"]), (200, &json!("closed")));
    assert_ne!(changed.header("etag"), etag);
    assert_eq!(played.ask(change(Some(&etag))).await.status, 412);
    let about = json!({"entity": {"kind": "user", "name": "anna"}});
    let found = played.ask(with_token(post("/api/v1/findings/search", &about), &token)).await.json();
    assert_eq!(found["items"].as_array().unwrap().len(), 2);
    assert_eq!(found["items"][0]["explanation"]["matched"][0]["value"], "anna");
}

#[tokio::test]
async fn an_auditor_sees_findings_without_the_people_in_them() {
    let played = Played::start().await;
    played.kept.record_findings(None, &[finding(1, "main")]).await.unwrap();
    let administrator = played.administrator().await;
    let token = played.token(&administrator, &["auditor"], None).await;
    for path in ["/api/v1/findings", "/api/v1/finding-groups"] {
        let answer = played.ask(with_token(request("GET", path), &token)).await;
        assert_eq!(answer.json()["items"].as_array().unwrap().len(), 1);
        assert!(!answer.text.contains("anna"), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_stream_of_findings_goes_on_where_it_was_cut() {
    let played = Played::start().await;
    played.kept.record_findings(None, &[finding(1, "main"), finding(2, "north"), finding(3, "main")]).await.unwrap();
    let administrator = played.administrator().await;
    let token = played.token(&administrator, &["analyst"], Some(&["main"])).await;
    let mut follow = with_token(request("GET", "/api/v1/stream/findings"), &token);
    follow.headers_mut().insert("last-event-id", "0".parse().unwrap());
    let text = played.ask(follow).await.text;
    let ids: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    assert_eq!(ids, ["1", "3"]);
}
