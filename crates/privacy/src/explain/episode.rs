//! E6: the user's own access to the record had a reason earlier in the same episode.
//!
//! An episode is an encounter with its windows; it is over when it has ended and another encounter begins. Where no encounter says so, it lasts three days after the access
//! with the reason. An access explained by E6 alone explains no further one.

use rustc_hash::FxHashMap;

use super::{Explained, Reason};
use crate::form::{Access, HOUR, Proof, Table, days_before};
use crate::world::World;

/// The last access of each user to each patient that had a reason of its own.
#[derive(Debug, Default)]
pub(crate) struct Episodes {
    last: FxHashMap<(u32, u32), (u32, i64)>,
}

impl Episodes {
    /// Explains an access by an earlier one, and remembers it if it has a reason of its own.
    pub(crate) fn explain(&mut self, world: &World, access: &Access, explained: &mut Explained) {
        let key = (access.user, access.patient);
        let own = !explained.marks.is_empty();
        if let Some((row, at)) = self.last.get(&key)
            && let Some(encounter) = same_episode(world, access, *at)
        {
            explained.add(Reason::Episode, &[Proof::new(Table::Accesses, *row), encounter]);
        }
        if own {
            self.last.insert(key, (access.row, access.time.at));
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
        let next = encounters().any(|next| next.start > encounter.end.max(earlier) && next.start <= access.time.at);
        if covers(earlier) && covers(access.time.at) && !next {
            return Some(encounter.proof);
        }
    }
    let next = encounters().any(|next| next.start > earlier && next.start <= access.time.at);
    (!next && access.time.at - earlier <= i64::from(settings.episode_hours) * HOUR).then_some(Proof::NONE)
}
