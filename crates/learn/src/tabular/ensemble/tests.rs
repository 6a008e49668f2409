//! Parts, snapshots, hostile warm-up, drift and bounds for the combination.

use proptest::prelude::*;

use super::*;

const SETTINGS: Settings = Settings { trees: 40, renew_every: 32, half_life: 0, seed: 7 };

/// Two numbers that move together, one that goes its own way, and a name that follows the first.
fn row(draw: &mut Draw) -> [f64; 4] {
    let along = draw.unit();
    [along, along + 0.05 * draw.unit(), -libm::log(1.0 - draw.unit()), if along > 0.5 { 1.0 } else { 0.0 }]
}

fn rows(count: usize, seed: u64) -> Rows {
    let (mut rows, mut draw) = (Rows::new(4), Draw::new(seed));
    (0..count).for_each(|_| rows.push(&row(&mut draw)));
    rows
}

fn streamed(count: usize, settings: Settings) -> Ensemble {
    let mut ensemble = Ensemble::new(4, &[3], settings);
    rows(count, 1).iter().for_each(|row| ensemble.learn(row));
    ensemble
}

fn bytes_of(ensemble: &Ensemble) -> Vec<u8> {
    let mut bytes = Vec::new();
    ensemble.write(&mut bytes);
    bytes
}

#[test]
fn it_sees_a_far_value_an_odd_pair_and_an_odd_name() {
    for ensemble in [Ensemble::fit(&rows(5_000, 1), &[3], SETTINGS), streamed(5_000, SETTINGS)] {
        let usual = ensemble.score(&[0.3, 0.32, 0.5, 0.0]).value;
        for odd in [[0.3, 0.32, 60.0, 0.0], [0.02, 1.02, 0.5, 0.0], [0.3, 0.32, 0.5, 2.0]] {
            assert!(ensemble.score(&odd).value > usual + 2.0, "{odd:?} {:?} {usual}", ensemble.score(&odd));
        }
    }
}

#[test]
fn a_missing_value_is_unusual_and_changes_nothing_else() {
    let mut ensemble = streamed(1_000, SETTINGS);
    let verdict = ensemble.score(&[f64::NAN, 0.3, 0.5, 0.0]);
    assert!(verdict.value.is_finite() && verdict.ecod > 6.0, "{verdict:?}");
    (0..100).for_each(|_| ensemble.learn(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::NAN]));
    assert!(ensemble.score(&[0.3, 0.32, 0.5, 0.0]).value.is_finite());
}

#[test]
fn a_hostile_warm_up_leaves_other_attacks_visible_and_is_forgotten() {
    for share in [20, 5] {
        let settings = Settings { half_life: 2_000, renew_every: 4, ..SETTINGS };
        let mut ensemble = Ensemble::new(4, &[3], settings);
        let mut draw = Draw::new(2);
        let hostile = [0.3, 0.32, 60.0, 0.0];
        for place in 0..2_000 {
            ensemble.learn(&if place % share == 0 { hostile } else { row(&mut draw) });
        }
        let usual = ensemble.score(&[0.3, 0.32, 0.5, 0.0]).value;
        assert!(ensemble.score(&[9.0, -9.0, 0.5, 2.0]).value > usual + 2.0, "{share}");
        (0..40_000).for_each(|_| ensemble.learn(&row(&mut draw)));
        let usual = ensemble.score(&[0.3, 0.32, 0.5, 0.0]).value;
        assert!(ensemble.score(&hostile).value > usual + 2.0, "{share}: {:?} {usual}", ensemble.score(&hostile));
    }
}

#[test]
fn a_changed_world_is_reported_as_drift_and_one_far_row_is_not() {
    let mut ensemble = streamed(3_000, SETTINGS);
    let mut draw = Draw::new(5);
    for _ in 0..1_000 {
        ensemble.step(&row(&mut draw));
    }
    assert!(ensemble.drift().unwrap().abs() < 0.5, "{:?}", ensemble.drift());
    ensemble.step(&[1e9, -1e9, 1e9, 5.0]);
    assert!(ensemble.drift().unwrap().abs() < 0.5, "{:?}", ensemble.drift());
    // a new version of some software: everything a little larger
    for _ in 0..300 {
        let [a, b, c, name] = row(&mut draw);
        ensemble.step(&[a + 0.9, b + 0.9, c + 3.0, name]);
    }
    assert!(ensemble.drift().unwrap() > 1.0, "{:?}", ensemble.drift());
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    assert_eq!(bytes_of(&streamed(3_000, SETTINGS)), bytes_of(&streamed(3_000, SETTINGS)));
}

