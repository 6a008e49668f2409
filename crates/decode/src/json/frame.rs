//! Finds the JSON values of a stream: one on a line (the fast path), over several lines, one behind the other, or the elements of an array.
//! A unit is one value. Broken ones are faults, and reading resumes at the next line that starts a value.

use std::sync::Arc;

use cordon_model::Anomaly;

use super::anomaly::{MALFORMED, NOT_AN_OBJECT, TOO_DEEP, TRUNCATED};
use super::fields::JsonDecoder;
use super::scan::{Scanned, Scanner};
use crate::frame::RECORD_TOO_LONG;
use crate::{DecodeOptions, Decoder, Framed, Framer};

/// Names of a first member whose array holds the records: AWS CloudTrail files, Azure diagnostic blobs, OData answers, event exports.
const ENVELOPES: [&str; 4] = ["Records", "records", "value", "Events"];

/// Bytes within which an envelope shows itself.
const ENVELOPE_BYTES_MAX: usize = 2048;

/// Where the framer stands.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Before the first byte.
    Start,
    /// Between two values.
    Between,
    /// Between two elements of an array of records.
    InArray,
    /// Before the last byte of an element, held back until a byte behind it shows that the array goes on.
    ElementEnd,
    /// Behind the array of an envelope.
    Tail(Scanner),
    /// Behind a broken value: looking for the next line that starts one.
    Resync { in_array: bool, mid_line: bool },
}

/// Finds the units of one JSON source.
#[derive(Debug)]
pub(crate) struct JsonFramer {
    record_bytes_max: usize,
    decoder: Arc<JsonDecoder>,
    place: Place,
    envelope: bool,
    /// White space before the current value on its line.
    indent: usize,
    /// The scan of the value in front, when it was begun.
    scanner: Option<Scanner>,
    /// How far the buffer is known to hold no line end.
    no_line_end: usize,
}

impl JsonFramer {
    pub(crate) fn new(options: &Arc<DecodeOptions>) -> Self {
        Self {
            record_bytes_max: options.record_bytes_max,
            decoder: Arc::new(JsonDecoder::new(options)),
            place: Place::Start,
            envelope: false,
            indent: 0,
            scanner: None,
            no_line_end: 0,
        }
    }

    fn between(&mut self, buffer: &[u8], ended: bool, in_array: bool) -> Framed {
        let blank = buffer.iter().take_while(|byte| is_blank(**byte)).count();
        if blank > 0 {
            self.count_indent(buffer.get(..blank).unwrap_or_default());
            return if in_array { self.pass_in_array(buffer, blank, ended) } else { Framed::Skip { next: blank } };
        }
        match (buffer.first(), in_array) {
            (Some(b'{'), false) => self.top_object(buffer, ended),
            (Some(b'['), false) => {
                self.envelope = false;
                self.pass_to(Place::InArray, buffer, ended)
            }
            (Some(b'{'), true) => self.by_scan(buffer, ended),
            (Some(b','), true) => self.pass_in_array(buffer, 1, ended),
            (Some(b']'), true) if self.envelope => self.pass_to(Place::Tail(Scanner::rest_of_object()), buffer, ended),
            (Some(b']'), true) => {
                self.place = Place::Between;
                Framed::Skip { next: 1 }
            }
            (_, true) => self.scalar_element(buffer, ended),
            _ => self.fault(MALFORMED, false),
        }
    }

    /// Passes over bytes of an array that need something behind them. The last byte there is waits: if nothing comes, the array is cut off there.
    fn pass_in_array(&mut self, buffer: &[u8], passed: usize, ended: bool) -> Framed {
        match (buffer.len(), ended) {
            (0..=1, true) => self.fault(TRUNCATED, true),
            (0..=1, false) => Framed::More,
            (left, _) => Framed::Skip { next: passed.min(left - 1) },
        }
    }

    /// Passes over one such byte, behind which another place begins.
    fn pass_to(&mut self, place: Place, buffer: &[u8], ended: bool) -> Framed {
        let passed = self.pass_in_array(buffer, 1, ended);
        if matches!(passed, Framed::Skip { .. }) {
            self.place = place;
        }
        passed
    }

    fn count_indent(&mut self, blank: &[u8]) {
        self.indent = match memchr::memrchr(b'\n', blank) {
            Some(at) => blank.len() - at - 1,
            None => self.indent + blank.len(),
        };
    }

