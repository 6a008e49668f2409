//! The slow and certain way: crate `evtx` renders a record as JSON, the JSON walker makes fields of it.

use std::sync::Arc;

use cordon_model::{Arena, Position, RawRecord};
use evtx::{EvtxChunk, EvtxChunkHeader, EvtxRecord, ParserSettings};

use super::anomaly::{CHUNK_DAMAGED, RECORD_DAMAGED};
use super::{CHUNK_BYTES, FILE_HEADER_BYTES};
use crate::bytes::u32_at;
use crate::{DecodeOptions, Sink, Unit, json};

/// Bytes of a record before its BinXML.
const RECORD_HEADER_BYTES: usize = 24;

/// Gives every record of a chunk.
pub(super) fn decode<'a>(unit: Unit<'a>, options: &DecodeOptions, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
    let Ok(header) = EvtxChunkHeader::from_bytes(unit.bytes) else { return sink.fault(unit.offset, CHUNK_DAMAGED) };
    let Ok(mut chunk) = EvtxChunk::new(unit.bytes, &header, Arc::new(ParserSettings::new())) else {
        return sink.fault(unit.offset, CHUNK_DAMAGED);
    };
    for record in chunk.iter() {
        let given = record.ok().and_then(|record| one(record, unit, options, arena, sink));
        if given.is_none() {
            sink.fault(unit.offset, RECORD_DAMAGED);
        }
    }
}

fn one<'a>(
    record: EvtxRecord<'_>,
    unit: Unit<'a>,
    options: &DecodeOptions,
    arena: &'a Arena,
    sink: &mut dyn Sink<'a>,
) -> Option<()> {
    let raw = raw(unit, usize::try_from(record.binxml_offset).ok()?, record.event_record_id)?;
    let text = arena.alloc_str(&record.into_json().ok()?.data);
    let mut given = json::record(raw, text, options, arena)?;
    given.format = "evtx";
    sink.record(given);
    Some(())
}

/// The bytes of the record whose BinXML starts at `at`, as its own size states them.
fn raw(unit: Unit<'_>, at: usize, record: u64) -> Option<RawRecord<'_>> {
    let start = at.checked_sub(RECORD_HEADER_BYTES)?;
    let size = usize::try_from(u32_at(unit.bytes, start + 4)?).ok()?;
    let bytes = unit.bytes.get(start..start.checked_add(size)?)?;
    Some(RawRecord { position: Position::Chunk { chunk: chunk_number(unit.offset), record }, bytes })
}

/// The number of the chunk that starts at this offset of the file.
pub(super) fn chunk_number(offset: u64) -> u32 {
    let behind_header = usize::try_from(offset).unwrap_or(usize::MAX).saturating_sub(FILE_HEADER_BYTES);
    u32::try_from(behind_header / CHUNK_BYTES).unwrap_or(u32::MAX)
}
