//! One file that is followed: reads what was appended, frames it, and knows up to where it is durable.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cordon_decode::frame::RECORD_TOO_LONG;
use cordon_decode::{DecodeOptions, Format, Framed, Framer, detect_format, formats};
use cordon_model::{Delivery, Span, Time};

use super::checkpoint::{Ends, Entry};
use crate::live::{DropReason, LiveSource};

/// Bytes read of one file in one turn.
const READ_BYTES: usize = 1 << 20;
/// First bytes that a format is told by.
const SNIFF_BYTES: usize = 64 << 10;
/// A file that has not grown for so long is taken as complete up to the end of its last line;
const QUIET: Duration = Duration::from_secs(1);
/// after so long, without an end of its last line too.
const COMPLETE_AFTER: Duration = Duration::from_secs(60);
/// Longest header of a format with one.
const HEADER_BYTES_MAX: u64 = 1 << 20;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What files are read with.
pub(super) struct Reader<'a> {
    pub(super) source: &'a LiveSource,
    pub(super) record_bytes_max: usize,
    pub(super) units_max: usize,
    pub(super) now: Time,
    /// The machine's clock.
    pub(super) instant: Instant,
}

/// A file that is followed.
pub(super) struct Followed {
    pub(super) file: File,
    /// Up to where it is durable.
    pub(super) durable: Entry,
    framing: Option<Framing>,
    /// Bytes read and not yet framed, and where they stand.
    rest: Vec<u8>,
    rest_at: u64,
    /// Ends of what was framed; made when it is first needed.
    ends: Option<Ends>,
    grown: Option<Instant>,
}

/// How the units of a file are found.
struct Framing {
    format: &'static dyn Format,
    framer: Box<dyn Framer>,
    /// The header of the units from here on, and where it stands.
    header: Vec<u8>,
    header_at: (u64, u64),
    /// Whether units came since.
    has_units: bool,
}

/// What one turn gave.
pub(super) struct Turn {
    /// Units, if there were any.
    pub(super) delivery: Option<Delivery>,
    /// Whether there is more to read at once.
    pub(super) more: bool,
}

impl Followed {
    pub(super) fn new(file: File, durable: Entry) -> Self {
        let rest_at = durable.offset;
        Self { file, durable, framing: None, rest: Vec::new(), rest_at, ends: None, grown: None }
    }

    /// Whether the file still holds what was read of it.
    pub(super) fn is_the_same(&self) -> io::Result<bool> {
        let read_to = self.rest_at + to_u64(self.rest.len());
        Ok(self.file.metadata()?.len() >= read_to && self.durable.fits(&self.file))
    }

    /// Forgets what is not durable, to read it again.
    pub(super) fn rewind(&mut self) {
        self.framing = None;
        self.ends = None;
        self.rest = Vec::new();
        self.rest_at = self.durable.offset;
    }

    /// Whether nothing was added for a while and nothing is left to frame.
    pub(super) fn is_quiet(&self, reader: &Reader<'_>) -> bool {
        self.has_rested(reader) && self.rest.is_empty()
    }

    fn has_rested(&self, reader: &Reader<'_>) -> bool {
        self.rested(reader) >= QUIET
    }

    fn rested(&self, reader: &Reader<'_>) -> Duration {
        self.grown.map_or(Duration::ZERO, |grown| reader.instant.duration_since(grown))
    }

    /// What was framed has become durable.
    pub(super) fn kept(&mut self) {
        let (Some(framing), Some(ends)) = (&self.framing, &self.ends) else { return };
        let durable = Entry {
            format: framing.format.name().to_owned(),
            header: framing.header_at,
            is_in_header: !framing.has_units,
            ..self.durable.clone()
        };
        self.durable = durable.reached(self.rest_at, ends);
    }

