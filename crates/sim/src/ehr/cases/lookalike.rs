//! Look-alikes: for each scenario something ordinary with its surface.

use super::planner::Planner;
use super::{conduct, proper, related, together};
use crate::clock::{DAY, HOUR, Time};
use crate::ehr::care::{Appointment, Kind, Message, reason};
use crate::ehr::chart::{self, Section};
use crate::ehr::hospital::{Role, UnitKind, known};
use crate::ehr::people::NONE;
use crate::ehr::roster::Shift;
use crate::ehr::row::{Block, Manner, Place, Visit};
use crate::ehr::world::World;

/// One look-alike of a scenario; nothing where the people drawn do not fit.
pub(crate) fn plan(planner: &mut Planner<'_>, scenario: u8) -> Option<()> {
    match scenario {
        1 => relative_or_namesake(planner),
        2 => neighbour(planner),
        3 => namesake(planner),
        4 => co_worker(planner),
        5 => known_patient(planner),
        6 => after_death(planner),
        7 => before_appointment(planner),
        8 => consult_or_float(planner),
        9 => break_glass_then_admitted(planner),
        10 => long_list(planner, false),
        11 => long_list(planner, true),
        12 => searched_at_the_desk(planner),
        13 => on_call_from_home(planner),
        14 => roaming(planner),
        15 => leaving_soon(planner),
        16 => copies(planner),
        17 => psychiatry(planner),
        18 => refused_then_treated(planner),
        19 => several_acquaintances(planner),
        _ => late_addendum(planner),
    }
}

fn relative_or_namesake(planner: &mut Planner<'_>) -> Option<()> {
    if planner.rng.chance(0.4) {
        return namesake(planner);
    }
    let (user, patient) = *planner.rng.pick(&planner.kin)?;
    may_treat(planner, user)?;
    proper::treat_and_open(planner, user, patient)
}

/// Whose work is with patients.
fn may_treat(planner: &Planner<'_>, user: u32) -> Option<()> {
    let role = planner.world.people.staff.at(user).role;
    (planner.may(user) && role != Role::RegistrationClerk).then_some(())
}

fn neighbour(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|_, _| true)?;
    let patient = related::near_by(planner, user)?;
    proper::treat_and_open(planner, user, patient)
}

fn namesake(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|_, _| true)?;
    let patient = together::namesake(planner, user)?;
    proper::treat_and_open(planner, user, patient)
}

fn co_worker(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|_, _| true)?;
    let patient = related::colleague(planner, user)?;
    proper::treat_and_open(planner, user, patient)
}

/// Somebody known to the public is treated, by several people.
fn known_patient(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|_, _| true)?;
    let patient = *planner.rng.pick(&planner.celebrities)?;
    proper::treat_and_open(planner, user, patient)
}

/// Somebody of an office works on the last encounter of a patient who died.
fn after_death(planner: &mut Planner<'_>) -> Option<()> {
    let user = office(planner)?;
    let (shift, time) = planner.moment(user)?;
    let patient = *planner.rng.pick(&planner.dead)?;
    let death = planner.world.people.patients.at(patient).death?;
    if death > time - 31 * DAY || death < time - 110 * DAY || planner.world.is_around(patient, death, 6) {
        return None;
    }
    let units = planner.world.hospital.units_of(UnitKind::Beds);
    let unit = *planner.rng.pick(&units)?;
    let admitted = death - planner.rng.between(DAY, 5 * DAY);
    let encounter = proper::open(planner, patient, Kind::Inpatient, unit, (admitted, death));
    let visit = proper::visit(planner, patient, (encounter, reason::E3));
    planner.sit(user, time.max(shift.start), vec![visit]);
    Some(())
}

/// Billing, coding or health records.
fn office(planner: &mut Planner<'_>) -> Option<u32> {
    let world = &planner.world;
    let people = world.people.staff.numbered().filter(|(_, staff)| staff.role.works_on_ended()).map(|(n, _)| n);
    let people: Vec<u32> = people.collect();
    planner.rng.pick(&people).copied()
}

