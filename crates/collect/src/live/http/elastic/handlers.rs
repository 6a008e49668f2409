//! The handlers of Elasticsearch's routes.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Path, Query, Request, State};
use axum::http::request::Parts as RequestParts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use cordon_model::Delivery;
use serde::Deserialize;
use serde_json::json;

use super::answer::{self, BulkAnswer, Outcome, Parts};
use super::bulk::{Action, Fault, Items};
use crate::live::DropReason;
use crate::live::http::Shared;
use crate::live::http::body::{Held, Whole};
use crate::live::http::keep::{Kept, Packer};
use crate::live::http::members::is_object;
use crate::live::http::refusal::Refusal;

/// The version whose senders' side is answered. Beats and Logstash send to servers of an older minor version too.
const VERSION: &str = "8.19.0";

#[derive(Debug, Default, Deserialize)]
pub(super) struct Filter {
    filter_path: Option<String>,
}

pub(super) async fn bulk(
    State(shared): State<Arc<Shared>>,
    Query(filter): Query<Filter>,
    request: Request,
) -> Response {
    answered(&shared, None, &filter, request).await
}

pub(super) async fn bulk_of(
    State(shared): State<Arc<Shared>>,
    Path(index): Path<String>,
    Query(filter): Query<Filter>,
    request: Request,
) -> Response {
    answered(&shared, Some(index), &filter, request).await
}

async fn answered(shared: &Shared, index: Option<String>, filter: &Filter, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let wanted = Parts::of(filter.filter_path.as_deref());
    match keep_bulk(shared, index, &parts, body, wanted).await {
        Ok(body) => answer::json(&parts.headers, StatusCode::OK, body),
        Err(refusal) => answer::refusal(&parts.headers, refusal),
    }
}

/// The items of a request, and the deliveries made of those that can be kept.
struct Split {
    items: Vec<(Arc<Action>, Option<Fault>)>,
    deliveries: Vec<Delivery>,
}

async fn keep_bulk(
    shared: &Shared,
    index: Option<String>,
    parts: &RequestParts,
    body: axum::body::Body,
    wanted: Parts,
) -> Result<Vec<u8>, Refusal> {
    let start = Instant::now();
    let caller = shared.caller(parts)?;
    let whole = Whole::read(shared, &parts.headers, body).await?;
    let packer = Packer::new(&caller.source, (shared.clock)(), "json");
    let (limits, has_index) = (shared.limits, index.is_some());
    let work =
        move |body: &[u8], _: &mut Held| split(body, has_index, packer, limits.items_max, limits.record_bytes_max);
    let (split, _held) = whole.work(work).await?;
    let faults = |wanted: fn(Fault) -> bool| split.items.iter().filter(|(_, fault)| fault.is_some_and(wanted)).count();
    let (long, malformed) = (faults(|fault| fault == Fault::TooLong), faults(|fault| fault != Fault::TooLong));
    shared.refused(&caller, DropReason::TooLong, count(long));
    shared.refused(&caller, DropReason::Malformed, count(malformed));
    let good = split.items.len() - long - malformed;
    if good > 0 {
        shared.admit(&caller, count(good))?;
    }
    let kept = shared.keep(&caller, split.deliveries).await;
    if let Some(why) = all_failed(&kept).filter(|_| long + malformed == 0) {
        return Err(Refusal::NotKept(why));
    }
    let mut bulk_answer = BulkAnswer::new(wanted);
    let mut outcomes = kept.iter().flat_map(|kept| (0..kept.records).map(|_| kept.result));
    for (action, fault) in &split.items {
        let outcome = match fault {
            Some(fault) => Outcome::Fault(*fault),
            None => outcomes.next().unwrap_or(Ok(())).map_or_else(Outcome::NotKept, |()| Outcome::Kept),
        };
        bulk_answer.item(action, index.as_deref().unwrap_or_default(), shared.next_id(), outcome);
    }
    Ok(bulk_answer.finish(start.elapsed().as_millis()))
}

fn split(
    body: &[u8],
    has_index: bool,
    mut packer: Packer,
    items_max: usize,
    record_bytes_max: usize,
) -> Result<Split, Refusal> {
    let mut items = Vec::new();
    for item in Items::new(body, has_index, record_bytes_max) {
        if items.len() >= items_max {
            return Err(Refusal::TooMany);
        }
        if let Ok(document) = item.document {
            packer.unit(document);
        }
        items.push((item.action, item.document.err()));
    }
    Ok(Split { items, deliveries: packer.take() })
}

