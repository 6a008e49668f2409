//! Chance that can be repeated: xoshiro256++ (Blackman, Vigna 2019) seeded through splitmix64 (Steele, Lea, Flood 2014), written from the
//! published description. The same seed and the same tags give the same numbers on every machine.

/// One stream of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Rng {
    state: [u64; 4],
    spare: Option<f64>,
}

/// One step of splitmix64: a bijection whose output looks random.
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The whole number at or below `x`; the ends of the range beyond them.
#[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates, which is what is said here")]
pub(crate) fn whole(x: f64) -> i64 {
    libm::floor(x) as i64
}

/// As an index, or the largest index where there is none such.
pub(crate) fn index(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Rng {
    /// The stream of `seed` for the purpose that `tags` name.
    pub(crate) fn of(seed: u64, tags: &[u64]) -> Self {
        let mut z = mix(seed);
        for tag in tags {
            z = mix(z ^ mix(*tag));
        }
        let next = |n: u64| mix(z.wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        Self { state: [next(1), next(2), next(3), next(4)], spare: None }
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let out = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c2, d2) = (c ^ a, d ^ b);
        self.state = [a ^ d2, b ^ c2, c2 ^ (b << 17), d2.rotate_left(45)];
        out
    }

    /// A number below `n`; 0 where `n` is 0.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        let wide = (self.bits() >> 32) * u64::from(n);
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// A number from `low` up to but not including `high`; `low` where the range is empty.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high.saturating_sub(low)).unwrap_or(0);
        if width == 0 {
            return low;
        }
        low.saturating_add(i64::try_from(self.bits() % width).unwrap_or(0))
    }

    /// A number from 0 up to but not including 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Exponential with the given mean, rounded down.
    pub(crate) fn wait(&mut self, mean: f64) -> i64 {
        whole(-mean * libm::log(1.0 - self.unit()))
    }

    /// Standard normal (Box, Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        let angle = 2.0 * core::f64::consts::PI * self.unit();
        self.spare = Some(radius * libm::sin(angle));
        radius * libm::cos(angle)
    }

    /// Log-normal with the given median and spread of the logarithm.
    pub(crate) fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * libm::exp(sigma * self.normal())
    }

    /// One of them, unless there is none.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(index(items.len())) as usize)
    }

    /// Puts them in random order (Fisher, Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(index(i + 1)) as usize);
        }
    }
}

/// Draws indices in proportion to weights.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weights(Vec<f64>);

impl Weights {
    /// From one weight each.
    pub(crate) fn new(weights: impl Iterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        Self(
            weights
                .map(|weight| {
                    sum += weight;
                    sum
                })
                .collect(),
        )
    }

    /// Weights 1/(1+i)^exponent, the skew of names and places.
    pub(crate) fn zipf(n: usize, exponent: f64) -> Self {
        Self::new((0..n).map(|i| libm::pow(1.0 + i as f64, -exponent)))
    }

    /// One index.
    pub(crate) fn pick(&self, rng: &mut Rng) -> u32 {
        let total = self.0.last().copied().unwrap_or(0.0);
        let at = rng.unit() * total;
        index(self.0.partition_point(|sum| *sum <= at).min(self.0.len().saturating_sub(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_tags_give_the_same_numbers_and_others_do_not() {
        let take = |seed, tags: &[u64]| {
            let mut rng = Rng::of(seed, tags);
            (0..8).map(|_| rng.bits()).collect::<Vec<_>>()
        };
        assert_eq!(take(1, &[2]), take(1, &[2]));
        assert_ne!(take(1, &[2]), take(1, &[3]));
        assert_ne!(take(1, &[2]), take(2, &[2]));
    }

    #[test]
    fn splitmix_gives_the_published_first_numbers_of_seed_zero() {
        assert_eq!(mix(0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(mix(0x9E37_79B9_7F4A_7C15), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn numbers_below_a_bound_reach_every_value_about_equally() {
        let mut rng = Rng::of(7, &[]);
        let mut counts = [0u32; 5];
        for _ in 0..50_000 {
            counts[rng.below(5) as usize] += 1;
        }
        assert!(counts.iter().all(|n| (9_500..10_500).contains(n)), "{counts:?}");
    }

    #[test]
    fn a_normal_number_has_mean_nought_and_spread_one() {
        let mut rng = Rng::of(7, &[]);
        let drawn: Vec<f64> = (0..50_000).map(|_| rng.normal()).collect();
        let mean = drawn.iter().sum::<f64>() / 50_000.0;
        let spread = drawn.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 50_000.0;
        assert!(mean.abs() < 0.02 && (spread - 1.0).abs() < 0.03, "{mean} {spread}");
    }
}
