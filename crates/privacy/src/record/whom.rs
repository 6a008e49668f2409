//! Whom records are about and who opens them, as a review knows it: what has to be kept of it so that a record is told later without its context.

use crate::names::NONE;
use crate::review::Review;
use crate::world::World;

/// An id of a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordId<'a> {
    /// Its number in the review: that of [`crate::Access::patient_number`]. Numbers count from 0 without a gap.
    pub number: u32,
    /// As it stands in the files.
    pub id: &'a str,
    /// A number of the person, the same for ids that are one person; none where it is not known.
    pub person: Option<u32>,
}

/// Somebody of the staff list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaffMember<'a> {
    /// The user, as it stands in the files.
    pub user: &'a str,
    /// Their role; "unknown" when the staff list does not say.
    pub role: &'a str,
    /// Their department; "unknown" likewise.
    pub department: &'a str,
}

impl StaffMember<'_> {
    /// Role and department of whom the staff list does not know.
    pub const UNKNOWN: &'static str = "unknown";
}

impl Review {
    /// The ids of all patients of context and accesses, in the order of their numbers.
    pub fn record_ids(&self) -> impl Iterator<Item = RecordId<'_>> {
        let world = self.world();
        (0..world.patient_ids.len()).filter_map(|number| u32::try_from(number).ok()).map(|number| RecordId {
            number,
            id: world.patient_ids.text(number),
            person: world.patient(number).map(|patient| patient.identity.person).filter(|person| *person != NONE),
        })
    }

    /// How many ids of patients had no room and share one name.
    pub fn record_ids_left_out(&self) -> u64 {
        self.world().patient_ids.left_out
    }

    /// The staff list, in the order of the users' first appearance.
    pub fn staff(&self) -> impl Iterator<Item = StaffMember<'_>> {
        let world = self.world();
        let users = (0..world.employees.len()).filter_map(|number| u32::try_from(number).ok());
        users.filter(|user| world.employee(*user).is_some()).map(|user| {
            let (role, department) = work_of(world, user);
            StaffMember { user: world.name_of(user), role, department }
        })
    }
}

/// Role and department of a user.
pub(super) fn work_of(world: &World, user: u32) -> (&str, &str) {
    let employee = world.employee(user);
    let text = |number: Option<u32>| world.text(number.unwrap_or(NONE));
    (text(employee.map(|employee| employee.role)), text(employee.map(|employee| employee.department)))
}
