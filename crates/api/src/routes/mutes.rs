//! Mutes: suppressions with an end and a reason, exceptions with an author, maintenance announced with its time.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cordon_store::state::{Mute, MuteKind, NewMute};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::allowed::{Allowed, MuteFindings, ReadFindings};
use crate::extract::{Json, Path, Query};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{EntityBody, EntityGiven, Moment, PageBody};

/// Why something is quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MuteKind)]
pub(crate) enum MuteWord {
    /// Known and worked on: quiet until a stated time.
    Suppression,
    /// Known to be harmless: quiet for as long as the exception stands.
    Exception,
    /// Work on systems that makes noise, announced with its time.
    Maintenance,
}

impl From<MuteKind> for MuteWord {
    fn from(kind: MuteKind) -> Self {
        match kind {
            MuteKind::Suppression => Self::Suppression,
            MuteKind::Exception => Self::Exception,
            MuteKind::Maintenance => Self::Maintenance,
        }
    }
}

impl From<MuteWord> for MuteKind {
    fn from(word: MuteWord) -> Self {
        match word {
            MuteWord::Suppression => Self::Suppression,
            MuteWord::Exception => Self::Exception,
            MuteWord::Maintenance => Self::Maintenance,
        }
    }
}

/// A matched field and its value.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldValue {
    /// Name of the field.
    field: String,
    /// Its value, upper and lower case alike.
    value: String,
}

/// A mute to be added. A finding is quiet when every condition that is given holds and it was received within the time.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MuteGiven {
    /// Why.
    kind: MuteWord,
    /// Findings of this rule.
    rule: Option<String>,
    /// Findings of this site.
    site: String,
    /// Findings about this entity.
    entity: Option<EntityGiven>,
    /// Findings of this source.
    source: Option<String>,
    /// Findings that matched by these values.
    #[serde(default)]
    #[schema(max_items = 16)]
    fields: Vec<FieldValue>,
    /// From this time on; now when left out.
    starts: Option<Moment>,
    /// Until this time, not at it. Only an exception may leave it out.
    ends: Option<Moment>,
    /// Why, in words, for who comes later. Without anything that names a patient.
    reason: String,
}

/// A mute.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Mute)]
pub(crate) struct MuteBody {
    /// Its number.
    id: i64,
    /// Why.
    kind: MuteWord,
    /// Findings of this rule.
    #[schema(required = true)]
    rule: Option<String>,
    /// Findings of this site; null for all.
    #[schema(required = true)]
    site: Option<String>,
    /// Findings about this entity.
    #[schema(required = true)]
    entity: Option<EntityBody>,
    /// Findings of this source.
    #[schema(required = true)]
    source: Option<String>,
    /// Findings that matched by these values.
    fields: Vec<FieldValue>,
    /// From this time on.
    starts: Moment,
    /// Until this time, not at it.
    #[schema(required = true)]
    ends: Option<Moment>,
    /// Why, in words.
    reason: String,
    /// Who added it.
    author: String,
    /// When it was added.
    created: Moment,
    /// How many findings it made quiet.
    hits: i64,
}

impl From<Mute> for MuteBody {
    fn from(kept: Mute) -> Self {
        let mute = kept.mute;
        Self {
            id: kept.mute_id,
            kind: mute.kind.into(),
            rule: mute.rule_id,
            site: mute.site,
            entity: mute.entity.map(Into::into),
            source: mute.source,
            fields: mute.fields.into_iter().map(|(field, value)| FieldValue { field, value }).collect(),
            starts: Moment(mute.starts),
            ends: mute.ends.map(Moment),
            reason: mute.reason,
            author: kept.author,
            created: Moment(kept.created),
            hits: kept.hits,
        }
    }
}

/// Which mutes.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MuteQuery {
    /// Also those that have ended.
    #[serde(default)]
    #[param(default = false)]
    ended: bool,
}

/// Lists mutes, the newest first.
#[utoipa::path(get, path = "/api/v1/mutes", tag = "findings", params(MuteQuery),
    responses((status = 200, body = PageBody<MuteBody>, description = "All, at most 2,000")))]
pub(crate) async fn list(
    allowed: Allowed<ReadFindings>,
    State(state): State<ApiState>,
    Query(query): Query<MuteQuery>,
) -> Result<Json<PageBody<MuteBody>>, Problem> {
    let now = (!query.ended).then(|| state.control().now());
    let mutes = state.kept().mutes(allowed.scope(), now).await?;
    Ok(Json(PageBody::whole(mutes.into_iter().map(Into::into).collect())))
}

/// Adds a suppression, an exception or a maintenance window. A suppression also hides the groups that are there already, until it ends.
#[utoipa::path(post, path = "/api/v1/mutes", tag = "findings", request_body = MuteGiven,
    responses((status = 201, body = MuteBody, description = "The mute")))]
pub(crate) async fn add(
    allowed: Allowed<MuteFindings>,
    State(state): State<ApiState>,
    Json(given): Json<MuteGiven>,
) -> Result<Response, Problem> {
    let new = NewMute {
        kind: given.kind.into(),
        rule_id: given.rule,
        site: Some(given.site),
        entity: given.entity.map(Into::into),
        source: given.source,
        fields: given.fields.into_iter().map(|one| (one.field, one.value)).collect(),
        starts: given.starts.map_or_else(|| state.control().now(), |moment| moment.0),
        ends: given.ends.map(|moment| moment.0),
        reason: given.reason,
    };
    let mute = state.kept().add_mute(allowed.scope(), &allowed.by(), new).await?;
    Ok((StatusCode::CREATED, Json(MuteBody::from(mute))).into_response())
}

/// Ends a mute now and shows again what it hides. It stays in the list of ended ones.
#[utoipa::path(delete, path = "/api/v1/mutes/{id}", tag = "findings", params(("id" = i64, Path, description = "Number of the mute")),
    responses((status = 200, body = MuteBody, description = "The mute as it ended")))]
pub(crate) async fn end(
    allowed: Allowed<MuteFindings>,
    State(state): State<ApiState>,
    Path(id): Path<i64>,
) -> Result<Json<MuteBody>, Problem> {
    let now = state.control().now();
    Ok(Json(state.kept().end_mute(allowed.scope(), &allowed.by(), id, now).await?.into()))
}
