//! Brings letters from the outbox to people, and notes what became of each try.

use std::collections::BTreeMap;
use std::sync::Arc;

use cordon_model::Time;
use tokio::task::JoinSet;

use super::TellError;
use super::channels::Channels;
use super::outbox::{Outbox, OutboxError, Row, Settled};
use super::retry::delay;
use crate::config::Span;

/// Most letters of one round.
const ROUND_MAX: u32 = 256;

/// Brings letters to people.
#[derive(Debug)]
pub struct Courier<O> {
    outbox: Arc<O>,
    channels: Arc<Channels>,
    retry_for: Span,
}

/// What a round did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Round {
    /// Letters taken by their receivers.
    pub sent: u64,
    /// Letters to be tried again.
    pub failed: u64,
    /// Letters given up.
    pub dead: u64,
}

impl<O: Outbox + 'static> Courier<O> {
    /// With the ways of the settings in force.
    #[must_use]
    pub const fn new(outbox: Arc<O>, channels: Arc<Channels>, retry_for: Span) -> Self {
        Self { outbox, channels, retry_for }
    }

    /// Tries every letter whose time has come. Ways are used side by side, the letters of one way one after the other; a way that cannot be reached is left
    /// alone for the rest of the round, so that no receiver holds up another.
    ///
    /// # Errors
    /// The outbox cannot be used. What was sent and not noted is sent again later, with the same key.
    pub async fn round(&self, now: Time) -> Result<Round, OutboxError> {
        let mut ways: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for row in self.outbox.due(now, ROUND_MAX).await? {
            let way = if row.channel.starts_with("mail:") { "mail" } else { &row.channel };
            ways.entry(way.to_owned()).or_default().push(row);
        }
        let mut walks = JoinSet::new();
        for rows in ways.into_values() {
            let (outbox, channels, retry_for) = (Arc::clone(&self.outbox), Arc::clone(&self.channels), self.retry_for);
            walks.spawn(async move { walk(&*outbox, &channels, retry_for, rows, now).await });
        }
        let mut round = Round::default();
        while let Some(walked) = walks.join_next().await {
            let walked = walked.map_err(|error| OutboxError(error.to_string()))??;
            round.sent += walked.sent;
            round.failed += walked.failed;
            round.dead += walked.dead;
        }
        Ok(round)
    }
}

async fn walk<O: Outbox>(
    outbox: &O,
    channels: &Channels,
    retry_for: Span,
    rows: Vec<Row>,
    now: Time,
) -> Result<Round, OutboxError> {
    let mut round = Round::default();
    for row in rows {
        let result = channels.send(&row, now).await;
        let is_unreachable = matches!(result, Err(TellError::NotReached(_)));
        let settled = settled(&row, result, retry_for, now);
        match settled {
            Settled::Sent => round.sent += 1,
            Settled::Again { .. } => round.failed += 1,
            Settled::Dead { .. } => round.dead += 1,
        }
        outbox.settle(&row.key, settled).await?;
        if is_unreachable {
            break;
        }
    }
    Ok(round)
}

fn settled(row: &Row, result: Result<(), TellError>, retry_for: Span, now: Time) -> Settled {
    let Err(error) = result else { return Settled::Sent };
    let waited = now.0.saturating_sub(row.letter.due);
    let error = error.to_string();
    if waited >= retry_for.micros() {
        tracing::error!(key = row.key, error, "a message was given up; it waits among the dead letters");
        return Settled::Dead { error };
    }
    let attempts = row.attempts.saturating_add(1);
    tracing::warn!(key = row.key, attempts, error, "a message was not taken and is tried again");
    Settled::Again { at: Time(now.0.saturating_add(delay(&row.key, attempts))), error }
}
