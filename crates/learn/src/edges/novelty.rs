//! New partners: a source that meets a destination for the first time, measured against how often it does.
//!
//! A new edge of a source that meets somebody new with every second edge (a scanner of prescriptions, a proxy) says little; one of a source that for a month talked to the
//! same three machines says much. For an edge never seen before the score is `-ln((k + 1/2) / (n + 1))` where `n` are the source's earlier edges and `k` those that were new, both
//! fading with a half-life: the surprise at a new partner under the source's own rate, with the Krichevsky-Trofimov half. A known edge scores 0.

use cordon_stats::codec::{put_u64, take_u64};

use super::counts::{Closing, Counts, Shape};
use super::first_seen::{FirstSeen, FirstSeenConfig};
use super::midas::{EdgeScore, Level, LevelScore};
use super::{Node, fold, pair};
use crate::drift::take_finite;
use crate::{Damaged, Snapshot};

/// First word of a kept model.
const VERSION: u64 = 0x0001_4c56_4f4e_5401;

/// Sizes of a [`Novelty`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoveltyConfig {
    /// What remembers the edges.
    pub seen: FirstSeenConfig,
    /// Buckets of each of 2 rows that count the sources' edges, 16 to 65,536.
    pub buckets: usize,
    /// Ticks after which a count weighs half; at least 1.
    pub half_life_ticks: f64,
    /// Edges of a source before it scores: what has just begun meets everybody for the first time.
    pub edges_min: f64,
}

impl Default for NoveltyConfig {
    /// 30 days of minutes for edges, a week of them for rates, silent for a source's first 20 edges.
    fn default() -> Self {
        Self { seen: FirstSeenConfig::default(), buckets: 4_096, half_life_ticks: 10_080.0, edges_min: 20.0 }
    }
}

/// Scores first edges by how rarely their source has any.
#[derive(Clone, Debug, PartialEq)]
pub struct Novelty {
    half_life_ticks: f64,
    edges_min: f64,
    seen: FirstSeen,
    /// Edges of each source.
    edges: Counts,
    /// New ones among them.
    new: Counts,
    tick: u64,
}

impl Novelty {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(config: NoveltyConfig) -> Self {
        let shape = Shape::near(2, config.buckets);
        let at_least = |value: f64, least: f64| if value.is_finite() { value.max(least) } else { least };
        Self {
            half_life_ticks: at_least(config.half_life_ticks, 1.0),
            edges_min: at_least(config.edges_min, 0.0),
            seen: FirstSeen::new(config.seen),
            edges: Counts::new(shape, false),
            new: Counts::new(shape, false),
            tick: 0,
        }
    }

    /// How unusual it is for `source` to meet `destination` at `tick`; from now on it is known. Times do not go back: an earlier tick counts as the running one.
    pub fn observe(&mut self, source: Node, destination: Node, tick: u64) -> EdgeScore {
        let tick = tick.max(self.tick);
        self.fade(tick);
        let is_new = self.seen.is_new(pair(source, destination), tick);
        let hash = fold(source.0, 0x1d8e_4e27_c47d_124f);
        let (edges, _) = self.edges.count(hash, false);
        let new = if is_new { self.new.count(hash, false).0 - 1.0 } else { self.new.peek(hash) };
        let before = edges - 1.0;
        let rate = (new + 0.5) / (before + 1.0);
        let value = if is_new && before >= self.edges_min { (-libm::log(rate)).max(0.0) } else { 0.0 };
        let observed = if is_new { 1.0 } else { 0.0 };
        let level = LevelScore { value, observed, usual: (before >= self.edges_min).then_some(rate.min(1.0)) };
        EdgeScore { value, level: Level::Edge, levels: [level, LevelScore::default(), LevelScore::default()] }
    }

    /// Adds what another one of the same configuration and key has seen; the earlier of both is faded to the tick of the later one first. False, and nothing done,
    /// when configurations differ. A partner that was new to both counts as new twice, so rates are a little higher than one observer of both would have them. That the keys are the same cannot be seen from the counts: the caller must know.
    pub fn merge(&mut self, other: &Self) -> bool {
        let rates = (self.half_life_ticks, self.edges_min) == (other.half_life_ticks, other.edges_min);
        if !rates || !self.edges.alike(&other.edges) || !self.seen.merge(&other.seen) {
            return false;
        }
        self.fade(other.tick);
        let closing = self.closing(self.tick - other.tick);
        for (own, others) in [(&mut self.edges, &other.edges), (&mut self.new, &other.new)] {
            let mut others = others.clone();
            others.fade(&closing);
            own.add(&others);
        }
        true
    }

    fn fade(&mut self, tick: u64) {
        let elapsed = tick.saturating_sub(self.tick);
        if elapsed == 0 {
            return;
        }
        let closing = self.closing(elapsed);
        self.edges.fade(&closing);
        self.new.fade(&closing);
        self.tick = tick;
    }

    /// What is left of a count after some ticks.
    fn closing(&self, elapsed: u64) -> Closing {
        let left = libm::exp2(-(elapsed as f64) / self.half_life_ticks);
        Closing { current_factor: left, total_factor: 1.0, threshold: 0.0, mean_share: 0.0, learnt_max: 1.0 }
    }

    /// Times that more edges were seen than are remembered for a whole span.
    #[must_use]
    pub const fn full_early(&self) -> u64 {
        self.seen.full_early()
    }

    /// Bytes that the model holds; the same for its whole life.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.seen.bytes() + self.edges.bytes() + self.new.bytes()
    }
}

impl Snapshot for Novelty {
    fn write(&self, out: &mut Vec<u8>) {
        put_u64(out, VERSION);
        put_u64(out, self.half_life_ticks.to_bits());
        put_u64(out, self.edges_min.to_bits());
        put_u64(out, self.tick);
        self.seen.write(out);
        self.edges.write(out);
        self.new.write(out);
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        if take_u64(from) != Some(VERSION) {
            return Err(Damaged("a model of new partners"));
        }
        let (half_life_ticks, edges_min) = (take_finite(from)?, take_finite(from)?);
        let tick = take_u64(from).ok_or(Damaged("the tick of a model of new partners"))?;
        let seen = FirstSeen::read(from)?;
        let (edges, new) = (Counts::read(from)?, Counts::read(from)?);
        if half_life_ticks < 1.0 || edges_min < 0.0 || !edges.alike(&new) {
            return Err(Damaged("a model of new partners whose parts fit each other"));
        }
        Ok(Self { half_life_ticks, edges_min, seen, edges, new, tick })
    }
}
