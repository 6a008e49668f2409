//! E3: the record lies in the user's work queue: coding, billing and records after discharge, pharmacy where medicines are ordered.

use super::{Explained, Reason};
use crate::form::{Access, days_before};
use crate::world::World;

pub(super) fn explain(world: &World, access: &Access, at: i64, explained: &mut Explained) {
    let duty = world.duty(access.user);
    if !duty.records && !duty.pharmacy {
        return;
    }
    let Some(employee) = world.employee(access.user) else { return };
    let after = days_before(world.settings.work_after_days);
    if duty.pharmacy {
        let medicines = world.medicines.of_number(access.patient).iter();
        if let Some(order) =
            medicines.rev().find(|order| order.at - world.settings.skew() <= at && at <= order.at.saturating_add(after))
        {
            explained.add(Reason::Queue, &[employee.proof, order.proof]);
            return;
        }
    }
    // pharmacies look through what was given until discharge only where something was
    if duty.records {
        let discharged = world.stays.of_number(access.patient).iter();
        let discharged = discharged.filter(|stay| {
            stay.last && stay.end.saturating_sub(world.settings.skew()) <= at && at <= stay.end.saturating_add(after)
        });
        if let Some(stay) = discharged.max_by_key(|stay| stay.end) {
            explained.add(Reason::Queue, &[employee.proof, stay.proof]);
        }
    }
}
