//! S13 on paper: a ward with a roster, and who is not where they are expected.

use std::fmt::Write as _;

use crate::form::Table;
use crate::scenario::bench::{Bench, on};

const COLUMNS: &str = "time,user,action,patient,workstation,ip,application,location";

/// Six nurses with morning shifts on working days of four weeks, each at the ward's two workstations and an own one.
fn hospital() -> Bench {
    let mut shifts = "user,start,end,unit\n".to_owned();
    let mut bench = Bench::new(COLUMNS).staff(6, "nurse", "ward 1");
    for day in (0..28).filter(|day| day % 7 < 5) {
        for user in 1..=6 {
            let _ = writeln!(shifts, "u{user},{},{},W1", on(day, 6, 0), on(day, 14, 0));
            for (hour, workstation) in [(8, "W1-A".to_owned()), (10, "W1-B".to_owned()), (12, format!("OWN-{user}"))] {
                bench.access(format_args!(
                    "{},u{user},read,p{user}{day},{workstation},10.1.1.{user},EHR,A/W1",
                    on(day, hour, user)
                ));
            }
        }
    }
    bench.table(Table::Shifts, shifts)
}

fn ordered(patient: &str) -> String {
    format!("patient,time,ordered_by\n{patient},{},u1\n", on(8, 8, 0))
}

#[test]
fn an_ordinary_month_has_no_signs() {
    assert_eq!(hospital().who(13), Vec::<String>::new());
}

#[test]
fn an_access_away_from_every_shift_is_told() {
    let bench = hospital().lines(&format!("{},u1,read,x,W1-A,10.1.1.1,EHR,A/W1", on(9, 20, 30)));
    assert_eq!(
        bench.signs(13),
        ["0 u1 [361]: u1 was not on shift: the nearest shift in the roster was 6.5 hours away."]
    );
}

#[test]
fn a_day_of_work_that_the_roster_does_not_have_is_no_oddity_but_one_patient_does_not_make_a_day() {
    let day = |patients: std::ops::Range<i64>| {
        let written =
            patients.map(|patient| format!("{},u1,update,y{patient},W1-A,10.1.1.1,EHR,A/W1", on(9, 19, patient)));
        let read = format!("{},u1,read,x,W1-A,10.1.1.1,EHR,A/W1", on(9, 20, 30));
        hospital().lines(&written.chain([read]).collect::<Vec<_>>().join("\n")).who(13)
    };
    assert_eq!(day(0..1), ["u1:0"]);
    assert_eq!(day(0..3), Vec::<String>::new());
}

#[test]
fn a_late_note_and_a_night_on_call_are_at_work() {
    let call = format!("user,start,end,unit\nu2,{},{},on-call\n", on(9, 18, 0), on(10, 6, 0));
    let rows = format!("{},u1,read,x,W1-A,,,\n{},u2,read,x,W1-A,,,", on(9, 14, 25), on(9, 23, 0));
    assert_eq!(hospital().table(Table::Shifts, call).lines(&rows).who(13), Vec::<String>::new());
}

#[test]
fn who_has_no_roster_or_no_shift_that_week_cannot_be_off_it() {
    let bench = hospital().table(Table::Staff, "user,role,department\nagency,nurse,ward 1\n");
    let rows = format!("{},agency,read,x,W1-A,,,\n{},u1,read,x,W1-A,,,", on(9, 20, 30), on(36, 20, 0));
    assert_eq!(bench.lines(&rows).who(13), Vec::<String>::new());
}

#[test]
fn with_a_reason_it_is_told_once_a_day_and_only_far_from_every_shift() {
    let bench = hospital().table(Table::Orders, ordered("x"));
    let rows = [(9, 16), (9, 20), (9, 21)]
        .map(|(day, hour)| format!("{},u1,read,x,W1-A,10.1.1.1,EHR,A/W1", on(day, hour, 0)))
        .join("\n");
    assert_eq!(bench.lines(&rows).who(13), ["u1:1"]);
}

#[test]
fn where_the_roster_was_silent_nobody_is_off_it() {
    let mut shifts = "user,start,end,unit\n".to_owned();
    let mut bench = Bench::new(COLUMNS).staff(20, "nurse", "ward 1");
    for day in (0..28).filter(|day| !(14..17).contains(day)) {
        for user in 1..=20 {
            let _ = writeln!(shifts, "u{user},{},{},W1", on(day, 6, 0), on(day, 14, 0));
        }
    }
    for day in 0..28 {
        bench.access(format_args!("{},u1,read,p{day},,,,", on(day, 8, 0)));
    }
    assert_eq!(bench.table(Table::Shifts, shifts).who(13), Vec::<String>::new());
}

#[test]
fn a_workstation_and_a_network_that_no_peer_uses_are_told() {
    let bench = hospital().lines(&format!("{},u1,read,x,BILLING-7,10.9.9.9,EHR,A/W1", on(15, 9, 0)));
    let told = bench.signs(13);
    assert_eq!(told.len(), 2);
    assert_eq!(
        told[0],
        "2 u1 [361]: The workstation (BILLING-7) was new for u1: u1 had used 3 others before, colleagues of the same role or department never used this one."
    );
    assert!(told[1].starts_with("3 u1 [361]: The network (10.9.9.9)"), "{}", told[1]);
}

