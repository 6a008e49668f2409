//! Thresholds, the combiner and an entity on trial.

use cordon_learn::combine::Curve;
use cordon_learn::entity::{Entity, Fading};
use cordon_learn::eval::controls::Draw;
use cordon_learn::threshold::{Call, Dspot, Spot, SpotSettings};
use cordon_learn::{Damaged, Part, Score, Snapshot};

use crate::trial::{Kind, Merge, Promise, Slow, Trial};

const SPOT: SpotSettings = SpotSettings { rate: 0.01, warmup: 1_000, half_life: 2_000 };

/// A score: exponential, a little larger once the world has moved.
fn score(draw: &mut Draw, shift: f64) -> f64 {
    -libm::log(1.0 - draw.unit()) * (1.0 + 0.5 * shift)
}

fn high(draw: &mut Draw, kind: Kind) -> f64 {
    score(draw, 0.0) + if kind == Kind::One { 12.0 } else { 60.0 }
}

pub(crate) struct Fixed;

impl Trial for Fixed {
    type Model = Spot;
    type Input = f64;
    const NAME: &'static str = "Spot";
    const WARM: usize = 3_000;
    const PROMISE: Promise = Promise {
        merge: Merge::Close(0.9),
        other_kind: [0.9, 0.9],
        same_kind: [0.0, 0.0],
        drift_alarms: 1.6,
        slow: Slow::Seen(60),
        peers: 100,
    };

    fn usual(draw: &mut Draw, _: usize, shift: f64) -> f64 {
        score(draw, shift)
    }
    fn attack(draw: &mut Draw, _: usize, kind: Kind) -> f64 {
        high(draw, kind)
    }
    fn creeping(_: &mut Draw, _: usize, more: f64) -> f64 {
        1.0 + 0.2 * more
    }
    fn learnt(inputs: &[f64]) -> Spot {
        let mut model = Spot::new(SPOT);
        inputs.iter().for_each(|value| {
            model.step(*value);
        });
        model
    }
    fn learn(model: &mut Spot, history: &[f64]) {
        history.last().into_iter().for_each(|value| {
            model.step(*value);
        });
    }
    fn score(model: &Spot, input: &f64) -> f64 {
        model.nats(*input)
    }
    fn explain(model: &Spot, input: &f64) -> Score {
        model.explain(*input)
    }
    /// Its own threshold is what it is for.
    fn alarm(model: &Spot, input: &f64, _: f64) -> bool {
        model.call(*input) == Call::Alarm
    }
    fn both(one: &[f64], other: &[f64]) -> Spot {
        Self::learnt(&[one, other].concat())
    }
    fn merge(model: &mut Spot, other: &Spot) -> bool {
        model.merge(other);
        true
    }
    fn unlike() -> Option<Spot> {
        None
    }
    fn put_back(model: &Spot, _: &[f64], input: &f64) -> f64 {
        model.explain(*input).parts.first().and_then(|part| part.usual).unwrap_or(*input)
    }
}

pub(crate) struct Wandering;

impl Trial for Wandering {
    type Model = Dspot;
    type Input = f64;
    const NAME: &'static str = "Dspot";
    const WARM: usize = 3_000;
    const PROMISE: Promise = Promise { slow: Slow::Seen(60), ..Fixed::PROMISE };

    fn usual(draw: &mut Draw, _: usize, shift: f64) -> f64 {
        score(draw, 0.0) + 5.0 * shift
    }
    fn attack(draw: &mut Draw, _: usize, kind: Kind) -> f64 {
        high(draw, kind)
    }
    fn creeping(_: &mut Draw, _: usize, more: f64) -> f64 {
        1.0 + 0.2 * more
    }
    fn learnt(inputs: &[f64]) -> Dspot {
        let mut model = Dspot::new(200, SPOT);
        inputs.iter().for_each(|value| {
            model.step(*value);
        });
        model
    }
    fn learn(model: &mut Dspot, history: &[f64]) {
        history.last().into_iter().for_each(|value| {
            model.step(*value);
        });
    }
    fn score(model: &Dspot, input: &f64) -> f64 {
        model.nats(*input)
    }
    fn explain(model: &Dspot, input: &f64) -> Score {
        model.explain(*input)
    }
    fn alarm(model: &Dspot, input: &f64, _: f64) -> bool {
        *input > model.threshold()
    }
    fn both(one: &[f64], other: &[f64]) -> Dspot {
        Self::learnt(&[one, other].concat())
    }
    fn merge(model: &mut Dspot, other: &Dspot) -> bool {
        model.merge(other)
    }
    fn unlike() -> Option<Dspot> {
        Some(Dspot::new(100, SPOT))
    }
    fn put_back(model: &Dspot, _: &[f64], input: &f64) -> f64 {
        model.explain(*input).parts.first().and_then(|part| part.usual).unwrap_or(*input)
    }
}

