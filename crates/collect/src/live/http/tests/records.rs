//! `/intake/v1/raw` and `/intake/v1/deliveries`, and what holds on every route.

use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;

use super::{Log, NOW, Node};
use crate::live::http::{FrameHead, Limits, frame};
use crate::live::{DropReason, NotKept};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

async fn check_raw(path: &str, headers: &[(&str, &str)], body: &str, answer: &str, records: &[&str]) {
    let node = Node::new(Log::Keeps);
    let reply = node.send("POST", path, "lab", headers, body.to_owned()).await;
    assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, answer), "{body}");
    assert_eq!(node.records(), records, "{body}");
}

#[tokio::test]
async fn each_line_of_ndjson_is_a_record_whatever_it_holds() {
    check_raw(
        "/intake/v1/raw",
        &[("Content-Type", "application/x-ndjson; charset=utf-8")],
        "{\"a\":1}\r\n\n{\"a\" 2}\n{\"a\":3}",
        r#"{"accepted":3,"faults":{}}"#,
        &["http/lab json {\"a\":1}", "http/lab json {\"a\" 2}", "http/lab json {\"a\":3}"],
    )
    .await;
}

#[tokio::test]
async fn a_format_is_named_or_recognised() {
    let message = "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID|1\r";
    let hl7 = "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID|1";
    let two = format!("{message}{message}");
    let expect = format!("http/lab hl7 {hl7}");
    let ok = |number| format!("{{\"accepted\":{number},\"faults\":{{}}}}");
    check_raw("/intake/v1/raw?format=hl7", &[], &two, &ok(2), &[&expect, &expect]).await;
    check_raw("/intake/v1/raw", &[], &two, &ok(2), &[&expect, &expect]).await;
    let line = "<13>Dec 10 04:47:28 host app: text";
    let expect = format!("http/lab syslog {line}");
    check_raw("/intake/v1/raw", &[("Content-Type", "text/plain")], &format!("{line}\n"), &ok(1), &[&expect]).await;
    check_raw(
        "/intake/v1/raw",
        &[],
        "[{\"a\":1},{\"a\":2}]",
        &ok(2),
        &["http/lab json {\"a\":1}", "http/lab json {\"a\":2}"],
    )
    .await;
    check_raw("/intake/v1/raw", &[], "", &ok(0), &[]).await;
}

#[tokio::test]
async fn rows_travel_with_the_header_above_them() {
    let node = Node::new(Log::Keeps);
    let body = "time,user,what\n1,2,3\n4,5,6\n";
    assert_eq!(node.post("/intake/v1/raw?format=csv", "lab", body).await.status, StatusCode::OK);
    let kept = node.kept();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].header.as_slice(), kept[0].units.len()), (&b"time,user,what\n"[..], 2));
    let node = Node::new(Log::Keeps);
    let log = |path: &str| format!("#separator \\x09\n#path\t{path}\n#fields\tts\tuid\n1.0\tC1\n2.0\tC2\n");
    let body = format!("{}{}", log("dns"), log("http"));
    let reply = node.post("/intake/v1/raw?format=zeek", "lab", body).await;
    assert_eq!(reply.body, r#"{"accepted":4,"faults":{}}"#);
    let headers: Vec<_> = node.kept().iter().map(|kept| String::from_utf8(kept.header.clone()).unwrap()).collect();
    let header = |path: &str| format!("#separator \\x09\n#path\t{path}\n#fields\tts\tuid\n");
    assert_eq!(headers, [header("dns"), header("http")]);
}

