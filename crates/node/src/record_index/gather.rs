//! What is gathered while accesses are read: whose record each row is about, and where rows lie. Little of it is in memory at a time.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use cordon_privacy::Access;

use super::places::ROWS;

/// Rows that are held in memory and sorted at a time: 8 bytes each.
const PAIRS_MAX: usize = 4_000_000;
/// Bytes read and written at a time.
const BUFFER: usize = 1 << 18;
/// Bytes of cells that are held until their checksum goes on.
const CELLS_BYTES: usize = 1 << 16;
/// Bytes of the start of a place: where it is in the file of accesses (8), checksum (4).
pub(super) const START_BYTES: usize = 12;

/// Takes in the rows of a file of accesses in their order.
#[derive(Debug)]
pub struct Gather {
    dir: PathBuf,
    pairs_max: usize,
    /// Patient (upper half) and row, of rows that are not yet in a run.
    pairs: Vec<u64>,
    /// Pairs in order. Rows of a later run come behind those of an earlier one.
    runs: Vec<File>,
    starts: BufWriter<File>,
    row: u32,
    /// Where the rows of this place begin.
    start: u64,
    next_at: u64,
    cells: Vec<u8>,
    checksum: crc32fast::Hasher,
}

/// What was gathered.
pub(super) struct Gathered {
    pub(super) runs: Vec<File>,
    pub(super) starts: BufReader<File>,
    pub(super) rows: u32,
    /// Where the last row ends.
    pub(super) end: u64,
}

impl Gather {
    /// Keeps temporary files without a name in `dir`. The first row begins at `next_at`.
    ///
    /// # Errors
    /// When a temporary file cannot be made.
    pub fn new(dir: &Path, next_at: u64) -> io::Result<Self> {
        Self::holding(dir, next_at, PAIRS_MAX)
    }

    pub(super) fn holding(dir: &Path, next_at: u64, pairs_max: usize) -> io::Result<Self> {
        Ok(Self {
            dir: dir.to_owned(),
            pairs_max,
            pairs: Vec::new(),
            runs: Vec::new(),
            starts: BufWriter::with_capacity(BUFFER, tempfile::tempfile_in(dir)?),
            row: 0,
            start: next_at,
            next_at,
            cells: Vec::new(),
            checksum: crc32fast::Hasher::new(),
        })
    }

    /// Takes in the next row: its cells, where the row behind it begins, and the access if it is one.
    ///
    /// # Errors
    /// When a temporary file cannot be written.
    pub fn see(&mut self, cells: &[u8], next_at: u64, access: Option<&Access>) -> io::Result<()> {
        if self.row.is_multiple_of(ROWS) {
            self.start = self.next_at;
        }
        self.row += 1;
        self.next_at = next_at;
        self.cells.extend_from_slice(cells);
        if self.cells.len() > CELLS_BYTES {
            self.sum();
        }
        if let Some(patient) = access.and_then(Access::patient_number) {
            self.pairs.push(u64::from(patient) << 32 | u64::from(self.row));
            if self.pairs.len() >= self.pairs_max {
                self.run()?;
            }
        }
        if self.row.is_multiple_of(ROWS) { self.end_of_place() } else { Ok(()) }
    }

    fn sum(&mut self) {
        self.checksum.update(&self.cells);
        self.cells.clear();
    }

    fn end_of_place(&mut self) -> io::Result<()> {
        self.sum();
        let checksum = std::mem::take(&mut self.checksum).finalize();
        self.starts.write_all(&self.start.to_le_bytes())?;
        self.starts.write_all(&checksum.to_le_bytes())
    }

    fn run(&mut self) -> io::Result<()> {
        self.pairs.sort_unstable();
        let mut to = BufWriter::with_capacity(BUFFER, tempfile::tempfile_in(&self.dir)?);
        for pair in self.pairs.drain(..) {
            to.write_all(&pair.to_le_bytes())?;
        }
        self.runs.push(rewound(to)?);
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<Gathered> {
        if !self.row.is_multiple_of(ROWS) {
            self.end_of_place()?;
        }
        self.run()?;
        let starts = BufReader::with_capacity(BUFFER, rewound(self.starts)?);
        Ok(Gathered { runs: self.runs, starts, rows: self.row, end: self.next_at })
    }
}

fn rewound(file: BufWriter<File>) -> io::Result<File> {
    let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}
