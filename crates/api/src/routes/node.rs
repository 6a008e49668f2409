//! The node itself, for who is signed in: how its parts are.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::allowed::{Allowed, ReadHealth};
use crate::control::PartState;
use crate::extract::Json;
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
