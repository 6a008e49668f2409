//! S4, co-worker: the patient works here. It weighs more when they are close: one department, one manager, one leads the other, or the patient has left or is about to.

use super::s01_family::same_person;
use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::form::{Proof, days_before};
use crate::names::{NONE, agree};
use crate::world::{Employee, OPEN, World};

const ID: Id = Id(4);
const SOMEBODY: u8 = 0;
const CLOSE: u8 = 1;
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
            signs.extend(works_here(world, seen));
        }
    }

    fn weight(&self, level: u8) -> Weight {
        let when_improper = if level == CLOSE { 0.15 } else { 0.1 };
        Weight { family: Family::Relation, base: Base::Visit, when_improper }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let user = world.name_of(sign.user);
        match (sign.level, sign.other) {
            (CLOSE, other) if other != NONE => format!("The patient works here, close to {user}: {}.", world.name_of(other)),
            _ => format!("The patient works here, like {user}."),
        }
    }
}

fn works_here(world: &World, seen: &Seen<'_>) -> Option<Sign> {
    let patient = world.patient(seen.access.patient)?;
    let own = world.employee(seen.access.user)?;
    if same_person(&own.identity, &patient.identity) {
        return None;
    }
    let colleague = world.employee_of_patient(seen.access.patient);
    let Some((number, colleague)) = colleague else {
        return patient.flags.employee.then(|| Sign::at(ID, SOMEBODY, seen.access).proven(&[patient.proof]));
    };
    let level = if close(world, (seen.access.user, own), (number, colleague), seen.access.time.at) { CLOSE } else { SOMEBODY };
    let proofs: [Proof; 2] = [patient.proof, colleague.proof];
    Some(Sign::at(ID, level, seen.access).proven(&proofs).about(number))
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
