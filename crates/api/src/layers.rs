//! What stands around every route: limits of size and time, headers of security, answers for what no route takes, the counts.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use crate::console;
use crate::metrics::Counts;
use crate::peer::Peer;
use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;

/// Most bytes of a body: the longest are texts of rules and queries.
pub(crate) const BODY_BYTES_MAX: usize = 1 << 20;
/// A route answers within this time, or within that of a search and a little more, or with 503. What streams has answered once its head is sent.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// What a route may take beyond the time of a search.
const BESIDE_SEARCH: Duration = Duration::from_secs(10);

/// What a page of ours may load: its own script and style, nothing inline, nothing from elsewhere; nobody may frame it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Puts all of it around the routes.
pub(crate) fn around(routes: Router<ApiState>, state: &ApiState) -> Router<ApiState> {
    routes
        .fallback(nowhere)
        .method_not_allowed_fallback(async || Problem::new(ProblemKind::MethodNotAllowed, "see the header Allow"))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(state.clone(), in_time))
        .layer(middleware::from_fn_with_state(state.clone(), counted))
        .layer(middleware::from_fn(with_headers))
}

/// What no route takes.
async fn nowhere(request: Request) -> Response {
    let page = console::built().and_then(|find| console::lost(find, &request));
    page.unwrap_or_else(|| {
        Problem::new(ProblemKind::NotFound, "no such address; /api/v1/openapi.json lists all").into_response()
    })
}

async fn in_time(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let longest = ANSWER_MAX.max(state.search_max() + BESIDE_SEARCH);
    let Ok(response) = tokio::time::timeout(longest, next.run(request)).await else {
        let detail = format!("there is no answer within {} s; narrow what is asked", longest.as_secs());
        return Problem::new(ProblemKind::Timeout, detail).retry_after(30).into_response();
    };
    response
}

async fn counted(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", |path| path.as_str()).to_owned();
    let method = request.method().clone();
    let started = tokio::time::Instant::now();
    let response = next.run(request).await;
    Counts::answered(state.counts(), &method, &route, response.status(), started.elapsed());
    response
}

async fn with_headers(request: Request, next: Next) -> Response {
    let is_tls = request.extensions().get::<Peer>().is_some_and(|peer| peer.is_tls);
    let mut response = next.run(request).await;
    let status = response.status();
    put_headers(response.headers_mut(), is_tls, status);
    response
}

fn put_headers(headers: &mut HeaderMap, is_tls: bool, status: StatusCode) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if !headers.contains_key(header::CACHE_CONTROL) || status.is_client_error() {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
