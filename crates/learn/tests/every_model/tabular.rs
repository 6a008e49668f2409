//! Records on trial: two numbers that move together, two that go their own way, and two names, of which the second follows the first.

use std::marker::PhantomData;

use cordon_learn::eval::controls::Draw;
use cordon_learn::tabular::{Autoencoders, Cut, Ecod, Ensemble, Forest, HalfSpace, Names, Rows, Settings};
use cordon_learn::{Score, Snapshot};

use crate::trial::{Kind, Merge, Promise, Slow, Trial};

type Row = [f64; 6];

const NUMBERS: [usize; 4] = [0, 1, 2, 3];
const NOMINAL: [usize; 2] = [4, 5];

/// Rows that a model which is grown at once learns, and rows after which it is grown anew.
const WINDOW: usize = 2_000;
const REGROWN: usize = 250;

fn row(draw: &mut Draw, shift: f64) -> Row {
    let along = draw.unit() + 0.2 * shift;
    // forty names, the k-th with a chance of about 1 / k
    let name = libm::floor(libm::exp(draw.unit() * libm::log(40.0)));
    let level = -libm::log(1.0 - draw.unit()) * (1.0 + 0.5 * shift);
    let other = draw.unit() + draw.unit() + draw.unit();
    [along, along + 0.05 * draw.unit(), level, other, name, name + 100.0]
}

fn attack(draw: &mut Draw, kind: Kind) -> Row {
    let [a, b, c, d, name, second] = row(draw, 0.0);
    match kind {
        Kind::One => [a - 4.0, b, c + 30.0, d, 77.0, second],
        Kind::Other => [a + 5.0, b - 5.0, c, d - 6.0, name, 88.0],
    }
}

fn table(rows: &[Row]) -> Rows {
    let mut table = Rows::new(6);
    rows.iter().for_each(|row| table.push(row));
    table
}

fn newest(rows: &[Row]) -> &[Row] {
    rows.get(rows.len().saturating_sub(WINDOW)..).unwrap_or_default()
}

/// The middle of each number and the commonest of each name, as peers have them.
fn medians(rows: &[Row]) -> Row {
    let mut medians = [0.0; 6];
    for (column, median) in medians.iter_mut().enumerate() {
        let mut values: Vec<f64> = rows.iter().filter_map(|row| row.get(column).copied()).collect();
        values.sort_by(f64::total_cmp);
        *median = values.get(values.len() / 2).copied().unwrap_or(0.0);
    }
    medians
}

/// The row with its four largest parts put back to the usual value of the explanation, or where it has none to that of peers.
fn put_back(score: &Score, warm_up: &[Row], input: &Row) -> Row {
    let (mut parts, peers, mut row) = (score.parts.clone(), medians(warm_up), *input);
    parts.sort_by(|a, b| b.value.total_cmp(&a.value));
    for part in parts.iter().take(4) {
        if let (Some(cell), Some(peers)) = (row.get_mut(part.feature), peers.get(part.feature)) {
            *cell = part.usual.unwrap_or(*peers);
        }
    }
    row
}

/// What differs between the models of records.
pub(crate) trait OfRows {
    type Model: Snapshot + Clone + PartialEq + std::fmt::Debug;
    const NAME: &'static str;
    const PROMISE: Promise;
    fn learnt(rows: &[Row]) -> Self::Model;
    fn learn(model: &mut Self::Model, history: &[Row]);
    fn score(model: &Self::Model, row: &Row) -> f64;
    fn explain(model: &Self::Model, row: &Row) -> Score;
    fn both(one: &[Row], other: &[Row]) -> Self::Model {
        Self::learnt(&[one, other].concat())
    }
    fn merge(model: &mut Self::Model, other: &Self::Model) -> bool;
    fn unlike() -> Self::Model;
    /// What a slow attacker does.
    fn creeping(draw: &mut Draw, more: f64) -> Row {
        let mut row = row(draw, 0.0);
        row[2] = 1.0 + 0.1 * more;
        row
    }
}

pub(crate) struct Record<M>(PhantomData<M>);

impl<M: OfRows> Trial for Record<M> {
    type Model = M::Model;
    type Input = Row;
    const NAME: &'static str = M::NAME;
    const WARM: usize = 2_000;
    const PROMISE: Promise = M::PROMISE;

