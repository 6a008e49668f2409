//! Parts, bounds, ageing and merging for names.

use proptest::prelude::*;

use super::*;
use crate::eval::controls::Draw;

/// Two names that go together, 0 with 10 and 1 with 11, and a third that goes with nothing.
fn pairs(count: usize, seed: u64) -> Rows {
    let (mut rows, mut draw) = (Rows::new(3), Draw::new(seed));
    for _ in 0..count {
        let service = draw.below(2) as f64;
        rows.push(&[service, service + 10.0, draw.below(3) as f64]);
    }
    rows
}

fn bytes_of(names: &Names) -> Vec<u8> {
    let mut bytes = Vec::new();
    names.write(&mut bytes);
    bytes
}

#[test]
fn a_pair_that_never_met_is_surprising_though_both_names_are_common() {
    let names = Names::fit(&pairs(1_000, 1), &[0, 1, 2]);
    let (usual, odd) = (names.score(&[0.0, 10.0, 1.0]), names.score(&[0.0, 11.0, 1.0]));
    assert!(odd > usual + 5.0, "{odd} {usual}");
    assert!(names.score(&[7.0, 10.0, 1.0]) > usual + 5.0);
}

#[test]
fn it_is_silent_without_names_and_before_a_hundred_rows() {
    assert_eq!(Names::fit(&pairs(99, 1), &[0, 1, 2]).score(&[5.0, 5.0, 5.0]), 0.0);
    assert_eq!(Names::fit(&pairs(500, 1), &[]).score(&[5.0, 5.0, 5.0]), 0.0);
}

#[test]
fn pairs_are_bounded_and_what_found_no_room_is_counted() {
    let mut rows = Rows::new(2);
    (0..PAIRS_MAX + 500).for_each(|row| rows.push(&[row as f64, 0.0]));
    let names = Names::fit(&rows, &[0, 1]);
    assert!(names.overflowed() >= 500, "{}", names.overflowed());
    assert!(names.features.iter().all(|feature| feature.pairs.len() <= PAIRS_MAX && feature.values.len() <= PAIRS_MAX));
}

#[test]
fn a_hostile_pair_of_the_warm_up_is_forgotten() {
    for share in [20, 5] {
        let mut rows = pairs(1_000, 2);
        (0..1_000).step_by(share).for_each(|place| rows.replace(place, &[0.0, 11.0, 0.0]));
        let mut names = Names::fit(&rows, &[0, 1, 2]);
        for _ in 0..12 {
            names.age(0.5);
            pairs(500, 3).iter().for_each(|row| names.learn(row));
        }
        let (usual, odd) = (names.score(&[0.0, 10.0, 1.0]), names.score(&[0.0, 11.0, 1.0]));
        assert!(odd > usual + 4.0, "{share}: {odd} {usual}");
    }
}

#[test]
fn models_of_the_same_tree_merge_and_others_refuse() {
    let mut one = Names::fit(&pairs(500, 4), &[0, 1, 2]);
    let mut other = one.clone();
    pairs(100, 5).iter().for_each(|row| other.learn(row));
    assert!(one.merge(&other));
    assert_eq!(one.rows, 1_100.0);
    assert!(!one.merge(&Names::fit(&pairs(500, 4), &[0, 1])));
}

proptest! {
    #[test]
    fn parts_sum_to_the_score(a in 0_u8..3, b in 9_u8..13, c in 0_u8..4) {
        let names = Names::fit(&pairs(300, 6), &[0, 1, 2]);
        let row = [f64::from(a), f64::from(b), f64::from(c)];
        let parts: f64 = names.explain(&row).parts.iter().map(|part| part.value).sum();
        prop_assert!((parts - names.score(&row)).abs() < 1e-9);
    }

    #[test]
    fn a_kept_model_is_the_same_bytes(rows in 1_usize..300) {
        let mut names = Names::fit(&pairs(rows, 7), &[0, 1, 2]);
        names.age(0.9);
        let bytes = bytes_of(&names);
        let read = Names::read(&mut bytes.as_slice()).unwrap();
        prop_assert_eq!(&bytes_of(&read), &bytes);
        prop_assert_eq!(read, names);
        for cut in (0..bytes.len()).step_by(11) {
            prop_assert!(Names::read(&mut &bytes[..cut]).is_err());
        }
    }
}
