//! `/v1/logs`.

use axum::http::StatusCode;
use serde_json::json;

use super::{Log, Node};
use crate::live::http::Limits;
use crate::live::{DropReason, NotKept};

const PROTOBUF: (&str, &str) = ("Content-Type", "application/x-protobuf");
const JSON: (&str, &str) = ("Content-Type", "application/json; charset=utf-8");

/// A length-delimited field.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    assert!(bytes.len() < 0x4000);
    let length = u8::try_from(bytes.len() & 0x7F).unwrap() | 0x80;
    let mut out = vec![number << 3 | 2, length, u8::try_from(bytes.len() >> 7).unwrap()];
    out.extend_from_slice(bytes);
    out
}

fn text(text: &str) -> Vec<u8> {
    field(1, text.as_bytes())
}

fn attribute(key: &str, value: &[u8]) -> Vec<u8> {
    [field(1, key.as_bytes()), field(2, value)].concat()
}

/// A request with these log records, of a resource with the name of a host and a scope `s`.
fn request(records: &[Vec<u8>]) -> Vec<u8> {
    let resource = field(1, &field(1, &attribute("host.name", &text("ward-3"))));
    let records: Vec<u8> = records.iter().flat_map(|record| field(2, record)).collect();
    let scope = field(2, &[field(1, &field(1, b"s")), records].concat());
    field(1, &[resource, scope].concat())
}

fn time(number: u8, nanoseconds: u64) -> Vec<u8> {
    [vec![number << 3 | 1], nanoseconds.to_le_bytes().to_vec()].concat()
}

const AROUND: &str = r#""otel":{"resource":{"host.name":"ward-3"},"scope":{"name":"s"}"#;

async fn check(body: Vec<u8>, expect: &[String]) {
    let node = Node::new(Log::Keeps);
    let reply = node.send("POST", "/v1/logs", "exporter", &[PROTOBUF], body).await;
    assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(reply.header("content-type"), "application/x-protobuf");
    let expect: Vec<_> = expect.iter().map(|record| format!("http/exporter json {record}")).collect();
    assert_eq!(node.records(), expect);
}

#[tokio::test]
async fn a_log_record_keeps_all_that_it_says() {
    let record = [
        time(1, 1_765_342_048_000_000_001),
        vec![2 << 3, 9],
        field(3, b"INFO"),
        field(5, &text("said \"so\"")),
        field(6, &attribute("user.name", &text("jdoe"))),
        field(6, &attribute("n", &[3 << 3, 7])),
        field(6, &attribute("ok", &[2 << 3, 1])),
        field(6, &attribute("half", &time(4, 0.5_f64.to_bits()))),
        field(6, &attribute("nan", &time(4, f64::NAN.to_bits()))),
        field(6, &attribute("raw", &field(7, b"\x00\xff"))),
        field(6, &attribute("list", &field(5, &[field(1, &text("a")), field(1, &[])].concat()))),
        vec![8 << 3 | 5, 1, 0, 0, 0],
        field(9, &[0xAB; 16]),
        field(10, &[0x01; 8]),
        time(11, 1_765_342_049_000_000_000),
        field(12, b"login"),
    ];
    let expect = format!(
        r#"{{"message":"said \"so\"","user.name":"jdoe","n":7,"ok":true,"half":0.5,"nan":"NaN","raw":"AP8=","list":["a",null],{AROUND},"severity_text":"INFO","severity_number":9,"event_name":"login","trace_id":"{}","span_id":"0101010101010101","flags":1,"observed_timestamp":"2025-12-10T04:47:29Z"}},"@timestamp":"2025-12-10T04:47:28.000000001Z"}}"#,
        "ab".repeat(16)
    );
    check(request(&[record.concat()]), &[expect]).await;
}