    fn usual(draw: &mut Draw, _: usize, shift: f64) -> Row {
        row(draw, shift)
    }
    fn attack(draw: &mut Draw, _: usize, kind: Kind) -> Row {
        attack(draw, kind)
    }
    fn creeping(draw: &mut Draw, _: usize, more: f64) -> Row {
        M::creeping(draw, more)
    }
    fn learnt(inputs: &[Row]) -> M::Model {
        M::learnt(inputs)
    }
    fn learn(model: &mut M::Model, history: &[Row]) {
        M::learn(model, history);
    }
    fn score(model: &M::Model, input: &Row) -> f64 {
        M::score(model, input)
    }
    fn explain(model: &M::Model, input: &Row) -> Score {
        M::explain(model, input)
    }
    fn both(one: &[Row], other: &[Row]) -> M::Model {
        M::both(one, other)
    }
    fn merge(model: &mut M::Model, other: &M::Model) -> bool {
        M::merge(model, other)
    }
    fn unlike() -> Option<M::Model> {
        Some(M::unlike())
    }
    fn put_back(model: &M::Model, warm_up: &[Row], input: &Row) -> Row {
        put_back(&M::explain(model, input), warm_up, input)
    }
}

const PROMISE: Promise = Promise {
    merge: Merge::Close(0.9),
    other_kind: [0.9, 0.9],
    same_kind: [0.0, 0.0],
    drift_alarms: 1.6,
    slow: Slow::Seen(120),
    peers: 29,
};

pub(crate) struct EcodRows;
pub(crate) type Tails = Record<EcodRows>;

impl OfRows for EcodRows {
    type Model = Ecod;
    const NAME: &'static str = "Ecod";
    const PROMISE: Promise = Promise { merge: Merge::Exact, ..PROMISE };

    fn learnt(rows: &[Row]) -> Ecod {
        let mut model = Ecod::new(4);
        rows.iter().for_each(|row| model.learn(row));
        model
    }
    fn learn(model: &mut Ecod, history: &[Row]) {
        history.last().into_iter().for_each(|row| model.learn(row));
        if history.len().is_multiple_of(100) {
            model.age(0.95);
        }
    }
    fn score(model: &Ecod, row: &Row) -> f64 {
        model.score(row).plain
    }
    fn explain(model: &Ecod, row: &Row) -> Score {
        model.explain(row)
    }
    fn merge(model: &mut Ecod, other: &Ecod) -> bool {
        model.merge(other)
    }
    fn unlike() -> Ecod {
        Ecod::new(3)
    }
}

pub(crate) struct NamesRows;
pub(crate) type Nominal = Record<NamesRows>;

impl OfRows for NamesRows {
    type Model = Names;
    const NAME: &'static str = "Names";
    const PROMISE: Promise =
        Promise { merge: Merge::Exact, same_kind: [0.5, 0.2], slow: Slow::NotSeen(60), peers: 0, ..PROMISE };

    fn learnt(rows: &[Row]) -> Names {
        Names::fit(&table(rows), &NOMINAL)
    }
    fn learn(model: &mut Names, history: &[Row]) {
        history.last().into_iter().for_each(|row| model.learn(row));
    }
    fn score(model: &Names, row: &Row) -> f64 {
        model.score(row)
    }
    fn explain(model: &Names, row: &Row) -> Score {
        model.explain(row)
    }
    fn merge(model: &mut Names, other: &Names) -> bool {
        model.merge(other)
    }
    fn unlike() -> Names {
        Names::fit(&table(&[[0.0; 6]; 200]), &[4])
    }
    /// A rare name that is known comes up more and more often.
    fn creeping(draw: &mut Draw, _: f64) -> Row {
        let mut row = row(draw, 0.0);
        (row[4], row[5]) = (20.0, 120.0);
        row
    }
}

/// The numbers on one scale, which cuts by range need: each by the way from its 5th to its 95th percentile, the one with a long tail by its logarithm.
fn scaled(row: &Row) -> Row {
    [row[0] / 0.9, row[1] / 0.9, libm::log1p(row[2]) / 1.3, row[3] / 1.6, 0.0, 0.0]
}

fn grow(rows: &[Row], cut: Cut) -> Forest {
    let scaled: Vec<Row> = rows.iter().map(scaled).collect();
    Forest::grow(&table(&scaled), &NUMBERS, 100, cut, 1)
}

macro_rules! forest {
    ($rows:ident, $alias:ident, $name:literal, $cut:expr) => {
        pub(crate) struct $rows;
        pub(crate) type $alias = Record<$rows>;

        impl OfRows for $rows {
            type Model = Forest;
            const NAME: &'static str = $name;
            const PROMISE: Promise = Promise { same_kind: [0.9, 0.2], ..PROMISE };

            fn learnt(rows: &[Row]) -> Forest {
                grow(newest(rows), $cut)
            }
            fn learn(model: &mut Forest, history: &[Row]) {
                if history.len().is_multiple_of(REGROWN) {
                    *model = Self::learnt(history);
                }
            }
            fn score(model: &Forest, row: &Row) -> f64 {
                model.score(&scaled(row))
            }
            fn explain(model: &Forest, row: &Row) -> Score {
                model.explain(&scaled(row))
            }
            fn both(one: &[Row], other: &[Row]) -> Forest {
                grow(&[one, other].concat(), $cut)
            }
            fn merge(model: &mut Forest, other: &Forest) -> bool {
                model.merge(other, 0.5)
            }
            fn unlike() -> Forest {
                Forest::grow(&Rows::new(5), &NUMBERS, 3, $cut, 1)
            }
        }
    };
}

