//! Quantiles: exact up to [`Quantiles::EXACT_MAX`] values, beyond that a histogram of log-linear buckets with a stated relative error.
//!
//! Sources: R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", 1996, definition 7 (interpolation between neighbours, so that the
//! median of an even number is the mean of the middle two); C. Masson, J. E. Rim, H. K. Lee, "DDSketch", 2019 (relative-error buckets that merge
//! exactly); I. Epicoco and others, "UDDSketch", 2020 (uniform collapse when there are too many). The bucket of a value is its sign, its
//! exponent and the first bits of its mantissa, so no logarithm is taken and the result is the same on every machine.

use crate::{Estimate, codec};

/// Quantiles of a stream of finite numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiles {
    state: State,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    /// In order of arrival.
    Exact(Vec<f64>),
    Sketch(Histogram),
}

impl Default for Quantiles {
    fn default() -> Self {
        Self { state: State::Exact(Vec::new()) }
    }
}

impl Quantiles {
    /// Up to how many values the quantiles are exact.
    pub const EXACT_MAX: usize = 1_024;
    /// Most buckets of the sketch; when there are more, neighbours are joined and the error doubles.
    pub const BUCKETS_MAX: usize = 4_096;
    /// Mantissa bits of a fresh sketch: values within one bucket differ by at most 1/128.
    const MANTISSA_BITS: u32 = 7;

    /// Takes in one value; what is not finite is left out.
    pub fn insert(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        match &mut self.state {
            State::Exact(values) if values.len() < Self::EXACT_MAX => values.push(value),
            State::Exact(_) => {
                let mut histogram = std::mem::take(self).into_histogram();
                histogram.add(value, 1);
                self.state = State::Sketch(histogram);
            }
            State::Sketch(histogram) => histogram.add(value, 1),
        }
    }

    /// How many values were taken in.
    #[must_use]
    pub fn count(&self) -> u64 {
        match &self.state {
            State::Exact(values) => values.len() as u64,
            State::Sketch(histogram) => histogram.count,
        }
    }

    /// Bound of the relative error of a quantile: 0 while exact, then 1/256, doubled each time the buckets had to be joined
    /// (with 4,096 buckets first when the values fill more than 32 powers of two).
    #[must_use]
    pub fn relative_error(&self) -> f64 {
        match &self.state {
            State::Exact(_) => 0.0,
            State::Sketch(histogram) => 0.5 / f64::from(1_u32 << histogram.bits),
        }
    }

    /// The value below which `percent` (0 to 100) of the values lie; `None` without values.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Option<Estimate> {
        let last = self.count().checked_sub(1)?;
        let rank = percent.clamp(0.0, 100.0) / 100.0 * count_as_f64(last);
        let (low, high) = (rank.floor(), rank.ceil());
        let (below, above) = match &self.state {
            State::Exact(values) => {
                let mut sorted = values.clone();
                sorted.sort_unstable_by(f64::total_cmp);
                (nth(&sorted, low)?, nth(&sorted, high)?)
            }
            State::Sketch(histogram) => (histogram.nth(low)?, histogram.nth(high)?),
        };
        let value = below + (above - below) * (rank - low);
        Some(Estimate { value, approximate: matches!(self.state, State::Sketch(_)) })
    }

    /// Takes in all that `other` saw.
    pub fn merge(&mut self, other: &Self) {
        match &other.state {
            State::Exact(values) => values.iter().for_each(|value| self.insert(*value)),
            State::Sketch(theirs) => {
                let mut histogram = std::mem::take(self).into_histogram();
                histogram.merge(theirs);
                self.state = State::Sketch(histogram);
            }
        }
    }

    /// Bytes taken on the heap, by what is held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.state {
            State::Exact(values) => values.len() * size_of::<f64>(),
            State::Sketch(histogram) => histogram.buckets.len() * size_of::<Bucket>(),
        }
    }

    /// Appends the values or buckets to a snapshot.
    pub fn write(&self, out: &mut Vec<u8>) {
        match &self.state {
            State::Exact(values) => {
                out.push(0);
                codec::put_len(out, values.len());
                values.iter().for_each(|value| codec::put_u64(out, value.to_bits()));
            }
            State::Sketch(histogram) => {
                out.push(1);
                histogram.write(out);
            }
        }
    }

    /// Reads what [`Quantiles::write`] wrote; `None` when it is damaged.
    #[must_use]
    pub fn read(from: &mut &[u8]) -> Option<Self> {
        match codec::take(from)? {
            [0] => {
                let len = codec::take_len(from, 8).filter(|len| *len <= Self::EXACT_MAX)?;
                let mut values = Vec::with_capacity(len);
                for _ in 0..len {
                    values.push(Some(f64::from_bits(codec::take_u64(from)?)).filter(|value| value.is_finite())?);
                }
                Some(Self { state: State::Exact(values) })
            }
            [1] => Some(Self { state: State::Sketch(Histogram::read(from)?) }),
            _ => None,
        }
    }

    /// The histogram of everything so far: what it becomes when it was exact.
    fn into_histogram(self) -> Histogram {
        match self.state {
            State::Sketch(histogram) => histogram,
            State::Exact(values) => {
                let mut histogram = Histogram { bits: Self::MANTISSA_BITS, count: 0, buckets: Vec::new() };
                values.into_iter().for_each(|value| histogram.add(value, 1));
                histogram
            }
        }
    }
}

