//! S20 on paper: a complaint, and the numbers of a log.

use crate::form::Table;
use crate::scenario::bench::{Bench, on};

/// A patient who complains was in until Tuesday noon, cared for by `u1`.
fn hospital() -> Bench {
    let encounters = format!(
        "encounter,patient,start,end\ne1,angry,{},{}\ne2,calm,{},{}\n",
        on(0, 8, 0),
        on(1, 12, 0),
        on(0, 8, 0),
        on(1, 12, 0)
    );
    Bench::new("time,user,action,patient,object,application,sequence")
        .staff(3, "nurse", "ward 1")
        .table(Table::Patients, "patient,flags\nangry,sensitive;complaint\ncalm,\n")
        .table(Table::Encounters, encounters)
        .table(Table::Participants, "encounter,user\ne1,u1\ne2,u1\n")
}

fn write(user: &str, patient: &str, action: &str, object: &str, time: &str) -> Vec<String> {
    hospital().lines(&format!("{time},{user},{action},{patient},{object},EHR,")).signs(20)
}

#[test]
fn a_party_to_a_complaint_who_writes_days_later_is_told() {
    let told = write("u1", "angry", "update", "note 7", &on(4, 12, 0));
    assert_eq!(
        told,
        [
            "0 u1 [1]: u1 took part in what the complaint is about and wrote into the record 72 hours later; notes are usually written within 24 hours."
        ]
    );
    let own_time = format!("note time={}", on(0, 10, 0));
    assert_eq!(
        write("u1", "angry", "create", &own_time, &on(1, 11, 0)).len(),
        1,
        "25 hours after the time of the note"
    );
}

#[test]
fn several_late_notes_in_one_go_and_one_taken_away_are_told_as_that() {
    let rows = |rows: &[(&str, u8, i64)]| {
        let line = |(action, note, minute): &(&str, u8, i64)| {
            format!("{},u1,{action},angry,note {note},EHR,", on(4, 12, *minute))
        };
        let lines = rows.iter().map(line);
        hospital().lines(&lines.collect::<Vec<_>>().join("\n")).who(20)
    };
    assert_eq!(rows(&[("update", 7, 0), ("update", 8, 10)]), ["u1:0", "u1:3"]);
    assert_eq!(rows(&[("delete", 7, 0)]), ["u1:0", "u1:2"]);
    assert_eq!(rows(&[("update", 7, 0), ("update", 7, 10)]), ["u1:0"], "one note, saved twice");
    assert_eq!(rows(&[("update", 7, 0), ("update", 8, 45)]), ["u1:0"], "not in one go");
}

#[test]
fn in_time_by_others_reading_or_without_a_complaint_it_is_none() {
    assert!(write("u1", "angry", "update", "note 7", &on(2, 11, 0)).is_empty());
    assert!(write("u2", "angry", "update", "note 7", &on(4, 12, 0)).is_empty());
    assert!(write("u1", "angry", "read", "note 7", &on(4, 12, 0)).is_empty());
    assert!(write("u1", "calm", "update", "note 7", &on(4, 12, 0)).is_empty());
    assert!(
        write("u1", "angry", "create", &format!("note {}", on(4, 10, 0)), &on(4, 12, 0)).is_empty(),
        "a note of that day"
    );
}

#[test]
fn what_is_entered_after_a_downtime_is_none() {
    let declared = format!("kind,start,end\ndowntime,{},{}\n", on(1, 2, 0), on(2, 20, 0));
    let row = format!("{},u1,create,angry,note,EHR,", on(3, 12, 0));
    assert!(hospital().table(Table::Declared, declared).lines(&row).signs(20).is_empty());
}

/// A log with these numbers.
fn log(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    let mut bench = hospital();
    for (minute, number) in numbers.into_iter().enumerate() {
        bench.access(format_args!("{},u2,read,calm,,EHR,{number}", on(3, 0, i64::try_from(minute).unwrap())));
    }
    bench.signs(20)
}

#[test]
fn numbers_that_are_missing_are_told_of_nobody() {
    assert_eq!(log((1..50).chain(58..200)), ["1  [49, 50]: In the log of EHR 8 numbers are missing from 50 on."]);
    assert_eq!(log((1..50).chain(52..60)).len(), 1, "near the end of the log");
}

#[test]
fn late_rows_repeats_and_a_new_count_are_no_gap() {
    assert!(log([1, 2, 4, 3, 5, 5, 8, 7, 6, 9]).is_empty());
    assert!(log((50_000..50_100).chain(1..100)).is_empty());
    assert!(log((0..100).map(|_| 0)).is_empty(), "no numbers at all");
}

#[test]
fn a_log_that_leaves_out_numbers_by_habit_says_nothing() {
    assert!(log((1..400).map(|number| number * 3)).is_empty());
}
