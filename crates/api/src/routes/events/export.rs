//! Exports: all events of a filter as a stream of NDJSON or CSV, for a stated purpose, audited before the first row leaves.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use cordon_store::query::{QueryError, QueryLimits, QueryResult, rows_to_json};
use cordon_store::state::AuditEntry;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::Sought;
use crate::allowed::{Allowed, ExportEvents};
use crate::extract::Json;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{Moment, Purpose};

/// An export ends after so long; it is then cut in the middle of a line, so that nobody takes it for whole.
const EXPORT_MAX: Duration = Duration::from_secs(3_600);

/// How the rows are written.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExportFormat {
    /// One JSON object a line.
    Ndjson,
    /// RFC 4180, with a line of names.
    Csv,
}

/// Which events, and how they are written.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportRequest {
    /// The filter; every event when it is empty.
    filter: String,
    /// Only events at or after this time.
    from: Option<Moment>,
    /// Only events before this time.
    until: Option<Moment>,
    /// How the rows are written.
    format: ExportFormat,
}

/// Writes all events of a filter, as they are found. An export that fails half way is cut: the connection ends without the last chunk.
#[utoipa::path(post, path = "/api/v1/events/export", tag = "events", request_body = ExportRequest, params(Purpose),
    responses((status = 200, description = "The rows", content((String = "application/x-ndjson"), (String = "text/csv")))))]
pub(crate) async fn export(
    allowed: Allowed<ExportEvents>,
    State(state): State<ApiState>,
    Json(given): Json<ExportRequest>,
) -> Result<Response, Problem> {
    let request = Sought { filter: given.filter, from: given.from, until: given.until }.request(&state)?;
    let detail = json!({"from": given.from, "until": given.until});
    let entry = AuditEntry::new("events_exported", "events", "", detail).for_purpose(allowed.purpose());
    state.kept().audit(&allowed.by(), &entry).await?;
    let limits = QueryLimits { rows_max: None, time_max: EXPORT_MAX };
    let result = state.queries().export(allowed.scope(), &request, limits).await?;
    let columns: Vec<String> = result.schema().fields().iter().map(|field| field.name().clone()).collect();
    let (form, head) = match given.format {
        ExportFormat::Ndjson => ("application/x-ndjson", String::new()),
        ExportFormat::Csv => ("text/csv; charset=utf-8; header=present", csv_line(columns.iter().map(String::as_str))),
    };
    let waiting = VecDeque::from([Bytes::from(head)]);
    let rows = ExportRows { result, columns, format: given.format, waiting };
    let body = Body::from_stream(futures_util::stream::unfold(rows, ExportRows::next));
    Ok(([(header::CONTENT_TYPE, form)], body).into_response())
}

struct ExportRows {
    result: QueryResult,
    columns: Vec<String>,
    format: ExportFormat,
    waiting: VecDeque<Bytes>,
}

impl ExportRows {
    async fn next(mut self) -> Option<(Result<Bytes, QueryError>, Self)> {
        if let Some(bytes) = self.waiting.pop_front() {
            return Some((Ok(bytes), self));
        }
        match self.result.next().await {
            Ok(None) => None,
            Err(fault) => {
                tracing::warn!("an export was cut");
                Some((Err(fault), self))
            }
            Ok(Some(batch)) => {
                let text: String = rows_to_json(&batch).iter().map(|row| self.line(row)).collect();
                Some((Ok(text.into()), self))
            }
        }
    }

    fn line(&self, row: &Map<String, Value>) -> String {
        match self.format {
            ExportFormat::Ndjson => serde_json::to_string(row).unwrap_or_default() + "\n",
            ExportFormat::Csv => {
                let cells: Vec<String> = self.columns.iter().map(|column| cell(row.get(column))).collect();
                csv_line(cells.iter().map(String::as_str))
            }
        }
    }
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A line of CSV (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection).
pub(crate) fn csv_line<'c>(cells: impl Iterator<Item = &'c str>) -> String {
    let mut line = String::new();
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            line.push(',');
        }
        let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
        let shown = if is_formula { format!("'{cell}") } else { cell.to_owned() };
        if shown.contains(['"', ',', '\n', '\r']) {
            line.push('"');
            line.push_str(&shown.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(&shown);
        }
    }
    line.push_str("\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_of_csv_is_quoted_and_is_no_formula() {
        let cells = ["a", "b,c", "say \"hi\"", "=cmd()", "-5", "@x", ""];
        assert_eq!(csv_line(cells.into_iter()), "a,\"b,c\",\"say \"\"hi\"\"\",'=cmd(),-5,'@x,\r\n");
    }
}
