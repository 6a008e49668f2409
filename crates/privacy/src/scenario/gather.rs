//! Accesses that make one sign together: a day's exports, a sweep, a day at a strange workstation.
//!
//! The sign names all of them. Since a case lists the patients of its signs, each record gets a part of its own: the same sentence, no weight.

use super::{Id, Sign};
use crate::form::{Access, Moment, Proof};
use crate::names::NONE;

/// The level of a part, in every scenario: it adds nothing, it only names the patient.
pub(super) const PART: u8 = u8::MAX;

/// An access that belongs to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub row: u32,
    pub patient: u32,
    pub no_reason: bool,
}

/// Signs of one scenario beyond which parts are left away: a feed that calls everybody a leaver must not fill the memory.
const SIGNS_MAX: usize = 2_000_000;

/// What is gathered of one user. At most [`Sign::ROWS_MAX`] accesses of 12 bytes are named; the others are counted.
#[derive(Clone, Debug)]
pub(super) struct Gather {
    pub user: u32,
    pub time: Moment,
    pub count: u32,
    pub no_reason: u32,
    /// Those that cannot be judged yet.
    pub late: u32,
    pub members: Vec<Member>,
}

/// What is said of what was gathered.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub scenario: Id,
    pub level: u8,
    pub facts: [f64; 3],
    pub other: u32,
    pub proofs: Vec<Proof>,
}

impl Gather {
    /// Nothing yet, beginning at an access.
    pub(super) fn at(access: &Access) -> Self {
        Self { user: access.user, time: access.time, count: 0, no_reason: 0, late: 0, members: Vec::new() }
    }

    /// Takes in an access.
    pub(super) fn add(&mut self, seen: &super::Seen<'_>) {
        let no_reason = seen.has_no_reason();
        self.count = self.count.saturating_add(1);
        self.no_reason = self.no_reason.saturating_add(u32::from(no_reason));
        self.late = self.late.saturating_add(u32::from(seen.explained.late.is_some()));
        if self.members.len() < Sign::ROWS_MAX {
            self.members.push(Member { row: seen.access.row, patient: seen.access.patient, no_reason });
        }
    }

    /// Whether most of it has no reason.
    pub(super) const fn is_mostly_without_reason(&self) -> bool {
        self.no_reason.saturating_mul(2) >= self.count
    }

    /// Whether so much of it waits for a silent feed that nothing is to be said.
    pub(super) const fn waits_for_a_feed(&self) -> bool {
        self.late > 0 && self.late.saturating_mul(2) >= self.count
    }

    /// Forgets the accesses with a reason, as long as others are left: the case is about these.
    pub(super) fn only_without_reason(&mut self) {
        if self.members.iter().any(|member| member.no_reason) {
            self.members.retain(|member| member.no_reason);
        }
    }

    /// The sign, and a part for each record.
    pub(super) fn give(self, said: &Said, signs: &mut Vec<Sign>) {
        let sign = |level, patient, rows, proofs| Sign {
            scenario: said.scenario,
            level,
            user: self.user,
            patient,
            time: self.time,
            rows,
            proofs,
            facts: said.facts,
            other: said.other,
        };
        signs.push(sign(said.level, NONE, self.members.iter().map(|member| member.row).collect(), said.proofs.clone()));
        if signs.len() > SIGNS_MAX {
            return;
        }
        let mut of_patient: Vec<Member> =
            self.members.iter().filter(|member| member.patient != NONE).copied().collect();
        of_patient.sort_unstable_by_key(|member| (member.patient, member.row));
        of_patient.dedup_by_key(|member| member.patient);
        signs.extend(of_patient.iter().map(|member| sign(PART, member.patient, vec![member.row], Vec::new())));
    }
}
