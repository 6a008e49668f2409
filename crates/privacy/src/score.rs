//! From signs to a score: log-likelihood ratios, added up within and across families of evidence, each family capped.
//!
//! A sign weighs `ln(P(sign | improper) / P(sign | ordinary))`. The first is a judgement that stands with each scenario. The second is measured in the very data under review: how often
//! the sign is seen among visits without a reason, nearly all of which are ordinary (for signs about a day of a user: among all those days). So what is common in this hospital weighs
//! little here, whatever it weighs elsewhere. How many visits are improper at all is estimated from the same data (empirical Bayes), starting from the setting.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::scenario::{Base, Family, Id, Scenario, Sign};

/// Most that a family adds, in nats: evidence that hangs together is not counted as if it were independent.
const FAMILY_MAX: f64 = 7.0;
/// Most that what speaks for the user takes away.
const COUNTER_MAX: f64 = 6.0;
/// Bounds of the estimated share of improper visits.
const SHARE_BOUNDS: (f64, f64) = (0.000_2, 0.1);
/// Rounds of the estimate.
const ROUNDS: u32 = 30;

/// How much each kind of sign weighs in this hospital.
#[derive(Debug, Default)]
pub(crate) struct Weights {
    of_sign: FxHashMap<(Id, u8), (Family, f64)>,
}

/// What the signs are counted against.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    /// Visits without a reason.
    pub visits: u64,
    /// Days of users.
    pub user_days: u64,
}

impl Weights {
    /// Measures how ordinary each kind of sign is.
    pub(crate) fn measure(scenarios: &[Box<dyn Scenario>], signs: &[Sign], totals: Totals) -> Self {
        let mut seen: FxHashSet<(Id, u8, u32, u32, i64)> = FxHashSet::default();
        let mut counts: FxHashMap<(Id, u8), u64> = FxHashMap::default();
        for sign in signs {
            if seen.insert((sign.scenario, sign.level, sign.user, sign.patient, sign.time.day())) {
                *counts.entry((sign.scenario, sign.level)).or_default() += 1;
            }
        }
        let mut kinds: Vec<_> = counts.into_iter().collect();
        kinds.sort_unstable();
        let mut of_sign = FxHashMap::default();
        for ((id, level), count) in kinds {
            let Some(scenario) = scenarios.iter().find(|scenario| scenario.id() == id) else { continue };
            let weight = scenario.weight(level);
            let all = match weight.base {
                Base::Visit => totals.visits,
                Base::UserDay => totals.user_days,
            };
            let ordinary = ((number(count) + 0.5) / (number(all) + 1.0)).min(1.0);
            let ratio = libm::log(weight.when_improper / ordinary);
            let ratio = if weight.family == Family::Counter { ratio.clamp(-COUNTER_MAX, 0.0) } else { ratio.clamp(0.0, FAMILY_MAX) };
            of_sign.insert((id, level), (weight.family, ratio));
        }
        Self { of_sign }
    }

    /// What one sign adds by itself, in nats.
    pub(crate) fn of(&self, sign: &Sign) -> f64 {
        self.of_sign.get(&(sign.scenario, sign.level)).map_or(0.0, |(_, ratio)| *ratio)
    }

    /// What signs that belong together add up to: each kind once, each family capped. Parts by family, in their order.
    pub(crate) fn sum<'a>(&self, signs: impl Iterator<Item = &'a Sign>) -> Vec<(Family, f64)> {
        let mut kinds: Vec<(Id, u8)> = signs.map(|sign| (sign.scenario, sign.level)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let mut parts: Vec<(Family, f64)> = Vec::new();
        for kind in kinds {
            let Some((family, ratio)) = self.of_sign.get(&kind) else { continue };
            match parts.iter_mut().find(|(known, _)| known == family) {
                Some((_, sum)) => *sum += ratio,
                None => parts.push((*family, *ratio)),
            }
        }
        for (family, sum) in &mut parts {
            *sum = if *family == Family::Counter { sum.max(-COUNTER_MAX) } else { sum.min(FAMILY_MAX) };
        }
        parts.sort_by_key(|(family, _)| *family);
        parts
    }
}

/// The share of visits that are improper, estimated from how much evidence there is: the fixed point of the mean probability.
pub(crate) fn improper_share(start: f64, evidence: &[f64], visits: u64) -> f64 {
    let all = number(visits).max(number(evidence.len() as u64)).max(1.0);
    let mut share = start.clamp(SHARE_BOUNDS.0, SHARE_BOUNDS.1);
    for _ in 0..ROUNDS {
        let without = all - number(evidence.len() as u64);
        let sum: f64 = evidence.iter().map(|nats| probability(share, *nats)).sum();
        // a visit that no sign speaks about is as improper as it was, less what a sign would have said
        share = ((sum + without * share * 0.5) / all).clamp(SHARE_BOUNDS.0, SHARE_BOUNDS.1);
    }
    share
}

/// The probability that something is improper, from the share that is and the evidence in nats.
pub(crate) fn probability(share: f64, nats: f64) -> f64 {
    let logit = libm::log(share / (1.0 - share)) + nats;
    1.0 / (1.0 + libm::exp(-logit))
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn number(of: u64) -> f64 {
    of as f64
}
