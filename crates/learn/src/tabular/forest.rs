//! Isolation forest: how quickly random cuts set a row apart from others. Sees several features together.
//!
//! Source: F. T. Liu, K. M. Ting, Z.-H. Zhou, "Isolation forest", ICDM 2008: each tree cuts its own sample of 256 rows, a random feature at a random place, to a depth of 8.
//! The score is the mean number of cuts that a row saves against an average row, `c(256) - depth - c(rows in its leaf)`. It is a plain sum over the cuts passed:
//! each cut owns what it saved, `c(before) - 1 - c(after)`, so the parts of the features add up exactly, which the usual `2^(-depth/c)` does not allow.
//! [`isolation`] gives the usual form; it orders rows in the same way.

use cordon_stats::codec;

use super::Rows;
use crate::{Damaged, Part, Score, Snapshot, eval::controls::Draw};

/// Rows in the sample of a tree.
pub(super) const SAMPLE: usize = 256;

/// Deepest cut: the depth at which a balanced tree of a sample ends.
const DEPTH_MAX: u16 = 8;

/// Ratio of the largest to the smallest value (each plus 1) from which on cuts are placed on a logarithmic scale.
const WIDE: f64 = 1_000.0;

/// Rows or trees that are walked together.
const TOGETHER: usize = 8;

/// Rows whose cells stay in the cache while tree after tree passes.
const BLOCK: usize = 512;

/// Most features.
const WIDTH_MAX: usize = 65_536;

/// Most trees.
const TREES_MAX: usize = 4_096;

/// How a tree picks the feature of a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Each feature with the same chance: the isolation forest.
    Evenly,
    /// In proportion to the range of the feature within the node: a random cut forest (Guha and others, ICML 2016). Features should be of like scale.
    ByRange,
}

/// A forest of isolation trees.
#[derive(Clone, Debug, PartialEq)]
pub struct Forest {
    width: usize,
    trees: Vec<Tree>,
}

/// A tree as one list of nodes, its root first; the two children of a node lie next to each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// Cuts saved on the way to each node.
    saved: Vec<f64>,
}

/// Four numbers in 16 bytes: a whole tree stays in the first cache while rows pass.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Node {
    /// Values up to it go left.
    cut: f64,
    feature: u32,
    /// Place of the left child; 0 in a leaf.
    left: u32,
}

impl Forest {
    /// Grows `trees` trees (at most 4,096), each from its own draw of 256 of `rows`, cutting the features in `columns` only.
    #[must_use]
    pub fn grow(rows: &Rows, columns: &[usize], trees: usize, cut: Cut, seed: u64) -> Self {
        let tree = |place: usize| Tree::grow(rows, columns, cut, &mut Draw::new(seed ^ (place as u64) << 32));
        Self { width: rows.width(), trees: (0..trees.min(TREES_MAX)).map(tree).collect() }
    }

    /// Puts `tree` in the place of the one at `place` (counted round).
    pub(super) fn renew(&mut self, place: usize, tree: Tree) {
        let place = place.checked_rem(self.trees.len()).unwrap_or(0);
        if let Some(old) = self.trees.get_mut(place) {
            *old = tree;
        }
    }

