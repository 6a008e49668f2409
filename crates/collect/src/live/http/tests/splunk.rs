//! Splunk's HTTP Event Collector.

use axum::http::StatusCode;

use super::{Log, Node};
use crate::live::NotKept;

async fn check(path: &str, body: &str, status: u16, answer: &str, records: &[&str]) {
    let node = Node::new(Log::Keeps);
    let reply = node.send("POST", path, "", &[("Authorization", "Splunk forwarder")], body.to_owned()).await;
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (status, answer), "{path} {body}");
    assert_eq!(node.records(), records, "{path} {body}");
}

const SUCCESS: &str = r#"{"text":"Success","code":0}"#;

#[tokio::test]
async fn events_keep_what_stands_around_them() {
    for path in ["/services/collector", "/services/collector/event", "/services/collector/event/1.0"] {
        check(
            path,
            "{\"time\":1765342048,\"host\":\"h\",\"source\":\"s\",\"sourcetype\":\"t\",\"index\":\"i\",\"fields\":{\"f\":\"v\"},\"event\":{\"EventID\":1}}{\"event\":\"line\"}",
            200,
            SUCCESS,
            &[
                "http/forwarder json {\"EventID\":1,\"splunk\":{\"time\":1765342048,\"host\":\"h\",\"source\":\"s\",\"sourcetype\":\"t\",\"index\":\"i\",\"fields\":{\"f\":\"v\"}},\"@timestamp\":1765342048}",
                "http/forwarder json {\"message\":\"line\"}",
            ],
        )
        .await;
    }
}

#[tokio::test]
async fn raw_lines_stay_as_they_are() {
    let line = "<13>Dec 10 04:47:28 host app: text";
    let expect = format!("http/forwarder syslog {line}");
    check("/services/collector/raw", &format!("{line}\r\n\n{line}"), 200, SUCCESS, &[&expect, &expect]).await;
    check("/services/collector/raw/1.0?channel=c", "{\"a\":1}\n", 200, SUCCESS, &["http/forwarder json {\"a\":1}"])
        .await;
}

#[tokio::test]
async fn events_in_front_of_a_faulty_one_are_kept() {
    check(
        "/services/collector",
        "{\"event\":1}{\"host\":\"h\"}{\"event\":3}",
        400,
        r#"{"text":"Event field is required","code":12,"invalid-event-number":1}"#,
        &["http/forwarder json {\"message\":1}"],
    )
    .await;
    check("/services/collector", " ", 400, r#"{"text":"No data","code":5}"#, &[]).await;
    check("/services/collector", "no", 400, r#"{"text":"Invalid data format","code":6,"invalid-event-number":0}"#, &[])
        .await;
}

#[tokio::test]
async fn faults_have_splunks_codes() {
    let node = Node::new(Log::Refuses(NotKept::Unwritable));
    let reply = node.post("/services/collector", "forwarder", "{\"event\":1}").await;
    assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "2"));
    assert_eq!(reply.body, r#"{"text":"Server is busy","code":9}"#);
    assert_eq!(node.counted("forwarder"), (1, vec![]));
    assert_eq!(node.post("/services/collector", "", "x").await.body, r#"{"text":"Token is required","code":2}"#);
    assert_eq!(node.post("/services/collector", "nobody", "x").await.body, r#"{"text":"Invalid token","code":4}"#);
    let reply = node.post("/services/collector/ack?channel=c", "forwarder", "{\"acks\":[1]}").await;
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (StatusCode::BAD_REQUEST, r#"{"text":"ACK is disabled","code":14}"#)
    );
}

#[tokio::test]
async fn health_says_whether_there_is_room() {
    let reply = Node::new(Log::Keeps).send("GET", "/services/collector/health", "", &[], "").await;
    assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, r#"{"text":"HEC is healthy","code":17}"#));
    let reply = Node::new(Log::Stopped).send("GET", "/services/collector/health/1.0", "", &[], "").await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
}