#[test]
fn a_float_nurse_at_a_workstation_of_her_peers_is_at_work() {
    let others =
        (0..3).map(|day| format!("{},v1,read,y{day},W9-A,10.1.9.1,EHR,A/W9\n", on(day, 9, 0))).collect::<String>();
    let bench = hospital().table(Table::Staff, "user,role,department\nv1,nurse,ward 9\n").lines(&others);
    let bench = bench.lines(&format!("{},u1,read,x,W9-A,10.1.9.1,EHR,A/W9", on(15, 9, 0)));
    assert_eq!(
        bench.who(13).iter().filter(|who| who.starts_with("u1")).count(),
        0,
        "v1 is a nurse too, of another ward"
    );
}

#[test]
fn of_somebody_whom_the_staff_list_does_not_know_no_place_is_strange() {
    let days =
        (0..10).map(|day| format!("{},temp,read,y{day},T-1,10.1.1.1,EHR,A/W1\n", on(day, 9, 0))).collect::<String>();
    let bench = hospital().lines(&days).lines(&format!("{},temp,read,x,BILLING-7,10.9.9.9,EHR,A/W1", on(15, 9, 0)));
    assert_eq!(bench.who(13), Vec::<String>::new());
}

#[test]
fn a_new_workstation_of_the_whole_ward_is_none() {
    let rows = (1..=3)
        .map(|user| format!("{},u{user},read,x{user},NEW-1,10.1.1.1,EHR,A/W1\n", on(15, 9, user)))
        .collect::<String>();
    assert_eq!(hospital().lines(&rows).who(13), Vec::<String>::new());
}

#[test]
fn nobody_is_in_two_cities_within_an_hour() {
    let rows = format!(
        "{},u1,read,x,,,VPN,\"geo:52.52,13.405\"\n{},u1,read,x,,,VPN,\"geo:48.137,11.575;u=20000\"",
        on(15, 9, 0),
        on(15, 9, 20)
    );
    let told = hospital().lines(&rows).signs(13);
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("4 u1 [361, 362]: Between two accesses of u1 lie 48"), "{}", told[0]);
}

#[test]
fn a_train_and_a_nearby_address_are_no_flight() {
    let rows = format!(
        "{},u1,read,x,,,VPN,\"geo:52.52,13.405\"\n{},u1,read,x,,,VPN,\"geo:48.137,11.575\"",
        on(15, 8, 0),
        on(15, 12, 20)
    );
    assert_eq!(hospital().lines(&rows).who(13), Vec::<String>::new());
    let rows = format!(
        "{},u1,read,x,,,VPN,\"geo:52.52,13.405\"\n{},u1,read,x,,,VPN,\"geo:52.9,13.405\"",
        on(15, 9, 0),
        on(15, 9, 1)
    );
    assert_eq!(hospital().lines(&rows).who(13), Vec::<String>::new());
}

#[test]
fn two_buildings_within_a_minute_are_told_unless_others_walk_as_fast() {
    let walk = |user: i64| {
        format!(
            "{},u{user},read,x,W1-A,10.1.1.1,EHR,A/W1\n{},u{user},read,x,W1-B,10.1.1.1,EHR,B/OR\n",
            on(15, 9, user),
            on(15, 9, user + 1)
        )
    };
    assert_eq!(hospital().lines(&walk(1)).who(13), ["u1:5"]);
    let all = (1..=5).map(walk).collect::<String>();
    assert_eq!(hospital().lines(&all).who(13), Vec::<String>::new());
}

#[test]
fn somebody_at_home_is_in_no_building() {
    let rows = format!(
        "{},u1,read,x,W1-A,10.1.1.1,EHR,A/W1\n{},u1,read,x,W1-B,10.1.1.1,EHR remote,B/OR",
        on(15, 9, 0),
        on(15, 9, 1)
    );
    assert_eq!(hospital().lines(&rows).who(13), Vec::<String>::new());
}

#[test]
fn a_country_where_nobody_else_works_from_is_told_and_a_home_of_several_days_is_not() {
    let at_home = |user: usize, day: i64| {
        format!("{},u{user},read,h{user}{day},PC-{user},10.200.{user}.9,EHR,\"geo:53.5,10.0\"\n", on(day, 19, 0))
    };
    let home = (1..=5).map(|user| at_home(user, 2)).collect::<String>();
    let abroad = format!("{},u1,read,x,PC-1,10.200.1.9,EHR,\"geo:40.9,-73.9\"\n", on(15, 3, 0));
    let far = |bench: Bench| bench.who(13).into_iter().filter(|who| who.ends_with(":6")).collect::<Vec<_>>();
    assert_eq!(far(hospital().lines(&home).lines(&abroad)), ["u1:6"]);
    let again = format!("{},u1,read,y,PC-1,10.200.1.9,EHR,\"geo:40.9,-73.9\"\n", on(20, 3, 0));
    assert_eq!(far(hospital().lines(&home).lines(&abroad).lines(&again)), Vec::<String>::new());
}
