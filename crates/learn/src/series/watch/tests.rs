//! What a watched number sees, and that its state stays finite.

use proptest::prelude::*;

use super::*;
use crate::eval::controls::Draw;

const SETTINGS: WatchSettings = WatchSettings { season: 24, half_life: 20.0, fade: 10.0, rate: 0.01, warmup: 200 };

fn day(step: u32, draw: &mut Draw) -> f64 {
    100.0 + 50.0 * libm::sin(f64::from(step) * std::f64::consts::TAU / 24.0) + draw.unit()
}

#[test]
fn what_is_unusual_for_the_hour_is_seen_and_the_parts_say_so() {
    let (mut watch, mut draw) = (Watch::new(SETTINGS), Draw::new(1));
    (0..2_400).for_each(|step| {
        watch.step(day(step, &mut draw));
    });
    // the value of noon at midnight: well within the range of the day
    let score = watch.explain(150.0);
    let largest = score.parts.iter().max_by(|a, b| a.value.total_cmp(&b.value)).unwrap();
    assert_eq!(largest.feature, SEASON);
    assert!((largest.usual.unwrap() - 100.0).abs() < 10.0, "{score:?}");
    assert_eq!(watch.step(150.0).1, Call::Alarm);
    assert!(watch.risk() > 5.0);
}

#[test]
fn a_slow_rise_shows_as_drift() {
    let settings = WatchSettings { season: 0, ..SETTINGS };
    let (mut watch, mut draw) = (Watch::new(settings), Draw::new(2));
    (0..1_000).for_each(|_| {
        watch.step(50.0 + draw.unit());
    });
    // one thirtieth of a deviation more at each step
    let drift = (0..150).map(|step| {
        let value = 50.0 + draw.unit() + 0.01 * f64::from(step);
        let part = watch.explain(value).parts[1].value;
        watch.step(value);
        part
    });
    assert!(drift.last().unwrap() > 3.0);
}

#[test]
fn the_largest_numbers_leave_finite_state() {
    let mut watch = Watch::new(WatchSettings { season: 2, ..SETTINGS });
    for step in 0..300 {
        watch.step(if step % 3 == 0 { f64::MAX } else { -f64::MAX });
        watch.step(f64::INFINITY);
    }
    let mut bytes = Vec::new();
    watch.write(&mut bytes);
    assert_eq!(Watch::read(&mut bytes.as_slice()), Ok(watch));
}

#[test]
fn two_watches_are_pooled_and_what_either_has_raised_holds() {
    let mut draw = Draw::new(4);
    let (mut one, mut other) = (Watch::new(SETTINGS), Watch::new(SETTINGS));
    for step in 0..960 {
        one.step(day(step, &mut draw));
        other.step(day(step, &mut draw) + 20.0);
    }
    other.step(500.0);
    one.step(100.0);
    assert!(one.merge(&other));
    assert!((one.chart.expected() - one.anchor.expected()).abs() < 20.0 && one.chart.expected() > 105.0, "{one:?}");
    assert_eq!(one.risk(), other.risk());
    let before = one.clone();
    let mut elsewhere = Watch::new(SETTINGS);
    (0..500).for_each(|step| {
        elsewhere.step(day(step, &mut draw));
    });
    assert!(!one.merge(&elsewhere), "another hour of the day");
    assert!(!one.merge(&Watch::new(WatchSettings { rate: 0.1, ..SETTINGS })));
    assert_eq!(one, before);
}

#[test]
fn a_gap_is_no_zero() {
    let (mut watch, mut draw) = (Watch::new(SETTINGS), Draw::new(3));
    (0..500).for_each(|step| {
        watch.step(day(step, &mut draw));
    });
    let before = watch.chart.clone();
    let (score, call) = watch.step(f64::NAN);
    assert_eq!(before, watch.chart);
    assert!(score < 3.0 && call != Call::Alarm, "{score}");
}

proptest! {
    #[test]
    fn parts_sum_to_the_score_and_a_kept_watch_goes_on(values in prop::collection::vec(-1e6_f64..1e6, 60..400), next in -1e6_f64..1e6) {
        let mut watch = Watch::new(SETTINGS);
        for value in values {
            watch.step(value);
        }
        let explained = watch.explain(next);
        prop_assert!((explained.value - watch.score(next)).abs() < 1e-9 * explained.value.abs().max(1.0));
        let mut bytes = Vec::new();
        watch.write(&mut bytes);
        let mut read = Watch::read(&mut bytes.as_slice()).unwrap();
        prop_assert_eq!(read.step(next), watch.step(next));
        prop_assert_eq!(read, watch);
        for cut in 0..bytes.len() {
            prop_assert!(Watch::read(&mut &bytes[..cut]).is_err());
        }
    }
}
