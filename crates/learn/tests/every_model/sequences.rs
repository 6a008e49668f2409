//! Sequences on trial: five usual programs, each with an order of its own over a few of twenty symbols.

use cordon_learn::Score;
use cordon_learn::eval::controls::Draw;
use cordon_learn::sequences::{Modes, ModesConfig, Ppm, PpmConfig, Role, Symbol};

use crate::trial::{Kind, Merge, Promise, Slow, Trial};

type Act = Vec<Symbol>;

const PPM: PpmConfig =
    PpmConfig { order: 5, alphabet: 30, strings_max: 40_000, half_life_symbols: Some(200_000), key: 5 };
const MODES: ModesConfig = ModesConfig { alphabet: 30, modes_max: 128, radius: 0.05, half_life: 2_000.0 };

/// What one of five programs does; a new habit stands at its end once the world has moved.
fn act(draw: &mut Draw, shift: f64) -> Act {
    let program = u32::try_from(draw.below(5)).unwrap_or(0);
    let mut at = program;
    let length = 60 + draw.below(120);
    let mut act: Act = (0..length)
        .map(|_| {
            at = (at + if draw.below(5) == 0 { 7 } else { 1 + program }) % 20;
            at
        })
        .collect();
    if draw.unit() < shift {
        act.extend([19, 18, 17, 19, 18, 17]);
    }
    act
}

/// A usual act with a piece of odd order in its middle.
fn odd(draw: &mut Draw, kind: Kind) -> Act {
    let mut act = act(draw, 0.0);
    let at = act.len() / 2;
    let step = if kind == Kind::One { 7 } else { 11 };
    let piece = (0..ODD).map(|place: u32| (place * step + place * place) % 20);
    act.splice(at..at, piece);
    act
}

/// A usual act with one of its own symbols done again and again.
fn repeated(draw: &mut Draw, kind: Kind, times: usize) -> Act {
    let mut act = act(draw, 0.0);
    let symbol = if kind == Kind::One { 4 } else { 13 };
    let at = act.len() / 2;
    act.splice(at..at, std::iter::repeat_n(symbol, times));
    act
}

fn count(more: f64, share: f64) -> usize {
    (0..1_000).take_while(|count| f64::from(*count) < more * share).count()
}

/// Symbols of an odd piece, and of a step done again and again.
const ODD: u32 = 40;
const AGAIN: usize = 300;

/// Without the stretch of `length` symbols whose parts add most: the explanation says where, the test how long.
fn without_the_worst(score: &Score, act: &Act, length: usize) -> Act {
    let sums = score.parts.windows(length).map(|parts| parts.iter().map(|part| part.value).sum::<f64>());
    let worst = sums.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(place, _)| place);
    let outside = |place: &usize| *place < worst || *place >= worst + length;
    act.iter().enumerate().filter(|(place, _)| outside(place)).map(|(_, symbol)| *symbol).collect()
}

/// With the share of the most unusual symbols brought to that of the nearest mode.
fn with_usual_shares(score: &Score, act: &Act, most: usize) -> Act {
    let mut parts = score.parts.clone();
    parts.sort_by(|a, b| b.value.total_cmp(&a.value));
    let mut act = act.clone();
    for part in parts.iter().take(most) {
        let is_named = |symbol: &Symbol| *symbol as usize == part.feature;
        let usual = part.usual.unwrap_or(0.0).min(0.99);
        let rest = act.iter().filter(|symbol| !is_named(symbol)).count() as f64;
        let wanted = count(1.0, rest * usual / (1.0 - usual));
        let has = act.iter().filter(|symbol| is_named(symbol)).count();
        let mut surplus = has.saturating_sub(wanted);
        // repetitions go first
        for repeated in [true, false] {
            let mut before = None;
            act.retain(|symbol| {
                let again = before.replace(*symbol) == Some(*symbol);
                let taken = surplus > 0 && is_named(symbol) && (again || !repeated);
                surplus -= usize::from(taken);
                !taken
            });
        }
        let symbol = Symbol::try_from(part.feature).unwrap_or(0);
        act.extend(std::iter::repeat_n(symbol, wanted.saturating_sub(has)));
    }
    act
}