/// A clinician reads what was, for an appointment of the next days.
fn before_appointment(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|world, user| world.people.staff.at(user).role.is_medical())?;
    let (_, time) = planner.moment(user)?;
    let patient = planner.patient(|world, patient| {
        let last = world.index.stays(patient).iter().map(|stay| stay.end).max();
        last.is_some_and(|last| last < time - 32 * DAY)
    })?;
    let start = time + planner.rng.between(3 * HOUR, 2 * DAY);
    let start = start - start.rem_euclid(900);
    let department = planner.world.people.staff.at(user).department;
    planner.world.care.appointment(Appointment {
        patient,
        user,
        department,
        start,
        end: start + 1200,
        status: "booked",
    });
    let visit = proper::visit(planner, patient, (NONE, reason::E1));
    planner.sit(user, time, vec![Visit { manner: Manner::Look, ..visit }]);
    Some(())
}

/// A physician is called to another department, or the pool sends somebody there.
fn consult_or_float(planner: &mut Planner<'_>) -> Option<()> {
    if planner.rng.chance(0.4) {
        let user = planner.somebody(|world, user| world.people.staff.at(user).float)?;
        let (shift, time) = planner.written_moment(user)?;
        let here: Vec<(u32, u32)> = planner
            .world
            .index
            .census(shift.unit, (time, time + 600))
            .map(|stay| (stay.patient, stay.encounter))
            .collect();
        let (patient, encounter) = *planner.rng.pick(&here)?;
        let visit = proper::visit(planner, patient, (encounter, reason::E2));
        planner.sit(user, time, vec![visit]);
        return Some(());
    }
    let user = planner.somebody(|world, user| world.people.staff.at(user).role.is_medical())?;
    let (_, time) = planner.moment(user)?;
    consult(planner, user, time, None)
}

/// Somebody is asked by message to look at a patient who lies elsewhere.
fn consult(planner: &mut Planner<'_>, user: u32, time: Time, focus: Option<Section>) -> Option<()> {
    let unit = planner.rng.below(planner.world.hospital.units.len());
    let here: Vec<(u32, u32)> =
        planner.world.index.census(unit, (time, time + 600)).map(|stay| (stay.patient, stay.encounter)).collect();
    let (patient, encounter) = *planner.rng.pick(&here)?;
    let row = *planner.world.care.encounters.at(encounter);
    let asked = time - planner.rng.between(HOUR, 20 * HOUR);
    let own = planner.world.people.staff.at(user).department;
    if asked < row.start || row.attending == NONE || row.department == own {
        return None;
    }
    let mut reasons = reason::E4;
    planner.world.care.message(Message { time: asked, from: row.attending, to_user: NONE, to_pool: own, patient });
    if planner.rng.chance(0.7) {
        planner.world.care.join(encounter, user, "consultant", (asked, row.end));
        reasons |= reason::E1;
    }
    let visit = proper::visit(planner, patient, (encounter, reasons));
    planner.sit(user, time, vec![Visit { focus, ..visit }]);
    Some(())
}

/// Break-glass before the patient is registered, who is then admitted to the unit.
fn break_glass_then_admitted(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|world, user| {
        let staff = world.people.staff.at(user);
        staff.role.is_medical() || staff.role == Role::Nurse
    })?;
    let (shift, time) = planner.written_moment(user)?;
    let kind = match planner.world.hospital.units.at(shift.unit).kind {
        UnitKind::Emergency => Kind::Emergency,
        UnitKind::Beds | UnitKind::Intensive => Kind::Inpatient,
        _ => return None,
    };
    let patient = planner.patient(|world, patient| !world.is_around(patient, time, 8))?;
    let start = time + planner.rng.between(300, 9 * HOUR);
    let end = start + planner.rng.between(4 * HOUR, 40 * HOUR);
    let encounter = proper::open(planner, patient, kind, shift.unit, (start, end));
    let mut reasons = reason::E2;
    if planner.rng.chance(0.6) {
        let role = planner.world.people.staff.at(user).role.name();
        planner.world.care.join(encounter, user, role, (start, end));
        reasons |= reason::E1;
    }
    let visit = proper::visit(planner, patient, (NONE, reasons));
    planner.sit(user, time, vec![Visit { break_glass: true, ..visit }]);
    Some(())
}

