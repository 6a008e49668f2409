//! Correlator and oracle on random correlations and events.

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::oracle::{Expected, expected};
use super::{Event, alias, correlation, event, line, parsed, run};
use crate::ast::{Correlation, CorrelationKind, Operator};
use crate::correlate::{Fired, Limits};

const KINDS: [CorrelationKind; 8] = [
    CorrelationKind::EventCount,
    CorrelationKind::ValueCount,
    CorrelationKind::Temporal,
    CorrelationKind::TemporalOrdered,
    CorrelationKind::ValueSum,
    CorrelationKind::ValueAvg,
    CorrelationKind::ValuePercentile,
    CorrelationKind::ValueMedian,
];
const OPERATORS: [Operator; 6] =
    [Operator::Gte, Operator::Gt, Operator::Lt, Operator::Lte, Operator::Eq, Operator::Neq];

fn operators() -> impl Strategy<Value = Operator> {
    prop_oneof![3 => Just(Operator::Gte), 1 => Just(Operator::Gt), 2 => proptest::sample::select(&OPERATORS[..])]
}

/// Correlation number `at`, over base rules and the correlations before it.
pub(super) fn correlations(at: usize) -> impl Strategy<Value = Correlation> {
    let below: Vec<String> =
        (0..3).map(|rule| format!("r{rule}")).chain((0..at).map(|below| format!("c{below}"))).collect();
    let rules = proptest::collection::vec(proptest::sample::select(below), 1..4);
    let fields = proptest::sample::subsequence(vec!["g", "h"], 0..=2);
    let conditions = proptest::collection::vec((operators(), 0_u8..6), 0..3);
    let values = proptest::sample::subsequence(vec!["v", "w"], 1..=2);
    (proptest::sample::select(&KINDS[..]), rules, fields, conditions, values, 1_i64..30, 0_u8..=100, any::<bool>())
        .prop_map(move |(kind, rules, group_by, conditions, mut values, span, percent, aliased)| {
            let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
            let mut conditions: Vec<(Operator, f64)> =
                conditions.into_iter().map(|(op, value)| (op, f64::from(value))).collect();
            let temporal = matches!(kind, CorrelationKind::Temporal | CorrelationKind::TemporalOrdered);
            if conditions.is_empty() && !temporal {
                conditions.push((Operator::Gte, 2.0));
            }
            if kind != CorrelationKind::ValueCount {
                values.truncate(1);
            }
            let mut made = correlation(kind, &rules, &conditions);
            made.card.id = format!("c{at}");
            made.group_by = group_by.iter().map(|name| (*name).to_owned()).collect();
            made.timespan_us = span;
            made.percentile = Some(f64::from(percent));
            if kind != CorrelationKind::EventCount && !temporal {
                made.value_fields = values.iter().map(|name| (*name).to_owned()).collect();
            }
            if aliased {
                made.aliases = vec![alias("g", &[("r1", "h"), ("c0", "h")])];
            }
            made
        })
}

/// Events in the order of time, many at equal times, some without a field, some with a value that is not a number.
pub(super) fn events() -> impl Strategy<Value = Vec<Event>> {
    let one = (0_i64..6, 0_u32..3, 0_u8..4, 0_u8..3, 0_u8..8, 0_u8..3);
    proptest::collection::vec(one, 0..60).prop_map(|raw| {
        let mut time = 0;
        let make = |(gap, rule, g, h, v, w): (i64, u32, u8, u8, u8, u8)| {
            time += (gap - 1).max(0);
            let value = if v == 6 { "many".to_owned() } else { v.to_string() };
            let fields = [("g", (g < 3).then(|| (g % 2).to_string())), ("h", (h < 2).then(|| h.to_string()))];
            let fields = fields.into_iter().chain([("v", (v < 7).then_some(value)), ("w", Some(w.to_string()))]);
            Event { time, rule, fields: fields.filter_map(|(name, value)| Some((name, value?))).collect() }
        };
        raw.into_iter().map(make).collect()
    })
}

fn sorted(mut expected: Vec<Expected>) -> Vec<Expected> {
    expected.sort_by(|a, b| {
        (a.decided, a.correlation, &a.group, a.start).cmp(&(b.decided, b.correlation, &b.group, b.start))
    });
    expected
}

/// Results in the oracle's terms. The events of an ordered result are replaced by the oracle's once they are seen to be a chain.
fn seen(fired: &[Fired]) -> Vec<Expected> {
    let one = |fired: &Fired| Expected {
        correlation: usize::try_from(fired.correlation).unwrap(),
        group: fired.group.clone(),
        start: fired.window_start.0,
        end: fired.window_end.0,
        decided: fired.decided.0,
        value: fired.value.parse().unwrap(),
        events: fired.events.iter().map(|event| usize::try_from(event.0).unwrap()).collect(),
    };
    sorted(fired.iter().map(one).collect())
}

