//! Half-space trees: how little mass the recent past left where a row falls. A yardstick, not a default.
//!
//! Source: S. C. Tan, K. M. Ting, T. F. Liu, "Fast anomaly detection for streaming data", IJCAI 2011. Trees halve a work range at random features down to a depth of 15;
//! nodes count the rows of the running window and remember those of the one before. A row goes down until a node remembers at most a tenth of the window; the score is
//! `1 - sum of mass * 2^depth / (trees * window * 2^15)`. Numbers are expected between 0 and 1; a missing one is taken as 0.

use crate::eval::controls::Draw;

/// Depth of every tree.
const DEPTH: u32 = 15;

/// Half-space trees.
#[derive(Clone, Debug)]
pub struct HalfSpace {
    trees: Vec<Tree>,
    window: u32,
    seen: u64,
}

#[derive(Clone, Debug)]
struct Tree {
    /// Feature and cut of each inner node, as a heap: the children of i are 2i + 1 and 2i + 2.
    cuts: Vec<(usize, f64)>,
    /// Mass of the window before.
    reference: Vec<u32>,
    /// Mass of the running window.
    latest: Vec<u32>,
}

impl HalfSpace {
    /// `trees` trees over `features` numbers with windows of `window` rows; 25 and 250 in the paper.
    #[must_use]
    pub fn new(features: usize, trees: usize, window: u32, seed: u64) -> Self {
        let grow = |place: usize| Tree::grow(features, &mut Draw::new(seed ^ (place as u64) << 32));
        Self { trees: (0..trees).map(grow).collect(), window: window.max(1), seen: 0 }
    }

    /// How unusual a row is, 0 to 1; 0 in the first window.
    #[must_use]
    pub fn score(&self, row: &[f64]) -> f64 {
        if self.seen < u64::from(self.window) {
            return 0.0;
        }
        let limit = f64::from(self.window) * 0.1;
        let sum: f64 = self.trees.iter().map(|tree| tree.mass(row, limit)).sum();
        let most = self.trees.len() as f64 * f64::from(self.window) * libm::exp2(f64::from(DEPTH));
        1.0 - sum / most
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

    fn mass(&self, row: &[f64], limit: f64) -> f64 {
        let (mut place, mut scale) = (0, 1.0);
        loop {
            let mass = self.reference.get(place).copied().map_or(0.0, f64::from);
            match self.child(place, row) {
                // bounded by the depth of the tree
                Some(next) if mass > limit => {
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

#[cfg(test)]
mod tests {
    use super::*;

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
