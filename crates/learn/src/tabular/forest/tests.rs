//! Parts, snapshots and damaged bytes for the forest.

use proptest::prelude::*;

use super::*;

/// Rows of two numbers that move together.
fn diagonal(count: usize, seed: u64) -> Rows {
    let (mut rows, mut draw) = (Rows::new(2), Draw::new(seed));
    for _ in 0..count {
        let along = draw.unit();
        rows.push(&[along, along + 0.05 * draw.unit()]);
    }
    rows
}

#[test]
fn a_pair_that_never_goes_together_stands_out_though_each_value_is_usual() {
    let forest = Forest::grow(&diagonal(2_000, 1), &[0, 1], 100, Cut::Evenly, 1);
    let (odd, even) = (forest.score(&[0.1, 0.9]), forest.score(&[0.5, 0.52]));
    assert!(odd > even + 1.0, "{odd} {even}");
    assert!(isolation(odd) > isolation(even));
    assert!((0.0..=1.0).contains(&isolation(odd)));
}

#[test]
fn row_by_row_and_all_at_once_are_the_same() {
    let rows = diagonal(1_500, 2);
    for cut in [Cut::Evenly, Cut::ByRange] {
        let forest = Forest::grow(&rows, &[0, 1], 37, cut, 5);
        let single: Vec<f64> = rows.iter().map(|row| forest.score(row)).collect();
        assert_eq!(forest.score_all(&rows), single);
        assert_eq!(forest, Forest::grow(&rows, &[0, 1], 37, cut, 5));
    }
}

#[test]
fn nothing_and_equal_rows_and_missing_values_are_no_fault() {
    let empty = Forest::grow(&Rows::new(2), &[0, 1], 3, Cut::Evenly, 1);
    assert_eq!(empty.score(&[1.0, 2.0]), 0.0);
    let mut rows = Rows::new(2);
    (0..300).for_each(|_| rows.push(&[7.0, f64::NAN]));
    let forest = Forest::grow(&rows, &[0, 1], 3, Cut::Evenly, 1);
    assert!(forest.score(&[f64::NAN, f64::INFINITY]).is_finite());
    assert_eq!(forest.bytes(), Forest::grow(&rows, &[0, 1], 3, Cut::Evenly, 9).bytes());
}

#[test]
fn five_and_twenty_per_cent_of_hostile_rows_leave_other_attacks_visible() {
    for share in [20, 5] {
        let (mut rows, mut draw) = (diagonal(4_000, 3), Draw::new(4));
        for place in (0..4_000).step_by(share) {
            rows.replace(place, &[5.0 + draw.unit(), 5.0 + draw.unit()]);
        }
        let forest = Forest::grow(&rows, &[0, 1], 100, Cut::Evenly, 1);
        assert!(forest.score(&[0.1, 0.9]) > forest.score(&[0.5, 0.52]), "{share}");
        assert!(forest.score(&[-5.0, 5.0]) > forest.score(&[0.5, 0.52]) + 1.0, "{share}");
    }
}

#[test]
fn wide_values_are_cut_on_a_logarithmic_scale() {
    assert!(between(0.0, 1e6, 0.5) < 1_100.0);
    assert_eq!(between(0.0, 100.0, 0.5), 50.0);
    assert!(between(1.0, 1.0 + f64::EPSILON, 0.999) < 1.0 + f64::EPSILON);
}

proptest! {
    #[test]
    fn parts_sum_to_the_score(seed in any::<u64>(), a in -2.0_f64..2.0, b in -2.0_f64..2.0) {
        let forest = Forest::grow(&diagonal(400, seed), &[0, 1], 20, Cut::Evenly, seed);
        let score = forest.explain(&[a, b]);
        prop_assert!((score.value - forest.score(&[a, b])).abs() < 1e-9);
    }

    #[test]
    fn a_kept_forest_is_the_same_bytes_and_damage_is_refused(seed in any::<u64>(), at in 0_usize..2_000, to in any::<u8>()) {
        let forest = Forest::grow(&diagonal(300, seed), &[0, 1], 4, Cut::Evenly, seed);
        let mut bytes = Vec::new();
        forest.write(&mut bytes);
        let read = Forest::read(&mut bytes.as_slice()).unwrap();
        let mut again = Vec::new();
        read.write(&mut again);
        prop_assert_eq!(&again, &bytes);
        prop_assert_eq!(read, forest);
        let cut = at % bytes.len();
        prop_assert!(Forest::read(&mut &bytes[..cut]).is_err());
        bytes[cut] = to;
        // another number, or a fault: never a walk without an end
        if let Ok(odd) = Forest::read(&mut bytes.as_slice()) {
            let _ = odd.score(&[0.5, 0.5]);
        }
    }
}
