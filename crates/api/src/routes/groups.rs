//! Finding groups: what people triage.

mod asked;
pub(crate) mod stories;
pub(crate) mod summary;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use cordon_store::state::{GroupChange, GroupFilter, GroupId, GroupOrder, GroupRow, GroupState, OwnedBy, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use self::asked::GroupsAsked;
pub(crate) use self::asked::OwnerWord;
use super::taught::LEARNT;
use crate::allowed::{Allowed, ReadFindings, TriageFindings};
use crate::extract::{Json, Parted, Path};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{EntityBody, EntityGiven, IfMatch, LevelWord, Limit, Moment, PageBody, etag, if_match};

/// How far the triage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = GroupState)]
pub(crate) enum StateWord {
    Open,
    Acknowledged,
    Closed,
}

/// What it turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Verdict)]
pub(crate) enum VerdictWord {
    TruePositive,
    Benign,
    FalsePositive,
}

impl From<GroupState> for StateWord {
    fn from(state: GroupState) -> Self {
        match state {
            GroupState::Open => Self::Open,
            GroupState::Acknowledged => Self::Acknowledged,
            GroupState::Closed => Self::Closed,
        }
    }
}

impl From<StateWord> for GroupState {
    fn from(word: StateWord) -> Self {
        match word {
            StateWord::Open => Self::Open,
            StateWord::Acknowledged => Self::Acknowledged,
            StateWord::Closed => Self::Closed,
        }
    }
}

impl From<Verdict> for VerdictWord {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::TruePositive => Self::TruePositive,
            Verdict::Benign => Self::Benign,
            Verdict::FalsePositive => Self::FalsePositive,
        }
    }
}

impl From<VerdictWord> for Verdict {
    fn from(word: VerdictWord) -> Self {
        match word {
            VerdictWord::TruePositive => Self::TruePositive,
            VerdictWord::Benign => Self::Benign,
            VerdictWord::FalsePositive => Self::FalsePositive,
        }
    }
}

/// Findings of one rule about one entity in one window.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = FindingGroup)]
pub(crate) struct GroupBody {
    /// Identity.
    id: String,
    /// Id of the rule.
    rule: String,
    /// Title of the rule.
    title: String,
    /// Highest level of its findings.
    level: LevelWord,
    /// Site.
    site: String,
    /// OCSF class.
    class_uid: i64,
    /// Whom or what it is about.
    entity: EntityBody,
    /// Start of the window.
    window_start: Moment,
    /// End of the window, not in it.
    window_end: Moment,
    /// Its findings.
    count: u64,
    /// Its findings that no mute made quiet.
    loud: u64,
    /// Time of the earliest finding.
    first: Moment,
    /// Time of the latest finding.
    last: Moment,
    /// How far the triage is.
    state: StateWord,
    /// Whose it is.
    #[schema(required = true)]
    owner: Option<String>,
    /// What it turned out to be.
    #[schema(required = true)]
    verdict: Option<VerdictWord>,
    /// What people noted.
    #[schema(required = true)]
    note: Option<String>,
    /// It is left out of lists until then.
    #[schema(required = true)]
    muted_until: Option<Moment>,
    /// How often something new came after it was closed.
    reopened: u64,
    /// Rises with every change by a person; the ETag.
    revision: u64,
    /// When it last changed.
    changed: Moment,
}

impl From<GroupRow> for GroupBody {
    fn from(row: GroupRow) -> Self {
        Self {
            id: row.group_id.to_string(),
            rule: row.rule_id,
            title: row.title,
            level: row.level.into(),
            site: row.site,
            class_uid: row.class_uid,
            entity: EntityBody { kind: row.entity_kind.into(), name: row.entity.map(|name| name.to_string()) },
            window_start: Moment(row.window_start),
            window_end: Moment(row.window_end),
            count: row.count,
            loud: row.loud,
            first: Moment(row.first),
            last: Moment(row.last),
            state: row.state.into(),
            owner: row.owner,
            verdict: row.verdict.map(Into::into),
            note: row.note,
            muted_until: row.muted_until.map(Moment),
            reopened: row.reopened,
            revision: row.revision,
            changed: Moment(row.changed),
        }
    }
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderWord {
    /// Worst first, then the latest.
    #[default]
    Worst,
    /// The latest first.
    Latest,
}

/// Which page of them.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GroupPage {
    /// Most rows; 100 when nothing is said.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
    /// `next` of the page before, in the same order.
    cursor: Option<String>,
    /// In which order.
    #[serde(default)]
    #[param(inline)]
    order: OrderWord,
}

/// Which groups, with whom they are about.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupSearch {
    /// About this entity.
    entity: Option<EntityGiven>,
    /// Of this owner.
    owner: Option<String>,
    /// In any of these states; all when none is given.
    #[serde(default)]
    states: Vec<StateWord>,
    /// Most rows; 100 when nothing is said.
    #[serde(default)]
    #[schema(inline)]
    limit: Limit,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A change by a person. What is left out stays; null empties.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupPatch {
    /// State; closing needs a verdict, here or given before.
    state: Option<StateWord>,
    /// Owner: name of a user.
    #[serde(default, deserialize_with = "crate::wire::given")]
    owner: Option<Option<String>>,
    /// Verdict.
    #[serde(default, deserialize_with = "crate::wire::given")]
    verdict: Option<Option<VerdictWord>>,
    /// Note, without anything that names a patient.
    #[serde(default, deserialize_with = "crate::wire::given")]
    note: Option<Option<String>>,
}

