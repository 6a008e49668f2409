//! Answers in FHIR's words: OperationOutcome, and the Bundle that answers a Bundle.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::bundle::{CARE, Faulty, Syntax};
use crate::live::http::refusal::Refusal;

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Created at this place.
    Created(String),
    /// Neither an AuditEvent nor a resource of care.
    Other,
}

impl Faulty {
    /// In words, with the code of FHIR's value set `issue-type`.
    const fn issue(self) -> (&'static str, &'static str) {
        match self {
            Self::Malformed => ("structure", "the body is not well-formed in the syntax that its content type names"),
            Self::OtherResource => (
                "not-supported",
                "AuditEvents are taken, and in JSON the types of care that GET /fhir/metadata names; each at its own route, in Bundles at the base",
            ),
            Self::OtherBundle => (
                "not-supported",
                "a Bundle is taken when its type is batch, transaction, history or subscription-notification",
            ),
            Self::TooMany => ("too-long", "the Bundle has more entries than one request may bring"),
        }
    }

    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::OtherResource | Self::OtherBundle => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }
}

/// The answer to a body that is not taken.
pub(super) fn faulty(syntax: Syntax, faulty: Faulty) -> Response {
    let (code, words) = faulty.issue();
    outcome(syntax, faulty.status(), code, words)
}

/// The answer to a request that is refused.
pub(super) fn refused(syntax: Syntax, refusal: Refusal) -> Response {
    let code = match refusal {
        Refusal::NoCredentials => "login",
        Refusal::UnknownSender | Refusal::MayNotImport => "forbidden",
        Refusal::TooLarge | Refusal::TooMany => "too-long",
        Refusal::RateLimit { .. } => "throttled",
        Refusal::Crowded | Refusal::NotKept(_) => "transient",
        Refusal::Encoding | Refusal::MediaType => "not-supported",
        Refusal::Damaged | Refusal::Malformed(_) | Refusal::Interrupted => "structure",
        Refusal::Internal => "exception",
    };
    refusal.dress(outcome(syntax, refusal.status(), code, &refusal.to_string()))
}

/// An OperationOutcome with one issue.
fn outcome(syntax: Syntax, status: StatusCode, code: &str, words: &str) -> Response {
    let body = match syntax {
        Syntax::Json => {
            let issue = json!([{ "severity": "error", "code": code, "diagnostics": words }]);
            json!({ "resourceType": "OperationOutcome", "issue": issue }).to_string()
        }
        Syntax::Xml => format!(
            "<OperationOutcome xmlns=\"http://hl7.org/fhir\"><issue><severity value=\"error\"/><code value=\"{code}\"/><diagnostics value=\"{words}\"/></issue></OperationOutcome>"
        ),
    };
    respond(syntax, status, body)
}

/// The answer to a newer version that is kept.
pub(super) fn updated(syntax: Syntax) -> Response {
    respond(syntax, StatusCode::OK, String::new())
}

/// The answer to a resource that is kept, which would be found at `location`.
pub(super) fn created(syntax: Syntax, location: &str) -> Response {
    let mut response = respond(syntax, StatusCode::CREATED, String::new());
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response.headers_mut().insert(ETAG, HeaderValue::from_static("W/\"1\""));
    response
}

/// The answer to a Bundle, entry by entry in its order.
pub(super) fn answered(syntax: Syntax, is_transaction: bool, entries: &[Told]) -> Response {
    let kind = if is_transaction { "transaction-response" } else { "batch-response" };
    let (code, words) = Faulty::OtherResource.issue();
    let body = match syntax {
        Syntax::Json => {
            let issue = json!([{ "severity": "error", "code": code, "diagnostics": words }]);
            let outcome = json!({ "resourceType": "OperationOutcome", "issue": issue });
            let all = entries.iter().map(|entry| match entry {
                Told::Created(location) => {
                    json!({ "response": { "status": "201 Created", "location": location, "etag": "W/\"1\"" } })
                }
                Told::Other => json!({ "response": { "status": "422 Unprocessable Entity", "outcome": outcome } }),
            });
            json!({ "resourceType": "Bundle", "type": kind, "entry": all.collect::<Vec<_>>() }).to_string()
        }
        Syntax::Xml => {
            let all = entries.iter().map(|entry| match entry {
                Told::Created(location) => format!(
                    "<entry><response><status value=\"201 Created\"/><location value=\"{location}\"/><etag value=\"W/&quot;1&quot;\"/></response></entry>"
                ),
                Told::Other => format!(
                    "<entry><response><status value=\"422 Unprocessable Entity\"/><outcome><OperationOutcome><issue><severity value=\"error\"/><code value=\"{code}\"/><diagnostics value=\"{words}\"/></issue></OperationOutcome></outcome></response></entry>"
                ),
            });
            format!(
                "<Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"{kind}\"/>{}</Bundle>",
                all.collect::<String>()
            )
        }
    };
    respond(syntax, StatusCode::OK, body)
}

/// What this server does, as far as clients ask before they send.
pub(super) fn capabilities() -> Response {
    let create = json!({ "code": "create" });
    let mut resource = vec![json!({ "type": "AuditEvent", "interaction": [create] })];
    resource.extend(CARE.map(|kind| json!({ "type": kind, "interaction": [create, { "code": "update" }] })));
    let rest = json!([{ "mode": "server", "resource": resource, "interaction": [{ "code": "batch" }, { "code": "transaction" }] }]);
    let body = json!({
        "resourceType": "CapabilityStatement", "status": "active", "date": "2026-01-01", "kind": "capability",
        "fhirVersion": "4.0.1", "format": ["json", "xml"], "rest": rest,
    });
    respond(Syntax::Json, StatusCode::OK, body.to_string())
}

fn respond(syntax: Syntax, status: StatusCode, body: String) -> Response {
    let media = match syntax {
        Syntax::Json => "application/fhir+json; charset=utf-8",
        Syntax::Xml => "application/fhir+xml; charset=utf-8",
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}
