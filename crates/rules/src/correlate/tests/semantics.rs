//! What the standard leaves open, as `docs/specs/correlation.md` settles it. Times are microseconds, timespans 10 of them.

use CorrelationKind::{
    EventCount, Temporal, TemporalOrdered, ValueAvg, ValueCount, ValueMedian, ValuePercentile, ValueSum,
};
use Operator::{Eq, Gt, Gte, Lt, Lte, Neq};

use super::{Event, alias, correlation, event, line, run};
use crate::ast::{Correlation, CorrelationKind, Operator};
use crate::correlate::Limits;

fn check(correlations: &[Correlation], events: &[Event], expect: &[&str]) {
    let lines: Vec<String> = run(correlations, Limits::SORTED, events).iter().map(line).collect();
    assert_eq!(lines, expect);
}

/// Events of `r0` without fields.
fn at(times: &[i64]) -> Vec<Event> {
    times.iter().map(|time| event(*time, 0, &[])).collect()
}

/// Events of the rules given, without fields.
fn of(events: &[(i64, u32)]) -> Vec<Event> {
    events.iter().map(|(time, rule)| event(*time, *rule, &[])).collect()
}

/// Events of `r0` with a field `v`.
fn with(values: &[(i64, &str)]) -> Vec<Event> {
    values.iter().map(|(time, value)| event(*time, 0, &[("v", value)])).collect()
}

fn over(field: &str, mut of: Correlation) -> Correlation {
    of.value_fields.push(field.to_owned());
    of
}

fn by(fields: &[&str], mut of: Correlation) -> Correlation {
    of.group_by = fields.iter().map(|field| (*field).to_owned()).collect();
    of
}

#[test]
fn a_window_holds_events_exactly_one_timespan_apart_and_no_more() {
    let three = [correlation(EventCount, &["r0"], &[(Gte, 3.0)])];
    check(&three, &at(&[0, 5, 10]), &["c0 [] 0-10 3 (0 1 2)"]);
    check(&three, &at(&[0, 5, 11]), &[]);
    check(&three, &at(&[7, 7, 7]), &["c0 [] 7-7 3 (0 1 2)"]);
}

#[test]
fn a_group_speaks_again_only_when_every_event_it_reported_has_left_the_window() {
    let two = [correlation(EventCount, &["r0"], &[(Gte, 2.0)])];
    check(&two, &at(&[0, 1, 2, 3, 11, 12]), &["c0 [] 0-1 2 (0 1)", "c0 [] 2-12 4 (2 3 4 5)"]);
    check(&two, &at(&[0, 1, 12]), &["c0 [] 0-1 2 (0 1)"]);
}

#[test]
fn an_event_without_a_group_field_takes_no_part_and_an_empty_text_is_a_value() {
    let two = [by(&["u", "h"], correlation(EventCount, &["r0"], &[(Gte, 2.0)]))];
    let both = [("u", "a"), ("h", "")];
    let events = [event(0, 0, &both), event(1, 0, &[("u", "a")]), event(2, 0, &both)];
    check(&two, &events, &["c0 [u=a,h=] 0-2 2 (0 2)"]);
}

#[test]
fn group_values_are_compared_letter_by_letter() {
    let two = [by(&["u"], correlation(EventCount, &["r0"], &[(Gte, 2.0)]))];
    check(&two, &[event(0, 0, &[("u", "a")]), event(1, 0, &[("u", "A")])], &[]);
}

#[test]
fn conditions_that_more_events_can_undo_are_decided_when_the_window_closes() {
    let when = |conditions: &[(Operator, f64)]| [correlation(EventCount, &["r0"], conditions)];
    check(&when(&[(Eq, 2.0)]), &at(&[0, 10, 11, 12, 13]), &["c0 [] 0-10 2 (0 1)"]);
    check(&when(&[(Lt, 3.0)]), &at(&[0, 4]), &["c0 [] 0-4 at 10 2 (0 1)"]);
    check(&when(&[(Lte, 1.0)]), &at(&[0, 4]), &[]);
    check(&when(&[(Neq, 2.0)]), &at(&[0, 1, 20]), &["c0 [] 20-20 at 30 1 (2)"]);
    check(&when(&[(Gt, 1.0), (Lte, 3.0)]), &at(&[0, 1, 2, 20, 21, 22, 23]), &["c0 [] 0-2 at 10 3 (0 1 2)"]);
}

#[test]
fn nothing_seen_is_never_a_result() {
    check(&[correlation(EventCount, &["r0"], &[(Lt, 5.0)])], &[], &[]);
}

#[test]
fn a_distinct_count_counts_values_and_tuples_and_leaves_out_missing_ones() {
    let two = [over("v", correlation(ValueCount, &["r0"], &[(Gte, 2.0)]))];
    let mut events = with(&[(0, "a"), (1, "a"), (2, "b")]);
    events.insert(1, event(1, 0, &[]));
    check(&two, &events, &["c0 [] 0-2 2 (0 2 3)"]);
    let tuples = [over("w", over("v", correlation(ValueCount, &["r0"], &[(Gte, 2.0)])))];
    let tuple = |time, v, w| event(time, 0, &[("v", v), ("w", w)]);
    check(&tuples, &[tuple(0, "ab", "c"), tuple(1, "ab", "c"), tuple(2, "a", "bc")], &["c0 [] 0-2 2 (0 1 2)"]);
}

#[test]
fn a_value_that_left_the_window_counts_no_more() {
    let two = [over("v", correlation(ValueCount, &["r0"], &[(Gte, 2.0)]))];
    check(&two, &with(&[(0, "a"), (3, "b"), (20, "a"), (31, "b")]), &["c0 [] 0-3 2 (0 1)"]);
}

