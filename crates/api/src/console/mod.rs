//! The console: the pages that people work with. Files that npm made of `web/` and that the build put into the binary; nothing is read from a disk.
//!
//! In come addresses and what a browser takes. Out goes one page of HTML for every address of a page, whose script shows what the address says, and the files that it
//! names. It needs no decision: the page holds nothing, and what it shows it asks the API for. This file does not know what the files are.

mod embedded;

use std::borrow::Cow;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

pub(crate) use self::embedded::built;
use crate::extract::Path;
use crate::problem::{Problem, ProblemKind};

/// A file of the console by its path below `web/dist`.
pub(crate) type Find = fn(&str) -> Option<Cow<'static, [u8]>>;

/// Addresses of pages.
const PAGES: [&str; 16] = [
    "/",
    "/findings",
    "/privacy",
    "/privacy/{id}",
    "/privacy/records/{handle}",
    "/explore",
    "/sources",
    "/rules",
    "/rules/{id}",
    "/entities/{handle}",
    "/settings",
    "/settings/{part}",
    "/models",
    "/models/{id}",
    "/audit",
    "/design",
];

/// Content types by the ending of a file. A file of another ending is not handed out.
const TYPES: [(&str, &str); 7] = [
    ("css", "text/css; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("woff2", "font/woff2"),
];

/// Of files that keep their name when they change.
const ASKED_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
/// Of files whose name has a digest of what they hold: they are never asked for again.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The routes of the console.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(find: Find) -> Router<S> {
    let page = get(async move |headers: HeaderMap| file(find, "index.html", ASKED_AGAIN, &headers));
    let mark = get(async move |headers: HeaderMap| file(find, "mark.svg", ASKED_AGAIN, &headers));
    let asset = get(async move |Path(path): Path<String>, headers: HeaderMap| {
        file(find, &format!("assets/{path}"), KEPT, &headers)
    });
    let pages = PAGES.iter().fold(Router::new(), |router, address| router.route(address, page.clone()));
    pages.route("/mark.svg", mark).route("/assets/{*path}", asset)
}

/// What a browser gets that goes to an address of no page: the page, which says so and leads on, as 404. `None` for programs and for addresses below `/api` and
/// `/assets`, which get a problem.
pub(crate) fn lost(find: Find, request: &Request) -> Option<Response> {
    let path = request.uri().path();
    let is_ours = ["/api/", "/assets/"].iter().any(|below| path.starts_with(below));
    if request.method() != Method::GET || is_ours || !takes_html(request.headers()) {
        return None;
    }
    let mut response = file(find, "index.html", ASKED_AGAIN, request.headers());
    *response.status_mut() = StatusCode::NOT_FOUND;
    Some(response)
}

/// Whether a browser shows the answer to somebody: only then it asks for HTML by name.
fn takes_html(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|form| form.trim().to_ascii_lowercase().starts_with("text/html"))
}

/// A file, packed when it is there so and whoever asks takes it. Nothing is packed here: npm did that once.
fn file(find: Find, path: &str, cache: HeaderValue, headers: &HeaderMap) -> Response {
    let packed = find(&format!("{path}.gz"));
    let varies = packed.is_some();
    let packed = packed.filter(|_| takes_gzip(headers));
    let is_packed = packed.is_some();
    let Some((bytes, form)) = packed.or_else(|| find(path)).zip(content_type(path)) else {
        let detail = "there is no such file; load the page again, the node may be of another version by now";
        return Problem::new(ProblemKind::NotFound, detail).into_response();
    };
    let mut response = ([(header::CONTENT_TYPE, form)], bytes).into_response();
    let answered = response.headers_mut();
    answered.insert(header::CACHE_CONTROL, cache);
    if varies {
        answered.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    if is_packed {
        answered.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn content_type(path: &str) -> Option<&'static str> {
    let (_, ending) = path.rsplit_once('.')?;
    TYPES.iter().find(|(known, _)| *known == ending).map(|(_, form)| *form)
}

/// Whether a browser takes gzip (RFC 9110 section 12.5.3): by what it says of gzip, else of everything.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let codings: Vec<(&str, bool)> = lines.flat_map(|line| line.split(',')).map(coding).collect();
    let said = |name: &str| codings.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    said("gzip").or_else(|| said("*")).is_some_and(|(_, is_taken)| *is_taken)
}

/// The name of a coding, and whether it is taken: with a weight of 0 it is not.
fn coding(text: &str) -> (&str, bool) {
    let (name, weight) = text.split_once(';').unwrap_or((text, ""));
    let weight = weight.trim().trim_start_matches(['q', 'Q']).trim_start_matches('=').parse::<f32>();
    (name.trim(), !weight.is_ok_and(|weight| weight <= 0.0))
}

#[cfg(test)]
mod tests;
