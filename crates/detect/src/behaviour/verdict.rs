//! What analysts said of findings, and how it changes later scores: as a part of its own, within bounds, for as long as it counts.
//!
//! Nothing that was learnt depends on it. A verdict is held beside what was learnt, so taking it back takes its effect back at once and wholly. A verdict counts for what
//! happens after the finding that it is about, by the clock of the events, so a replay gives the same findings.
//!
//! The model is a beta-binomial one. Of the alerts of one detector about one entity a share is harmful; before anything is said the share is distributed as Beta(a, a). After `h`
//! verdicts "harmless" and `t` "harmful", faded, the odds have moved by `ln((t + a) / (h + a))` nats (A. Gelman and others, "Bayesian Data Analysis", 3rd edition, section 2.4, with the
//! ratio of the posterior's two parameters for the odds). `a` is strong, so few verdicts say little: 2 for an entity, 20 for all that a detector says of the house.

use cordon_model::{Level, Time};
use rustc_hash::FxHashMap;

use super::Behaviour;
use super::clock::Moment;
use super::model::{MODELS, WORDS, Which};
use super::observed::name_of;
use super::parts::{Parts, Usual, Value};
use super::profile::Profile;
use super::report::EntityKind;

/// Verdicts that stand against what is not known: of an entity and a detector, and of a detector over the house.
const PRIOR_ENTITY: f64 = 2.0;
const PRIOR_HOUSE: f64 = 20.0;
/// Most nats that they add or take off.
const ENTITY_MAX: f64 = 1.5;
const HOUSE_MAX: f64 = 0.5;
/// Of detectors of level high and above this share of them.
const HIGH_SHARE: f64 = 0.5;
/// Most of a score that they take off.
const SCORE_SHARE: f64 = 1.0 / 3.0;
/// Half-life of a verdict, and when it no longer counts, in seconds.
const HALF_LIFE_S: f64 = 30.0 * 86_400.0;
const OVER_S: i64 = 180 * 86_400;
/// Verdicts of one analyst that count in seven days, and about one entity and detector.
const WEEK_MAX: usize = 10;
const WEEK_US: i64 = 7 * 86_400_000_000;
const PAIR_MAX: usize = 2;
/// Most verdicts that are held; of more the latest.
const VERDICTS_MAX: usize = 10_000;

/// Names of the parts.
const HARMLESS: &str = "called harmless by analysts";
const HARMFUL: &str = "called harmful by analysts";
const HOUSE_HARMLESS: &str = "such findings of others called harmless";
const HOUSE_HARMFUL: &str = "such findings of others called harmful";

/// What an analyst said of a finding of learnt behaviour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Identity of what it was said of.
    pub id: [u8; 16],
    /// Id of the detector, such as `learn.account.sign_in`.
    pub detector: Box<str>,
    /// Whom the finding is about; none when that is no account, machine or device.
    pub about: Option<(EntityKind, Box<str>)>,
    /// Whether it was harmful; else it was harmless, or nothing at all.
    pub is_harmful: bool,
    /// Who said it: the name that they sign in with.
    pub by: Box<str>,
    /// When, by the node's own clock: what one analyst says in a week is counted by it.
    pub given: Time,
    /// Time of the latest event that it is about: it counts for what happens later.
    pub about_until: Time,
    /// Whether it was taken back.
    pub is_taken_back: bool,
}

/// Why a verdict counts or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictStanding {
    /// It counts.
    Counts,
    /// It was taken back.
    TakenBack,
    /// It is about the account of who gave it.
    OwnAccount,
    /// Its analyst had given ten within the seven days before.
    TooManyInWeek,
    /// Its analyst gave two later ones about the same entity and detector.
    Superseded,
    /// It is older than 180 days.
    Over,
    /// No detector of this name is in this version.
    Unknown,
}

/// A verdict and what came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VerdictEffect {
    /// [`Verdict::id`].
    pub id: [u8; 16],
    /// Whether it counts.
    pub standing: VerdictStanding,
    /// Nats that all counting verdicts about this entity and detector add (or take off, when negative) now.
    pub entity_nats: f64,
    /// Nats that all counting verdicts about this detector add to everybody's scores now.
    pub house_nats: f64,
    /// Until when it counts, by the clock of the events.
    pub until: Time,
}

/// One counting verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Said {
    about_until_s: i64,
    is_harmful: bool,
}

/// Verdicts in the form in which scores ask for them.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    given: Vec<(Verdict, VerdictStanding)>,
    pairs: FxHashMap<(u64, usize), Vec<Said>>,
    /// Of each entity and kind of verdict the latest one.
    house: [Vec<Said>; MODELS],
}

