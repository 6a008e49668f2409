//! Tells a record: reads only the rows about it, and what the review wrote of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::thread;

use cordon_privacy::{AccessLayout, AccessReader, Record, RecordAccess, Said, Silence, StaffMember};

use super::places::{Place, ROWS};
use super::read::{Held, RecordIndex};
use super::{EXPLANATIONS, IndexFault, WITHHELD};

/// Threads that wait for the disk at the same time.
const THREADS: usize = 8;
/// Rows below which one thread is enough.
const ROWS_A_THREAD: usize = 64;
/// Longest line of what a review writes: explanations and eight proofs are far shorter.
const LINE_BYTES_MAX: u64 = 1 << 10;

/// A file that several threads read.
struct Opened {
    path: PathBuf,
    file: File,
}

/// What rows are told from.
struct Sources<'a> {
    index: &'a RecordIndex,
    layout: AccessLayout,
    accesses: Opened,
    explanations: Opened,
    withheld: Opened,
    ids: BTreeSet<&'a str>,
    /// Role and department by user.
    staff: BTreeMap<&'a str, (&'a str, &'a str)>,
}

impl RecordIndex {
    /// Tells who opened the record of a patient between two times (milliseconds since 1970), as the review found it. None when the review knows no such patient.
    ///
    /// # Errors
    /// When what is read is not what the review read or wrote.
    pub fn record(&self, accesses: &Path, patient: &str, period: (i64, i64)) -> Result<Option<Record>, IndexFault> {
        let Some(person) = self.person(patient)? else { return Ok(None) };
        let sources = self.sources(accesses, &person.ids)?;
        let told = sources.told(&person.rows)?;
        let silences: Option<Vec<Silence>> = self.about().silences.iter().map(|silent| silent.silence()).collect();
        let silences = silences.ok_or_else(|| self.damaged())?;
        drop(sources);
        Ok(Some(Record::of(person.ids, told, &silences, period)))
    }

    fn sources<'a>(&'a self, accesses: &Path, ids: &'a [String]) -> Result<Sources<'a>, IndexFault> {
        let staff = self.about().staff.iter();
        let accesses = Opened::at(accesses)?;
        Ok(Sources {
            index: self,
            layout: AccessReader::open(&accesses.file)?.layout(),
            accesses,
            explanations: Opened::at(&self.dir.join(EXPLANATIONS))?,
            withheld: Opened::at(&self.dir.join(WITHHELD))?,
            ids: ids.iter().map(String::as_str).collect(),
            staff: staff
                .map(|member| (member.user.as_str(), (member.role.as_str(), member.department.as_str())))
                .collect(),
        })
    }
}

impl Sources<'_> {
    /// Tells rows, which are in order: long lists in parts that wait for the disk together.
    fn told(&self, rows: &[u32]) -> Result<Vec<RecordAccess>, IndexFault> {
        let part = rows.len().div_ceil(THREADS).max(ROWS_A_THREAD);
        thread::scope(|scope| {
            let parts: Vec<_> = rows.chunks(part).map(|rows| scope.spawn(|| self.part_told(rows))).collect();
            let mut out = Vec::with_capacity(rows.len());
            for part in parts {
                let told = part.join().map_err(|_| self.index.damaged())?;
                out.extend(told?);
            }
            Ok(out)
        })
    }

    fn part_told(&self, rows: &[u32]) -> Result<Vec<RecordAccess>, IndexFault> {
        let (mut held, mut out) = (Held::default(), Vec::with_capacity(rows.len()));
        for rows in rows.chunk_by(|one, other| Place::of_row(*one) == Place::of_row(*other)) {
            let number = Place::of_row(rows.first().copied().unwrap_or_default());
            let (place, next) = self.index.place(number, &mut held)?;
            self.place_told(number, rows, (place, next), &mut out)?;
        }
        Ok(out)
    }

    /// Tells those rows of one place that are wanted.
    fn place_told(
        &self,
        number: u32,
        wanted: &[u32],
        (place, next): (Place, Place),
        out: &mut Vec<RecordAccess>,
    ) -> Result<(), IndexFault> {
        let from = Part { file: &self.accesses.file, at: place.accesses, end: next.accesses };
        let mut checksum = crc32fast::Hasher::new();
        let picked = self.layout.pick(from, number * ROWS, wanted, |cells| checksum.update(cells))?;
        let row = wanted.first().copied().unwrap_or_default();
        let changed = || IndexFault::Changed { path: self.accesses.path.clone(), row };
        if checksum.finalize() != place.checksum || picked.len() != wanted.len() {
            return Err(changed());
        }
        let explanations = self.explanations.lines((place.explanations, next.explanations), row)?;
        let withheld = self.withheld.lines((place.withheld, next.withheld), row)?;
        for picked in picked {
            if !self.ids.contains(picked.patient.as_str()) {
                return Err(changed());
            }
            let mut told = picked.access;
            let (role, department) =
                self.staff.get(told.user.as_str()).copied().unwrap_or((StaffMember::UNKNOWN, StaffMember::UNKNOWN));
            (told.role, told.department) = (role.to_owned(), department.to_owned());
            let line = line_of(&explanations, told.row);
            let (explanation, proof) = line
                .and_then(|line| line.split_once(','))
                .ok_or_else(|| IndexFault::Changed { path: self.explanations.path.clone(), row: told.row })?;
            let said = Said { explanation, proof, withheld: line_of(&withheld, told.row) };
            told.say(said).map_err(|source| IndexFault::Said {
                path: self.explanations.path.clone(),
                row: told.row,
                source,
            })?;
            out.push(told);
        }
        Ok(())
    }
}

/// What stands behind the number of a row.
fn line_of(lines: &str, row: u32) -> Option<&str> {
    lines.lines().find_map(|line| {
        let (number, rest) = line.split_once(',')?;
        (number.parse() == Ok(row)).then_some(rest)
    })
}

impl Opened {
    fn at(path: &Path) -> Result<Self, IndexFault> {
        let file = File::open(path).map_err(|source| IndexFault::Read { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Lines of what a review wrote.
    fn lines(&self, (at, end): (u64, u64), row: u32) -> Result<String, IndexFault> {
        let changed = || IndexFault::Changed { path: self.path.clone(), row };
        let bytes =
            end.checked_sub(at).filter(|bytes| *bytes <= LINE_BYTES_MAX * u64::from(ROWS)).ok_or_else(changed)?;
        let mut lines = String::new();
        let mut part = Part { file: &self.file, at, end };
        match part.read_to_string(&mut lines) {
            Ok(count) if count as u64 == bytes => Ok(lines),
            Ok(_) => Err(changed()),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(changed()),
            Err(source) => Err(IndexFault::Read { path: self.path.clone(), source }),
        }
    }
}

/// A part of a file, read from its place whatever others read of it.
struct Part<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX).min(into.len());
        let count = self.file.read_at(into.get_mut(..most).unwrap_or_default(), self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}
