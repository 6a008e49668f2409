//! The reference: no state, every window looked at again from the whole list of events. Slow and plain.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Event;
use crate::ast::{Correlation, CorrelationKind, Operator};

/// A result as the reference states it. `chain` holds the events; for `temporal_ordered` only their number is settled, since several chains can serve.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expected {
    pub(super) correlation: usize,
    pub(super) group: Vec<(String, String)>,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) decided: i64,
    pub(super) value: f64,
    pub(super) events: Vec<usize>,
}

/// When something happened in relation to everything else: time, events before closings, the event or closing window, how far up the chain, and
/// the correlation. An event is its number; a closing window its correlation and the whole moment at which it opened but the time: windows of one
/// correlation that close together opened at the same time, and close in the order in which they opened.
type Moment = (i64, u8, Vec<usize>, usize, usize);

/// An event or a result of a correlation below.
#[derive(Clone)]
struct Seen {
    moment: Moment,
    /// Name of the rule or correlation.
    rule: String,
    /// Number of the (last) event.
    number: usize,
    fields: Fields,
}

#[derive(Clone)]
enum Fields {
    Event(Rc<Event>),
    Result { correlation: Rc<Correlation>, group: Vec<(String, String)>, last: Rc<Seen> },
}

impl Seen {
    fn text(&self, name: &str) -> Option<String> {
        match &self.fields {
            Fields::Event(event) => event.text(name).map(str::to_owned),
            Fields::Result { correlation, group, last } => {
                let own = group.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
                own.or_else(|| last.text(field_of(correlation, name, &last.rule)))
            }
        }
    }
}

fn field_of<'a>(correlation: &'a Correlation, name: &'a str, rule: &str) -> &'a str {
    let alias = correlation.aliases.iter().find(|alias| alias.name == name);
    let field = alias.and_then(|alias| alias.fields.iter().find(|(of, _)| of == rule));
    field.map_or(name, |(_, field)| field)
}

/// All results of correlations, each of which comes after those it is over, on events in their order.
pub(super) fn expected(correlations: &[Correlation], events: &[Event]) -> Vec<Expected> {
    let mut seen: Vec<Seen> = Vec::new();
    for (number, event) in events.iter().enumerate() {
        let fields = Fields::Event(Rc::new(event.clone()));
        let moment = (event.time, 0, vec![number], 0, 0);
        seen.push(Seen { moment, rule: format!("r{}", event.rule), number, fields });
    }
    let mut all = Vec::new();
    for (at, correlation) in correlations.iter().enumerate() {
        let own = one(at, correlation, &seen);
        for (_, result) in &own {
            seen.push(result.clone());
        }
        seen.sort_by(|one, other| one.moment.cmp(&other.moment));
        all.extend(own.into_iter().map(|(expected, _)| expected));
    }
    all
}

fn one(at: usize, correlation: &Correlation, seen: &[Seen]) -> Vec<(Expected, Seen)> {
    let mut groups: BTreeMap<Vec<String>, Vec<Seen>> = BTreeMap::new();
    for seen in seen.iter().filter(|seen| correlation.rules.contains(&seen.rule)) {
        let key: Option<Vec<String>> =
            correlation.group_by.iter().map(|name| seen.text(field_of(correlation, name, &seen.rule))).collect();
        if let (Some(key), true) = (key, takes_part(correlation, seen)) {
            groups.entry(key).or_default().push(seen.clone());
        }
    }
    let mut results = Vec::new();
    for (key, events) in groups {
        let group: Vec<(String, String)> = correlation.group_by.iter().cloned().zip(key).collect();
        let windows =
            if at_close(correlation) { closing(at, correlation, &events) } else { sliding(at, correlation, &events) };
        for (window, moment) in windows {
            results.push(result(at, correlation, &group, &window, moment));
        }
    }
    results
}

