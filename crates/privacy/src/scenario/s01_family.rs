//! S1, family: the patient lives in the user's household and has the same surname, or the user is one of the patient's contacts.
//!
//! A contact is the user when surname and given name agree and so does the telephone number or the date of birth. A namesake in another household is nobody.

use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::form::Proof;
use crate::names::{NONE, agree};
use crate::world::{Contact, Identity, World};

const ID: Id = Id(1);
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
            let kin = kin(world, seen.access.user, seen.access.patient);
            signs.extend(kin.map(|kin| Sign::at(ID, kin.level, seen.access).proven(&kin.proofs).about(kin.relation)));
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

/// That a patient is family of a user, and what shows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kin {
    level: u8,
    pub proofs: [Proof; 2],
    /// As the contact calls it.
    relation: u32,
}

/// Whether a patient is family of a user.
pub(super) fn kin(world: &World, user: u32, patient: u32) -> Option<Kin> {
    let employee = world.employee(user)?;
    let own = &employee.identity;
    if let Some(contact) = world.contacts.of_number(patient).iter().find(|contact| is(own, contact)) {
        return Some(Kin { level: CONTACT, proofs: [contact.proof, employee.proof], relation: contact.relation });
    }
    let patient = world.patient(patient)?;
    let other = !same_person(own, &patient.identity) && same_household(own, &patient.identity);
    let related = other && share_surname(world, own.surname, patient.identity.surname);
    related.then_some(Kin { level: HOUSEHOLD, proofs: [patient.proof, employee.proof], relation: NONE })
}

fn is(own: &Identity, contact: &Contact) -> bool {
    agree(own.surname, contact.surname)
        && agree(own.given, contact.given)
        && (agree(own.phone, contact.phone) || agree(own.birth, contact.birth))
}

/// Whether two identities are one person: by number, or by name and date of birth.
pub(super) fn same_person(one: &Identity, other: &Identity) -> bool {
    agree(one.person, other.person)
        || (agree(one.surname, other.surname) && agree(one.given, other.given) && agree(one.birth, other.birth))
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
