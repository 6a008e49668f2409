//! Tails, forest and names on one scale.
//!
//! Numbers are judged twice, alone by [`Ecod`] and together by [`Forest`]; since both look at the same columns the larger voice counts. Names are other columns, so their
//! voice is added. Scales:
//! - **tails**: how rarely the tilted sum is reached when every feature is drawn for itself ([`Ecod::independent`]), and five times what the plain sum exceeds the rarest that as many
//!   independent rows would hold: several features far out *together* are worth more than one.
//! - **forest**: z^2, where z is the distance of the isolation score from its median in units of the way from the median to the ninth decile. The isolation score has a
//!   fixed end, so only rows far apart from all others come near it.
//! - both voices, numbers and names, then go through a [`Curve`] of the rows learnt, and the sum of these is the value, in nats.

use cordon_stats::codec;

use super::{Cut, Ecod, Forest, Names, Rows, Sums, forest::Tree, isolation};
use crate::{Damaged, Drift, Part, Score, Snapshot, combine::Curve, eval::controls::Draw};

/// Rows kept from which trees are renewed and scales are found.
const KEPT: usize = 4_096;

/// Rows before anything is said.
const ROWS_MIN: u64 = 256;

/// Rows after which the scales are found anew.
const SCALE_EVERY: u64 = 4_096;

/// Rows after which the weight of a verdict in the recent and in the long mean has halved.
const DRIFT_HALF_LIVES: (f64, f64) = (100.0, 5_000.0);

/// Most nats of a verdict that count for the drift.
const DRIFT_CLIP: f64 = 5.0;

/// Rows drawn to learn what independent features would sum to.
const DRAWS: usize = 65_536;

/// Worth of a nat beyond what independent rows hold.
const BEYOND: f64 = 5.0;

/// How an ensemble learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Trees of the forest.
    pub trees: usize,
    /// Rows after which one tree is grown anew.
    pub renew_every: u64,
    /// Rows after which half of the weight of what was learnt is gone; 0 for never.
    pub half_life: u64,
    /// Seed of trees and draws.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { trees: 500, renew_every: 32, half_life: 0, seed: 1 }
    }
}

/// The three detectors on one scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble {
    settings: Settings,
    /// Columns that hold names.
    nominal: Vec<usize>,
    /// Columns that hold numbers.
    numbers: Vec<usize>,
    ecod: Ecod,
    forest: Forest,
    names: Names,
    scales: Scales,
    kept: Rows,
    drift: Drift,
    learnt: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Scales {
    plain: Curve,
    tilted: Curve,
    forest_median: f64,
    forest_width: f64,
    numbers: Curve,
    names: Curve,
}

/// What an ensemble says of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Verdict {
    /// The combination, in nats.
    pub value: f64,
    /// The plain sum of tails, in nats.
    pub ecod: f64,
    /// The isolation score, 0 to 1.
    pub forest: f64,
    /// The surprise of the names, in nats.
    pub names: f64,
    /// Whether the forest had the larger voice on the numbers.
    pub by_forest: bool,
}

/// What the detectors say before they are put on one scale.
#[derive(Clone, Copy)]
struct Raw {
    sums: Sums,
    isolation: f64,
    names: f64,
}

impl Ensemble {
    /// Knows nothing yet of rows of `width` columns, of which those in `nominal` hold names.
    #[must_use]
    pub fn new(width: usize, nominal: &[usize], settings: Settings) -> Self {
        let numbers: Vec<usize> = (0..width).filter(|column| !nominal.contains(column)).collect();
        Self {
            settings,
            nominal: nominal.to_vec(),
            ecod: Ecod::new(numbers.len()),
            numbers,
            forest: Forest::grow(&Rows::new(width), &[], 0, Cut::Evenly, 0),
            names: Names::fit(&Rows::new(width), &[]),
            scales: Scales::default(),
            kept: Rows::new(width),
            drift: Drift::new(DRIFT_HALF_LIVES.0, DRIFT_HALF_LIVES.1),
            learnt: 0,
        }
    }

