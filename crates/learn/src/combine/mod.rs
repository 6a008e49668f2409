//! Detectors on one scale, and the alerts that a budget allows.
//!
//! A raw score of one detector says nothing beside that of another. [`Curve`] turns it into how rarely a reference reaches it, in nats (minus the natural logarithm of the tail
//! probability): 0 is nothing, 4.6 one in a hundred, 6.9 one in a thousand. Scores come in in nats as well, or nearly so. Nats of detectors that look at different things may be added. [`within_budget`] picks the
//! alerts that people have asked for. What the scores are about is not known here.

use cordon_stats::codec;

use crate::{Damaged, Snapshot};

/// Knots of a curve.
const KNOTS: usize = 256;

/// Fewest scores in the tail that is extended.
const TAIL_MIN: usize = 10;

/// Smallest mean excess that the tail is extended with, so that a tail without spread does not make any other score infinitely rare.
const EXCESS_MIN: f64 = 0.05;

/// How rarely a reference reaches a score.
///
/// Between knots it is interpolated, so that it never turns two scores round and never makes them equal; beyond the edge of the tail it goes on as an
/// exponential distribution does, with the mean excess found there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Score and nats, both rising.
    knots: Vec<(f64, f64)>,
    /// Mean excess over the last knot.
    excess: f64,
}

impl Curve {
    /// The curve of `scores`, whose uppermost `tail` (a share, 0 to 1; at least 10 scores) is smoothed and extended. Scores that are not finite are left out.
    #[must_use]
    pub fn of(mut scores: Vec<f64>, tail: f64) -> Self {
        scores.retain(|score| score.is_finite());
        scores.sort_unstable_by(|a, b| b.total_cmp(a));
        let count = scores.len();
        let wanted = libm::round(tail.clamp(0.0, 1.0) * count as f64);
        let edge = (TAIL_MIN..count).find(|place| *place as f64 >= wanted).unwrap_or(count.saturating_sub(1));
        let Some(edge_score) = scores.get(edge).copied() else { return Self::default() };
        let above = scores.get(..edge).unwrap_or_default();
        let excess = above.iter().map(|score| score - edge_score).sum::<f64>() / (edge.max(1) as f64);
        Self { knots: knots(&scores, edge), excess }
    }

    /// How rarely the reference reaches `score`, in nats from 0 on; 0 without a reference.
    #[must_use]
    pub fn nats(&self, score: f64) -> f64 {
        let place = self.knots.partition_point(|(known, _)| *known <= score);
        let Some(before) = place.checked_sub(1).and_then(|place| self.knots.get(place)) else { return 0.0 };
        match self.knots.get(place) {
            Some(after) => before.1 + (after.1 - before.1) * (score - before.0) / (after.0 - before.0),
            None if self.excess > 0.0 => before.1 + (score - before.0) / self.excess.max(EXCESS_MIN),
            // scores that were all alike say nothing of their spread: they are taken to be nats themselves
            None => before.1 + (score - before.0),
        }
    }

    /// The curve of both references together: at each knot of either the share that reaches it is the mean of both shares, `weight` and `other_weight` being the numbers of scores behind
    /// them (above 0). Of more knots than are held evenly spaced ones stay. Exact at the knots, to what interpolation between knots costs; a curve without a reference adds nothing.
    #[must_use]
    pub fn merged(&self, weight: f64, other: &Self, other_weight: f64) -> Self {
        if self.knots.is_empty() || other.knots.is_empty() {
            return if self.knots.is_empty() { other.clone() } else { self.clone() };
        }
        let share = (other_weight / (weight + other_weight)).clamp(0.0, 1.0);
        let nats = |score: f64| {
            let reached = |curve: &Self| libm::exp(-curve.nats(score));
            -libm::log((1.0 - share) * reached(self) + share * reached(other))
        };
        let mut scores: Vec<f64> = self.knots.iter().chain(&other.knots).map(|knot| knot.0).collect();
        scores.sort_unstable_by(f64::total_cmp);
        scores.dedup();
        let last = scores.len() - 1;
        let held = scores.len().min(KNOTS);
        let places = (0..held).map(|step| step * last / held.saturating_sub(1).max(1));
        let kept = places.filter_map(|place| scores.get(place).copied());
        let knots = kept.map(|score| (score, nats(score).max(0.0))).collect();
        Self { knots, excess: self.excess + share * (other.excess - self.excess) }
    }

    /// Bytes held: at most 256 knots of 16 bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.knots.len() * size_of::<(f64, f64)>()
    }
}

/// Knots at ranks whose logarithms are evenly spaced, from the lowest score to the one at `edge`; of equal scores the commonest rank stays.
fn knots(descending: &[f64], edge: usize) -> Vec<(f64, f64)> {
    let count = descending.len() as f64;
    let most = libm::log(count / (edge + 1) as f64);
    let mut knots: Vec<(f64, f64)> = Vec::with_capacity(KNOTS);
    let mut place = descending.len();
    for step in 0..KNOTS {
        let nats = most * step as f64 / (KNOTS - 1) as f64;
        let reached = count * libm::exp(-nats);
        // from the lowest score upwards: the last place whose rank is at most `reached`
        while place > edge + 1 && place as f64 > reached + 1e-6 {
            place -= 1;
        }
        let Some(score) = descending.get(place.saturating_sub(1)).copied() else { break };
        if knots.last().is_none_or(|(last, _)| *last < score) {
            knots.push((score, libm::log(count / place as f64)));
        }
    }
    knots
}

