//! The handlers of HEC, and its words for what went wrong (Splunk, "HTTP Event Collector: possible error codes").

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use cordon_decode::frame::Lines;
use cordon_decode::{Framed, detect_format};
use cordon_model::{Delivery, Time};
use serde_json::json;

use super::events::{EventFault, Events};
use crate::live::http::body::Whole;
use crate::live::http::keep::Packer;
use crate::live::http::refusal::Refusal;
use crate::live::http::{Limits, Shared};
use crate::live::{DropReason, LiveSource};

/// An answer in HEC's form.
fn answer(status: StatusCode, text: &str, code: u16) -> Response {
    (status, Json(json!({ "text": text, "code": code }))).into_response()
}

fn refused(refusal: Refusal) -> Response {
    let response = match refusal {
        Refusal::NoCredentials => answer(StatusCode::UNAUTHORIZED, "Token is required", 2),
        Refusal::UnknownSender => answer(StatusCode::FORBIDDEN, "Invalid token", 4),
        _ if refusal.retry_after().is_some() => answer(refusal.status(), "Server is busy", 9),
        Refusal::Internal => answer(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error", 8),
        _ => answer(refusal.status(), "Invalid data format", 6),
    };
    refusal.dress(response)
}

fn faulty(fault: EventFault, number: usize) -> Response {
    let (status, text, code) = match fault {
        EventFault::Format => (StatusCode::BAD_REQUEST, "Invalid data format", 6),
        EventFault::Required => (StatusCode::BAD_REQUEST, "Event field is required", 12),
        EventFault::Blank => (StatusCode::BAD_REQUEST, "Event field cannot be blank", 13),
        EventFault::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, "Invalid data format", 6),
    };
    (status, Json(json!({ "text": text, "code": code, "invalid-event-number": number }))).into_response()
}

/// What a body is split for.
struct Job {
    source: Arc<LiveSource>,
    received: Time,
    limits: Limits,
}

/// What a body gave.
struct Split {
    deliveries: Vec<Delivery>,
    records: usize,
    fault: Option<EventFault>,
}

pub(super) async fn events(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    taken(&shared, request, split_events).await
}

pub(super) async fn raw(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    taken(&shared, request, split_lines).await
}

async fn taken(shared: &Shared, request: Request, split: fn(&[u8], &Job) -> Result<Split, Refusal>) -> Response {
    let (parts, body) = request.into_parts();
    match keep(shared, &parts, body, split).await {
        Ok(Split { fault: Some(fault), records, .. }) => faulty(fault, records),
        Ok(Split { records: 0, .. }) => answer(StatusCode::BAD_REQUEST, "No data", 5),
        Ok(_) => answer(StatusCode::OK, "Success", 0),
        Err(refusal) => refused(refusal),
    }
}

async fn keep(
    shared: &Shared,
    parts: &Parts,
    body: axum::body::Body,
    split: fn(&[u8], &Job) -> Result<Split, Refusal>,
) -> Result<Split, Refusal> {
    let caller = shared.caller(parts)?;
    let whole = Whole::read(shared, &parts.headers, body).await?;
    let job = Job { source: Arc::clone(&caller.source), received: (shared.clock)(), limits: shared.limits };
    let (mut split, _held) = whole.work(move |body, _| split(body, &job)).await?;
    match split.fault {
        Some(EventFault::TooLong) => shared.refused(&caller, DropReason::TooLong, 1),
        Some(_) => shared.refused(&caller, DropReason::Malformed, 1),
        None => {}
    }
    let records = u64::try_from(split.records).unwrap_or(u64::MAX);
    if records > 0 {
        shared.admit(&caller, records)?;
        shared.keep_all(&caller, std::mem::take(&mut split.deliveries)).await?;
    }
    Ok(split)
}

/// Events up to the first that is faulty.
fn split_events(body: &[u8], job: &Job) -> Result<Split, Refusal> {
    let mut packer = Packer::new(&job.source, job.received, "json");
    let (mut records, mut fault, mut record) = (0, None, Vec::new());
    for event in Events::new(body, job.limits.record_bytes_max) {
        if records >= job.limits.items_max {
            return Err(Refusal::TooMany);
        }
        match event {
            Ok(event) => {
                record.clear();
                event.write(&mut record);
                packer.unit(&record);
                records += 1;
            }
            Err(why) => fault = Some(why),
        }
    }
    Ok(Split { deliveries: packer.take(), records, fault })
}

/// Lines, in whatever format they look like.
fn split_lines(body: &[u8], job: &Job) -> Result<Split, Refusal> {
    let format = detect_format(body, true).map_or("", |format| format.name());
    let mut packer = Packer::new(&job.source, job.received, format);
    let mut lines = Lines::new(job.limits.record_bytes_max);
    let (mut at, mut records, mut fault) = (0, 0, None);
    while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
        at += match lines.next(rest, true) {
            Framed::Unit { start, end, next } => {
                packer.unit(rest.get(start..end).unwrap_or_default());
                records += 1;
                next
            }
            Framed::Fault { next, .. } => {
                fault = Some(EventFault::TooLong);
                next
            }
            Framed::Skip { next } | Framed::Header { next } => next,
            Framed::More => break,
        };
        if records > job.limits.items_max {
            return Err(Refusal::TooMany);
        }
    }
    Ok(Split { deliveries: packer.take(), records, fault })
}

/// Acknowledgement by channel is off: an answer of 200 says it already.
pub(super) async fn ack(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match shared.caller(&parts) {
        Ok(_) => answer(StatusCode::BAD_REQUEST, "ACK is disabled", 14),
        Err(refusal) => refused(refusal),
    }
}

/// Whether there is room; asks for no token, as Splunk's does not.
pub(super) async fn health(State(shared): State<Arc<Shared>>) -> Response {
    match shared.intake.has_room() {
        true => answer(StatusCode::OK, "HEC is healthy", 17),
        false => answer(StatusCode::SERVICE_UNAVAILABLE, "HEC is unhealthy, queues are full", 18),
    }
}
