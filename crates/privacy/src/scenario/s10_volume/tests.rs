//! S10 on paper: a burst, busy peers, a downtime, the night in autumn.

use std::fmt::Write as _;

use crate::form::Table;
use crate::scenario::bench::{Bench, on};

/// Twelve of one role open three to five records an hour, eight hours a day, on 20 days.
fn hospital(role: &str) -> Bench {
    let mut bench = Bench::new("time,user,action,patient").staff(14, role, "ward 1");
    let hours = (0..28).filter(|day| day % 7 < 5).flat_map(|day| (8..16).map(move |hour| (day, hour)));
    for (day, hour, user) in hours.flat_map(|(day, hour)| (1..=12).map(move |user| (day, hour, user))) {
        for record in 0..3 + (user + hour + day) % 3 {
            bench.access(format_args!("{},u{user},read,p{user}-{day}-{hour}-{record}", on(day, hour, record * 9)));
        }
    }
    bench
}

/// So many records more by `user` within an hour.
fn burst(mut bench: Bench, user: &str, day: i64, hour: i64, records: i64) -> Bench {
    for record in 0..records {
        bench.access(format_args!("{},{user},read,q{record}", on(day, hour, record * 59 / records)));
    }
    bench
}

#[test]
fn a_hundred_records_in_an_hour_are_told_with_what_is_usual() {
    let told = burst(hospital("nurse"), "u3", 9, 10, 100).signs(10);
    assert_eq!(told.len(), 2, "hour and day: {told:?}");
    assert!(
        told[0].starts_with("0 u3 ") && told[0].contains("104 different records in an hour; usual 4, peers at most"),
        "{}",
        told[0]
    );
    assert!(told[1].contains("different records on one day; usual 32, peers at most"), "{}", told[1]);
}

#[test]
fn the_records_of_a_volume_are_parts_of_the_case() {
    let (_, _, signs) = burst(hospital("nurse"), "u3", 9, 10, 100).run();
    let parts = signs
        .iter()
        .filter(|sign| sign.scenario.0 == 10 && sign.level == super::super::gather::PART && sign.rows.len() == 1);
    assert!(parts.count() >= 100);
}

#[test]
fn ordinary_hours_and_a_busy_one_are_none() {
    assert!(hospital("nurse").signs(10).is_empty());
    assert!(burst(hospital("nurse"), "u3", 9, 10, 5).signs(10).is_empty());
}

#[test]
fn a_role_in_which_others_open_as_many_decides() {
    let mut bench = hospital("records");
    for (user, day) in [(4, 7), (5, 8), (6, 9), (7, 10), (8, 11)] {
        bench = burst(bench, &format!("u{user}"), day, 11, 100);
    }
    assert!(bench.signs(10).iter().all(|sign| !sign.contains("in an hour")), "each of them has peers with as many");
}

#[test]
fn with_reasons_it_is_another_level() {
    let mut orders = "patient,time,ordered_by\n".to_owned();
    for record in 0..100 {
        let _ = writeln!(orders, "q{record},{},u3", on(9, 8, 0));
    }
    let bench = burst(hospital("clerk"), "u3", 9, 10, 100).table(Table::Orders, orders);
    assert_eq!(bench.who(10), ["u3:2", "u3:3"]);
}

#[test]
fn entering_what_happened_in_a_downtime_makes_no_volume() {
    let mut orders = "patient,time,ordered_by\n".to_owned();
    for record in 0..100 {
        let _ = writeln!(orders, "q{record},{},u3", on(9, 2, 0));
    }
    let declared = format!("kind,start,end\ndowntime,{},{}\n", on(9, 1, 0), on(9, 9, 0));
    let bench =
        burst(hospital("clerk"), "u3", 9, 10, 100).table(Table::Orders, orders).table(Table::Declared, declared);
    assert!(bench.signs(10).is_empty());
}

#[test]
fn the_hour_that_comes_twice_in_autumn_is_two_hours() {
    // 2026-10-25: half past two at +02:00 and again at +01:00; eight records of one nurse in each are no sixteen
    let mut bench = Bench::new("time,user,action,patient").staff(6, "nurse", "ward 1");
    for (day, user, record) in
        (1..=25).flat_map(|day| (1..=6).flat_map(move |user| (0..8).map(move |record| (day, user, record))))
    {
        let hours: &[&str] = if day == 25 && user == 1 { &["+02:00", "+01:00"] } else { &["+02:00"] };
        for offset in hours {
            let minute = record * 7;
            bench.access(format_args!(
                "2026-10-{day:02}T02:{minute:02}:00{offset},u{user},read,p{user}-{day}-{record}-{offset}"
            ));
        }
    }
    assert!(bench.signs(10).is_empty());
}