/// Places of the `alerts` highest scores, best first; of equal scores the earlier comes first. Scores that are not a number never are alerts.
#[must_use]
pub fn within_budget(scores: &[f64], alerts: usize) -> Vec<usize> {
    let mut places: Vec<usize> =
        (0..scores.len()).filter(|place| scores.get(*place).is_some_and(|score| !score.is_nan())).collect();
    let score = |place: &usize| scores.get(*place).copied().unwrap_or(f64::NEG_INFINITY);
    places.sort_by(|a, b| score(b).total_cmp(&score(a)));
    places.truncate(alerts);
    places
}

impl Snapshot for Curve {
    fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, self.excess.to_bits());
        codec::put_len(out, self.knots.len());
        for (score, nats) in &self.knots {
            codec::put_u64(out, score.to_bits());
            codec::put_u64(out, nats.to_bits());
        }
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let excess = crate::drift::take_finite(from)?;
        let len = codec::take_len(from, 16).filter(|len| *len <= KNOTS).ok_or(Damaged("the knots of a curve"))?;
        let mut knots: Vec<(f64, f64)> = Vec::with_capacity(len);
        for _ in 0..len {
            let knot = (crate::drift::take_finite(from)?, crate::drift::take_finite(from)?);
            if knots.last().is_some_and(|last| last.0 >= knot.0) {
                return Err(Damaged("rising knots of a curve"));
            }
            knots.push(knot);
        }
        Ok(Self { knots, excess })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::eval::controls::Draw;

    #[test]
    fn a_curve_says_how_rarely_a_score_is_reached() {
        let mut draw = Draw::new(1);
        let curve = Curve::of((0..100_000).map(|_| draw.unit()).collect(), 0.001);
        for share in [0.5, 0.1, 0.01] {
            let nats = curve.nats(1.0 - share);
            assert!((nats + libm::log(share)).abs() < 0.1, "{share}: {nats}");
        }
        assert_eq!(curve.nats(-1.0), 0.0);
    }

    #[test]
    fn the_tail_goes_on_beyond_what_was_seen() {
        let mut draw = Draw::new(2);
        let curve = Curve::of((0..50_000).map(|_| -libm::log(1.0 - draw.unit())).collect(), 0.02);
        // of an exponential distribution the nats are the value itself
        for value in [2.0, 5.0, 8.0, 30.0] {
            assert!((curve.nats(value) - value).abs() < 0.1 * value, "{value}: {}", curve.nats(value));
        }
    }

    #[test]
    fn a_merged_curve_is_that_of_both_references() {
        let mut draw = Draw::new(3);
        let mut drawn =
            |count: usize, scale: f64| (0..count).map(|_| -libm::log(1.0 - draw.unit()) * scale).collect::<Vec<f64>>();
        let (few, many) = (drawn(10_000, 3.0), drawn(30_000, 1.0));
        let merged = Curve::of(few.clone(), 0.01).merged(1e4, &Curve::of(many.clone(), 0.01), 3e4);
        let both = Curve::of([few, many].concat(), 0.01);
        for score in [0.1, 0.5, 1.0, 3.0, 6.0, 9.0] {
            let (found, wanted) = (merged.nats(score), both.nats(score));
            assert!((found - wanted).abs() < 0.05 * wanted.max(1.0), "{score}: {found} {wanted}");
        }
        assert_eq!(merged.merged(1.0, &Curve::default(), 1.0), merged);
        assert_eq!(Curve::default().merged(1.0, &merged, 1.0), merged);
    }

    #[test]
    fn few_or_equal_scores_are_no_fault() {
        assert_eq!(Curve::of(Vec::new(), 0.1).nats(3.0), 0.0);
        assert_eq!(Curve::of(vec![f64::NAN, 2.0], 0.1).nats(1.0), 0.0);
        let flat = Curve::of(vec![5.0; 100], 0.1);
        assert_eq!((flat.nats(5.0), flat.nats(4.0)), (0.0, 0.0));
        assert!(flat.nats(6.0) > flat.nats(5.0));
    }

    #[test]
    fn a_budget_picks_the_highest_and_the_earlier_of_equals() {
        assert_eq!(within_budget(&[1.0, f64::NAN, 3.0, 3.0, 2.0], 3), [2, 3, 4]);
        assert_eq!(within_budget(&[1.0], 5), [0]);
    }

    proptest! {
        #[test]
        fn a_curve_never_turns_two_scores_round(scores in prop::collection::vec(-1e3_f64..1e3, 30..500), a in -1e3_f64..1e3, b in -1e3_f64..1e3) {
            let curve = Curve::of(scores, 0.05);
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(curve.nats(low) <= curve.nats(high));
        }

        #[test]
        fn a_kept_curve_is_the_same(scores in prop::collection::vec(-1e3_f64..1e3, 0..300)) {
            let curve = Curve::of(scores, 0.1);
            let mut bytes = Vec::new();
            curve.write(&mut bytes);
            prop_assert_eq!(Curve::read(&mut bytes.as_slice()), Ok(curve));
            for cut in 0..bytes.len() {
                prop_assert!(Curve::read(&mut &bytes[..cut]).is_err());
            }
        }
    }
}
