//! A small seeded generator: the same seed and stream name give the same numbers on every machine and in every version of every dependency.
//!
//! xoshiro256** with SplitMix64 as its seeder, after the public description by D. Blackman and S. Vigna ("Scrambled linear pseudorandom number generators",
//! 2018, and <https://prng.di.unimi.it>). Stream names are mixed in with FNV-1a (64 bit), so that one routine's draws never move another's.

use anyhow::{Context, Result};

/// One stream of pseudorandom numbers.
#[derive(Clone, Debug)]
pub(super) struct Random {
    state: [u64; 4],
}

impl Random {
    /// The stream `name` of a seed on one day.
    pub(super) fn stream(seed: u64, name: &str, day: i64) -> Self {
        let mut mix = seed ^ fnv1a(name) ^ day.unsigned_abs().rotate_left(17);
        Self { state: std::array::from_fn(|_| split_mix(&mut mix)) }
    }

    /// The next 64 bits.
    pub(super) fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let out = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let (c1, d1) = (c ^ a, d ^ b);
        self.state = [a ^ d1, b ^ c1, c1 ^ (b << 17), d1.rotate_left(45)];
        out
    }

    /// A number in `0..below`; 0 when `below` is 0. The modulo's bias is below 2^-40 for the small ranges used here.
    pub(super) fn below(&mut self, below: u64) -> u64 {
        self.bits().checked_rem(below).unwrap_or(0)
    }

    /// A number in `low..high`; `low` when the range is empty.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(high.saturating_sub(low).unsigned_abs()).cast_signed()
    }

    /// True in `percent` of 100 draws.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of the items.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Result<&'a T> {
        let index = usize::try_from(self.below(u64::try_from(items.len())?))?;
        items.get(index).context("nothing to choose from")
    }

    /// One of the items, each as likely as its weight says.
    pub(super) fn weighted<'a, T>(&mut self, items: &'a [T], weight: impl Fn(&T) -> u64) -> Result<&'a T> {
        let total = items.iter().map(&weight).sum();
        let mut left = self.below(total);
        for item in items {
            let share = weight(item);
            if left < share {
                return Ok(item);
            }
            left -= share;
        }
        items.last().context("nothing to choose from")
    }

    /// `digits` hexadecimal digits.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            text.push_str(&format!("{:016x}", self.bits()));
        }
        text.truncate(digits);
        text
    }

    /// A random UUID in its usual spelling (version 4 bits set, RFC 9562).
    pub(super) fn uuid(&mut self) -> String {
        let (a, b) = (self.bits(), self.bits());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | ((b >> 48) & 0x3fff),
            b & 0xffff_ffff_ffff
        )
    }
}

/// FNV-1a, 64 bit: a stable number for a name.
pub(super) fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_stream_gives_the_same_numbers_and_another_name_gives_others() {
        let draw = |name| Random::stream(7, name, 3).hex(40);
        assert_eq!(draw("dns"), draw("dns"));
        assert_ne!(draw("dns"), draw("web"));
    }

    #[test]
    fn split_mix_matches_the_published_first_outputs_for_seed_1234567() {
        let mut state = 1_234_567;
        assert_eq!(
            [split_mix(&mut state), split_mix(&mut state)],
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]
        );
    }

    #[test]
    fn weights_are_kept() {
        let mut random = Random::stream(1, "w", 0);
        let hits = (0..1000).filter(|_| *random.weighted(&[9_u64, 1], |weight| *weight).unwrap() == 1).count();
        assert!((60..140).contains(&hits), "{hits}");
    }
}
