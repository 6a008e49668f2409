//! State over a reload of the rules: what still means the same goes on as if nothing had happened, the rest is named.

use std::sync::Arc;

use cordon_model::Time;
use proptest::prelude::*;

use super::agreement::{correlations, events};
use super::{Event, correlation, correlator, event, line, observe, resolve};
use crate::ast::{Correlation, CorrelationKind, Operator};
use crate::correlate::{Carried, Correlator, EventRef, Fired, Limits, Match, Plan};

/// Rules as a node loads them: correlations, and the number from which the engine counts base rules.
struct Loaded {
    correlations: Vec<Correlation>,
    first: u32,
}

impl Loaded {
    fn plan(&self) -> Arc<Plan> {
        let resolve = |name: &str| resolve(name).map(|(number, id)| (self.first + number, id));
        Arc::new(Plan::new(&self.correlations, &resolve).0)
    }

    fn observe(&self, correlator: &mut Correlator, number: usize, event: &Event, out: &mut Vec<Told>) {
        let rule = self.first + event.rule;
        let wanted = correlator.plan().wanted_fields(rule).to_vec();
        let values: Vec<Option<&str>> = wanted.iter().map(|name| event.text(name)).collect();
        let mut fired = Vec::new();
        let found = Match { rule, time: Time(event.time), event: EventRef(number as u64), values: &values };
        correlator.observe(&found, &mut fired);
        self.tell(fired, out);
    }

    /// Results by the id of their correlation, those of `x` left out.
    fn tell(&self, fired: Vec<Fired>, out: &mut Vec<Told>) {
        for mut result in fired {
            let id = self.correlations[result.correlation as usize].card.id.clone();
            result.correlation = 0;
            if id != "x" {
                out.push((id, result));
            }
        }
    }
}

type Told = (String, Fired);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_reload_with_other_rules_added_or_gone_changes_no_result(
        first in correlations(0), second in correlations(1), mut other in correlations(2), events in events(),
        cuts in proptest::collection::vec((0_usize..60, any::<bool>(), any::<bool>(), 0_u32..5), 1..4), lateness in 0_i64..12,
    ) {
        other.card.id = "x".to_owned();
        let limits = Limits { lateness_us: lateness, ..Limits::LIVE };
        let rules = |with_other: bool, in_front: bool, first_rule| {
            let mut correlations = vec![first.clone(), second.clone()];
            if with_other {
                correlations.insert(if in_front { 0 } else { 2 }, other.clone());
            }
            Loaded { correlations, first: first_rule }
        };
        let (steady_rules, mut rules_now) = (rules(false, false, 0), rules(cuts[0].1, cuts[0].2, 1));
        let mut steady = Correlator::new(steady_rules.plan(), limits);
        let mut reloaded = Correlator::new(rules_now.plan(), limits);
        let (mut expect, mut actual) = (Vec::new(), Vec::new());
        for (number, event) in events.iter().enumerate() {
            for (_, with_other, in_front, first_rule) in cuts.iter().filter(|cut| cut.0 == number) {
                rules_now = rules(!with_other, *in_front, *first_rule);
                let carried = Correlator::carry_over(&reloaded.snapshot(), rules_now.plan(), limits).unwrap();
                prop_assert_eq!(&carried.emptied, &Vec::<String>::new());
                reloaded = carried.correlator;
            }
            steady_rules.observe(&mut steady, number, event, &mut expect);
            rules_now.observe(&mut reloaded, number, event, &mut actual);
        }
        let (mut last_expected, mut last) = (Vec::new(), Vec::new());
        steady.finish(&mut last_expected);
        reloaded.finish(&mut last);
        steady_rules.tell(last_expected, &mut expect);
        rules_now.tell(last, &mut actual);
        prop_assert_eq!(actual, expect);
    }

    #[test]
    fn a_reload_of_the_same_rules_is_what_a_restart_is(
        first in correlations(0), second in correlations(1), events in events(), tight in any::<bool>(),
    ) {
        let correlations = [first, second];
        let plan = Arc::new(Plan::new(&correlations, &resolve).0);
        let live = Limits { lateness_us: 4, ..Limits::LIVE };
        let limits = if tight { Limits { groups_max: 3, window_events_max: 4, bytes_max: 300, ..live } } else { live };
        let mut correlator = Correlator::new(Arc::clone(&plan), limits);
        let mut fired = Vec::new();
        events.iter().enumerate().for_each(|(number, event)| observe(&mut correlator, number, event, &mut fired));
        let bytes = correlator.snapshot();
        let carried = Correlator::carry_over(&bytes, plan, limits).unwrap();
        prop_assert_eq!(carried.correlator.snapshot(), bytes);
    }

    #[test]
    fn a_damaged_snapshot_is_refused_or_carried_over_but_never_panics(
        first in correlations(0), second in correlations(0), events in events(), place in 0_usize..4_000, byte in any::<u8>(),
    ) {
        let mut correlator = correlator(&[first], Limits::LIVE);
        let mut fired = Vec::new();
        events.iter().enumerate().for_each(|(number, event)| observe(&mut correlator, number, event, &mut fired));
        let mut bytes = correlator.snapshot();
        let cut = place % bytes.len();
        let plan = Arc::new(Plan::new(&[second], &resolve).0);
        prop_assert!(Correlator::carry_over(&bytes[..cut], Arc::clone(&plan), Limits::LIVE).is_err());
        bytes[cut] = byte;
        if let Ok(mut damaged) = Correlator::carry_over(&bytes, plan, Limits::LIVE) {
            damaged.correlator.finish(&mut fired);
        }
    }
}

