//! One syslog unit to one Record: header fields, then those of the payload, then the log source.

use std::sync::Arc;

use bumpalo::collections::String;
use cordon_model::{Arena, Position, RawRecord, Record, SourceSet, When};

use super::anomaly::{INVALID_UTF8, MISSING_TIME};
use super::header::{self, Header};
use super::list::FieldList;
use super::payload::{self, Payload};
use crate::{DecodeOptions, Decoder, Sink, Unit};

/// Decodes messages.
pub(super) struct SyslogDecoder {
    format: &'static str,
    options: Arc<DecodeOptions>,
}

impl SyslogDecoder {
    pub(super) const fn new(format: &'static str, options: Arc<DecodeOptions>) -> Self {
        Self { format, options }
    }

    /// The log source that the payload named, else the program's, else that of any program.
    fn sources(&self, payload: Payload<'_>) -> SourceSet {
        let table = &self.options.log_sources;
        let known = table.lookup(payload.kind, payload.key, None);
        if known == SourceSet::default() { table.lookup(payload.kind, "*", None) } else { known }
    }
}

impl Decoder for SyslogDecoder {
    fn decode<'a>(&self, unit: Unit<'a>, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
        let mut list = FieldList::new(arena);
        let text = text_of(unit.bytes, &mut list);
        let mut header = header::read(text, &self.options, &mut list);
        header_fields(&header, &mut list);
        let payload = payload::read(&mut header, text, &self.options, &mut list);
        if header.when == When::Missing {
            list.anomaly(MISSING_TIME);
        }
        let (fields, anomalies) = list.finish();
        sink.record(Record {
            raw: RawRecord { position: Position::Offset(unit.offset), bytes: unit.bytes },
            index: 0,
            format: self.format,
            when: header.when,
            sources: self.sources(payload),
            fields,
            anomalies,
            patient_spans: &[],
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
fn header_fields<'a>(header: &Header<'a>, list: &mut FieldList<'a>) {
    list.some("hostname", header.hostname);
    list.some("program", header.program);
    list.some("pid", header.pid);
    if let Some((facility, severity)) = header.priority.map(header::priority_names) {
        list.some("facility", facility);
        list.some("severity", severity);
    }
    list.some("level", header.level);
    list.some("msgid", header.msgid);
    list.text("message", header.message);
}
