//! S5 on paper: a marked record, and one that many look at.

use super::surprise;
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
    assert_eq!(
        told[0],
        "1 u1 [1]: 5 people for whom no reason is found opened this record within 24 hours; 0.1 are usual for it."
    );
}

/// Of each of `wards` ten nurses; `u{ward}{n}`.
fn wards(wards: std::ops::RangeInclusive<u32>) -> Bench {
    let staff = wards.flat_map(|ward| (0..10).map(move |n| format!("u{ward}{n},nurse,ward {ward}\n")));
    let staff: String = std::iter::once("user,role,department\n".to_owned()).chain(staff).collect();
    Bench::new("time,user,action,patient").table(Table::Staff, staff)
}

/// The nurses of ward 1 see to `plain` by order, and the first of each other ward opens it without.
fn on_a_busy_ward(others: std::ops::RangeInclusive<u32>, nurses: u32) -> Vec<String> {
    let mut orders = "patient,time,ordered_by\n".to_owned();
    let mut bench = wards(1..=9);
    for nurse in 0..nurses {
        orders += &format!("plain,{},u1{nurse}\n", on(2, 8, 0));
        bench.access(format_args!("{},u1{nurse},read,plain", on(2, 9, i64::from(nurse))));
    }
    for ward in others {
        bench.access(format_args!("{},u{ward}0,read,plain", on(2, 10, i64::from(ward))));
    }
    bench.table(Table::Orders, orders).who(5)
}

#[test]
fn people_from_all_over_the_house_are_news_however_many_have_a_reason() {
    assert_eq!(on_a_busy_ward(2..=6, 9), ["u20:2", "u30:2", "u40:2", "u50:2", "u60:2"]);
    assert_eq!(on_a_busy_ward(2..=4, 9), Vec::<String>::new());
}

#[test]
fn those_of_a_ward_that_treats_are_no_strangers() {
    let mut bench = wards(1..=1);
    for nurse in 0..9 {
        bench.access(format_args!("{},u1{nurse},read,plain", on(2, 10, nurse)));
    }
    assert_eq!(bench.who(5).len(), 9);
    let mut bench = wards(1..=1).table(Table::Orders, format!("patient,time,ordered_by\nplain,{},u19\n", on(2, 8, 0)));
    for nurse in (0..10).rev() {
        bench.access(format_args!("{},u1{nurse},read,plain", on(2, 10, 9 - nurse)));
    }
    assert_eq!(bench.who(5), Vec::<String>::new());
}

#[test]
fn a_record_that_many_open_every_day_is_in_no_news() {
    let mut bench = wards(1..=9);
    for day in 2..12 {
        for ward in 1..=6 {
            bench.access(format_args!("{},u{ward}{},read,plain", on(day, 10, ward), day % 10));
        }
    }
    assert_eq!(bench.who(5), Vec::<String>::new());
}

#[test]
fn how_seldom_many_are() {
    // 1 less the sum of the first five terms
    assert!((surprise(5, 3.0) + libm::log(0.184_736_755)).abs() < 1e-8);
    assert!((surprise(5, 0.1) + libm::log(7.667_802e-8)).abs() < 1e-6);
    assert_eq!((surprise(0, 7.0), surprise(64, 2_000.0)), (0.0, 0.0), "a record for training that everybody opens");
    assert!(surprise(60, 0.1) > surprise(40, 0.1), "far in the tail");
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
