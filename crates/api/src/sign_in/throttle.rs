//! Slowing down who guesses, in a way that nobody can use to lock somebody else out.
//!
//! Three counts of failures: per account and address, per address, and per account over all addresses. The last one is what a guesser with many addresses meets;
//! a device that the account has signed in from before is exempt from it, so the person behind the account still gets in. Counts are in memory: a restart forgets them,
//! which gives a guesser no more than the free attempts again.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most counts that are kept; above, those that have been quiet longest are forgotten.
const COUNTS_MAX: usize = 65_536;
/// A count is forgotten after so long without a failure.
const FORGET_AFTER: Duration = Duration::from_secs(3_600);
/// No delay is longer.
const DELAY_MAX: Duration = Duration::from_secs(900);

/// What is counted, and how many failures are free of delay.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Counted {
    /// This account from this address: 4 free.
    Pair(String, IpAddr),
    /// This address, whatever the account: 20 free.
    Address(IpAddr),
    /// This account from devices it does not know: 30 free, and never more than a minute.
    Account(String),
}

impl Counted {
    const fn free(&self) -> u32 {
        match self {
            Self::Pair(..) => 4,
            Self::Address(_) => 20,
            Self::Account(_) => 30,
        }
    }

    fn delay(&self, failures: u32) -> Duration {
        let Some(above) = failures.checked_sub(self.free()) else { return Duration::ZERO };
        let longest = if matches!(self, Self::Account(_)) { Duration::from_secs(60) } else { DELAY_MAX };
        Duration::from_secs(1_u64.checked_shl(above).unwrap_or(u64::MAX).max(1)).min(longest)
    }
}

#[derive(Clone, Copy, Debug)]
struct Count {
    failures: u32,
    last: Instant,
}

/// The counts of failures.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    counts: Mutex<BTreeMap<Counted, Count>>,
}

/// An attempt that was let in. It counts as failed until [`Throttle::succeeded`], so that many at once are no way around.
#[derive(Debug)]
pub(crate) struct Attempt {
    counted: Vec<Counted>,
}

impl Throttle {
    /// Lets an attempt in, or says how long to wait.
    pub(crate) fn begin(
        &self,
        account: &str,
        address: IpAddr,
        is_known_device: bool,
        now: Instant,
    ) -> Result<Attempt, Duration> {
        let address = network(address);
        let mut counted = vec![Counted::Pair(account.to_owned(), address), Counted::Address(address)];
        if !is_known_device {
            counted.push(Counted::Account(account.to_owned()));
        }
        self.begin_counted(counted, now)
    }

    /// Lets an attempt in that names no account, or says how long to wait: only its address counts.
    pub(crate) fn begin_at(&self, address: IpAddr, now: Instant) -> Result<Attempt, Duration> {
        self.begin_counted(vec![Counted::Address(network(address))], now)
    }

    fn begin_counted(&self, counted: Vec<Counted>, now: Instant) -> Result<Attempt, Duration> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = counted.iter().map(|one| wait(one, counts.get(one), now));
        let longest = waits.max().unwrap_or_default();
        if !longest.is_zero() {
            return Err(longest);
        }
        for one in &counted {
            let count = counts.entry(one.clone()).or_insert(Count { failures: 0, last: now });
            if now.duration_since(count.last) > FORGET_AFTER {
                count.failures = 0;
            }
            *count = Count { failures: count.failures.saturating_add(1), last: now };
        }
        forget(&mut counts, now);
        Ok(Attempt { counted })
    }

    /// The attempt was right: the pair starts afresh, the others take their failure back.
    pub(crate) fn succeeded(&self, attempt: Attempt) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for one in attempt.counted {
            if matches!(one, Counted::Pair(..)) {
                counts.remove(&one);
            } else if let Some(count) = counts.get_mut(&one) {
                count.failures = count.failures.saturating_sub(1);
            }
        }
    }
}

