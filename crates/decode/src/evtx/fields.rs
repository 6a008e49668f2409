//! Decodes one chunk: its checksum, its records.

use std::sync::Arc;

use cordon_model::Arena;

use super::CHUNK_BYTES;
use super::anomaly::{CHUNK_CHECKSUM, CHUNK_TRUNCATED};
use super::{rendered, walk};
use crate::bytes::u32_at;
use crate::{DecodeOptions, Decoder, Sink, Unit};

/// Decodes chunks.
#[derive(Debug)]
pub(super) struct EvtxDecoder {
    options: Arc<DecodeOptions>,
}

impl EvtxDecoder {
    pub(super) fn new(options: &Arc<DecodeOptions>) -> Self {
        Self { options: Arc::clone(options) }
    }
}

impl Decoder for EvtxDecoder {
    fn decode<'a>(&self, unit: Unit<'a>, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
        if unit.bytes.len() < CHUNK_BYTES {
            sink.fault(unit.offset, CHUNK_TRUNCATED);
        } else if !records_match_checksum(unit.bytes) {
            sink.fault(unit.offset, CHUNK_CHECKSUM);
        }
        match walk::records(unit, &self.options, arena) {
            Some(records) => records.into_iter().for_each(|record| sink.record(record)),
            None => rendered::decode(unit, &self.options, arena, sink),
        }
    }
}

/// Whether the CRC-32 over the records holds. A chunk that says it has none is taken at its word.
fn records_match_checksum(chunk: &[u8]) -> bool {
    const NO_CHECKSUM: u32 = 4;
    let flags = u32_at(chunk, 120).unwrap_or_default();
    let end = u32_at(chunk, 48).and_then(|end| usize::try_from(end).ok()).unwrap_or_default();
    let records = chunk.get(512..end).map(evtx::checksum_ieee);
    flags & NO_CHECKSUM != 0 || records == u32_at(chunk, 52)
}
