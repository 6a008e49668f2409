//! EWMA chart: how far a value lies from the mean of its recent past, in standard deviations.
//!
//! Source: S. W. Roberts, "Control chart tests based on geometric moving averages", Technometrics, 1959. The distance is clipped to four deviations before it is learnt, so one
//! spike moves neither mean nor width much.

use cordon_stats::codec;

use crate::{Damaged, Part, Score, Snapshot};

/// Largest distance that is learnt, in standard deviations.
const CLIP: f64 = 4.0;

/// Largest value that is learnt, so that its square stays finite.
const LARGEST: f64 = 1e150;

/// Values before anything is said.
const VALUES_MIN: u64 = 20;

/// Smallest standard deviation, as a share of the size of the values: a constant series is no reason to alarm on the last digit.
const WIDTH_MIN: f64 = 1e-3;

/// Mean and width of the recent past of a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    gain: f64,
    mean: f64,
    variance: f64,
    /// Mean size of the values, for the smallest width.
    size: f64,
    values: u64,
}

impl Chart {
    /// A chart in which the weight of a value halves every `half_life` values (at least 1).
    #[must_use]
    pub fn new(half_life: f64) -> Self {
        Self { gain: 1.0 - libm::exp2(-1.0 / half_life.max(1.0)), mean: 0.0, variance: 0.0, size: 0.0, values: 0 }
    }

    /// What is expected next.
    #[must_use]
    pub const fn expected(&self) -> f64 {
        self.mean
    }

    /// The standard deviation, at least a thousandth of the size of the values.
    #[must_use]
    pub fn width(&self) -> f64 {
        libm::sqrt(self.variance).max(WIDTH_MIN * self.size).max(f64::MIN_POSITIVE)
    }

    /// The distance of `value` from what is expected, in standard deviations; 0 in the first 20 values and for what is not finite.
    #[must_use]
    pub fn distance(&self, value: f64) -> f64 {
        if self.values < VALUES_MIN || !value.is_finite() { 0.0 } else { (value - self.mean) / self.width() }
    }

    /// The size of [`Chart::distance`] as a score of one part, beside what is expected.
    #[must_use]
    pub fn explain(&self, value: f64) -> Score {
        let usual = (self.values >= VALUES_MIN).then_some(self.mean);
        let distance = self.distance(value).abs();
        Score::of(vec![Part { feature: 0, value: distance, observed: value, usual, peers: None }])
    }

    /// Takes in another chart of the same half-life: mean and width are those of both pasts together, each weighing what it remembers (the pooled variance of Chan, Golub and LeVeque,
    /// "Updating formulae and a pairwise algorithm for computing sample variances", 1979). False, and nothing done, when half-lives differ.
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.gain.to_bits() != other.gain.to_bits() {
            return false;
        }
        let remembered = |chart: &Self| (chart.values as f64).min(1.0 / chart.gain);
        let both = remembered(self) + remembered(other);
        if both > 0.0 {
            let share = remembered(other) / both;
            let apart = other.mean - self.mean;
            self.variance += share * (other.variance - self.variance) + share * (1.0 - share) * apart * apart;
            self.variance = self.variance.clamp(0.0, f64::MAX);
            self.mean += share * apart;
            self.size += share * (other.size - self.size);
        }
        self.values = self.values.saturating_add(other.values);
        true
    }

    /// Learns a value; what is not finite is left out.
    pub fn learn(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        let value = value.clamp(-LARGEST, LARGEST);
        self.values = self.values.saturating_add(1);
        let gain = self.gain.max(1.0 / self.values as f64);
        self.size += gain * (value.abs() - self.size);
        let reach = CLIP * self.width();
        let apart = value - self.mean;
        let apart = if self.values <= VALUES_MIN { apart } else { apart.clamp(-reach, reach) };
        self.mean += gain * apart;
        self.variance = (1.0 - gain) * (self.variance + gain * apart * apart);
    }
}

impl Snapshot for Chart {
    fn write(&self, out: &mut Vec<u8>) {
        for value in [self.gain, self.mean, self.variance, self.size] {
            codec::put_u64(out, value.to_bits());
        }
        codec::put_u64(out, self.values);
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let mut numbers = [0.0; 4];
        for number in &mut numbers {
            *number = crate::drift::take_finite(from)?;
        }
        let [gain, mean, variance, size] = numbers;
        if !(0.0..=1.0).contains(&gain) || variance < 0.0 || size < 0.0 {
            return Err(Damaged("the width of a chart"));
        }
        let values = codec::take_u64(from).ok_or(Damaged("the values of a chart"))?;
        Ok(Self { gain, mean, variance, size, values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(middle: f64, values: u32) -> Chart {
        let mut chart = Chart::new(100.0);
        (0..values).for_each(|value| chart.learn(middle + if value % 2 == 0 { 1.0 } else { -1.0 }));
        chart
    }

    #[test]
    fn a_merged_chart_has_the_mean_and_the_width_of_both_pasts() {
        let (mut low, high) = (around(10.0, 60), around(20.0, 60));
        assert!(low.merge(&high));
        assert!((low.expected() - 15.0).abs() < 0.1, "{low:?}");
        // between them five to each side, within each one
        assert!((low.width() - libm::sqrt(26.0)).abs() < 0.1, "{low:?}");
        let mut short = around(10.0, 20);
        assert!(short.merge(&around(20.0, 60)));
        assert!((short.expected() - 17.5).abs() < 0.1, "three quarters of what is remembered: {short:?}");
        assert!(!low.merge(&Chart::new(50.0)));
    }
}