fn is_chain(correlation: &Correlation, events: &[Event], chain: &[usize]) -> bool {
    let mut place = 0;
    for number in chain {
        let rule = format!("r{}", events[*number].rule);
        match correlation.rules[place..].iter().position(|name| *name == rule) {
            Some(found) => place += found + 1,
            None => return false,
        }
    }
    chain.is_sorted()
}

fn compare(correlations: &[Correlation], events: &[Event]) -> Result<(), TestCaseError> {
    let mut actual = seen(&run(correlations, Limits::SORTED, events));
    let mut expect = sorted(expected(correlations, events));
    for (actual, expect) in actual.iter_mut().zip(&mut expect) {
        let correlation = &correlations[actual.correlation];
        if correlation.kind == CorrelationKind::TemporalOrdered && actual.events.len() == expect.events.len() {
            let over_base = correlation.rules.iter().all(|name| name.starts_with('r'));
            prop_assert!(
                !over_base
                    || actual.decided != actual.end
                    || actual.value != expect.value
                    || actual.events.len() as f64 != actual.value
                    || is_chain(correlation, events, &actual.events)
            );
            actual.events.clone_from(&expect.events);
        }
        prop_assert!((actual.value - expect.value).abs() < 1e-9, "{actual:?} {expect:?}");
        actual.value = expect.value;
    }
    prop_assert_eq!(actual, expect);
    Ok(())
}

#[test]
fn windows_that_close_together_are_decided_in_the_order_in_which_they_opened() {
    let one = |id: &str, text: &str| {
        let mut made = parsed(text);
        (made.card.id, made.timespan_us) = (id.to_owned(), made.timespan_us / 1_000_000);
        made
    };
    let below = "correlation: {type: temporal, rules: [r1], timespan: 18s, condition: {lt: 2}}\n";
    let average =
        "correlation: {type: value_avg, rules: [c0, r0], group-by: [g], timespan: 1s, condition: {gte: 2, field: v}}\n";
    let sum = "correlation: {type: value_sum, rules: [c1], timespan: 10s, condition: {gte: 2, field: v}}\n";
    let chain = [one("c0", below), one("c1", average), one("c2", sum)];
    let events = [
        event(0, 1, &[("g", "a"), ("v", "2")]),
        event(18, 0, &[("g", "b"), ("v", "0")]),
        event(18, 0, &[("g", "b"), ("v", "4")]),
    ];
    // at 18 the events open a window for b, then the first correlation closes and opens one for a; both close at 19
    let fired = run(&chain, Limits::SORTED, &events);
    let sums: Vec<String> = fired.iter().map(line).filter(|line| line.starts_with("c2")).collect();
    assert_eq!(sums, ["c2 [] 19-19 4 (2)"]);
    compare(&chain, &events).unwrap();
}

#[test]
fn random_input_makes_every_kind_fire() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut fired = [0; KINDS.len()];
    for _ in 0..1_000 {
        let (correlation, events) = (correlations(0), events()).new_tree(&mut runner).unwrap().current();
        let results = run(std::slice::from_ref(&correlation), Limits::SORTED, &events).len();
        fired[KINDS.iter().position(|kind| *kind == correlation.kind).unwrap()] += results;
    }
    assert!(fired.iter().all(|results| *results > 50), "{fired:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn one_correlation_says_what_looking_at_every_window_says(correlation in correlations(0), events in events()) {
        compare(&[correlation], &events)?;
    }

    #[test]
    fn chained_correlations_say_what_looking_at_every_window_says(
        first in correlations(0), second in correlations(1), third in correlations(2), events in events(),
    ) {
        compare(&[first, second, third], &events)?;
    }

    #[test]
    fn late_input_within_the_lateness_gives_what_sorted_input_gives(
        correlation in correlations(0), events in events(), delays in proptest::collection::vec(0_i64..20, 60),
    ) {
        let mut arrivals: Vec<(i64, &Event)> = events.iter().zip(delays).map(|(event, delay)| (event.time + delay, event)).collect();
        arrivals.sort_by_key(|(arrival, _)| *arrival);
        let arrived: Vec<Event> = arrivals.into_iter().map(|(_, event)| event.clone()).collect();
        let mut numbered: Vec<(usize, Event)> = arrived.iter().cloned().enumerate().collect();
        numbered.sort_by_key(|(_, event)| event.time);
        let in_order: Vec<Event> = numbered.iter().map(|(_, event)| event.clone()).collect();
        let mut expect = run(std::slice::from_ref(&correlation), Limits::SORTED, &in_order);
        for fired in &mut expect {
            for event in fired.events.iter_mut().chain([&mut fired.last_event]) {
                event.0 = numbered[usize::try_from(event.0).unwrap()].0 as u64;
            }
        }
        let late = run(&[correlation], Limits { lateness_us: 20, ..Limits::LIVE }, &arrived);
        prop_assert_eq!(late, expect);
    }
}
