//! One file of values divided by commas or semicolons, row by row, whatever the order of its columns.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::rc::Rc;

use encoding_rs::Encoding;

use super::Table;
use super::text::{Tape, Text};

/// Longest row that is read, in bytes.
const ROW_BYTES_MAX: usize = 16 << 20;

/// Why a file cannot be read, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum SheetFault {
    /// A column is missing that the file needs.
    #[error(
        "{file} has no column \"{column}\" (it has: {found}); its first line must name the columns, divided by commas or semicolons, in UTF-8 or UTF-16"
    )]
    Column {
        /// The file.
        file: &'static str,
        /// What is missing.
        column: &'static str,
        /// The names in the first line.
        found: String,
    },
    /// A column is there twice.
    #[error("{file} has column \"{column}\" twice: say once which one is meant")]
    Twice {
        /// The file.
        file: &'static str,
        /// What is there twice.
        column: &'static str,
    },
    /// A row is too long.
    #[error("{file}: the row after row {row} is longer than 16 MiB: is a quote not closed? What follows was not read")]
    Long {
        /// The file.
        file: &'static str,
        /// The last row that was read.
        row: u32,
    },
    /// There is not even a first line.
    #[error("{file} is empty: its first line must name the columns")]
    Empty {
        /// The file.
        file: &'static str,
    },
    /// There are more rows than can be counted.
    #[error("{file} has more than {max} rows: split it by time", max = super::Proof::ROWS_MAX)]
    Rows {
        /// The file.
        file: &'static str,
    },
    /// The bytes did not come.
    #[error("{file}: reading ended after row {row}")]
    Read {
        /// The file.
        file: &'static str,
        /// The last row that was read.
        row: u32,
        /// What went wrong.
        source: io::Error,
    },
}

/// A row that was left out, or of which something could not be used.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RowFault {
    /// The file.
    pub file: &'static str,
    /// The row, from 1.
    pub row: u32,
    /// What is wrong with it, without any of its values.
    pub reason: &'static str,
    /// Whether the row was left out as a whole.
    pub left_out: bool,
}

/// Bytes that are read at a time.
const READ_BYTES: usize = 1 << 18;
/// Bytes that are read at a time where only a few rows are wanted.
const READ_BYTES_RESUMED: usize = 8 << 10;

/// How the rows of a file are written, as its beginning tells: what has to be known to read some from its middle.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    table: Table,
    divider: u8,
    /// What the bytes are decoded from; none when they are given as they came.
    pub(super) encoding: Option<&'static Encoding>,
    /// Where each column of the contract stands.
    places: Vec<Option<usize>>,
    width: usize,
}

/// Reads a file row by row.
pub(crate) struct Sheet<R> {
    layout: Layout,
    csv: csv::Reader<Limited<Text<R>>>,
    since_row: Rc<Cell<usize>>,
    /// Where decoded bytes came from.
    tape: Option<Rc<RefCell<Tape>>>,
    /// Where the next row begins, in bytes of the file.
    next_at: u64,
    record: csv::ByteRecord,
    row: u32,
}

impl<R: Read> Sheet<R> {
    /// Reads the first line, which names the columns. A context of no bytes has no rows; accesses of no bytes are a fault.
    pub(crate) fn open(table: Table, from: R) -> Result<Self, SheetFault> {
        let from = Text::open(from).map_err(|source| SheetFault::Read { file: table.file(), row: 0, source })?;
        let (divider, encoding) = (from.divider(), from.encoding());
        let layout = Layout { table, divider, encoding, places: Vec::new(), width: 0 };
        let mut sheet = Self::over(from, layout, READ_BYTES);
        if sheet.read()? {
            sheet.layout.places = places(table, &sheet.record)?;
            sheet.layout.width = sheet.record.len();
        } else if table == Table::Accesses {
            return Err(SheetFault::Empty { file: table.file() });
        }
        sheet.row = 0;
        Ok(sheet)
    }

    /// Goes on in the middle of a file, behind row `row_before`. `from` begins at [`Sheet::next_at`] of then.
    pub(crate) fn resumed(layout: &Layout, from: R, row_before: u32) -> Self {
        let text = Text::resumed(from, layout.encoding);
        Self { row: row_before, ..Self::over(text, layout.clone(), READ_BYTES_RESUMED) }
    }

    fn over(from: Text<R>, layout: Layout, read_bytes: usize) -> Self {
        let (tape, since_row) = (from.tape(), Rc::new(Cell::new(0)));
        let limited = Limited { from, since_row: Rc::clone(&since_row) };
        let csv = csv::ReaderBuilder::new()
            .delimiter(layout.divider)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(read_bytes)
            .from_reader(limited);
        Self { layout, csv, since_row, tape, next_at: 0, record: csv::ByteRecord::new(), row: 0 }
    }