    fn top_object(&mut self, buffer: &[u8], ended: bool) -> Framed {
        if self.scanner.is_none() {
            match envelope_start(buffer, ended) {
                Some(0) => {}
                Some(next) => {
                    self.place = Place::InArray;
                    self.envelope = true;
                    return Framed::Skip { next };
                }
                None => return Framed::More,
            }
            if let Some(framed) = self.by_line(buffer, ended) {
                return framed;
            }
        }
        self.by_scan(buffer, ended)
    }

    /// The fast path: a line that starts with `{`, ends with `}` and is not followed by a separator is one value. A value that goes on behind such a
    /// line must go on with `,`, `}` or `]`. `None`: the line alone does not say.
    fn by_line(&mut self, buffer: &[u8], ended: bool) -> Option<Framed> {
        let fresh = buffer.get(self.no_line_end..).unwrap_or_default();
        let Some(line_end) = memchr::memchr(b'\n', fresh).map(|at| at + self.no_line_end) else {
            self.no_line_end = buffer.len();
            return match (ended, buffer.len() > self.record_bytes_max) {
                (true, _) => None,
                (false, true) => Some(self.fault(RECORD_TOO_LONG, false)),
                (false, false) => Some(Framed::More),
            };
        };
        let line = buffer.get(..line_end).unwrap_or_default().trim_ascii_end();
        if line.last() != Some(&b'}') {
            return None;
        }
        if line.len() > self.record_bytes_max {
            return Some(self.fault(RECORD_TOO_LONG, false));
        }
        let after = buffer.get(line_end..).unwrap_or_default().iter().find(|byte| !is_blank(**byte));
        match after {
            Some(b',' | b'}' | b']') => None,
            None if !ended && Scanner::value().scan(line) != Scanned::Done(line.len()) => Some(Framed::More),
            _ => {
                self.no_line_end = 0;
                self.indent = 0;
                Some(Framed::Unit { start: 0, end: line.len(), next: line_end + 1 })
            }
        }
    }

    fn by_scan(&mut self, buffer: &[u8], ended: bool) -> Framed {
        let in_array = matches!(self.place, Place::InArray);
        let mut scanner = self.scanner.take().unwrap_or(Scanner::value());
        match scanner.scan(buffer) {
            Scanned::Done(end) if end <= self.record_bytes_max => {
                self.no_line_end = 0;
                let is_last = in_array && end == buffer.len();
                if is_last {
                    self.place = Place::ElementEnd;
                }
                Framed::Unit { start: 0, end, next: end - usize::from(is_last) }
            }
            Scanned::Done(_) => self.fault(RECORD_TOO_LONG, in_array),
            Scanned::More if buffer.len() > self.record_bytes_max => self.fault(RECORD_TOO_LONG, in_array),
            Scanned::More if ended => self.fault(TRUNCATED, in_array),
            Scanned::More => {
                self.scanner = Some(scanner);
                Framed::More
            }
            Scanned::Malformed => self.fault(MALFORMED, in_array),
            Scanned::TooDeep => self.fault(TOO_DEEP, in_array),
        }
    }

    /// An element that is no object.
    fn scalar_element(&mut self, buffer: &[u8], ended: bool) -> Framed {
        match self.by_scan(buffer, ended) {
            Framed::Unit { next, .. } => Framed::Fault { anomaly: NOT_AN_OBJECT, next },
            other => other,
        }
    }

    fn tail(&mut self, mut scanner: Scanner, buffer: &[u8], ended: bool) -> Framed {
        match scanner.scan(buffer) {
            Scanned::Done(next) => {
                self.place = Place::Between;
                Framed::Skip { next: next.max(1) }
            }
            Scanned::More if buffer.len() > self.record_bytes_max => self.fault(RECORD_TOO_LONG, false),
            Scanned::More if ended => self.fault(TRUNCATED, false),
            Scanned::More => Framed::More,
            Scanned::Malformed | Scanned::TooDeep => self.fault(MALFORMED, false),
        }
    }

    /// Leaves the value in front out, however much of it there is.
    fn fault(&mut self, anomaly: Anomaly, in_array: bool) -> Framed {
        self.place = Place::Resync { in_array, mid_line: true };
        self.scanner = None;
        self.no_line_end = 0;
        Framed::Fault { anomaly, next: 1 }
    }

