//! Tables of the bench: text with separators, or two arrays of NumPy.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, Read as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use cordon_learn::eval::{Codes, Sheet, TestPart};

use super::npy::Array;
use super::{ColumnsArgs, files};

/// Longest row in bytes.
const ROW_BYTES_MAX: u64 = 1 << 20;

/// Most different labels in a column that nobody named as the one of labels.
const LABELS_MAX: usize = 200;

/// Labels of rows that are no attacks, unless one is named.
const NORMAL: [&str; 5] = ["normal", "benign", "-", "0", "0.0"];

/// A table as it was read.
pub(super) struct Table {
    path: String,
    header: Option<Vec<String>>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a table; a first row without any number names the columns.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        if path.extension().is_some_and(|extension| extension == "npz") {
            return arrays(path).with_context(|| name.clone()).map(|rows| Self { path: name, header: None, rows });
        }
        let mut reader = files::open(path)?;
        let mut table = Self { path: name, header: None, rows: Vec::new() };
        let mut separator = None;
        loop {
            let mut line = Vec::new();
            reader.by_ref().take(ROW_BYTES_MAX + 1).read_until(b'\n', &mut line).with_context(|| table.path.clone())?;
            let row = table.rows.len() + 1;
            ensure!(line.len() as u64 <= ROW_BYTES_MAX, "{}: row {row} is longer than 1 MiB", table.path);
            if line.is_empty() {
                break;
            }
            let text = String::from_utf8_lossy(&line);
            if !text.trim().is_empty() {
                let separator = *separator.get_or_insert_with(|| separator_of(&text));
                table.take(split(&text, separator), row)?;
            }
        }
        ensure!(!table.rows.is_empty(), "{}: no row of data in it", table.path);
        Ok(table)
    }

    fn take(&mut self, cells: Vec<String>, row: usize) -> Result<()> {
        let first = self.header.is_none() && self.rows.is_empty();
        if first && !cells.iter().any(|cell| cell.parse::<f64>().is_ok()) {
            self.header = Some(cells);
            return Ok(());
        }
        let expected = self.header.as_ref().or(self.rows.first()).map_or(cells.len(), Vec::len);
        if cells.len() != expected {
            bail!("{}: row {row} has {} cells where {expected} are expected", self.path, cells.len());
        }
        self.rows.push(cells);
        Ok(())
    }

    /// The table with its columns in the order of another one: by their names when both have them, else as they are, as many as there.
    pub(super) fn ordered_as(mut self, other: &Self) -> Result<Self> {
        let (Some(own), Some(names)) = (&self.header, &other.header) else {
            let (here, there) = (self.width(), other.width());
            ensure!(here == there, "{}: {here} columns where {} has {there}", self.path, other.path);
            return Ok(self);
        };
        if own == names {
            return Ok(self);
        }
        let mut order = Vec::with_capacity(names.len());
        for name in names {
            let mut places = own.iter().enumerate().filter(|(_, own)| *own == name).map(|(place, _)| place);
            match (places.next(), places.next()) {
                (Some(place), None) => order.push(place),
                (Some(_), Some(_)) => bail!("{}: two columns are named {name}", self.path),
                (None, _) => bail!("{}: no column {name}, which {} has", self.path, other.path),
            }
        }
        for row in &mut self.rows {
            *row = order.iter().filter_map(|place| row.get(*place).cloned()).collect();
        }
        self.header.clone_from(&other.header);
        Ok(self)
    }

    pub(super) const fn has_header(&self) -> bool {
        self.header.is_some()
    }

    fn width(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// The place of a column that is named or numbered from 1.
    fn place(&self, names: Option<&Self>, column: &str) -> Result<usize> {
        let names = self.header.as_ref().or_else(|| names.and_then(|table| table.header.as_ref()));
        if let Some(place) = names.and_then(|names| names.iter().position(|name| name == column)) {
            return Ok(place);
        }
        let number: Option<usize> = column.parse().ok();
        match number.and_then(|number| number.checked_sub(1)).filter(|place| *place < self.width()) {
            Some(place) => Ok(place),
            None => {
                bail!("{}: no column {column}; it has {} columns, give a name or a number", self.path, self.width())
            }
        }
    }

    fn label_place(&self, names: Option<&Self>, args: &ColumnsArgs) -> Result<usize> {
        args.label.as_deref().map_or_else(|| Ok(self.width().saturating_sub(1)), |label| self.place(names, label))
    }

    /// The table as numbers with its labels.
    pub(super) fn sheet(&self, names: Option<&Self>, args: &ColumnsArgs, codes: &mut Codes) -> Result<Sheet> {
        let label = self.label_place(names, args)?;
        let labels: BTreeSet<&str> = self.rows.iter().filter_map(|row| row.get(label).map(String::as_str)).collect();
        ensure!(
            args.label.is_some() || labels.len() <= LABELS_MAX,
            "{}: {} different values in the last column: name the column of labels with --label",
            self.path,
            labels.len()
        );
        let places =
            |columns: &[String]| columns.iter().map(|column| self.place(names, column)).collect::<Result<Vec<_>>>();
        let (ignored, nominal) = (places(&args.ignore)?, places(&args.categorical)?);
        let kept: Vec<usize> = (0..self.width()).filter(|place| *place != label && !ignored.contains(place)).collect();
        let header = self.header.as_ref().or_else(|| names.and_then(|table| table.header.as_ref()));
        let name = |place: &usize| {
            header.and_then(|names| names.get(*place)).cloned().unwrap_or_else(|| (place + 1).to_string())
        };
        let nominal = kept.iter().enumerate().filter(|(_, place)| nominal.contains(place)).map(|(at, _)| at).collect();
        let mut sheet = Sheet::new(kept.iter().map(name).collect(), nominal);
        for row in &self.rows {
            let cells: Vec<&str> = kept.iter().filter_map(|place| row.get(*place).map(String::as_str)).collect();
            let attack = row.get(label).is_some_and(|label| !is_normal(label, args));
            sheet.push(&cells, attack, codes).with_context(|| self.path.clone())?;
        }
        Ok(sheet)
    }

    /// The rows that `COLUMN=VALUE` or `COLUMN!=VALUE` holds for.
    pub(super) fn part(&self, names: Option<&Self>, condition: &str) -> Result<TestPart> {
        let (column, value, equal) = match (condition.split_once("!="), condition.split_once('=')) {
            (Some((column, value)), _) => (column, value, false),
            (None, Some((column, value))) => (column, value, true),
            (None, None) => bail!("--part {condition}: write COLUMN=VALUE or COLUMN!=VALUE"),
        };
        let place = self.place(names, column)?;
        let holds = |row: &Vec<String>| row.get(place).is_some_and(|cell| (cell == value) == equal);
        let rows = self.rows.iter().enumerate().filter(|(_, row)| holds(row)).map(|(place, _)| place).collect();
        Ok(TestPart { name: format!("rows with {condition}, a part of these"), rows })
    }

    /// How many rows of each label were read.
    pub(super) fn counts(&self, args: &ColumnsArgs, names: Option<&Self>, path: &Path) -> Result<String> {
        let label = self.label_place(names, args)?;
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for row in &self.rows {
            *counts.entry(row.get(label).map_or("", String::as_str)).or_default() += 1;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let all: Vec<String> = counts.iter().take(50).map(|(label, count)| format!("{label} {count}")).collect();
        Ok(format!("{name}: {} rows; labels read: {}", self.rows.len(), all.join(", ")))
    }
}

fn is_normal(label: &str, args: &ColumnsArgs) -> bool {
    args.normal.as_deref().map_or_else(|| NORMAL.contains(&label.to_lowercase().as_str()), |normal| label == normal)
}

/// Comma, semicolon or tab where the line has one, else blanks.
fn separator_of(line: &str) -> char {
    [',', ';', '\t'].into_iter().find(|separator| line.contains(*separator)).unwrap_or(' ')
}

fn split(line: &str, separator: char) -> Vec<String> {
    let cell = |cell: &str| cell.trim().trim_matches('"').to_owned();
    if separator == ' ' {
        line.split_whitespace().map(cell).collect()
    } else {
        line.split(separator).map(cell).collect()
    }
}

/// The rows of `X` with `y` behind them.
fn arrays(path: &Path) -> Result<Vec<Vec<String>>> {
    let mut archive = zip::ZipArchive::new(File::open(path)?)?;
    let mut read = |name: &str| -> Result<Array> {
        let place = archive.index_for_name(name).with_context(|| format!("no {name} in it: X and y are expected"))?;
        Array::read(&files::member(&mut archive, place)?).with_context(|| name.to_owned())
    };
    let (table, labels) = (read("X.npy")?, read("y.npy")?);
    ensure!(table.rows == labels.rows, "{} rows in X and {} in y", table.rows, labels.rows);
    let rows = table.values.chunks(table.columns.max(1)).zip(&labels.values);
    Ok(rows.map(|(row, label)| row.iter().chain([label]).map(f64::to_string).collect()).collect())
}