    /// Takes trees of `other`, which was grown over other rows of the same features, into every so many places: `share` (0 to 1) of the trees are its own then, in
    /// proportion to the rows behind each. The number of trees stays, so the state does not grow. False, and nothing done, when the numbers of features differ or one
    /// of both has no tree. Which trees stay follows from their places, so two merges in the other order keep other trees of the same two kinds.
    pub fn merge(&mut self, other: &Self, share: f64) -> bool {
        if self.width != other.width || self.trees.is_empty() || other.trees.is_empty() {
            return false;
        }
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 };
        for (place, tree) in self.trees.iter_mut().enumerate() {
            let taken = libm::floor((place + 1) as f64 * share) > libm::floor(place as f64 * share);
            let theirs = other.trees.get(place % other.trees.len());
            if let Some(theirs) = theirs.filter(|_| taken) {
                tree.clone_from(theirs);
            }
        }
        true
    }

    /// Mean number of cuts saved; about 0 for an average row, at most c(256) - 1, about 9.2. Nothing is allocated.
    #[must_use]
    pub fn score(&self, row: &[f64]) -> f64 {
        let mut sum = 0.0;
        for group in self.trees.chunks(TOGETHER) {
            for (tree, place) in group.iter().zip(walk(group, row)) {
                sum += tree.saved_at(place);
            }
        }
        sum / self.trees.len().max(1) as f64
    }

    /// The scores of all rows, tree by tree, which is quicker than row by row and gives the same.
    #[must_use]
    pub fn score_all(&self, rows: &Rows) -> Vec<f64> {
        let mut scores = vec![0.0; rows.len()];
        let width = rows.width().max(1);
        for (block, cells) in scores.chunks_mut(BLOCK).zip(rows.cells().chunks(BLOCK * width)) {
            self.trees.iter().for_each(|tree| tree.add_saved(block, cells, width));
            block.iter_mut().for_each(|score| *score /= self.trees.len().max(1) as f64);
        }
        scores
    }

    /// The score with a part for each feature: the cuts saved by cuts of that feature.
    #[must_use]
    pub fn explain(&self, row: &[f64]) -> Score {
        let mut saved = vec![0.0; self.width];
        for tree in &self.trees {
            tree.attribute(row, &mut saved);
        }
        let trees = self.trees.len().max(1) as f64;
        let part = |(feature, (saved, observed)): (usize, (f64, &f64))| Part {
            feature,
            value: saved / trees,
            observed: *observed,
            usual: None,
            peers: None,
        };
        Score::of(saved.into_iter().zip(row).enumerate().map(part).collect())
    }

    /// Number of trees.
    #[must_use]
    pub fn trees(&self) -> usize {
        self.trees.len()
    }

    /// Bytes held: at most 511 nodes of 24 bytes for each tree.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.trees.iter().map(|tree| size_of::<Tree>() + tree.nodes.len() * size_of::<Node>()).sum::<usize>()
    }
}

/// The score of the paper, 0 to 1, from cuts saved: `2^(-E[h] / c(256))`.
#[must_use]
pub fn isolation(saved: f64) -> f64 {
    let average = average_depth(SAMPLE);
    libm::exp2((saved - average) / average)
}

impl Tree {
    pub(super) fn grow(rows: &Rows, columns: &[usize], cut: Cut, draw: &mut Draw) -> Self {
        let mut sample = choose(rows.len(), draw);
        let whole = average_depth(sample.len());
        let mut tree = Self { nodes: vec![Node::default()], saved: vec![0.0] };
        let mut order = columns.to_vec();
        let length = sample.len();
        let mut open = vec![(0_usize, 0..length, 0_u16)];
        // at most one entry for each node: a tree of 256 rows has at most 511
        while let Some((place, range, depth)) = open.pop() {
            let members = sample.get_mut(range.clone()).unwrap_or_default();
            let found = if depth < DEPTH_MAX && members.len() > 1 {
                choose_cut(rows, members, &mut order, cut, draw)
            } else {
                None
            };
            let Some((feature, value)) = found else { continue };
            let middle = range.start + divide(rows, members, feature, value);
            let left = tree.nodes.len();
            for child in [range.start..middle, middle..range.end] {
                let saved = whole - f64::from(depth + 1) - average_depth(child.len());
                open.push((tree.nodes.len(), child, depth + 1));
                tree.nodes.push(Node::default());
                tree.saved.push(saved);
            }
            if let Some(node) = tree.nodes.get_mut(place) {
                node.cut = value;
                node.feature = u32::try_from(feature).unwrap_or(u32::MAX);
                node.left = u32::try_from(left).unwrap_or(0);
            }
        }
        tree
    }

    /// The place that `row` goes to from the node at `place`; a leaf is left no more. A missing value goes right, as it did while the tree grew.
    #[inline]
    fn next(&self, place: usize, row: &[f64]) -> usize {
        let node = self.nodes.get(place).copied().unwrap_or_default();
        let value = row.get(node.feature as usize).copied().unwrap_or(f64::NAN);
        let child = node.left as usize + usize::from(value > node.cut || value.is_nan());
        if node.left == 0 { place } else { child }
    }