#[test]
fn a_sum_speaks_at_the_event_that_crosses_it_and_leaves_out_what_is_no_number() {
    let sum = [over("v", correlation(ValueSum, &["r0"], &[(Gt, 1.0)]))];
    check(&sum, &with(&[(0, "0.5"), (1, "many"), (2, "0.5"), (3, "0.25")]), &["c0 [] 0-3 1.25 (0 2 3)"]);
}

#[test]
fn averages_medians_and_percentiles_are_decided_when_the_window_closes() {
    let events = with(&[(0, "10"), (1, "2"), (2, "3"), (30, "1")]);
    let of = |kind| over("v", correlation(kind, &["r0"], &[(Gte, 3.0)]));
    check(&[of(ValueAvg)], &events, &["c0 [] 0-2 at 10 5 (0 1 2)"]);
    check(&[Correlation { percentile: Some(0.0), ..of(ValueMedian) }], &events, &["c0 [] 0-2 at 10 3 (0 1 2)"]);
    check(&[Correlation { percentile: Some(100.0), ..of(ValuePercentile) }], &events, &["c0 [] 0-2 at 10 10 (0 1 2)"]);
}

#[test]
fn a_temporal_correlation_without_condition_wants_every_rule_in_any_order() {
    let all = [correlation(Temporal, &["r0", "r1", "r2"], &[])];
    check(&all, &of(&[(0, 2), (1, 0), (2, 0), (3, 1)]), &["c0 [] 0-3 3 (0 2 3)"]);
    check(&all, &of(&[(0, 2), (1, 0), (11, 1)]), &[]);
    let two = [correlation(Temporal, &["r0", "r1", "r2"], &[(Gte, 2.0)])];
    check(&two, &of(&[(0, 0), (1, 0), (2, 2)]), &["c0 [] 1-2 2 (1 2)"]);
}

#[test]
fn an_ordered_correlation_wants_the_order_of_its_rules() {
    let all = [correlation(TemporalOrdered, &["r0", "r1"], &[])];
    check(&all, &of(&[(0, 1), (1, 0)]), &[]);
    check(&all, &of(&[(0, 0), (1, 0), (2, 1)]), &["c0 [] 1-2 2 (1 2)"]);
    check(&all, &of(&[(5, 0), (5, 1)]), &["c0 [] 5-5 2 (0 1)"]);
    check(&all, &of(&[(5, 1), (5, 0)]), &[]);
}

#[test]
fn an_ordered_correlation_with_a_number_may_leave_rules_out_but_not_turn_them_round() {
    let two = [correlation(TemporalOrdered, &["r0", "r1", "r2"], &[(Gte, 2.0)])];
    check(&two, &of(&[(0, 2), (1, 0), (2, 2)]), &["c0 [] 1-2 2 (1 2)"]);
}

#[test]
fn a_rule_that_stands_twice_in_an_ordered_correlation_needs_two_events() {
    let twice = [correlation(TemporalOrdered, &["r0", "r0", "r1"], &[])];
    check(&twice, &of(&[(0, 0), (1, 1)]), &[]);
    check(&twice, &of(&[(0, 0), (1, 0), (2, 1)]), &["c0 [] 0-2 3 (0 1 2)"]);
}

#[test]
fn an_alias_joins_fields_that_the_rules_call_differently() {
    let mut joined = by(&["address"], correlation(Temporal, &["r0", "r1"], &[]));
    joined.aliases = vec![alias("address", &[("r0", "dst"), ("r1", "src")])];
    let events = [event(0, 0, &[("dst", "x"), ("src", "y")]), event(1, 1, &[("src", "x"), ("dst", "z")])];
    check(&[joined], &events, &["c0 [address=x] 0-1 2 (0 1)"]);
}

#[test]
fn failed_logins_followed_by_a_successful_one_are_the_standards_example_of_a_chain() {
    let failed = by(&["Computer"], correlation(EventCount, &["r0"], &[(Gte, 3.0)]));
    let mut followed = by(&["User"], correlation(TemporalOrdered, &["c0", "r1"], &[]));
    followed.card.id = "c1".to_owned();
    let user = |time, rule, user| event(time, rule, &[("Computer", "pc"), ("User", user)]);
    let events = [user(0, 0, "a"), user(1, 0, "b"), user(2, 0, "a"), user(3, 1, "b"), user(4, 1, "a")];
    check(&[failed, followed], &events, &["c0 [Computer=pc] 0-2 3 (0 1 2)", "c1 [User=a] 2-4 2 (2 4)"]);
}

#[test]
fn a_result_comes_after_the_match_that_caused_it() {
    let each = correlation(EventCount, &["r0"], &[(Gte, 1.0)]);
    let chain = |rules: [&str; 2]| {
        let mut chain = correlation(TemporalOrdered, &rules, &[]);
        chain.card.id = "c1".to_owned();
        chain
    };
    check(&[each.clone(), chain(["c0", "r0"])], &at(&[0]), &["c0 [] 0-0 1 (0)"]);
    check(&[each, chain(["r0", "c0"])], &at(&[0]), &["c0 [] 0-0 1 (0)", "c1 [] 0-0 2 (0 0)"]);
}

#[test]
fn a_window_that_closes_counts_above_at_the_moment_of_its_close() {
    let quiet = correlation(EventCount, &["r0"], &[(Eq, 1.0)]);
    let mut then = correlation(TemporalOrdered, &["c0", "r1"], &[]);
    then.card.id = "c1".to_owned();
    check(&[quiet.clone(), then.clone()], &of(&[(0, 0), (20, 1)]), &["c0 [] 0-0 at 10 1 (0)", "c1 [] 10-20 2 (0 1)"]);
    check(&[quiet, then], &of(&[(0, 0), (10, 1)]), &["c0 [] 0-0 at 10 1 (0)"]);
}
