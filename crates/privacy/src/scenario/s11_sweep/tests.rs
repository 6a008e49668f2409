//! S11 on paper: lists of numbers, names and appointments, and a round.

use std::fmt::Write as _;

use crate::form::Table;
use crate::scenario::bench::{Bench, clock};

const AT: i64 = 3 * 24 * 60 + 22 * 60;

/// `u1` opens patients by number, one each 25 seconds.
fn opens(patients: impl IntoIterator<Item = usize>) -> Bench {
    let mut bench =
        Bench::new("time,user,action,patient").staff(3, "clerk", "office").table(Table::Patients, patients_table());
    for (place, patient) in patients.into_iter().enumerate() {
        let seconds = i64::try_from(place).unwrap() * 25;
        let time = clock(AT + seconds / 60).replace(":00+", &format!(":{:02}+", seconds % 60));
        bench.access(format_args!("{time},u1,read,MRN{patient}"));
    }
    bench
}

/// Surnames run against the numbers in steps of seven.
fn patients_table() -> String {
    let mut text = "patient,surname\n".to_owned();
    for number in 1..=100 {
        let _ = writeln!(text, "MRN{number},Name{:03}", number * 37 % 101);
    }
    text
}

fn shuffled(count: usize) -> Vec<usize> {
    (0..count).map(|place| 1 + place * 41 % 97).collect()
}

#[test]
fn twenty_in_order_of_their_numbers_are_a_sweep() {
    let told = opens(8..28).signs(11);
    assert_eq!(told.len(), 1);
    assert!(
        told[0]
            .starts_with("0 u1 [1..20, 20]: u1 opened 20 records one after the other in the order of patient numbers"),
        "{}",
        told[0]
    );
}

#[test]
fn backwards_and_with_a_few_out_of_order_it_is_one_too() {
    assert_eq!(opens((8..33).rev()).who(11), ["u1:0"]);
    let mut order: Vec<usize> = (8..32).collect();
    order.swap(3, 5);
    order.swap(10, 12);
    assert_eq!(opens(order).who(11), ["u1:0"]);
}

#[test]
fn in_order_of_names_it_is_a_sweep() {
    let mut order: Vec<usize> = (1..=100).collect();
    order.sort_by_key(|number| number * 37 % 101);
    assert_eq!(opens(order.into_iter().skip(30).take(22)).who(11), ["u1:1"]);
}

#[test]
fn in_order_of_a_clinic_s_appointments_it_is_a_sweep() {
    let order = shuffled(20);
    let mut text = "patient,start,user\n".to_owned();
    for (place, patient) in order.iter().enumerate() {
        let _ = writeln!(text, "MRN{patient},{},u2", clock(3 * 24 * 60 + 8 * 60 + 10 * i64::try_from(place).unwrap()));
    }
    assert_eq!(opens(order).table(Table::Appointments, text).who(11), ["u1:2"]);
}

#[test]
fn nineteen_or_twenty_in_no_order_or_slowly_are_none() {
    assert!(opens(8..27).signs(11).is_empty());
    assert!(opens(shuffled(40)).signs(11).is_empty());
    let mut slow = Bench::new("time,user,action,patient").staff(1, "clerk", "office");
    for place in 0..60 {
        slow.access(format_args!("{},u1,read,MRN{place}", clock(AT + place)));
    }
    assert!(slow.signs(11).is_empty());
}

#[test]
fn a_round_over_own_patients_is_none() {
    let mut text = "patient,time,ordered_by\n".to_owned();
    for patient in 8..28 {
        let _ = writeln!(text, "MRN{patient},{},u1", clock(AT - 600));
    }
    assert!(opens(8..28).table(Table::Orders, text).signs(11).is_empty());
}
