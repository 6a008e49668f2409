//! The properties, each as one check that is the same for every model.

use cordon_learn::Snapshot;
use cordon_learn::eval::controls::Draw;
use cordon_learn::threshold::{Call, Dspot, SpotSettings};

use crate::trial::{Held, Kind, Merge, Slow, Trial};

/// Share of usual inputs that is to raise an alarm: one in a hundred.
const RATE: f64 = 0.01;

/// Usual inputs that a threshold is set by; attacks that recall is measured on.
const HELD_BACK: usize = 1_000;
const ATTACKS: usize = 100;

/// Steps before the world moves, for the threshold to warm up, and steps in which it moves to its new normal.
const SETTLED: usize = 1_500;
const DRIFT_STEPS: usize = 4_000;

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Held {
    if holds { Ok(()) } else { Err(why()) }
}

/// The warm-up: usual inputs, of which a share is replaced by attacks.
fn warm_up<T: Trial>(seed: u64, hostile: f64) -> Vec<T::Input> {
    let (mut draw, mut dice) = (Draw::new(seed), Draw::new(seed ^ 0x5eed));
    let input = |step| {
        if dice.unit() < hostile { T::attack(&mut draw, step, Kind::One) } else { T::usual(&mut draw, step, 0.0) }
    };
    (0..T::WARM).map(input).collect()
}

/// The score that one usual input in a hundred exceeds: inputs that were not learnt.
fn threshold<T: Trial>(model: &T::Model) -> f64 {
    let mut draw = Draw::new(0x7e57);
    let mut scores: Vec<f64> = (0..HELD_BACK).map(|_| T::score(model, &T::usual(&mut draw, T::WARM, 0.0))).collect();
    scores.sort_by(f64::total_cmp);
    scores.into_iter().rev().nth(HELD_BACK / 100).unwrap_or(f64::INFINITY)
}

fn recall<T: Trial>(model: &T::Model, kind: Kind) -> f64 {
    let limit = threshold::<T>(model);
    let mut draw = Draw::new(0xa77ac);
    let found = (0..ATTACKS).filter(|_| T::alarm(model, &T::attack(&mut draw, T::WARM, kind), limit)).count();
    found as f64 / ATTACKS as f64
}

fn bytes_of<M: Snapshot>(model: &M) -> Vec<u8> {
    let mut bytes = Vec::new();
    model.write(&mut bytes);
    bytes
}

/// Usual inputs and attacks by turns.
fn mixed<T: Trial>(seed: u64, count: usize) -> Vec<T::Input> {
    let mut draw = Draw::new(seed);
    let input = |place: usize| match place % 4 {
        1 => T::attack(&mut draw, T::WARM, Kind::One),
        3 => T::attack(&mut draw, T::WARM, Kind::Other),
        _ => T::usual(&mut draw, T::WARM, 0.0),
    };
    (0..count).map(input).collect()
}

pub(crate) fn sum_of_parts<T: Trial>() -> Held {
    let model = T::learnt(&warm_up::<T>(1, 0.0));
    let mut told = 0;
    for input in mixed::<T>(2, 200) {
        let (quick, explained) = (T::score(&model, &input), T::explain(&model, &input));
        let sum: f64 = explained.parts.iter().map(|part| part.value).sum();
        let apart = (sum - quick).abs().max((explained.value - quick).abs());
        ensure(apart <= 1e-9 * quick.abs().max(1.0), || format!("score {quick}, parts {sum}: {explained:?}"))?;
        told += usize::from(quick > 0.0 && !explained.parts.is_empty());
    }
    ensure(told >= 50, || format!("only {told} of 200 inputs have a score at all"))
}