/// Counts per bucket, sorted by bucket. `bits` of the mantissa tell buckets apart.
#[derive(Clone, Debug, PartialEq)]
struct Histogram {
    bits: u32,
    count: u64,
    buckets: Vec<Bucket>,
}

/// A bucket by its number, which orders as the values do, and how many values fell into it.
type Bucket = (i32, u64);

impl Histogram {
    fn add(&mut self, value: f64, count: u64) {
        self.add_bucket(bucket_of(value, self.bits), count);
        while self.buckets.len() > Quantiles::BUCKETS_MAX && self.bits > 0 {
            self.coarsen();
        }
    }

    fn add_bucket(&mut self, number: i32, count: u64) {
        self.count += count;
        match self.buckets.binary_search_by_key(&number, |bucket| bucket.0) {
            Ok(place) => {
                if let Some(bucket) = self.buckets.get_mut(place) {
                    bucket.1 += count;
                }
            }
            Err(place) => self.buckets.insert(place, (number, count)),
        }
    }

    fn coarsen(&mut self) {
        let fine = std::mem::take(&mut self.buckets);
        self.bits -= 1;
        for (number, count) in fine {
            let number = halve(number);
            match self.buckets.last_mut() {
                Some(last) if last.0 == number => last.1 += count,
                _ => self.buckets.push((number, count)),
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        while self.bits > other.bits {
            self.coarsen();
        }
        for (number, count) in &other.buckets {
            let number = (self.bits..other.bits).fold(*number, |number, _| halve(number));
            self.add_bucket(number, *count);
        }
        while self.buckets.len() > Quantiles::BUCKETS_MAX && self.bits > 0 {
            self.coarsen();
        }
    }

    /// The middle of the bucket in which the value of this rank (from 0) lies.
    fn nth(&self, rank: f64) -> Option<f64> {
        let mut seen = 0;
        for (number, count) in &self.buckets {
            seen += count;
            if count_as_f64(seen) > rank {
                return Some(middle_of(*number, self.bits));
            }
        }
        self.buckets.last().map(|bucket| middle_of(bucket.0, self.bits))
    }

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, u64::from(self.bits));
        codec::put_len(out, self.buckets.len());
        for (number, count) in &self.buckets {
            codec::put_i64(out, i64::from(*number));
            codec::put_u64(out, *count);
        }
    }

    fn read(from: &mut &[u8]) -> Option<Self> {
        let bits = u32::try_from(codec::take_u64(from)?).ok().filter(|bits| *bits <= Quantiles::MANTISSA_BITS)?;
        let len = codec::take_len(from, 16)?;
        let (mut buckets, mut total) = (Vec::<Bucket>::with_capacity(len), 0_u64);
        for _ in 0..len {
            let number = i32::try_from(codec::take_i64(from)?).ok()?;
            let count = codec::take_u64(from)?;
            if buckets.last().is_some_and(|last| last.0 >= number) || number.unsigned_abs() > 1 << (11 + bits) {
                return None;
            }
            total = total.checked_add(count)?;
            buckets.push((number, count));
        }
        Some(Self { bits, count: total, buckets })
    }
}

/// The bucket of a value: 0 for zero, else one more than exponent and leading mantissa bits, negative for negative values.
pub(crate) fn bucket_of(value: f64, bits: u32) -> i32 {
    let magnitude = value.abs().to_bits();
    if magnitude == 0 {
        return 0;
    }
    let number = i32::try_from(magnitude >> (52 - bits)).unwrap_or(i32::MAX - 1) + 1;
    if value < 0.0 { -number } else { number }
}

pub(crate) fn halve(number: i32) -> i32 {
    match number {
        0 => 0,
        1.. => ((number - 1) >> 1) + 1,
        _ => -(((-number - 1) >> 1) + 1),
    }
}

fn middle_of(number: i32, bits: u32) -> f64 {
    if number == 0 {
        return 0.0;
    }
    let first = u64::from(number.unsigned_abs() - 1) << (52 - bits);
    let middle = f64::from_bits(first | 1 << (51 - bits));
    if number < 0 { -middle } else { middle }
}

/// The value of a bucket that is nearest to zero.
pub(crate) fn first_of(number: i32, bits: u32) -> f64 {
    if number == 0 {
        return 0.0;
    }
    let first = f64::from_bits(u64::from(number.unsigned_abs() - 1) << (52 - bits));
    if number < 0 { -first } else { first }
}

