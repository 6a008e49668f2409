//! FHIR AuditEvents (IHE RESTful ATNA, ITI-20): `POST /fhir/AuditEvent` and a Bundle of them at `POST /fhir`, in JSON or XML, of any release. Resources of care in
//! JSON: `POST /fhir/Encounter` and its likes, `PUT` with an id as the subscriptions of R4 send them, and in Bundles.
//!
//! They are kept and never read back, so what is created has a Location that names it but does not answer.

mod bundle;
mod handlers;
mod outcome;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post, put};

pub use bundle::{Bundle, CARE, Entry, Faulty, Syntax};

use super::Shared;

/// The routes below the base `/fhir`.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/fhir/AuditEvent", post(handlers::audit_event))
        .route("/fhir", post(handlers::bundle))
        .route("/fhir/", post(handlers::bundle))
        .route("/fhir/metadata", get(handlers::metadata))
        .route("/fhir/{kind}", post(handlers::create))
        .route("/fhir/{kind}/{id}", put(handlers::update))
}