/// Why nothing was kept, when that is so.
fn all_failed(kept: &[Kept]) -> Option<crate::live::NotKept> {
    let first = kept.first()?.result.err()?;
    kept.iter().all(|kept| kept.result.is_err()).then_some(first)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

pub(super) async fn document(
    State(shared): State<Arc<Shared>>,
    Path(index): Path<String>,
    request: Request,
) -> Response {
    one_document(&shared, index, None, request).await
}

pub(super) async fn document_as(
    State(shared): State<Arc<Shared>>,
    Path((index, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    one_document(&shared, index, Some(id), request).await
}

async fn one_document(shared: &Shared, index: String, id: Option<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let kept = keep_document(shared, &parts, body).await;
    if let Err(refusal) = kept {
        return answer::refusal(&parts.headers, refusal);
    }
    let number = shared.next_id();
    let body = json!({
        "_index": index, "_id": id.unwrap_or_else(|| format!("{number:020x}")), "_version": 1, "result": "created",
        "_shards": { "total": 1, "successful": 1, "failed": 0 }, "_seq_no": number, "_primary_term": 1,
    });
    answer::value(&parts.headers, StatusCode::CREATED, &body)
}

async fn keep_document(shared: &Shared, parts: &RequestParts, body: axum::body::Body) -> Result<(), Refusal> {
    let caller = shared.caller(parts)?;
    let whole = Whole::read(shared, &parts.headers, body).await?;
    let mut packer = Packer::new(&caller.source, (shared.clock)(), "json");
    let record_bytes_max = shared.limits.record_bytes_max;
    let result = whole.work(move |body, _| {
        let document = body.trim_ascii();
        if document.len() > record_bytes_max {
            return Err(Refusal::TooLarge);
        }
        if !is_object(document) {
            return Err(Refusal::Malformed("the document is no JSON object"));
        }
        packer.unit(document);
        Ok(packer.take())
    });
    let deliveries = match result.await {
        Ok((deliveries, _)) => deliveries,
        Err(refusal) => {
            let reason = if refusal == Refusal::TooLarge { DropReason::TooLong } else { DropReason::Malformed };
            shared.refused(&caller, reason, 1);
            return Err(refusal);
        }
    };
    shared.admit(&caller, 1)?;
    shared.keep_all(&caller, deliveries).await.map(|_| ())
}

/// Asks who sends before a question is answered: the answers tell nothing, but a sender with a wrong token should learn of it here.
fn for_senders(shared: &Shared, parts: &RequestParts, answer: impl FnOnce(&HeaderMap) -> Response) -> Response {
    match shared.caller(parts) {
        Ok(_) => answer(&parts.headers),
        Err(refusal) => answer::refusal(&parts.headers, refusal),
    }
}

fn told(shared: &Shared, request: Request, body: &serde_json::Value) -> Response {
    let (parts, _) = request.into_parts();
    for_senders(shared, &parts, |headers| answer::value(headers, StatusCode::OK, body))
}

pub(super) async fn banner(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let body = json!({
        "name": "cordon", "cluster_name": "cordon", "cluster_uuid": "cordon",
        "version": {
            "number": VERSION, "build_flavor": "default", "build_type": "cordon", "build_hash": "unknown",
            "build_date": "1970-01-01T00:00:00.000Z", "build_snapshot": false, "lucene_version": "9.12.2",
            "minimum_wire_compatibility_version": "7.17.0", "minimum_index_compatibility_version": "7.0.0",
        },
        "tagline": "You Know, for Search",
    });
    told(&shared, request, &body)
}

pub(super) async fn license(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let license =
        json!({ "status": "active", "uid": "cordon", "type": "basic", "issued_to": "cordon", "issuer": "cordon" });
    told(&shared, request, &json!({ "license": license }))
}

pub(super) async fn xpack(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let license = json!({ "uid": "cordon", "type": "basic", "mode": "basic", "status": "active" });
    let off = json!({ "available": false, "enabled": false });
    let features = json!({ "ilm": off, "monitoring": off, "security": off });
    told(&shared, request, &json!({ "license": license, "features": features }))
}

pub(super) async fn health(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let body = json!({
        "cluster_name": "cordon", "status": "green", "timed_out": false, "number_of_nodes": 1, "number_of_data_nodes": 1,
    });
    told(&shared, request, &body)
}

/// Templates, life-cycle policies, data streams and pipelines. They have no meaning here, so a sender is told that its own is there, and one that brings it
/// that it was taken note of; then it goes on to send.
pub(super) async fn exists(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let body = match *request.method() {
        Method::GET | Method::HEAD => json!({}),
        _ => json!({ "acknowledged": true }),
    };
    told(&shared, request, &body)
}
