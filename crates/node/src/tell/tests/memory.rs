//! An outbox in memory, for tests of what uses one.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cordon_model::Time;

use crate::tell::{Outbox, OutboxCounts, OutboxError, Row, RowState, Settled};

/// Rows by key, and the position.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<(i64, BTreeMap<String, Row>)>);

impl Memory {
    fn inner(&self) -> MutexGuard<'_, (i64, BTreeMap<String, Row>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        self.inner().1.values().cloned().collect()
    }
}

impl Outbox for Memory {
    async fn position(&self) -> Result<i64, OutboxError> {
        Ok(self.inner().0)
    }

    async fn keep(&self, position: i64, rows: Vec<Row>) -> Result<(), OutboxError> {
        let mut inner = self.inner();
        inner.0 = inner.0.max(position);
        for row in rows {
            let begun = inner.1.get(&row.key).is_some_and(|old| old.attempts > 0 || old.state != RowState::Waiting);
            if !begun {
                inner.1.insert(row.key.clone(), row);
            }
        }
        Ok(())
    }

    async fn open(&self, now: Time) -> Result<Vec<Row>, OutboxError> {
        Ok(self.rows().into_iter().filter(|row| now.0 < row.letter.ends.max(row.letter.due)).collect())
    }

    async fn due(&self, now: Time, limit: u32) -> Result<Vec<Row>, OutboxError> {
        let mut due: Vec<Row> = self.rows();
        due.retain(|row| row.state == RowState::Waiting && row.next_attempt <= now);
        due.sort_by_key(|row| row.next_attempt);
        due.truncate(usize::try_from(limit).unwrap());
        Ok(due)
    }

    async fn settle(&self, key: &str, settled: Settled) -> Result<(), OutboxError> {
        let mut inner = self.inner();
        let row = inner.1.get_mut(key).ok_or_else(|| OutboxError("no such row".to_owned()))?;
        row.attempts += 1;
        match settled {
            Settled::Sent => row.state = RowState::Sent,
            Settled::Again { at, error } => (row.next_attempt, row.error) = (at, error),
            Settled::Dead { error } => (row.state, row.error) = (RowState::Dead, error),
        }
        Ok(())
    }

    async fn listed(&self, state: RowState, limit: u32) -> Result<Vec<Row>, OutboxError> {
        let rows = self.rows().into_iter().filter(|row| row.state == state);
        Ok(rows.take(usize::try_from(limit).unwrap()).collect())
    }

    async fn revive(&self, key: &str, now: Time) -> Result<bool, OutboxError> {
        let mut inner = self.inner();
        let Some(row) = inner.1.get_mut(key).filter(|row| row.state == RowState::Dead) else { return Ok(false) };
        (row.state, row.next_attempt) = (RowState::Waiting, now);
        Ok(true)
    }

    async fn purge(&self, before: Time) -> Result<u64, OutboxError> {
        let mut inner = self.inner();
        let count = inner.1.len();
        inner.1.retain(|_, row| row.state == RowState::Waiting || row.letter.ends.max(row.letter.due) >= before.0);
        Ok(u64::try_from(count - inner.1.len()).unwrap())
    }

    async fn counts(&self) -> Result<OutboxCounts, OutboxError> {
        let mut counts = OutboxCounts::default();
        for row in self.rows() {
            match row.state {
                RowState::Waiting => {
                    counts.waiting += 1;
                    counts.failing += u64::from(row.attempts > 0);
                }
                RowState::Dead => counts.dead += 1,
                RowState::Sent => {}
            }
        }
        Ok(counts)
    }
}
