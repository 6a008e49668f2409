//! A distinct counter: exact up to [`DistinctCounter::EXACT_MAX`] different hashes, a HyperLogLog beyond.

use crate::{Hll, codec};

/// A count and whether it is exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Whether it came from a sketch.
    pub approximate: bool,
}

/// Counts different values by their 64-bit hashes ([`crate::sip64`]).
///
/// Exact means: one entry per different hash. Two of 4,096 values share a hash with a probability of about 5e-13. Beyond that the
/// counter is a HyperLogLog of precision 14: 16 KiB, standard error 0.81 %.
#[derive(Clone, Debug)]
pub struct DistinctCounter {
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Exact(HashTable),
    Sketch(Hll),
}

impl Default for DistinctCounter {
    fn default() -> Self {
        Self { state: State::Exact(HashTable::default()) }
    }
}

impl PartialEq for DistinctCounter {
    fn eq(&self, other: &Self) -> bool {
        match (&self.state, &other.state) {
            (State::Exact(mine), State::Exact(theirs)) => mine.sorted() == theirs.sorted(),
            (State::Sketch(mine), State::Sketch(theirs)) => mine == theirs,
            _ => false,
        }
    }
}

impl DistinctCounter {
    /// Up to how many different hashes the count is exact.
    pub const EXACT_MAX: usize = 4_096;
    /// Precision of the sketch beyond.
    pub const PRECISION: u8 = 14;

    /// Takes in one hash.
    pub fn insert(&mut self, hash: u64) {
        match &mut self.state {
            State::Exact(table) => {
                table.insert(hash);
                if table.len > Self::EXACT_MAX {
                    self.sketch();
                }
            }
            State::Sketch(sketch) => {
                sketch.insert(hash);
            }
        }
    }

    /// How many different hashes were inserted.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        match &self.state {
            State::Exact(table) => {
                Estimate { value: f64::from(u32::try_from(table.len).unwrap_or(u32::MAX)), approximate: false }
            }
            State::Sketch(sketch) => Estimate { value: sketch.estimate().round(), approximate: true },
        }
    }

    /// Takes in all that `other` saw.
    pub fn merge(&mut self, other: &Self) {
        match &other.state {
            State::Exact(table) => table.hashes().for_each(|hash| self.insert(hash)),
            State::Sketch(theirs) => {
                if let State::Sketch(mine) = self.sketch() {
                    mine.merge(theirs);
                }
            }
        }
    }

    /// Bytes that the counter takes on the heap, by what it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.state {
            State::Exact(table) => table.slots.len() * size_of::<u64>(),
            State::Sketch(sketch) => sketch.bytes(),
        }
    }

    /// Appends the counter to a snapshot.
    pub fn write(&self, out: &mut Vec<u8>) {
        match &self.state {
            State::Exact(table) => {
                out.push(0);
                codec::put_len(out, table.len);
                table.sorted().into_iter().for_each(|hash| codec::put_u64(out, hash));
            }
            State::Sketch(sketch) => {
                out.push(1);
                sketch.write(out);
            }
        }
    }

    /// Reads what [`DistinctCounter::write`] wrote; `None` when it is damaged.
    #[must_use]
    pub fn read(from: &mut &[u8]) -> Option<Self> {
        match codec::take(from)? {
            [0] => {
                let len = codec::take_len(from, 8)?;
                let mut table = HashTable::default();
                for _ in 0..len {
                    table.insert(codec::take_u64(from)?);
                }
                (table.len == len && len <= Self::EXACT_MAX).then_some(Self { state: State::Exact(table) })
            }
            [1] => Some(Self {
                state: State::Sketch(Hll::read(from).filter(|sketch| sketch.bytes() == 1 << Self::PRECISION)?),
            }),
            _ => None,
        }
    }

    fn sketch(&mut self) -> &mut State {
        if let State::Exact(table) = &self.state {
            let mut sketch = Hll::new(Self::PRECISION);
            for hash in table.hashes() {
                sketch.insert(hash);
            }
            self.state = State::Sketch(sketch);
        }
        &mut self.state
    }
}

