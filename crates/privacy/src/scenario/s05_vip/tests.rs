//! S5 on paper: a marked record, and one that many look at.

use crate::form::Table;
use crate::scenario::bench::{Bench, on};

fn hospital() -> Bench {
    Bench::new("time,user,action,patient")
        .staff(9, "nurse", "ward 1")
        .table(Table::Patients, "patient,flags\nstar,VIP\nplain,\n")
}

/// Users `from` to `until` open `patient`, one each hour.
fn openers(mut bench: Bench, users: std::ops::RangeInclusive<i64>, hours_apart: i64, patient: &str) -> Bench {
    for user in users {
        bench.access(format_args!("{},u{user},read,{patient}", on(3, user * hours_apart, 0)));
    }
    bench
}

#[test]
fn a_marked_record_is_told_and_an_unmarked_one_is_not() {
    let bench = openers(openers(hospital(), 1..=1, 1, "star"), 2..=2, 1, "plain");
    assert_eq!(bench.signs(5), ["0 u1 [1]: The record is marked as that of a person of public interest."]);
}

#[test]
fn a_marked_patient_s_nurse_has_a_reason() {
    let bench = openers(hospital(), 1..=1, 1, "star");
    let bench = bench.table(Table::Orders, format!("patient,time,ordered_by\nstar,{},u1\n", on(2, 9, 0)));
    assert!(bench.signs(5).is_empty());
}

#[test]
fn five_people_within_a_day_are_news_for_each_of_them() {
    let told = openers(hospital(), 1..=5, 2, "plain").signs(5);
    assert_eq!(told.len(), 5);
    assert!(told[0].starts_with("1 u1 [1]: 5 people for whom no reason is found"), "{}", told[0]);
}

#[test]
fn four_people_or_five_over_two_days_are_no_news() {
    assert!(openers(hospital(), 1..=4, 2, "plain").signs(5).is_empty());
    assert!(openers(hospital(), 1..=5, 7, "plain").signs(5).is_empty());
}

#[test]
fn one_person_who_looks_five_times_is_no_news() {
    let mut bench = hospital();
    for hour in 1..9 {
        bench.access(format_args!("{},u1,read,plain", on(3, hour, 0)));
    }
    assert!(bench.signs(5).is_empty());
}
