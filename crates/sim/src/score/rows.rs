//! Walks accesses, labels and explanations side by side, row by row, in memory of the labelled rows only.

use std::io::Read;

use csv::ByteRecord;
use rustc_hash::FxHashMap;

use super::{Explained, OpenFile, share};
use crate::ehr::SimError;

/// What is known of labelled cases, and what became of rows.
#[derive(Debug, Default)]
pub(super) struct Truth {
    pub(super) explained: Explained,
    /// Labelled cases in order of their id.
    pub(super) cases: Vec<TrueCase>,
    /// Rows of look-alikes, ascending.
    pub(super) lookalikes: Vec<u64>,
    /// Users with any access.
    pub(super) users: u64,
}

/// One labelled case.
#[derive(Clone, Debug, Default)]
pub(super) struct TrueCase {
    pub(super) id: String,
    pub(super) scenario: String,
    pub(super) user: String,
    /// Labelled rows, ascending.
    pub(super) rows: Vec<u64>,
}

/// A table read row by row, columns found by name.
pub(crate) struct Table {
    file: &'static str,
    reader: csv::Reader<Box<dyn Read>>,
    columns: Vec<usize>,
    record: ByteRecord,
    pub(crate) row: u64,
}

impl Table {
    /// Finds `columns` in the header.
    pub(crate) fn new(file: &'static str, input: Box<dyn Read>, columns: &[&str]) -> Result<Self, SimError> {
        let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 20).flexible(true).from_reader(input);
        let header = reader.byte_headers().map_err(|error| content(file, 0, &error.to_string()))?.clone();
        let mut places = Vec::new();
        for column in columns {
            let place = header.iter().position(|name| name == column.as_bytes());
            places.push(place.ok_or_else(|| content(file, 0, &format!("column `{column}` is missing")))?);
        }
        Ok(Self { file, reader, columns: places, record: ByteRecord::new(), row: 0 })
    }

    /// Goes to the next row; false at the end.
    pub(crate) fn next(&mut self) -> Result<bool, SimError> {
        let more = self.reader.read_byte_record(&mut self.record);
        let more = more.map_err(|error| content(self.file, self.row + 1, &error.to_string()))?;
        self.row += u64::from(more);
        Ok(more)
    }

    /// The cell of the n-th column asked for, empty where it is missing.
    pub(crate) fn cell(&self, n: usize) -> &[u8] {
        self.columns.get(n).and_then(|column| self.record.get(*column)).unwrap_or(&[])
    }

    pub(crate) fn text(&self, n: usize) -> String {
        String::from_utf8_lossy(self.cell(n)).into_owned()
    }

    fn number(&self, n: usize) -> Result<u64, SimError> {
        let text = std::str::from_utf8(self.cell(n)).ok().and_then(|text| text.parse().ok());
        text.ok_or_else(|| content(self.file, self.row, "the row number is no number"))
    }
}

pub(crate) fn content(file: &str, row: u64, what: &str) -> SimError {
    SimError::Content { file: file.to_owned(), row, what: what.to_owned() }
}

/// `E1|E5` as bits; other words count for nothing.
pub(crate) fn reasons(text: &[u8]) -> u8 {
    let mut bits = 0;
    for word in text.split(|byte| *byte == b'|') {
        if let [b'E', digit @ b'1'..=b'6'] = word {
            bits |= 1 << (digit - b'1');
        }
    }
    bits
}

/// Rows with a number of their own that may skip numbers: labels or explanations.
struct Numbered {
    table: Table,
    at: Option<u64>,
}

impl Numbered {
    fn new(mut table: Table) -> Result<Self, SimError> {
        let at = if table.next()? { Some(table.number(0)?) } else { None };
        Ok(Self { table, at })
    }

    /// Whether the current line is of that row; goes past it at the next call.
    fn is_of(&mut self, row: u64) -> Result<bool, SimError> {
        if self.at.is_some_and(|at| at < row) {
            let before = self.at;
            self.at = if self.table.next()? { Some(self.table.number(0)?) } else { None };
            if self.at.is_some() && self.at <= before {
                return Err(content(self.table.file, self.table.row, "row numbers must ascend, each at most once"));
            }
        }
        Ok(self.at == Some(row))
    }
}

#[derive(Clone, Copy, Default)]
struct Count {
    rows: u64,
    explained: u64,
    right: u64,
}

impl Count {
    fn add(&mut self, given: u8, is_explained: bool, true_reasons: u8) {
        self.rows += 1;
        self.explained += u64::from(is_explained);
        self.right += u64::from(given & true_reasons != 0);
    }
}

struct Walk {
    provable: Count,
    lookalike: Count,
    unprovable: Count,
    undocumented: Count,
    labelled: Count,
    /// The reasons last labelled for each user.
    last: FxHashMap<Vec<u8>, u8>,
    cases: FxHashMap<Vec<u8>, usize>,
    truth: Truth,
}