/// A set of hashes with open addressing: the hashes are uniform already, so their low bits choose the slot. 0 marks a free slot.
#[derive(Clone, Debug, Default)]
struct HashTable {
    slots: Vec<u64>,
    len: usize,
    holds_zero: bool,
}

impl HashTable {
    fn insert(&mut self, hash: u64) {
        if hash == 0 {
            self.len += usize::from(!self.holds_zero);
            self.holds_zero = true;
            return;
        }
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        self.len += usize::from(place(&mut self.slots, hash));
    }

    fn grow(&mut self) {
        let mut slots = vec![0; (self.slots.len() * 2).max(16)];
        for hash in self.slots.iter().filter(|hash| **hash != 0) {
            place(&mut slots, *hash);
        }
        self.slots = slots;
    }

    fn hashes(&self) -> impl Iterator<Item = u64> {
        self.slots.iter().copied().filter(|hash| *hash != 0).chain(self.holds_zero.then_some(0))
    }

    fn sorted(&self) -> Vec<u64> {
        let mut hashes: Vec<u64> = self.hashes().collect();
        hashes.sort_unstable();
        hashes
    }
}

/// Puts `hash` into the first free slot from its own on. Says whether it was new. INVARIANT: `slots` is a power of two long and has a free slot.
fn place(slots: &mut [u64], hash: u64) -> bool {
    let mask = slots.len() - 1;
    let first = usize::try_from(hash & mask as u64).unwrap_or(0);
    for step in 0..slots.len() {
        match slots.get_mut((first + step) & mask) {
            Some(slot) if *slot == 0 => {
                *slot = hash;
                return true;
            }
            Some(slot) if *slot == hash => return false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::sip64;

    fn counted(values: impl IntoIterator<Item = u64>) -> DistinctCounter {
        let mut counter = DistinctCounter::default();
        for value in values {
            counter.insert(sip64([3, 4], &value.to_le_bytes()));
        }
        counter
    }

    #[test]
    fn the_count_is_exact_up_to_its_bound_and_approximate_beyond() {
        let exact = DistinctCounter::EXACT_MAX as u64;
        assert_eq!(counted((0..exact).chain(0..exact)).estimate(), Estimate { value: 4_096.0, approximate: false });
        let beyond = counted(0..100_000).estimate();
        assert!(beyond.approximate);
        assert!((beyond.value / 100_000.0 - 1.0).abs() < 4.0 * 0.0081, "{beyond:?}");
    }

    #[test]
    fn the_hash_zero_counts_once() {
        let mut counter = DistinctCounter::default();
        counter.insert(0);
        counter.insert(0);
        counter.insert(1);
        assert_eq!(counter.estimate().value, 2.0);
    }

    fn check_merge(left: std::ops::Range<u64>, right: std::ops::Range<u64>) {
        let mut merged = counted(left.clone());
        merged.merge(&counted(right.clone()));
        assert_eq!(merged, counted(left.chain(right)));
    }

    #[test]
    fn a_merge_counts_the_union_whatever_the_two_states() {
        check_merge(0..100, 50..200);
        check_merge(0..4_000, 3_000..9_000);
        check_merge(0..10_000, 0..10);
        check_merge(0..5_000, 4_000..12_000);
    }

    proptest! {
        #[test]
        fn small_counts_equal_a_set_and_survive_a_snapshot(values in proptest::collection::vec(0_u64..500, 0..600)) {
            let counter = counted(values.iter().copied());
            let set: BTreeSet<u64> = values.into_iter().collect();
            prop_assert_eq!(counter.estimate().value, set.len() as f64);
            let mut bytes = Vec::new();
            counter.write(&mut bytes);
            let back = DistinctCounter::read(&mut bytes.as_slice());
            prop_assert_eq!(back.as_ref(), Some(&counter));
            let cut = bytes.len() / 2;
            prop_assert_eq!(DistinctCounter::read(&mut &bytes[..cut]), None);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = DistinctCounter::read(&mut bytes.as_slice());
        }
    }
}
