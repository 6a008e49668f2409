//! What is kept of one entity: its own normal, what it has met before, and how much was raised about it. Less than 1.2 kB, so that a million fit into memory.
//!
//! In come numbers, keyed hashes and nats with their time in seconds; out comes how far a number lies from the entity's own past, whether something is met for the first time,
//! and the fading risk. Distributions belong to peer groups ([`crate::tabular::Ecod`]); an entity has moments only. What an entity is, is not known here.

mod moments;
mod seen;

pub use moments::Moments;
pub use seen::Seen;

use cordon_stats::codec;

use crate::{Damaged, Snapshot};

/// Numbers of which an entity keeps its normal.
pub const FEATURES: usize = 16;

/// How fast an entity forgets, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fading {
    /// Half-life of what is normal.
    pub normal_s: f64,
    /// Half-life of the risk.
    pub risk_s: f64,
}

impl Default for Fading {
    /// Thirty days for what is normal, one day for the risk.
    fn default() -> Self {
        Self { normal_s: 30.0 * 86_400.0, risk_s: 86_400.0 }
    }
}

/// One entity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entity {
    moments: [Moments; FEATURES],
    seen: Seen,
    risk: f32,
    risk_at_s: i64,
}

impl Entity {
    /// The usual value of a feature; none before five values, faded, were learnt.
    #[must_use]
    pub fn usual(&self, feature: usize) -> Option<f64> {
        self.moments.get(feature)?.usual()
    }

    /// The distance of a value from the usual one, in standard deviations (at least a tenth of the usual value and at least 1e-6); none before it is known or for what is not finite.
    #[must_use]
    pub fn distance(&self, feature: usize, value: f64) -> Option<f64> {
        self.moments.get(feature)?.distance(value)
    }

    /// Learns a value of a feature at `time_s` seconds since 1970. A far value counts as one of four deviations; what is not finite is left out.
    pub fn learn(&mut self, feature: usize, value: f64, time_s: i64, fading: Fading) {
        if let Some(moments) = self.moments.get_mut(feature) {
            moments.learn(value, time_s, fading);
        }
    }

    /// Whether this is met for the first time, as far as is remembered; it is remembered from now on. The hash must be keyed.
    pub fn meet(&mut self, hash: u64) -> bool {
        self.seen.insert(hash)
    }

    /// Whether this was met before, as far as is remembered; nothing is learnt.
    #[must_use]
    pub fn knows(&self, hash: u64) -> bool {
        self.seen.has(hash)
    }

    /// Adds nats to the risk and says what it is then.
    pub fn raise(&mut self, nats: f64, time_s: i64, fading: Fading) -> f64 {
        let risk = self.risk(time_s, fading) + if nats.is_finite() { nats.max(0.0) } else { 0.0 };
        self.risk = narrow(risk);
        self.risk_at_s = self.risk_at_s.max(time_s);
        risk
    }

    /// The risk at a time, in nats.
    #[must_use]
    pub fn risk(&self, time_s: i64, fading: Fading) -> f64 {
        f64::from(self.risk) * faded(time_s.saturating_sub(self.risk_at_s) as f64, fading.risk_s)
    }
}

/// What is left after a time; all of it when time runs backwards.
fn faded(elapsed_s: f64, half_life_s: f64) -> f64 {
    libm::exp2(-(elapsed_s.max(0.0) / half_life_s.max(1.0)))
}

/// The nearest value of half the size, at most the largest finite one.
#[expect(clippy::cast_possible_truncation, reason = "losing digits is what it is for; the range is bounded before")]
fn narrow(value: f64) -> f32 {
    value.clamp(-f64::from(f32::MAX), f64::from(f32::MAX)) as f32
}

impl Snapshot for Entity {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(1);
        self.moments.iter().for_each(|moments| moments.write(out));
        out.extend_from_slice(&self.risk.to_le_bytes());
        codec::put_i64(out, self.risk_at_s);
        self.seen.write(out);
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        if codec::take(from) != Some([1]) {
            return Err(Damaged("an entity, version 1"));
        }
        let mut entity = Self::default();
        for moments in &mut entity.moments {
            *moments = Moments::read(from)?;
        }
        entity.risk = number(from)?;
        entity.risk_at_s = codec::take_i64(from).ok_or(Damaged("a time"))?;
        entity.seen = Seen::read(from)?;
        Ok(entity)
    }
}

fn number(from: &mut &[u8]) -> Result<f32, Damaged> {
    codec::take(from).map(f32::from_le_bytes).filter(|value| value.is_finite()).ok_or(Damaged("a finite number"))
}

#[cfg(test)]
mod tests;
