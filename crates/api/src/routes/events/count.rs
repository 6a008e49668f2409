//! Counts: events over time, and the most frequent values of columns.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Sought;
use crate::allowed::{Allowed, SearchEvents};
use crate::extract::Json;
use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;
use crate::wire::{Bounded, Moment, PageBody};

/// Facets of one request.
const COLUMNS_MAX: usize = 10;
/// Buckets when nothing is said.
const BUCKETS: u32 = 100;
/// Values of a facet when nothing is said.
const VALUES: u32 = 10;

/// Which events, and into how many stretches of time.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistogramQuestion {
    /// The filter; every event when it is empty.
    filter: String,
    /// Only events at or after this time; a day before `until` when left out.
    from: Option<Moment>,
    /// Only events before this time; now when left out.
    until: Option<Moment>,
    /// Into how many stretches at most, 1 to 1,000; 100 when left out.
    #[schema(inline)]
    buckets: Option<Bounded<1, 1_000>>,
}

/// Events of one stretch of time.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct BucketBody {
    /// Its beginning.
    start: Moment,
    /// Its length.
    seconds: i64,
    /// Events in it.
    count: u64,
}

/// Which events, and which columns.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FacetQuestion {
    /// The filter; every event when it is empty.
    filter: String,
    /// Only events at or after this time.
    from: Option<Moment>,
    /// Only events before this time.
    until: Option<Moment>,
    /// Columns of `events`, at most 10.
    columns: Vec<String>,
    /// Most values of each, 1 to 100; 10 when left out.
    #[schema(inline)]
    values: Option<Bounded<1, 100>>,
}

/// The most frequent values of a column.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FacetBody {
    /// The column.
    column: String,
    /// Values, the most frequent first.
    values: Vec<FacetCount>,
}

/// A value and how many events have it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FacetCount {
    /// The value; null for events without one.
    value: serde_json::Value,
    /// Events that have it.
    count: u64,
}

/// Counts events of a filter over time; stretches without any are left out.
#[utoipa::path(post, path = "/api/v1/events/histogram", tag = "events", request_body = HistogramQuestion,
    responses((status = 200, body = PageBody<BucketBody>, description = "All stretches, in order")))]
pub(crate) async fn histogram(
    allowed: Allowed<SearchEvents>,
    State(state): State<ApiState>,
    Json(question): Json<HistogramQuestion>,
) -> Result<Json<PageBody<BucketBody>>, Problem> {
    let sought = Sought { filter: question.filter, from: question.from, until: question.until };
    let (request, stretch) = (sought.request(&state)?, sought.stretch(&state)?);
    let buckets = i64::from(question.buckets.map_or(BUCKETS, |buckets| buckets.0));
    let queries = state.queries();
    let counted = queries.histogram(allowed.scope(), &request, stretch, buckets, state.limits()).await?;
    let body = |bucket: cordon_store::query::Bucket| BucketBody {
        start: Moment(bucket.start),
        seconds: bucket.seconds,
        count: bucket.count,
    };
    Ok(Json(PageBody::whole(counted.into_iter().map(body).collect())))
}

/// The most frequent values of columns among the events of a filter.
#[utoipa::path(post, path = "/api/v1/events/facets", tag = "events", request_body = FacetQuestion,
    responses((status = 200, body = PageBody<FacetBody>, description = "One for each column")))]
pub(crate) async fn facets(
    allowed: Allowed<SearchEvents>,
    State(state): State<ApiState>,
    Json(question): Json<FacetQuestion>,
) -> Result<Json<PageBody<FacetBody>>, Problem> {
    if question.columns.len() > COLUMNS_MAX {
        return Err(Problem::new(ProblemKind::Unprocessable, format!("at most {COLUMNS_MAX} columns at a time")));
    }
    let sought = Sought { filter: question.filter, from: question.from, until: question.until };
    let (request, queries) = (sought.request(&state)?, state.queries());
    let values = usize::try_from(question.values.map_or(VALUES, |values| values.0)).unwrap_or(usize::MAX);
    let mut all = Vec::with_capacity(question.columns.len());
    for column in &question.columns {
        let facet = queries.facet(allowed.scope(), &request, column, values, state.limits()).await?;
        let count = |one: cordon_store::query::FacetValue| FacetCount { value: one.value, count: one.count };
        all.push(FacetBody { column: facet.column, values: facet.values.into_iter().map(count).collect() });
    }
    Ok(Json(PageBody::whole(all)))
}
