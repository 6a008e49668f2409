//! When to try again: later and later, and not all at the same moment.

use cordon_seal::PartsDigest;

/// After the first failure, seconds.
const FIRST_SECONDS: u64 = 5;
/// Never later than this, seconds: an outage of hours is over for us at most ten minutes after it is over.
const LAST_SECONDS: u64 = 600;
const MICROS: u64 = 1_000_000;

/// How long to wait after `attempts` failures, microseconds: doubled each time, then shortened by up to half. The share is taken from the key, so the same
/// message waits alike after a restart, and a thousand messages do not come back at once.
#[must_use]
pub fn delay(key: &str, attempts: u32) -> i64 {
    let doublings = attempts.saturating_sub(1).min(16);
    let full = FIRST_SECONDS.saturating_mul(1 << doublings).min(LAST_SECONDS) * MICROS;
    let mut hash = PartsDigest::default();
    hash.part(key.as_bytes());
    hash.part(&attempts.to_be_bytes());
    let spread = hash.finish().0.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes)) % (full / 2);
    i64::try_from(full - spread).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_ten_minutes_and_are_shortened_by_up_to_half() {
        for attempts in 1..40_u32 {
            let full = (5_000_000_i64 << attempts.min(20).saturating_sub(1)).min(600_000_000);
            let waits: Vec<i64> = (0..100).map(|key| delay(&format!("key {key}"), attempts)).collect();
            assert!(waits.iter().all(|wait| full / 2 <= *wait && *wait <= full), "{attempts}: {waits:?}");
            assert!(waits.iter().collect::<std::collections::BTreeSet<_>>().len() > 90);
        }
    }

    #[test]
    fn the_same_message_always_waits_alike() {
        assert_eq!(delay("a", 3), delay("a", 3));
    }
}
