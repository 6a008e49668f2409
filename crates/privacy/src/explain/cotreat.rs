//! E5: the user treats patients together with somebody who takes part in this patient's care.
//!
//! Two people treat together when within 30 days they share at least three other patients whose records both opened for a reason. People whom everybody shares
//! (laboratory, pharmacy, imaging, and whoever's patients come from most departments) bind nobody: through them everybody would treat with everybody.
//!
//! Who opened which record is learnt in the order of time ([`Meetings`]); what two people share is kept by pair (`pairs`), in shards that can be filled beside each other.

mod pairs;

use rustc_hash::{FxHashMap, FxHashSet};

pub(crate) use self::pairs::Pairs;
use self::pairs::{Both, SHARED_MAX};
use super::{Explained, Reason, care};
use crate::form::{Access, DAY, Proof, Table, days_before};
use crate::names::NONE;
use crate::world::{Care, World};

/// How many who opened a patient's record are remembered, the latest.
const OPENERS_MAX: usize = 48;
/// Parts of what pairs share that are filled beside each other.
pub(crate) const SHARDS: usize = 4;

/// That two people share a patient, by shard.
pub(crate) type Notes = [Vec<Note>; SHARDS];

/// That two people share a patient.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Note {
    pair: (u32, u32),
    both: Both,
}

/// Who shares patients with whom.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) meetings: Meetings,
    pub(crate) pairs: [Pairs; SHARDS],
}

/// Who opened which record of late.
#[derive(Debug)]
pub(crate) struct Meetings {
    /// By number of the patient.
    openers: Vec<Vec<(u32, i64)>>,
    hubs: FxHashSet<u32>,
    /// By number of the user: whether they take part in any encounter. Two of whom neither does bind nobody.
    takes_part: Vec<bool>,
}

impl Shared {
    /// Knows whom everybody shares, and no pair yet.
    pub(crate) fn new(world: &World) -> Self {
        let mut takes_part = vec![false; world.users.len()];
        for member in world.participants.all() {
            if let Some(takes_part) = takes_part.get_mut(member.user as usize) {
                *takes_part = true;
            }
        }
        let meetings = Meetings { openers: Vec::new(), hubs: hubs(world), takes_part };
        Self { meetings, pairs: Default::default() }
    }

    /// Takes in an access that has a reason of its own (E1 to E4).
    pub(crate) fn learn(&mut self, access: &Access, explained: &Explained) {
        let pairs = &mut self.pairs;
        self.meetings.meet(access, explained, &mut |shard, note| {
            if let Some(pairs) = pairs.get_mut(shard) {
                pairs.note(&note);
            }
        });
    }

    /// Explains an access by somebody with whom its user treats together.
    pub(crate) fn explain(&self, world: &World, access: &Access, explained: &mut Explained) {
        // who takes part needs nobody to take part with
        let takes_part = explained.marks.has(Reason::Care);
        if access.patient == NONE || takes_part || self.meetings.hubs.contains(&access.user) {
            return;
        }
        let encounters = world.encounters_of.of_number(access.patient).iter();
        let members = encounters.flat_map(|encounter| world.participants.of_number(*encounter));
        let mut others = members.filter(|member| self.binds(world, access, member));
        let found = others.find_map(|member| Some((member.proof, self.together(world, access, member.user)?)));
        if let Some((member, (rows, count))) = found {
            let mut proofs = [Proof::NONE; SHARED_MAX + 1];
            for (place, proof) in proofs.iter_mut().zip(
                std::iter::once(member).chain(rows.iter().take(count).map(|row| Proof::new(Table::Accesses, *row))),
            ) {
                *place = proof;
            }
            explained.add(Reason::Cotreat, &proofs);
        }
    }

    /// Whether somebody who takes part is another person, there at the time, and not shared by everybody.
    fn binds(&self, world: &World, access: &Access, member: &Care) -> bool {
        member.user != access.user
            && care::holds(world, member, access.time.at)
            && !self.meetings.hubs.contains(&member.user)
    }

    /// Rows of so many patients as are needed whom both opened within the days before (the first days of the data look ahead instead), if there are so many.
    fn together(&self, world: &World, access: &Access, other: u32) -> Option<([u32; SHARED_MAX], usize)> {
        let pair = pair(access.user, other);
        let shared = self.pairs.get(shard(pair))?.of(pair);
        let needed = world.settings.cotreat_patients_min as usize;
        if shared.len() < needed {
            return None;
        }
        let within = days_before(world.settings.cotreat_days);
        let (mut rows, mut count) = ([0; SHARED_MAX], 0);
        let near = shared
            .iter()
            .filter(|both| both.patient != access.patient && (access.time.at - both.at).abs() <= within)
            .take(needed);
        for (place, both) in rows.iter_mut().zip(near) {
            *place = both.row;
            count += 1;
        }
        (count == needed).then_some((rows, count))
    }
}

impl Meetings {
    /// Takes in an access that has a reason of its own (E1 to E4), and tells what pairs it makes.
    pub(crate) fn meet(&mut self, access: &Access, explained: &Explained, tell: &mut impl FnMut(usize, Note)) {
        let own = [Reason::Care, Reason::Unit, Reason::Queue, Reason::Referral]
            .into_iter()
            .any(|reason| explained.marks.has(reason));
        if !own || self.hubs.contains(&access.user) {
            return;
        }
        let place = access.patient as usize;
        if self.openers.len() <= place {
            self.openers.resize_with(place + 1, Vec::new);
        }
        let Some(openers) = self.openers.get_mut(place) else { return };
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
        let takes_part = |user: u32| self.takes_part.get(user as usize).copied().unwrap_or(false);
        let own = takes_part(access.user);
        for (other, _) in openers.iter().filter(|(other, last)| *other != access.user && at - last <= days_before(30)) {
            if own || takes_part(*other) {
                let pair = pair(access.user, *other);
                tell(shard(pair), Note { pair, both });
            }
        }
    }
}

fn pair(one: u32, other: u32) -> (u32, u32) {
    (one.min(other), one.max(other))
}

/// In which part a pair is kept.
fn shard((one, other): (u32, u32)) -> usize {
    let mixed = one.wrapping_mul(0x9e37_79b9) ^ other.wrapping_mul(0x85eb_ca6b);
    (mixed >> 16) as usize % SHARDS
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
