//! Scenarios: what an access without a reason, or an odd pattern of accesses, looks like. One file per scenario, S1 to S20.
//!
//! A scenario walks the accesses twice in order of time. In the first walk it learns what is usual; in the second it gives [`Sign`]s. A sign is evidence, not a verdict:
//! how much it weighs follows from how seldom it is seen in this hospital's own ordinary accesses (`crate::score`). Each scenario tells its signs as sentences.

#[cfg(test)]
pub(crate) mod bench;
pub(crate) mod counter;
mod gather;
mod habit;
#[cfg(test)]
mod relation_tests;
mod s01_family;
mod s02_neighbour;
mod s03_self;
mod s04_coworker;
mod s05_vip;
mod s06_deceased;
mod s07_no_encounter;
mod s08_department;
mod s09_break_glass;
mod s10_volume;
mod s11_sweep;
mod s12_search_peek;
mod s13_place;
mod s14_sharing;
mod s15_leaver;
mod s16_exfiltration;
mod s17_section;
mod s18_for_another;
mod s20_tampering;
#[cfg(test)]
mod speed_tests;
#[cfg(test)]
mod tests;

use crate::explain::Explained;
use crate::form::{Access, Moment, Proof, Table};
use crate::names::NONE;
use crate::world::World;

/// The number of a scenario, 1 to 20.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(pub u8);

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "S{}", self.0)
    }
}

/// Evidence that hangs together and is capped together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    /// Who the patient is to the user, or to somebody beside them: S1 to S5, S18.
    Relation,
    /// That there is no need: S6 to S8.
    Need,
    /// Break-glass: S9.
    BreakGlass,
    /// How much and in what order: S10, S11, S15.
    Volume,
    /// What was done: S12, S16, S17.
    Act,
    /// When and where: S13, S14.
    Place,
    /// What was made of the record: S20.
    Tamper,
    /// What speaks for the user.
    Counter,
}

/// What a sign is counted against, to see how ordinary it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// A user at a patient's record on a day, without a reason.
    Visit,
    /// A user on a day.
    UserDay,
}

/// How a sign weighs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weight {
    pub family: Family,
    pub base: Base,
    /// How often it is there when an access is improper, by judgement: 0 to 1.
    pub when_improper: f64,
}

/// Evidence for or against a case.
#[derive(Clone, Debug)]
pub(crate) struct Sign {
    pub scenario: Id,
    /// Strength or kind within the scenario.
    pub level: u8,
    pub user: u32,
    /// [`NONE`] when it is about many patients.
    pub patient: u32,
    pub time: Moment,
    /// The accesses it is about, the first [`Sign::ROWS_MAX`].
    pub rows: Vec<u32>,
    /// Rows of context that prove it.
    pub proofs: Vec<Proof>,
    /// Numbers of its sentence.
    pub facts: [f64; 3],
    /// A text, user or patient of its sentence.
    pub other: u32,
}

impl Sign {
    /// Most accesses that one sign names.
    pub(crate) const ROWS_MAX: usize = 1_000;

    /// A sign about one access.
    pub(crate) fn at(scenario: Id, level: u8, access: &Access) -> Self {
        Self {
            scenario,
            level,
            user: access.user,
            patient: access.patient,
            time: access.time,
            rows: vec![access.row],
            proofs: Vec::new(),
            facts: [0.0; 3],
            other: NONE,
        }
    }

    /// With rows of context that prove it.
    pub(crate) fn proven(mut self, proofs: &[Proof]) -> Self {
        self.proofs.extend(proofs.iter().filter(|proof| **proof != Proof::NONE));
        self
    }

    /// With numbers for its sentence.
    pub(crate) fn with(mut self, facts: [f64; 3]) -> Self {
        self.facts = facts;
        self
    }

    /// With a text, user or patient for its sentence.
    pub(crate) fn about(mut self, other: u32) -> Self {
        self.other = other;
        self
    }

    /// Its rows of accesses as proofs, the first few.
    pub(crate) fn access_proofs(&self) -> impl Iterator<Item = Proof> {
        self.rows.iter().take(5).map(|row| Proof::new(Table::Accesses, *row))
    }
}

/// An access with its explanations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub access: &'a Access,
    pub explained: &'a Explained,
}

impl Seen<'_> {
    /// Whether no reason is found for an access to a patient's record, and none can come any more.
    pub(crate) fn has_no_reason(&self) -> bool {
        self.explained.marks.is_empty() && self.explained.late.is_none() && self.access.patient != NONE
    }
}

/// Which scenarios look at each other's signs and so go together: S15 reads those of S10 and S11. The others know nothing of each other.
pub(crate) fn group(id: Id) -> Id {
    let together = [s10_volume::ID, s11_sweep::ID, s15_leaver::ID];
    if together.contains(&id) { s10_volume::ID } else { id }
}

/// One scenario.
pub(crate) trait Scenario: Send {
    /// Its number.
    fn id(&self) -> Id;

    /// First walk: learns what is usual.
    fn learn(&mut self, _world: &World, _seen: &Seen<'_>) {}

    /// Between the walks: turns counts into limits.
    fn settle(&mut self, _world: &World) {}

    /// Second walk: gives signs, for this access or for earlier ones that it completes.
    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>);

    /// After the second walk: gives the signs that were still waiting.
    fn end(&mut self, _world: &World, _signs: &mut Vec<Sign>) {}

    /// How a sign of this level weighs.
    fn weight(&self, level: u8) -> Weight;

    /// A sign of it in one sentence for a privacy officer.
    fn tell(&self, world: &World, sign: &Sign) -> String;
}

/// Every scenario in order of number, and what speaks for the user first.
pub(crate) fn all() -> Vec<Box<dyn Scenario>> {
    vec![
        Box::new(counter::Counter::default()),
        Box::new(s01_family::Family1),
        Box::new(s02_neighbour::Neighbour),
        Box::new(s03_self::Own),
        Box::new(s04_coworker::Coworker),
        Box::new(s05_vip::Vip::default()),
        Box::new(s06_deceased::Deceased),
        Box::new(s07_no_encounter::NoEncounter),
        Box::new(s08_department::Department::default()),
        Box::new(s09_break_glass::BreakGlass::default()),
        Box::new(s10_volume::Volume::default()),
        Box::new(s11_sweep::Sweep::default()),
        Box::new(s12_search_peek::SearchPeek::default()),
        Box::new(s13_place::Place::default()),
        Box::new(s14_sharing::Sharing::default()),
        // after S10 and S11, whose signs it reads
        Box::new(s15_leaver::Leaver::default()),
        Box::new(s16_exfiltration::Exfiltration::default()),
        Box::new(s17_section::Section::default()),
        Box::new(s18_for_another::ForAnother::default()),
        Box::new(s20_tampering::Tampering::default()),
    ]
}

/// The state of a user in a list by number, which grows as far as it must. Nobody has none.
fn of_user<T: Default>(list: &mut Vec<T>, user: u32) -> Option<&mut T> {
    if user == NONE {
        return None;
    }
    let place = user as usize;
    if list.len() <= place {
        list.resize_with(place + 1, T::default);
    }
    list.get_mut(place)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn number(of: u64) -> f64 {
    of as f64
}
