//! Payloads of health care within a text: a message of HL7 in a line of a log, an audit message in a JSON record, a table in the body of a LogRecord.
//!
//! Comes in: a text. Goes out: the places in it that identify a patient, as the reader of the payload found them, and the places that nobody could read although
//! something shows that they are a payload, or a piece of one. Asked only for texts in which there is such a sign. It reads with built-in settings: what a site's own
//! tables mean, their source says.

use std::sync::{Arc, LazyLock};

use cordon_model::{Anomaly, Arena, Position, RawRecord, Record, Span, Time};

use super::{Identity, merge, signs};
use crate::atna::Atna;
use crate::csv::Csv;
use crate::fhir::Fhir;
use crate::hl7::Hl7;
use crate::json;
use crate::syslog::Syslog;
use crate::{Confidence, DecodeOptions, Decoder, Format, Framed, Sink, Unit};

/// Payloads within payloads that are read; deeper ones are withheld.
pub(super) const DEPTH_MAX: u32 = 4;
/// Payloads of one text that are read one behind the other; the rest is withheld.
const PAYLOADS_MAX: usize = 64;
/// Starts of documents in XML that may be audit documents.
const XML_STARTS: [&str; 4] = ["<?xml", "<AuditMessage", "<AuditEvent", "<Bundle"];

/// With what payloads are read. Times and log sources of what is read here are nobody's.
static OPTIONS: LazyLock<Arc<DecodeOptions>> = LazyLock::new(|| Arc::new(DecodeOptions::new(Time(0))));

/// What was found in a text, in places of it, in order and not overlapping.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// What identifies a patient.
    pub(super) spans: Vec<Span>,
    /// The same as it reads once the payload's own escapes are undone.
    pub(super) texts: Vec<String>,
    /// What nobody understood.
    pub(super) unread: Vec<Span>,
}

/// Looks for payloads in a text. `tells_of_patient`: its marks name one.
pub(super) fn look(text: &str, tells_of_patient: bool, depth: u32) -> Carried {
    let mut look = Look { text, depth, found: Carried::default() };
    if depth == 0 {
        let is_payload = tells_of_patient || signs::evidence(text).is_some();
        look.withhold(0, if is_payload { text.len() } else { 0 });
    } else {
        if starts_with_priority(text) {
            // one message, whatever line ends it holds
            look.unit(&Syslog, 0, text.len());
        } else {
            look.table();
        }
        // what stands behind a priority was a record with texts of its own
        if look.found.spans.is_empty() && !starts_with_priority(text) {
            look.payloads(tells_of_patient);
        }
    }
    let Carried { spans, unread, .. } = &mut look.found;
    merge(spans);
    merge(unread);
    look.found
}

/// Whether a text begins with the priority of syslog: `<134>`.
pub(super) fn starts_with_priority(text: &str) -> bool {
    matches!(text.trim_ascii_start().as_bytes(), [b'<', b'0'..=b'9', ..])
}

/// Whether a text, its line ends written out or not, may be a table: there are further lines, and the first has columns.
pub(super) fn may_be_table(text: &str, is_escaped: bool) -> bool {
    let bytes = text.as_bytes();
    let end = if is_escaped {
        memchr::memchr_iter(b'\\', bytes).find(|at| matches!(bytes.get(at + 1), Some(b'n' | b'r')))
    } else {
        memchr::memchr2(b'\n', b'\r', bytes)
    };
    let first = end.and_then(|end| text.get(..end)).unwrap_or_default();
    let is_delimiter = |byte: &u8| matches!(byte, b',' | b';' | b'|' | b'\t');
    first.bytes().filter(|byte| is_delimiter(byte)).take(2).count() == 2
        || is_escaped && first.matches("\\t").take(2).count() == 2
}

/// A kind of payload, and where it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Payload {
    Hl7(usize),
    Json(usize),
    Syslog(usize),
    Xml(usize),
}

impl Payload {
    const fn start(self) -> usize {
        match self {
            Self::Hl7(start) | Self::Json(start) | Self::Syslog(start) | Self::Xml(start) => start,
        }
    }
}

/// The look at one text.
struct Look<'t> {
    text: &'t str,
    depth: u32,
    found: Carried,
}

