//! What a running node says of itself: health, notification, events as they are kept, the link of the first administrator.

use std::os::unix::fs::PermissionsExt as _;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use cordon_policy::Role;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::served::{Served, settings};

const HTTP: &str = "http = [\"127.0.0.1:0\"]";

#[tokio::test(flavor = "multi_thread")]
async fn health_names_every_part_and_metrics_and_readiness_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let heartbeat = "[heartbeat]\nurl = \"http://127.0.0.1:1/alive\"\n";
    let served = Served::start(folder.path(), &settings("", heartbeat)).await;
    let parts = async || {
        let health = served.read(Role::Analyst, "/api/v1/health").await;
        let of = |part: &Value| (part["name"].as_str().unwrap().to_owned(), part["state"].as_str().unwrap().to_owned());
        health["parts"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    // nobody listens there: notification is the worst part, and the node stays ready
    let told = served
        .until(|| async {
            let worst = ("notification".to_owned(), "degraded".to_owned());
            Some(parts().await).filter(|parts| parts.contains(&worst) && parts[0].1 != "ok")
        })
        .await;
    let mut names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["detection", "disk", "evidence", "findings", "notification", "tables", "wal"]);
    let text = async |path: &str| {
        let answer = reqwest::get(format!("http://{}{path}", served.address("api"))).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (_, metrics) = text("/metrics").await;
    assert!(metrics.contains("cordon_part_state{part=\"notification\"} 1\n"), "{metrics}");
    assert!(metrics.contains("cordon_part_state{part=\"tables\"} 0\n") && metrics.contains("cordon_ready 1\n"));
    assert_eq!(text("/health/ready").await.0, 200);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_button_says_what_became_of_each_way_and_what_it_sends_names_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (heard, mut messages) = tokio::sync::mpsc::channel(4);
    let takes = post(move |body: String| {
        let heard = heard.clone();
        async move { heard.send(body).await.map_or(StatusCode::GONE, |()| StatusCode::OK) }
    });
    let router = Router::new().route("/takes", takes).route("/refuses", post(async || StatusCode::FORBIDDEN));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "0123456789abcdef").unwrap();
    let hook = |name: &str| {
        format!(
            "[[webhooks]]\nname = \"{name}\"\nurl = \"http://{address}/{name}\"\nsecret_file = \"{}\"\n",
            secret.display()
        )
    };
    let group =
        "[[recipients]]\nname = \"it-on-call\"\nrole = \"administrator\"\nwebhooks = [\"takes\", \"refuses\"]\n";
    let data = folder.path().join("data");
    let served = Served::start(&data, &settings("", &format!("{}{}{group}", hook("takes"), hook("refuses")))).await;
    let path = "/api/v1/notifications/test";
    let (status, answer) = served.ask(Role::Administrator, "POST", path, &json!({"group": "it-on-call"})).await;
    assert_eq!(status, 200, "{answer}");
    let ways = answer["items"].as_array().unwrap();
    let became = |name: &str| ways.iter().find(|way| way["channel"] == format!("webhook:{name}")).unwrap();
    assert_eq!(became("takes")["is_sent"], true, "{answer}");
    assert_eq!(became("refuses")["is_sent"], false, "{answer}");
    assert!(messages.recv().await.unwrap().contains("test"));
    assert_eq!(served.ask(Role::Administrator, "POST", path, &json!({"group": "nobody"})).await.0, 404);
    assert_eq!(served.ask(Role::Analyst, "POST", path, &json!({"group": "it-on-call"})).await.0, 403);
    let status = served.read(Role::Administrator, "/api/v1/notifications").await;
    assert_eq!((&status["groups"], &status["dead"]), (&json!(["it-on-call"]), &json!(0)));
    assert_eq!(served.read(Role::Auditor, "/api/v1/notifications/letters").await["items"], json!([]));
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_events_sees_each_as_it_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &settings(HTTP, "")).await;
    let (token, sender) = (served.token(Role::Analyst).await, served.sender_token("ehr").await);
    served.until(|| async { (served.post_lines(&sender, "{\"before\":1}\n").await == 200).then_some(()) }).await;
    let url = format!("http://{}/api/v1/stream/events", served.address("api"));
    let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut stream = answer.bytes_stream();
    let line = "<13>1 2026-03-18T20:00:00Z host sshd 42 - - Failed password for root from 10.0.0.9 port 22 ssh2\n";
    assert_eq!(served.post_lines(&sender, line).await, 200);
    let mut text = String::new();
    while !text.contains("\n\n") || !text.contains("data: ") {
        text.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
    }
    let data = text.lines().rfind(|line| line.starts_with("data: ")).unwrap();
    let event: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!((&event["source"], &event["site"]), (&json!("http/ehr"), &json!("main")), "{text}");
    assert!(event["columns"].get("position").is_none() && event["columns"].get("event_id").is_none(), "{text}");
    // the same event is found by its id
    let id = event["id"].as_str().unwrap();
    let found = served.read(Role::Analyst, &format!("/api/v1/events/{id}")).await;
    assert!(found.to_string().contains(id), "{found}");
    drop(stream);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_the_first_administrator_goes_into_a_file_of_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("first.link");
    std::fs::write(&file, "old and readable").unwrap();
    let served = Served::start(
        &folder.path().join("data"),
        &settings("", &format!("[admin]\nlink_file = \"{}\"\n", file.display())),
    )
    .await;
    let said = served.until(|| async { served.said("the first administrator signs up once at ") }).await;
    let written = async || std::fs::read_to_string(&file).ok().filter(|text| *text == format!("{said}\n"));
    served.until(|| async { written().await.map(drop) }).await;
    // the settings leave the port open: the link names the one that was bound
    assert!(said.starts_with(&format!("http://{}/#first=", served.address("api"))), "{said}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    served.stop().await;
}
