//! From signs to a score: log-likelihood ratios, added up within and across families of evidence, each family capped.
//!
//! A sign weighs `ln(P(sign | improper) / P(sign | ordinary))`. The first is a judgement that stands with each scenario. The second is measured in the very data under review: how often
//! the sign is seen among visits without a reason by people of the same role, nearly all of which are ordinary (for signs about a day of a user: among all those days). What the
//! user did is left out of it, and a role with few visits leans on all others. So what is common for a role in this hospital weighs little for it, whatever it weighs elsewhere. How
//! many visits are improper at all is estimated from the same data (empirical Bayes), starting from the setting.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use crate::scenario::{Base, Family, Id, Scenario, Sign, Weight};
use crate::world::World;

/// Most that a family adds, in nats: evidence that hangs together is not counted as if it were independent.
const FAMILY_MAX: f64 = 7.0;
/// Most that what speaks for the user takes away.
const COUNTER_MAX: f64 = 6.0;
/// Visits of all roles that a role's own are joined with, in their proportions.
const LEAN: f64 = 100.0;
/// How far roles differ in where they start at most, in nats.
const START_MAX: f64 = 2.5;
/// Bounds of the estimated share of improper visits.
const SHARE_BOUNDS: (f64, f64) = (0.000_2, 0.1);
/// Rounds of the estimate.
const ROUNDS: u32 = 30;

/// Decisions that stand against what is not known about a scenario, and most nats that decisions add or take off.
const TAUGHT_PRIOR: f64 = 10.0;
const TAUGHT_MAX: f64 = 1.0;
/// Scenarios of which decisions take nothing off: data that left, and what was made of a record.
const NEVER_LESS: [&str; 2] = ["S16", "S20"];

/// What the privacy office decided of earlier cases whose strongest scenario this is. Never of a person: it moves all cases of the scenario alike.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Taught {
    /// Its id, `S2`.
    pub scenario: String,
    /// Cases in which a rule was broken, faded by whoever counts them.
    pub founded: f64,
    /// Cases of which nothing held, faded likewise.
    pub unfounded: f64,
}

impl Taught {
    /// Nats that it adds to cases of its scenario: the log-odds by which a share that was Beta(10, 10) before has moved (as in learnt behaviour), at most 1 either way. Nothing for what is
    /// no number; never less than nothing for data that left (S16) and tampering (S20).
    #[must_use]
    pub fn nats(&self) -> f64 {
        let count = |count: f64| if count.is_finite() { count.max(0.0) } else { 0.0 };
        let odds = (count(self.founded) + TAUGHT_PRIOR) / (count(self.unfounded) + TAUGHT_PRIOR);
        let least = if NEVER_LESS.contains(&&*self.scenario) { 0.0 } else { -TAUGHT_MAX };
        libm::log(odds).clamp(least, TAUGHT_MAX)
    }
}

/// How much each kind of sign weighs for each user of this hospital.
#[derive(Debug)]
pub(crate) struct Weights<'a> {
    world: &'a World,
    kinds: FxHashMap<(Id, u8), (Weight, Spread)>,
    visits: Spread,
    user_days: Spread,
}

/// Counts of all, by role and by user.
#[derive(Debug, Default)]
pub(crate) struct Spread {
    all: u64,
    of_role: FxHashMap<u32, u64>,
    of_user: FxHashMap<u32, u64>,
}

impl Spread {
    /// One more of a user.
    pub(crate) fn add(&mut self, world: &World, user: u32) {
        self.all += 1;
        *self.of_role.entry(world.role(user)).or_default() += 1;
        *self.of_user.entry(user).or_default() += 1;
    }

    /// How many there are of all.
    pub(crate) const fn all(&self) -> u64 {
        self.all
    }

    /// How many there are of all others, and of others of the same role.
    fn of_others(&self, world: &World, user: u32) -> (f64, f64) {
        let own = self.of_user.get(&user).copied().unwrap_or(0);
        let role = self.of_role.get(&world.role(user)).copied().unwrap_or(0);
        (number(self.all - own), number(role - own))
    }
}

impl<'a> Weights<'a> {
    /// Counts how often each kind of sign is seen, against all visits without a reason and all days of users.
    pub(crate) fn measure(
        world: &'a World,
        scenarios: &[Box<dyn Scenario>],
        signs: &[Sign],
        visits: Spread,
        user_days: Spread,
    ) -> Self {
        let mut seen: FxHashSet<(Id, u8, u32, u32, i64)> = FxHashSet::default();
        let mut kinds: FxHashMap<(Id, u8), (Weight, Spread)> = FxHashMap::default();
        for sign in signs {
            let kind = (sign.scenario, sign.level);
            if !seen.insert((sign.scenario, sign.level, sign.user, sign.patient, sign.time.day())) {
                continue;
            }
            if let Some((_, spread)) = kinds.get_mut(&kind) {
                spread.add(world, sign.user);
            } else if let Some(scenario) = scenarios.iter().find(|scenario| scenario.id() == sign.scenario) {
                let mut spread = Spread::default();
                spread.add(world, sign.user);
                kinds.insert(kind, (scenario.weight(sign.level), spread));
            }
        }
        Self { world, kinds, visits, user_days }
    }

