//! HyperLogLog: how many different 64-bit hashes were seen, in a fixed number of bytes.
//!
//! Sources: P. Flajolet, É. Fusy, O. Gandouet, F. Meunier, "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm", 2007
//! (the registers and the standard error 1.04/sqrt(m)); O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", 2017,
//! algorithm 6 (the estimator, unbiased over the whole range and without tables).

use crate::codec;

/// A HyperLogLog of `2^precision` one-byte registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hll {
    precision: u8,
    registers: Vec<u8>,
}

impl Hll {
    /// Smallest precision: 16 bytes, standard error 26 %.
    pub const PRECISION_MIN: u8 = 4;
    /// Largest precision: 64 KiB, standard error 0.4 %.
    pub const PRECISION_MAX: u8 = 16;

    /// An empty sketch; `precision` is brought into 4 to 16.
    #[must_use]
    pub fn new(precision: u8) -> Self {
        let precision = precision.clamp(Self::PRECISION_MIN, Self::PRECISION_MAX);
        Self { precision, registers: vec![0; 1 << precision] }
    }

    /// Standard error of [`Hll::estimate`], relative: 1.04 / sqrt(2^precision).
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        1.04 / f64::from(1_u32 << self.precision).sqrt()
    }

    /// Bytes that the registers take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.registers.len()
    }

    /// Takes in one hash, which must be uniform over 64 bits. Says whether the sketch changed.
    pub fn insert(&mut self, hash: u64) -> bool {
        let index = usize::try_from(hash >> (64 - self.precision)).unwrap_or(0);
        let rest = hash << self.precision | 1 << (self.precision - 1);
        let rank = u8::try_from(rest.leading_zeros() + 1).unwrap_or(u8::MAX);
        match self.registers.get_mut(index) {
            Some(register) if *register < rank => {
                *register = rank;
                true
            }
            _ => false,
        }
    }

    /// Takes in all that `other` saw. Sketches of different precision do not merge: `false`, and nothing is changed.
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.precision != other.precision {
            return false;
        }
        for (mine, theirs) in self.registers.iter_mut().zip(&other.registers) {
            *mine = (*mine).max(*theirs);
        }
        true
    }

    /// About how many different hashes were inserted.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        let mut histogram = [0_u32; 65];
        for register in &self.registers {
            if let Some(count) = histogram.get_mut(usize::from(*register)) {
                *count += 1;
            }
        }
        let rank_max = usize::from(64 - self.precision);
        let at = |rank: usize| f64::from(histogram.get(rank).copied().unwrap_or(0));
        let m = f64::from(1_u32 << self.precision);
        let mut sum = m * tau(1.0 - at(rank_max + 1) / m);
        for rank in (1..=rank_max).rev() {
            sum = 0.5 * (sum + at(rank));
        }
        sum += m * sigma(at(0) / m);
        m * m / (2.0 * std::f64::consts::LN_2) / sum
    }

    /// Appends the sketch to a snapshot.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(self.precision);
        out.extend_from_slice(&self.registers);
    }

    /// Reads what [`Hll::write`] wrote; `None` when it is damaged.
    #[must_use]
    pub fn read(from: &mut &[u8]) -> Option<Self> {
        let [precision] = codec::take(from)?;
        if !(Self::PRECISION_MIN..=Self::PRECISION_MAX).contains(&precision) {
            return None;
        }
        let (registers, rest) = from.split_at_checked(1 << precision)?;
        if registers.iter().any(|register| *register > 65 - precision) {
            return None;
        }
        *from = rest;
        Some(Self { precision, registers: registers.to_vec() })
    }
}

/// Steps after which the series of `sigma` and `tau` have settled in double precision; they need about 60.
const SERIES_STEPS_MAX: usize = 128;

fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    for _ in 0..SERIES_STEPS_MAX {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z <= before {
            break;
        }
    }
    z
}

fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    for _ in 0..SERIES_STEPS_MAX {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z >= before {
            break;
        }
    }
    z / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip64;

    fn filled(precision: u8, values: std::ops::Range<u64>) -> Hll {
        let mut sketch = Hll::new(precision);
        for value in values {
            sketch.insert(sip64([1, 2], &value.to_le_bytes()));
        }
        sketch
    }

    #[test]
    fn estimates_stay_within_four_standard_errors() {
        for precision in [10, 12, 14] {
            for count in [0_u32, 1, 10, 100, 1_000, 5_000, 50_000, 300_000] {
                let sketch = filled(precision, 0..u64::from(count));
                let error = (sketch.estimate() - f64::from(count)).abs();
                let bound = 4.0 * sketch.standard_error() * f64::from(count);
                assert!(error <= bound + 1e-6, "precision {precision}, {count}: {}", sketch.estimate());
            }
        }
    }

    #[test]
    fn the_stated_standard_error_is_the_measured_one() {
        let (rounds, count) = (100_u32, 20_000_u64);
        let mut squares = 0.0;
        for round in 0..u64::from(rounds) {
            let error = filled(10, round * count..(round + 1) * count).estimate() / 20_000.0 - 1.0;
            squares += error * error;
        }
        let measured = (squares / f64::from(rounds)).sqrt();
        assert!(measured < 1.3 * Hll::new(10).standard_error(), "{measured}");
    }

    #[test]
    fn a_merge_is_the_union() {
        let mut left = filled(12, 0..6_000);
        assert!(left.merge(&filled(12, 3_000..9_000)));
        assert_eq!(left, filled(12, 0..9_000));
        assert!(!left.merge(&Hll::new(11)));
    }

    #[test]
    fn a_snapshot_reads_back_and_a_damaged_one_is_refused() {
        let sketch = filled(8, 0..500);
        let mut bytes = Vec::new();
        sketch.write(&mut bytes);
        assert_eq!(Hll::read(&mut bytes.as_slice()), Some(sketch));
        for cut in 0..bytes.len() {
            assert_eq!(Hll::read(&mut &bytes[..cut]), None);
        }
        bytes[9] = 66;
        assert_eq!(Hll::read(&mut bytes.as_slice()), None);
    }
}
