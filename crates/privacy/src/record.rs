//! One record: who opened it, and why, told plainly. For the patient who asks, and for the privacy office.
//!
//! Patients of one person (merged ids) are one record. Where a feed was silent it is said, so that a missing reason is not read as none.

mod picked;
mod told;
mod whom;

use std::io;

use serde::Serialize;

use crate::explain::{Absent, Episodes, Shared, from_context};
use crate::feed::{Feed, Silence, late};
use crate::form::{Access, Action, Proof, days_before};
use crate::names::NONE;
use crate::review::{OneHand, Review, Walk};
use crate::trail::Trail;
use crate::world::World;

pub use picked::Picked;
pub use told::{Said, SaidFault};
pub use whom::{RecordId, StaffMember};

/// Who opened a record.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// The ids that are this patient's.
    pub patients: Vec<String>,
    /// Every access, in order of time.
    pub accesses: Vec<RecordAccess>,
    /// Feeds that were silent in the period.
    pub silences: Vec<Silence>,
}

/// One access to a record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordAccess {
    /// Row of the access.
    pub row: u32,
    /// When, with offset.
    pub time: String,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Who.
    pub user: String,
    /// Their role; "unknown" when the staff list does not say.
    pub role: String,
    /// Their department; "unknown" likewise.
    pub department: String,
    /// What was done.
    pub action: &'static str,
    /// The part of the record; empty when unknown.
    pub section: String,
    /// What was looked for, printed or given away; empty otherwise.
    pub object: String,
    /// The reason that the user gave; empty when none.
    pub purpose: String,
    /// Where from.
    pub workstation: String,
    /// With which program.
    pub application: String,
    /// Whether break-glass was used.
    pub break_glass: bool,
    /// Like `E1|E5`; empty when there is none.
    pub explanation: String,
    /// The reason in words, or that none is found.
    pub words: String,
    /// The rows that prove it.
    pub proof: Vec<Proof>,
}

/// A disclosure as 45 CFR 164.528 asks for it: date, recipient, what, why; repeats to one recipient for one purpose in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disclosure {
    /// The first.
    pub first: String,
    /// The last; the same as the first when there was one.
    pub last: String,
    /// How many.
    pub count: u32,
    /// Who received it, as the source names them.
    pub recipient: String,
    /// What was disclosed.
    pub what: String,
    /// What for.
    pub purpose: String,
    /// The rows of the accesses.
    pub rows: Vec<u32>,
}

impl Review {
    /// Tells who opened the record of a patient between two times (milliseconds since 1970). None when neither accesses nor context know the patient.
    ///
    /// # Errors
    /// When accesses that are kept outside memory cannot be read.
    pub fn record(
        &mut self,
        trail: &mut dyn Trail,
        patient: &str,
        from: i64,
        until: i64,
        mut progress: impl FnMut(Walk, u64),
    ) -> io::Result<Option<Record>> {
        let Some(numbers) = numbers(self.world(), patient) else { return Ok(None) };
        let shared = self.begin(&OneHand, trail, &mut progress)?;
        let world = self.world();
        let mut accesses = Vec::new();
        let mut episodes = Episodes::default();
        let mut shared = shared;
        let mut absent = Absent::default();
        let learnt_until = world.span.0 + days_before(world.settings.cotreat_days);
        trail.walk(&mut |access| {
            if access.time.at > learnt_until {
                shared.learn(access, &from_context(world, access));
            }
            // what was before the period may explain what is in it
            let never_came = absent.could_explain(world, access);
            let told =
                numbers.contains(&access.patient).then(|| told(world, access, (&shared, never_came), &mut episodes));
            accesses.extend(told.filter(|told| (from..=until).contains(&told.at)));
        })?;
        let patients = numbers.iter().map(|number| world.patient_ids.text(*number).to_owned()).collect();
        Ok(Some(Record { patients, accesses, silences: within(&world.silences, from, until) }))
    }
}

impl Record {
    /// A record of accesses that a review has explained, in any order: those between two times (milliseconds since 1970), with the silences that reach into that period.
    pub fn of(
        patients: Vec<String>,
        mut accesses: Vec<RecordAccess>,
        silences: &[Silence],
        (from, until): (i64, i64),
    ) -> Self {
        accesses.retain(|access| (from..=until).contains(&access.at));
        accesses.sort_by_key(|access| (access.at, access.row));
        Self { patients, accesses, silences: within(silences, from, until) }
    }

    /// The disclosures among the accesses, without those for treatment, payment and operations, to the patient, or with their authorisation.
    pub fn disclosures(&self) -> Vec<Disclosure> {
        const LEFT_OUT: [&str; 12] = [
            "treat",
            "etreat",
            "treatment",
            "hpaymt",
            "payment",
            "hoperat",
            "operations",
            "patrqt",
            "patient",
            "authorised",
            "authorized",
            "directory",
        ];
        let mut out: Vec<Disclosure> = Vec::new();
        for access in &self.accesses {
            let purpose = access.purpose.trim().to_lowercase();
            if access.action != Action::Disclose.word() || LEFT_OUT.contains(&purpose.as_str()) {
                continue;
            }
            let same = |known: &&mut Disclosure| {
                known.recipient == access.object && known.what == access.section && known.purpose == access.purpose
            };
            if let Some(known) = out.iter_mut().find(same) {
                known.last.clone_from(&access.time);
                known.count += 1;
                known.rows.push(access.row);
                continue;
            }
            out.push(Disclosure {
                first: access.time.clone(),
                last: access.time.clone(),
                count: 1,
                recipient: access.object.clone(),
                what: access.section.clone(),
                purpose: access.purpose.clone(),
                rows: vec![access.row],
            });
        }
        out
    }
}

/// Silences that reach into a period.
fn within(silences: &[Silence], from: i64, until: i64) -> Vec<Silence> {
    silences.iter().filter(|silence| silence.from <= until && silence.until >= from).copied().collect()
}

/// The numbers of a patient: their own, and those of the same person.
fn numbers(world: &World, patient: &str) -> Option<Vec<u32>> {
    let own = world.patient_ids.find(patient)?;
    let person = world.patient(own).map_or(NONE, |patient| patient.identity.person);
    let mut out = vec![own];
    if person != NONE {
        let same = world
            .patients
            .iter()
            .enumerate()
            .filter(|(_, other)| other.is_some_and(|other| other.identity.person == person));
        out.extend(same.filter_map(|(number, _)| u32::try_from(number).ok()).filter(|number| *number != own));
    }
    Some(out)
}

fn told(
    world: &World,
    access: &Access,
    (shared, never_came): (&Shared, bool),
    episodes: &mut Episodes,
) -> RecordAccess {
    let mut explained = from_context(world, access);
    shared.explain(world, access, &mut explained);
    episodes.explain(world, access, &mut explained);
    crate::template::explain(world, access, &mut explained);
    let waits_for = late(world, access.user, access.time.at).or(never_came.then_some(Feed::Admissions));
    let (role, department) = whom::work_of(world, access.user);
    let mut told = RecordAccess::bare(access, &world.users, &world.texts);
    (told.role, told.department) = (role.to_owned(), department.to_owned());
    told.explain(explained.marks, explained.proofs().collect(), waits_for);
    told
}
