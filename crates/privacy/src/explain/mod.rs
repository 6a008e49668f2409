//! Explains an access: why this user would open this patient's record at this time. One file per explanation.
//!
//! In comes an [`Access`], out goes an [`Outcome`](Explained): which explanations hold, and the rows that prove each. What no explanation holds for is "no reason found in the data".

mod absent;
mod care;
mod cotreat;
mod declared;
mod episode;
mod queue;
mod referral;
mod unit;

pub(crate) use absent::Absent;
pub(crate) use care::of_user as care_of;
pub(crate) use cotreat::{Meetings, Notes, Shared};
pub(crate) use episode::Episodes;

use std::fmt;

use crate::form::{Access, Proof};
use crate::names::NONE;
use crate::world::World;

/// Which explanations hold for an access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u8);

/// A reason why somebody opens a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Reason {
    /// E1: takes part in an encounter, order, appointment or is written to about the patient.
    Care = 0,
    /// E2: is on shift in the unit where the patient is.
    Unit = 1,
    /// E3: works on the record after discharge, or verifies medicines.
    Queue = 2,
    /// E4: belongs to a pool that the patient was referred to.
    Referral = 3,
    /// E5: treats together with somebody who takes part.
    Cotreat = 4,
    /// E6: had a reason earlier in the same episode.
    Episode = 5,
    /// D: an event that the site declared.
    Declared = 6,
    /// T: a template that was mined from the hospital's own data and that a person approved.
    Template = 7,
}

impl Reason {
    /// All of them, in the order of their ids.
    pub const ALL: [Self; 8] = [
        Self::Care,
        Self::Unit,
        Self::Queue,
        Self::Referral,
        Self::Cotreat,
        Self::Episode,
        Self::Declared,
        Self::Template,
    ];

    /// Its id, as in `E1`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Care => "E1",
            Self::Unit => "E2",
            Self::Queue => "E3",
            Self::Referral => "E4",
            Self::Cotreat => "E5",
            Self::Episode => "E6",
            Self::Declared => "D",
            Self::Template => "T",
        }
    }

    /// What it says, in words for a person.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Care => "takes part in the patient's care",
            Self::Unit => "was on shift in the patient's unit",
            Self::Queue => "works on records like this one",
            Self::Referral => "the patient was referred to their pool",
            Self::Cotreat => "treats patients together with the care team",
            Self::Episode => "had a reason earlier in the same episode",
            Self::Declared => "an event that the hospital declared",
            Self::Template => "a pattern of work that the hospital approved",
        }
    }
}

impl Marks {
    pub(crate) fn add(&mut self, reason: Reason) {
        self.0 |= 1 << reason as u8;
    }

    /// Whether a reason holds.
    pub const fn has(self, reason: Reason) -> bool {
        self.0 >> (reason as u8) & 1 == 1
    }

    /// Whether no reason holds.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bar = "";
        for reason in Reason::ALL.into_iter().filter(|reason| self.has(*reason)) {
            write!(f, "{bar}{}", reason.id())?;
            bar = "|";
        }
        Ok(())
    }
}

/// The explanations of one access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The row of the access.
    pub row: u32,
    /// Which explanations hold.
    pub marks: Marks,
    /// Whether it is not to be judged yet, because a feed that could explain it was silent.
    pub late: Option<crate::feed::Feed>,
    proofs: [Proof; Self::PROOFS_MAX],
}

impl Explained {
    /// Most rows that are kept as proof of one access.
    pub const PROOFS_MAX: usize = 8;
    /// Bytes of one that is kept outside memory.
    pub const BYTES: usize = 40;

    pub(crate) fn none(row: u32) -> Self {
        Self { row, marks: Marks::default(), late: None, proofs: [Proof::NONE; Self::PROOFS_MAX] }
    }

    /// Notes that a reason holds, and what proves it. Proofs beyond the room are left away; the reason stays.
    pub(crate) fn add(&mut self, reason: Reason, proofs: &[Proof]) {
        self.marks.add(reason);
        for proof in proofs.iter().filter(|proof| **proof != Proof::NONE) {
            if self.proofs.contains(proof) {
                continue;
            }
            if let Some(place) = self.proofs.iter_mut().find(|place| **place == Proof::NONE) {
                *place = *proof;
            }
        }
    }

    /// The rows that prove the explanations.
    pub fn proofs(&self) -> impl Iterator<Item = Proof> {
        self.proofs.into_iter().filter(|proof| *proof != Proof::NONE)
    }

    /// As bytes, to be kept outside memory while the review lasts.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        let late = self.late.map_or(0, |feed| feed as u8 + 1);
        let first = [self.row, u32::from_le_bytes([self.marks.0, late, 0, 0])];
        let numbers = first.into_iter().chain(self.proofs.into_iter().map(Proof::bits));
        for (to, number) in out.chunks_exact_mut(4).zip(numbers) {
            to.copy_from_slice(&number.to_le_bytes());
        }
        out
    }

    /// What [`Explained::to_bytes`] wrote.
    pub fn of_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        use crate::feed::Feed;
        let mut numbers = bytes.chunks_exact(4).map(|chunk| chunk.try_into().map_or(NONE, u32::from_le_bytes));
        let row = numbers.next().unwrap_or(0);
        let [marks, late, ..] = numbers.next().unwrap_or(0).to_le_bytes();
        let feeds = [Feed::Admissions, Feed::Roster, Feed::Orders, Feed::Appointments, Feed::Messages, Feed::Staff];
        let mut proofs = [Proof::NONE; Self::PROOFS_MAX];
        for (place, bits) in proofs.iter_mut().zip(numbers) {
            *place = Proof::of_bits(bits);
        }
        Self { row, marks: Marks(marks), late: feeds.into_iter().find(|feed| *feed as u8 + 1 == late), proofs }
    }
}

/// The explanations that need no memory of earlier accesses: E1 to E4 and what the site declared.
pub(crate) fn from_context(world: &World, access: &Access) -> Explained {
    let mut explained = Explained::none(access.row);
    if access.patient == NONE {
        return explained;
    }
    at_time(world, access, access.time.at, &mut explained);
    declared::explain(world, access, &mut explained);
    explained
}

/// Whether E1 or E2 would hold at `at` for the same user and patient.
pub(crate) fn in_care_at(world: &World, access: &Access, at: i64) -> bool {
    let mut then = Explained::none(access.row);
    care::explain(world, access, at, &mut then);
    unit::explain(world, access, at, &mut then);
    then.marks.has(Reason::Care) || then.marks.has(Reason::Unit)
}

/// E1 to E4 as if the access had been at `at`.
fn at_time(world: &World, access: &Access, at: i64, explained: &mut Explained) {
    care::explain(world, access, at, explained);
    unit::explain(world, access, at, explained);
    queue::explain(world, access, at, explained);
    referral::explain(world, access, at, explained);
}