impl Verdicts {
    fn new(mut given: Vec<Verdict>, key_of: impl Fn(EntityKind, &str) -> Option<u64>) -> Self {
        given.sort_unstable_by_key(|one| (one.given, one.id));
        let surplus = given.len().saturating_sub(VERDICTS_MAX);
        given.drain(..surplus);
        let mut standings: Vec<VerdictStanding> = given.iter().map(standing_alone).collect();
        bound_weeks(&given, &mut standings);
        bound_pairs(&given, &mut standings);
        let mut verdicts = Self::default();
        let mut latest: FxHashMap<(usize, Option<u64>, bool), i64> = FxHashMap::default();
        for (verdict, standing) in given.iter().zip(&standings) {
            let Some(place) = place_of(&verdict.detector).filter(|_| *standing == VerdictStanding::Counts) else {
                continue;
            };
            let about_until_s = verdict.about_until.as_seconds();
            let said = Said { about_until_s, is_harmful: verdict.is_harmful };
            let key = verdict.about.as_ref().and_then(|(kind, name)| key_of(*kind, name));
            if let Some(key) = key {
                verdicts.pairs.entry((key, place)).or_default().push(said);
            }
            let of_entity = latest.entry((place, key, verdict.is_harmful)).or_insert(i64::MIN);
            if *of_entity > i64::MIN {
                let earlier = Said { about_until_s: *of_entity, is_harmful: verdict.is_harmful };
                verdicts.house.get_mut(place).into_iter().for_each(|house| take_one(house, earlier));
            }
            *of_entity = about_until_s.max(*of_entity);
            let said = Said { about_until_s: *of_entity, ..said };
            verdicts.house.get_mut(place).into_iter().for_each(|house| house.push(said));
        }
        verdicts.given = given.into_iter().zip(standings).collect();
        verdicts
    }

    fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// What is said of an entity and a detector at a time, of what happened from `first_s` on: what was forgotten of an entity takes along what was said of it.
    fn of_entity(&self, key: u64, place: usize, (first_s, now_s): (i64, i64)) -> Sum {
        let pair = self.pairs.get(&(key, place)).map(Vec::as_slice).unwrap_or_default();
        Sum::of(pair.iter().filter(|said| said.about_until_s >= first_s), now_s)
    }

    /// What is said of a detector at a time.
    fn of_house(&self, place: usize, now_s: i64) -> Sum {
        Sum::of(self.house.get(place).map(Vec::as_slice).unwrap_or_default().iter(), now_s)
    }

    fn house_nats(&self, place: usize, now_s: i64) -> f64 {
        self.of_house(place, now_s).nats(PRIOR_HOUSE, most(place).1)
    }
}

fn take_one(house: &mut Vec<Said>, said: Said) {
    if let Some(place) = house.iter().position(|known| *known == said) {
        house.swap_remove(place);
    }
}

/// Verdicts, faded, and how many there are.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    harmless: f64,
    harmful: f64,
    count: u32,
}

impl Sum {
    fn of<'s>(said: impl Iterator<Item = &'s Said>, now_s: i64) -> Self {
        let mut sum = Self::default();
        for one in said {
            let age_s = now_s.saturating_sub(one.about_until_s);
            // the past is not judged by what was said of it later
            if age_s <= 0 || age_s > OVER_S {
                continue;
            }
            let weight = libm::exp2(-(age_s as f64) / HALF_LIFE_S);
            *(if one.is_harmful { &mut sum.harmful } else { &mut sum.harmless }) += weight;
            sum.count += 1;
        }
        sum
    }

    fn nats(self, prior: f64, most: f64) -> f64 {
        libm::log((self.harmful + prior) / (self.harmless + prior)).clamp(-most, most)
    }
}

fn place_of(detector: &str) -> Option<usize> {
    WORDS.iter().position(|words| words.id == detector)
}

fn standing_alone(verdict: &Verdict) -> VerdictStanding {
    let is_own = |(kind, name): &(EntityKind, Box<str>)| {
        let account = |name| name_of(EntityKind::Account, name);
        *kind == EntityKind::Account && account(name) == account(&verdict.by)
    };
    if place_of(&verdict.detector).is_none() {
        VerdictStanding::Unknown
    } else if verdict.is_taken_back {
        VerdictStanding::TakenBack
    } else if verdict.about.as_ref().is_some_and(is_own) {
        VerdictStanding::OwnAccount
    } else {
        VerdictStanding::Counts
    }
}

/// Of each analyst ten count in any seven days, the earliest. In the order in which they were given.
fn bound_weeks(given: &[Verdict], standings: &mut [VerdictStanding]) {
    let mut counted: FxHashMap<&str, Vec<Time>> = FxHashMap::default();
    for (verdict, standing) in given.iter().zip(standings) {
        if *standing != VerdictStanding::Counts {
            continue;
        }
        let times = counted.entry(&verdict.by).or_default();
        times.retain(|time| time.0 > verdict.given.0.saturating_sub(WEEK_US));
        if times.len() < WEEK_MAX {
            times.push(verdict.given);
        } else {
            *standing = VerdictStanding::TooManyInWeek;
        }
    }
}

