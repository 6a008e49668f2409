//! Stays that never came: while admissions were silent somebody may have been admitted of whom no file knows.
//!
//! For two days after a silence every access without a reason waits. Longer, as long as an admission explains accesses, only those to records that several people opened then:
//! a patient who lies here is looked after by many.

use rustc_hash::FxHashMap;

use crate::feed::{Feed, Silence};
use crate::form::{Access, HOUR, days_before};
use crate::names::NONE;
use crate::world::World;

/// People from whom on a patient is looked after.
const USERS_MIN: usize = 3;

/// Records that were opened during a silence of admissions or soon after it.
#[derive(Debug, Default)]
pub(crate) struct Absent {
    openers: FxHashMap<u32, Vec<u32>>,
}

impl Absent {
    /// Takes in an access, and says whether a stay that never came could explain it.
    pub(crate) fn could_explain(&mut self, world: &World, access: &Access) -> bool {
        if access.patient == NONE {
            return false;
        }
        let at = access.time.at;
        let margin = i64::from(world.settings.late_feed_hours) * HOUR;
        let silences = world.silences.iter().filter(|silence| silence.feed == Feed::Admissions && silence.from <= at);
        let mut after = silences.filter(|silence: &&Silence| {
            at <= silence.until.saturating_add(days_before(world.settings.care_after_days))
        });
        let Some(silence) = after.next() else { return false };
        if at <= silence.until + margin {
            let openers = self.openers.entry(access.patient).or_default();
            if openers.len() < USERS_MIN && !openers.contains(&access.user) {
                openers.push(access.user);
            }
        }
        self.openers.get(&access.patient).is_some_and(|openers| openers.len() >= USERS_MIN)
    }
}
