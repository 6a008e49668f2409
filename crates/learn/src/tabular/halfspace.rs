//! Half-space trees: how little mass the recent past left where a row falls. A yardstick, not a default.
//!
//! Source: S. C. Tan, K. M. Ting, T. F. Liu, "Fast anomaly detection for streaming data", IJCAI 2011. Trees halve a work range at random features down to a depth of 15;
//! nodes count the rows of the running window and remember those of the one before. A row goes down until a node remembers at most a tenth of the window; the score is
//! `1 - sum of mass * 2^depth / (trees * window * 2^15)`. Numbers are expected between 0 and 1; a missing one is taken as 0.

use cordon_stats::codec;

use crate::{Damaged, Part, Score, Snapshot, eval::controls::Draw};

/// Depth of every tree.
const DEPTH: u32 = 15;

/// Most trees, and most features.
const TREES_MAX: usize = 256;
const FEATURES_MAX: usize = 1_024;

/// Half-space trees.
#[derive(Clone, Debug, PartialEq)]
pub struct HalfSpace {
    features: usize,
    seed: u64,
    trees: Vec<Tree>,
    window: u32,
    seen: u64,
}

#[derive(Clone, Debug, PartialEq)]
struct Tree {
    /// Feature and cut of each inner node, as a heap: the children of i are 2i + 1 and 2i + 2.
    cuts: Vec<(usize, f64)>,
    /// Mass of the window before.
    reference: Vec<u32>,
    /// Mass of the running window.
    latest: Vec<u32>,
}

impl HalfSpace {
    /// `trees` trees (at most 256) over `features` numbers (at most 1,024; further ones are not looked at) with windows of `window` rows; 25 and 250 in the paper.
    #[must_use]
    pub fn new(features: usize, trees: usize, window: u32, seed: u64) -> Self {
        let (trees, features) = (trees.min(TREES_MAX), features.min(FEATURES_MAX));
        let grow = |place: usize| Tree::grow(features, &mut Draw::new(seed ^ (place as u64) << 32));
        Self { features, seed, trees: (0..trees).map(grow).collect(), window: window.max(1), seen: 0 }
    }

    /// How unusual a row is, 0 to 1; 0 in the first window.
    #[must_use]
    pub fn score(&self, row: &[f64]) -> f64 {
        if self.seen < u64::from(self.window) {
            return 0.0;
        }
        let limit = self.limit();
        let sum: f64 = self.trees.iter().map(|tree| tree.mass(row, limit, |_| ())).sum();
        1.0 - sum / self.most()
    }

    fn limit(&self) -> f64 {
        f64::from(self.window) * 0.1
    }

    /// The sum of a row that all the mass went to, down to the last depth.
    fn most(&self) -> f64 {
        self.trees.len() as f64 * f64::from(self.window) * libm::exp2(f64::from(DEPTH))
    }

    /// The score with a part for each feature: a tree gives all it says to the feature of the cut that set the row apart, the last one passed.
    #[must_use]
    pub fn explain(&self, row: &[f64]) -> Score {
        let mut said = vec![0.0; self.features];
        if self.seen >= u64::from(self.window) {
            for tree in &self.trees {
                let mut last = 0;
                let mass = tree.mass(row, self.limit(), |feature| last = feature);
                let share = 1.0 / self.trees.len() as f64 - mass / self.most();
                said.get_mut(last).into_iter().for_each(|said| *said += share);
            }
        }
        let of = |(feature, value): (usize, f64)| Part {
            feature,
            value,
            observed: row.get(feature).copied().unwrap_or(f64::NAN),
            usual: None,
            peers: None,
        };
        Score::of(said.into_iter().enumerate().map(of).collect())
    }