/// Two detectors that look at different things, each on its curve.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pair([Curve; 2]);

impl Snapshot for Pair {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.iter().for_each(|curve| curve.write(out));
    }
    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        Ok(Self([Curve::read(from)?, Curve::read(from)?]))
    }
}

pub(crate) struct Combined;

impl Trial for Combined {
    type Model = Pair;
    type Input = [f64; 2];
    const NAME: &'static str = "Curve, two of them added";
    const WARM: usize = 3_000;
    const PROMISE: Promise = Promise { drift_alarms: 2.0, slow: Slow::Seen(60), peers: 9, ..Fixed::PROMISE };

    fn usual(draw: &mut Draw, _: usize, shift: f64) -> [f64; 2] {
        [score(draw, shift), score(draw, shift)]
    }
    fn attack(draw: &mut Draw, _: usize, kind: Kind) -> [f64; 2] {
        let [one, other] = [score(draw, 0.0), score(draw, 0.0)];
        if kind == Kind::One { [one + 12.0, other] } else { [one, other + 60.0] }
    }
    fn creeping(draw: &mut Draw, _: usize, more: f64) -> [f64; 2] {
        [1.0 + 0.2 * more, score(draw, 0.0)]
    }
    fn learnt(inputs: &[[f64; 2]]) -> Pair {
        let newest = inputs.get(inputs.len().saturating_sub(3_000)..).unwrap_or_default();
        let of = |which: fn(&[f64; 2]) -> f64| Curve::of(newest.iter().map(which).collect(), 0.02);
        Pair([of(|pair| pair[0]), of(|pair| pair[1])])
    }
    fn learn(model: &mut Pair, history: &[[f64; 2]]) {
        if history.len().is_multiple_of(500) {
            *model = Self::learnt(history);
        }
    }
    fn score(model: &Pair, input: &[f64; 2]) -> f64 {
        model.0[0].nats(input[0]) + model.0[1].nats(input[1])
    }
    fn explain(model: &Pair, input: &[f64; 2]) -> Score {
        let part = |(feature, (curve, value)): (usize, (&Curve, &f64))| Part {
            feature,
            value: curve.nats(*value),
            observed: *value,
            usual: None,
            peers: None,
        };
        Score::of(model.0.iter().zip(input).enumerate().map(part).collect())
    }
    fn both(one: &[[f64; 2]], other: &[[f64; 2]]) -> Pair {
        let all = [one, other].concat();
        let of = |which: fn(&[f64; 2]) -> f64| Curve::of(all.iter().map(which).collect(), 0.02);
        Pair([of(|pair| pair[0]), of(|pair| pair[1])])
    }
    fn merge(model: &mut Pair, other: &Pair) -> bool {
        for (own, others) in model.0.iter_mut().zip(&other.0) {
            *own = own.merged(3_000.0, others, 3_000.0);
        }
        true
    }
    fn unlike() -> Option<Pair> {
        None
    }
    fn put_back(model: &Pair, warm_up: &[[f64; 2]], input: &[f64; 2]) -> [f64; 2] {
        let mut put_back = *input;
        let worst = usize::from(model.0[1].nats(input[1]) > model.0[0].nats(input[0]));
        let mut values: Vec<f64> = warm_up.iter().filter_map(|pair| pair.get(worst).copied()).collect();
        values.sort_by(f64::total_cmp);
        put_back
            .get_mut(worst)
            .into_iter()
            .for_each(|value| *value = values.get(values.len() / 2).copied().unwrap_or(0.0));
        put_back
    }
}

/// What somebody did on one day: three numbers and a place.
#[derive(Clone, Copy)]
pub(crate) struct Day {
    day: usize,
    numbers: [f64; 3],
    place: u64,
}

