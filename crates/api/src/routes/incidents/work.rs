//! Work on a case: state, owner, comments, tasks, the assessment and the verdict. Each body has the revision that was read; 412 when somebody was faster.

use axum::extract::State;
use cordon_incident::{AssessmentGiven, Deed};
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::{ConclusionWord, FactorBody, IncidentBody, StateWord, VerdictWord};
use super::done;
use crate::allowed::{Allowed, DecideIncidents, WorkIncidents};
use crate::extract::{Json, Path};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::Moment;

/// A state to go to.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateGiven {
    /// The revision that was read.
    #[serde(deserialize_with = "crate::wire::whole")]
    revision: u64,
    /// `triage` or `closed`; the others follow from what is done.
    state: StateWord,
}

/// Whose a case is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerGiven {
    /// The revision that was read.
    #[serde(deserialize_with = "crate::wire::whole")]
    revision: u64,
    /// Name of a user; null for nobody.
    #[schema(required = true)]
    owner: Option<String>,
}

/// A comment.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentGiven {
    /// The revision that was read.
    #[serde(deserialize_with = "crate::wire::whole")]
    revision: u64,
    /// What is said, without anything that names a patient; at most 4,000 letters.
    text: String,
}

/// A task.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskGiven {
    /// The revision that was read.
    #[serde(deserialize_with = "crate::wire::whole")]
    revision: u64,
    /// What is to be done; at most 300 letters.
    title: String,
    /// Until when.
    due: Option<Moment>,
}

/// Whether a task is done.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskMark {
    /// The revision that was read.
    #[serde(deserialize_with = "crate::wire::whole")]
    revision: u64,
    /// Whether it is done.
    done: bool,
}

/// The four factors of 45 CFR 164.402(2).
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssessmentIn {
    /// The revision that was read.
    #[serde(deserialize_with = "crate::wire::whole")]
    revision: u64,
    /// Nature and extent of the information.
    nature: FactorBody,
    /// Who used it, or to whom it went.
    recipient: FactorBody,
    /// Whether it was acquired or viewed.
    acquired: FactorBody,
    /// How far the risk was mitigated; `high` means: hardly.
    mitigation: FactorBody,
    /// What they say together.
    conclusion: ConclusionWord,
}

/// A verdict.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerdictGiven {
    /// The revision that was read.
    #[serde(deserialize_with = "crate::wire::whole")]
    revision: u64,
    /// What it turned out to be. `breach` needs an assessment that concludes one.
    verdict: VerdictWord,
    /// Why; at most 4,000 letters.
    reason: String,
}

/// Takes a case up (`triage`; a verdict is then taken back) or closes one that is decided.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/state", tag = "incidents", request_body = StateGiven,
    params(("id" = String, Path, description = "Id of the case")),
    responses((status = 200, body = IncidentBody, description = "The case as it is now")))]
pub(crate) async fn state(
    allowed: Allowed<WorkIncidents>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Json(given): Json<StateGiven>,
) -> Result<Json<IncidentBody>, Problem> {
    done(&state, &allowed, &id, given.revision, Deed::Move(given.state.into())).await
}

/// Gives a case to somebody, or to nobody.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/owner", tag = "incidents", request_body = OwnerGiven,
    params(("id" = String, Path, description = "Id of the case")),
    responses((status = 200, body = IncidentBody, description = "The case as it is now")))]
pub(crate) async fn owner(
    allowed: Allowed<WorkIncidents>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Json(given): Json<OwnerGiven>,
) -> Result<Json<IncidentBody>, Problem> {
    done(&state, &allowed, &id, given.revision, Deed::Own(given.owner)).await
}

/// Says something about a case.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/comments", tag = "incidents", request_body = CommentGiven,
    params(("id" = String, Path, description = "Id of the case")),
    responses((status = 200, body = IncidentBody, description = "The case as it is now")))]
pub(crate) async fn comment(
    allowed: Allowed<WorkIncidents>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Json(given): Json<CommentGiven>,
) -> Result<Json<IncidentBody>, Problem> {
    done(&state, &allowed, &id, given.revision, Deed::Comment(given.text)).await
}

/// Adds a task.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/tasks", tag = "incidents", request_body = TaskGiven,
    params(("id" = String, Path, description = "Id of the case")),
    responses((status = 200, body = IncidentBody, description = "The case as it is now")))]
pub(crate) async fn add_task(
    allowed: Allowed<WorkIncidents>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Json(given): Json<TaskGiven>,
) -> Result<Json<IncidentBody>, Problem> {
    let deed = Deed::AddTask { title: given.title, due: given.due.map(|due| due.0) };
    done(&state, &allowed, &id, given.revision, deed).await
}

/// Says whether a task is done.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/tasks/{number}", tag = "incidents", request_body = TaskMark,
    params(("id" = String, Path, description = "Id of the case"), ("number" = u32, Path, description = "Number of the task")),
    responses((status = 200, body = IncidentBody, description = "The case as it is now")))]
pub(crate) async fn mark_task(
    allowed: Allowed<WorkIncidents>,
    State(state): State<ApiState>,
    Path((id, number)): Path<(String, u32)>,
    Json(given): Json<TaskMark>,
) -> Result<Json<IncidentBody>, Problem> {
    done(&state, &allowed, &id, given.revision, Deed::MarkTask { number, done: given.done }).await
}

/// Assesses the risk by the four factors. A later assessment takes the place of an earlier one; custody keeps that there was one.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/assessment", tag = "incidents", request_body = AssessmentIn,
    params(("id" = String, Path, description = "Id of the case")),
    responses((status = 200, body = IncidentBody, description = "The case as it is now")))]
pub(crate) async fn assess(
    allowed: Allowed<WorkIncidents>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Json(given): Json<AssessmentIn>,
) -> Result<Json<IncidentBody>, Problem> {
    let AssessmentIn { revision, nature, recipient, acquired, mitigation, conclusion } = given;
    let assessment = AssessmentGiven {
        nature: nature.into(),
        recipient: recipient.into(),
        acquired: acquired.into(),
        mitigation: mitigation.into(),
        conclusion: conclusion.into(),
    };
    done(&state, &allowed, &id, revision, Deed::Assess(assessment)).await
}

/// Gives the verdict.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/verdict", tag = "incidents", request_body = VerdictGiven,
    params(("id" = String, Path, description = "Id of the case")),
    responses((status = 200, body = IncidentBody, description = "The case as it is now")))]
pub(crate) async fn decide(
    allowed: Allowed<DecideIncidents>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Json(given): Json<VerdictGiven>,
) -> Result<Json<IncidentBody>, Problem> {
    let deed = Deed::Decide { verdict: given.verdict.into(), reason: given.reason };
    done(&state, &allowed, &id, given.revision, deed).await
}
