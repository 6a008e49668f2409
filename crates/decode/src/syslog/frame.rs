//! Finds the messages of a syslog stream: octet counted (RFC 6587 section 3.4.1) or ended by LF, decided message by message.
//!
//! A message that ends in LF takes further lines in three cases: lines of the same audit event, an XML document that starts on the next line or is still
//! open (OpenEMR), and lines that start with a blank or a tab. Everything else starts a new message.

use std::sync::Arc;

use memchr::memmem;

use super::anomaly::{OCTET_COUNT_TOO_LARGE, OCTET_COUNT_TRUNCATED};
use crate::frame::Lines;
use crate::{Decoder, Framed, Framer};

/// Most lines joined into one unit.
pub(super) const JOINED_LINES_MAX: usize = 64;
/// Most bytes joined into one unit (an XML document may take as much as a record).
pub(super) const JOINED_BYTES_MAX: usize = 256 << 10;
/// Most digits of an octet count.
const COUNT_DIGITS_MAX: usize = 9;
/// Bytes of the next line that decide whether it belongs to this one.
const NEXT_LINE_BYTES: usize = 13;
const XML_END: &[u8] = b"</AuditMessage>";

/// The framer of one stream.
pub(super) struct SyslogFramer {
    lines: Lines,
    record_bytes_max: usize,
    in_long_line: bool,
    decoder: Arc<dyn Decoder>,
}

/// Whether the next line belongs to the unit.
enum Next {
    /// It does; the unit now ends here, and reading goes on there.
    Joined { end: usize, next: usize },
    /// It does not, or there is none.
    Apart,
    /// More bytes are needed to tell.
    More,
}

impl SyslogFramer {
    pub(super) fn new(record_bytes_max: usize, decoder: Arc<dyn Decoder>) -> Self {
        Self { lines: Lines::new(record_bytes_max), record_bytes_max, in_long_line: false, decoder }
    }

    /// An octet-counted message in front, if one is announced.
    fn counted(&self, buffer: &[u8], ended: bool) -> Option<Framed> {
        let prefix = match octet_count(buffer) {
            Count::None => return None,
            Count::Open if ended => return None,
            Count::Open => return Some(Framed::More),
            Count::Of { octets, prefix } if octets > self.record_bytes_max => {
                return Some(Framed::Fault { anomaly: OCTET_COUNT_TOO_LARGE, next: prefix });
            }
            Count::Of { octets, prefix } => (octets, prefix),
        };
        let (octets, prefix) = prefix;
        let total = prefix + octets;
        let Some(frame) = buffer.get(prefix..total) else {
            if ended {
                return Some(Framed::Fault { anomaly: OCTET_COUNT_TRUNCATED, next: prefix });
            }
            return Some(Framed::More);
        };
        let kept = frame.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |at| at + 1);
        Some(Framed::Unit { start: prefix, end: prefix + kept, next: total })
    }

    /// Joins the lines that belong to the line `..end`.
    fn join(&self, buffer: &[u8], end: usize, next: usize, ended: bool) -> Framed {
        let (mut end, mut next) = (end, next);
        let line = buffer.get(..end).unwrap_or_default();
        match xml_document(buffer, end, next, ended, self.record_bytes_max) {
            Next::Joined { end, next } => return Framed::Unit { start: 0, end, next },
            Next::More => return Framed::More,
            Next::Apart => {}
        }
        let serial = audit_serial(line);
        for _ in 1..JOINED_LINES_MAX {
            match self.next_line(buffer, next, serial, ended) {
                Next::Joined { end: line_end, next: after } if line_end <= JOINED_BYTES_MAX => {
                    (end, next) = (line_end, after)
                }
                Next::Joined { .. } | Next::Apart => break,
                Next::More => return Framed::More,
            }
        }
        Framed::Unit { start: 0, end, next }
    }

    /// Looks at the line that starts at `at`.
    fn next_line(&self, buffer: &[u8], at: usize, serial: Option<&[u8]>, ended: bool) -> Next {
        let rest = buffer.get(at..).unwrap_or_default();
        let Some(first) = rest.first() else { return if ended { Next::Apart } else { Next::More } };
        if serial.is_none() && !matches!(first, b' ' | b'\t') {
            return Next::Apart;
        }
        let (line_end, after) = match memchr::memchr(b'\n', rest) {
            Some(found) => (found, found + 1),
            None if ended => (rest.len(), rest.len()),
            None if rest.len() > JOINED_BYTES_MAX => return Next::Apart,
            None => return Next::More,
        };
        let line = rest.get(..line_end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let same = match serial {
            Some(serial) => audit_serial(line) == Some(serial),
            None => !line.iter().all(u8::is_ascii_whitespace),
        };
        if same { Next::Joined { end: at + line.len(), next: at + after } } else { Next::Apart }
    }
}

