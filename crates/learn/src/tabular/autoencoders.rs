//! An ensemble of small autoencoders in the manner of KitNET. A yardstick, not a default: it was measured against the forest and lost (models/joint.md).
//!
//! Source: Y. Mirsky, T. Doitshman, Y. Elovici, A. Shabtai, "Kitsune: an ensemble of autoencoders for online network intrusion detection", NDSS 2018. Features that correlate
//! are put together in groups of at most ten (single linkage over 1 - correlation); each group has an autoencoder with tied weights and three quarters as many hidden units;
//! one more learns their errors. One pass of gradient descent, rate 0.1, over rows put between 0 and 1. The score is the mean square error of the last one.

use cordon_stats::codec;

use super::Rows;
use crate::drift::take_finite;
use crate::{Damaged, Part, Score, Snapshot, eval::controls::Draw};

/// Most features of a group.
const GROUP_MAX: usize = 10;

/// Rate of the descent.
const RATE: f64 = 0.1;

/// Most columns.
const WIDTH_MAX: usize = 65_536;

/// The groups' autoencoders and the one over their errors.
#[derive(Clone, Debug, PartialEq)]
pub struct Autoencoders {
    /// Rows learnt.
    rows: f64,
    ranges: Vec<(f64, f64)>,
    /// Mean of each column.
    means: Vec<f64>,
    groups: Vec<(Vec<usize>, Autoencoder)>,
    errors: Vec<(f64, f64)>,
    last: Autoencoder,
}

#[derive(Clone, Debug, PartialEq)]
struct Autoencoder {
    inputs: usize,
    hidden: usize,
    /// Hidden by inputs.
    weights: Vec<f64>,
    hidden_bias: Vec<f64>,
    output_bias: Vec<f64>,
}

impl Autoencoders {
    /// Learns the columns of all rows in one pass for the groups and one for the last.
    #[must_use]
    pub fn fit(rows: &Rows, columns: &[usize], seed: u64) -> Self {
        let mut draw = Draw::new(seed);
        let values = |column: usize| rows.iter().filter_map(move |row| row.get(column).copied());
        let ranges = (0..rows.width()).map(|column| range(values(column))).collect();
        let means = (0..rows.width()).map(|column| mean(values(column))).collect();
        let groups = group(rows, columns);
        let groups: Vec<_> =
            groups.into_iter().map(|group| (group.clone(), Autoencoder::new(group.len(), &mut draw))).collect();
        let last = Autoencoder::new(groups.len(), &mut draw);
        let errors = vec![(0.0, 1.0); groups.len()];
        let mut all = Self { rows: rows.len() as f64, ranges, means, errors, groups, last };
        let mut order: Vec<usize> = (0..rows.len()).collect();
        draw.shuffle(&mut order);
        for place in &order {
            all.learn_groups(rows.row(*place));
        }
        let errors: Vec<Vec<f64>> = order.iter().take(20_000).map(|place| all.group_errors(rows.row(*place))).collect();
        all.errors = (0..all.groups.len())
            .map(|group| range(errors.iter().filter_map(|errors| errors.get(group).copied())))
            .collect();
        for errors in &errors {
            let scaled = scale(errors, &all.errors);
            all.last.learn(&scaled);
        }
        all
    }

    /// The mean square error of the last autoencoder, from 0 on.
    #[must_use]
    pub fn score(&self, row: &[f64]) -> f64 {
        self.last.error(&scale(&self.group_errors(row), &self.errors))
    }

    /// The score with a part for each column: a group owns its squared error in the last autoencoder, and a column the share of it that it has in the squared error of its group.
    #[must_use]
    pub fn explain(&self, row: &[f64]) -> Score {
        let errors = scale(&self.group_errors(row), &self.errors);
        let (_, outputs) = self.last.pass(&errors);
        let mut parts = Vec::new();
        for ((group, autoencoder), (error, output)) in self.groups.iter().zip(errors.iter().zip(&outputs)) {
            let value = (output - error) * (output - error) / self.last.inputs.max(1) as f64;
            let inputs = self.inputs(group, row);
            let (_, back) = autoencoder.pass(&inputs);
            let squares: Vec<f64> =
                inputs.iter().zip(&back).map(|(input, back)| (input - back) * (input - back)).collect();
            let all: f64 = squares.iter().sum();
            let even = 1.0 / group.len().max(1) as f64;
            let shares = squares.iter().map(|square| if all > 0.0 { square / all } else { even });
            parts.extend(group.iter().zip(shares).map(|(column, share)| Part {
                feature: *column,
                value: share * value,
                observed: row.get(*column).copied().unwrap_or(f64::NAN),
                usual: self.means.get(*column).copied(),
                peers: None,
            }));
        }
        Score::of(parts)
    }

