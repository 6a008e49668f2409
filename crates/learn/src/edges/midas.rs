//! MIDAS, MIDAS-R and MIDAS-F: bursts of edges, scored as they come.
//!
//! Sources: Bhatia, Hooi, Yoon, Shin, Faloutsos, "MIDAS: Microcluster-Based Detector of Anomalies in Edge Streams", AAAI 2020; Bhatia, Liu, Hooi, Yoon, Shin, Faloutsos,
//! "Real-Time Anomaly Detection in Edge Streams", TKDD 16(4), 2022. A score is the chi-squared statistic of the count in the running tick against the mean of the ticks so
//! far, the largest of three levels: the edge, its source, its destination.
//!
//! Beyond the papers, each switched off in [`MidasConfig::of_paper`]: totals may fade with a half-life; a lull may be no alarm; a filtered bucket may learn a clipped count, so
//! that a change which stays is learnt in the end. A person's word is quicker: [`Midas::accept`]. After a gap of several ticks the running counts fade once for each of them, where the authors' program fades them once.

use cordon_stats::codec::{put_u64, take_u64};

use super::counts::{Closing, Counts, Shape};
use super::{Node, fold, pair};
use crate::drift::{Drift, take_finite};
use crate::{Damaged, Part, Score, Snapshot};

/// First word of a kept model.
const VERSION: u64 = 0x0001_5341_4449_4d01;

/// Ticks after which half of what drift compares is from before: recently, and in the long run.
const DRIFT_HALF_LIVES: (f64, f64) = (60.0, 10_080.0);

/// Which of the three algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Edges only; the running counts start anew at each tick.
    Midas,
    /// Edges, sources and destinations; the running counts fade from tick to tick.
    MidasR,
    /// As R, and what scored high is not learnt: an attack does not become normal.
    MidasF,
}

/// How a [`Midas`] counts. Values out of range are brought to the nearest allowed one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MidasConfig {
    /// Which algorithm.
    pub variant: Variant,
    /// Rows of a sketch, 1 to 4.
    pub rows: usize,
    /// Buckets of a row, 16 to 65,536, rounded up to a power of two.
    pub buckets: usize,
    /// What of the running counts stays at a new tick, 0 to 1; not used by [`Variant::Midas`].
    pub alpha: f64,
    /// Scores from here on are not learnt; used by [`Variant::MidasF`] only.
    pub threshold: f64,
    /// Times its own mean that a bucket above the threshold learns at most; 1 keeps the mean as it is.
    pub learnt_max: f64,
    /// Ticks after which a count weighs half; none keeps all for ever.
    pub half_life_ticks: Option<f64>,
    /// Whether a count below the mean scores 0.
    pub rise_only: bool,
}

impl MidasConfig {
    /// As published: 2 rows of 1,024 buckets, alpha 0.5, threshold 1,000, nothing forgotten, lulls scored.
    #[must_use]
    pub const fn of_paper(variant: Variant) -> Self {
        Self {
            variant,
            rows: 2,
            buckets: 1_024,
            alpha: 0.5,
            threshold: 1e3,
            learnt_max: 1.0,
            half_life_ticks: None,
            rise_only: false,
        }
    }

    /// For use beside people: MIDAS-F that forgets with a half-life of `ticks`, keeps silent at lulls, and learns of what it filters a tenth more than its mean.
    #[must_use]
    pub const fn forgetting(ticks: f64) -> Self {
        Self { learnt_max: 1.1, half_life_ticks: Some(ticks), rise_only: true, ..Self::of_paper(Variant::MidasF) }
    }

    fn allowed(self) -> Self {
        let finite = |value: f64, low: f64, high: f64| if value.is_finite() { value.clamp(low, high) } else { high };
        Self {
            alpha: finite(self.alpha, 0.0, 1.0),
            threshold: finite(self.threshold, 0.0, f64::MAX),
            learnt_max: finite(self.learnt_max, 1.0, 1e6),
            half_life_ticks: self.half_life_ticks.map(|ticks| finite(ticks, 1.0, 1e9)),
            ..self
        }
    }
}

