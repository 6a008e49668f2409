//! The answers that Elasticsearch's senders read.

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

use super::bulk::{Action, Fault};
use crate::live::NotKept;
use crate::live::http::refusal::Refusal;

/// The official clients send it and want it back.
const VENDOR_TYPE: &str = "application/vnd.elasticsearch+json";

/// A response in JSON with the headers that clients look for.
pub(super) fn json(headers: &HeaderMap, status: StatusCode, body: Vec<u8>) -> Response {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let compatible = ["8", "9"].into_iter().find(|version| {
        accept.contains(VENDOR_TYPE) && accept.replace(' ', "").contains(&format!("compatible-with={version}"))
    });
    let media = match compatible {
        Some("8") => HeaderValue::from_static("application/vnd.elasticsearch+json;compatible-with=8"),
        Some(_) => HeaderValue::from_static("application/vnd.elasticsearch+json;compatible-with=9"),
        None => HeaderValue::from_static("application/json"),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, media);
    response.headers_mut().insert("x-elastic-product", HeaderValue::from_static("Elasticsearch"));
    response
}

/// A value as such a response.
pub(super) fn value(headers: &HeaderMap, status: StatusCode, value: &serde_json::Value) -> Response {
    json(headers, status, value.to_string().into_bytes())
}

/// A refusal in Elasticsearch's words. What the sender should repeat is a 429: that is what all of them repeat.
pub(super) fn refusal(headers: &HeaderMap, refusal: Refusal) -> Response {
    let status = if refusal.retry_after().is_some() { StatusCode::TOO_MANY_REQUESTS } else { refusal.status() };
    let kind = match status {
        StatusCode::TOO_MANY_REQUESTS => "es_rejected_execution_exception",
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "security_exception",
        StatusCode::PAYLOAD_TOO_LARGE => "content_too_long_exception",
        _ => "illegal_argument_exception",
    };
    let reason = refusal.to_string();
    let cause = serde_json::json!([{ "type": kind, "reason": reason }]);
    let error = serde_json::json!({ "root_cause": cause, "type": kind, "reason": reason });
    let body = serde_json::json!({ "error": error, "status": status.as_u16() });
    let mut response = refusal.dress(value(headers, status, &body));
    if status == StatusCode::UNAUTHORIZED {
        let basic = HeaderValue::from_static("Basic realm=\"cordon\", charset=\"UTF-8\"");
        response.headers_mut().insert(axum::http::header::WWW_AUTHENTICATE, basic);
    }
    response
}

/// What became of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Kept,
    Fault(Fault),
    NotKept(NotKept),
}

impl Outcome {
    const fn status(self) -> u16 {
        match self {
            Self::Kept => 201,
            Self::Fault(Fault::TooLong) => 413,
            Self::Fault(_) => 400,
            Self::NotKept(_) => 429,
        }
    }

    /// Type and reason of the error.
    fn error(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Kept => return None,
            Self::Fault(Fault::Action) => ("illegal_argument_exception", "the line is no action of a bulk request"),
            Self::Fault(Fault::Operation) => {
                ("illegal_argument_exception", "only index and create: what is kept is never changed")
            }
            Self::Fault(Fault::Document) => ("document_parsing_exception", "the document is no JSON object"),
            Self::Fault(Fault::TooLong) => {
                ("document_parsing_exception", "the document is longer than a record may be")
            }
            Self::Fault(Fault::NoIndex) => ("action_request_validation_exception", "an index is missing"),
            Self::Fault(Fault::LongId) => ("illegal_argument_exception", "the id has more than 512 bytes"),
            Self::NotKept(_) => ("es_rejected_execution_exception", "not kept; send it again"),
        })
    }
}

/// Which parts of a bulk answer the sender wants: `filter_path`, as far as senders use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    took: bool,
    errors: bool,
    /// Members of the items; `None` for all.
    of_items: Option<Vec<String>>,
}

impl Parts {
    /// All of it.
    pub(super) const ALL: Self = Self { took: true, errors: true, of_items: None };

    /// Of a `filter_path`: names joined with commas, `items.*.NAME` for members of items. Others than those name nothing.
    pub(super) fn of(filter: Option<&str>) -> Self {
        let Some(filter) = filter.filter(|filter| !filter.is_empty()) else { return Self::ALL };
        let mut parts = Self { took: false, errors: false, of_items: Some(Vec::new()) };
        filter.split(',').for_each(|path| parts.add(&path.split('.').collect::<Vec<_>>()));
        parts
    }

    fn add(&mut self, path: &[&str]) {
        match path {
            ["took"] => self.took = true,
            ["errors"] => self.errors = true,
            ["*" | "**"] => *self = Self::ALL,
            ["items"] | ["items", "*" | "**"] | ["items", "*", "*" | "**"] => self.of_items = None,
            ["items", _, name, ..] => {
                self.of_items.as_mut().into_iter().for_each(|names| names.push((*name).to_owned()));
            }
            _ => {}
        }
    }

    fn item_has(&self, name: &str) -> bool {
        self.of_items.as_ref().is_none_or(|names| names.iter().any(|known| known == name))
    }
}

