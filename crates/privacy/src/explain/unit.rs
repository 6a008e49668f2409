//! E2: the user is on shift in the unit where the patient is.
//!
//! A transferred patient is no longer where they were: the long window after the end belongs to the last unit of an encounter, a short one to the others.

use super::{Explained, Reason};
use crate::form::{Access, HOUR, MINUTE, Proof, days_before};
use crate::names::NONE;
use crate::world::{DeclaredKind, Shift, Stay, World};

pub(super) fn explain(world: &World, access: &Access, at: i64, explained: &mut Explained) {
    let margin = i64::from(world.settings.shift_margin_minutes) * MINUTE;
    let shifts = world.shifts.of_number(access.user);
    for shift in shifts.iter().filter(|shift| shift.start - margin <= at && at <= shift.end.saturating_add(margin)) {
        for stay in world.stays.of_number(access.patient).iter().filter(|stay| covers(world, stay, at)) {
            if let Some(moved) = same_unit(world, shift, stay, at) {
                explained.add(Reason::Unit, &[shift.proof, stay.proof, moved]);
                return;
            }
        }
    }
}

/// Whether a stay covers a time, its windows included.
pub(crate) fn covers(world: &World, stay: &Stay, at: i64) -> bool {
    let settings = &world.settings;
    let after =
        if stay.last { days_before(settings.unit_after_days) } else { i64::from(settings.transfer_after_hours) * HOUR };
    stay.start.saturating_sub(i64::from(settings.unit_before_hours) * HOUR) <= at
        && at <= stay.end.saturating_add(after)
}

/// Whether the unit of the shift is that of the stay: by name, or because the ward was declared to have moved; then the row that says so.
fn same_unit(world: &World, shift: &Shift, stay: &Stay, at: i64) -> Option<Proof> {
    let (here, there) = (world.fold_of(shift.unit), world.fold_of(stay.unit));
    if here == NONE || there == NONE {
        return None;
    }
    if here == there {
        return Some(Proof::NONE);
    }
    let moves = world
        .declared
        .iter()
        .filter(|declared| declared.kind == DeclaredKind::WardMove && declared.start - days_before(1) <= at);
    let mut moves =
        moves.map(|declared| (world.fold_of(declared.unit), world.fold_of(declared.to_unit), declared.proof));
    moves
        .find(|(from, to, _)| (*from, *to) == (here, there) || (*to, *from) == (here, there))
        .map(|(_, _, proof)| proof)
}
