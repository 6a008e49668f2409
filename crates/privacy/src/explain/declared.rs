//! D: an event that the site declared explains the access.
//!
//! After a downtime what happened during it is entered: such an access is explained if it would have been while the system was away. In a mass-casualty event
//! break-glass is expected in the units concerned.

use super::{Explained, Reason};
use crate::form::{Access, Action, HOUR, MINUTE};
use crate::names::NONE;
use crate::world::{Declared, DeclaredKind, World};

/// How long before and after a mass-casualty event its patients are looked after.
const CASUALTY_MARGIN: i64 = 12 * HOUR;

pub(super) fn explain(world: &World, access: &Access, explained: &mut Explained) {
    for declared in &world.declared {
        match declared.kind {
            DeclaredKind::Downtime => back_entry(world, access, declared, explained),
            DeclaredKind::MassCasualty => casualties(world, access, declared, explained),
            // part of E2: shift and stay are compared under both names
            DeclaredKind::WardMove => {}
        }
    }
}

fn back_entry(world: &World, access: &Access, declared: &Declared, explained: &mut Explained) {
    let until = declared.end.saturating_add(i64::from(world.settings.back_entry_hours) * HOUR);
    let entered_later = access.action.writes() || access.action == Action::Read;
    if !entered_later || access.time.at < declared.start || access.time.at > until || !explained.marks.is_empty() {
        return;
    }
    let mut then = Explained::none(access.row);
    let mut at = declared.start;
    while at <= declared.end && then.marks.is_empty() {
        super::at_time(world, access, at, &mut then);
        at += 30 * MINUTE;
    }
    if !then.marks.is_empty() {
        let proofs: Vec<_> = std::iter::once(declared.proof).chain(then.proofs()).collect();
        explained.add(Reason::Declared, &proofs);
    }
}

fn casualties(world: &World, access: &Access, declared: &Declared, explained: &mut Explained) {
    let at = access.time.at;
    if at < declared.start || at > declared.end.saturating_add(CASUALTY_MARGIN) {
        return;
    }
    let concerned = world.fold_of(declared.unit);
    let shift = world.shift_at(access.user, at);
    let employee = world.employee(access.user);
    let own = [
        shift.map(|shift| shift.unit),
        employee.map(|employee| employee.unit),
        employee.map(|employee| employee.department),
    ];
    let works_there = concerned == NONE || own.into_iter().flatten().any(|unit| world.fold_of(unit) == concerned);
    if works_there && (shift.is_some() || access.break_glass) {
        explained.add(Reason::Declared, &[declared.proof]);
    }
}
