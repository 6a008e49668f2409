//! Health: whether the process lives, whether the node is ready, and the metrics.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::Json;
use crate::metrics;
use crate::peer::Peer;
use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;

/// Whether the node lives or is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct HealthBody {
    /// The word.
    status: HealthWord,
}

/// Whether the node lives or is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HealthWord {
    /// The process answers.
    Live,
    /// The node takes and answers requests.
    Ready,
    /// It recovers, or a part failed.
    NotReady,
}

/// Says that the process answers.
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, body = HealthBody, description = "It lives")))]
pub(crate) async fn live() -> Json<HealthBody> {
    Json(HealthBody { status: HealthWord::Live })
}

/// Says whether the node takes and answers requests. What is wrong is told to who is signed in: `/api/v1/health`.
#[utoipa::path(get, path = "/health/ready", tag = "health", responses(
    (status = 200, body = HealthBody, description = "It is ready"),
    (status = 503, body = HealthBody, description = "It recovers, or a part failed"),
))]
pub(crate) async fn ready(State(state): State<ApiState>) -> Response {
    if state.control().health().is_ready {
        return Json(HealthBody { status: HealthWord::Ready }).into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, Json(HealthBody { status: HealthWord::NotReady })).into_response()
}

/// Metrics in Prometheus' text form, for who is on this machine.
#[utoipa::path(get, path = "/metrics", tag = "health", responses(
    (status = 200, body = String, content_type = "text/plain", description = "Metrics"),
))]
pub(crate) async fn metrics(peer: Option<Extension<Peer>>, State(state): State<ApiState>) -> Result<Response, Problem> {
    if !peer.is_some_and(|Extension(peer)| peer.is_local()) {
        return Err(Problem::new(ProblemKind::Unauthenticated, "ask from this machine"));
    }
    let mut families = state.counts().families();
    families.extend(state.control().metrics());
    let form = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, form)], metrics::text(&families)).into_response())
}
