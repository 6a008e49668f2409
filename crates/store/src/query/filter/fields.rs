//! The fields that people name, as data (`data/fields.tsv`), and every column by its own name.

use std::sync::LazyLock;

use datafusion::arrow::datatypes::DataType;

use crate::query::schema;
use crate::tables::data_rows;

/// A field of the language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::query) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) columns: Vec<String>,
}

/// How the values of a field are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Any case.
    Text,
    /// As it stands.
    Exact,
    Number,
    Ip,
    Hash,
    Severity,
    Status,
    Id,
    Patient,
    Bool,
}

/// What a person is told of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldHelp {
    /// Its name.
    pub name: &'static str,
    /// The columns of `events` that it looks at.
    pub columns: Vec<&'static str>,
    /// What it is.
    pub meaning: &'static str,
}

/// Fields about time.
pub(super) const TIMES: [&str; 4] = ["last", "since", "until", "time"];

static FIELDS: LazyLock<Vec<(FieldHelp, Kind)>> = LazyLock::new(|| {
    let help = |[name, kind, columns, meaning]: [&'static str; 4]| {
        (FieldHelp { name, columns: columns.split(',').collect(), meaning }, Kind::read(kind))
    };
    data_rows::<4>(include_str!("../../../data/fields.tsv")).map(help).collect()
});

/// All fields but those about time (`last`, `since`, `until`) and the columns by their own names.
pub fn fields() -> impl Iterator<Item = &'static FieldHelp> {
    FIELDS.iter().map(|(help, _)| help)
}

impl Kind {
    fn read(name: &str) -> Self {
        match name {
            "exact" => Self::Exact,
            "number" => Self::Number,
            "ip" => Self::Ip,
            "hash" => Self::Hash,
            "severity" => Self::Severity,
            "status" => Self::Status,
            "id" => Self::Id,
            "patient" => Self::Patient,
            _ => Self::Text,
        }
    }
}

/// The field or column of that name.
pub(super) fn find(name: &str) -> Option<Field> {
    let known = FIELDS.iter().find(|(help, _)| help.name == name);
    if let Some((help, kind)) = known {
        let columns = help.columns.iter().map(|column| (*column).to_owned()).collect();
        return Some(Field { name: name.to_owned(), kind: *kind, columns });
    }
    let schema = schema::all_columns();
    let field = schema.field_with_name(name).ok()?;
    let kind = match field.data_type() {
        DataType::Utf8View => Kind::Text,
        DataType::Int32 | DataType::Int64 => Kind::Number,
        DataType::Boolean => Kind::Bool,
        _ => return None,
    };
    Some(Field { name: name.to_owned(), kind, columns: vec![name.to_owned()] })
}

/// The name that may have been meant.
pub(super) fn nearest(name: &str) -> Option<String> {
    let schema = schema::all_columns();
    let names = FIELDS.iter().map(|(help, _)| help.name).chain(TIMES);
    let columns = schema.fields().iter().map(|field| field.name().as_str());
    let near = |known: &str| distance(name, known);
    let best = names.chain(columns).min_by_key(|known| near(known))?;
    let is_near = near(best) <= 2.min(name.chars().count() / 2);
    is_near.then(|| format!("did you mean `{best}`?"))
}

/// Letters to change, add or leave out to make one word of the other (Levenshtein 1966).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (place, letter) in one.chars().enumerate() {
        let mut row = vec![place + 1];
        for ((known, above), across) in other.iter().zip(last.iter().skip(1)).zip(&last) {
            let left = row.last().copied().unwrap_or_default();
            row.push((above + 1).min(left + 1).min(across + usize::from(*known != letter)));
        }
        last = row;
    }
    last.last().copied().unwrap_or_default()
}
