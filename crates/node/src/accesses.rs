//! Accesses of a review outside memory: two files of fixed-size entries, put in order of time when they are not.
//!
//! Up to a stated number of accesses stay in memory. More go to temporary files in the folder of the output, which has room for what is written there anyway; the
//! files have no name any more while they are used, so that nothing is left behind however the program ends.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use cordon_privacy::{Access, BATCH, Explained, InMemory, Trail};

/// Accesses that a program of its own holds in memory, and sorts at a time: 104 bytes each.
const IN_MEMORY_MAX: usize = 3_000_000;
/// Bytes read and written at a time.
const BUFFER: usize = 1 << 20;

/// Takes in accesses in the order of the file.
#[derive(Debug)]
pub struct Intake {
    dir: PathBuf,
    most: usize,
    accesses: Vec<Access>,
    file: Option<BufWriter<File>>,
    count: u64,
    last: (i64, u32),
    in_order: bool,
}

impl Intake {
    /// Keeps temporary files in `dir`, and up to three million accesses (0.3 GB) in memory.
    pub fn new(dir: &Path) -> Self {
        Self::holding(dir, IN_MEMORY_MAX)
    }

    /// Keeps temporary files in `dir`, and up to `most` accesses of 104 bytes in memory.
    pub fn holding(dir: &Path, most: usize) -> Self {
        Self {
            dir: dir.to_owned(),
            most: most.max(1),
            accesses: Vec::new(),
            file: None,
            count: 0,
            last: (i64::MIN, 0),
            in_order: true,
        }
    }

    /// Takes in the next access.
    ///
    /// # Errors
    /// When a temporary file cannot be written.
    pub fn push(&mut self, access: Access) -> io::Result<()> {
        let key = (access.time.at, access.row);
        self.in_order &= key >= self.last;
        self.last = key;
        self.count += 1;
        if let Some(file) = &mut self.file {
            return file.write_all(&access.to_bytes());
        }
        self.accesses.push(access);
        if self.accesses.len() > self.most {
            let mut file = BufWriter::with_capacity(BUFFER, tempfile::tempfile_in(&self.dir)?);
            for access in std::mem::take(&mut self.accesses) {
                file.write_all(&access.to_bytes())?;
            }
            self.file = Some(file);
        }
        Ok(())
    }

    /// How many came.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The accesses in order of time.
    ///
    /// # Errors
    /// When temporary files cannot be written or read.
    pub fn finish(self) -> io::Result<Kept> {
        let Some(file) = self.file else { return Ok(Kept::InMemory(InMemory::of(self.accesses))) };
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let accesses = if self.in_order {
            file
        } else {
            sorted(&self.dir, file, self.most, |bytes| Access::of_bytes(bytes).time.at)?
        };
        Ok(Kept::OnDisk(OnDisk::of(self.dir, self.most, accesses, self.in_order)))
    }
}

/// Accesses, wherever they are.
#[derive(Debug)]
pub enum Kept {
    /// In memory.
    InMemory(InMemory),
    /// In temporary files.
    OnDisk(OnDisk),
}

impl Kept {
    /// For a review.
    pub fn trail(&mut self) -> &mut dyn Trail {
        match self {
            Self::InMemory(trail) => trail,
            Self::OnDisk(trail) => trail,
        }
    }

    /// What was found of each access, in order of rows.
    ///
    /// # Errors
    /// When temporary files cannot be read, or `see` gives one.
    pub fn each_explained(self, mut see: impl FnMut(&Explained) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::InMemory(trail) => trail.explained().iter().try_for_each(see),
            Self::OnDisk(trail) => {
                let OnDisk { dir, most, accesses, explained, in_order, .. } = trail;
                // the room of the accesses is free for what is written of them
                drop(accesses);
                let Some(file) = explained else { return Ok(()) };
                let file = if in_order {
                    file
                } else {
                    sorted(&dir, file, most, |bytes| i64::from(Explained::of_bytes(bytes).row))?
                };
                let mut from = rewound(&file)?;
                while let Some(bytes) = entry(&mut from)? {
                    see(&Explained::of_bytes(&bytes))?;
                }
                Ok(())
            }
        }
    }
}

/// Accesses in a file, in order of time, and what was found of them in another.
#[derive(Debug)]
pub struct OnDisk {
    dir: PathBuf,
    most: usize,
    accesses: File,
    explained: Option<File>,
    /// Whether the order of time is that of rows.
    in_order: bool,
    /// How many bytes were read of both files, and written to the second, in this walk.
    read: u64,
    read_explained: u64,
    kept: u64,
    /// A batch as bytes.
    bytes: Vec<u8>,
}

impl OnDisk {
    fn of(dir: PathBuf, most: usize, accesses: File, in_order: bool) -> Self {
        Self { dir, most, accesses, explained: None, in_order, read: 0, read_explained: 0, kept: 0, bytes: Vec::new() }
    }
}

impl Trail for OnDisk {
    fn begin(&mut self) {
        (self.read, self.read_explained, self.kept) = (0, 0, 0);
    }

    fn next(&mut self, into: &mut Vec<Access>) -> io::Result<()> {
        read_batch(&self.accesses, &mut self.read, &mut self.bytes, into, Access::of_bytes)
    }

    fn kept(&mut self, into: &mut Vec<Explained>) -> io::Result<()> {
        into.clear();
        let Some(file) = &self.explained else { return Ok(()) };
        read_batch(file, &mut self.read_explained, &mut self.bytes, into, Explained::of_bytes)
    }

