//! Online ECOD: how far out each value lies in its own feature, as minus the logarithm of its tail probability, summed over features.
//!
//! Source: Li, Zhao, Hu, Botta, Ionescu, Chen, "ECOD: unsupervised outlier detection using empirical cumulative distribution functions", TKDE 2022; one ageing rank sketch per
//! feature stands in for the sorted column ([`Ranks`]). Two sums come of one pass: the plain one takes the rarer tail of each feature; the tilted one counts the
//! tail on the side to which the feature leans in full and the other one by three quarters, which follows the skewness rule of the paper without going blind on one side.
//! It sees every feature alone: a value that is odd only beside another one is the business of [`super::Forest`] and [`super::Names`].

use cordon_stats::{Ranks, codec};

use crate::{Damaged, Part, Score, Snapshot, eval::controls::Draw};

/// Share of its surprise that a tail on the other side than the lean keeps in the tilted sum.
const AGAINST_THE_LEAN: f64 = 0.75;

/// Rows before anything is said.
const ROWS_MIN: f64 = 100.0;

/// Rows after which the lean of the features is looked at again.
const LEAN_EVERY: u64 = 1_024;

/// Tail probabilities of numbers, feature by feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Ecod {
    features: Vec<Feature>,
    /// Weight of all rows, aged as the features are.
    rows: f64,
    learnt: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Feature {
    ranks: Ranks,
    /// Weight of rows in which the value was missing or not finite.
    missing: f64,
    leans_left: bool,
}

/// Both sums of one row, in nats.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// The rarer tail of every feature.
    pub plain: f64,
    /// The same with the tail against the lean counted by three quarters.
    pub tilted: f64,
}

impl Ecod {
    /// Knows nothing yet of `features` features.
    #[must_use]
    pub fn new(features: usize) -> Self {
        Self { features: vec![Feature::default(); features], rows: 0.0, learnt: 0 }
    }

    /// Weight of the rows behind it.
    #[must_use]
    pub const fn rows(&self) -> f64 {
        self.rows
    }

    /// The sums of a row; zero before 100 rows were learnt. Nothing is allocated.
    #[must_use]
    pub fn score(&self, row: &[f64]) -> Sums {
        self.score_of(row.iter().copied())
    }

    /// [`Ecod::score`] of values that come one by one.
    pub(super) fn score_of(&self, row: impl Iterator<Item = f64>) -> Sums {
        let mut sums = Sums::default();
        if self.rows >= ROWS_MIN {
            for (feature, value) in self.features.iter().zip(row) {
                let part = feature.part(value, self.rows);
                sums.plain += part.plain;
                sums.tilted += part.tilted;
            }
        }
        sums
    }

    /// The plain sum with its parts, one for each feature, beside the feature's median. A part of a typical row has the mean 1 + ln 2 where values are continuous.
    #[must_use]
    pub fn explain(&self, row: &[f64]) -> Score {
        self.parts(row, |part| part.plain)
    }

    /// The tilted sum with its parts.
    #[must_use]
    pub fn explain_tilted(&self, row: &[f64]) -> Score {
        self.parts(row, |part| part.tilted)
    }

    fn parts(&self, row: &[f64], which: impl Fn(Sums) -> f64) -> Score {
        let ready = self.rows >= ROWS_MIN;
        let of = |(place, (feature, value)): (usize, (&Feature, &f64))| Part {
            feature: place,
            value: if ready { which(feature.part(*value, self.rows)) } else { 0.0 },
            observed: *value,
            usual: feature.ranks.at(0.5),
            peers: None,
        };
        Score::of(self.features.iter().zip(row).enumerate().map(of).collect())
    }

    /// The median of a feature; none before a value came.
    #[must_use]
    pub fn median(&self, feature: usize) -> Option<f64> {
        self.features.get(feature)?.ranks.at(0.5)
    }

    /// Learns a row. Values that are missing or not finite are counted and enter nothing else.
    pub fn learn(&mut self, row: &[f64]) {
        for (feature, value) in self.features.iter_mut().zip(row) {
            if value.is_finite() {
                feature.ranks.insert(*value);
            } else {
                feature.missing += 1.0;
            }
        }
        self.rows += 1.0;
        self.learnt = self.learnt.wrapping_add(1);
        if self.learnt.is_multiple_of(LEAN_EVERY) || self.learnt == 128 {
            self.lean();
        }
    }

    /// Looks anew to which side each feature leans: the sign of its third central moment.
    pub fn lean(&mut self) {
        for feature in &mut self.features {
            feature.leans_left = third_moment(&feature.ranks) < 0.0;
        }
    }

    /// Multiplies the weight of everything learnt by `factor` (0 to 1).
    pub fn age(&mut self, factor: f64) {
        self.rows *= factor;
        for feature in &mut self.features {
            feature.ranks.age(factor);
            feature.missing *= factor;
        }
    }

