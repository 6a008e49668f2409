//! What the fuzz targets share: a stream in pieces through a decoder, and the promises every decoder makes.

mod framing;

use std::sync::Arc;

use cordon_collect::live::http::elastic::Items;
use cordon_collect::live::http::fhir::{Entry, Syntax};
use cordon_collect::live::http::otlp::{Export, Records, Rejected};
use cordon_collect::live::http::splunk::Events;
use cordon_decode::{DecodeOptions, Format, Framed, Sink, Unit, detect_format, formats};
use cordon_model::{Anomaly, Arena, Field, Position, RawRecord, Record, Time, Value, When};
use cordon_normalize::taxonomy;
use cordon_rules::parse::{Document, documents};
use cordon_rules::{Engine, View};
use cordon_seal::SiteKey;
use cordon_testkit::evtx;
pub use framing::{mllp, relp, syslog_stream};

/// Small, so that the limit is reached.
const RECORD_BYTES_MAX: usize = 4_096;

/// Runs the bytes through the decoder of a format.
pub fn decode(name: &str, data: &[u8]) {
    if let Some(format) = formats().iter().find(|format| format.name() == name || format.name().starts_with(name)) {
        stream(*format, data);
    } else {
        panic!("no format is called {name}");
    }
}

/// Runs the bytes through whatever format they look like.
pub fn detect(data: &[u8]) {
    if let Some(format) = detect_format(data, true) {
        stream(format, data);
    }
}

/// Runs the bytes through the EVTX decoder: as a file when they start with its magic, else as the tables and records of one chunk, so that lengths and
/// checksums around them do not stand in the way. The top bit of the first byte leaves the sizes of the records as they are.
pub fn evtx(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    if rest.starts_with(b"ElfFile\0") {
        return decode("evtx", data);
    }
    let mut content = rest.to_vec();
    if first & 0x80 == 0 {
        evtx::mend_record_sizes(&mut content);
    }
    let mut input = vec![*first];
    input.append(&mut evtx::file_around(&content));
    decode("evtx", &input);
}

fn options(format: &dyn Format) -> Arc<DecodeOptions> {
    let mut options = DecodeOptions::new(Time(1_700_000_000_000_000));
    if format.name() != "evtx" {
        options.record_bytes_max = RECORD_BYTES_MAX;
    }
    Arc::new(options)
}

/// The bytes arrive in pieces whose size the first byte gives.
fn stream(format: &dyn Format, data: &[u8]) {
    let Some((first, data)) = data.split_first() else { return };
    let step = usize::from(*first) * 16 + 1;
    let options = options(format);
    let mut framer = format.framer(&options);
    let (mut at, mut have) = (0, 0);
    while at < data.len() {
        if at == have {
            have = (have + step).min(data.len());
        }
        let ended = have == data.len();
        let next = match framer.next(&data[at..have], ended) {
            Framed::More if ended => break,
            Framed::More => {
                have = (have + step).min(data.len());
                continue;
            }
            Framed::Unit { start, end, next } => {
                assert!(start <= end && end <= have - at, "a unit lies within the buffer");
                let arena = Arena::new();
                let unit = Unit { offset: (at + start) as u64, bytes: &data[at + start..at + end] };
                framer.decoder().decode(unit, &arena, &mut Promises { arena: &arena });
                next
            }
            Framed::Skip { next } | Framed::Header { next } | Framed::Fault { next, .. } => next,
        };
        assert!(next >= 1 && next <= have - at, "a framer gets on, and not beyond the buffer");
        at += next;
    }
}

/// Checks what every record promises.
struct Promises<'a> {
    arena: &'a Arena,
}

