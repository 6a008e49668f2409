//! Mapping files: which columns of a table mean what (`docs/specs/csv-mapping.md`). Read here, used by the decoder and by room `normalize`.

use std::sync::{Arc, LazyLock};

use super::columns::{Columns, folded_pattern, matches_pattern};

/// Fields of category `record_access` that a mapping may fill.
const ACCESS_FIELDS: [&str; 26] = [
    "user",
    "user_name",
    "user_role",
    "action",
    "object_type",
    "object_id",
    "section",
    "sensitivity",
    "client_ip",
    "workstation",
    "app",
    "location",
    "encounter",
    "purpose",
    "btg",
    "reason",
    "outcome",
    "event_code",
    "query",
    "recipient",
    "record_count",
    "duration_ms",
    "request_id",
    "agent_type",
    "client_app",
    "token_id",
];

/// The presets, the more special first; the last one takes every header.
const PRESETS: [&str; 8] = [
    include_str!("../../data/csv/openemr_log.tsv"),
    include_str!("../../data/csv/openemr_extended_log.tsv"),
    include_str!("../../data/csv/openemr_api_log.tsv"),
    include_str!("../../data/csv/touchworks_audit_log.tsv"),
    include_str!("../../data/csv/epic_access_log.tsv"),
    include_str!("../../data/csv/p2sentinel.tsv"),
    include_str!("../../data/csv/access.tsv"),
    include_str!("../../data/csv/generic.tsv"),
];

static BUILT_IN: LazyLock<Arc<Vec<Mapping>>> =
    LazyLock::new(|| Arc::new(PRESETS.iter().filter_map(|text| Mapping::parse(text).ok()).collect()));

/// How a table's columns are to be understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Its name, also the key of its log source rows (kind `csv`).
    pub name: String,
    /// Log sources of its rows: product, category, service, each may be empty.
    pub log_sources: Vec<[String; 3]>,
    /// Columns that a header must have.
    pub(super) needs: Vec<Columns>,
    /// Columns that a header must not have.
    pub(super) lacks: Vec<Columns>,
    /// Where the time stands and how it is written; the first that can be read counts.
    pub(super) times: Vec<(Columns, TimeForm)>,
    /// Patterns of column names that identify a patient.
    pub(super) masks: Vec<String>,
    /// Taxonomy fields and where they stand; of several lines for one field the first that gives a value counts.
    pub fields: Vec<(&'static str, Columns)>,
    /// Taxonomy fields with one value for every row in which no column gives one.
    pub fixed: Vec<(&'static str, String)>,
    /// What values become: field, pattern with `*`, result.
    pub values: Vec<(&'static str, String, ValueForm)>,
    /// Columns with a patient's id.
    pub patients: Vec<Columns>,
    /// Ids that name no patient, for example `0`.
    pub no_patients: Vec<String>,
    /// Assigning authority of the ids; empty for none.
    pub authority: String,
    /// Column with the assigning authority.
    pub authority_column: Option<Columns>,
    /// Columns with SQL text whose conditions name the patient.
    pub patient_sql: Vec<Columns>,
    /// Columns whose text may be base64.
    pub base64: Vec<Columns>,
    /// Columns that are ciphertext when another column has a value: column, flag, value.
    pub ciphertext: Vec<(Columns, Columns, String)>,
}

/// How a time is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TimeForm {
    /// RFC 3339 with a zone.
    Rfc3339,
    /// Seconds since 1970, fractions allowed.
    Unix,
    /// Milliseconds since 1970.
    UnixMillis,
    /// By a `strptime` pattern.
    Pattern(String),
}

/// What a value becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueForm {
    /// It stays as it is (`=`).
    Same,
    /// It is left out (`-`).
    Left,
    /// Another text.
    Text(String),
}

/// Why a mapping file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("mapping file, line {line}: {reason}")]
pub struct MappingError {
    /// Line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Mapping {
    /// Most lines of a mapping file.
    pub const LINES_MAX: usize = 2_000;

