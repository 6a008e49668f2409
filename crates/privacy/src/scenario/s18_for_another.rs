//! S18, a look for somebody else: a record is opened without a reason within five minutes after a co-worker to whom the patient is close was refused it, or left the workstation.
//!
//! Close is what S1 and S4 say, or the co-worker themself. Sources seldom write that somebody logged out; it is seen by another user at the same workstation: the last access
//! of the one before is when they left. Then only family, close colleagues and the co-worker themself count, and no colleague who is as close to
//! whoever looks: on a ward everybody follows somebody.
//! Memory: 40 bytes for each workstation, and the refusals of the last minutes.

use rustc_hash::FxHashMap;

use super::s01_family::{kin, same_person};
use super::s04_coworker::{CLOSE, colleague};
use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::form::{Access, MINUTE, Outcome, Proof, Table};
use crate::names::NONE;
use crate::world::World;

const ID: Id = Id(18);
const REFUSED: u8 = 0;
const LEFT: u8 = 1;
const WITHIN: i64 = 5 * MINUTE;
/// Refusals after which those that are over are forgotten.
const FORGET_AFTER: usize = 1 << 12;

/// Who was there, and when last.
#[derive(Clone, Copy, Debug)]
struct There {
    user: u32,
    at: i64,
    row: u32,
}

const NOBODY: There = There { user: NONE, at: i64::MIN, row: 0 };

#[derive(Debug, Default)]
pub(super) struct ForAnother {
    /// By patient: who was refused last.
    refused: FxHashMap<u32, There>,
    /// By workstation: who is there, and who was before them.
    at_workstation: FxHashMap<u32, (There, There)>,
}

impl Scenario for ForAnother {
    fn id(&self) -> Id {
        ID
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        let access = seen.access;
        let before = self.arrive(access);
        if seen.has_no_reason() && access.outcome == Outcome::Success {
            let refused = self.refused.get(&access.patient).copied().unwrap_or(NOBODY);
            let found = after(world, access, REFUSED, refused).or_else(|| after(world, access, LEFT, before));
            signs.extend(found);
        }
        if access.outcome == Outcome::Denied && access.patient != NONE {
            self.refuse(access);
        }
    }

    fn weight(&self, level: u8) -> Weight {
        let when_improper = if level == REFUSED { 0.2 } else { 0.1 };
        // who is close to the other is mostly close to the user too: it is one family with S1 to S5
        Weight { family: Family::Relation, base: Base::Visit, when_improper }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let ([seconds, ..], other) = (sign.facts, world.name_of(sign.other));
        let minutes = seconds / 60.0;
        match sign.level {
            REFUSED => {
                format!("{minutes:.1} minutes before, {other}, to whom the patient is close, was refused this record.")
            }
            _ => format!(
                "{minutes:.1} minutes before, {other}, to whom the patient is close, was at the same workstation."
            ),
        }
    }
}

impl ForAnother {
    /// Who was at the workstation before the user.
    fn arrive(&mut self, access: &Access) -> There {
        if access.workstation == NONE {
            return NOBODY;
        }
        let now = There { user: access.user, at: access.time.at, row: access.row };
        let (here, before) = self.at_workstation.entry(access.workstation).or_insert((now, NOBODY));
        if here.user != access.user {
            *before = *here;
        }
        *here = now;
        *before
    }

    fn refuse(&mut self, access: &Access) {
        let at = access.time.at;
        if self.refused.len() >= FORGET_AFTER {
            self.refused.retain(|_, there| at - there.at <= WITHIN);
        }
        self.refused.insert(access.patient, There { user: access.user, at, row: access.row });
    }
}

/// The sign, if it was soon after somebody else, to whom the patient is close.
fn after(world: &World, access: &Access, level: u8, other: There) -> Option<Sign> {
    let is_soon = other.at != i64::MIN && access.time.at - other.at <= WITHIN;
    if !is_soon || other.user == access.user || other.user == NONE {
        return None;
    }
    let proofs = close_to(world, other.user, access, level == REFUSED)?;
    let seconds = f64::from(i32::try_from((access.time.at - other.at) / 1_000).unwrap_or(0));
    let mut sign = Sign::at(ID, level, access).proven(&[Proof::new(Table::Accesses, other.row)]).proven(&proofs);
    sign = sign.with([seconds, 0.0, 0.0]).about(other.user);
    Some(sign)
}

/// What shows that a patient is close to a user: themself, family, or a colleague (`any_colleague`, or a close one only).
fn close_to(world: &World, user: u32, access: &Access, any_colleague: bool) -> Option<[Proof; 2]> {
    let employee = world.employee(user)?;
    if let Some(patient) =
        world.patient(access.patient).filter(|patient| same_person(&employee.identity, &patient.identity))
    {
        return Some([patient.proof, employee.proof]);
    }
    if let Some(kin) = kin(world, user, access.patient) {
        return Some(kin.proofs);
    }
    let at = access.time.at;
    let theirs = colleague(world, user, access.patient, at)?;
    // where the patient is as close a colleague of whoever looks, that somebody of the same team was there before says nothing
    let is_close_to_both = || colleague(world, access.user, access.patient, at).is_some_and(|own| own.level == CLOSE);
    (any_colleague || (theirs.level == CLOSE && !is_close_to_both())).then_some(theirs.proofs)
}

#[cfg(test)]
mod tests;
