//! Gathers the fields of one record of a text format, whose names are known beforehand.

use bumpalo::collections::Vec;
use cordon_model::{Anomaly, Arena, Field, Position, RawRecord, Record, SourceSet, Span, Time, Value, When};

use crate::Unit;
use crate::civil::Zone;

/// What one record gave so far.
pub(crate) struct Row<'a> {
    unit: Unit<'a>,
    fields: Vec<'a, Field<'a>>,
    anomalies: Vec<'a, Anomaly>,
    spans: Vec<'a, Span>,
    /// When it happened.
    pub(crate) time: Option<Time>,
}

impl<'a> Row<'a> {
    /// Nothing yet.
    pub(crate) fn new(unit: Unit<'a>, arena: &'a Arena) -> Self {
        let (fields, anomalies, spans) = (Vec::with_capacity_in(16, arena), Vec::new_in(arena), Vec::new_in(arena));
        Self { unit, fields, anomalies, spans, time: None }
    }

    /// Adds a field, unless its text is empty or the dash that stands for nothing.
    pub(crate) fn put(&mut self, name: &'a str, text: &'a str) {
        if !matches!(text, "" | "-") {
            self.fields.push(Field { name, value: Value::Text(text) });
        }
    }

    /// Notes an anomaly once.
    pub(crate) fn fault(&mut self, anomaly: Anomaly) {
        if !self.anomalies.contains(&anomaly) {
            self.anomalies.push(anomaly);
        }
    }

    /// Notes what the zone of the time says, or `unreadable` when there is no time.
    pub(crate) fn zone(&mut self, zone: Option<Zone>, missing: Anomaly, unreadable: Anomaly) {
        match zone {
            Some(zone) => zone.faults(missing).for_each(|fault| self.fault(fault)),
            None => self.fault(unreadable),
        }
    }

    /// Names bytes of the unit that identify a patient; they lie behind those named before.
    pub(crate) fn mask(&mut self, span: Span) {
        let start = span.start.max(self.spans.last().map_or(0, |last| last.end));
        let end = span.end.min(self.unit.bytes.len());
        if start < end {
            self.spans.push(Span { start, end });
        }
    }

    /// The record.
    pub(crate) fn finish(self, format: &'static str, sources: SourceSet) -> Record<'a> {
        Record {
            raw: RawRecord { position: Position::Offset(self.unit.offset), bytes: self.unit.bytes },
            index: 0,
            format,
            when: self.time.map_or(When::Missing, When::Known),
            sources,
            fields: self.fields.into_bump_slice(),
            anomalies: self.anomalies.into_bump_slice(),
            patient_spans: self.spans.into_bump_slice(),
        }
    }
}

/// A line as text; false when bytes had to be replaced.
pub(crate) fn line_text<'a>(bytes: &'a [u8], arena: &'a Arena) -> (&'a str, bool) {
    match str::from_utf8(bytes) {
        Ok(text) => (text, true),
        Err(_) => (arena.alloc_str(&String::from_utf8_lossy(bytes)), false),
    }
}
