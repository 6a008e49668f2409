//! Findings: append-only, each with its explanation.

use axum::extract::State;
use cordon_model::FindingId;
use cordon_store::state::{FindingFilter, FindingRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::allowed::{Allowed, ReadFindings};
use crate::extract::{Json, Path, Query};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{Buckets, EntityGiven, LevelCellBody, LevelWord, Limit, Moment, PageBody};

/// What a rule says about one or more events.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
pub(crate) struct FindingBody {
    /// Identity.
    id: String,
    /// Number in the order of keeping; rising, with gaps.
    seq: i64,
    /// Id of its group.
    group: String,
    /// Id of the rule.
    rule: String,
    /// Level of the rule.
    level: LevelWord,
    /// Event time; null when the record states none.
    #[schema(required = true)]
    time: Option<Moment>,
    /// When its (last) event was received.
    received: Moment,
    /// Site.
    site: String,
    /// OCSF class.
    class_uid: i64,
    /// Id of the source.
    source: String,
    /// Whom it is about, as far as whoever asks may see it.
    subjects: SubjectsBody,
    /// Id of the mute that made it quiet.
    #[schema(required = true)]
    mute: Option<i64>,
    /// Why: rule, matched fields with values and places, hash of the record (`docs/specs/state.md`).
    #[schema(value_type = Object)]
    explanation: serde_json::Value,
}

/// Whom a finding is about. A patient only by pseudonym.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Subjects)]
pub(crate) struct SubjectsBody {
    /// The account.
    #[schema(required = true)]
    user: Option<String>,
    /// The machine.
    #[schema(required = true)]
    host: Option<String>,
    /// The medical device.
    #[schema(required = true)]
    device: Option<String>,
    /// The patient's pseudonym.
    #[schema(required = true)]
    patient_ref: Option<String>,
}

impl From<FindingRow> for FindingBody {
    fn from(row: FindingRow) -> Self {
        let text = |name: std::sync::Arc<str>| name.to_string();
        Self {
            id: row.finding_id.to_string(),
            seq: row.seq,
            group: row.group_id.to_string(),
            rule: row.rule_id,
            level: row.level.into(),
            time: row.time.map(Moment),
            received: Moment(row.received),
            site: row.site,
            class_uid: row.class_uid,
            source: row.source,
            subjects: SubjectsBody {
                user: row.subjects.user.map(text),
                host: row.subjects.host.map(text),
                device: row.subjects.device.map(text),
                patient_ref: row.subjects.patient_ref.map(text),
            },
            mute: row.mute_id,
            explanation: row.explanation,
        }
    }
}

/// Which findings.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindingQuery {
    /// Most rows; 100 when nothing is said.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Of this group.
    group: Option<String>,
    /// Of this rule.
    rule: Option<String>,
    /// At least this bad.
    #[param(inline)]
    level_min: Option<LevelWord>,
    /// Received at this time or later.
    #[param(inline)]
    from: Option<Moment>,
    /// Received before this time.
    #[param(inline)]
    to: Option<Moment>,
}

/// Which findings are counted over time.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindingHistogramQuery {
    /// Received at this time or later.
    #[param(inline)]
    from: Moment,
    /// Received before this time.
    #[param(inline)]
    until: Moment,
    /// Into how many stretches of time at most, 60 when nothing is said.
    #[serde(default)]
    #[param(inline)]
    buckets: Buckets,
    /// Of this rule.
    rule: Option<String>,
    /// At least this bad.
    #[param(inline)]
    level_min: Option<LevelWord>,
}

/// Findings by receipt and level.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FindingHistogram {
    /// Length of a stretch.
    #[schema(minimum = 1)]
    seconds: i64,
    /// The counts: by stretch, then level, both rising; none that is 0.
    histogram: Vec<LevelCellBody>,
}

/// Which findings, with whom they are about.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindingSearch {
    /// About this entity.
    entity: EntityGiven,
    /// Most rows; 100 when nothing is said.
    #[serde(default)]
    #[schema(inline)]
    limit: Limit,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Lists findings, the newest first.
#[utoipa::path(get, path = "/api/v1/findings", tag = "findings", params(FindingQuery),
    responses((status = 200, body = PageBody<FindingBody>, description = "A page")))]
pub(crate) async fn list(
    allowed: Allowed<ReadFindings>,
    State(state): State<ApiState>,
    Query(query): Query<FindingQuery>,
) -> Result<Json<PageBody<FindingBody>>, Problem> {
    let filter = FindingFilter {
        group: query.group.as_deref().map(super::groups::group_id).transpose()?,
        rule_id: query.rule,
        level_min: query.level_min.map(Into::into),
        entity: None,
        received_from: query.from.map(|moment| moment.0),
        received_to: query.to.map(|moment| moment.0),
    };
    let page = state.kept().findings(allowed.scope(), &filter, query.cursor.as_deref(), query.limit.0).await?;
    Ok(Json(PageBody::of(page)))
}

/// Lists findings about an entity, the newest first.
#[utoipa::path(post, path = "/api/v1/findings/search", tag = "findings", request_body = FindingSearch,
    responses((status = 200, body = PageBody<FindingBody>, description = "A page")))]
pub(crate) async fn search(
    allowed: Allowed<ReadFindings>,
    State(state): State<ApiState>,
    Json(search): Json<FindingSearch>,
) -> Result<Json<PageBody<FindingBody>>, Problem> {
    let filter = FindingFilter { entity: Some(search.entity.into()), ..FindingFilter::default() };
    let page = state.kept().findings(allowed.scope(), &filter, search.cursor.as_deref(), search.limit.0).await?;
    Ok(Json(PageBody::of(page)))
}

/// Counts findings by receipt and level.
#[utoipa::path(get, path = "/api/v1/findings/histogram", tag = "findings", params(FindingHistogramQuery),
    responses((status = 200, body = FindingHistogram, description = "The counts; none when `until` is not after `from`")))]
pub(crate) async fn histogram(
    allowed: Allowed<ReadFindings>,
    State(state): State<ApiState>,
    Query(query): Query<FindingHistogramQuery>,
) -> Result<Json<FindingHistogram>, Problem> {
    let level_min = query.level_min.map(Into::into);
    let filter = FindingFilter { rule_id: query.rule, level_min, ..FindingFilter::default() };
    let (range, buckets) = ((query.from.0, query.until.0), query.buckets.0);
    let counted = state.kept().findings_over_time(allowed.scope(), &filter, range, buckets).await?;
    let histogram = counted.cells.into_iter().map(Into::into).collect();
    Ok(Json(FindingHistogram { seconds: counted.seconds, histogram }))
}

/// Reads a finding.
#[utoipa::path(get, path = "/api/v1/findings/{id}", tag = "findings", params(("id" = String, Path, description = "Id of the finding")),
    responses((status = 200, body = FindingBody, description = "The finding")))]
pub(crate) async fn read(
    allowed: Allowed<ReadFindings>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<FindingBody>, Problem> {
    let id = FindingId(crate::wire::id_bytes(&id).ok_or_else(Problem::not_found)?);
    Ok(Json(state.kept().finding(allowed.scope(), id).await?.into()))
}
