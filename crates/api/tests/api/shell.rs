//! What stands around every route, and the sockets.

use std::net::SocketAddr;
use std::time::Duration;

use cordon_api::{Part, PartState, Peer, ServeError, ServeLimits, TlsFiles, serve, server_config};
use cordon_model::Time;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::played::{Played, ask, request};

#[tokio::test]
async fn what_no_route_takes_is_a_problem_with_all_headers() {
    let played = Played::start().await;
    let router = &played.router;
    let missing = ask(router, request("GET", "/nowhere")).await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.header("content-type"), "application/problem+json");
    assert_eq!(
        missing.text,
        r#"{"type":"urn:cordon:problem:not-found","title":"Not found","status":404,"detail":"no such address; /api/v1/openapi.json lists all"}"#
    );
    let wrong = ask(router, request("DELETE", "/health/live")).await;
    assert_eq!((wrong.status.as_u16(), wrong.header("allow")), (405, "GET,HEAD"));
    assert_eq!(wrong.header("content-type"), "application/problem+json");
    for answer in [missing, wrong] {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("strict-transport-security"), "");
    }
}

#[tokio::test]
async fn only_an_encrypted_answer_demands_encryption() {
    let played = Played::start().await;
    let router = &played.router;
    let mut encrypted = request("GET", "/");
    encrypted.extensions_mut().insert(Peer { address: SocketAddr::from(([192, 0, 2, 1], 9)), is_tls: true });
    let answer = ask(router, encrypted).await;
    assert_eq!((answer.status.as_u16(), answer.header("strict-transport-security")), (200, "max-age=31536000"));
}

