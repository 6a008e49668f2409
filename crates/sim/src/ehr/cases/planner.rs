//! What all plans need: people with the right lives, moments on their shifts, and sittings.

use rustc_hash::FxHashSet;

use crate::clock::{HOUR, Time};
use crate::ehr::hospital::Role;
use crate::ehr::people::NONE;
use crate::ehr::roster::Shift;
use crate::ehr::row::{Block, Manner, Place, Tag, Visit};
use crate::ehr::world::World;
use crate::rng::{Rng, whole};

/// Plans blocks for one tag after the other.
pub(crate) struct Planner<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) rng: Rng,
    pub(crate) tag: Tag,
    pub(crate) blocks: Vec<Block>,
    /// People who are in a case already.
    used: FxHashSet<u32>,
    /// Member of staff and patient of their family.
    pub(crate) kin: Vec<(u32, u32)>,
    /// Patients with an appointment after the simulation begins.
    pub(crate) expected: FxHashSet<u32>,
    /// Patients who have died, celebrities, and patients who are staff.
    pub(crate) dead: Vec<u32>,
    pub(crate) celebrities: Vec<u32>,
    pub(crate) colleagues: Vec<u32>,
    /// Encounters to which somebody added properly.
    pub(crate) spared: FxHashSet<u32>,
    /// Somebody in the news: the patient, the time, and how many more will look.
    pub(crate) news: Option<(u32, Time, u32)>,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(world: &'a mut World) -> Self {
        let patients = &world.people.patients;
        let those = |wanted: &dyn Fn(u32) -> bool| (0..patients.len()).filter(|n| wanted(*n)).collect::<Vec<u32>>();
        let begin = world.begin();
        Self {
            rng: Rng::of(world.seed, &[4, u64::from(world.care.encounters.len())]),
            tag: Tag::default(),
            blocks: Vec::new(),
            used: FxHashSet::default(),
            kin: kin(world),
            expected: world.care.appointments.iter().filter(|row| row.start > begin).map(|row| row.patient).collect(),
            dead: those(&|n| patients.at(n).death.is_some_and(|death| death < world.end())),
            celebrities: those(&|n| patients.at(n).vip && patients.at(n).death.is_none()),
            colleagues: those(&|n| patients.at(n).staff != NONE),
            spared: FxHashSet::default(),
            news: None,
            world,
        }
    }

    /// Whether somebody may be in a case: not yet in one, of ordinary work, and on shift at least once.
    pub(crate) fn may(&self, user: u32) -> bool {
        let role = self.world.people.staff.at(user).role;
        let open_to_all =
            role.works_on_ended() || matches!(role, Role::QualityNurse | Role::Researcher | Role::ItAnalyst);
        !open_to_all && !self.used.contains(&user) && self.moments(user).next().is_some()
    }

    /// Somebody who may be in a case and whom `wanted` fits.
    pub(crate) fn somebody(&mut self, wanted: impl Fn(&World, u32) -> bool) -> Option<u32> {
        for _ in 0..200 {
            let user = self.rng.below(self.world.people.staff.len());
            if wanted(self.world, user) && self.may(user) {
                return Some(user);
            }
        }
        None
    }

    /// Any patient alive whom `wanted` fits.
    pub(crate) fn patient(&mut self, wanted: impl Fn(&World, u32) -> bool) -> Option<u32> {
        for _ in 0..200 {
            let patient = self.rng.below(self.world.people.patients.len());
            let alive = self.world.people.patients.at(patient).death.is_none();
            if alive && wanted(self.world, patient) {
                return Some(patient);
            }
        }
        None
    }

    /// A patient alive with whom a user has nothing to do.
    pub(crate) fn stranger(&mut self, user: u32, wanted: impl Fn(&World, u32) -> bool) -> Option<u32> {
        self.patient(|world, patient| wanted(world, patient) && world.is_unrelated(user, patient))
    }

    /// The shifts of a user inside the simulated days.
    pub(crate) fn moments(&self, user: u32) -> impl Iterator<Item = &Shift> {
        let (begin, end) = (self.world.begin(), self.world.end());
        self.world.roster.of(user).iter().filter(move |shift| shift.start >= begin && shift.end + HOUR < end)
    }

    /// A shift of the user and a time in it.
    pub(crate) fn moment(&mut self, user: u32) -> Option<(Shift, Time)> {
        let shifts: Vec<Shift> = self.moments(user).copied().collect();
        let shift = *self.rng.pick(&shifts)?;
        let time = self.rng.between(shift.start + 1200, shift.end - 1200);
        Some((shift, time))
    }

    /// A shift that the roster file has.
    pub(crate) fn written_moment(&mut self, user: u32) -> Option<(Shift, Time)> {
        (0..4).find_map(|_| self.moment(user).filter(|moment| moment.0.written))
    }

    /// A day on which somebody has no shift, nor the day before or after.
    pub(crate) fn free_day(&mut self, user: u32) -> Option<i64> {
        let days = self.world.days;
        let busy: Vec<i64> = self.world.roster.of(user).iter().map(|shift| self.world.clock.day(shift.start)).collect();
        let free: Vec<i64> = (0..days).filter(|day| !busy.iter().any(|other| (other - day).abs() <= 1)).collect();
        self.rng.pick(&free).copied()
    }

    /// Whether somebody is in a case already.
    pub(crate) fn is_used(&self, user: u32) -> bool {
        self.used.contains(&user)
    }

    /// Marks people as in a case.
    pub(crate) fn use_up(&mut self, user: u32) {
        self.used.insert(user);
    }

    /// A look into a chart as somebody curious has it.
    pub(crate) fn glance(&mut self, patient: u32, time: Time) -> Visit {
        Visit {
            patient,
            encounter: if self.rng.chance(0.8) { self.world.current(patient, time) } else { NONE },
            rows: u32::try_from(whole(self.rng.lognormal(5.0, 0.6))).unwrap_or(5).clamp(1, 30),
            manner: if self.rng.chance(0.04) { Manner::Print } else { Manner::Look },
            search: self.rng.chance(0.35),
            pace: 6.0 + 14.0 * self.rng.unit(),
            ..Visit::default()
        }
    }

    /// One sitting inside a shift.
    pub(crate) fn sit(&mut self, user: u32, time: Time, visits: Vec<Visit>) {
        let tag = self.tag;
        self.blocks.push(Block { user, time, place: Place::Own, tag, visits, pinned: false, role_as: None });
    }

    /// One sitting at a place and exactly at a time.
    pub(crate) fn sit_at(&mut self, user: u32, time: Time, place: Place, visits: Vec<Visit>) {
        let tag = self.tag;
        self.blocks.push(Block { user, time, place, tag, visits, pinned: true, role_as: None });
    }

    /// Curiosity about one patient: one to four sittings on different shifts or the same.
    pub(crate) fn curious(&mut self, user: u32, patient: u32) -> Option<()> {
        let sittings = 1 + [0, 0, 0, 1, 1, 1, 2, 3].into_iter().nth(self.rng.below(8) as usize).unwrap_or(0);
        let mut times: Vec<Time> = Vec::new();
        for _ in 0..sittings {
            let (_, time) = self.moment(user)?;
            if times.iter().all(|other| (time - other).abs() > HOUR / 2) {
                times.push(time);
            }
        }
        for time in times {
            let visit = self.glance(patient, time);
            self.sit(user, time, vec![visit]);
        }
        self.use_up(user);
        Some(())
    }
}

/// Every member of staff with the patients of the own family: same household and surname, or naming them as a contact.
fn kin(world: &World) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    for (user, staff) in world.people.staff.numbered() {
        for patient in world.people.household(staff.household) {
            let row = world.people.patients.at(*patient);
            if *patient != staff.patient && row.person.surname == staff.person.surname && row.death.is_none() {
                pairs.push((user, *patient));
            }
        }
    }
    for contact in &world.people.contacts {
        let alive = world.people.patients.at(contact.patient).death.is_none();
        let own = world.people.patients.at(contact.patient).staff == contact.staff;
        if contact.staff != NONE && alive && !own {
            pairs.push((contact.staff, contact.patient));
        }
    }
    pairs
}
