//! Entities: users, hosts, devices and patients with their risk score.

pub(crate) mod behaviour;

use axum::extract::State;
use cordon_store::state::EntityRisk;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::allowed::{Allowed, ReadEntities};
use crate::extract::{Json, Query};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{EntityBody, EntityGiven, EntityWord, Limit, Moment, PageBody};

/// How much is to be said against an entity.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = EntityRisk)]
pub(crate) struct RiskBody {
    /// The entity.
    entity: EntityBody,
    /// Its score now: the weights of its findings, each half after three days.
    score: f64,
    /// The latest finding that counted.
    last: Moment,
}

impl From<EntityRisk> for RiskBody {
    fn from(risk: EntityRisk) -> Self {
        Self { entity: risk.entity.into(), score: risk.score, last: Moment(risk.last) }
    }
}

/// Which entities.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RiskQuery {
    /// Of this kind; all when nothing is said.
    #[param(inline)]
    kind: Option<EntityWord>,
    /// Most rows; 100 when nothing is said.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

/// Lists entities with the highest scores, the highest first.
#[utoipa::path(get, path = "/api/v1/entities", tag = "entities", params(RiskQuery),
    responses((status = 200, body = PageBody<RiskBody>, description = "The highest")))]
pub(crate) async fn list(
    allowed: Allowed<ReadEntities>,
    State(state): State<ApiState>,
    Query(query): Query<RiskQuery>,
) -> Result<Json<PageBody<RiskBody>>, Problem> {
    let now = state.control().now();
    let risks = state.kept().risks(allowed.scope(), query.kind.map(Into::into), now, query.limit.0).await?;
    Ok(Json(PageBody::whole(risks.into_iter().map(Into::into).collect())))
}

/// Reads the score of one entity. A body, because names of people do not belong in addresses.
#[utoipa::path(post, path = "/api/v1/entities/risk", tag = "entities", request_body = EntityGiven,
    responses((status = 200, body = RiskBody, description = "The score")))]
pub(crate) async fn read(
    allowed: Allowed<ReadEntities>,
    State(state): State<ApiState>,
    Json(entity): Json<EntityGiven>,
) -> Result<Json<RiskBody>, Problem> {
    let risk = state.kept().risk(allowed.scope(), &entity.into(), state.control().now()).await?;
    Ok(Json(risk.ok_or_else(Problem::not_found)?.into()))
}
