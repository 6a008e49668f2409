//! The fast way: the records of a whole chunk straight into fields. Refuses the chunk at the first thing out of the ordinary.

use cordon_model::{Anomaly, Arena, Field, Position, RawRecord, Record, SourceSet, Value, When};

use super::rendered::chunk_number;
use super::template::{BINXML_TYPE, DEFINITION_HEADER_BYTES, Empty, Op, Role, compile, fragment};
use super::value::{self, Read};
use crate::bytes::{u32_at, u64_at};
use crate::json::{FIELDS_MAX, Place};
use crate::windows::{channel_sources, drop_blanks_of_defender};
use crate::{DecodeOptions, Unit};

/// Bytes of a chunk before its first record.
const CHUNK_HEADER_BYTES: usize = 512;

/// Bytes of a record before its BinXML: magic, size, record id, time.
const RECORD_HEADER_BYTES: usize = 24;

/// Deepest nesting of templates in values.
const NESTING_MAX: u32 = 8;

/// Most different templates of one chunk.
const TEMPLATES_MAX: usize = 512;

/// Most bytes of values that one chunk may give: a template can place one value many times over.
const VALUE_BYTES_MAX: usize = 16 << 20;

/// One value of a record.
#[derive(Clone, Copy, Debug)]
struct Slot<'a> {
    kind: u8,
    /// Where its bytes start in the chunk.
    start: usize,
    bytes: &'a [u8],
}

/// A template compiled for one place.
#[derive(Clone, Copy, Debug)]
struct Template<'a> {
    definition: usize,
    place: Place<'a>,
    ops: &'a [Op<'a>],
}

/// A template's values: their range in the list of slots.
#[derive(Clone, Copy, Debug)]
struct Instance<'a> {
    ops: &'a [Op<'a>],
    first: usize,
    count: usize,
    end: usize,
}

/// What the record says of itself.
#[derive(Clone, Copy, Debug, Default)]
struct Header<'a> {
    channel: Option<Value<'a>>,
    event_id: Option<Value<'a>>,
    provider: Option<Value<'a>>,
    when: When<'a>,
}

/// The walk over one chunk.
#[derive(Debug)]
struct Walk<'a, 'o> {
    chunk: &'a [u8],
    arena: &'a Arena,
    options: &'o DecodeOptions,
    templates: Vec<Template<'a>>,
    slots: Vec<Slot<'a>>,
    fields: Vec<Field<'a>>,
    header: Header<'a>,
    known_sources: Vec<(Value<'a>, Value<'a>, SourceSet)>,
    value_bytes: usize,
}

/// All records of a chunk in order; `None` when any of them is out of the ordinary.
pub(super) fn records<'a>(unit: Unit<'a>, options: &DecodeOptions, arena: &'a Arena) -> Option<Vec<Record<'a>>> {
    let end = usize::try_from(u32_at(unit.bytes, 48)?).ok()?.min(unit.bytes.len());
    let last = u64_at(unit.bytes, 32)?;
    let mut walk = Walk {
        chunk: unit.bytes,
        arena,
        options,
        templates: Vec::new(),
        slots: Vec::new(),
        fields: Vec::new(),
        header: Header::default(),
        known_sources: Vec::new(),
        value_bytes: 0,
    };
    let (mut at, mut records) = (CHUNK_HEADER_BYTES, Vec::new());
    while at < end {
        let size = usize::try_from(u32_at(unit.bytes, at + 4)?).ok()?;
        let bytes = unit.bytes.get(at..at.checked_add(size)?)?;
        let id = u64_at(bytes, 8)?;
        let raw = RawRecord { position: Position::Chunk { chunk: chunk_number(unit.offset), record: id }, bytes };
        records.push(walk.record(raw, at)?);
        at += size;
        if id == last {
            break;
        }
    }
    Some(records)
}

