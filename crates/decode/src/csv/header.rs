//! The first line of a table: its delimiter, its column names, and the mapping that takes it.

use super::cells::Cells;
use super::columns::folded;
use super::mapping::{Mapping, TimeForm, choose};
use crate::names::Names;
use crate::patients::{Says, says};

/// Most columns of a table.
pub(super) const COLUMNS_MAX: usize = 1024;
/// Longest column name that is taken for one when a format is guessed, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// Delimiters, the less usual in prose first.
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];

/// What the header says about the rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Header {
    /// Between cells.
    pub delimiter: u8,
    /// The columns.
    pub names: Names,
    /// Which columns identify a patient.
    masked: Vec<bool>,
    /// Columns of the time and its form, in order of preference.
    pub times: Vec<(Vec<usize>, TimeForm)>,
    /// Name of the mapping.
    pub mapping: String,
}

impl Header {
    /// Reads the first line; `None` when it is too wide.
    pub(super) fn read(line: &[u8], mappings: &[Mapping]) -> Option<Self> {
        let delimiter = delimiter_of(line);
        let names = names(line, delimiter)?;
        let folded: Vec<String> = names.iter().map(|name| folded(name)).collect();
        let mut header = Self { delimiter, ..Self::default() };
        for name in &names {
            header.names.push(name);
        }
        if let Some(mapping) = choose(mappings, &folded).and_then(|place| mappings.get(place)) {
            header.mapping.clone_from(&mapping.name);
            header.masked = masked(mapping, &names, &folded);
            for (columns, form) in &mapping.times {
                header.times.extend(columns.places(&folded).map(|places| (places, form.clone())));
            }
        }
        Some(header)
    }

    /// Whether cells of this column identify a patient. A cell beyond the header might.
    pub(super) fn is_masked(&self, column: usize) -> bool {
        self.masked.get(column).copied().unwrap_or(true)
    }
}

/// Which columns identify a patient: those that the mapping masks, and those whose names say so (`docs/specs/patient-names.md`). What the mapping takes for the
/// user, the place or the act is none of the patient's, unless its name says that.
fn masked(mapping: &Mapping, names: &[String], folded: &[String]) -> Vec<bool> {
    let said: Vec<Says> = names.iter().map(|name| says(name)).collect();
    let tells_of_patient = mapping.tells_of_patients() || said.contains(&Says::Patient);
    let least = if tells_of_patient { Says::Contact } else { Says::Person };
    let by_name = |(said, column): (&Says, &String)| match *said {
        Says::Patient => true,
        said => said >= least && !mapping.uses(column),
    };
    said.iter().zip(folded).map(|(said, column)| mapping.masks(column) || by_name((said, column))).collect()
}

/// The delimiter that stands most often in a line outside of quoted cells.
pub(super) fn delimiter_of(line: &[u8]) -> u8 {
    let count = |delimiter: u8| Cells::new(line, delimiter).take(COLUMNS_MAX + 1).count();
    let mut best = (1, b',');
    for delimiter in DELIMITERS {
        let cells = count(delimiter);
        if cells > best.0 {
            best = (cells, delimiter);
        }
    }
    best.1
}

fn names(line: &[u8], delimiter: u8) -> Option<Vec<String>> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\"\"", "\"").trim().to_owned();
    let names: Vec<String> = Cells::new(line, delimiter).take(COLUMNS_MAX + 1).map(|cell| text(cell.bytes)).collect();
    if names.len() > COLUMNS_MAX {
        return None;
    }
    let numbered =
        |(place, name): (usize, String)| if name.is_empty() { format!("column_{}", place + 1) } else { name };
    Some(names.into_iter().enumerate().map(numbered).collect())
}

/// Fewest columns of a first line that is taken for a header by the name of one of them alone.
const COLUMNS_MIN: usize = 3;

/// Whether lines begin with a header that tells of patients: a mapping other than the generic one takes it, or one of its columns is named for a patient in one word.
pub(super) fn names_patients(lines: &[u8], mappings: &[Mapping]) -> bool {
    if credible(lines, mappings).is_some_and(|(_, mapping, _)| mapping.is_some_and(|name| name != GENERIC)) {
        return true;
    }
    let mut lines = lines.split(|byte| matches!(byte, b'\r' | b'\n'));
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"sep=")).unwrap_or_default();
    let names = names(first, delimiter_of(first)).unwrap_or_default();
    let names_one = |name: &String| !name.contains(char::is_whitespace) && says(name) == Says::Patient;
    names.len() >= COLUMNS_MIN && names.iter().any(names_one)
}

/// The mapping that takes any header.
const GENERIC: &str = "generic";

/// How much a source's first lines look like a table: the number of columns of a credible header, the mapping that takes it, and whether the next row is as wide.
pub(super) fn credible(lines: &[u8], mappings: &[Mapping]) -> Option<(usize, Option<String>, bool)> {
    let mut lines = lines.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut first = lines.next()?;
    if first.starts_with(b"sep=") {
        first = lines.next()?;
    }
    let delimiter = delimiter_of(first);
    let columns: Vec<String> = names(first, delimiter)?;
    let name = |name: &String| {
        let letters = name.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
        let plain = |letter: char| letter.is_alphanumeric() || " _-./()#@".contains(letter);
        letters && name.len() <= NAME_BYTES_MAX && name.chars().all(plain)
    };
    if columns.len() < 2 || !columns.iter().all(name) {
        return None;
    }
    let mut folded: Vec<String> = columns.iter().map(|name| folded(name)).collect();
    let mapping = choose(mappings, &folded).and_then(|place| mappings.get(place)).map(|mapping| mapping.name.clone());
    folded.sort_unstable();
    let width = folded.len();
    folded.dedup();
    let row = lines.find(|line| !line.is_empty()).is_some_and(|row| Cells::new(row, delimiter).count() == width);
    (folded.len() == width).then_some((width, mapping, row))
}
