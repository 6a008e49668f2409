//! Saved searches: one's own, and those that others share.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use cordon_store::state::{NewSearch, SavedSearch};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::allowed::{Allowed, ChangeSavedSearches, ReadSavedSearches};
use crate::extract::{Json, Path};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{IfMatch, Moment, PageBody, etag, if_match};

/// A search that somebody keeps.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SavedSearch)]
pub(crate) struct SearchBody {
    /// Number.
    id: i64,
    /// Whose it is.
    owner: String,
    /// Name.
    name: String,
    /// The search, as it was given.
    query: String,
    /// Whether everybody may use it.
    is_shared: bool,
    /// Rises with every change; the ETag.
    revision: u64,
    /// When it was last changed.
    changed: Moment,
}

impl From<SavedSearch> for SearchBody {
    fn from(search: SavedSearch) -> Self {
        Self {
            id: search.search_id,
            owner: search.owner,
            name: search.name,
            query: search.query,
            is_shared: search.shared,
            revision: search.revision,
            changed: Moment(search.changed),
        }
    }
}

/// A search to be kept.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchGiven {
    /// Name, 1 to 200 letters.
    name: String,
    /// The search, at most 16 KiB.
    query: String,
    /// Whether everybody may use it.
    #[serde(default)]
    is_shared: bool,
}

impl From<SearchGiven> for NewSearch {
    fn from(given: SearchGiven) -> Self {
        Self { name: given.name, query: given.query, shared: given.is_shared }
    }
}

/// Lists one's own searches and those that others share.
#[utoipa::path(get, path = "/api/v1/saved-searches", tag = "events",
    responses((status = 200, body = PageBody<SearchBody>, description = "All, at most 5,000")))]
pub(crate) async fn list(
    allowed: Allowed<ReadSavedSearches>,
    State(state): State<ApiState>,
) -> Result<Json<PageBody<SearchBody>>, Problem> {
    let searches = state.kept().searches(allowed.name()).await?;
    Ok(Json(PageBody::whole(searches.into_iter().map(Into::into).collect())))
}

/// Keeps a search.
#[utoipa::path(post, path = "/api/v1/saved-searches", tag = "events", request_body = SearchGiven,
    responses((status = 201, body = SearchBody, description = "Kept", headers(("ETag" = String)))))]
pub(crate) async fn add(
    allowed: Allowed<ChangeSavedSearches>,
    State(state): State<ApiState>,
    Json(given): Json<SearchGiven>,
) -> Result<Response, Problem> {
    let search = state.kept().add_search(&allowed.by(), &given.into()).await?;
    Ok((StatusCode::CREATED, etag(search.revision), Json(SearchBody::from(search))).into_response())
}

/// Changes one's own search.
#[utoipa::path(put, path = "/api/v1/saved-searches/{id}", tag = "events",
    params(("id" = i64, Path, description = "Number of the search"), IfMatch), request_body = SearchGiven,
    responses((status = 200, body = SearchBody, description = "The search as it is now", headers(("ETag" = String)))))]
pub(crate) async fn change(
    allowed: Allowed<ChangeSavedSearches>,
    State(state): State<ApiState>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    Json(given): Json<SearchGiven>,
) -> Result<Response, Problem> {
    let revision = Some(if_match(&headers)?);
    let search = state.kept().change_search(&allowed.by(), id, revision, &given.into()).await?;
    Ok((etag(search.revision), Json(SearchBody::from(search))).into_response())
}

/// Removes one's own search.
#[utoipa::path(delete, path = "/api/v1/saved-searches/{id}", tag = "events", params(("id" = i64, Path, description = "Number of the search")),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn remove(
    allowed: Allowed<ChangeSavedSearches>,
    State(state): State<ApiState>,
    Path(id): Path<i64>,
) -> Result<StatusCode, Problem> {
    state.kept().remove_search(&allowed.by(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