fn nth(sorted: &[f64], rank: f64) -> Option<f64> {
    sorted.iter().enumerate().find(|(place, _)| count_as_f64(*place as u64) >= rank).map(|(_, value)| *value)
}

/// Counts stay below 2^53 in practice; above, the nearest double is meant.
fn count_as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(values: impl IntoIterator<Item = f64>) -> Quantiles {
        let mut quantiles = Quantiles::default();
        values.into_iter().for_each(|value| quantiles.insert(value));
        quantiles
    }

    fn check(values: &[f64], percent: f64, expect: Option<f64>) {
        assert_eq!(filled(values.iter().copied()).percentile(percent).map(|estimate| estimate.value), expect);
    }

    #[test]
    fn small_quantiles_are_those_of_definition_7() {
        check(&[], 50.0, None);
        check(&[7.0], 99.0, Some(7.0));
        check(&[4.0, 1.0, 3.0, 2.0], 50.0, Some(2.5));
        check(&[4.0, 1.0, 3.0, 2.0], 0.0, Some(1.0));
        check(&[4.0, 1.0, 3.0, 2.0], 100.0, Some(4.0));
        check(&[10.0, 20.0, 30.0, 40.0, 50.0], 90.0, Some(46.0));
        check(&[f64::NAN, f64::INFINITY, 1.0], 50.0, Some(1.0));
    }

    #[test]
    fn large_quantiles_stay_within_the_stated_error() {
        let values: Vec<f64> =
            (0..200_000_u32).map(|n| f64::from(n.wrapping_mul(2_654_435_761) >> 12) - 300_000.0).collect();
        let quantiles = filled(values.iter().copied());
        let mut sorted = values;
        sorted.sort_unstable_by(f64::total_cmp);
        assert!((quantiles.relative_error() - 1.0 / 256.0).abs() < 1e-12);
        for percent in [0.0, 1.0, 25.0, 50.0, 75.0, 90.0, 99.0, 99.9, 100.0] {
            let rank: f64 = percent / 100.0 * 199_999.0;
            let exact = nth(&sorted, rank.floor()).unwrap();
            let estimate = quantiles.percentile(percent).unwrap();
            assert!(estimate.approximate);
            let allowed = exact.abs() * quantiles.relative_error() + 8.0;
            assert!((estimate.value - exact).abs() <= allowed, "{percent}: {estimate:?} {exact}");
        }
    }

    #[test]
    fn too_many_buckets_are_joined_and_the_error_says_so() {
        let wide = filled(
            (-1_000..1_000)
                .flat_map(|exponent| (0..8).map(move |step| (1.0 + f64::from(step) / 8.0) * 2_f64.powi(exponent))),
        );
        assert!(wide.bytes() <= Quantiles::BUCKETS_MAX * size_of::<Bucket>());
        assert_eq!(wide.relative_error(), 0.25);
        let median = wide.percentile(50.0).unwrap().value;
        assert!((median - 1.0).abs() <= 0.5, "{median}");
    }

    proptest! {
        #[test]
        fn a_sketched_quantile_is_within_its_error_of_the_exact_one(
            values in proptest::collection::vec(-1e9_f64..1e9, 1_025..3_000), percent in 0.0_f64..100.0,
        ) {
            let sketch = filled(values.iter().copied());
            let mut sorted = values;
            sorted.sort_unstable_by(f64::total_cmp);
            let rank = percent / 100.0 * (sorted.len() - 1) as f64;
            let (below, above) = (nth(&sorted, rank.floor()).unwrap(), nth(&sorted, rank.ceil()).unwrap());
            let estimate = sketch.percentile(percent).unwrap().value;
            let slack = below.abs().max(above.abs()) * sketch.relative_error();
            prop_assert!(estimate >= below - slack && estimate <= above + slack, "{} {} {}", estimate, below, above);
        }

        #[test]
        fn merging_equals_taking_in_both(
            left in proptest::collection::vec(-1e6_f64..1e6, 0..2_000), right in proptest::collection::vec(-1e6_f64..1e6, 0..2_000),
        ) {
            let mut merged = filled(left.iter().copied());
            merged.merge(&filled(right.iter().copied()));
            let together = filled(left.into_iter().chain(right));
            prop_assert_eq!(merged.percentile(37.0), together.percentile(37.0));
        }

        #[test]
        fn a_snapshot_reads_back(values in proptest::collection::vec(-1e300_f64..1e300, 0..2_000)) {
            let quantiles = filled(values);
            let mut bytes = Vec::new();
            quantiles.write(&mut bytes);
            prop_assert_eq!(Quantiles::read(&mut bytes.as_slice()), Some(quantiles));
            let cut = bytes.len() - 1;
            prop_assert_eq!(Quantiles::read(&mut &bytes[..cut]), None);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Quantiles::read(&mut bytes.as_slice());
        }
    }
}
