//! All routes, and the description that comes out of them.

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;
use crate::{health, layers, page};

/// Where the description is.
pub const OPENAPI_PATH: &str = "/api/v1/openapi.json";

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "Cordon",
    description = "The API of a Cordon node.",
    license(name = "Apache-2.0", identifier = "Apache-2.0")
))]
struct Description;

/// The whole interface over a node.
pub fn router(state: ApiState) -> Router {
    let (routes, description) = described().split_for_parts();
    let text: Arc<str> = description.to_json().unwrap_or_default().into();
    let openapi = get(async move || ([(header::CONTENT_TYPE, "application/json")], text.to_string()));
    let routes = routes.merge(page::routes()).route(OPENAPI_PATH, openapi);
    layers::around(routes, &state).with_state(state)
}

/// The description of every route.
#[must_use]
pub fn description() -> OpenApi {
    described().into_openapi()
}

fn described() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
}
