//! How surprising something is, in nats: minus the natural logarithm of how often it would happen by what is known. All of it says little before much is known.

/// Tries of peers that stand in for an entity's own while it has few.
const PEERS_WEIGHT: f64 = 10.0;
/// Tries after which half of a surprise is believed.
const TRIES_HALF: f64 = 1.5;
/// Most that one part says.
pub(super) const NATS_MAX: f64 = 12.0;

/// How often something was tried, and how often it was new.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rate {
    pub(super) tries: f64,
    pub(super) news: f64,
}

/// The surprise at something new to an entity, by its own rate of new things and that of its peers (rule of succession, with the peers' rate as ten earlier tries). Nothing at all
/// at the first try.
pub(super) fn novelty(own: Rate, peers: Rate) -> f64 {
    if own.tries <= 0.0 {
        return 0.0;
    }
    let usual = (peers.news + 0.5) / (peers.tries + 10.0);
    let chance = (own.news + 0.5 + PEERS_WEIGHT * usual.min(1.0)) / (own.tries + 0.5 + PEERS_WEIGHT);
    let believed = own.tries / (own.tries + TRIES_HALF);
    (-libm::log(chance.min(1.0)) * believed).clamp(0.0, NATS_MAX)
}

/// The surprise at a value so many standard deviations above the usual: minus the logarithm of the upper tail of a normal distribution, nothing below one deviation.
/// Source of the tail: Mills' ratio in the form of Z. W. Birnbaum, 1942, an upper bound of the surprise within 0.1 nats from one deviation on.
pub(super) fn above(deviations: f64) -> f64 {
    if !deviations.is_finite() || deviations < 1.0 {
        return 0.0;
    }
    let mills = (libm::sqrt(4.0 + deviations * deviations) - deviations) / 2.0;
    let tail = mills * libm::exp(-deviations * deviations / 2.0) / 2.506_628_274_631_000_5;
    if tail <= 0.0 { NATS_MAX } else { (-libm::log(tail)).clamp(0.0, NATS_MAX) }
}

/// The surprise at a value that `right` of `total` values of peers reach; little while there are few.
pub(super) fn rare(right: f64, total: f64) -> f64 {
    (-libm::log((right + 1.0) / (total + 1.0).max(right + 1.0))).clamp(0.0, NATS_MAX)
}

/// How regular intervals are, in nats: twelve intervals or more of a mean and a standard deviation, against a stream without memory of the same mean. A gamma distribution of the
/// same mean and deviation is more likely by half the logarithm of its shape, less 0.42, for each interval.
pub(super) fn regular(intervals: f64, mean: f64, deviation: f64) -> f64 {
    if intervals < 12.0 || mean <= 0.0 || !deviation.is_finite() {
        return 0.0;
    }
    let varied = (deviation / mean).max(0.01);
    let each = -libm::log(varied) - 0.42;
    // the same program runs on many machines: evidence beyond forty intervals is no news
    (each * intervals.min(40.0) / 8.0).clamp(0.0, NATS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_new_says_little_before_much_is_known_and_more_with_every_try() {
        let peers = Rate { tries: 1_000.0, news: 10.0 };
        let nats = |tries, news| novelty(Rate { tries, news }, peers);
        assert_eq!(nats(0.0, 0.0), 0.0);
        assert!(nats(1.0, 0.0) < 1.5);
        assert!(nats(3.0, 0.0) < nats(10.0, 0.0) && nats(10.0, 0.0) < nats(100.0, 0.0));
        assert!(nats(100.0, 0.0) > 4.0);
        assert!(nats(100.0, 50.0) < 1.0);
        assert!(novelty(Rate { tries: 20.0, news: 0.0 }, Rate { tries: 1_000.0, news: 500.0 }) < 2.0);
    }

    #[test]
    fn tails_are_those_of_a_normal_distribution() {
        for (deviations, tail) in [(1.0, 0.158_655), (2.0, 0.022_750), (3.0, 0.001_349_9), (4.0, 3.167_1e-5)] {
            assert!((above(deviations) + libm::log(tail)).abs() < 0.1, "{deviations} {}", above(deviations));
        }
        assert_eq!(above(0.9), 0.0);
        assert_eq!(above(f64::NAN), 0.0);
        assert_eq!(above(1e9), NATS_MAX);
    }

    #[test]
    fn only_regular_intervals_are_regular() {
        assert_eq!(regular(11.0, 60.0, 0.0), 0.0);
        assert_eq!(regular(40.0, 60.0, 60.0), 0.0);
        assert!(regular(12.0, 60.0, 6.0) > 2.0);
        assert!(regular(40.0, 60.0, 3.0) > 10.0);
    }
}
