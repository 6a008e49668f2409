//! What a review finds does not depend on whose hands do it.

use super::*;
use crate::explain::Explained;
use crate::form::Table;
use crate::scenario::bench::{Bench, on};
use crate::trail::{BATCH, InMemory};

/// Days of the hospital: more than are learnt ahead.
const DAYS: i64 = 40;
const USERS: i64 = 60;
const PATIENTS: i64 = 400;

/// Begins with the last piece.
struct Backwards;

impl Hands for Backwards {
    fn all(&self, works: Vec<Work<'_>>) {
        works.into_iter().rev().for_each(|work| work());
    }
}

/// Every piece on a thread of its own.
struct Together;

impl Hands for Together {
    fn all(&self, works: Vec<Work<'_>>) {
        std::thread::scope(|scope| works.into_iter().for_each(|work| drop(scope.spawn(work))));
    }
}

/// A hospital in which three look after each patient, a fourth treats together with them, some read what is no business of theirs, and a few look at their own family.
fn hospital() -> Bench {
    let person = |number: i64| format!("S{number},Street {number},1,2");
    let staff: String =
        (0..USERS).map(|user| format!("u{user},{},role{},d{}\n", person(user), user % 3, user % 5)).collect();
    let patients: String = (0..PATIENTS).map(|patient| format!("p{patient},{}\n", person(patient))).collect();
    let (mut encounters, mut participants) = (String::new(), String::new());
    for patient in 0..PATIENTS {
        let day = patient % DAYS;
        encounters.push_str(&format!("e{patient},p{patient},{},{}\n", on(day, 0, 0), on(day + 3, 0, 0)));
        (0..3).for_each(|of| participants.push_str(&format!("e{patient},u{}\n", (patient * 3 + of * 6) % USERS)));
    }
    let mut bench = Bench::new("time,user,action,patient,workstation")
        .table(Table::Staff, format!("user,surname,street,house_number,postcode,role,department\n{staff}"))
        .table(Table::Patients, format!("patient,surname,street,house_number,postcode\n{patients}"))
        .table(Table::Encounters, format!("encounter,patient,start,end\n{encounters}"))
        .table(Table::Participants, format!("encounter,user\n{participants}"));
    let count = i64::try_from(3 * BATCH).unwrap();
    for number in 0..count {
        let minute = number * DAYS * 1_440 / count;
        let patient = minute / 1_440 + DAYS * (number % (PATIENTS / DAYS));
        let (user, patient) = match number {
            _ if number % 400 == 0 => (number / 400 % USERS, number / 400 % USERS),
            _ if number % 97 == 0 => (number / 97 % USERS, number % PATIENTS),
            _ => ((patient * 3 + number / 10 % 5 * 6) % USERS, patient),
        };
        let action = if number % 40 == 3 { "print" } else { "read" };
        let time = crate::scenario::bench::clock(minute);
        bench.access(format_args!("{time},u{user},{action},p{patient},W{}", (user + number % 2) % 40));
    }
    bench
}

fn found(bench: &Bench, hands: &dyn Hands) -> (Vec<Explained>, String) {
    let (world, accesses) = bench.read();
    let mut review = Review { world, scenarios: all() };
    let mut trail = InMemory::of(accesses);
    let found = review.run_with(hands, &mut trail, |_, _| {}).unwrap();
    let reasons = found.counts.by_reason.iter().filter(|count| **count > 0).count();
    assert!(!found.cases.is_empty() && reasons >= 3, "{} cases, {:?}", found.cases.len(), found.counts);
    (trail.explained(), serde_json::to_string(&found).unwrap())
}

#[test]
fn what_is_found_does_not_depend_on_the_hands() {
    let bench = hospital();
    let one = found(&bench, &OneHand);
    for hands in [&Backwards as &dyn Hands, &Together] {
        let other = found(&bench, hands);
        assert!(one.0 == other.0, "the reasons differ");
        assert_eq!(one.1, other.1);
    }
}
