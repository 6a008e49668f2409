//! What the event tables are made of, as data: which classes go into which table (`data/families.tsv`), which attributes have a column (`data/columns.tsv`), which
//! are left out (`data/left_out.tsv`). Read once; knows no event and no file.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// Names of the columns that every table has in front of those of the catalogue.
pub const EVENT_ID: &str = "event_id";
/// The JSON of the attributes that have no column.
pub const REST: &str = "rest";
/// UTC day of receipt, by which tables are partitioned.
pub const EVENT_DAY: &str = "event_day";
/// What is appended to the name of a column of addresses for its 16 bytes.
const BYTES_SUFFIX: &str = "_bytes";

/// A table of events: its number in the order of `data/families.tsv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Family(pub(super) u8);

impl Family {
    /// The table of a class (OCSF `class_uid`).
    #[must_use]
    pub fn of_class(class_uid: i64) -> Self {
        CATALOGUE.family_of(class_uid)
    }

    /// All tables.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=u8::MAX).take(CATALOGUE.tables.len()).map(Self)
    }

    /// The table of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|family| family.name() == name)
    }

    /// Name of the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        CATALOGUE.table(self).map_or("other", |table| table.name)
    }

    /// What the table holds, in words.
    #[must_use]
    pub fn holds(self) -> &'static str {
        CATALOGUE.table(self).map_or("", |table| table.holds)
    }

    /// Columns of the table as they lie in memory, `event_day` last.
    #[must_use]
    pub fn schema(self) -> SchemaRef {
        CATALOGUE.table(self).map_or_else(|| Arc::new(Schema::empty()), |table| Arc::clone(&table.schema))
    }

    /// Place in lists that have one item a table.
    pub(super) fn place(self) -> usize {
        usize::from(self.0)
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Int,
    Long,
    Bool,
    Ip,
    Hash,
}

impl Kind {
    fn read(name: &str) -> Option<Self> {
        Some(match name {
            "text" => Self::Text,
            "int" => Self::Int,
            "long" => Self::Long,
            "bool" => Self::Bool,
            "ip" => Self::Ip,
            "hash" => Self::Hash,
            _ => return None,
        })
    }

    fn fields(self, name: &str) -> Vec<Field> {
        let arrow = match self {
            Self::Text | Self::Hash | Self::Ip => DataType::Utf8,
            Self::Int => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Bool => DataType::Boolean,
        };
        let mut fields = vec![Field::new(name, arrow, true)];
        if self == Self::Ip {
            fields.push(Field::new(format!("{name}{BYTES_SUFFIX}"), DataType::Binary, true));
        }
        fields
    }
}

/// One column of the catalogue.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Places in the event, names joined with dots; a list is looked into at its first element.
    pub(super) places: Vec<&'static str>,
    pub(super) has_bloom: bool,
}

/// One table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) holds: &'static str,
    pub(super) columns: Vec<Column>,
    pub(super) schema: SchemaRef,
    pub(super) places: Places,
}

/// Where attributes of an event go, as a tree over their names.
#[derive(Debug, Default)]
pub(super) struct Places(pub(super) Vec<Vec<(&'static str, Target)>>);

/// Where an attribute goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Into a column, by its number.
    Column(usize),
    /// Its own attributes go to the places of this node.
    Inside(usize),
    /// A list of fingerprints: OCSF's number of the algorithm, and the column.
    Hashes(Vec<(i64, usize)>),
    /// Nowhere: a column of the envelope says the same.
    Told,
}

/// What a column of every table says already: `event_id`.
const TOLD: [(&str, &str); 1] = [("metadata", "uid")];

/// Tables, columns and what is left out.
#[derive(Debug)]
pub(super) struct Catalogue {
    pub(super) tables: Vec<Table>,
    by_class: BTreeMap<i64, Family>,
    by_category: BTreeMap<i64, Family>,
    other: Family,
    left_out: Vec<&'static str>,
    /// For each first letter the lengths of the names that are left out, as bits: most names are told by a look at this.
    left_out_lengths: [u64; 32],
    /// Their last letters, as bits.
    left_out_ends: u32,
}

pub(super) static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::read);

