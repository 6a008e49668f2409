//! Away from every shift: only for people who are in the roster in that week, and only where the roster came in.
//!
//! On-call duty is a shift like any other, if it stands in the roster. A day on which somebody works for several patients away from every shift is one that the roster does not
//! have: of what else was opened on it nothing is said. Memory: 24 bytes for each shift, 32 for each day on which somebody worked away from them.

use rustc_hash::FxHashMap;

use super::super::{Seen, Sign, of_user};
use super::{FAR_OFF_SHIFT, ID, OFF_SHIFT};
use crate::feed::Feed;
use crate::form::{DAY, HOUR, MINUTE, Proof};
use crate::names::NONE;
use crate::world::World;

/// A shift this far away is still of the same week.
const WEEK_HALF: i64 = 7 * DAY / 2;
/// Further from every shift than this, accesses with a reason are told too, once a day.
const FAR: i64 = 4 * HOUR;

/// So many patients for whom somebody worked away from every shift on a day: the day is a shift that the roster does not have.
const WORKED_MIN: usize = 3;

#[derive(Clone, Copy, Debug)]
struct Duty {
    start: i64,
    end: i64,
    proof: Proof,
}

/// The shifts of a user in order, and how far the walk has come.
#[derive(Debug, Default)]
struct Duties {
    all: Vec<Duty>,
    next: usize,
    told_day: Option<i64>,
}

#[derive(Debug, Default)]
pub(super) struct Roster {
    of_user: Vec<Duties>,
    /// When the roster was silent.
    silent: Vec<(i64, i64)>,
    /// The first patients for whom users worked away from every shift, by user and day.
    worked: FxHashMap<(u32, i64), [u32; WORKED_MIN]>,
}

impl Roster {
    /// Notes for whom somebody works away from every shift: with a reason, or leaving something in the record.
    pub(super) fn learn(&mut self, world: &World, seen: &Seen<'_>) {
        let access = seen.access;
        let works = access.action.writes() || (!seen.has_no_reason() && seen.explained.late.is_none());
        let has_roster = !world.shifts.of_number(access.user).is_empty();
        if access.patient == NONE || !works || !has_roster || world.shift_at(access.user, access.time.at).is_some() {
            return;
        }
        let patients = self.worked.entry((access.user, access.time.day())).or_insert([NONE; WORKED_MIN]);
        if !patients.contains(&access.patient)
            && let Some(free) = patients.iter_mut().find(|patient| **patient == NONE)
        {
            *free = access.patient;
        }
    }

    pub(super) fn settle(&mut self, world: &World) {
        self.worked.retain(|_, patients| !patients.contains(&NONE));
        self.of_user = Vec::new();
        for user in 0..u32::try_from(world.users.len()).unwrap_or(NONE) {
            let shifts = world.shifts.of_number(user);
            if let Some(duties) = of_user(&mut self.of_user, user).filter(|_| !shifts.is_empty()) {
                duties.all = joined(
                    shifts
                        .iter()
                        .map(|shift| Duty { start: shift.start, end: shift.end, proof: shift.proof })
                        .collect(),
                );
            }
        }
        let silent = world.silences.iter().filter(|silence| silence.feed == Feed::Roster);
        self.silent = silent.map(|silence| (silence.from - DAY, silence.until + DAY / 2)).collect();
    }

    pub(super) fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        let access = seen.access;
        if world.is_upheaval(access.time.at) {
            return;
        }
        let Some(duties) = self.of_user.get_mut(access.user as usize).filter(|duties| !duties.all.is_empty()) else {
            return;
        };
        let margin = i64::from(world.settings.shift_margin_minutes) * MINUTE;
        let Some((away, proof)) = duties.away(access.time.at).filter(|(away, _)| *away > margin && *away <= WEEK_HALF)
        else {
            return;
        };
        if self.silent.iter().any(|(from, until)| *from <= access.time.at && access.time.at <= *until) {
            return;
        }
        if self.worked.contains_key(&(access.user, access.time.day())) {
            return;
        }
        let level = if seen.has_no_reason() { OFF_SHIFT } else { FAR_OFF_SHIFT };
        if level == FAR_OFF_SHIFT
            && (away < FAR || duties.told_day == Some(access.time.day()) || seen.explained.late.is_some())
        {
            return;
        }
        if level == FAR_OFF_SHIFT {
            duties.told_day = Some(access.time.day());
        }
        signs.push(Sign::at(ID, level, access).proven(&[proof]).with([hours(away), 0.0, 0.0]));
    }
}

impl Duties {
    /// How long before or after the nearest shift a time is, and that shift. Times come in order.
    fn away(&mut self, at: i64) -> Option<(i64, Proof)> {
        while self.all.get(self.next).is_some_and(|duty| duty.end < at) {
            self.next += 1;
        }
        let after =
            self.next.checked_sub(1).and_then(|place| self.all.get(place)).map(|duty| (at - duty.end, duty.proof));
        let before = self.all.get(self.next).map(|duty| ((duty.start - at).max(0), duty.proof));
        before.into_iter().chain(after).min_by_key(|(away, _)| *away)
    }
}

/// Shifts in order, those that touch joined.
fn joined(mut all: Vec<Duty>) -> Vec<Duty> {
    all.sort_unstable_by_key(|duty| (duty.start, duty.end, duty.proof));
    let mut out: Vec<Duty> = Vec::with_capacity(all.len());
    for duty in all {
        match out.last_mut() {
            Some(last) if duty.start <= last.end => last.end = last.end.max(duty.end),
            _ => out.push(duty),
        }
    }
    out
}

fn hours(span: i64) -> f64 {
    f64::from(i32::try_from(span / MINUTE).unwrap_or(i32::MAX)) / 60.0
}
