//! Decodes one unit of JSON: the walk, then what the record is (Windows event or a shape of the table) and when it happened.

use std::sync::Arc;

use cordon_model::{Anomaly, Arena, Field, Position, RawRecord, Record, SourceSet, Value, When};

use super::anomaly::{INVALID_UTF8, NAME_TOO_LONG, TIME_WITHOUT_ZONE, TOO_MANY_FIELDS};
use super::place::flat_name;
use super::shape::{self, shapes};
use super::time;
use super::walk::{Header, Walker};
use crate::windows::channel_sources;
use crate::{DecodeOptions, Decoder, Sink, Unit};

/// Decodes units of JSON.
#[derive(Debug)]
pub(super) struct JsonDecoder {
    options: Arc<DecodeOptions>,
}

/// What a record is.
struct Verdict<'a> {
    sources: SourceSet,
    time: Option<Value<'a>>,
}

impl JsonDecoder {
    pub(super) fn new(options: &Arc<DecodeOptions>) -> Self {
        Self { options: Arc::clone(options) }
    }

    /// One record at byte `at` of `text`; returns where it ends.
    fn one<'a>(&self, text: &'a str, at: usize, arena: &'a Arena) -> Result<(usize, Walker<'a>), Anomaly> {
        let mut walker = Walker::new(text, at, false, arena);
        let end = walker.record()?;
        if walker.flattened && walker.header.event_id.is_none() && walker.header.channel.is_none() {
            walker = Walker::new(text, at, true, arena);
            walker.record()?;
        }
        Ok((end, walker))
    }

    fn verdict<'a>(
        &self,
        nested: bool,
        header: &Header<'a>,
        fields: &mut [Field<'a>],
        arena: &'a Arena,
    ) -> Verdict<'a> {
        let table = &self.options.log_sources;
        if nested && header.event_id.is_some() {
            let sources = channel_sources(table, header.channel, header.provider, header.event_id, arena);
            let time = header.time.or_else(|| shape::time_value(None, fields));
            return Verdict { sources, time };
        }
        let shape = shapes().find(fields, arena);
        let time = shape::time_value(shape, fields);
        match shape {
            Some(shape) if shape.name == FLAT_WINDOWS => Verdict { sources: self.flat_windows(fields, arena), time },
            Some(shape) => Verdict { sources: table.lookup("json_shape", shape.name, None), time },
            None => Verdict { sources: SourceSet::default(), time },
        }
    }

    /// Gives a flat export its Sigma names and looks up its channel.
    fn flat_windows<'a>(&self, fields: &mut [Field<'a>], arena: &'a Arena) -> SourceSet {
        for field in fields.iter_mut() {
            field.name = flat_name(field.name).unwrap_or(field.name);
        }
        let value = |name: &str| fields.iter().find(|field| field.name == name).map(|field| field.value);
        channel_sources(&self.options.log_sources, value("Channel"), value("Provider_Name"), value("EventID"), arena)
    }

    fn emit<'a>(
        &self,
        raw: RawRecord<'a>,
        index: u32,
        walker: Walker<'a>,
        lossy: bool,
        arena: &'a Arena,
    ) -> Record<'a> {
        let mut notes = bumpalo::collections::Vec::new_in(arena);
        notes.extend(lossy.then_some(INVALID_UTF8));
        notes.extend(walker.too_many_fields.then_some(TOO_MANY_FIELDS));
        notes.extend(walker.name_too_long.then_some(NAME_TOO_LONG));
        let (nested, fields) = (walker.flattened, walker.fields.into_bump_slice_mut());
        let verdict = self.verdict(nested, &walker.header, fields, arena);
        let found = verdict.time.and_then(|value| time::read(value, &self.options.timezone, arena));
        notes.extend(found.is_some_and(|found| found.zone_assumed).then_some(TIME_WITHOUT_ZONE));
        Record {
            raw,
            index,
            format: "json",
            when: found.map_or(When::Missing, |found| found.when),
            sources: verdict.sources,
            fields,
            anomalies: notes.into_bump_slice(),
            patient_spans: &[],
        }
    }
}

/// The shape whose fields are those of a Windows event without nesting.
const FLAT_WINDOWS: &str = "windows_flat";

impl Decoder for JsonDecoder {
    fn decode<'a>(&self, unit: Unit<'a>, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
        let (text, lossy) = match std::str::from_utf8(unit.bytes) {
            Ok(text) => (text, false),
            Err(_) => (&*arena.alloc_str(&String::from_utf8_lossy(unit.bytes)), true),
        };
        let raw = RawRecord { position: Position::Offset(unit.offset), bytes: unit.bytes };
        let (mut at, mut index) = (0, 0);
        while let Some(start) = next_token(text, at) {
            at = match self.one(text, start, arena) {
                Ok((end, walker)) => {
                    sink.record(self.emit(raw, index, walker, lossy, arena));
                    end
                }
                Err(anomaly) => return sink.fault(unit.offset, anomaly),
            };
            index += 1;
        }
    }
}

/// The next byte from `at` on that is not white space.
fn next_token(text: &str, at: usize) -> Option<usize> {
    let rest = text.as_bytes().get(at..)?;
    rest.iter().position(|byte| !byte.is_ascii_whitespace()).map(|blank| at + blank)
}
