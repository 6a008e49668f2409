//! State that outlives a reload of the rules: a snapshot of one plan taken over into another.
//!
//! In: a snapshot and the new [`Plan`]. Out: a correlator in which every correlation that still means the same goes on with its groups, and what became of the
//! others. A correlation means the same when its id, type, timespan, condition, fields, grouping, the fields its aliases stand for, and the ids of its rules are
//! what they were, and so down the chain. Numbers of rules and other correlations have no part in that, and neither has what a base rule matches: events that
//! matched an earlier version of it did match.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use cordon_stats::codec;

use super::fields::{Packed, read_tuple};
use super::machine::Core;
use super::pending::Pending;
use super::plan::Node;
use super::snapshot::{OldCorrelation, OldRule, Parts};
use super::state::State;
use super::{Correlator, Limits, Plan, SnapshotError};

/// A correlator with the state of an earlier one, and what became of that state. Correlations are named by id.
#[derive(Debug)]
pub struct Carried {
    /// Goes on where the snapshot was taken.
    pub correlator: Correlator,
    /// Correlations that kept their groups.
    pub kept: Vec<String>,
    /// Correlations that have become others under the same id and start with empty windows.
    pub emptied: Vec<String>,
    /// Correlations that the snapshot does not know.
    pub added: Vec<String>,
    /// Correlations that the new plan does not know.
    pub gone: Vec<String>,
    /// Groups of those emptied and gone.
    pub groups_dropped: u64,
    /// Waiting matches of rules that no correlation refers to any more.
    pub waiting_dropped: u64,
}

impl Correlator {
    /// A correlator by another plan that takes over from a snapshot what still means the same; of the running one, `carry_over(&old.snapshot(), ..)`.
    ///
    /// Watermark, counters and waiting matches go over as a whole, the matches to the rules of the same id. A waiting match brings the fields along that the
    /// old plan asked for: a correlation that is new and asks for others counts it as missing a field. When the limits are tighter the oldest groups are given up.
    /// Under another `hash_key` no group can be kept.
    ///
    /// # Errors
    /// When the bytes are not a snapshot.
    pub fn carry_over(snapshot: &[u8], plan: Arc<Plan>, limits: Limits) -> Result<Carried, SnapshotError> {
        Self::carry(&Parts::read(snapshot)?, plan, limits)
    }

    pub(super) fn carry(parts: &Parts<'_>, plan: Arc<Plan>, limits: Limits) -> Result<Carried, SnapshotError> {
        let mut correlator = Self::new(plan, limits);
        let Self { plan, core } = &mut correlator;
        (core.watermark, core.latest, core.counters) = (parts.watermark, parts.latest, parts.counters);
        let (pending, waiting_dropped) = waiting(parts, plan).ok_or(SnapshotError::Damaged)?;
        core.pending = pending;
        let pairs = pairs(parts, plan, limits);
        for (at, (node, old)) in plan.nodes.iter().zip(&pairs).enumerate() {
            let Some(old) = old.and_then(|old| parts.correlations.get(old)) else { continue };
            take_groups(core, at, node, old).ok_or(SnapshotError::Damaged)?;
        }
        if !parts.has_limits(limits) {
            core.keep_within_limits();
        }
        let groups_dropped = groups_without(parts, &pairs).ok_or(SnapshotError::Damaged)?;
        let Told { kept, emptied, added, gone } = Told::of(parts, plan, &pairs);
        Ok(Carried { correlator, kept, emptied, added, gone, groups_dropped, waiting_dropped })
    }
}

/// For each node the correlation whose state it takes over. Of several alike, as two files with one text have them, each takes its own.
fn pairs(parts: &Parts<'_>, plan: &Plan, limits: Limits) -> Vec<Option<usize>> {
    let mut known: BTreeMap<u64, VecDeque<usize>> = BTreeMap::new();
    for (at, old) in parts.correlations.iter().enumerate().filter(|_| parts.has_key_of(limits)) {
        known.entry(old.identity).or_default().push_back(at);
    }
    plan.nodes.iter().map(|node| known.get_mut(&node.identity)?.pop_front()).collect()
}

/// Who kept what.
struct Told {
    kept: Vec<String>,
    emptied: Vec<String>,
    added: Vec<String>,
    gone: Vec<String>,
}