/// How many groups there are of a level and state.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct GroupCount {
    level: LevelWord,
    state: StateWord,
    count: u64,
}

/// Lists groups, worst first.
#[utoipa::path(get, path = "/api/v1/finding-groups", tag = "findings", params(GroupsAsked, GroupPage),
    responses((status = 200, body = PageBody<GroupBody>, description = "A page")))]
pub(crate) async fn list(
    allowed: Allowed<ReadFindings>,
    State(state): State<ApiState>,
    Parted(asked, page): Parted<GroupsAsked, GroupPage>,
) -> Result<Json<PageBody<GroupBody>>, Problem> {
    let filter = asked.filter(&state, allowed.name());
    let order = match page.order {
        OrderWord::Worst => GroupOrder::Worst,
        OrderWord::Latest => GroupOrder::Newest,
    };
    let page = state.kept().groups(allowed.scope(), &filter, order, page.cursor.as_deref(), page.limit.0).await?;
    Ok(Json(PageBody::of(page)))
}

/// Lists groups about an entity, the latest first. A body, because names of people do not belong in addresses.
#[utoipa::path(post, path = "/api/v1/finding-groups/search", tag = "findings", request_body = GroupSearch,
    responses((status = 200, body = PageBody<GroupBody>, description = "A page")))]
pub(crate) async fn search(
    allowed: Allowed<ReadFindings>,
    State(state): State<ApiState>,
    Json(search): Json<GroupSearch>,
) -> Result<Json<PageBody<GroupBody>>, Problem> {
    let filter = GroupFilter {
        states: search.states.into_iter().map(Into::into).collect(),
        entity: search.entity.map(Into::into),
        owner: search.owner.map(OwnedBy::User),
        ..GroupFilter::default()
    };
    let cursor = search.cursor.as_deref();
    let page = state.kept().groups(allowed.scope(), &filter, GroupOrder::Newest, cursor, search.limit.0).await?;
    Ok(Json(PageBody::of(page)))
}

/// Counts groups by level and state.
#[utoipa::path(get, path = "/api/v1/finding-groups/counts", tag = "findings",
    responses((status = 200, body = PageBody<GroupCount>, description = "All counts that are not 0")))]
pub(crate) async fn counts(
    allowed: Allowed<ReadFindings>,
    State(state): State<ApiState>,
) -> Result<Json<PageBody<GroupCount>>, Problem> {
    let filter = GroupFilter { quiet_at: Some(state.control().now()), ..GroupFilter::default() };
    let counts = state.kept().group_counts(allowed.scope(), &filter).await?;
    let count = |(level, state, count): (cordon_model::Level, GroupState, u64)| GroupCount {
        level: level.into(),
        state: state.into(),
        count,
    };
    Ok(Json(PageBody::whole(counts.into_iter().map(count).collect())))
}

/// Reads a group.
#[utoipa::path(get, path = "/api/v1/finding-groups/{id}", tag = "findings", params(("id" = String, Path, description = "Id of the group")),
    responses((status = 200, body = GroupBody, description = "The group", headers(("ETag" = String)))))]
pub(crate) async fn read(
    allowed: Allowed<ReadFindings>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    Ok(answer(state.kept().group(allowed.scope(), group_id(&id)?).await?))
}

/// Changes state, owner, verdict or note of a group. Answers 412 when somebody else changed it since it was read.
#[utoipa::path(patch, path = "/api/v1/finding-groups/{id}", tag = "findings",
    params(("id" = String, Path, description = "Id of the group"), IfMatch), request_body = GroupPatch,
    responses((status = 200, body = GroupBody, description = "The group as it is now", headers(("ETag" = String)))))]
pub(crate) async fn change(
    allowed: Allowed<TriageFindings>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(patch): Json<GroupPatch>,
) -> Result<Response, Problem> {
    let revision = if_match(&headers)?;
    let change = GroupChange {
        state: patch.state.map(Into::into),
        owner: patch.owner,
        verdict: patch.verdict.map(|verdict| verdict.map(Into::into)),
        note: patch.note,
    };
    let (id, by) = (group_id(&id)?, allowed.by());
    let row = state.kept().change_group(allowed.scope(), &by, id, Some(revision), &change).await?;
    if change.verdict.is_some() && row.rule_id.starts_with(LEARNT) {
        state.control().verdicts_changed().await?;
    }
    Ok(answer(row))
}

pub(super) fn group_id(text: &str) -> Result<GroupId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

fn answer(row: GroupRow) -> Response {
    (etag(row.revision), Json(GroupBody::from(row))).into_response()
}
