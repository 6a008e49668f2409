//! Ranks: how much of a stream lies below and above a value, with ageing. The sketch behind tail probabilities per feature.
//!
//! Source: C. Masson, J. E. Rim, H. K. Lee, "DDSketch", 2019 (relative-error buckets that merge exactly), with the buckets of [`crate::Quantiles`]:
//! sign, exponent and the first bits of the mantissa, so no logarithm is taken. When there are too many buckets all neighbours are joined
//! (I. Epicoco and others, "UDDSketch", 2020), so both tails keep the same error. Weights are doubles: whole numbers until the first ageing, and merging
//! adds them.

use crate::{
    codec,
    quantiles::{bucket_of, first_of, halve},
};

/// Buckets whose weights are summed together, so that a rank is found in few additions.
const BLOCK: usize = 32;

/// Weight below which an aged bucket is forgotten, in values.
const WEIGHT_MIN: f64 = 1e-3;

/// Ranks of a stream of finite numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranks {
    bits: u32,
    keys: Vec<i32>,
    weights: Vec<f64>,
    /// Sum of each [`BLOCK`] of weights, in their order.
    blocks: Vec<f64>,
    total: f64,
}

/// Weights on both sides of a value; what shares its bucket counts on both.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tails {
    /// Weight of the values at most as large.
    pub left: f64,
    /// Weight of the values at least as large.
    pub right: f64,
}

impl Default for Ranks {
    fn default() -> Self {
        Self { bits: Self::MANTISSA_BITS, keys: Vec::new(), weights: Vec::new(), blocks: Vec::new(), total: 0.0 }
    }
}

impl Ranks {
    /// Most buckets; when there are more, neighbours are joined and the error doubles.
    pub const BUCKETS_MAX: usize = 2_048;
    /// Mantissa bits of a fresh sketch: values within one bucket differ by at most 1/128.
    const MANTISSA_BITS: u32 = 7;

    /// Takes in one value; what is not finite is left out.
    pub fn insert(&mut self, value: f64) {
        if value.is_finite() {
            self.add(bucket_of(value, self.bits), 1.0);
            self.bound();
        }
    }

    /// Weight of all values.
    #[must_use]
    pub const fn total(&self) -> f64 {
        self.total
    }

    /// Weights on both sides of `value`. What is not finite is beyond everything.
    #[must_use]
    pub fn tails(&self, value: f64) -> Tails {
        if value.is_nan() {
            return Tails::default();
        }
        if value.is_infinite() {
            let (left, right) = if value > 0.0 { (self.total, 0.0) } else { (0.0, self.total) };
            return Tails { left, right };
        }
        let key = bucket_of(value, self.bits);
        let place = self.keys.partition_point(|known| *known < key);
        let below = self.before(place);
        let same =
            if self.keys.get(place) == Some(&key) { self.weights.get(place).copied().unwrap_or(0.0) } else { 0.0 };
        Tails { left: below + same, right: self.total - below }
    }

    /// The value below which `share` (0 to 1) of the weight lies, as the edge of its bucket that is nearer to zero: whole numbers up to 128 come out
    /// as they went in. `None` without values.
    #[must_use]
    pub fn at(&self, share: f64) -> Option<f64> {
        let wanted = share.clamp(0.0, 1.0) * self.total;
        let mut seen = 0.0;
        for (key, weight) in self.keys.iter().zip(&self.weights) {
            seen += weight;
            if seen > wanted {
                return Some(first_of(*key, self.bits));
            }
        }
        self.keys.last().map(|key| first_of(*key, self.bits))
    }

    /// Bound of the relative error of a value of [`Ranks::at`]: 1/128, doubled each time the buckets had to be joined.
    #[must_use]
    pub fn relative_error(&self) -> f64 {
        1.0 / f64::from(1_u32 << self.bits)
    }

