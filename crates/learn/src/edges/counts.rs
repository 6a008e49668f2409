//! Two count-min sketches over the same buckets: what was counted lately, and what was counted since the start.
//!
//! Source: Cormode and Muthukrishnan, "An improved data stream summary", J. Algorithms 55, 2005: a count read as the least over rows is never below the true one.

use cordon_stats::codec::{put_len, put_u64, take_len};

use crate::drift::take_finite;
use crate::{Damaged, Snapshot};

/// Most rows: a hash of 64 bits is cut into so many places.
pub(super) const ROWS_MAX: usize = 4;

/// Most buckets of a row: a place has 16 bits.
pub(super) const BUCKETS_MAX: usize = 1 << 16;

/// A total below this is forgotten and the bucket as good as new.
const FORGOTTEN: f64 = 1.0 / 16.0;

/// Rows and buckets of a sketch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    rows: usize,
    buckets: usize,
}

impl Shape {
    /// The nearest shape that is allowed: 1 to 4 rows, 16 to 65,536 buckets, a power of two.
    pub(super) fn near(rows: usize, buckets: usize) -> Self {
        let buckets = buckets.clamp(16, BUCKETS_MAX).next_power_of_two();
        Self { rows: rows.clamp(1, ROWS_MAX), buckets }
    }

    pub(super) const fn rows(self) -> usize {
        self.rows
    }

    pub(super) const fn buckets(self) -> usize {
        self.buckets
    }

    const fn cells(self) -> usize {
        self.rows * self.buckets
    }

    /// One place in each row.
    fn places(self, hash: u64) -> impl Iterator<Item = usize> {
        (0..self.rows).map(move |row| {
            let cut = usize::try_from((hash >> (16 * row)) & 0xffff).unwrap_or(0);
            row * self.buckets + (cut & (self.buckets - 1))
        })
    }
}

/// Counts of one kind of thing: edges, or sources, or destinations.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Counts {
    shape: Shape,
    /// Of the running tick, and what is left of earlier ones.
    current: Vec<f64>,
    /// Since the start.
    total: Vec<f64>,
    /// The score that was given last; empty when nothing is filtered.
    last: Vec<f64>,
}

/// How a tick is closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    /// What of the current counts stays.
    pub(super) current_factor: f64,
    /// What of the totals stays.
    pub(super) total_factor: f64,
    /// Scores from here on are not learnt.
    pub(super) threshold: f64,
    /// What a bucket that is not learnt counts instead, as a share of its total: one tick of its own mean.
    pub(super) mean_share: f64,
    /// Times its own mean that such a bucket counts at most.
    pub(super) learnt_max: f64,
}

impl Counts {
    pub(super) fn new(shape: Shape, filtered: bool) -> Self {
        let cells = shape.cells();
        let last = if filtered { vec![0.0; cells] } else { Vec::new() };
        Self { shape, current: vec![0.0; cells], total: vec![0.0; cells], last }
    }

    /// Counts one in the current sketch, and in the total when `in_total`; gives both counts, this one included where it was counted.
    pub(super) fn count(&mut self, hash: u64, in_total: bool) -> (f64, f64) {
        let add = if in_total { 1.0 } else { 0.0 };
        let (mut current_least, mut total_least) = (f64::INFINITY, f64::INFINITY);
        for place in self.shape.places(hash) {
            if let (Some(current), Some(total)) = (self.current.get_mut(place), self.total.get_mut(place)) {
                *current += 1.0;
                *total += add;
                current_least = current_least.min(*current);
                total_least = total_least.min(*total);
            }
        }
        (current_least, total_least)
    }

    /// The current count of a hash, without counting it.
    pub(super) fn peek(&self, hash: u64) -> f64 {
        let counts = self.shape.places(hash).filter_map(|place| self.current.get(place));
        counts.fold(f64::INFINITY, |least, count| least.min(*count))
    }

