//! What analysts taught the models of learnt behaviour, each verdict with its effect and a way to take it back; and what is to be forgotten of somebody.

use std::collections::BTreeMap;

use axum::extract::State;
use cordon_policy::AccessScope;
use cordon_store::state::{AuditEntry, Entity, EntityKind, GroupId, TaughtRow};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::groups::{VerdictWord, group_id};
use crate::allowed::{Allowed, ForgetBehaviour, ReadFindings, TriageFindings};
use crate::extract::{Json, Path, Query};
use crate::learnt::{Forgotten, VerdictStanding, VerdictStatus};
use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;
use crate::wire::{EntityBody, EntityGiven, LevelWord, Moment, PageBody};

/// How ids of models begin.
pub(super) const LEARNT: &str = "learn.";
/// Letters of a reason.
const REASON_LETTERS: std::ops::RangeInclusive<usize> = 10..=500;
/// Most names of sources that stand behind one entity: one person is written in a few ways.
const NAMES_MAX: usize = 20;

/// Why a verdict counts in later scores, or does not.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = VerdictStanding)]
pub(crate) enum StandingWord {
    /// It counts.
    Counts,
    /// It was taken back.
    TakenBack,
    /// It is about the account of who gave it.
    OwnAccount,
    /// Whoever gave it had given ten within seven days.
    TooManyInWeek,
    /// Whoever gave it has given two later ones about the same entity and model.
    Superseded,
    /// It is older than 180 days.
    Over,
    /// No model of this node has this name.
    NoModel,
}

impl From<VerdictStanding> for StandingWord {
    fn from(standing: VerdictStanding) -> Self {
        match standing {
            VerdictStanding::Counts => Self::Counts,
            VerdictStanding::TakenBack => Self::TakenBack,
            VerdictStanding::OwnAccount => Self::OwnAccount,
            VerdictStanding::TooManyInWeek => Self::TooManyInWeek,
            VerdictStanding::Superseded => Self::Superseded,
            VerdictStanding::Over => Self::Over,
            VerdictStanding::NoModel => Self::NoModel,
        }
    }
}

/// A verdict on a finding of learnt behaviour, with what it does to later scores.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TaughtVerdict)]
pub(crate) struct TaughtBody {
    /// The group of findings that it stands at.
    group: String,
    /// Id of the model.
    model: String,
    /// Title of the group.
    title: String,
    /// Level of the group.
    level: LevelWord,
    /// Whom or what it is about.
    entity: EntityBody,
    /// What was said.
    verdict: VerdictWord,
    /// Who said it.
    by: String,
    /// When.
    given: Moment,
    /// Whether it counts.
    standing: StandingWord,
    /// What all counting verdicts on this entity add to its scores with this model now, in nats; less than 0 when they take off.
    entity_nats: f64,
    /// What all counting verdicts on this model add to everybody's scores with it now, in nats.
    house_nats: f64,
    /// Until when it counts, by the clock of the events; null when it does not.
    #[schema(required = true)]
    until: Option<Moment>,
    /// Who took its effect back; null when nobody did.
    #[schema(required = true)]
    taken_back_by: Option<String>,
    /// When.
    #[schema(required = true)]
    taken_back: Option<Moment>,
}

/// Of which model.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TaughtQuery {
    /// Id of the model; of all when left out.
    model: Option<String>,
}

/// Whether a verdict is to count.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeachesGiven {
    /// `false` takes its effect back, `true` lets it count again. The verdict itself stays.
    teaches: bool,
}

/// Of whom what was learnt is to be forgotten, and why.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgetGiven {
    /// A user (by name or pseudonym), a host or a device.
    entity: EntityGiven,
    /// Why, in 10 to 500 letters, without the name of the person and without anything that names a patient: it stays in the audit log.
    #[schema(min_length = 10, max_length = 500)]
    reason: String,
}

/// What was forgotten.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Forgotten)]
pub(crate) struct ForgottenBody {
    /// Whether anything had been learnt.
    was_known: bool,
    /// When it was first seen.
    #[schema(required = true)]
    first_seen: Option<Moment>,
    /// Days on which it was active.
    days: u16,
}

/// Lists verdicts on findings of learnt behaviour with what each does to later scores, the newest first.
#[utoipa::path(get, path = "/api/v1/models/verdicts", tag = "rules", params(TaughtQuery),
    responses((status = 200, body = PageBody<TaughtBody>, description = "All that may be read, at most 10,000")))]
pub(crate) async fn list(
    allowed: Allowed<ReadFindings>,
    State(state): State<ApiState>,
    Query(query): Query<TaughtQuery>,
) -> Result<Json<PageBody<TaughtBody>>, Problem> {
    Ok(Json(PageBody::whole(
        taught(&state, allowed.scope(), |row| query.model.as_ref().is_none_or(|model| row.group.rule_id == *model))
            .await?,
    )))
}

