//! S11, sweep: twenty or more records within ten minutes in the order of a list: of patient numbers, of names, or of somebody's appointments; at least half of them without
//! a reason.
//!
//! The order is measured by Kendall's tau-b (M. G. Kendall, "The treatment of ties in ranking problems", 1945) between the order of opening and that of the list, upwards or
//! downwards, above 0.8. A round over own patients has reasons, so it is none. Memory: the last [`KEPT_MAX`] records of each user within ten minutes, 24 bytes each.

use std::cmp::Ordering;
use std::collections::VecDeque;

use super::gather::{Gather, PART, Said};
use super::{Base, Family, Id, Scenario, Seen, Sign, Weight, of_user};
use crate::form::{Access, DAY, MINUTE};
use crate::names::NONE;
use crate::world::World;

pub(super) const ID: Id = Id(11);
const BY_NUMBER: u8 = 0;
const BY_NAME: u8 = 1;
const BY_APPOINTMENT: u8 = 2;
const WITHIN: i64 = 10 * MINUTE;
const RECORDS_MIN: usize = 20;
const KEPT_MAX: usize = 64;
const TAU_MIN: f64 = 0.8;
/// New records after which the order is looked at again.
const AGAIN_AFTER: u8 = 4;
/// Share of pairs that must not be ties for an order to be one.
const UNTIED_MIN: f64 = 0.5;

#[derive(Clone, Copy, Debug)]
struct Opened {
    access_row: u32,
    patient: u32,
    at: i64,
    no_reason: bool,
}

/// What a user opened of late.
#[derive(Debug, Default)]
struct Recent {
    opened: VecDeque<Opened>,
    since_look: u8,
    sweep: Option<(Gather, u8, f64)>,
}

#[derive(Debug, Default)]
pub(super) struct Sweep {
    recent: Vec<Recent>,
}

impl Scenario for Sweep {
    fn id(&self) -> Id {
        ID
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        let access = seen.access;
        if access.patient == NONE {
            return;
        }
        let Some(recent) = of_user(&mut self.recent, access.user) else { return };
        while recent.opened.front().is_some_and(|first| access.time.at - first.at > WITHIN) {
            recent.opened.pop_front();
        }
        if recent.opened.iter().rev().any(|opened| opened.patient == access.patient) {
            return;
        }
        if recent.opened.len() == KEPT_MAX {
            recent.opened.pop_front();
        }
        recent.opened.push_back(Opened {
            access_row: access.row,
            patient: access.patient,
            at: access.time.at,
            no_reason: seen.has_no_reason(),
        });
        if recent.opened.len() < RECORDS_MIN {
            give(recent.sweep.take(), signs);
            return;
        }
        recent.go_on(world, seen);
    }

    fn end(&mut self, _world: &World, signs: &mut Vec<Sign>) {
        for recent in &mut self.recent {
            give(recent.sweep.take(), signs);
        }
    }

    fn weight(&self, level: u8) -> Weight {
        let when_improper = if level == PART { 0.0 } else { 0.2 };
        Weight { family: Family::Volume, base: Base::UserDay, when_improper }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let [count, tau, _] = sign.facts;
        let list = match u8::try_from(sign.other).unwrap_or(BY_NUMBER) {
            BY_NUMBER => "patient numbers",
            BY_NAME => "surnames",
            _ => "another person's appointments",
        };
        let user = world.name_of(sign.user);
        format!(
            "{user} opened {count:.0} records one after the other in the order of {list} (rank correlation {tau:.2}), twenty or more of them in ten minutes."
        )
    }
}

impl Recent {
    /// Goes on with a sweep, or looks whether one has begun.
    fn go_on(&mut self, world: &World, seen: &Seen<'_>) {
        if let Some((gather, ..)) = &mut self.sweep {
            gather.add(seen);
            return;
        }
        self.since_look = self.since_look.saturating_add(1);
        let without_reason = self.opened.iter().filter(|opened| opened.no_reason).count();
        if without_reason * 2 < self.opened.len() || (self.opened.len() > RECORDS_MIN && self.since_look < AGAIN_AFTER)
        {
            return;
        }
        self.since_look = 0;
        if let Some((level, tau)) = self.order(world, seen.access.user) {
            self.sweep = Some((self.gathered(seen.access), level, tau));
        }
    }

    /// The list, if any, that the records are in the order of.
    fn order(&self, world: &World, user: u32) -> Option<(u8, f64)> {
        let ids: Vec<&str> = self.opened.iter().map(|opened| world.patient_ids.text(opened.patient)).collect();
        let tau = tau(&ids, |one, other| natural(one, other));
        if tau.abs() > TAU_MIN {
            return Some((BY_NUMBER, tau));
        }
        let names: Vec<&str> = self.opened.iter().map(|opened| surname(world, opened.patient)).collect();
        let tau_of_names = self::tau(&names, |one, other| one.cmp(other));
        if names.iter().all(|name| !name.is_empty()) && tau_of_names.abs() > TAU_MIN {
            return Some((BY_NAME, tau_of_names));
        }
        let times: Option<Vec<i64>> = self.opened.iter().map(|opened| appointment(world, opened, user)).collect();
        let tau_of_times = self::tau(&times?, Ord::cmp);
        (tau_of_times.abs() > TAU_MIN).then_some((BY_APPOINTMENT, tau_of_times))
    }

