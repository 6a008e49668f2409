//! Entries of any length in order, with bounded memory: sorted runs in one temporary file without a name, then merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Bytes of entries that are held and sorted at once.
pub(super) const HELD_BYTES: usize = 32 << 20;
/// Bytes that are read of a run at once.
const READ_BYTES: usize = 1 << 16;
/// Bytes in front of an entry that say how long it is.
const LENGTH_BYTES: usize = 4;

/// Takes entries in any order.
pub(in crate::live::privacy) struct Sorting {
    dir: PathBuf,
    held_max: usize,
    bytes: Vec<u8>,
    /// Where each entry is in `bytes`.
    places: Vec<Range<usize>>,
    file: Option<BufWriter<File>>,
    written: u64,
    runs: Vec<Range<u64>>,
}

impl Sorting {
    /// Temporary files are in `dir`; so many bytes are held at once.
    pub(super) fn new(dir: &Path, held_max: usize) -> Self {
        Self {
            dir: dir.to_owned(),
            held_max,
            bytes: Vec::new(),
            places: Vec::new(),
            file: None,
            written: 0,
            runs: Vec::new(),
        }
    }

    /// Takes an entry.
    pub(super) fn push(&mut self, entry: &[u8]) -> io::Result<()> {
        if !self.places.is_empty() && self.bytes.len() + entry.len() > self.held_max {
            self.write_run()?;
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(entry);
        self.places.push(start..self.bytes.len());
        Ok(())
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        self.places.sort_unstable_by(|one, other| bytes.get(one.clone()).cmp(&bytes.get(other.clone())));
    }

    fn write_run(&mut self) -> io::Result<()> {
        self.sort();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::with_capacity(1 << 20, tempfile::tempfile_in(&self.dir)?)),
        };
        let start = self.written;
        for place in self.places.drain(..) {
            let entry = self.bytes.get(place).unwrap_or_default();
            let length = u32::try_from(entry.len()).map_err(io::Error::other)?;
            file.write_all(&length.to_le_bytes())?;
            file.write_all(entry)?;
            self.written += u64::from(length) + LENGTH_BYTES as u64;
        }
        self.bytes.clear();
        self.runs.push(start..self.written);
        Ok(())
    }

    /// All that came, in order.
    pub(super) fn finish(mut self) -> io::Result<Sorted> {
        let Some(_) = &self.file else {
            self.sort();
            return Ok(Sorted::Held { bytes: self.bytes, places: self.places });
        };
        self.write_run()?;
        let file = self.file.map(BufWriter::into_inner).transpose().map_err(io::IntoInnerError::into_error)?;
        file.map_or(Ok(Sorted::Held { bytes: Vec::new(), places: Vec::new() }), |file| {
            Ok(Sorted::Runs { file, runs: self.runs })
        })
    }
}

/// Entries in order.
pub(in crate::live::privacy) enum Sorted {
    /// In memory.
    Held { bytes: Vec<u8>, places: Vec<Range<usize>> },
    /// In runs of a file.
    Runs { file: File, runs: Vec<Range<u64>> },
}

impl Sorted {
    /// Gives each entry, the lowest bytes first.
    pub(super) fn each<E: From<io::Error>>(self, mut see: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        match self {
            Self::Held { bytes, places } => {
                places.into_iter().try_for_each(|place| see(bytes.get(place).unwrap_or_default()))
            }
            Self::Runs { file, runs } => {
                let mut readers: Vec<Run<'_>> = runs.into_iter().map(|run| Run::new(&file, run)).collect();
                let mut heap = BinaryHeap::new();
                for (number, reader) in readers.iter_mut().enumerate() {
                    heap.extend(reader.next()?.map(|entry| Reverse((entry, number))));
                }
                while let Some(Reverse((entry, number))) = heap.pop() {
                    see(&entry)?;
                    let next = readers.get_mut(number).map(Run::next).transpose()?.flatten();
                    heap.extend(next.map(|entry| Reverse((entry, number))));
                }
                Ok(())
            }
        }
    }
}

/// Reads one run.
struct Run<'f> {
    file: &'f File,
    left: Range<u64>,
    buffer: Vec<u8>,
    at: usize,
}

impl<'f> Run<'f> {
    const fn new(file: &'f File, left: Range<u64>) -> Self {
        Self { file, left, buffer: Vec::new(), at: 0 }
    }

    /// The next entry; `None` at the end.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.at >= self.buffer.len() && self.left.is_empty() {
            return Ok(None);
        }
        let head = self.take(LENGTH_BYTES)?;
        let length =
            <[u8; LENGTH_BYTES]>::try_from(head.as_slice()).map(u32::from_le_bytes).map_err(io::Error::other)?;
        self.take(usize::try_from(length).map_err(io::Error::other)?).map(Some)
    }

    fn take(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() - self.at < count {
            self.fill()?;
        }
        let end = self.at + count;
        let taken = self.buffer.get(self.at..end).unwrap_or_default().to_vec();
        self.at = end;
        Ok(taken)
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let wanted = usize::try_from(self.left.end - self.left.start).map_or(READ_BYTES, |left| left.min(READ_BYTES));
        if wanted == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let from = self.buffer.len();
        self.buffer.resize(from + wanted, 0);
        self.file.read_exact_at(self.buffer.get_mut(from..).unwrap_or_default(), self.left.start)?;
        self.left.start += wanted as u64;
        Ok(())
    }
}
