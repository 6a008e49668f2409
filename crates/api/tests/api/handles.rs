//! Handles: what stands in an address for what could identify somebody.

use std::net::SocketAddr;

use cordon_api::Peer;
use serde_json::{Value, json};

use crate::played::{Answer, Played, post, request, with_cookie, with_token};

const TEXT: &str = "user:nürse.kim patient:77310942";

/// What sealing or opening answers to this body.
async fn ask(played: &Played, token: &str, path: &str, body: &Value) -> Answer {
    played.ask(with_token(post(&format!("/api/v1/handles{path}"), body), token)).await
}

#[tokio::test]
async fn what_one_sealed_another_opens_and_nothing_of_it_shows() {
    let played = Played::start().await;
    let root = played.administrator().await;
    let token = played.token(&root, &["analyst"], Some(&["main"])).await;
    let sealed = played.ask(with_cookie(post("/api/v1/handles", &json!({"text": TEXT})), &root.cookie)).await;
    let handle = sealed.json()["handle"].as_str().unwrap().to_owned();
    assert_eq!((sealed.status.as_u16(), handle.len()), (200, 139));
    assert!(handle.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{handle}");
    let opened = ask(&played, &token, "/open", &json!({"handle": handle})).await;
    assert_eq!((opened.status.as_u16(), opened.json()), (200, json!({"text": TEXT})));
    let again = ask(&played, &token, "", &json!({"text": TEXT})).await.json();
    assert_ne!(again["handle"], handle);
    assert_eq!(played.ask(post("/api/v1/handles/open", &json!({"handle": handle}))).await.status, 401);
}

#[tokio::test]
async fn what_is_no_handle_of_this_node_is_not_found_and_a_text_has_bounds() {
    let (played, other) = (Played::start().await, Played::start_under([8; 32]).await);
    let (root, other_root) = (played.administrator().await, other.administrator().await);
    let (token, other_token) =
        (played.token(&root, &["auditor"], None).await, other.token(&other_root, &["auditor"], None).await);
    let foreign = ask(&other, &other_token, "", &json!({"text": TEXT})).await.json();
    let own = ask(&played, &token, "", &json!({"text": TEXT})).await.json()["handle"].as_str().unwrap().to_owned();
    let cut = own.get(..own.len() - 4).unwrap();
    let padded = format!("{own}=");
    for handle in [foreign["handle"].as_str().unwrap(), cut, &padded, "", "ü", "../../etc", &"A".repeat(10_000)] {
        let answer = ask(&played, &token, "/open", &json!({"handle": handle})).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (404, "application/problem+json"),
            "{handle}"
        );
        assert!(handle.is_empty() || !answer.text.contains(handle), "{}", answer.text);
    }
    for (text, status) in [("", 422), (&*"x".repeat(4_000), 200), (&"x".repeat(4_001), 422), (&"ü".repeat(2_001), 422)]
    {
        assert_eq!(ask(&played, &token, "", &json!({"text": text})).await.status, status, "{} bytes", text.len());
    }
    assert_eq!(ask(&played, &token, "", &json!({"text": TEXT, "more": 1})).await.status, 400);
}

#[tokio::test]
async fn neither_a_text_nor_its_handle_is_kept_or_counted() {
    let played = Played::start().await;
    let root = played.administrator().await;
    let token = played.token(&root, &["auditor"], None).await;
    let handle = ask(&played, &token, "", &json!({"text": TEXT})).await.json()["handle"].as_str().unwrap().to_owned();
    ask(&played, &token, "/open", &json!({"handle": handle})).await;
    played.ask(request("GET", &format!("/entities/{handle}"))).await;
    let mut metrics = request("GET", "/metrics");
    metrics.extensions_mut().insert(Peer { address: SocketAddr::from(([127, 0, 0, 1], 9)), is_tls: false });
    let metrics = played.ask(metrics).await.text;
    assert!(metrics.contains("route=\"/api/v1/handles/open\""), "{metrics}");
    let audit = played.ask(with_token(request("GET", "/api/v1/audit"), &token)).await.text;
    for told in [metrics, audit] {
        assert!(!told.contains(&handle) && !told.contains("kim") && !told.contains("77310942"), "{told}");
    }
}