fn wait(counted: &Counted, count: Option<&Count>, now: Instant) -> Duration {
    let Some(count) = count else { return Duration::ZERO };
    let since = now.saturating_duration_since(count.last);
    if since > FORGET_AFTER {
        return Duration::ZERO;
    }
    counted.delay(count.failures).saturating_sub(since)
}

/// Keeps the bound: first what is old, then what has been quiet longest.
fn forget(counts: &mut BTreeMap<Counted, Count>, now: Instant) {
    if counts.len() <= COUNTS_MAX {
        return;
    }
    counts.retain(|_, count| now.saturating_duration_since(count.last) <= FORGET_AFTER);
    if counts.len() <= COUNTS_MAX {
        return;
    }
    let mut lasts: Vec<Instant> = counts.values().map(|count| count.last).collect();
    lasts.sort_unstable();
    let middle = lasts.get(lasts.len() / 2).copied().unwrap_or(now);
    counts.retain(|_, count| count.last > middle);
    tracing::warn!(kept = counts.len(), "more failed sign-ins than are counted; the oldest half is forgotten");
}

/// Whoever has one IPv6 address usually has its whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn other(number: u32) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::from_bits(0x0a00_0000 + number))
    }

    /// Fails as soon as it is let in, so many times; gives the seconds that this took.
    fn guess(throttle: &Throttle, account: &str, address: IpAddr, times: u32, start: Instant) -> u64 {
        let mut now = start;
        for _ in 0..times {
            while let Err(wait) = throttle.begin(account, address, false, now) {
                now += wait;
            }
        }
        now.duration_since(start).as_secs()
    }

    #[test]
    fn a_guesser_waits_twice_as_long_each_time() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let took: Vec<u64> = (0..8).map(|_| guess(&throttle, "anna", HERE, 1, start)).collect();
        assert_eq!(took, [0, 0, 0, 0, 1, 1 + 2, 3 + 4, 7 + 8].map(|seconds: u64| seconds));
    }

    #[test]
    fn who_guesses_at_an_account_does_not_slow_its_owner_elsewhere() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        guess(&throttle, "anna", HERE, 20, start);
        assert!(throttle.begin("anna", other(1), false, start).is_ok());
    }

    #[test]
    fn many_addresses_slow_an_account_and_never_a_device_it_knows() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        for number in 0..60 {
            guess(&throttle, "anna", other(number), 1, start + Duration::from_secs(60 * u64::from(number)));
        }
        let now = start + Duration::from_secs(60 * 60);
        let _failed = throttle.begin("anna", other(98), false, now);
        let wait = throttle.begin("anna", other(99), false, now).unwrap_err();
        assert!(wait <= Duration::from_secs(60), "{wait:?}");
        assert!(throttle.begin("anna", other(99), true, now).is_ok());
        assert!(throttle.begin("boris", other(99), false, now).is_ok());
    }

    #[test]
    fn one_address_over_many_accounts_is_slowed() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let mut waits = 0;
        for number in 0..30 {
            waits += u32::from(throttle.begin(&format!("user{number}"), HERE, false, start).is_err());
        }
        assert_eq!(waits, 10);
        assert!(throttle.begin("anna", other(1), false, start).is_ok());
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let (one, two): (IpAddr, IpAddr) = ("2001:db8::1".parse().unwrap(), "2001:db8::ffff:2".parse().unwrap());
        assert_eq!(network(one), network(two));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), HERE);
    }

    #[test]
    fn a_success_starts_the_pair_afresh_and_memory_is_bounded() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        guess(&throttle, "anna", HERE, 4, start);
        let attempt = throttle.begin("anna", HERE, false, start + Duration::from_secs(10)).unwrap();
        throttle.succeeded(attempt);
        assert!(throttle.begin("anna", HERE, false, start + Duration::from_secs(10)).is_ok());
        for number in 0..50_000 {
            let _ = throttle.begin(&number.to_string(), other(number), false, start);
        }
        assert!(throttle.counts.lock().unwrap().len() <= COUNTS_MAX);
    }
}