fn result(
    at: usize,
    correlation: &Correlation,
    group: &[(String, String)],
    window: &[Seen],
    moment: Moment,
) -> (Expected, Seen) {
    let named = named(correlation, window);
    let last = window.last().unwrap();
    let expected = Expected {
        correlation: at,
        group: group.to_vec(),
        start: named.first().unwrap().moment.0,
        end: last.moment.0,
        decided: moment.0,
        value: value(correlation, window),
        events: named.iter().map(|seen| seen.number).collect(),
    };
    let fields = Fields::Result {
        correlation: Rc::new(correlation.clone()),
        group: group.to_vec(),
        last: Rc::new(last.clone()),
    };
    (expected, Seen { moment, rule: format!("c{at}"), number: last.number, fields })
}

/// Each event's trailing window, unless the group said something at most one timespan ago.
fn sliding(at: usize, correlation: &Correlation, events: &[Seen]) -> Vec<(Vec<Seen>, Moment)> {
    let (mut windows, mut said): (Vec<(Vec<Seen>, Moment)>, Option<i64>) = (Vec::new(), None);
    for (last, seen) in events.iter().enumerate() {
        let now = seen.moment.0;
        if said.is_some_and(|said| now - said <= correlation.timespan_us) {
            continue;
        }
        let window: Vec<Seen> =
            events[..=last].iter().filter(|seen| now - seen.moment.0 <= correlation.timespan_us).cloned().collect();
        if holds(correlation, value(correlation, &window)) {
            said = Some(now);
            let (time, phase, root, level, _) = seen.moment.clone();
            windows.push((window, (time, phase, root, level + 1, at)));
        }
    }
    windows
}

/// Windows that open with the first event outside the one before.
fn closing(at: usize, correlation: &Correlation, events: &[Seen]) -> Vec<(Vec<Seen>, Moment)> {
    let mut windows: Vec<Vec<Seen>> = Vec::new();
    for seen in events {
        match windows.last_mut() {
            Some(window) if seen.moment.0 - window[0].moment.0 <= correlation.timespan_us => window.push(seen.clone()),
            _ => windows.push(vec![seen.clone()]),
        }
    }
    let held = windows.into_iter().filter(|window| holds(correlation, value(correlation, window)));
    held.map(|window| {
        let end = window[0].moment.0 + correlation.timespan_us;
        let (_, phase, opened, level, by) = window[0].moment.clone();
        let root = [vec![at, usize::from(phase)], opened, vec![level, by]].concat();
        (window, (end, 1, root, 0, at))
    })
    .collect()
}

fn at_close(correlation: &Correlation) -> bool {
    use CorrelationKind::{ValueAvg, ValueMedian, ValuePercentile};
    matches!(correlation.kind, ValueAvg | ValueMedian | ValuePercentile)
        || correlation.conditions.iter().any(|threshold| !matches!(threshold.operator, Operator::Gt | Operator::Gte))
}

fn takes_part(correlation: &Correlation, seen: &Seen) -> bool {
    use CorrelationKind::{EventCount, Temporal, TemporalOrdered, ValueCount};
    match correlation.kind {
        EventCount | Temporal | TemporalOrdered => true,
        ValueCount => tuple(correlation, seen).iter().all(Option::is_some),
        _ => number(correlation, seen).is_some(),
    }
}

fn tuple(correlation: &Correlation, seen: &Seen) -> Vec<Option<String>> {
    correlation.value_fields.iter().map(|name| seen.text(field_of(correlation, name, &seen.rule))).collect()
}

fn number(correlation: &Correlation, seen: &Seen) -> Option<f64> {
    tuple(correlation, seen).first()?.as_ref()?.parse().ok()
}

fn value(correlation: &Correlation, window: &[Seen]) -> f64 {
    let numbers = || -> Vec<f64> { window.iter().filter_map(|seen| number(correlation, seen)).collect() };
    match correlation.kind {
        CorrelationKind::EventCount => window.len() as f64,
        CorrelationKind::ValueCount => {
            let tuples: std::collections::BTreeSet<_> = window.iter().map(|seen| tuple(correlation, seen)).collect();
            tuples.len() as f64
        }
        CorrelationKind::Temporal => latest_of_each(correlation, window).len() as f64,
        CorrelationKind::TemporalOrdered => longest_chain(correlation, window).0 as f64,
        CorrelationKind::ValueSum => numbers().iter().sum(),
        CorrelationKind::ValueAvg => numbers().iter().sum::<f64>() / window.len() as f64,
        CorrelationKind::ValueMedian => percentile(numbers(), 50.0),
        CorrelationKind::ValuePercentile => percentile(numbers(), correlation.percentile.unwrap()),
    }
}

