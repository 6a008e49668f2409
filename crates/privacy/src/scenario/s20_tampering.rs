//! S20, tampering: somebody whom a complaint is about writes into the record more than a day after what the note is about; and numbers that are missing in an audit log.
//!
//! Several such notes in one go, or one that is taken away, weigh more: a single late one is mostly backlog.
//!
//! The time of a note stands in its object (ISO 8601, behind `time=` or by itself); otherwise a note that is changed or removed after the patient has gone is about the encounter
//! that the writer last took part in, and what is new is about now. A missing number
//! is about nobody: it has no access to explain and stands by itself. Numbers count within an application; rows that come a little late fill their gap. An application that
//! leaves out many numbers does not count its rows that way, and nothing is said of it. Memory: at most [`WAITING_MAX`] numbers for each application.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::explain::care_of;
use crate::form::{Access, Action, DAY, HOUR, Moment, fold};
use crate::names::NONE;
use crate::settings::Settings;
use crate::world::{By, DeclaredKind, World};

const ID: Id = Id(20);
const LATE_NOTE: u8 = 0;
const GAP: u8 = 1;
/// A late note is taken away.
const TAKEN_AWAY: u8 = 2;
/// Several late notes are written in one go.
const SEVERAL: u8 = 3;
/// Late notes of one user in one record that are so close follow from one another.
const ONE_GO: i64 = HOUR / 2;
/// Numbers that wait for earlier ones.
const WAITING_MAX: usize = 64;
/// A number that is so much smaller than what was due begins a new count.
const RESTART: u32 = 10_000;
/// An application leaves out numbers by habit when it has so many gaps, and more than one in so many rows.
const GAPS_MAX: u64 = 20;
const ROWS_PER_GAP: u64 = 1_000;

/// The numbers of one application.
#[derive(Debug, Default)]
struct Count {
    due: Option<u32>,
    last_row: u32,
    waiting: BTreeMap<u32, (u32, Moment)>,
    rows: u64,
    gaps: u64,
}

/// Numbers that are missing: the first and how many, and the rows around them.
struct Missing {
    first: u32,
    numbers: u32,
    rows: [u32; 2],
    time: Moment,
}

#[derive(Debug, Default)]
pub(super) struct Tampering {
    counts: FxHashMap<u32, Count>,
    /// Applications whose numbers say nothing.
    unsteady: Vec<u32>,
    /// The last late note of each user in each record, and when: only where a complaint is.
    late: FxHashMap<(u32, u32), (i64, u32)>,
}

impl Scenario for Tampering {
    fn id(&self) -> Id {
        ID
    }

    fn learn(&mut self, _world: &World, seen: &Seen<'_>) {
        if seen.access.sequence != 0 {
            let count = self.counts.entry(seen.access.application).or_default();
            count.rows += 1;
            count.gaps += u64::from(count.take(seen.access).is_some());
        }
    }

    fn settle(&mut self, _world: &World) {
        let counts = std::mem::take(&mut self.counts);
        let unsteady =
            counts.into_iter().filter(|(_, count)| count.gaps > GAPS_MAX && count.gaps > count.rows / ROWS_PER_GAP);
        self.unsteady = unsteady.map(|(application, _)| application).collect();
        self.unsteady.sort_unstable();
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        let access = seen.access;
        if access.sequence != 0 && self.unsteady.binary_search(&access.application).is_err() {
            let missing = self.counts.entry(access.application).or_default().take(access);
            signs.extend(missing.map(|missing| gap(&missing, access.application)));
        }
        if access.action.writes() && access.patient != NONE {
            self.write(world, access, signs);
        }
    }

    fn end(&mut self, _world: &World, signs: &mut Vec<Sign>) {
        let mut counts: Vec<(u32, Count)> = std::mem::take(&mut self.counts).into_iter().collect();
        counts.sort_unstable_by_key(|(application, _)| *application);
        for (application, mut count) in counts {
            while let Some(missing) = count.skip() {
                signs.push(gap(&missing, application));
            }
        }
    }

    fn weight(&self, level: u8) -> Weight {
        let when_improper = match level {
            LATE_NOTE => 0.4,
            TAKEN_AWAY | SEVERAL => 0.3,
            _ => 0.5,
        };
        Weight { family: Family::Tamper, base: Base::UserDay, when_improper }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let [one, other, _] = sign.facts;
        match sign.level {
            LATE_NOTE => format!(
                "{} took part in what the complaint is about and wrote into the record {one:.0} hours later; notes are usually written within 24 hours.",
                world.name_of(sign.user)
            ),
            TAKEN_AWAY => format!("{} took a note away, that late.", world.name_of(sign.user)),
            SEVERAL => format!("{} wrote several notes in one go, that late.", world.name_of(sign.user)),
            _ => format!("In the log of {} {other:.0} numbers are missing from {one:.0} on.", world.text(sign.other)),
        }
    }
}

