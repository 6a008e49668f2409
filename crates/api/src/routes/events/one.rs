//! One event: its columns, its record with what names a patient masked, and the same revealed for a reason.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use cordon_model::Time;
use cordon_policy::AccessScope;
use cordon_store::query::SearchRequest;
use cordon_store::query::filter::Filter;
use cordon_store::state::AuditEntry;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::named::shows_everybody;
use crate::allowed::{Allowed, ReadEvidence, RevealEvidence, SearchEvents};
use crate::control::RecordPlace;
use crate::extract::{Json, Path};
use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;
use crate::wire::{Purpose, Row, id_bytes};

/// Letters of a reason.
const REASON_LETTERS: std::ops::RangeInclusive<usize> = 10..=500;

/// Why a record is revealed.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reveal {
    /// Why, in 10 to 500 letters, without anything that names a patient: it stays in the audit log.
    reason: String,
}

/// Reads the columns of an event.
#[utoipa::path(get, path = "/api/v1/events/{id}", tag = "events", params(("id" = String, Path, description = "Id of the event")),
    responses((status = 200, body = Row, description = "Columns that have a value and may be seen")))]
pub(crate) async fn read(
    allowed: Allowed<SearchEvents>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<Row>, Problem> {
    Ok(Json(Row(row(&state, allowed.scope(), &id).await?)))
}

/// Reads the record of an event in its own bytes, with what names a patient masked.
#[utoipa::path(get, path = "/api/v1/events/{id}/record", tag = "events", params(("id" = String, Path, description = "Id of the event")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream", description = "The bytes")))]
pub(crate) async fn record(
    allowed: Allowed<ReadEvidence>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let place = place(&row(&state, allowed.scope(), &id).await?)?;
    check_names(&state, allowed.scope(), &id).await?;
    Ok(bytes(state.control().record(place, false).await?))
}

/// Reads the record of an event in its own bytes, with what names a patient. Writes one entry into the audit log before anything is shown.
#[utoipa::path(post, path = "/api/v1/events/{id}/reveal", tag = "events",
    params(("id" = String, Path, description = "Id of the event"), Purpose), request_body = Reveal,
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream", description = "The bytes")))]
pub(crate) async fn reveal(
    allowed: Allowed<RevealEvidence>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Json(reveal): Json<Reveal>,
) -> Result<Response, Problem> {
    if !REASON_LETTERS.contains(&reveal.reason.trim().chars().count()) {
        return Err(Problem::new(ProblemKind::Unprocessable, "a reason has 10 to 500 letters"));
    }
    if !allowed.scope().may_reveal() {
        return Err(Problem::new(ProblemKind::Forbidden, "you may not see what names a patient"));
    }
    let place = place(&row(&state, allowed.scope(), &id).await?)?;
    check_names(&state, allowed.scope(), &id).await?;
    let entry =
        AuditEntry::new("record_revealed", "event", &place.event.to_string(), json!({"reason": reveal.reason.trim()}));
    let entry = entry.at_site(&place.site).for_purpose(allowed.purpose());
    state.kept().audit(&allowed.by(), &entry).await?;
    Ok(bytes(state.control().record(place, true).await?))
}

/// The columns of the event, if the scope admits it.
async fn row(state: &ApiState, scope: &AccessScope, id: &str) -> Result<Map<String, Value>, Problem> {
    let id = cordon_model::EventId(id_bytes(id).ok_or_else(Problem::not_found)?);
    let filter = Filter::parse(&format!("event:{id}"))?;
    let request = SearchRequest { filter, now: state.control().now(), from: None, until: None };
    let page = state.queries().search(scope, &request, None, 1, state.limits()).await?;
    page.rows.into_iter().next().ok_or_else(Problem::not_found)
}

/// Where staff have pseudonyms, the bytes of an event are shown when everybody whom it names may be seen by name.
async fn check_names(state: &ApiState, scope: &AccessScope, id: &str) -> Result<(), Problem> {
    if !scope.has_pseudonyms() {
        return Ok(());
    }
    let kept = row(state, &AccessScope::of_the_node(), id).await?;
    if shows_everybody(&kept, scope, state.kept().accounts()) {
        return Ok(());
    }
    let detail = "the record names people who are shown here by pseudonyms: ask to unlock each of them (POST /api/v1/unlocks), or have a privacy officer read it";
    Err(Problem::new(ProblemKind::Forbidden, detail))
}

/// Where the record of an event stands, out of its columns.
fn place(row: &Map<String, Value>) -> Result<RecordPlace, Problem> {
    let text = |name: &str| row.get(name).and_then(Value::as_str);
    let whole = || {
        Some(RecordPlace {
            event: cordon_model::EventId(id_bytes(text("event_id")?)?),
            site: text("site")?.to_owned(),
            source: text("source")?.to_owned(),
            received: Time::from_rfc3339(text("received")?)?,
            position: row.get("position").and_then(Value::as_u64)?,
            index: row.get("record_index").and_then(Value::as_u64).and_then(|index| u32::try_from(index).ok())?,
        })
    };
    whole().ok_or_else(|| Problem::internal(&"an event does not say where its record stands"))
}

fn bytes(record: Vec<u8>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/octet-stream"), (header::CONTENT_DISPOSITION, "attachment")];
    (headers, record).into_response()
}
