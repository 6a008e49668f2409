//! S15 on paper: the last day of an employment, and accounts that come back.

use std::fmt::Write as _;

use crate::form::Table;
use crate::scenario::bench::{Bench, on};

/// Four clerks who open a few records every hour of 28 days, and others who may come.
fn hospital(days: i64, others: &str) -> Bench {
    let mut bench = Bench::new("time,user,action,patient").staff(6, "clerk", "office");
    bench = bench.table(Table::Staff, format!("user,role,department,employed_from,employed_to\n{others}\n"));
    for day in 0..days {
        for (user, hour) in (1..=6).flat_map(|user| (8..16).map(move |hour| (user, hour))) {
            for record in 0..3 {
                bench.access(format_args!("{},u{user},read,p{user}{day}{hour}{record}", on(day, hour, record)));
            }
        }
    }
    bench
}

fn burst(mut bench: Bench, day: i64, records: i64) -> Bench {
    for record in 0..records {
        bench.access(format_args!("{},x,read,q{}", on(day, 20, record % 60), record * 37 % 1_009));
    }
    bench
}

fn one(bench: Bench, time: &str) -> Vec<String> {
    bench.lines(&format!("{time},x,read,q1")).signs(15)
}

#[test]
fn an_access_after_the_end_of_the_employment_is_told() {
    let told = one(hospital(10, "x,nurse,ward 1,2020-01-01,2026-01-08"), &on(5, 9, 0));
    assert_eq!(told.len(), 1);
    assert!(told[0].ends_with("x [1441]: The employment of x had ended 1 days before."), "{}", told[0]);
}

#[test]
fn the_last_day_ends_at_midnight_on_the_wall() {
    let last_day = "x,nurse,ward 1,2020-01-01,2026-01-08";
    assert!(one(hospital(10, last_day), "2026-01-08T23:55:00+01:00").is_empty());
    assert!(one(hospital(10, last_day), "2026-01-08T23:55:00-05:00").is_empty(), "the next day by UTC");
    assert_eq!(one(hospital(10, last_day), "2026-01-09T00:05:00+01:00").len(), 1, "still that day by UTC");
}

#[test]
fn the_last_night_shift_is_worked_to_its_end() {
    let shifts = "user,start,end,unit\nx,2026-01-08T22:00:00+01:00,2026-01-09T06:00:00+01:00,W1\n";
    let bench = || hospital(10, "x,nurse,ward 1,2020-01-01,2026-01-08").table(Table::Shifts, shifts);
    assert!(one(bench(), "2026-01-09T05:55:00+01:00").is_empty());
    assert_eq!(one(bench(), "2026-01-09T09:00:00+01:00").len(), 1);
}

#[test]
fn who_is_still_there_or_whose_end_is_not_known_has_not_left() {
    assert!(one(hospital(10, "x,nurse,ward 1,2020-01-01,2026-06-01"), &on(5, 9, 0)).is_empty());
    assert!(one(hospital(10, "x,nurse,ward 1,,"), &on(5, 9, 0)).is_empty());
}

#[test]
fn an_idle_account_that_comes_back_with_much_is_told() {
    let told = burst(hospital(28, "x,clerk,office,2020-01-01,"), 20, 60).who(15);
    assert_eq!(told, ["x:1"]);
}

#[test]
fn ninety_days_between_two_accesses_are_idle_and_eighty_are_not() {
    for (back, expected) in [(100, vec!["x:1".to_owned()]), (80, Vec::new())] {
        let mut bench = hospital(105, "x,clerk,office,2020-01-01,");
        bench.access(format_args!("{},x,read,first", on(2, 9, 0)));
        assert_eq!(burst(bench, back, 60).who(15), expected, "{back}");
    }
}

#[test]
fn a_return_with_little_and_much_by_a_newcomer_are_none() {
    assert!(burst(hospital(28, "x,clerk,office,2020-01-01,"), 20, 8).signs(15).is_empty());
    assert!(burst(hospital(28, "x,clerk,office,2026-01-20,"), 20, 60).signs(15).is_empty());
}

#[test]
fn who_worked_in_the_weeks_before_was_not_idle() {
    let mut shifts = "user,start,end,unit\n".to_owned();
    let _ = writeln!(shifts, "x,{},{},W1", on(15, 8, 0), on(15, 16, 0));
    assert!(
        burst(hospital(28, "x,clerk,office,2020-01-01,"), 20, 60).table(Table::Shifts, shifts).signs(15).is_empty()
    );
}
