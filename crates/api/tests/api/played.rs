//! A node that a test plays: it says what the test put in.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use cordon_api::{
    ApiState, ControlError, Family, LiveEvent, LiveFinding, NodeControl, NodeHealth, Outcome, Part, PartState,
    Progress, RuleStatus, SourceStatus, Work,
};
use cordon_model::Time;
use futures_util::future::BoxFuture;
use tokio::sync::broadcast;
use tower::ServiceExt as _;

/// A node that a test plays.
#[derive(Debug)]
pub(crate) struct PlayedNode {
    pub(crate) parts: Mutex<Vec<Part>>,
    pub(crate) findings: broadcast::Sender<Arc<LiveFinding>>,
    pub(crate) events: broadcast::Sender<Arc<LiveEvent>>,
}

impl PlayedNode {
    pub(crate) fn new() -> Arc<Self> {
        let part = Part { name: "wal", state: PartState::Ok, detail: String::new() };
        Arc::new(Self {
            parts: Mutex::new(vec![part]),
            findings: broadcast::Sender::new(16),
            events: broadcast::Sender::new(16),
        })
    }
}

impl NodeControl for PlayedNode {
    fn now(&self) -> Time {
        Time::from_rfc3339("2025-12-10T12:00:00Z").unwrap()
    }

    fn health(&self) -> NodeHealth {
        let parts = self.parts.lock().unwrap().clone();
        let is_ready = parts.iter().all(|part| part.state != PartState::Failed);
        NodeHealth { version: "0.1.0".to_owned(), started: Time(0), is_ready, parts }
    }

    fn sources(&self) -> Vec<SourceStatus> {
        Vec::new()
    }

    fn metrics(&self) -> Vec<Family> {
        vec![Family::one("cordon_wal_bytes", "Bytes of the log.", cordon_api::Kind::Gauge, 12.0)]
    }

    fn rules(&self) -> Vec<Arc<RuleStatus>> {
        Vec::new()
    }

    fn rule_text(&self, _: &str) -> Option<Arc<str>> {
        None
    }

    fn switch_rule(&self, id: &str, _: bool) -> BoxFuture<'static, Result<(), ControlError>> {
        let id = id.to_owned();
        Box::pin(async move { Err(ControlError::Unknown(format!("rule {id}"))) })
    }

    fn reload_rules(&self) -> BoxFuture<'static, Result<usize, ControlError>> {
        Box::pin(async { Ok(0) })
    }

    fn run(&self, _: Work, progress: Arc<Progress>) -> BoxFuture<'static, Result<Outcome, ControlError>> {
        Box::pin(async move {
            progress.set(1, 1);
            Ok(Outcome::default())
        })
    }

    fn live_findings(&self) -> broadcast::Receiver<Arc<LiveFinding>> {
        self.findings.subscribe()
    }

    fn live_events(&self) -> broadcast::Receiver<Arc<LiveEvent>> {
        self.events.subscribe()
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Sends one request.
pub(crate) async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 16 << 20).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

/// A router over a played node.
pub(crate) fn router(node: &Arc<PlayedNode>) -> Router {
    cordon_api::router(ApiState::new(Arc::clone(node) as Arc<dyn NodeControl>))
}
