//! Cases that show in whose record it is: S5 known person, S6 deceased, S7 after discharge, S8 other department, S17 sensitive section.

use super::planner::Planner;
use crate::clock::{DAY, HOUR, Time};
use crate::ehr::chart::Section;
use crate::ehr::hospital::{Role, known};
use crate::ehr::people::NONE;
use crate::ehr::roster::Shift;
use crate::ehr::row::Manner;
use crate::ehr::world::World;

/// S5: somebody known to the public; or somebody in the news, whom several people look up within a day.
pub(crate) fn known_person(planner: &mut Planner<'_>) -> Option<()> {
    if let Some(news) = planner.news {
        return in_the_news(planner, news);
    }
    let user = planner.somebody(|_, _| true)?;
    let patient = *planner.rng.pick(&planner.celebrities)?;
    if !planner.world.is_unrelated(user, patient) {
        return None;
    }
    planner.curious(user, patient)
}

/// Looks up somebody in the news, within a day of it.
fn in_the_news(planner: &mut Planner<'_>, (patient, time, left): (u32, Time, u32)) -> Option<()> {
    let user = planner.somebody(|_, _| true)?;
    let shifts: Vec<Shift> =
        planner.moments(user).filter(|shift| shift.start > time && shift.end < time + DAY).copied().collect();
    let shift = *planner.rng.pick(&shifts)?;
    if !planner.world.is_unrelated(user, patient) {
        return None;
    }
    let at = planner.rng.between(shift.start + 1200, shift.end - 1200);
    let visit = planner.glance(patient, at);
    planner.sit(user, at, vec![visit]);
    planner.use_up(user);
    planner.news = (left > 1).then_some((patient, time, left - 1));
    Some(())
}

/// Chooses who gets into the news: a patient in the house whom no list has.
pub(crate) fn break_news(planner: &mut Planner<'_>) {
    let day = planner.rng.between(0, planner.world.days - 1);
    let time = planner.world.clock.local(day, planner.rng.between(4 * HOUR, 20 * HOUR));
    let patient = planner
        .patient(|world, patient| !world.people.patients.at(patient).vip && world.current(patient, time) != NONE);
    planner.news = patient.map(|patient| (patient, time, NEWS_READERS));
}

/// How many look up somebody in the news without a reason.
const NEWS_READERS: u32 = 7;

/// S6: somebody who died more than a month ago.
pub(crate) fn deceased(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|world, user| {
        !matches!(world.people.staff.at(user).role, Role::Pathologist | Role::RegistrationClerk)
    })?;
    let patient = *planner.rng.pick(&planner.dead)?;
    let death = planner.world.people.patients.at(patient).death?;
    let first = planner.moments(user).map(|shift| shift.start).min()?;
    if death + 31 * DAY > first || !planner.world.is_unrelated(user, patient) {
        return None;
    }
    planner.curious(user, patient)
}

/// S7: a clinician opens again what ended more than a month ago.
pub(crate) fn after_discharge(planner: &mut Planner<'_>) -> Option<()> {
    let ended = planner.world.index.ended.partition_point(|end| end.0 < planner.world.begin() - 31 * DAY);
    let at = planner.rng.below(crate::rng::index(ended)) as usize;
    let (_, encounter) = *planner.world.index.ended.get(at)?;
    let row = *planner.world.care.encounters.at(encounter);
    let user = row.attending;
    let last = planner.world.index.stays(row.patient).iter().map(|stay| stay.end).max()?;
    let comes_back = last > planner.world.begin() - 31 * DAY || planner.expected.contains(&row.patient);
    let alive = planner.world.people.patients.at(row.patient).death.is_none();
    if user == NONE || comes_back || !alive || !planner.may(user) {
        return None;
    }
    planner.curious(user, row.patient)
}

/// Departments whose patients hardly ever meet.
const APART: [(&str, &[&str]); 4] = [
    (known::PAEDIATRICS, &[known::GERIATRICS, "Urology", "Cardiology", "Oncology"]),
    (known::OBSTETRICS, &[known::GERIATRICS, "Urology", "Neurology", "Pulmonology"]),
    (known::DERMATOLOGY, &["Nephrology", "Orthopaedics", "Neurology", "Gastroenterology"]),
    (known::GERIATRICS, &[known::PAEDIATRICS, known::OBSTETRICS]),
];

/// S8: patients of a department with which one's own has nothing to do.
pub(crate) fn other_department(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|world, user| {
        let staff = world.people.staff.at(user);
        let name = world.hospital.departments.at(staff.department).name;
        APART.iter().any(|pair| pair.0 == name) && !matches!(staff.role, Role::Physician | Role::Resident)
    })?;
    let own = planner.world.hospital.departments.at(planner.world.people.staff.at(user).department).name;
    let far = APART.iter().find(|pair| pair.0 == own)?.1;
    let mut patients = Vec::new();
    for _ in 0..2 + planner.rng.below(4) {
        let is_far = |world: &World, patient: u32| {
            let stays = world.index.stays(patient);
            let department = |unit: u32| world.hospital.departments.at(world.hospital.units.at(unit).department).name;
            world.is_around(patient, world.end() - DAY, 20)
                && !stays.is_empty()
                && stays.iter().all(|stay| far.contains(&department(stay.unit)))
        };
        patients.extend((0..6).find_map(|_| planner.stranger(user, is_far)));
    }
    if patients.is_empty() {
        return None;
    }
    for patient in patients {
        for _ in 0..1 + planner.rng.below(2) {
            let (_, time) = planner.moment(user)?;
            let visit = planner.glance(patient, time);
            planner.sit(user, time, vec![visit]);
        }
    }
    planner.use_up(user);
    Some(())
}

/// S17: a section that the role hardly ever opens.
pub(crate) fn sensitive_section(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|world, user| {
        let staff = world.people.staff.at(user);
        let department = world.hospital.departments.at(staff.department).name;
        department != known::PSYCHIATRY && !matches!(staff.role, Role::Psychologist | Role::SocialWorker)
    })?;
    let patient = planner.stranger(user, |world, patient| {
        world.people.patients.at(patient).sensitive || was_in_psychiatry(world, patient)
    })?;
    for _ in 0..1 + planner.rng.below(3) {
        let (_, time) = planner.moment(user)?;
        let mut visit = planner.glance(patient, time);
        let sections = [Section::Psychotherapy, Section::Psychotherapy, Section::Infection, Section::Addiction];
        visit.focus = planner.rng.pick(&sections).copied();
        visit.manner = Manner::Look;
        planner.sit(user, time, vec![visit]);
    }
    planner.use_up(user);
    Some(())
}

fn was_in_psychiatry(world: &World, patient: u32) -> bool {
    let psychiatry = world.hospital.department(known::PSYCHIATRY);
    world.index.stays(patient).iter().any(|stay| world.hospital.units.at(stay.unit).department == psychiatry)
}
