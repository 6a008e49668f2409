//! From sources to batches of units: opens sources, finds their format by content, and frames their bytes. Sequential; the only reader of input.

use std::sync::Arc;

use cordon_collect::{Found, InputFault, Loss, Source, SourceInfo, Sources};
use cordon_decode::frame::{RECORD_TOO_LONG, line_ends_of_carriage_returns};
use cordon_decode::{DecodeOptions, Decoder, Framed, Framer, Unit, detect_format};
use cordon_model::{Anomaly, Span};

use crate::Tally;

/// Bytes that a batch aims at; a longer record makes it longer.
pub(crate) const BATCH_BYTES: usize = 256 << 10;
/// Most units and faults of one batch: bounds the list of very short lines.
const BATCH_UNITS_MAX: usize = 16 << 10;
/// Buffers that a long record has blown up beyond this are given back.
const BUFFER_KEEP_BYTES: usize = 4 << 20;
/// First bytes that formats are told by.
const HEAD_BYTES: usize = 64 << 10;

/// Most bytes of a header that are kept for who sends units on.
const HEADER_BYTES_MAX: usize = 64 << 10;

/// A source that no format takes.
pub(crate) const UNKNOWN_FORMAT: Anomaly =
    Anomaly::new("unknown_format", "the input is in no format that is read; it was left out");

/// A source whose lines end in CR alone.
const BARE_CARRIAGE_RETURNS: Anomaly =
    Anomaly::new("line_ends_of_cr", "the lines end in CR alone, as on old systems; each was read as if it ended in LF");

/// Units of one source that one decoder reads.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) number: u64,
    /// The buffer; only the first `filled` bytes are input.
    bytes: Vec<u8>,
    filled: usize,
    /// Offset of the buffer's first byte in its source.
    offset: u64,
    units: Vec<(usize, usize)>,
    /// Bytes that are no unit, by their offset in the source.
    pub(crate) faults: Vec<(u64, Anomaly)>,
    pub(crate) of: Option<(Arc<SourceInfo>, Arc<dyn Decoder>)>,
    /// Name of the format.
    pub(crate) format: &'static str,
    /// The header that the units are read by, as it stood in the source; empty for formats without one.
    pub(crate) header: Arc<Vec<u8>>,
}

impl Batch {
    /// The units in order.
    pub(crate) fn units(&self) -> impl Iterator<Item = Unit<'_>> {
        self.units.iter().filter_map(|&(start, end)| {
            let offset = self.offset.saturating_add(u64::try_from(start).unwrap_or(u64::MAX));
            Some(Unit { offset, bytes: self.bytes.get(start..end)? })
        })
    }

    /// The bytes that hold the units, and where the units stand in them.
    pub(crate) fn spans(&self) -> (&[u8], impl Iterator<Item = Span>) {
        (self.input(), self.units.iter().map(|&(start, end)| Span { start, end }))
    }

    fn is_empty(&self) -> bool {
        self.units.is_empty() && self.faults.is_empty()
    }

    fn clear(&mut self) {
        if self.bytes.len() > BUFFER_KEEP_BYTES {
            self.bytes = Vec::new();
        }
        self.units.clear();
        self.faults.clear();
        self.filled = 0;
        self.of = None;
    }

    fn append(&mut self, bytes: &[u8]) {
        self.room(bytes.len());
        if let Some(to) = self.bytes.get_mut(self.filled..self.filled + bytes.len()) {
            to.copy_from_slice(bytes);
            self.filled += bytes.len();
        }
    }

    fn room(&mut self, more: usize) {
        let wanted = self.filled.saturating_add(more);
        if self.bytes.len() < wanted {
            // `wanted` doubles already: growing by more would break the bound of ARCHITECTURE.md.
            self.bytes.reserve_exact(wanted - self.bytes.len());
            self.bytes.resize(wanted, 0);
        }
    }

    fn input(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }

    /// Forgets the first `bytes` of the input.
    fn cut(&mut self, bytes: usize) {
        self.bytes.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
        self.offset = self.offset.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }
}