/// Takes the effect of a verdict on later scores back, or lets it count again. What was learnt does not depend on it.
#[utoipa::path(put, path = "/api/v1/models/verdicts/{id}", tag = "rules", params(("id" = String, Path, description = "Id of the group")),
    request_body = TeachesGiven, responses((status = 200, body = TaughtBody, description = "The verdict as it counts now")))]
pub(crate) async fn change(
    allowed: Allowed<TriageFindings>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Json(given): Json<TeachesGiven>,
) -> Result<Json<TaughtBody>, Problem> {
    let id = group_id(&id)?;
    state.kept().let_teach(allowed.scope(), &allowed.by(), id, given.teaches).await?;
    state.control().verdicts_changed().await?;
    let changed = taught(&state, allowed.scope(), |row| row.group.group_id == id).await?.pop();
    changed.map(Json).ok_or_else(Problem::not_found)
}

/// Forgets what was learnt of a user, host or device: afterwards it is as never seen. What it added to its peers' normal cannot be taken out again. A body, because names of people
/// do not belong in addresses.
#[utoipa::path(post, path = "/api/v1/models/forget", tag = "rules", request_body = ForgetGiven,
    responses((status = 200, body = ForgottenBody, description = "What was forgotten, for good")))]
pub(crate) async fn forget(
    allowed: Allowed<ForgetBehaviour>,
    State(state): State<ApiState>,
    Json(given): Json<ForgetGiven>,
) -> Result<Json<ForgottenBody>, Problem> {
    let (entity, reason) = (Entity::from(given.entity), given.reason.trim().to_owned());
    if !REASON_LETTERS.contains(&reason.chars().count()) {
        return Err(Problem::new(ProblemKind::Unprocessable, "a reason has 10 to 500 letters"));
    }
    if matches!(entity.kind, EntityKind::Patient | EntityKind::Source) {
        return Err(Problem::new(ProblemKind::Unprocessable, "models learn users, hosts and devices"));
    }
    // somebody who wants to be forgotten says their name, also where staff have pseudonyms
    let names = state.kept().names_behind(&AccessScope::of_the_node(), &entity).await?;
    let accounts = state.kept().accounts();
    let shown = match entity.kind {
        EntityKind::User => accounts.pseudonym(&entity.name).unwrap_or_else(|| entity.name.to_string()),
        _ => entity.name.to_string(),
    };
    let detail = json!({"kind": entity.kind.name(), "reason": reason});
    state.kept().audit(&allowed.by(), &AuditEntry::new("behaviour_forgotten", "entity", &shown, detail)).await?;
    let mut forgotten: Option<Forgotten> = None;
    for name in names.iter().take(NAMES_MAX) {
        let asked = Entity { kind: entity.kind, name: name.as_str().into() };
        forgotten = state.control().forget(asked).await?.or(forgotten);
    }
    Ok(Json(ForgottenBody {
        was_known: forgotten.is_some(),
        first_seen: forgotten.map(|forgotten| Moment(forgotten.first_seen)),
        days: forgotten.map_or(0, |forgotten| forgotten.days),
    }))
}

async fn taught(
    state: &ApiState,
    scope: &AccessScope,
    is_asked: impl Fn(&TaughtRow) -> bool,
) -> Result<Vec<TaughtBody>, Problem> {
    let effects: BTreeMap<GroupId, VerdictStatus> =
        state.control().verdict_effects().into_iter().map(|effect| (effect.group, effect)).collect();
    let rows = state.kept().taught(scope, LEARNT).await?;
    Ok(rows.into_iter().filter(is_asked).filter_map(|row| body(&effects, row)).collect())
}

fn body(effects: &BTreeMap<GroupId, VerdictStatus>, row: TaughtRow) -> Option<TaughtBody> {
    let effect = effects.get(&row.group.group_id);
    let standing = effect.map_or(VerdictStanding::NoModel, |effect| effect.standing);
    let until = effect.filter(|_| standing == VerdictStanding::Counts).map(|effect| Moment(effect.until));
    let (taken_back_by, taken_back) = row.taken_back.unzip();
    Some(TaughtBody {
        group: row.group.group_id.to_string(),
        model: row.group.rule_id,
        title: row.group.title,
        level: row.group.level.into(),
        entity: EntityBody { kind: row.group.entity_kind.into(), name: row.group.entity.map(|name| name.to_string()) },
        verdict: row.group.verdict?.into(),
        by: row.by,
        given: Moment(row.given),
        standing: standing.into(),
        entity_nats: effect.map_or(0.0, |effect| effect.entity_nats),
        house_nats: effect.map_or(0.0, |effect| effect.house_nats),
        until,
        taken_back_by,
        taken_back: taken_back.map(Moment),
    })
}
