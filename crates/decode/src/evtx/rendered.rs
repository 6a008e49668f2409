//! The slow and certain way: crate `evtx` renders a record as JSON, the JSON walker makes fields of it.

use std::sync::Arc;

use cordon_model::{Arena, Position, RawRecord};
use evtx::err::EvtxError;
use evtx::{EvtxChunk, EvtxChunkHeader, EvtxRecord, ParserSettings};

use super::anomaly::{CHUNK_DAMAGED, NAMES_DAMAGED, RECORD_DAMAGED};
use super::{CHUNK_BYTES, FILE_HEADER_BYTES};
use crate::bytes::u32_at;
use crate::{DecodeOptions, Sink, Unit, json};

/// Bytes of a record before its BinXML.
const RECORD_HEADER_BYTES: usize = 24;

/// Bytes of a chunk header before its tables of names and templates, and with them.
const TABLES: std::ops::Range<usize> = 128..512;

/// Gives every record of a chunk.
pub(super) fn decode<'a>(unit: Unit<'a>, options: &DecodeOptions, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
    let header = EvtxChunkHeader::from_bytes(unit.bytes).ok();
    let bare = without_tables(unit.bytes);
    let Some((header, bare)) = header.zip(bare) else { return sink.fault(unit.offset, CHUNK_DAMAGED) };
    let settings = || Arc::new(ParserSettings::new());
    let chunk = EvtxChunk::new(unit.bytes, &header, settings()).or_else(|_| {
        // The tables of a chunk that was cut off lead behind its end.
        if unit.bytes.len() == CHUNK_BYTES {
            sink.fault(unit.offset, NAMES_DAMAGED);
        }
        EvtxChunk::new(unit.bytes, &bare, settings())
    });
    let Ok(mut chunk) = chunk else { return sink.fault(unit.offset, CHUNK_DAMAGED) };
    // Where the record stands that comes next.
    let mut next = TABLES.end;
    for record in chunk.iter() {
        let at = match &record {
            Ok(record) => usize::try_from(record.binxml_offset).unwrap_or(next).saturating_sub(RECORD_HEADER_BYTES),
            Err(EvtxError::FailedToReadRecordAt { offset, .. }) => usize::try_from(*offset).unwrap_or(next),
            Err(_) => next,
        };
        if record.ok().and_then(|record| one(record, unit, options, arena, sink)).is_none() {
            sink.fault(unit.offset.saturating_add(u64::try_from(at).unwrap_or_default()), RECORD_DAMAGED);
        }
        let size = u32_at(unit.bytes, at.saturating_add(4)).and_then(|size| usize::try_from(size).ok());
        next = at.saturating_add(size.unwrap_or_default());
    }
}

/// The header of a chunk as if its tables were empty: names and templates stand in the records as well.
fn without_tables(chunk: &[u8]) -> Option<EvtxChunkHeader> {
    let mut header = chunk.get(..TABLES.end)?.to_vec();
    header.get_mut(TABLES)?.fill(0);
    EvtxChunkHeader::from_bytes(&header).ok()
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