    /// Every bucket as its value nearer to zero and its weight, in the order of values.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.keys.iter().zip(&self.weights).map(|(key, weight)| (first_of(*key, self.bits), *weight))
    }

    /// Multiplies all weights by `factor` (0 to 1): what came earlier counts less. Buckets below a thousandth of a value are forgotten.
    pub fn age(&mut self, factor: f64) {
        let old = std::mem::take(&mut self.weights);
        let keys = std::mem::take(&mut self.keys);
        for (key, weight) in keys.into_iter().zip(old) {
            if weight * factor >= WEIGHT_MIN {
                self.keys.push(key);
                self.weights.push(weight * factor);
            }
        }
        self.sum_blocks(0);
    }

    /// Takes in all that `other` saw.
    pub fn merge(&mut self, other: &Self) {
        while self.bits > other.bits {
            self.coarsen();
        }
        for (key, weight) in other.keys.iter().zip(&other.weights) {
            let key = (self.bits..other.bits).fold(*key, |key, _| halve(key));
            self.add(key, *weight);
        }
        self.bound();
        self.sum_blocks(0);
    }

    /// Bytes taken on the heap, by what is held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.keys.len() * size_of::<i32>() + (self.weights.len() + self.blocks.len()) * size_of::<f64>()
    }

    /// Appends the sketch to a snapshot.
    pub fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, u64::from(self.bits));
        codec::put_u64(out, self.total.to_bits());
        codec::put_len(out, self.keys.len());
        for (key, weight) in self.keys.iter().zip(&self.weights) {
            codec::put_i64(out, i64::from(*key));
            codec::put_u64(out, weight.to_bits());
        }
        // sums depend on the order of additions once weights are no whole numbers, so they are kept and not made anew
        self.blocks.iter().for_each(|sum| codec::put_u64(out, sum.to_bits()));
    }

    /// Reads what [`Ranks::write`] wrote; `None` when it is damaged.
    #[must_use]
    pub fn read(from: &mut &[u8]) -> Option<Self> {
        let bits = u32::try_from(codec::take_u64(from)?).ok().filter(|bits| *bits <= Self::MANTISSA_BITS)?;
        let total = weight(from)?;
        let len = codec::take_len(from, 16).filter(|len| *len <= Self::BUCKETS_MAX)?;
        let mut ranks = Self { bits, total, ..Self::default() };
        for _ in 0..len {
            let key = i32::try_from(codec::take_i64(from)?).ok()?;
            if ranks.keys.last().is_some_and(|last| *last >= key) || key.unsigned_abs() > 1 << (11 + bits) {
                return None;
            }
            ranks.keys.push(key);
            ranks.weights.push(weight(from)?);
        }
        for _ in 0..len.div_ceil(BLOCK) {
            ranks.blocks.push(weight(from)?);
        }
        Some(ranks)
    }

    fn add(&mut self, key: i32, weight: f64) {
        self.total += weight;
        let place = self.keys.partition_point(|known| *known < key);
        if self.keys.get(place) == Some(&key) {
            self.weights.get_mut(place).into_iter().for_each(|known| *known += weight);
            self.blocks.get_mut(place / BLOCK).into_iter().for_each(|sum| *sum += weight);
        } else {
            self.keys.insert(place, key);
            self.weights.insert(place, weight);
            self.sum_blocks(place / BLOCK);
        }
    }

    /// Sums the blocks anew from `first` on; from 0 the total as well.
    fn sum_blocks(&mut self, first: usize) {
        self.blocks.truncate(first);
        let rest = self.weights.get(first * BLOCK..).unwrap_or_default();
        self.blocks.extend(rest.chunks(BLOCK).map(|block| block.iter().sum::<f64>()));
        if first == 0 {
            self.total = self.blocks.iter().sum();
        }
    }

    /// Weight of the buckets before the one at `place`.
    fn before(&self, place: usize) -> f64 {
        let block = place / BLOCK;
        let whole: f64 = self.blocks.get(..block).unwrap_or_default().iter().sum();
        let rest: f64 = self.weights.get(block * BLOCK..place).unwrap_or_default().iter().sum();
        whole + rest
    }

    fn bound(&mut self) {
        while self.keys.len() > Self::BUCKETS_MAX && self.bits > 0 {
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        self.bits -= 1;
        let keys = std::mem::take(&mut self.keys);
        let weights = std::mem::take(&mut self.weights);
        for (key, weight) in keys.into_iter().zip(weights) {
            let key = halve(key);
            match (self.keys.last(), self.weights.last_mut()) {
                (Some(last), Some(sum)) if *last == key => *sum += weight,
                _ => {
                    self.keys.push(key);
                    self.weights.push(weight);
                }
            }
        }
        self.sum_blocks(0);
    }
}

