//! Which program wrote a JSON record, by the fields it has: `data/json_shapes.tsv`, compiled once. The first shape whose conditions all hold is the record's.

use std::sync::LazyLock;

use cordon_model::{Arena, Field, Value};
use rustc_hash::FxHashMap;

use super::known_names::KnownNames;

/// The rows: shape, conditions joined with `;`, time fields joined with `;`. `field` is present, `field=value`, `field^=prefix`, `!field` absent.
pub(crate) const JSON_SHAPES: &str = include_str!("../../data/json_shapes.tsv");

/// Most different conditions over all shapes: one bit each.
const CONDITIONS_MAX: usize = 256;

/// Fields that hold the time in records of no known shape, the likelier first.
const TIME_FIELDS: [&str; 14] = [
    "@timestamp",
    "timestamp",
    "time",
    "ts",
    "eventTime",
    "event_time",
    "TimeCreated",
    "EventTime",
    "TimeGenerated",
    "UtcTime",
    "datetime",
    "date",
    "created_at",
    "Timestamp",
];

/// One shape.
#[derive(Debug)]
pub(super) struct Shape {
    /// Its name: the key of kind `json_shape` in the log source table.
    pub(super) name: &'static str,
    times: Vec<&'static str>,
    needs: Bits,
    forbids: Bits,
}

/// A set of conditions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bits([u128; 2]);

impl Bits {
    fn one(number: usize) -> Self {
        let (low, high) = (number < 128, (128..CONDITIONS_MAX).contains(&number));
        Self([u128::from(low) << (number % 128), u128::from(high) << (number % 128)])
    }

    const fn with(self, other: Self) -> Self {
        let ([low, high], [other_low, other_high]) = (self.0, other.0);
        Self([low | other_low, high | other_high])
    }

    const fn meets(self, needs: Self, forbids: Self) -> bool {
        let [low, high] = self.0;
        let ([needs_low, needs_high], [forbids_low, forbids_high]) = (needs.0, forbids.0);
        low & needs_low == needs_low
            && high & needs_high == needs_high
            && low & forbids_low == 0
            && high & forbids_high == 0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    Present,
    Equals(&'static str),
    StartsWith(&'static str),
}

/// All shapes.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    shapes: Vec<Shape>,
    conditions: Vec<(&'static str, Test)>,
    by_field: FxHashMap<&'static str, Vec<(Test, Bits)>>,
    known: KnownNames,
}

static SHAPES: LazyLock<Shapes> = LazyLock::new(|| Shapes::parse(JSON_SHAPES).unwrap_or_default());

/// The built-in shapes. A test holds that they parse.
pub(super) fn shapes() -> &'static Shapes {
    &SHAPES
}

impl Shapes {
    /// Reads the table; the error says which line is wrong and why.
    pub(super) fn parse(text: &'static str) -> Result<Self, String> {
        let mut shapes = Self::default();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let shape = shapes.row(line).map_err(|reason| format!("line {}: {reason}", number + 1))?;
            shapes.shapes.push(shape);
        }
        Ok(shapes)
    }

    fn row(&mut self, line: &'static str) -> Result<Shape, &'static str> {
        let columns: Vec<&'static str> = line.split('\t').collect();
        let [name, conditions, times] = columns.as_slice() else { return Err("not three columns") };
        let times = times.split(';').filter(|time| *time != "-").collect();
        let mut shape = Shape { name, times, needs: Bits::default(), forbids: Bits::default() };
        for condition in conditions.split(';') {
            match condition.strip_prefix('!') {
                Some(absent) => shape.forbids = shape.forbids.with(self.bit(absent)?),
                None => shape.needs = shape.needs.with(self.bit(condition)?),
            }
        }
        Ok(shape)
    }

    fn bit(&mut self, condition: &'static str) -> Result<Bits, &'static str> {
        let (field, test) = match (condition.split_once("^="), condition.split_once('=')) {
            (Some((field, prefix)), _) => (field, Test::StartsWith(prefix)),
            (None, Some((field, value))) => (field, Test::Equals(value)),
            (None, None) => (condition, Test::Present),
        };
        let known = self.conditions.iter().position(|known| *known == (field, test));
        let number = known.unwrap_or(self.conditions.len());
        if number >= CONDITIONS_MAX {
            return Err("more than 256 different conditions");
        }
        let bit = Bits::one(number);
        if known.is_none() {
            self.conditions.push((field, test));
            self.known.add(field);
            self.by_field.entry(field).or_default().push((test, bit));
        }
        Ok(bit)
    }

    /// The shape of a record.
    pub(super) fn find<'a>(&self, fields: &[Field<'a>], arena: &'a Arena) -> Option<&Shape> {
        let mut holds = Bits::default();
        for field in fields.iter().filter(|field| self.known.may_hold(field.name)) {
            let Some(tests) = self.by_field.get(field.name) else { continue };
            let met = tests.iter().filter(|(test, _)| test.holds(field.value, arena));
            holds = met.fold(holds, |bits, (_, bit)| bits.with(*bit));
        }
        self.shapes.iter().find(|shape| holds.meets(shape.needs, shape.forbids))
    }

    /// The names of all shapes.
    #[cfg(test)]
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.shapes.iter().map(|shape| shape.name)
    }
}

impl Test {
    fn holds<'a>(self, value: Value<'a>, arena: &'a Arena) -> bool {
        match self {
            Self::Present => true,
            Self::Equals(expect) => value.text(arena) == Some(expect),
            Self::StartsWith(prefix) => value.text(arena).is_some_and(|text| text.starts_with(prefix)),
        }
    }
}

/// The value that says when a record happened: the shape's own field, else the first of the usual ones.
pub(super) fn time_value<'a>(shape: Option<&Shape>, fields: &[Field<'a>]) -> Option<Value<'a>> {
    let own = shape.map_or(&[][..], |shape| shape.times.as_slice());
    own.iter()
        .chain(&TIME_FIELDS)
        .find_map(|name| fields.iter().find(|field| field.name == *name))
        .map(|field| field.value)
}
