//! The node itself, for who is signed in: how its parts are, and how full its disk is.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::allowed::{Allowed, ReadHealth};
use crate::control::{DiskStanding, PartState};
use crate::extract::Json;
use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;
use crate::wire::Moment;

/// How a part is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PartWord {
    /// It does what it should.
    Ok,
    /// It works with a limit that a person should know.
    Degraded,
    /// It does not work; the node is not ready.
    Failed,
}

/// One part of the node.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Part)]
pub(crate) struct PartBody {
    /// Its name.
    name: String,
    /// How it is.
    state: PartWord,
    /// What a person should know; empty when all is well.
    detail: String,
}

/// How the node is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NodeHealth)]
pub(crate) struct NodeBody {
    /// Version of the binary.
    version: String,
    /// When the node started.
    started: Moment,
    /// Now, by the event clock: what searches and lists mean by now.
    now: Moment,
    /// Whether it takes and answers requests.
    is_ready: bool,
    /// All parts, worst first.
    parts: Vec<PartBody>,
}

/// Says how the node and its parts are.
#[utoipa::path(get, path = "/api/v1/health", tag = "health",
    responses((status = 200, body = NodeBody, description = "How it is")))]
pub(crate) async fn health(_allowed: Allowed<ReadHealth>, State(state): State<ApiState>) -> Json<NodeBody> {
    let health = state.control().health();
    let part = |part: crate::control::Part| PartBody {
        name: part.name.to_owned(),
        state: match part.state {
            PartState::Ok => PartWord::Ok,
            PartState::Degraded => PartWord::Degraded,
            PartState::Failed => PartWord::Failed,
        },
        detail: part.detail,
    };
    Json(NodeBody {
        version: health.version,
        started: Moment(health.started),
        now: Moment(state.control().now()),
        is_ready: health.is_ready,
        parts: health.parts.into_iter().map(part).collect(),
    })
}

/// Bytes of one kind.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct KeptBytes {
    /// What they are: a class of data (`health`, `identity`, `system`, `network`, `application`, `other`), `evidence` for original records, `node` for what the node
    /// needs itself.
    class: String,
    /// How many.
    bytes: u64,
}

/// How full the disk is, as the last round of retention found it. A round is every five minutes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Disk)]
pub(crate) struct DiskBody {
    /// Bytes that what is kept may take.
    budget: u64,
    /// What is kept, the most first; none that is 0.
    kept: Vec<KeptBytes>,
    /// Bytes that minimum ages, holds or findings keep.
    protected: u64,
    /// Age of the oldest day of which anything is left, in days.
    days_kept: u64,
    /// Full days until the budget is full at the pace of the last week; null while no full day was received.
    #[schema(required = true)]
    days_left: Option<u64>,
    /// Whether the budget is full and the oldest days leave in turn.
    is_turning: bool,
    /// Bytes free on the file system.
    free: u64,
    /// Free bytes below which senders have to wait.
    reserve: u64,
    /// Bytes that retention made free since the start of the node.
    removed: u64,
}

impl From<DiskStanding> for DiskBody {
    fn from(disk: DiskStanding) -> Self {
        let mut kept: Vec<KeptBytes> = disk
            .kept
            .into_iter()
            .filter(|(_, bytes)| *bytes > 0)
            .map(|(class, bytes)| KeptBytes { class: class.to_owned(), bytes })
            .collect();
        kept.sort_by_key(|one| std::cmp::Reverse(one.bytes));
        Self {
            budget: disk.budget,
            kept,
            protected: disk.protected,
            days_kept: disk.days_kept,
            days_left: disk.days_left,
            is_turning: disk.is_turning,
            free: disk.free,
            reserve: disk.reserve,
            removed: disk.removed,
        }
    }
}

/// Says how full the disk is and how many days are left. Answers 503 until the node has looked at its disk for the first time.
#[utoipa::path(get, path = "/api/v1/disk", tag = "health",
    responses((status = 200, body = DiskBody, description = "How it stands")))]
pub(crate) async fn disk(
    _allowed: Allowed<ReadHealth>,
    State(state): State<ApiState>,
) -> Result<Json<DiskBody>, Problem> {
    let unknown = || Problem::new(ProblemKind::Unavailable, "the node has not looked at its disk yet").retry_after(5);
    Ok(Json(state.control().disk().ok_or_else(unknown)?.into()))
}
