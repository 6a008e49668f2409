//! Requests for a reason. The node sends none: an approved one is handed over by a person, who notes that it was.

use axum::extract::State;
use cordon_incident::Deed;
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::{AskedWord, IncidentBody};
use super::done;
use crate::allowed::{Allowed, ApproveRequests, WorkIncidents};
use crate::extract::{Json, Path};
use crate::problem::Problem;
use crate::state::ApiState;

/// A request to be proposed.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonGiven {
    /// The revision that was read.
    #[serde(deserialize_with = "crate::wire::whole")]
    revision: u64,
    /// Who is asked.
    to: AskedWord,
    /// What is asked, without anything that names a patient; at most 4,000 letters.
    text: String,
}

/// What is done to a request.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevisionGiven {
    /// The revision that was read.
    #[serde(deserialize_with = "crate::wire::whole")]
    revision: u64,
}

/// A reply.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplyGiven {
    /// The revision that was read.
    #[serde(deserialize_with = "crate::wire::whole")]
    revision: u64,
    /// What was replied; at most 4,000 letters.
    text: String,
    /// Whether it corrects what the case says.
    is_correction: bool,
}

/// Proposes that the person or their manager is asked for a reason.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/requests", tag = "incidents", request_body = ReasonGiven,
    params(("id" = String, Path, description = "Id of the case")),
    responses((status = 200, body = IncidentBody, description = "The case as it is now")))]
pub(crate) async fn propose(
    allowed: Allowed<WorkIncidents>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Json(given): Json<ReasonGiven>,
) -> Result<Json<IncidentBody>, Problem> {
    let deed = Deed::Propose { to: given.to.into(), text: given.text };
    done(&state, &allowed, &id, given.revision, deed).await
}

/// Approves a request: it may be sent, and the case is `asked`.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/requests/{number}/approve", tag = "incidents", request_body = RevisionGiven,
    params(("id" = String, Path, description = "Id of the case"), ("number" = u32, Path, description = "Number of the request")),
    responses((status = 200, body = IncidentBody, description = "The case as it is now")))]
pub(crate) async fn approve(
    allowed: Allowed<ApproveRequests>,
    State(state): State<ApiState>,
    Path((id, number)): Path<(String, u32)>,
    Json(given): Json<RevisionGiven>,
) -> Result<Json<IncidentBody>, Problem> {
    done(&state, &allowed, &id, given.revision, Deed::Approve { number }).await
}

/// Refuses a request: it is not sent.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/requests/{number}/refuse", tag = "incidents", request_body = RevisionGiven,
    params(("id" = String, Path, description = "Id of the case"), ("number" = u32, Path, description = "Number of the request")),
    responses((status = 200, body = IncidentBody, description = "The case as it is now")))]
pub(crate) async fn refuse(
    allowed: Allowed<ApproveRequests>,
    State(state): State<ApiState>,
    Path((id, number)): Path<(String, u32)>,
    Json(given): Json<RevisionGiven>,
) -> Result<Json<IncidentBody>, Problem> {
    done(&state, &allowed, &id, given.revision, Deed::Refuse { number }).await
}

/// Notes that an approved request was sent or handed over.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/requests/{number}/sent", tag = "incidents", request_body = RevisionGiven,
    params(("id" = String, Path, description = "Id of the case"), ("number" = u32, Path, description = "Number of the request")),
    responses((status = 200, body = IncidentBody, description = "The case as it is now")))]
pub(crate) async fn sent(
    allowed: Allowed<WorkIncidents>,
    State(state): State<ApiState>,
    Path((id, number)): Path<(String, u32)>,
    Json(given): Json<RevisionGiven>,
) -> Result<Json<IncidentBody>, Problem> {
    done(&state, &allowed, &id, given.revision, Deed::Send { number }).await
}

/// Enters what was replied, or a correction. An earlier reply stays as a comment.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/requests/{number}/reply", tag = "incidents", request_body = ReplyGiven,
    params(("id" = String, Path, description = "Id of the case"), ("number" = u32, Path, description = "Number of the request")),
    responses((status = 200, body = IncidentBody, description = "The case as it is now")))]
pub(crate) async fn reply(
    allowed: Allowed<WorkIncidents>,
    State(state): State<ApiState>,
    Path((id, number)): Path<(String, u32)>,
    Json(given): Json<ReplyGiven>,
) -> Result<Json<IncidentBody>, Problem> {
    let deed = Deed::Reply { number, text: given.text, is_correction: given.is_correction };
    done(&state, &allowed, &id, given.revision, deed).await
}
