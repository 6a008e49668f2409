//! Which program wrote a JSON record, by the fields it has: `data/json_shapes.tsv`, compiled once. The first shape whose conditions all hold is the record's.

use std::sync::LazyLock;

use cordon_model::{Arena, Field, Value};
use rustc_hash::FxHashMap;

/// The rows: shape, conditions joined with `;`, time fields joined with `;`. `field` is present, `field=value`, `field^=prefix`, `!field` absent.
pub(super) const JSON_SHAPES: &str = include_str!("../../data/json_shapes.tsv");

/// Most different conditions over all shapes: one bit each.
const CONDITIONS_MAX: usize = 128;

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
    needs: u128,
    forbids: u128,
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
    by_field: FxHashMap<&'static str, Vec<(Test, u128)>>,
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
        let mut shape = Shape { name, times, needs: 0, forbids: 0 };
        for condition in conditions.split(';') {
            match condition.strip_prefix('!') {
                Some(absent) => shape.forbids |= self.bit(absent).ok_or("too many conditions")?,
                None => shape.needs |= self.bit(condition).ok_or("too many conditions")?,
            }
        }
        Ok(shape)
    }

    fn bit(&mut self, condition: &'static str) -> Option<u128> {
        let (field, test) = match (condition.split_once("^="), condition.split_once('=')) {
            (Some((field, prefix)), _) => (field, Test::StartsWith(prefix)),
            (None, Some((field, value))) => (field, Test::Equals(value)),
            (None, None) => (condition, Test::Present),
        };
        let known = self.conditions.iter().position(|known| *known == (field, test));
        let number = known.unwrap_or(self.conditions.len());
        let bit = 1u128.checked_shl(u32::try_from(number).ok()?).filter(|_| number < CONDITIONS_MAX)?;
        if known.is_none() {
            self.conditions.push((field, test));
            self.by_field.entry(field).or_default().push((test, bit));
        }
        Some(bit)
    }

    /// The shape of a record.
    pub(super) fn find<'a>(&self, fields: &[Field<'a>], arena: &'a Arena) -> Option<&Shape> {
        let mut holds = 0u128;
        for field in fields {
            let Some(tests) = self.by_field.get(field.name) else { continue };
            let met = tests.iter().filter(|(test, _)| test.holds(field.value, arena));
            holds |= met.fold(0, |bits, (_, bit)| bits | bit);
        }
        self.shapes.iter().find(|shape| holds & shape.needs == shape.needs && holds & shape.forbids == 0)
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
