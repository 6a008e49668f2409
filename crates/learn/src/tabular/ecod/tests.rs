//! Parts, ageing, merging, hostile warm-up, slow drift and deletion for the tails.

use proptest::prelude::*;

use super::*;

fn learnt(rows: &[[f64; 2]]) -> Ecod {
    let mut ecod = Ecod::new(2);
    rows.iter().for_each(|row| ecod.learn(row));
    ecod
}

fn drawn(count: usize, seed: u64) -> Vec<[f64; 2]> {
    let mut draw = Draw::new(seed);
    (0..count).map(|_| [draw.unit() * 100.0, -libm::log(1.0 - draw.unit())]).collect()
}

fn bytes_of(ecod: &Ecod) -> Vec<u8> {
    let mut bytes = Vec::new();
    ecod.write(&mut bytes);
    bytes
}

#[test]
fn it_is_silent_until_it_knows_a_hundred_rows() {
    let mut ecod = learnt(&drawn(99, 1));
    assert_eq!(ecod.score(&[1e9, 1e9]), Sums::default());
    ecod.learn(&[1.0, 1.0]);
    assert!(ecod.score(&[1e9, 1e9]).plain > 8.0);
}

#[test]
fn the_part_of_a_continuous_value_has_the_mean_of_theory() {
    let rows = drawn(20_000, 2);
    let ecod = learnt(&rows);
    let mean = rows.iter().map(|row| ecod.explain(row).parts[0].value).sum::<f64>() / 20_000.0;
    // ties within a bucket take a little of it
    assert!((mean - 1.0 - std::f64::consts::LN_2).abs() < 0.05, "{mean}");
}

#[test]
fn parts_name_the_feature_that_is_out() {
    let score = learnt(&drawn(5_000, 3)).explain(&[50.0, 40.0]);
    assert!(score.parts[1].value > 8.0 && score.parts[0].value < 2.0, "{score:?}");
    assert!((score.parts[0].usual.unwrap() - 50.0).abs() < 3.0);
}

#[test]
fn a_tail_against_the_lean_counts_three_quarters() {
    let ecod = learnt(&drawn(5_000, 4));
    let (high, low) = (ecod.explain(&[50.0, 9.5]), ecod.explain(&[50.0, 0.0]));
    let tilted = |row: &[f64; 2]| ecod.explain_tilted(row).parts[1].value;
    assert_eq!(tilted(&[50.0, 9.5]), high.parts[1].value);
    assert!((tilted(&[50.0, 0.0]) - 0.75 * low.parts[1].value).abs() < 1e-9);
}

#[test]
fn a_missing_value_is_unusual_where_values_are_not_missing_and_enters_nothing() {
    let mut ecod = learnt(&drawn(1_000, 5));
    let before = ecod.score(&[3.0, 0.5]).plain;
    assert!(ecod.score(&[f64::NAN, 0.5]).plain > 6.0);
    assert!(ecod.score(&[f64::INFINITY, 0.5]).plain > 6.0);
    (0..500).for_each(|_| ecod.learn(&[f64::NAN, 0.5]));
    assert!(ecod.explain(&[f64::NAN, 0.5]).parts[0].value < 1.5);
    assert!(ecod.score(&[3.0, 0.5]).plain.is_finite() && before.is_finite());
}

#[test]
fn a_poisoned_warm_up_is_seen_through_and_forgotten() {
    for (share, expected) in [(20, 2.5), (5, 1.4)] {
        let mut ecod = Ecod::new(1);
        let mut draw = Draw::new(6);
        // one row in `share` is hostile
        for row in 0..2_000 {
            ecod.learn(&[if row % share == 0 { 1_000.0 } else { draw.unit() }]);
        }
        assert!(ecod.score(&[1_000.0]).plain > expected, "{:?}", ecod.score(&[1_000.0]));
        for _ in 0..10 {
            ecod.age(0.5);
            (0..1_000).for_each(|_| ecod.learn(&[draw.unit()]));
        }
        assert!(ecod.score(&[1_000.0]).plain > 6.0);
    }
}