impl Framer for SyslogFramer {
    fn next(&mut self, buffer: &[u8], ended: bool) -> Framed {
        if !self.in_long_line
            && let Some(framed) = self.counted(buffer, ended)
        {
            return framed;
        }
        let framed = self.lines.next(buffer, ended);
        let line_ended = |next: usize| buffer.get(next.wrapping_sub(1)) == Some(&b'\n');
        match framed {
            Framed::Fault { next, .. } => self.in_long_line = !line_ended(next),
            Framed::Skip { next } if self.in_long_line => self.in_long_line = !line_ended(next),
            Framed::Unit { end, next, .. } => return self.join(buffer, end, next, ended),
            _ => {}
        }
        framed
    }

    fn decoder(&self) -> Arc<dyn Decoder> {
        Arc::clone(&self.decoder)
    }
}

/// What stands in front where an octet count may stand.
enum Count {
    /// No count.
    None,
    /// What is there could become one.
    Open,
    /// A count and the length of it with its blank.
    Of { octets: usize, prefix: usize },
}

/// `123 <`: a count, a blank and the start of a priority. A line of text that starts so is not known.
fn octet_count(buffer: &[u8]) -> Count {
    let digits = buffer.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits > COUNT_DIGITS_MAX || buffer.first() == Some(&b'0') {
        return Count::None;
    }
    match (buffer.get(digits), buffer.get(digits + 1)) {
        (None, _) | (Some(b' '), None) => Count::Open,
        (Some(b' '), Some(b'<')) => {
            let text = buffer.get(..digits).and_then(|digits| std::str::from_utf8(digits).ok());
            let Some(octets) = text.and_then(|text| text.parse().ok()) else { return Count::None };
            Count::Of { octets, prefix: digits + 1 }
        }
        _ => Count::None,
    }
}

/// `1735787045.678:1234` of an audit line.
pub(super) fn audit_serial(line: &[u8]) -> Option<&[u8]> {
    let at = memmem::find(line, b"audit(")?;
    let rest = line.get(at + 6..)?;
    let end = memchr::memchr(b')', rest)?;
    rest.get(..end).filter(|serial| !serial.is_empty() && serial.len() <= 64)
}

/// An XML document that starts in this line without ending, or on the next line, up to its end; not past a line that starts a new message.
fn xml_document(buffer: &[u8], end: usize, next: usize, ended: bool, record_bytes_max: usize) -> Next {
    let line = buffer.get(..end).unwrap_or_default();
    let open_here = line.starts_with(b"<")
        && memmem::find(line, b"<AuditMessage")
            .is_some_and(|at| memmem::find(line.get(at..).unwrap_or_default(), XML_END).is_none());
    let rest = buffer.get(next..).unwrap_or_default();
    if !open_here && !line.starts_with(b"<") {
        return Next::Apart;
    }
    let starts = [b"<?xml".as_slice(), b"<AuditMessage"];
    if !open_here && !starts.iter().any(|start| rest.starts_with(start)) {
        let may_start = rest.len() < NEXT_LINE_BYTES && starts.iter().any(|start| start.starts_with(rest));
        return if may_start && !ended { Next::More } else { Next::Apart };
    }
    let new_message = memmem::find_iter(rest, b"\n<").find(|at| rest.get(at + 2).is_some_and(u8::is_ascii_digit));
    let limit = new_message.unwrap_or(rest.len());
    let document = rest.get(..limit).unwrap_or_default();
    if let Some(found) = memmem::find(document, XML_END) {
        let end = next + found + XML_END.len();
        let after = buffer.get(end..).unwrap_or_default();
        let blank = after.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        return Next::Joined { end, next: end + blank };
    }
    if new_message.is_none() && !ended && rest.len() <= record_bytes_max { Next::More } else { Next::Apart }
}
