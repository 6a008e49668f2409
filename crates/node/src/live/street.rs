//! The main street, live: what is durable in the log is decoded, judged and kept, in the order of the log.
//!
//! ```text
//! Feed (log -> batches) -> Worker x N (decode, normalise, judge) -> Order -> Keeper (windows, findings, evidence, tables)
//! ```
//!
//! Workers take turns at the feed; the keeper takes what they made of it in the order of the log. Every sink keeps its own applied offset with its data, so
//! after a crash the log is read again from the lowest of them and each sink leaves out what it has. Nothing here is ever dropped: a sink that cannot write
//! is tried again until it can, the keeper waits, then the workers, then the feed; the log grows meanwhile and listeners go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use cordon_store::tables::Tables;
use cordon_store::wal::WalError;
use tokio::runtime::Handle;

use super::feed::Feed;
use super::judge::{Judge, Outcome, Worker};
use super::keeper::Keeper;
use super::rules::Rules;
use crate::order::Order;

/// Batches per worker that may wait for the keeper.
const BATCHES_AHEAD: u64 = 2;

/// Everything the street needs, put together.
pub(super) struct Street {
    pub(super) feed: Feed,
    pub(super) judge: Judge,
    pub(super) rules: Arc<Rules>,
    pub(super) tables: Tables,
    pub(super) keeper: Keeper,
    pub(super) workers: usize,
    /// Set when a part of the log could not be read.
    pub(super) broken: Arc<AtomicBool>,
}

impl Street {
    /// Walks the street until the feed ends. Blocks: call it on a thread of its own.
    pub(super) fn walk(mut self, runtime: &Handle) {
        let workers = self.workers.max(1);
        let ahead = BATCHES_AHEAD.saturating_mul(u64::try_from(workers).unwrap_or(1));
        let order = Order::new(workers, ahead);
        let feed = Mutex::new(self.feed);
        let (judge, rules, tables, broken) = (&self.judge, &self.rules, &self.tables, &self.broken);
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| work(&feed, judge, rules, tables, &order, broken));
            }
            while let Some(outcome) = order.next() {
                runtime.block_on(self.keeper.keep(outcome));
            }
            runtime.block_on(self.keeper.finish());
        });
    }
}

/// One worker, until the feed ends.
fn work(
    feed: &Mutex<Feed>,
    judge: &Judge,
    rules: &Rules,
    tables: &Tables,
    order: &Order<Outcome>,
    broken: &AtomicBool,
) {
    let _place = order.enter();
    let mut worker = Worker::new(judge, rules.current(), tables.rows());
    loop {
        let batch = feed.lock().unwrap_or_else(PoisonError::into_inner).next();
        match batch {
            Ok(Some(batch)) => {
                let number = batch.number;
                if !order.hand_in(number, worker.work(batch)) {
                    return;
                }
            }
            Ok(None) => return,
            Err(error @ WalError::Damaged { .. }) => {
                tracing::error!(error = %error, "a part of the log is damaged: what stood there is not judged; the rest is");
                broken.store(true, Ordering::Relaxed);
            }
            Err(WalError::Closed) => return,
            Err(error) => {
                tracing::error!(error = %error, "the log cannot be read; trying again");
                broken.store(true, Ordering::Relaxed);
                if judge.stop.load(Ordering::Relaxed) {
                    return; // the next start reads it
                }
                thread::sleep(judge.retry_after);
            }
        }
    }
}
