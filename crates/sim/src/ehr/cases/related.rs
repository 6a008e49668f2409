//! Cases of people who know the patient: S1 family, S2 neighbour, S3 own record, S4 co-worker.

use super::planner::Planner;
use crate::ehr::people::NONE;

/// House numbers that are still near by.
pub(crate) const NEAR: u32 = 10;

/// S1: somebody of the own family.
pub(crate) fn family(planner: &mut Planner<'_>) -> Option<()> {
    let (user, patient) = *planner.rng.pick(&planner.kin)?;
    if !planner.may(user) || !planner.world.is_unrelated(user, patient) {
        return None;
    }
    planner.curious(user, patient)
}

/// S2: somebody from the same street, of another household.
pub(crate) fn neighbour(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|_, _| true)?;
    let patient = near_by(planner, user)?;
    let alive = planner.world.people.patients.at(patient).death.is_none();
    if !alive || !planner.world.is_unrelated(user, patient) {
        return None;
    }
    planner.curious(user, patient)
}

/// A patient who lives near a member of staff and is not related.
pub(crate) fn near_by(planner: &mut Planner<'_>, user: u32) -> Option<u32> {
    let people = &planner.world.people;
    let staff = people.staff.at(user);
    let mut near = people.neighbours(people.homes.at(staff.person.home), NEAR);
    near.retain(|patient| {
        let row = people.patients.at(*patient);
        row.household != staff.household && row.person.surname != staff.person.surname && row.staff == NONE
    });
    planner.rng.pick(&near).copied()
}

/// S3: the own record.
pub(crate) fn own_record(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|world, user| world.people.staff.at(user).patient != NONE)?;
    let patient = planner.world.people.staff.at(user).patient;
    planner.curious(user, patient)
}

/// S4: a colleague, nearly always of the same department or led by the same person.
pub(crate) fn co_worker(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|_, _| true)?;
    let patient = colleague(planner, user)?;
    if !planner.world.is_unrelated(user, patient) {
        return None;
    }
    planner.curious(user, patient)
}

/// A patient who works here, mostly near the user.
pub(crate) fn colleague(planner: &mut Planner<'_>, user: u32) -> Option<u32> {
    let own = *planner.world.people.staff.at(user);
    let close = planner.rng.chance(0.9);
    for _ in 0..120 {
        let patient = *planner.rng.pick(&planner.colleagues)?;
        let other_number = planner.world.people.patients.at(patient).staff;
        let other = planner.world.people.staff.at(other_number);
        let same = other.department == own.department || other_number == own.manager || other.manager == user;
        let family = other.household == own.household;
        if other_number != user && !family && (same || !close) {
            return Some(patient);
        }
    }
    None
}