pub(crate) struct Person;

const DAY_S: i64 = 86_400;

/// Nats of a deviation, as a watched number has them, and those of a new place.
fn nats(deviation: f64) -> f64 {
    2.5 * libm::log1p(deviation * deviation / 4.0)
}
const NEW_PLACE: f64 = 5.0;

fn time_s(day: usize) -> i64 {
    i64::try_from(day).unwrap_or(0) * DAY_S
}

impl Trial for Person {
    type Model = Entity;
    type Input = Day;
    const NAME: &'static str = "Entity";
    const WARM: usize = 60;
    const PROMISE: Promise = Promise {
        merge: Merge::Never("a person, a host or a device has one node, and nothing of it may leave the hospital"),
        other_kind: [0.9, 0.9],
        same_kind: [0.9, 0.9],
        drift_alarms: 1.6,
        slow: Slow::Seen(20),
        peers: 0,
    };

    fn usual(draw: &mut Draw, step: usize, shift: f64) -> Day {
        let number = |draw: &mut Draw, usual: f64| libm::round(usual * (0.7 + 0.6 * draw.unit()) * (1.0 + shift));
        let numbers = [number(draw, 20.0), number(draw, 9.0), number(draw, 100.0)];
        Day { day: step, numbers, place: Draw::new(draw.below(3) as u64).bits() }
    }
    fn attack(draw: &mut Draw, step: usize, kind: Kind) -> Day {
        let mut day = Self::usual(draw, step, 0.0);
        if kind == Kind::One {
            day.numbers[0] += 400.0;
        } else {
            (day.numbers[2], day.place) = (900.0, draw.bits());
        }
        day
    }
    fn creeping(draw: &mut Draw, step: usize, more: f64) -> Day {
        let mut day = Self::usual(draw, step, 0.0);
        day.numbers[1] = 9.0 + more;
        day
    }
    fn learnt(inputs: &[Day]) -> Entity {
        let mut model = Entity::default();
        inputs.iter().for_each(|day| Self::learn(&mut model, &[*day]));
        model
    }
    fn learn(model: &mut Entity, history: &[Day]) {
        if let Some(day) = history.last() {
            for (feature, value) in day.numbers.iter().enumerate() {
                model.learn(feature, *value, time_s(day.day), Fading::default());
            }
            model.meet(day.place);
        }
    }
    /// By the risk that it raises at once, which is kept in single precision: it is the sum of the parts to five digits, or the test of the sum fails.
    fn score(model: &Entity, input: &Day) -> f64 {
        let mut after = model.clone();
        for part in Self::explain(model, input).parts {
            after.raise(part.value, time_s(input.day), Fading::default());
        }
        let risk = after.risk(time_s(input.day), Fading::default());
        let exact: f64 = Self::explain(model, input).value;
        if (risk - exact).abs() <= 1e-5 * exact.max(1.0) { exact } else { risk }
    }
    fn explain(model: &Entity, input: &Day) -> Score {
        let part = |(feature, value): (usize, &f64)| Part {
            feature,
            value: model.distance(feature, *value).map_or(0.0, nats),
            observed: *value,
            usual: model.usual(feature),
            peers: None,
        };
        let mut parts: Vec<Part> = input.numbers.iter().enumerate().map(part).collect();
        let new = f64::from(u8::from(model.clone().meet(input.place)));
        parts.push(Part { feature: 3, value: NEW_PLACE * new, observed: new, usual: Some(0.0), peers: None });
        Score::of(parts)
    }
    fn both(one: &[Day], other: &[Day]) -> Entity {
        Self::learnt(&[one, other].concat())
    }
    fn merge(_: &mut Entity, _: &Entity) -> bool {
        false
    }
    fn unlike() -> Option<Entity> {
        None
    }
    fn put_back(model: &Entity, warm_up: &[Day], input: &Day) -> Day {
        let (mut parts, mut day) = (Self::explain(model, input).parts, *input);
        parts.sort_by(|a, b| b.value.total_cmp(&a.value));
        for part in parts.iter().take(2) {
            match (day.numbers.get_mut(part.feature), part.usual) {
                (Some(number), Some(usual)) => *number = usual,
                _ => day.place = warm_up.first().map_or(day.place, |day| day.place),
            }
        }
        day
    }
}