    /// Reads what was appended and frames it. `gone` says that the file has no name in the pattern any more, so that what is left at its end is all.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn turn(&mut self, reader: &Reader<'_>, gone: bool) -> io::Result<Turn> {
        let read = self.read_more()?;
        if read > 0 && !self.is_the_same()? {
            // Cut off just now: what was read may be of the old content and of the new.
            self.rewind();
            return Ok(Turn { delivery: None, more: false });
        }
        if read > 0 || self.grown.is_none() {
            self.grown = Some(reader.instant);
        }
        if self.rest.is_empty() {
            return Ok(Turn { delivery: None, more: false });
        }
        let is_quiet = self.has_rested(reader);
        if self.framing.is_none() && !self.open_framing(reader, is_quiet)? {
            return Ok(Turn { delivery: None, more: false });
        }
        let ends_whole = matches!(self.rest.last(), Some(b'\n' | b'\r' | 0x1C));
        let ended = is_quiet && (gone || ends_whole || self.rested(reader) >= COMPLETE_AFTER);
        let (delivery, broke_off) = self.frame(reader, ended);
        Ok(Turn { delivery, more: broke_off || read == READ_BYTES })
    }

    fn read_more(&mut self) -> io::Result<usize> {
        let had = self.rest.len();
        self.rest.resize(had + READ_BYTES, 0);
        let room = self.rest.get_mut(had..).unwrap_or_default();
        let read = self.file.read_at(room, self.rest_at + to_u64(had));
        self.rest.truncate(had + *read.as_ref().unwrap_or(&0));
        if self.rest.is_empty() {
            self.rest = Vec::new();
        }
        read
    }

    /// Finds the format and makes its framer; with a header read again after a restart. Whether there was enough to tell.
    fn open_framing(&mut self, reader: &Reader<'_>, is_quiet: bool) -> io::Result<bool> {
        if self.rest_at == 0 && self.rest.starts_with(BYTE_ORDER_MARK) {
            self.rest.drain(..BYTE_ORDER_MARK.len());
            self.rest_at = to_u64(BYTE_ORDER_MARK.len());
        }
        let declared = &*reader.source.declaration.format;
        let named = if self.durable.format.is_empty() { declared } else { &*self.durable.format };
        let format = match formats().iter().find(|format| format.name() == named) {
            Some(format) => *format,
            None => {
                let lines = memchr::memchr_iter(b'\n', &self.rest).take(2).count();
                if lines < 2 && self.rest.len() < SNIFF_BYTES && !is_quiet {
                    return Ok(false);
                }
                let head = self.rest.get(..SNIFF_BYTES.min(self.rest.len())).unwrap_or_default();
                let Some(format) = detect_format(head, false) else { return Ok(false) };
                format
            }
        };
        let options = DecodeOptions { record_bytes_max: reader.record_bytes_max, ..DecodeOptions::new(reader.now) };
        let mut framer = format.framer(&Arc::new(options));
        let (start, end) = self.durable.header;
        let mut header = vec![0; usize::try_from((end - start).min(HEADER_BYTES_MAX)).unwrap_or_default()];
        self.file.read_exact_at(&mut header, start)?;
        read_header(framer.as_mut(), &header);
        if self.ends.is_none() {
            let mut ends = Ends::of(&self.file, self.durable.offset)?;
            if self.durable.offset == 0 && self.rest_at > 0 {
                ends.add(BYTE_ORDER_MARK);
            }
            self.ends = Some(ends);
        }
        self.framing = Some(Framing {
            format,
            framer,
            header,
            header_at: self.durable.header,
            has_units: !self.durable.is_in_header,
        });
        Ok(true)
    }

    /// Frames what is there; whether it broke off because a new header begins or the batch is full.
    fn frame(&mut self, reader: &Reader<'_>, ended: bool) -> (Option<Delivery>, bool) {
        let Some(framing) = &mut self.framing else { return (None, false) };
        let header = framing.header.clone();
        let (mut at, mut units) = (0, Vec::new());
        let mut broke_off = false;
        while let Some(rest) = self.rest.get(at..).filter(|rest| !rest.is_empty()) {
            if units.len() >= reader.units_max {
                broke_off = true;
                break;
            }
            let left = rest.len();
            let next = match framing.framer.next(rest, ended) {
                Framed::More if ended => left,
                Framed::More if left > reader.record_bytes_max.saturating_add(READ_BYTES) => {
                    reader.source.counts.dropped(DropReason::TooLong, 1);
                    left
                }
                Framed::More => break,
                Framed::Unit { start, end, next } => {
                    units.push(Span { start: at + start, end: at + end });
                    framing.has_units = true;
                    next
                }
                Framed::Skip { next } => next,
                Framed::Fault { anomaly, next } => {
                    reader.source.counts.dropped(reason_of(anomaly == RECORD_TOO_LONG), 1);
                    next
                }
                Framed::Header { next } => {
                    let line = rest.get(..next.min(left)).unwrap_or_default();
                    framing.take_header(line, self.rest_at + to_u64(at));
                    broke_off = !units.is_empty();
                    next
                }
            };
            at += next.clamp(1, left);
            if broke_off {
                break;
            }
        }
        let header = if broke_off { header } else { framing.header.clone() };
        let format = framing.format.name();
        (self.take(at, units, header, format, reader), broke_off)
    }

    /// Takes the first `bytes` of the rest off, as a delivery when they hold units.
    fn take(
        &mut self,
        bytes: usize,
        units: Vec<Span>,
        header: Vec<u8>,
        format: &str,
        reader: &Reader<'_>,
    ) -> Option<Delivery> {
        let rest = self.rest.split_off(bytes.min(self.rest.len()));
        let bytes = std::mem::replace(&mut self.rest, rest);
        self.rest_at += to_u64(bytes.len());
        if let Some(ends) = &mut self.ends {
            ends.add(&bytes);
        }
        let declaration = &reader.source.declaration;
        (!units.is_empty()).then(|| Delivery {
            source: Arc::clone(&declaration.id),
            site: Arc::clone(&declaration.site),
            received: reader.now,
            format: format.into(),
            header,
            bytes,
            units,
        })
    }

    /// Whether something was framed that is not durable.
    pub(super) const fn has_news(&self) -> bool {
        self.rest_at != self.durable.offset
    }
}

impl Framing {
    /// Takes a line of the header: behind units a new header begins.
    fn take_header(&mut self, line: &[u8], at: u64) {
        let end = at + to_u64(line.len());
        if self.has_units || self.header.is_empty() || end - self.header_at.0 > HEADER_BYTES_MAX {
            self.header.clear();
            self.header_at = (at, at);
        }
        self.has_units = false;
        self.header.extend_from_slice(line);
        self.header_at.1 = end;
    }
}

/// Lets a framer read a header again.
fn read_header(framer: &mut dyn Framer, header: &[u8]) {
    let mut at = 0;
    while let Some(rest) = header.get(at..).filter(|rest| !rest.is_empty()) {
        at += match framer.next(rest, true) {
            Framed::More => return,
            Framed::Unit { next, .. }
            | Framed::Skip { next }
            | Framed::Header { next }
            | Framed::Fault { next, .. } => next.max(1),
        };
    }
}

const fn reason_of(is_too_long: bool) -> DropReason {
    if is_too_long { DropReason::TooLong } else { DropReason::Malformed }
}

fn to_u64(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
