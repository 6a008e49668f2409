//! An isolation forest over days of users (Liu, Ting, Zhou 2008): a day that few random cuts set apart from the others is odd.

use rustc_hash::FxHashSet;

use super::input::{Access, Input};
use super::{Review, Suspect};
use crate::rng::{Rng, index};

const TREES: usize = 100;
/// Days in each tree.
const SAMPLE: usize = 256;
/// log2 of the sample.
const DEPTH_MAX: u32 = 8;
const FEATURES: usize = 9;
/// Euler's constant, in the mean depth of an unsuccessful search.
const GAMMA: f64 = 0.577_215_664_901_532_9;
/// Names of the features.
const NAMES: [&str; FEATURES] = [
    "accesses",
    "patients",
    "searches",
    "prints and exports",
    "writes",
    "break-glass",
    "remote accesses",
    "accesses at night",
    "workstations",
];

type Day = [f64; FEATURES];

pub(super) struct Forest {
    /// The day and its user, as they end.
    days: Vec<(u32, i64, Day)>,
    now: Vec<Day>,
    day: i64,
    patients: FxHashSet<(u32, u32)>,
    workstations: FxHashSet<(u32, u64)>,
    /// The oddest day of each user.
    odd: Vec<i64>,
}

impl Forest {
    pub(super) fn new(input: &Input) -> Self {
        let users = input.users.len();
        Self {
            days: Vec::new(),
            now: vec![[0.0; FEATURES]; users],
            day: i64::MIN,
            patients: FxHashSet::default(),
            workstations: FxHashSet::default(),
            odd: vec![i64::MIN; users],
        }
    }

    fn end_day(&mut self) {
        for (user, now) in (0u32..).zip(&mut self.now) {
            let [accesses, ..] = now;
            if *accesses > 0.0 {
                self.days.push((user, self.day, now.map(libm::log1p)));
            }
            *now = [0.0; FEATURES];
        }
        self.patients.clear();
        self.workstations.clear();
    }
}

impl Review for Forest {
    fn take(&mut self, _input: &Input, access: &Access) -> Option<(&'static str, String)> {
        if access.day != self.day {
            self.end_day();
            self.day = access.day;
        }
        let counts = [
            true,
            access.patient.is_some_and(|patient| self.patients.insert((access.user, patient))),
            access.is_search,
            access.takes_out,
            access.writes,
            access.break_glass,
            access.is_remote,
            !(6 * 3600..22 * 3600).contains(&access.second),
            self.workstations.insert((access.user, access.workstation)),
        ];
        for (cell, counts) in self.now.get_mut(access.user as usize)?.iter_mut().zip(counts) {
            *cell += if counts { 1.0 } else { 0.0 };
        }
        None
    }

    fn suspects(&mut self, _input: &Input) -> Vec<Suspect> {
        self.end_day();
        let rows: Vec<Day> = self.days.iter().map(|day| day.2).collect();
        let mut rng = Rng::of(1, &[11]);
        let trees: Vec<Tree> = (0..TREES).map(|_| Tree::grow(&rows, &mut rng)).collect();
        let normal = mean_depth(SAMPLE.min(rows.len()));
        let mut best: Vec<(f64, Day)> = vec![(0.0, [0.0; FEATURES]); self.odd.len()];
        for (user, day, features) in &self.days {
            let depth = trees.iter().map(|tree| tree.depth(features)).sum::<f64>() / TREES as f64;
            let score = libm::exp2(-depth / normal.max(1e-9));
            let places = best.get_mut(*user as usize).zip(self.odd.get_mut(*user as usize));
            if let Some((best, odd)) = places.filter(|(best, _)| score > best.0) {
                (*best, *odd) = ((score, *features), *day);
            }
        }
        (0u32..).zip(best).map(|(user, (score, day))| suspect(user, score, &day)).collect()
    }

    fn belongs(&mut self, _input: &Input, access: &Access) -> bool {
        self.odd.get(access.user as usize).is_some_and(|day| *day == access.day)
    }
}

fn suspect(user: u32, score: f64, day: &Day) -> Suspect {
    let words: Vec<String> =
        NAMES.iter().zip(day).map(|(name, value)| format!("{name} {:.0}", libm::expm1(*value))).collect();
    Suspect { user, score, scenarios: Vec::new(), sentence: format!("an odd day: {}", words.join(", ")) }
}

/// The mean depth of an unsuccessful search among `n` (equation 1 of the paper).
fn mean_depth(n: usize) -> f64 {
    if n < 2 {
        return 0.0;
    }
    let n = n as f64;
    2.0 * (libm::log(n - 1.0) + GAMMA) - 2.0 * (n - 1.0) / n
}

enum Node {
    Leaf(usize),
    Cut { feature: usize, at: f64, below: usize, above: usize },
}

struct Tree(Vec<Node>);

impl Tree {
    fn grow(rows: &[Day], rng: &mut Rng) -> Self {
        let sample: Vec<Day> = (0..SAMPLE.min(rows.len())).filter_map(|_| rng.pick(rows).copied()).collect();
        let mut tree = Self(Vec::new());
        tree.node(sample, 0, rng);
        tree
    }

    fn node(&mut self, rows: Vec<Day>, depth: u32, rng: &mut Rng) -> usize {
        let place = self.0.len();
        self.0.push(Node::Leaf(rows.len()));
        let feature = rng.below(index(FEATURES)) as usize;
        let value = |row: &Day| row.get(feature).copied().unwrap_or(0.0);
        let low = rows.iter().map(value).fold(f64::INFINITY, f64::min);
        let high = rows.iter().map(value).fold(f64::NEG_INFINITY, f64::max);
        if depth >= DEPTH_MAX || rows.len() < 2 || low >= high {
            return place;
        }
        let at = low + rng.unit() * (high - low);
        let (left, right): (Vec<Day>, Vec<Day>) = rows.into_iter().partition(|row| value(row) < at);
        let below = self.node(left, depth + 1, rng);
        let above = self.node(right, depth + 1, rng);
        if let Some(node) = self.0.get_mut(place) {
            *node = Node::Cut { feature, at, below, above };
        }
        place
    }

    fn depth(&self, row: &Day) -> f64 {
        let mut place = 0;
        let mut depth = 0.0;
        while let Some(Node::Cut { feature, at, below, above }) = self.0.get(place) {
            let is_below = row.get(*feature).is_some_and(|value| value < at);
            place = if is_below { *below } else { *above };
            depth += 1.0;
        }
        match self.0.get(place) {
            Some(Node::Leaf(size)) => depth + mean_depth(*size),
            _ => depth,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_far_from_the_others_is_set_apart_by_fewer_cuts() {
        let mut rng = Rng::of(3, &[]);
        let mut rows: Vec<Day> = (0..500).map(|_| [0.0; FEATURES].map(|_: f64| rng.normal())).collect();
        let far: Day = [8.0; FEATURES];
        rows.push(far);
        let trees: Vec<Tree> = (0..TREES).map(|_| Tree::grow(&rows, &mut rng)).collect();
        let depth = |row: &Day| trees.iter().map(|tree| tree.depth(row)).sum::<f64>() / TREES as f64;
        assert!(depth(&far) < depth(&[0.0; FEATURES]) * 0.7);
    }

    #[test]
    fn the_mean_depth_of_the_paper_is_met() {
        assert!((mean_depth(256) - 10.244).abs() < 0.01);
        assert_eq!(mean_depth(1), 0.0);
    }
}
