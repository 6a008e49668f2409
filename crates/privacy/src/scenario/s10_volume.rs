//! S10, volume: far more different records in an hour or on a day than is usual for the user at that time and for peers of their role.
//!
//! Hours are those of the clock on the wall, by hour of the week; in the night in which the clock goes back the hour that comes twice is two hours, so it makes no volume.
//! What a declared event explains is not counted, nor what has a reason anyway while such an event lasts or is entered afterwards. It is said whether or not there are
//! reasons, but mostly with reasons it weighs little: records staff who release a hundred records are at work.
//!
//! Memory: the records of each user's current hour and day, at most [`PATIENTS_MAX`] each, and their habits (`super::habit`).

use rustc_hash::FxHashSet;

use super::gather::{Gather, Said};
use super::habit::{Habits, Limit};
use super::{Base, Family, Id, Scenario, Seen, Sign, Weight, of_user};
use crate::explain::Reason;
use crate::form::{HOUR, MINUTE, Moment};
use crate::names::NONE;
use crate::world::World;

pub(super) const ID: Id = Id(10);
const HOUR_LEVEL: u8 = 0;
const DAY_LEVEL: u8 = 1;
const HOUR_WITH_REASONS: u8 = 2;
const DAY_WITH_REASONS: u8 = 3;
/// Different records in an hour, and on a day, that are never a volume.
const HOUR_MIN: u32 = 12;
const DAY_MIN: u32 = 25;
/// Most records of an hour or day that are told apart.
const PATIENTS_MAX: usize = 20_000;

/// The hour or day of a user that is going on.
#[derive(Debug, Default)]
struct Span {
    key: i64,
    slot: u8,
    patients: FxHashSet<u32>,
    opened: Option<Gather>,
}

#[derive(Debug, Default)]
struct Now {
    hour: Span,
    day: Span,
}

#[derive(Debug)]
pub(super) struct Volume {
    now: Vec<Now>,
    hours: Habits,
    days: Habits,
}

impl Default for Volume {
    fn default() -> Self {
        // by hour of the week, then by hour of working days or weekends; by weekday, then the same
        let kind_of_hour = |slot: u8| slot % 24 + if slot >= 120 { 24 } else { 0 };
        Self { now: Vec::new(), hours: Habits::by(kind_of_hour), days: Habits::by(|day| u8::from(day >= 5)) }
    }
}

impl Scenario for Volume {
    fn id(&self) -> Id {
        ID
    }

    fn learn(&mut self, world: &World, seen: &Seen<'_>) {
        if !counts(world, seen) {
            return;
        }
        let Some(now) = of_user(&mut self.now, seen.access.user) else { return };
        let (user, time) = (seen.access.user, seen.access.time);
        let (hour_slot, day_slot) = slots(time);
        if now.hour.moves_to(hour_of(time)) {
            now.hour.end(user, &mut self.hours);
            now.hour.slot = hour_slot;
        }
        if now.day.moves_to(time.day()) {
            now.day.end(user, &mut self.days);
            now.day.slot = day_slot;
        }
        if now.hour.is_new(seen.access.patient) {
            now.day.is_new(seen.access.patient);
        }
    }

    fn settle(&mut self, world: &World) {
        for (user, now) in self.now.iter_mut().enumerate() {
            let user = u32::try_from(user).unwrap_or(NONE);
            now.hour.end(user, &mut self.hours);
            now.day.end(user, &mut self.days);
        }
        self.now = Vec::new();
        self.hours.settle(world);
        self.days.settle(world);
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        if !counts(world, seen) {
            return;
        }
        let Some(now) = of_user(&mut self.now, seen.access.user) else { return };
        let time = seen.access.time;
        let (hour_slot, day_slot) = slots(time);
        if now.hour.moves_to(hour_of(time)) {
            now.hour.give(world, &self.hours, (HOUR_LEVEL, HOUR_MIN), signs);
            now.hour.slot = hour_slot;
        }
        if now.day.moves_to(time.day()) {
            now.day.give(world, &self.days, (DAY_LEVEL, DAY_MIN), signs);
            now.day.slot = day_slot;
        }
        if now.hour.is_new(seen.access.patient) {
            now.hour.opened.get_or_insert_with(|| Gather::at(seen.access)).add(seen);
            if now.day.is_new(seen.access.patient) {
                now.day.opened.get_or_insert_with(|| Gather::at(seen.access)).add(seen);
            }
        }
    }

    fn end(&mut self, world: &World, signs: &mut Vec<Sign>) {
        for now in &mut self.now {
            now.hour.give(world, &self.hours, (HOUR_LEVEL, HOUR_MIN), signs);
            now.day.give(world, &self.days, (DAY_LEVEL, DAY_MIN), signs);
        }
    }

    fn weight(&self, level: u8) -> Weight {
        let when_improper = match level {
            HOUR_LEVEL | DAY_LEVEL => 0.2,
            HOUR_WITH_REASONS | DAY_WITH_REASONS => 0.000_5,
            _ => 0.0,
        };
        Weight { family: Family::Volume, base: Base::UserDay, when_improper }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let [count, ..] = sign.facts;
        let span = if sign.other == 1 { "on one day" } else { "in an hour" };
        format!("{}: {count:.0} different records {span}; {}.", world.name_of(sign.user), Limit::words(sign.facts))
    }
}

impl Span {
    /// Goes to an hour or day; whether it is another one.
    fn moves_to(&mut self, key: i64) -> bool {
        let moves = self.key != key || self.patients.is_empty();
        self.key = key;
        moves
    }

    fn is_new(&mut self, patient: u32) -> bool {
        self.patients.len() < PATIENTS_MAX && self.patients.insert(patient)
    }

    fn end(&mut self, user: u32, habits: &mut Habits) {
        if !self.patients.is_empty() {
            habits.learn(user, self.slot, u32::try_from(self.patients.len()).unwrap_or(u32::MAX));
            self.patients.clear();
        }
    }

    fn give(&mut self, world: &World, habits: &Habits, (level, min): (u8, u32), signs: &mut Vec<Sign>) {
        self.patients.clear();
        let Some(mut opened) = self.opened.take() else { return };
        if opened.count < min || opened.waits_for_a_feed() {
            return;
        }
        let Some(limit) =
            habits.limit(world, opened.user, self.slot).filter(|limit| f64::from(opened.count) > limit.value)
        else {
            return;
        };
        let without = opened.is_mostly_without_reason();
        if without {
            opened.only_without_reason();
        }
        let facts = limit.facts(opened.count);
        let said = Said {
            scenario: ID,
            level: if without { level } else { level + HOUR_WITH_REASONS },
            facts,
            other: u32::from(level),
            proofs: Vec::new(),
        };
        opened.give(&said, signs);
    }
}

/// Whether an access counts at all.
fn counts(world: &World, seen: &Seen<'_>) -> bool {
    let has_reason = !seen.explained.marks.is_empty();
    seen.access.patient != NONE
        && !seen.explained.marks.has(Reason::Declared)
        && !(has_reason && world.is_upheaval(seen.access.time.at))
}

/// The hour on the wall, told apart from the one of the same name when the clock goes back.
fn hour_of(time: Moment) -> i64 {
    (time.at + i64::from(time.offset_minutes.rem_euclid(60)) * MINUTE).div_euclid(HOUR)
}

/// Hour of the week and day of the week.
fn slots(time: Moment) -> (u8, u8) {
    let hour = time.hour_of_week();
    (hour, hour / 24)
}

#[cfg(test)]
mod tests;
