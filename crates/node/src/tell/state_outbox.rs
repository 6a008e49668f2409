//! The outbox in the node's state: letters as JSON in its rows.

use cordon_model::Time;
use cordon_store::state::{LetterCounts, LetterRow, LetterSettled, LetterState, State, StateError};

use super::outbox::{Outbox, OutboxCounts, OutboxError, Row, RowState, Settled};

impl From<StateError> for OutboxError {
    fn from(error: StateError) -> Self {
        Self(error.to_string())
    }
}

impl Outbox for State {
    async fn position(&self) -> Result<i64, OutboxError> {
        Ok(self.outbox_position().await?)
    }

    async fn keep(&self, position: i64, rows: Vec<Row>) -> Result<(), OutboxError> {
        let letters: Result<Vec<LetterRow>, OutboxError> = rows.into_iter().map(kept).collect();
        Ok(self.keep_letters(position, &letters?).await?)
    }

    async fn open(&self, now: Time) -> Result<Vec<Row>, OutboxError> {
        self.open_letters(now).await?.into_iter().map(read).collect()
    }

    async fn due(&self, now: Time, limit: u32) -> Result<Vec<Row>, OutboxError> {
        self.due_letters(now, limit).await?.into_iter().map(read).collect()
    }

    async fn settle(&self, key: &str, settled: Settled) -> Result<(), OutboxError> {
        let settled = match settled {
            Settled::Sent => LetterSettled::Sent,
            Settled::Again { at, error } => LetterSettled::Again { at, error },
            Settled::Dead { error } => LetterSettled::Dead { error },
        };
        Ok(self.settle_letter(key, &settled).await?)
    }

    async fn listed(&self, state: RowState, limit: u32) -> Result<Vec<Row>, OutboxError> {
        let state = match state {
            RowState::Waiting => LetterState::Waiting,
            RowState::Sent => LetterState::Sent,
            RowState::Dead => LetterState::Dead,
        };
        self.letters(state, limit).await?.into_iter().map(read).collect()
    }

    async fn revive(&self, key: &str, now: Time) -> Result<bool, OutboxError> {
        Ok(self.revive_letter(key, now).await?)
    }

    async fn purge(&self, before: Time) -> Result<u64, OutboxError> {
        Ok(self.purge_letters(before).await?)
    }

    async fn counts(&self) -> Result<OutboxCounts, OutboxError> {
        let LetterCounts { waiting, failing, dead } = self.letter_counts().await?;
        Ok(OutboxCounts { waiting, failing, dead })
    }
}

fn kept(row: Row) -> Result<LetterRow, OutboxError> {
    let letter = serde_json::to_string(&row.letter).map_err(|error| OutboxError(error.to_string()))?;
    Ok(LetterRow {
        key: row.key,
        channel: row.channel,
        letter,
        ends: Time(row.letter.ends),
        attempts: row.attempts,
        next_attempt: row.next_attempt,
        state: LetterState::Waiting,
        error: row.error,
    })
}

fn read(row: LetterRow) -> Result<Row, OutboxError> {
    let letter = serde_json::from_str(&row.letter);
    let letter = letter.map_err(|_| OutboxError(format!("the letter {} cannot be read", row.key)))?;
    let state = match row.state {
        LetterState::Waiting => RowState::Waiting,
        LetterState::Sent => RowState::Sent,
        LetterState::Dead => RowState::Dead,
    };
    let LetterRow { key, channel, attempts, next_attempt, error, .. } = row;
    Ok(Row { key, channel, letter, attempts, next_attempt, state, error })
}
