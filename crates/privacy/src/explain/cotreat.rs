//! E5: the user treats patients together with somebody who takes part in this patient's care.
//!
//! Two people treat together when within 30 days they share at least three other patients whose records both opened for a reason. People whom everybody shares
//! (laboratory, pharmacy, imaging, and whoever's patients come from most departments) bind nobody: through them everybody would treat with everybody.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Explained, Reason, care};
use crate::form::{Access, DAY, Proof, Table, days_before};
use crate::names::NONE;
use crate::world::{Care, World};

/// How many who opened a patient's record are remembered, the latest.
const OPENERS_MAX: usize = 48;
/// How many shared patients of two people are remembered, the latest. More than is asked for, so that the patient in question can be left out.
const SHARED_MAX: usize = 6;

/// A patient whom two people share: when they last did, and the row of the access that showed it.
#[derive(Clone, Copy, Debug)]
struct Both {
    patient: u32,
    at: i64,
    row: u32,
}

/// Who shares patients with whom.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    openers: FxHashMap<u32, Vec<(u32, i64)>>,
    pairs: FxHashMap<(u32, u32), [Option<Both>; SHARED_MAX]>,
    hubs: FxHashSet<u32>,
}

impl Shared {
    /// Knows whom everybody shares, and no pair yet.
    pub(crate) fn new(world: &World) -> Self {
        Self { hubs: hubs(world), ..Self::default() }
    }

    /// Takes in an access that has a reason of its own (E1 to E4).
    pub(crate) fn learn(&mut self, access: &Access, explained: &Explained) {
        let own = [Reason::Care, Reason::Unit, Reason::Queue, Reason::Referral]
            .into_iter()
            .any(|reason| explained.marks.has(reason));
        if !own || self.hubs.contains(&access.user) {
            return;
        }
        let openers = self.openers.entry(access.patient).or_default();
        let at = access.time.at;
        if let Some((_, last)) = openers.iter_mut().find(|(user, _)| *user == access.user) {
            let again_soon = at - *last < DAY;
            *last = at;
            if again_soon {
                return;
            }
        } else {
            if openers.len() == OPENERS_MAX {
                openers.remove(0);
            }
            openers.push((access.user, at));
        }
        let both = Both { patient: access.patient, at, row: access.row };
        for (other, _) in openers.iter().filter(|(other, last)| *other != access.user && at - last <= days_before(30)) {
            note(self.pairs.entry(pair(access.user, *other)).or_default(), both);
        }
    }

    /// Explains an access by somebody with whom its user treats together.
    pub(crate) fn explain(&self, world: &World, access: &Access, explained: &mut Explained) {
        // who takes part needs nobody to take part with
        let takes_part = explained.marks.has(Reason::Care);
        if access.patient == NONE || takes_part || self.hubs.contains(&access.user) {
            return;
        }
        let encounters = world.encounters_of.of_number(access.patient).iter();
        let members = encounters.flat_map(|encounter| world.participants.of_number(*encounter));
        let others = members.filter(|member| self.binds(world, access, member));
        let found = others.filter_map(|member| Some((member.proof, self.together(world, access, member.user)?))).next();
        if let Some((member, rows)) = found {
            let mut proofs = vec![member];
            proofs.extend(rows.map(|row| Proof::new(Table::Accesses, row)));
            explained.add(Reason::Cotreat, &proofs);
        }
    }

    /// Whether somebody who takes part is another person, there at the time, and not shared by everybody.
    fn binds(&self, world: &World, access: &Access, member: &Care) -> bool {
        member.user != access.user && care::holds(world, member, access.time.at) && !self.hubs.contains(&member.user)
    }

    /// Rows of three patients whom both opened within the days before (the first days of the data look ahead instead), if there are so many.
    fn together(&self, world: &World, access: &Access, other: u32) -> Option<impl Iterator<Item = u32>> {
        let shared = self.pairs.get(&pair(access.user, other))?;
        let within = days_before(world.settings.cotreat_days);
        let rows: Vec<u32> = shared
            .iter()
            .flatten()
            .filter(|both| both.patient != access.patient && (access.time.at - both.at).abs() <= within)
            .map(|both| both.row)
            .collect();
        let needed = world.settings.cotreat_patients_min as usize;
        (rows.len() >= needed).then(|| rows.into_iter().take(needed))
    }
}

fn pair(one: u32, other: u32) -> (u32, u32) {
    (one.min(other), one.max(other))
}

/// Notes a shared patient: anew, or instead of the oldest.
fn note(shared: &mut [Option<Both>; SHARED_MAX], both: Both) {
    let same = shared.iter().position(|known| known.is_some_and(|known| known.patient == both.patient));
    let oldest = shared
        .iter()
        .enumerate()
        .min_by_key(|(_, known)| known.map_or(i64::MIN, |known| known.at))
        .map(|(place, _)| place);
    if let Some(place) = same.or(oldest).and_then(|place| shared.get_mut(place)) {
        *place = Some(both);
    }
}

/// Whom everybody shares: by the words of their role, or because their patients come from most departments.
fn hubs(world: &World) -> FxHashSet<u32> {
    const DEPARTMENTS_MIN: usize = 5;
    let mut departments: FxHashSet<u32> = FxHashSet::default();
    let mut of_user: FxHashMap<u32, FxHashSet<u32>> = FxHashMap::default();
    for stay in world.stays.all().iter().filter(|stay| stay.department != NONE) {
        let department = world.fold_of(stay.department);
        departments.insert(department);
        for member in world.participants.of_number(stay.encounter) {
            of_user.entry(member.user).or_default().insert(department);
        }
    }
    let most = DEPARTMENTS_MIN.max(departments.len().div_ceil(2));
    let users = (0..world.users.len()).filter_map(|user| u32::try_from(user).ok());
    users.filter(|user| world.duty(*user).shared || of_user.get(user).is_some_and(|seen| seen.len() >= most)).collect()
}
