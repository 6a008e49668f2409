//! The order in which a user opens sections: a day that fits the user's own other days far worse than it fits colleagues of the role.
//!
//! Steps are pairs of sections opened one after the other in one record within half an hour. A day's steps are weighed as `ln(P(step | own other days) / P(step | role))`
//! on average, own frequencies shrunk towards those of the role (Dirichlet prior of [`PRIOR`] steps). It needs 40 steps on the day and 400 on at least five other days.
//! Memory: 8 bytes for each distinct step of a user, of at most [`SECTIONS_MAX`] squared, and the steps of the day, 4 bytes each, at most [`STEPS_MAX`].

use rustc_hash::FxHashMap;

use super::super::{Sign, number, of_user};
use super::{ID, PROFILE};
use crate::form::{Access, MINUTE, Moment};
use crate::names::NONE;
use crate::world::World;

const WITHIN: i64 = 30 * MINUTE;
/// Sections that are told apart; further ones are one.
const SECTIONS_MAX: u16 = 512;
/// Steps of a day that are looked at.
const STEPS_MAX: usize = 2_000;
const STEPS_MIN: usize = 40;
const OTHER_STEPS_MIN: u32 = 400;
const OTHER_DAYS_MIN: u32 = 5;
/// How many steps the habits of the role weigh in those of one person.
const PRIOR: f64 = 40.0;
/// Average weight of a step, in nats, below which a day is not the user's own.
const FIT_MIN: f64 = -0.35;
/// Share of steps below which a step is seldom.
const SELDOM: f64 = 0.01;
/// Accesses of a day that a sign names.
const ROWS_MAX: usize = 50;

#[derive(Debug, Default)]
struct Own {
    steps: FxHashMap<u32, u32>,
    all: u32,
    days: u32,
}

/// The day of a user that is going on.
#[derive(Debug, Default)]
struct Today {
    day: i64,
    began: Option<Moment>,
    section: u16,
    patient: u32,
    at: i64,
    steps: Vec<u32>,
    rows: Vec<u32>,
}

#[derive(Debug, Default)]
pub(super) struct Profile {
    sections: FxHashMap<u32, u16>,
    today: Vec<Today>,
    own: Vec<Own>,
    roles: FxHashMap<u32, Own>,
}

impl Profile {
    pub(super) fn learn(&mut self, access: &Access) {
        let Some(step) = self.step(access, |_| {}) else { return };
        let (Some(own), Some(today)) = (of_user(&mut self.own, access.user), of_user(&mut self.today, access.user))
        else {
            return;
        };
        let count = own.steps.entry(step).or_default();
        *count = count.saturating_add(1);
        own.all = own.all.saturating_add(1);
        if today.steps.is_empty() {
            own.days += 1;
            today.steps.push(step);
        }
    }

    pub(super) fn settle(&mut self, world: &World) {
        self.today = Vec::new();
        for (user, own) in self.own.iter().enumerate().filter(|(_, own)| own.all > 0) {
            let role = self.roles.entry(world.role(u32::try_from(user).unwrap_or(NONE))).or_default();
            role.all = role.all.saturating_add(own.all);
            let mut steps: Vec<_> = own.steps.iter().collect();
            steps.sort_unstable();
            for (step, count) in steps {
                let sum = role.steps.entry(*step).or_default();
                *sum = sum.saturating_add(*count);
            }
        }
    }

    pub(super) fn judge(&mut self, world: &World, access: &Access, signs: &mut Vec<Sign>) {
        let mut over = None;
        let step = self.step(access, |today| over = Some(std::mem::take(today)));
        if let Some(today) = over {
            signs.extend(self.strange(world, access.user, &today));
        }
        let Some(step) = step else { return };
        let Some(today) = of_user(&mut self.today, access.user) else { return };
        if today.steps.len() < STEPS_MAX {
            today.steps.push(step);
        }
        if today.rows.len() < ROWS_MAX {
            today.rows.push(access.row);
        }
    }

