//! The rate limit of one source: a bucket that holds the RawRecords of one second.
//!
//! Generic cell rate algorithm: one number says up to when the source has used its rate. It knows the machine's clock and nothing else.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Nanoseconds of one second: what may be used at once after a pause.
const BURST: u64 = 1_000_000_000;

/// What a source has used of its rate. Shared by its connections.
#[derive(Debug, Default)]
pub struct Allowance {
    base: OnceLock<Instant>,
    /// Nanoseconds since `base` up to which the rate is used.
    used_until: AtomicU64,
}

impl Allowance {
    /// Uses the rate for `records` and says how long the sender has to wait before it is heard again. `per_second` 0 is no limit.
    pub fn charge(&self, records: u64, per_second: u32) -> Duration {
        if per_second == 0 {
            return Duration::ZERO;
        }
        let now = self.now();
        let cost = cost(records, per_second);
        let add = |until: u64| Some(until.max(now).saturating_add(cost));
        let before = self.used_until.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).unwrap_or(now);
        let after = before.max(now).saturating_add(cost);
        Duration::from_nanos(after.saturating_sub(now).saturating_sub(BURST))
    }

    /// How many of `records` are within the rate; only those are charged. `per_second` 0 is no limit.
    pub fn admit(&self, records: u64, per_second: u32) -> u64 {
        if per_second == 0 {
            return records;
        }
        let now = self.now();
        let fit = |until: u64| {
            let room = now.saturating_add(BURST).saturating_sub(until.max(now));
            records.min(room / cost(1, per_second).max(1))
        };
        let add = |until: u64| Some(until.max(now).saturating_add(cost(fit(until), per_second)));
        let before = self.used_until.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).unwrap_or(now);
        fit(before)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.base.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

fn cost(records: u64, per_second: u32) -> u64 {
    records.saturating_mul(BURST) / u64::from(per_second.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_source_gets_its_rate_and_one_second_of_it_at_once() {
        let allowance = Allowance::default();
        assert_eq!(allowance.admit(500, 100), 100);
        assert_eq!(allowance.admit(1, 100), 0);
        tokio::time::advance(Duration::from_millis(250)).await;
        assert_eq!(allowance.admit(500, 100), 25);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_that_waits_is_told_how_long() {
        let allowance = Allowance::default();
        assert_eq!(allowance.charge(100, 100), Duration::ZERO);
        assert_eq!(allowance.charge(50, 100), Duration::from_millis(500));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(allowance.charge(100, 100), Duration::ZERO);
        assert_eq!(allowance.charge(u64::MAX, 0), Duration::ZERO);
    }
}