/// A weight that a sketch can have.
fn weight(from: &mut &[u8]) -> Option<f64> {
    Some(f64::from_bits(codec::take_u64(from)?)).filter(|weight| weight.is_finite() && *weight >= 0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(values: impl IntoIterator<Item = f64>) -> Ranks {
        let mut ranks = Ranks::default();
        values.into_iter().for_each(|value| ranks.insert(value));
        ranks
    }

    fn bytes_of(ranks: &Ranks) -> Vec<u8> {
        let mut bytes = Vec::new();
        ranks.write(&mut bytes);
        bytes
    }

    #[test]
    fn small_whole_numbers_are_ranked_exactly() {
        let ranks = filled([3.0, 1.0, 2.0, 2.0, -5.0, f64::NAN, f64::INFINITY]);
        assert_eq!(ranks.total(), 5.0);
        assert_eq!(ranks.tails(2.0), Tails { left: 4.0, right: 3.0 });
        assert_eq!(ranks.tails(2.5), Tails { left: 4.0, right: 1.0 });
        assert_eq!(ranks.tails(-9.0), Tails { left: 0.0, right: 5.0 });
        assert_eq!(ranks.tails(f64::INFINITY), Tails { left: 5.0, right: 0.0 });
        assert_eq!(ranks.tails(f64::NAN), Tails::default());
        assert_eq!(ranks.at(0.5), Some(2.0));
        assert_eq!(ranks.at(0.0), Some(-5.0));
        assert_eq!(Ranks::default().at(0.5), None);
    }

    #[test]
    fn what_is_old_counts_less_and_is_forgotten() {
        let mut ranks = filled([1.0; 100]);
        for _ in 0..10 {
            ranks.age(0.5);
            (0..100).for_each(|_| ranks.insert(8.0));
        }
        assert!(ranks.tails(1.0).left < 0.1, "{:?}", ranks.tails(1.0));
        for _ in 0..10 {
            ranks.age(0.5);
        }
        assert_eq!(ranks.tails(1.0).left, 0.0);
    }

    #[test]
    fn buckets_are_bounded_whatever_comes() {
        let ranks = filled((0..40_000).map(|n| (f64::from(n) * 0.01 - 200.0).exp()));
        assert!(ranks.keys.len() <= Ranks::BUCKETS_MAX);
        assert!(ranks.bytes() <= Ranks::BUCKETS_MAX * 13);
        assert_eq!(ranks.total(), 40_000.0);
    }

    proptest! {
        #[test]
        fn ranks_are_those_of_the_values_within_the_error(
            values in prop::collection::vec(-1e6_f64..1e6, 1..400), probe in -1e6_f64..1e6,
        ) {
            let tails = filled(values.iter().copied()).tails(probe);
            let slack = probe.abs() / 64.0;
            let surely = values.iter().filter(|value| **value <= probe - slack).count() as f64;
            let perhaps = values.iter().filter(|value| **value <= probe + slack).count() as f64;
            prop_assert!(tails.left >= surely && tails.left <= perhaps, "{tails:?} {surely} {perhaps}");
        }

        #[test]
        fn merging_is_taking_in_both_in_any_order(
            left in prop::collection::vec(-1e9_f64..1e9, 0..3_000), right in prop::collection::vec(-1e9_f64..1e9, 0..3_000),
        ) {
            let mut merged = filled(left.iter().copied());
            merged.merge(&filled(right.iter().copied()));
            prop_assert_eq!(&bytes_of(&merged), &bytes_of(&filled(left.iter().chain(&right).copied())));
            let mut other = filled(right.iter().copied());
            other.merge(&filled(left.iter().copied()));
            prop_assert_eq!(bytes_of(&merged), bytes_of(&other));
        }

        #[test]
        fn a_snapshot_is_the_same_bytes_after_reading(values in prop::collection::vec(-1e9_f64..1e9, 0..500), factor in 0.1_f64..1.0) {
            let mut ranks = filled(values);
            ranks.age(factor);
            ranks.insert(3.0);
            let bytes = bytes_of(&ranks);
            let read = Ranks::read(&mut bytes.as_slice()).unwrap();
            prop_assert_eq!(&bytes_of(&read), &bytes);
            prop_assert_eq!(&read, &ranks);
            for cut in 0..bytes.len() {
                prop_assert!(Ranks::read(&mut &bytes[..cut]).is_none());
            }
        }
    }
}
