//! Real senders (Python, `tests/senders/`) deliver over HTTP and are compared with what was kept: count for count and field for field. The log refuses the first
//! deliveries, so that each sender has to show that it repeats what was not acknowledged.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests and their helpers")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use cordon_collect::live::http::{HttpIntake, Limits, Sender};
use cordon_collect::live::{NotKept, SourceRegistry, Submission, intake};
use cordon_decode::{DecodeOptions, Sink, Unit, formats};
use cordon_model::{Anomaly, Arena, Delivery, Record, Time};
use serde_json::Value;
use tokio::sync::mpsc;

type Kept = Arc<Mutex<Vec<Delivery>>>;

/// Keeps all but the first so many deliveries.
async fn log(mut queue: mpsc::Receiver<Submission>, mut refuse: usize, kept: Kept) {
    while let Some(submission) = queue.recv().await {
        if refuse > 0 {
            refuse -= 1;
            submission.answer(Err(NotKept::Full));
            continue;
        }
        kept.lock().unwrap().push(submission.delivery.clone());
        submission.answer(Ok(()));
    }
}

/// Serves the intake on a free port of this machine and says where.
async fn serve(refuse: usize, kept: &Kept) -> String {
    let (intake, queue) = intake(64 << 20);
    tokio::spawn(log(queue, refuse, Arc::clone(kept)));
    let parts = HttpIntake {
        intake,
        registry: Arc::new(SourceRegistry::new("main".into(), [])),
        senders: Arc::new(|presented| {
            let name = presented.token.filter(|token| *token == "python")?;
            Some(Sender { name: name.into(), may_import: false })
        }),
        clock: Arc::new(|| Time(1_765_342_048_000_000)),
        limits: Limits::default(),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, parts.router()).await });
    format!("http://{address}")
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Runs a sender to its end and gives what it says is to be kept.
fn send(script: &str, url: &str) -> Vec<Value> {
    let root = repository();
    assert!(Command::new(root.join("scripts/senders.sh")).status().unwrap().success(), "scripts/senders.sh");
    let mut sender = Command::new(root.join("target/senders-venv/bin/python"));
    let output = sender.arg(root.join("tests/senders").join(script)).args([url, "python"]).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let value = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{script}: {line}"));
    lines.lines().map(value).collect()
}

/// Counts what a decoder makes of a record.
#[derive(Default)]
struct Decoded {
    records: usize,
    faults: Vec<&'static str>,
    without_time: usize,
}

impl<'a> Sink<'a> for Decoded {
    fn record(&mut self, record: Record<'a>) {
        self.records += 1;
        self.without_time += usize::from(record.when.resolve().is_none());
        self.faults.extend(record.anomalies.iter().map(|anomaly| anomaly.name()));
    }

    fn fault(&mut self, _: u64, anomaly: Anomaly) {
        self.faults.push(anomaly.name());
    }
}

/// What was kept, each record as its sender would print it; every record must be read by the decoder that its delivery names.
fn kept_values(kept: &Kept, format: &str, decoded: &mut Decoded) -> Vec<Value> {
    let kept = kept.lock().unwrap();
    let by_name = formats().iter().find(|known| known.name() == format).unwrap();
    let decoder = by_name.framer(&Arc::new(DecodeOptions::new(Time(1_765_342_048_000_000)))).decoder();
    let mut values = Vec::new();
    for delivery in kept.iter() {
        assert_eq!((&*delivery.source, &*delivery.format), ("http/python", format));
        for raw in delivery.raw_records(0) {
            decoder.decode(Unit { offset: 0, bytes: raw.bytes }, &Arena::new(), decoded);
            let text = String::from_utf8(raw.bytes.to_vec()).unwrap();
            values.push(serde_json::from_str(&text).unwrap_or(Value::String(text)));
        }
    }
    values
}

fn check(expect: &[Value], kept: &[Value], decoded: &Decoded) {
    for (number, (expect, kept)) in expect.iter().zip(kept).enumerate() {
        assert_eq!(kept, expect, "record {number}");
    }
    assert_eq!(kept.len(), expect.len(), "records");
    assert_eq!(
        (decoded.records, decoded.faults.as_slice()),
        (expect.len(), &[][..]),
        "records decoded, and their faults"
    );
}

async fn run(script: &'static str, refuse: usize) -> (Vec<Value>, Kept) {
    let kept = Kept::default();
    let url = serve(refuse, &kept).await;
    let expect = tokio::task::spawn_blocking(move || send(script, &url)).await.unwrap();
    assert!(!expect.is_empty());
    (expect, kept)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_of_the_official_elasticsearch_client_arrive_as_they_were_sent() {
    let (expect, kept) = run("elasticsearch_bulk.py", 3).await;
    let mut decoded = Decoded::default();
    let values = kept_values(&kept, "json", &mut decoded);
    assert_eq!(expect.len(), 5_002);
    check(&expect, &values, &decoded);
    assert_eq!(decoded.without_time, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_records_of_the_opentelemetry_sdk_arrive_with_all_their_fields() {
    let (expect, kept) = run("otlp_logs.py", 1).await;
    let mut decoded = Decoded::default();
    let mut values = kept_values(&kept, "json", &mut decoded);
    // a batch that was refused comes again behind others
    values.sort_by_key(order);
    let mut expect = expect;
    expect.sort_by_key(order);
    assert_eq!(expect.len(), 2_100);
    check(&expect, &values, &decoded);
    assert_eq!(decoded.without_time, 0);
}

fn order(record: &Value) -> (String, Option<u64>) {
    (record["otel"]["scope"]["name"].to_string(), record["n"].as_u64())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn audit_events_built_with_fhir_resources_arrive_one_by_one() {
    let (expect, kept) = run("fhir_audit_events.py", 0).await;
    let mut decoded = Decoded::default();
    let values = kept_values(&kept, "fhir_audit_event", &mut decoded);
    assert_eq!(expect.len(), 403);
    check(&expect, &values, &decoded);
    assert_eq!(decoded.without_time, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_of_a_splunk_handler_arrive_with_what_stands_around_them() {
    let (expect, kept) = run("splunk_hec.py", 1).await;
    let mut decoded = Decoded::default();
    let mut values = kept_values(&kept, "json", &mut decoded);
    for value in &mut values {
        let time = value["splunk"].as_object_mut().and_then(|says| says.shift_remove("time"));
        let own = value.as_object_mut().and_then(|record| record.shift_remove("@timestamp"));
        assert!(time.is_some() && time == own, "{value}");
    }
    assert_eq!(expect.len(), 1_000);
    check(&expect, &values, &decoded);
    assert_eq!(decoded.without_time, 0);
}
