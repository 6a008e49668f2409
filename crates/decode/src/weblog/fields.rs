//! One line to one Record.

use std::borrow::Cow;
use std::sync::Arc;

use cordon_model::{Arena, Span};

use super::access::{Access, Part};
use super::anomaly::{BAD_REQUEST, BAD_TIME, MISSING_ZONE, NOT_UTF8, UNREADABLE};
use super::error_log::ErrorLine;
use crate::row::{Row, line_text};
use crate::{DecodeOptions, Decoder, Sink, Unit, civil};

/// Decodes lines.
#[derive(Debug)]
pub(super) struct WebLogDecoder {
    pub(super) options: Arc<DecodeOptions>,
}

/// Words in a request target that tell of a patient (FHIR's compartment and search parameters, and what portals call them).
const PATIENT_WORDS: [&str; 8] = ["patient", "identifier=", "birthdate=", "family=", "given=", "mrn", "name=", "ssn"];

impl Decoder for WebLogDecoder {
    fn decode<'a>(&self, unit: Unit<'a>, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
        let mut row = Row::new(unit, arena);
        let (line, exact) = line_text(unit.bytes, arena);
        if !exact {
            row.fault(NOT_UTF8);
        }
        let kind = if let Some(access) = Access::read(line) {
            self.access(&access, exact, &mut row, arena);
            "access"
        } else if let Some(error) = ErrorLine::read(line) {
            self.error(&error, &mut row);
            if error.nginx { "nginx_error" } else { "apache_error" }
        } else {
            row.put("message", line);
            row.fault(UNREADABLE);
            ""
        };
        sink.record(row.finish(super::NAME, self.options.log_sources.lookup("weblog", kind, None)));
    }
}

impl WebLogDecoder {
    fn access<'a>(&self, access: &Access<'a>, exact: bool, row: &mut Row<'a>, arena: &'a Arena) {
        self.time(access.time, &["%d/%b/%Y:%H:%M:%S %z"], row);
        let (host, port) = access.host.rsplit_once(':').unwrap_or((access.host, ""));
        row.put("cs-host", host);
        row.put("s-port", port);
        row.put("c-ip", access.client);
        row.put("cs-ident", access.ident);
        row.put("cs-username", access.user);
        match access.request_parts() {
            Some((method, target, version)) => {
                row.put("cs-method", method);
                self::target(target, row, arena);
                row.put("cs-version", version);
            }
            None => {
                row.put("cs-uri", unescaped(access.request.text, arena));
                if access.request.text != "-" {
                    row.fault(BAD_REQUEST);
                }
            }
        }
        row.put("sc-status", access.status);
        row.put("sc-bytes", access.bytes);
        row.put("cs-referer", unescaped(access.referer.text, arena));
        row.put("cs-user-agent", unescaped(access.user_agent, arena));
        row.put("extra", access.extra);
        for part in [access.request, access.referer].into_iter().filter(|part| tells_of_patient(part.text)) {
            // replaced bytes move the places: then all of the line is masked
            let end = if exact { part.start + part.text.len() } else { usize::MAX };
            row.mask(Span { start: if exact { part.start } else { 0 }, end });
        }
    }

    fn error<'a>(&self, error: &ErrorLine<'a>, row: &mut Row<'a>) {
        let patterns: &[&str] = if error.nginx { &["%Y/%m/%d %H:%M:%S"] } else { &["%a %b %d %H:%M:%S%.f %Y"] };
        self.time(error.time, patterns, row);
        row.put("module", error.module);
        row.put("level", error.level);
        row.put("pid", error.pid);
        row.put("c-ip", error.client);
        row.put("message", error.message);
    }

    fn time(&self, text: &str, patterns: &[&str], row: &mut Row<'_>) {
        let read = patterns.iter().find_map(|pattern| civil::by_pattern(text, pattern, &self.options.timezone));
        row.time = read.map(|(time, _)| time);
        row.zone(read.map(|(_, zone)| zone), MISSING_ZONE, BAD_TIME);
    }
}

/// The target under the names that rules use for it. `cs-uri-query` holds the query, and the whole target as well: public rules use it for both.
fn target<'a>(target: Part<'a>, row: &mut Row<'a>, arena: &'a Arena) {
    let whole = unescaped(target.text, arena);
    let (stem, query) = whole.split_once('?').unwrap_or((whole, ""));
    row.put("cs-uri", whole);
    row.put("c-uri", whole);
    row.put("cs-uri-stem", stem);
    row.put("cs-uri-query", query);
    row.put("cs-uri-query", whole);
}

fn tells_of_patient(target: &str) -> bool {
    let lowered = target.to_ascii_lowercase();
    PATIENT_WORDS.iter().any(|word| lowered.contains(word))
}

/// Resolves what the servers escape in quoted texts: `\"`, `\\`, `\t`, `\n`, `\r` and `\xHH`; a text that is none afterwards stays as written.
fn unescaped<'a>(text: &'a str, arena: &'a Arena) -> &'a str {
    match resolve(text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(bytes) => String::from_utf8(bytes).map_or(text, |text| arena.alloc_str(&text)),
    }
}

fn resolve(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('\\') {
        return Cow::Borrowed(text.as_bytes());
    }
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((byte, after)) = rest.split_first() {
        let (byte, used) = if *byte == b'\\' { escape(after) } else { (*byte, 0) };
        out.push(byte);
        rest = after.get(used..).unwrap_or_default();
    }
    Cow::Owned(out)
}

/// The byte that an escape stands for, and how many bytes behind the backslash it takes.
fn escape(after: &[u8]) -> (u8, usize) {
    match after {
        [quoted @ (b'"' | b'\\'), ..] => (*quoted, 1),
        [b't', ..] => (b'\t', 1),
        [b'n', ..] => (b'\n', 1),
        [b'r', ..] => (b'\r', 1),
        [b'x', high, low, ..] => {
            let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            digit(high).zip(digit(low)).map_or((b'\\', 0), |(high, low)| (high * 16 + low, 3))
        }
        _ => (b'\\', 0),
    }
}
