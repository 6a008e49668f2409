//! How much of a processor judging stored events takes: all of one while the street has nothing to do, a quarter while it works, and nothing while it is behind.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::super::node::Parts;

/// While the street works, a step is followed by so many times its own duration of rest.
const REST_TIMES: u32 = 3;
/// Longest rest behind one step that the street is not behind in.
const REST_MAX: Duration = Duration::from_secs(1);
/// Bytes of the log that wait for the street beyond which it goes first.
const BEHIND_BYTES_MAX: u64 = 4 << 20;
/// How long the street goes first at most; then one step is taken, so that a backfill under steady load comes to an end.
const YIELD_MAX: Duration = Duration::from_secs(10);
/// How often is looked whether the street has caught up.
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub(in crate::live) struct Pace {
    parts: Arc<Parts>,
    /// Where the log ended behind the last step.
    durable: u64,
}

impl Pace {
    pub(in crate::live) fn new(parts: &Arc<Parts>) -> Self {
        Self { parts: Arc::clone(parts), durable: parts.wal.durable() }
    }

    /// Rests after a step that took so long; ends early when `is_over`.
    pub(in crate::live) fn rest(&mut self, worked: Duration, is_over: impl Fn() -> bool) {
        let durable = self.parts.wal.durable();
        let is_busy = durable != self.durable || self.behind() > 0;
        self.durable = durable;
        if !is_busy {
            return std::thread::yield_now();
        }
        std::thread::sleep(worked.saturating_mul(REST_TIMES).min(REST_MAX));
        let since = Instant::now();
        while self.behind() > BEHIND_BYTES_MAX && since.elapsed() < YIELD_MAX && !is_over() {
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn behind(&self) -> u64 {
        self.parts.wal.durable().saturating_sub(self.parts.counts.through.load(Ordering::Relaxed))
    }
}