    /// Takes in what another one of the same seed, features and window counted, at the same row of its window: masses become their mean, rounded up, so that limit and scale stay. False,
    /// and nothing done, when the trees differ or the windows turned at other rows.
    pub fn merge(&mut self, other: &Self) -> bool {
        let of = |trees: &Self| (trees.features, trees.seed, trees.trees.len(), trees.window);
        let turn = |trees: &Self| (trees.seen % u64::from(trees.window), trees.seen >= u64::from(trees.window));
        if of(self) != of(other) || turn(self) != turn(other) {
            return false;
        }
        for (own, others) in self.trees.iter_mut().zip(&other.trees) {
            let pairs = own.reference.iter_mut().zip(&others.reference);
            for (own, others) in pairs.chain(own.latest.iter_mut().zip(&others.latest)) {
                *own = own.midpoint(*others) + (*own ^ *others) % 2;
            }
        }
        self.seen = self.seen.max(other.seen);
        true
    }

    /// Learns a row; at the end of a window what it left becomes the reference.
    pub fn learn(&mut self, row: &[f64]) {
        self.seen += 1;
        let turn = self.seen.is_multiple_of(u64::from(self.window));
        for tree in &mut self.trees {
            tree.add(row);
            if turn {
                std::mem::swap(&mut tree.reference, &mut tree.latest);
                tree.latest.fill(0);
            }
        }
    }

    /// Bytes held: 65,535 nodes of 8 bytes and 32,767 cuts of 16 for each tree.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.trees
            .iter()
            .map(|tree| size_of_val(tree.cuts.as_slice()) + size_of_val(tree.reference.as_slice()) * 2)
            .sum()
    }
}

impl Tree {
    fn grow(features: usize, draw: &mut Draw) -> Self {
        let ranges: Vec<(f64, f64)> = (0..features)
            .map(|_| {
                let middle = draw.unit();
                let reach = 2.0 * middle.max(1.0 - middle);
                (middle - reach, middle + reach)
            })
            .collect();
        let inner = (1_usize << DEPTH) - 1;
        let mut tree =
            Self { cuts: vec![(0, 0.0); inner], reference: vec![0; 2 * inner + 1], latest: vec![0; 2 * inner + 1] };
        let mut open = vec![(0_usize, ranges)];
        // at most one entry for each inner node
        while let Some((place, ranges)) = open.pop() {
            let feature = draw.below(features);
            let Some((low, high)) = ranges.get(feature).copied() else { continue };
            let Some(cut) = tree.cuts.get_mut(place) else { continue };
            let middle = f64::midpoint(low, high);
            *cut = (feature, middle);
            let children = [(2 * place + 1, (low, middle)), (2 * place + 2, (middle, high))];
            for (child, range) in children.into_iter().filter(|(child, _)| *child < inner) {
                let mut ranges = ranges.clone();
                ranges.get_mut(feature).into_iter().for_each(|known| *known = range);
                open.push((child, ranges));
            }
        }
        tree
    }

    fn child(&self, place: usize, row: &[f64]) -> Option<usize> {
        let (feature, cut) = self.cuts.get(place)?;
        let value = row.get(*feature).copied().filter(|value| !value.is_nan()).unwrap_or(0.0);
        Some(2 * place + if value < *cut { 1 } else { 2 })
    }

    /// The scaled mass where the row ends; `passed` hears the feature of each cut on the way.
    fn mass(&self, row: &[f64], limit: f64, mut passed: impl FnMut(usize)) -> f64 {
        let (mut place, mut scale) = (0, 1.0);
        loop {
            let mass = self.reference.get(place).copied().map_or(0.0, f64::from);
            match self.child(place, row) {
                // bounded by the depth of the tree
                Some(next) if mass > limit => {
                    passed(self.cuts.get(place).map_or(0, |cut| cut.0));
                    place = next;
                    scale *= 2.0;
                }
                _ => return mass * scale,
            }
        }
    }

    fn add(&mut self, row: &[f64]) {
        let mut next = Some(0);
        while let Some(place) = next {
            self.latest.get_mut(place).into_iter().for_each(|mass| *mass += 1);
            next = self.child(place, row);
        }
    }
}