/// What a count is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The pair of source and destination.
    Edge,
    /// The source with all its destinations.
    Source,
    /// The destination with all its sources.
    Destination,
}

/// The score of one level.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LevelScore {
    /// The chi-squared statistic, at least 0.
    pub value: f64,
    /// Count in the running tick, with what is left of earlier ticks.
    pub observed: f64,
    /// Mean of that count over the ticks so far; none before it was ever learnt.
    pub usual: Option<f64>,
}

/// The score of one edge: that of its highest level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EdgeScore {
    /// The highest of the levels' values.
    pub value: f64,
    /// The level that it is of; of equal ones the first.
    pub level: Level,
    /// Edge, source, destination. [`Variant::Midas`] has the first only, the others are 0.
    pub levels: [LevelScore; 3],
}

impl EdgeScore {
    fn of(levels: [LevelScore; 3]) -> Self {
        let [edge, source, destination] = levels.map(|level| level.value);
        let (value, level) = if edge >= source && edge >= destination {
            (edge, Level::Edge)
        } else if source >= destination {
            (source, Level::Source)
        } else {
            (destination, Level::Destination)
        };
        Self { value, level, levels }
    }

    /// `ln(1 + value)`: what to put a threshold over. The statistic grows with the traffic, so half as much traffic again makes it half as large again; its logarithm only moves, and
    /// [`crate::threshold::Dspot`] follows that. The order of scores is the same.
    #[must_use]
    pub fn for_threshold(&self) -> f64 {
        libm::log1p(self.value)
    }

    /// The score as parts: edge, source and destination are features 0, 1 and 2, and the highest carries all of the value.
    #[must_use]
    pub fn explained(&self) -> Score {
        let parts = self.levels.iter().enumerate().map(|(feature, level)| Part {
            feature,
            value: if feature == self.level as usize { self.value } else { 0.0 },
            observed: level.observed,
            usual: level.usual,
            peers: None,
        });
        Score::of(parts.collect())
    }
}

