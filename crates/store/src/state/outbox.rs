//! The outbox: letters for people, durable, each under a key that makes it one of a kind. What a letter says is the caller's; here it is a text.

use cordon_model::Time;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _};

use super::listing::rows_to_fetch;
use super::sql::{from_count, to_count};
use super::{State, StateError, offsets};

/// Most letters that wait: beyond it nothing more is planned until some are gone.
const WAITING_MAX: u32 = 100_000;
/// Name of the offset that counts findings which were planned.
const SINK: &str = "outbox";
/// Rows of one INSERT.
const ROWS_MAX: usize = 500;

/// Where a letter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterState {
    /// It waits to be sent, or to be sent again.
    Waiting,
    /// A receiver has taken it.
    Sent,
    /// It was tried for as long as the settings say; a person has to look.
    Dead,
}

impl LetterState {
    const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::Dead];

    /// Its name in the API and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Dead => "dead",
        }
    }
}

/// A letter for one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterRow {
    /// The same letter for the same receiver always has the same key.
    pub key: String,
    /// The way to the receiver.
    pub channel: String,
    /// What is said, in the caller's form. No data of a patient.
    pub letter: String,
    /// When the conversation that it belongs to is over.
    pub ends: Time,
    /// Times it was tried.
    pub attempts: u32,
    /// When it is to be tried (again).
    pub next_attempt: Time,
    /// Where it stands.
    pub state: LetterState,
    /// What the last try said; empty when there was none.
    pub error: String,
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LetterSettled {
    /// Taken.
    Sent,
    /// To be tried again.
    Again {
        /// When.
        at: Time,
        /// What the try said.
        error: String,
    },
    /// Given up.
    Dead {
        /// What the last try said.
        error: String,
    },
}

/// How many letters stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LetterCounts {
    /// Waiting.
    pub waiting: u64,
    /// Of those waiting, tried at least once without success.
    pub failing: u64,
    /// Dead.
    pub dead: u64,
}

