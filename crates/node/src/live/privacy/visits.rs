//! Visits of patients, put together from messages that come in any order: where somebody was from when until when, and who took part.

use std::collections::BTreeMap;
use std::io;

use cordon_model::Time;
use jiff::tz::TimeZone;

use super::moment::written;
use super::rows::{Origin, Rows};

/// Visits that are put together at most; further ones are counted.
const VISITS_MAX: usize = 2_000_000;
/// Moves of one visit, and people who take part in it, that are kept.
const MOVES_MAX: usize = 64;
const PEOPLE_MAX: usize = 64;
/// How long after its last message a visit is over that is no stay in a bed and that nobody ended.
const VISIT_OVER: i64 = 24 * 3_600_000_000;

/// What a message says of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// The patient comes.
    Comes,
    /// The patient is here: of admissions (A02, A08 ...), also that they have moved.
    IsHere,
    /// It is named by a message about something else, such as an order.
    Named,
    /// The patient leaves.
    Leaves,
    /// That the patient has left was an error.
    Stays,
    /// The visit was an error.
    NeverWas,
}

/// One message about a visit.
#[derive(Clone, Debug)]
pub(super) struct Message<'m> {
    pub(super) visit: &'m str,
    pub(super) patient: &'m str,
    pub(super) at: Time,
    pub(super) what: What,
    pub(super) unit: &'m str,
    pub(super) department: &'m str,
    /// Class of the patient: `I`, `O`, `E` ...
    pub(super) class: &'m str,
    /// When it says that the visit began.
    pub(super) admitted: Option<Time>,
    /// When it says that the visit ended.
    pub(super) discharged: Option<Time>,
    pub(super) origin: Origin,
}

#[derive(Debug)]
struct Move {
    at: Time,
    what: What,
    unit: Box<str>,
    department: Box<str>,
    origin: Origin,
}

#[derive(Debug, Default)]
struct Visit {
    patient: String,
    class: String,
    moves: Vec<Move>,
    last: Time,
    admitted: Option<Time>,
    discharged: Option<Time>,
    never_was: bool,
    people: Vec<(String, &'static str, Origin)>,
}

/// A patient in one unit.
#[derive(Debug, PartialEq, Eq)]
struct Stay<'v> {
    start: Time,
    end: Option<Time>,
    unit: &'v str,
    department: &'v str,
    origin: Origin,
}

/// All visits of a review.
#[derive(Debug, Default)]
pub(super) struct Visits {
    visits: BTreeMap<String, Visit>,
    /// Messages about visits for which there was no room.
    pub(super) left_out: u64,
}

impl Visits {
    /// Takes in a message, and who takes part by it.
    pub(super) fn take(&mut self, message: &Message<'_>, people: &[(String, &'static str)]) {
        if !self.visits.contains_key(message.visit) && self.visits.len() >= VISITS_MAX {
            self.left_out += 1;
            return;
        }
        let visit = self.visits.entry(message.visit.to_owned()).or_default();
        visit.take(message);
        for (person, role) in people {
            let is_known = visit.people.iter().any(|(known, _, _)| known == person);
            if !is_known && visit.people.len() < PEOPLE_MAX {
                visit.people.push((person.clone(), role, message.origin));
            }
        }
    }

    /// Writes them as encounters and participants.
    pub(super) fn write(self, encounters: &mut Rows, participants: &mut Rows, zone: &TimeZone) -> io::Result<()> {
        for (id, visit) in &self.visits {
            let stays = visit.stays();
            if stays.is_empty() {
                continue;
            }
            for stay in stays {
                let (start, end) =
                    (written(stay.start, zone), stay.end.map(|end| written(end, zone)).unwrap_or_default());
                let cells = [id, &visit.patient, &start, &end, &visit.class, stay.department, stay.unit];
                encounters.push(cells, stay.origin)?;
            }
            for (person, role, origin) in &visit.people {
                participants.push([id, person, role, "", ""], *origin)?;
            }
        }
        Ok(())
    }
}

impl Visit {
    fn take(&mut self, message: &Message<'_>) {
        if self.patient.is_empty() {
            message.patient.clone_into(&mut self.patient);
        }
        if !message.class.is_empty() {
            message.class.clone_into(&mut self.class);
        }
        self.last = self.last.max(message.at);
        self.admitted = self.admitted.into_iter().chain(message.admitted).min();
        self.discharged = self.discharged.into_iter().chain(message.discharged).max();
        self.never_was |= message.what == What::NeverWas;
        let same = |known: &Move| known.what == message.what && *known.unit == *message.unit && known.at <= message.at;
        let says_nothing = matches!(message.what, What::IsHere | What::Named) && self.moves.last().is_some_and(same);
        if !says_nothing && self.moves.len() < MOVES_MAX {
            self.moves.push(Move {
                at: message.at,
                what: message.what,
                unit: message.unit.into(),
                department: message.department.into(),
                origin: message.origin,
            });
        }
    }

