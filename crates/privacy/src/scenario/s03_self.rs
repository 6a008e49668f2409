//! S3, self: the user's own record, whether or not there is a reason. What a site makes of it is its policy.

use super::s01_family::same_person;
use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::names::NONE;
use crate::world::World;

const ID: Id = Id(3);
const WITHOUT: u8 = 0;
const WITH_REASON: u8 = 1;

#[derive(Debug)]
pub(super) struct Own;

impl Scenario for Own {
    fn id(&self) -> Id {
        ID
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        let Some(employee) = world.employee(seen.access.user) else { return };
        let Some(patient) = world.patient(seen.access.patient) else { return };
        if seen.access.patient != NONE && same_person(&employee.identity, &patient.identity) {
            let level = if seen.explained.marks.is_empty() { WITHOUT } else { WITH_REASON };
            signs.push(Sign::at(ID, level, seen.access).proven(&[employee.proof, patient.proof]));
        }
    }

    fn weight(&self, level: u8) -> Weight {
        let when_improper = if level == WITH_REASON { 0.03 } else { 0.1 };
        Weight { family: Family::Relation, base: Base::UserDay, when_improper }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        format!("{} opened their own record.", world.name_of(sign.user))
    }
}
