//! The correlator: puts matches into the order of event time, hands them to the groups they belong to, and hands results up the chain.

use std::collections::VecDeque;
use std::sync::Arc;

use cordon_model::Time;
use cordon_stats::sip64;

use super::fields::{Packed, Values, write_tuple};
use super::groups::{Group, Groups};
use super::pending::Pending;
use super::plan::{Edge, Feed, Node, Plan};
use super::result::{answer, fired, has_feeds, pack};
use super::state::{Arrival, State};
use super::{Counters, EventRef, Fired, Limits, Match, Measured, fixed};
use crate::ast::CorrelationKind;

/// Correlates matches over event time. See the module's opening for an example and `docs/specs/correlation.md` for what it promises.
#[derive(Debug)]
pub struct Correlator {
    pub(super) plan: Arc<Plan>,
    pub(super) core: Core,
}

/// All state but the plan.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) limits: Limits,
    pub(super) counters: Counters,
    /// Nothing earlier than this is taken any more.
    pub(super) watermark: i64,
    /// The latest time seen.
    pub(super) latest: i64,
    pub(super) pending: Pending,
    /// One for each node of the plan.
    pub(super) groups: Vec<Groups<State>>,
    pub(super) groups_len: usize,
    pub(super) bytes: usize,
    /// When the next window closes: the end of its timespan.
    next_close: i64,
    raised: VecDeque<Raised>,
    spare: Vec<Packed>,
    key: Vec<u8>,
    tuple: Vec<u8>,
}

/// A result on its way to the correlations above.
#[derive(Debug)]
struct Raised {
    node: usize,
    time: i64,
    event: EventRef,
    values: Packed,
}

/// An event on its way to the nodes it feeds.
#[derive(Clone, Copy)]
struct Passing<'a> {
    time: i64,
    event: EventRef,
    values: Values<'a>,
}

/// Bytes of a group apart from its key and the inside of its state: the entry in the list and in the map.
const GROUP_BYTES: usize = size_of::<Group<State>>() + 64;

impl Correlator {
    /// A correlator without state.
    #[must_use]
    pub fn new(plan: Arc<Plan>, limits: Limits) -> Self {
        let groups = plan.nodes.iter().map(|_| Groups::default()).collect();
        Self { plan, core: Core::new(limits, groups) }
    }

    /// The plan it works by.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What was left out or given up so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.core.counters
    }

    /// Nothing earlier than this is taken any more.
    #[must_use]
    pub fn watermark(&self) -> Time {
        Time(self.core.watermark)
    }

    /// How many groups there are and how many bytes they take, by content.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.core.groups_len, self.core.bytes)
    }

    /// Takes in a match. It is processed when nothing earlier can come any more: at once in sorted input, else when the watermark reaches it. Results
    /// are appended to `out`.
    pub fn observe(&mut self, found: &Match<'_>, out: &mut Vec<Fired>) {
        let Some(source) = self.plan.base(found.rule).filter(|source| !source.feeds.is_empty()) else { return };
        let core = &mut self.core;
        core.counters.matches += 1;
        let time = found.time.0;
        if time < core.watermark {
            core.counters.late += 1;
            return;
        }
        core.latest = core.latest.max(time);
        core.watermark = core.watermark.max(core.latest.saturating_sub(core.limits.lateness_us));
        if time <= core.watermark && core.pending.earliest().is_none_or(|earliest| earliest > time) {
            let passing = Passing { time, event: found.event, values: Values::Lent(found.values) };
            core.process(&self.plan, &source.feeds, passing, out);
            return;
        }
        let key = core.limits.hash_key;
        core.pending.push(time, found.rule, found.event, |values| {
            found.values.iter().for_each(|value| values.push(*value, key));
        });
        core.release(&self.plan, out);
    }

    /// Says that no match earlier than `watermark` will come: what waited for that is processed, windows that ended before it are decided.
    pub fn advance(&mut self, watermark: Time, out: &mut Vec<Fired>) {
        self.core.watermark = self.core.watermark.max(watermark.0);
        self.core.release(&self.plan, out);
        self.core.close_before(&self.plan, self.core.watermark, out);
        self.core.expire(&self.plan);
    }

    /// Says that the input has ended: everything that waits is processed and every open window decided.
    pub fn finish(&mut self, out: &mut Vec<Fired>) {
        self.advance(Time(i64::MAX), out);
    }
}

impl Core {
    pub(super) fn new(limits: Limits, groups: Vec<Groups<State>>) -> Self {
        Self {
            limits,
            counters: Counters::default(),
            watermark: i64::MIN,
            latest: i64::MIN,
            pending: Pending::default(),
            groups,
            groups_len: 0,
            bytes: 0,
            next_close: i64::MAX,
            raised: VecDeque::new(),
            spare: Vec::new(),
            key: Vec::new(),
            tuple: Vec::new(),
        }
    }

