//! Names that belong together: how unusual the values of nominal features are, each given the one that tells most about it.
//!
//! Source: C. K. Chow, C. N. Liu, "Approximating discrete probability distributions with dependence trees", IEEE Transactions on Information Theory, 1968. The tree is
//! chosen once, by the mutual information of the first rows; the counts go on. The score is minus the logarithm of the probability of the row, a sum over features:
//! `P(b|a) = (N(a,b) + P(b)) / (N(a) + 1)`, `P(b) = (N(b) + 1/2) / (N + 1)`, where a is the value of the parent feature. A protocol that is common and a service that is common
//! make an odd pair when they never met.

use std::collections::BTreeMap;

use cordon_stats::codec;

use super::Rows;
use crate::{Damaged, Part, Score, Snapshot};

/// Most pairs of values kept for a feature; what is new beyond them is not learnt, is counted, and stays as unusual as on the first day.
const PAIRS_MAX: usize = 16_384;

/// Rows before anything is said.
const ROWS_MIN: f64 = 100.0;

/// Weight below which an aged value is forgotten, in rows.
const WEIGHT_MIN: f64 = 1e-3;

/// Probabilities of names along a tree of features.
#[derive(Clone, Debug, PartialEq)]
pub struct Names {
    features: Vec<Feature>,
    rows: f64,
    /// Rows in which a value had no more room.
    overflowed: u64,
}

#[derive(Clone, Debug, PartialEq)]
struct Feature {
    /// Its column.
    column: usize,
    /// Column of the feature that tells most about it.
    given: Option<usize>,
    /// Weight of each value.
    values: Counts<u64>,
    /// Weight of each value beside each value of the parent.
    pairs: Counts<(u64, u64)>,
    /// Weight of each value of the parent.
    parents: Counts<u64>,
}

type Counts<K> = BTreeMap<K, f64>;

impl Names {
    /// Chooses the tree over `columns` by `rows` and learns them.
    #[must_use]
    pub fn fit(rows: &Rows, columns: &[usize]) -> Self {
        let mut names = Self { features: tree(rows, columns), rows: 0.0, overflowed: 0 };
        rows.iter().for_each(|row| names.learn(row));
        names
    }

    /// The score, in nats; 0 before 100 rows were learnt and without nominal features. Nothing is allocated.
    #[must_use]
    pub fn score(&self, row: &[f64]) -> f64 {
        if self.rows < ROWS_MIN { 0.0 } else { self.features.iter().map(|feature| feature.part(row, self.rows)).sum() }
    }

    /// The score with a part for each nominal feature.
    #[must_use]
    pub fn explain(&self, row: &[f64]) -> Score {
        let part = |feature: &Feature| Part {
            feature: feature.column,
            value: if self.rows < ROWS_MIN { 0.0 } else { feature.part(row, self.rows) },
            observed: row.get(feature.column).copied().unwrap_or(f64::NAN),
            usual: feature.commonest(),
            peers: None,
        };
        Score::of(self.features.iter().map(part).collect())
    }

    /// Learns a row.
    pub fn learn(&mut self, row: &[f64]) {
        self.rows += 1.0;
        for feature in &mut self.features {
            if !feature.learn(row) {
                self.overflowed = self.overflowed.saturating_add(1);
            }
        }
    }

    /// Multiplies the weight of everything learnt by `factor` (0 to 1).
    pub fn age(&mut self, factor: f64) {
        self.rows *= factor;
        for feature in &mut self.features {
            age(&mut feature.values, factor);
            age(&mut feature.pairs, factor);
            age(&mut feature.parents, factor);
        }
    }

    /// Takes in what `other` learnt over the same tree. False, and nothing done, with another tree.
    pub fn merge(&mut self, other: &Self) -> bool {
        let shape =
            |names: &Self| names.features.iter().map(|feature| (feature.column, feature.given)).collect::<Vec<_>>();
        if shape(self) != shape(other) {
            return false;
        }
        self.rows += other.rows;
        for (mine, theirs) in self.features.iter_mut().zip(&other.features) {
            add(&mut mine.values, &theirs.values);
            add(&mut mine.pairs, &theirs.pairs);
            add(&mut mine.parents, &theirs.parents);
        }
        true
    }