#[tokio::test]
async fn what_is_no_record_is_counted_by_name() {
    let node = Node::new(Log::Keeps);
    let reply = node.post("/intake/v1/raw", "lab", "{\"a\":1}\n{\"a\" 2\n{\"a\":3}\n").await;
    assert_eq!(reply.body, r#"{"accepted":2,"faults":{"json_malformed":1}}"#);
    assert_eq!(node.counted("lab"), (3, vec![(DropReason::Malformed, 1)]));
    let node = Node::with(Log::Keeps, Limits { record_bytes_max: 16, ..Limits::default() });
    let reply = node.post("/intake/v1/raw", "lab", format!("one line\n{}\nanother\n", "x".repeat(17))).await;
    assert_eq!(reply.body, r#"{"accepted":2,"faults":{"record_too_long":1}}"#);
    assert_eq!(node.counted("lab"), (3, vec![(DropReason::TooLong, 1)]));
    let node = Node::new(Log::Keeps);
    let reply = node.post("/intake/v1/raw?format=nonsense", "lab", "x").await;
    assert_eq!((reply.status, node.kept().len()), (StatusCode::BAD_REQUEST, 0));
}

#[tokio::test]
async fn a_long_compressed_body_arrives_whole_and_in_order() {
    let node = Node::new(Log::Keeps);
    let lines: Vec<String> =
        (0..200_000).map(|number| format!("{{\"number\":{number},\"text\":\"abcdefghij\"}}")).collect();
    let body = lines.join("\n").into_bytes();
    let headers = [("Content-Type", "application/x-ndjson"), ("Content-Encoding", "gzip")];
    let reply = node.send("POST", "/intake/v1/raw", "lab", &headers, gzip(&body)).await;
    assert_eq!(reply.body, r#"{"accepted":200000,"faults":{}}"#);
    let kept: Vec<Vec<u8>> = node
        .kept()
        .iter()
        .flat_map(|kept| kept.raw_records(0).map(|raw| raw.bytes.to_vec()).collect::<Vec<_>>())
        .collect();
    assert!(kept.iter().map(Vec::as_slice).eq(lines.iter().map(String::as_bytes)));
}

#[tokio::test]
async fn a_body_in_pieces_of_any_size_is_read_alike() {
    let text = "{\"a\":1}\n{\"a\":22}\n{\"a\":333}\n";
    for step in 1..text.len() {
        let node = Node::new(Log::Keeps);
        let pieces: Vec<Result<Vec<u8>, std::io::Error>> =
            text.as_bytes().chunks(step).map(|piece| Ok(piece.to_vec())).collect();
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let reply = node.post("/intake/v1/raw", "lab", body).await;
        assert_eq!(reply.body, r#"{"accepted":3,"faults":{}}"#, "step {step}");
    }
}

#[tokio::test]
async fn nothing_is_acknowledged_before_it_is_durable() {
    let bulk = "{\"create\":{\"_index\":\"x\"}}\n{\"a\":1}\n";
    for (path, body) in [("/intake/v1/raw", "{\"a\":1}\n"), ("/_bulk", bulk)] {
        let node = Node::new(Log::HoldsBack);
        let (arrived, leave) = (node.arrived.clone(), node.leave.clone());
        let request = tokio::spawn(async move { node.post(path, "lab", body).await.status });
        arrived.notified().await;
        assert!(!request.is_finished(), "{path} was answered before the log kept it");
        leave.notify_one();
        assert_eq!(request.await.unwrap(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn what_is_not_kept_is_refused() {
    for log in [Log::Refuses(NotKept::Unwritable), Log::Refuses(NotKept::Full), Log::Stopped] {
        let node = Node::new(log);
        let reply = node.post("/intake/v1/raw", "lab", "{\"a\":1}\n{\"a\":2}\n").await;
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{log:?}");
        assert_eq!((reply.header("retry-after"), &reply.json()["accepted"]), ("2", &serde_json::json!(0)));
        assert_eq!(node.counted("lab"), (2, vec![]), "{log:?}: the sender still has them");
    }
}

#[tokio::test]
async fn a_sender_learns_how_much_was_kept_before_the_log_broke() {
    let node = Node::new(Log::KeepsFirst(2));
    let line = format!("{{\"text\":\"{}\"}}\n", "x".repeat(600_000));
    let reply = node.post("/intake/v1/raw", "lab", line.repeat(4)).await;
    assert_eq!((reply.status, &reply.json()["accepted"]), (StatusCode::SERVICE_UNAVAILABLE, &serde_json::json!(2)));
    assert_eq!(node.records().len(), 2);
}

#[tokio::test]
async fn a_full_queue_sends_away_who_can_come_again() {
    let node = Node::with(Log::Asleep, Limits { wait_max: Duration::ZERO, ..Limits::default() });
    let body = format!("{{\"text\":\"{}\"}}\n", "x".repeat(2_000)).repeat(3);
    let frames = tokio::spawn({
        let (router, body) = (node.router.clone(), body.clone());
        async move {
            let request = axum::http::Request::post("/intake/v1/raw").header("Authorization", "Bearer first");
            tower::ServiceExt::oneshot(router, request.body(Body::from(body)).unwrap()).await
        }
    });
    while node.counted("first").0 == 0 {
        tokio::task::yield_now().await;
    }
    let reply = node.post("/intake/v1/raw", "lab", body).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    frames.abort();
}

#[tokio::test]
async fn senders_are_let_in_by_token_only() {
    let node = Node::new(Log::Keeps);
    for path in ["/intake/v1/raw", "/intake/v1/deliveries", "/_bulk"] {
        assert_eq!(node.post(path, "", "{}").await.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(node.post(path, "nobody", "{}").await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(node.kept().len(), 0);
}

#[tokio::test]
async fn bodies_beyond_the_limits_are_refused() {
    let limits = Limits { body_bytes_max: 1 << 10, stream_bytes_max: 1 << 20, ..Limits::default() };
    let node = Node::with(Log::Keeps, limits);
    let zeros = gzip(&vec![b' '; 2 << 20]);
    for path in ["/intake/v1/raw", "/_bulk"] {
        let reply = node.send("POST", path, "lab", &[("Content-Encoding", "gzip")], zeros.clone()).await;
        assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        let reply = node.send("POST", path, "lab", &[("Content-Encoding", "br")], "x").await;
        assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
        let reply = node.send("POST", path, "lab", &[("Content-Encoding", "gzip")], "no gzip").await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{path}");
    }
    let crowded = Node::with(Log::Keeps, Limits { held_bytes_max: 2 << 10, ..Limits::default() });
    let reply = crowded.post("/intake/v1/raw", "lab", "x").await;
    assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "2"));
    let reply = crowded.post("/_bulk", "lab", "x".repeat(4 << 10)).await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_source_above_its_rate_waits() {
    let node = Node::new(Log::Keeps);
    let body = "{\"a\":1}\n".repeat(200);
    assert_eq!(node.post("/intake/v1/raw", "slow", body.clone()).await.status, StatusCode::OK);
    let reply = node.post("/intake/v1/raw", "slow", body).await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = reply.header("retry-after").parse().unwrap();
    assert!((90..=101).contains(&seconds), "{seconds}");
    assert_eq!(node.counted("slow"), (400, vec![(DropReason::RateLimit, 200)]));
}

/// A body of frames.
fn frames(all: &[(FrameHead, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (head, bytes) in all {
        body.extend_from_slice(&serde_json::to_vec(head).unwrap());
        body.push(b'\n');
        body.extend_from_slice(bytes.as_bytes());
    }
    body
}

fn imported() -> FrameHead {
    FrameHead {
        source: "old/dns.log".into(),
        received: Some(1_000_000),
        format: "zeek".into(),
        header: 4,
        units: vec![3, 0, 2],
    }
}

#[tokio::test]
async fn frames_keep_their_source_time_and_units() {
    let node = Node::new(Log::Keeps);
    let own = FrameHead { units: vec![2], ..FrameHead::default() };
    let body = frames(&[(imported(), "headonetw"), (own, "xy")]);
    let reply =
        node.send("POST", "/intake/v1/deliveries", "import", &[("Content-Encoding", "gzip")], gzip(&body)).await;
    assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, r#"{"accepted":4}"#));
    let kept = node.kept();
    let told: Vec<_> =
        kept.iter().map(|kept| (&*kept.source, kept.received.0, &*kept.format, kept.header.as_slice())).collect();
    assert_eq!(
        told,
        [("http/import/old/dns.log", 1_000_000, "zeek", &b"head"[..]), ("http/import", NOW.0, "", &b""[..])]
    );
    let records: Vec<_> =
        kept.iter().flat_map(|kept| kept.raw_records(0).map(|raw| raw.bytes.to_vec()).collect::<Vec<_>>()).collect();
    assert_eq!(records, [&b"one"[..], b"", b"tw", b"xy"]);
}

#[tokio::test]
async fn a_delivery_written_as_a_frame_comes_back() {
    let node = Node::new(Log::Keeps);
    let body = frames(&[(imported(), "headonetw")]);
    node.post("/intake/v1/deliveries", "import", body.clone()).await;
    assert_eq!(frame(&node.kept()[0], "old/dns.log", true), body);
    let own = FrameHead { units: vec![2], ..FrameHead::default() };
    node.post("/intake/v1/deliveries", "lab", frames(&[(own.clone(), "xy")])).await;
    assert_eq!(frame(&node.kept()[1], "", false), frames(&[(own, "xy")]));
}

#[tokio::test]
async fn a_source_and_time_of_their_own_are_for_importers() {
    let node = Node::new(Log::Keeps);
    let reply = node.post("/intake/v1/deliveries", "lab", frames(&[(imported(), "headonetw")])).await;
    assert_eq!((reply.status, node.kept().len()), (StatusCode::FORBIDDEN, 0));
    let own = FrameHead { units: vec![2], ..FrameHead::default() };
    let reply = node.post("/intake/v1/deliveries", "lab", frames(&[(own, "xy")])).await;
    assert_eq!((reply.status, node.records()), (StatusCode::OK, vec!["http/lab  xy".to_owned()]));
}

#[tokio::test]
async fn frames_cut_off_anywhere_keep_only_whole_ones() {
    let own = FrameHead { units: vec![2], ..FrameHead::default() };
    let first = frames(&[(own.clone(), "xy")]).len();
    let body = frames(&[(own, "xy"), (imported(), "headonetw")]);
    for end in 0..=body.len() {
        let node = Node::new(Log::Keeps);
        let reply = node.post("/intake/v1/deliveries", "import", body[..end].to_vec()).await;
        let whole = if end == body.len() { 4 } else { u64::from(end >= first) };
        assert_eq!(reply.json()["accepted"], whole, "cut at {end}");
        assert_eq!(reply.status == StatusCode::OK, [0, first, body.len()].contains(&end), "cut at {end}");
    }
}

#[tokio::test]
async fn history_is_asked_for_and_about_by_importers_alone() {
    let node = Node::new(Log::Keeps);
    let asked = || node.history.0.load(Ordering::Relaxed);
    let status = r#"{"state":"running","done":1,"total":2,"findings":0,"notes":[]}"#;
    for sender in ["nobody", "lab"] {
        let refused = node.send("POST", "/intake/v1/history", sender, &[], Vec::new()).await;
        assert_eq!((refused.status, asked()), (StatusCode::FORBIDDEN, 0), "{sender}");
        let refused = node.send("GET", "/intake/v1/history", sender, &[], Vec::new()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{sender}");
    }
    let noted = node.send("POST", "/intake/v1/history", "import", &[], Vec::new()).await;
    assert_eq!((noted.status, noted.body.as_str()), (StatusCode::ACCEPTED, status));
    let told = node.send("GET", "/intake/v1/history", "import", &[], Vec::new()).await;
    assert_eq!((told.status, told.body.as_str()), (StatusCode::OK, status));
    let not_noted = node.send("POST", "/intake/v1/history", "import", &[], Vec::new()).await;
    assert_eq!(not_noted.status, StatusCode::SERVICE_UNAVAILABLE);
}
