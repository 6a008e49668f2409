//! Layers: file, environment and flags become one table of values, each with the place it came from.

use std::collections::BTreeMap;
use std::fmt;

use cordon_rules::parse::did_you_mean;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::catalogue::{CATALOGUE, Section, Setting};
use super::fault::Fault;
use super::kind::Kind;
use super::value::Value;

/// Largest file, bytes.
const FILE_BYTES_MAX: usize = 1 << 20;
/// Most tables of one kind, for example sources.
const TABLES_MAX: usize = 10_000;
/// Variables that start like ours and are set by container platforms for a service of this name.
const FOREIGN_VARIABLES: [&str; 2] = ["CORDON_SERVICE_", "CORDON_PORT"];

/// What the binary hands over. Values of the environment and of flags are written as in the file, without the quotes around texts.
#[derive(Clone, Debug, Default)]
pub struct Layers<'a> {
    /// Name and text of the file, when there is one.
    pub file: Option<(&'a str, &'a str)>,
    /// All variables of the environment; those that start with `CORDON_` are settings: `CORDON_API__ADDRESS` is `api.address`.
    pub environment: &'a [(String, String)],
    /// Overrides of the command line: key and value, for example `api.address` and `0.0.0.0:8480`.
    pub flags: &'a [(String, String)],
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The file.
    File {
        /// Its name.
        name: String,
        /// Line, from 1.
        line: usize,
    },
    /// A variable.
    Environment(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => write!(f, "default"),
            Self::File { name, line } => write!(f, "{name}:{line}"),
            Self::Environment(name) => write!(f, "variable {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// A value as TOML has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Raw {
    Text(String),
    Whole(i64),
    Switch(bool),
    List(Vec<Raw>),
    /// A float, a date or a table: no setting takes one.
    Other,
}

/// One table of values by the name of the setting within its section.
pub(super) type Table = BTreeMap<&'static str, (Value, Origin)>;

/// Everything that was set, by section. Sections that repeat have any number of tables, others exactly one.
pub(super) type Found = BTreeMap<&'static str, Vec<(Table, Origin)>>;

/// Joins all layers. What is wrong goes into `faults` and is left out.
pub(super) fn join(layers: &Layers<'_>, faults: &mut Vec<Fault>) -> Found {
    let mut found = Found::new();
    if let Some((name, text)) = layers.file {
        file(name, text, &mut found, faults);
    }
    for (name, value) in layers.environment {
        let foreign = FOREIGN_VARIABLES.iter().any(|start| name.starts_with(start));
        let Some(path) = name.strip_prefix("CORDON_").filter(|_| !foreign) else { continue };
        let key = path.to_lowercase().replace("__", ".");
        single(&key, value, &Origin::Environment(name.clone()), &mut found, faults);
    }
    for (key, value) in layers.flags {
        single(key, value, &Origin::Flag(key.clone()), &mut found, faults);
    }
    found
}

fn file(name: &str, text: &str, found: &mut Found, faults: &mut Vec<Fault>) {
    let at = |offset: usize| Origin::File { name: name.to_owned(), line: line_of(text, offset) };
    let fault = |origin, says: String| Fault { origin, key: String::new(), says };
    if text.len() > FILE_BYTES_MAX {
        faults.push(fault(at(0), format!("the file is longer than {FILE_BYTES_MAX} bytes")));
        return;
    }
    match DeTable::parse(text) {
        Ok(table) => root(table.get_ref(), &at, found, faults),
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            faults.push(fault(at(offset), format!("this is not TOML: {}", error.message())));
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The place of a byte of the file.
type At<'a> = dyn Fn(usize) -> Origin + 'a;

fn root(table: &DeTable<'_>, at: &At<'_>, found: &mut Found, faults: &mut Vec<Fault>) {
    for (key, value) in table {
        let (name, origin) = (key.get_ref().as_ref(), at(key.span().start));
        match (section(name), value.get_ref()) {
            (Some(section), DeValue::Table(inner)) if !section.repeats => {
                let values = one(section, inner, at, faults);
                put(found, section, values, origin);
            }
            (Some(section), DeValue::Array(tables)) if section.repeats => {
                several(section, tables, at, found, faults);
            }
            (Some(section), _) => {
                let says = if section.repeats { "is a table that may repeat" } else { "is a table" };
                let form = if section.repeats { format!("[[{name}]]") } else { format!("[{name}]") };
                faults.push(Fault { origin, key: name.to_owned(), says: format!("{says}: expected `{form}`") });
            }
            (None, _) => top(name, value, origin, found, faults),
        }
    }
}

/// A setting that stands outside every table.
fn top(name: &str, value: &Spanned<DeValue<'_>>, origin: Origin, found: &mut Found, faults: &mut Vec<Fault>) {
    let Some((section, setting)) = section("").and_then(|section| Some((section, section.setting(name)?))) else {
        faults.push(unknown(name, origin));
        return;
    };
    set(section, setting, &raw(value.get_ref(), 0), origin, found, faults);
}

fn several(
    section: &'static Section,
    tables: &[Spanned<DeValue<'_>>],
    at: &At<'_>,
    found: &mut Found,
    faults: &mut Vec<Fault>,
) {
    for (place, table) in tables.iter().enumerate() {
        let origin = at(table.span().start);
        let fault = |says: String| Fault { origin: origin.clone(), key: section.name.to_owned(), says };
        match table.get_ref() {
            _ if place >= TABLES_MAX => {
                faults.push(fault(format!("stands more than {TABLES_MAX} times")));
                return;
            }
            DeValue::Table(inner) => {
                let values = one(section, inner, at, faults);
                found.entry(section.name).or_default().push((values, origin));
            }
            _ => faults.push(fault(format!("expected a table `[[{}]]`", section.name))),
        }
    }
}

/// The values of one table.
fn one(section: &'static Section, table: &DeTable<'_>, at: &At<'_>, faults: &mut Vec<Fault>) -> Table {
    let mut values = Table::new();
    for (key, value) in table {
        let origin = at(key.span().start);
        let Some(setting) = section.setting(key.get_ref()) else {
            faults.push(unknown(&format!("{}.{}", section.name, key.get_ref()), origin));
            continue;
        };
        if let Some(value) = checked(section, setting, &raw(value.get_ref(), 0), &origin, faults) {
            values.insert(setting.name, (value, origin));
        }
    }
    values
}

/// One value from outside the file.
fn single(key: &str, text: &str, origin: &Origin, found: &mut Found, faults: &mut Vec<Fault>) {
    if let Some(section) = section(key).filter(|section| section.repeats) {
        repeated(section, text, origin, found, faults);
        return;
    }
    let (of, name) = key.split_once('.').unwrap_or(("", key));
    let known = section(of).filter(|section| !section.repeats);
    let Some((section, setting)) = known.and_then(|section| Some((section, section.setting(name)?))) else {
        faults.push(unknown(key, origin.clone()));
        return;
    };
    set(section, setting, &raw_of_text(&setting.kind, text), origin.clone(), found, faults);
}

/// All tables of a section at once, written as a TOML list of inline tables; they replace those of the file.
fn repeated(section: &'static Section, text: &str, origin: &Origin, found: &mut Found, faults: &mut Vec<Fault>) {
    let whole = format!("{} = {text}", section.name);
    let fault = || Fault {
        origin: origin.clone(),
        key: section.name.to_owned(),
        says: "expected a list of tables, such as `[{name = \"a\"}]`".to_owned(),
    };
    let Ok(table) = DeTable::parse(&whole) else {
        faults.push(fault());
        return;
    };
    let list = table.get_ref().iter().next().map(|(_, value)| value.get_ref());
    let Some(DeValue::Array(tables)) = list.filter(|_| table.get_ref().len() == 1) else {
        faults.push(fault());
        return;
    };
    found.insert(section.name, Vec::new());
    several(section, tables, &|_| origin.clone(), found, faults);
}

fn set(
    section: &'static Section,
    setting: &'static Setting,
    raw: &Raw,
    origin: Origin,
    found: &mut Found,
    faults: &mut Vec<Fault>,
) {
    if let Some(value) = checked(section, setting, raw, &origin, faults) {
        let values = Table::from([(setting.name, (value, origin.clone()))]);
        put(found, section, values, origin);
    }
}

/// Lays values over those that are there.
fn put(found: &mut Found, section: &'static Section, values: Table, origin: Origin) {
    let tables = found.entry(section.name).or_default();
    match tables.first_mut() {
        Some((table, _)) => table.extend(values),
        None => tables.push((values, origin)),
    }
}

fn checked(section: &Section, setting: &Setting, raw: &Raw, origin: &Origin, faults: &mut Vec<Fault>) -> Option<Value> {
    let value = setting.kind.read(raw);
    if value.is_none() {
        let says = format!("has a value that does not fit: expected {}", setting.kind.expected());
        faults.push(Fault { origin: origin.clone(), key: section.key(setting), says });
    }
    value
}

fn unknown(key: &str, origin: Origin) -> Fault {
    let keys: Vec<String> = CATALOGUE
        .iter()
        .flat_map(|section| {
            let whole = section.repeats.then(|| section.name.to_owned());
            section.settings.iter().map(|setting| section.key(setting)).chain(whole)
        })
        .collect();
    let sections = CATALOGUE.iter().map(|section| section.name);
    let nearest = did_you_mean(key, keys.iter().map(String::as_str).chain(sections)).or_else(|| elsewhere(key, &keys));
    let says = match nearest {
        Some(nearest) => format!("is no setting (did you mean `{nearest}`?)"),
        None => "is no setting; `cordon config --example` lists them all".to_owned(),
    };
    Fault { origin, key: key.to_owned(), says }
}

/// The setting of the same name in another table, when there is exactly one.
fn elsewhere<'k>(key: &str, keys: &'k [String]) -> Option<&'k str> {
    let name = key.rsplit('.').next()?;
    let mut same = keys.iter().filter(|known| known.rsplit('.').next() == Some(name));
    same.next().filter(|_| same.next().is_none()).map(String::as_str)
}

fn section(name: &str) -> Option<&'static Section> {
    CATALOGUE.iter().find(|section| section.name == name)
}

/// Lists of lists are no setting: one level is read.
pub(super) fn raw(value: &DeValue<'_>, depth: u8) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.clone().into_owned()),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            i64::from_str_radix(&digits, number.radix()).map_or(Raw::Other, Raw::Whole)
        }
        DeValue::Boolean(on) => Raw::Switch(*on),
        DeValue::Array(values) if depth == 0 => Raw::List(values.iter().map(|value| raw(value.get_ref(), 1)).collect()),
        _ => Raw::Other,
    }
}

/// A value without quotes, as variables and flags have it. A list is written with commas, or as in TOML.
fn raw_of_text(kind: &Kind, text: &str) -> Raw {
    match kind {
        Kind::Whole(..) => text.trim().parse().map_or(Raw::Other, Raw::Whole),
        Kind::Switch => text.trim().parse().map_or(Raw::Other, Raw::Switch),
        Kind::List(_) if text.trim_start().starts_with('[') => {
            let whole = format!("v = {text}");
            let list = DeTable::parse(&whole)
                .ok()
                .and_then(|table| table.get_ref().iter().next().map(|(_, value)| raw(value.get_ref(), 0)));
            list.unwrap_or(Raw::Other)
        }
        Kind::List(kind) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Raw::List(parts.map(|part| raw_of_text(kind, part)).collect())
        }
        _ => Raw::Text(text.trim().to_owned()),
    }
}