    /// What one sign adds by itself, in nats.
    pub(crate) fn of(&self, sign: &Sign) -> f64 {
        self.of_kind((sign.scenario, sign.level), sign.user).map_or(0.0, |(_, ratio)| ratio)
    }

    fn of_kind(&self, kind: (Id, u8), user: u32) -> Option<(Family, f64)> {
        let (weight, spread) = self.kinds.get(&kind)?;
        let base = match weight.base {
            Base::Visit => &self.visits,
            Base::UserDay => &self.user_days,
        };
        let (count, count_of_role) = spread.of_others(self.world, user);
        let (all, all_of_role) = base.of_others(self.world, user);
        // one of its own is counted, so that what nobody else did is seldom, not impossible
        let everywhere = (count + 1.0) / (all + 2.0);
        // that a role never did it says that it is seldom there only when the role has done much else
        let seldom = everywhere.min(0.5 / (all_of_role + 1.0));
        let ordinary = ((count_of_role + LEAN * everywhere) / (all_of_role + LEAN)).clamp(seldom, 1.0);
        let ratio = libm::log(weight.when_improper / ordinary);
        let ratio = match weight.family {
            Family::Counter => ratio.clamp(-COUNTER_MAX, 0.0),
            _ => ratio.clamp(0.0, FAMILY_MAX),
        };
        Some((weight.family, ratio))
    }

    /// What signs of one user that belong together add up to: each kind once, each family capped. Parts by family, in their order.
    pub(crate) fn sum<'s>(&self, signs: impl Iterator<Item = &'s Sign>) -> Vec<(Family, f64)> {
        let mut kinds: Vec<(Id, u8, u32)> = signs.map(|sign| (sign.scenario, sign.level, sign.user)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let mut ratios: Vec<(Family, f64)> =
            kinds.into_iter().filter_map(|(id, level, user)| self.of_kind((id, level), user)).collect();
        ratios.sort_by(|one, other| one.0.cmp(&other.0).then(other.1.abs().total_cmp(&one.1.abs())));
        let mut parts: Vec<(Family, f64)> = Vec::new();
        let mut share = 1.0;
        for (family, ratio) in ratios {
            match parts.last_mut() {
                // what is of one family goes together: each further kind counts half of the one before
                Some((known, sum)) if *known == family => {
                    share *= 0.5;
                    *sum += share * ratio;
                }
                _ => {
                    share = 1.0;
                    parts.push((family, ratio));
                }
            }
        }
        for (family, sum) in &mut parts {
            *sum = if *family == Family::Counter { sum.max(-COUNTER_MAX) } else { sum.min(FAMILY_MAX) };
        }
        parts
    }

    /// What earlier decisions add to a case whose strongest scenario this is, in nats.
    pub(crate) fn taught(&self, strongest: Option<Id>) -> f64 {
        let Some(id) = strongest else { return 0.0 };
        let name = id.to_string();
        self.world.settings.taught.iter().find(|taught| taught.scenario == name).map_or(0.0, Taught::nats)
    }

    /// Where a user starts, in nats beside the share of all: people of all roles are taken to be equally curious, so that in a role with many visits without a reason each of them
    /// is less likely improper.
    pub(crate) fn start(&self, user: u32) -> f64 {
        let people = |role: Option<u32>| {
            let days = role.map_or(self.user_days.all, |role| self.user_days.of_role.get(&role).copied().unwrap_or(0));
            number(days)
        };
        let role = self.world.role(user);
        let (_, of_others) = self.visits.of_others(self.world, user);
        let everywhere = number(self.visits.all) / people(None).max(1.0);
        let here = (of_others + LEAN * everywhere) / (people(Some(role)) + LEAN);
        libm::log(everywhere / here.max(f64::MIN_POSITIVE)).clamp(-START_MAX, START_MAX)
    }

    /// Days of users for each visit without a reason, in nats: what is only about a day of a user starts so much lower.
    pub(crate) fn day_start(&self) -> f64 {
        libm::log((number(self.visits.all) + 1.0) / (number(self.user_days.all) + 1.0)).min(0.0)
    }

    /// Whether a sign is about a visit without a reason.
    pub(crate) fn is_about_visit(&self, sign: &Sign) -> bool {
        self.kinds.get(&(sign.scenario, sign.level)).is_some_and(|(weight, _)| weight.base == Base::Visit)
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