    /// How the rows are written.
    pub(crate) const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Where the next row begins, in bytes of the file as it lies there; line ends may stand before it.
    pub(crate) const fn next_at(&self) -> u64 {
        self.next_at
    }

    /// The next row and its number from 1; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Cells<'_>)>, SheetFault> {
        let Some(row) = self.step()? else { return Ok(None) };
        Ok(Some((row, self.cells())))
    }

    /// Goes on to the next row without looking at it; its number from 1, none at the end.
    pub(crate) fn step(&mut self) -> Result<Option<u32>, SheetFault> {
        if !self.read()? {
            return Ok(None);
        }
        if self.row > super::Proof::ROWS_MAX {
            return Err(SheetFault::Rows { file: self.layout.table.file() });
        }
        Ok(Some(self.row))
    }

    /// The row that was read last.
    pub(crate) fn cells(&self) -> Cells<'_> {
        Cells { record: &self.record, places: &self.layout.places, width: self.layout.width }
    }

    /// The bytes of all cells of the row that was read last.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.record.as_slice()
    }

    fn read(&mut self) -> Result<bool, SheetFault> {
        self.since_row.set(0);
        let file = self.layout.table.file();
        match self.csv.read_byte_record(&mut self.record) {
            Ok(more) => {
                self.row += u32::from(more);
                let text_at = self.csv.position().byte();
                self.next_at = self.tape.as_ref().map_or(text_at, |tape| tape.borrow_mut().reach(text_at));
                Ok(more)
            }
            Err(_) if self.since_row.get() > ROW_BYTES_MAX => Err(SheetFault::Long { file, row: self.row }),
            Err(error) => Err(SheetFault::Read { file, row: self.row, source: error.into() }),
        }
    }
}

/// Where each column of the contract stands in this file.
fn places(table: Table, first: &csv::ByteRecord) -> Result<Vec<Option<usize>>, SheetFault> {
    let file = table.file();
    let found: Vec<String> = first.iter().map(column_name).collect();
    let mut places = Vec::new();
    for (index, column) in table.columns().iter().copied().enumerate() {
        let mut at = found.iter().enumerate().filter(|(_, name)| *name == column).map(|(place, _)| place);
        let place = at.next();
        if at.next().is_some() {
            return Err(SheetFault::Twice { file, column });
        }
        if place.is_none() && index < table.needed() {
            return Err(SheetFault::Column { file, column, found: shortened(&found.join(", ")) });
        }
        places.push(place);
    }
    Ok(places)
}

fn column_name(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).trim_start_matches('\u{feff}').trim().to_ascii_lowercase()
}

fn shortened(names: &str) -> String {
    names.chars().take(200).collect()
}

/// The cells of a row, by the number of their column in the contract.
pub(crate) struct Cells<'a> {
    record: &'a csv::ByteRecord,
    places: &'a [Option<usize>],
    width: usize,
}

impl<'a> Cells<'a> {
    /// The text of a column without blanks around it; empty when it is unknown. Bytes that are not UTF-8 are read as Windows-1252.
    pub(crate) fn text(&self, column: usize) -> Cow<'a, str> {
        let place = self.places.get(column).copied().flatten();
        let cell = place.and_then(|place| self.record.get(place)).unwrap_or_default();
        match std::str::from_utf8(cell) {
            Ok(text) => Cow::Borrowed(text.trim()),
            Err(_) => Cow::Owned(encoding_rs::WINDOWS_1252.decode(cell).0.trim().to_owned()),
        }
    }

    /// What is wrong with a row that cannot be used: `reason`, or that it spans lines, as rows do behind a quote that is not closed.
    pub(crate) fn fault(&self, reason: &'static str) -> &'static str {
        let lines = self.record.as_slice().iter().filter(|byte| **byte == b'\n').count();
        if lines > 1 {
            "the row spans several lines: is a quote not closed? The lines up to the next quote are lost, and later rows are numbered without them"
        } else {
            reason
        }
    }

    /// Whether the row has as many cells as the first line.
    pub(crate) fn is_whole(&self) -> bool {
        self.record.len() == self.width
    }
}

/// Bytes, of which only so many may come within one row.
struct Limited<R> {
    from: R,
    since_row: Rc<Cell<usize>>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.since_row.get() > ROW_BYTES_MAX {
            return Err(io::Error::other("row too long"));
        }
        let count = self.from.read(into)?;
        self.since_row.set(self.since_row.get() + count);
        Ok(count)
    }
}
