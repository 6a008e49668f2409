//! Cases that show in where and when: S13 time and place, S14 shared account, S15 leaver.

use super::planner::Planner;
use crate::clock::{HOUR, Time};
use crate::ehr::chart;
use crate::ehr::hospital::{Role, UnitKind};
use crate::ehr::row::{Block, Manner, Place, Visit};

/// S13: off the roster in the house, at a far workstation while on shift, or from another part of the world within the hour.
pub(crate) fn odd_place(planner: &mut Planner<'_>) -> Option<()> {
    match planner.rng.below(3) {
        0 => off_roster(planner),
        1 => far_workstation(planner),
        _ => from_abroad(planner),
    }
}

fn off_roster(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|world, user| world.people.staff.at(user).role == Role::Nurse)?;
    let day = planner.free_day(user)?;
    let hour = *planner.rng.pick(&[1, 2, 3, 4, 20, 22])?;
    let time = planner.world.clock.local(day, hour * HOUR + planner.rng.between(0, HOUR));
    let visits = some_patients(planner, user, time)?;
    planner.sit_at(user, time, Place::Own, visits);
    planner.use_up(user);
    Some(())
}

fn far_workstation(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|world, user| {
        matches!(world.people.staff.at(user).role, Role::Nurse | Role::Assistant | Role::WardClerk)
    })?;
    let (shift, time) = planner.moment(user)?;
    let units = &planner.world.hospital.units;
    let here = units.at(shift.unit).building;
    let there = planner.rng.below(units.len());
    if units.at(there).building == here {
        return None;
    }
    let visits = some_patients(planner, user, time)?;
    planner.sit_at(user, time, Place::Unit(there), visits);
    planner.use_up(user);
    Some(())
}

fn from_abroad(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|_, _| true)?;
    let (_, time) = planner.moment(user)?;
    let visits = some_patients(planner, user, time)?;
    let place = Place::Abroad(planner.rng.below(6));
    planner.sit_at(user, time, place, visits);
    planner.use_up(user);
    Some(())
}

/// One to six charts, some of them of patients that the person has to do with.
fn some_patients(planner: &mut Planner<'_>, user: u32, time: Time) -> Option<Vec<Visit>> {
    let mut visits = Vec::new();
    for _ in 0..1 + planner.rng.below(6) {
        let unit = planner.world.people.staff.at(user).unit;
        let census: Vec<u32> = planner.world.index.census(unit, (time, time + 600)).map(|stay| stay.patient).collect();
        let own = if planner.rng.chance(0.4) { planner.rng.pick(&census).copied() } else { None };
        let patient = own.or_else(|| planner.stranger(user, |_, _| true))?;
        visits.push(planner.glance(patient, time));
    }
    Some(visits)
}

/// S14: while somebody works at one place, the account works at another, in another role's way.
pub(crate) fn shared_account(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|world, user| chart::purpose(world.people.staff.at(user).role) == "TREAT")?;
    let role = planner.world.people.staff.at(user).role;
    let beds = [planner.world.hospital.units_of(UnitKind::Beds), planner.world.hospital.units_of(UnitKind::Emergency)]
        .concat();
    for _ in 0..1 + planner.rng.below(4) {
        let (shift, time) = planner.moment(user)?;
        let unit = *planner.rng.pick(&beds)?;
        if planner.world.hospital.units.at(unit).building == planner.world.hospital.units.at(shift.unit).building {
            return None;
        }
        let census: Vec<u32> = planner.world.index.census(unit, (time, time + 600)).map(|stay| stay.patient).collect();
        let mut visits = Vec::new();
        for _ in 0..2 + planner.rng.below(5) {
            let patient = *planner.rng.pick(&census)?;
            let encounter = planner.world.current(patient, time);
            let rows = 4 + planner.rng.below(9);
            visits.push(Visit { patient, encounter, rows, ..Visit::default() });
        }
        let other = if role == Role::Nurse { Role::Resident } else { Role::Nurse };
        let tag = planner.tag;
        planner.blocks.push(Block {
            user,
            time,
            place: Place::Unit(unit),
            tag,
            visits,
            pinned: true,
            role_as: Some(other),
        });
    }
    planner.use_up(user);
    Some(())
}

/// Charts of a leaver who takes many along.
const LEAVER_MANY: u32 = 25;

/// S15: the account of somebody who has left.
pub(crate) fn leaver(planner: &mut Planner<'_>) -> Option<()> {
    let last_possible = planner.world.days - 1;
    let staff = planner.world.people.staff.numbered();
    let gone: Vec<u32> = staff
        .filter(|(_, row)| row.to_day.is_some_and(|last| last < last_possible) && row.from_day < 0)
        .map(|(n, _)| n)
        .collect();
    let user = *planner.rng.pick(&gone)?;
    if planner.is_used(user) {
        return None;
    }
    let last = planner.world.people.staff.at(user).to_day?;
    let remote = planner.rng.chance(0.5);
    let sittings = 1 + planner.rng.below(3);
    for _ in 0..sittings {
        let day = planner.rng.between((last + 1).max(0), planner.world.days);
        let time = planner.world.clock.local(day, planner.rng.between(7 * HOUR, 23 * HOUR));
        let count = if planner.rng.chance(0.25) { LEAVER_MANY } else { 1 + planner.rng.below(4) };
        let mut visits = Vec::new();
        for _ in 0..count {
            let patient = planner.patient(|world, patient| world.is_around(patient, time, 30))?;
            let mut visit = planner.glance(patient, time);
            if count == LEAVER_MANY {
                visit.rows = 2;
                visit.manner = *planner.rng.pick(&[Manner::Print, Manner::Look])?;
            }
            visits.push(visit);
        }
        planner.sit_at(user, time, if remote { Place::Home } else { Place::Own }, visits);
    }
    planner.use_up(user);
    Some(())
}