    /// Takes in what `other` learnt about the same features. Weights add up exactly as long as nothing was aged. False, and nothing done, when the numbers of
    /// features differ.
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.features.len() != other.features.len() {
            return false;
        }
        for (mine, theirs) in self.features.iter_mut().zip(&other.features) {
            mine.ranks.merge(&theirs.ranks);
            mine.missing += theirs.missing;
        }
        self.rows += other.rows;
        self.learnt = self.learnt.wrapping_add(other.learnt);
        self.lean();
        true
    }

    /// Sums of `draws` rows whose features are drawn each for itself from what was learnt: what the sums would be if no feature had to do with another.
    #[must_use]
    pub fn independent(&self, draws: usize, seed: u64) -> Vec<Sums> {
        let mut sums = vec![Sums::default(); draws];
        let mut draw = Draw::new(seed);
        for feature in &self.features {
            let ladder = feature.ladder(self.rows);
            for sum in &mut sums {
                let wanted = draw.unit() * self.rows;
                let place = ladder.partition_point(|(seen, _)| *seen <= wanted);
                let part = ladder.get(place).or(ladder.last()).map_or(Sums::default(), |step| step.1);
                sum.plain += part.plain;
                sum.tilted += part.tilted;
            }
        }
        sums
    }

    /// Bytes held: at most 2,048 buckets of 13 bytes for each feature.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.features.iter().map(|feature| size_of::<Feature>() + feature.ranks.bytes()).sum::<usize>()
    }
}

impl Feature {
    /// The surprise of a value among `rows` rows.
    fn part(&self, value: f64, rows: f64) -> Sums {
        if !value.is_finite() {
            let part = surprise(self.missing, rows);
            return Sums { plain: part, tilted: part };
        }
        let tails = self.ranks.tails(value);
        let plain = surprise(tails.left.min(tails.right), rows);
        let with_lean = if self.leans_left { tails.left <= tails.right } else { tails.right <= tails.left };
        let tilted = if with_lean { plain } else { self.against(plain, tails, rows) };
        Sums { plain, tilted }
    }

    /// What is left of `plain` on the side against the lean: three quarters, or the tail of the other side where that is more.
    fn against(&self, plain: f64, tails: cordon_stats::Tails, rows: f64) -> f64 {
        // where the other side holds half of all rows or more it adds at most ln 2, which three quarters of this side exceed from there on
        let other = if self.leans_left { tails.left } else { tails.right };
        let reduced = plain * AGAINST_THE_LEAN;
        if other > rows * 0.5 && reduced > std::f64::consts::LN_2 {
            reduced
        } else {
            reduced.max(surprise(other, rows))
        }
    }

    /// Every bucket with the weight up to its end and the surprise of its values; missing values come last.
    fn ladder(&self, rows: f64) -> Vec<(f64, Sums)> {
        let mut seen = 0.0;
        let mut ladder = Vec::new();
        for (value, weight) in self.ranks.buckets() {
            seen += weight;
            ladder.push((seen, self.part(value, rows)));
        }
        if self.missing > 0.0 {
            ladder.push((seen + self.missing, self.part(f64::NAN, rows)));
        }
        ladder
    }
}

/// Minus the logarithm of the share of `weight` in `rows`, 0 to ln 2(rows + 1).
fn surprise(weight: f64, rows: f64) -> f64 {
    let most = libm::log(2.0 * (rows + 1.0));
    (-libm::log((weight + 0.5) / (rows + 1.0))).clamp(0.0, most)
}

/// The third central moment of the values, up to a positive factor; 0 without values.
fn third_moment(ranks: &Ranks) -> f64 {
    let total = ranks.total();
    if total <= 0.0 {
        return 0.0;
    }
    let mean = ranks.buckets().map(|(value, weight)| value * weight).sum::<f64>() / total;
    let largest = ranks.buckets().map(|(value, _)| (value - mean).abs()).fold(0.0, f64::max);
    if largest <= 0.0 {
        return 0.0;
    }
    let cube = |(value, weight): (f64, f64)| {
        let apart = (value - mean) / largest;
        weight * apart * apart * apart
    };
    ranks.buckets().map(cube).sum()
}

impl Snapshot for Ecod {
    fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, VERSION);
        codec::put_u64(out, self.rows.to_bits());
        codec::put_u64(out, self.learnt);
        codec::put_len(out, self.features.len());
        for feature in &self.features {
            codec::put_u64(out, feature.missing.to_bits());
            out.push(u8::from(feature.leans_left));
            feature.ranks.write(out);
        }
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        if codec::take_u64(from) != Some(VERSION) {
            return Err(Damaged("tail probabilities, version 1"));
        }
        let rows = weight(from)?;
        let learnt = codec::take_u64(from).ok_or(Damaged("the number of rows"))?;
        let len = codec::take_len(from, FEATURE_BYTES_MIN).ok_or(Damaged("the number of features"))?;
        let mut features = Vec::with_capacity(len);
        for _ in 0..len {
            let missing = weight(from)?;
            let leans_left = match codec::take(from) {
                Some([0]) => false,
                Some([1]) => true,
                _ => return Err(Damaged("the lean of a feature")),
            };
            let ranks = Ranks::read(from).ok_or(Damaged("the ranks of a feature"))?;
            features.push(Feature { ranks, missing, leans_left });
        }
        Ok(Self { features, rows, learnt })
    }
}

/// Version of the bytes.
const VERSION: u64 = 1;

/// Fewest bytes that a kept feature takes.
const FEATURE_BYTES_MIN: usize = 33;

/// Takes a weight: finite and not negative.
fn weight(from: &mut &[u8]) -> Result<f64, Damaged> {
    let weight = crate::drift::take_finite(from)?;
    if weight >= 0.0 { Ok(weight) } else { Err(Damaged("a weight that is not negative")) }
}

#[cfg(test)]
mod tests;
