//! S14 on paper: two workstations at a time, and sections in another order.

use crate::form::{Moment, Table};
use crate::scenario::bench::{Bench, clock, on};

const COLUMNS: &str = "time,user,action,patient,section,workstation,location";

/// `user` is at each workstation in turn, a minute apart; each stands in a ward of its own.
fn visits(bench: &mut Bench, user: &str, from: i64, workstations: &[&str], apart: i64) {
    for (place, workstation) in workstations.iter().enumerate() {
        let at = clock(from + i64::try_from(place).unwrap() * apart);
        bench.access(format_args!("{at},{user},read,p{place},,{workstation},A/{workstation}"));
    }
}

fn overlap(workstations: &[&str], apart: i64) -> Vec<String> {
    let mut bench = Bench::new(COLUMNS).staff(6, "nurse", "ward 1");
    visits(&mut bench, "u1", 600, workstations, apart);
    bench.signs(14)
}

#[test]
fn back_and_forth_within_minutes_is_two_people() {
    let told = overlap(&["A", "B", "A", "B"], 1);
    assert_eq!(
        told,
        [
            "3 u1 [1, 2, 3, 4]: The account of u1 was in use at two workstations at a time: it went back and forth between them twice within 180 seconds (A); 0 others did so between these two."
        ]
    );
}

#[test]
fn back_and_forth_in_one_ward_is_another_sign_than_between_two() {
    let mut bench = Bench::new(COLUMNS).staff(6, "nurse", "ward 1");
    for (second, workstation) in [(0, "A"), (20, "B"), (40, "A"), (60, "B")] {
        let at = Moment { at: 1_767_600_000_000 + second * 1_000, offset_minutes: 60 }.text();
        bench.access(format_args!("{at},u1,read,p{second},,{workstation},A/W1"));
    }
    assert_eq!(bench.who(14), ["u1:0"]);
}

#[test]
fn going_from_room_to_room_and_back_is_one() {
    assert!(overlap(&["A", "B", "C", "D"], 1).is_empty());
    assert!(overlap(&["A", "B", "A", "C"], 1).is_empty());
    assert!(overlap(&["A", "B", "A", "B"], 20).is_empty());
}

#[test]
fn a_session_that_moves_along_is_one() {
    assert!(overlap(&["A", "VDI-7", "A", "VDI-7"], 1).is_empty());
    assert!(overlap(&["TAP-1", "VDI-7", "TAP-1", "VDI-7"], 1).is_empty());
}

#[test]
fn two_workstations_on_one_desk_are_one() {
    let mut bench = Bench::new(COLUMNS).staff(6, "radiologist", "imaging");
    for user in 1..=5 {
        visits(&mut bench, &format!("u{user}"), 600 + user * 60, &["READ-1", "READ-2", "READ-1", "READ-2"], 1);
    }
    assert!(bench.signs(14).is_empty());
}

/// Nurses `u1` to `u3` and physicians `u4` to `u6` who go through the sections as their roles do, fifty steps a day on 20 days; `u1` on the last day as a physician, if `swapped`.
fn readers(swapped: bool) -> Bench {
    let staff = (1..=6).map(|user| format!("u{user},{}\n", if user <= 3 { "nurse" } else { "physician" }));
    let staff: String = std::iter::once("user,role\n".to_owned()).chain(staff).collect();
    let mut bench = Bench::new(COLUMNS).table(Table::Staff, staff);
    let sections = ["notes", "labs", "meds", "vitals", "imaging", "orders", "allergies"];
    for day in 0..20 {
        for user in 1..=6_usize {
            let as_physician = user > 3 || swapped && day == 19 && user == 1;
            let step = if as_physician { 3 } else { 1 };
            for place in 0..50 {
                // one in six goes somewhere else, so that nobody is a clock
                let section = sections[(place * step + usize::from(place % 6 == 0)) % 7];
                let minute = i64::try_from(place).unwrap();
                bench.access(format_args!("{},u{user},read,p{user}{day},{section},W{user},", on(day, 8, minute)));
            }
        }
    }
    bench
}

#[test]
fn work_in_the_order_of_another_role_is_told() {
    let told = readers(true).signs(14);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("2 u1 [") && told[0].contains("49 steps") && told[0].contains("physician"),
        "{}",
        told[0]
    );
}

#[test]
fn sections_in_the_own_order_are_not() {
    assert!(readers(false).signs(14).is_empty());
}

#[test]
fn with_few_days_of_history_nothing_is_said() {
    let mut bench = Bench::new(COLUMNS).staff(2, "nurse", "ward 1");
    for (day, step) in [(0, 1), (1, 1), (2, 3)] {
        for place in 0..50_i64 {
            bench.access(format_args!("{},u1,read,p{day},s{},W1,", on(day, 8, place), place * step % 7));
        }
    }
    assert!(bench.signs(14).is_empty());
}
