//! Puts matches of many files into one order, (time, source, position, index), in bounded memory: an external merge sort.
//!
//! In: records of bytes under a key, in any order. Out: the same in rising order, equal keys by their bytes, so that the order depends on what was put
//! in and not on threads. What does not fit in memory goes out as sorted runs through [`Spill`], which the caller implements over files: this room
//! touches none.

use cordon_model::{Position, Time};
use cordon_stats::codec;

use super::{EventRef, Match};

/// What matches are ordered by: fields in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderKey {
    /// When the event happened.
    pub time: Time,
    /// Number of the source; sources are numbered in the order of their ids, so that it orders as the ids do.
    pub source: u32,
    /// Where the RawRecord stands in its source.
    pub position: Position,
    /// Which of the records of its RawRecord.
    pub index: u32,
}

/// Where sorted runs go. Runs are numbered from 0 in the order in which they are begun; one is written at a time, those before it are read.
pub trait Spill {
    /// What can go wrong with it.
    type Error;

    /// Begins a run; the next [`Spill::write`] goes to its start.
    ///
    /// # Errors
    /// When there is no room for it.
    fn begin(&mut self) -> Result<(), Self::Error>;

    /// Appends to the run begun last.
    ///
    /// # Errors
    /// When not all of it could be written.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;

    /// Reads from run `run` at byte `offset` and says how many bytes came; 0 only at its end.
    ///
    /// # Errors
    /// When the run cannot be read.
    fn read(&mut self, run: usize, offset: u64, buffer: &mut [u8]) -> Result<usize, Self::Error>;

    /// Says that a run is read no more: its room can be used again.
    fn forget(&mut self, run: usize);
}

/// Why sorting stopped.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError<E> {
    /// The spill failed.
    #[error("cannot spill matches: {0}")]
    Spill(E),
    /// A run does not read back as it was written.
    #[error("spilled matches are damaged: the temporary files were changed while in use")]
    Damaged,
    /// One match does not fit.
    #[error("a match of {0} bytes is larger than {max} bytes", max = OrderedMatches::<()>::RECORD_BYTES_MAX)]
    TooLarge(usize),
}

/// Takes in records and gives them back in order.
#[derive(Debug)]
pub struct OrderedMatches<S> {
    spill: S,
    bytes_max: usize,
    bytes: Vec<u8>,
    /// Key, start and length of each record in `bytes`.
    records: Vec<(OrderKey, usize, usize)>,
    /// The runs that still hold records, and the number of the next.
    runs: Vec<usize>,
    runs_begun: usize,
}

impl<S> OrderedMatches<S> {
    /// Most bytes of one record.
    pub const RECORD_BYTES_MAX: usize = 1 << 20;
    /// Most runs merged at once; when there are so many they are merged into one.
    pub const RUNS_MAX: usize = 32;
    /// Bytes read from a run at once; grows to the largest record.
    pub const READ_BYTES: usize = 64 << 10;
}

impl<S: Spill> OrderedMatches<S> {
    /// Nothing yet. At most `bytes_max` bytes of records and keys stay in memory; merging takes [`Self::READ_BYTES`] per run besides.
    #[must_use]
    pub fn new(spill: S, bytes_max: usize) -> Self {
        Self { spill, bytes_max, bytes: Vec::new(), records: Vec::new(), runs: Vec::new(), runs_begun: 0 }
    }

    /// Takes in a record.
    ///
    /// # Errors
    /// When it is too large or the spill fails.
    pub fn push(&mut self, key: OrderKey, record: &[u8]) -> Result<(), OrderError<S::Error>> {
        if record.len() > Self::RECORD_BYTES_MAX {
            return Err(OrderError::TooLarge(record.len()));
        }
        self.records.push((key, self.bytes.len(), record.len()));
        self.bytes.extend_from_slice(record);
        if self.bytes.len() + self.records.len() * size_of::<(OrderKey, usize, usize)>() > self.bytes_max {
            self.spill_records()?;
        }
        Ok(())
    }

    /// How many runs were spilled so far, merged ones included.
    #[must_use]
    pub fn runs_spilled(&self) -> usize {
        self.runs_begun
    }