/// Reads everything.
pub(super) fn read(open: &mut OpenFile<'_>, explanations: &mut dyn Read) -> Result<Truth, SimError> {
    let mut file = |name: &'static str| open(name).map_err(|source| SimError::file(name, source));
    let mut accesses = Table::new("accesses.csv", file("accesses.csv")?, &["user"])?;
    let labels = Table::new("labels.csv", file("labels.csv")?, &["row", "label", "case", "scenario", "reason"])?;
    let mut labels = Numbered::new(labels)?;
    let mut given = Given::new(explanations)?;
    let mut walk = Walk {
        provable: Count::default(),
        lookalike: Count::default(),
        unprovable: Count::default(),
        undocumented: Count::default(),
        labelled: Count::default(),
        last: FxHashMap::default(),
        cases: FxHashMap::default(),
        truth: Truth::default(),
    };
    while accesses.next()? {
        let row = accesses.row;
        let label = if labels.is_of(row)? { Some(&labels.table) } else { None };
        let given = given.of(row)?;
        walk.row(row, accesses.cell(0), label, given);
    }
    Ok(walk.done(accesses.row))
}

/// Explanations of a review, read beside the rows.
struct Given<'a> {
    reader: csv::Reader<&'a mut dyn Read>,
    record: ByteRecord,
    columns: (usize, usize),
    at: u64,
    line: u64,
}

impl<'a> Given<'a> {
    fn new(input: &'a mut dyn Read) -> Result<Self, SimError> {
        let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 20).flexible(true).from_reader(input);
        let header = reader.byte_headers().map_err(|error| content("explanations", 0, &error.to_string()))?;
        let place = |wanted: &str| {
            let found = header.iter().position(|name| name == wanted.as_bytes());
            found.ok_or_else(|| content("explanations", 0, &format!("column `{wanted}` is missing")))
        };
        let columns = (place("row")?, place("explanation")?);
        Ok(Self { reader, record: ByteRecord::new(), columns, at: 0, line: 0 })
    }

    /// The reasons given for a row, and whether there are any words at all.
    fn of(&mut self, row: u64) -> Result<(u8, bool), SimError> {
        while self.at < row {
            let more = self.reader.read_byte_record(&mut self.record);
            self.line += 1;
            if !more.map_err(|error| content("explanations", self.line, &error.to_string()))? {
                self.at = u64::MAX;
                break;
            }
            let cell = self.record.get(self.columns.0).and_then(|cell| std::str::from_utf8(cell).ok());
            let next = cell.and_then(|cell| cell.parse::<u64>().ok());
            let next = next.filter(|next| *next > self.at);
            self.at =
                next.ok_or_else(|| content("explanations", self.line, "row numbers must be numbers that ascend"))?;
        }
        if self.at != row {
            return Ok((0, false));
        }
        let text = self.record.get(self.columns.1).unwrap_or(&[]);
        Ok((reasons(text), !text.is_empty()))
    }
}

impl Walk {
    fn row(&mut self, row: u64, user: &[u8], label: Option<&Table>, (given, any): (u8, bool)) {
        if !self.last.contains_key(user) {
            self.last.insert(user.to_vec(), 0);
        }
        let Some(label) = label else {
            let known = self.last.get(user).copied().unwrap_or(0);
            self.provable.add(given, any, known);
            return;
        };
        let known = reasons(label.cell(4));
        match label.cell(1) {
            b"case" => {
                self.labelled.add(given, any, 0);
                self.case(row, user, label);
            }
            b"lookalike" => {
                self.truth.lookalikes.push(row);
                if known != 0 {
                    self.lookalike.add(given, any, known);
                    self.provable.add(given, any, known);
                }
            }
            b"unprovable" => self.unprovable.add(given, any, 0),
            b"none" => self.undocumented.add(given, any, 0),
            b"legit" => {
                self.last.insert(user.to_vec(), known);
                self.provable.add(given, any, known);
            }
            _ => {}
        }
    }

    fn case(&mut self, row: u64, user: &[u8], label: &Table) {
        let cases = &mut self.truth.cases;
        let place = *self.cases.entry(label.cell(2).to_vec()).or_insert_with(|| {
            let user = String::from_utf8_lossy(user).into_owned();
            cases.push(TrueCase { id: label.text(2), scenario: label.text(3), user, rows: Vec::new() });
            cases.len() - 1
        });
        if let Some(case) = cases.get_mut(place) {
            case.rows.push(row);
        }
    }

    fn done(mut self, rows: u64) -> Truth {
        self.truth.cases.sort_by(|a, b| a.id.cmp(&b.id));
        self.truth.users = u64::try_from(self.last.len()).unwrap_or(u64::MAX);
        self.truth.explained = Explained {
            rows,
            provable: self.provable.rows,
            provable_explained: share(self.provable.explained, self.provable.rows),
            provable_right: share(self.provable.right, self.provable.rows),
            lookalikes_right: share(self.lookalike.right, self.lookalike.rows),
            unprovable: self.unprovable.rows,
            unprovable_explained: share(self.unprovable.explained, self.unprovable.rows),
            undocumented: self.undocumented.rows,
            undocumented_explained: share(self.undocumented.explained, self.undocumented.rows),
            labelled: self.labelled.rows,
            labelled_explained: share(self.labelled.explained, self.labelled.rows),
        };
        self.truth
    }
}
