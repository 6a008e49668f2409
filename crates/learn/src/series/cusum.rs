//! CUSUM: small deviations in one direction, added up until they show.
//!
//! Source: E. S. Page, "Continuous inspection schemes", Biometrika, 1954: `S = max(0, S + z - k)` with z in standard deviations and k = 0.5, on both sides. Each step counts
//! at most three deviations, so that slow drifts make it and not one spike; the sum is bounded, so that it comes down again soon after the world does.

use cordon_stats::codec;

use crate::{Damaged, Part, Score, Snapshot};

/// Deviation that is let pass at each step.
const SLACK: f64 = 0.5;

/// Most that a step counts.
const STEP_MAX: f64 = 3.0;

/// Most that a side holds.
const SUM_MAX: f64 = 20.0;

/// Sums of deviations upwards and downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cusum {
    up: f64,
    down: f64,
}

impl Cusum {
    /// Takes a deviation in standard deviations; one that is not finite is left out.
    pub fn observe(&mut self, deviation: f64) {
        if deviation.is_finite() {
            let deviation = deviation.clamp(-STEP_MAX, STEP_MAX);
            self.up = (self.up + deviation - SLACK).clamp(0.0, SUM_MAX);
            self.down = (self.down - deviation - SLACK).clamp(0.0, SUM_MAX);
        }
    }

    /// What [`Cusum::sum`] will be once a deviation is taken, as a score of one part; the usual deviation is 0.
    #[must_use]
    pub fn explain(mut self, deviation: f64) -> Score {
        self.observe(deviation);
        Score::of(vec![Part { feature: 0, value: self.sum(), observed: deviation, usual: Some(0.0), peers: None }])
    }

    /// Takes in another one: the larger sum of each side stays, so that a slow change which either has seen is still seen. Sums of two places are not added: two that
    /// each are within the ordinary must not make an alarm.
    pub const fn merge(&mut self, other: &Self) {
        self.up = self.up.max(other.up);
        self.down = self.down.max(other.down);
    }

    /// The larger side, 0 to 20; above 5 is taken as an alarm by custom.
    #[must_use]
    pub const fn sum(self) -> f64 {
        self.up.max(self.down)
    }
}

impl Snapshot for Cusum {
    fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, self.up.to_bits());
        codec::put_u64(out, self.down.to_bits());
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        Ok(Self { up: crate::drift::take_finite(from)?, down: crate::drift::take_finite(from)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(deviation: f64, steps: u32) -> Cusum {
        let mut cusum = Cusum::default();
        (0..steps).for_each(|_| cusum.observe(deviation));
        cusum
    }

    #[test]
    fn of_two_places_the_larger_sum_stays_and_sums_are_not_added() {
        let (mut up, down) = (seen(1.0, 8), seen(-1.0, 6));
        up.merge(&down);
        assert!((up.sum() - 4.0).abs() < 1e-9);
        up.observe(-3.0);
        assert!((up.sum() - 5.5).abs() < 1e-9, "the other's way down is known: {up:?}");
    }

    #[test]
    fn one_spike_is_no_alarm_and_neither_side_goes_on_for_ever() {
        assert!(seen(1e9, 1).sum() < 5.0);
        assert!(seen(1.0, 11).sum() > 5.0);
        assert!(seen(-9.0, 1_000).sum() <= 20.0);
        assert_eq!(seen(f64::NAN, 5), Cusum::default());
    }
}
