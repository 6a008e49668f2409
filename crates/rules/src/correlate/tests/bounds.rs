//! What happens at each bound, and that it is counted.

use super::{Event, correlation, correlator, event, line, observe, resolve, run};
use crate::ast::{Correlation, CorrelationKind, Operator};
use crate::correlate::{Correlator, Counters, Fired, Limits};

fn by_user(kind: CorrelationKind, value: f64) -> Correlation {
    Correlation { group_by: vec!["u".to_owned()], ..correlation(kind, &["r0"], &[(Operator::Gte, value)]) }
}

fn user(time: i64, name: &str) -> Event {
    event(time, 0, &[("u", name)])
}

fn observed(correlations: &[Correlation], limits: Limits, events: &[Event]) -> (Correlator, Vec<Fired>) {
    let (mut correlator, mut fired) = (correlator(correlations, limits), Vec::new());
    for (number, event) in events.iter().enumerate() {
        observe(&mut correlator, number, event, &mut fired);
    }
    (correlator, fired)
}

#[test]
fn the_oldest_group_is_given_up_and_counted_when_there_are_too_many() {
    let limits = Limits { groups_max: 2, ..Limits::SORTED };
    let events = [user(0, "a"), user(1, "b"), user(2, "a"), user(3, "c"), user(4, "b"), user(5, "c")];
    let (correlator, fired) = observed(&[by_user(CorrelationKind::EventCount, 2.0)], limits, &events);
    let lines: Vec<String> = fired.iter().map(line).collect();
    assert_eq!(lines, ["c0 [u=a] 0-2 2 (0 2)", "c0 [u=c] 3-5 2 (3 5)"]);
    assert_eq!(correlator.counters(), Counters { matches: 6, groups_evicted: 2, fired: 2, ..Counters::default() });
    assert_eq!(correlator.size().0, 2);
}

#[test]
fn bytes_stay_under_their_bound_whatever_the_kind() {
    for conditions in [Operator::Gte, Operator::Lt] {
        let mut counted = by_user(CorrelationKind::ValueCount, 1e9);
        counted.conditions[0].operator = conditions;
        counted.value_fields = vec!["v".to_owned()];
        counted.timespan_us = 1_000_000;
        let limits = Limits { bytes_max: 100_000, ..Limits::SORTED };
        let (mut correlator, mut fired) = (correlator(&[counted], limits), Vec::new());
        for number in 0..20_000_u32 {
            let (group, value) = ((number % 7).to_string(), number.to_string());
            let next = event(i64::from(number), 0, &[("u", &group), ("v", &value)]);
            observe(&mut correlator, 0, &next, &mut fired);
            assert!(correlator.size().1 <= 100_000 + 40_000, "{:?}", correlator.size());
        }
        assert!(correlator.counters().groups_evicted > 0);
    }
}

#[test]
fn an_idle_group_leaves_nothing_behind() {
    let (mut correlator, mut fired) =
        observed(&[by_user(CorrelationKind::EventCount, 5.0)], Limits::SORTED, &[user(0, "a"), user(5, "b")]);
    correlator.advance(cordon_model::Time(11), &mut fired);
    assert_eq!(correlator.size().0, 1);
    correlator.advance(cordon_model::Time(16), &mut fired);
    assert_eq!(correlator.size(), (0, 0));
}

#[test]
fn a_match_later_than_the_lateness_is_refused_and_counted() {
    let limits = Limits { lateness_us: 5, ..Limits::LIVE };
    let events = [user(10, "a"), user(5, "a"), user(4, "a")];
    let (mut correlator, mut fired) = observed(&[by_user(CorrelationKind::EventCount, 2.0)], limits, &events);
    assert_eq!(correlator.counters().late, 1);
    assert_eq!(fired, []);
    correlator.finish(&mut fired);
    assert_eq!(fired.iter().map(line).collect::<Vec<_>>(), ["c0 [u=a] 5-10 2 (1 0)"]);
}

#[test]
fn a_watermark_from_outside_answers_before_the_lateness_is_over() {
    let (mut correlator, mut fired) = observed(
        &[by_user(CorrelationKind::EventCount, 2.0)],
        Limits { lateness_us: i64::MAX, ..Limits::LIVE },
        &[user(10, "a"), user(5, "a")],
    );
    assert_eq!(fired, []);
    correlator.advance(cordon_model::Time(10), &mut fired);
    assert_eq!(fired.len(), 1);
}

#[test]
fn too_many_waiting_bytes_are_processed_early_and_counted() {
    let limits = Limits { lateness_us: 1_000, pending_bytes_max: 1_000, ..Limits::LIVE };
    let events: Vec<Event> = (0..100).map(|time| user(time, "a")).collect();
    let (correlator, fired) = observed(&[by_user(CorrelationKind::EventCount, 3.0)], limits, &events);
    assert!(correlator.counters().released_early > 80);
    assert_eq!(fired[0].events_total, 3);
}

