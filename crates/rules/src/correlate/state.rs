//! What one group holds, by the kind of its correlation, and the three questions asked of it: take this in, what is the value, tell it all.

use super::panes::Panes;
use super::plan::Node;
use super::sliding::Sliding;
use super::temporal::{Latest, Sequence};
use super::window::Window;
use super::{EventRef, Measured};
use crate::ast::CorrelationKind;

/// One event as a group takes it in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival<'a> {
    pub(super) time: i64,
    pub(super) event: EventRef,
    /// At which places of `rules` it stands, descending.
    pub(super) places: &'a [usize],
    pub(super) measured: Measured,
}

/// An aggregate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Aggregate {
    pub(super) value: f64,
    pub(super) approximate: bool,
}

impl Aggregate {
    pub(super) fn exact(value: f64) -> Self {
        Self { value, approximate: false }
    }
}

/// The events behind an aggregate.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Evidence {
    /// Time of the first event of the window.
    pub(super) start: i64,
    /// Time of the last event of the window.
    pub(super) end: i64,
    /// How many events the window holds.
    pub(super) total: u64,
    /// The first and last of them.
    pub(super) events: Vec<EventRef>,
}

/// The state of one group.
#[derive(Debug)]
pub(super) enum State {
    Sliding(Sliding),
    Panes(Box<Panes>),
    Latest(Latest),
    Sequence(Sequence),
    Window(Box<Window>),
}

impl State {
    pub(super) fn new(node: &Node) -> Self {
        match node.kind {
            _ if node.at_close => Self::Window(Box::new(Window::new(node))),
            CorrelationKind::Temporal => Self::Latest(Latest::new(node.places)),
            CorrelationKind::TemporalOrdered => Self::Sequence(Sequence::new(node.places)),
            _ => Self::Sliding(Sliding::new(node.kind)),
        }
    }

    /// Takes in an event. INVARIANT: times do not fall from call to call. Says whether a window had to go over to panes.
    pub(super) fn take_in(&mut self, node: &Node, arrival: &Arrival<'_>, window_events_max: usize) -> bool {
        let cutoff = arrival.time.saturating_sub(node.span);
        match self {
            Self::Sliding(sliding) => {
                sliding.forget_before(cutoff);
                if sliding.len() >= window_events_max.max(1) {
                    let mut panes = Panes::new(node, sliding);
                    panes.add(arrival, cutoff);
                    *self = Self::Panes(Box::new(panes));
                    return true;
                }
                sliding.add(arrival);
            }
            Self::Panes(panes) => panes.add(arrival, cutoff),
            Self::Latest(latest) => latest.add(arrival),
            Self::Sequence(sequence) => sequence.add(arrival),
            Self::Window(window) => window.add(arrival),
        }
        false
    }

    /// The aggregate over the events from `cutoff` on; for a window that closes, over all of it.
    pub(super) fn aggregate(&self, node: &Node, cutoff: i64) -> Aggregate {
        match self {
            Self::Sliding(sliding) => sliding.aggregate(),
            Self::Panes(panes) => panes.aggregate(),
            Self::Latest(latest) => latest.aggregate(cutoff),
            Self::Sequence(sequence) => sequence.aggregate(cutoff),
            Self::Window(window) => window.aggregate(node.percentile),
        }
    }

    /// The events behind the aggregate; `now` is the time of the last one.
    pub(super) fn evidence(&self, cutoff: i64, now: i64) -> Evidence {
        match self {
            Self::Sliding(sliding) => sliding.evidence(now),
            Self::Panes(panes) => panes.evidence(now),
            Self::Latest(latest) => latest.evidence(cutoff, now),
            Self::Sequence(sequence) => sequence.evidence(cutoff, now),
            Self::Window(window) => window.evidence(),
        }
    }

    /// Bytes by content.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Sliding(sliding) => sliding.bytes(),
            Self::Panes(panes) => panes.bytes(),
            Self::Latest(latest) => latest.bytes(),
            Self::Sequence(sequence) => sequence.bytes(),
            Self::Window(window) => window.bytes(),
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Sliding(sliding) => {
                out.push(0);
                sliding.write(out);
            }
            Self::Panes(panes) => {
                out.push(1);
                panes.write(out);
            }
            Self::Latest(latest) => latest.write(out),
            Self::Sequence(sequence) => sequence.write(out),
            Self::Window(window) => window.write(out),
        }
    }

    pub(super) fn read(node: &Node, from: &mut &[u8]) -> Option<Self> {
        Some(match Self::new(node) {
            Self::Latest(_) => Self::Latest(Latest::read(node.places, from)?),
            Self::Sequence(_) => Self::Sequence(Sequence::read(node.places, from)?),
            Self::Window(_) => Self::Window(Box::new(Window::read(node, from)?)),
            Self::Sliding(_) | Self::Panes(_) => match cordon_stats::codec::take(from)? {
                [0] => Self::Sliding(Sliding::read(node.kind, from)?),
                [1] => Self::Panes(Box::new(Panes::read(node, from)?)),
                _ => return None,
            },
        })
    }
}
