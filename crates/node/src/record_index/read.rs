//! Reads the index: finds a patient among the ids, and the rows of all ids of the person. Nothing is believed without its checksum.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use cordon_stats::codec;

use super::about::About;
use super::block::{Piece, take_number};
use super::places::{PAGE_BYTES, PLACES, Place, ROWS, places};
use super::{FILE, IndexFault, MAGIC, SUMMARY, VERSION};

/// Bytes of the end of the file: two pieces, the number of rows, where the end begins, checksum.
const FOOT_BYTES: u64 = 2 * Piece::BYTES as u64 + 8 + 8 + 4;

/// The index of a review.
#[derive(Debug)]
pub struct RecordIndex {
    pub(super) dir: PathBuf,
    path: PathBuf,
    file: File,
    /// What it says of itself.
    about: About,
    /// Where the patients are, in the order of their ids.
    heads: Vec<Piece>,
    rows: u64,
}

/// All ids of a person, and the rows about any of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// The id that was asked for, then the others.
    pub(super) ids: Vec<String>,
    /// In order.
    pub(super) rows: Vec<u32>,
}

/// A patient as the index has it.
struct Entry {
    rows: Piece,
    count: u32,
    person: Piece,
}

impl RecordIndex {
    /// Opens the index in the folder of a review.
    ///
    /// # Errors
    /// When there is no finished review, no index, or none that can be believed.
    pub fn open(dir: &Path) -> Result<Self, IndexFault> {
        let path = dir.join(FILE);
        if !dir.join(SUMMARY).is_file() {
            return Err(IndexFault::NoReview { dir: dir.to_owned() });
        }
        let file = File::open(&path).map_err(|source| match source.kind() {
            ErrorKind::NotFound => IndexFault::NoIndex { dir: dir.to_owned() },
            _ => IndexFault::Read { path: path.clone(), source },
        })?;
        let bytes = file.metadata().map_err(|source| IndexFault::Read { path: path.clone(), source })?.len();
        let damaged = || IndexFault::Damaged { path: path.clone() };
        let head = read(&file, &path, 0, (MAGIC.len() + 4).min(usize::try_from(bytes).unwrap_or(usize::MAX)))?;
        let known: Vec<u8> = MAGIC.iter().copied().chain(VERSION.to_le_bytes()).collect();
        match head.len() == known.len() {
            true if head == known => {}
            false if known.starts_with(&head) => return Err(damaged()),
            _ => return Err(IndexFault::Version { path }),
        }
        let foot_at = bytes.checked_sub(FOOT_BYTES).ok_or_else(damaged)?;
        let foot = read(&file, &path, foot_at, usize::try_from(FOOT_BYTES).unwrap_or(usize::MAX))?;
        let (heads, about, rows) = ends(&foot, foot_at).ok_or_else(damaged)?;
        let heads = piece(&file, &path, heads)?;
        let heads = taken_heads(&heads).ok_or_else(damaged)?;
        let about = piece(&file, &path, about)?;
        let about = serde_json::from_slice(&about).map_err(|_| damaged())?;
        Ok(Self { dir: dir.to_owned(), path, file, about, heads, rows })
    }

    /// What it says of itself.
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// Whether these are the files that the review was made of.
    ///
    /// # Errors
    /// When they are not, or the files of the review have changed since.
    pub fn check(&self, accesses: &Path, context: &Path) -> Result<(), IndexFault> {
        let of = |looked: std::io::Result<Result<(), PathBuf>>, path: &Path| match looked {
            Ok(Ok(())) => Ok(()),
            Ok(Err(path)) => Err(IndexFault::OtherFile { path }),
            Err(source) => Err(IndexFault::Read { path: path.to_owned(), source }),
        };
        of(self.about.is_beside(&self.dir), &self.dir)?;
        of(self.about.is_of(accesses, context), accesses)
    }

    /// All ids of a person, and the rows about them; none when the review knows no such patient.
    pub(super) fn person(&self, patient: &str) -> Result<Option<Person>, IndexFault> {
        let Some(entry) = self.entry(patient)? else { return Ok(None) };
        let mut ids = vec![patient.to_owned()];
        let mut rows = self.rows_of(&entry)?;
        if entry.person.bytes > 0 {
            let bytes = piece(&self.file, &self.path, entry.person)?;
            let all = taken_ids(&bytes).ok_or_else(|| self.damaged())?;
            for other in all.into_iter().filter(|id| id != patient) {
                let entry = self.entry(&other)?.ok_or_else(|| self.damaged())?;
                rows.extend(self.rows_of(&entry)?);
                ids.push(other);
            }
            rows.sort_unstable();
        }
        Ok(Some(Person { ids, rows }))
    }

    /// The place with a number, and the one behind it, where its rows end.
    pub(super) fn place(&self, number: u32, held: &mut Held) -> Result<(Place, Place), IndexFault> {
        Ok((self.one_place(number, held)?, self.one_place(number + 1, held)?))
    }