impl Tampering {
    /// Takes in a write into a record.
    fn write(&mut self, world: &World, access: &Access, signs: &mut Vec<Sign>) {
        let Some(late) = late_note(world, access) else { return };
        let at = access.time.at;
        let before = self.late.insert((access.user, access.patient), (at, access.object));
        // a note that is being written is saved several times
        let is_another = |(before, note): (i64, u32)| at - before <= ONE_GO && note != access.object;
        if access.action == Action::Delete {
            signs.push(Sign { level: TAKEN_AWAY, ..late.clone() });
        }
        if before.is_some_and(is_another) {
            signs.push(Sign { level: SEVERAL, ..late.clone() });
        }
        signs.push(late);
    }
}

impl Count {
    /// Takes in a number; the gap before it, if one is certain by now.
    fn take(&mut self, access: &Access) -> Option<Missing> {
        let sequence = access.sequence;
        let due = *self.due.get_or_insert(sequence);
        if sequence < due {
            if due - sequence > RESTART {
                self.waiting.clear();
                self.due = sequence.checked_add(1);
                self.last_row = access.row;
            }
            return None;
        }
        if sequence > due {
            self.waiting.insert(sequence, (access.row, access.time));
            return (self.waiting.len() > WAITING_MAX).then(|| self.skip()).flatten();
        }
        self.due = sequence.checked_add(1);
        self.last_row = access.row;
        self.follow();
        None
    }

    /// Takes the waiting numbers that are due.
    fn follow(&mut self) {
        while let Some((row, _)) = self.due.and_then(|due| self.waiting.remove(&due)) {
            self.due = self.due.and_then(|due| due.checked_add(1));
            self.last_row = row;
        }
    }

    /// Gives up on the numbers before the first that waits.
    fn skip(&mut self) -> Option<Missing> {
        let (sequence, (row, time)) = self.waiting.pop_first()?;
        let first = self.due.replace(sequence.saturating_add(1))?;
        let missing = Missing { first, numbers: sequence - first, rows: [self.last_row, row], time };
        self.last_row = row;
        self.follow();
        Some(missing)
    }
}

fn gap(missing: &Missing, application: u32) -> Sign {
    let facts = [f64::from(missing.first), f64::from(missing.numbers), 0.0];
    let rows = missing.rows.into_iter().filter(|row| *row != 0).collect();
    Sign {
        scenario: ID,
        level: GAP,
        user: NONE,
        patient: NONE,
        time: missing.time,
        rows,
        proofs: Vec::new(),
        facts,
        other: application,
    }
}

/// A write by a party to a complaint, more than a day after what it is about.
fn late_note(world: &World, access: &Access) -> Option<Sign> {
    let patient = world.patient(access.patient).filter(|patient| patient.flags.complaint)?;
    let at = access.time.at;
    let care = care_of(world, access.patient, access.user)
        .iter()
        .filter(|care| matches!(care.by, By::Encounter(_)) && care.start <= at);
    let last = care.max_by_key(|care| care.end)?;
    let about = match note_time(world.texts.text(access.object)) {
        Some(about) => about,
        // what is new, or is no note, or is written while the patient is here, is about now
        None if access.action == Action::Create || !is_note(world, access) || is_here(world, access) => return None,
        None => last.end,
    };
    if about > at - DAY || was_down(world, about, at) {
        return None;
    }
    let hours = f64::from(i32::try_from((at - about) / HOUR).unwrap_or(i32::MAX));
    Some(Sign::at(ID, LATE_NOTE, access).proven(&[patient.proof, last.proof, last.also]).with([hours, 0.0, 0.0]))
}

/// Whether what is written is a note, by the words of its object and section; what is not told may be one.
fn is_note(world: &World, access: &Access) -> bool {
    let mut told = [access.object, access.section].into_iter().filter(|text| *text != NONE).peekable();
    told.peek().is_none() || told.any(|text| Settings::holds(&fold(world.texts.text(text)), &world.settings.note_words))
}

/// Whether the patient is in care here, or was within the day before.
fn is_here(world: &World, access: &Access) -> bool {
    let at = access.time.at;
    let stays = world.stays.of_number(access.patient).iter();
    stays.into_iter().any(|stay| stay.start <= at && at <= stay.end.saturating_add(DAY))
}

/// The time that stands in the object of a note.
fn note_time(object: &str) -> Option<i64> {
    let words = object.split([' ', ';', ',', '|', '=']);
    words.filter(|word| word.len() >= 16).find_map(|word| Moment::parse(word).ok()).map(|moment| moment.at)
}

/// Whether the record system was away at a time, and what happened then is being entered.
fn was_down(world: &World, about: i64, at: i64) -> bool {
    world.declared.iter().any(|declared| {
        let until = declared.end.saturating_add(i64::from(world.settings.back_entry_hours) * HOUR);
        declared.kind == DeclaredKind::Downtime && declared.start <= about && about <= declared.end && at <= until
    })
}

#[cfg(test)]
mod tests;