/// A source in the middle of being read.
struct Reading {
    source: Source,
    /// Whether CR is read as LF.
    has_bare_carriage_returns: bool,
    format: &'static str,
    header: Arc<Vec<u8>>,
    framer: Box<dyn Framer>,
    decoder: Arc<dyn Decoder>,
    /// Bytes read and not yet framed, and where they stand.
    rest: Vec<u8>,
    offset: u64,
    ended: bool,
}

/// Gives batches until the sources are at their end.
pub(crate) struct Feed {
    sources: Sources,
    options: DecodeOptions,
    reading: Option<Reading>,
    batches: u64,
    /// Order of the source last opened: where input faults are counted.
    order: u32,
    pub(crate) tally: Tally,
}

impl Feed {
    pub(crate) fn new(sources: Sources, options: DecodeOptions) -> Self {
        Self { sources, options, reading: None, batches: 0, order: 0, tally: Tally::default() }
    }

    /// Fills `batch` with what comes next; `false` at the end of all input.
    pub(crate) fn fill(&mut self, batch: &mut Batch) -> bool {
        loop {
            batch.clear();
            let mut reading = match self.reading.take() {
                Some(reading) => reading,
                None => match self.sources.next() {
                    None => return false,
                    Some(Found::Fault(fault)) => {
                        self.tally.input_fault(&fault, self.order);
                        continue;
                    }
                    Some(Found::Source(source)) => match self.open(source) {
                        Some(reading) => reading,
                        None => continue,
                    },
                },
            };
            let fault = reading.fill(batch, self.options.record_bytes_max);
            if let Some(fault) = fault {
                self.tally.input_fault(&fault, self.order);
            }
            if !(reading.ended && reading.rest.is_empty()) {
                self.reading = Some(reading);
            }
            if !batch.is_empty() {
                batch.number = self.batches;
                self.batches += 1;
                return true;
            }
        }
    }

    fn open(&mut self, mut source: Source) -> Option<Reading> {
        self.order = source.info.order;
        self.tally.sources += 1;
        let mut head = vec![0; HEAD_BYTES];
        let (filled, ended, fault) = read_full(&mut source, &mut head);
        head.truncate(filled);
        if let Some(fault) = &fault {
            self.tally.input_fault(fault, self.order);
        }
        let mark = if head.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        head.drain(..mark);
        if head.is_empty() {
            return None;
        }
        let has_bare_carriage_returns = line_ends_of_carriage_returns(&mut head, ended);
        if has_bare_carriage_returns {
            self.note(&source, BARE_CARRIAGE_RETURNS, Loss::Nothing);
        }
        let Some(format) = detect_format(&head, ended) else {
            self.note(&source, UNKNOWN_FORMAT, Loss::Input);
            return None;
        };
        let options = DecodeOptions { received: source.info.received, ..self.options.clone() };
        let framer = format.framer(&Arc::new(options));
        let decoder = framer.decoder();
        let offset = u64::try_from(mark).unwrap_or_default();
        let (format, header) = (format.name(), Arc::default());
        Some(Reading { source, has_bare_carriage_returns, format, header, framer, decoder, rest: head, offset, ended })
    }

    /// Counts a fault of a source as a whole.
    fn note(&mut self, source: &Source, anomaly: Anomaly, loss: Loss) {
        let fault = InputFault { source: Arc::clone(&source.info.id), anomaly, loss, detail: String::new() };
        self.tally.input_fault(&fault, self.order);
    }
}

