//! Splunk's HTTP Event Collector: `/services/collector`, with events in JSON or as lines. An answer of 200 says that all is durable, so acknowledgement by
//! channel, which Splunk has for that, is answered as switched off.

mod events;
mod handlers;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub use events::{Event, EventFault, Events};

use super::Shared;

/// The routes, also in the spelling with the version behind them.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/services/collector", post(handlers::events))
        .route("/services/collector/event", post(handlers::events))
        .route("/services/collector/event/1.0", post(handlers::events))
        .route("/services/collector/raw", post(handlers::raw))
        .route("/services/collector/raw/1.0", post(handlers::raw))
        .route("/services/collector/ack", post(handlers::ack))
        .route("/services/collector/health", get(handlers::health))
        .route("/services/collector/health/1.0", get(handlers::health))
}
