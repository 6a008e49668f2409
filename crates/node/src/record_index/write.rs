//! Writes the index: first the places, while the review writes what it found, then the rows of each patient, then the patients in the order of their ids.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Write};

use cordon_privacy::{RecordId, Review};
use cordon_stats::codec;

use super::about::About;
use super::block::{Piece, Pieces, put_number};
use super::gather::{Gather, Gathered, START_BYTES};
use super::lines::Ends;
use super::places::{PAGE_BYTES, PLACES, Place, page};
use super::{MAGIC, VERSION};

/// Bytes of a run that are read at a time.
const BUFFER: usize = 1 << 18;
/// Bytes of patients that are found together.
const PATIENTS_BYTES: usize = 4096;

/// Writes an index.
pub struct IndexWriter {
    to: Pieces<BufWriter<File>>,
    gathered: Gathered,
    /// Places of the page that is not full.
    page: Vec<Place>,
    places: u32,
}

impl std::fmt::Debug for IndexWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IndexWriter").finish_non_exhaustive()
    }
}

/// What is known of a patient.
#[derive(Clone, Copy, Default)]
struct Known {
    rows: Piece,
    count: u32,
    person: Piece,
}

impl IndexWriter {
    /// Begins an index of what was gathered.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(gather: Gather, out: BufWriter<File>) -> io::Result<Self> {
        let mut to = Pieces { out, at: 0 };
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&VERSION.to_le_bytes());
        head.resize(PAGE_BYTES, 0);
        to.write(&head)?;
        Ok(Self { to, gathered: gather.finish()?, page: Vec::with_capacity(PLACES), places: 0 })
    }

    /// Says where the line of a row begins in `explanations.csv`, and in `withheld.csv` if it has one there. Rows come in their order; some may have no line.
    ///
    /// # Errors
    /// When the index cannot be written.
    pub fn line(&mut self, row: u32, explanations: u64, withheld: u64) -> io::Result<()> {
        while self.places <= Place::of_row(row) && self.place(explanations, withheld)? {}
        Ok(())
    }

    /// The next place; whether there is one.
    fn place(&mut self, explanations: u64, withheld: u64) -> io::Result<bool> {
        if u64::from(self.places) * u64::from(super::places::ROWS) >= u64::from(self.gathered.rows) {
            return Ok(false);
        }
        let mut start = [0; START_BYTES];
        self.gathered.starts.read_exact(&mut start)?;
        let from = &mut start.as_slice();
        let accesses = codec::take_u64(from).unwrap_or_default();
        let checksum = codec::take(from).map_or(0, u32::from_le_bytes);
        self.put(Place { accesses, explanations, withheld, checksum })?;
        Ok(true)
    }

    fn put(&mut self, place: Place) -> io::Result<()> {
        self.page.push(place);
        self.places += 1;
        if self.page.len() == PLACES {
            self.to.write(&page(&self.page)?)?;
            self.page.clear();
        }
        Ok(())
    }

    /// Writes the rest, and gives back what it was written to. `ends` says how long the files are that the review wrote.
    ///
    /// # Errors
    /// When it cannot be written, or temporary files cannot be read.
    pub fn finish(mut self, review: &Review, about: &About, ends: Ends) -> io::Result<BufWriter<File>> {
        while self.place(ends.explanations, ends.withheld)? {}
        let (explanations, withheld) = (ends.explanations, ends.withheld);
        self.put(Place { accesses: self.gathered.end, explanations, withheld, checksum: 0 })?;
        if !self.page.is_empty() {
            self.to.write(&page(&self.page)?)?;
        }
        let mut known = rows(&mut self.to, std::mem::take(&mut self.gathered.runs), review.record_ids().count())?;
        persons(&mut self.to, review, &mut known)?;
        let heads = patients(&mut self.to, review, &known)?;
        let heads = self.to.write(&heads)?;
        let about = self.to.write(&serde_json::to_vec(about)?)?;
        let mut foot = Vec::new();
        heads.put(&mut foot);
        about.put(&mut foot);
        codec::put_u64(&mut foot, u64::from(self.gathered.rows));
        codec::put_u64(&mut foot, self.to.at);
        let checksum = crc32fast::hash(&foot);
        foot.extend_from_slice(&checksum.to_le_bytes());
        self.to.write(&foot)?;
        self.to.out.flush()?;
        Ok(self.to.out)
    }
}

