//! The file of a case, to be taken out: as JSON, or as one page to be printed. Audited before it leaves.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::body::IncidentBody;
use super::{incident_id, printable, whole};
use crate::allowed::{Allowed, ReadIncidents};
use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::state::ApiState;

/// How the file is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CaseFormat {
    /// As this API shows a case.
    #[default]
    Json,
    /// One page to be printed, without anything from elsewhere.
    Html,
}

/// How the file is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// JSON when nothing is said.
    #[serde(default)]
    #[param(inline)]
    format: CaseFormat,
}

/// Takes a case out, with its custody. Accounts stand in it as they are shown to whoever takes it.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/export", tag = "incidents",
    params(("id" = String, Path, description = "Id of the case"), ExportQuery),
    responses((status = 200, description = "The file", content((IncidentBody = "application/json"), (String = "text/html")))))]
pub(crate) async fn export(
    allowed: Allowed<ReadIncidents>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let shown = state.kept().incident(allowed.scope(), incident_id(&id)?).await?;
    let (kind, ending) = match query.format {
        CaseFormat::Json => ("application/json", "json"),
        CaseFormat::Html => ("text/html; charset=utf-8", "html"),
    };
    state.kept().note_incident_export(&allowed.by(), &shown, ending).await?;
    let body = whole(&state, &allowed, shown).await?;
    let name = format!("attachment; filename=\"case-{}.{ending}\"", body.id());
    let text = match query.format {
        CaseFormat::Json => serde_json::to_string_pretty(&body).map_err(|fault| Problem::internal(&fault))?,
        CaseFormat::Html => printable::page(&body),
    };
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], text).into_response())
}