    /// How often a value found no more room.
    #[must_use]
    pub const fn overflowed(&self) -> u64 {
        self.overflowed
    }

    /// Bytes held, without the overhead of the maps: at most 16,384 pairs for each feature.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let of = |feature: &Feature| {
            size_of::<Feature>() + (feature.values.len() + feature.parents.len()) * 16 + feature.pairs.len() * 24
        };
        size_of::<Self>() + self.features.iter().map(of).sum::<usize>()
    }
}

impl Feature {
    fn part(&self, row: &[f64], rows: f64) -> f64 {
        let value = code(row, self.column);
        let weight_of = |counts: &Counts<u64>, value: u64| counts.get(&value).copied().unwrap_or(0.0);
        let alone = (weight_of(&self.values, value) + 0.5) / (rows + 1.0);
        let Some(given) = self.given else { return -libm::log(alone) };
        let parent = code(row, given);
        let pair = self.pairs.get(&(parent, value)).copied().unwrap_or(0.0);
        -libm::log((pair + alone) / (weight_of(&self.parents, parent) + 1.0))
    }

    fn commonest(&self) -> Option<f64> {
        let mut best: Option<(f64, f64)> = None;
        for (value, weight) in &self.values {
            if best.is_none_or(|(_, most)| *weight > most) {
                best = Some((f64::from_bits(*value), *weight));
            }
        }
        best.map(|(value, _)| value)
    }

    /// Learns its value of a row; false when there is no more room for it.
    fn learn(&mut self, row: &[f64]) -> bool {
        let value = code(row, self.column);
        let room = self.pairs.len() < PAIRS_MAX && self.values.len() < PAIRS_MAX;
        if !room && !self.values.contains_key(&value) {
            return false;
        }
        *self.values.entry(value).or_default() += 1.0;
        let Some(given) = self.given else { return true };
        let parent = code(row, given);
        if !room && !self.pairs.contains_key(&(parent, value)) {
            return false;
        }
        *self.parents.entry(parent).or_default() += 1.0;
        *self.pairs.entry((parent, value)).or_default() += 1.0;
        true
    }
}