    /// Takes in what another one of the same groups learnt from the same seed: weights become means, each weighing its rows (federated averaging, McMahan and others, AISTATS 2017), ranges reach as
    /// far as both did. False, and nothing done, when the groups differ: hidden units of different groups, or drawn from different seeds, have no meaning in common; that the seeds are the same
    /// the caller must know.
    pub fn merge(&mut self, other: &Self) -> bool {
        let groups = |all: &Self| all.groups.iter().map(|(group, _)| group.clone()).collect::<Vec<_>>();
        if self.ranges.len() != other.ranges.len() || groups(self) != groups(other) {
            return false;
        }
        let both = self.rows + other.rows;
        let share = if both > 0.0 { other.rows / both } else { 0.0 };
        let pairs = self.groups.iter_mut().map(|(_, own)| own).zip(other.groups.iter().map(|(_, others)| others));
        pairs.for_each(|(own, others)| own.toward(others, share));
        self.last.toward(&other.last, share);
        toward(&mut self.means, &other.means, share);
        let ranges = self.ranges.iter_mut().zip(&other.ranges).chain(self.errors.iter_mut().zip(&other.errors));
        ranges.for_each(|(own, others)| *own = (own.0.min(others.0), own.1.max(others.1)));
        self.rows = both;
        true
    }

    /// Bytes held: 8 for each weight, and 24 for each column.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let of = |one: &Autoencoder| (one.weights.len() + one.hidden_bias.len() + one.output_bias.len()) * 8;
        let groups: usize = self.groups.iter().map(|(group, one)| of(one) + group.len() * 8).sum();
        size_of::<Self>() + groups + of(&self.last) + self.ranges.len() * 24 + self.errors.len() * 16
    }

    fn inputs(&self, group: &[usize], row: &[f64]) -> Vec<f64> {
        let one = |column: &usize| {
            let (low, high) = self.ranges.get(*column).copied().unwrap_or((0.0, 1.0));
            on_scale(row.get(*column).copied().unwrap_or(f64::NAN), low, high)
        };
        group.iter().map(one).collect()
    }

    fn group_errors(&self, row: &[f64]) -> Vec<f64> {
        self.groups.iter().map(|(group, autoencoder)| libm::sqrt(autoencoder.error(&self.inputs(group, row)))).collect()
    }

    fn learn_groups(&mut self, row: &[f64]) {
        let inputs: Vec<Vec<f64>> = self.groups.iter().map(|(group, _)| self.inputs(group, row)).collect();
        for ((_, autoencoder), inputs) in self.groups.iter_mut().zip(&inputs) {
            autoencoder.learn(inputs);
        }
    }
}

impl Autoencoder {
    fn new(inputs: usize, draw: &mut Draw) -> Self {
        let hidden = hidden_of(inputs);
        let reach = 1.0 / inputs.max(1) as f64;
        let weights = (0..hidden * inputs).map(|_| (2.0 * draw.unit() - 1.0) * reach).collect();
        Self { inputs, hidden, weights, hidden_bias: vec![0.0; hidden], output_bias: vec![0.0; inputs] }
    }

    /// Moves every weight by `share` of the way to another one's.
    fn toward(&mut self, other: &Self, share: f64) {
        toward(&mut self.weights, &other.weights, share);
        toward(&mut self.hidden_bias, &other.hidden_bias, share);
        toward(&mut self.output_bias, &other.output_bias, share);
    }

    fn pass(&self, inputs: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let width = self.inputs.max(1);
        let rows = self.weights.chunks_exact(width);
        let sum = |weights: &[f64]| weights.iter().zip(inputs).map(|(weight, input)| weight * input).sum::<f64>();
        let hidden: Vec<f64> =
            rows.clone().zip(&self.hidden_bias).map(|(weights, bias)| sigmoid(sum(weights) + bias)).collect();
        let mut outputs = self.output_bias.clone();
        for (weights, hidden) in rows.zip(&hidden) {
            outputs.iter_mut().zip(weights).for_each(|(output, weight)| *output += weight * hidden);
        }
        outputs.iter_mut().for_each(|output| *output = sigmoid(*output));
        (hidden, outputs)
    }

    fn error(&self, inputs: &[f64]) -> f64 {
        let (_, outputs) = self.pass(inputs);
        outputs.iter().zip(inputs).map(|(output, input)| (output - input) * (output - input)).sum::<f64>()
            / self.inputs.max(1) as f64
    }

