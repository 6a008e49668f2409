//! The status page, of a build without console: one page of HTML with its script and style, embedded, nothing inline, nothing from elsewhere. It says on top how to make
//! the console.

use axum::Router;
use axum::http::{HeaderName, header};
use axum::routing::get;

const PAGE: &str = include_str!("page/status.html");
const SCRIPT: &str = include_str!("page/status.js");
const STYLE: &str = include_str!("page/status.css");

/// The routes of the page.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
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
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    #[test]
    fn what_the_script_hides_is_not_shown_whatever_else_the_style_says_of_it() {
        assert!(PAGE.contains("<form id=\"in\" hidden") && SCRIPT.contains(".hidden = "));
        assert!(
            STYLE.lines().any(|rule| rule == "[hidden] { display: none !important; }"),
            "a form has a display of its own"
        );
    }

    #[tokio::test]
    async fn a_build_without_console_says_at_its_root_how_to_make_one() {
        let asked = async |path: &str| {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            let response = routes::<()>().oneshot(request).await.unwrap();
            let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
            String::from_utf8(bytes.to_vec()).unwrap()
        };
        let page = asked("/").await;
        let (before, after) = page.split_once("<main>").unwrap();
        assert!(before.contains("has no console") && after.contains("id=\"groups\""), "{page}");
        assert!(
            before.contains(
                "<code>cd web &amp;&amp; npm ci &amp;&amp; npm run build</code>, then <code>cargo build</code>"
            )
        );
        assert_eq!((asked("/status.js").await, asked("/status.css").await), (SCRIPT.to_owned(), STYLE.to_owned()));
    }
}
