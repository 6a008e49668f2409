//! Elasticsearch's routes.

use axum::http::StatusCode;
use serde_json::json;

use super::{Log, Node};
use crate::live::http::Limits;
use crate::live::{DropReason, NotKept};

const BODY: &str = "{\"create\":{\"_index\":\"logs\",\"_id\":\"one\"}}\n{\"a\":1}\n{\"delete\":{\"_index\":\"logs\",\"_id\":\"two\"}}\n{\"index\":{}}\n{\"a\":\n{\"index\":{}}\n{\"a\":2}\n";

#[tokio::test]
async fn each_item_of_a_bulk_has_its_own_answer() {
    let node = Node::new(Log::Keeps);
    let reply =
        node.post("/others/_bulk?filter_path=errors,items.*.status,items.*._id,items.*._index", "beat", BODY).await;
    assert_eq!((reply.status, reply.header("x-elastic-product")), (StatusCode::OK, "Elasticsearch"));
    let answer = reply.json();
    let number = answer["items"][3]["index"]["_id"].as_str().unwrap().to_owned();
    assert_eq!(number.len(), 20);
    assert_eq!(
        answer,
        json!({ "errors": true, "items": [
            { "create": { "_index": "logs", "_id": "one", "status": 201 } },
            { "delete": { "_index": "logs", "_id": "two", "status": 400 } },
            { "index": { "_index": "others", "status": 400 } },
            { "index": { "_index": "others", "_id": number, "status": 201 } },
        ] })
    );
    assert_eq!(node.records(), ["http/beat json {\"a\":1}", "http/beat json {\"a\":2}"]);
    assert_eq!(node.counted("beat"), (4, vec![(DropReason::Malformed, 2)]));
}

#[tokio::test]
async fn a_bulk_that_is_not_kept_is_a_429_that_senders_repeat() {
    for why in [NotKept::Full, NotKept::Unwritable, NotKept::Stopping] {
        let node = Node::new(Log::Refuses(why));
        let reply = node.post("/_bulk", "beat", "{\"index\":{\"_index\":\"x\"}}\n{}\n").await;
        assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "2"));
        assert_eq!(reply.json()["error"]["type"], "es_rejected_execution_exception");
        assert_eq!(reply.json()["status"], 429);
    }
}

#[tokio::test]
async fn items_that_were_not_kept_are_told_from_those_that_were() {
    let node = Node::new(Log::KeepsFirst(1));
    let item = format!("{{\"index\":{{\"_index\":\"x\"}}}}\n{{\"text\":\"{}\"}}\n", "x".repeat(600_000));
    let reply = node.post("/_bulk?filter_path=errors,items.*.status", "beat", item.repeat(3)).await;
    assert_eq!(
        reply.json(),
        json!({ "errors": true, "items": [
            { "index": { "status": 201 } }, { "index": { "status": 429 } }, { "index": { "status": 429 } },
        ] })
    );
}

#[tokio::test]
async fn official_clients_are_answered_in_their_media_type() {
    let node = Node::new(Log::Keeps);
    let accept = ("Accept", "application/vnd.elasticsearch+json; compatible-with=8");
    for path in ["/", "/elasticsearch", "/elasticsearch/_license", "/_cluster/health", "/_ilm/policy/filebeat"] {
        let reply = node.send("GET", path, "beat", &[accept], "").await;
        assert_eq!((reply.status, reply.header("x-elastic-product")), (StatusCode::OK, "Elasticsearch"), "{path}");
        assert_eq!(reply.header("content-type"), "application/vnd.elasticsearch+json;compatible-with=8", "{path}");
        let reply = node.send("HEAD", path, "beat", &[], "").await;
        assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, ""), "{path}");
        assert_eq!(node.send("GET", path, "", &[], "").await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let banner = node.send("GET", "/", "beat", &[], "").await;
    assert_eq!(banner.header("content-type"), "application/json");
    assert_eq!(banner.json()["version"]["number"], "8.19.0");
    assert_eq!(node.send("PUT", "/_index_template/x", "beat", &[], "{}").await.json(), json!({ "acknowledged": true }));
}

#[tokio::test]
async fn a_single_document_is_kept() {
    let node = Node::new(Log::Keeps);
    let reply = node.post("/logs/_doc", "beat", " {\"a\":1}\n").await;
    assert_eq!((reply.status, &reply.json()["result"]), (StatusCode::CREATED, &json!("created")));
    let reply = node.send("PUT", "/logs/_create/seven", "beat", &[], "{\"a\":2}").await;
    assert_eq!((reply.status, &reply.json()["_id"]), (StatusCode::CREATED, &json!("seven")));
    assert_eq!(node.post("/logs/_doc", "beat", "[]").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(node.records(), ["http/beat json {\"a\":1}", "http/beat json {\"a\":2}"]);
    assert_eq!(node.counted("beat"), (3, vec![(DropReason::Malformed, 1)]));
}

#[tokio::test]
async fn a_bulk_of_too_many_items_is_refused_whole() {
    let node = Node::with(Log::Keeps, Limits { items_max: 2, ..Limits::default() });
    let item = "{\"index\":{\"_index\":\"x\"}}\n{}\n";
    assert_eq!(node.post("/_bulk", "beat", item.repeat(2)).await.status, StatusCode::OK);
    assert_eq!(node.post("/_bulk", "beat", item.repeat(3)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(node.records().len(), 2);
}

#[tokio::test]
async fn no_answer_repeats_what_was_sent() {
    let node = Node::new(Log::Keeps);
    let body = "{\"index\":{\"_index\":\"x\"}}\n{\"patient\":\"Canary\n\"Canary\n";
    for path in ["/_bulk", "/x/_doc", "/intake/v1/deliveries", "/intake/v1/raw?format=hl7"] {
        let reply = node.post(path, "import", body).await;
        assert!(!reply.body.contains("Canary"), "{path}: {}", reply.body);
    }
}