fn percentile(mut numbers: Vec<f64>, percent: f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let rank = percent / 100.0 * (numbers.len() - 1) as f64;
    let at = |rank: f64| (0..numbers.len()).find(|at| *at as f64 >= rank).map(|at| numbers[at]).unwrap();
    at(rank.floor()) + (at(rank.ceil()) - at(rank.floor())) * (rank - rank.floor())
}

fn holds(correlation: &Correlation, value: f64) -> bool {
    let all = if correlation.kind == CorrelationKind::Temporal {
        correlation.rules.iter().collect::<std::collections::BTreeSet<_>>().len()
    } else {
        correlation.rules.len()
    };
    if correlation.conditions.is_empty() {
        return value >= all as f64;
    }
    correlation.conditions.iter().all(|threshold| match threshold.operator {
        Operator::Lt => value < threshold.value,
        Operator::Lte => value <= threshold.value,
        Operator::Gt => value > threshold.value,
        Operator::Gte => value >= threshold.value,
        Operator::Eq => value == threshold.value,
        Operator::Neq => value != threshold.value,
    })
}

/// The events that a result names.
fn named(correlation: &Correlation, window: &[Seen]) -> Vec<Seen> {
    match correlation.kind {
        _ if at_close(correlation) => window.to_vec(),
        CorrelationKind::Temporal => latest_of_each(correlation, window),
        CorrelationKind::TemporalOrdered => longest_chain(correlation, window).1,
        _ => window.to_vec(),
    }
}

/// The latest event of each rule, by time and then by the first place of the rule.
fn latest_of_each(correlation: &Correlation, window: &[Seen]) -> Vec<Seen> {
    let mut latest: Vec<Seen> = Vec::new();
    let mut rules: Vec<&String> = Vec::new();
    for rule in &correlation.rules {
        if !rules.contains(&rule) {
            rules.push(rule);
            latest.extend(window.iter().rev().find(|seen| seen.rule == *rule).cloned());
        }
    }
    latest.sort_by_key(|seen| seen.moment.0);
    latest
}

/// The longest run of events at rising places of `rules`, of those the one that starts last, found by trying every event as the end.
fn longest_chain(correlation: &Correlation, window: &[Seen]) -> (usize, Vec<Seen>) {
    let mut chains: Vec<(usize, Vec<Seen>)> = Vec::new();
    let mut best: Vec<Seen> = Vec::new();
    for seen in window {
        let before = chains.clone();
        for (place, _) in correlation.rules.iter().enumerate().filter(|(_, rule)| **rule == seen.rule) {
            chains.push((place, vec![seen.clone()]));
            for (_, chain) in before.iter().filter(|(end, _)| *end < place) {
                chains.push((place, chain.iter().cloned().chain([seen.clone()]).collect()));
            }
        }
        prune(&mut chains);
    }
    for (_, chain) in chains {
        let better =
            (chain.len(), chain[0].moment.0) > (best.len(), best.first().map_or(i64::MIN, |seen| seen.moment.0));
        if better {
            best = chain;
        }
    }
    (best.len(), best)
}

/// Of chains with the same end place, length and start, keeps one: the number of chains would explode otherwise.
fn prune(chains: &mut Vec<(usize, Vec<Seen>)>) {
    let mut kept: Vec<(usize, usize, i64)> = Vec::new();
    chains.retain(|(place, chain)| {
        let what = (*place, chain.len(), chain[0].moment.0);
        let fresh = !kept.contains(&what);
        if fresh {
            kept.push(what);
        }
        fresh
    });
}
