//! Health of the feeds: when the context itself was late, silent or thin.
//!
//! Missing context is not guilt. An access that a silent feed could have explained is not judged until the feed has caught up. Whether a feed was silent is read from its
//! own volume: bins of six hours are compared with the median of the same quarter of the day, working days apart from weekends.

use serde::Serialize;

use crate::form::{DAY, HOUR, Moment};
use crate::world::World;

/// A source of context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    /// Admissions, transfers and discharges (ADT).
    Admissions,
    /// The roster.
    Roster,
    /// Orders and results.
    Orders,
    /// Appointments.
    Appointments,
    /// Messages and referrals.
    Messages,
    /// People: who a user is.
    Staff,
}

impl Feed {
    /// Those whose volume says whether they are well.
    const COUNTED: [Self; 5] = [Self::Admissions, Self::Roster, Self::Orders, Self::Appointments, Self::Messages];

    /// As it stands in sentences.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Admissions => "admissions and transfers",
            Self::Roster => "the roster",
            Self::Orders => "orders",
            Self::Appointments => "appointments",
            Self::Messages => "messages and referrals",
            Self::Staff => "the staff list",
        }
    }
}

/// Start times of the rows of each feed.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    rows: [Vec<Moment>; 5],
}

/// A stretch in which a feed said too little.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Silence {
    /// Which feed.
    pub feed: Feed,
    /// From, milliseconds since 1970.
    pub from: i64,
    /// Until.
    pub until: i64,
    /// How many rows are usual in such a stretch.
    pub usual: f64,
    /// How many came.
    pub came: u32,
}

const BIN: i64 = 6 * HOUR;
/// A bin is thin when it has less than this share of what is usual.
const THIN: f64 = 0.35;
/// A stretch counts when what is missing is so many standard deviations of a count of what is usual.
const DEVIATIONS_MIN: f64 = 4.0;

impl Intake {
    pub(crate) fn see(&mut self, feed: Feed, moment: Moment) {
        let place = Feed::COUNTED.iter().position(|counted| *counted == feed);
        if let Some(rows) = place.and_then(|place| self.rows.get_mut(place)) {
            rows.push(moment);
        }
    }

    /// The silences of all feeds between two times.
    pub(crate) fn silences(&mut self, from: i64, until: i64) -> Vec<Silence> {
        let feeds = Feed::COUNTED.into_iter().zip(&mut self.rows);
        feeds.flat_map(|(feed, rows)| of_feed(feed, rows, from, until)).collect()
    }
}

/// The silences of a feed. Hospitals live by the clock on the wall, so the quarters of a day are those of the wall, also when it is put forward or back.
fn of_feed(feed: Feed, rows: &mut [Moment], from: i64, until: i64) -> Vec<Silence> {
    rows.sort_unstable();
    let offset = |at: i64| {
        let place = rows.partition_point(|row| row.at < at).min(rows.len().saturating_sub(1));
        rows.get(place).map_or(0, |row| row.wall() - row.at)
    };
    let walls: Vec<i64> = rows.iter().map(|row| row.wall()).collect();
    let mut out = silences(feed, &walls, from + offset(from), until + offset(until));
    for silence in &mut out {
        silence.from -= offset(silence.from);
        silence.until -= offset(silence.until);
    }
    out
}

/// The same where all times are of the wall.
fn silences(feed: Feed, times: &[i64], from: i64, until: i64) -> Vec<Silence> {
    let first = from.div_euclid(BIN);
    let bins = usize::try_from(until.div_euclid(BIN) - first + 1).unwrap_or(0);
    // a file that spans centuries by one bad clock is no measure of anything
    if times.is_empty() || bins > 40_000 {
        return Vec::new();
    }
    let mut counts = vec![0_u32; bins];
    for at in times {
        let place = usize::try_from(at.div_euclid(BIN) - first).ok();
        if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
            *count += 1;
        }
    }
    let mut usual = usual(&counts, first);
    in_part(usual.first_mut(), (first + 1) * BIN - from);
    in_part(usual.last_mut(), until - until.div_euclid(BIN) * BIN);
    let mut out = thin_runs(feed, &counts, &usual, first);
    out.iter_mut().for_each(|silence| to_its_edges(silence, times));
    out
}