fn counted(id: &str, rule: &str, at_least: f64) -> Correlation {
    let mut made = correlation(CorrelationKind::EventCount, &[rule], &[(Operator::Gte, at_least)]);
    made.card.id = id.to_owned();
    made.group_by = vec!["u".to_owned()];
    made
}

fn reload(before: &[Correlation], events: &[Event], after: &[Correlation], limits: Limits) -> Carried {
    let mut old = correlator(before, Limits { lateness_us: 5, ..Limits::LIVE });
    let mut fired = Vec::new();
    events.iter().enumerate().for_each(|(number, event)| observe(&mut old, number, event, &mut fired));
    assert_eq!(fired, []);
    Correlator::carry_over(&old.snapshot(), Arc::new(Plan::new(after, &resolve).0), limits).unwrap()
}

/// What is told of a reload, in one text.
fn told(carried: &Carried) -> String {
    let Carried { kept, emptied, added, gone, groups_dropped, waiting_dropped, .. } = carried;
    format!(
        "kept {kept:?} emptied {emptied:?} added {added:?} gone {gone:?} groups {groups_dropped} waiting {waiting_dropped}"
    )
}

const LATE: Limits = Limits { lateness_us: 5, ..Limits::LIVE };

#[test]
fn what_is_kept_emptied_added_and_gone_is_named() {
    let before = [counted("same", "r0", 3.0), counted("stricter", "r0", 3.0), counted("leaves", "r1", 3.0)];
    let over = |id: &str, below: &str| {
        let mut made = counted(id, below, 2.0);
        made.timespan_us = 100;
        made
    };
    let before = [&before[..], &[over("over-same", "same"), over("over-stricter", "stricter")]].concat();
    let after = [
        over("over-stricter", "stricter"),
        counted("new", "r0", 3.0),
        counted("stricter", "r0", 4.0),
        counted("same", "r0", 3.0),
        over("over-same", "same"),
    ];
    let users = |time, rule| event(time, rule, &[("u", "a")]);
    let events = [users(0, 0), users(0, 1), users(6, 0), users(7, 1)];
    let carried = reload(&before, &events, &after, LATE);
    assert_eq!(
        told(&carried),
        r#"kept ["same", "over-same"] emptied ["stricter", "over-stricter"] added ["new"] gone ["leaves"] groups 2 waiting 1"#
    );
    let mut correlator = carried.correlator;
    let mut fired = Vec::new();
    observe(&mut correlator, 9, &users(8, 0), &mut fired);
    correlator.finish(&mut fired);
    assert_eq!(fired.iter().map(line).collect::<Vec<_>>(), ["c3 [u=a] 0-8 3 (0 2 9)"]);
}

