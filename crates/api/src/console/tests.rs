//! The console over files that a test hands in.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use tower::ServiceExt as _;

use super::*;

/// A console as npm makes it.
fn files(path: &str) -> Option<Cow<'static, [u8]>> {
    let text = match path {
        "index.html" => "<!doctype html><script type=\"module\" src=\"/assets/app-1a2b.js\"></script>",
        "index.html.gz" => "packed page",
        "assets/app-1a2b.js" => "plain script",
        "assets/app-1a2b.js.gz" => "packed script",
        "assets/app-1a2b.css" | "assets/deep/app.map" => "plain style",
        "mark.svg" => "<svg/>",
        _ => return None,
    };
    Some(Cow::Borrowed(text.as_bytes()))
}

/// Status, headers in question and body of an answer.
async fn asked(method: &str, path: &str, takes: &str) -> (StatusCode, String, String) {
    let request = Request::builder().method(method).uri(path).header("accept-encoding", takes);
    let request = request.body(Body::empty()).unwrap();
    let response = routes::<()>(files).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let header = |name: &str| parts.headers.get(name).map_or("-", |value| value.to_str().unwrap());
    let told = ["content-type", "content-encoding", "vary", "cache-control"].map(header).join(" | ");
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (parts.status, told, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn check(path: &str, takes: &str, told: &str, text: &str) {
    let expect = (StatusCode::OK, told.to_owned(), text.to_owned());
    assert_eq!(asked("GET", path, takes).await, expect, "{path}");
}

#[tokio::test]
async fn every_address_of_a_page_is_the_same_page_and_is_asked_for_again() {
    let told = "text/html; charset=utf-8 | gzip | Accept-Encoding | no-cache";
    for address in PAGES {
        let address = address.replace(['{', '}'], "x");
        check(&address, "gzip", told, "packed page").await;
        assert_eq!(asked("POST", &address, "").await.0, StatusCode::METHOD_NOT_ALLOWED);
    }
    let (_, told, text) = asked("GET", "/findings?state=any", "").await;
    assert_eq!(told, "text/html; charset=utf-8 | - | Accept-Encoding | no-cache");
    assert!(text.starts_with("<!doctype html>"));
    assert_eq!(asked("HEAD", "/", "gzip").await.2, "");
}

#[tokio::test]
async fn an_asset_is_kept_for_a_year_and_goes_out_packed_to_who_takes_it() {
    let kept = "public, max-age=31536000, immutable";
    let script = "text/javascript; charset=utf-8";
    check("/assets/app-1a2b.js", "br, gzip", &format!("{script} | gzip | Accept-Encoding | {kept}"), "packed script")
        .await;
    check("/assets/app-1a2b.js", "br", &format!("{script} | - | Accept-Encoding | {kept}"), "plain script").await;
    check("/assets/app-1a2b.css", "gzip", &format!("text/css; charset=utf-8 | - | - | {kept}"), "plain style").await;
    check("/mark.svg", "gzip", "image/svg+xml | - | - | no-cache", "<svg/>").await;
}

#[tokio::test]
async fn what_is_no_file_of_the_console_is_a_problem() {
    for path in [
        "/assets/app-0000.js",
        "/assets/app-1a2b.js.gz",
        "/assets/deep/app.map",
        "/assets/../index.html",
        "/assets/%2e%2e/index.html",
        "/assets/",
        "/assets/app-1a2b",
    ] {
        let (status, told, _) = asked("GET", path, "gzip").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(path == "/assets/" || told.starts_with("application/problem+json"), "{path}: {told}");
    }
    assert_eq!(asked("GET", "/index.html", "").await.0, StatusCode::NOT_FOUND);
}

#[test]
fn who_looks_for_a_page_that_is_not_there_gets_the_page_that_says_so() {
    let found = |method: &str, path: &str, accept: &str| {
        let request = Request::builder().method(method).uri(path).header("accept", accept).body(Body::empty()).unwrap();
        lost(files, &request).map(|response| (response.status(), response.headers()["content-type"].clone()))
    };
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = Some((StatusCode::NOT_FOUND, HeaderValue::from_static("text/html; charset=utf-8")));
    assert_eq!(found("GET", "/nowhere", browser), page);
    assert_eq!(found("GET", "/findings/17", "application/json, Text/HTML"), page);
    for (method, path, accept) in [
        ("GET", "/nowhere", "*/*"),
        ("GET", "/nowhere", "application/json"),
        ("POST", "/nowhere", browser),
        ("GET", "/api/v1/nowhere", browser),
        ("GET", "/assets/nowhere.js", browser),
    ] {
        assert_eq!(found(method, path, accept), None, "{method} {path} {accept}");
    }
}

#[test]
fn gzip_is_taken_by_name_or_with_everything_unless_its_weight_is_nothing() {
    let check = |takes: &'static [&'static str], expect: bool| {
        let mut headers = HeaderMap::new();
        takes.iter().for_each(|line| {
            headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(line));
        });
        assert_eq!(takes_gzip(&headers), expect, "{takes:?}");
    };
    check(&["gzip, deflate, br, zstd"], true);
    check(&["br", "GZIP;q=0.5"], true);
    check(&["*"], true);
    check(&["gzip;q=1.0, identity; q=0.5, *;q=0"], true);
    check(&[], false);
    check(&[""], false);
    check(&["br"], false);
    check(&["gzip;q=0, *"], false);
    check(&["gzip ; q=0.000"], false);
    check(&["*;q=0"], false);
    check(&["gzipped"], false);
}

#[test]
fn content_types_are_those_of_the_endings() {
    for (ending, form) in TYPES {
        assert_eq!(content_type(&format!("a/b.c.{ending}")), Some(form));
    }
    assert_eq!((content_type("a.map"), content_type("js"), content_type("")), (None, None, None));
}
