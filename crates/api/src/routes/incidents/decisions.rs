//! What the verdicts on cases taught the review of accesses: each with what it does to later cases, and a way to take that back.

use std::collections::BTreeMap;

use axum::extract::State;
use cordon_incident::Deed;
use cordon_model::{IncidentId, IncidentKind};
use cordon_store::state::DecisionRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{IncidentBody, VerdictWord};
use super::done;
use crate::allowed::{Allowed, DecideIncidents, ReadIncidents};
use crate::extract::{Json, Path};
use crate::learnt::{DecisionStanding, DecisionStatus};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{Moment, PageBody};

/// Why a verdict counts in later reviews, or does not.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DecisionStanding)]
pub(crate) enum StandingWord {
    /// It counts.
    Counts,
    /// It was taken back.
    TakenBack,
    /// Whoever gave it has given five later ones about the same scenario.
    Superseded,
    /// It is older than 1,080 days.
    Over,
}

impl From<DecisionStanding> for StandingWord {
    fn from(standing: DecisionStanding) -> Self {
        match standing {
            DecisionStanding::Counts => Self::Counts,
            DecisionStanding::TakenBack => Self::TakenBack,
            DecisionStanding::Superseded => Self::Superseded,
            DecisionStanding::Over => Self::Over,
        }
    }
}

/// A verdict on a case, with what it does to later cases.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Decision)]
pub(crate) struct DecisionBody {
    /// Id of the case.
    case: String,
    /// What the case says in one line.
    title: String,
    /// The scenario that it counts for, like `S2`: the one that weighs most in the case.
    scenario: String,
    /// What was decided.
    verdict: VerdictWord,
    /// Who decided.
    by: String,
    /// When.
    decided: Moment,
    /// Whether it counts.
    standing: StandingWord,
    /// How much of it counts: 1 when it is given, half of that after 180 days, 0 when it does not count.
    weight: f64,
    /// What all counting verdicts together add to cases of this scenario, in nats; less than 0 when they take off. Verdicts that whoever asks may not read are in it.
    scenario_nats: f64,
    /// Until when it counts, by the clock of the events; null when it does not.
    #[schema(required = true)]
    until: Option<Moment>,
    /// Who took its effect back; null when nobody did.
    #[schema(required = true)]
    taken_back_by: Option<String>,
    /// The case's revision; whoever takes the effect back names it.
    revision: u64,
}

/// Whether a verdict is to count.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeachGiven {
    /// The revision that was read.
    #[serde(deserialize_with = "crate::wire::whole")]
    revision: u64,
    /// `false` takes its effect on later reviews back, `true` lets it count again. The verdict itself stays.
    teaches: bool,
}

/// Lists verdicts on cases with what each does to later reviews, the newest first.
#[utoipa::path(get, path = "/api/v1/privacy/decisions", tag = "incidents",
    responses((status = 200, body = PageBody<DecisionBody>, description = "All that may be read, at most 10,000")))]
pub(crate) async fn list(
    allowed: Allowed<ReadIncidents>,
    State(state): State<ApiState>,
) -> Result<Json<PageBody<DecisionBody>>, Problem> {
    let effects = state.control().decision_effects().await?;
    let effects: BTreeMap<IncidentId, DecisionStatus> =
        effects.into_iter().map(|effect| (effect.case, effect)).collect();
    let rows = state.kept().decisions(allowed.scope(), IncidentKind::Privacy).await?;
    // one that was given between the two readings is told of next time
    let bodies = rows.into_iter().filter_map(|row| Some(body(effects.get(&row.id)?, row)));
    Ok(Json(PageBody::whole(bodies.collect())))
}

/// Takes the effect of a verdict on later reviews back, or lets it count again: from the next review on. Also of a case that is closed.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/teaches", tag = "incidents", request_body = TeachGiven,
    params(("id" = String, Path, description = "Id of the case")),
    responses((status = 200, body = IncidentBody, description = "The case as it is now")))]
pub(crate) async fn change(
    allowed: Allowed<DecideIncidents>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Json(given): Json<TeachGiven>,
) -> Result<Json<IncidentBody>, Problem> {
    done(&state, &allowed, &id, given.revision, Deed::Teach(given.teaches)).await
}

fn body(effect: &DecisionStatus, row: DecisionRow) -> DecisionBody {
    let counts = effect.standing == DecisionStanding::Counts;
    DecisionBody {
        case: row.id.to_string(),
        title: row.title,
        scenario: effect.scenario.clone(),
        verdict: row.verdict.into(),
        by: row.by,
        decided: Moment(row.decided),
        standing: effect.standing.into(),
        weight: effect.weight,
        scenario_nats: effect.scenario_nats,
        until: counts.then_some(Moment(effect.until)),
        taken_back_by: row.taken_back_by,
        revision: row.revision,
    }
}
