//! Cases that show only together: S18 lookup for another, S19 serial, S20 tampering.

use super::planner::Planner;
use super::related;
use crate::clock::{DAY, HOUR};
use crate::ehr::row::{Block, Label, Manner, Place, Tag, Visit};

/// S18: one is refused a record of the own family or of a colleague; minutes later another of the unit opens it.
pub(crate) fn for_another(planner: &mut Planner<'_>) -> Option<()> {
    let (asks, patient) = if planner.rng.chance(0.7) {
        *planner.rng.pick(&planner.kin)?
    } else {
        let user = planner.somebody(|_, _| true)?;
        (user, related::colleague(planner, user)?)
    };
    let (shift, time) = planner.moment(asks)?;
    let user = beside(planner, asks, shift.unit, time)?;
    if !planner.may(user) || !planner.world.is_unrelated(user, patient) {
        return None;
    }
    let refused = Visit { patient, manner: Manner::Refused, search: planner.rng.chance(0.5), ..Visit::default() };
    let tag = Tag { label: Label::Accomplice, ..planner.tag };
    planner.blocks.push(Block {
        user: asks,
        time,
        place: Place::Own,
        tag,
        visits: vec![refused],
        pinned: true,
        role_as: None,
    });
    let later = time + planner.rng.between(40, 260);
    let visit = Visit { search: planner.rng.chance(0.3), pace: 6.0, ..planner.glance(patient, later) };
    planner.sit_at(user, later, Place::Own, vec![visit]);
    planner.use_up(user);
    Some(())
}

/// Somebody else on shift in the unit at the time.
pub(crate) fn beside(planner: &mut Planner<'_>, user: u32, unit: u32, time: i64) -> Option<u32> {
    let day = planner.world.clock.day(time);
    let roster = &planner.world.roster;
    let shifts = roster.starting(unit, day).chain(roster.starting(unit, day - 1));
    let others: Vec<u32> = shifts
        .filter(|shift| shift.user != user && shift.start <= time && time + HOUR / 2 < shift.end)
        .map(|shift| shift.user)
        .collect();
    planner.rng.pick(&others).copied()
}

/// S19: short looks at one acquaintance after another, none of them much by itself.
pub(crate) fn serial(planner: &mut Planner<'_>) -> Option<()> {
    let user = planner.somebody(|_, _| true)?;
    let mut patients = Vec::new();
    for n in 0..24 {
        let found = match n % 3 {
            0 => related::near_by(planner, user),
            1 => related::colleague(planner, user),
            _ => namesake(planner, user),
        };
        let alive = found.filter(|patient| planner.world.people.patients.at(*patient).death.is_none());
        patients.extend(alive.filter(|patient| planner.world.is_unrelated(user, *patient)));
    }
    patients.sort_unstable();
    patients.dedup();
    planner.rng.shuffle(&mut patients);
    patients.truncate(3 + planner.rng.below(5) as usize);
    if patients.len() < 3 {
        return None;
    }
    for patient in patients {
        let (_, time) = planner.moment(user)?;
        let mut visit = planner.glance(patient, time);
        visit.rows = visit.rows.clamp(1, 3);
        visit.manner = Manner::Look;
        planner.sit(user, time, vec![visit]);
    }
    planner.use_up(user);
    Some(())
}

/// A patient of the same surname who is not of the household.
pub(crate) fn namesake(planner: &mut Planner<'_>, user: u32) -> Option<u32> {
    let own = *planner.world.people.staff.at(user);
    planner.patient(|world, patient| {
        let row = world.people.patients.at(patient);
        row.person.surname == own.person.surname && row.household != own.household && row.person.home != own.person.home
    })
}

/// S20: notes of an ended encounter are changed by somebody who took part in it, after a complaint.
pub(crate) fn tampering(planner: &mut Planner<'_>) -> Option<()> {
    let begin = planner.world.begin();
    let ended = &planner.world.index.ended;
    let first = ended.partition_point(|end| end.0 < begin - 15 * DAY);
    let last = ended.partition_point(|end| end.0 < planner.world.end() - 2 * DAY);
    let list = ended.get(first..last)?;
    let (end, encounter) = *planner.rng.pick(list)?;
    let row = *planner.world.care.encounters.at(encounter);
    if !planner.may(row.attending) || planner.spared.contains(&encounter) {
        return None;
    }
    let user = row.attending;
    let shifts: Vec<_> = planner
        .moments(user)
        .filter(|shift| shift.start > end + DAY && shift.start < end + 25 * DAY)
        .copied()
        .collect();
    let shift = *planner.rng.pick(&shifts)?;
    let time = planner.rng.between(shift.start + 1200, shift.end - 1200);
    let rows = 2 + planner.rng.below(4);
    let visit = Visit { patient: row.patient, encounter, rows, manner: Manner::Alter, ..Visit::default() };
    planner.world.people.patients.change(row.patient).complaint = true;
    planner.sit(user, time, vec![visit]);
    planner.use_up(user);
    Some(())
}