    /// Makes the current count of a hash the mean over `past` ticks where it is above the mean.
    pub(super) fn accept(&mut self, hash: u64, past: f64) {
        for place in self.shape.places(hash) {
            if let (Some(current), Some(total)) = (self.current.get(place), self.total.get_mut(place)) {
                *total = total.max(current * past);
            }
            if let Some(last) = self.last.get_mut(place) {
                *last = 0.0;
            }
        }
    }

    /// Remembers the score of a hash in its buckets.
    pub(super) fn remember(&mut self, hash: u64, score: f64) {
        for place in self.shape.places(hash) {
            if let Some(last) = self.last.get_mut(place) {
                *last = score;
            }
        }
    }

    /// Closes a tick whose counts are in the totals already.
    pub(super) fn fade(&mut self, closing: &Closing) {
        self.current.iter_mut().for_each(|count| *count *= closing.current_factor);
        if closing.total_factor < 1.0 {
            self.total.iter_mut().for_each(|count| *count = faded(*count, closing.total_factor));
        }
    }

    /// Closes a tick: buckets whose last score is below the threshold are learnt, others repeat at most a multiple of their own mean.
    pub(super) fn merge_and_fade(&mut self, closing: &Closing) {
        let totals = self.total.iter_mut().zip(&mut self.current);
        for ((total, current), last) in totals.zip(&self.last) {
            let own = *total * closing.mean_share;
            let clipped = current.min(own * closing.learnt_max).max(own);
            let learnt = if *last < closing.threshold { *current } else { clipped };
            *total = faded(*total + learnt, closing.total_factor);
            *current *= closing.current_factor;
        }
    }

    /// Adds the counts of another one of the same shape; the higher last score stays.
    pub(super) fn add(&mut self, other: &Self) {
        let pairs = self.current.iter_mut().zip(&other.current).chain(self.total.iter_mut().zip(&other.total));
        pairs.for_each(|(own, others)| *own += others);
        self.last.iter_mut().zip(&other.last).for_each(|(own, others)| *own = own.max(*others));
    }

    /// Whether both are of one shape and both remember scores or neither does.
    pub(super) fn alike(&self, other: &Self) -> bool {
        self.shape == other.shape && self.last.len() == other.last.len()
    }

    pub(super) const fn shape(&self) -> Shape {
        self.shape
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + (self.current.len() + self.total.len() + self.last.len()) * size_of::<f64>()
    }
}

fn faded(count: f64, factor: f64) -> f64 {
    let left = count * factor;
    if left < FORGOTTEN { 0.0 } else { left }
}

impl Snapshot for Counts {
    fn write(&self, out: &mut Vec<u8>) {
        put_len(out, self.shape.rows);
        put_len(out, self.shape.buckets);
        for cells in [&self.current, &self.total, &self.last] {
            put_len(out, cells.len());
            cells.iter().for_each(|cell| put_u64(out, cell.to_bits()));
        }
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let mut len = || take_len(from, 0).ok_or(Damaged("the shape of a sketch"));
        let (rows, buckets) = (len()?, len()?);
        let shape = Shape::near(rows, buckets);
        if (shape.rows, shape.buckets) != (rows, buckets) {
            return Err(Damaged("1 to 4 rows of a power of two of buckets"));
        }
        let (current, total, last) = (cells(from)?, cells(from)?, cells(from)?);
        let whole = |cells: &Vec<f64>| cells.len() == shape.cells();
        if !whole(&current) || !whole(&total) || !(last.is_empty() || whole(&last)) {
            return Err(Damaged("as many counts as the sketch has buckets"));
        }
        Ok(Self { shape, current, total, last })
    }
}

fn cells(from: &mut &[u8]) -> Result<Vec<f64>, Damaged> {
    let len = take_len(from, size_of::<f64>()).ok_or(Damaged("the counts of a sketch"))?;
    let cells: Vec<f64> = (0..len).map(|_| take_finite(from)).collect::<Result<_, _>>()?;
    if cells.iter().any(|cell| *cell < 0.0) { Err(Damaged("counts that are not negative")) } else { Ok(cells) }
}
