//! Proper care where a case might be thought of: a reason is put into the context, and the access follows from it.

use super::planner::Planner;
use crate::clock::{DAY, HOUR, Time};
use crate::ehr::care::{Encounter, Kind, Order, Stay, reason};
use crate::ehr::hospital::UnitKind;
use crate::ehr::people::NONE;
use crate::ehr::roster::Shift;
use crate::ehr::row::{Manner, Visit};

/// Puts a patient into the care of a user around a time and says by which reasons and in which encounter; nothing where the patient is elsewhere then.
pub(crate) fn treat(
    planner: &mut Planner<'_>,
    user: u32,
    shift: &Shift,
    patient: u32,
    time: Time,
) -> Option<(u32, u8)> {
    let alive = planner.world.people.patients.at(patient).death.is_none();
    if !alive || planner.world.is_around(patient, time, 2) {
        return None;
    }
    let kind = planner.world.hospital.units.at(shift.unit).kind;
    let (kind, unit, before, after) = match kind {
        UnitKind::Beds | UnitKind::Intensive => {
            (Kind::Inpatient, shift.unit, planner.rng.between(HOUR, 2 * DAY), planner.rng.between(12 * HOUR, 4 * DAY))
        }
        UnitKind::Emergency => {
            (Kind::Emergency, shift.unit, planner.rng.between(300, 2 * HOUR), planner.rng.between(HOUR, 4 * HOUR))
        }
        UnitKind::Theatre => {
            (Kind::DaySurgery, shift.unit, planner.rng.between(HOUR, 4 * HOUR), planner.rng.between(2 * HOUR, 5 * HOUR))
        }
        UnitKind::Clinic => {
            (Kind::Outpatient, shift.unit, planner.rng.between(300, 1500), planner.rng.between(900, 2400))
        }
        UnitKind::Desk => {
            let clinics = planner.world.hospital.units_of(UnitKind::Clinic);
            (
                Kind::Outpatient,
                *planner.rng.pick(&clinics)?,
                planner.rng.between(600, 3000),
                planner.rng.between(900, 2400),
            )
        }
    };
    let encounter = open(planner, patient, kind, unit, (time - before, time + after));
    let mut reasons = 0;
    if unit != shift.unit {
        let department = planner.world.people.staff.at(user).department;
        let at = time - planner.rng.between(60, before);
        let order = if planner.rng.chance(0.5) { "laboratory" } else { "assessment" };
        let by = planner.world.care.encounters.at(encounter).attending;
        planner.world.care.order(Order { patient, encounter, by, performer: user, department, time: at, kind: order });
        return Some((encounter, reason::E1));
    }
    if shift.written {
        reasons |= reason::E2;
    }
    if reasons == 0 || planner.rng.chance(0.55) {
        let role = planner.world.people.staff.at(user).role.name();
        planner.world.care.join(encounter, user, role, (time - before, time + after));
        reasons |= reason::E1;
    }
    Some((encounter, reasons))
}

/// Adds an encounter of one stay with somebody of the unit in charge.
pub(crate) fn open(planner: &mut Planner<'_>, patient: u32, kind: Kind, unit: u32, (start, end): (Time, Time)) -> u32 {
    let department = planner.world.hospital.units.at(unit).department;
    let medical: Vec<u32> = planner
        .world
        .roster
        .crew(unit)
        .iter()
        .copied()
        .filter(|user| planner.world.people.staff.at(*user).role.is_medical())
        .collect();
    let attending = planner.rng.pick(&medical).copied().unwrap_or(NONE);
    let encounter =
        planner.world.care.encounters.add(Encounter { patient, kind, department, unit, attending, start, end });
    planner.world.care.stays.push(Stay { encounter, patient, unit, start, end });
    if attending != NONE {
        planner.world.care.join(encounter, attending, "attending physician", (start, end));
    }
    encounter
}

/// A visit as the role makes it, in an encounter, for reasons.
pub(crate) fn visit(planner: &mut Planner<'_>, patient: u32, (encounter, reasons): (u32, u8)) -> Visit {
    Visit {
        patient,
        encounter,
        reasons,
        rows: 2 + planner.rng.below(9),
        manner: Manner::Usual,
        search: planner.rng.chance(0.12),
        ..Visit::default()
    }
}

/// Treats and opens the chart as one look-alike.
pub(crate) fn treat_and_open(planner: &mut Planner<'_>, user: u32, patient: u32) -> Option<()> {
    let (shift, time) = planner.written_moment(user)?;
    let care = treat(planner, user, &shift, patient, time)?;
    let visit = visit(planner, patient, care);
    planner.sit(user, time, vec![visit]);
    Some(())
}
