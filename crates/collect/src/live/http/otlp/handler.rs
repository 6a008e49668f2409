//! The handler of `/v1/logs`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use cordon_model::Delivery;
use prost::Message;
use serde_json::json;

use super::message::{ExportResponse, PartialSuccess, Status};
use super::request::{Export, Records, Rejected};
use crate::live::DropReason;
use crate::live::http::body::{Held, Whole};
use crate::live::http::keep::Packer;
use crate::live::http::refusal::Refusal;
use crate::live::http::{Limits, Shared};
use crate::live::keep::units;

/// Takes a request of log records.
pub(super) async fn logs(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let export = export_of(&parts.headers);
    let kept = match export {
        Ok(export) => keep(&shared, &parts, body, export).await,
        Err(refusal) => Err(refusal),
    };
    let export = export.unwrap_or(Export::Json);
    match kept {
        Ok(rejected) => success(export, rejected),
        Err(refusal) => failure(export, refusal),
    }
}

fn export_of(headers: &HeaderMap) -> Result<Export, Refusal> {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/x-protobuf" | "application/protobuf" => Ok(Export::Protobuf),
        "application/json" => Ok(Export::Json),
        _ => Err(Refusal::MediaType),
    }
}

/// The records of a request.
struct Packed<'h> {
    packer: Packer,
    records: usize,
    malformed: u64,
    long: u64,
    limits: Limits,
    /// Bytes of the body, which are held too.
    body: usize,
    held: &'h mut Held,
    refused: Option<Refusal>,
}

impl Records for Packed<'_> {
    fn record(&mut self, record: Result<&[u8], Rejected>) -> bool {
        match record {
            Ok(bytes) => self.packer.unit(bytes),
            Err(Rejected::Malformed) => self.malformed += 1,
            Err(Rejected::TooLong) => self.long += 1,
        }
        self.records += 1;
        // What all records of a resource share is written into each: a request can become much longer than it was.
        let bytes = self.packer.bytes();
        let room =
            if bytes > self.limits.body_bytes_max { Err(Refusal::TooLarge) } else { self.held.grow(self.body + bytes) };
        let few = if self.records > self.limits.items_max { Err(Refusal::TooMany) } else { Ok(()) };
        self.refused = few.and(room).err();
        self.refused.is_none()
    }
}

struct Split {
    deliveries: Vec<Delivery>,
    malformed: u64,
    long: u64,
}

/// How many log records were rejected; all others are durable.
async fn keep(shared: &Shared, parts: &Parts, body: Body, export: Export) -> Result<u64, Refusal> {
    let caller = shared.caller(parts)?;
    let whole = Whole::read(shared, &parts.headers, body).await?;
    let (packer, limits) = (Packer::new(&caller.source, (shared.clock)(), "json"), shared.limits);
    let worked = whole.work(move |body, held| {
        let mut packed =
            Packed { packer, records: 0, malformed: 0, long: 0, limits, body: body.len(), held, refused: None };
        let read = export.read(body, limits.record_bytes_max, &mut packed);
        if let Some(refusal) = packed.refused {
            return Err(refusal);
        }
        read.map_err(|_| Refusal::Malformed("the body is no ExportLogsServiceRequest"))?;
        Ok(Split { deliveries: packed.packer.take(), malformed: packed.malformed, long: packed.long })
    });
    let (Split { deliveries, malformed, long }, _held) = match worked.await {
        Ok(worked) => worked,
        Err(refusal) => {
            shared.refused(&caller, DropReason::Malformed, u64::from(matches!(refusal, Refusal::Malformed(_))));
            return Err(refusal);
        }
    };
    shared.refused(&caller, DropReason::Malformed, malformed);
    shared.refused(&caller, DropReason::TooLong, long);
    let records = deliveries.iter().map(units).sum();
    if records > 0 {
        shared.admit(&caller, records)?;
        shared.keep_all(&caller, deliveries).await?;
    }
    Ok(malformed + long)
}

const REJECTED: &str = "log records that cannot be read or are longer than a record may be were not kept";

fn success(export: Export, rejected: u64) -> Response {
    let body = match (export, rejected) {
        (Export::Protobuf, 0) => Vec::new(),
        (Export::Protobuf, _) => {
            let rejected_log_records = i64::try_from(rejected).unwrap_or(i64::MAX);
            let partial_success = Some(PartialSuccess { rejected_log_records, error_message: REJECTED.into() });
            ExportResponse { partial_success }.encode_to_vec()
        }
        (Export::Json, 0) => b"{}".to_vec(),
        (Export::Json, _) => {
            let partial = json!({ "rejectedLogRecords": rejected.to_string(), "errorMessage": REJECTED });
            json!({ "partialSuccess": partial }).to_string().into_bytes()
        }
    };
    respond(export, StatusCode::OK, body)
}

fn failure(export: Export, refusal: Refusal) -> Response {
    let message = refusal.to_string();
    let code = match refusal.status() {
        StatusCode::UNAUTHORIZED => 16,
        StatusCode::FORBIDDEN => 7,
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::TOO_MANY_REQUESTS => 8,
        StatusCode::SERVICE_UNAVAILABLE => 14,
        StatusCode::INTERNAL_SERVER_ERROR => 13,
        _ => 3,
    };
    let body = match export {
        Export::Protobuf => Status { code, message }.encode_to_vec(),
        Export::Json => json!({ "code": code, "message": message }).to_string().into_bytes(),
    };
    refusal.dress(respond(export, refusal.status(), body))
}

fn respond(export: Export, status: StatusCode, body: Vec<u8>) -> Response {
    let media = match export {
        Export::Protobuf => "application/x-protobuf",
        Export::Json => "application/json",
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}
