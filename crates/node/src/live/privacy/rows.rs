//! Rows of the file contract that are made of events: their cells in a temporary file without a name, and beside it which event each was made of.
//!
//! The files lie in the node's data folder and are gone when the review ends, however it ends. They hold patients by pseudonym only, and accounts.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use cordon_model::EventId;
use cordon_privacy::{Proof, Table};

/// Bytes of where a row came from: the event, and the number of its source.
const ORIGIN_BYTES: usize = 20;
/// Bytes that are written at a time.
const BUFFER: usize = 1 << 18;

/// Where a row came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) event: EventId,
    /// Its number among the sources of the review.
    pub(super) source: u32,
}

/// Rows of one table while they come.
pub(super) struct Rows {
    table: Table,
    cells: csv::Writer<File>,
    origins: BufWriter<File>,
    count: u32,
    /// Rows beyond what a table may have.
    left_out: u64,
}

impl Rows {
    /// None yet.
    pub(super) fn new(table: Table, dir: &Path) -> io::Result<Self> {
        let file = tempfile::tempfile_in(dir)?;
        let mut cells = csv::WriterBuilder::new().buffer_capacity(BUFFER).from_writer(file);
        cells.write_record(table.columns())?;
        let origins = BufWriter::with_capacity(BUFFER, tempfile::tempfile_in(dir)?);
        Ok(Self { table, cells, origins, count: 0, left_out: 0 })
    }

    /// Adds a row: a cell for each column of the table.
    pub(super) fn push<const N: usize>(&mut self, cells: [&str; N], origin: Origin) -> io::Result<()> {
        if self.count >= Proof::ROWS_MAX {
            self.left_out += 1;
            return Ok(());
        }
        self.cells.write_record(cells)?;
        self.origins.write_all(&origin.event.0)?;
        self.origins.write_all(&origin.source.to_le_bytes())?;
        self.count += 1;
        Ok(())
    }

    /// All that came.
    pub(super) fn finish(self) -> io::Result<Written> {
        let Self { table, cells, origins, count, left_out } = self;
        let cells = cells.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        let origins = origins.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Written { table, cells, origins, count, left_out })
    }
}

/// Rows of one table.
pub(super) struct Written {
    pub(super) table: Table,
    cells: File,
    origins: File,
    pub(super) count: u32,
    pub(super) left_out: u64,
}

impl Written {
    /// The table as the file contract has it, from its first line on.
    pub(super) fn sheet(&self) -> io::Result<BufReader<&File>> {
        let mut file = &self.cells;
        file.rewind()?;
        Ok(BufReader::with_capacity(BUFFER, file))
    }

    /// Where a row came from, counted from 1; none when there is no such row.
    pub(super) fn origin(&self, row: u32) -> io::Result<Option<Origin>> {
        if row == 0 || row > self.count {
            return Ok(None);
        }
        let mut bytes = [0; ORIGIN_BYTES];
        let at = u64::from(row - 1) * u64::try_from(ORIGIN_BYTES).unwrap_or_default();
        self.origins.read_exact_at(&mut bytes, at)?;
        Ok(Some(origin(&bytes)))
    }

    /// Where each row came from, in order, with its number.
    pub(super) fn each_origin(&self, mut see: impl FnMut(u32, Origin)) -> io::Result<()> {
        let mut origins = self.origins()?;
        for row in 1..=self.count {
            if let Some(origin) = origins.next()? {
                see(row, origin);
            }
        }
        Ok(())
    }

    /// Where each row came from, in order: one at a time.
    pub(super) fn origins(&self) -> io::Result<Origins<'_>> {
        let mut file = &self.origins;
        file.rewind()?;
        Ok(Origins { from: BufReader::with_capacity(BUFFER, file), left: self.count })
    }
}

/// Where the rows of a table came from.
pub(super) struct Origins<'w> {
    from: BufReader<&'w File>,
    left: u32,
}

impl Origins<'_> {
    /// Of the next row; `None` behind the last.
    pub(super) fn next(&mut self) -> io::Result<Option<Origin>> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let mut bytes = [0; ORIGIN_BYTES];
        self.from.read_exact(&mut bytes)?;
        Ok(Some(origin(&bytes)))
    }
}

fn origin(bytes: &[u8; ORIGIN_BYTES]) -> Origin {
    let (mut event, mut source) = ([0; 16], [0; 4]);
    let numbers = event.iter_mut().chain(&mut source);
    numbers.zip(bytes).for_each(|(to, from)| *to = *from);
    Origin { event: EventId(event), source: u32::from_le_bytes(source) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_read_back_with_the_event_that_it_was_made_of() {
        let dir = tempfile::tempdir().unwrap();
        let mut rows = Rows::new(Table::Shifts, dir.path()).unwrap();
        let origin = |number: u8| Origin { event: EventId([number; 16]), source: u32::from(number) };
        for number in 1..=3 {
            rows.push(["anna", "a", "b, \"c\"", "ED"], origin(number)).unwrap();
        }
        let written = rows.finish().unwrap();
        assert_eq!((written.origin(2).unwrap(), written.origin(0).unwrap()), (Some(origin(2)), None));
        assert_eq!(written.origin(4).unwrap(), None);
        let mut seen = Vec::new();
        written.each_origin(|row, origin| seen.push((row, origin))).unwrap();
        assert_eq!(seen, [(1, origin(1)), (2, origin(2)), (3, origin(3))]);
        let text = io::read_to_string(written.sheet().unwrap()).unwrap();
        assert_eq!(text.lines().take(2).collect::<Vec<_>>(), ["user,start,end,unit", "anna,a,\"b, \"\"c\"\"\",ED"]);
    }
}