/// Why two models cannot be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the models differ in their {0}: only models of one configuration, key and tick can be added")]
pub struct Unlike(&'static str);

/// The model.
#[derive(Clone, Debug, PartialEq)]
pub struct Midas {
    config: MidasConfig,
    /// The running tick; none before the first edge.
    tick: Option<u64>,
    /// Closed ticks, faded as the totals are.
    past: f64,
    /// Edge, source, destination.
    levels: [Counts; 3],
    /// Edges whose tick was before the running one.
    late: u64,
    /// Sum of `score / (score + threshold)` over the running tick, and its edges.
    tick_sum: f64,
    tick_edges: u64,
    drift: Drift,
}

impl Midas {
    /// An empty model.
    #[must_use]
    pub fn new(config: MidasConfig) -> Self {
        let config = config.allowed();
        let shape = Shape::near(config.rows, config.buckets);
        let filtered = config.variant == Variant::MidasF;
        let node_shape = if config.variant == Variant::Midas { Shape::near(1, 16) } else { shape };
        let config = MidasConfig { rows: shape.rows(), buckets: shape.buckets(), ..config };
        Self {
            config,
            tick: None,
            past: 0.0,
            levels: [shape, node_shape, node_shape].map(|shape| Counts::new(shape, filtered)),
            late: 0,
            tick_sum: 0.0,
            tick_edges: 0,
            drift: Drift::new(DRIFT_HALF_LIVES.0, DRIFT_HALF_LIVES.1),
        }
    }

    /// Counts an edge in `tick` (any unit of time, never going back) and says how unusual its count is. One of an earlier tick counts in the running one.
    pub fn observe(&mut self, source: Node, destination: Node, tick: u64) -> EdgeScore {
        self.observe_hashes(hashes(source, destination), tick)
    }

    /// As [`Midas::observe`], with the hash of each level.
    pub(super) fn observe_hashes(&mut self, hashes: [u64; 3], tick: u64) -> EdgeScore {
        self.advance(tick);
        let (past, config) = (self.past, &self.config);
        let mut scores = [LevelScore::default(); 3];
        let levels = if config.variant == Variant::Midas { 1 } else { 3 };
        for ((score, counts), hash) in scores.iter_mut().zip(&mut self.levels).zip(hashes).take(levels) {
            *score = level_score(config, counts, hash, past);
        }
        let score = EdgeScore::of(scores);
        self.tick_sum += score.value / (score.value + config.threshold + 1.0);
        self.tick_edges += 1;
        score
    }

    fn advance(&mut self, tick: u64) {
        let Some(running) = self.tick else {
            self.tick = Some(tick);
            return;
        };
        match tick.checked_sub(running) {
            None => self.late = self.late.saturating_add(1),
            Some(0) => {}
            Some(elapsed) => self.close(tick, elapsed as f64),
        }
    }

    /// Closes the running tick and opens `tick`, which is `elapsed` ticks later.
    fn close(&mut self, tick: u64, elapsed: f64) {
        let alpha = if self.config.variant == Variant::Midas { 0.0 } else { self.config.alpha };
        let one = self.config.half_life_ticks.map_or(1.0, |half_life| libm::exp2(-1.0 / half_life));
        let total_factor = libm::pow(one, elapsed);
        let closing = Closing {
            current_factor: libm::pow(alpha, elapsed),
            total_factor,
            threshold: self.config.threshold,
            mean_share: if self.past > 0.0 { 1.0 / self.past } else { 0.0 },
            learnt_max: self.config.learnt_max,
        };
        for counts in &mut self.levels {
            if self.config.variant == Variant::MidasF {
                counts.merge_and_fade(&closing);
            } else {
                counts.fade(&closing);
            }
        }
        // past' = one * (past + 1), once for each tick
        let steps = if one < 1.0 { one * (1.0 - total_factor) / (1.0 - one) } else { elapsed };
        self.past = self.past * total_factor + steps;
        self.drift.observe(self.tick_sum / self.tick_edges.max(1) as f64);
        (self.tick_sum, self.tick_edges) = (0.0, 0);
        self.tick = Some(tick);
    }

    /// Adds what another model counted, over the same ticks and under the same key.
    ///
    /// # Errors
    /// [`Unlike`] when configuration or running tick differ. That the keys are the same cannot be seen from the counts: the caller must know.
    pub fn merge(&mut self, other: &Self) -> Result<(), Unlike> {
        if self.config != other.config {
            return Err(Unlike("configuration"));
        }
        if (self.tick, self.past) != (other.tick, other.past) {
            return Err(Unlike("ticks"));
        }
        self.levels.iter_mut().zip(&other.levels).for_each(|(own, others)| own.add(others));
        self.late = self.late.saturating_add(other.late);
        self.tick_sum += other.tick_sum;
        self.tick_edges = self.tick_edges.saturating_add(other.tick_edges);
        Ok(())
    }

    /// Takes what now runs on an edge, its source and its destination as their usual: what a person found to be in order. Nothing else is learnt, and more than
    /// that is as unusual as before.
    pub fn accept(&mut self, source: Node, destination: Node) {
        let past = self.past;
        let hashes = hashes(source, destination);
        self.levels.iter_mut().zip(hashes).for_each(|(counts, hash)| counts.accept(hash, past));
    }

    /// Edges that came after their tick was closed.
    #[must_use]
    pub const fn late(&self) -> u64 {
        self.late
    }

    /// How far the scores of the last hour of ticks lie above those of the last week of ticks, in standard deviations; none at the start.
    #[must_use]
    pub fn drift(&self) -> Option<f64> {
        self.drift.shift()
    }

    /// Bytes that the model holds; the same for its whole life.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let counts: usize = self.levels.iter().map(Counts::bytes).sum();
        size_of::<Self>() - size_of::<[Counts; 3]>() + counts
    }
}