impl Catalogue {
    fn read() -> Self {
        let mut read = Self {
            tables: Vec::new(),
            by_class: BTreeMap::new(),
            by_category: BTreeMap::new(),
            other: Family(0),
            left_out: rows::<2>(include_str!("../../data/left_out.tsv")).map(|[name, _]| name).collect(),
            left_out_lengths: [0; 32],
            left_out_ends: 0,
        };
        read.left_out.sort_unstable();
        for name in &read.left_out {
            read.left_out_ends |= 1 << letter(name.bytes().next_back());
            if let Some(lengths) = read.left_out_lengths.get_mut(letter(name.bytes().next())) {
                *lengths |= length_bit(name);
            }
        }
        let families = rows::<3>(include_str!("../../data/families.tsv"));
        for ([name, classes, holds], number) in families.zip(0..=u8::MAX) {
            classes.split(',').for_each(|class| read.route(class, Family(number)));
            read.tables.push(Table::read(name, holds));
        }
        read
    }

    fn route(&mut self, class: &'static str, family: Family) {
        match class.strip_suffix('*') {
            Some("") => self.other = family,
            Some(category) => drop(category.parse().map(|category| self.by_category.insert(category, family))),
            None => drop(class.parse().map(|class| self.by_class.insert(class, family))),
        }
    }

    pub(super) fn table(&self, family: Family) -> Option<&Table> {
        self.tables.get(family.place())
    }

    /// The category is what stands before the last three digits, without the extension's uid in front (OCSF, `class_uid`).
    fn family_of(&self, class_uid: i64) -> Family {
        let category = class_uid.rem_euclid(100_000) / 1_000;
        let known = self.by_class.get(&class_uid).or_else(|| self.by_category.get(&category));
        known.copied().unwrap_or(self.other)
    }

    /// Whether an attribute of that name has no place in the tables. Of names in parts (`a.b`, `a-b`) the last counts.
    pub(super) fn is_left_out(&self, name: &str) -> bool {
        if self.left_out_ends >> letter(name.bytes().next_back()) & 1 == 0 {
            return false;
        }
        let behind = name.bytes().rposition(|byte| matches!(byte, b'.' | b'-')).map_or(0, |mark| mark + 1);
        let last = name.get(behind..).unwrap_or(name);
        let lengths = self.left_out_lengths.get(letter(last.bytes().next())).copied().unwrap_or_default();
        lengths & length_bit(last) != 0 && self.left_out.binary_search_by(|known| cmp_lower(known, last)).is_ok()
    }
}

/// A number below 32 for a letter, the same for both cases.
fn letter(byte: Option<u8>) -> usize {
    usize::from(byte.unwrap_or_default() & 0x1f)
}

/// The bit of a name's length; longer ones share the last.
fn length_bit(name: &str) -> u64 {
    1 << name.len().min(63)
}

/// Compares a name in lower case with one in any.
fn cmp_lower(known: &str, name: &str) -> std::cmp::Ordering {
    known.bytes().cmp(name.bytes().map(|byte| byte.to_ascii_lowercase()))
}

impl Table {
    fn read(name: &'static str, holds: &'static str) -> Self {
        let lines = rows::<5>(include_str!("../../data/columns.tsv"));
        let columns: Vec<Column> = lines.filter_map(|row| Column::read(row, name)).collect();
        let schema = Arc::new(schema(&columns));
        let places = Places::of(&columns);
        Self { name, holds, columns, schema, places }
    }
}

impl Column {
    fn read([name, kind, places, tables, bloom]: [&'static str; 5], table: &str) -> Option<Self> {
        let is_here = tables == "*" || tables.split(',').any(|known| known == table);
        let kind = Kind::read(kind).filter(|_| is_here)?;
        Some(Self { name, kind, places: places.split('|').collect(), has_bloom: bloom == "bloom" })
    }
}

impl Places {
    fn of(columns: &[Column]) -> Self {
        let mut places = Self(vec![Vec::new()]);
        for (number, column) in columns.iter().enumerate() {
            column.places.iter().for_each(|place| places.insert(place, number));
        }
        for (above, name) in TOLD {
            let node = places.inside(0, above);
            if let Some(children) = places.0.get_mut(node) {
                children.push((name, Target::Told));
            }
        }
        places
    }

    fn insert(&mut self, place: &'static str, column: usize) {
        let (above, last) = place.rsplit_once('.').unwrap_or(("", place));
        let node = above.split('.').filter(|name| !name.is_empty()).fold(0, |node, name| self.inside(node, name));
        let Some(children) = self.0.get_mut(node) else { return };
        let Some((name, algorithm)) = last.split_once(':') else {
            children.push((last, Target::Column(column)));
            return;
        };
        let algorithm = algorithm.parse().unwrap_or_default();
        match children.iter_mut().find(|(known, _)| *known == name) {
            Some((_, Target::Hashes(known))) => known.push((algorithm, column)),
            _ => children.push((name, Target::Hashes(vec![(algorithm, column)]))),
        }
    }

