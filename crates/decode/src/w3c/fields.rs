//! One row to one Record.

use std::sync::Arc;

use bumpalo::collections::{String, Vec};
use cordon_model::{Anomaly, Arena, Field, Position, RawRecord, Record, Value, When};

use super::Header;
use crate::civil::by_pattern;
use crate::moment::{TIME_UNREADABLE, TIME_WITHOUT_ZONE};
use crate::{DecodeOptions, Decoder, Sink, Unit};

/// A row whose cells are not as many as the columns.
const WRONG_COLUMNS: Anomaly = Anomaly::new(
    "w3c_wrong_columns",
    "the row has more or fewer cells than #Fields names; cells beyond them were left out",
);
/// Bytes that are not UTF-8.
const INVALID_UTF8: Anomaly =
    Anomaly::new("w3c_invalid_utf8", "the row is not UTF-8; the bad bytes were replaced by U+FFFD");

/// Decodes the rows below one header.
pub(super) struct W3cDecoder {
    options: Arc<DecodeOptions>,
    header: Header,
}

impl W3cDecoder {
    pub(super) const fn new(options: Arc<DecodeOptions>, header: Header) -> Self {
        Self { options, header }
    }

    /// The moment of a row from its `date` and `time` cells.
    fn when<'a>(&self, date: Option<&str>, time: Option<&str>, anomalies: &mut Vec<'a, Anomaly>) -> When<'a> {
        let date = date.unwrap_or(&self.header.date);
        let zone = if self.header.local_time { &self.options.timezone } else { &jiff::tz::TimeZone::UTC };
        let text =
            time.filter(|_| !date.is_empty()).map(|time| bumpalo::format!(in anomalies.bump(), "{} {}", date, time));
        let Some((time, zone)) = text.and_then(|text| by_pattern(&text, "%Y-%m-%d %H:%M:%S%.f", zone)) else {
            anomalies.push(TIME_UNREADABLE);
            return When::Missing;
        };
        if self.header.local_time {
            anomalies.extend(zone.faults(TIME_WITHOUT_ZONE));
        }
        When::Known(time)
    }
}

impl Decoder for W3cDecoder {
    fn decode<'a>(&self, unit: Unit<'a>, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
        let mut anomalies = Vec::new_in(arena);
        let text = std::str::from_utf8(unit.bytes).unwrap_or_else(|_| {
            anomalies.push(INVALID_UTF8);
            String::from_utf8_lossy_in(unit.bytes, arena).into_bump_str()
        });
        let joined = self.header.names.in_arena(arena);
        let mut fields = Vec::with_capacity_in(self.header.names.count(), arena);
        let (mut rest, mut column) = (text.trim(), 0);
        let (mut date, mut time) = (None, None);
        while !rest.is_empty() && column < self.header.names.count() {
            let (value, after) = cell(rest);
            rest = after.trim_start();
            let name = self.header.names.name(joined, column, arena);
            column += 1;
            match name {
                "date" => date = Some(value),
                "time" => time = Some(value),
                _ => {}
            }
            if value != "-" {
                fields.push(Field { name, value: Value::Text(with_blanks(name, value, arena)) });
            }
        }
        if column != self.header.names.count() || !rest.is_empty() {
            anomalies.push(WRONG_COLUMNS);
        }
        let when = self.when(date, time, &mut anomalies);
        sink.record(Record {
            raw: RawRecord { position: Position::Offset(unit.offset), bytes: unit.bytes },
            index: 0,
            format: "w3c",
            when,
            sources: self.options.log_sources.lookup("w3c_software", self.header.software, None),
            fields: fields.into_bump_slice(),
            anomalies: anomalies.into_bump_slice(),
            patient_spans: &[],
        });
    }
}

/// A cell and what follows it; quotes around it are removed.
fn cell(text: &str) -> (&str, &str) {
    if let Some((value, rest)) = text.strip_prefix('"').and_then(|text| text.split_once('"')) {
        return (value, rest);
    }
    text.split_once([' ', '\t']).unwrap_or((text, ""))
}

/// IIS writes `+` for the blanks of a header's value.
fn with_blanks<'a>(name: &str, value: &'a str, arena: &'a Arena) -> &'a str {
    if name != "cs-user-agent" || !value.contains('+') {
        return value;
    }
    let mut text = String::with_capacity_in(value.len(), arena);
    text.extend(value.chars().map(|letter| if letter == '+' { ' ' } else { letter }));
    text.into_bump_str()
}
