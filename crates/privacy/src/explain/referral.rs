//! E4: the patient was referred or messaged to a pool that the user belongs to. Pools are named as departments, units or roles.

use super::{Explained, Reason};
use crate::form::{Access, days_before};
use crate::names::NONE;
use crate::world::World;

pub(super) fn explain(world: &World, access: &Access, at: i64, explained: &mut Explained) {
    let referrals = world.referrals.of_number(access.patient);
    if referrals.is_empty() {
        return;
    }
    let Some(employee) = world.employee(access.user) else { return };
    let pools = [employee.department, employee.unit, employee.role].map(|pool| world.fold_of(pool));
    let after = days_before(world.settings.message_after_days);
    let mine = referrals.iter().filter(|referral| {
        let pool = world.fold_of(referral.pool);
        pool != NONE && pools.contains(&pool)
    });
    let mut mine =
        mine.filter(|referral| referral.at - world.settings.skew() <= at && at <= referral.at.saturating_add(after));
    if let Some(referral) = mine.next() {
        explained.add(Reason::Referral, &[referral.proof, employee.proof]);
    }
}
