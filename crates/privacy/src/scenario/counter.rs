//! What speaks for the user: circumstances in which an access without a documented reason is mostly ordinary work.

use rustc_hash::FxHashMap;

use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::explain::care_of;
use crate::form::{DAY, HOUR};
use crate::names::{NONE, agree};
use crate::world::{Stay, World};

pub(crate) const ID: Id = Id(0);
const ON_SHIFT: u8 = 0;
const WROTE: u8 = 1;
const OWN_DEPARTMENT: u8 = 2;
const TREATED_BEFORE: u8 = 3;
const COLLEAGUES: u8 = 4;
/// How long before an access a colleague's reason speaks for it.
const COLLEAGUES_WITHIN: i64 = 2 * DAY;

#[derive(Debug, Default)]
pub(super) struct Counter {
    /// Unit or department of staff and patient: when somebody of it last had a reason, and the row.
    with_reason: FxHashMap<(u32, u32), (i64, u32)>,
}

impl Scenario for Counter {
    fn id(&self) -> Id {
        ID
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        let access = seen.access;
        let department = world.department(access.user);
        if access.patient != NONE && !seen.explained.marks.is_empty() {
            self.with_reason.insert((department, access.patient), (access.time.at, access.row));
        }
        if !seen.has_no_reason() {
            return;
        }
        if let Some(shift) = world.shift_at(access.user, access.time.at) {
            signs.push(Sign::at(ID, ON_SHIFT, access).proven(&[shift.proof]).about(shift.unit));
        }
        if access.action.writes() && is_treated(world, access.patient, access.time.at) {
            signs.push(Sign::at(ID, WROTE, access));
        }
        if let Some(stay) =
            here(world, access.patient, access.time.at).find(|stay| agree(world.fold_of(stay.department), department))
        {
            signs.push(Sign::at(ID, OWN_DEPARTMENT, access).proven(&[stay.proof]).about(stay.department));
        }
        if let Some(care) = care_of(world, access.patient, access.user).iter().find(|care| care.end < access.time.at) {
            signs.push(Sign::at(ID, TREATED_BEFORE, access).proven(&[care.proof, care.also]));
        }
        let colleague = self.with_reason.get(&(department, access.patient)).filter(|_| department != NONE);
        if let Some((_, row)) = colleague.filter(|(at, _)| access.time.at - at <= COLLEAGUES_WITHIN) {
            let proof = crate::form::Proof::new(crate::form::Table::Accesses, *row);
            signs.push(Sign::at(ID, COLLEAGUES, access).proven(&[proof]));
        }
    }

    fn weight(&self, level: u8) -> Weight {
        let when_improper = match level {
            ON_SHIFT => 0.5,
            WROTE => 0.02,
            OWN_DEPARTMENT | COLLEAGUES => 0.05,
            _ => 0.1,
        };
        Weight { family: Family::Counter, base: Base::Visit, when_improper }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let user = world.name_of(sign.user);
        match sign.level {
            ON_SHIFT => format!("{user} was on shift in {} at the time.", world.text(sign.other)),
            WROTE => format!("{user} wrote into the record, as those do who care for a patient."),
            OWN_DEPARTMENT => format!("The patient was in {user}'s own department ({}).", world.text(sign.other)),
            TREATED_BEFORE => format!("{user} had treated the patient earlier."),
            _ => format!(
                "Somebody of {user}'s department had opened the record for a documented reason in the two days before."
            ),
        }
    }
}

/// Whether a patient is treated here around a time: what is written then is documentation. In the record of somebody long gone it is not.
fn is_treated(world: &World, patient: u32, at: i64) -> bool {
    let stays = world.stays.of_number(patient).iter();
    let mut near = stays
        .map(|stay| (stay.start, stay.end))
        .chain(world.bookings.of_number(patient).iter().map(|booking| (booking.start, booking.start)));
    near.any(|(start, end)| start - 3 * DAY <= at && at <= end.saturating_add(30 * DAY))
}

/// Stays of a patient around a time, half a day before and after included.
fn here(world: &World, patient: u32, at: i64) -> impl Iterator<Item = &Stay> {
    let stays = world.stays.of_number(patient).iter();
    stays.filter(move |stay| stay.start - 12 * HOUR <= at && at <= stay.end.saturating_add(12 * HOUR))
}