#[test]
fn a_kept_ensemble_goes_on_the_same() {
    let mut ensemble = streamed(5_000, Settings { half_life: 800, ..SETTINGS });
    let bytes = bytes_of(&ensemble);
    let mut read = Ensemble::read(&mut bytes.as_slice()).unwrap();
    assert_eq!(bytes_of(&read), bytes);
    rows(200, 3).iter().for_each(|row| {
        assert_eq!(read.score(row), ensemble.score(row));
        read.learn(row);
        ensemble.learn(row);
    });
    assert_eq!(bytes_of(&read), bytes_of(&ensemble));
    for cut in (0..bytes.len()).step_by(997) {
        assert!(Ensemble::read(&mut &bytes[..cut]).is_err());
    }
}

/// Rows of another ward: everything lies elsewhere, and its name is another one.
fn elsewhere(count: usize) -> Ensemble {
    let (mut ensemble, mut draw) = (Ensemble::new(4, &[3], SETTINGS), Draw::new(9));
    for _ in 0..count {
        let [a, b, c, _] = row(&mut draw);
        ensemble.learn(&[a + 6.0, b + 6.0, c + 40.0, 5.0]);
    }
    ensemble
}

#[test]
fn a_merged_ensemble_knows_the_rows_of_both_whatever_either_had_learnt() {
    let theirs = [6.3, 6.32, 40.5, 5.0];
    for (own, others) in [(3_000, 3_000), (5_000, 5_000), (200, 3_000), (3_000, 200), (200, 200)] {
        let mut ensemble = streamed(own, SETTINGS);
        let other = elsewhere(others);
        let before = ensemble.score(&theirs).value;
        assert!(ensemble.merge(&other));
        let after = ensemble.score(&theirs).value;
        assert!(ensemble.learnt() >= 256 && after < 6.0, "{own} {others}: {after}");
        assert!(own < 256 || before > after + 2.0, "{own} {others}: {before} {after}");
        assert!(ensemble.score(&[30.0, -30.0, 400.0, 8.0]).value > after + 2.0, "{own} {others}");
        (0..600).for_each(|_| ensemble.learn(&theirs));
    }
    let (mut ensemble, bytes) = (streamed(500, SETTINGS), bytes_of(&streamed(500, SETTINGS)));
    assert!(!ensemble.merge(&Ensemble::new(4, &[], SETTINGS)));
    assert!(!ensemble.merge(&Ensemble::new(4, &[3], Settings { trees: 9, ..SETTINGS })));
    assert_eq!(bytes_of(&ensemble), bytes);
}

#[test]
fn memory_is_bounded_whatever_comes() {
    let mut ensemble = Ensemble::new(3, &[], Settings { trees: 10, ..SETTINGS });
    let mut draw = Draw::new(4);
    for place in 0..20_000_i32 {
        ensemble.learn(&[libm::exp(draw.unit() * 600.0 - 300.0), f64::from(place), -draw.unit()]);
    }
    let most = 3 * Ecod::new(1).bytes() + 3 * 2_048 * 13 + 10 * 511 * 24 + KEPT * 24 + 4 * 5_000 + 4_096;
    assert!(ensemble.bytes() < most, "{} {most}", ensemble.bytes());
}

proptest! {
    #[test]
    fn parts_sum_to_the_score_row_by_row_and_all_at_once(
        a in -2.0_f64..2.0, b in -2.0_f64..2.0, c in -1.0_f64..90.0, name in 0_u8..3, seed in 0_u64..4,
    ) {
        let ensemble = Ensemble::fit(&rows(600, seed), &[3], Settings { trees: 10, ..SETTINGS });
        let row = [a, b, c, f64::from(name)];
        let verdict = ensemble.score(&row);
        let explained = ensemble.explain(&row);
        prop_assert!((explained.value - verdict.value).abs() < 1e-9 * verdict.value.max(1.0), "{} {}", explained.value, verdict.value);
        let mut one = Rows::new(4);
        one.push(&row);
        prop_assert_eq!(ensemble.score_all(&one), vec![verdict]);
    }
}
