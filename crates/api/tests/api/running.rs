//! What changes while a node runs: tokens of senders, notification, settings, the live stream of events.

use std::sync::Arc;

use cordon_api::{Live, LiveEvent};
use cordon_model::{EventId, Time};
use serde_json::{Value, json};

use crate::played::{Played, post, request, send, with_token};

/// The deeds in the audit log, the newest first, of one kind of target.
async fn deeds(played: &Played, token: &str, target_kind: &str) -> Vec<(String, String)> {
    let path = format!("/api/v1/audit?target_kind={target_kind}");
    let audit = played.ask(with_token(request("GET", &path), token)).await.json();
    let row = |row: &Value| (row["action"].as_str().unwrap().to_owned(), row["target"].as_str().unwrap().to_owned());
    audit["items"].as_array().unwrap().iter().map(row).collect()
}

#[tokio::test]
async fn a_token_of_a_sender_shows_its_secret_once_holds_at_ones_own_site_and_can_be_revoked() {
    let played = Played::start().await;
    let root = played.administrator().await;
    let all = played.token(&root, &["administrator"], None).await;
    let north = played.token(&root, &["administrator", "analyst"], Some(&["north"])).await;
    let made = played.ask(with_token(post("/api/v1/source-tokens", &json!({"sender": "ehr", "days": 30})), &all)).await;
    assert_eq!((made.status.as_u16(), &made.json()["token"]["site"]), (201, &json!("main")));
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    let known = played.kept.senders(Time(0)).await.unwrap();
    assert_eq!(known, [(cordon_seal::digest(secret.as_bytes()), "ehr".to_owned())]);
    let elsewhere = post("/api/v1/source-tokens", &json!({"sender": "ehr"}));
    assert_eq!(played.ask(with_token(elsewhere, &north)).await.status, 422);
    let own = post("/api/v1/source-tokens", &json!({"sender": "northern"}));
    assert_eq!(played.ask(with_token(own, &north)).await.status, 201);
    let listed = async |token: &str| played.ask(with_token(request("GET", "/api/v1/source-tokens"), token)).await;
    let seen = listed(&north).await;
    assert_eq!(seen.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(seen.json()["items"][0]["sender"], "northern");
    assert!(!listed(&all).await.text.contains(&secret));
    let path = format!("/api/v1/source-tokens/{}", made.json()["token"]["id"]);
    assert_eq!(played.ask(with_token(send("DELETE", &path, &Value::Null), &north)).await.status, 404);
    assert_eq!(played.ask(with_token(send("DELETE", &path, &Value::Null), &all)).await.status, 204);
    assert_eq!(played.kept.senders(Time(0)).await.unwrap().len(), 1);
    let told: Vec<String> = deeds(&played, &all, "source_token").await.into_iter().map(|(deed, _)| deed).collect();
    assert_eq!(told, ["source_token_revoked", "source_token_added", "source_token_added"]);
}

#[tokio::test]
async fn letters_are_listed_without_what_they_say_put_back_and_a_test_says_what_became_of_each_way() {
    let played = Played::start().await;
    let root = played.administrator().await;
    let token = played.token(&root, &["administrator"], None).await;
    let read = async |path: &str| played.ask(with_token(request("GET", path), &token)).await;
    let status = read("/api/v1/notifications").await.json();
    assert_eq!((&status["groups"], &status["dead"]), (&json!(["it-on-call"]), &json!(1)));
    let dead = read("/api/v1/notifications/letters").await.json();
    assert_eq!(
        dead["items"],
        json!([{
            "key": "00ff", "channel": "webhook:chat", "group": "it-on-call", "kind": "news", "level": "high", "count": 4, "state": "dead",
            "attempts": 9, "next_attempt": "1970-01-01T00:00:00.000000Z", "error": "not reached: timed out"
        }])
    );
    assert_eq!(read("/api/v1/notifications/letters?state=waiting").await.json()["items"], json!([]));
    assert_eq!(read("/api/v1/notifications/letters?state=lost").await.status, 400);
    let back = async |key: &str| {
        let path = format!("/api/v1/notifications/letters/{key}/put-back");
        played.ask(with_token(post(&path, &Value::Null), &token)).await.status
    };
    assert_eq!((back("00ff").await, back("1").await), (204.try_into().unwrap(), 404.try_into().unwrap()));
    let test = async |group: &str| {
        played.ask(with_token(post("/api/v1/notifications/test", &json!({"group": group})), &token)).await
    };
    assert_eq!(
        test("it-on-call").await.json()["items"],
        json!([
            {"channel": "mail:it@lakeside.example", "is_sent": true, "error": ""},
            {"channel": "webhook:chat", "is_sent": false, "error": "refused: 500"}
        ])
    );
    assert_eq!(test("nobody").await.status, 404);
    let owned = |deed: &str, target: &str| vec![(deed.to_owned(), target.to_owned())];
    assert_eq!(deeds(&played, &token, "letter").await, owned("letter_put_back", "00ff"));
    assert_eq!(deeds(&played, &token, "recipients").await, owned("notification_tested", "it-on-call"));
}

#[tokio::test]
async fn a_reload_says_what_is_in_force_what_waits_and_with_a_bad_file_the_line() {
    let played = Played::start().await;
    let root = played.administrator().await;
    let token = played.token(&root, &["administrator"], None).await;
    let reload = async || played.ask(with_token(post("/api/v1/settings/reload", &Value::Null), &token)).await;
    let expect = json!({"changed": ["tell.gather"], "needs_restart": ["api.address"], "rules": 3});
    assert_eq!(reload().await.json(), expect);
    *played.node.is_file_bad.lock().unwrap() = true;
    let refused = reload().await;
    assert_eq!(refused.status, 422);
    assert!(refused.json()["detail"].as_str().unwrap().starts_with("cordon.toml:4: `tell.gather`"), "{}", refused.text);
    assert_eq!(deeds(&played, &token, "settings").await, [("settings_reloaded".to_owned(), String::new())]);
}

fn live(number: u8, site: &str, class_uid: i64) -> Arc<Live> {
    let columns = json!({"user_name": "anna", "activity_id": 1, "rest": "{}"});
    let columns = columns.as_object().unwrap();
    Arc::new(Live::Event(LiveEvent {
        id: EventId([number; 16]),
        time: Time(0),
        received: Time(1_000_000),
        source: "ehr".to_owned(),
        site: site.to_owned(),
        class_uid,
        columns: columns.clone(),
    }))
}

#[tokio::test]
async fn the_stream_of_events_shows_each_listener_its_own_sites_and_classes_and_what_was_missed() {
    let played = Played::start().await;
    let root = played.administrator().await;
    let token = played.token(&root, &["privacy_officer"], Some(&["main"])).await;
    let asked = played.ask(with_token(request("GET", "/api/v1/stream/events"), &token));
    let events = played.node.events.clone();
    let sent = tokio::spawn(async move {
        while events.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
        let health = 87_006_001;
        for event in
            [live(1, "main", health), live(2, "north", health), live(3, "main", 1007), Arc::new(Live::Missed(7))]
        {
            events.send(event).unwrap();
        }
    });
    let answer = asked.await;
    sent.await.unwrap();
    let told: Vec<&str> = answer.text.lines().filter(|line| line.starts_with("event: ")).collect();
    assert_eq!(told, ["event: event", "event: missed"], "{}", answer.text);
    assert!(answer.text.contains("\"user_name\":\"anna\"") && answer.text.contains("data: 7"), "{}", answer.text);
}
