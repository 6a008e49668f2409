//! The handlers of FHIR's routes.

use std::sync::Arc;

use axum::extract::{Request, State};
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
const FORMAT: &str = "fhir_audit_event";

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

/// What a body is split into; a fault of it is not one of the request.
type Split<T> = Result<(T, Vec<Delivery>), Faulty>;

pub(super) async fn audit_event(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(syntax) = syntax_of(&parts.headers) else { return outcome::refused(Syntax::Json, Refusal::MediaType) };
    let split = move |body: &[u8], mut packer: Packer, _: usize| {
        syntax.audit_event(body)?;
        packer.unit(body);
        Ok(((), packer.take()))
    };
    match keep(&shared, &parts, body, split).await {
        Ok(()) => outcome::created(syntax, &id(&shared)),
        Err(stopped) => told(syntax, stopped),
    }
}

pub(super) async fn bundle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(syntax) = syntax_of(&parts.headers) else { return outcome::refused(Syntax::Json, Refusal::MediaType) };
    let split = move |body: &[u8], packer: Packer, entries_max: usize| split_bundle(syntax, body, packer, entries_max);
    match keep(&shared, &parts, body, split).await {
        Ok((is_transaction, kept)) => {
            let entry = |kept: &bool| if *kept { Told::Created(id(&shared)) } else { Told::Other };
            outcome::answered(syntax, is_transaction, &kept.iter().map(entry).collect::<Vec<_>>())
        }
        Err(stopped) => told(syntax, stopped),
    }
}

/// What this server does; asks for no token, as FHIR's servers do.
pub(super) async fn metadata() -> Response {
    outcome::capabilities()
}

/// Whether it is a transaction, and of each entry whether it is kept.
fn split_bundle(syntax: Syntax, body: &[u8], mut packer: Packer, entries_max: usize) -> Split<(bool, Vec<bool>)> {
    let Bundle { is_transaction, entries } = syntax.bundle(body, entries_max)?;
    let kept: Vec<bool> = entries.iter().map(|entry| matches!(entry, Entry::AuditEvent(_))).collect();
    if is_transaction && kept.contains(&false) {
        return Err(Faulty::OtherResource);
    }
    match syntax {
        Syntax::Json => entries.iter().for_each(|entry| {
            if let Entry::AuditEvent(bytes) = entry {
                packer.unit(bytes);
            }
        }),
        Syntax::Xml if kept.contains(&true) => packer.unit(body),
        Syntax::Xml => {}
    }
    Ok(((is_transaction, kept), packer.take()))
}

async fn keep<T: Send + 'static>(
    shared: &Shared,
    parts: &Parts,
    body: axum::body::Body,
    split: impl FnOnce(&[u8], Packer, usize) -> Split<T> + Send + 'static,
) -> Result<T, Stopped> {
    let caller = shared.caller(parts)?;
    let whole = Whole::read(shared, &parts.headers, body).await?;
    let packer = Packer::new(&caller.source, (shared.clock)(), FORMAT);
    let limits = shared.limits;
    let work = whole.work(move |body, _| {
        let body = body.trim_ascii();
        if body.len() > limits.body_bytes_max {
            return Err(Refusal::TooLarge);
        }
        Ok(split(body, packer, limits.items_max))
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

fn id(shared: &Shared) -> String {
    format!("{:020x}", shared.next_id())
}