    /// Processes the waiting matches that the watermark has reached, and the earliest ones when too many bytes wait.
    fn release(&mut self, plan: &Plan, out: &mut Vec<Fired>) {
        while let Some(earliest) = self.pending.earliest() {
            let early = earliest > self.watermark;
            if early && self.pending.bytes() <= self.limits.pending_bytes_max {
                return;
            }
            self.counters.released_early += u64::from(early);
            self.watermark = self.watermark.max(earliest);
            let Some((time, waiting)) = self.pending.pop() else { return };
            if let Some(source) = plan.base(waiting.rule) {
                let passing = Passing { time, event: waiting.event, values: Values::Packed(&waiting.values) };
                self.process(plan, &source.feeds, passing, out);
            }
            self.pending.give_back(waiting);
        }
    }

    /// Processes one match. INVARIANT: times do not fall from call to call.
    fn process(&mut self, plan: &Plan, feeds: &[Feed], passing: Passing<'_>, out: &mut Vec<Fired>) {
        self.close_before(plan, passing.time, out);
        self.deliver(plan, feeds, passing, out);
        self.hand_up(plan, out);
    }

    /// Hands results to the correlations above, those of the same match first, so that a cause always stands before its effect.
    fn hand_up(&mut self, plan: &Plan, out: &mut Vec<Fired>) {
        let mut handed = 0;
        while let Some(raised) = self.raised.pop_front() {
            handed += 1;
            if let Some(node) = plan.nodes.get(raised.node).filter(|_| handed <= Counters::CHAIN_RESULTS_MAX) {
                let passing =
                    Passing { time: raised.time, event: raised.event, values: Values::Packed(&raised.values) };
                self.deliver(plan, &node.source.feeds, passing, out);
            } else {
                self.counters.chain_results_dropped += 1;
            }
            self.spare.push(raised.values);
        }
    }

    fn deliver(&mut self, plan: &Plan, feeds: &[Feed], passing: Passing<'_>, out: &mut Vec<Fired>) {
        for feed in feeds {
            let Some(node) = plan.nodes.get(feed.node) else { continue };
            let Some(edge) = node.edges.get(feed.edge) else { continue };
            if !write_tuple(&mut self.key, passing.values, &edge.group, self.limits.hash_key) {
                self.counters.group_field_missing += 1;
                continue;
            }
            let Some(measured) = self.measure(node.kind, edge, passing.values) else { continue };
            let arrival = Arrival { time: passing.time, event: passing.event, places: &edge.places, measured };
            self.take_in(plan, *feed, &arrival, passing.values, out);
        }
    }

    /// What the event brings to the aggregate; `None`, counted, when it has nothing to bring.
    fn measure(&mut self, kind: CorrelationKind, edge: &Edge, values: Values<'_>) -> Option<Measured> {
        match kind {
            CorrelationKind::EventCount | CorrelationKind::Temporal | CorrelationKind::TemporalOrdered => {
                Some(Measured::Nothing)
            }
            CorrelationKind::ValueCount => {
                if write_tuple(&mut self.tuple, values, &edge.values, self.limits.hash_key) {
                    return Some(Measured::Hash(sip64(self.limits.hash_key, &self.tuple)));
                }
                self.counters.value_field_missing += 1;
                None
            }
            _ => {
                let Some(text) = edge.values.first().and_then(|slot| values.text(*slot)) else {
                    self.counters.value_field_missing += 1;
                    return None;
                };
                let number = fixed::number(text);
                self.counters.value_not_a_number += u64::from(number.is_none());
                number.map(Measured::Number)
            }
        }
    }

    /// Takes an event into the group whose key stands in `self.key`.
    fn take_in(&mut self, plan: &Plan, feed: Feed, arrival: &Arrival<'_>, values: Values<'_>, out: &mut Vec<Fired>) {
        let Some(node) = plan.nodes.get(feed.node) else { return };
        let cutoff = arrival.time.saturating_sub(node.span);
        if !node.at_close {
            self.expire_node(feed.node, cutoff);
        }
        let Some(slot) = self.find_or_open(node, feed.node, arrival.time) else { return };
        let Some(group) = self.groups.get_mut(feed.node).and_then(|groups| groups.at(slot)) else { return };
        let before = group.state.bytes();
        let went_over = group.state.take_in(node, arrival, self.limits.window_events_max);
        if let (State::Window(window), Some(edge), true) =
            (&mut group.state, node.edges.get(feed.edge), has_feeds(node))
        {
            pack(&mut window.outputs, edge, values, self.limits);
        }
        self.bytes = (self.bytes + group.state.bytes()).saturating_sub(before);
        self.counters.windows_sketched += u64::from(went_over);
        if let Some(result) = answer(node, group, arrival.time) {
            group.fired_at = Some(arrival.time);
            let fired = fired(node, &group.key, result, arrival.time);
            self.raise(feed, node, arrival, values);
            self.counters.fired += 1;
            out.push(fired);
        }
        while self.bytes > self.limits.bytes_max && self.evict_oldest(Some((feed.node, slot))) {}
    }