    /// Gives every record to `each` in order and ends.
    ///
    /// # Errors
    /// When the spill fails or a run is damaged.
    pub fn finish(mut self, mut each: impl FnMut(OrderKey, &[u8])) -> Result<(), OrderError<S::Error>> {
        if self.runs.is_empty() {
            self.sort();
            self.records.iter().for_each(|(key, start, len)| each(*key, slice(&self.bytes, *start, *len)));
            return Ok(());
        }
        self.spill_records()?;
        let mut merge = Merge::new(&self.runs);
        while let Some((key, record)) = merge.next(&mut self.spill)? {
            each(key, record);
        }
        self.runs.iter().for_each(|run| self.spill.forget(*run));
        Ok(())
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        self.records.sort_unstable_by(|(a, a_start, a_len), (b, b_start, b_len)| {
            a.cmp(b).then_with(|| slice(bytes, *a_start, *a_len).cmp(slice(bytes, *b_start, *b_len)))
        });
    }

    fn spill_records(&mut self) -> Result<(), OrderError<S::Error>> {
        if self.records.is_empty() {
            return Ok(());
        }
        self.sort();
        self.begin()?;
        let mut block = Vec::with_capacity(Self::READ_BYTES);
        for (key, start, len) in &self.records {
            write_record(&mut block, *key, slice(&self.bytes, *start, *len));
            flush(&mut self.spill, &mut block, Self::READ_BYTES)?;
        }
        flush(&mut self.spill, &mut block, 0)?;
        self.bytes.clear();
        self.records.clear();
        if self.runs.len() >= Self::RUNS_MAX { self.merge_runs() } else { Ok(()) }
    }

    fn begin(&mut self) -> Result<(), OrderError<S::Error>> {
        self.spill.begin().map_err(OrderError::Spill)?;
        self.runs.push(self.runs_begun);
        self.runs_begun += 1;
        Ok(())
    }

    /// Makes one run of all.
    fn merge_runs(&mut self) -> Result<(), OrderError<S::Error>> {
        let merged = std::mem::take(&mut self.runs);
        self.begin()?;
        let mut merge = Merge::new(&merged);
        let mut block = Vec::with_capacity(Self::READ_BYTES);
        while let Some((key, record)) = merge.next(&mut self.spill)? {
            write_record(&mut block, key, record);
            flush(&mut self.spill, &mut block, Self::READ_BYTES)?;
        }
        flush(&mut self.spill, &mut block, 0)?;
        merged.into_iter().for_each(|run| self.spill.forget(run));
        Ok(())
    }
}

/// Writes the block out when it is at least `full` bytes long.
fn flush<S: Spill>(spill: &mut S, block: &mut Vec<u8>, full: usize) -> Result<(), OrderError<S::Error>> {
    if block.len() >= full && !block.is_empty() {
        spill.write(block).map_err(OrderError::Spill)?;
        block.clear();
    }
    Ok(())
}

fn slice(bytes: &[u8], start: usize, len: usize) -> &[u8] {
    bytes.get(start..start + len).unwrap_or_default()
}

/// A record under its key.
type Keyed<'a> = (OrderKey, &'a [u8]);

/// Reads several runs at once, the smallest record first.
struct Merge {
    readers: Vec<Reader>,
    /// The reader whose record was given out last.
    given: Option<usize>,
}

/// One run being read: its next record is at the front of `bytes[at..]`.
struct Reader {
    run: usize,
    offset: u64,
    bytes: Vec<u8>,
    at: usize,
    key: Option<OrderKey>,
    /// Start and length of the next record.
    record: (usize, usize),
}

impl Merge {
    fn new(runs: &[usize]) -> Self {
        let reader = |run: &usize| Reader { run: *run, offset: 0, bytes: Vec::new(), at: 0, key: None, record: (0, 0) };
        Self { readers: runs.iter().map(reader).collect(), given: None }
    }

    fn next<S: Spill>(&mut self, spill: &mut S) -> Result<Option<Keyed<'_>>, OrderError<S::Error>> {
        for (at, reader) in self.readers.iter_mut().enumerate() {
            if self.given.is_none_or(|given| given == at) {
                reader.advance(spill)?;
            }
        }
        let alive = self.readers.iter().enumerate().filter_map(|(at, reader)| Some((reader.key?, reader.record(), at)));
        self.given = Some(alive.min().map_or(usize::MAX, |(_, _, at)| at));
        let reader = self.given.and_then(|at| self.readers.get(at));
        Ok(reader.and_then(|reader| Some((reader.key?, reader.record()))))
    }
}

