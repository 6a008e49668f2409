//! What Elasticsearch's senders ask for: `_bulk` and single documents are kept; what they ask before that is answered so that they go on.
//!
//! Nothing is indexed: index names and templates have no effect. Every answer carries `X-Elastic-Product`, without which the official clients refuse to talk.

mod answer;
mod bulk;
mod handlers;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};

pub use bulk::{Action, Fault, Item, Items, Operation};

use super::Shared;

/// The routes below the root or below `/elasticsearch`.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_bulk", post(handlers::bulk).put(handlers::bulk))
        .route("/{index}/_bulk", post(handlers::bulk_of).put(handlers::bulk_of))
        .route("/{index}/_doc", post(handlers::document))
        .route("/{index}/_doc/{id}", post(handlers::document_as).put(handlers::document_as))
        .route("/{index}/_create/{id}", post(handlers::document_as).put(handlers::document_as))
        .route("/_license", get(handlers::license))
        .route("/_xpack", get(handlers::xpack))
        .route("/_cluster/health", get(handlers::health))
        .route("/_index_template/{name}", any(handlers::exists))
        .route("/_component_template/{name}", any(handlers::exists))
        .route("/_template/{name}", any(handlers::exists))
        .route("/_ilm/policy/{name}", any(handlers::exists))
        .route("/_data_stream/{name}", any(handlers::exists))
        .route("/_ingest/pipeline", get(handlers::exists))
        .route("/_ingest/pipeline/{name}", any(handlers::exists))
}

/// `GET /`: which server this is.
pub(super) fn banner_route() -> Router<Arc<Shared>> {
    Router::new().route("/", get(handlers::banner))
}