pub(crate) fn snapshot<T: Trial>() -> Held {
    let mut history = warm_up::<T>(3, 0.05);
    let mut model = T::learnt(&history);
    let bytes = bytes_of(&model);
    let rest = &mut bytes.as_slice();
    let mut again = T::Model::read(rest).map_err(|fault| format!("its own bytes are refused: {fault}"))?;
    ensure(rest.is_empty(), || format!("{} bytes are left over", rest.len()))?;
    ensure(bytes_of(&again) == bytes, || "bytes differ after reading".to_owned())?;
    let mut draw = Draw::new(4);
    for step in T::WARM..T::WARM + 60 {
        history.push(T::usual(&mut draw, step, 0.0));
        T::learn(&mut model, &history);
        T::learn(&mut again, &history);
    }
    ensure(bytes_of(&again) == bytes_of(&model), || "the kept model goes on otherwise".to_owned())?;
    for cut in (0..bytes.len()).step_by((bytes.len() / 40).max(1)) {
        let short = bytes.get(..cut).unwrap_or_default();
        ensure(T::Model::read(&mut &*short).is_err(), || format!("{cut} of {} bytes are accepted", bytes.len()))?;
    }
    // damage is refused or leaves a model that still answers
    for _ in 0..40 {
        let mut damaged = bytes.clone();
        if let Some(byte) = damaged.get_mut(draw.below(bytes.len())) {
            *byte ^= 1 << draw.below(8);
        }
        if let Ok(model) = T::Model::read(&mut damaged.as_slice()) {
            T::score(&model, &T::usual(&mut draw, T::WARM, 0.0));
        }
    }
    Ok(())
}

pub(crate) fn merge<T: Trial>() -> Held {
    let (one, other) = (warm_up::<T>(5, 0.0), warm_up::<T>(6, 0.0));
    let (mut merged, second) = (T::learnt(&one), T::learnt(&other));
    let before = bytes_of(&merged);
    if let Some(unlike) = T::unlike() {
        let taken = T::merge(&mut merged, &unlike);
        ensure(!taken && bytes_of(&merged) == before, || "takes in a model of another kind".to_owned())?;
    }
    let taken = T::merge(&mut merged, &second);
    if let Merge::Never(why) = T::PROMISE.merge {
        return ensure(!taken && bytes_of(&merged) == before, || format!("merges, though {why}"));
    }
    ensure(taken, || "does not merge".to_owned())?;
    let mut again = T::learnt(&one);
    T::merge(&mut again, &second);
    ensure(bytes_of(&again) == bytes_of(&merged), || "two merges of the same give other bytes".to_owned())?;
    let both = T::both(&one, &other);
    match T::PROMISE.merge {
        Merge::Exact => mixed::<T>(7, 200).iter().try_for_each(|input| {
            let (found, wanted) = (T::score(&merged, input), T::score(&both, input));
            ensure((found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0), || {
                format!("{found} where both have {wanted}")
            })
        }),
        _ => close::<T>(&merged, &both),
    }
}

/// The merged model finds what one of both finds, and what only the other one had met moves the scores.
fn close<T: Trial>(merged: &T::Model, both: &T::Model) -> Held {
    let Merge::Close(least) = T::PROMISE.merge else { return Ok(()) };
    for kind in [Kind::One, Kind::Other] {
        let (found, wanted) = (recall::<T>(merged, kind), recall::<T>(both, kind));
        ensure(wanted >= 0.5 && found >= least * wanted, || format!("{kind:?}: finds {found}, one of both {wanted}"))?;
    }
    let moved = |seed| {
        let mut draw = Draw::new(seed);
        (0..T::WARM).map(|step| T::usual(&mut draw, step, 1.0)).collect::<Vec<_>>()
    };
    let probes = moved_world::<T>();
    let mean = |model: &T::Model| probes.iter().map(|input| T::score(model, input)).sum::<f64>() / probes.len() as f64;
    let mut taught = T::learnt(&warm_up::<T>(5, 0.0));
    let before = mean(&taught);
    let taken = T::merge(&mut taught, &T::learnt(&moved(6)));
    let after = mean(&taught);
    let moves = (after - before).abs() > 1e-6 * before.abs();
    ensure(taken && moves, || format!("scores of another world stay at {before}: nothing was taken in"))
}

/// Usual inputs of the world that has moved.
fn moved_world<T: Trial>() -> Vec<T::Input> {
    let mut draw = Draw::new(0x3ea2);
    (0..ATTACKS).map(|_| T::usual(&mut draw, T::WARM, 1.0)).collect()
}

pub(crate) fn determinism<T: Trial>() -> Held {
    let learnt = || bytes_of(&T::learnt(&warm_up::<T>(8, 0.05)));
    let here = learnt();
    // hash maps are seeded by thread
    let there = std::thread::scope(|scope| scope.spawn(learnt).join());
    let there = there.map_err(|_| "panics".to_owned())?;
    ensure(here == there, || "the same inputs give other bytes".to_owned())
}

