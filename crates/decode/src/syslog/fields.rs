//! One syslog unit to one Record: header fields, then those of the payload, then time and log source.

use std::sync::Arc;

use bumpalo::collections::String;
use cordon_model::{Arena, Position, RawRecord, Record, SourceSet, Span, When};

use super::anomaly::{INVALID_UTF8, MISSING_TIME, NO_HEADER};
use super::header::{self, Header};
use super::list::FieldList;
use super::payload::{self, Kind, Payload, inner};
use crate::fhir::Fhir;
use crate::hl7::Hl7;
use crate::json::Json;
use crate::{DecodeOptions, Decoder, Format, Sink, Unit, atna};

/// Decodes messages.
pub(super) struct SyslogDecoder {
    format: &'static str,
    options: Arc<DecodeOptions>,
    json: Arc<dyn Decoder>,
    fhir: Arc<dyn Decoder>,
    hl7: Arc<dyn Decoder>,
}

/// What a payload gives besides its fields.
struct Verdict<'a> {
    format: &'static str,
    sources: SourceSet,
    patient_spans: &'a [Span],
}

impl SyslogDecoder {
    pub(super) fn new(format: &'static str, options: &Arc<DecodeOptions>) -> Self {
        Self {
            format,
            options: Arc::clone(options),
            json: Json.framer(options).decoder(),
            fhir: Fhir.framer(options).decoder(),
            hl7: Hl7.framer(options).decoder(),
        }
    }

    /// The log source that the payload named, else that of any of its kind.
    fn sources(&self, payload: Payload<'_>) -> SourceSet {
        let table = &self.options.log_sources;
        let known = table.lookup(payload.kind, payload.key, payload.id);
        if known == SourceSet::default() { table.lookup(payload.kind, "*", None) } else { known }
    }

    fn payload<'a>(
        &self,
        kind: Kind<'a>,
        header: &mut Header<'a>,
        text: &'a str,
        unit: Unit<'a>,
        list: &mut FieldList<'a>,
    ) -> Verdict<'a> {
        let payload = payload::read(kind, header, text, &self.options, list);
        let mut verdict = Verdict { format: self.format, sources: self.sources(payload), patient_spans: &[] };
        match kind {
            Kind::Json(text) => {
                self.inner(&*self.json, text, unit, (header, list), &mut verdict);
            }
            Kind::Fhir(text) => {
                let format = self.inner(&*self.fhir, text, unit, (header, list), &mut verdict);
                verdict.format = format.unwrap_or(verdict.format);
            }
            Kind::Hl7(text) => {
                let format = self.inner(&*self.hl7, text, unit, (header, list), &mut verdict);
                verdict.format = format.unwrap_or(verdict.format);
            }
            Kind::Atna => self.audit_message(unit, header, list, &mut verdict),
            _ => {}
        }
        verdict
    }

    /// A payload that another decoder reads; the format of its record, where there is one.
    fn inner<'a>(
        &self,
        decoder: &dyn Decoder,
        text: &'a str,
        unit: Unit<'a>,
        (header, list): (&mut Header<'a>, &mut FieldList<'a>),
        verdict: &mut Verdict<'a>,
    ) -> Option<&'static str> {
        let start = unit.bytes.len().checked_sub(text.len()).filter(|_| unit.bytes.ends_with(text.as_bytes()));
        let inner = inner::read(decoder, text, start, list);
        verdict.patient_spans = inner.patient_spans;
        if inner.sources != SourceSet::default() {
            verdict.sources = inner.sources;
        }
        if inner.when.resolve().is_some() {
            header.when = inner.when;
        }
        inner.format
    }

    /// An ATNA audit message: its patient spans are those of the raw bytes, so it is read from them.
    fn audit_message<'a>(
        &self,
        unit: Unit<'a>,
        header: &mut Header<'a>,
        list: &mut FieldList<'a>,
        verdict: &mut Verdict<'a>,
    ) {
        let starts = [b"<?xml".as_slice(), b"<AuditMessage"];
        let start = starts.iter().filter_map(|start| memchr::memmem::find(unit.bytes, start)).min().unwrap_or_default();
        let document = unit.bytes.get(start..).unwrap_or_default();
        match atna::decode_xml(document, start, &self.options, list.arena) {
            Ok(message) => {
                for field in &message.fields {
                    list.push(field.name, field.value);
                }
                for anomaly in &message.anomalies {
                    list.anomaly(*anomaly);
                }
                if message.when.resolve().is_some() {
                    header.when = message.when;
                }
                verdict.format = atna::NAME;
                verdict.sources = message.sources;
                verdict.patient_spans = message.patient_spans.into_bump_slice();
            }
            Err(anomaly) => list.anomaly(anomaly),
        }
    }
}

impl Decoder for SyslogDecoder {
    fn decode<'a>(&self, unit: Unit<'a>, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
        let mut list = FieldList::new(arena);
        let text = text_of(unit.bytes, &mut list);
        let mut header = header::read(text, &mut list);
        let kind = payload::recognise(&mut header);
        if header.is_bare && kind == Kind::Prose {
            list.anomaly(NO_HEADER);
        }
        header_fields(&header, kind, &mut list);
        let verdict = self.payload(kind, &mut header, text, unit, &mut list);
        if let (When::Missing, Some(stamp)) = (header.when, header.stamp) {
            header.when = stamp.resolve(&self.options, &mut list);
        }
        if header.when == When::Missing {
            list.anomaly(MISSING_TIME);
        }
        let (fields, anomalies) = list.finish();
        sink.record(Record {
            raw: RawRecord { position: Position::Offset(unit.offset), bytes: unit.bytes },
            index: 0,
            format: verdict.format,
            when: header.when,
            sources: verdict.sources,
            fields,
            anomalies,
            patient_spans: verdict.patient_spans,
        });
    }
}

/// The bytes as text; what is not UTF-8 is replaced, in the arena.
fn text_of<'a>(bytes: &'a [u8], list: &mut FieldList<'a>) -> &'a str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => {
            list.anomaly(INVALID_UTF8);
            String::from_utf8_lossy_in(bytes, list.arena).into_bump_str()
        }
    }
}

/// The fields of the header, without those that it does not state.
fn header_fields<'a>(header: &Header<'a>, kind: Kind<'a>, list: &mut FieldList<'a>) {
    list.some("hostname", header.hostname);
    list.some("program", header.program);
    list.some("pid", header.pid);
    if let Some((facility, severity)) = header.priority.map(header::priority_names) {
        list.some("facility", facility);
        list.some("severity", severity);
    }
    list.some("level", header.level);
    list.some("msgid", header.msgid);
    // The text of an audit message names patients: its fields and their spans say the same and can be masked.
    if kind != Kind::Atna {
        list.text("message", header.message);
    }
}
