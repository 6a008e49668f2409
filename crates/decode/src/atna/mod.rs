//! ATNA audit messages: DICOM PS3.15 A.5 and RFC 3881, as XML, one behind the other, and as OpenEMR writes them (a syslog header on a line of its own in
//! front). Inside syslog proper, room `syslog` calls [`decode_xml`].

mod anomaly;
mod fields;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use fields::{AuditMessage, decode_xml};

use crate::syslog::Syslog;
use crate::xml::{self, Documents};
use crate::{Confidence, DecodeOptions, Decoder, Format, Framed, Framer, Sink, Unit};

/// The format's name; also `Record::format` of audit messages that another format carries.
pub const NAME: &str = "atna";

/// Longest syslog header in bytes that may stand in front of the first message.
const HEADER_MAX: usize = 1024;

/// Audit messages in files.
#[derive(Debug)]
pub(crate) struct Atna;

impl Format for Atna {
    fn name(&self) -> &'static str {
        NAME
    }

    fn sniff(&self, head: &[u8], _ended: bool) -> Confidence {
        let document = behind_header(head).unwrap_or(head);
        match xml::root_tag(document) {
            Some((b"AuditMessage", _)) => Confidence::Certain,
            _ => Confidence::No,
        }
    }

    fn framer(&self, options: &Arc<DecodeOptions>) -> Box<dyn Framer> {
        let documents = Documents::new(options.record_bytes_max);
        let decoder = AtnaDecoder { options: Arc::clone(options), syslog: Syslog.framer(options).decoder() };
        Box::new(AtnaFramer { documents, decoder: Arc::new(decoder) })
    }
}

/// What stands behind OpenEMR's header `<13>2026-... host` and its line end.
fn behind_header(head: &[u8]) -> Option<&[u8]> {
    let priority = head.trim_ascii_start().strip_prefix(b"<")?;
    if !priority.first()?.is_ascii_digit() {
        return None;
    }
    let line_end = memchr::memchr(b'\n', priority.get(..HEADER_MAX).unwrap_or(priority))?;
    priority.get(line_end + 1..)
}

/// Whether a message begins with a priority of syslog and its document stands on the same line.
fn is_syslog(bytes: &[u8]) -> bool {
    let begins = |rest: &[u8]| matches!(rest, [b'<', digit, ..] if digit.is_ascii_digit());
    begins(bytes.trim_ascii_start()) && behind_header(bytes).is_none()
}

struct AtnaFramer {
    documents: Documents,
    decoder: Arc<AtnaDecoder>,
}

impl Framer for AtnaFramer {
    fn next(&mut self, buffer: &[u8], ended: bool) -> Framed {
        self.documents.next(buffer, ended)
    }

    fn decoder(&self) -> Arc<dyn Decoder> {
        Arc::<AtnaDecoder>::clone(&self.decoder)
    }
}

struct AtnaDecoder {
    options: Arc<DecodeOptions>,
    /// Reads messages that came as syslog sends them (IHE ITI-20): header and document on one line.
    syslog: Arc<dyn Decoder>,
}

impl Decoder for AtnaDecoder {
    fn decode<'a>(&self, unit: Unit<'a>, arena: &'a cordon_model::Arena, sink: &mut dyn Sink<'a>) {
        if is_syslog(unit.bytes) {
            self.syslog.decode(unit, arena, sink);
        } else {
            fields::decode_unit(unit, &self.options, arena, sink);
        }
    }
}