pub(crate) fn poisoning<T: Trial>() -> Held {
    let models = [0.0, 0.05, 0.2].map(|hostile| T::learnt(&warm_up::<T>(9, hostile)));
    let recalls = |kind| models.each_ref().map(|model| recall::<T>(model, kind));
    let (other, same) = (recalls(Kind::Other), recalls(Kind::One));
    let shown = |[clean, little, much]: [f64; 3]| format!("{clean:.2} / {little:.2} / {much:.2}");
    eprintln!("{}: another kind {}, the same kind {} (clean / 5 % / 20 %)", T::NAME, shown(other), shown(same));
    for ([clean, little, much], promised) in [(other, T::PROMISE.other_kind), (same, T::PROMISE.same_kind)] {
        ensure(clean >= 0.9, || format!("finds only {clean} after a clean warm-up"))?;
        let [at_5, at_20] = promised.map(|share| share * clean);
        ensure(little >= at_5 && much >= at_20, || format!("finds {little} and {much}, promised {at_5} and {at_20}"))?;
    }
    Ok(())
}

pub(crate) fn slow_drift<T: Trial>() -> Held {
    let mut history = warm_up::<T>(10, 0.0);
    let mut model = T::learnt(&history);
    let settings = SpotSettings { rate: RATE, warmup: 1_000, half_life: 1_000 };
    // the world moves: a threshold over the distance from the recent past is the one for it
    let mut threshold = Dspot::new(500, settings);
    let mut draw = Draw::new(11);
    let mut alarms = 0;
    for step in 0..SETTLED + DRIFT_STEPS {
        let shift = step.saturating_sub(SETTLED) as f64 / DRIFT_STEPS as f64;
        let input = T::usual(&mut draw, T::WARM + step, shift);
        alarms += usize::from(threshold.step(T::for_threshold(&model, &input)) == Call::Alarm);
        history.push(input);
        T::learn(&mut model, &history);
    }
    let asked = RATE * DRIFT_STEPS as f64;
    eprintln!("{}: {alarms} alarms while the world moved, {asked} asked for", T::NAME);
    ensure(alarms as f64 <= T::PROMISE.drift_alarms * asked, || format!("{alarms} alarms, {asked} asked for"))
}

pub(crate) fn slow_attack<T: Trial>() -> Held {
    let mut history = warm_up::<T>(12, 0.0);
    let mut model = T::learnt(&history);
    let limit = threshold::<T>(&model);
    let mut draw = Draw::new(13);
    let (Slow::Seen(steps) | Slow::NotSeen(steps)) = T::PROMISE.slow;
    let (mut in_a_row, mut seen) = (0, None);
    for step in 0..steps {
        for _ in 0..T::PROMISE.peers {
            history.push(T::usual(&mut draw, T::WARM + step, 0.0));
            T::learn(&mut model, &history);
        }
        let input = T::creeping(&mut draw, T::WARM + step, (step + 1) as f64);
        in_a_row = if T::alarm(&model, &input, limit) { in_a_row + 1 } else { 0 };
        history.push(input);
        T::learn(&mut model, &history);
        if in_a_row == 3 {
            seen = Some(step + 1);
            break;
        }
    }
    eprintln!("{}: slow attacker told at step {seen:?}, promised {:?}", T::NAME, T::PROMISE.slow);
    match (T::PROMISE.slow, seen) {
        (Slow::Seen(_), Some(_)) | (Slow::NotSeen(_), None) => Ok(()),
        (Slow::Seen(steps), None) => Err(format!("not told within {steps} steps")),
        (Slow::NotSeen(_), Some(step)) => Err(format!("told at step {step}: say so")),
    }
}

pub(crate) fn deletion<T: Trial>() -> Held {
    let history = warm_up::<T>(14, 0.0);
    let model = T::learnt(&history);
    let limit = threshold::<T>(&model);
    let mut draw = Draw::new(15);
    let (mut alerts, mut quiet) = (0, 0);
    for kind in [Kind::One, Kind::Other] {
        for _ in 0..ATTACKS {
            let attack = T::attack(&mut draw, T::WARM, kind);
            if T::alarm(&model, &attack, limit) {
                alerts += 1;
                quiet += usize::from(!T::alarm(&model, &T::put_back(&model, &history, &attack), limit));
            }
        }
    }
    eprintln!("{}: {quiet} of {alerts} alerts are gone without what was named", T::NAME);
    ensure(alerts >= ATTACKS && quiet * 10 >= alerts * 9, || format!("{quiet} of {alerts} alerts are gone"))
}
