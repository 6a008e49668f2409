//! Searches: a page of events of a filter, or the rows of a question in SQL.

use axum::extract::State;
use cordon_model::{EventId, Time};
use cordon_store::query::filter::{FieldHelp, fields};
use cordon_store::query::{QueryLimits, SearchCursor, rows_to_json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Sought;
use crate::allowed::{Allowed, SearchEvents};
use crate::extract::Json;
use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;
use crate::wire::{Limit, Moment, PageBody, Row, id_bytes};

/// Which events, and which page of them.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventSearch {
    /// The filter; every event when it is empty.
    filter: String,
    /// Only events at or after this time.
    from: Option<Moment>,
    /// Only events before this time.
    until: Option<Moment>,
    /// Most rows; 100 when nothing is said.
    #[serde(default)]
    #[schema(inline)]
    limit: Limit,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A question in SQL.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SqlQuestion {
    /// One SELECT over `events` or the event tables (`docs/specs/query.md`), at most 64 KiB.
    sql: String,
    /// Most rows, 1 to 1,000; 100 when nothing is said.
    #[serde(default)]
    #[schema(inline)]
    limit: Limit,
}

/// The rows of an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SqlAnswer {
    /// Names of the columns, in order.
    columns: Vec<String>,
    /// The rows; a null is left out.
    rows: Vec<Row>,
    /// Whether there are more rows than were given.
    is_cut: bool,
}

/// A field of the filter language.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FilterField {
    /// Its name.
    name: String,
    /// The columns of `events` that it looks at.
    columns: Vec<String>,
    /// What it is.
    meaning: String,
}

/// Events of a filter, the newest first.
#[utoipa::path(post, path = "/api/v1/events/search", tag = "events", request_body = EventSearch,
    responses((status = 200, body = PageBody<Row>, description = "A page")))]
pub(crate) async fn search(
    allowed: Allowed<SearchEvents>,
    State(state): State<ApiState>,
    Json(search): Json<EventSearch>,
) -> Result<Json<PageBody<Row>>, Problem> {
    let after = search.cursor.as_deref().map(cursor).transpose()?;
    let rows = usize::try_from(search.limit.0).unwrap_or(usize::MAX);
    let request = Sought { filter: search.filter, from: search.from, until: search.until }.request(&state)?;
    let page = state.queries().search(allowed.scope(), &request, after, rows, state.limits()).await?;
    let next = page.next.map(|next| format!("{}.{}", next.time.0, next.event_id));
    Ok(Json(PageBody { items: page.rows.into_iter().map(Row).collect(), next }))
}

/// A question in SQL, answered within what whoever asks may see.
#[utoipa::path(post, path = "/api/v1/events/sql", tag = "events", request_body = SqlQuestion,
    responses((status = 200, body = SqlAnswer, description = "The rows")))]
pub(crate) async fn sql(
    allowed: Allowed<SearchEvents>,
    State(state): State<ApiState>,
    Json(question): Json<SqlQuestion>,
) -> Result<Json<SqlAnswer>, Problem> {
    let rows_max = usize::try_from(question.limit.0).ok();
    let limits = QueryLimits { rows_max, ..state.limits() };
    let mut result = state.queries().query(allowed.scope(), &question.sql, limits).await?;
    let columns = result.schema().fields().iter().map(|field| field.name().clone()).collect();
    let batches = result.collect().await?;
    let rows = batches.iter().flat_map(rows_to_json).map(Row).collect();
    Ok(Json(SqlAnswer { columns, rows, is_cut: result.is_cut() }))
}

/// Names the fields of the filter language.
#[utoipa::path(get, path = "/api/v1/events/fields", tag = "events",
    responses((status = 200, body = PageBody<FilterField>, description = "All")))]
pub(crate) async fn filter_fields(_allowed: Allowed<SearchEvents>) -> Json<PageBody<FilterField>> {
    let field = |field: &FieldHelp| FilterField {
        name: field.name.to_owned(),
        columns: field.columns.iter().map(|column| (*column).to_owned()).collect(),
        meaning: field.meaning.to_owned(),
    };
    Json(PageBody::whole(fields().map(field).collect()))
}

fn cursor(text: &str) -> Result<SearchCursor, Problem> {
    let parts = text.split_once('.').and_then(|(time, id)| Some((time.parse().ok()?, id_bytes(id)?)));
    let (time, id) = parts.ok_or_else(|| Problem::new(ProblemKind::Unprocessable, "this is no cursor of a page"))?;
    Ok(SearchCursor { time: Time(time), event_id: EventId(id) })
}
