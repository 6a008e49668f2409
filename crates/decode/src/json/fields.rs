//! Decodes one unit of JSON: the walk, then what the record is (Windows event or a shape of the table) and when it happened.

use std::sync::{Arc, LazyLock};

use cordon_model::{Anomaly, Arena, Field, Position, RawRecord, Record, SourceSet, Span, Value, When};

use super::anomaly::{INVALID_UTF8, NAME_TOO_LONG, TIME_UNREADABLE, TIME_WITHOUT_ZONE, TOO_MANY_FIELDS};
use super::carried::carried;
use super::known_names::KnownNames;
use super::place::{FLAT_NAMES, flat_name};
use super::shape::{self, shapes};
use super::time;
use super::walk::{Header, Walker};
use crate::windows::{channel_sources, drop_blanks_of_defender};
use crate::{DecodeOptions, Decoder, Sink, Unit};

/// Decodes units of JSON.
#[derive(Debug)]
pub(super) struct JsonDecoder {
    options: Arc<DecodeOptions>,
}

impl JsonDecoder {
    pub(super) fn new(options: &Arc<DecodeOptions>) -> Self {
        Self { options: Arc::clone(options) }
    }
}

/// The one record in `text`, which says what `raw` holds; `None` when the text is not one JSON object.
pub(crate) fn record<'a>(
    raw: RawRecord<'a>,
    text: &'a str,
    options: &DecodeOptions,
    arena: &'a Arena,
) -> Option<Record<'a>> {
    leading(raw, text, options, arena).map(|(_, record)| record)
}

/// The record that `text` begins with, and where it ends there; `None` when the text does not begin with a JSON object.
pub(crate) fn leading<'a>(
    raw: RawRecord<'a>,
    text: &'a str,
    options: &DecodeOptions,
    arena: &'a Arena,
) -> Option<(usize, Record<'a>)> {
    let (end, walker) = walk(text, 0, arena).ok()?;
    Some((end, emit(raw, 0, walker, options, arena)))
}

/// One record at byte `at` of `text`, and where it ends. What looked like a Windows event but states no event id is walked again as any other JSON.
fn walk<'a>(text: &'a str, at: usize, arena: &'a Arena) -> Result<(usize, Walker<'a>), Anomaly> {
    let mut walker = Walker::new(text, at, false, arena);
    let end = walker.record()?;
    if walker.flattened && walker.header.event_id.is_none() {
        walker = Walker::new(text, at, true, arena);
        walker.record()?;
    }
    Ok((end, walker))
}

fn emit<'a>(
    raw: RawRecord<'a>,
    index: u32,
    walker: Walker<'a>,
    options: &DecodeOptions,
    arena: &'a Arena,
) -> Record<'a> {
    let mut notes = bumpalo::collections::Vec::new_in(arena);
    notes.extend(walker.too_many_fields.then_some(TOO_MANY_FIELDS));
    notes.extend(walker.name_too_long.then_some(NAME_TOO_LONG));
    let (header, nested) = (walker.header, walker.flattened);
    let fields = walker.fields.into_bump_slice_mut();
    let (sources, time) = if nested { windows(&header, fields, options, arena) } else { other(fields, options, arena) };
    let found = time.and_then(|value| time::read(value, &options.timezone, arena));
    match found {
        Some(found) => notes.extend(found.zone.faults(TIME_WITHOUT_ZONE)),
        None => notes.extend(time.filter(|value| !is_blank(*value)).map(|_| TIME_UNREADABLE)),
    }
    Record {
        raw,
        index,
        format: "json",
        when: found.map_or(When::Missing, |found| found.when),
        sources,
        fields,
        anomalies: notes.into_bump_slice(),
        patient_spans: &[],
    }
}

/// Whether a value says nothing.
fn is_blank(value: Value<'_>) -> bool {
    matches!(value, Value::Null | Value::Text("" | "-"))
}

/// Sources and time of a Windows event that came nested.
fn windows<'a>(
    header: &Header<'a>,
    fields: &mut [Field<'a>],
    options: &DecodeOptions,
    arena: &'a Arena,
) -> (SourceSet, Option<Value<'a>>) {
    drop_blanks_of_defender(header.channel, fields, arena);
    let sources = channel_sources(&options.log_sources, header.channel, header.provider, header.event_id, arena);
    (sources, header.time.or_else(|| shape::time_value(None, fields)))
}

