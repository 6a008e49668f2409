//! The MLLP clients of python-hl7 as real senders: count for count, byte for byte, and every answer read by the client's own parser.

use std::path::{Path, PathBuf};
use std::process::Command;

use cordon_collect::live::{Limits, mllp};
use cordon_decode::{DecodeOptions, Sink, Unit, formats};
use cordon_model::{Anomaly, Arena, Record, Time};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::log::Log;

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// What a decoder makes of messages: for each some fields, or the faults.
pub(crate) struct Fields<'f> {
    names: &'f [&'f str],
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) faults: Vec<&'static str>,
}

impl<'a> Sink<'a> for Fields<'_> {
    fn record(&mut self, record: Record<'a>) {
        let arena = Arena::new();
        let text = |name: &&str| record.text(name, &arena).unwrap_or_default().to_owned();
        self.rows.push(self.names.iter().map(text).collect());
        self.faults.extend(record.anomalies.iter().map(|anomaly| anomaly.name()));
    }

    fn fault(&mut self, _: u64, anomaly: Anomaly) {
        self.faults.push(anomaly.name());
    }
}

/// Decodes messages of a format and gives these fields of each.
pub(crate) fn decode<'f>(format: &str, messages: &[String], names: &'f [&'f str]) -> Fields<'f> {
    let format = formats().iter().find(|known| known.name() == format).unwrap();
    let decoder = format.framer(&std::sync::Arc::new(DecodeOptions::new(Time(1_765_342_048_000_000)))).decoder();
    let mut fields = Fields { names, rows: Vec::new(), faults: Vec::new() };
    for message in messages {
        decoder.decode(Unit { offset: 0, bytes: message.as_bytes() }, &Arena::new(), &mut fields);
    }
    fields
}

#[tokio::test]
async fn python_hl7_delivers_and_understands_every_answer() {
    let root = repository();
    let prepared = Command::new(root.join("scripts/senders.sh")).status().unwrap();
    assert!(prepared.success(), "scripts/senders.sh");
    let log = Log::new(Limits::mllp(), []);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let stop = CancellationToken::new();
    let served = tokio::spawn(mllp::serve(listener, None, log.reception.clone(), stop.clone()));
    let mut sender = Command::new(root.join("target/senders-venv/bin/python"));
    sender.arg(root.join("tests/senders/hl7_mllp.py")).args(["127.0.0.1", &port.to_string()]);
    let output = tokio::task::spawn_blocking(move || sender.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "hl7_mllp.py: {said}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let expect: Vec<String> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(expect.len(), 1_800);
    let kept = log.messages(1_800).await;
    assert!(kept == expect, "messages differ from those that were sent");
    let fields = decode("hl7", &kept, &["message_control_id", "MSH-10", "PID-3.1"]);
    assert_eq!((fields.rows.len(), fields.faults.first()), (1_800, None));
    let control_ids = (0..1_800).map(|number| format!("C{number}"));
    assert!(fields.rows.iter().zip(control_ids).all(|(row, id)| row.contains(&id)), "{:?}", fields.rows[0]);
    stop.cancel();
    served.await.unwrap();
}