    fn find_or_open(&mut self, node: &Node, at: usize, time: i64) -> Option<u32> {
        if let Some(slot) = self.groups.get(at)?.find(&self.key) {
            if !node.at_close {
                self.groups.get_mut(at)?.touch(slot, time);
            }
            return Some(slot);
        }
        while self.groups_len >= self.limits.groups_max.max(1) && self.evict_oldest(None) {}
        let state = State::new(node);
        self.bytes += GROUP_BYTES + self.key.len() + state.bytes();
        self.groups_len += 1;
        if node.at_close {
            self.next_close = self.next_close.min(time.saturating_add(node.span));
        }
        Some(self.groups.get_mut(at)?.add(&self.key, time, state))
    }

    fn raise(&mut self, feed: Feed, node: &Node, arrival: &Arrival<'_>, values: Values<'_>) {
        let Some(edge) = node.edges.get(feed.edge).filter(|_| has_feeds(node)) else { return };
        let mut packed = self.spare.pop().unwrap_or_default();
        pack(&mut packed, edge, values, self.limits);
        self.raised.push_back(Raised { node: feed.node, time: arrival.time, event: arrival.event, values: packed });
    }

    /// Decides the windows whose timespan ended before `time`, in the order of their ends.
    fn close_before(&mut self, plan: &Plan, time: i64, out: &mut Vec<Fired>) {
        while self.next_close < time {
            let Some((end, at, slot)) = self.first_to_close(plan) else {
                self.next_close = i64::MAX;
                return;
            };
            self.next_close = end;
            if end < time {
                self.close(plan, at, slot, out);
                self.hand_up(plan, out);
            }
        }
    }

    /// The window that closes next: when, and where it is. Windows of a node close in the order in which they opened.
    fn first_to_close(&self, plan: &Plan) -> Option<(i64, usize, u32)> {
        let nodes = self.groups.iter().zip(&plan.nodes).enumerate().filter(|(_, (_, node))| node.at_close);
        let ends = nodes.filter_map(|(at, (groups, node))| {
            groups.oldest().map(|(slot, opened)| (opened.saturating_add(node.span), at, slot))
        });
        ends.min()
    }

    fn close(&mut self, plan: &Plan, at: usize, slot: u32, out: &mut Vec<Fired>) {
        let Some(node) = plan.nodes.get(at) else { return };
        let Some(group) = self.remove(at, slot) else { return };
        let aggregate = group.state.aggregate(node, i64::MIN);
        if !node.conditions.hold(aggregate.value) {
            return;
        }
        let decided = group.stamp.saturating_add(node.span);
        let evidence = group.state.evidence(i64::MIN, decided);
        let fired = fired(node, &group.key, (aggregate, evidence), decided);
        self.counters.fired += 1;
        if let (State::Window(window), true) = (group.state, has_feeds(node)) {
            self.raised.push_back(Raised { node: at, time: decided, event: fired.last_event, values: window.outputs });
        }
        out.push(fired);
    }

    /// Lets go of sliding groups whose window is empty at the watermark.
    fn expire(&mut self, plan: &Plan) {
        for (at, node) in plan.nodes.iter().enumerate().filter(|(_, node)| !node.at_close) {
            self.expire_node(at, self.watermark.saturating_sub(node.span));
        }
    }

    fn expire_node(&mut self, at: usize, cutoff: i64) {
        while let Some((slot, _)) =
            self.groups.get(at).and_then(Groups::oldest).filter(|(_, touched)| *touched < cutoff)
        {
            self.remove(at, slot);
        }
    }

    /// Gives up the oldest group of all but `kept`. `false` when there is none.
    fn evict_oldest(&mut self, kept: Option<(usize, u32)>) -> bool {
        let oldest = self.groups.iter().enumerate().filter_map(|(at, groups)| {
            let kept = kept.filter(|(node, _)| *node == at).map(|(_, slot)| slot);
            groups.oldest_but(kept).map(|(slot, stamp)| (stamp, at, slot))
        });
        let Some((_, at, slot)) = oldest.min() else { return false };
        self.remove(at, slot);
        self.counters.groups_evicted += 1;
        true
    }

    fn remove(&mut self, at: usize, slot: u32) -> Option<Group<State>> {
        let group = self.groups.get_mut(at)?.remove(slot)?;
        self.groups_len -= 1;
        self.bytes = self.bytes.saturating_sub(GROUP_BYTES + group.key.len() + group.state.bytes());
        Some(group)
    }

    /// Gives up the oldest groups until all fit: a snapshot may come from looser limits.
    pub(super) fn keep_within_limits(&mut self) {
        let over = |core: &Self| core.groups_len > core.limits.groups_max.max(1) || core.bytes > core.limits.bytes_max;
        while over(self) && self.evict_oldest(None) {}
    }

    /// Puts a group back that a snapshot held.
    pub(super) fn restore_group(
        &mut self,
        node: &Node,
        at: usize,
        key: &[u8],
        stamp: i64,
        state: State,
    ) -> Option<u32> {
        let groups = self.groups.get_mut(at)?;
        if groups.find(key).is_some() {
            return None;
        }
        self.bytes += GROUP_BYTES + key.len() + state.bytes();
        self.groups_len += 1;
        if node.at_close {
            self.next_close = self.next_close.min(stamp.saturating_add(node.span));
        }
        Some(groups.add(key, stamp, state))
    }
}