#[tokio::test]
async fn a_body_that_is_an_object_stays_one() {
    let map = field(6, &field(1, &attribute("a", &text("1"))));
    let records = [field(5, &map), field(5, &text(" {\"a\": [1]} ")), vec![]];
    let expect =
        [format!(r#"{{"a":"1",{AROUND}}}}}"#), format!(r#"{{"a": [1],{AROUND}}}}}"#), format!("{{{AROUND}}}}}")];
    check(request(&records), &expect).await;
    check(Vec::new(), &[]).await;
}

#[tokio::test]
async fn a_windows_event_gets_the_names_that_decoders_know() {
    let member = |key: &str, value: &[u8]| field(1, &attribute(key, value));
    let list = |members: &[Vec<u8>]| field(6, &members.concat());
    let data = field(5, &field(1, &list(&[member("TargetUserName", &text("jdoe"))])));
    let body = list(&[
        member("channel", &text("Security")),
        member("computer", &text("dc1")),
        member("event_id", &list(&[member("id", &[3 << 3, 0x90, 0x24]), member("qualifiers", &[3 << 3, 0])])),
        member("provider", &list(&[member("name", &text("P")), member("guid", &text("{1}"))])),
        member("event_data", &list(&[member("data", &data)])),
        member("message", &text("said")),
    ]);
    let expect = format!(
        r#"{{"EventID":4624,"Provider_Name":"P","Provider_Guid":"{{1}}","Channel":"Security","Computer":"dc1","event_data":{{"TargetUserName":"jdoe"}},"message":"said",{AROUND}}}}}"#
    );
    check(request(&[field(5, &body)]), &[expect]).await;
}

#[tokio::test]
async fn json_says_the_same_as_protobuf() {
    let body = json!({ "resourceLogs": [{
        "resource": { "attributes": [{ "key": "host.name", "value": { "stringValue": "ward-3" } }] },
        "scopeLogs": [{ "scope": { "name": "s" }, "logRecords": [{
            "timeUnixNano": "1765342048000000001", "observedTimeUnixNano": 1_765_342_049_000_000_000_u64, "severityNumber": 9,
            "body": { "stringValue": "said" }, "traceId": "abab", "unknown": { "a": 1 },
            "attributes": [
                { "key": "n", "value": { "intValue": "7" } }, { "key": "half", "value": { "doubleValue": 0.5 } },
                { "key": "list", "value": { "arrayValue": { "values": [{ "boolValue": true }] } } },
                { "key": "map", "value": { "kvlistValue": { "values": [{ "key": "a", "value": {} }] } } },
                { "key": "raw", "value": { "bytesValue": "AP8=" } },
            ],
        }] }],
    }] });
    let node = Node::new(Log::Keeps);
    let reply = node.send("POST", "/v1/logs", "exporter", &[JSON], body.to_string()).await;
    assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, "{}"));
    let expect = format!(
        r#"http/exporter json {{"message":"said","n":7,"half":0.5,"list":[true],"map":{{"a":null}},"raw":"AP8=",{AROUND},"severity_number":9,"trace_id":"abab","observed_timestamp":"2025-12-10T04:47:29Z"}},"@timestamp":"2025-12-10T04:47:28.000000001Z"}}"#
    );
    assert_eq!(node.records(), [expect]);
}

#[tokio::test]
async fn a_log_record_that_cannot_be_read_is_rejected_alone() {
    let node = Node::new(Log::Keeps);
    let body = request(&[field(5, &text("one")), vec![0xFF], field(5, &text("two"))]);
    let reply = node.send("POST", "/v1/logs", "exporter", &[PROTOBUF], body).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(reply.body.as_bytes().windows(2).any(|pair| pair == [1 << 3, 1]), "one is rejected: {:?}", reply.body);
    assert_eq!((node.records().len(), node.counted("exporter")), (2, (3, vec![(DropReason::Malformed, 1)])));
    let node = Node::with(Log::Keeps, Limits { record_bytes_max: 200, ..Limits::default() });
    let record = |length| json!({ "body": { "stringValue": "x".repeat(length) } });
    let body =
        json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [record(200), record(1), { "flags": [] }] }] }] });
    let reply = node.send("POST", "/v1/logs", "exporter", &[JSON], body.to_string()).await;
    assert_eq!((reply.status, &reply.json()["partialSuccess"]["rejectedLogRecords"]), (StatusCode::OK, &json!("2")));
    assert_eq!(node.records(), [r#"http/exporter json {"message":"x"}"#]);
    assert_eq!(node.counted("exporter"), (3, vec![(DropReason::TooLong, 1), (DropReason::Malformed, 1)]));
}

#[tokio::test]
async fn what_is_no_request_keeps_nothing() {
    let whole = request(&[field(5, &text("one")), field(5, &text("two"))]);
    for end in 1..whole.len() {
        let node = Node::new(Log::Keeps);
        let reply = node.send("POST", "/v1/logs", "exporter", &[PROTOBUF], whole[..end].to_vec()).await;
        assert_eq!((reply.status, node.kept().len()), (StatusCode::BAD_REQUEST, 0), "cut at {end}");
    }
    let node = Node::new(Log::Keeps);
    for body in ["{", "{\"resourceLogs\":{}}", "{\"resourceLogs\":[{\"scopeLogs\":1}]}"] {
        let reply = node.send("POST", "/v1/logs", "exporter", &[JSON], body).await;
        assert_eq!((reply.status, &reply.json()["code"]), (StatusCode::BAD_REQUEST, &json!(3)), "{body}");
    }
    let reply = node.post("/v1/logs", "exporter", "x").await;
    assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let node = Node::new(Log::Refuses(NotKept::Full));
    let reply = node.send("POST", "/v1/logs", "exporter", &[PROTOBUF], whole).await;
    assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "2"));
}

#[tokio::test]
async fn a_resource_repeated_into_many_records_stays_within_the_bound() {
    let limits = Limits { body_bytes_max: 1 << 20, ..Limits::default() };
    let node = Node::with(Log::Keeps, limits);
    let long = json!({ "attributes": [{ "key": "k", "value": { "stringValue": "x".repeat(100_000) } }] });
    let records = vec![json!({}); 1_000];
    let body = json!({ "resourceLogs": [{ "resource": long, "scopeLogs": [{ "logRecords": records }] }] });
    let reply = node.send("POST", "/v1/logs", "exporter", &[JSON], body.to_string()).await;
    assert_eq!((reply.status, node.kept().len()), (StatusCode::PAYLOAD_TOO_LARGE, 0));
}
