//! Series on trial: a number around fifty, or with a course of the day.

use cordon_learn::Score;
use cordon_learn::eval::controls::Draw;
use cordon_learn::series::{Chart, Cusum, Seasonal, Watch, WatchSettings};
use cordon_learn::threshold::Call;

use crate::trial::{Kind, Merge, Promise, Slow, Trial};

const DAY: usize = 24;

/// Noise with a standard deviation of one half.
fn noise(draw: &mut Draw) -> f64 {
    draw.unit() + draw.unit() + draw.unit() - 1.5
}

fn level(draw: &mut Draw, shift: f64) -> f64 {
    50.0 + noise(draw) + 2.0 * shift
}

fn hour(draw: &mut Draw, step: usize, shift: f64) -> f64 {
    let angle = (step % DAY) as f64 * std::f64::consts::TAU / DAY as f64;
    level(draw, shift) + 20.0 * libm::sin(angle)
}

fn jump(kind: Kind) -> f64 {
    if kind == Kind::One { 6.0 } else { -6.0 }
}

/// What a slow attacker adds at each step, in units of the number.
const CREEP: f64 = 0.01;

const PROMISE: Promise = Promise {
    merge: Merge::Close(0.9),
    other_kind: [0.9, 0.9],
    same_kind: [0.9, 0.9],
    drift_alarms: 1.6,
    slow: Slow::NotSeen(150),
    peers: 0,
};

pub(crate) struct Recent;

impl Trial for Recent {
    type Model = Chart;
    type Input = f64;
    const NAME: &'static str = "Chart";
    const WARM: usize = 500;
    const PROMISE: Promise = PROMISE;

    fn usual(draw: &mut Draw, _: usize, shift: f64) -> f64 {
        level(draw, shift)
    }
    fn attack(draw: &mut Draw, _: usize, kind: Kind) -> f64 {
        level(draw, 0.0) + jump(kind)
    }
    fn creeping(draw: &mut Draw, _: usize, more: f64) -> f64 {
        level(draw, 0.0) + CREEP * more
    }
    fn learnt(inputs: &[f64]) -> Chart {
        let mut model = Chart::new(20.0);
        inputs.iter().for_each(|value| model.learn(*value));
        model
    }
    fn learn(model: &mut Chart, history: &[f64]) {
        history.last().into_iter().for_each(|value| model.learn(*value));
    }
    fn score(model: &Chart, input: &f64) -> f64 {
        model.distance(*input).abs()
    }
    fn explain(model: &Chart, input: &f64) -> Score {
        model.explain(*input)
    }
    fn both(one: &[f64], other: &[f64]) -> Chart {
        Self::learnt(&[one, other].concat())
    }
    fn merge(model: &mut Chart, other: &Chart) -> bool {
        model.merge(other)
    }
    fn unlike() -> Option<Chart> {
        Some(Chart::new(40.0))
    }
    fn put_back(model: &Chart, _: &[f64], input: &f64) -> f64 {
        model.explain(*input).parts.first().and_then(|part| part.usual).unwrap_or(*input)
    }
}

pub(crate) struct OfTheDay;

impl Trial for OfTheDay {
    type Model = Seasonal;
    type Input = f64;
    const NAME: &'static str = "Seasonal";
    const WARM: usize = 25 * DAY;
    const PROMISE: Promise = PROMISE;

    fn usual(draw: &mut Draw, step: usize, shift: f64) -> f64 {
        hour(draw, step, shift)
    }
    fn attack(draw: &mut Draw, step: usize, kind: Kind) -> f64 {
        hour(draw, step, 0.0) + jump(kind)
    }
    fn creeping(draw: &mut Draw, step: usize, more: f64) -> f64 {
        hour(draw, step, 0.0) + CREEP * more
    }
    fn learnt(inputs: &[f64]) -> Seasonal {
        let mut model = Seasonal::new(DAY);
        inputs.iter().for_each(|value| model.learn(*value));
        model
    }
    fn learn(model: &mut Seasonal, history: &[f64]) {
        history.last().into_iter().for_each(|value| model.learn(*value));
    }
    fn score(model: &Seasonal, input: &f64) -> f64 {
        model.distance(*input).abs()
    }
    fn explain(model: &Seasonal, input: &f64) -> Score {
        model.explain(*input)
    }
    fn both(one: &[f64], other: &[f64]) -> Seasonal {
        Self::learnt(&[one, other].concat())
    }
    fn merge(model: &mut Seasonal, other: &Seasonal) -> bool {
        model.merge(other)
    }
    /// The same length at another hour.
    fn unlike() -> Option<Seasonal> {
        Some(Self::learnt(&[50.0; 100]))
    }
    fn put_back(model: &Seasonal, _: &[f64], input: &f64) -> f64 {
        model.explain(*input).parts.first().and_then(|part| part.usual).unwrap_or(*input)
    }
}