#[test]
fn a_long_window_goes_over_to_panes_and_says_that_its_value_is_approximate() {
    let limits = Limits { window_events_max: 100, ..Limits::SORTED };
    let events: Vec<Event> =
        (0..2_000).map(|time| event(time, 0, &[("u", "a"), ("v", &(time % 700).to_string()), ("n", "2")])).collect();
    let approximate = |kind, field: &str, bound: f64| {
        let mut made = by_user(kind, bound);
        made.timespan_us = 1_000;
        made.value_fields = vec![field.to_owned()];
        let fired = run(&[made], limits, &events);
        assert!(fired[0].value.starts_with('~'), "{}", fired[0].value);
        assert_eq!(fired[0].events.len(), 100);
        fired[0].window_end.0
    };
    assert_eq!(approximate(CorrelationKind::EventCount, "v", 500.0), 499);
    assert_eq!(approximate(CorrelationKind::ValueSum, "n", 1_000.0), 499);
    let distinct = approximate(CorrelationKind::ValueCount, "v", 500.0);
    assert!((469..=529).contains(&distinct), "{distinct}");
    let mut never = by_user(CorrelationKind::EventCount, 1_033.0);
    never.timespan_us = 1_000;
    assert_eq!(run(&[never], limits, &events), [], "a window reaches back at most 1/32 too far");
}

#[test]
fn only_the_first_and_last_events_of_a_large_window_are_named() {
    let counted = Correlation { timespan_us: 1_000, ..by_user(CorrelationKind::EventCount, 150.0) };
    let at_close = Correlation { timespan_us: 199, ..by_user(CorrelationKind::EventCount, 150.0) };
    let at_close =
        Correlation { conditions: vec![crate::ast::Threshold { operator: Operator::Eq, value: 200.0 }], ..at_close };
    let events: Vec<Event> = (0..200).map(|time| user(time, "a")).collect();
    for (correlation, last, total) in [(counted, 149, 150), (at_close, 199, 200)] {
        let fired = run(&[correlation], Limits::SORTED, &events);
        let named: Vec<u64> = fired[0].events.iter().map(|event| event.0).collect();
        assert_eq!(named, (0..50).chain(last - 49..=last).collect::<Vec<u64>>());
        assert_eq!((fired[0].events_total, fired[0].last_event.0), (total, last));
    }
}

#[test]
fn a_large_distinct_count_at_close_is_sketched_and_says_so() {
    let mut counted = by_user(CorrelationKind::ValueCount, 1.0);
    counted.conditions[0].operator = Operator::Neq;
    counted.value_fields = vec!["v".to_owned()];
    counted.timespan_us = 100_000;
    let events: Vec<Event> = (0..20_000).map(|time| event(time, 0, &[("u", "a"), ("v", &time.to_string())])).collect();
    let fired = run(&[counted], Limits::SORTED, &events);
    let value: f64 = fired[0].value.strip_prefix('~').unwrap().parse().unwrap();
    assert!((value / 20_000.0 - 1.0).abs() < 0.033, "{value}");
}

#[test]
fn missing_and_wrong_fields_are_counted() {
    let mut sum = by_user(CorrelationKind::ValueSum, 1.0);
    sum.value_fields = vec!["v".to_owned()];
    let events = [event(0, 0, &[("v", "1")]), user(1, "a"), event(2, 0, &[("u", "a"), ("v", "x")])];
    let (correlator, _) = observed(&[sum], Limits::SORTED, &events);
    let counted = Counters {
        matches: 3,
        group_field_missing: 1,
        value_field_missing: 1,
        value_not_a_number: 1,
        ..Counters::default()
    };
    assert_eq!(correlator.counters(), counted);
}

#[test]
fn times_at_the_ends_of_the_scale_do_no_harm() {
    let counted = by_user(CorrelationKind::EventCount, 2.0);
    let ends = [user(i64::MIN, "a"), user(i64::MIN, "a"), user(i64::MAX, "a"), user(i64::MAX, "a")];
    assert_eq!(run(std::slice::from_ref(&counted), Limits::SORTED, &ends).len(), 2);
    assert_eq!(run(&[counted], Limits::LIVE, &ends).len(), 2);
}

#[test]
fn a_match_of_a_rule_that_nothing_is_over_is_passed_by() {
    assert_eq!(resolve("r9"), Some((9, "r9".to_owned())));
    let (correlator, fired) =
        observed(&[by_user(CorrelationKind::EventCount, 1.0)], Limits::SORTED, &[event(0, 9, &[("u", "a")])]);
    assert_eq!((correlator.counters(), fired), (Counters::default(), Vec::new()));
}