#[test]
fn one_record_more_each_day_is_seen_before_it_is_ten_times_the_usual() {
    let mut ecod = Ecod::new(1);
    let mut draw = Draw::new(7);
    // thirty peers on each day around nine records
    for _ in 0..60 {
        ecod.age(0.97);
        (0..30).for_each(|_| ecod.learn(&[libm::round(6.0 + 6.0 * draw.unit())]));
    }
    let noticed = (0..80).find(|day| {
        let own = 9.0 + f64::from(*day);
        let score = ecod.score(&[own]).plain;
        ecod.age(0.97);
        (0..29).for_each(|_| ecod.learn(&[libm::round(6.0 + 6.0 * draw.unit())]));
        ecod.learn(&[own]);
        score > 4.6
    });
    assert!(noticed.is_some_and(|day| day < 20), "{noticed:?}");
}

#[test]
fn putting_the_top_parts_back_to_the_median_takes_the_score_down() {
    let mut ecod = Ecod::new(6);
    let mut draw = Draw::new(8);
    let row = |draw: &mut Draw| (0..6).map(|_| draw.unit()).collect::<Vec<f64>>();
    let scores: Vec<f64> = (0..4_000)
        .map(|_| row(&mut draw))
        .map(|row| {
            let score = ecod.score(&row).plain;
            ecod.learn(&row);
            score
        })
        .collect();
    let mut sorted = scores;
    sorted.sort_by(f64::total_cmp);
    let threshold = sorted[3_960];
    let mut under = 0;
    for case in 0..100 {
        let mut attack = row(&mut draw);
        attack[case % 6] += 5.0;
        attack[(case + 3) % 6] -= 5.0;
        let score = ecod.explain(&attack);
        assert!(score.value > threshold);
        let mut parts = score.parts;
        parts.sort_by(|a, b| b.value.total_cmp(&a.value));
        parts.iter().take(2).for_each(|part| attack[part.feature] = part.usual.unwrap());
        under += i32::from(ecod.score(&attack).plain < threshold);
    }
    assert!(under >= 90, "{under}");
}

#[test]
fn independent_draws_sum_as_independent_features_do() {
    let rows = drawn(20_000, 9);
    let ecod = learnt(&rows);
    let mean = |sums: Vec<f64>| sums.iter().sum::<f64>() / sums.len() as f64;
    let drawn = mean(ecod.independent(20_000, 1).iter().map(|sums| sums.plain).collect());
    let real = mean(rows.iter().map(|row| ecod.score(row).plain).collect());
    assert!((drawn - real).abs() < 0.05, "{drawn} {real}");
}

proptest! {
    #[test]
    fn parts_sum_to_the_score(seed in any::<u64>(), a in -1e6_f64..1e6, b in -1e6_f64..1e6) {
        let ecod = learnt(&drawn(300, seed));
        let (sums, row) = (ecod.score(&[a, b]), [a, b]);
        let parts = |score: Score| score.parts.iter().map(|part| part.value).sum::<f64>();
        prop_assert!((parts(ecod.explain(&row)) - sums.plain).abs() < 1e-9);
        prop_assert!((parts(ecod.explain_tilted(&row)) - sums.tilted).abs() < 1e-9);
    }

    #[test]
    fn merged_models_are_the_model_of_both(left in 0_usize..300, right in 0_usize..300) {
        let (one, other) = (drawn(left, 1), drawn(right, 2));
        let mut merged = learnt(&one);
        merged.merge(&learnt(&other));
        let mut both = learnt(&[one, other].concat());
        both.lean();
        prop_assert_eq!(bytes_of(&merged), bytes_of(&both));
    }

    #[test]
    fn a_kept_model_is_the_same_bytes(rows in 0_usize..300, factor in 0.1_f64..1.0) {
        let mut ecod = learnt(&drawn(rows, 3));
        ecod.age(factor);
        let bytes = bytes_of(&ecod);
        let read = Ecod::read(&mut bytes.as_slice()).unwrap();
        prop_assert_eq!(&bytes_of(&read), &bytes);
        prop_assert_eq!(read, ecod);
        for cut in (0..bytes.len()).step_by(7) {
            prop_assert!(Ecod::read(&mut &bytes[..cut]).is_err());
        }
    }
}
