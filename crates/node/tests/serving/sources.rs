//! Sources over restarts, their tokens, and declarations that change.

use std::sync::atomic::{AtomicU64, Ordering};

use cordon_policy::Role;
use serde_json::{Value, json};

use crate::served::{Served, settings};

const HTTP: &str = "http = [\"127.0.0.1:0\"]";

/// What the API says of a source.
async fn source(served: &Served, id: &str) -> Value {
    let body = served.read(Role::Analyst, "/api/v1/sources").await;
    let found = body["items"].as_array().unwrap().iter().find(|source| source["id"] == id);
    found.cloned().ok_or_else(|| format!("no {id} in {body}")).unwrap()
}

async fn sent(served: &Served, token: &str, lines: &str) {
    // a token is known within seconds
    served.until(|| async { (served.post_lines(token, lines).await == 200).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn adopted_sources_and_what_was_counted_of_all_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let declared = "[[sources]]\nid = \"ehr-audit\"\nlistener = \"http\"\nsender = \"ehr\"\n";
    let served = Served::start(folder.path(), &settings(HTTP, declared)).await;
    let (ehr, other) = (served.sender_token("ehr").await, served.sender_token("other").await);
    let line = "{\"time\":\"2026-03-18T20:00:00Z\",\"a\":1}\n";
    sent(&served, &ehr, &line.repeat(3)).await;
    sent(&served, &other, &line.repeat(2)).await;
    let before = [source(&served, "ehr-audit").await, source(&served, "http/other").await];
    served.stop().await;
    let served = Served::start(folder.path(), &settings(HTTP, declared)).await;
    let after = [source(&served, "ehr-audit").await, source(&served, "http/other").await];
    for (before, after) in before.iter().zip(&after) {
        for key in ["records", "bytes", "received_last", "is_declared", "site", "listener", "sender"] {
            assert_eq!(before[key], after[key], "{key}");
        }
    }
    assert_eq!((&after[0]["records"], &after[1]["records"]), (&json!(3), &json!(2)));
    assert_eq!((&after[0]["is_declared"], &after[1]["is_declared"]), (&json!(true), &json!(false)));
    sent(&served, &ehr, line).await;
    assert_eq!(source(&served, "ehr-audit").await["records"], 4);
    served.stop().await;
    // whoever is declared no more is adopted under its name when it is heard
    let served = Served::start(folder.path(), &settings(HTTP, "")).await;
    assert_eq!(served.sources().await, [("http/other".to_owned(), 2)].into());
    sent(&served, &ehr, line).await;
    assert_eq!(source(&served, "http/ehr").await["records"], 1);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_made_through_the_api_lets_its_sender_in_until_it_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let declared = "[[sources]]\nid = \"ehr-audit\"\nsite = \"north\"\nlistener = \"http\"\nsender = \"ehr\"\n";
    let served = Served::start(folder.path(), &settings(HTTP, declared)).await;
    let given = json!({"sender": "ehr", "days": 1});
    let (status, made) = served.ask(Role::Administrator, "POST", "/api/v1/source-tokens", &given).await;
    assert_eq!((status, &made["token"]["site"], &made["token"]["used"]), (201, &json!("north"), &Value::Null));
    let secret = made["secret"].as_str().unwrap();
    sent(&served, secret, "{\"a\":1}\n").await;
    let used = async || served.read(Role::Analyst, "/api/v1/source-tokens").await["items"][0]["used"].clone();
    served.until(|| async { used().await.is_string().then_some(()) }).await;
    let path = format!("/api/v1/source-tokens/{}", made["token"]["id"]);
    assert_eq!(served.ask(Role::Analyst, "DELETE", &path, &Value::Null).await.0, 403);
    assert_eq!(served.ask(Role::Administrator, "DELETE", &path, &Value::Null).await.0, 204);
    // until the node knows that it was revoked, within seconds, the token is good
    let taken = AtomicU64::new(1);
    let is_refused = async || {
        let status = served.post_lines(secret, "{}\n").await;
        taken.fetch_add(u64::from(status == 200), Ordering::Relaxed);
        status == 403
    };
    served.until(|| async { is_refused().await.then_some(()) }).await;
    assert_eq!(source(&served, "ehr-audit").await["records"], taken.load(Ordering::Relaxed));
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_declares_sources_anew_and_their_rate_limit_holds_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let declared = |rate: u32| {
        let source = "[[sources]]\nid = \"ehr-audit\"\nlistener = \"http\"\nsender = \"ehr\"\ncare = true\n";
        settings(HTTP, &format!("{source}events_per_second_max = {rate}\n"))
    };
    let served = Served::start(folder.path(), &declared(0)).await;
    let token = served.sender_token("ehr").await;
    sent(&served, &token, &"{\"a\":1}\n".repeat(50)).await;
    assert_eq!(source(&served, "ehr-audit").await["drops"], json!({}));
    served.write(&declared(1));
    let (status, answer) = served.reload().await;
    let expect = json!({"changed": ["sources[ehr-audit].events_per_second_max"], "needs_restart": [], "rules": 0});
    assert_eq!((status, answer), (200, expect));
    sent(&served, &token, &"{\"a\":1}\n".repeat(50)).await;
    let now = source(&served, "ehr-audit").await;
    assert_eq!((&now["records"], &now["events_per_second_max"]), (&json!(100), &json!(1)));
    let dropped = now["drops"]["rate_limit"].as_u64().unwrap();
    assert!((48..=49).contains(&dropped), "{now}");
    served.stop().await;
}