    fn learn(&mut self, inputs: &[f64]) {
        let (hidden, outputs) = self.pass(inputs);
        let apart: Vec<f64> = inputs.iter().zip(&outputs).map(|(input, output)| input - output).collect();
        let width = self.inputs.max(1);
        debug_assert_eq!(self.hidden, hidden.len());
        for ((weights, value), bias) in self.weights.chunks_exact_mut(width).zip(&hidden).zip(&mut self.hidden_bias) {
            let back: f64 =
                weights.iter().zip(&apart).map(|(weight, apart)| weight * apart).sum::<f64>() * value * (1.0 - value);
            for ((weight, input), apart) in weights.iter_mut().zip(inputs).zip(&apart) {
                *weight += RATE * (back * input + apart * value);
            }
            *bias += RATE * back;
        }
        self.output_bias.iter_mut().zip(&apart).for_each(|(bias, apart)| *bias += RATE * apart);
    }
}

/// Hidden units over so many inputs: three quarters of them.
const fn hidden_of(inputs: usize) -> usize {
    let hidden = (3 * inputs).div_ceil(4);
    if hidden == 0 { 1 } else { hidden }
}

fn toward(own: &mut [f64], others: &[f64], share: f64) {
    own.iter_mut().zip(others).for_each(|(own, others)| *own += share * (others - *own));
}

fn sigmoid(value: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-value))
}

/// Between 0 and 1 where the range was, at most one range below and two above; a missing value is in the middle.
fn on_scale(value: f64, low: f64, high: f64) -> f64 {
    if value.is_nan() || high <= low { 0.5 } else { ((value - low) / (high - low)).clamp(-1.0, 2.0) }
}

fn scale(values: &[f64], ranges: &[(f64, f64)]) -> Vec<f64> {
    values.iter().zip(ranges).map(|(value, (low, high))| on_scale(*value, *low, *high)).collect()
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|value| value.is_finite());
    finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

/// Mean of the finite values; 0 without one.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let mut mean = 0.0;
    for (count, value) in values.filter(|value| value.is_finite()).enumerate() {
        mean += (value - mean) / (count + 1) as f64;
    }
    mean
}

/// Joins the two closest groups until no two may be joined.
fn group(rows: &Rows, columns: &[usize]) -> Vec<Vec<usize>> {
    let mut links = Vec::new();
    for (place, a) in columns.iter().enumerate() {
        for b in columns.iter().skip(place + 1) {
            links.push((1.0 - correlation(rows, *a, *b), *a, *b));
        }
    }
    links.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut groups: Vec<Vec<usize>> = columns.iter().map(|column| vec![*column]).collect();
    for (_, a, b) in links {
        let at = |column| groups.iter().position(|group| group.contains(&column));
        let (Some(one), Some(other)) = (at(a), at(b)) else { continue };
        let size = |place: usize| groups.get(place).map_or(0, Vec::len);
        if one != other && size(one) + size(other) <= GROUP_MAX {
            let moved = groups.remove(one.max(other));
            groups.get_mut(one.min(other)).into_iter().for_each(|group| group.extend(&moved));
        }
    }
    groups
}

fn correlation(rows: &Rows, a: usize, b: usize) -> f64 {
    let pairs = || {
        rows.iter().filter_map(|row| Some((*row.get(a)?, *row.get(b)?))).filter(|(a, b)| a.is_finite() && b.is_finite())
    };
    let count = pairs().count().max(1) as f64;
    let (mean_a, mean_b) = pairs().fold((0.0, 0.0), |sums, pair| (sums.0 + pair.0 / count, sums.1 + pair.1 / count));
    let (mut both, mut left, mut right) = (0.0, 0.0, 0.0);
    for (a, b) in pairs() {
        both += (a - mean_a) * (b - mean_b);
        left += (a - mean_a) * (a - mean_a);
        right += (b - mean_b) * (b - mean_b);
    }
    let width = libm::sqrt(left * right);
    if width > 0.0 { both / width } else { 0.0 }
}