/// Sources and time of anything else, by its shape.
fn other<'a>(fields: &mut [Field<'a>], options: &DecodeOptions, arena: &'a Arena) -> (SourceSet, Option<Value<'a>>) {
    let shape = shapes().find(fields, arena);
    let time = shape::time_value(shape, fields);
    let sources = match shape {
        Some(shape) if shape.name == FLAT_WINDOWS => flat_windows(fields, options, arena),
        Some(shape) => options.log_sources.lookup("json_shape", shape.name, None),
        None => SourceSet::default(),
    };
    (sources, time)
}

/// The names that [`flat_windows`] looks for.
static FLAT_KNOWN: LazyLock<KnownNames> =
    LazyLock::new(|| KnownNames::of(FLAT_NAMES.iter().flat_map(|(written, flat)| [*written, *flat])));

/// Gives a flat export its Sigma names and looks up its channel.
fn flat_windows<'a>(fields: &mut [Field<'a>], options: &DecodeOptions, arena: &'a Arena) -> SourceSet {
    let (mut channel, mut provider, mut event_id) = (None, None, None);
    for field in fields.iter_mut().filter(|field| FLAT_KNOWN.may_hold(field.name)) {
        field.name = flat_name(field.name).unwrap_or(field.name);
        let place = match field.name {
            "Channel" => &mut channel,
            "Provider_Name" => &mut provider,
            "EventID" => &mut event_id,
            _ => continue,
        };
        *place = place.or(Some(field.value));
    }
    drop_blanks_of_defender(channel, fields, arena);
    channel_sources(&options.log_sources, channel, provider, event_id, arena)
}

/// The shape whose fields are those of a Windows event without nesting.
const FLAT_WINDOWS: &str = "windows_flat";

impl Decoder for JsonDecoder {
    fn decode<'a>(&self, unit: Unit<'a>, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
        let (text, lossy) = match std::str::from_utf8(unit.bytes) {
            Ok(text) => (text, false),
            Err(_) => (&*arena.alloc_str(&String::from_utf8_lossy(unit.bytes)), true),
        };
        let (mut at, mut index) = (0, 0);
        while let Some(start) = next_token(text, at) {
            at = match walk(text, start, arena) {
                Ok((end, walker)) => {
                    let is_only = index == 0 && next_token(text, end).is_none();
                    let place = (!is_only).then_some((start..end, index));
                    sink.record(self.placed(unit, place, walker, lossy, arena));
                    end
                }
                Err(anomaly) => return sink.fault(unit.offset, anomaly),
            };
            index += 1;
        }
    }
}

impl JsonDecoder {
    /// The record of a value: with the unit's bytes where it stands alone; else with its own, so that it shows nothing of its neighbours. Where bytes were
    /// replaced, places are not known: then it is the unit's value of that number, and any of its bytes may name a patient.
    fn placed<'a>(
        &self,
        unit: Unit<'a>,
        place: Option<(std::ops::Range<usize>, u32)>,
        walker: Walker<'a>,
        lossy: bool,
        arena: &'a Arena,
    ) -> Record<'a> {
        let raw = RawRecord { position: Position::Offset(unit.offset), bytes: unit.bytes };
        let Some((place, number)) = place else {
            let record = carried(emit(raw, 0, walker, &self.options, arena), &self.options, arena);
            return if lossy { with_invalid_utf8(record, arena) } else { record };
        };
        if lossy {
            let record = with_invalid_utf8(emit(raw, number, walker, &self.options, arena), arena);
            let all = Span { start: 0, end: unit.bytes.len() };
            return Record { patient_spans: arena.alloc_slice_copy(&[all]), ..record };
        }
        let position = Position::Offset(unit.offset + place.start as u64);
        let raw = RawRecord { position, bytes: unit.bytes.get(place).unwrap_or_default() };
        carried(emit(raw, 0, walker, &self.options, arena), &self.options, arena)
    }
}

/// The next byte from `at` on that is not white space.
fn next_token(text: &str, at: usize) -> Option<usize> {
    let rest = text.as_bytes().get(at..)?;
    rest.iter().position(|byte| !byte.is_ascii_whitespace()).map(|blank| at + blank)
}

fn with_invalid_utf8<'a>(record: Record<'a>, arena: &'a Arena) -> Record<'a> {
    let mut all = bumpalo::collections::Vec::with_capacity_in(record.anomalies.len() + 1, arena);
    all.push(INVALID_UTF8);
    all.extend_from_slice(record.anomalies);
    Record { anomalies: all.into_bump_slice(), ..record }
}