    /// Learns all `rows` at once: trees draw from all of them.
    #[must_use]
    pub fn fit(rows: &Rows, nominal: &[usize], settings: Settings) -> Self {
        let mut ensemble = Self::new(rows.width(), nominal, settings);
        for row in rows.iter() {
            ensemble.ecod.learn(&ensemble.numbers_of(row));
            ensemble.keep(row);
            ensemble.learnt += 1;
        }
        ensemble.ecod.lean();
        ensemble.names = Names::fit(rows, nominal);
        ensemble.forest = Forest::grow(rows, &ensemble.numbers, settings.trees, Cut::Evenly, settings.seed);
        ensemble.scale();
        ensemble
    }

    /// What it says of a row; all zero before 256 rows were learnt.
    #[must_use]
    pub fn score(&self, row: &[f64]) -> Verdict {
        if self.learnt < ROWS_MIN { Verdict::default() } else { self.judge(self.raw(row)) }
    }

    /// What it says of all rows, the same as row by row and quicker.
    #[must_use]
    pub fn score_all(&self, rows: &Rows) -> Vec<Verdict> {
        if self.learnt < ROWS_MIN {
            return vec![Verdict::default(); rows.len()];
        }
        let saved = self.forest.score_all(rows);
        let raw = |(row, saved): (&[f64], &f64)| Raw { isolation: isolation(*saved), ..self.raw_without_forest(row) };
        rows.iter().zip(&saved).map(|pair| self.judge(raw(pair))).collect()
    }

    /// The combination with a part for each column that adds to it.
    #[must_use]
    pub fn explain(&self, row: &[f64]) -> Score {
        if self.learnt < ROWS_MIN {
            return Score::default();
        }
        let raw = self.raw(row);
        let verdict = self.judge(raw);
        let names = self.scales.names.nats(raw.names);
        let numbers =
            if verdict.by_forest { self.forest.explain(row) } else { self.ecod.explain_tilted(&self.numbers_of(row)) };
        let column = |part: Part| Part { feature: self.column(part.feature, verdict.by_forest), ..part };
        let mut parts: Vec<Part> = shared(numbers, verdict.value - names).into_iter().map(column).collect();
        parts.retain(|part| verdict.by_forest || self.numbers.contains(&part.feature));
        parts.extend(shared(self.names.explain(row), names));
        for part in &mut parts {
            part.usual = part.usual.or_else(|| self.usual(part.feature));
        }
        Score::of(parts)
    }

    /// Judges a row, takes the verdict into the drift, then learns the row.
    pub fn step(&mut self, row: &[f64]) -> Verdict {
        let verdict = self.score(row);
        if self.learnt >= ROWS_MIN {
            // one far row is no drift: what counts is whether many rows score a little higher
            self.drift.observe(verdict.value.min(DRIFT_CLIP));
        }
        self.learn(row);
        verdict
    }

    /// How far recent verdicts lie above those of long ago, in their standard deviations, above 0 when rows have become more unusual; none before [`Ensemble::step`] saw 50 rows after
    /// warm-up. Beyond 1 the world has changed or the model is led astray.
    #[must_use]
    pub fn drift(&self) -> Option<f64> {
        self.drift.shift()
    }

    /// Learns a row and, in turn, renews a tree.
    pub fn learn(&mut self, row: &[f64]) {
        let numbers = self.numbers_of(row);
        self.ecod.learn(&numbers);
        self.names.learn(row);
        self.keep(row);
        self.learnt += 1;
        self.forget();
        // the first forests at 256, 512, ... 4,096 rows; from there on a tree at a time
        if self.learnt <= KEPT as u64 && self.learnt >= ROWS_MIN && self.learnt.is_power_of_two() {
            self.names = Names::fit(&self.kept, &self.nominal);
            self.forest = Forest::grow(
                &self.kept,
                &self.numbers,
                self.settings.trees,
                Cut::Evenly,
                self.settings.seed ^ self.learnt,
            );
            self.ecod.lean();
            self.scale();
        } else if self.learnt > ROWS_MIN {
            self.renew();
        }
    }

    /// Rows learnt.
    #[must_use]
    pub const fn learnt(&self) -> u64 {
        self.learnt
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let scales = [&self.scales.plain, &self.scales.tilted, &self.scales.numbers, &self.scales.names];
        self.ecod.bytes()
            + self.forest.bytes()
            + self.names.bytes()
            + size_of_val(self.kept.cells())
            + scales.iter().map(|curve| curve.bytes()).sum::<usize>()
    }

