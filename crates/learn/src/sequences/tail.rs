//! How rare a number is among those that were seen: `-ln` of the share that reaches it, beyond what was seen by an exponential tail.
//!
//! Up to the ninth decile the share is counted; above it the excess is taken as exponential with the mean of the excesses seen (the generalised Pareto tail of Pickands, Ann. Statist. 3, 1975,
//! with shape 0). So two detectors come onto one scale, and a value beyond all seen still is ranked.

use cordon_stats::codec::{put_len, put_u64, take_len};

use crate::drift::take_finite;
use crate::{Damaged, Snapshot};

/// Values that are kept: evenly spaced ones of those given.
const KEPT_MAX: usize = 1_024;

/// A tail that was fitted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tail {
    /// Ascending.
    values: Vec<f64>,
}

impl Tail {
    /// The tail of these values; those that are not finite are left out.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        if values.len() > KEPT_MAX {
            let last = values.len() - 1;
            let kept = (0..KEPT_MAX).filter_map(|place| values.get(place * last / (KEPT_MAX - 1)).copied());
            values = kept.collect();
        }
        Self { values }
    }

    /// `-ln` of the share of values that are at least `value`; 0 when nothing was seen.
    pub(super) fn rarity(&self, value: f64) -> f64 {
        let seen = self.values.len();
        let first_above = seen * 9 / 10;
        let Some(decile) = self.values.get(first_above).copied() else { return 0.0 };
        if value <= decile {
            let below = self.values.partition_point(|one| *one < value);
            return -libm::log(((seen - below) as f64 + 0.5) / (seen as f64 + 1.0)).min(0.0);
        }
        let excess: f64 = self.values.iter().skip(first_above).map(|one| one - decile).sum();
        let mean = excess / (seen - first_above) as f64;
        libm::log(10.0) + (value - decile) / mean.max(1e-9)
    }

    /// The middle of the values; none when nothing was seen.
    pub(super) fn median(&self) -> Option<f64> {
        self.values.get(self.values.len() / 2).copied()
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.values.len() * size_of::<f64>()
    }
}

impl Snapshot for Tail {
    fn write(&self, out: &mut Vec<u8>) {
        put_len(out, self.values.len());
        self.values.iter().for_each(|value| put_u64(out, value.to_bits()));
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let len = take_len(from, 8).ok_or(Damaged("the values of a tail"))?;
        let values: Vec<f64> = (0..len).map(|_| take_finite(from)).collect::<Result<_, _>>()?;
        let ascending = values.windows(2).all(|pair| matches!(pair, [a, b] if a <= b));
        if ascending && len <= KEPT_MAX {
            Ok(Self { values })
        } else {
            Err(Damaged("the values of a tail in their order"))
        }
    }
}
