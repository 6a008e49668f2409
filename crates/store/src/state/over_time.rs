//! Counts over time by level: a time is cut into stretches of one length, and the database counts what falls into each.

use cordon_model::{Level, Time};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::StateError;
use super::sql::{from_count, level_of};
use crate::stretches::LENGTHS_SECONDS;

/// Most stretches of one count.
const STRETCHES_MAX: u32 = 200;

/// How many of a level fell into a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelCell {
    /// Where the stretch begins.
    pub start: Time,
    /// The level.
    pub level: Level,
    /// How many; never 0.
    pub count: u64,
}

/// Counts by stretch of time and level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverTime {
    /// Length of a stretch, at least 1.
    pub seconds: i64,
    /// What is not 0, by stretch, then level, both rising.
    pub cells: Vec<LevelCell>,
}

impl OverTime {
    /// Of nothing.
    pub(super) const NOTHING: Self = Self { seconds: 1, cells: Vec::new() };
}

/// A time cut into stretches of one length, the first from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretches {
    from: Time,
    seconds: i64,
}

impl Stretches {
    /// From `from` to before `until` in at most `wanted` stretches (1 to 200), of the shortest length that people read well.
    pub(super) fn of(from: Time, until: Time, wanted: u32) -> Self {
        let wanted = i64::from(wanted.clamp(1, STRETCHES_MAX));
        let seconds_before_last = (until.0.saturating_sub(from.0).max(1) - 1) / 1_000_000;
        let fits = LENGTHS_SECONDS.into_iter().find(|length| seconds_before_last / length < wanted);
        Self { from, seconds: fits.unwrap_or(seconds_before_last / wanted + 1) }
    }

    /// Appends the number of the stretch that a column of times falls into, as `stretch`.
    pub(super) fn push_number(self, query: &mut QueryBuilder<Sqlite>, column: &'static str) {
        query.push("(").push(column).push(" - ").push_bind(self.from.0).push(") / ");
        query.push_bind(self.micros()).push(" AS stretch");
    }

    /// The counts out of rows of `stretch`, `level` and `cell`.
    pub(super) fn counts(self, rows: &[SqliteRow], table: &'static str) -> Result<OverTime, StateError> {
        let cell = |row: &SqliteRow| -> Result<LevelCell, StateError> {
            let since = row.try_get::<i64, _>("stretch")?.saturating_mul(self.micros());
            let level = level_of(row.try_get("level")?, table)?;
            let count = from_count(row.try_get("cell")?, table)?;
            Ok(LevelCell { start: Time(self.from.0.saturating_add(since)), level, count })
        };
        let cells: Result<Vec<LevelCell>, StateError> = rows.iter().map(cell).collect();
        Ok(OverTime { seconds: self.seconds, cells: cells? })
    }

    const fn micros(self) -> i64 {
        self.seconds.saturating_mul(1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn check(micros: i64, wanted: u32, expect: i64) {
        let from = Time(7 * SECOND + 3);
        assert_eq!(Stretches::of(from, Time(from.0 + micros), wanted).seconds, expect, "{micros} in {wanted}");
    }

    #[test]
    fn stretches_are_as_short_as_reads_well_and_never_more_than_wanted() {
        check(60 * SECOND, 60, 1);
        check(60 * SECOND + 1, 60, 5);
        check(86_400 * SECOND, 60, 1_800);
        check(86_400 * SECOND, 24, 3_600);
        check(86_400 * SECOND + 1, 24, 10_800);
        check(100 * 31_536_000 * SECOND, 10, 315_360_000);
        check(3_600 * SECOND, 1, 3_600);
        check(3_600 * SECOND, 0, 3_600);
        check(86_400 * SECOND, 9_000, 600);
    }

    #[test]
    fn no_time_and_a_time_that_is_turned_round_are_one_stretch() {
        check(0, 60, 1);
        check(-SECOND, 60, 1);
        assert_eq!(Stretches::of(Time(i64::MIN), Time(i64::MAX), 200).micros() / SECOND, 46_116_860_185);
    }
}
