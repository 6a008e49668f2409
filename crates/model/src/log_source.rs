//! Log sources: what a record is, in Sigma's three words. The table is data; one record can belong to several.

use std::collections::BTreeMap;
use std::fmt;

use rustc_hash::FxHashMap;

/// Categories whose fields are those of `docs/specs/healthcare-taxonomy.md`, filled by room `normalize` from every source.
pub const TAXONOMY_CATEGORIES: [&str; 4] = ["record_access", "hl7_message", "dicom_activity", "medical_device"];

/// One log source of Sigma. An empty text stands for an attribute that the source does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LogSource {
    /// Product, for example `windows`.
    pub product: &'static str,
    /// Category, for example `process_creation`.
    pub category: &'static str,
    /// Service, for example `sysmon`.
    pub service: &'static str,
    /// Name of the field mapping that rules go through for this source; empty when the record's own names are what rules use.
    pub mapping: &'static str,
}

impl LogSource {
    /// Whether rules on this source see the healthcare taxonomy instead of the record's own fields.
    #[must_use]
    pub fn is_taxonomy(&self) -> bool {
        TAXONOMY_CATEGORIES.contains(&self.category)
    }
}

/// A set of log sources, by its number in the [`LogSourceTable`]. Number 0 is the empty set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SourceSet(pub u16);

/// Which records belong to which log sources, read once from data (`crates/decode/data/log_sources.tsv`).
///
/// A row is `kind key id product category service mapping`, separated by tabs, `-` for nothing. `kind` says what the decoder looks up
/// (`windows_channel`, `syslog_app`, `json_shape` ...), `key` the value it found and `id` an event id within it. A look-up gives the rows
/// without an id and those with this id together.
#[derive(Debug, Default, Clone)]
pub struct LogSourceTable {
    sets: Vec<Vec<LogSource>>,
    by_key: FxHashMap<&'static str, FxHashMap<&'static str, Entry>>,
}

#[derive(Debug, Default, Clone)]
struct Entry {
    rows: Vec<(Option<u32>, LogSource)>,
    any: SourceSet,
    by_id: FxHashMap<u32, SourceSet>,
}

/// Why a log source table was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSourceTableError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl fmt::Display for LogSourceTableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for LogSourceTableError {}

impl LogSourceTable {
    /// Most sets a table may hold: the numbers are `u16`.
    pub const SETS_MAX: usize = 60_000;

