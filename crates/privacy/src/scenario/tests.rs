//! What holds for all scenarios together.

use proptest::prelude::*;

use super::bench::{Bench, explain, on, walk};
use super::{Base, all};
use crate::form::{Access, Action, Moment, Outcome, Table};
use crate::names::NONE;
use crate::world::World;

#[test]
fn every_scenario_is_there_once_but_the_serial_one() {
    let mut ids: Vec<u8> = all().iter().map(|scenario| scenario.id().0).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..=20).filter(|id| *id != 19).collect::<Vec<u8>>());
}

#[test]
fn a_part_of_a_sign_weighs_nothing() {
    for scenario in all().iter().filter(|scenario| [10, 11, 13, 15, 16].contains(&scenario.id().0)) {
        let weight = scenario.weight(super::gather::PART);
        assert_eq!((weight.when_improper, weight.base), (0.0, Base::UserDay), "{}", scenario.id());
    }
}

/// A hospital in which a little of everything stands.
fn hospital() -> Bench {
    let staff = "user,surname,given,birth_date,street,house_number,postcode,role,department,employed_to\nu0,A,B,1980-01-01,Weg,1,1,nurse,w1,\nu1,C,D,1981-01-01,Weg,2,1,nurse,w1,2026-01-08\nu2,E,F,1982-01-01,Weg,3,1,records,him,\n";
    let patients = "patient,surname,given,birth_date,death_time,street,house_number,postcode,flags\np0,A,X,2000-01-01,,Weg,1,1,VIP;complaint\np1,C,D,1981-01-01,2025-01-01,Weg,2,1,employee\np2,Z,Z,,,,,,sensitive\n";
    Bench::new("time,user,action,patient,object,section,workstation,ip,application,location,sequence")
        .table(Table::Staff, staff)
        .table(Table::Patients, patients)
        .table(Table::Shifts, format!("user,start,end,unit\nu0,{},{},w1\n", on(1, 8, 0), on(1, 16, 0)))
        .table(
            Table::Encounters,
            format!("encounter,patient,start,end,department,unit\ne,p0,{},{},w1,w1\n", on(0, 0, 0), on(1, 0, 0)),
        )
        .table(Table::Participants, "encounter,user\ne,u0\n")
}

/// Texts that accesses refer to, so that arbitrary numbers mean something.
fn texts(world: &mut World) -> Vec<u32> {
    let texts = [
        "C-MOVE dest=X",
        "$export",
        "_count=99999999999999999999",
        "name:A, B",
        "geo:1,2",
        "geo:80,170",
        "A/W1",
        "B/W2",
        "geo:",
        "10.0.0.1",
        "::1",
        "psych",
        "é",
        "2026-01-06T10:00:00Z",
    ];
    let mut numbers: Vec<u32> = texts.iter().map(|text| world.texts.number(text)).collect();
    numbers.push(NONE);
    numbers
}

prop_compose! {
    fn arbitrary()(
        at in prop_oneof![Just(-8_000_000_000_000_000_i64), Just(8_000_000_000_000_000_i64), 1_767_567_600_000_i64..1_768_567_600_000],
        offset_minutes in -1_559..1_559_i16,
        user in 0..4_u32,
        patient in prop_oneof![0..5_u32, Just(NONE)],
        texts in prop::array::uniform8(0..15_usize),
        sequence in prop_oneof![0..50_u32, any::<u32>()],
        action in 0..8_u8,
        denied: bool,
        break_glass: bool,
    ) -> (Access, [usize; 8]) {
        let bytes = {
            let access = Access {
                row: 0, time: Moment { at, offset_minutes }, user, patient, object: NONE, section: NONE, workstation: NONE, ip: NONE, application: NONE, location: NONE,
                purpose: NONE, sequence, action: Action::Read, outcome: if denied { Outcome::Denied } else { Outcome::Success }, break_glass,
            };
            let mut bytes = access.to_bytes();
            bytes[58] = action;
            bytes
        };
        (Access::of_bytes(&bytes), texts)
    }
}

proptest! {
    #[test]
    fn no_accesses_make_a_scenario_panic_and_their_signs_repeat(rows in prop::collection::vec(arbitrary(), 0..300)) {
        let once = || {
            let (mut world, _) = hospital().read();
            world.users.number("u3");
            let numbers = texts(&mut world);
            let mut accesses: Vec<Access> = rows.iter().zip(1..).map(|((access, texts), row)| {
                let text = |place: usize| numbers[texts[place]];
                Access { row, object: text(0), section: text(1), workstation: text(2), ip: text(3), application: text(4), location: text(5), purpose: text(6), ..*access }
            }).collect();
            accesses.sort_by_key(|access| (access.time.at, access.row));
            let explained = explain(&mut world, &accesses);
            let mut scenarios = all();
            let signs = walk(&world, &mut scenarios, &accesses, &explained);
            signs.iter().map(|sign| {
                let scenario = scenarios.iter().find(|scenario| scenario.id() == sign.scenario).unwrap();
                format!("{sign:?} {}", scenario.tell(&world, sign))
            }).collect::<Vec<String>>()
        };
        prop_assert_eq!(once(), once());
    }
}
