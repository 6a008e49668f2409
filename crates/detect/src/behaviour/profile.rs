//! What is remembered of one account, machine or device: at most 1.2 kB.

use cordon_learn::entity::{Moments, Seen};
use cordon_learn::{Damaged, Snapshot};
use cordon_stats::codec;

use super::clock::Moment;
use super::model::{MODELS, Which};
use super::report::EntityKind;
use super::surprise::Rate;

/// Kinds of things that can be new to an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    /// An address outside the house.
    OutsideAddress,
    /// An address inside.
    InsideAddress,
    /// The network of an address: /24, or /48 of IPv6.
    Network,
    /// Being outside at all.
    Outside,
    /// A machine signed in to.
    Host,
    /// A machine signed in from.
    FromHost,
    /// A program.
    Program,
    /// A way of signing in.
    Way,
    /// Somebody spoken with.
    Peer,
    /// A port or protocol spoken.
    Service,
    /// A sign-in after refused attempts: never new, counted by tries and news.
    Refused,
}

/// How many kinds of things there are.
pub(super) const THINGS: usize = 11;

/// Numbers of which an entity and its peers have a normal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feature {
    /// Records opened in an hour.
    Records,
    /// Searches in an hour.
    Searches,
    /// Records taken out (printed, exported, disclosed) in an hour.
    TakenOut,
    /// Bytes sent outside in an hour.
    Bytes,
    /// Different patients in a day.
    Patients,
}

/// All features with their name, words and unit.
pub(super) const FEATURES: [(Feature, &str, &str, &str); 5] = [
    (Feature::Records, "records_per_hour", "records opened or changed in an hour", "records"),
    (Feature::Searches, "searches_per_hour", "searches among patients in an hour", "searches"),
    (Feature::TakenOut, "taken_out_per_hour", "records printed, exported or disclosed in an hour", "records"),
    (Feature::Bytes, "bytes_out_per_hour", "bytes sent to the outside in an hour", "bytes"),
    (Feature::Patients, "patients_per_day", "different patients in a day", "patients"),
];

/// Tries after which old ones count half.
pub(super) const TRIES_MAX: f32 = 2_000.0;
/// Days of an hour's profile after which old ones count half.
pub(super) const DAYS_MAX: u8 = 60;
/// Hours after which a thing that was met while an alarm was raised is believed when it is met again.
const PENDING_H: u32 = 20;

/// Tries of one kind of thing: an hour with any counts once, so that a busy hour is one occasion.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tries {
    pub(super) tries: f32,
    pub(super) news: f32,
    pub(super) hour: u32,
}

/// Things that were new to an entity within an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Burst {
    pub(super) nats: f32,
    pub(super) things: u16,
    pub(super) hour: u32,
}

impl Burst {
    /// One more, so surprising; gives the nats and the number in its hour. One cause brings several: the second counts by the root of two less, the third by that of three.
    pub(super) fn add(&mut self, nats: f64, at: Moment) -> (f64, f64) {
        if self.hour != at.hour {
            *self = Self { hour: at.hour, ..Self::default() };
        }
        self.things = self.things.saturating_add(1);
        let things = f64::from(self.things);
        self.nats = narrow(f64::from(self.nats) + nats / libm::sqrt(things));
        (f64::from(self.nats), things)
    }
}

