//! The order in which sections are opened and written: a stretch of work that fits another role far better than the user whose account it is.
//!
//! Steps are pairs of sections, read or written, one after the other in one record. A stretch is what an account does at one workstation without a pause of 20 minutes. Its
//! steps are weighed as `ln(P(step | the other role that fits best) / P(step | this user's other work))`, own frequencies shrunk towards those of the own role (Dirichlet
//! prior of [`PRIOR`] steps). It needs 12 steps in the stretch and 200 outside it. Memory: 8 bytes for each distinct step of a user and of a role, of at most twice
//! [`SECTIONS_MAX`] squared, and the steps of the stretch, 4 bytes each, at most [`STEPS_MAX`].

use rustc_hash::FxHashMap;

use super::super::{Sign, number, of_user};
use super::{FOREIGN, ID, PROFILE};
use crate::form::{Access, MINUTE, Moment};
use crate::names::NONE;
use crate::world::World;

/// A pause after which another stretch begins.
const PAUSE: i64 = 20 * MINUTE;
/// Sections that are told apart; further ones are one.
const SECTIONS_MAX: u16 = 512;
/// Steps of a stretch that are looked at.
const STEPS_MAX: usize = 500;
const STEPS_MIN: usize = 12;
const OTHER_STEPS_MIN: u32 = 200;
/// How many steps the habits of the role weigh in those of one person.
const PRIOR: f64 = 40.0;
/// Steps of a role from which its habits are known.
const ROLE_STEPS_MIN: u32 = 1_000;
/// Average weight of a step, in nats, from which a stretch is another's.
const OTHER_MIN: f64 = 0.7;
/// From where it is work that the user and their role hardly ever do: each step fits ten times as well.
const FOREIGN_MIN: f64 = 2.3;
/// Average surprise of a step, in nats beyond what is usual for the user, below which nobody else is thought of.
const SURPRISE_MIN: f64 = 0.5;
/// Accesses of a stretch that a sign names.
const ROWS_MAX: usize = 200;

#[derive(Debug, Default)]
struct Habits {
    steps: FxHashMap<u32, u32>,
    all: u32,
    /// Sum of the surprise of all steps, once settled: their mean is what is usual.
    usual: f64,
}

impl Habits {
    fn add(&mut self, step: u32, count: u32) {
        let sum = self.steps.entry(step).or_default();
        *sum = sum.saturating_add(count);
        self.all = self.all.saturating_add(count);
    }

    fn of(&self, step: u32) -> u32 {
        self.steps.get(&step).copied().unwrap_or(0)
    }

    /// How often a step is taken, `without` of them left out.
    fn share(&self, step: u32, without: (u32, u32)) -> f64 {
        let (own, all) = (self.of(step).saturating_sub(without.0), self.all.saturating_sub(without.1));
        (f64::from(own) + 0.5) / (f64::from(all) + 0.5 * number(self.steps.len() as u64) + 1.0)
    }
}

/// The stretch of a user that is going on.
#[derive(Debug, Default)]
struct Stretch {
    began: Option<Moment>,
    at: i64,
    workstation: u32,
    section: u16,
    patient: u32,
    steps: Vec<u32>,
    rows: Vec<u32>,
}

#[derive(Debug, Default)]
pub(super) struct Profile {
    sections: FxHashMap<u32, u16>,
    now: Vec<Stretch>,
    own: Vec<Habits>,
    /// By role, in order of its number.
    roles: Vec<(u32, Habits)>,
}

impl Profile {
    pub(super) fn learn(&mut self, access: &Access) {
        let Some(step) = self.step(access, |_| {}) else { return };
        if let Some(own) = of_user(&mut self.own, access.user) {
            own.add(step, 1);
        }
    }

    pub(super) fn settle(&mut self, world: &World) {
        self.now = Vec::new();
        let mut roles: FxHashMap<u32, Habits> = FxHashMap::default();
        for (user, own) in self.own.iter().enumerate().filter(|(_, own)| own.all > 0) {
            let role = roles.entry(world.role(u32::try_from(user).unwrap_or(NONE))).or_default();
            own.steps.iter().for_each(|(step, count)| role.add(*step, *count));
        }
        self.roles = roles.into_iter().collect();
        self.roles.sort_unstable_by_key(|(role, _)| *role);
        for user in 0..self.own.len() {
            let Some(own) = self.own.get(user) else { continue };
            let Some(role) = self.role(world.role(u32::try_from(user).unwrap_or(NONE))) else { continue };
            let mut steps: Vec<(u32, u32)> = own.steps.iter().map(|(step, count)| (*step, *count)).collect();
            steps.sort_unstable();
            let surprise =
                |(step, count): &(u32, u32)| f64::from(*count) * -libm::log(by_own(own, role, *step, (0, 0)));
            let usual = steps.iter().map(surprise).sum::<f64>() / f64::from(own.all.max(1));
            if let Some(own) = self.own.get_mut(user) {
                own.usual = usual;
            }
        }
    }