    fn gathered(&self, access: &Access) -> Gather {
        let mut gather = Gather::at(access);
        for opened in &self.opened {
            gather.count += 1;
            gather.no_reason += u32::from(opened.no_reason);
            gather.members.push(super::gather::Member {
                row: opened.access_row,
                patient: opened.patient,
                no_reason: opened.no_reason,
            });
        }
        gather
    }
}

fn give(sweep: Option<(Gather, u8, f64)>, signs: &mut Vec<Sign>) {
    let Some((mut gather, level, tau)) = sweep else { return };
    let facts = [f64::from(gather.count), tau.abs(), 0.0];
    gather.only_without_reason();
    gather.give(&Said { scenario: ID, level, facts, other: u32::from(level), proofs: Vec::new() }, signs);
}

fn surname(world: &World, patient: u32) -> &str {
    world.patient(patient).map_or("", |patient| world.texts.text(patient.identity.surname))
}

/// The appointment of a patient, with somebody else, that is nearest to the day.
fn appointment(world: &World, opened: &Opened, user: u32) -> Option<i64> {
    let of_user = crate::explain::care_of(world, opened.patient, user);
    let bookings =
        world.bookings.of_number(opened.patient).iter().filter(|booking| (booking.start - opened.at).abs() <= DAY);
    bookings
        .filter(|booking| of_user.iter().all(|care| care.proof != booking.proof))
        .map(|booking| booking.start)
        .min_by_key(|start| (start - opened.at).abs())
}

/// Kendall's tau-b between places in the list and their order; 0 when more than half of the pairs are ties.
fn tau<T>(items: &[T], order: impl Fn(&T, &T) -> Ordering) -> f64 {
    let (mut upwards, mut downwards, mut pairs) = (0_u32, 0_u32, 0_u32);
    for (place, one) in items.iter().enumerate() {
        for other in items.iter().skip(place + 1) {
            pairs += 1;
            match order(one, other) {
                Ordering::Less => upwards += 1,
                Ordering::Greater => downwards += 1,
                Ordering::Equal => {}
            }
        }
    }
    let untied = f64::from(upwards + downwards);
    if pairs == 0 || untied < UNTIED_MIN * f64::from(pairs) {
        return 0.0;
    }
    (f64::from(upwards) - f64::from(downwards)) / libm::sqrt(untied * f64::from(pairs))
}

/// Ids in the order of a list: runs of digits by their number, the rest by its letters.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    while !one.is_empty() && !other.is_empty() {
        let (first, second) = (run(&mut one), run(&mut other));
        let by_number = is_number(first) && is_number(second);
        let order = if by_number { (first.len(), first).cmp(&(second.len(), second)) } else { first.cmp(second) };
        if order != Ordering::Equal {
            return order;
        }
    }
    one.len().cmp(&other.len())
}

fn is_number(run: &[u8]) -> bool {
    run.first().is_none_or(u8::is_ascii_digit)
}

/// Takes the first run of digits (zeros before it left away) or of other bytes.
fn run<'a>(from: &mut &'a [u8]) -> &'a [u8] {
    let digits = is_number(from);
    let length = from.iter().take_while(|byte| byte.is_ascii_digit() == digits).count();
    let (run, rest) = from.split_at_checked(length).unwrap_or((from, &[]));
    *from = rest;
    let zeros = if digits { run.iter().take_while(|byte| **byte == b'0').count() } else { 0 };
    run.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod order_tests {
    use super::*;

    #[test]
    fn numbers_are_ordered_as_numbers() {
        for (one, other) in [("P2", "P10"), ("P009", "P10"), ("A-1-2", "A-1-10"), ("P1", "P1x")] {
            assert_eq!(
                (natural(one, other), natural(other, one)),
                (Ordering::Less, Ordering::Greater),
                "{one} {other}"
            );
        }
        assert_eq!(natural("P01", "P1"), Ordering::Equal);
    }

    #[test]
    fn tau_is_one_for_a_list_and_minus_one_backwards() {
        assert_eq!(tau(&[1, 2, 3, 4], Ord::cmp), 1.0);
        assert_eq!(tau(&[4, 3, 2, 1], Ord::cmp), -1.0);
        assert!((tau(&[1, 3, 2, 4], Ord::cmp) - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(tau(&[1, 1, 1, 1, 2], Ord::cmp), 0.0, "mostly ties are no order");
    }
}

#[cfg(test)]
mod tests;
