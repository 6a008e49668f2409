//! FHIR AuditEvents of every release, in JSON and XML: one resource, many (NDJSON, arrays, documents in a row) or the entries of a Bundle.
//!
//! `json.rs` and `xml.rs` walk the two syntaxes into the same fields; `fields.rs` says when it was, which log sources it has and which bytes name a patient.

mod anomaly;
mod fields;
mod json;
#[cfg(test)]
mod tests;
mod xml;

use std::sync::Arc;

use cordon_model::Arena;

use crate::json::JsonFramer;
use crate::xml::{Documents, root_tag};
use crate::{Confidence, DecodeOptions, Decoder, Format, Framed, Framer, Sink, Unit};

/// FHIR's XML name space.
const NAMESPACE: &[u8] = b"http://hl7.org/fhir";

/// FHIR AuditEvents.
#[derive(Debug)]
pub(crate) struct Fhir;

impl Format for Fhir {
    fn name(&self) -> &'static str {
        fields::NAME
    }

    fn sniff(&self, head: &[u8], _ended: bool) -> Confidence {
        let text = without_mark(head);
        if text.first() == Some(&b'<') {
            return match root_tag(text) {
                Some((b"AuditEvent" | b"Bundle", rest)) if memchr::memmem::find(rest, NAMESPACE).is_some() => {
                    Confidence::Certain
                }
                Some((b"AuditEvent", _)) => Confidence::Likely,
                _ => Confidence::No,
            };
        }
        match json::first_resource_type(text) {
            Some(b"AuditEvent") => Confidence::Certain,
            Some(b"Bundle") if memchr::memmem::find(text, b"\"AuditEvent\"").is_some() => Confidence::Certain,
            Some(b"Bundle") => Confidence::Likely,
            _ => Confidence::No,
        }
    }

    fn framer(&self, options: &Arc<DecodeOptions>) -> Box<dyn Framer> {
        Box::new(FhirFramer { options: Arc::clone(options), syntax: None })
    }
}

/// The bytes behind a byte order mark and blanks.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start()
}

/// How one source is written.
enum Syntax {
    Json(JsonFramer),
    Xml(Documents),
}

struct FhirFramer {
    options: Arc<DecodeOptions>,
    syntax: Option<Syntax>,
}

impl Framer for FhirFramer {
    fn next(&mut self, buffer: &[u8], ended: bool) -> Framed {
        let options = &self.options;
        if self.syntax.is_none() {
            self.syntax = match without_mark(buffer).first() {
                None if !ended => return Framed::More,
                Some(b'<') => Some(Syntax::Xml(Documents::new(options.record_bytes_max))),
                _ => Some(Syntax::Json(JsonFramer::new(options))),
            };
        }
        match &mut self.syntax {
            Some(Syntax::Json(framer)) => framer.next(buffer, ended),
            Some(Syntax::Xml(documents)) => documents.next(buffer, ended),
            None => Framed::More,
        }
    }

    fn decoder(&self) -> Arc<dyn Decoder> {
        Arc::new(FhirDecoder { options: Arc::clone(&self.options) })
    }
}

struct FhirDecoder {
    options: Arc<DecodeOptions>,
}

impl Decoder for FhirDecoder {
    fn decode<'a>(&self, unit: Unit<'a>, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
        let gathered = if without_mark(unit.bytes).first() == Some(&b'<') {
            xml::gather(unit.bytes, arena)
        } else {
            json::gather(unit.bytes, arena)
        };
        fields::give(unit, gathered, &self.options, arena, sink);
    }
}
