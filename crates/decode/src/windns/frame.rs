//! Finding entries: a line that starts with a date, and the undated lines of packet detail behind it. What stands before the first date explains the log.

use std::sync::Arc;

use super::fields::WinDnsDecoder;
use crate::frame::RECORD_TOO_LONG;
use crate::{DecodeOptions, Decoder, Framed, Framer};

/// Bytes that tell whether a line starts with a date: the longest date and the blank behind it.
const DATE_BYTES_MAX: usize = 11;

/// Finds the entries of one source.
#[derive(Debug)]
pub(super) struct WinDnsFramer {
    decoder: Arc<WinDnsDecoder>,
    record_bytes_max: usize,
    /// So many bytes of the entry in front hold no next one.
    scanned: usize,
    /// Within lines that belong to no entry.
    passing: bool,
    /// Nothing was read yet: the buffer starts a line.
    fresh: bool,
}

impl WinDnsFramer {
    pub(super) fn new(options: Arc<DecodeOptions>) -> Self {
        let record_bytes_max = options.record_bytes_max;
        Self { decoder: Arc::new(WinDnsDecoder { options }), record_bytes_max, scanned: 0, passing: true, fresh: true }
    }

    /// The next line end from `from` behind which a dated line stands; `Err` with the place to go on from when more bytes are needed.
    fn next_dated(buffer: &[u8], from: usize, ended: bool) -> Result<Option<usize>, usize> {
        let mut from = from;
        while let Some(at) = buffer.get(from..).and_then(|rest| memchr::memchr(b'\n', rest)) {
            let behind = buffer.get(from + at + 1..).unwrap_or_default();
            if behind.len() < DATE_BYTES_MAX && !ended {
                return Err(from + at);
            }
            if starts_with_date(behind) {
                return Ok(Some(from + at));
            }
            from += at + 1;
        }
        if ended { Ok(None) } else { Err(buffer.len()) }
    }
}

impl Framer for WinDnsFramer {
    fn next(&mut self, buffer: &[u8], ended: bool) -> Framed {
        if buffer.len() < DATE_BYTES_MAX && !ended {
            return Framed::More;
        }
        if self.fresh {
            (self.fresh, self.passing) = (false, !starts_with_date(buffer));
        }
        let end = match Self::next_dated(buffer, self.scanned, ended) {
            Ok(found) => found.map_or(buffer.len(), |at| at + 1),
            Err(0) if self.passing => return Framed::More,
            Err(scanned) if self.passing => return Framed::Skip { next: scanned },
            Err(scanned) if scanned > self.record_bytes_max => {
                (self.passing, self.scanned) = (true, 0);
                return Framed::Fault { anomaly: RECORD_TOO_LONG, next: scanned };
            }
            Err(scanned) => {
                self.scanned = scanned;
                return Framed::More;
            }
        };
        self.scanned = 0;
        if self.passing {
            self.passing = false;
            return Framed::Skip { next: end };
        }
        let entry = buffer.get(..end).unwrap_or_default().trim_ascii_end();
        if entry.len() > self.record_bytes_max {
            return Framed::Fault { anomaly: RECORD_TOO_LONG, next: end };
        }
        Framed::Unit { start: 0, end: entry.len(), next: end }
    }

    fn decoder(&self) -> Arc<dyn Decoder> {
        Arc::clone(&self.decoder) as Arc<dyn Decoder>
    }
}

/// Whether a line starts with a date: three numbers between `/`, `.` or `-`, then a blank.
pub(super) fn starts_with_date(line: &[u8]) -> bool {
    let word = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    let separator = |byte: &u8| matches!(byte, b'/' | b'.' | b'-');
    (8..DATE_BYTES_MAX).contains(&word.len())
        && line.len() > word.len()
        && word.iter().filter(|byte| separator(byte)).count() == 2
        && word.iter().all(|byte| byte.is_ascii_digit() || separator(byte))
}