#[test]
fn an_edited_description_keeps_the_windows_and_another_rule_alias_or_field_does_not() {
    let base = counted("c", "r0", 3.0);
    let check = |change: &dyn Fn(&mut Correlation), kept: bool| {
        let mut after = base.clone();
        change(&mut after);
        let carried = reload(std::slice::from_ref(&base), &[event(0, 0, &[("u", "a")])], &[after], LATE);
        assert_eq!((carried.kept.len(), carried.emptied.len()), (usize::from(kept), usize::from(!kept)));
    };
    check(&|after| after.card.title = "other words".to_owned(), true);
    check(&|after| after.generate = true, true);
    check(&|after| after.aliases = vec![super::alias("u", &[("r1", "user")])], true);
    check(&|after| after.aliases = vec![super::alias("u", &[("r0", "user")])], false);
    check(&|after| after.rules = vec!["r1".to_owned()], false);
    check(&|after| after.rules.push("r1".to_owned()), false);
    check(&|after| after.timespan_us += 1, false);
    check(&|after| after.group_by.clear(), false);
    check(&|after| after.kind = CorrelationKind::Temporal, false);
    check(&|after| after.conditions[0].operator = Operator::Gt, false);
}

#[test]
fn tighter_limits_give_up_the_oldest_groups_and_another_key_all() {
    let rule = counted("c", "r0", 3.0);
    let events: Vec<Event> =
        ["a", "b", "c", "d"].iter().zip(0..).map(|(user, time)| event(time, 0, &[("u", user)])).collect();
    let events = [&events[..], &[event(8, 0, &[("u", "e")])]].concat();
    let tight =
        reload(std::slice::from_ref(&rule), &events, std::slice::from_ref(&rule), Limits { groups_max: 2, ..LATE });
    assert_eq!((tight.correlator.size().0, tight.correlator.counters().groups_evicted), (2, 2));
    let other_key = Limits { hash_key: [1, 2], ..LATE };
    let rekeyed = reload(std::slice::from_ref(&rule), &events, std::slice::from_ref(&rule), other_key);
    assert_eq!(told(&rekeyed), r#"kept [] emptied ["c"] added [] gone [] groups 4 waiting 0"#);
}

#[test]
fn an_open_window_brings_its_group_and_what_was_asked_for_to_a_correlation_that_is_new() {
    let mut window = counted("window", "r0", 1.0);
    window.conditions[0].operator = Operator::Eq;
    let over = |id: &str, group: &[&str]| {
        let mut made = counted(id, "window", 1.0);
        made.group_by = group.iter().map(|name| (*name).to_owned()).collect();
        made
    };
    let before = [window.clone(), over("old", &["host"])];
    let after = [over("new", &["u", "host"]), over("asks-more", &["port"]), window];
    let seen = [event(0, 0, &[("u", "a"), ("host", "h"), ("port", "1")]), event(6, 1, &[])];
    let mut carried = reload(&before, &seen, &after, LATE).correlator;
    let mut fired = Vec::new();
    carried.finish(&mut fired);
    let lines: Vec<String> = fired.iter().map(line).collect();
    assert_eq!(lines, ["c2 [u=a] 0-0 at 10 1 (0)", "c0 [u=a,host=h] 10-10 1 (0)"]);
    assert_eq!(carried.counters().group_field_missing, 1);
}
