//! The models of learnt behaviour: what each learns, what it costs, and how many alerts a week all of them together are asked for.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use cordon_store::state::AuditEntry;

use crate::allowed::{Allowed, ChangeRules, ReadRules};
use crate::extract::Json;
use crate::learnt::ModelStatus;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{Bounded, Moment, PageBody};

/// A model of learnt behaviour.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Model)]
pub(crate) struct ModelBody {
    /// Its id, as findings name it as their rule.
    id: String,
    /// Its title.
    title: String,
    /// What it learns, in a sentence.
    learns: String,
    /// What it detects, in a sentence.
    detects: String,
    /// Entities that it knows.
    entities: u64,
    /// Bytes that it takes in memory.
    bytes: u64,
    /// What it has seen.
    observations: u64,
    /// Alerts a week that it was asked for.
    asked_per_week: f64,
    /// Alerts a week that it gave; null while it has not judged long enough.
    #[schema(required = true)]
    obtained_per_week: Option<f64>,
    /// How far its world has moved, 0 for not at all to 1; null while it cannot tell.
    #[schema(required = true)]
    drift: Option<f64>,
    /// Whether it has seen enough to speak.
    is_warm: bool,
    /// Since when it learns.
    #[schema(required = true)]
    since: Option<Moment>,
    /// Findings since the start of the node.
    findings: u64,
}

impl From<ModelStatus> for ModelBody {
    fn from(model: ModelStatus) -> Self {
        Self {
            id: model.id,
            title: model.title,
            learns: model.learns,
            detects: model.detects,
            entities: model.entities,
            bytes: model.bytes,
            observations: model.observations,
            asked_per_week: model.asked_per_week,
            obtained_per_week: model.obtained_per_week,
            drift: model.drift,
            is_warm: model.is_warm,
            since: model.since.map(Moment),
            findings: model.findings,
        }
    }
}

/// How many alerts a week all models together are asked for.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BudgetGiven {
    /// 1 to 10,000.
    #[schema(inline)]
    alerts_per_week: Bounded<1, 10_000>,
}

/// How many alerts a week all models together are asked for.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Budget)]
pub(crate) struct BudgetBody {
    /// Alerts a week.
    alerts_per_week: u32,
}

/// Lists the models of learnt behaviour.
#[utoipa::path(get, path = "/api/v1/models", tag = "rules",
    responses((status = 200, body = PageBody<ModelBody>, description = "All")))]
pub(crate) async fn list(_allowed: Allowed<ReadRules>, State(state): State<ApiState>) -> Json<PageBody<ModelBody>> {
    Json(PageBody::whole(state.control().models().into_iter().map(Into::into).collect()))
}

/// Asks all models together for so many alerts a week. Each takes its share; thresholds follow from it.
#[utoipa::path(put, path = "/api/v1/models/budget", tag = "rules", request_body = BudgetGiven,
    responses((status = 200, body = BudgetBody, description = "What is in force now")))]
pub(crate) async fn change_budget(
    allowed: Allowed<ChangeRules>,
    State(state): State<ApiState>,
    Json(given): Json<BudgetGiven>,
) -> Result<Json<BudgetBody>, Problem> {
    let alerts_per_week = state.control().ask_alerts(given.alerts_per_week.0).await?;
    let detail = json!({"alerts_per_week": alerts_per_week});
    state.kept().audit(&allowed.by(), &AuditEntry::new("models_asked", "models", "", detail)).await?;
    Ok(Json(BudgetBody { alerts_per_week }))
}
