//! E6: the user's own access to the record had a reason earlier in the same episode.
//!
//! An episode is an encounter with its windows; it is over when it has ended and another encounter begins. Where no encounter says so, it lasts three days after the access
//! with the reason. An access explained by E6 alone explains no further one. Memory: 16 bytes for each user and patient, and as much again while lists grow.

use super::{Explained, Reason};
use crate::form::{Access, HOUR, Proof, Table, days_before};
use crate::names::NONE;
use crate::world::World;

/// The last access of a user that had a reason of its own.
#[derive(Clone, Copy, Debug)]
struct Last {
    user: u32,
    row: u32,
    at: i64,
}

/// The last access of each user to each patient that had a reason of its own.
#[derive(Debug, Default)]
pub(crate) struct Episodes {
    /// By number of the patient, in order of users.
    of_patient: Vec<Vec<Last>>,
}

impl Episodes {
    /// Explains an access by an earlier one, and remembers it if it has a reason of its own.
    pub(crate) fn explain(&mut self, world: &World, access: &Access, explained: &mut Explained) {
        if access.patient == NONE {
            return;
        }
        let place = access.patient as usize;
        if self.of_patient.len() <= place {
            self.of_patient.resize_with(place + 1, Vec::new);
        }
        let Some(users) = self.of_patient.get_mut(place) else { return };
        let known = users.binary_search_by_key(&access.user, |last| last.user);
        let own = !explained.marks.is_empty();
        if let Some(last) = known.ok().and_then(|place| users.get(place))
            && let Some(encounter) = same_episode(world, access, last.at)
        {
            explained.add(Reason::Episode, &[Proof::new(Table::Accesses, last.row), encounter]);
        }
        if own {
            let last = Last { user: access.user, row: access.row, at: access.time.at };
            match known {
                Ok(place) => users.iter_mut().skip(place).take(1).for_each(|known| *known = last),
                Err(place) => users.insert(place, last),
            }
        }
    }
}

/// The row of the encounter that both times belong to; no row where they are close anyway.
fn same_episode(world: &World, access: &Access, earlier: i64) -> Option<Proof> {
    let settings = &world.settings;
    let (before, after) = (i64::from(settings.care_before_hours) * HOUR, days_before(settings.care_after_days));
    let numbers = world.encounters_of.of_number(access.patient);
    let encounters = || numbers.iter().filter_map(|number| world.encounters.get(*number as usize));
    for encounter in encounters() {
        let covers =
            |at: i64| encounter.start.saturating_sub(before) <= at && at <= encounter.end.saturating_add(after);
        let next = || encounters().any(|next| next.start > encounter.end.max(earlier) && next.start <= access.time.at);
        if covers(earlier) && covers(access.time.at) && !next() {
            return Some(encounter.proof);
        }
    }
    let next = encounters().any(|next| next.start > earlier && next.start <= access.time.at);
    (!next && access.time.at - earlier <= i64::from(settings.episode_hours) * HOUR).then_some(Proof::NONE)
}