impl Reading {
    /// Reads and frames until the batch is full, the source ends or the decoder changes; at least one unit or fault unless the source ends.
    fn fill(&mut self, batch: &mut Batch, record_bytes_max: usize) -> Option<InputFault> {
        batch.append(&self.rest);
        batch.offset = self.offset;
        batch.of = Some((Arc::clone(&self.source.info), Arc::clone(&self.decoder)));
        (batch.format, batch.header) = (self.format, Arc::clone(&self.header));
        let (mut fault, mut wanted) = (None, BATCH_BYTES);
        // Bounded by the input: every turn but the last reads more of it.
        let at = loop {
            if !self.ended && batch.filled < wanted {
                fault = self.read_to(batch, wanted);
            }
            let at = self.frame(batch, record_bytes_max);
            if !batch.is_empty() || self.ended {
                break at;
            }
            batch.cut(at);
            // A record longer than what is there: look again with twice as much, so that its cost stays linear.
            wanted = batch.filled.saturating_mul(2).max(BATCH_BYTES);
        };
        let rest = batch.input().get(at..).unwrap_or_default();
        self.rest.clear();
        self.rest.reserve_exact(rest.len());
        self.rest.extend_from_slice(rest);
        if self.rest.capacity() > BUFFER_KEEP_BYTES && self.rest.len() < BATCH_BYTES {
            self.rest.shrink_to(BATCH_BYTES);
        }
        self.offset = batch.offset.saturating_add(u64::try_from(at).unwrap_or(u64::MAX));
        fault
    }

    /// Reads until the batch holds `wanted` bytes or the source ends.
    fn read_to(&mut self, batch: &mut Batch, wanted: usize) -> Option<InputFault> {
        batch.room(wanted.saturating_sub(batch.filled));
        let out = batch.bytes.get_mut(batch.filled..wanted).unwrap_or_default();
        let (read, ended, fault) = read_full(&mut self.source, out);
        if self.has_bare_carriage_returns {
            out.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
        }
        batch.filled += read;
        self.ended |= ended;
        fault
    }

    /// Frames what the batch holds and returns where it stopped.
    fn frame(&mut self, batch: &mut Batch, record_bytes_max: usize) -> usize {
        let mut at = 0;
        while batch.units.len() + batch.faults.len() < BATCH_UNITS_MAX {
            let rest = batch.input().get(at..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            let left = rest.len();
            let mut batch_ends = false;
            let place = batch.offset.saturating_add(u64::try_from(at).unwrap_or(u64::MAX));
            let next = match self.framer.next(rest, self.ended) {
                Framed::More if self.ended => left,
                Framed::More if left > record_bytes_max.saturating_add(BATCH_BYTES) => {
                    batch.faults.push((place, RECORD_TOO_LONG));
                    left
                }
                Framed::More => break,
                Framed::Unit { start, end, next } => {
                    batch.units.push((at + start, at + end));
                    next
                }
                Framed::Skip { next } => next,
                Framed::Fault { anomaly, next } => {
                    batch.faults.push((place, anomaly));
                    next
                }
                Framed::Header { next } => {
                    self.keep_header(rest.get(..next).unwrap_or(rest));
                    batch_ends = self.changes_decoder(batch);
                    next
                }
            };
            at += next.clamp(1, left);
            if batch_ends {
                return at;
            }
        }
        at
    }

    /// Takes the decoder of a new header. Whether the batch ends here, because it has units for the old one.
    fn changes_decoder(&mut self, batch: &mut Batch) -> bool {
        self.decoder = self.framer.decoder();
        if batch.units.is_empty() {
            batch.of = Some((Arc::clone(&self.source.info), Arc::clone(&self.decoder)));
            batch.header = Arc::clone(&self.header);
        }
        !batch.units.is_empty()
    }

    /// Keeps the bytes of a header: lines of one stand one after the other. What is longer than a header can be starts anew.
    fn keep_header(&mut self, bytes: &[u8]) {
        let header = Arc::make_mut(&mut self.header);
        if header.len() + bytes.len() > HEADER_BYTES_MAX {
            header.clear();
        }
        header.extend_from_slice(bytes);
    }
}

/// Reads until `out` is full or the source is at its end or broken; both end it.
fn read_full(source: &mut Source, out: &mut [u8]) -> (usize, bool, Option<InputFault>) {
    let mut filled = 0;
    while let Some(room) = out.get_mut(filled..).filter(|room| !room.is_empty()) {
        match source.read(room) {
            Ok(0) => return (filled, true, None),
            Ok(read) => filled += read,
            Err(fault) => return (filled, true, Some(fault)),
        }
    }
    (filled, false, None)
}

#[cfg(test)]
mod tests;