/// A day's list in an office: many records in short time, in order of number for a sweep.
fn long_list(planner: &mut Planner<'_>, in_order: bool) -> Option<()> {
    if in_order && planner.rng.chance(0.25) {
        return study_list(planner);
    }
    let user = office(planner)?;
    let (_, time) = planner.moment(user)?;
    let count = if in_order { 22 + planner.rng.below(25) } else { 60 + planner.rng.below(60) };
    let mut patients = ended_patients(planner, time, count);
    if in_order {
        patients.sort_unstable();
    }
    let visits = patients
        .into_iter()
        .map(|patient| Visit { reasons: reason::E3, ..conduct::sweeping(planner, patient) })
        .collect();
    planner.sit(user, time, visits);
    Some(())
}

fn ended_patients(planner: &mut Planner<'_>, time: Time, count: u32) -> Vec<u32> {
    let ended = &planner.world.index.ended;
    let first = ended.partition_point(|end| end.0 < time - 50 * DAY);
    let last = ended.partition_point(|end| end.0 < time - DAY);
    let list = ended.get(first..last).unwrap_or(&[]);
    let mut patients: Vec<u32> = Vec::new();
    for _ in 0..count {
        let encounter = planner.rng.pick(list).map_or(NONE, |end| end.1);
        patients.push(planner.world.care.encounters.at(encounter).patient);
    }
    patients
}

/// An approved list goes down one after the other in research.
fn study_list(planner: &mut Planner<'_>) -> Option<()> {
    let staff = planner.world.people.staff.numbered();
    let researchers: Vec<u32> = staff.filter(|(_, row)| row.role == Role::Researcher).map(|(n, _)| n).collect();
    let user = *planner.rng.pick(&researchers)?;
    let (_, time) = planner.moment(user)?;
    let mut patients = ended_patients(planner, time, 25);
    patients.sort_unstable();
    patients.dedup();
    let pool = planner.world.hospital.department(known::RESEARCH);
    let from = planner.somebody(|world, user| world.people.staff.at(user).role == Role::Physician)?;
    let asked = time - planner.rng.between(2 * HOUR, 3 * DAY);
    let mut visits = Vec::new();
    for (n, patient) in (0i64..).zip(patients) {
        planner.world.care.message(Message { time: asked + 3 * n, from, to_user: NONE, to_pool: pool, patient });
        let manner = if planner.rng.chance(0.2) { Manner::Export } else { Manner::Look };
        visits.push(Visit { reasons: reason::E4, manner, ..conduct::sweeping(planner, patient) });
    }
    planner.sit(user, time, visits);
    Some(())
}

/// A patient at the desk is searched by name and looked at.
fn searched_at_the_desk(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|world, user| {
        let kind = world.hospital.units.at(world.people.staff.at(user).unit).kind;
        kind != UnitKind::Desk
    })?;
    let (shift, time) = planner.written_moment(user)?;
    let patient = planner.patient(|world, patient| !world.is_around(patient, time, 2))?;
    let care = proper::treat(planner, user, &shift, patient, time)?;
    let visit = proper::visit(planner, patient, care);
    planner.sit(user, time, vec![Visit { search: true, manner: Manner::Look, pace: 8.0, ..visit }]);
    Some(())
}