impl Told {
    fn of(parts: &Parts<'_>, plan: &Plan, pairs: &[Option<usize>]) -> Self {
        let before: BTreeSet<&str> = parts.correlations.iter().map(|old| old.id).collect();
        let now: BTreeSet<&str> = plan.nodes.iter().map(|node| node.id.as_str()).collect();
        let mut told = Self { kept: Vec::new(), emptied: Vec::new(), added: Vec::new(), gone: Vec::new() };
        for (node, old) in plan.nodes.iter().zip(pairs) {
            let list = match old {
                Some(_) => &mut told.kept,
                None if before.contains(node.id.as_str()) => &mut told.emptied,
                None => &mut told.added,
            };
            list.push(node.id.clone());
        }
        told.gone = before.difference(&now).map(|id| (*id).to_owned()).collect();
        told
    }
}

/// How many groups the correlations held that nobody takes over from.
fn groups_without(parts: &Parts<'_>, pairs: &[Option<usize>]) -> Option<u64> {
    let taken: BTreeSet<usize> = pairs.iter().flatten().copied().collect();
    let left = parts.correlations.iter().enumerate().filter(|(at, _)| !taken.contains(at));
    left.map(|(_, old)| codec::take_len(&mut &*old.groups, 25).map(|len| len as u64)).sum()
}

/// The waiting matches under the numbers that their rules have now.
fn waiting(parts: &Parts<'_>, plan: &Plan) -> Option<(Pending, u64)> {
    let places: BTreeMap<u32, (u32, Vec<Option<u16>>)> =
        parts.rules.iter().filter_map(|old| Some((old.number, place_of(old, plan)?))).collect();
    let mut from = parts.waiting;
    let read = Pending::read(&mut from, |rule, values| {
        let (rule, slots) = places.get(&rule)?;
        Some((*rule, values.rearranged(slots)))
    })?;
    from.is_empty().then_some(read)
}

/// The number that a base rule has now, and where its fields stood.
fn place_of(old: &OldRule<'_>, plan: &Plan) -> Option<(u32, Vec<Option<u16>>)> {
    let mut fed = (0..).zip(&plan.bases).filter(|(_, rule)| !rule.feeds.is_empty());
    let (number, rule) = fed.find(|(_, rule)| rule.id == old.id)?;
    Some((number, slots(&old.wanted, &rule.wanted)))
}

/// For each field that is wanted now, its place among those that were.
fn slots(before: &[&str], now: &[String]) -> Vec<Option<u16>> {
    let place = |name: &String| before.iter().position(|old| old == name);
    now.iter().map(|name| place(name).and_then(|slot| u16::try_from(slot).ok())).collect()
}

fn take_groups(core: &mut Core, at: usize, node: &Node, old: &OldCorrelation<'_>) -> Option<()> {
    let slots = slots(&old.wanted, &node.source.wanted);
    let mut from = old.groups;
    let from = &mut from;
    for _ in 0..codec::take_len(from, 25)? {
        let key = codec::take_bytes(from)?;
        let stamp = codec::take_i64(from)?;
        let fired = codec::take(from)? == [1];
        let fired_at = codec::take_i64(from)?;
        let mut state = State::read(node, from)?;
        if let State::Window(window) = &mut state {
            window.outputs = outputs(node, key, &window.outputs, &slots);
        }
        let slot = core.restore_group(node, at, key, stamp, state)?;
        core.groups.get_mut(at)?.at(slot)?.fired_at = fired.then_some(fired_at);
    }
    from.is_empty().then_some(())
}

/// What an open window keeps for the correlations above, in the order of the new plan. A field of the group is known although nobody asked for it before.
fn outputs(node: &Node, key: &[u8], before: &Packed, slots: &[Option<u16>]) -> Packed {
    if node.source.feeds.is_empty() {
        return Packed::default();
    }
    let group = read_tuple(key);
    let mut now = Packed::default();
    for (name, slot) in node.source.wanted.iter().zip(slots) {
        let of_group =
            || node.group_by.iter().zip(&group).find(|(field, _)| *field == name).map(|(_, value)| value.as_str());
        now.push(slot.and_then(|slot| before.text(slot)).or_else(of_group), [0, 0]);
    }
    now
}
