//! A match as it waits for the correlator: what it is sorted by, and its form in a temporary file.

use std::io::{self, Read};

use cordon_detect::EventKey;
use cordon_model::{Digest, EventId, Position, Time};

/// Longest value kept of a field; the correlator itself shortens at a fraction of this.
const VALUE_BYTES_MAX: usize = 64 << 10;

/// A match that a correlation waits for. The order of its parts is the order of the correlator's input: time, arrival, source, position, index, rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) time: Time,
    /// What of one time came first: offset of its RawRecord in the log of a node; 0 in a scan, where source and position say it.
    pub(super) arrival: u64,
    /// Number of the source, in a scan in the order of reading.
    pub(super) source: u32,
    pub(super) position: Position,
    pub(super) index: u32,
    pub(super) rule: u32,
    /// Number of the kind of event among those met.
    pub(super) kind: u32,
    pub(super) id: EventId,
    pub(super) record_sha256: Digest,
    pub(super) values: Vec<Option<String>>,
}

/// The part of an entry that the findings of a correlation need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EventEntry {
    pub(super) source: u32,
    pub(super) kind: u32,
    pub(super) event: EventKey,
}

impl EventEntry {
    /// Bytes in a file.
    pub(super) const BYTES: usize = 4 + 4 + 17 + 4 + 16 + 32;

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.source.to_le_bytes());
        out.extend_from_slice(&self.kind.to_le_bytes());
        let (tag, first, second) = match self.event.position {
            Position::Offset(offset) => (0, 0, offset),
            Position::Chunk { chunk, record } => (1, u64::from(chunk), record),
        };
        out.push(tag);
        out.extend_from_slice(&first.to_le_bytes());
        out.extend_from_slice(&second.to_le_bytes());
        out.extend_from_slice(&self.event.index.to_le_bytes());
        out.extend_from_slice(&self.event.id.0);
        out.extend_from_slice(&self.event.record_sha256.0);
    }

    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        let (source, kind) = (u32::from_le_bytes(array(from)?), u32::from_le_bytes(array(from)?));
        let [tag] = array(from)?;
        let (first, second) = (u64::from_le_bytes(array(from)?), u64::from_le_bytes(array(from)?));
        let position = match (tag, u32::try_from(first)) {
            (1, Ok(chunk)) => Position::Chunk { chunk, record: second },
            _ => Position::Offset(second),
        };
        let index = u32::from_le_bytes(array(from)?);
        let (id, record_sha256) = (EventId(array(from)?), Digest(array(from)?));
        Ok(Self { source, kind, event: EventKey { id, record_sha256, position, index } })
    }
}

impl Entry {
    pub(super) fn event(&self) -> EventEntry {
        let (id, record_sha256) = (self.id, self.record_sha256);
        let event = EventKey { id, record_sha256, position: self.position, index: self.index };
        EventEntry { source: self.source, kind: self.kind, event }
    }

    /// Bytes it takes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        let values: usize = self.values.iter().map(|value| value.as_ref().map_or(0, String::len)).sum();
        size_of::<Self>() + self.values.len() * size_of::<Option<String>>() + values
    }

    /// Cuts values that no correlator tells apart.
    pub(super) fn shorten(&mut self) {
        for value in self.values.iter_mut().flatten().filter(|value| value.len() > VALUE_BYTES_MAX) {
            value.truncate(value.floor_char_boundary(VALUE_BYTES_MAX));
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.time.0.to_le_bytes());
        out.extend_from_slice(&self.arrival.to_le_bytes());
        out.extend_from_slice(&self.rule.to_le_bytes());
        self.event().write(out);
        out.extend_from_slice(&u32::try_from(self.values.len()).unwrap_or(u32::MAX).to_le_bytes());
        for value in &self.values {
            // One more than the length; 0 for a missing value.
            let length = value.as_ref().map_or(0, |value| u32::try_from(value.len() + 1).unwrap_or(u32::MAX));
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(value.as_deref().unwrap_or_default().as_bytes());
        }
    }

    /// The next entry of a file; `None` at its end.
    pub(super) fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        let time = match array(from) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            time => Time(i64::from_le_bytes(time?)),
        };
        let (arrival, rule) = (u64::from_le_bytes(array(from)?), u32::from_le_bytes(array(from)?));
        let EventEntry { source, kind, event } = EventEntry::read(from)?;
        let count = u32::from_le_bytes(array(from)?);
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(value(from)?);
        }
        let EventKey { id, record_sha256, position, index } = event;
        Ok(Some(Self { time, arrival, source, position, index, rule, kind, id, record_sha256, values }))
    }
}

fn value(from: &mut impl Read) -> io::Result<Option<String>> {
    let Some(length) = u32::from_le_bytes(array(from)?).checked_sub(1) else { return Ok(None) };
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    from.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map(Some).map_err(io::Error::other)
}

fn array<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes).map(|()| bytes)
}