impl Snapshot for HalfSpace {
    fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, VERSION);
        codec::put_len(out, self.features);
        codec::put_len(out, self.trees.len());
        for value in [self.seed, u64::from(self.window), self.seen] {
            codec::put_u64(out, value);
        }
        // the cuts follow from the seed
        for masses in self.trees.iter().flat_map(|tree| [&tree.reference, &tree.latest]) {
            let held = || masses.iter().enumerate().filter(|(_, mass)| **mass > 0);
            codec::put_len(out, held().count());
            held().for_each(|(place, mass)| codec::put_u64(out, (place as u64) << 32 | u64::from(*mass)));
        }
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        if codec::take_u64(from) != Some(VERSION) {
            return Err(Damaged("half-space trees, version 1"));
        }
        let number = |from: &mut &[u8]| codec::take_u64(from).ok_or(Damaged("the shape of half-space trees"));
        let at_most = |from: &mut &[u8], most: usize| {
            let len = number(from).map(|len| usize::try_from(len).unwrap_or(usize::MAX))?;
            if len <= most { Ok(len) } else { Err(Damaged("a number of trees or features within bounds")) }
        };
        let (features, trees) = (at_most(from, FEATURES_MAX)?, at_most(from, TREES_MAX)?);
        let (seed, window, seen) = (number(from)?, number(from)?, number(from)?);
        let window = u32::try_from(window).ok().filter(|window| *window > 0).ok_or(Damaged("a window of rows"))?;
        // at least two lengths for each tree: a damaged number does not make trees grow for nothing
        if from.len() < trees * 16 {
            return Err(Damaged("the masses of half-space trees"));
        }
        let mut read = Self::new(features, trees, window, seed);
        read.seen = seen;
        for tree in &mut read.trees {
            read_masses(from, &mut tree.reference)?;
            read_masses(from, &mut tree.latest)?;
        }
        Ok(read)
    }
}

fn read_masses(from: &mut &[u8], masses: &mut [u32]) -> Result<(), Damaged> {
    let held = codec::take_len(from, 8).ok_or(Damaged("the masses of half-space trees"))?;
    let mut free = 0;
    for _ in 0..held {
        let both = codec::take_u64(from).ok_or(Damaged("a mass"))?;
        let place = usize::try_from(both >> 32).unwrap_or(usize::MAX);
        let mass = u32::try_from(both & u64::from(u32::MAX)).unwrap_or(0);
        let node =
            masses.get_mut(place).filter(|_| place >= free && mass > 0).ok_or(Damaged("masses in their order"))?;
        *node = mass;
        free = place + 1;
    }
    Ok(())
}

/// Version of the bytes.
const VERSION: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_the_other_one_met_is_less_unusual_after_merging() {
        let learnt = |at: f64| {
            let (mut trees, mut draw) = (HalfSpace::new(2, 25, 250, 1), Draw::new(2));
            (0..500).for_each(|_| trees.learn(&[at + 0.05 * draw.unit(), at + 0.05 * draw.unit()]));
            trees
        };
        let (mut low, high) = (learnt(0.1), learnt(0.8));
        let before = low.score(&[0.82, 0.82]);
        assert!(low.merge(&high));
        assert!(low.score(&[0.82, 0.82]) < before - 0.02, "{} {before}", low.score(&[0.82, 0.82]));
        assert!(!low.merge(&HalfSpace::new(2, 25, 250, 1)), "windows that turned at other rows");
    }

    #[test]
    fn a_row_far_from_the_mass_scores_higher() {
        let mut trees = HalfSpace::new(2, 25, 250, 1);
        let mut draw = Draw::new(2);
        assert_eq!(trees.score(&[0.1, 0.1]), 0.0);
        for _ in 0..1_000 {
            trees.learn(&[0.1 + 0.05 * draw.unit(), 0.1 + 0.05 * draw.unit()]);
        }
        assert!(trees.score(&[0.9, 0.9]) > trees.score(&[0.12, 0.12]));
        assert!(trees.score(&[f64::NAN, 0.9]) <= 1.0);
    }
}