pub(crate) struct Creep;

/// Deviations in standard deviations are its input.
impl Trial for Creep {
    type Model = Cusum;
    type Input = f64;
    const NAME: &'static str = "Cusum";
    const WARM: usize = 500;
    const PROMISE: Promise = Promise {
        // it holds the sum of the last steps: many jumps upwards leave it full on that side
        other_kind: [0.9, 0.0],
        slow: Slow::Seen(100),
        ..PROMISE
    };

    /// The slow chart below it has followed most of a slow change.
    fn usual(draw: &mut Draw, _: usize, shift: f64) -> f64 {
        2.0 * noise(draw) + 0.1 * shift
    }
    /// Six deviations count as three at once: two of them in a row would be seen, one is the business of the chart.
    fn attack(draw: &mut Draw, _: usize, kind: Kind) -> f64 {
        2.0 * noise(draw) + 2.0 * jump(kind)
    }
    fn creeping(draw: &mut Draw, _: usize, more: f64) -> f64 {
        2.0 * (noise(draw) + CREEP * more)
    }
    fn learnt(inputs: &[f64]) -> Cusum {
        let mut model = Cusum::default();
        inputs.iter().for_each(|deviation| model.observe(*deviation));
        model
    }
    fn learn(model: &mut Cusum, history: &[f64]) {
        history.last().into_iter().for_each(|deviation| model.observe(*deviation));
    }
    fn score(model: &Cusum, input: &f64) -> f64 {
        let mut ahead = *model;
        ahead.observe(*input);
        ahead.sum()
    }
    fn explain(model: &Cusum, input: &f64) -> Score {
        model.explain(*input)
    }
    fn both(one: &[f64], other: &[f64]) -> Cusum {
        Self::learnt(&[one, other].concat())
    }
    fn merge(model: &mut Cusum, other: &Cusum) -> bool {
        model.merge(other);
        true
    }
    fn unlike() -> Option<Cusum> {
        None
    }
    fn put_back(model: &Cusum, _: &[f64], input: &f64) -> f64 {
        model.explain(*input).parts.first().and_then(|part| part.usual).unwrap_or(*input)
    }
}

pub(crate) struct Watched;

const WATCH: WatchSettings = WatchSettings { season: DAY, half_life: 50.0, fade: 10.0, rate: 0.01, warmup: 300 };

impl Trial for Watched {
    type Model = Watch;
    type Input = f64;
    const NAME: &'static str = "Watch";
    const WARM: usize = 50 * DAY;
    const PROMISE: Promise = Promise { slow: Slow::Seen(150), ..PROMISE };

    fn usual(draw: &mut Draw, step: usize, shift: f64) -> f64 {
        hour(draw, step, shift)
    }
    fn attack(draw: &mut Draw, step: usize, kind: Kind) -> f64 {
        hour(draw, step, 0.0) + jump(kind)
    }
    fn creeping(draw: &mut Draw, step: usize, more: f64) -> f64 {
        hour(draw, step, 0.0) + CREEP * more
    }
    fn learnt(inputs: &[f64]) -> Watch {
        let mut model = Watch::new(WATCH);
        inputs.iter().for_each(|value| {
            model.step(*value);
        });
        model
    }
    fn learn(model: &mut Watch, history: &[f64]) {
        history.last().into_iter().for_each(|value| {
            model.step(*value);
        });
    }
    fn score(model: &Watch, input: &f64) -> f64 {
        model.score(*input)
    }
    fn explain(model: &Watch, input: &f64) -> Score {
        model.explain(*input)
    }
    fn both(one: &[f64], other: &[f64]) -> Watch {
        Self::learnt(&[one, other].concat())
    }
    fn merge(model: &mut Watch, other: &Watch) -> bool {
        model.merge(other)
    }
    fn unlike() -> Option<Watch> {
        Some(Watch::new(WatchSettings { half_life: 60.0, ..WATCH }))
    }
    fn put_back(model: &Watch, _: &[f64], input: &f64) -> f64 {
        let largest = model.explain(*input).parts.into_iter().max_by(|a, b| a.value.total_cmp(&b.value));
        largest.and_then(|part| part.usual).unwrap_or(*input)
    }
}

/// The threshold of a watch is its own; a call is looked at here so that the type is used as its users use it.
#[test]
fn a_watch_that_took_in_another_one_still_calls() {
    let mut draw = Draw::new(1);
    let stream = |draw: &mut Draw| (0..Watched::WARM).map(|step| hour(draw, step, 0.0)).collect::<Vec<_>>();
    let (mut one, other) = (Watched::learnt(&stream(&mut draw)), Watched::learnt(&stream(&mut draw)));
    assert!(one.merge(&other));
    assert_eq!(one.step(hour(&mut draw, 0, 0.0) + 40.0).1, Call::Alarm);
}
