//! The handlers of FHIR's routes.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::Response;
use cordon_model::Delivery;

use super::bundle::{Bundle, Entry, Faulty, Syntax};
use super::outcome::{self, Told};
use crate::live::DropReason;
use crate::live::http::Shared;
use crate::live::http::body::Whole;
use crate::live::http::keep::Packer;
use crate::live::http::refusal::Refusal;
use crate::live::http::sender::Caller;
use crate::live::keep::units;

/// The decoder of AuditEvents.
const AUDIT_EVENTS: &str = "fhir_audit_event";
/// That of every other resource.
const OTHERS: &str = "json";

/// Why a request is not answered with success.
enum Stopped {
    Faulty(Faulty),
    Refused(Refusal),
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What of a body is kept: AuditEvents, and resources of care.
struct Packers {
    events: Packer,
    care: Packer,
}

impl Packers {
    fn take(&mut self) -> Vec<Delivery> {
        let mut all = self.events.take();
        all.extend(self.care.take());
        all
    }
}

/// What a body is split into; a fault of it is not one of the request.
type Split<T> = Result<(T, Vec<Delivery>), Faulty>;

pub(super) async fn audit_event(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(syntax) = syntax_of(&parts.headers) else { return outcome::refused(Syntax::Json, Refusal::MediaType) };
    let split = move |body: &[u8], mut packers: Packers, _: usize| {
        syntax.audit_event(body)?;
        packers.events.unit(body);
        Ok(((), packers.take()))
    };
    match keep(&shared, &parts, body, split).await {
        Ok(()) => outcome::created(syntax, &location("AuditEvent", &shared)),
        Err(stopped) => told(syntax, stopped),
    }
}

/// A resource of care.
pub(super) async fn create(State(shared): State<Arc<Shared>>, Path(kind): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(syntax) = syntax_of(&parts.headers) else { return outcome::refused(Syntax::Json, Refusal::MediaType) };
    match keep(&shared, &parts, body, split_care(syntax, kind)).await {
        Ok(kind) => outcome::created(syntax, &location(kind, &shared)),
        Err(stopped) => told(syntax, stopped),
    }
}

/// The newest version of a resource of care, as a subscription of R4 sends it.
pub(super) async fn update(
    State(shared): State<Arc<Shared>>,
    Path((kind, _)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(syntax) = syntax_of(&parts.headers) else { return outcome::refused(Syntax::Json, Refusal::MediaType) };
    match keep(&shared, &parts, body, split_care(syntax, kind)).await {
        Ok(_) => outcome::updated(syntax),
        Err(stopped) => told(syntax, stopped),
    }
}

fn split_care(syntax: Syntax, kind: String) -> impl FnOnce(&[u8], Packers, usize) -> Split<&'static str> {
    move |body, mut packers, _| {
        let kind = syntax.care(&kind, body)?;
        packers.care.unit(body);
        Ok((kind, packers.take()))
    }
}

pub(super) async fn bundle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(syntax) = syntax_of(&parts.headers) else { return outcome::refused(Syntax::Json, Refusal::MediaType) };
    let split =
        move |body: &[u8], packers: Packers, entries_max: usize| split_bundle(syntax, body, packers, entries_max);
    match keep(&shared, &parts, body, split).await {
        Ok((is_transaction, kept)) => {
            let entry = |kept: &Option<&'static str>| match kept {
                Some(kind) => Told::Created(location(kind, &shared)),
                None => Told::Other,
            };
            outcome::answered(syntax, is_transaction, &kept.iter().map(entry).collect::<Vec<_>>())
        }
        Err(stopped) => told(syntax, stopped),
    }
}

/// What this server does; asks for no token, as FHIR's servers do.
pub(super) async fn metadata() -> Response {
    outcome::capabilities()
}

/// Whether it is a transaction, and of each entry the type under which it is kept.
fn split_bundle(
    syntax: Syntax,
    body: &[u8],
    mut packers: Packers,
    entries_max: usize,
) -> Split<(bool, Vec<Option<&'static str>>)> {
    let Bundle { is_transaction, entries } = syntax.bundle(body, entries_max)?;
    let kind = |entry: &Entry<'_>| match entry {
        Entry::AuditEvent(_) => Some("AuditEvent"),
        Entry::Care(kind, _) => Some(*kind),
        Entry::Other => None,
    };
    let kept: Vec<Option<&'static str>> = entries.iter().map(kind).collect();
    if is_transaction && kept.contains(&None) {
        return Err(Faulty::OtherResource);
    }
    match syntax {
        Syntax::Json => entries.iter().for_each(|entry| match entry {
            Entry::AuditEvent(bytes) => packers.events.unit(bytes),
            Entry::Care(_, bytes) => packers.care.unit(bytes),
            Entry::Other => {}
        }),
        Syntax::Xml if kept.iter().any(Option::is_some) => packers.events.unit(body),
        Syntax::Xml => {}
    }
    Ok(((is_transaction, kept), packers.take()))
}

async fn keep<T: Send + 'static>(
    shared: &Shared,
    parts: &Parts,
    body: axum::body::Body,
    split: impl FnOnce(&[u8], Packers, usize) -> Split<T> + Send + 'static,
) -> Result<T, Stopped> {
    let caller = shared.caller(parts)?;
    let whole = Whole::read(shared, &parts.headers, body).await?;
    let packer = |format| Packer::new(&caller.source, (shared.clock)(), format);
    let packers = Packers { events: packer(AUDIT_EVENTS), care: packer(OTHERS) };
    let limits = shared.limits;
    let work = whole.work(move |body, _| {
        let body = body.trim_ascii();
        if body.len() > limits.body_bytes_max {
            return Err(Refusal::TooLarge);
        }
        Ok(split(body, packers, limits.items_max))
    });
    let (split, _held) = work.await?;
    let (told, deliveries) = split.map_err(|faulty| {
        shared.refused(&caller, DropReason::Malformed, 1);
        Stopped::Faulty(faulty)
    })?;
    check_lengths(shared, &caller, &deliveries)?;
    let records = deliveries.iter().map(units).sum();
    if records > 0 {
        shared.admit(&caller, records)?;
        shared.keep_all(&caller, deliveries).await?;
    }
    Ok(told)
}

/// Refuses what holds a record that is too long.
fn check_lengths(shared: &Shared, caller: &Caller, deliveries: &[Delivery]) -> Result<(), Refusal> {
    let units = deliveries.iter().flat_map(|delivery| &delivery.units);
    let long = units.filter(|unit| unit.end - unit.start > shared.limits.record_bytes_max).count();
    shared.refused(caller, DropReason::TooLong, u64::try_from(long).unwrap_or(u64::MAX));
    if long > 0 { Err(Refusal::TooLarge) } else { Ok(()) }
}

fn told(syntax: Syntax, stopped: Stopped) -> Response {
    match stopped {
        Stopped::Faulty(faulty) => outcome::faulty(syntax, faulty),
        Stopped::Refused(refusal) => outcome::refused(syntax, refusal),
    }
}

/// The syntax of the body, which is that of the answer too.
fn syntax_of(headers: &HeaderMap) -> Result<Syntax, Refusal> {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/fhir+json" | "application/json" | "application/json+fhir" => Ok(Syntax::Json),
        "application/fhir+xml" | "application/xml" | "text/xml" | "application/xml+fhir" => Ok(Syntax::Xml),
        _ => Err(Refusal::MediaType),
    }
}

/// Where a resource would be found, were it read back.
fn location(kind: &str, shared: &Shared) -> String {
    format!("{kind}/{:020x}/_history/1", shared.next_id())
}