/// What is remembered of one entity.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Profile {
    pub(super) key: u64,
    pub(super) slot: u32,
    pub(super) kind: EntityKind,
    /// Number of the peer group.
    pub(super) group: u8,
    /// Days on which it was active.
    pub(super) days: u16,
    pub(super) first_s: i64,
    pub(super) last_s: i64,
    /// The running hour and day.
    pub(super) hour: u32,
    pub(super) day: u32,
    /// Hash of the source that last spoke of it.
    pub(super) source: u64,
    pub(super) seen: Seen,
    pub(super) normal: [Moments; FEATURES.len()],
    pub(super) tries: [Tries; THINGS],
    /// On how many days it was active at each hour, workdays and weekends.
    pub(super) hours: [u8; 48],
    pub(super) work_days: u8,
    pub(super) weekend_days: u8,
    /// The running hour of each feature, of the last its running day, and what is counted in it.
    pub(super) count_at: [u32; FEATURES.len()],
    pub(super) counts: [f64; FEATURES.len()],
    /// Different patients of the running day, one bit each.
    pub(super) patients: [u64; 8],
    /// Largest score of the running hour, by model.
    pub(super) peaks: [f32; MODELS],
    /// Hour of the last finding, by model.
    pub(super) told: [u32; MODELS],
    /// Weak signs by model, and when they were last faded.
    pub(super) risk: [f32; MODELS],
    pub(super) risk_at_s: i64,
    /// Things met during an alarm, not yet believed.
    pub(super) pending: [(u32, u32); 4],
    /// Refused sign-ins lately, faded, and when.
    pub(super) refused: f32,
    pub(super) refused_at_s: i64,
    /// New programs, and new machines, in an hour.
    pub(super) programs: Burst,
    pub(super) machines: Burst,
    /// Sum of deviations of patients per day.
    pub(super) drift: f32,
    pub(super) drift_day: u32,
    pub(super) calls_outside: bool,
    /// Features of which it did more than usual in the running hour or day, a bit each.
    pub(super) busy: u8,
    /// Models that have judged it, a bit each.
    pub(super) judged: u16,
}

impl Profile {
    pub(super) fn new(key: u64, kind: EntityKind, at: Moment) -> Self {
        Self {
            key,
            slot: 0,
            kind,
            group: 0,
            days: 0,
            first_s: at.s,
            last_s: at.s,
            hour: at.hour,
            day: 0,
            source: 0,
            seen: Seen::default(),
            normal: [Moments::default(); FEATURES.len()],
            tries: [Tries::default(); THINGS],
            hours: [0; 48],
            work_days: 0,
            weekend_days: 0,
            count_at: [0; FEATURES.len()],
            counts: [0.0; FEATURES.len()],
            patients: [0; 8],
            peaks: [0.0; MODELS],
            told: [0; MODELS],
            risk: [0.0; MODELS],
            risk_at_s: at.s,
            pending: [(0, 0); 4],
            refused: 0.0,
            refused_at_s: 0,
            programs: Burst::default(),
            machines: Burst::default(),
            drift: 0.0,
            drift_day: 0,
            calls_outside: false,
            busy: 0,
            judged: 0,
        }
    }

    /// Whether it is the first day of it: everything is new to it then, which says nothing.
    pub(super) fn is_first_day(&self, at: Moment) -> bool {
        self.days == 0 || (self.days == 1 && at.day <= self.day)
    }

    /// Whether a thing was met before; being there at the first try is not being new.
    pub(super) fn knows(&self, hash: u64) -> bool {
        self.seen.has(hash)
    }

    /// How often a kind of thing was tried and new.
    pub(super) fn rate(&self, thing: Thing) -> Rate {
        let tries = self.tries.get(thing as usize).copied().unwrap_or_default();
        Rate { tries: f64::from(tries.tries), news: f64::from(tries.news) }
    }

    /// Learns that a thing was tried; says what that adds to its peers' rate. On its first day everything is new to an entity, which says nothing about it.
    pub(super) fn try_thing(&mut self, thing: Thing, is_new: bool, at: Moment) -> Rate {
        let (hour, is_first_day) = (at.hour, self.is_first_day(at));
        let Some(tries) = self.tries.get_mut(thing as usize) else { return Rate::default() };
        let mut added = Rate::default();
        if tries.hour != hour || tries.tries == 0.0 {
            tries.hour = hour;
            tries.tries += 1.0;
            added.tries = 1.0;
        }
        if is_new && !is_first_day {
            tries.news += 1.0;
            added.news = 1.0;
        }
        if tries.tries > TRIES_MAX {
            tries.tries /= 2.0;
            tries.news /= 2.0;
        }
        added
    }

