//! One row to one Record. Unset values are absent; sets and vectors repeat their column's name; `T` and `F` are truth values as in Zeek's JSON.

use std::sync::Arc;

use bumpalo::collections::Vec;
use cordon_model::{Anomaly, Arena, Field, Position, RawRecord, Record, SourceSet, Time, Value, When};

use super::anomaly::{FEWER_CELLS, MISSING_HEADER, MISSING_TIME, MORE_CELLS, NOT_UTF8};
use super::header::{COLUMNS_MAX, Header, Kind, cells, unescaped};
use crate::{DecodeOptions, Decoder, Sink, Unit};

/// Decodes rows under one header.
#[derive(Debug)]
pub(super) struct ZeekDecoder {
    header: Header,
    sources: SourceSet,
    time_column: Option<usize>,
}

struct Row<'a> {
    arena: &'a Arena,
    fields: Vec<'a, Field<'a>>,
    anomalies: Vec<'a, Anomaly>,
}

impl ZeekDecoder {
    pub(super) fn new(options: &Arc<DecodeOptions>, header: Header) -> Self {
        let known = options.log_sources.lookup("zeek_path", &header.path, None);
        let sources = match (header.path.is_empty(), known) {
            (false, SourceSet(0)) => options.log_sources.lookup("zeek_path", "*", None),
            _ => known,
        };
        let time_column = header.time_column();
        Self { header, sources, time_column }
    }

    fn cell<'a>(&self, row: &mut Row<'a>, name: &'a str, kind: Kind, cell: &'a [u8]) {
        if cell == self.header.unset {
            return;
        }
        if cell == self.header.empty {
            if !matches!(kind, Kind::Texts | Kind::Numbers) {
                row.fields.push(Field { name, value: Value::Text("") });
            }
            return;
        }
        let element_kind = match kind {
            Kind::Texts => Kind::Text,
            Kind::Numbers => Kind::Number,
            single => return row.push(name, single, cell),
        };
        for element in cells(cell, &self.header.set_separator).filter(|element| *element != self.header.unset) {
            row.push(name, element_kind, element);
        }
    }
}

impl Decoder for ZeekDecoder {
    fn decode<'a>(&self, unit: Unit<'a>, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
        let mut row = Row {
            arena,
            fields: Vec::with_capacity_in(self.header.names.count(), arena),
            anomalies: Vec::new_in(arena),
        };
        let (mut when, mut width) = (None, 0);
        if !self.header.complete {
            row.fault(MISSING_HEADER);
        }
        let joined = self.header.names.in_arena(arena);
        for (place, cell) in cells(unit.bytes, &self.header.separator).take(COLUMNS_MAX).enumerate() {
            width = place + 1;
            let name = self.header.names.name(joined, place, arena);
            if Some(place) == self.time_column {
                when = read_time(cell);
            }
            self.cell(&mut row, name, self.header.kind(place), cell);
        }
        match width.cmp(&self.header.names.count()) {
            std::cmp::Ordering::Less => row.fault(FEWER_CELLS),
            std::cmp::Ordering::Greater if self.header.complete => row.fault(MORE_CELLS),
            _ => {}
        }
        if when.is_none() {
            row.fault(MISSING_TIME);
        }
        sink.record(Record {
            raw: RawRecord { position: Position::Offset(unit.offset), bytes: unit.bytes },
            index: 0,
            format: super::NAME,
            when: when.map_or(When::Missing, When::Known),
            sources: self.sources,
            fields: row.fields.into_bump_slice(),
            anomalies: row.anomalies.into_bump_slice(),
            patient_spans: &[],
        });
    }
}

impl<'a> Row<'a> {
    fn push(&mut self, name: &'a str, kind: Kind, cell: &'a [u8]) {
        let value = match kind {
            Kind::Bool if cell == b"T" || cell == b"F" => Value::Bool(cell == b"T"),
            Kind::Number | Kind::Time if is_number(cell) => Value::Number(self.text(cell)),
            _ => Value::Text(self.text(cell)),
        };
        self.fields.push(Field { name, value });
    }

    /// A value's text, its escapes resolved; bytes that are no text afterwards stay escaped.
    fn text(&mut self, cell: &'a [u8]) -> &'a str {
        if memchr::memchr(b'\\', cell).is_some()
            && let Ok(text) = String::from_utf8(unescaped(cell))
        {
            return self.arena.alloc_str(&text);
        }
        if let Ok(text) = str::from_utf8(cell) {
            return text;
        }
        self.fault(NOT_UTF8);
        self.arena.alloc_str(&String::from_utf8_lossy(cell))
    }

    fn fault(&mut self, anomaly: Anomaly) {
        if !self.anomalies.contains(&anomaly) {
            self.anomalies.push(anomaly);
        }
    }
}

fn is_number(cell: &[u8]) -> bool {
    let digits = cell.strip_prefix(b"-").unwrap_or(cell);
    digits.first().is_some_and(u8::is_ascii_digit)
        && digits.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+'))
}

/// Seconds since 1970 with at most nine digits of fraction, or RFC 3339 (the writer's `ISO8601` option).
fn read_time(cell: &[u8]) -> Option<Time> {
    let text = str::from_utf8(cell).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return Time::from_rfc3339(text);
    }
    let mut micros = whole.parse::<i64>().ok()?.checked_mul(1_000_000)?;
    let mut unit = 100_000;
    for digit in fraction.bytes().take(6) {
        micros = micros.checked_add(i64::from(digit - b'0') * unit)?;
        unit /= 10;
    }
    Some(Time(micros))
}
