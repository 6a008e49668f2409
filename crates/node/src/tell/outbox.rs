//! The outbox: letters that wait, durable, so that nothing is lost in an outage or a crash. What it is kept in is another's business (`store::state`).

use std::future::Future;

use cordon_model::Time;

use super::letter::Letter;

/// The outbox cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the outbox cannot be used: {0}")]
pub struct OutboxError(
    /// Why.
    pub String,
);

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// It waits to be sent, or to be sent again.
    Waiting,
    /// A receiver has taken it.
    Sent,
    /// It was tried for as long as the settings say; a person has to look.
    Dead,
}

/// A letter for one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its identity: the same letter for the same receiver always has the same, so it is never kept or counted twice.
    pub key: String,
    /// The way: `mail:ADDRESS` or `webhook:NAME`.
    pub channel: String,
    /// What is said.
    pub letter: Letter,
    /// Times it was tried.
    pub attempts: u32,
    /// When it is to be tried (again).
    pub next_attempt: Time,
    /// Where it stands.
    pub state: RowState,
    /// What the last try said; empty when there was none.
    pub error: String,
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct OutboxCounts {
    /// Waiting.
    pub waiting: u64,
    /// Of those waiting, tried at least once without success.
    pub failing: u64,
    /// Dead.
    pub dead: u64,
}

/// What an outbox can do. Every change is durable when its future resolves.
pub trait Outbox: Send + Sync {
    /// Number of the last finding that was planned; 0 for none.
    fn position(&self) -> impl Future<Output = Result<i64, OutboxError>> + Send;

    /// Keeps rows and moves the position, together or not at all. A row that is there and was not tried yet gets the new letter and time; one that was tried
    /// stays as it is.
    fn keep(&self, position: i64, rows: Vec<Row>) -> impl Future<Output = Result<(), OutboxError>> + Send;

    /// Rows whose conversation ends after `now` or that still wait for their time: what the planner has to know after a start.
    fn open(&self, now: Time) -> impl Future<Output = Result<Vec<Row>, OutboxError>> + Send;

    /// Waiting rows whose time has come, the longest waiting first, at most `limit`.
    fn due(&self, now: Time, limit: u32) -> impl Future<Output = Result<Vec<Row>, OutboxError>> + Send;

    /// Notes what became of a try and counts it.
    fn settle(&self, key: &str, settled: Settled) -> impl Future<Output = Result<(), OutboxError>> + Send;

    /// Rows in a state, the newest first, at most `limit`: dead letters for the console.
    fn listed(&self, state: RowState, limit: u32) -> impl Future<Output = Result<Vec<Row>, OutboxError>> + Send;

    /// Puts a dead letter back among the waiting, to be tried at `now`; `false` when there is no such dead letter.
    fn revive(&self, key: &str, now: Time) -> impl Future<Output = Result<bool, OutboxError>> + Send;

    /// Removes sent rows whose conversation ended before `before`, and dead ones whose conversation did.
    fn purge(&self, before: Time) -> impl Future<Output = Result<u64, OutboxError>> + Send;

    /// How many stand where.
    fn counts(&self) -> impl Future<Output = Result<OutboxCounts, OutboxError>> + Send;
}
