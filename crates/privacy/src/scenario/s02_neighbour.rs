//! S2, neighbour: the patient lives in the user's street, at most ten house numbers away, and not in the same household. Nothing is looked up on a map.

use super::s01_family::same_household;
use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::names::agree;
use crate::world::World;

const ID: Id = Id(2);

#[derive(Debug)]
pub(super) struct Neighbour;

impl Scenario for Neighbour {
    fn id(&self) -> Id {
        ID
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        if seen.has_no_reason() {
            signs.extend(near(world, seen));
        }
    }

    fn weight(&self, _level: u8) -> Weight {
        Weight { family: Family::Relation, base: Base::Visit, when_improper: 0.15 }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let ([apart, ..], user) = (sign.facts, world.name_of(sign.user));
        if apart < 1.0 {
            return format!("{user} and the patient live at one house number, behind different doors.");
        }
        format!("{user} lives in the patient's street, {apart} house numbers away.")
    }
}

fn near(world: &World, seen: &Seen<'_>) -> Option<Sign> {
    let (employee, patient) = (world.employee(seen.access.user)?, world.patient(seen.access.patient)?);
    let (own, theirs) = (&employee.identity, &patient.identity);
    if !agree(own.street, theirs.street) || !agree(own.postcode, theirs.postcode) || same_household(own, theirs) {
        return None;
    }
    let apart = own.house?.abs_diff(theirs.house?);
    let sign = Sign::at(ID, 0, seen.access).proven(&[employee.proof, patient.proof]).with([f64::from(apart), 0.0, 0.0]);
    (apart <= world.settings.neighbour_numbers_max).then_some(sign)
}
