//! What sequences are held to: the published formula, bounds, poison, drift, and that a kept model goes on alike.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::Snapshot;
use crate::eval::Ranking;
use crate::eval::controls::Draw;

fn small() -> PpmConfig {
    PpmConfig { order: 3, alphabet: 6, strings_max: 4_096, ..PpmConfig::default() }
}

fn role() -> Role {
    Role::new(
        PpmConfig { alphabet: 20, ..PpmConfig::default() },
        ModesConfig { alphabet: 20, ..ModesConfig::default() },
    )
}

/// The interpolated probability over exact counts.
fn exact(learnt: &[Vec<Symbol>], order: usize, alphabet: u32, context: &[Symbol], symbol: Symbol) -> f64 {
    let mut likely = 1.0 / (f64::from(alphabet) + 1.0);
    for length in 0..=order.min(context.len()) {
        let suffix = &context[context.len() - length..];
        let mut after: BTreeMap<Symbol, f64> = BTreeMap::new();
        for window in learnt.iter().flat_map(|sequence| sequence.windows(length + 1)) {
            if window[..length] == *suffix {
                *after.entry(window[length]).or_default() += 1.0;
            }
        }
        let total: f64 = after.values().sum();
        if total == 0.0 {
            break;
        }
        let distinct = after.len() as f64;
        likely = (after.get(&symbol).copied().unwrap_or(0.0) + distinct * likely) / (total + distinct);
    }
    likely
}

fn sequences() -> impl Strategy<Value = Vec<Vec<Symbol>>> {
    prop::collection::vec(prop::collection::vec(0_u32..6, 1..30), 1..6)
}

fn learn(model: &mut Ppm, sequence: &[Symbol]) {
    let mut cursor = model.start();
    sequence.iter().for_each(|symbol| model.learn(&mut cursor, *symbol));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn surprises_are_those_of_the_interpolated_formula(learnt in sequences(), asked in prop::collection::vec(0_u32..7, 1..20)) {
        let mut model = Ppm::new(small());
        learnt.iter().for_each(|sequence| learn(&mut model, sequence));
        let mut cursor = model.start();
        for (place, symbol) in asked.iter().enumerate() {
            let nats = model.score(&mut cursor, *symbol).nats;
            let expected = -exact(&learnt, 3, 6, &asked[..place], *symbol).ln();
            prop_assert!((nats - expected).abs() < 1e-9, "{} {}", nats, expected);
        }
    }

    #[test]
    fn probabilities_sum_to_one(learnt in sequences(), context in prop::collection::vec(0_u32..6, 0..6)) {
        let mut model = Ppm::new(small());
        learnt.iter().for_each(|sequence| learn(&mut model, sequence));
        let mut cursor = model.start();
        context.iter().for_each(|symbol| { model.score(&mut cursor, *symbol); });
        // six symbols and one that stands for all never seen
        let sum: f64 = (0..7).map(|symbol| { let mut at = cursor; (-model.score(&mut at, symbol).nats).exp() }).sum();
        prop_assert!((sum - 1.0).abs() < 1e-9, "{}", sum);
    }

    #[test]
    fn two_models_add_up_to_one_of_both(one in sequences(), two in sequences(), asked in prop::collection::vec(0_u32..6, 1..20)) {
        let model = |learnt: &[&Vec<Vec<Symbol>>]| {
            let mut model = Ppm::new(small());
            learnt.iter().flat_map(|learnt| learnt.iter()).for_each(|sequence| learn(&mut model, sequence));
            model
        };
        let mut merged = model(&[&one]);
        prop_assert!(merged.merge(&model(&[&two])));
        let both = model(&[&one, &two]);
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        merged.write(&mut bytes);
        both.write(&mut expected);
        // all but the symbols since the last halving
        prop_assert_eq!(&bytes[48..], &expected[48..]);
        let (mut at, mut there) = (merged.start(), both.start());
        for symbol in asked {
            prop_assert_eq!(merged.score(&mut at, symbol), both.score(&mut there, symbol));
        }
    }

    #[test]
    fn parts_sum_to_the_score_and_a_kept_role_goes_on_alike(learnt in sequences(), held in sequences(), asked in sequences()) {
        let mut model = role();
        learnt.iter().for_each(|sequence| model.learn(sequence));
        model.calibrate(held.iter().map(Vec::as_slice));
        let mut bytes = Vec::new();
        model.write(&mut bytes);
        let mut again = Role::read(&mut bytes.as_slice()).unwrap();
        let mut bytes_again = Vec::new();
        again.write(&mut bytes_again);
        prop_assert_eq!(bytes, bytes_again);
        for sequence in &asked {
            let score = model.observe(sequence, 3.0);
            prop_assert_eq!(&score, &again.observe(sequence, 3.0));
            let close = |explained: crate::Score, value: f64| (explained.parts.iter().map(|part| part.value).sum::<f64>() - value).abs() <= 1e-9 * value.max(1.0);
            prop_assert!(close(score.explained(), score.value));
            let score = model.score(sequence);
            prop_assert!(close(model.surprise_explained(sequence), score.surprise));
            prop_assert!(close(model.distance_explained(sequence), score.distance));
            prop_assert!(score.value.is_finite());
        }
    }
}

