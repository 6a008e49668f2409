//! E1: the user takes part in an encounter, order or appointment of the patient, or got a message about them.

use super::{Explained, Reason};
use crate::form::{Access, HOUR, days_before};
use crate::world::{By, Care, World};

/// How many rows prove one E1 at most: the nearest in time.
const ROWS_MAX: usize = 2;

pub(super) fn explain(world: &World, access: &Access, at: i64, explained: &mut Explained) {
    let mut rows = 0;
    for care in of_user(world, access.patient, access.user) {
        if holds(world, care, at) {
            let reason = if care.by == By::Message { Reason::Referral } else { Reason::Care };
            explained.add(reason, &[care.proof, care.also]);
            rows += 1;
            if rows == ROWS_MAX {
                break;
            }
        }
    }
}

/// What a user has to do with a patient.
pub(crate) fn of_user(world: &World, patient: u32, user: u32) -> &[Care] {
    let all = world.care.of_number(patient);
    let from = all.partition_point(|care| care.user < user);
    let until = all.partition_point(|care| care.user <= user);
    all.get(from..until).unwrap_or_default()
}

/// Whether care covers a time, its windows before and after included.
pub(crate) fn holds(world: &World, care: &Care, at: i64) -> bool {
    let settings = &world.settings;
    let (before, after) = match care.by {
        By::Message => (settings.skew(), days_before(settings.message_after_days)),
        _ => (i64::from(settings.care_before_hours) * HOUR, days_before(settings.care_after_days)),
    };
    care.start.saturating_sub(before) <= at && at <= care.end.saturating_add(after)
}
