//! S1, family: the patient lives in the user's household and has the same surname, or the user is one of the patient's contacts.
//!
//! A contact is the user when surname and given name agree and so does the telephone number or the date of birth. A namesake in another household is nobody.

use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::names::{NONE, agree};
use crate::world::{Contact, Identity, World};

pub(super) const ID: Id = Id(1);
const HOUSEHOLD: u8 = 0;
const CONTACT: u8 = 1;

#[derive(Debug)]
pub(super) struct Family1;

impl Scenario for Family1 {
    fn id(&self) -> Id {
        ID
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        if seen.has_no_reason() {
            signs.extend(related(world, seen));
        }
    }

    fn weight(&self, _level: u8) -> Weight {
        Weight { family: Family::Relation, base: Base::Visit, when_improper: 0.2 }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let user = world.name_of(sign.user);
        match sign.level {
            HOUSEHOLD => format!("{user} and the patient have one surname and live in one household."),
            _ => format!("{user} is named in the patient's record as a contact ({}).", world.text(sign.other)),
        }
    }
}

fn related(world: &World, seen: &Seen<'_>) -> Option<Sign> {
    let employee = world.employee(seen.access.user)?;
    let own = &employee.identity;
    if let Some(contact) = world.contacts.of_number(seen.access.patient).iter().find(|contact| is(own, contact)) {
        return Some(Sign::at(ID, CONTACT, seen.access).proven(&[contact.proof, employee.proof]).about(contact.relation));
    }
    let patient = world.patient(seen.access.patient)?;
    let same = same_person(own, &patient.identity);
    let related = !same && share_surname(world, own.surname, patient.identity.surname) && same_household(own, &patient.identity);
    related.then(|| Sign::at(ID, HOUSEHOLD, seen.access).proven(&[patient.proof, employee.proof]))
}

fn is(own: &Identity, contact: &Contact) -> bool {
    agree(own.surname, contact.surname) && agree(own.given, contact.given) && (agree(own.phone, contact.phone) || agree(own.birth, contact.birth))
}

/// Whether two identities are one person: by number, or by name and date of birth.
pub(super) fn same_person(one: &Identity, other: &Identity) -> bool {
    agree(one.person, other.person) || (agree(one.surname, other.surname) && agree(one.given, other.given) && agree(one.birth, other.birth))
}

/// Whether two live behind one door.
pub(super) fn same_household(one: &Identity, other: &Identity) -> bool {
    agree(one.street, other.street) && agree(one.door, other.door) && agree(one.postcode, other.postcode)
}

/// Whether two surnames share a part: `meyer` and `meyer schmidt` do. Parts of one or two letters bind nobody.
fn share_surname(world: &World, one: u32, other: u32) -> bool {
    if one == NONE || other == NONE {
        return false;
    }
    let (one, other) = (world.text(one), world.text(other));
    one == other || one.split(' ').any(|part| part.len() > 2 && other.split(' ').any(|own| own == part))
}