/// The bits of a cell; all missing values are one.
fn code(row: &[f64], column: usize) -> u64 {
    let value = row.get(column).copied().unwrap_or(f64::NAN);
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

fn age<K: Ord>(counts: &mut Counts<K>, factor: f64) {
    counts.values_mut().for_each(|weight| *weight *= factor);
    counts.retain(|_, weight| *weight >= WEIGHT_MIN);
}

fn add<K: Ord + Copy>(mine: &mut Counts<K>, theirs: &Counts<K>) {
    for (key, weight) in theirs {
        if mine.len() < PAIRS_MAX || mine.contains_key(key) {
            *mine.entry(*key).or_default() += weight;
        }
    }
}

/// The dependence tree: from the feature with the most information, always the link with the most mutual information next.
fn tree(rows: &Rows, columns: &[usize]) -> Vec<Feature> {
    let feature =
        |column, given| Feature { column, given, values: Counts::new(), pairs: Counts::new(), parents: Counts::new() };
    let first = best(columns.iter().map(|column| (information(rows, *column, *column), *column)));
    let Some(first) = first else { return Vec::new() };
    let mut features = vec![feature(first, None)];
    let mut rest: Vec<usize> = columns.iter().copied().filter(|column| *column != first).collect();
    while !rest.is_empty() {
        let known: Vec<usize> = features.iter().map(|feature| feature.column).collect();
        let links = rest.iter().flat_map(|column| known.iter().map(move |given| (*given, *column)));
        let Some((given, column)) =
            best(links.map(|(given, column)| (information(rows, given, column), (given, column))))
        else {
            break;
        };
        features.push(feature(column, Some(given)));
        rest.retain(|other| *other != column);
    }
    features
}

/// The item with the largest figure, the first one among equals.
fn best<T>(items: impl Iterator<Item = (f64, T)>) -> Option<T> {
    let mut best: Option<(f64, T)> = None;
    for (figure, item) in items {
        if best.as_ref().is_none_or(|(most, _)| figure > *most) {
            best = Some((figure, item));
        }
    }
    best.map(|(_, item)| item)
}

/// Mutual information of two columns in nats, less its bias in small samples (Miller and Madow); of a column with itself its entropy.
fn information(rows: &Rows, a: usize, b: usize) -> f64 {
    let (mut left, mut right, mut both) = (Counts::new(), Counts::new(), Counts::new());
    for row in rows.iter() {
        *left.entry(code(row, a)).or_default() += 1.0;
        *right.entry(code(row, b)).or_default() += 1.0;
        *both.entry((code(row, a), code(row, b))).or_default() += 1.0;
    }
    let total = rows.len().max(1) as f64;
    let mut sum = 0.0;
    for ((x, y), weight) in &both {
        let apart = left.get(x).copied().unwrap_or(total) * right.get(y).copied().unwrap_or(total);
        let weight: f64 = *weight;
        sum += weight / total * libm::log(weight * total / apart);
    }
    let bias = (left.len().saturating_sub(1) * right.len().saturating_sub(1)) as f64 / (2.0 * total);
    if a == b { sum } else { sum - bias }
}

impl Snapshot for Names {
    fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, VERSION);
        codec::put_u64(out, self.rows.to_bits());
        codec::put_u64(out, self.overflowed);
        codec::put_len(out, self.features.len());
        for feature in &self.features {
            codec::put_len(out, feature.column);
            codec::put_u64(out, feature.given.map_or(u64::MAX, |given| given as u64));
            write_counts(&feature.values, out, |out, key| codec::put_u64(out, *key));
            write_counts(&feature.parents, out, |out, key| codec::put_u64(out, *key));
            write_counts(&feature.pairs, out, |out, (parent, value)| {
                codec::put_u64(out, *parent);
                codec::put_u64(out, *value);
            });
        }
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        if codec::take_u64(from) != Some(VERSION) {
            return Err(Damaged("probabilities of names, version 1"));
        }
        let rows = crate::drift::take_finite(from)?;
        let overflowed = codec::take_u64(from).ok_or(Damaged("a counter"))?;
        let len = codec::take_len(from, 40).ok_or(Damaged("the number of nominal features"))?;
        let mut features = Vec::with_capacity(len);
        for _ in 0..len {
            features.push(read_feature(from)?);
        }
        Ok(Self { features, rows, overflowed })
    }
}

fn read_feature(from: &mut &[u8]) -> Result<Feature, Damaged> {
    let place = |from: &mut &[u8]| codec::take_u64(from).ok_or(Damaged("a column"));
    let column = usize::try_from(place(from)?).map_err(|_| Damaged("a column"))?;
    let given = match place(from)? {
        u64::MAX => None,
        given => Some(usize::try_from(given).map_err(|_| Damaged("a column"))?),
    };
    let one = |from: &mut &[u8]| codec::take_u64(from);
    let values = read_counts(from, 16, one)?;
    let parents = read_counts(from, 16, one)?;
    let pairs = read_counts(from, 24, |from| Some((codec::take_u64(from)?, codec::take_u64(from)?)))?;
    Ok(Feature { column, given, values, pairs, parents })
}

fn write_counts<K>(counts: &Counts<K>, out: &mut Vec<u8>, key: impl Fn(&mut Vec<u8>, &K)) {
    codec::put_len(out, counts.len());
    for (of, weight) in counts {
        key(out, of);
        codec::put_u64(out, weight.to_bits());
    }
}

fn read_counts<K: Ord>(
    from: &mut &[u8],
    bytes: usize,
    key: impl Fn(&mut &[u8]) -> Option<K>,
) -> Result<Counts<K>, Damaged> {
    let len = codec::take_len(from, bytes).filter(|len| *len <= PAIRS_MAX).ok_or(Damaged("the number of values"))?;
    let mut counts = Counts::new();
    for _ in 0..len {
        let key = key(from).ok_or(Damaged("a value"))?;
        if counts.last_key_value().is_some_and(|(last, _)| *last >= key) {
            return Err(Damaged("values in their order"));
        }
        counts.insert(key, crate::drift::take_finite(from)?);
    }
    Ok(counts)
}

/// Version of the bytes.
const VERSION: u64 = 1;

#[cfg(test)]
mod tests;