#[tokio::test]
async fn a_node_with_a_failed_part_lives_and_is_not_ready() {
    let played = Played::start().await;
    let (node, router) = (&played.node, &played.router);
    let read = async |path| {
        let answer = ask(router, request("GET", path)).await;
        (answer.status.as_u16(), answer.text)
    };
    assert_eq!(read("/health/ready").await, (200, r#"{"status":"ready"}"#.to_owned()));
    let broken = Part { name: "wal", state: PartState::Failed, detail: "the disk is read-only".to_owned() };
    node.parts.lock().unwrap().push(broken);
    assert_eq!(read("/health/ready").await, (503, r#"{"status":"not_ready"}"#.to_owned()));
    assert_eq!(read("/health/live").await, (200, r#"{"status":"live"}"#.to_owned()));
}

#[tokio::test]
async fn metrics_are_for_this_machine() {
    let played = Played::start().await;
    let router = &played.router;
    let from = |address: [u8; 4]| {
        let mut request = request("GET", "/metrics");
        request.extensions_mut().insert(Peer { address: SocketAddr::from((address, 9)), is_tls: true });
        request
    };
    assert_eq!(ask(router, from([192, 0, 2, 1])).await.status, 401);
    assert_eq!(ask(router, request("GET", "/metrics")).await.status, 401);
    let answer = ask(router, from([127, 0, 0, 1])).await;
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let refused = "cordon_http_requests_total{method=\"GET\",route=\"/metrics\",status=\"401\"} 2\n";
    assert!(answer.text.contains(refused), "{}", answer.text);
    assert!(answer.text.contains("# TYPE cordon_wal_bytes gauge\ncordon_wal_bytes 12\n"), "{}", answer.text);
}

#[tokio::test]
async fn the_page_holds_nothing_inline() {
    let played = Played::start().await;
    let router = &played.router;
    let page = ask(router, request("GET", "/")).await.text;
    assert!(
        !page.contains("<style") && !page.contains("style=") && !page.contains("onclick") && !page.contains("<script>")
    );
    let named = [" src=\"", " href=\""].into_iter().flat_map(|mark| page.split(mark).skip(1));
    let named: Vec<&str> = named.map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(named.len() >= 2, "{page}");
    for part in named {
        assert!(part.starts_with('/') && !part.starts_with("//"), "{part}");
        let answer = ask(router, request("GET", part)).await;
        assert_eq!((answer.status.as_u16(), answer.header("x-content-type-options")), (200, "nosniff"), "{part}");
    }
}

#[tokio::test]
async fn outside_loopback_nothing_is_served_without_tls() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let played = Played::start().await;
    let router = &played.router;
    let served = serve(listener, None, router.clone(), ServeLimits::default(), CancellationToken::new()).await;
    assert!(matches!(served, Err(ServeError::PlainOutside(_))), "{served:?}");
}

#[tokio::test]
async fn a_node_makes_its_certificate_once_and_serves_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let now = Time::from_rfc3339("2025-12-10T12:00:00Z").unwrap();
    let files = TlsFiles::own(folder.path(), &names, now).unwrap();
    let certificate = std::fs::read(&files.certificate).unwrap();
    assert_eq!(TlsFiles::own(folder.path(), &names, now).unwrap(), files);
    assert_eq!(std::fs::read(&files.certificate).unwrap(), certificate);
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&files.key).unwrap());
    assert_eq!(mode & 0o777, 0o600);

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let tls = Some(server_config(&files).unwrap());
    let played = Played::start().await;
    let router = &played.router;
    let server = tokio::spawn(serve(listener, tls, router.clone(), ServeLimits::default(), stop.clone()));
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let root = reqwest::Certificate::from_pem(&certificate).unwrap();
    let client = reqwest::Client::builder().tls_built_in_root_certs(false).add_root_certificate(root).build().unwrap();
    let answer = client.get(format!("https://localhost:{}/health/live", address.port())).send().await.unwrap();
    assert_eq!(answer.headers().get("strict-transport-security").unwrap(), "max-age=31536000");
    assert_eq!(answer.text().await.unwrap(), r#"{"status":"live"}"#);
    stop.cancel();
    server.await.unwrap().unwrap();
}

/// Serves on loopback with these limits.
async fn served(limits: ServeLimits) -> (SocketAddr, Played, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let played = Played::start().await;
    let router = &played.router;
    tokio::spawn(serve(listener, None, router.clone(), limits, stop.clone()));
    (address, played, stop)
}

#[tokio::test]
async fn a_head_that_never_ends_and_an_idle_connection_are_closed() {
    let limits = ServeLimits { head_max: Duration::from_millis(200), ..ServeLimits::default() };
    let (address, _played, _stop) = served(limits).await;
    for start in [&b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: "[..], b"", b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(start).await.unwrap();
        let mut read = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut read)).await;
        assert!(ended.is_ok(), "still open after: {}", String::from_utf8_lossy(start));
    }
}

#[tokio::test]
async fn one_address_does_not_take_all_connections() {
    let limits = ServeLimits { connections_per_address_max: 2, ..ServeLimits::default() };
    let (address, _played, _stop) = served(limits).await;
    let hello = b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(hello).await.unwrap();
        assert!(stream.read_u8().await.is_ok());
        kept.push(stream);
    }
    let mut third = TcpStream::connect(address).await.unwrap();
    let _may_be_closed_already = third.write_all(hello).await;
    let mut read = Vec::new();
    let _closed_or_reset = third.read_to_end(&mut read).await;
    assert_eq!(read, b"");
}

#[test]
fn nothing_in_the_description_is_a_number_and_an_object_at_once() {
    fn walk(value: &serde_json::Value, place: &str) {
        let types: Vec<_> = value
            .get("allOf")
            .and_then(|all| all.as_array())
            .into_iter()
            .flatten()
            .filter_map(|one| one.get("type"))
            .collect();
        assert!(types.windows(2).all(|pair| pair[0] == pair[1]), "{place}: {types:?}");
        match value {
            serde_json::Value::Object(members) => {
                members.iter().for_each(|(name, member)| walk(member, &format!("{place}/{name}")))
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, place)),
            _ => {}
        }
    }
    walk(&cordon_api::description(), "");
}
