//! Detectors that know nothing. What does not clearly beat them has learnt nothing, whatever its figures are.

/// A score for each of `rows` rows, drawn evenly from 0 to 1 under `seed`: the same seed gives the same scores.
#[must_use]
pub fn random(rows: usize, seed: u64) -> Vec<f64> {
    let mut draw = Draw::new(seed);
    (0..rows).map(|_| draw.unit()).collect()
}

/// The same score for each of `rows` rows.
#[must_use]
pub fn constant(rows: usize) -> Vec<f64> {
    vec![0.0; rows]
}

/// Numbers that look drawn and follow from a seed alone: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). Not for secrets.
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// The draws that follow from `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next number, at least 0 and below 1.
    pub fn unit(&mut self) -> f64 {
        // 53 bits fill the fraction of a double exactly
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The next whole number below `end`; 0 when `end` is 0. The bias is below `end` in 2^64.
    pub fn below(&mut self, end: usize) -> usize {
        let product = u128::from(self.bits()) * end as u128;
        usize::try_from(product >> 64).unwrap_or(0)
    }

    /// Puts `items` in an order that follows from the seed (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last + 1);
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_follow_the_published_sequence() {
        let mut draw = Draw::new(1_234_567);
        assert_eq!(draw.bits(), 6_457_827_717_110_365_317);
        assert_eq!(draw.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn random_scores_are_even_and_of_their_seed() {
        let scores = random(10_000, 7);
        assert_eq!(scores, random(10_000, 7));
        assert_ne!(scores, random(10_000, 8));
        assert!(scores.iter().all(|score| (0.0..1.0).contains(score)));
        let mean = scores.iter().sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.02, "{mean}");
    }

    #[test]
    fn a_shuffle_keeps_all_items() {
        let mut items: Vec<usize> = (0..100).collect();
        Draw::new(3).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
        assert_eq!(Draw::new(1).below(0), 0);
    }
}