impl<'a> Sink<'a> for Promises<'a> {
    fn record(&mut self, record: Record<'a>) {
        let mut end = 0;
        for span in record.patient_spans {
            assert!(span.start >= end && span.start <= span.end && span.end <= record.raw.bytes.len(), "patient spans lie in order within the record");
            end = span.end;
        }
        for field in record.fields {
            let text = field.value.text(self.arena);
            let mut written = Vec::new();
            assert_eq!(field.value.write_text(&mut written), text.is_some());
            assert_eq!(written, text.unwrap_or_default().as_bytes());
        }
        let _ = record.when.resolve();
        let _ = taxonomy(&record, &SiteKey::of_scan(), self.arena);
    }

    fn fault(&mut self, _: u64, _: Anomaly) {}
}

/// Parses the text as Sigma, compiles what loads, and asks both paths about a small event.
pub fn rules(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let loaded = documents("fuzz.yml", text).into_iter().flatten();
    let rules: Vec<_> = loaded.filter_map(|document| if let Document::Rule(rule) = document { Some(*rule) } else { None }).collect();
    let table = cordon_decode::log_source_table();
    let (engine, _) = Engine::compile(&rules, &table);
    let fields = [
        Field { name: "Image", value: Value::Escaped(r"C:\\Windows\\System32\\cmd.exe") },
        Field { name: "CommandLine", value: Value::Text("cmd /c whoami \u{17f}\u{212a}") },
        Field { name: "EventID", value: Value::Number("1") },
    ];
    let sources = table.lookup("windows_channel", "Microsoft-Windows-Sysmon/Operational", Some(1));
    let raw = RawRecord { position: Position::Offset(0), bytes: b"" };
    let record = Record { raw, index: 0, format: "fuzz", when: When::Missing, sources, fields: &fields, anomalies: &[], patient_spans: &[] };
    let (arena, mut fast, mut full) = (Arena::new(), Vec::new(), Vec::new());
    engine.matches(&record, View::Own, &arena, &mut engine.scratch(), &mut fast);
    engine.evaluate_full_scan(&record, View::Own, &arena, &mut full);
    assert_eq!(fast, full, "the fast path finds what the full scan finds");
}

/// Runs the bytes behind the first one through the splitter that the first one names. What a splitter calls a record of JSON is one JSON object.
pub fn intake_http(data: &[u8]) {
    let Some((first, body)) = data.split_first() else { return };
    match first % 6 {
        0 => Items::new(body, first & 0x80 != 0, RECORD_BYTES_MAX).filter_map(|item| item.document.ok()).for_each(is_object),
        1 => Events::new(body, RECORD_BYTES_MAX).flatten().for_each(|event| {
            let mut out = Vec::new();
            event.write(&mut out);
            is_object(&out);
        }),
        2 => drop(Export::Protobuf.read(body, RECORD_BYTES_MAX, &mut Objects)),
        3 => drop(Export::Json.read(body, RECORD_BYTES_MAX, &mut Objects)),
        4 => fhir(Syntax::Json, body),
        _ => fhir(Syntax::Xml, body),
    }
}

fn is_object(record: &[u8]) {
    // what decoders take; the text may hold bytes that are no UTF-8
    let text = String::from_utf8_lossy(record);
    assert!(text.starts_with('{'), "a record is an object: {text}");
    if let Err(fault) = serde_json::from_str::<serde::de::IgnoredAny>(&text) {
        assert!(fault.is_syntax() && fault.to_string().starts_with("recursion limit"), "{fault}: {text}");
    }
}

struct Objects;

impl Records for Objects {
    fn record(&mut self, record: Result<&[u8], Rejected>) -> bool {
        record.into_iter().for_each(is_object);
        true
    }
}

fn fhir(syntax: Syntax, body: &[u8]) {
    let _ = syntax.audit_event(body);
    let Ok(bundle) = syntax.bundle(body, 1_000) else { return };
    for entry in bundle.entries {
        if let Entry::AuditEvent(bytes) = entry {
            assert_eq!(syntax == Syntax::Json, bytes.starts_with(b"{"), "an AuditEvent of JSON has its bytes");
        }
    }
}