    /// Reads a mapping file: one statement a line, its parts separated by tabs. Empty lines and lines that start with `#` are comments.
    ///
    /// # Errors
    /// The first line that is no statement, or a file without a name.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let mut mapping = Self::default();
        for (place, line) in text.lines().enumerate() {
            let error = |reason| MappingError { line: place + 1, reason };
            if place >= Self::LINES_MAX {
                return Err(error("more than 2000 lines"));
            }
            let line = line.trim_end();
            if !line.is_empty() && !line.starts_with('#') {
                let parts: Vec<&str> = line.split('\t').map(str::trim).collect();
                mapping.statement(&parts).map_err(error)?;
            }
        }
        if mapping.name.is_empty() {
            return Err(MappingError { line: 0, reason: "no name: add a line `name`, tab, the mapping's name" });
        }
        Ok(mapping)
    }

    /// Rows of the log source table (`docs/specs/log-sources.md`) that route this mapping's records.
    #[must_use]
    pub fn log_source_rows(&self) -> String {
        let dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        let row = |[product, category, service]: &[String; 3]| {
            format!("csv\t{}\t-\t{}\t{}\t{}\t-\n", self.name, dash(product), dash(category), dash(service))
        };
        self.log_sources.iter().map(row).collect()
    }

    fn statement(&mut self, parts: &[&str]) -> Result<(), &'static str> {
        match parts {
            ["name", name] => self.name = name_of(name)?,
            ["log_source", product, category, service] => {
                let word = |text: &str| if text == "-" { String::new() } else { text.to_owned() };
                self.log_sources.push([word(product), word(category), word(service)]);
            }
            ["needs", columns] => self.needs.push(Columns::parse(columns)?),
            ["lacks", columns] => self.lacks.push(Columns::parse(columns)?),
            ["time", columns, form] => self.times.push((Columns::parse(columns)?, TimeForm::parse(form))),
            ["mask", pattern] => self.masks.push(folded_pattern(pattern)),
            ["field", field, columns] => self.fields.push((access_field(field)?, Columns::parse(columns)?)),
            ["fixed", field, text] => self.fixed.push((access_field(field)?, (*text).to_owned())),
            ["value", field, pattern, result] => {
                self.values.push((access_field(field)?, pattern.to_lowercase(), ValueForm::parse(result)));
            }
            ["patient", columns] => self.patients.push(Columns::parse(columns)?),
            ["no_patient", id] => self.no_patients.push((*id).to_owned()),
            ["authority", text] => self.authority = (*text).to_owned(),
            ["authority_column", columns] => self.authority_column = Some(Columns::parse(columns)?),
            ["patient_sql", columns] => self.patient_sql.push(Columns::parse(columns)?),
            ["base64", columns] => self.base64.push(Columns::parse(columns)?),
            ["ciphertext", columns, flag, value] => {
                self.ciphertext.push((Columns::parse(columns)?, Columns::parse(flag)?, (*value).to_owned()));
            }
            _ => {
                return Err(
                    "no such statement, or the wrong number of tab-separated parts (docs/specs/csv-mapping.md)",
                );
            }
        }
        Ok(())
    }

    /// Whether a header with these folded column names is this mapping's.
    pub(super) fn takes(&self, header: &[String]) -> bool {
        let has = |columns: &Columns| columns.places(header).next().is_some();
        self.needs.iter().all(has) && !self.lacks.iter().any(has)
    }

    /// Whether cells of this folded column identify a patient.
    pub(super) fn masks(&self, column: &str) -> bool {
        let named = self.patients.iter().chain(&self.patient_sql).any(|columns| columns.names(column));
        named || self.masks.iter().any(|pattern| matches_pattern(pattern, column))
    }

    /// Whether each row tells of a patient.
    pub(super) fn tells_of_patients(&self) -> bool {
        !self.patients.is_empty() || !self.patient_sql.is_empty()
    }

    /// Whether a folded column fills a field of category `record_access`.
    pub(super) fn uses(&self, column: &str) -> bool {
        self.fields.iter().any(|(_, columns)| columns.names(column))
    }

    /// What a value of a field becomes; `None` when it is left out. A field with value lines none of which matches is left out too.
    #[must_use]
    pub fn value<'v>(&'v self, field: &str, value: &'v str) -> Option<&'v str> {
        let mut lines = self.values.iter().filter(|(name, ..)| *name == field).peekable();
        if lines.peek().is_none() {
            return Some(value);
        }
        let lowered = value.trim().to_lowercase();
        match lines.find(|(_, pattern, _)| matches_pattern(pattern, &lowered)) {
            Some((_, _, ValueForm::Same)) => Some(value),
            Some((_, _, ValueForm::Text(text))) => Some(text),
            Some((_, _, ValueForm::Left)) | None => None,
        }
    }
}