    fn numbers_of(&self, row: &[f64]) -> Vec<f64> {
        self.numbers.iter().map(|column| row.get(*column).copied().unwrap_or(f64::NAN)).collect()
    }

    fn column(&self, feature: usize, by_forest: bool) -> usize {
        if by_forest { feature } else { self.numbers.get(feature).copied().unwrap_or(feature) }
    }

    fn usual(&self, column: usize) -> Option<f64> {
        let place = self.numbers.iter().position(|known| *known == column)?;
        self.ecod.median(place)
    }

    fn raw(&self, row: &[f64]) -> Raw {
        Raw { isolation: isolation(self.forest.score(row)), ..self.raw_without_forest(row) }
    }

    fn raw_without_forest(&self, row: &[f64]) -> Raw {
        let cell = |column: &usize| row.get(*column).copied().unwrap_or(f64::NAN);
        let sums = self.ecod.score_of(self.numbers.iter().map(cell));
        Raw { sums, isolation: 0.0, names: self.names.score(row) }
    }

    /// The larger voice on the numbers, and whether it is the forest's.
    fn voice(&self, raw: Raw) -> (f64, bool) {
        let beyond = self.scales.plain.nats(raw.sums.plain) - libm::log(self.ecod.rows().max(1.0)) + 1.0;
        let tails = self.scales.tilted.nats(raw.sums.tilted) + BEYOND * beyond.max(0.0);
        let apart = ((raw.isolation - self.scales.forest_median) / self.scales.forest_width).max(0.0);
        let forest = apart * apart;
        (tails.max(forest), forest > tails)
    }

    fn judge(&self, raw: Raw) -> Verdict {
        let (voice, by_forest) = self.voice(raw);
        let value = self.scales.numbers.nats(voice) + self.scales.names.nats(raw.names);
        Verdict { value, ecod: raw.sums.plain, forest: raw.isolation, names: raw.names, by_forest }
    }