/// Runs of thin bins that are too thin for chance.
fn thin_runs(feed: Feed, counts: &[u32], usual: &[f64], first: i64) -> Vec<Silence> {
    let mut out = Vec::new();
    let mut run: Option<Silence> = None;
    for (place, (count, usual)) in counts.iter().zip(usual).enumerate() {
        let start = (first + i64::try_from(place).unwrap_or(0)) * BIN;
        if f64::from(*count) <= THIN * usual || *usual < 1.0 {
            let silence = run.get_or_insert(Silence { feed, from: start, until: start, usual: 0.0, came: 0 });
            silence.until = start + BIN;
            silence.usual += usual;
            silence.came += count;
        } else {
            out.extend(run.take().filter(counts_as_silence));
        }
    }
    out.extend(run.filter(counts_as_silence));
    out
}

/// A silence begins after the last row before it, and ends with the first behind it, where they are within a bin.
fn to_its_edges(silence: &mut Silence, times: &[i64]) {
    let before = times.iter().copied().filter(|at| (silence.from - BIN..silence.from).contains(at)).max();
    let behind = times.iter().copied().filter(|at| (silence.until..silence.until + BIN).contains(at)).min();
    silence.from = before.unwrap_or(silence.from - BIN);
    silence.until = behind.unwrap_or(silence.until);
}

/// A bin of which only `part` milliseconds are looked at has as much less.
fn in_part(usual: Option<&mut f64>, part: i64) {
    if let Some(usual) = usual {
        *usual *= f64::from(i32::try_from(part.clamp(0, BIN)).unwrap_or(i32::MAX))
            / f64::from(i32::try_from(BIN).unwrap_or(i32::MAX));
    }
}

fn counts_as_silence(run: &Silence) -> bool {
    let came = f64::from(run.came);
    run.usual > 0.0 && came <= THIN * run.usual && run.usual - came >= DEVIATIONS_MIN * libm::sqrt(run.usual)
}

/// What is usual in each bin: the median of the bins of the same quarter of the day and kind of day.
fn usual(counts: &[u32], first: i64) -> Vec<f64> {
    let kind = |place: usize| {
        let bin = first + i64::try_from(place).unwrap_or(0);
        let weekend = (bin * BIN + 3 * DAY).div_euclid(DAY).rem_euclid(7) >= 5;
        (bin.rem_euclid(DAY / BIN), weekend)
    };
    let mut out = vec![0.0; counts.len()];
    for quarter in 0..DAY / BIN {
        for weekend in [false, true] {
            let mut alike: Vec<u32> = counts
                .iter()
                .enumerate()
                .filter(|(place, _)| kind(*place) == (quarter, weekend))
                .map(|(_, count)| *count)
                .collect();
            alike.sort_unstable();
            let median = f64::from(alike.get(alike.len() / 2).copied().unwrap_or(0));
            for (_, usual) in out.iter_mut().enumerate().filter(|(place, _)| kind(*place) == (quarter, weekend)) {
                *usual = median;
            }
        }
    }
    out
}

/// The feed, if any, that was too silent for an access at `at` by `user` to be judged.
pub(crate) fn late(world: &World, user: u32, at: i64) -> Option<Feed> {
    if world.employee(user).is_none() && world.employees.iter().any(Option::is_some) {
        return Some(Feed::Staff);
    }
    let margin = i64::from(world.settings.late_feed_hours) * HOUR;
    let covers = |silence: &&Silence| {
        // a shift that begins within the silence goes on behind it
        let after = if silence.feed == Feed::Roster { DAY / 2 } else { margin };
        silence.from <= at && at <= silence.until + after
    };
    world.silences.iter().find(covers).map(|silence| silence.feed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three_weeks(without: std::ops::Range<i64>) -> Vec<i64> {
        (0..21 * 24).map(|hour| hour * HOUR).filter(|at| !without.contains(at)).collect()
    }

    #[test]
    fn two_silent_days_are_found_and_an_hour_is_not() {
        let found = silences(Feed::Orders, &three_weeks(8 * DAY..10 * DAY), 0, 21 * DAY - 1);
        assert_eq!(
            found.iter().map(|silence| (silence.from, silence.until, silence.came)).collect::<Vec<_>>(),
            [(8 * DAY - HOUR, 10 * DAY, 0)]
        );
        assert!(silences(Feed::Orders, &three_weeks(8 * DAY..8 * DAY + HOUR), 0, 21 * DAY - 1).is_empty());
    }

    #[test]
    fn a_feed_that_ends_early_is_late_from_then_on() {
        let found = silences(Feed::Roster, &three_weeks(19 * DAY..30 * DAY), 0, 21 * DAY - 1);
        assert_eq!(
            found.iter().map(|silence| (silence.from, silence.until)).collect::<Vec<_>>(),
            [(19 * DAY - HOUR, 21 * DAY)]
        );
    }

    #[test]
    fn a_feed_that_never_was_is_not_silent() {
        assert!(silences(Feed::Messages, &[], 0, 21 * DAY).is_empty());
    }
}
