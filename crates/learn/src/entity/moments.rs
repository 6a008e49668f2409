//! The normal of one number: mean and variance that fade, in sixteen bytes.

use cordon_stats::codec;

use super::{Fading, faded, narrow, number};
use crate::{Damaged, Snapshot};

/// Learnt values before a distance is said.
const WEIGHT_MIN: f32 = 5.0;

/// Largest value that is learnt, so that its square stays finite in the single precision kept.
const LARGEST: f64 = 1e18;

/// Largest distance that is learnt, in standard deviations.
const CLIP: f64 = 4.0;

/// Faded mean and variance of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    mean: f32,
    variance: f32,
    weight: f32,
    /// Time of the last value, in hours since 1970.
    at_h: i32,
}

impl Moments {
    /// The usual value; none before five values, faded, were learnt.
    #[must_use]
    pub fn usual(&self) -> Option<f64> {
        (self.weight >= WEIGHT_MIN).then_some(f64::from(self.mean))
    }

    /// How many values it is made of, faded.
    #[must_use]
    pub fn weight(&self) -> f64 {
        f64::from(self.weight)
    }

    /// The distance of a value from the usual one, in standard deviations (at least a tenth of the usual value and at least 1e-6); none before it is known or for what is not finite.
    #[must_use]
    pub fn distance(&self, value: f64) -> Option<f64> {
        self.distance_of_width(value, 0.0)
    }

    /// The same, in standard deviations of at least `width_min`.
    #[must_use]
    pub fn distance_of_width(&self, value: f64, width_min: f64) -> Option<f64> {
        let is_known = self.weight >= WEIGHT_MIN && value.is_finite();
        is_known.then(|| (value - f64::from(self.mean)) / self.width().max(width_min))
    }

    fn width(self) -> f64 {
        libm::sqrt(f64::from(self.variance)).max(0.1 * f64::from(self.mean.abs())).max(1e-6)
    }

    /// Learns a value at `time_s` seconds since 1970. A far value counts as one of four deviations; what is not finite is left out.
    pub fn learn(&mut self, value: f64, time_s: i64, fading: Fading) {
        if !value.is_finite() {
            return;
        }
        let now_h = i32::try_from(time_s / 3_600).unwrap_or(i32::MAX);
        let weight =
            f64::from(self.weight) * faded(f64::from(now_h.saturating_sub(self.at_h)) * 3_600.0, fading.normal_s) + 1.0;
        let mut apart = value.clamp(-LARGEST, LARGEST) - f64::from(self.mean);
        if self.weight >= WEIGHT_MIN {
            let reach = CLIP * self.width();
            apart = apart.clamp(-reach, reach);
        }
        let gain = 1.0 / weight;
        self.mean = narrow(f64::from(self.mean) + gain * apart);
        self.variance = narrow((1.0 - gain) * (f64::from(self.variance) + gain * apart * apart));
        self.weight = narrow(weight);
        self.at_h = self.at_h.max(now_h);
    }

    /// Takes in what another one of the same number learnt: both fade to the later of their last values, then mean and variance are those of all values together.
    /// Source: T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979. Either way round gives the same bytes.
    pub fn merge(&mut self, other: &Self, fading: Fading) {
        let at_h = self.at_h.max(other.at_h);
        let left = |one: &Self| {
            f64::from(one.weight) * faded(f64::from(at_h.saturating_sub(one.at_h)) * 3_600.0, fading.normal_s)
        };
        let (own, others) = (left(self), left(other));
        let weight = own + others;
        if weight <= 0.0 {
            self.at_h = at_h;
            return;
        }
        let (mean, other_mean) = (f64::from(self.mean), f64::from(other.mean));
        let apart = mean - other_mean;
        let within = (own * f64::from(self.variance) + others * f64::from(other.variance)) / weight;
        self.mean = narrow((own * mean + others * other_mean) / weight);
        self.variance = narrow(within + own * others * (apart * apart) / (weight * weight));
        (self.weight, self.at_h) = (narrow(weight), at_h);
    }
}

impl Snapshot for Moments {
    fn write(&self, out: &mut Vec<u8>) {
        for value in [self.mean, self.variance, self.weight] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        out.extend_from_slice(&self.at_h.to_le_bytes());
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let (mean, variance, weight) = (number(from)?, number(from)?, number(from)?);
        let at_h = codec::take(from).map(i32::from_le_bytes).ok_or(Damaged("a time"))?;
        if variance < 0.0 || weight < 0.0 {
            return Err(Damaged("a variance that is not negative"));
        }
        Ok(Self { mean, variance, weight, at_h })
    }
}
