//! Whether something was ever seen before, in a fixed number of bits, forgetting what is long gone.
//!
//! Two Bloom filters (Bloom, CACM 13(7), 1970) of one size: one is written, the one before it is only read. After a number of ticks, or when the written one is half
//! full, the older is emptied and they change places. So what was seen is known for at least one such span and at most two, and at most
//! about 2 x 0.5^4 = 12 % of what is new is taken for known, in the worst moment; below 1 % while the filters are a quarter full.

use cordon_stats::codec::{put_len, put_u64, take_len, take_u64};

use super::fold;
use crate::{Damaged, Snapshot};

/// First word of a kept filter.
const VERSION: u64 = 0x0001_4e45_4553_5401;

/// Bits that one thing sets.
const PROBES: u64 = 4;

/// Sizes of a [`FirstSeen`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstSeenConfig {
    /// Bits of each of the two filters, 1,024 to 2^32, rounded up to a power of two. It holds about a sixth of that number of things.
    pub bits: usize,
    /// Ticks after which the older filter is emptied; at least 1.
    pub span_ticks: u64,
}

impl Default for FirstSeenConfig {
    /// 2 x 128 KiB for some 180,000 things, 30 days of minutes.
    fn default() -> Self {
        Self { bits: 1 << 20, span_ticks: 43_200 }
    }
}

/// Remembers what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstSeen {
    span_ticks: u64,
    written: Vec<u64>,
    read: Vec<u64>,
    /// Bits set in the written filter.
    set: usize,
    /// Tick from which the written filter is written; none before the first thing.
    since: Option<u64>,
    /// Times that it was full before its span was over.
    full_early: u64,
}

impl FirstSeen {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(config: FirstSeenConfig) -> Self {
        let words = config.bits.clamp(1 << 10, 1 << 32).next_power_of_two() / 64;
        Self {
            span_ticks: config.span_ticks.max(1),
            written: vec![0; words],
            read: vec![0; words],
            set: 0,
            since: None,
            full_early: 0,
        }
    }

    /// Whether the thing of this hash is new at `tick`; from now on it is known. A tick before the last one counts as that one.
    pub fn is_new(&mut self, hash: u64, tick: u64) -> bool {
        self.turn(tick);
        let bits = self.written.len() * 64;
        let step = fold(hash, 0x2d35_8dcc_aa6c_78a5) | 1;
        let (mut in_written, mut in_read) = (true, true);
        for probe in 0..PROBES {
            let mixed = hash.wrapping_add(step.wrapping_mul(probe));
            let place = usize::try_from(mixed % bits as u64).unwrap_or(0);
            let bit = 1_u64 << (place % 64);
            in_read &= self.read.get(place / 64).is_some_and(|word| word & bit != 0);
            if let Some(word) = self.written.get_mut(place / 64) {
                in_written &= *word & bit != 0;
                self.set += usize::from(*word & bit == 0);
                *word |= bit;
            }
        }
        !in_written && !in_read
    }

    fn turn(&mut self, tick: u64) {
        let since = *self.since.get_or_insert(tick);
        let spans = tick.saturating_sub(since) / self.span_ticks;
        let full = self.set * 2 > self.written.len() * 64;
        if spans == 0 && !full {
            return;
        }
        self.full_early = self.full_early.saturating_add(u64::from(spans == 0));
        std::mem::swap(&mut self.written, &mut self.read);
        self.written.fill(0);
        if spans > 1 {
            self.read.fill(0);
        }
        self.set = 0;
        self.since = Some(tick.max(since));
    }

    /// Times that more was seen than fits in one span: what was seen then is forgotten earlier.
    #[must_use]
    pub const fn full_early(&self) -> u64 {
        self.full_early
    }

    /// Adds what another one of the same size has seen; the older start of a span holds. False, and nothing done, when their sizes or spans differ.
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.written.len() != other.written.len() || self.span_ticks != other.span_ticks {
            return false;
        }
        self.written.iter_mut().zip(&other.written).for_each(|(own, others)| *own |= others);
        self.read.iter_mut().zip(&other.read).for_each(|(own, others)| *own |= others);
        self.set = ones(&self.written);
        self.since = match (self.since, other.since) {
            (Some(own), Some(others)) => Some(own.min(others)),
            (own, others) => own.or(others),
        };
        self.full_early = self.full_early.saturating_add(other.full_early);
        true
    }

    /// Bytes that it holds; the same for its whole life.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + (self.written.len() + self.read.len()) * size_of::<u64>()
    }
}

fn ones(words: &[u64]) -> usize {
    words.iter().map(|word| usize::try_from(word.count_ones()).unwrap_or(0)).sum()
}

impl Snapshot for FirstSeen {
    fn write(&self, out: &mut Vec<u8>) {
        put_u64(out, VERSION);
        put_u64(out, self.span_ticks);
        put_u64(out, self.full_early);
        put_u64(out, u64::from(self.since.is_some()));
        put_u64(out, self.since.unwrap_or(0));
        put_len(out, self.written.len());
        self.written.iter().chain(&self.read).for_each(|word| put_u64(out, *word));
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let number = |from: &mut &[u8]| take_u64(from).ok_or(Damaged("a count of a first-seen filter"));
        if number(from)? != VERSION {
            return Err(Damaged("a first-seen filter"));
        }
        let (span_ticks, full_early) = (number(from)?, number(from)?);
        let begun = number(from)? == 1;
        let since = Some(number(from)?).filter(|_| begun);
        let words = take_len(from, 2 * size_of::<u64>()).ok_or(Damaged("the bits of a first-seen filter"))?;
        if span_ticks == 0 || !words.is_power_of_two() || words < (1 << 10) / 64 {
            return Err(Damaged("a span of ticks and a power of two of bits"));
        }
        let mut filter = || (0..words).map(|_| number(from)).collect::<Result<Vec<u64>, Damaged>>();
        let (written, read) = (filter()?, filter()?);
        let set = ones(&written);
        Ok(Self { span_ticks, written, read, set, since, full_early })
    }
}
