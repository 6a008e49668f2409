//! S16 on paper: prints, bulk requests and destinations.

use std::fmt::Write as _;

use crate::form::Table;
use crate::scenario::bench::{Bench, on};

/// Ten nurses who print up to two records on each of 28 days.
fn hospital() -> Bench {
    let mut bench = Bench::new("time,user,action,patient,object").staff(10, "nurse", "ward 1");
    for (day, user) in (0..28).flat_map(|day| (1..=10).map(move |user| (day, user))) {
        for print in 0..=(user + day) % 3 {
            let action = if print == 0 { "read" } else { "print" };
            bench.access(format_args!("{},u{user},{action},p{user}{day}{print},", on(day, 9, user)));
        }
    }
    bench
}

fn take(mut bench: Bench, user: &str, action: &str, records: i64) -> Bench {
    for record in 0..records {
        bench.access(format_args!("{},{user},{action},q{record},", on(12, 21, record)));
    }
    bench
}

#[test]
fn thirty_prints_on_a_day_are_told_with_what_is_usual() {
    let told = take(hospital(), "u4", "print", 30).signs(16);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("0 u4 ")
            && told[0].contains("prints, exports and disclosures on one day; usual 1, peers at most 3."),
        "{}",
        told[0]
    );
}

#[test]
fn a_few_prints_more_and_reading_are_none() {
    assert!(take(hospital(), "u4", "print", 6).signs(16).is_empty());
    assert!(take(hospital(), "u4", "read", 50).signs(16).is_empty());
}

#[test]
fn an_export_that_was_asked_for_is_another_level() {
    let mut messages = "time,patient,to_pool\n".to_owned();
    for record in 0..30 {
        let _ = writeln!(messages, "{},q{record},ward 1", on(11, 9, 0));
    }
    assert_eq!(take(hospital(), "u4", "export", 30).table(Table::Messages, messages).who(16), ["u4:1"]);
}

#[test]
fn records_staff_who_all_release_as_many_are_at_work() {
    let mut bench = Bench::new("time,user,action,patient,object").staff(6, "records", "him");
    for (day, user) in (0..28).flat_map(|day| (1..=6).map(move |user| (day, user))) {
        for print in 0..40 + (user * 7 + day) % 9 {
            bench.access(format_args!("{},u{user},disclose,p{user}-{day}-{print},", on(day, 9, print)));
        }
    }
    assert!(bench.signs(16).is_empty());
}

#[test]
fn a_request_for_everybody_is_told_and_one_for_a_page_is_not() {
    let rows =
        [(1, "Patient?_count=5000"), (2, "Group/7/$export"), (3, "Patient?_count=50"), (4, "Observation?name=_count")];
    let rows = rows.map(|(user, object)| format!("{},u{user},search,,{object}", on(12, 9, user))).join("\n");
    assert_eq!(hospital().lines(&rows).who(16), ["u1:2", "u2:2"]);
}

#[test]
fn interfaces_that_all_ask_for_everybody_are_at_work() {
    let rows =
        (1..=4).map(|user| format!("{},u{user},search,,Patient?_count=5000\n", on(12, 9, user))).collect::<String>();
    assert!(hospital().lines(&rows).signs(16).is_empty());
}

fn moves(users: &[(i64, i64)], destination: &str) -> String {
    let rows =
        users.iter().map(|(user, hour)| format!("{},u{user},read,q1,C-MOVE dest={destination}\n", on(12, *hour, 0)));
    rows.collect()
}

#[test]
fn images_for_a_destination_that_nobody_knows_are_told() {
    let told = hospital().lines(&moves(&[(1, 9), (1, 10)], "ROGUE")).signs(16);
    assert_eq!(told.len(), 2);
    assert!(
        told[0].contains("a destination that is not known (C-MOVE dest=ROGUE): 2 times by u1, 0 times by 0 others."),
        "{}",
        told[0]
    );
}

#[test]
fn a_destination_that_others_use_or_that_is_listed_is_known() {
    assert!(hospital().lines(&moves(&[(1, 9), (2, 10), (3, 11)], "ARCHIVE")).signs(16).is_empty());
    let listed = |name: &str| {
        hospital().set(|settings| settings.known_destinations = vec![name.to_owned()]).lines(&moves(&[(1, 9)], "ROGUE"))
    };
    assert!(listed("rogue").signs(16).is_empty());
    assert_eq!(listed("PACS").who(16), ["u1:3"]);
}
