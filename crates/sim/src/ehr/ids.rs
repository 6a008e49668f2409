//! How numbers of the simulation become the ids of the files. No id tells what its bearer does in the simulation.

use super::people::NONE;
use super::world::World;
use crate::rng::{index, mix};

/// A prime above every number of staff and workstations.
const SPREAD: u64 = 999_983;

/// Writes ids.
#[derive(Debug)]
pub(crate) struct Ids {
    encounters: Vec<u32>,
    patients: u32,
}

impl Ids {
    /// Encounters are numbered by their begin.
    pub(crate) fn new(world: &World) -> Self {
        let mut order: Vec<(i64, u64, u32)> =
            world.care.encounters.numbered().map(|(n, row)| (row.start, mix(u64::from(row.patient)), n)).collect();
        order.sort_unstable();
        let mut encounters = vec![0; order.len()];
        for (rank, (_, _, n)) in (0u32..).zip(order) {
            if let Some(place) = encounters.get_mut(n as usize) {
                *place = rank;
            }
        }
        Self { encounters, patients: index(world.people.patients.rows().len()) }
    }

    pub(crate) fn user(&self, user: u32) -> String {
        optional(user, |n| format!("u{:06}", (n * 48_271 + 12_345) % SPREAD))
    }

    /// Medical record numbers grow with registration.
    pub(crate) fn patient(&self, patient: u32) -> String {
        optional(patient, |n| format!("{}", 2_000_000 + n * 3 + mix(n) % 3))
    }

    /// Whose person it is: a patient, or a member of staff who is none.
    pub(crate) fn person(&self, patient: u32, staff: u32) -> String {
        let n = if patient == NONE { u64::from(self.patients) + u64::from(staff) } else { u64::from(patient) };
        format!("P{:010}", n.wrapping_mul(0x9E37_79B1) & 0x3FFF_FFFF)
    }

    pub(crate) fn encounter(&self, encounter: u32) -> String {
        let rank = self.encounters.get(encounter as usize).copied();
        rank.map_or_else(String::new, |rank| format!("E{}", 5_000_000 + u64::from(rank)))
    }

    pub(crate) fn workstation(&self, workstation: u32) -> String {
        format!("WS{:06}", (u64::from(workstation) * 31_337 + 4_711) % SPREAD)
    }

    pub(crate) fn laptop(&self, staff: u32) -> String {
        format!("LT{:06}", (u64::from(staff) * 16_807 + 99) % SPREAD)
    }
}

fn optional(n: u32, text: impl Fn(u64) -> String) -> String {
    if n == NONE { String::new() } else { text(u64::from(n)) }
}
