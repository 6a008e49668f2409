//! DSPOT: a threshold over a score that wanders, set on its distance from the mean of its recent past.
//!
//! Source: as [`super::Spot`], section 4.3. Values that raised an alarm do not enter the mean.

use cordon_stats::codec;

use super::{Call, Spot, SpotSettings};
use crate::{Damaged, Part, Score, Snapshot};

/// A threshold that follows a wandering stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Dspot {
    /// The latest values that raised no alarm, the oldest at `oldest`.
    window: Vec<f64>,
    depth: usize,
    oldest: usize,
    spot: Spot,
}

/// Most values in the window.
const DEPTH_MAX: usize = 10_000;

impl Dspot {
    /// A threshold over the distance from the mean of the last `depth` values (1 to 10,000): a season, or 50 to 500.
    #[must_use]
    pub fn new(depth: usize, settings: SpotSettings) -> Self {
        Self { window: Vec::new(), depth: depth.clamp(1, DEPTH_MAX), oldest: 0, spot: Spot::new(settings) }
    }

    /// Judges a value, then learns it.
    pub fn step(&mut self, value: f64) -> Call {
        if self.window.len() < self.depth {
            if value.is_finite() {
                self.window.push(value);
            }
            return Call::Warming;
        }
        let call = self.spot.step(value - self.mean());
        if call != Call::Alarm && value.is_finite() {
            if let Some(place) = self.window.get_mut(self.oldest) {
                *place = value;
            }
            self.oldest = (self.oldest + 1) % self.depth;
        }
        call
    }

    /// The value above which an alarm is raised now; infinite while warming up.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.mean() + self.spot.threshold()
    }

    /// As [`Spot::obtained`].
    #[must_use]
    pub fn obtained(&self) -> Option<f64> {
        self.spot.obtained()
    }

    /// Bytes held: the window and the threshold.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(self.window.as_slice()) + self.spot.bytes() - size_of::<Spot>()
    }

    /// How rare the distance of a value from the mean of its recent past is, in nats ([`Spot::nats`]). One part, beside that mean.
    #[must_use]
    pub fn explain(&self, value: f64) -> Score {
        let usual = (!self.window.is_empty()).then(|| self.mean());
        Score::of(vec![Part { feature: 0, value: self.nats(value), observed: value, usual, peers: None }])
    }

    /// The value of [`Dspot::explain`], without allocating.
    #[must_use]
    pub fn nats(&self, value: f64) -> f64 {
        self.spot.nats(value - self.mean())
    }

    /// Takes in the tail of another one of the same depth ([`Spot::merge`]). The recent past stays its own: each place wanders by itself. False, and nothing done, when
    /// depths differ.
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.depth != other.depth {
            return false;
        }
        self.spot.merge(&other.spot);
        true
    }

    fn mean(&self) -> f64 {
        self.window.iter().sum::<f64>() / self.window.len().max(1) as f64
    }
}

impl Snapshot for Dspot {
    fn write(&self, out: &mut Vec<u8>) {
        codec::put_len(out, self.depth);
        codec::put_len(out, self.oldest);
        codec::put_len(out, self.window.len());
        self.window.iter().for_each(|value| codec::put_u64(out, value.to_bits()));
        self.spot.write(out);
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let place = |from: &mut &[u8]| {
            codec::take_u64(from).and_then(|value| usize::try_from(value).ok()).ok_or(Damaged("a place"))
        };
        let depth = place(from)?;
        let oldest = place(from)?;
        let len = codec::take_len(from, 8).filter(|len| *len <= depth && depth <= DEPTH_MAX && oldest < depth);
        let len = len.ok_or(Damaged("the length of a window"))?;
        let window = (0..len).map(|_| crate::drift::take_finite(from)).collect::<Result<Vec<f64>, _>>()?;
        Ok(Self { window, depth, oldest, spot: Spot::read(from)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::controls::Draw;

    #[test]
    fn a_slow_wave_raises_no_alarm_and_a_jump_on_it_does() {
        let mut dspot = Dspot::new(50, SpotSettings { rate: 1e-3, warmup: 1_000, half_life: 0 });
        let mut draw = Draw::new(1);
        let mut alarms = 0;
        for step in 0..20_000 {
            let value = 10.0 * libm::sin(f64::from(step) / 2_000.0) + draw.unit();
            alarms += i32::from(dspot.step(value) == Call::Alarm);
        }
        assert!(alarms < 60, "{alarms}");
        let before = dspot.threshold();
        assert_eq!(dspot.step(before + 20.0), Call::Alarm);
    }

    #[test]
    fn a_kept_threshold_goes_on_the_same() {
        let mut dspot = Dspot::new(10, SpotSettings { rate: 0.01, warmup: 100, half_life: 500 });
        let mut draw = Draw::new(2);
        for _ in 0..400 {
            dspot.step(draw.unit());
        }
        let mut bytes = Vec::new();
        dspot.write(&mut bytes);
        let read = Dspot::read(&mut bytes.as_slice()).unwrap();
        assert_eq!(read, dspot);
        for cut in 0..bytes.len() {
            assert!(Dspot::read(&mut &bytes[..cut]).is_err());
        }
    }
}
