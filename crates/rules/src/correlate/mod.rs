//! Correlation: joins matches of rules over event time, as the correlation part of Sigma 2.1 says (`docs/specs/correlation.md` has what it leaves open).
//!
//! In: matches of base rules with their time, an opaque reference to the event and the fields that the [`Plan`] asks for; watermarks. Out: [`Fired`]
//! results and counters. A pure state machine: no clock, no file, the same input gives the same output. It does not know what an event is, how a
//! rule matches, or what becomes of a result.
//!
//! ```
//! use std::sync::Arc;
//! use cordon_model::Time;
//! use cordon_rules::correlate::{Correlator, EventRef, Limits, Match, Plan};
//! use cordon_rules::parse::{Document, documents};
//!
//! let text = "
//! title: Many failed logins
//! correlation: {type: event_count, rules: [failed_login], group-by: [User], timespan: 10m, condition: {gte: 3}}
//! ";
//! let Some(Ok(Document::Correlation(many_failed_logins))) = documents("many.yml", text).pop() else { panic!() };
//! let (plan, refused) = Plan::new(&[*many_failed_logins], &|name| (name == "failed_login").then(|| (7, name.to_owned())));
//! assert!(refused.is_empty());
//! assert_eq!(plan.wanted_fields(7), ["User"]);
//! let mut correlator = Correlator::new(Arc::new(plan), Limits::SORTED);
//! let mut fired = Vec::new();
//! for second in 0..3 {
//!     let values = &[Some("ward3")];
//!     correlator.observe(&Match { rule: 7, time: Time(second * 1_000_000), event: EventRef(9), values }, &mut fired);
//! }
//! assert_eq!((fired[0].value.as_str(), fired[0].events_total), ("3", 3));
//! ```

mod carry;
mod condition;
mod fault;
mod fields;
mod fixed;
mod groups;
mod limits;
mod machine;
mod panes;
mod pending;
mod plan;
mod result;
mod sliding;
mod snapshot;
mod state;
mod temporal;
mod window;

#[cfg(test)]
mod tests;

use cordon_model::Time;

pub use carry::Carried;
pub use fault::CorrelationError;
pub use fields::VALUE_BYTES_MAX;
pub use limits::{Counters, Limits};
pub use machine::Correlator;
pub use plan::{Plan, Resolve};
pub use snapshot::SnapshotError;

/// The caller's own reference to an event: a position in a log, a number in a table. Never looked into.
///
/// A live node gives the WAL offset of the event's unit plus the event's index in it: units do not overlap and each record takes at least one byte of its
/// unit, so the sum is unique and the unit that holds this byte is the event's. At 100 MB/s it lasts for 5,800 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EventRef(pub u64);

/// One match of a base rule.
#[derive(Clone, Copy, Debug)]
pub struct Match<'a> {
    /// The base rule, by the number that the plan's `resolve` gave it.
    pub rule: u32,
    /// When the event happened.
    pub time: Time,
    /// The event.
    pub event: EventRef,
    /// The fields that [`Plan::wanted_fields`] names, in its order; `None` for absent and null.
    pub values: &'a [Option<&'a str>],
}

/// A correlation whose condition was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// Which one: its index among the correlations given to [`Plan::new`].
    pub correlation: u32,
    /// The group's fields and values, in the order of `group-by`.
    pub group: Vec<(String, String)>,
    /// Time of the first event of the window.
    pub window_start: Time,
    /// Time of the last event of the window.
    pub window_end: Time,
    /// When it was decided: `window_end`, or for a condition that is asked when the window closes the end of the timespan.
    pub decided: Time,
    /// The aggregate that met the condition; `~` in front when it is approximate.
    pub value: String,
    /// How many events the window held (for the temporal kinds: how many of them made the result).
    pub events_total: u64,
    /// The first and last of them in order, at most [`cordon_model::Finding::EVENTS_MAX`]. For a result of a correlation below its last event stands.
    pub events: Vec<EventRef>,
    /// The last event of the window: the one that met the condition where it is asked at each event.
    pub last_event: EventRef,
}

/// What an event brings to the aggregate.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Measured {
    Nothing,
    /// Hash of the value or tuple of values.
    Hash(u64),
    /// The value.
    Number(f64),
}

impl Measured {
    fn write(self, out: &mut Vec<u8>) {
        let (tag, bits) = match self {
            Self::Nothing => (0, 0),
            Self::Hash(hash) => (1, hash),
            Self::Number(number) => (2, number.to_bits()),
        };
        out.push(tag);
        cordon_stats::codec::put_u64(out, bits);
    }

    fn read(from: &mut &[u8]) -> Option<Self> {
        let tag = cordon_stats::codec::take(from)?;
        let bits = cordon_stats::codec::take_u64(from)?;
        match tag {
            [0] => Some(Self::Nothing),
            [1] => Some(Self::Hash(bits)),
            [2] => Some(f64::from_bits(bits)).filter(|number| number.is_finite()).map(Self::Number),
            _ => None,
        }
    }
}