impl State {
    /// Number ([`super::FindingRow::seq`]) of the last finding that was planned; 0 for none.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn outbox_position(&self) -> Result<i64, StateError> {
        to_count(self.applied_offset(SINK).await?)
    }

    /// Keeps letters and moves the position, together or not at all. A letter that is there and was not tried yet gets the new text, end and time; one that
    /// was tried stays as it is.
    ///
    /// # Errors
    /// [`StateError::TooMany`] when too many wait: plan again later.
    pub async fn keep_letters(&self, position: i64, letters: &[LetterRow]) -> Result<(), StateError> {
        let mut tx = self.begin().await?;
        let waiting = "SELECT count(*) FROM outbox WHERE state = 'waiting'";
        let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&mut *tx).await?;
        if !letters.is_empty() && waiting >= i64::from(WAITING_MAX) {
            return Err(StateError::TooMany { what: "letters that wait", max: WAITING_MAX });
        }
        for part in letters.chunks(ROWS_MAX) {
            let mut query = QueryBuilder::new(
                "INSERT INTO outbox (key, channel, letter, ends, attempts, next_attempt, state, error) ",
            );
            query.push_values(part, |mut row, letter| {
                row.push_bind(letter.key.clone()).push_bind(letter.channel.clone()).push_bind(letter.letter.clone());
                row.push_bind(letter.ends.0).push_bind(i64::from(letter.attempts)).push_bind(letter.next_attempt.0);
                row.push_bind(letter.state.name()).push_bind(letter.error.clone());
            });
            query.push(
                " ON CONFLICT (key) DO UPDATE SET letter = excluded.letter, ends = excluded.ends,
                  next_attempt = excluded.next_attempt WHERE outbox.attempts = 0 AND outbox.state = 'waiting'",
            );
            query.build().execute(&mut *tx).await?;
        }
        offsets::advance(&mut tx, SINK, from_count(position.max(0), "outbox")?).await?;
        Ok(tx.commit().await?)
    }

    /// Letters whose conversation ends after `now`, or that wait for a later time: what a planner has to know after a start. At most 100,000.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn open_letters(&self, now: Time) -> Result<Vec<LetterRow>, StateError> {
        let rows = sqlx::query(
            "SELECT * FROM outbox WHERE ends > ?1 OR (state = 'waiting' AND next_attempt > ?1) ORDER BY key LIMIT ?2",
        );
        rows.bind(now.0).bind(WAITING_MAX).fetch_all(&self.readers).await?.iter().map(letter_of).collect()
    }

    /// Waiting letters whose time has come, the longest waiting first, at most `limit`, up to 1,000.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn due_letters(&self, now: Time, limit: u32) -> Result<Vec<LetterRow>, StateError> {
        let rows = sqlx::query(
            "SELECT * FROM outbox WHERE state = 'waiting' AND next_attempt <= ?1 ORDER BY next_attempt, key LIMIT ?2",
        );
        let rows = rows.bind(now.0).bind(rows_to_fetch(limit) - 1).fetch_all(&self.readers).await?;
        rows.iter().map(letter_of).collect()
    }

    /// Notes what became of a try and counts it.
    ///
    /// # Errors
    /// There is no such letter that waits.
    pub async fn settle_letter(&self, key: &str, settled: &LetterSettled) -> Result<(), StateError> {
        let (state, at, error) = match settled {
            LetterSettled::Sent => (LetterState::Sent, None, ""),
            LetterSettled::Again { at, error } => (LetterState::Waiting, Some(at.0), error.as_str()),
            LetterSettled::Dead { error } => (LetterState::Dead, None, error.as_str()),
        };
        let mut tx = self.begin().await?;
        let update = sqlx::query(
            "UPDATE outbox SET state = ?2, next_attempt = coalesce(?3, next_attempt), error = ?4, attempts = attempts + 1
             WHERE key = ?1 AND state = 'waiting'",
        );
        let update = update.bind(key.to_owned()).bind(state.name()).bind(at).bind(error.to_owned());
        if update.execute(&mut *tx).await?.rows_affected() == 0 {
            return Err(StateError::NotFound("letter that waits"));
        }
        Ok(tx.commit().await?)
    }

    /// Letters in a state, the newest time first, at most `limit`, up to 1,000.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn letters(&self, state: LetterState, limit: u32) -> Result<Vec<LetterRow>, StateError> {
        let rows = sqlx::query("SELECT * FROM outbox WHERE state = ?1 ORDER BY next_attempt DESC, key LIMIT ?2");
        let rows = rows.bind(state.name()).bind(rows_to_fetch(limit) - 1).fetch_all(&self.readers).await?;
        rows.iter().map(letter_of).collect()
    }

    /// Puts a dead letter back among the waiting, to be tried at `now`; `false` when there is no such dead letter.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn revive_letter(&self, key: &str, now: Time) -> Result<bool, StateError> {
        let mut tx = self.begin().await?;
        let revive = sqlx::query(
            "UPDATE outbox SET state = 'waiting', next_attempt = ?2, attempts = 0 WHERE key = ?1 AND state = 'dead'",
        );
        let revived = revive.bind(key.to_owned()).bind(now.0).execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        Ok(revived == 1)
    }

    /// Removes sent and dead letters whose conversation was over before `before`; says how many.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn purge_letters(&self, before: Time) -> Result<u64, StateError> {
        let mut tx = self.begin().await?;
        let purge = sqlx::query("DELETE FROM outbox WHERE state <> 'waiting' AND ends < ?1").bind(before.0);
        let purged = purge.execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        Ok(purged)
    }

    /// How many letters stand where.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn letter_counts(&self) -> Result<LetterCounts, StateError> {
        let row = sqlx::query(
            "SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting,
             count(*) FILTER (WHERE state = 'waiting' AND attempts > 0) AS failing,
             count(*) FILTER (WHERE state = 'dead') AS dead FROM outbox",
        );
        let row = row.fetch_one(&self.readers).await?;
        let count = |name: &str| -> Result<u64, StateError> { from_count(row.try_get(name)?, "outbox") };
        Ok(LetterCounts { waiting: count("waiting")?, failing: count("failing")?, dead: count("dead")? })
    }
}

fn letter_of(row: &SqliteRow) -> Result<LetterRow, StateError> {
    let damaged = || StateError::Damaged("outbox");
    let name: &str = row.try_get("state")?;
    let attempts: i64 = row.try_get("attempts")?;
    Ok(LetterRow {
        key: row.try_get("key")?,
        channel: row.try_get("channel")?,
        letter: row.try_get("letter")?,
        ends: Time(row.try_get("ends")?),
        attempts: u32::try_from(attempts).map_err(|_| damaged())?,
        next_attempt: Time(row.try_get("next_attempt")?),
        state: LetterState::ALL.into_iter().find(|state| state.name() == name).ok_or_else(damaged)?,
        error: row.try_get("error")?,
    })
}
