//! Tests of the correlator: `oracle` is a reference that recomputes every window, `agreement` holds the two against each other on random input,
//! `semantics` tables the choices of `docs/specs/correlation.md`, `bounds` the limits, `saved` snapshots, `carried` reloads, `plans` references,
//! `ordering` the merge sort in front of it.

mod agreement;
mod bounds;
mod carried;
mod oracle;
mod plans;
mod saved;
mod semantics;

use std::sync::Arc;

use cordon_model::Time;

use super::{Correlator, EventRef, Fired, Limits, Match, Plan};
use crate::ast::{Alias, Correlation, CorrelationKind, Operator, Threshold};
use crate::parse::Document;

/// Base rules are named `r0`, `r1` and so on.
pub(super) fn resolve(name: &str) -> Option<(u32, String)> {
    Some((name.strip_prefix('r')?.parse().ok()?, name.to_owned()))
}

/// An event of a test: time, number of the base rule, and its fields.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) time: i64,
    pub(super) rule: u32,
    pub(super) fields: Vec<(&'static str, String)>,
}

pub(super) fn event(time: i64, rule: u32, fields: &[(&'static str, &str)]) -> Event {
    Event { time, rule, fields: fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect() }
}

impl Event {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value.as_str())
    }
}

/// `c0` over `r0`, grouped by nothing, within 10 microseconds.
pub(super) fn correlation(kind: CorrelationKind, rules: &[&str], conditions: &[(Operator, f64)]) -> Correlation {
    let mut made = parsed("correlation: {type: event_count, rules: [r0], timespan: 1s, condition: {gte: 1}}\n");
    made.kind = kind;
    made.rules = rules.iter().map(|rule| (*rule).to_owned()).collect();
    made.conditions =
        conditions.iter().map(|(operator, value)| Threshold { operator: *operator, value: *value }).collect();
    made.timespan_us = 10;
    made
}

/// The correlation of one document, its title and id being `c0`.
pub(super) fn parsed(yaml: &str) -> Correlation {
    match crate::parse::documents("test.yml", &format!("title: c0\nid: c0\n{yaml}")).pop() {
        Some(Ok(Document::Correlation(correlation))) => *correlation,
        other => panic!("{other:?}"),
    }
}

pub(super) fn alias(name: &str, fields: &[(&str, &str)]) -> Alias {
    let fields = fields.iter().map(|(rule, field)| ((*rule).to_owned(), (*field).to_owned())).collect();
    Alias { name: name.to_owned(), fields }
}

pub(super) fn correlator(correlations: &[Correlation], limits: Limits) -> Correlator {
    let (plan, refused) = Plan::new(correlations, &resolve);
    assert_eq!(refused, []);
    Correlator::new(Arc::new(plan), limits)
}

/// Gives one event, its reference being `number`.
pub(super) fn observe(correlator: &mut Correlator, number: usize, event: &Event, out: &mut Vec<Fired>) {
    let wanted = correlator.plan().wanted_fields(event.rule).to_vec();
    let values: Vec<Option<&str>> = wanted.iter().map(|name| event.text(name)).collect();
    let found = Match { rule: event.rule, time: Time(event.time), event: EventRef(number as u64), values: &values };
    correlator.observe(&found, out);
}

/// All results over events, in the order given.
pub(super) fn run(correlations: &[Correlation], limits: Limits, events: &[Event]) -> Vec<Fired> {
    let mut correlator = correlator(correlations, limits);
    let mut fired = Vec::new();
    for (number, event) in events.iter().enumerate() {
        observe(&mut correlator, number, event, &mut fired);
    }
    correlator.finish(&mut fired);
    fired
}

/// A result in one line: correlation, group, first-last event time, when it was decided if later, value, events.
pub(super) fn line(fired: &Fired) -> String {
    let group: Vec<String> = fired.group.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let later = if fired.decided == fired.window_end { String::new() } else { format!(" at {}", fired.decided.0) };
    let events: Vec<String> = fired.events.iter().map(|event| event.0.to_string()).collect();
    let (start, end) = (fired.window_start.0, fired.window_end.0);
    format!("c{} [{}] {start}-{end}{later} {} ({})", fired.correlation, group.join(","), fired.value, events.join(" "))
}
