//! Legal holds: what retention must not remove, why, whose it is and when it is looked at again.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cordon_store::query::filter::Filter;
use cordon_store::state::{Hold, NewHold};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::allowed::{Allowed, ChangeHolds, ReadHolds};
use crate::extract::{Json, Path, Query};
use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;
use crate::wire::{Moment, PageBody};

/// Longest reason, and longest name of an owner, in characters.
const TEXT_MAX: usize = 2_000;

/// A hold to be added.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldGiven {
    /// Events of this site; of all when left out.
    site: Option<String>,
    /// Which events, in the filter language. `last:` and `since:` count back from the moment at which the hold is added.
    query: String,
    /// Why, in words.
    #[schema(max_length = 2000)]
    reason: String,
    /// Whose it is: who is asked when it is to be looked at again.
    #[schema(max_length = 2000)]
    owner: String,
    /// When it is looked at again. It holds beyond that, until it is released.
    review: Moment,
}

/// A legal hold.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Hold)]
pub(crate) struct HoldBody {
    /// Number.
    id: i64,
    /// Events of this site; null for all.
    #[schema(required = true)]
    site: Option<String>,
    /// Which events.
    query: String,
    /// Why.
    reason: String,
    /// Whose it is.
    owner: String,
    /// When it is looked at again.
    review: Moment,
    /// When it was added.
    created: Moment,
    /// When it was released; null while it holds.
    #[schema(required = true)]
    ended: Option<Moment>,
}

impl From<Hold> for HoldBody {
    fn from(kept: Hold) -> Self {
        let NewHold { site, query, reason, owner, review } = kept.hold;
        Self {
            id: kept.hold_id,
            site,
            query,
            reason,
            owner,
            review: Moment(review),
            created: Moment(kept.created),
            ended: kept.ended.map(Moment),
        }
    }
}

/// Which holds.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HoldQuery {
    /// Also those that were released.
    #[serde(default)]
    #[param(default = false)]
    ended: bool,
}

/// Lists legal holds, the newest first.
#[utoipa::path(get, path = "/api/v1/holds", tag = "events", params(HoldQuery),
    responses((status = 200, body = PageBody<HoldBody>, description = "All, at most 5,000")))]
pub(crate) async fn list(
    _allowed: Allowed<ReadHolds>,
    State(state): State<ApiState>,
    Query(query): Query<HoldQuery>,
) -> Result<Json<PageBody<HoldBody>>, Problem> {
    let holds = state.kept().holds(query.ended).await?;
    Ok(Json(PageBody::whole(holds.into_iter().map(Into::into).collect())))
}

/// Adds a legal hold: from now on retention removes none of the events that its query picks out, nor their bytes.
#[utoipa::path(post, path = "/api/v1/holds", tag = "events", request_body = HoldGiven,
    responses((status = 201, body = HoldBody, description = "The hold")))]
pub(crate) async fn add(
    allowed: Allowed<ChangeHolds>,
    State(state): State<ApiState>,
    Json(given): Json<HoldGiven>,
) -> Result<Response, Problem> {
    Filter::parse(&given.query)?;
    if [&given.reason, &given.owner].iter().any(|text| text.chars().count() > TEXT_MAX) {
        return Err(Problem::new(ProblemKind::Unprocessable, "reason and owner have at most 2,000 characters each"));
    }
    let HoldGiven { site, query, reason, owner, review } = given;
    let new = NewHold { site, query, reason, owner, review: review.0 };
    let hold = state.kept().add_hold(&allowed.by(), &new).await?;
    Ok((StatusCode::CREATED, Json(HoldBody::from(hold))).into_response())
}

/// Releases a legal hold: what it held leaves when its time is over. It stays in the list of released ones.
#[utoipa::path(delete, path = "/api/v1/holds/{id}", tag = "events", params(("id" = i64, Path, description = "Number of the hold")),
    responses((status = 200, body = HoldBody, description = "The hold as it ended")))]
pub(crate) async fn release(
    allowed: Allowed<ChangeHolds>,
    State(state): State<ApiState>,
    Path(id): Path<i64>,
) -> Result<Json<HoldBody>, Problem> {
    Ok(Json(state.kept().end_hold(&allowed.by(), id).await?.into()))
}