/// On call, at night, from home, for patients of the own work.
fn on_call_from_home(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|world, user| world.people.staff.at(user).role.is_medical())?;
    let shifts: Vec<Shift> = planner.moments(user).filter(|shift| shift.on_call).copied().collect();
    let shift = *planner.rng.pick(&shifts)?;
    let time = planner.rng.between(shift.start + HOUR, shift.end - HOUR);
    let world = &planner.world;
    let open: Vec<(u32, u32)> = world
        .index
        .tasks(user, (time, time + 600))
        .filter(|task| task.reasons & reason::E1 != 0)
        .map(|task| (task.patient, task.encounter))
        .collect();
    let (patient, encounter) = *planner.rng.pick(&open)?;
    let reasons = planner.world.reasons(user, Some(&shift), patient, time);
    if reasons & reason::E1 == 0 {
        return None;
    }
    let visit = proper::visit(planner, patient, (encounter, reasons));
    let tag = planner.tag;
    planner.blocks.push(Block {
        user,
        time,
        place: Place::Home,
        tag,
        visits: vec![visit],
        pinned: false,
        role_as: None,
    });
    Some(())
}

/// From one workstation of the station to the next within minutes.
fn roaming(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|world, user| chart::purpose(world.people.staff.at(user).role) == "TREAT")?;
    let (shift, time) = planner.written_moment(user)?;
    let (patient, encounter, reasons) = on_the_unit(planner, user, &shift, time)?;
    let visit = proper::visit(planner, patient, (encounter, reasons));
    let tag = planner.tag;
    planner.blocks.push(Block {
        user,
        time,
        place: Place::Beside,
        tag,
        visits: vec![visit, visit],
        pinned: true,
        role_as: None,
    });
    Some(())
}

/// A patient of the unit with the reasons that join user and patient.
fn on_the_unit(planner: &mut Planner<'_>, user: u32, shift: &Shift, time: Time) -> Option<(u32, u32, u8)> {
    let world: &World = planner.world;
    let here: Vec<(u32, u32)> =
        world.index.census(shift.unit, (time, time + 600)).map(|stay| (stay.patient, stay.encounter)).collect();
    let (patient, encounter) = *planner.rng.pick(&here)?;
    let reasons = planner.world.reasons(user, Some(shift), patient, time);
    (reasons != 0).then_some((patient, encounter, reasons))
}

/// Somebody who will leave, or came back after weeks, does the usual work.
fn leaving_soon(planner: &mut Planner<'_>) -> Option<()> {
    let leaving = planner.rng.chance(0.7);
    let user = planner.somebody(|world, user| {
        let staff = world.people.staff.at(user);
        if leaving { staff.to_day.is_some() } else { staff.from_day > -30 || world.roster.of(user).len() < 12 }
    })?;
    let (shift, time) = planner.written_moment(user)?;
    let (patient, encounter, reasons) = on_the_unit(planner, user, &shift, time)?;
    let visit = proper::visit(planner, patient, (encounter, reasons));
    planner.sit(user, time, vec![visit]);
    Some(())
}

/// Copies for patients and practices, and images sent where they are wanted.
fn copies(planner: &mut Planner<'_>) -> Option<()> {
    if planner.rng.chance(0.35) {
        let user = planner.somebody(|world, user| {
            matches!(world.people.staff.at(user).role, Role::Radiologist | Role::Radiographer)
        })?;
        let (shift, time) = planner.moment(user)?;
        let mine: Vec<(u32, u32)> = planner
            .world
            .index
            .tasks(user, (shift.start, shift.end))
            .filter(|task| task.reasons & reason::E1 != 0 && task.from < time && time < task.to)
            .map(|task| (task.patient, task.encounter))
            .collect();
        let (patient, encounter) = *planner.rng.pick(&mine)?;
        let visit = Visit { rows: 3, manner: Manner::Move, ..proper::visit(planner, patient, (encounter, reason::E1)) };
        planner.sit(user, time, vec![visit]);
        return Some(());
    }
    let user = office(planner)?;
    let (_, time) = planner.moment(user)?;
    let count = 12 + planner.rng.below(40);
    let manner = if planner.rng.chance(0.7) { Manner::Print } else { Manner::Export };
    let patients = ended_patients(planner, time, count);
    let visits = patients
        .into_iter()
        .map(|patient| Visit { patient, rows: 2, reasons: reason::E3, manner, rest: 20.0, ..Visit::default() })
        .collect();
    planner.sit(user, time, visits);
    Some(())
}