    /// Reads a table; further `texts` add rows to the first. Empty lines and lines that start with `#` are comments.
    ///
    /// # Errors
    /// The first line that is not seven tab-separated columns, or whose id is not a number.
    pub fn parse(texts: &[&'static str]) -> Result<Self, LogSourceTableError> {
        let mut table = Self { sets: vec![Vec::new()], by_key: FxHashMap::default() };
        for text in texts {
            let rows = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
            for (number, line) in rows {
                table.add_row(line).map_err(|reason| LogSourceTableError { line: number + 1, reason })?;
            }
        }
        table.number_sets()?;
        Ok(table)
    }

    /// The sources of a record whose decoder found `key` (and `id`) under `kind`. The empty set when the table does not know it.
    #[must_use]
    pub fn lookup(&self, kind: &str, key: &str, id: Option<u32>) -> SourceSet {
        let Some(entry) = self.by_key.get(kind).and_then(|keys| keys.get(key)) else { return SourceSet::default() };
        id.and_then(|id| entry.by_id.get(&id).copied()).unwrap_or(entry.any)
    }

    /// The log sources of a set, sorted.
    #[must_use]
    pub fn sources(&self, set: SourceSet) -> &[LogSource] {
        self.sets.get(usize::from(set.0)).map_or(&[], Vec::as_slice)
    }

    /// All sets with their numbers.
    pub fn sets(&self) -> impl Iterator<Item = (SourceSet, &[LogSource])> {
        self.sets
            .iter()
            .enumerate()
            .map(|(number, set)| (SourceSet(u16::try_from(number).unwrap_or(u16::MAX)), set.as_slice()))
    }

    fn add_row(&mut self, line: &'static str) -> Result<(), &'static str> {
        let mut columns = line.split('\t').map(|column| if column == "-" { "" } else { column });
        let mut next =
            || columns.next().ok_or("fewer than seven columns: kind, key, id, product, category, service, mapping");
        let (kind, key, id) = (next()?, next()?, next()?);
        let source = LogSource { product: next()?, category: next()?, service: next()?, mapping: next()? };
        if columns.next().is_some() {
            return Err("more than seven columns");
        }
        let id = if id.is_empty() { None } else { Some(id.parse().map_err(|_| "the id is not a number")?) };
        self.by_key.entry(kind).or_default().entry(key).or_default().rows.push((id, source));
        Ok(())
    }

    fn number_sets(&mut self) -> Result<(), LogSourceTableError> {
        let mut numbers: BTreeMap<Vec<LogSource>, SourceSet> = BTreeMap::from([(Vec::new(), SourceSet(0))]);
        let mut ordered: BTreeMap<(&str, &str), &mut Entry> = BTreeMap::new();
        #[expect(clippy::iter_over_hash_type, reason = "sorted before use")]
        for (kind, keys) in &mut self.by_key {
            for (key, entry) in keys {
                ordered.insert((kind, key), entry);
            }
        }
        let sets = &mut self.sets;
        let mut number = |mut set: Vec<LogSource>| {
            set.sort_unstable();
            set.dedup();
            let next = u16::try_from(sets.len()).ok().filter(|_| sets.len() < Self::SETS_MAX);
            if let Some(known) = numbers.get(&set) {
                return Ok(*known);
            }
            let fresh =
                SourceSet(next.ok_or(LogSourceTableError { line: 0, reason: "more than 60000 different sets" })?);
            sets.push(set.clone());
            numbers.insert(set, fresh);
            Ok(fresh)
        };
        for entry in ordered.into_values() {
            entry.any = number(entry.select(None))?;
            let ids: Vec<u32> = entry.rows.iter().filter_map(|(id, _)| *id).collect();
            for id in ids {
                let set = number(entry.select(Some(id)))?;
                entry.by_id.insert(id, set);
            }
        }
        Ok(())
    }
}

impl Entry {
    fn select(&self, id: Option<u32>) -> Vec<LogSource> {
        self.rows.iter().filter(|(row, _)| row.is_none() || *row == id).map(|(_, source)| *source).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# comment\nwindows_channel\tS/Op\t-\twindows\t-\tsysmon\t-\n\
        windows_channel\tS/Op\t12\twindows\tregistry_add\tsysmon\t-\nwindows_channel\tS/Op\t12\twindows\tregistry_event\tsysmon\t-\n";

    #[test]
    fn a_record_belongs_to_the_sources_of_its_key_and_of_its_id() {
        let table = LogSourceTable::parse(&[TABLE]).unwrap();
        let categories = |id| -> Vec<&str> {
            table.sources(table.lookup("windows_channel", "S/Op", id)).iter().map(|source| source.category).collect()
        };
        assert_eq!(categories(Some(12)), ["", "registry_add", "registry_event"]);
        assert_eq!(categories(Some(1)), [""]);
        assert_eq!(table.lookup("windows_channel", "other", Some(12)), SourceSet::default());
    }

    #[test]
    fn a_broken_row_is_refused_with_its_line() {
        let error = LogSourceTable::parse(&["a\tb\n"]).unwrap_err();
        assert_eq!(error.line, 1);
        assert_eq!(LogSourceTable::parse(&["a\tb\tx\t-\t-\t-\t-\n"]).unwrap_err().reason, "the id is not a number");
    }

    #[test]
    fn healthcare_categories_see_the_taxonomy() {
        assert!(LogSource { category: "record_access", ..LogSource::default() }.is_taxonomy());
        assert!(!LogSource { category: "process_creation", ..LogSource::default() }.is_taxonomy());
    }
}