    fn keep(&mut self, explained: &[Explained]) -> io::Result<()> {
        let file = match &mut self.explained {
            Some(file) => file,
            none => none.insert(tempfile::tempfile_in(&self.dir)?),
        };
        self.bytes.clear();
        explained.iter().for_each(|explained| self.bytes.extend_from_slice(&explained.to_bytes()));
        file.write_all_at(&self.bytes, self.kept)?;
        self.kept += self.bytes.len() as u64;
        Ok(())
    }
}

/// The entries of the next batch, from the byte `at` on.
fn read_batch<T, const N: usize>(
    file: &File,
    at: &mut u64,
    bytes: &mut Vec<u8>,
    into: &mut Vec<T>,
    of_bytes: impl Fn(&[u8; N]) -> T,
) -> io::Result<()> {
    bytes.resize(BATCH * N, 0);
    let mut filled = 0;
    while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
        match file.read_at(room, *at + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    *at += filled as u64;
    let (entries, _) = bytes.get(..filled).unwrap_or_default().as_chunks();
    into.clear();
    into.extend(entries.iter().map(of_bytes));
    Ok(())
}

fn rewound(file: &File) -> io::Result<BufReader<&File>> {
    let mut file = file;
    file.rewind()?;
    Ok(BufReader::with_capacity(BUFFER, file))
}

/// The next entry; none at the end.
fn entry<const N: usize>(from: &mut impl Read) -> io::Result<Option<[u8; N]>> {
    let mut bytes = [0; N];
    match from.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// A file of entries in order of their key; those of one key keep their order.
fn sorted<const N: usize>(dir: &Path, file: File, most: usize, key: impl Fn(&[u8; N]) -> i64) -> io::Result<File> {
    let mut runs = Vec::new();
    let mut from = rewound(&file)?;
    loop {
        let mut run: Vec<[u8; N]> = Vec::new();
        while run.len() < most {
            let Some(bytes) = entry(&mut from)? else { break };
            run.push(bytes);
        }
        if run.is_empty() {
            break;
        }
        run.sort_by_key(&key);
        let mut to = BufWriter::with_capacity(BUFFER, tempfile::tempfile_in(dir)?);
        run.iter().try_for_each(|bytes| to.write_all(bytes))?;
        runs.push(to.into_inner().map_err(io::IntoInnerError::into_error)?);
    }
    merged(dir, &runs, key)
}

fn merged<const N: usize>(dir: &Path, runs: &[File], key: impl Fn(&[u8; N]) -> i64) -> io::Result<File> {
    let mut readers = Vec::new();
    let mut heads = BinaryHeap::new();
    for (place, run) in runs.iter().enumerate() {
        let mut reader = rewound(run)?;
        if let Some(bytes) = entry(&mut reader)? {
            heads.push(Reverse((key(&bytes), place, bytes)));
        }
        readers.push(reader);
    }
    let mut to = BufWriter::with_capacity(BUFFER, tempfile::tempfile_in(dir)?);
    while let Some(Reverse((_, place, bytes))) = heads.pop() {
        to.write_all(&bytes)?;
        if let Some(reader) = readers.get_mut(place)
            && let Some(next) = entry(reader)?
        {
            heads.push(Reverse((key(&next), place, next)));
        }
    }
    to.into_inner().map_err(io::IntoInnerError::into_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_out_in_order_of_their_key_however_many_runs_there_are() {
        let dir = tempfile::tempdir().unwrap();
        let entries = [5_i64, 3, 9, 3, 1, 7].map(i64::to_le_bytes);
        let runs: Vec<File> = entries
            .chunks(2)
            .map(|run| {
                let mut run = run.to_vec();
                run.sort_by_key(|bytes| i64::from_le_bytes(*bytes));
                let mut file = tempfile::tempfile_in(&dir).unwrap();
                run.iter().for_each(|bytes| file.write_all(bytes).unwrap());
                file
            })
            .collect();
        let file = merged(dir.path(), &runs, |bytes| i64::from_le_bytes(*bytes)).unwrap();
        let mut from = rewound(&file).unwrap();
        let mut out = Vec::new();
        while let Some(bytes) = entry(&mut from).unwrap() {
            out.push(i64::from_le_bytes(bytes));
        }
        assert_eq!(out, [1, 3, 3, 5, 7, 9]);
    }

    /// Rows of accesses as a review walks them, when so many are held in memory.
    fn walked(times: &[i64], most: usize) -> Vec<u32> {
        let dir = tempfile::tempdir().unwrap();
        let mut intake = Intake::holding(dir.path(), most);
        for (row, at) in (1..).zip(times) {
            let mut access = Access::of_bytes(&[0; Access::BYTES]);
            (access.row, access.time.at) = (row, *at);
            intake.push(access).unwrap();
        }
        let (mut kept, mut rows) = (intake.finish().unwrap(), Vec::new());
        kept.trail().walk(&mut |access| rows.push(access.row)).unwrap();
        rows
    }

    #[test]
    fn an_access_in_memory_takes_what_the_bounds_say() {
        assert_eq!(size_of::<Access>() + size_of::<Explained>(), 104);
    }

    #[test]
    fn a_review_walks_the_same_accesses_in_the_same_order_however_few_are_held_in_memory() {
        let times = [5, 3, 9, 3, 1, 7, 7, 2];
        let whole = walked(&times, 100);
        assert_eq!(whole, [5, 8, 2, 4, 1, 6, 7, 3]);
        for most in 1..8 {
            assert_eq!(walked(&times, most), whole, "{most}");
        }
    }
}