/// Of each analyst two count about one entity and detector, the latest.
fn bound_pairs(given: &[Verdict], standings: &mut [VerdictStanding]) {
    type About<'v> = Option<&'v (EntityKind, Box<str>)>;
    let mut counted: FxHashMap<(&str, &str, About<'_>), usize> = FxHashMap::default();
    for (verdict, standing) in given.iter().zip(standings).rev() {
        if *standing != VerdictStanding::Counts || verdict.about.is_none() {
            continue;
        }
        let count = counted.entry((&verdict.by, &verdict.detector, verdict.about.as_ref())).or_default();
        *count += 1;
        if *count > PAIR_MAX {
            *standing = VerdictStanding::Superseded;
        }
    }
}

/// How far a detector's scores can be moved: of an entity, and of the house.
fn most(place: usize) -> (f64, f64) {
    let is_high = WORDS.get(place).is_some_and(|words| words.level >= Level::High);
    let share = if is_high { HIGH_SHARE } else { 1.0 };
    (ENTITY_MAX * share, HOUSE_MAX * share)
}

/// Whether nothing is to be taken off, whatever analysts said: a new place or machine after refused attempts, or a service account at work like a person.
fn is_kept(parts: &Parts<'_>) -> bool {
    let is_new_place = parts.has("new address") || parts.has("new machine signed in from");
    (is_new_place && parts.has("refused attempts before")) || parts.has("never signed in like a person")
}

impl Behaviour {
    /// Puts these verdicts into force, in place of all before. What was learnt stays as it is.
    pub fn judge_by(&mut self, given: Vec<Verdict>) {
        let verdicts = Verdicts::new(given, |kind, name| Some(self.key(kind, &name_of(kind, name)?)));
        self.verdicts = verdicts;
    }

    /// Every verdict that is held with its effect at the time of the latest event, in the order in which they were given.
    #[must_use]
    pub fn verdicts(&self) -> Vec<VerdictEffect> {
        let heard_s = self.sources.values().map(|(_, last_s)| *last_s).max().unwrap_or(i64::MIN);
        // one that was given just now counts from the next event on
        let about_s = self.verdicts.given.iter().map(|(verdict, _)| verdict.about_until.as_seconds()).max();
        let at_s = heard_s.max(about_s.unwrap_or(i64::MIN).saturating_add(1));
        let house: Vec<f64> = (0..MODELS).map(|place| self.verdicts.house_nats(place, at_s)).collect();
        let effect = |(verdict, standing): &(Verdict, VerdictStanding)| {
            let key = verdict.about.as_ref().and_then(|(kind, name)| Some(self.key(*kind, &name_of(*kind, name)?)));
            let (place, key) = (place_of(&verdict.detector).unwrap_or(MODELS), key.unwrap_or(0));
            let first_s = self.entities.get(key).map_or(i64::MIN, |who| who.first_s);
            let about_s = verdict.about_until.as_seconds();
            let is_over = at_s.saturating_sub(about_s) > OVER_S && *standing == VerdictStanding::Counts;
            VerdictEffect {
                id: verdict.id,
                standing: if is_over { VerdictStanding::Over } else { *standing },
                entity_nats: self.verdicts.of_entity(key, place, (first_s, at_s)).nats(PRIOR_ENTITY, most(place).0),
                house_nats: house.get(place).copied().unwrap_or(0.0),
                until: Time(about_s.saturating_add(OVER_S).saturating_mul(1_000_000)),
            }
        };
        self.verdicts.given.iter().map(effect).collect()
    }

    /// Whether analysts can move a score past the threshold, either way.
    pub(super) fn is_near(score: f64, threshold: f64) -> bool {
        score + ENTITY_MAX + HOUSE_MAX > threshold
    }

    /// The score with what analysts said as parts of it.
    pub(super) fn with_verdicts<'o>(&self, which: Which, who: &Profile, parts: &Parts<'o>, at: Moment) -> Parts<'o> {
        let mut parts = *parts;
        if self.verdicts.is_empty() {
            return parts;
        }
        let place = which as usize;
        let (entity_max, house_max) = most(place);
        let pair = self.verdicts.of_entity(who.key, place, (who.first_s, at.s));
        let house = self.verdicts.of_house(place, at.s);
        let mut room = if is_kept(&parts) { 0.0 } else { parts.score() * SCORE_SHARE };
        let told = [
            (pair, pair.nats(PRIOR_ENTITY, entity_max), (HARMLESS, HARMFUL)),
            (house, house.nats(PRIOR_HOUSE, house_max), (HOUSE_HARMLESS, HOUSE_HARMFUL)),
        ];
        for (sum, nats, (harmless, harmful)) in told {
            let value = Value::Count(f64::from(sum.count));
            if nats < 0.0 {
                let taken = (-nats).min(room);
                room -= taken;
                parts.excuse(harmless, taken, value);
            } else {
                parts.add(harmful, nats, value, Usual::Said);
            }
        }
        parts
    }
}