/// Pairs of patient and row, in their order.
struct Run {
    from: BufReader<File>,
    next: Option<u64>,
}

impl Run {
    fn of(file: File) -> io::Result<Self> {
        let mut run = Self { from: BufReader::with_capacity(BUFFER, file), next: None };
        run.step()?;
        Ok(run)
    }

    fn step(&mut self) -> io::Result<()> {
        let mut bytes = [0; 8];
        self.next = match self.from.read_exact(&mut bytes) {
            Ok(()) => Some(u64::from_le_bytes(bytes)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) => return Err(error),
        };
        Ok(())
    }

    /// The next row of a patient.
    fn row_of(&mut self, patient: u32) -> io::Result<Option<u32>> {
        let Some(pair) = self.next.filter(|pair| pair >> 32 == u64::from(patient)) else { return Ok(None) };
        self.step()?;
        Ok(u32::try_from(pair & u64::from(u32::MAX)).ok())
    }
}

/// Writes the rows of each patient: steps from one to the next. Rows of a run all lie behind those of the run before, so they come in order run by run.
fn rows<W: Write>(to: &mut Pieces<W>, runs: Vec<File>, patients: usize) -> io::Result<Vec<Known>> {
    let mut runs: Vec<Run> = runs.into_iter().map(Run::of).collect::<io::Result<_>>()?;
    let mut out = vec![Known::default(); patients];
    let mut steps = Vec::new();
    for (patient, known) in (0..).zip(&mut out) {
        steps.clear();
        let mut before = 0;
        for run in &mut runs {
            while let Some(row) = run.row_of(patient)? {
                put_number(&mut steps, row.saturating_sub(before));
                before = row;
                known.count += 1;
            }
        }
        if known.count > 0 {
            known.rows = to.write(&steps)?;
        }
    }
    Ok(out)
}

/// Writes the ids of each person who has several.
fn persons<W: Write>(to: &mut Pieces<W>, review: &Review, known: &mut [Known]) -> io::Result<()> {
    let mut of_person: Vec<(u32, RecordId<'_>)> = review.record_ids().filter_map(|id| Some((id.person?, id))).collect();
    of_person.sort_unstable_by_key(|(person, id)| (*person, id.number));
    for ids in of_person.chunk_by(|one, other| one.0 == other.0).filter(|ids| ids.len() > 1) {
        let mut bytes = Vec::new();
        codec::put_len(&mut bytes, ids.len());
        ids.iter().for_each(|(_, id)| codec::put_bytes(&mut bytes, id.id.as_bytes()));
        let person = to.write(&bytes)?;
        for (_, id) in ids {
            if let Some(known) = known.get_mut(id.number as usize) {
                known.person = person;
            }
        }
    }
    Ok(())
}

/// Writes the patients in the order of their ids, in pieces; where each of these is.
fn patients<W: Write>(to: &mut Pieces<W>, review: &Review, known: &[Known]) -> io::Result<Vec<u8>> {
    let mut ids: Vec<RecordId<'_>> = review.record_ids().collect();
    ids.sort_unstable_by_key(|id| id.id);
    let (mut heads, mut bytes) = (Vec::new(), Vec::new());
    for id in ids {
        let known = known.get(id.number as usize).copied().unwrap_or_default();
        codec::put_bytes(&mut bytes, id.id.as_bytes());
        known.rows.put(&mut bytes);
        bytes.extend_from_slice(&known.count.to_le_bytes());
        known.person.put(&mut bytes);
        if bytes.len() >= PATIENTS_BYTES {
            to.write(&bytes)?.put(&mut heads);
            bytes.clear();
        }
    }
    if !bytes.is_empty() {
        to.write(&bytes)?.put(&mut heads);
    }
    Ok(heads)
}
