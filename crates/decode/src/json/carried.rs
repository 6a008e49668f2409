//! Messages of other formats that a shipper put into a JSON record: `message` of Beats, the body of OTLP, a text as `event` of Splunk HEC.
//!
//! Comes in: a record whose own fields say of no log source what it is. Goes out: the record of the message in it, with the carrier's own fields behind its fields,
//! below `carrier.`. So a rule judges a message alike, whichever way it came. A message whose reader knows no log source either leaves the record as it was.

use std::sync::Arc;

use bumpalo::collections::Vec;
use cordon_model::{Anomaly, Arena, Field, Record, SourceSet, Value};

use crate::atna::Atna;
use crate::csv::Csv;
use crate::fhir::Fhir;
use crate::hl7::Hl7;
use crate::json::Json;
use crate::json::anomaly::CARRIES_MORE;
use crate::patients::signs::is_unparted;
use crate::syslog::Syslog;
use crate::{Confidence, DecodeOptions, Format, Framed, Sink, Unit};

/// What the carrier's own fields are put below.
pub(crate) const CARRIER: &str = "carrier.";
/// Fields that hold the message in the records of shippers: Beats and most others, Docker, journald, Splunk, Fluentd.
const MESSAGES: [&str; 8] = ["message", "msg", "log", "body", "MESSAGE", "event.original", "_raw", "event"];
/// Shortest message that is looked at.
const MESSAGE_BYTES_MIN: usize = 16;

/// The record of the message that `record` carries, where there is one that rules can judge.
pub(super) fn carried<'a>(record: Record<'a>, options: &Arc<DecodeOptions>, arena: &'a Arena) -> Record<'a> {
    if record.sources != SourceSet::default() {
        return record;
    }
    let mut messages = record.fields.iter().filter(|field| MESSAGES.contains(&field.name));
    let inner = messages.find_map(|field| {
        let text = match field.value {
            Value::Text(text) => text,
            Value::Escaped(_) => field.value.text(arena)?,
            _ => return None,
        };
        record_of(format_of(text)?, text.trim_ascii_start(), options, arena)
    });
    match inner.filter(|inner| inner.sources != SourceSet::default()) {
        Some(inner) => joined(record, inner, arena),
        None => record,
    }
}

/// The message's record with the carrier's fields behind its own. Places of patients in it are those of the text, which whoever masks reads again.
fn joined<'a>(record: Record<'a>, inner: Record<'a>, arena: &'a Arena) -> Record<'a> {
    let mut fields = Vec::with_capacity_in(record.fields.len() + inner.fields.len(), arena);
    fields.extend_from_slice(inner.fields);
    fields.extend(
        record
            .fields
            .iter()
            .map(|field| Field { name: arena.alloc_str(&format!("{CARRIER}{}", field.name)), ..*field }),
    );
    let mut anomalies = Vec::new_in(arena);
    anomalies.extend_from_slice(record.anomalies);
    anomalies.extend(inner.anomalies.iter().filter(|anomaly| !record.anomalies.contains(anomaly)));
    Record {
        format: inner.format,
        when: if inner.when.resolve().is_some() { inner.when } else { record.when },
        sources: inner.sources,
        fields: fields.into_bump_slice(),
        anomalies: anomalies.into_bump_slice(),
        ..record
    }
}

/// The format that a message is in, by its first bytes.
fn format_of(text: &str) -> Option<&'static dyn Format> {
    let text = text.trim_ascii_start();
    let bytes = text.as_bytes();
    if bytes.len() < MESSAGE_BYTES_MIN {
        return None;
    }
    let knows = |format: &dyn Format| format.sniff(bytes, true) != Confidence::No;
    match bytes {
        [b'<', b'0'..=b'9', ..] => Some(&Syslog),
        [b'<', ..] if knows(&Atna) => Some(&Atna),
        [b'<' | b'{', ..] if knows(&Fhir) => Some(&Fhir),
        [b'{', ..] if knows(&Json) => Some(&Json),
        [b'<' | b'{', ..] => None,
        _ if knows(&Hl7) => (!is_unparted(text)).then_some(&Hl7),
        _ if Syslog.sniff(text.lines().next().unwrap_or_default().as_bytes(), true) != Confidence::No => Some(&Syslog),
        _ if text.contains('\n') && crate::csv::tells_of_patients(bytes) => Some(&Csv),
        _ => None,
    }
}

/// The first record of a text. A message of syslog is one, whatever line ends it holds.
fn record_of<'a>(
    format: &dyn Format,
    text: &'a str,
    options: &Arc<DecodeOptions>,
    arena: &'a Arena,
) -> Option<Record<'a>> {
    let mut framer = format.framer(options);
    let mut first = First { record: None, has_more: false };
    let mut at = 0;
    if format.name() == Syslog.name() {
        framer.decoder().decode(Unit { offset: 0, bytes: text.as_bytes() }, arena, &mut first);
        at = text.len();
    }
    // bounded by the text: every turn takes at least one byte of it
    while let Some(rest) = text.as_bytes().get(at..).filter(|rest| !rest.is_empty() && !first.has_more) {
        match framer.next(rest, true) {
            Framed::Unit { start, end, next } => {
                let bytes = rest.get(start..end).unwrap_or_default();
                framer.decoder().decode(Unit { offset: 0, bytes }, arena, &mut first);
                at += next.max(1);
            }
            Framed::Header { next } | Framed::Skip { next } => at += next.max(1),
            Framed::Fault { .. } | Framed::More => break,
        }
    }
    let record = first.record?;
    if !first.has_more {
        return Some(record);
    }
    let mut anomalies = Vec::with_capacity_in(record.anomalies.len() + 1, arena);
    anomalies.extend_from_slice(record.anomalies);
    anomalies.push(CARRIES_MORE);
    Some(Record { anomalies: anomalies.into_bump_slice(), ..record })
}

/// Keeps the first record.
struct First<'a> {
    record: Option<Record<'a>>,
    has_more: bool,
}

impl<'a> Sink<'a> for First<'a> {
    fn record(&mut self, record: Record<'a>) {
        self.has_more |= self.record.is_some();
        self.record.get_or_insert(record);
    }

    fn fault(&mut self, _: u64, _: Anomaly) {}
}
