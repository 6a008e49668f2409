//! Delivery: RawRecords of one source that arrived together, as they travel from a collector into the write-ahead log.

use std::sync::Arc;

use crate::{Position, RawRecord, Span, Time};

/// RawRecords of one source that arrived together. Nothing of it is decoded yet; what it says is kept before anybody looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Id of the source: stable over restarts, part of the identity of every event (`docs/specs/contracts.md`).
    pub source: Arc<str>,
    /// The site that the source belongs to.
    pub site: Arc<str>,
    /// When the bytes were received, by the node's event clock.
    pub received: Time,
    /// Name of the format that the source is declared to speak; empty when it is to be recognised by the bytes.
    pub format: Arc<str>,
    /// What stands in front of the units of a format with a header (the first lines of a table or of a Zeek log); else empty.
    pub header: Vec<u8>,
    /// The bytes as received.
    pub bytes: Vec<u8>,
    /// The units within `bytes`: lines, messages, documents without the framing around them. In order, not overlapping.
    pub units: Vec<Span>,
}

impl Delivery {
    /// Most units of one delivery.
    pub const UNITS_MAX: usize = 64 << 10;
    /// Most bytes of one delivery.
    pub const BYTES_MAX: usize = 32 << 20;

    /// The RawRecords, when the first byte of `bytes` stands at `offset` of the log.
    pub fn raw_records(&self, offset: u64) -> impl Iterator<Item = RawRecord<'_>> {
        self.units.iter().filter_map(move |unit| {
            let start = u64::try_from(unit.start).unwrap_or(u64::MAX);
            let bytes = self.bytes.get(unit.start..unit.end)?;
            Some(RawRecord { position: Position::Offset(offset.saturating_add(start)), bytes })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_records_stand_at_their_place_in_the_log() {
        let delivery = Delivery {
            source: "syslog/10.0.0.5".into(),
            site: "main".into(),
            received: Time(1),
            format: "".into(),
            header: Vec::new(),
            bytes: b"one\ntwo\n".to_vec(),
            units: vec![Span { start: 0, end: 3 }, Span { start: 4, end: 7 }],
        };
        let records: Vec<_> = delivery.raw_records(100).map(|raw| (raw.position, raw.bytes)).collect();
        assert_eq!(records, [(Position::Offset(100), &b"one"[..]), (Position::Offset(104), &b"two"[..])]);
    }
}
