//! One message to one Record. Names are `SEG-field[.component[.subcomponent]]`, numbered from 1 (`docs/specs/decoders-hl7.md`).

use std::sync::Arc;

use bumpalo::collections::Vec;
use cordon_model::{Anomaly, Arena, Field, Position, RawRecord, Record, Span, Value, When};

use super::anomaly::{
    BAD_TIME, CHARSET_UNKNOWN, DELIMITERS_MISSING, DELIMITERS_REPEATED, MISSING_TIME, MISSING_ZONE, NOT_A_MESSAGE,
    SEGMENT_UNNAMED, TOO_MANY_FIELDS,
};
use super::charset::Charset;
use super::split::{Delimiters, Piece, segments};
use super::{escape, patient, time};
use crate::{DecodeOptions, Decoder, Sink, Unit};

/// Most values that one message may give; what follows is left out and masked.
const FIELDS_MAX: usize = 65_536;

/// Message types that ask for data: they count as access to a record (v2.5.1 chapter 5 and, for the older ones, v2.3).
const QUERIES: [&str; 8] = ["QRY", "QBP", "QVR", "QSB", "SPQ", "VQQ", "EQQ", "RQQ"];

/// Decodes messages.
#[derive(Debug)]
pub(super) struct Hl7Decoder {
    pub(super) options: Arc<DecodeOptions>,
}

impl Decoder for Hl7Decoder {
    fn decode<'a>(&self, unit: Unit<'a>, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
        let Some(mut reader) = Reader::new(unit.bytes, arena) else {
            sink.fault(unit.offset, NOT_A_MESSAGE);
            return;
        };
        for segment in segments(unit.bytes) {
            if !reader.segment(segment) {
                break;
            }
        }
        let when = self.when(&mut reader);
        let kind = if reader.text("MSH-9.1").is_some_and(|kind| QUERIES.contains(&kind)) { "query" } else { "message" };
        sink.record(Record {
            raw: RawRecord { position: Position::Offset(unit.offset), bytes: unit.bytes },
            index: 0,
            format: super::NAME,
            when,
            sources: self.options.log_sources.lookup("hl7", kind, None),
            fields: reader.fields.into_bump_slice(),
            anomalies: reader.anomalies.into_bump_slice(),
            patient_spans: reader.spans.into_bump_slice(),
        });
    }
}

impl Hl7Decoder {
    fn when<'a>(&self, reader: &mut Reader<'a>) -> When<'a> {
        let Some(text) = reader.text("MSH-7.1") else {
            reader.fault(MISSING_TIME);
            return When::Missing;
        };
        let Some((moment, zone)) = time::read(text, &self.options.timezone) else {
            reader.fault(BAD_TIME);
            return When::Missing;
        };
        zone.faults(MISSING_ZONE).for_each(|fault| reader.fault(fault));
        When::Known(moment)
    }
}

struct Reader<'a> {
    message: &'a [u8],
    arena: &'a Arena,
    delimiters: Delimiters,
    charset: Charset,
    fields: Vec<'a, Field<'a>>,
    spans: Vec<'a, Span>,
    anomalies: Vec<'a, Anomaly>,
}

impl<'a> Reader<'a> {
    fn new(message: &'a [u8], arena: &'a Arena) -> Option<Self> {
        let delimiters = Delimiters::read(message)?;
        let mut reader = Self {
            message,
            arena,
            delimiters,
            charset: Charset::UNDECLARED,
            fields: Vec::new_in(arena),
            spans: Vec::new_in(arena),
            anomalies: Vec::new_in(arena),
        };
        if delimiters.repeated {
            reader.fault(DELIMITERS_REPEATED);
        }
        if delimiters.subcomponent.is_none() {
            reader.fault(DELIMITERS_MISSING);
        }
        reader.read_charset();
        Some(reader)
    }

    fn read_charset(&mut self) {
        let header = segments(self.message).next();
        let names = header.and_then(|header| header.split(Some(self.delimiters.field), Charset::UNDECLARED).nth(17));
        let names = names.into_iter().flat_map(|names| names.split(self.delimiters.repetition, Charset::UNDECLARED));
        match Charset::from_names(names.map(|name| name.bytes)) {
            Some(charset) => self.charset = charset,
            None => self.fault(CHARSET_UNKNOWN),
        }
    }