/// Keep hashes of one node apart by its role.
const SOURCE: u64 = 0x8ebc_6af0_9c88_c6e3;
const DESTINATION: u64 = 0x5899_65cc_7537_4cc3;

const fn hashes(source: Node, destination: Node) -> [u64; 3] {
    [pair(source, destination), fold(source.0, SOURCE), fold(destination.0, DESTINATION)]
}

fn level_score(config: &MidasConfig, counts: &mut Counts, hash: u64, past: f64) -> LevelScore {
    let filtered = config.variant == Variant::MidasF;
    let (observed, total) = counts.count(hash, !filtered);
    // MIDAS-F leaves the running tick out of the totals
    let ticks = if filtered { past } else { past + 1.0 };
    let known = past > 0.0 && total > 0.0;
    let usual = known.then(|| total / ticks);
    let value = usual.map_or(0.0, |usual| {
        let apart = (observed - usual) * ticks;
        if config.rise_only && apart <= 0.0 { 0.0 } else { apart * apart / (total.max(1.0) * past) }
    });
    if filtered {
        counts.remember(hash, value);
    }
    LevelScore { value, observed, usual }
}

impl Snapshot for Midas {
    fn write(&self, out: &mut Vec<u8>) {
        put_u64(out, VERSION);
        let config = &self.config;
        put_u64(out, config.variant as u64);
        for number in [config.alpha, config.threshold, config.learnt_max, config.half_life_ticks.unwrap_or(0.0)] {
            put_u64(out, number.to_bits());
        }
        put_u64(out, u64::from(config.rise_only));
        put_u64(out, u64::from(self.tick.is_some()));
        put_u64(out, self.tick.unwrap_or(0));
        put_u64(out, self.past.to_bits());
        put_u64(out, self.late);
        put_u64(out, self.tick_sum.to_bits());
        put_u64(out, self.tick_edges);
        self.drift.write(out);
        self.levels.iter().for_each(|counts| counts.write(out));
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let number = |from: &mut &[u8]| take_u64(from).ok_or(Damaged("a count of MIDAS"));
        if number(from)? != VERSION {
            return Err(Damaged("a model of MIDAS"));
        }
        let variant = match number(from)? {
            0 => Variant::Midas,
            1 => Variant::MidasR,
            2 => Variant::MidasF,
            _ => return Err(Damaged("one of three variants of MIDAS")),
        };
        let (alpha, threshold) = (take_finite(from)?, take_finite(from)?);
        let (learnt_max, half_life) = (take_finite(from)?, take_finite(from)?);
        let half_life_ticks = (half_life > 0.0).then_some(half_life);
        let rise_only = number(from)? == 1;
        let begun = number(from)? == 1;
        let tick = Some(number(from)?).filter(|_| begun);
        let past = take_finite(from)?;
        let late = number(from)?;
        let (tick_sum, tick_edges) = (take_finite(from)?, number(from)?);
        let drift = Drift::read(from)?;
        let levels = [Counts::read(from)?, Counts::read(from)?, Counts::read(from)?];
        let shape = levels[0].shape();
        let given = MidasConfig {
            variant,
            rows: shape.rows(),
            buckets: shape.buckets(),
            alpha,
            threshold,
            learnt_max,
            half_life_ticks,
            rise_only,
        };
        let empty = Self::new(given);
        let alike = empty.levels.iter().zip(&levels).all(|(empty, read)| empty.alike(read));
        if empty.config != given || !alike || past < 0.0 {
            return Err(Damaged("a model of MIDAS whose parts fit each other"));
        }
        Ok(Self { tick, past, levels, late, tick_sum, tick_edges, drift, ..empty })
    }
}