    fn saved_at(&self, place: usize) -> f64 {
        self.saved.get(place).copied().unwrap_or(0.0)
    }

    /// Adds the cuts saved of rows to their scores.
    fn add_saved(&self, scores: &mut [f64], cells: &[f64], width: usize) {
        for (scores, cells) in scores.chunks_mut(TOGETHER).zip(cells.chunks(TOGETHER * width)) {
            for (score, place) in scores.iter_mut().zip(self.walk(cells, width)) {
                *score += self.saved_at(place);
            }
        }
    }

    /// The leaves of a few rows: walking together they wait for memory together.
    fn walk(&self, cells: &[f64], width: usize) -> [usize; TOGETHER] {
        let mut places = [0; TOGETHER];
        for _ in 0..DEPTH_MAX {
            for (row, place) in cells.chunks_exact(width).zip(&mut places) {
                *place = self.next(*place, row);
            }
        }
        places
    }

    fn attribute(&self, row: &[f64], sums: &mut [f64]) {
        let mut place = 0;
        for _ in 0..DEPTH_MAX {
            let next = self.next(place, row);
            let feature = self.nodes.get(place).map_or(0, |node| node.feature as usize);
            if let Some(sum) = sums.get_mut(feature) {
                *sum += self.saved_at(next) - self.saved_at(place);
            }
            place = next;
        }
    }
}

/// The leaves of one row in a few trees, which are walked together as well.
fn walk(group: &[Tree], row: &[f64]) -> [usize; TOGETHER] {
    let mut places = [0; TOGETHER];
    for _ in 0..DEPTH_MAX {
        for (tree, place) in group.iter().zip(&mut places) {
            *place = tree.next(*place, row);
        }
    }
    places
}

/// Places of at most 256 different rows out of `rows` (Floyd's choice without replacement).
fn choose(rows: usize, draw: &mut Draw) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::with_capacity(SAMPLE);
    for last in rows.saturating_sub(SAMPLE)..rows {
        let place = draw.below(last + 1);
        chosen.push(if chosen.contains(&place) { last } else { place });
    }
    chosen
}

/// A feature in which the members differ and a place between their smallest and largest value; none when they are all alike.
fn choose_cut(rows: &Rows, members: &[usize], order: &mut [usize], cut: Cut, draw: &mut Draw) -> Option<(usize, f64)> {
    if cut == Cut::ByRange {
        return cut_by_range(rows, members, order, draw);
    }
    for first in 0..order.len() {
        let other = first + draw.below(order.len() - first);
        order.swap(first, other);
        let feature = *order.get(first)?;
        let (low, high) = range_of(rows, members, feature);
        if low < high {
            return Some((feature, between(low, high, draw.unit())));
        }
    }
    None
}

fn cut_by_range(rows: &Rows, members: &[usize], columns: &[usize], draw: &mut Draw) -> Option<(usize, f64)> {
    let ranges: Vec<(usize, f64, f64)> = columns
        .iter()
        .map(|feature| (*feature, range_of(rows, members, *feature)))
        .filter(|(_, (low, high))| low < high)
        .map(|(feature, (low, high))| (feature, low, high))
        .collect();
    let total: f64 = ranges.iter().map(|(_, low, high)| high - low).sum();
    let mut wanted = draw.unit() * total;
    for (feature, low, high) in &ranges {
        if wanted < high - low {
            return Some((*feature, between(*low, *high, wanted / (high - low))));
        }
        wanted -= high - low;
    }
    ranges.last().map(|(feature, low, high)| (*feature, between(*low, *high, 0.5)))
}

/// The point at `share` (0 to 1) of the way, always below `high`, so that both sides of a cut hold a row. Where values are no negative ones and span three decades
/// the way is that of `ln(1 + x)`: bytes and seconds are not cut at the scale of their largest value alone.
fn between(low: f64, high: f64, share: f64) -> f64 {
    let point = if low >= 0.0 && (1.0 + high) / (1.0 + low) >= WIDE {
        let (from, to) = (libm::log1p(low), libm::log1p(high));
        libm::expm1(from + share * (to - from)).max(low)
    } else {
        low + share * (high - low)
    };
    if point < high { point } else { low }
}

