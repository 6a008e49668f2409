//! Cases that show in what is done: S9 break-glass, S10 volume, S11 sweep, S12 search then look, S16 carried out.

use super::planner::Planner;
use crate::clock::DAY;
use crate::ehr::hospital::Role;
use crate::ehr::people::NONE;
use crate::ehr::row::{Manner, Place, Visit};
use crate::rng::index;

fn is_clinical(role: Role) -> bool {
    role.is_medical() || matches!(role, Role::Nurse | Role::Assistant | Role::WardClerk)
}

/// S9: the glass is broken for somebody who then never comes to this person or unit.
pub(crate) fn break_glass(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|world, user| is_clinical(world.people.staff.at(user).role))?;
    for _ in 0..1 + planner.rng.below(3) {
        let (_, time) = planner.moment(user)?;
        let patient = planner.stranger(user, |world, patient| world.people.patients.at(patient).staff == NONE)?;
        let mut visit = planner.glance(patient, time);
        visit.break_glass = true;
        visit.rows = visit.rows.max(2);
        planner.sit(user, time, vec![visit]);
    }
    planner.use_up(user);
    Some(())
}

/// S10: far more charts in an hour or two than anybody of the role opens.
pub(crate) fn volume(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|world, user| is_clinical(world.people.staff.at(user).role))?;
    let (shift, _) = planner.moment(user)?;
    let time = planner.rng.between(shift.start + 600, shift.end - 5400);
    let count = 90 + planner.rng.below(140);
    let mut visits = Vec::new();
    for _ in 0..count {
        let patient = planner.patient(|world, patient| world.is_around(patient, time, 40))?;
        let rows = 1 + planner.rng.below(3);
        let pace = 5.0 + 6.0 * planner.rng.unit();
        visits.push(Visit { patient, rows, pace, rest: 8.0, manner: Manner::Look, ..Visit::default() });
    }
    planner.sit(user, time, visits);
    planner.use_up(user);
    Some(())
}

/// S11: one after the other down a list, by record number, name or bed.
pub(crate) fn sweep(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|world, user| !world.people.staff.at(user).role.works_on_ended())?;
    let (_, time) = planner.moment(user)?;
    let count = 22 + planner.rng.below(30);
    let patients = match planner.rng.below(3) {
        0 => by_number(planner, count),
        1 => by_name(planner, count),
        _ => by_bed(planner, user, time),
    };
    let strangers: Vec<u32> =
        patients.into_iter().filter(|patient| planner.world.is_unrelated(user, *patient)).collect();
    if strangers.len() < 21 {
        return None;
    }
    let visits = strangers.iter().map(|patient| sweeping(planner, *patient)).collect();
    planner.sit(user, time, visits);
    planner.use_up(user);
    Some(())
}

/// A chart opened for some seconds on the way to the next.
pub(crate) fn sweeping(planner: &mut Planner<'_>, patient: u32) -> Visit {
    let rows = if planner.rng.chance(0.8) { 1 } else { 2 };
    Visit { patient, rows, pace: 7.0, rest: 4.0, manner: Manner::Look, ..Visit::default() }
}

/// Patients whose record numbers follow each other, some left out.
fn by_number(planner: &mut Planner<'_>, count: u32) -> Vec<u32> {
    let patients = planner.world.people.patients.len();
    let first = planner.rng.below(patients.saturating_sub(3 * count));
    (first..).filter(|_| planner.rng.chance(0.8)).take(count as usize).collect()
}

/// Patients in order of name.
fn by_name(planner: &mut Planner<'_>, count: u32) -> Vec<u32> {
    let surname = planner.rng.below(120);
    let rows = planner.world.people.patients.numbered();
    let mut same: Vec<(u32, u32)> =
        rows.filter(|(_, row)| row.person.surname == surname).map(|(n, row)| (row.person.given, n)).collect();
    same.sort_by_key(|pair| (crate::ehr::names::given(pair.0), pair.1));
    same.into_iter().map(|pair| pair.1).take(count as usize).collect()
}

/// The patients of a unit that is not one's own, bed by bed.
fn by_bed(planner: &mut Planner<'_>, user: u32, time: i64) -> Vec<u32> {
    let unit = planner.rng.below(planner.world.hospital.units.len());
    if planner.world.people.staff.at(user).unit == unit {
        return Vec::new();
    }
    let mut patients: Vec<u32> =
        planner.world.index.census(unit, (time, time + 600)).map(|stay| stay.patient).collect();
    patients.sort_unstable();
    patients.dedup();
    patients
}

/// S12: as a habit, a name is typed, the chart is looked at within the minute, nothing is written.
pub(crate) fn search_then_look(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|_, _| true)?;
    for _ in 0..3 + planner.rng.below(5) {
        let (_, time) = planner.moment(user)?;
        let patient = planner.stranger(user, |_, _| true)?;
        let mut visit = planner.glance(patient, time);
        visit.search = true;
        visit.manner = Manner::Look;
        visit.pace = 8.0;
        visit.rows = visit.rows.max(3);
        planner.sit(user, time, vec![visit]);
    }
    planner.use_up(user);
    Some(())
}

/// S16: printed, exported, or sent to a machine that nobody knows.
pub(crate) fn carried_out(planner: &mut Planner<'_>) -> Option<()> {
    let way = planner.rng.below(4);
    let user = planner.somebody(|world, user| {
        let role = world.people.staff.at(user).role;
        if way == 1 {
            role == Role::Radiographer || role.is_medical()
        } else {
            is_clinical(role) || role == Role::Pharmacist
        }
    })?;
    let (_, time) = planner.moment(user)?;
    let (count, manner) = match way {
        0 => (25 + planner.rng.below(40), Manner::Print),
        1 => (6 + planner.rng.below(20), Manner::Move),
        2 => (8 + planner.rng.below(20), Manner::Export),
        _ => (1 + planner.rng.below(4), Manner::Bulk),
    };
    let mut visits = Vec::new();
    for _ in 0..count {
        let own = planner.rng.chance(0.4);
        let patient = if own {
            planner.patient(|world, patient| world.is_around(patient, time, 12))
        } else {
            planner.stranger(user, |_, _| true)
        };
        visits.push(Visit { patient: patient?, rows: 1, pace: 12.0, rest: 9.0, manner, ..Visit::default() });
    }
    if planner.rng.chance(0.3) && index(visits.len()) > 4 {
        let later = (planner.moment(user)?.1 - time).abs() > DAY / 2;
        let rest = visits.split_off(visits.len() / 2);
        let at = if later { planner.moment(user)?.1 } else { time + 3600 };
        planner.sit(user, at.min(planner.world.end() - 7200), rest);
    }
    match planner.free_day(user).filter(|_| planner.rng.chance(0.25)) {
        Some(day) => {
            let at = planner.world.clock.local(day, planner.rng.between(6 * 3600, 23 * 3600));
            planner.sit_at(user, at, Place::Home, visits);
        }
        None => planner.sit(user, time, visits),
    }
    planner.use_up(user);
    Some(())
}