forest!(EvenRows, Isolation, "Forest, even cuts", Cut::Evenly);
forest!(RangeRows, RandomCut, "Forest, cuts by range", Cut::ByRange);

const SETTINGS: Settings = Settings { trees: 60, renew_every: 8, half_life: 2_000, seed: 7 };

pub(crate) struct EnsembleRows;
pub(crate) type Joint = Record<EnsembleRows>;

impl OfRows for EnsembleRows {
    type Model = Ensemble;
    const NAME: &'static str = "Ensemble";
    /// The slow attacker is among the rows that renew its trees and scales.
    const PROMISE: Promise = Promise { same_kind: [0.9, 0.1], slow: Slow::NotSeen(120), ..PROMISE };

    fn learnt(rows: &[Row]) -> Ensemble {
        let mut model = Ensemble::new(6, &NOMINAL, SETTINGS);
        rows.iter().for_each(|row| model.learn(row));
        model
    }
    fn learn(model: &mut Ensemble, history: &[Row]) {
        history.last().into_iter().for_each(|row| {
            model.step(row);
        });
    }
    fn score(model: &Ensemble, row: &Row) -> f64 {
        model.score(row).value
    }
    fn explain(model: &Ensemble, row: &Row) -> Score {
        model.explain(row)
    }
    fn merge(model: &mut Ensemble, other: &Ensemble) -> bool {
        model.merge(other)
    }
    fn unlike() -> Ensemble {
        Ensemble::new(6, &[4], SETTINGS)
    }
}

/// Rows put where half-space trees expect them.
fn between_0_and_1(row: &Row) -> [f64; 4] {
    [row[0], row[1], row[2], row[3]].map(|value| ((value + 8.0) / 24.0).clamp(0.0, 1.0))
}

pub(crate) struct HalfSpaceRows;
pub(crate) type HalfSpaces = Record<HalfSpaceRows>;

impl OfRows for HalfSpaceRows {
    type Model = HalfSpace;
    const NAME: &'static str = "HalfSpace";
    const PROMISE: Promise = Promise { same_kind: [0.9, 0.5], ..PROMISE };

    fn learnt(rows: &[Row]) -> HalfSpace {
        let mut model = HalfSpace::new(4, 25, 250, 1);
        rows.iter().for_each(|row| model.learn(&between_0_and_1(row)));
        model
    }
    fn learn(model: &mut HalfSpace, history: &[Row]) {
        history.last().into_iter().for_each(|row| model.learn(&between_0_and_1(row)));
    }
    fn score(model: &HalfSpace, row: &Row) -> f64 {
        model.score(&between_0_and_1(row))
    }
    fn explain(model: &HalfSpace, row: &Row) -> Score {
        model.explain(&between_0_and_1(row))
    }
    fn merge(model: &mut HalfSpace, other: &HalfSpace) -> bool {
        model.merge(other)
    }
    fn unlike() -> HalfSpace {
        HalfSpace::new(4, 25, 250, 2)
    }
}

pub(crate) struct NetworkRows;
pub(crate) type Network = Record<NetworkRows>;

impl OfRows for NetworkRows {
    type Model = Autoencoders;
    const NAME: &'static str = "Autoencoders";
    const PROMISE: Promise = PROMISE;

    fn learnt(rows: &[Row]) -> Autoencoders {
        Autoencoders::fit(&table(newest(rows)), &NUMBERS, 1)
    }
    fn learn(model: &mut Autoencoders, history: &[Row]) {
        if history.len().is_multiple_of(REGROWN) {
            *model = Self::learnt(history);
        }
    }
    fn score(model: &Autoencoders, row: &Row) -> f64 {
        model.score(row)
    }
    fn explain(model: &Autoencoders, row: &Row) -> Score {
        model.explain(row)
    }
    fn both(one: &[Row], other: &[Row]) -> Autoencoders {
        Autoencoders::fit(&table(&[one, other].concat()), &NUMBERS, 1)
    }
    fn merge(model: &mut Autoencoders, other: &Autoencoders) -> bool {
        model.merge(other)
    }
    fn unlike() -> Autoencoders {
        Autoencoders::fit(&table(&[[0.0; 6]; 20]), &[0, 1], 1)
    }
}
