//! The status page: one page of HTML with its script and style, embedded, nothing inline, nothing from elsewhere.

use axum::Router;
use axum::http::{HeaderName, header};
use axum::routing::get;

use crate::state::ApiState;

const PAGE: &str = include_str!("page/status.html");
const SCRIPT: &str = include_str!("page/status.js");
const STYLE: &str = include_str!("page/status.css");

/// The routes of the page.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/", get(async || file("text/html; charset=utf-8", PAGE)))
        .route("/status.js", get(async || file("text/javascript; charset=utf-8", SCRIPT)))
        .route("/status.css", get(async || file("text/css; charset=utf-8", STYLE)))
}

fn file(form: &'static str, text: &'static str) -> ([(HeaderName, &'static str); 2], &'static str) {
    ([(header::CONTENT_TYPE, form), (header::CACHE_CONTROL, "no-cache")], text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_script_hides_is_not_shown_whatever_else_the_style_says_of_it() {
        assert!(PAGE.contains("<form id=\"in\" hidden") && SCRIPT.contains(".hidden = "));
        assert!(
            STYLE.lines().any(|rule| rule == "[hidden] { display: none !important; }"),
            "a form has a display of its own"
        );
    }
}
