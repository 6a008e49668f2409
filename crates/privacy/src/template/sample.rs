//! The accesses that are looked at: all of them, or a fixed part when there are too many; and another patient of the day for each.

use crate::form::DAY;
use crate::names::NONE;
use crate::scenario::Seen;

/// Most accesses that are looked at.
const LOOKS_MAX: usize = 2_000_000;
/// How many places of a day are tried for another patient.
const TRIES_MAX: u64 = 32;

/// An access as it is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub at: i64,
    pub row: u32,
    pub user: u32,
    pub patient: u32,
    /// Whether no reason is found for it.
    pub bare: bool,
}

/// Accesses to records, in order of time.
#[derive(Debug)]
pub(crate) struct Sample {
    looks: Vec<Look>,
    looks_max: usize,
    /// How often the number of rows was halved.
    halvings: u32,
    /// All accesses to records.
    records: u64,
}

impl Sample {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Self { looks: Vec::new(), looks_max: LOOKS_MAX, halvings: 0, records: 0 }
    }

    /// With less room.
    #[cfg(test)]
    pub(super) const fn with_room(looks_max: usize) -> Self {
        Self { looks: Vec::new(), looks_max, halvings: 0, records: 0 }
    }

    /// Takes in the next access.
    pub(crate) fn see(&mut self, seen: &Seen<'_>) {
        let access = seen.access;
        if access.patient == NONE {
            return;
        }
        self.records += 1;
        if !stays(access.row, self.halvings) {
            return;
        }
        self.looks.push(Look {
            at: access.time.at,
            row: access.row,
            user: access.user,
            patient: access.patient,
            bare: seen.has_no_reason(),
        });
        while self.looks.len() > self.looks_max && self.halvings < u32::BITS {
            self.halvings += 1;
            let halvings = self.halvings;
            self.looks.retain(|look| stays(look.row, halvings));
        }
    }

    /// All accesses to records, looked at or not.
    pub(super) const fn records(&self) -> u64 {
        self.records
    }

    /// What is looked at, in order of time.
    pub(super) fn looks(&self) -> &[Look] {
        &self.looks
    }

    /// What has no reason.
    pub(super) fn bare(&self) -> impl Iterator<Item = &Look> {
        self.looks.iter().filter(|look| look.bare)
    }

    /// Each access that is `asked` for with another patient, whom another user opened on the same day (UTC); none where nobody else opened anything.
    pub(super) fn with_others(&self, asked: fn(&Look) -> bool) -> impl Iterator<Item = (&Look, Option<u32>)> {
        let days = self.looks.chunk_by(|one, next| one.at.div_euclid(DAY) == next.at.div_euclid(DAY));
        days.flat_map(move |day| day.iter().filter(move |look| asked(look)).map(move |look| (look, another(day, look))))
    }
}

/// Whether a row is looked at when so many bits of its mix must be 0.
fn stays(row: u32, halvings: u32) -> bool {
    mix(row).trailing_zeros() >= halvings
}

/// The patient of another access of the day, by another user: from a place on that the row decides.
fn another(day: &[Look], look: &Look) -> Option<u32> {
    let length = u64::try_from(day.len()).ok().filter(|length| *length > 0)?;
    let first = mix(look.row) >> 32;
    let places = (0..TRIES_MAX.min(length)).map(|step| (first + step) % length);
    let others = places.filter_map(|place| day.get(usize::try_from(place).ok()?));
    others.filter(|other| other.user != look.user && other.patient != look.patient).map(|other| other.patient).next()
}

/// Spreads numbers evenly: the last steps of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
const fn mix(row: u32) -> u64 {
    let mut mixed = (row as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