pub(crate) struct Transitions;

/// The mean surprise is read from a role that has frequencies beside it.
fn parts_of(model: &Ppm, act: &Act) -> Score {
    let mut cursor = model.start();
    let share = 1.0 / act.len().max(1) as f64;
    let parts = act.iter().enumerate().map(|(feature, symbol)| {
        let surprise = model.score(&mut cursor, *symbol);
        let value = surprise.nats * share;
        cordon_learn::Part { feature, value, observed: surprise.nats, usual: None, peers: None }
    });
    Score::of(parts.collect())
}

impl Trial for Transitions {
    type Model = Ppm;
    type Input = Act;
    const NAME: &'static str = "Ppm";
    const WARM: usize = 400;
    const PROMISE: Promise = Promise {
        merge: Merge::Exact,
        other_kind: [0.8, 0.5],
        same_kind: [0.0, 0.0],
        drift_alarms: 1.6,
        slow: Slow::Seen(30),
        peers: 5,
    };

    fn usual(draw: &mut Draw, _: usize, shift: f64) -> Act {
        act(draw, shift)
    }
    fn attack(draw: &mut Draw, _: usize, kind: Kind) -> Act {
        odd(draw, kind)
    }
    /// One odd step more each time.
    fn creeping(draw: &mut Draw, _: usize, more: f64) -> Act {
        let mut act = act(draw, 0.0);
        let odd = (0..count(more, 1.0)).map(|_| u32::try_from(draw.below(20)).unwrap_or(0));
        let odd: Act = odd.collect();
        act.extend(odd);
        act
    }
    fn learnt(inputs: &[Act]) -> Ppm {
        let mut model = Ppm::new(PPM);
        for act in inputs {
            let mut cursor = model.start();
            act.iter().for_each(|symbol| model.learn(&mut cursor, *symbol));
        }
        model
    }
    fn learn(model: &mut Ppm, history: &[Act]) {
        let mut cursor = model.start();
        history.last().into_iter().flatten().for_each(|symbol| model.learn(&mut cursor, *symbol));
    }
    fn score(model: &Ppm, input: &Act) -> f64 {
        let mut cursor = model.start();
        input.iter().map(|symbol| model.score(&mut cursor, *symbol).nats).sum::<f64>() / input.len().max(1) as f64
    }
    fn explain(model: &Ppm, input: &Act) -> Score {
        parts_of(model, input)
    }
    fn both(one: &[Act], other: &[Act]) -> Ppm {
        Self::learnt(&[one, other].concat())
    }
    fn merge(model: &mut Ppm, other: &Ppm) -> bool {
        model.merge(other)
    }
    fn unlike() -> Option<Ppm> {
        Some(Ppm::new(PpmConfig { order: 3, ..PPM }))
    }
    fn put_back(model: &Ppm, _: &[Act], input: &Act) -> Act {
        without_the_worst(&parts_of(model, input), input, ODD as usize)
    }
}

pub(crate) struct Frequencies;

impl Trial for Frequencies {
    type Model = Modes;
    type Input = Act;
    const NAME: &'static str = "Modes";
    const WARM: usize = 1_000;
    const PROMISE: Promise = Promise {
        merge: Merge::Close(0.9),
        other_kind: [0.9, 0.9],
        same_kind: [0.0, 0.0],
        drift_alarms: 1.6,
        slow: Slow::NotSeen(60),
        peers: 5,
    };