impl Snapshot for Autoencoders {
    fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, VERSION);
        codec::put_u64(out, self.rows.to_bits());
        codec::put_len(out, self.ranges.len());
        for ((low, high), mean) in self.ranges.iter().zip(&self.means) {
            [low, high, mean].iter().for_each(|value| codec::put_u64(out, value.to_bits()));
        }
        codec::put_len(out, self.groups.len());
        for ((group, autoencoder), (low, high)) in self.groups.iter().zip(&self.errors) {
            codec::put_len(out, group.len());
            group.iter().for_each(|column| codec::put_len(out, *column));
            [low, high].iter().for_each(|value| codec::put_u64(out, value.to_bits()));
            autoencoder.write(out);
        }
        self.last.write(out);
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        if codec::take_u64(from) != Some(VERSION) {
            return Err(Damaged("autoencoders, version 1"));
        }
        let rows = take_finite(from)?;
        let width = codec::take_len(from, 24).filter(|width| *width <= WIDTH_MAX);
        let (mut ranges, mut means) = (Vec::new(), Vec::new());
        for _ in 0..width.ok_or(Damaged("the width of autoencoders"))? {
            ranges.push(read_range(from)?);
            means.push(take_finite(from)?);
        }
        let (mut groups, mut errors) = (Vec::new(), Vec::new());
        for _ in 0..codec::take_len(from, 32).ok_or(Damaged("the number of groups"))? {
            let size = codec::take_len(from, 8).filter(|size| *size <= GROUP_MAX).ok_or(Damaged("a group"))?;
            let column = |from: &mut &[u8]| codec::take_u64(from).and_then(|column| usize::try_from(column).ok());
            let group = (0..size).map(|_| column(from).filter(|column| *column < ranges.len()));
            let group = group.collect::<Option<Vec<usize>>>().ok_or(Damaged("the columns of a group"))?;
            errors.push(read_range(from)?);
            let autoencoder = Autoencoder::read(from, group.len())?;
            groups.push((group, autoencoder));
        }
        let last = Autoencoder::read(from, groups.len())?;
        Ok(Self { rows, ranges, means, groups, errors, last })
    }
}

impl Autoencoder {
    fn write(&self, out: &mut Vec<u8>) {
        let lists = [&self.weights, &self.hidden_bias, &self.output_bias];
        lists.into_iter().flatten().for_each(|value| codec::put_u64(out, value.to_bits()));
    }

    fn read(from: &mut &[u8], inputs: usize) -> Result<Self, Damaged> {
        let hidden = hidden_of(inputs);
        let mut list = |len: usize| (0..len).map(|_| take_finite(from)).collect::<Result<Vec<f64>, _>>();
        let (weights, hidden_bias, output_bias) = (list(hidden * inputs)?, list(hidden)?, list(inputs)?);
        Ok(Self { inputs, hidden, weights, hidden_bias, output_bias })
    }
}

/// The range of a column; one without any value has its ends turned round.
fn read_range(from: &mut &[u8]) -> Result<(f64, f64), Damaged> {
    let mut end = || codec::take_u64(from).map(f64::from_bits).filter(|end| !end.is_nan()).ok_or(Damaged("a range"));
    Ok((end()?, end()?))
}

/// Version of the bytes.
const VERSION: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_weights_lie_between_and_other_groups_are_refused() {
        let learnt = |turned: bool| {
            let (mut rows, mut draw) = (Rows::new(2), Draw::new(1));
            for _ in 0..2_000 {
                let along = draw.unit();
                let other = draw.unit();
                rows.push(&[along, [along, other][usize::from(turned)]]);
            }
            Autoencoders::fit(&rows, &[0, 1], 1)
        };
        let (mut one, other) = (learnt(false), learnt(true));
        let error = |all: &Autoencoders| all.group_errors(&[0.9, 0.1]).iter().sum::<f64>();
        let (tied, free) = (error(&one), error(&other));
        assert!(one.merge(&other));
        assert!(error(&one) < tied.max(free) && error(&one) > tied.min(free), "{} {tied} {free}", error(&one));
        let mut rows = Rows::new(3);
        (0..20).for_each(|row| rows.push(&[f64::from(row), 0.0, 1.0]));
        assert!(!one.merge(&Autoencoders::fit(&rows, &[0, 1, 2], 1)));
    }

    #[test]
    fn a_pair_that_never_goes_together_has_the_larger_error() {
        let (mut rows, mut draw) = (Rows::new(3), Draw::new(1));
        for _ in 0..5_000 {
            let along = draw.unit();
            rows.push(&[along, along, 1.0 - along]);
        }
        let ensemble = Autoencoders::fit(&rows, &[0, 1, 2], 1);
        assert!(ensemble.score(&[1.0, 0.0, 1.0]) > ensemble.score(&[0.5, 0.5, 0.5]));
        assert!(ensemble.score(&[f64::NAN, 0.0, 1.0]).is_finite());
    }
}
