//! S4, co-worker: the patient works here. It weighs more when they are close: one department, one manager, one leads the other, or the patient has left or is about to.

use super::s01_family::same_person;
use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::form::{Proof, days_before};
use crate::names::{NONE, agree};
use crate::world::{Employee, OPEN, World};

const ID: Id = Id(4);
const SOMEBODY: u8 = 0;
pub(super) const CLOSE: u8 = 1;
/// How long after leaving somebody is still talked about. Days.
const LEFT_DAYS: u32 = 90;

#[derive(Debug)]
pub(super) struct Coworker;

impl Scenario for Coworker {
    fn id(&self) -> Id {
        ID
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        if seen.has_no_reason() {
            let access = seen.access;
            let colleague = colleague(world, access.user, access.patient, access.time.at);
            signs.extend(colleague.map(|colleague| {
                Sign::at(ID, colleague.level, access).proven(&colleague.proofs).about(colleague.number)
            }));
        }
    }

    fn weight(&self, level: u8) -> Weight {
        let when_improper = if level == CLOSE { 0.15 } else { 0.1 };
        Weight { family: Family::Relation, base: Base::Visit, when_improper }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let user = world.name_of(sign.user);
        match (sign.level, sign.other) {
            (CLOSE, other) if other != NONE => {
                format!("The patient works here, close to {user}: {}.", world.name_of(other))
            }
            _ => format!("The patient works here, like {user}."),
        }
    }
}

/// That a patient works here, and what shows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colleague {
    pub level: u8,
    pub proofs: [Proof; 2],
    /// As which user, where that is known.
    number: u32,
}

/// Whether a patient is a colleague of a user at a time.
pub(super) fn colleague(world: &World, user: u32, patient: u32, at: i64) -> Option<Colleague> {
    let row = world.patient(patient)?;
    let own = world.employee(user)?;
    if same_person(&own.identity, &row.identity) {
        return None;
    }
    let current = |employee: &Employee| at.saturating_sub(employee.until) <= days_before(LEFT_DAYS);
    let known = world.employee_of_patient(patient);
    if known.is_some_and(|(_, employee)| !current(employee)) {
        return None;
    }
    let Some((number, colleague)) = known else {
        return row.flags.employee.then_some(Colleague {
            level: SOMEBODY,
            proofs: [row.proof, Proof::NONE],
            number: NONE,
        });
    };
    let level = if close(world, (user, own), (number, colleague), at) { CLOSE } else { SOMEBODY };
    Some(Colleague { level, proofs: [row.proof, colleague.proof], number })
}

fn close(world: &World, own: (u32, &Employee), colleague: (u32, &Employee), at: i64) -> bool {
    let ((user, own), (other, colleague)) = (own, colleague);
    let left = colleague.until != OPEN && colleague.until <= at && at - colleague.until <= days_before(LEFT_DAYS);
    agree(world.fold_of(own.department), world.fold_of(colleague.department))
        || agree(own.manager, colleague.manager)
        || own.manager == other
        || colleague.manager == user
        || left
}
