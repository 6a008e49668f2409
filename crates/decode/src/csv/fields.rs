//! One row to one Record: a field per cell under its column's name, and `csv.mapping`, the name of the mapping that took the header.

use std::sync::Arc;

use bumpalo::collections::Vec;
use cordon_model::{Anomaly, Arena, Field, Position, RawRecord, Record, SourceSet, Span, Time, Value, When};

use super::anomaly::{FEWER_CELLS, MISSING_TIME, MISSING_ZONE, MORE_CELLS, NOT_UTF8, QUOTE_UNCLOSED, TEXT_AFTER_QUOTE};
use super::cells::{Cell, Cells, QuoteFault};
use super::header::{COLUMNS_MAX, Header};
use super::mapping::TimeForm;
use crate::civil::Zone;
use crate::{DecodeOptions, Decoder, Sink, Unit, civil};

/// Decodes rows under one header.
#[derive(Debug)]
pub(super) struct CsvDecoder {
    options: Arc<DecodeOptions>,
    sources: SourceSet,
    pub(super) header: Header,
}

/// What a row gave so far.
struct Row<'a> {
    fields: Vec<'a, Field<'a>>,
    spans: Vec<'a, Span>,
    anomalies: Vec<'a, Anomaly>,
}

impl CsvDecoder {
    pub(super) fn new(options: Arc<DecodeOptions>, header: Header) -> Self {
        let sources = options.log_sources.lookup("csv", &header.mapping, None);
        Self { options, sources, header }
    }

    fn when(&self, row: &Row<'_>, arena: &Arena) -> Option<(Time, Zone)> {
        let text = |place: &usize| match row.fields.get(*place).map(|field| field.value) {
            Some(Value::Text(text)) => text.trim(),
            _ => "",
        };
        self.header.times.iter().find_map(|(places, form)| match places.as_slice() {
            [place] => read_time(text(place), form, &self.options.timezone),
            several => {
                let mut joined = bumpalo::collections::String::new_in(arena);
                for place in several {
                    joined.push_str(text(place));
                    joined.push(' ');
                }
                read_time(joined.trim_end(), form, &self.options.timezone)
            }
        })
    }
}

impl Decoder for CsvDecoder {
    fn decode<'a>(&self, unit: Unit<'a>, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
        let mut row = Row {
            fields: Vec::with_capacity_in(self.header.names.count() + 1, arena),
            spans: Vec::new_in(arena),
            anomalies: Vec::new_in(arena),
        };
        let joined = self.header.names.in_arena(arena);
        let mut cells = Cells::new(unit.bytes, self.header.delimiter);
        for (place, cell) in cells.by_ref().take(COLUMNS_MAX).enumerate() {
            let name = self.header.names.name(joined, place, arena);
            row.cell(name, cell, self.header.is_masked(place), arena);
        }
        if let Some(rest) = cells.next() {
            row.spans.push(Span { start: rest.span.start, end: unit.bytes.len() });
        }
        match row.fields.len().cmp(&self.header.names.count()) {
            std::cmp::Ordering::Less => row.fault(FEWER_CELLS),
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => row.fault(MORE_CELLS),
        }
        let when = self.when(&row, arena);
        match when {
            Some((_, zone)) => zone.faults(MISSING_ZONE).for_each(|fault| row.fault(fault)),
            None => row.fault(MISSING_TIME),
        }
        let mapping = arena.alloc_str(&self.header.mapping);
        row.fields.push(Field { name: super::MAPPING_FIELD, value: Value::Text(mapping) });
        sink.record(Record {
            raw: RawRecord { position: Position::Offset(unit.offset), bytes: unit.bytes },
            index: 0,
            format: super::NAME,
            when: when.map_or(When::Missing, |(time, _)| When::Known(time)),
            sources: self.sources,
            fields: row.fields.into_bump_slice(),
            anomalies: row.anomalies.into_bump_slice(),
            patient_spans: row.spans.into_bump_slice(),
        });
    }
}

impl<'a> Row<'a> {
    fn cell(&mut self, name: &'a str, cell: Cell<'a>, masked: bool, arena: &'a Arena) {
        let mut text = match str::from_utf8(cell.bytes) {
            Ok(text) => text,
            Err(_) => {
                self.fault(NOT_UTF8);
                arena.alloc_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(cell.bytes).0)
            }
        };
        if cell.quoted && text.contains("\"\"") {
            text = arena.alloc_str(&text.replace("\"\"", "\""));
        }
        match cell.fault {
            Some(QuoteFault::Unclosed) => self.fault(QUOTE_UNCLOSED),
            Some(QuoteFault::TextAfter) => self.fault(TEXT_AFTER_QUOTE),
            None => {}
        }
        if masked && cell.span.start < cell.span.end {
            self.spans.push(cell.span);
        }
        self.fields.push(Field { name, value: Value::Text(text) });
    }

    fn fault(&mut self, anomaly: Anomaly) {
        if !self.anomalies.contains(&anomaly) {
            self.anomalies.push(anomaly);
        }
    }
}

/// Reads a time.
fn read_time(text: &str, form: &TimeForm, zone: &jiff::tz::TimeZone) -> Option<(Time, Zone)> {
    match form {
        TimeForm::Rfc3339 => Some((Time::from_rfc3339(text)?, Zone::Stated)),
        TimeForm::Unix => Some((seconds(text)?, Zone::Stated)),
        TimeForm::UnixMillis => Some((Time(text.parse::<i64>().ok()?.checked_mul(1000)?), Zone::Stated)),
        TimeForm::Pattern(pattern) => civil::by_pattern(text, pattern, zone),
    }
}

/// `1700000000` or `1700000000.25`.
fn seconds(text: &str) -> Option<Time> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    Some(Time(whole.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)?))
}
