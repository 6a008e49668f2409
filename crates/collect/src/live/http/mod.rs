//! Intake over HTTP: what senders of other systems post, as Deliveries for the [`Intake`]. `docs/specs/intake-http.md` has every route.
//!
//! In come requests as their senders write them today (Elasticsearch `_bulk`, Splunk HEC, OTLP, FHIR, plain lines); out go Deliveries and, once these
//! are durable, the answer that the sender expects. One file or folder per protocol: its splitter is a pure function of the body, its handler asks who
//! sends, splits, hands over and answers. Sockets, TLS and the store of tokens are the node's; what becomes of the bytes is nobody's business here.

mod body;
mod deliveries;
pub mod elastic;
mod envelope;
pub mod fhir;
mod history;
mod inflate;
mod keep;
mod members;
pub mod otlp;
mod raw;
mod refusal;
mod sender;
pub mod splunk;
mod stream;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use tokio::sync::Semaphore;

pub use deliveries::{FrameHead, MEDIA_TYPE as DELIVERIES_MEDIA_TYPE, frame};
pub use history::{AskHistory, HistoryState, HistoryStatus};
pub use sender::{ClientCertificate, Presented, Sender, Senders};

use super::{Clock, Intake, SourceRegistry};

/// Bodies are counted against [`Limits::held_bytes_max`] in pieces of this size.
const PIECE_BYTES: usize = 1 << 10;

/// What one request, and all of them together, may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body that is read as a whole (`_bulk`, HEC, OTLP, FHIR), compressed and not.
    pub body_bytes_max: usize,
    /// Bytes of a body that is read as it comes (`/intake/v1/..`), expanded.
    pub stream_bytes_max: u64,
    /// Bytes of all bodies that are held at once.
    pub held_bytes_max: usize,
    /// Bytes of one record.
    pub record_bytes_max: usize,
    /// Items of one `_bulk`, events of one HEC request, records of one OTLP request, entries of one Bundle.
    pub items_max: usize,
    /// How long a request waits for room in the queue before it is sent away.
    pub wait_max: Duration,
    /// How long the next bytes of a body may take.
    pub idle_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 64 << 20,
            stream_bytes_max: 64 << 30,
            held_bytes_max: 192 << 20,
            record_bytes_max: 16 << 20,
            items_max: 200_000,
            wait_max: Duration::from_secs(10),
            idle_max: Duration::from_secs(30),
        }
    }
}

/// What intake over HTTP is built from.
#[derive(Clone)]
pub struct HttpIntake {
    /// Where deliveries go.
    pub intake: Intake,
    /// The sources; senders are looked up as those of listener `http`.
    pub registry: Arc<SourceRegistry>,
    /// Who may send.
    pub senders: Senders,
    /// The event clock.
    pub clock: Clock,
    /// The bounds.
    pub limits: Limits,
}

impl fmt::Debug for HttpIntake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpIntake").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl HttpIntake {
    /// All routes, for an address of their own: `GET /` answers as Elasticsearch does.
    pub fn router(self) -> Router {
        let shared = Shared::new(self);
        Router::new().merge(routes()).merge(elastic::banner_route()).with_state(shared)
    }

    /// All routes but `GET /`, to be merged with others that own it. Elasticsearch senders then use the path `/elasticsearch` as their prefix.
    pub fn router_without_root(self) -> Router {
        routes().with_state(Shared::new(self))
    }
}

fn routes() -> Router<Arc<Shared>> {
    let elastic = elastic::routes();
    Router::new()
        .route("/intake/v1/raw", post(raw::raw))
        .route("/intake/v1/deliveries", post(deliveries::deliveries))
        .merge(splunk::routes())
        .merge(otlp::routes())
        .merge(fhir::routes())
        .merge(elastic.clone())
        .nest("/elasticsearch", elastic.merge(elastic::banner_route()))
}

/// What the handlers share.
struct Shared {
    intake: Intake,
    registry: Arc<SourceRegistry>,
    senders: Senders,
    clock: Clock,
    limits: Limits,
    held: Arc<Semaphore>,
    ids: AtomicU64,
}

impl Shared {
    fn new(parts: HttpIntake) -> Arc<Self> {
        let HttpIntake { intake, registry, senders, clock, limits } = parts;
        let held = Arc::new(Semaphore::new((limits.held_bytes_max / PIECE_BYTES).clamp(1, Semaphore::MAX_PERMITS)));
        let ids = AtomicU64::new(clock().0.unsigned_abs());
        Arc::new(Self { intake, registry, senders, clock, limits, held, ids })
    }

    /// A number that no other answer of this node since its start holds; starts at its clock, so that answers after a restart differ too.
    fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }
}