impl<'t> Look<'t> {
    fn rest(&self, at: usize) -> &'t str {
        self.text.get(at..).unwrap_or_default()
    }

    fn withhold(&mut self, start: usize, end: usize) {
        self.found.unread.push(Span { start, end });
    }

    /// A table whose columns tell of patients.
    fn table(&mut self) {
        if may_be_table(self.text, false) && crate::csv::tells_of_patients(self.text.as_bytes()) {
            self.read(&Csv, 0, false);
        }
    }

    /// One payload behind the other, with whatever a program wrote around them.
    fn payloads(&mut self, tells_of_patient: bool) {
        let mut at = 0;
        for _ in 0..PAYLOADS_MAX {
            let rest = self.rest(at);
            let sign = signs::evidence(rest);
            let is_told = sign.is_some() || tells_of_patient;
            if !is_told && !signs::has_cef(rest) {
                return self.object(at);
            }
            let payload = next_payload(rest, sign.is_some());
            let before = payload.and_then(|payload| rest.get(..payload.start())).unwrap_or(rest);
            // a piece of a payload whose start is missing
            if sign.is_some_and(|sign| sign < before.len()) || is_told && is_of_json(before) {
                self.withhold(at, self.text.len());
                return;
            }
            let Some(payload) = payload else { return };
            let start = at + payload.start();
            let end = match payload {
                Payload::Hl7(_) => self.hl7(start),
                Payload::Json(_) => self.json(start),
                Payload::Syslog(_) => {
                    self.unit(&Syslog, start, self.text.len());
                    None
                }
                Payload::Xml(_) => self.xml(start),
            };
            let Some(end) = end.filter(|end| *end > start) else { return };
            at = end;
        }
        self.withhold(at, self.text.len());
    }

    /// An object in JSON that is all of the text, when it starts `at` its start: its fields may hold what the text does not show.
    fn object(&mut self, at: usize) {
        let arena = Arena::new();
        let raw = RawRecord { position: Position::Offset(0), bytes: self.text.as_bytes() };
        let is_object = at == 0 && self.text.starts_with('{') && self.text.ends_with('}');
        let read = if is_object { json::leading(raw, self.text, &OPTIONS, &arena) } else { None };
        if let Some((_, record)) = read {
            Take { base: 0, look: self, is_faulty: false }.record(record);
        }
    }

    /// Messages of HL7 up to the end.
    fn hl7(&mut self, start: usize) -> Option<usize> {
        let rest = self.rest(start);
        if signs::is_unparted(rest) {
            self.withhold(start, self.text.len());
        } else {
            self.read(&Hl7, start, false);
        }
        None
    }

    /// The document in XML that starts here; its end, where it has one.
    fn xml(&mut self, start: usize) -> Option<usize> {
        let rest = self.rest(start).as_bytes();
        let formats: [&dyn Format; 2] = [&Atna, &Fhir];
        match formats.into_iter().find(|format| format.sniff(rest, true) != Confidence::No) {
            Some(format) => self.read(format, start, true),
            None => {
                self.withhold(start, self.text.len());
                None
            }
        }
    }

    /// The object in JSON that starts here, and its end. A text that starts with JSON has nothing else in it, or it is broken.
    fn json(&mut self, start: usize) -> Option<usize> {
        let rest = self.rest(start);
        let arena = Arena::new();
        let raw = RawRecord { position: Position::Offset(0), bytes: rest.as_bytes() };
        let read = json::leading(raw, rest, &OPTIONS, &arena);
        let Some((length, record)) = read else {
            if Fhir.sniff(rest.as_bytes(), true) != Confidence::No {
                self.read(&Fhir, start, false);
            }
            self.withhold(start, self.text.len());
            return None;
        };
        let end = start + length;
        let own = self.text.get(start..end).unwrap_or_default();
        if Fhir.sniff(own.as_bytes(), true) == Confidence::No {
            let raw = RawRecord { bytes: own.as_bytes(), ..raw };
            let mut take = Take { base: start, look: self, is_faulty: false };
            take.record(Record { raw, ..record });
        } else {
            self.unit(&Fhir, start, end);
        }
        let is_blank = |letter: char| letter.is_whitespace() || letter == '[';
        let is_all = self.text.trim_start_matches(is_blank).starts_with('{');
        let behind = self.rest(end).trim_start();
        if is_all && !behind.is_empty() && !behind.starts_with(['{', ',', ']']) {
            self.withhold(end, self.text.len());
            return None;
        }
        Some(end)
    }

    /// Reads all units from `start` on, or the first, and gives where the last of them ended. What the reader refuses is withheld.
    fn read(&mut self, format: &dyn Format, start: usize, is_first_only: bool) -> Option<usize> {
        let bytes = self.rest(start).as_bytes();
        let mut framer = format.framer(&OPTIONS);
        let (mut at, mut has_read) = (0, false);
        // bounded by the text: every turn takes at least one byte of it
        while at < bytes.len() && !(is_first_only && has_read) {
            let rest = bytes.get(at..).unwrap_or_default();
            match framer.next(rest, true) {
                Framed::Unit { start: from, end, next } => {
                    self.decode(&*framer.decoder(), start + at + from, start + at + end);
                    (at, has_read) = (at + next.max(1), true);
                }
                Framed::Skip { next } | Framed::Header { next } => at += next.max(1),
                Framed::Fault { .. } | Framed::More => {
                    self.withhold(start + at, self.text.len());
                    return None;
                }
            }
        }
        Some(start + at)
    }

    fn unit(&mut self, format: &dyn Format, start: usize, end: usize) {
        self.decode(&*format.framer(&OPTIONS).decoder(), start, end);
    }

    /// Decodes one unit. One of which some gave no record is withheld.
    fn decode(&mut self, decoder: &dyn Decoder, start: usize, end: usize) {
        let bytes = self.text.get(start..end).unwrap_or_default().as_bytes();
        let arena = Arena::new();
        let mut take = Take { base: start, look: self, is_faulty: false };
        decoder.decode(Unit { offset: 0, bytes }, &arena, &mut take);
        if take.is_faulty {
            self.withhold(start, end);
        }
    }
}