    /// Remembers a thing. While an alarm is raised it is only noted, and believed when it is met again on another day.
    pub(super) fn meet(&mut self, hash: u64, is_alarm: bool, at: Moment) {
        if self.seen.has(hash) {
            self.seen.insert(hash);
            return;
        }
        let (mark, hour) = (u32::try_from(hash >> 32).unwrap_or(0), at.hour);
        let noted = self.pending.iter_mut().find(|(noted, since)| *noted == mark && *since > 0);
        match noted {
            Some((_, since)) if is_alarm || hour < since.saturating_add(PENDING_H) => {}
            Some(noted) => {
                *noted = (0, 0);
                self.seen.insert(hash);
            }
            None if is_alarm => {
                self.pending.rotate_right(1);
                if let Some(first) = self.pending.first_mut() {
                    *first = (mark, hour.max(1));
                }
            }
            None => drop(self.seen.insert(hash)),
        }
    }

    /// Counts the hour as one of its active ones; the first of a day counts the day. Says whether it was the first time in this hour of this day.
    pub(super) fn is_active(&mut self, at: Moment, is_new_day: bool, is_new_hour: bool) -> bool {
        if is_new_day {
            self.days = self.days.saturating_add(1);
            let days = if at.of_week < 24 { &mut self.work_days } else { &mut self.weekend_days };
            *days = days.saturating_add(1);
            if *days > DAYS_MAX {
                *days /= 2;
                self.hours.iter_mut().skip(at.of_week / 24 * 24).take(24).for_each(|hour| *hour /= 2);
            }
        }
        if is_new_hour && let Some(hour) = self.hours.get_mut(at.of_week) {
            *hour = hour.saturating_add(1);
        }
        is_new_hour
    }

    /// Days it was active on that count in an hour's profile.
    pub(super) fn days_like(&self, of_week: usize) -> f64 {
        f64::from(if of_week < 24 { self.work_days } else { self.weekend_days })
    }

    /// On how many days it was active around an hour: the hour itself, and the neighbours by half.
    pub(super) fn active_around(&self, of_week: usize) -> f64 {
        let base = of_week / 24 * 24;
        let of = |hour: usize| f64::from(self.hours.get(base + hour % 24).copied().unwrap_or(0));
        let hour = of_week % 24;
        of(hour) + (of(hour + 1) + of(hour + 23)) / 2.0
    }

    /// The share of its active days on which it was active at an hour.
    pub(super) fn active_share(&self, of_week: usize) -> f64 {
        let days = self.days_like(of_week);
        let hour = f64::from(self.hours.get(of_week).copied().unwrap_or(0));
        if days > 0.0 { (hour / days).min(1.0) } else { 0.0 }
    }

    /// Marks that it did more than usual; says whether that was not known yet.
    pub(super) fn is_newly_busy(&mut self, feature: Feature) -> bool {
        let bit = 1 << (feature as u8);
        let is_new = self.busy & bit == 0;
        self.busy |= bit;
        is_new
    }

    /// A new hour or day of a feature has begun.
    pub(super) fn forget_busy(&mut self, feature: Feature) {
        self.busy &= !(1 << (feature as u8));
    }

    /// Whether a model judges it for the first time.
    pub(super) fn is_first_judged(&mut self, which: Which) -> bool {
        let bit = 1 << (which as u16);
        let is_first = self.judged & bit == 0;
        self.judged |= bit;
        is_first
    }

    /// Whether a model, by its place, has judged it.
    pub(super) const fn was_judged(&self, place: usize) -> bool {
        self.judged >> place & 1 == 1
    }

    /// Whether it ever called outside.
    pub(super) const fn calls_outside(&self) -> bool {
        self.calls_outside
    }

    /// Whether it calls outside for the first time.
    pub(super) fn outside_first(&mut self) -> bool {
        !std::mem::replace(&mut self.calls_outside, true)
    }

    /// Whether its running hour, which counts in its profile already, is that of a moment.
    pub(super) fn is_counted(&self, at: Moment) -> bool {
        self.hour == at.hour && self.days > 0
    }