    pub(super) fn end(&mut self, world: &World, signs: &mut Vec<Sign>) {
        for (user, today) in std::mem::take(&mut self.today).into_iter().enumerate() {
            signs.extend(self.strange(world, u32::try_from(user).unwrap_or(NONE), &today));
        }
    }

    /// Goes to the section of an access; the step, if it is one. `day_ends` hears of a day that is over.
    fn step(&mut self, access: &Access, day_ends: impl FnOnce(&mut Today)) -> Option<u32> {
        if access.section == NONE {
            return None;
        }
        let next = u16::try_from(self.sections.len()).unwrap_or(SECTIONS_MAX).min(SECTIONS_MAX);
        let section = *self.sections.entry(access.section).or_insert(next);
        let today = of_user(&mut self.today, access.user)?;
        let (day, at) = (access.time.day(), access.time.at);
        if today.day != day || today.began.is_none() {
            day_ends(today);
            today.steps.clear();
            today.rows.clear();
            today.day = day;
            today.began = Some(access.time);
        }
        let before = (today.section, today.patient, today.at);
        (today.section, today.patient, today.at) = (section, access.patient, at);
        let (from, patient, left) = before;
        let is_step = patient == access.patient && patient != NONE && at - left <= WITHIN && left > 0;
        is_step.then_some(u32::from(from) << 16 | u32::from(section))
    }

    /// The sign of a day that is not the user's own.
    fn strange(&self, world: &World, user: u32, today: &Today) -> Option<Sign> {
        let own = self.own.get(user as usize)?;
        let role = self.roles.get(&world.role(user))?;
        let steps = u32::try_from(today.steps.len()).unwrap_or(u32::MAX);
        let others = own.all.saturating_sub(steps);
        if today.steps.len() < STEPS_MIN || others < OTHER_STEPS_MIN || own.days <= OTHER_DAYS_MIN {
            return None;
        }
        let mut of_today: FxHashMap<u32, u32> = FxHashMap::default();
        for step in &today.steps {
            *of_today.entry(*step).or_default() += 1;
        }
        let mut counts: Vec<(u32, u32)> = of_today.into_iter().collect();
        counts.sort_unstable();
        let (mut fit, mut seldom) = (0.0, 0_u32);
        for (step, count) in &counts {
            let before = own.steps.get(step).copied().unwrap_or(0).saturating_sub(*count);
            let of_peers = role.steps.get(step).copied().unwrap_or(0).saturating_sub(*count);
            let kinds = number(role.steps.len() as u64);
            let by_role = (f64::from(of_peers) + 1.0) / (f64::from(role.all.saturating_sub(steps)) + kinds);
            let by_own = (f64::from(before) + PRIOR * by_role) / (f64::from(others) + PRIOR);
            fit += f64::from(*count) * libm::log(by_own / by_role);
            if f64::from(before) < SELDOM * f64::from(others) {
                seldom += count;
            }
        }
        let fit = fit / f64::from(steps);
        let usual = usual_seldom(own, &counts, others);
        let percent = 100.0 * f64::from(seldom) / f64::from(steps);
        let began = today.began?;
        let sign = Sign {
            scenario: ID,
            level: PROFILE,
            user,
            patient: NONE,
            time: began,
            rows: today.rows.clone(),
            proofs: Vec::new(),
            facts: [f64::from(steps), percent, usual],
            other: NONE,
        };
        (fit < FIT_MIN && percent > 2.0 * usual).then_some(sign)
    }
}

/// How many of a hundred steps on other days are ones that are seldom there.
fn usual_seldom(own: &Own, today: &[(u32, u32)], others: u32) -> f64 {
    let without_today = own.steps.iter().map(|(step, count)| {
        let here = today.binary_search_by_key(step, |(known, _)| *known).ok().and_then(|place| today.get(place));
        count.saturating_sub(here.map_or(0, |(_, count)| *count))
    });
    let seldom: u32 = without_today.filter(|count| f64::from(*count) < SELDOM * f64::from(others)).sum();
    100.0 * f64::from(seldom) / f64::from(others.max(1))
}
