//! OTLP over HTTP, logs (OpenTelemetry protocol 1.9, "OTLP/HTTP"): `POST /v1/logs` in protobuf or JSON. Each LogRecord becomes one record in JSON.

mod handler;
mod message;
mod record;
mod request;
mod windows;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;

pub use request::{Export, Records, Rejected};

use super::Shared;

/// The route that exporters append to their endpoint.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/v1/logs", post(handler::logs))
}
