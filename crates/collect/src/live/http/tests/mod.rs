//! Requests against the router, with a log behind it that keeps, refuses, holds back or has stopped.

mod care;
mod elastic;
mod fhir;
mod otlp;
mod records;
mod splunk;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use cordon_model::{Delivery, Time};
use tokio::sync::{Notify, mpsc};
use tower::ServiceExt;

use super::{AskHistory, HistoryState, HistoryStatus, HttpIntake, Limits, Presented, Sender};
use crate::live::{DropReason, NotKept, SourceDeclaration, SourceRegistry, Submission, intake};

/// When everything is received.
pub(super) const NOW: Time = Time(1_765_342_048_000_000);

/// What the log does with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Log {
    Keeps,
    Refuses(NotKept),
    /// Keeps the first so many and refuses the others.
    KeepsFirst(usize),
    /// Says that something came, and waits for leave before it keeps it.
    HoldsBack,
    /// Takes nothing out of the queue.
    Asleep,
    Stopped,
}

/// A node of which only the intake is real.
pub(super) struct Node {
    pub(super) router: Router,
    pub(super) history: Arc<HalfDone>,
    pub(super) registry: Arc<SourceRegistry>,
    kept: Arc<Mutex<Vec<Delivery>>>,
    pub(super) arrived: Arc<Notify>,
    pub(super) leave: Arc<Notify>,
    _asleep: Option<mpsc::Receiver<Submission>>,
}

/// History that is always half done, and asked for with success once.
#[derive(Debug, Default)]
pub(super) struct HalfDone(pub(super) AtomicU64);

impl AskHistory for HalfDone {
    fn ask(self: Arc<Self>) -> Pin<Box<dyn Future<Output = bool> + Send>> {
        Box::pin(async move { self.0.fetch_add(1, Ordering::Relaxed) == 0 })
    }

    fn status(&self) -> HistoryStatus {
        HistoryStatus { state: HistoryState::Running, done: 1, total: 2, findings: 0, notes: Vec::new() }
    }
}

/// What a request was answered.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn declared(sender: &str, care: bool, events_per_second_max: u32) -> SourceDeclaration {
    SourceDeclaration {
        id: format!("{sender}-log").into(),
        site: "main".into(),
        listener: "http".into(),
        sender: sender.into(),
        format: "".into(),
        care,
        events_per_second_max,
        silence_seconds: 0,
    }
}

/// Tokens are the names of the senders; `import` may import, `nobody` is not let in.
fn let_in(presented: &Presented<'_>) -> Option<Sender> {
    let name = presented.token.or(presented.certificate)?;
    (name != "nobody").then(|| Sender { name: name.into(), may_import: name == "import" })
}

async fn work(
    log: Log,
    mut queue: mpsc::Receiver<Submission>,
    kept: Arc<Mutex<Vec<Delivery>>>,
    arrived: Arc<Notify>,
    leave: Arc<Notify>,
) {
    while let Some(submission) = queue.recv().await {
        if log == Log::HoldsBack {
            arrived.notify_one();
            leave.notified().await;
        }
        keep(log, &kept, submission);
    }
}

/// What the log does with a delivery that it does not hold back.
fn keep(log: Log, kept: &Mutex<Vec<Delivery>>, submission: Submission) {
    let mut kept = kept.lock().unwrap();
    let result = match log {
        Log::Refuses(why) => Err(why),
        Log::KeepsFirst(max) if kept.len() >= max => Err(NotKept::Unwritable),
        _ => Ok(()),
    };
    if result.is_ok() {
        kept.push(submission.delivery.clone());
    }
    submission.answer(result);
}

impl Node {
    pub(super) fn new(log: Log) -> Self {
        Self::with(log, Limits::default())
    }

    pub(super) fn with(log: Log, limits: Limits) -> Self {
        let (intake, queue) = intake(if log == Log::Asleep { 1 << 10 } else { 64 << 20 });
        let declared = [declared("ehr", true, 0), declared("slow", false, 2), declared("quick", true, 2)];
        let registry = Arc::new(SourceRegistry::new("main".into(), declared));
        let kept = Arc::new(Mutex::new(Vec::new()));
        let (arrived, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let mut asleep = None;
        if log == Log::Asleep {
            asleep = Some(queue);
        } else if log != Log::Stopped {
            let (kept, arrived, leave) = (Arc::clone(&kept), Arc::clone(&arrived), Arc::clone(&leave));
            tokio::spawn(work(log, queue, kept, arrived, leave));
        }
        let parts = HttpIntake {
            intake,
            registry: Arc::clone(&registry),
            senders: Arc::new(let_in),
            clock: Arc::new(|| NOW),
            limits,
        };
        let history = Arc::new(HalfDone::default());
        let router = parts.clone().router().merge(parts.history_routes(Arc::<HalfDone>::clone(&history)));
        Self { router, history, registry, kept, arrived, leave, _asleep: asleep }
    }

    /// Sends a request as `sender` and reads the answer to its end.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        sender: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if !sender.is_empty() {
            request = request.header("Authorization", format!("Bearer {sender}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 64 << 20).await.unwrap();
        Reply { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub(super) async fn post(&self, path: &str, sender: &str, body: impl Into<Body>) -> Reply {
        self.send("POST", path, sender, &[], body).await
    }

    pub(super) fn kept(&self) -> Vec<Delivery> {
        self.kept.lock().unwrap().clone()
    }

    /// Each record that was kept, as `source format bytes`.
    pub(super) fn records(&self) -> Vec<String> {
        let mut records = Vec::new();
        for delivery in self.kept() {
            assert_eq!((&*delivery.site, delivery.received), ("main", NOW));
            for raw in delivery.raw_records(0) {
                let text = String::from_utf8_lossy(raw.bytes).into_owned();
                records.push(format!("{} {} {text}", delivery.source, delivery.format));
            }
        }
        records
    }

    /// What was counted of a sender: records, and drops by reason.
    pub(super) fn counted(&self, sender: &str) -> (u64, Vec<(DropReason, u64)>) {
        let source = self.registry.source("http", sender);
        let records = source.counts.records.load(Ordering::Relaxed);
        (records, source.counts.drops().filter(|(_, number)| *number > 0).collect())
    }
}
