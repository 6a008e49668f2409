//! Counts while walking: accesses by what was found of them, visits without a reason, days of users.

use rustc_hash::FxHashSet;

use super::Counts;
use crate::explain::Reason;
use crate::names::NONE;
use crate::scenario::Seen;
use crate::score::Spread;
use crate::world::World;

/// Counts while walking.
#[derive(Default)]
pub(super) struct Tally {
    counts: Counts,
    users: FxHashSet<u32>,
    visits: FxHashSet<(u32, u32, i64)>,
    user_days: FxHashSet<(u32, i64)>,
}

impl Tally {
    pub(super) fn see(&mut self, seen: &Seen<'_>) {
        let (access, explained) = (seen.access, seen.explained);
        self.counts.accesses += 1;
        if self.user_days.insert((access.user, access.time.day())) {
            self.users.insert(access.user);
        }
        for (count, reason) in self.counts.by_reason.iter_mut().zip(Reason::ALL) {
            *count += u64::from(explained.marks.has(reason));
        }
        match () {
            () if access.patient == NONE => self.counts.about_nobody += 1,
            () if !explained.marks.is_empty() => self.counts.explained += 1,
            () if explained.late.is_some() => self.counts.late += 1,
            () => {
                self.counts.no_reason += 1;
                self.visits.insert((access.user, access.patient, access.time.day()));
            }
        }
    }

    pub(super) fn visits(&self, world: &World) -> Spread {
        self.visits.iter().fold(Spread::default(), |mut spread, (user, _, _)| {
            spread.add(world, *user);
            spread
        })
    }

    pub(super) fn user_days(&self, world: &World) -> Spread {
        self.user_days.iter().fold(Spread::default(), |mut spread, (user, _)| {
            spread.add(world, *user);
            spread
        })
    }

    pub(super) fn counts(self, span: (i64, i64)) -> Counts {
        let day = f64::from(i32::try_from(crate::form::DAY).unwrap_or(i32::MAX));
        let length = f64::from(i32::try_from((span.1 - span.0) / 1_000).unwrap_or(i32::MAX)) * 1_000.0;
        Counts {
            users: self.users.len() as u64,
            visits_without_reason: self.visits.len() as u64,
            days: (length / day).max(1.0),
            ..self.counts
        }
    }
}
