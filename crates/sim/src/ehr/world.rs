//! Everything of the simulated hospital together, and the questions that planners and walkers ask of it.

use super::care::{Care, Setting, reason};
use super::hospital::Hospital;
use super::index::Index;
use super::people::{NONE, People};
use super::roster::{Roster, Shift};
use crate::clock::{Clock, DAY, HOUR, Time};

/// The hospital with everything that the context files tell.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) hospital: Hospital,
    pub(crate) people: People,
    pub(crate) roster: Roster,
    pub(crate) care: Care,
    pub(crate) index: Index,
    pub(crate) days: i64,
    pub(crate) seed: u64,
}

impl World {
    pub(crate) fn setting(&self) -> Setting<'_> {
        Setting {
            clock: &self.clock,
            hospital: &self.hospital,
            people: &self.people,
            roster: &self.roster,
            days: self.days,
            seed: self.seed,
        }
    }

    pub(crate) fn begin(&self) -> Time {
        self.clock.local(0, 0)
    }

    pub(crate) fn end(&self) -> Time {
        self.clock.local(self.days, 0)
    }

    /// What the files prove for an access of a user on a shift to a patient: the reasons E1 to E4 that hold by construction.
    pub(crate) fn reasons(&self, user: u32, shift: Option<&Shift>, patient: u32, time: Time) -> u8 {
        let staff = self.people.staff.at(user);
        let mut reasons = 0;
        for stay in self.index.stays(patient) {
            let began = time >= stay.start - DAY;
            let joined = time >= stay.start - 3 * DAY && time <= stay.end + 30 * DAY;
            if joined && self.care.proven.contains(&(user, stay.encounter)) {
                reasons |= reason::E1;
            }
            if began
                && time <= stay.end + 14 * DAY
                && shift.is_some_and(|shift| shift.written && shift.unit == stay.unit)
            {
                reasons |= reason::E2;
            }
            if staff.role.works_on_ended() && time >= stay.end && time <= stay.end + 120 * DAY {
                reasons |= reason::E3;
            }
        }
        if self.care.pooled.contains(&(staff.department, patient)) {
            reasons |= reason::E4;
        }
        reasons
    }

    /// Whether nothing in the hospital joins a user and a patient, in the files or outside of them.
    pub(crate) fn is_unrelated(&self, user: u32, patient: u32) -> bool {
        let staff = self.people.staff.at(user);
        if self.care.linked.contains(&(user, patient)) || self.care.pooled.contains(&(staff.department, patient)) {
            return false;
        }
        let shifts = self.roster.of(user);
        let was_in_my_unit = |unit: u32, from: Time, to: Time| {
            unit == staff.unit
                || shifts
                    .iter()
                    .any(|shift| shift.unit == unit && shift.end > from - 2 * DAY && shift.start < to + 16 * DAY)
        };
        let stays = self.index.stays(patient);
        let own = stays.iter().any(|stay| was_in_my_unit(stay.unit, stay.start, stay.end));
        let ended = staff.role.works_on_ended() && stays.iter().any(|stay| stay.end < self.end());
        !own && !ended
    }

    /// Whether the patient is, was or will be here within `days` of a time.
    pub(crate) fn is_around(&self, patient: u32, time: Time, days: i64) -> bool {
        self.index.stays(patient).iter().any(|stay| stay.start - days * DAY < time && time < stay.end + days * DAY)
    }

    /// The encounter that an application would show for a patient at a time.
    pub(crate) fn current(&self, patient: u32, time: Time) -> u32 {
        self.index.place(patient, time + HOUR).map_or(NONE, |stay| stay.encounter)
    }
}