    fn usual(draw: &mut Draw, _: usize, shift: f64) -> Act {
        act(draw, shift)
    }
    fn attack(draw: &mut Draw, _: usize, kind: Kind) -> Act {
        repeated(draw, kind, AGAIN)
    }
    /// One repetition more each time.
    fn creeping(draw: &mut Draw, _: usize, more: f64) -> Act {
        repeated(draw, Kind::One, count(more, 1.0))
    }
    fn learnt(inputs: &[Act]) -> Modes {
        let mut model = Modes::new(MODES);
        inputs.iter().for_each(|act| model.learn(act));
        model
    }
    fn learn(model: &mut Modes, history: &[Act]) {
        history.last().into_iter().for_each(|act| model.learn(act));
    }
    fn score(model: &Modes, input: &Act) -> f64 {
        model.score(input)
    }
    fn explain(model: &Modes, input: &Act) -> Score {
        model.explained(input)
    }
    fn both(one: &[Act], other: &[Act]) -> Modes {
        Self::learnt(&[one, other].concat())
    }
    fn merge(model: &mut Modes, other: &Modes) -> bool {
        model.merge(other)
    }
    fn unlike() -> Option<Modes> {
        Some(Modes::new(ModesConfig { radius: 0.1, ..MODES }))
    }
    fn put_back(model: &Modes, _: &[Act], input: &Act) -> Act {
        with_usual_shares(&model.explained(input), input, 5)
    }
}

pub(crate) struct OfARole;

impl Trial for OfARole {
    type Model = Role;
    type Input = Act;
    const NAME: &'static str = "Role";
    const WARM: usize = 1_000;
    const PROMISE: Promise = Promise {
        merge: Merge::Close(0.9),
        other_kind: [0.9, 0.9],
        same_kind: [0.0, 0.0],
        drift_alarms: 1.6,
        slow: Slow::Seen(40),
        peers: 5,
    };

    fn usual(draw: &mut Draw, _: usize, shift: f64) -> Act {
        act(draw, shift)
    }
    /// A piece of odd order, or a usual step three hundred times.
    fn attack(draw: &mut Draw, _: usize, kind: Kind) -> Act {
        if kind == Kind::One { odd(draw, kind) } else { repeated(draw, kind, AGAIN) }
    }
    fn creeping(draw: &mut Draw, step: usize, more: f64) -> Act {
        Transitions::creeping(draw, step, more)
    }
    /// Every fifth act is held back for the scale.
    fn learnt(inputs: &[Act]) -> Role {
        let mut model = Role::new(PPM, MODES);
        let (held, learnt): (Vec<_>, Vec<_>) = inputs.iter().enumerate().partition(|(place, _)| place % 5 == 0);
        learnt.iter().for_each(|(_, act)| model.learn(act));
        model.calibrate(held.iter().map(|(_, act)| act.as_slice()));
        model
    }
    fn learn(model: &mut Role, history: &[Act]) {
        history.last().into_iter().for_each(|act| {
            model.observe(act, 12.0);
        });
    }
    fn score(model: &Role, input: &Act) -> f64 {
        model.score(input).value
    }
    fn explain(model: &Role, input: &Act) -> Score {
        model.score(input).explained()
    }
    fn both(one: &[Act], other: &[Act]) -> Role {
        Self::learnt(&[one, other].concat())
    }
    fn merge(model: &mut Role, other: &Role) -> bool {
        model.merge(other)
    }
    fn unlike() -> Option<Role> {
        Some(Role::new(PPM, ModesConfig { radius: 0.1, ..MODES }))
    }
    fn put_back(model: &Role, _: &[Act], input: &Act) -> Act {
        let shares = |act: &Act| with_usual_shares(&model.distance_explained(act), act, 1);
        let surprise = model.surprise_explained(input);
        let calmed = [ODD as usize, AGAIN].map(|length| without_the_worst(&surprise, input, length));
        let value = |act: &Act| model.score(act).value;
        let calm = calmed.into_iter().filter(|act| !act.is_empty()).min_by(|a, b| value(a).total_cmp(&value(b)));
        let calm = calm.unwrap_or_default();
        // shares as well while they are one in a hundred by themselves
        if model.score(&calm).rarity[1] > libm::log(100.0) { shares(&calm) } else { calm }
    }
}