    /// Puts a row among those kept: every row at first, later in place of a drawn one, so that each row learnt has the same chance, or a larger one the younger
    /// it is when there is a half-life.
    fn keep(&mut self, row: &[f64]) {
        if self.kept.len() < KEPT {
            self.kept.push(row);
            return;
        }
        let mut draw = Draw::new(self.settings.seed ^ self.learnt.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let among = match self.settings.half_life {
            0 => self.learnt,
            // a kept row survives a half-life with an even chance
            half_life => self.learnt.min((half_life.saturating_mul(1_443) / 1_000).max(KEPT as u64)),
        };
        let place = draw.below(usize::try_from(among).unwrap_or(usize::MAX));
        self.kept.replace(place, row);
    }

    fn forget(&mut self) {
        // in steps of an eighth of the half-life, so that ageing costs little
        let step = self.settings.half_life / 8;
        if step > 0 && self.learnt.is_multiple_of(step) {
            let factor = libm::exp2(-0.125);
            self.ecod.age(factor);
            self.names.age(factor);
        }
    }

    fn renew(&mut self) {
        let every = self.settings.renew_every.max(1);
        if self.learnt.is_multiple_of(every) {
            let mut draw = Draw::new(self.settings.seed.rotate_left(17) ^ self.learnt);
            let tree = Tree::grow(&self.kept, &self.numbers, Cut::Evenly, &mut draw);
            self.forest.renew(usize::try_from(self.learnt / every).unwrap_or(0), tree);
        }
        if self.learnt.is_multiple_of(SCALE_EVERY) {
            self.scale();
        }
    }

    /// Finds the scales anew, from independent draws and from the rows kept.
    fn scale(&mut self) {
        let drawn = self.ecod.independent(DRAWS, self.settings.seed);
        self.scales.plain = Curve::of(drawn.iter().map(|sums| sums.plain).collect(), 0.001);
        self.scales.tilted = Curve::of(drawn.iter().map(|sums| sums.tilted).collect(), 0.001);
        let mut isolated: Vec<f64> = self.forest.score_all(&self.kept).into_iter().map(isolation).collect();
        let raw = |(row, isolation): (&[f64], &f64)| Raw { isolation: *isolation, ..self.raw_without_forest(row) };
        let raws: Vec<Raw> = self.kept.iter().zip(&isolated).map(raw).collect();
        isolated.sort_unstable_by(f64::total_cmp);
        let at = |share: usize| isolated.get(isolated.len() * share / 100).copied().unwrap_or(0.5);
        self.scales.forest_median = at(50);
        self.scales.forest_width = (at(90) - at(50)).max(1e-3);
        self.scales.numbers = Curve::of(raws.iter().map(|raw| self.voice(*raw).0).collect(), 0.02);
        self.scales.names = Curve::of(raws.iter().map(|raw| raw.names).collect(), 0.02);
    }
}

/// The parts of `score` in proportion, so that they sum to `value`; all of it on the first part when they sum to nothing.
fn shared(score: Score, value: f64) -> Vec<Part> {
    let factor = if score.value.abs() > 1e-12 { value / score.value } else { 0.0 };
    let mut parts = score.parts;
    parts.iter_mut().for_each(|part| part.value *= factor);
    if factor == 0.0 {
        parts.first_mut().into_iter().for_each(|part| part.value = value);
    }
    parts
}

impl Snapshot for Ensemble {
    fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, VERSION);
        let settings = self.settings;
        codec::put_len(out, settings.trees);
        for value in [settings.renew_every, settings.half_life, settings.seed, self.learnt] {
            codec::put_u64(out, value);
        }
        codec::put_len(out, self.kept.width());
        codec::put_len(out, self.nominal.len());
        self.nominal.iter().for_each(|column| codec::put_len(out, *column));
        self.ecod.write(out);
        self.forest.write(out);
        self.names.write(out);
        self.drift.write(out);
        let scales = &self.scales;
        codec::put_u64(out, scales.forest_median.to_bits());
        codec::put_u64(out, scales.forest_width.to_bits());
        for curve in [&scales.plain, &scales.tilted, &scales.numbers, &scales.names] {
            curve.write(out);
        }
        codec::put_len(out, self.kept.cells().len());
        self.kept.cells().iter().for_each(|cell| codec::put_u64(out, cell.to_bits()));
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        if codec::take_u64(from) != Some(VERSION) {
            return Err(Damaged("an ensemble, version 1"));
        }
        let (settings, learnt, width, nominal) = read_head(from).ok_or(Damaged("the settings of an ensemble"))?;
        let mut ensemble = Self::new(width, &nominal, settings);
        ensemble.learnt = learnt;
        ensemble.ecod = Ecod::read(from)?;
        ensemble.forest = Forest::read(from)?;
        ensemble.names = Names::read(from)?;
        ensemble.drift = Drift::read(from)?;
        ensemble.scales = Scales {
            forest_median: crate::drift::take_finite(from)?,
            forest_width: crate::drift::take_finite(from)?,
            plain: Curve::read(from)?,
            tilted: Curve::read(from)?,
            numbers: Curve::read(from)?,
            names: Curve::read(from)?,
        };
        let cells = codec::take_len(from, 8).filter(|cells| *cells <= KEPT.saturating_mul(width));
        let cells = cells.ok_or(Damaged("the rows kept"))?;
        let mut row = Vec::with_capacity(width);
        for _ in 0..cells {
            row.push(codec::take_u64(from).map(f64::from_bits).ok_or(Damaged("a cell"))?);
            if row.len() == width {
                ensemble.kept.push(&row);
                row.clear();
            }
        }
        Ok(ensemble)
    }
}

fn read_head(from: &mut &[u8]) -> Option<(Settings, u64, usize, Vec<usize>)> {
    let trees = usize::try_from(codec::take_u64(from)?).ok()?;
    let renew_every = codec::take_u64(from)?;
    let half_life = codec::take_u64(from)?;
    let seed = codec::take_u64(from)?;
    let learnt = codec::take_u64(from)?;
    let width = usize::try_from(codec::take_u64(from)?).ok().filter(|width| *width <= WIDTH_MAX)?;
    let mut nominal = Vec::new();
    for _ in 0..codec::take_len(from, 8)? {
        nominal.push(usize::try_from(codec::take_u64(from)?).ok()?);
    }
    Some((Settings { trees, renew_every, half_life, seed }, learnt, width, nominal))
}

/// Most columns.
const WIDTH_MAX: usize = 65_536;

/// Version of the bytes.
const VERSION: u64 = 1;

mod merge;

#[cfg(test)]
mod tests;