/// The first payload that a reader may know. HL7 and XML need a sign of them in the text.
fn next_payload(text: &str, has_sign: bool) -> Option<Payload> {
    let hl7 = || {
        let mut starts = text.match_indices("MSH|").map(|(start, _)| start);
        starts.find(|start| !text.get(..*start).is_some_and(|before| before.ends_with(char::is_alphanumeric)))
    };
    let xml = || XML_STARTS.iter().filter_map(|start| text.find(start)).min();
    let hl7 = has_sign.then(hl7).flatten().map(Payload::Hl7);
    let xml = has_sign.then(xml).flatten().map(Payload::Xml);
    let json = json_start(text).map(Payload::Json);
    let syslog = syslog_start(text).map(Payload::Syslog);
    [hl7, xml, json, syslog].into_iter().flatten().min_by_key(|payload| payload.start())
}

/// Where a message of syslog starts: its priority, with its version or time behind it, or CEF or LEEF.
fn syslog_start(text: &str) -> Option<usize> {
    let is_priority = |start: &usize| {
        let inside = text.get(start + 1..).unwrap_or_default();
        let (digits, rest) = inside.split_at_checked(inside.find('>').unwrap_or_default()).unwrap_or_default();
        let is_number = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number && rest.get(1..).is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_alphanumeric()))
    };
    let priority = text.match_indices('<').map(|(start, _)| start).find(is_priority);
    ["CEF:", "LEEF:"].iter().filter_map(|start| text.find(start)).chain(priority).min()
}

/// Where an object in JSON starts: `{` and a name behind it.
fn json_start(text: &str) -> Option<usize> {
    let starts = text.match_indices('{').map(|(start, _)| start);
    let is_object = |start: &usize| text.get(start + 1..).is_some_and(|inside| inside.trim_start().starts_with('"'));
    starts.into_iter().find(is_object)
}

/// Whether a text that is no JSON is a piece of some.
fn is_of_json(text: &str) -> bool {
    ["\":", "\"}", "\"]", "},", "}]", "]}"].iter().any(|mark| text.contains(mark))
}

/// Takes what identifies a patient in the records of a unit that starts at `base`.
struct Take<'l, 't> {
    base: usize,
    look: &'l mut Look<'t>,
    is_faulty: bool,
}

impl<'a> Sink<'a> for Take<'_, '_> {
    fn record(&mut self, record: Record<'a>) {
        let within = match record.raw.position {
            Position::Offset(offset) => usize::try_from(offset).unwrap_or_default(),
            Position::Chunk { .. } => 0,
        };
        let start = self.base + within;
        let look =
            super::Look { depth: self.look.depth.saturating_sub(1), bytes_max: self.look.text.len(), has_signs: false };
        let identity = Identity::within(&record, look);
        let moved = |span: &Span| Span { start: start + span.start, end: start + span.end };
        let spelt = |span: &Span| record.raw.bytes.get(span.start..span.end).map(String::from_utf8_lossy);
        let found = &mut self.look.found;
        found.texts.extend(identity.spans.iter().filter_map(spelt).map(|text| text.into_owned()));
        found.texts.extend(identity.texts.into_iter().map(|text| text.into_owned()));
        found.spans.extend(identity.spans.iter().map(moved));
        found.unread.extend(identity.unread.iter().map(moved));
    }

    fn fault(&mut self, _: u64, _: Anomaly) {
        self.is_faulty = true;
    }
}
