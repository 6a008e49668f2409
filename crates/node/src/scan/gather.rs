//! Gathers entries in any order and gives them back sorted. Beyond a bound they are sorted in runs in a temporary file and merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use super::entry::Entry;

/// Most runs in one file; then they are merged into one run of a new file.
const RUNS_MAX: usize = 64;
/// Buffer of each run while merging.
const RUN_BUFFER_BYTES: usize = 64 << 10;

/// Sorts more entries than memory holds.
pub(super) struct Gather {
    waiting: Vec<Entry>,
    waiting_bytes: usize,
    bytes_max: usize,
    place: Place,
    spill: Option<Spill>,
}

/// Where temporary files lie and how large they may become.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// The folder; that of the system when `None`.
    pub(crate) folder: Option<PathBuf>,
    /// Most bytes of waiting matches in files, 0 for no bound; while runs are merged they take up to twice as many.
    pub(crate) bytes_max: u64,
}

impl Place {
    /// A file that the system removes when it is closed.
    pub(super) fn file(&self) -> io::Result<File> {
        self.folder.as_ref().map_or_else(tempfile::tempfile, tempfile::tempfile_in)
    }
}

/// Sorted runs in a temporary file, removed by the system when it is closed.
struct Spill {
    file: Arc<File>,
    /// Start and end of each run.
    runs: Vec<(u64, u64)>,
    place: Place,
}

impl Gather {
    /// Holds at most `bytes_max` bytes of entries in memory.
    pub(super) const fn new(bytes_max: usize, place: Place) -> Self {
        Self { waiting: Vec::new(), waiting_bytes: 0, bytes_max, place, spill: None }
    }

    pub(super) fn push(&mut self, mut entry: Entry) -> io::Result<()> {
        entry.shorten();
        self.waiting_bytes += entry.bytes();
        self.waiting.push(entry);
        if self.waiting_bytes > self.bytes_max { self.write_run() } else { Ok(()) }
    }

    /// All entries in order.
    pub(super) fn sorted(mut self) -> io::Result<Merge> {
        if self.spill.is_some() && !self.waiting.is_empty() {
            self.write_run()?;
        }
        self.waiting.sort_unstable();
        let runs = self.spill.map_or_else(Vec::new, |spill| spill.readers());
        Merge::new(self.waiting, runs)
    }

    fn write_run(&mut self) -> io::Result<()> {
        self.waiting.sort_unstable();
        let mut spill = match self.spill.take() {
            Some(spill) if spill.runs.len() >= RUNS_MAX => spill.merged()?,
            Some(spill) => spill,
            None => Spill::new(self.place.clone())?,
        };
        if self.place.bytes_max > 0 && spill.bytes() > self.place.bytes_max {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "more matches wait for correlations than may be kept in files",
            ));
        }
        spill.append(self.waiting.drain(..).map(Ok))?;
        self.waiting_bytes = 0;
        self.spill = Some(spill);
        Ok(())
    }
}

impl Spill {
    fn new(place: Place) -> io::Result<Self> {
        Ok(Self { file: Arc::new(place.file()?), runs: Vec::new(), place })
    }

    /// Bytes of all runs.
    fn bytes(&self) -> u64 {
        self.runs.last().map_or(0, |(_, end)| *end)
    }

    fn append(&mut self, entries: impl Iterator<Item = io::Result<Entry>>) -> io::Result<()> {
        let mut file = &*self.file;
        let start = file.seek(SeekFrom::End(0))?;
        let mut writer = BufWriter::with_capacity(RUN_BUFFER_BYTES, file);
        let mut bytes = Vec::new();
        for entry in entries {
            bytes.clear();
            entry?.write(&mut bytes);
            writer.write_all(&bytes)?;
        }
        writer.flush()?;
        drop(writer);
        self.runs.push((start, file.stream_position()?));
        Ok(())
    }

    fn readers(self) -> Vec<Run> {
        let reader =
            |&(at, end)| BufReader::with_capacity(RUN_BUFFER_BYTES, Slice { file: Arc::clone(&self.file), at, end });
        self.runs.iter().map(reader).collect()
    }

    fn merged(self) -> io::Result<Self> {
        let mut one = Self::new(self.place.clone())?;
        one.append(Merge::new(Vec::new(), self.readers())?)?;
        Ok(one)
    }
}

type Run = BufReader<Slice>;

/// A range of the shared file.
struct Slice {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for Slice {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX).min(out.len());
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(self.at))?;
        let read = file.read(out.get_mut(..left).unwrap_or_default())?;
        self.at += u64::try_from(read).unwrap_or_default();
        Ok(read)
    }
}

/// Entries in order, out of memory or out of runs.
pub(super) struct Merge {
    memory: std::vec::IntoIter<Entry>,
    runs: Vec<Run>,
    /// The first entry of each run.
    heads: BinaryHeap<Reverse<(Entry, usize)>>,
}

impl Merge {
    fn new(memory: Vec<Entry>, mut runs: Vec<Run>) -> io::Result<Self> {
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (number, run) in runs.iter_mut().enumerate() {
            heads.extend(Entry::read(run)?.map(|entry| Reverse((entry, number))));
        }
        Ok(Self { memory: memory.into_iter(), runs, heads })
    }
}

impl Iterator for Merge {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<io::Result<Entry>> {
        let Some(Reverse((entry, number))) = self.heads.pop() else { return self.memory.next().map(Ok) };
        let run = self.runs.get_mut(number)?;
        match Entry::read(run) {
            Ok(next) => self.heads.extend(next.map(|next| Reverse((next, number)))),
            Err(error) => return Some(Err(error)),
        }
        Some(Ok(entry))
    }
}

#[cfg(test)]
mod tests {
    use cordon_model::{Digest, EventId, Position, Time};

    use super::*;

    fn entry(number: u64) -> Entry {
        let scattered = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let position = match number % 2 {
            0 => Position::Offset(scattered),
            _ => Position::Chunk { chunk: 3, record: scattered },
        };
        Entry {
            time: Time((scattered >> 40).cast_signed()),
            arrival: scattered % 3,
            source: 1,
            position,
            index: 2,
            rule: 7,
            kind: 0,
            id: EventId([5; 16]),
            record_sha256: Digest([6; 32]),
            values: vec![Some(format!("value {number}")), None, Some(String::new())],
        }
    }

    fn check(count: u64, bytes_max: usize) {
        let mut gather = Gather::new(bytes_max, Place::default());
        let mut expect: Vec<Entry> = (0..count).map(entry).collect();
        expect.iter().for_each(|entry| gather.push(entry.clone()).unwrap());
        expect.sort();
        let sorted: Vec<Entry> = gather.sorted().unwrap().map(Result::unwrap).collect();
        assert_eq!(sorted, expect);
    }

    #[test]
    fn entries_come_back_sorted_from_memory_from_runs_and_from_merged_runs() {
        check(100, usize::MAX);
        check(1_000, 20_000);
        check(1_000, 0); // a run each: merged more than once
        check(0, 0);
    }

    #[test]
    fn more_than_files_may_hold_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place { folder: Some(folder.path().to_owned()), bytes_max: 2_000 };
        let mut gather = Gather::new(0, place);
        let refused = (0..1_000).map(entry).find_map(|entry| gather.push(entry).err()).unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::FileTooLarge);
    }
}