impl<'a> Walk<'a, '_> {
    /// The record that starts at byte `start` of the chunk.
    fn record(&mut self, raw: RawRecord<'a>, start: usize) -> Option<Record<'a>> {
        (raw.bytes.starts_with(b"**\0\0") && raw.bytes.len() > RECORD_HEADER_BYTES + 4).then_some(())?;
        self.slots.clear();
        self.fields.clear();
        self.header = Header::default();
        let content = fragment(self.chunk, start + RECORD_HEADER_BYTES)?;
        let instance = self.instance(content, Place::Top)?;
        let record_end = start + raw.bytes.len() - 4;
        // Behind the one template stands the end, or nothing.
        (instance.end == record_end || (instance.end < record_end && self.chunk.get(instance.end) == Some(&0)))
            .then_some(())?;
        self.run(instance, 0)?;
        let Header { channel, event_id, provider, when } = self.header;
        let event_id = event_id?;
        drop_blanks_of_defender(channel, &mut self.fields, self.arena);
        Some(Record {
            raw,
            index: 0,
            format: "evtx",
            when,
            sources: self.sources(channel, event_id, provider),
            fields: self.arena.alloc_slice_copy(&self.fields),
            anomalies: &[] as &[Anomaly],
            patient_spans: &[],
        })
    }

    fn sources(&mut self, channel: Option<Value<'a>>, id: Value<'a>, provider: Option<Value<'a>>) -> SourceSet {
        let table = &self.options.log_sources;
        let Some(name) = channel else { return channel_sources(table, channel, provider, Some(id), self.arena) };
        if let Some((_, _, known)) = self.known_sources.iter().find(|(known, by_id, _)| *by_id == id && *known == name)
        {
            return *known;
        }
        let sources = channel_sources(table, channel, provider, Some(id), self.arena);
        self.known_sources.push((name, id, sources));
        sources
    }

    /// Reads a template instance: which template, and the values, which are added to the slots.
    fn instance(&mut self, token: usize, place: Place<'a>) -> Option<Instance<'a>> {
        (self.chunk.get(token) == Some(&0x0C)).then_some(())?;
        let definition = usize::try_from(u32_at(self.chunk, token + 6)?).ok()?;
        let mut at = token + 10;
        if at == definition {
            let size = usize::try_from(u32_at(self.chunk, definition + 20)?).ok()?;
            at = definition + DEFINITION_HEADER_BYTES + size;
        }
        let count = usize::try_from(u32_at(self.chunk, at)?).ok()?;
        let descriptors = at.checked_add(4)?;
        let values = descriptors.checked_add(count.checked_mul(4)?)?;
        let table = self.chunk.get(descriptors..values)?;
        let first = self.slots.len();
        let mut end = values;
        for [low, high, kind, _] in table.as_chunks::<4>().0 {
            let start = end;
            end += usize::from(u16::from_le_bytes([*low, *high]));
            self.slots.push(Slot { kind: *kind, start, bytes: self.chunk.get(start..end)? });
        }
        Some(Instance { ops: self.template(definition, place)?, first, count, end })
    }

    fn template(&mut self, definition: usize, place: Place<'a>) -> Option<&'a [Op<'a>]> {
        let known = self.templates.iter().find(|known| known.definition == definition && known.place == place);
        if let Some(known) = known {
            return Some(known.ops);
        }
        (self.templates.len() < TEMPLATES_MAX).then_some(())?;
        let ops = compile(self.chunk, definition, place, self.arena)?;
        self.templates.push(Template { definition, place, ops });
        Some(ops)
    }

    fn run(&mut self, instance: Instance<'a>, depth: u32) -> Option<()> {
        let slot_of = |walk: &Self, slot: u16| {
            let slot = usize::from(slot);
            if slot < instance.count { walk.slots.get(instance.first + slot).copied() } else { None }
        };
        let mut ops = instance.ops;
        while let Some((op, rest)) = ops.split_first() {
            ops = rest;
            match *op {
                Op::Depends { slot, count } => {
                    let absent = slot_of(self, slot).is_some_and(|slot| slot.kind == 0);
                    ops = ops.get(count * usize::from(absent)..)?;
                }
                Op::Constant { name, value, role } => self.push(name, value, role)?,
                Op::Field { name, slot, empty, role } => self.field(name, slot_of(self, slot), empty, role)?,
                Op::Nested { slot, place } => self.nested(slot_of(self, slot), place, depth)?,
            }
        }
        Some(())
    }

    fn nested(&mut self, slot: Option<Slot<'a>>, place: Place<'a>, depth: u32) -> Option<()> {
        let Some(slot) = slot.filter(|slot| slot.kind != 0 && !slot.bytes.is_empty()) else {
            // An element without content is null where nulls are kept.
            return (place != Place::Data("UserData")).then_some(());
        };
        (slot.kind == BINXML_TYPE && depth < NESTING_MAX).then_some(())?;
        let slots = self.slots.len();
        let instance = self.instance(fragment(self.chunk, slot.start)?, place)?;
        let end = slot.start + slot.bytes.len();
        (instance.end <= end).then_some(())?;
        self.run(instance, depth + 1)?;
        self.slots.truncate(slots);
        Some(())
    }

    fn field(&mut self, name: &'a str, slot: Option<Slot<'a>>, empty: Empty, role: Role) -> Option<()> {
        let read = match slot {
            Some(slot) => {
                self.value_bytes += slot.bytes.len();
                (self.value_bytes <= VALUE_BYTES_MAX).then_some(())?;
                if role == Role::Time && slot.kind == 0x11 {
                    self.header.when = When::Known(value::moment(slot.bytes)?);
                }
                value::read(slot.kind, slot.bytes, self.arena)?
            }
            None => Read::Empty,
        };
        match (read, empty) {
            (Read::One(value), _) => self.push(name, value, role),
            (Read::Empty, Empty::Nothing) => Some(()),
            (Read::Empty, Empty::Null) => self.push(name, Value::Null, role),
            (Read::Empty, Empty::Text) => self.push(name, Value::Text(""), role),
            // Only the unnamed `Data` of an event repeats for each text.
            (Read::Texts(bytes), _) if name == "Data" && empty == Empty::Text => {
                let fields = &mut self.fields;
                value::texts(bytes, self.arena, |text| fields.push(Field { name, value: Value::Text(text) }))
            }
            (Read::Texts(_), _) => None,
        }
    }

    fn push(&mut self, name: &'a str, value: Value<'a>, role: Role) -> Option<()> {
        (self.fields.len() < FIELDS_MAX).then_some(())?;
        match role {
            Role::Plain => {}
            Role::Channel => self.header.channel = Some(value),
            Role::EventId => self.header.event_id = Some(value),
            Role::Provider => self.header.provider = Some(value),
            Role::Time if matches!(self.header.when, When::Known(_)) => {}
            Role::Time => return None,
        }
        self.fields.push(Field { name, value });
        Some(())
    }
}
