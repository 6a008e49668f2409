//! What the scenarios cost. Ignored, since time decides nothing: `cargo test -p cordon-privacy --lib scenario::speed -- --ignored --nocapture`.

use std::time::Instant;

use super::bench::{Bench, explain, on};
use super::{Seen, all};
use crate::form::{Access, Moment, Table};
use crate::names::NONE;

const ACCESSES: u32 = 2_000_000;
const USERS: u32 = 2_000;
const PATIENTS: u32 = 40_000;

/// A generator of numbers below a bound (splitmix64, Steele and others 2014).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((mixed ^ mixed >> 31) % u64::from(bound)).unwrap()
    }
}

fn hospital() -> Bench {
    let staff: String =
        (0..USERS).map(|user| format!("u{user},S{},role{},d{},\n", user % 900, user % 20, user % 40)).collect();
    let patients: String = (0..PATIENTS).map(|patient| format!("p{patient},S{},\n", patient % 5_000)).collect();
    // of each patient's group of users (one of 40) five order something for them
    let ordered_by = |order: u32| order / 5 / 1_000 + 40 * (5 * (order / 5 % 10) + order % 5);
    let orders: String =
        (0..PATIENTS * 5).map(|order| format!("p{},{},u{}\n", order / 5, on(0, 8, 0), ordered_by(order))).collect();
    let shifts: String = (0..USERS * 20)
        .map(|shift| {
            format!("u{},{},{},W\n", shift / 20, on(i64::from(shift % 20), 7, 0), on(i64::from(shift % 20), 19, 0))
        })
        .collect();
    Bench::new("time,user,action,patient")
        .table(Table::Staff, format!("user,surname,role,department,employed_to\n{staff}"))
        .table(Table::Patients, format!("patient,surname,flags\n{patients}"))
        .table(Table::Orders, format!("patient,time,ordered_by\n{orders}"))
        .table(Table::Shifts, format!("user,start,end,unit\n{shifts}"))
}

#[test]
#[ignore = "measures time"]
fn nanoseconds_for_each_access() {
    let (mut world, _) = hospital().read();
    let texts: Vec<u32> = (0..400).map(|number| world.texts.number(&format!("text {number}"))).collect();
    let places: Vec<u32> = (0..200).map(|number| world.texts.number(&format!("B{}/W{number}", number % 8))).collect();
    let addresses: Vec<u32> =
        (0..800).map(|number| world.texts.number(&format!("10.1.{}.{}", number / 200, number % 200))).collect();
    let mut numbers = Numbers(7);
    let blank = Access::of_bytes(&[0; Access::BYTES]);
    let mut accesses = Vec::new();
    for row in 1..=ACCESSES {
        let user = numbers.below(USERS);
        let patient = if numbers.below(100) < 96 {
            user % 40 * 1_000 + numbers.below(100) * 10 + user / 40 / 5
        } else {
            numbers.below(PATIENTS)
        };
        let at = 1_767_567_600_000 + i64::from(row) * 28 * 86_400_000 / i64::from(ACCESSES);
        let place = user % 150 + numbers.below(3);
        let text = |list: &[u32], place: u32| list[place as usize];
        accesses.push(Access {
            row,
            time: Moment { at, offset_minutes: 60 },
            user,
            patient,
            object: NONE,
            section: text(&texts, numbers.below(15)),
            workstation: text(&texts, 50 + place),
            ip: text(&addresses, place * 5),
            application: text(&texts, 30),
            location: text(&places, place),
            purpose: NONE,
            sequence: row,
            ..blank
        });
    }
    let explained = explain(&mut world, &accesses);
    let without = explained.iter().filter(|explained| explained.marks.is_empty()).count();
    println!("{} % without a reason", 100 * without / explained.len());
    let mut sum = [0.0; 2];
    for mut scenario in all() {
        let mut signs = Vec::new();
        let mut spent = [0.0; 2];
        let each = |began: Instant| began.elapsed().as_secs_f64() * 1e9 / f64::from(ACCESSES);
        let began = Instant::now();
        for (access, explained) in accesses.iter().zip(&explained) {
            scenario.learn(&world, &Seen { access, explained });
        }
        scenario.settle(&world);
        spent[0] = each(began);
        let began = Instant::now();
        for (access, explained) in accesses.iter().zip(&explained) {
            scenario.judge(&world, &Seen { access, explained }, &mut signs);
        }
        scenario.end(&world, &mut signs);
        spent[1] = each(began);
        println!("{}: {:.0} + {:.0} ns, {} signs", scenario.id(), spent[0], spent[1], signs.len());
        sum = [sum[0] + spent[0], sum[1] + spent[1]];
    }
    println!("all: {:.0} + {:.0} ns for each access", sum[0], sum[1]);
}