    /// Reads one segment; false when the limit is reached.
    fn segment(&mut self, segment: Piece<'a>) -> bool {
        let Some(name) = segment_name(segment.bytes, self.delimiters.field) else {
            self.fault(SEGMENT_UNNAMED);
            self.spans.push(Span { start: segment.start, end: segment.start + segment.bytes.len() });
            let text = self.decoded(segment);
            return self.push("continuation", Value::Text(text));
        };
        let mut fields = segment.after(4).split(Some(self.delimiters.field), self.charset);
        let mut number = 1;
        if name == "MSH" {
            let declared = fields.next().map_or("", |declared| self.decoded(declared));
            let field = self.arena.alloc_str(char::from(self.delimiters.field).encode_utf8(&mut [0; 4]));
            if !self.push("MSH-1", Value::Text(field)) || !self.push("MSH-2", Value::Text(declared)) {
                return false;
            }
            number = 3;
        }
        let mut value_type: &[u8] = b"";
        for piece in fields {
            if number == 2 {
                value_type = piece.bytes;
            }
            if !self.field(name, number, value_type, piece) {
                return false;
            }
            number += 1;
        }
        true
    }

    /// One field with its repetitions; false when the limit is reached.
    fn field(&mut self, segment: &'a str, number: usize, value_type: &[u8], piece: Piece<'a>) -> bool {
        if !piece.bytes.is_empty() && patient::identifies(segment, number, value_type) {
            self.spans.push(Span { start: piece.start, end: piece.start + piece.bytes.len() });
        }
        let mut repetitions = piece.split(self.delimiters.repetition, self.charset);
        repetitions.all(|repetition| self.repetition(segment, number, repetition))
    }

    /// One repetition: its whole text, and each component that is not empty.
    fn repetition(&mut self, segment: &'a str, number: usize, piece: Piece<'a>) -> bool {
        if piece.bytes.is_empty() {
            return true;
        }
        let (component, subcomponent) = (self.delimiters.component, self.delimiters.subcomponent);
        let name = bumpalo::format!(in self.arena, "{}-{}", segment, number).into_bump_str();
        let first = bumpalo::format!(in self.arena, "{}.1", name).into_bump_str();
        if !piece.has(component, self.charset) && !piece.has(subcomponent, self.charset) {
            let value = self.value(piece);
            return self.push(name, value) && self.push(first, value);
        }
        let whole = self.decoded(piece);
        if !self.push(name, Value::Text(whole)) {
            return false;
        }
        for (place, part) in piece.split(component, self.charset).enumerate() {
            let name = match place {
                0 => first,
                _ => bumpalo::format!(in self.arena, "{}.{}", name, place + 1).into_bump_str(),
            };
            if !self.component(name, part) {
                return false;
            }
        }
        true
    }

    fn component(&mut self, name: &'a str, piece: Piece<'a>) -> bool {
        if piece.bytes.is_empty() {
            return true;
        }
        if !piece.has(self.delimiters.subcomponent, self.charset) {
            let value = self.value(piece);
            return self.push(name, value);
        }
        let whole = self.decoded(piece);
        let parts = piece.split(self.delimiters.subcomponent, self.charset);
        self.push(name, Value::Text(whole))
            && parts.enumerate().filter(|(_, part)| !part.bytes.is_empty()).all(|(place, part)| {
                let value = self.value(part);
                self.push(bumpalo::format!(in self.arena, "{}.{}", name, place + 1).into_bump_str(), value)
            })
    }

    /// A value with nothing left to split: escapes resolved; two quotation marks are HL7's null.
    fn value(&mut self, piece: Piece<'a>) -> Value<'a> {
        if piece.bytes == b"\"\"" {
            return Value::Null;
        }
        let text = self.decoded(piece);
        let (text, fault) = escape::resolve(text, &self.delimiters, self.charset, self.arena);
        fault.into_iter().for_each(|fault| self.fault(fault));
        Value::Text(text)
    }

    fn decoded(&mut self, piece: Piece<'a>) -> &'a str {
        let (text, fault) = self.charset.text(piece.bytes, self.arena);
        fault.into_iter().for_each(|fault| self.fault(fault));
        text
    }

    /// Adds a field; false when the limit is reached, and then all that is left of the message is masked.
    fn push(&mut self, name: &'a str, value: Value<'a>) -> bool {
        if self.fields.len() < FIELDS_MAX {
            self.fields.push(Field { name, value });
            return true;
        }
        self.fault(TOO_MANY_FIELDS);
        // INVARIANT: spans are in order, so masking from the end of the last one leaves nothing out
        let start = self.spans.last().map_or(0, |span| span.end);
        self.spans.push(Span { start, end: self.message.len() });
        false
    }

    /// Notes an anomaly once.
    fn fault(&mut self, anomaly: Anomaly) {
        if !self.anomalies.contains(&anomaly) {
            self.anomalies.push(anomaly);
        }
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.fields.iter().find(|field| field.name == name).and_then(|field| field.value.text(self.arena))
    }
}

/// The segment's name, when the line starts with one: a letter and two letters or digits, then the field delimiter or the end.
fn segment_name(line: &[u8], field: u8) -> Option<&str> {
    let name = line.get(..3)?;
    let named = name.first()?.is_ascii_uppercase()
        && name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && line.get(3).is_none_or(|byte| *byte == field);
    if named { str::from_utf8(name).ok() } else { None }
}
