//! Sources that care depends on never wait, whatever the log does.

use axum::http::StatusCode;

use super::{Log, Node};
use crate::live::{DropReason, NotKept};

#[tokio::test]
async fn care_is_answered_while_the_log_holds_everything_back() {
    let node = Node::new(Log::HoldsBack);
    for _ in 0..100 {
        let reply = node.post("/intake/v1/raw", "ehr", "{\"a\":1}\n").await;
        assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, r#"{"accepted":1,"faults":{}}"#));
    }
    assert_eq!(node.counted("ehr"), (100, vec![]));
}

#[tokio::test]
async fn what_care_brings_and_is_not_kept_is_counted() {
    let node = Node::new(Log::Stopped);
    assert_eq!(node.post("/intake/v1/raw", "ehr", "{\"a\":1}\n{\"a\":2}\n").await.status, StatusCode::OK);
    assert_eq!(node.counted("ehr"), (2, vec![(DropReason::Unwritable, 2)]));
    let node = Node::new(Log::Refuses(NotKept::Unwritable));
    assert_eq!(node.post("/intake/v1/raw", "ehr", "{\"a\":1}\n{\"a\":2}\n").await.status, StatusCode::OK);
    while node.counted("ehr").1.is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(node.counted("ehr"), (2, vec![(DropReason::Unwritable, 2)]));
}

#[tokio::test]
async fn care_above_its_rate_is_answered_and_counted() {
    let node = Node::new(Log::Keeps);
    for _ in 0..2 {
        assert_eq!(node.post("/intake/v1/raw", "quick", "{\"a\":1}\n".repeat(200)).await.status, StatusCode::OK);
    }
    assert_eq!(node.counted("quick"), (400, vec![(DropReason::RateLimit, 398)]));
    while node.records().len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(node.records().len(), 2);
}
