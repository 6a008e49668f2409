//! Drift: whether what a model says now still is what it used to say.
//!
//! A model whose scores move as a whole has met a changed world (a new software version, a ward that moved) or is being led astray; either way a person should know
//! before the alerts are believed. In goes one number for each step of time; out comes how far the recent mean lies from the long one.

use cordon_stats::codec::{put_u64, take_u64};

use crate::{Damaged, Snapshot};

/// Steps before anything is said.
const STEPS_MIN: u64 = 50;

/// Smallest standard deviation that a shift is measured in, so that a silent model does not drift by a rounding error.
const DEVIATION_MIN: f64 = 1e-3;

/// Exponentially weighted means of a number, one that follows quickly and one that follows slowly.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    quick_gain: f64,
    slow_gain: f64,
    quick: f64,
    slow: f64,
    variance: f64,
    steps: u64,
}

impl Drift {
    /// Follows a number with these half-lives, in steps; both are at least 1.
    #[must_use]
    pub fn new(quick_half_life: f64, slow_half_life: f64) -> Self {
        let gain = |half_life: f64| 1.0 - libm::exp2(-1.0 / half_life.max(1.0));
        Self {
            quick_gain: gain(quick_half_life),
            slow_gain: gain(slow_half_life),
            quick: 0.0,
            slow: 0.0,
            variance: 0.0,
            steps: 0,
        }
    }

    /// Takes the number of one step. One that is not finite is left out.
    pub fn observe(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.steps = self.steps.saturating_add(1);
        // plain means as long as there is less than a half-life of them
        let early = 1.0 / self.steps as f64;
        self.quick += self.quick_gain.max(early) * (value - self.quick);
        let gain = self.slow_gain.max(early);
        let apart = value - self.slow;
        self.slow += gain * apart;
        self.variance = (1.0 - gain) * (self.variance + gain * apart * apart);
    }

    /// How far the recent mean lies above the long one, in standard deviations of single steps; none in the first 50 steps.
    #[must_use]
    pub fn shift(&self) -> Option<f64> {
        let deviation = libm::sqrt(self.variance).max(DEVIATION_MIN);
        (self.steps >= STEPS_MIN).then(|| (self.quick - self.slow) / deviation)
    }

    /// Takes in another one over the same kind of number: means weigh by the steps behind them, the variance is that of both together. Half-lives stay. Either way round gives the
    /// same bytes.
    pub fn merge(&mut self, other: &Self) {
        let (own, others) = (self.steps as f64, other.steps as f64);
        let steps = own + others;
        if steps <= 0.0 {
            return;
        }
        let apart = self.slow - other.slow;
        let within = (own * self.variance + others * other.variance) / steps;
        self.variance = within + own * others * (apart * apart) / (steps * steps);
        self.quick = (own * self.quick + others * other.quick) / steps;
        self.slow = (own * self.slow + others * other.slow) / steps;
        self.steps = self.steps.saturating_add(other.steps);
    }
}

impl Snapshot for Drift {
    fn write(&self, out: &mut Vec<u8>) {
        for value in [self.quick_gain, self.slow_gain, self.quick, self.slow, self.variance] {
            put_u64(out, value.to_bits());
        }
        put_u64(out, self.steps);
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let mut values = [0.0; 5];
        for value in &mut values {
            *value = take_finite(from)?;
        }
        let [quick_gain, slow_gain, quick, slow, variance] = values;
        let gains = [quick_gain, slow_gain].iter().all(|gain| *gain > 0.0 && *gain <= 1.0);
        if !gains || variance < 0.0 {
            return Err(Damaged("the gains of a drift between 0 and 1"));
        }
        let steps = take_u64(from).ok_or(Damaged("the steps of a drift"))?;
        Ok(Self { quick_gain, slow_gain, quick, slow, variance, steps })
    }
}

/// Takes a finite number.
pub(crate) fn take_finite(from: &mut &[u8]) -> Result<f64, Damaged> {
    let value = take_u64(from).map(f64::from_bits).ok_or(Damaged("a number"))?;
    if value.is_finite() { Ok(value) } else { Err(Damaged("a finite number")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::controls::Draw;

    #[test]
    fn a_steady_number_does_not_drift_and_a_step_does() {
        let mut drift = Drift::new(20.0, 500.0);
        let mut draw = Draw::new(1);
        assert_eq!(drift.shift(), None);
        (0..2_000).for_each(|_| drift.observe(draw.unit()));
        assert!(drift.shift().unwrap().abs() < 0.5, "{drift:?}");
        (0..100).for_each(|_| drift.observe(draw.unit() + 1.0));
        assert!(drift.shift().unwrap() > 1.0, "{drift:?}");
    }

    #[test]
    fn what_is_not_finite_is_left_out() {
        let mut drift = Drift::new(20.0, 500.0);
        drift.observe(f64::NAN);
        drift.observe(f64::INFINITY);
        assert_eq!(drift, Drift::new(20.0, 500.0));
    }

    #[test]
    fn two_that_were_merged_are_as_one_that_saw_both_and_it_does_not_matter_which_way() {
        let (mut one, mut other, mut draw) = (Drift::new(20.0, 5_000.0), Drift::new(20.0, 5_000.0), Draw::new(3));
        (0..300).for_each(|_| one.observe(draw.unit()));
        (0..100).for_each(|_| other.observe(draw.unit() + 4.0));
        let (mut first, mut second) = (one.clone(), other.clone());
        first.merge(&other);
        second.merge(&one);
        assert_eq!(first, second);
        assert!((first.slow - (0.5 * 300.0 + 4.5 * 100.0) / 400.0).abs() < 0.1, "{first:?}");
        assert!((first.variance - (1.0 / 12.0 + 3.0)).abs() < 0.2, "{first:?}");
        assert_eq!(first.steps, 400);
    }

    #[test]
    fn a_kept_drift_is_the_same() {
        let mut drift = Drift::new(20.0, 500.0);
        (0..70).for_each(|step| drift.observe(f64::from(step)));
        let mut bytes = Vec::new();
        drift.write(&mut bytes);
        assert_eq!(Drift::read(&mut bytes.as_slice()), Ok(drift));
        for cut in 0..bytes.len() {
            assert!(Drift::read(&mut &bytes[..cut]).is_err());
        }
    }
}