    /// The units that the patient was in, one after the other; none when the visit never was.
    fn stays(&self) -> Vec<Stay<'_>> {
        let mut moves: Vec<&Move> = self.moves.iter().collect();
        moves.sort_by_key(|one| (one.at, one.what));
        let mut stays: Vec<Stay<'_>> = Vec::new();
        if self.never_was {
            return stays;
        }
        for one in moves {
            let begins =
                Stay { start: one.at, end: None, unit: &one.unit, department: &one.department, origin: one.origin };
            match (one.what, stays.last_mut()) {
                (What::Leaves, Some(last)) => last.end = last.end.or(Some(one.at)),
                (What::Leaves, None) => stays.push(Stay { end: Some(one.at), ..begins }),
                (What::Stays, Some(last)) => last.end = None,
                (What::NeverWas | What::Named, Some(_)) | (What::NeverWas, None) => {}
                (What::Comes, Some(last)) if last.end.is_some() => stays.push(begins),
                (What::Comes | What::IsHere, Some(last))
                    if last.end.is_none() && !one.unit.is_empty() && last.unit != &*one.unit =>
                {
                    last.end = Some(one.at);
                    stays.push(begins);
                }
                (What::Comes | What::IsHere, Some(_)) => {}
                (What::Comes | What::IsHere | What::Named | What::Stays, None) => stays.push(begins),
            }
        }
        if let Some((first, admitted)) = stays.first_mut().zip(self.admitted) {
            first.start = first.start.min(admitted);
        }
        let is_in_bed = matches!(self.class.as_str(), "I" | "P" | "B" | "");
        let over = (!is_in_bed).then_some(Time(self.last.0.saturating_add(VISIT_OVER)));
        if let Some(last) = stays.last_mut() {
            last.end = last.end.or(self.discharged).or(over).map(|end| end.max(last.start));
        }
        stays
    }
}

#[cfg(test)]
mod tests {
    use cordon_model::EventId;

    use super::*;

    const HOUR: i64 = 3_600_000_000;
    const ORIGIN: Origin = Origin { event: EventId([0; 16]), source: 0 };

    fn message(hour: i64, what: What, unit: &'static str) -> Message<'static> {
        Message {
            visit: "V1",
            patient: "p",
            at: Time(hour * HOUR),
            what,
            unit,
            department: "",
            class: "I",
            admitted: None,
            discharged: None,
            origin: ORIGIN,
        }
    }

    /// Start, end and unit of the stays that come of messages, in hours.
    fn stays(messages: &[Message<'static>]) -> Vec<(i64, Option<i64>, String)> {
        let mut visits = Visits::default();
        messages.iter().for_each(|message| visits.take(message, &[]));
        let visit = &visits.visits["V1"];
        let stays = visit.stays().into_iter();
        stays.map(|stay| (stay.start.0 / HOUR, stay.end.map(|end| end.0 / HOUR), stay.unit.to_owned())).collect()
    }

    #[test]
    fn messages_in_any_order_give_the_same_stays() {
        let mut messages = [
            message(1, What::Comes, "ED"),
            message(2, What::Named, "ED"),
            message(3, What::IsHere, "ICU"),
            message(4, What::Named, "ED"),
            message(9, What::Leaves, "ICU"),
            message(10, What::IsHere, "ICU"),
        ];
        let expect = [(1, Some(3), "ED".to_owned()), (3, Some(9), "ICU".to_owned())];
        assert_eq!(stays(&messages), expect);
        messages.reverse();
        assert_eq!(stays(&messages), expect);
    }

    #[test]
    fn a_visit_that_is_first_heard_of_in_its_middle_began_when_a_message_says_so() {
        let named = message(5, What::Named, "ICU");
        assert_eq!(stays(std::slice::from_ref(&named)), [(5, None, "ICU".to_owned())]);
        let stated = Message { admitted: Some(Time(-40 * HOUR)), ..named };
        assert_eq!(stays(&[stated]), [(-40, None, "ICU".to_owned())]);
    }

    #[test]
    fn errors_are_taken_back() {
        let left = [message(1, What::Comes, "ED"), message(2, What::Leaves, "ED")];
        let back = [left[0].clone(), left[1].clone(), message(3, What::Stays, "ED")];
        assert_eq!(stays(&left), [(1, Some(2), "ED".to_owned())]);
        assert_eq!(stays(&back), [(1, None, "ED".to_owned())]);
        assert_eq!(stays(&[left[0].clone(), message(2, What::NeverWas, "ED")]), []);
    }

    #[test]
    fn a_visit_without_a_bed_that_nobody_ended_is_over_a_day_after_its_last_message() {
        let come = Message { class: "O", ..message(1, What::Comes, "OPD") };
        let last = Message { class: "O", ..message(3, What::Named, "OPD") };
        assert_eq!(stays(&[come, last]), [(1, Some(27), "OPD".to_owned())]);
    }
}
