//! Health of the feeds: when the context itself was late, silent or thin.
//!
//! Missing context is not guilt. An access that a silent feed could have explained is not judged until the feed has caught up. Whether a feed was silent is read from its
//! own volume, in bins of six hours (`volume`); here stands what feeds there are, where the clock on the wall comes in, and which access waits for which feed.

mod volume;

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

    const ALL: [(&'static str, Self); 6] = [
        ("admissions", Self::Admissions),
        ("roster", Self::Roster),
        ("orders", Self::Orders),
        ("appointments", Self::Appointments),
        ("messages", Self::Messages),
        ("staff", Self::Staff),
    ];

    /// Its word, as it stands in files.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, feed)| *feed == self).map_or("", |(word, _)| word)
    }

    /// The feed of a word; none when there is none.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == word).map(|(_, feed)| *feed)
    }

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
    /// Feeds of which there must be something.
    expected: Vec<Feed>,
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
    /// How many rows are usual in such a stretch, a list that is sent at once counted as a few.
    pub usual: f64,
    /// How many came, counted alike.
    pub came: u32,
}

impl Intake {
    pub(crate) fn see(&mut self, feed: Feed, moment: Moment) {
        let place = Feed::COUNTED.iter().position(|counted| *counted == feed);
        if let Some(rows) = place.and_then(|place| self.rows.get_mut(place)) {
            rows.push(moment);
        }
    }

    /// A feed that is there: having nothing of it is no sign that there was nothing to say.
    pub(crate) fn expect(&mut self, feed: Feed) {
        self.expected.push(feed);
    }

    /// The silences of all feeds between two times.
    pub(crate) fn silences(&mut self, from: i64, until: i64) -> Vec<Silence> {
        let expected = &self.expected;
        let feeds = Feed::COUNTED.into_iter().zip(&mut self.rows);
        feeds
            .flat_map(|(feed, rows)| match rows.is_empty() && expected.contains(&feed) {
                true => vec![Silence { feed, from, until, usual: 0.0, came: 0 }],
                false => of_feed(feed, rows, from, until),
            })
            .collect()
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
    let mut out = volume::silences(feed, &walls, from + offset(from), until + offset(until));
    for silence in &mut out {
        silence.from -= offset(silence.from);
        silence.until -= offset(silence.until);
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

    #[test]
    fn a_feed_has_one_word_in_every_file() {
        for (word, feed) in Feed::ALL {
            assert_eq!(serde_json::to_value(feed).unwrap(), word);
            assert_eq!(Feed::of_word(word).map(Feed::word), Some(word));
        }
        assert_eq!(Feed::of_word("orders of yesterday"), None);
    }
}