/// The answer to a bulk request, built item by item.
pub(super) struct BulkAnswer {
    parts: Parts,
    items: Vec<u8>,
    errors: bool,
}

impl BulkAnswer {
    pub(super) const fn new(parts: Parts) -> Self {
        Self { parts, items: Vec::new(), errors: false }
    }

    /// Adds an item; `number` makes its id when it names none.
    pub(super) fn item(&mut self, action: &Action, index: &str, number: u64, outcome: Outcome) {
        self.errors |= outcome != Outcome::Kept;
        let mut members: Vec<u8> = Vec::with_capacity(160);
        let index = action.index.as_deref().unwrap_or(index);
        self.text(&mut members, "_index", index);
        match &action.id {
            Some(id) => self.text(&mut members, "_id", id),
            None if outcome == Outcome::Kept => self.text(&mut members, "_id", &format!("{number:020x}")),
            None => {}
        }
        if outcome == Outcome::Kept {
            self.raw(&mut members, "_version", "1");
            self.raw(&mut members, "result", "\"created\"");
            self.raw(&mut members, "_shards", "{\"total\":1,\"successful\":1,\"failed\":0}");
            self.raw(&mut members, "_seq_no", &number.to_string());
            self.raw(&mut members, "_primary_term", "1");
        }
        self.raw(&mut members, "status", &outcome.status().to_string());
        if let Some((kind, reason)) = outcome.error() {
            self.raw(&mut members, "error", &serde_json::json!({ "type": kind, "reason": reason }).to_string());
        }
        if members.is_empty() {
            return;
        }
        let opening: &[u8] = if self.items.is_empty() { b"{\"" } else { b",{\"" };
        self.items.extend_from_slice(opening);
        self.items.extend_from_slice(action.operation.name().as_bytes());
        self.items.extend_from_slice(b"\":{");
        self.items.extend_from_slice(&members);
        self.items.extend_from_slice(b"}}");
    }

    /// The body.
    pub(super) fn finish(self, took_milliseconds: u128) -> Vec<u8> {
        let mut members = Vec::new();
        if self.parts.took {
            members.push(format!("\"took\":{took_milliseconds}").into_bytes());
        }
        if self.parts.errors {
            members.push(format!("\"errors\":{}", self.errors).into_bytes());
        }
        if self.parts.of_items.is_none() || !self.items.is_empty() {
            members.push([b"\"items\":[".as_slice(), &self.items, b"]"].concat());
        }
        [b"{".as_slice(), &members.join(&b','), b"}"].concat()
    }

    fn text(&self, members: &mut Vec<u8>, name: &str, text: &str) {
        if self.parts.item_has(name) {
            self.raw(members, name, &serde_json::Value::from(text).to_string());
        }
    }

    fn raw(&self, members: &mut Vec<u8>, name: &str, value: &str) {
        if !self.parts.item_has(name) {
            return;
        }
        if !members.is_empty() {
            members.push(b',');
        }
        members.push(b'"');
        members.extend_from_slice(name.as_bytes());
        members.extend_from_slice(b"\":");
        members.extend_from_slice(value.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::http::elastic::Operation;

    fn check(filter: Option<&str>, expect: &str) {
        let mut answer = BulkAnswer::new(Parts::of(filter));
        let named = Action { operation: Operation::Create, index: Some("logs".into()), id: Some("a\"b".into()) };
        let unnamed = Action { operation: Operation::Index, index: None, id: None };
        answer.item(&named, "", 7, Outcome::Kept);
        answer.item(&unnamed, "x", 8, Outcome::Fault(Fault::Document));
        assert_eq!(String::from_utf8(answer.finish(3)).unwrap(), expect, "{filter:?}");
    }

    #[test]
    fn an_answer_has_the_parts_that_are_asked_for() {
        const ERROR: &str =
            r#""error":{"type":"document_parsing_exception","reason":"the document is no JSON object"}"#;
        check(
            None,
            &format!(
                r#"{{"took":3,"errors":true,"items":[{{"create":{{"_index":"logs","_id":"a\"b","_version":1,"result":"created","_shards":{{"total":1,"successful":1,"failed":0}},"_seq_no":7,"_primary_term":1,"status":201}}}},{{"index":{{"_index":"x","status":400,{ERROR}}}}}]}}"#
            ),
        );
        check(
            Some("errors,items.*.error,items.*.status"),
            &format!(
                r#"{{"errors":true,"items":[{{"create":{{"status":201}}}},{{"index":{{"status":400,{ERROR}}}}}]}}"#
            ),
        );
        check(Some("errors,items.*.error"), &format!(r#"{{"errors":true,"items":[{{"index":{{{ERROR}}}}}]}}"#));
        check(Some("took"), r#"{"took":3}"#);
    }

    #[test]
    fn an_id_of_ours_has_twenty_digits() {
        let mut answer = BulkAnswer::new(Parts::of(Some("items.*._id")));
        answer.item(&Action { operation: Operation::Index, index: None, id: None }, "x", 255, Outcome::Kept);
        assert_eq!(answer.finish(0), br#"{"items":[{"index":{"_id":"000000000000000000ff"}}]}"#);
    }
}