impl TimeForm {
    fn parse(text: &str) -> Self {
        match text {
            "rfc3339" => Self::Rfc3339,
            "unix" => Self::Unix,
            "unix_ms" => Self::UnixMillis,
            pattern => Self::Pattern(pattern.to_owned()),
        }
    }
}

impl ValueForm {
    fn parse(text: &str) -> Self {
        match text {
            "=" => Self::Same,
            "-" => Self::Left,
            text => Self::Text(text.to_owned()),
        }
    }
}

/// The built-in mappings. A test holds that each of them parses.
#[must_use]
pub fn presets() -> Arc<Vec<Mapping>> {
    Arc::clone(&BUILT_IN)
}

/// A user's mappings in front of the built-in ones, as [`crate::DecodeOptions`] takes them.
#[must_use]
pub fn with_presets(mut own: Vec<Mapping>) -> Arc<Vec<Mapping>> {
    own.extend(presets().iter().cloned());
    Arc::new(own)
}

/// The first mapping that takes a header, by its place in `mappings`.
pub(super) fn choose(mappings: &[Mapping], header: &[String]) -> Option<usize> {
    mappings.iter().position(|mapping| mapping.takes(header))
}

fn access_field(name: &str) -> Result<&'static str, &'static str> {
    let known = ACCESS_FIELDS.iter().find(|known| **known == name);
    known.copied().ok_or("the field is none of category record_access (docs/specs/healthcare-taxonomy.md)")
}

fn name_of(name: &str) -> Result<String, &'static str> {
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain { Ok(name.to_owned()) } else { Err("a name holds only letters, digits and underscores") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_parses_and_has_its_log_sources_in_the_table() {
        assert_eq!(presets().len(), PRESETS.len());
        let table = crate::log_source_table();
        for text in PRESETS {
            let mapping = Mapping::parse(text).unwrap();
            let mut stated: Vec<String> = mapping.log_sources.iter().map(|source| source.join("/")).collect();
            stated.sort();
            let rows = table.sources(table.lookup("csv", &mapping.name, None));
            let mut known: Vec<String> =
                rows.iter().map(|row| [row.product, row.category, row.service].join("/")).collect();
            known.sort();
            assert_eq!(stated, known, "{}", mapping.name);
        }
    }

    #[test]
    fn a_broken_mapping_is_refused_with_its_line() {
        let check = |text: &str, line, part: &str| {
            let error = Mapping::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text}");
            assert!(error.reason.contains(part), "{error}");
        };
        check("", 0, "no name");
        check("name\ta b\n", 1, "letters");
        check("name\ta\nfield\tcolour\tx\n", 2, "none of category");
        check("name\ta\n\n# c\nfield\tuser\n", 4, "no such statement");
        check("name\ta\nneeds\t|\n", 2, "no column");
    }

    #[test]
    fn values_are_mapped_by_their_first_matching_line() {
        let text = "name\ta\nvalue\taction\tview*\tread\nvalue\taction\tnone\t-\nvalue\taction\tread\t=\n";
        let mapping = Mapping::parse(text).unwrap();
        for (value, expect) in [("VIEW chart", Some("read")), ("None", None), ("READ", Some("READ")), ("other", None)] {
            assert_eq!(mapping.value("action", value), expect, "{value}");
        }
        assert_eq!(mapping.value("user", "x"), Some("x"));
    }

    #[test]
    fn a_users_mapping_gives_rows_for_the_log_source_table() {
        let mapping =
            Mapping::parse("name\tmine\nlog_source\tacme\t-\taudit\nlog_source\t-\trecord_access\t-\n").unwrap();
        assert_eq!(
            mapping.log_source_rows(),
            "csv\tmine\t-\tacme\t-\taudit\t-\ncsv\tmine\t-\t-\trecord_access\t-\t-\n"
        );
    }
}