    fn one_place(&self, number: u32, held: &mut Held) -> Result<Place, IndexFault> {
        let places_max = self.rows.div_ceil(u64::from(ROWS)) + 1;
        let number = Some(u64::from(number)).filter(|number| *number < places_max).ok_or_else(|| self.damaged())?;
        let (page, place) = (number / PLACES as u64, number % PLACES as u64);
        if held.page != Some(page) {
            let at = (page + 1) * PAGE_BYTES as u64;
            held.places = places(&read(&self.file, &self.path, at, PAGE_BYTES)?).ok_or_else(|| self.damaged())?;
            held.page = Some(page);
        }
        let place = usize::try_from(place).ok().and_then(|place| held.places.get(place));
        place.copied().ok_or_else(|| self.damaged())
    }

    /// Looks for a patient: the last piece that begins with no later id would have it.
    fn entry(&self, patient: &str) -> Result<Option<Entry>, IndexFault> {
        let (mut from, mut until) = (0, self.heads.len());
        let mut bytes = Vec::new();
        while from < until {
            let middle = from + (until - from) / 2;
            let head = self.heads.get(middle).copied().unwrap_or_default();
            let looked = piece(&self.file, &self.path, head)?;
            let first = codec::take_bytes(&mut looked.as_slice()).ok_or_else(|| self.damaged())?;
            if first <= patient.as_bytes() {
                (from, bytes) = (middle + 1, looked);
            } else {
                until = middle;
            }
        }
        let rest = &mut bytes.as_slice();
        while !rest.is_empty() {
            let (id, entry) = taken_entry(rest).ok_or_else(|| self.damaged())?;
            if id == patient.as_bytes() {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    fn rows_of(&self, entry: &Entry) -> Result<Vec<u32>, IndexFault> {
        let bytes = piece(&self.file, &self.path, entry.rows)?;
        let (from, mut row, mut out) = (&mut bytes.as_slice(), 0_u32, Vec::new());
        while !from.is_empty() {
            let step = take_number(from).and_then(|step| row.checked_add(step));
            row = step.filter(|row| u64::from(*row) <= self.rows).ok_or_else(|| self.damaged())?;
            out.push(row);
        }
        if out.len() as u64 == u64::from(entry.count) { Ok(out) } else { Err(self.damaged()) }
    }

    pub(super) fn damaged(&self) -> IndexFault {
        IndexFault::Damaged { path: self.path.clone() }
    }
}

/// The page of places that was read last.
#[derive(Debug, Default)]
pub(super) struct Held {
    page: Option<u64>,
    places: Vec<Place>,
}

/// What the end of the file says: where the heads are, where what it says of itself, and how many rows there are.
fn ends(foot: &[u8], foot_at: u64) -> Option<(Piece, Piece, u64)> {
    let (mut rest, mut checksum) = foot.split_at_checked(foot.len().checked_sub(4)?)?;
    if u32::from_le_bytes(codec::take(&mut checksum)?) != crc32fast::hash(rest) {
        return None;
    }
    let from = &mut rest;
    let (heads, about) = (Piece::take(from)?, Piece::take(from)?);
    let (rows, at) = (codec::take_u64(from)?, codec::take_u64(from)?);
    (at == foot_at).then_some((heads, about, rows))
}

fn taken_heads(mut bytes: &[u8]) -> Option<Vec<Piece>> {
    let mut heads = Vec::with_capacity(bytes.len() / Piece::BYTES);
    while !bytes.is_empty() {
        heads.push(Piece::take(&mut bytes)?);
    }
    Some(heads)
}

fn taken_ids(mut bytes: &[u8]) -> Option<Vec<String>> {
    let from = &mut bytes;
    let count = codec::take_len(from, 8)?;
    (0..count).map(|_| String::from_utf8(codec::take_bytes(from)?.to_vec()).ok()).collect()
}

fn taken_entry<'a>(from: &mut &'a [u8]) -> Option<(&'a [u8], Entry)> {
    let id = codec::take_bytes(from)?;
    let rows = Piece::take(from)?;
    let count = u32::from_le_bytes(codec::take(from)?);
    Some((id, Entry { rows, count, person: Piece::take(from)? }))
}

/// Reads a piece of the file. One that says more than the file has is damaged before any memory is asked for.
fn piece(file: &File, path: &Path, piece: Piece) -> Result<Vec<u8>, IndexFault> {
    let damaged = || IndexFault::Damaged { path: path.to_owned() };
    let length = file.metadata().map_err(|source| IndexFault::Read { path: path.to_owned(), source })?.len();
    let end = piece.at.checked_add(u64::from(piece.bytes)).filter(|end| *end <= length);
    end.ok_or_else(damaged)?;
    let bytes = read(file, path, piece.at, piece.bytes as usize)?;
    if piece.holds(&bytes) { Ok(bytes) } else { Err(damaged()) }
}

fn read(file: &File, path: &Path, at: u64, count: usize) -> Result<Vec<u8>, IndexFault> {
    let mut bytes = vec![0; count];
    match file.read_exact_at(&mut bytes, at) {
        Ok(()) => Ok(bytes),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(IndexFault::Damaged { path: path.to_owned() }),
        Err(source) => Err(IndexFault::Read { path: path.to_owned(), source }),
    }
}
