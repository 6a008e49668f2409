//! Field maps: which field of a record goes to which place of the event, and as what. Rows of `data/ocsf/maps.tsv`.

use std::collections::BTreeMap;

use cordon_model::{Arena, Field, Object, Record};

use super::kinds::{Kind, Shown, Write};
use super::place::{self, Path};
use super::rows::rows;

/// Where a value comes from.
#[derive(Debug)]
enum From {
    /// The first of these fields of the record that states something, each with the mark of its name.
    Record(Vec<(u32, &'static str)>),
    /// A field of the healthcare taxonomy.
    Taxonomy(&'static str),
    /// No field: always this.
    Constant(&'static str),
}

/// One row.
#[derive(Debug)]
pub(super) struct Mapped {
    from: From,
    path: Path,
    kind: Kind,
}

/// All maps by name.
pub(super) type Maps = BTreeMap<&'static str, Vec<Mapped>>;

/// Reads the tables.
pub(super) fn read() -> Maps {
    let mut maps = Maps::new();
    for [name, field, to, kind] in rows::<4>(include_str!("../../data/ocsf/maps.tsv")) {
        let from = match (field.strip_prefix('='), field.strip_prefix('@')) {
            (Some(text), _) => From::Constant(text),
            (None, Some(name)) => From::Taxonomy(name),
            (None, None) => From::Record(field.split('|').map(|name| (mark(name), name)).collect()),
        };
        maps.entry(name).or_default().push(Mapped { from, path: place::path(to), kind: Kind::read(kind) });
    }
    maps
}

/// What is mapped, and which of the record's fields went into the event so far.
pub(super) struct Source<'s, 'a> {
    pub(super) record: &'s Record<'a>,
    /// The mark of each field's name: a record is asked for some hundred names, and few of them are in it.
    pub(super) marks: Marks,
    pub(super) taxonomy: &'s [Field<'a>],
    pub(super) shown: Shown<'s>,
    pub(super) used: Vec<bool>,
    pub(super) arena: &'a Arena,
}

impl Mapped {
    /// Puts the value of the row, if the source states it, into the event.
    pub(super) fn apply<'a>(&self, source: &mut Source<'_, 'a>, event: &mut Object<'a>) {
        let arena = source.arena;
        match &self.from {
            From::Constant(text) => {
                self.kind.put(text, &mut Write { event, path: &self.path, shown: &source.shown, arena });
            }
            From::Taxonomy(name) => {
                let mut write = Write { event, path: &self.path, shown: &source.shown, arena };
                let stated = source.taxonomy.iter().filter(|field| field.name == *name);
                for field in stated.take(self.kind.values_max()) {
                    self.kind.put(field.value.text(arena).unwrap_or_default(), &mut write);
                }
            }
            From::Record(names) => self.apply_fields(names, source, event),
        }
    }

    /// Puts the values of the first of `names` that states something, and marks their fields as used.
    fn apply_fields<'a>(&self, names: &[(u32, &str)], source: &mut Source<'_, 'a>, event: &mut Object<'a>) {
        let (record, arena) = (source.record, source.arena);
        let Some(first) = names.iter().find_map(|(mark, name)| source.first_stated(*mark, name)) else { return };
        let name = record.fields.get(first).map_or("", |field| field.name);
        let same = record.fields.iter().enumerate().skip(first).filter(|(_, field)| field.name == name);
        for (place, field) in same.take(self.kind.values_max()) {
            let mut write = Write { event, path: &self.path, shown: &source.shown, arena };
            let put = self.kind.put(field.value.text(arena).unwrap_or_default(), &mut write);
            if let Some(used) = source.used.get_mut(place).filter(|_| put) {
                *used = true;
            }
        }
    }
}

impl<'a> Source<'_, 'a> {
    /// The place of the first field of a name that states something: a dash and an empty text are Windows' and syslog's words for nothing.
    fn first_stated(&self, mark: u32, name: &str) -> Option<usize> {
        let stated =
            |field: &Field<'a>| field.value.text(self.arena).is_some_and(|text| !text.is_empty() && text != "-");
        if !self.marks.may_have(mark) {
            return None;
        }
        let alike = self.marks.all.iter().enumerate().filter(|(_, known)| **known == mark).map(|(place, _)| place);
        let is =
            |place: &usize| self.record.fields.get(*place).is_some_and(|field| field.name == name && stated(field));
        alike.into_iter().find(is)
    }
}

/// The marks of a record's names, in the order of its fields.
#[derive(Debug)]
pub(super) struct Marks {
    pub(super) all: Vec<u32>,
    /// A bit for the end of each: most names that a map asks for are in no field, and are told by that.
    ends: [u64; 4],
}

impl Marks {
    /// Those of some fields.
    pub(super) fn of(fields: &[Field<'_>]) -> Self {
        let all: Vec<u32> = fields.iter().map(|field| mark(field.name)).collect();
        let mut ends = [0; 4];
        for mark in &all {
            let (at, bit) = Self::place(*mark);
            if let Some(bits) = ends.get_mut(at) {
                *bits |= 1 << bit;
            }
        }
        Self { all, ends }
    }

    const fn place(mark: u32) -> (usize, u32) {
        ((mark >> 6 & 3) as usize, mark & 63)
    }

    /// False when no field has the name of this mark.
    fn may_have(&self, mark: u32) -> bool {
        let (at, bit) = Self::place(mark);
        self.ends.get(at).is_some_and(|bits| bits >> bit & 1 == 1)
    }
}

/// A number by which most names can be told apart without reading them: FNV-1a over length, and at most sixteen of the bytes from the end.
pub(super) fn mark(name: &str) -> u32 {
    let start = u32::try_from(name.len()).unwrap_or_default() ^ 0x811c_9dc5;
    name.bytes().rev().take(16).fold(start, |mark, byte| (mark ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
