//! From the log to batches: the only reader of the write-ahead log on the street. Batches are numbered; a tick stands in when there is nothing to read.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cordon_model::Time;
use cordon_store::wal::{Entry, WalError, WalReader};
use tokio::runtime::Handle;

use super::clock::EventClock;
use super::rules::{Generation, Rules};

/// A batch has at most one unit for so many bytes that it aims at, so that short lines do not make it slow.
const UNIT_BYTES: usize = 256;
/// How long the log is waited for before a tick goes down the street instead.
const TICK: Duration = Duration::from_millis(200);

/// How long a stopping node goes on judging what is durable; the next start goes on from there.
const STOP_MAX: Duration = Duration::from_secs(10);

/// Deliveries that one worker takes at once; without any it is a tick.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) number: u64,
    /// Everything below this offset is in this or an earlier batch.
    pub(super) through: u64,
    pub(super) generation: Generation,
    /// The event clock: of a batch that holds deliveries the latest receipt, so that replaying gives what was given before.
    pub(super) now: Time,
    pub(super) entries: Vec<Entry>,
}

/// Reads the log from an offset on.
#[derive(Debug)]
pub(super) struct Feed {
    reader: WalReader,
    /// Bytes that a batch aims at.
    batch_bytes: usize,
    rules: Arc<Rules>,
    clock: EventClock,
    stop: Arc<AtomicBool>,
    /// Offsets at which a batch must end, lowest last: no batch stands on both sides of what a sink has already.
    borders: Vec<u64>,
    /// Entries that were read and are in no batch yet.
    read: VecDeque<Entry>,
    runtime: Handle,
    next_number: u64,
    through: u64,
    /// When the node was first seen to stop.
    stopping: Option<Instant>,
}

impl Feed {
    /// From where the reader stands; no batch reaches over one of `borders`.
    pub(super) fn new(
        (reader, batch_bytes): (WalReader, usize),
        mut borders: Vec<u64>,
        rules: Arc<Rules>,
        clock: EventClock,
        stop: Arc<AtomicBool>,
        runtime: Handle,
    ) -> Self {
        borders.sort_unstable_by(|one, other| other.cmp(one));
        let through = reader.position();
        Self {
            reader,
            batch_bytes,
            rules,
            clock,
            stop,
            borders,
            read: VecDeque::new(),
            runtime,
            next_number: 0,
            through,
            stopping: None,
        }
    }

    /// The next batch or tick; `None` when the node stops and everything durable was read or its time is over. Blocks for a tick at most.
    ///
    /// # Errors
    /// When the log cannot be read: it is damaged, or the disk fails. What follows a damaged part can be read by the next call.
    pub(super) fn next(&mut self) -> Result<Option<Batch>, WalError> {
        if self.read.is_empty() {
            self.fill()?;
        }
        if self.stop.load(Ordering::Relaxed) {
            let since = *self.stopping.get_or_insert_with(Instant::now);
            if self.read.is_empty() || since.elapsed() > STOP_MAX {
                return Ok(None);
            }
        }
        let (mut entries, mut bytes, mut units) = (Vec::new(), 0, 0);
        while let Some(entry) = self.read.pop_front() {
            bytes += entry.delivery.bytes.len();
            units += entry.delivery.units.len();
            self.through = entry.end;
            entries.push(entry);
            if bytes >= self.batch_bytes || units >= self.batch_bytes / UNIT_BYTES || self.ends_at_border() {
                break;
            }
        }
        let now = entries.iter().map(|entry: &Entry| entry.delivery.received).max();
        let number = self.next_number;
        self.next_number += 1;
        let (generation, now) = (self.rules.current(), now.unwrap_or_else(|| self.clock.now()));
        Ok(Some(Batch { number, through: self.through, generation, now, entries }))
    }

    /// Reads what is there; waits for a tick when there is nothing.
    fn fill(&mut self) -> Result<(), WalError> {
        self.read.extend(self.reader.read(self.batch_bytes)?);
        if self.read.is_empty() && !self.stop.load(Ordering::Relaxed) {
            let reader = &mut self.reader;
            let waited = self.runtime.block_on(async { tokio::time::timeout(TICK, reader.wait()).await });
            if let Ok(waited) = waited {
                waited?;
                self.read.extend(self.reader.read(self.batch_bytes)?);
            }
        }
        Ok(())
    }

    /// Whether a batch that went on would reach over a border.
    fn ends_at_border(&mut self) -> bool {
        let before = self.borders.len();
        while self.borders.last().is_some_and(|border| *border <= self.through) {
            self.borders.pop();
        }
        self.borders.len() < before
    }
}
