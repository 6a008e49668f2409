//! One row to one Record, its fields named by the header.

use std::sync::Arc;

use cordon_model::Arena;

use super::anomaly::{BAD_TIME, MISSING_HEADER, MISSING_ZONE, NOT_UTF8};
use crate::names::Names;
use crate::row::{Row, line_text};
use crate::{DecodeOptions, Decoder, Sink, Unit, civil};

/// Decodes rows under one header.
#[derive(Debug)]
pub(super) struct WinDhcpDecoder {
    pub(super) options: Arc<DecodeOptions>,
    pub(super) names: Names,
    /// The names come from the source's own header.
    pub(super) headed: bool,
}

impl Decoder for WinDhcpDecoder {
    fn decode<'a>(&self, unit: Unit<'a>, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
        let mut row = Row::new(unit, arena);
        if !self.headed {
            row.fault(MISSING_HEADER);
        }
        let (line, exact) = line_text(unit.bytes, arena);
        if !exact {
            row.fault(NOT_UTF8);
        }
        let (mut date, mut time) = ("", "");
        let joined = self.names.in_arena(arena);
        for (place, cell) in line.split(',').take(self.names.count()).enumerate() {
            match place {
                1 => date = cell,
                2 => time = cell,
                _ => {}
            }
            row.put(self.names.name(joined, place, arena), cell.trim());
        }
        let text = bumpalo::format!(in arena, "{} {}", date, time);
        let patterns = ["%m/%d/%y %H:%M:%S", "%m/%d/%Y %H:%M:%S"];
        let read = patterns.iter().find_map(|pattern| civil::by_pattern(&text, pattern, &self.options.timezone));
        row.time = read.map(|(time, _)| time);
        row.zone(read.map(|(_, zone)| zone), MISSING_ZONE, BAD_TIME);
        sink.record(row.finish(super::NAME, self.options.log_sources.lookup("windhcp", "audit", None)));
    }
}
