//! From the state of a group to a result: whether it speaks, what it says, and what it hands up.

use cordon_model::Time;

use super::fields::{Packed, Values, read_tuple};
use super::groups::Group;
use super::plan::{Edge, Node};
use super::state::{Aggregate, Evidence, State};
use super::{Fired, Limits};

/// Whether any correlation is over this one.
pub(super) fn has_feeds(node: &Node) -> bool {
    !node.source.feeds.is_empty()
}

/// The answer of a sliding group at an event: only when it has said nothing within the last timespan and its condition holds.
pub(super) fn answer(node: &Node, group: &Group<State>, time: i64) -> Option<(Aggregate, Evidence)> {
    let cutoff = time.saturating_sub(node.span);
    if node.at_close || group.fired_at.is_some_and(|fired_at| fired_at >= cutoff) {
        return None;
    }
    let aggregate = group.state.aggregate(node, cutoff);
    node.conditions.hold(aggregate.value).then(|| (aggregate, group.state.evidence(cutoff, time)))
}

/// The result as the caller gets it.
pub(super) fn fired(node: &Node, key: &[u8], (aggregate, evidence): (Aggregate, Evidence), decided: i64) -> Fired {
    let mark = if aggregate.approximate { "~" } else { "" };
    Fired {
        correlation: node.correlation,
        group: node.group_by.iter().cloned().zip(read_tuple(key)).collect(),
        window_start: Time(evidence.start),
        window_end: Time(evidence.end),
        decided: Time(decided),
        value: format!("{mark}{}", aggregate.value),
        events_total: evidence.total,
        last_event: evidence.events.last().copied().unwrap_or_default(),
        events: evidence.events,
    }
}

/// Packs what the correlations above need of an event.
pub(super) fn pack(to: &mut Packed, edge: &Edge, values: Values<'_>, limits: Limits) {
    to.clear();
    edge.outputs.iter().for_each(|slot| to.push(values.text(*slot), limits.hash_key));
}