    pub(super) fn judge(&mut self, world: &World, access: &Access, signs: &mut Vec<Sign>) {
        let mut over = None;
        let step = self.step(access, |stretch| over = Some(std::mem::take(stretch)));
        if let Some(stretch) = over {
            signs.extend(self.strange(world, access.user, &stretch));
        }
        let Some(stretch) = of_user(&mut self.now, access.user) else { return };
        if let Some(step) = step.filter(|_| stretch.steps.len() < STEPS_MAX) {
            stretch.steps.push(step);
        }
        if stretch.rows.len() < ROWS_MAX && stretch.began.is_some() {
            stretch.rows.push(access.row);
        }
    }

    pub(super) fn end(&mut self, world: &World, signs: &mut Vec<Sign>) {
        for (user, stretch) in std::mem::take(&mut self.now).into_iter().enumerate() {
            signs.extend(self.strange(world, u32::try_from(user).unwrap_or(NONE), &stretch));
        }
    }

    fn role(&self, role: u32) -> Option<&Habits> {
        let place = self.roles.binary_search_by_key(&role, |(known, _)| *known).ok()?;
        self.roles.get(place).map(|(_, habits)| habits)
    }

    /// Goes to the section of an access; the step, if it is one. `ends` hears of a stretch that is over.
    fn step(&mut self, access: &Access, ends: impl FnOnce(&mut Stretch)) -> Option<u32> {
        if access.section == NONE || access.patient == NONE {
            return None;
        }
        let next = u16::try_from(self.sections.len()).unwrap_or(SECTIONS_MAX).min(SECTIONS_MAX);
        let section = *self.sections.entry(access.section).or_insert(next);
        let section = 2 * section + u16::from(access.action.writes());
        let stretch = of_user(&mut self.now, access.user)?;
        let at = access.time.at;
        if stretch.began.is_none() || stretch.workstation != access.workstation || at - stretch.at > PAUSE {
            ends(stretch);
            *stretch = Stretch {
                began: Some(access.time),
                workstation: access.workstation,
                patient: NONE,
                ..Stretch::default()
            };
        }
        let (from, patient) = (stretch.section, stretch.patient);
        (stretch.section, stretch.patient, stretch.at) = (section, access.patient, at);
        (patient == access.patient).then_some(u32::from(from) << 16 | u32::from(section))
    }

    /// The sign of a stretch that is another's.
    fn strange(&self, world: &World, user: u32, stretch: &Stretch) -> Option<Sign> {
        if stretch.steps.len() < STEPS_MIN {
            return None;
        }
        let own = self.own.get(user as usize)?;
        let own_role = world.role(user);
        let role = self.role(own_role)?;
        let steps = u32::try_from(stretch.steps.len()).unwrap_or(u32::MAX);
        if own.all.saturating_sub(steps) < OTHER_STEPS_MIN {
            return None;
        }
        let mut counts: FxHashMap<u32, u32> = FxHashMap::default();
        stretch.steps.iter().for_each(|step| *counts.entry(*step).or_default() += 1);
        let mut counts: Vec<(u32, u32)> = counts.into_iter().collect();
        counts.sort_unstable();
        let sum = |weigh: &dyn Fn(u32, u32) -> f64| {
            counts.iter().map(|(step, count)| f64::from(*count) * libm::log(weigh(*step, *count))).sum::<f64>()
        };
        let fits_own = sum(&|step, count| by_own(own, role, step, (count, steps)));
        let mean = 1.0 / f64::from(steps);
        if -fits_own * mean - own.usual < SURPRISE_MIN {
            return None;
        }
        let others = self.roles.iter().filter(|(other, habits)| *other != own_role && habits.all >= ROLE_STEPS_MIN);
        let fits = others.map(|(other, habits)| (*other, sum(&|step, _| habits.share(step, (0, 0)))));
        let (other, fits_other) = fits.max_by(|one, other| one.1.total_cmp(&other.1))?;
        let weight = (fits_other - fits_own) * mean;
        (weight >= OTHER_MIN).then(|| Sign {
            scenario: ID,
            level: if weight >= FOREIGN_MIN { FOREIGN } else { PROFILE },
            user,
            patient: NONE,
            time: stretch.began.unwrap_or(Moment { at: stretch.at, offset_minutes: 0 }),
            rows: stretch.rows.clone(),
            proofs: Vec::new(),
            facts: [f64::from(steps), libm::exp(weight), 0.0],
            other,
        })
    }
}

/// How often a user takes a step outside a stretch, leaning on the role.
fn by_own(own: &Habits, role: &Habits, step: u32, without: (u32, u32)) -> f64 {
    let by_role = role.share(step, without);
    let (count, all) = (own.of(step).saturating_sub(without.0), own.all.saturating_sub(without.1));
    (f64::from(count) + PRIOR * by_role) / (f64::from(all) + PRIOR)
}