/// Psychiatry reads its own notes, on its ward or called to another.
fn psychiatry(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|world, user| {
        let staff = world.people.staff.at(user);
        world.hospital.departments.at(staff.department).name == known::PSYCHIATRY
    })?;
    let focus = Some(Section::Psychotherapy);
    let (shift, time) = planner.written_moment(user)?;
    if planner.rng.chance(0.5) && planner.world.people.staff.at(user).role.is_medical() {
        return consult(planner, user, time, focus);
    }
    let (patient, encounter, reasons) = on_the_unit(planner, user, &shift, time)?;
    let visit = proper::visit(planner, patient, (encounter, reasons));
    planner.sit(user, time, vec![Visit { focus, ..visit }]);
    Some(())
}

/// One is refused the record of a relative, and another who treats the patient opens it.
fn refused_then_treated(planner: &mut Planner<'_>) -> Option<()> {
    let (asks, patient) = *planner.rng.pick(&planner.kin)?;
    let (shift, time) = planner.moment(asks)?;
    let user = together::beside(planner, asks, shift.unit, time)?;
    let other = *planner.world.roster.at(user, time)?;
    may_treat(planner, user)?;
    let care = proper::treat(planner, user, &other, patient, time)?;
    let (encounter, mine) = (care.0, planner.world.care.proven.contains(&(asks, care.0)));
    let reasons = if shift.written && other.unit == shift.unit { reason::E2 } else { u8::from(mine) };
    let refused = Visit { patient, encounter, manner: Manner::Refused, reasons, ..Visit::default() };
    planner.sit_at(asks, time, Place::Own, vec![refused]);
    let later = time + planner.rng.between(40, 260);
    let visit = proper::visit(planner, patient, care);
    planner.sit_at(user, later, Place::Own, vec![visit]);
    Some(())
}

/// Three acquaintances in a month, each properly treated.
fn several_acquaintances(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|_, _| true)?;
    let mut treated = 0;
    for n in 0..18 {
        let found = match n % 3 {
            0 => related::near_by(planner, user),
            1 => related::colleague(planner, user),
            _ => together::namesake(planner, user),
        };
        let done = found.and_then(|patient| proper::treat_and_open(planner, user, patient));
        treated += u32::from(done.is_some());
        if treated == 3 {
            break;
        }
    }
    (treated > 0).then_some(())
}

/// Somebody who treated adds to the notes days later, without any complaint.
fn late_addendum(planner: &mut Planner<'_>) -> Option<()> {
    let ended = &planner.world.index.ended;
    let first = ended.partition_point(|end| end.0 < planner.world.begin() - 10 * DAY);
    let last = ended.partition_point(|end| end.0 < planner.world.end() - 2 * DAY);
    let (end, encounter) = *planner.rng.pick(ended.get(first..last)?)?;
    let row = *planner.world.care.encounters.at(encounter);
    let complaint = planner.world.people.patients.at(row.patient).complaint;
    if complaint || row.attending == NONE || !planner.world.care.proven.contains(&(row.attending, encounter)) {
        return None;
    }
    let shifts: Vec<Shift> = planner
        .moments(row.attending)
        .filter(|shift| shift.start > end + DAY && shift.start < end + 20 * DAY)
        .copied()
        .collect();
    let shift = *planner.rng.pick(&shifts)?;
    let time = planner.rng.between(shift.start + 1200, shift.end - 1200);
    let visit =
        Visit { manner: Manner::Alter, rows: 4, ..proper::visit(planner, row.patient, (encounter, reason::E1)) };
    planner.sit(row.attending, time, vec![visit]);
    Some(())
}