#[test]
fn damaged_bytes_are_refused_wherever_they_end() {
    let mut model =
        Role::new(PpmConfig { alphabet: 4, ..small() }, ModesConfig { alphabet: 4, ..ModesConfig::default() });
    model.learn(&[1, 2, 3, 1, 2]);
    model.calibrate([[1, 2, 3].as_slice(), &[2, 2]]);
    let mut bytes = Vec::new();
    model.write(&mut bytes);
    assert_eq!(Role::read(&mut bytes.as_slice()), Ok(model));
    for cut in 0..bytes.len() {
        assert!(Role::read(&mut &bytes[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn a_full_table_halves_and_never_grows() {
    let mut model = Ppm::new(PpmConfig { strings_max: 500, ..PpmConfig::default() });
    let bytes = model.bytes();
    let mut draw = Draw::new(1);
    for _ in 0..200 {
        let sequence: Vec<Symbol> = (0..100).map(|_| u32::try_from(draw.below(300)).unwrap()).collect();
        learn(&mut model, &sequence);
    }
    assert!(model.halvings() > 10, "{}", model.halvings());
    assert_eq!(model.bytes(), bytes);
    assert!(model.symbols() < 1_000);
}

#[test]
fn what_is_no_longer_done_is_forgotten() {
    let surprise = |half_life| {
        let mut model = Ppm::new(PpmConfig { half_life_symbols: half_life, ..PpmConfig::default() });
        (0..50).for_each(|_| learn(&mut model, &[1, 2, 3]));
        (0..500).for_each(|_| learn(&mut model, &[1, 2, 4]));
        let mut cursor = model.start();
        [1, 2, 3].map(|symbol| model.score(&mut cursor, symbol).nats)[2]
    };
    assert!(surprise(Some(100)) > surprise(None) + 1.0, "{} {}", surprise(Some(100)), surprise(None));
}

/// What one of five usual programs does, or one of two attacks: each has an order of its own over a few of 20 symbols.
fn act(draw: &mut Draw, program: u32) -> Vec<Symbol> {
    let mut at = program;
    let length = 60 + draw.below(120);
    (0..length)
        .map(|_| {
            let step = if draw.below(5) == 0 { 7 } else { 1 + program };
            at = (at + step) % 20;
            at
        })
        .collect()
}

const SAME: u32 = 5;
const OTHER: u32 = 8;

/// AUC against attacks of kind [`SAME`] after 1,000 sequences of which a share is hostile.
fn auc_after_poison(poison: u32, hostile: f64) -> f64 {
    let mut draw = Draw::new(4);
    let mut model = role();
    let warm_up: Vec<Vec<Symbol>> = (0..1_000)
        .map(|_| {
            let program = if draw.unit() < hostile { poison } else { u32::try_from(draw.below(5)).unwrap() };
            act(&mut draw, program)
        })
        .collect();
    let (held, learnt): (Vec<_>, Vec<_>) = warm_up.iter().enumerate().partition(|(place, _)| place % 5 == 0);
    learnt.iter().for_each(|(_, sequence)| model.learn(sequence));
    model.calibrate(held.iter().map(|(_, sequence)| sequence.as_slice()));
    let labels: Vec<bool> = (0..400).map(|place| place % 4 == 0).collect();
    let scores: Vec<f64> = labels
        .iter()
        .map(|attack| {
            let program = if *attack { SAME } else { u32::try_from(draw.below(5)).unwrap() };
            let sequence = act(&mut draw, program);
            model.score(&sequence).value
        })
        .collect();
    Ranking::new(&scores, &labels).unwrap().auc()
}

#[test]
fn a_warm_up_with_attacks_does_not_hide_attacks_of_another_kind() {
    let [clean, little, much] = [0.0, 0.05, 0.2].map(|hostile| auc_after_poison(OTHER, hostile));
    eprintln!("another kind: {clean:.3} clean, {little:.3} at 5 %, {much:.3} at 20 %");
    assert!(clean > 0.98 && little > clean - 0.02 && much > clean - 0.05, "{clean} {little} {much}");
    // what was learnt as usual is usual: the limit of every model that learns without labels
    let [little, much] = [0.05, 0.2].map(|hostile| auc_after_poison(SAME, hostile));
    eprintln!("the same kind: {little:.3} at 5 %, {much:.3} at 20 %");
}

#[test]
fn an_alarm_is_not_learnt_and_slow_change_is() {
    let mut draw = Draw::new(6);
    let mut model = role();
    let usual: Vec<Vec<Symbol>> = (0..300).map(|place| act(&mut draw, place % 5)).collect();
    usual[..200].iter().for_each(|sequence| model.learn(sequence));
    model.calibrate(usual[200..].iter().map(Vec::as_slice));
    let learnt = model.transitions().symbols();
    let attack = act(&mut draw, SAME);
    let alarms = (0..50).filter(|_| model.observe(&attack, 8.0).value >= 8.0).count();
    assert_eq!((alarms, model.transitions().symbols()), (50, learnt));
    // a new habit at the end of each sequence, once more with every 100 of them
    let mut late_alarms = 0;
    for step in 0..1_000_usize {
        let mut sequence = act(&mut draw, u32::try_from(step % 5).unwrap());
        (0..=step / 100).for_each(|_| sequence.extend([19, 18, 17]));
        late_alarms += usize::from(model.observe(&sequence, 8.0).value >= 8.0);
    }
    eprintln!("{late_alarms} alarms in 1,000 sequences that changed slowly");
    assert!(late_alarms < 50, "{late_alarms}");
}

#[test]
fn drift_is_reported_when_all_sequences_change() {
    let mut draw = Draw::new(8);
    let mut model = role();
    (0..300).for_each(|place| model.learn(&act(&mut draw, place % 5)));
    for place in 0..1_000 {
        model.observe(&act(&mut draw, place % 5), 0.0);
    }
    assert!(model.drift().unwrap().abs() < 1.0, "{:?}", model.drift());
    for _ in 0..100 {
        model.observe(&act(&mut draw, OTHER), 0.0);
    }
    assert!(model.drift().unwrap() > 1.0, "{:?}", model.drift());
}

#[test]
fn without_what_the_explanation_names_a_sequence_is_usual() {
    let mut draw = Draw::new(3);
    let mut model = role();
    let usual: Vec<Vec<Symbol>> = (0..400).map(|place| act(&mut draw, place % 5)).collect();
    usual[..300].iter().for_each(|sequence| model.learn(sequence));
    model.calibrate(usual[300..].iter().map(Vec::as_slice));
    let most = usual[300..].iter().map(|sequence| model.score(sequence).surprise).fold(0.0, f64::max);
    let (mut alarms, mut quiet) = (0, 0);
    for place in 0..50 {
        let mut sequence = act(&mut draw, place % 5);
        // 30 odd symbols in a row in the middle
        let odd: Vec<Symbol> = (0..30).map(|step| (step * 7 + step * step) % 20).collect();
        let at = sequence.len() / 2;
        sequence.splice(at..at, odd);
        let alarm = model.score(&sequence).surprise > most;
        // what is named is put back to its usual
        let mut parts = model.surprise_explained(&sequence).parts;
        parts.sort_by(|a, b| b.value.total_cmp(&a.value));
        let put_back = |part: &crate::Part| part.usual.unwrap() / sequence.len() as f64;
        let rest: f64 = parts.iter().take(30).map(put_back).sum::<f64>()
            + parts.iter().skip(30).map(|part| part.value).sum::<f64>();
        alarms += usize::from(alarm);
        quiet += usize::from(alarm && rest <= most);
    }
    eprintln!("{alarms} alarms, {quiet} of them quiet without what was named");
    assert!(alarms >= 20 && quiet * 10 >= alarms * 9, "{quiet} of {alarms}");
}

#[test]
fn a_usual_act_a_thousand_times_is_seen_by_its_frequency() {
    let mut draw = Draw::new(2);
    let mut model = role();
    let usual: Vec<Vec<Symbol>> = (0..400).map(|place| act(&mut draw, place % 5)).collect();
    usual[..300].iter().for_each(|sequence| model.learn(sequence));
    model.calibrate(usual[300..].iter().map(Vec::as_slice));
    // what program 4 often does: five steps and round again
    let again: Vec<Symbol> = [0, 5, 10, 15].into_iter().cycle().take(1_000).collect();
    let score = model.score(&again);
    assert!(score.rarity[1] > 8.0 && score.explained().parts[1].value == score.value, "{score:?}");
}