    /// The same share without today's activity in this hour.
    pub(super) fn share_before(&self, at: Moment) -> f64 {
        let hours =
            f64::from(self.hours.get(at.of_week).copied().unwrap_or(0)) - f64::from(u8::from(self.is_counted(at)));
        let days = self.days_like(at.of_week) - f64::from(u8::from(self.day == at.day && self.days > 0));
        if days > 0.0 { (hours / days).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// How many of the 24 hours of a workday it was ever active at.
    pub(super) fn hours_covered(&self) -> usize {
        self.hours.iter().take(24).filter(|hour| **hour > 0).count()
    }

    /// Counts patients; says how many different ones there were in the running day, as linear counting estimates them (K.-Y. Whang and others, 1990), at most about 3,000.
    pub(super) fn count_patients(&mut self, patients: &[u64]) -> f64 {
        for patient in patients {
            let (word, bit) = ((patient >> 6) & 7, patient & 63);
            if let Some(word) = usize::try_from(word).ok().and_then(|word| self.patients.get_mut(word)) {
                *word |= 1 << bit;
            }
        }
        let unset: u32 = self.patients.iter().map(|word| word.count_zeros()).sum();
        let estimate = libm::round(-512.0 * libm::log(f64::from(unset).max(0.5) / 512.0));
        let place = Feature::Patients as usize;
        if let Some(count) = self.counts.get_mut(place) {
            *count = estimate;
        }
        estimate
    }

    /// Begins a new day of counting.
    pub(super) fn forget_patients(&mut self) {
        self.patients = [0; 8];
    }

    /// Takes note of a refused sign-in.
    pub(super) fn is_refused(&mut self, at: Moment) {
        self.refused = self.refused_lately(at) + 1.0;
        self.refused_at_s = self.refused_at_s.max(at.s);
    }

    /// Refused sign-ins lately, halved every ten minutes; below one half they are none.
    pub(super) fn refused_lately(&self, at: Moment) -> f32 {
        let elapsed_s = at.s.saturating_sub(self.refused_at_s).clamp(0, 86_400);
        let left = f64::from(self.refused) * libm::exp2(-(elapsed_s as f64) / 600.0);
        if left < 0.5 { 0.0 } else { narrow(left) }
    }

    /// Adds nats of one model to its risk, halved every day; gives what it is then.
    pub(super) fn raise(&mut self, which: Which, nats: f64, at: Moment) -> f64 {
        let elapsed_s = at.s.saturating_sub(self.risk_at_s).max(0);
        let left = libm::exp2(-(elapsed_s as f64) / 86_400.0);
        self.risk.iter_mut().for_each(|risk| *risk = narrow(f64::from(*risk) * left));
        self.risk_at_s = self.risk_at_s.max(at.s);
        if let Some(risk) = self.risk.get_mut(which as usize).filter(|_| nats.is_finite()) {
            *risk = narrow((f64::from(*risk) + nats.max(0.0)).min(1e6));
        }
        self.risk_by_model().map(|(_, nats)| nats).sum()
    }

    /// Its risk by model, as it was when last raised.
    pub(super) fn risk_by_model(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.risk.iter().enumerate().map(|(model, risk)| (model, f64::from(*risk)))
    }

    /// Its risk at a time, in nats.
    pub(super) fn risk_at(&self, s: i64) -> f64 {
        let elapsed_s = s.saturating_sub(self.risk_at_s).max(0);
        self.risk_by_model().map(|(_, nats)| nats).sum::<f64>() * libm::exp2(-(elapsed_s as f64) / 86_400.0)
    }
}

/// The nearest value of half the size.
#[expect(clippy::cast_possible_truncation, reason = "losing digits is what it is for; the range is bounded before")]
pub(super) fn narrow(value: f64) -> f32 {
    value.clamp(-f64::from(f32::MAX), f64::from(f32::MAX)) as f32
}

impl Snapshot for Profile {
    fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, self.key);
        out.extend_from_slice(&[self.kind as u8, self.group, self.work_days, self.weekend_days]);
        out.extend_from_slice(&self.days.to_le_bytes());
        for time in [self.first_s, self.last_s, self.risk_at_s, self.refused_at_s] {
            codec::put_i64(out, time);
        }
        let marks = [self.hour, self.day, self.drift_day, self.programs.hour, self.machines.hour];
        let pending = self.pending.iter().flat_map(|(mark, hour)| [*mark, *hour]);
        for number in marks
            .into_iter()
            .chain(self.count_at)
            .chain(self.told)
            .chain(pending)
            .chain(self.tries.iter().map(|tries| tries.hour))
        {
            out.extend_from_slice(&number.to_le_bytes());
        }
        let tries = self.tries.iter().flat_map(|tries| [tries.tries, tries.news]);
        let single = [self.refused, self.programs.nats, self.machines.nats, self.drift];
        for number in self.peaks.into_iter().chain(self.risk).chain(single).chain(tries) {
            out.extend_from_slice(&number.to_le_bytes());
        }
        for number in [self.programs.things, self.machines.things, self.judged] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&[u8::from(self.calls_outside), self.busy]);
        codec::put_u64(out, self.source);
        self.patients.iter().for_each(|word| codec::put_u64(out, *word));
        self.counts.iter().for_each(|count| codec::put_u64(out, count.to_bits()));
        out.extend_from_slice(&self.hours);
        self.normal.iter().for_each(|normal| normal.write(out));
        self.seen.write(out);
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let key = codec::take_u64(from).ok_or(Damaged("the key of an entity"))?;
        let [kind, group, work_days, weekend_days] = codec::take(from).ok_or(Damaged("the kind of an entity"))?;
        let kind = match kind {
            0 => EntityKind::Account,
            1 => EntityKind::Host,
            2 => EntityKind::Device,
            _ => return Err(Damaged("a kind of entity")),
        };
        let mut read = Self::new(key, kind, Moment::default());
        (read.group, read.work_days, read.weekend_days) = (group, work_days, weekend_days);
        read.days = codec::take(from).map(u16::from_le_bytes).ok_or(Damaged("days"))?;
        for time in [&mut read.first_s, &mut read.last_s, &mut read.risk_at_s, &mut read.refused_at_s] {
            *time = codec::take_i64(from).ok_or(Damaged("a time"))?;
        }
        let marks =
            [&mut read.hour, &mut read.day, &mut read.drift_day, &mut read.programs.hour, &mut read.machines.hour];
        for mark in marks.into_iter().chain(&mut read.count_at).chain(&mut read.told) {
            *mark = whole(from)?;
        }
        for (mark, hour) in &mut read.pending {
            (*mark, *hour) = (whole(from)?, whole(from)?);
        }
        for tries in &mut read.tries {
            tries.hour = whole(from)?;
        }
        let single = [&mut read.refused, &mut read.programs.nats, &mut read.machines.nats, &mut read.drift];
        for number in read.peaks.iter_mut().chain(&mut read.risk).chain(single) {
            *number = single_number(from)?;
        }
        for tries in &mut read.tries {
            (tries.tries, tries.news) = (single_number(from)?, single_number(from)?);
        }
        for number in [&mut read.programs.things, &mut read.machines.things, &mut read.judged] {
            *number = codec::take(from).map(u16::from_le_bytes).ok_or(Damaged("a number"))?;
        }
        let [calls_outside, busy] = codec::take(from).ok_or(Damaged("a mark"))?;
        (read.calls_outside, read.busy) = (calls_outside == 1, busy);
        read.source = codec::take_u64(from).ok_or(Damaged("a source"))?;
        for word in &mut read.patients {
            *word = codec::take_u64(from).ok_or(Damaged("bits"))?;
        }
        for count in &mut read.counts {
            *count = finite(from)?;
        }
        read.hours = codec::take(from).ok_or(Damaged("hours"))?;
        for normal in &mut read.normal {
            *normal = Moments::read(from)?;
        }
        read.seen = Seen::read(from)?;
        Ok(read)
    }
}

fn whole(from: &mut &[u8]) -> Result<u32, Damaged> {
    codec::take(from).map(u32::from_le_bytes).ok_or(Damaged("a number"))
}

fn single_number(from: &mut &[u8]) -> Result<f32, Damaged> {
    let number = codec::take(from).map(f32::from_le_bytes);
    number.filter(|number| number.is_finite() && *number >= 0.0).ok_or(Damaged("a finite number"))
}

/// Takes a finite number.
pub(super) fn finite(from: &mut &[u8]) -> Result<f64, Damaged> {
    codec::take_u64(from).map(f64::from_bits).filter(|number| number.is_finite()).ok_or(Damaged("a finite number"))
}