/// Smallest and largest finite value of a feature among the members.
fn range_of(rows: &Rows, members: &[usize], feature: usize) -> (f64, f64) {
    let mut range = (f64::INFINITY, f64::NEG_INFINITY);
    for member in members {
        let value = rows.row(*member).get(feature).copied().unwrap_or(f64::NAN);
        if value.is_finite() {
            range = (range.0.min(value), range.1.max(value));
        }
    }
    range
}

/// Puts the members that go left to the front and says how many they are.
fn divide(rows: &Rows, members: &mut [usize], feature: usize, value: f64) -> usize {
    let mut left = 0;
    for place in 0..members.len() {
        let goes_left =
            members.get(place).and_then(|member| rows.row(*member).get(feature)).is_some_and(|cell| *cell <= value);
        if goes_left {
            members.swap(left, place);
            left += 1;
        }
    }
    left
}

/// The mean depth of a search in a random tree of `rows` rows that fails (Liu and others, formula 1).
fn average_depth(rows: usize) -> f64 {
    match rows {
        0 | 1 => 0.0,
        2 => 1.0,
        _ => {
            let rows = rows as f64;
            2.0 * (libm::log(rows - 1.0) + EULER) - 2.0 * (rows - 1.0) / rows
        }
    }
}

/// The constant of Euler and Mascheroni.
const EULER: f64 = 0.577_215_664_901_532_9;

impl Snapshot for Forest {
    fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, VERSION);
        codec::put_len(out, self.width);
        codec::put_len(out, self.trees.len());
        for tree in &self.trees {
            codec::put_len(out, tree.nodes.len());
            for (node, saved) in tree.nodes.iter().zip(&tree.saved) {
                codec::put_u64(out, node.cut.to_bits());
                codec::put_u64(out, saved.to_bits());
                codec::put_u64(out, u64::from(node.feature) << 32 | u64::from(node.left));
            }
        }
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        if codec::take_u64(from) != Some(VERSION) {
            return Err(Damaged("a forest, version 1"));
        }
        let width =
            codec::take_u64(from).and_then(|width| usize::try_from(width).ok()).filter(|width| *width <= WIDTH_MAX);
        let width = width.ok_or(Damaged("the width of a forest"))?;
        let trees =
            codec::take_len(from, 8).filter(|trees| *trees <= TREES_MAX).ok_or(Damaged("the number of trees"))?;
        let mut forest = Self { width, trees: Vec::with_capacity(trees) };
        for _ in 0..trees {
            forest.trees.push(read_tree(from, width)?);
        }
        Ok(forest)
    }
}

fn read_tree(from: &mut &[u8], width: usize) -> Result<Tree, Damaged> {
    let len = codec::take_len(from, 24).filter(|len| *len < 2 * SAMPLE).ok_or(Damaged("the number of nodes"))?;
    let mut tree = Tree { nodes: Vec::with_capacity(len), saved: Vec::with_capacity(len) };
    for place in 0..len {
        let cut = crate::drift::take_finite(from)?;
        let saved = crate::drift::take_finite(from)?;
        let both = codec::take_u64(from).ok_or(Damaged("a node"))?;
        let feature = u32::try_from(both >> 32).unwrap_or(0);
        let left = u32::try_from(both & u64::from(u32::MAX)).unwrap_or(0);
        // children behind their parent: no walk goes round for ever
        let in_tree = left == 0 || (left as usize > place && left as usize + 1 < len && (feature as usize) < width);
        if !in_tree {
            return Err(Damaged("children of a node behind it"));
        }
        tree.nodes.push(Node { cut, feature, left });
        tree.saved.push(saved);
    }
    Ok(tree)
}

/// Version of the bytes.
const VERSION: u64 = 1;

#[cfg(test)]
mod tests;