    fn inside(&mut self, node: usize, name: &'static str) -> usize {
        let fresh = self.0.len();
        let Some(children) = self.0.get_mut(node) else { return 0 };
        if let Some((_, Target::Inside(known))) = children.iter().find(|(known, _)| *known == name) {
            return *known;
        }
        children.push((name, Target::Inside(fresh)));
        self.0.push(Vec::new());
        fresh
    }

    /// Which of the attributes of a node that go somewhere has this name.
    pub(super) fn number(&self, node: usize, name: &str) -> Option<usize> {
        self.0.get(node)?.iter().position(|(known, _)| *known == name)
    }

    /// Where this attribute of a node goes.
    pub(super) fn target(&self, node: usize, number: usize) -> Option<&Target> {
        self.0.get(node)?.get(number).map(|(_, target)| target)
    }
}

/// Microseconds UTC.
pub(super) fn moment() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// A list of texts.
pub(super) fn texts() -> DataType {
    DataType::List(Arc::new(Field::new("element", DataType::Utf8, true)))
}

/// Columns of every table in front of those of the catalogue. Ids and fingerprints are binary of any length, as Delta has it: of a fixed length, ClickHouse takes
/// them for padded text and cuts zero bytes off their end.
pub(super) fn envelope() -> Vec<Field> {
    vec![
        Field::new(EVENT_ID, DataType::Binary, false),
        Field::new("record_sha256", DataType::Binary, false),
        Field::new("time", moment(), false),
        Field::new("received", moment(), false),
        Field::new("site", DataType::Utf8, false),
        Field::new("source", DataType::Utf8, false),
        Field::new("position", DataType::Int64, false),
        Field::new("record_index", DataType::Int32, false),
        Field::new("class_uid", DataType::Int32, false),
        Field::new("activity_id", DataType::Int32, false),
        Field::new("severity_id", DataType::Int32, false),
        Field::new("patient_ref", DataType::Utf8, true),
        Field::new("patient_refs", texts(), true),
    ]
}

fn schema(columns: &[Column]) -> Schema {
    let mut fields = envelope();
    columns.iter().for_each(|column| fields.extend(column.kind.fields(column.name)));
    fields.push(Field::new(REST, DataType::Utf8, true));
    fields.push(Field::new(EVENT_DAY, DataType::Date32, false));
    Schema::new(fields)
}

/// Rows of a table of ours with `N` columns, comments left out.
pub(crate) fn rows<const N: usize>(text: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut cells = line.split('\t');
        let row = std::array::from_fn(|_| cells.next().unwrap_or_default());
        (!line.is_empty()).then_some(row)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_table() {
        for (class, table) in [
            (3002, "identity"),
            (1007, "process"),
            (1001, "file"),
            (201_002, "system"),
            (1008, "system"),
            (4001, "network"),
            (4003, "dns"),
            (6003, "web"),
            (2004, "detections"),
            (87_006_001, "record_access"),
            (87_006_003, "clinical"),
            (0, "other"),
            (5001, "other"),
            (-7, "other"),
        ] {
            assert_eq!(Family::of_class(class).name(), table, "{class}");
        }
    }

    #[test]
    fn every_line_of_the_tables_is_read_and_no_column_stands_twice() {
        let lines = |text: &str| text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).count();
        assert_eq!(CATALOGUE.tables.len(), lines(include_str!("../../data/families.tsv")));
        for [name, kind, places, tables, bloom] in rows::<5>(include_str!("../../data/columns.tsv")) {
            assert!(Kind::read(kind).is_some(), "{name}");
            assert!(!places.is_empty() && matches!(bloom, "-" | "bloom"), "{name}");
            assert!(tables == "*" || tables.split(',').all(|table| Family::from_name(table).is_some()), "{name}");
        }
        for table in &CATALOGUE.tables {
            let mut names: Vec<_> = table.schema.fields().iter().map(|field| field.name().clone()).collect();
            let count = names.len();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), count, "{}", table.name);
            assert!(!table.holds.is_empty());
        }
    }

    #[test]
    fn names_that_hold_free_text_are_left_out_in_any_spelling() {
        for name in ["message", "Message", "log.message", "unmapped.event.MSG", "a-text"] {
            assert!(CATALOGUE.is_left_out(name), "{name}");
        }
        for name in ["message_type", "TargetUserName", "time_zone", "short_notes_count"] {
            assert!(!CATALOGUE.is_left_out(name), "{name}");
        }
    }
}