impl Reader {
    fn record(&self) -> &[u8] {
        slice(&self.bytes, self.record.0, self.record.1)
    }

    /// Moves on to the next record; `key` becomes `None` at the end of the run.
    fn advance<S: Spill>(&mut self, spill: &mut S) -> Result<(), OrderError<S::Error>> {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let mut from = rest;
            if let Some((key, len)) = read_header(&mut from).filter(|(_, len)| *len <= from.len()) {
                let start = self.at + rest.len() - from.len();
                self.key = Some(key);
                self.record = (start, len);
                self.at = start + len;
                return Ok(());
            }
            if !self.fill(spill)? {
                return self.end();
            }
        }
    }

    /// The run is over; what is left of it must be nothing.
    fn end<E>(&mut self) -> Result<(), OrderError<E>> {
        self.key = None;
        if self.at == self.bytes.len() { Ok(()) } else { Err(OrderError::Damaged) }
    }

    /// Reads a block more behind what is left. `false` at the end of the run.
    fn fill<S: Spill>(&mut self, spill: &mut S) -> Result<bool, OrderError<S::Error>> {
        self.bytes.drain(..self.at);
        self.at = 0;
        let kept = self.bytes.len();
        if kept > OrderedMatches::<S>::RECORD_BYTES_MAX + HEADER_BYTES {
            return Err(OrderError::Damaged);
        }
        self.bytes.resize(kept + OrderedMatches::<S>::READ_BYTES, 0);
        let room = self.bytes.get_mut(kept..).unwrap_or_default();
        let came = spill.read(self.run, self.offset, room).map_err(OrderError::Spill)?.min(room.len());
        self.bytes.truncate(kept + came);
        self.offset += came as u64;
        Ok(came > 0)
    }
}

/// Length, time, source, index, position (a tag and two numbers).
const HEADER_BYTES: usize = 8 * 4 + 1 + 8 * 2;

fn write_record(out: &mut Vec<u8>, key: OrderKey, record: &[u8]) {
    codec::put_len(out, record.len());
    codec::put_i64(out, key.time.0);
    codec::put_u64(out, u64::from(key.source));
    codec::put_u64(out, u64::from(key.index));
    let (tag, chunk, number) = match key.position {
        Position::Offset(offset) => (0, 0, offset),
        Position::Chunk { chunk, record } => (1, chunk, record),
    };
    out.push(tag);
    codec::put_u64(out, u64::from(chunk));
    codec::put_u64(out, number);
    out.extend_from_slice(record);
}

/// The key and the length of the record that follows.
fn read_header(from: &mut &[u8]) -> Option<(OrderKey, usize)> {
    let len = usize::try_from(codec::take_u64(from)?).ok()?;
    let time = Time(codec::take_i64(from)?);
    let source = u32::try_from(codec::take_u64(from)?).ok()?;
    let index = u32::try_from(codec::take_u64(from)?).ok()?;
    let [tag] = codec::take(from)?;
    let chunk = u32::try_from(codec::take_u64(from)?).ok()?;
    let number = codec::take_u64(from)?;
    let position = if tag == 0 { Position::Offset(number) } else { Position::Chunk { chunk, record: number } };
    Some((OrderKey { time, source, position, index }, len))
}

impl Match<'_> {
    /// Appends the match as bytes: what the caller puts under its [`OrderKey`].
    pub fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, u64::from(self.rule));
        codec::put_i64(out, self.time.0);
        codec::put_u64(out, self.event.0);
        codec::put_len(out, self.values.len());
        for value in self.values {
            out.push(u8::from(value.is_some()));
            codec::put_bytes(out, value.unwrap_or_default().as_bytes());
        }
    }

    /// Reads what [`Match::write`] wrote; its values are put into `values`, which must be empty. `None` when the bytes are damaged.
    pub fn read<'v, 'a: 'v>(mut from: &'a [u8], values: &'v mut Vec<Option<&'a str>>) -> Option<Match<'v>> {
        let from = &mut from;
        let rule = u32::try_from(codec::take_u64(from)?).ok()?;
        let (time, event) = (Time(codec::take_i64(from)?), EventRef(codec::take_u64(from)?));
        for _ in 0..codec::take_len(from, 9)? {
            let present = codec::take(from)? == [1];
            let text = str::from_utf8(codec::take_bytes(from)?).ok()?;
            values.push(present.then_some(text));
        }
        Some(Match { rule, time, event, values })
    }
}