    /// Goes to the next line that starts a value and is not indented deeper than the broken one was: what is deeper was its inside.
    fn resync(&mut self, buffer: &[u8], ended: bool, in_array: bool, mid_line: bool) -> Framed {
        if mid_line {
            let line_end = memchr::memchr(b'\n', buffer);
            self.place = Place::Resync { in_array, mid_line: line_end.is_none() };
            return Framed::Skip { next: line_end.map_or(buffer.len(), |at| at + 1) };
        }
        let blank = buffer.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
        let starts = match buffer.get(blank) {
            None if !ended && blank <= self.indent => return Framed::More,
            Some(b'{') => true,
            Some(b'[') => !in_array,
            Some(b']') => in_array,
            _ => false,
        };
        if !starts || blank > self.indent {
            let next = blank.max(1);
            let at_line_end = buffer.get(next - 1) == Some(&b'\n');
            self.place = Place::Resync { in_array, mid_line: !at_line_end };
            return Framed::Skip { next };
        }
        self.place = if in_array { Place::InArray } else { Place::Between };
        if blank > 0 { Framed::Skip { next: blank } } else { self.between(buffer, ended, in_array) }
    }
}

impl Framer for JsonFramer {
    fn next(&mut self, buffer: &[u8], ended: bool) -> Framed {
        match self.place {
            Place::Start => {
                if buffer.len() < 3 && !ended && b"\xEF\xBB\xBF".starts_with(buffer) {
                    return Framed::More;
                }
                self.place = Place::Between;
                if buffer.starts_with(b"\xEF\xBB\xBF") {
                    return Framed::Skip { next: 3 };
                }
                self.between(buffer, ended, false)
            }
            Place::Between => self.between(buffer, ended, false),
            Place::InArray => self.between(buffer, ended, true),
            Place::ElementEnd => self.pass_to(Place::InArray, buffer, ended),
            Place::Tail(scanner) => self.tail(scanner, buffer, ended),
            Place::Resync { in_array, mid_line } => self.resync(buffer, ended, in_array, mid_line),
        }
    }

    fn decoder(&self) -> Arc<dyn Decoder> {
        Arc::<JsonDecoder>::clone(&self.decoder)
    }
}

/// JSON's white space, and the record separator of RFC 7464.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x1E)
}

/// Where the first element of an envelope's array starts: `Some(0)` when the object is no envelope, `None` when more bytes must tell.
fn envelope_start(buffer: &[u8], ended: bool) -> Option<usize> {
    let head = buffer.get(..ENVELOPE_BYTES_MAX).unwrap_or(buffer);
    let undecided = if ended || head.len() == ENVELOPE_BYTES_MAX { Some(0) } else { None };
    let Some(mut rest) = skip_byte(head, b'{') else { return undecided };
    loop {
        let Some(inside) = skip_byte(rest, b'"') else { return if rest.is_empty() { undecided } else { Some(0) } };
        let may_be =
            ENVELOPES.iter().any(|name| name.as_bytes().first() == inside.first()) || inside.first() == Some(&b'@');
        if !may_be {
            return if inside.is_empty() { undecided } else { Some(0) };
        }
        let Some(end) = memchr::memchr(b'"', inside) else { return undecided };
        let (name, after) = inside.split_at_checked(end)?;
        let Some(value) = after.get(1..).and_then(|after| skip_byte(after, b':')) else { return undecided };
        if name.starts_with(b"@odata.") {
            let Some(after) = odata_text(value) else { return undecided };
            rest = after;
            continue;
        }
        if !ENVELOPES.iter().any(|known| known.as_bytes() == name) {
            return Some(0);
        }
        let Some(array) = skip_byte(value, b'[') else { return if value.is_empty() { undecided } else { Some(0) } };
        return match array.first() {
            Some(b'{') => Some(head.len() - array.len()),
            Some(_) => Some(0),
            None => undecided,
        };
    }
}

/// What follows `byte` at the start of `text`, white space around it passed over; `None` when it does not start so.
fn skip_byte(text: &[u8], byte: u8) -> Option<&[u8]> {
    Some(text.trim_ascii_start().strip_prefix(&[byte])?.trim_ascii_start())
}

/// What follows a plain text member and its comma.
fn odata_text(value: &[u8]) -> Option<&[u8]> {
    let inside = skip_byte(value, b'"')?;
    let end = memchr::memchr(b'"', inside)?;
    skip_byte(inside.get(end + 1..)?, b',')
}
