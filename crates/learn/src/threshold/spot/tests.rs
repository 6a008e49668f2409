//! The rate obtained, bursts, a changed world, hostile warm-up and snapshots for the threshold.

use proptest::prelude::*;

use super::*;
use crate::eval::controls::Draw;

/// Drawn from an exponential distribution.
fn drawn(draw: &mut Draw) -> f64 {
    -libm::log(1.0 - draw.unit())
}

fn warmed(settings: SpotSettings, seed: u64) -> (Spot, Draw) {
    let (mut spot, mut draw) = (Spot::new(settings), Draw::new(seed));
    (0..settings.warmup).for_each(|_| assert_eq!(spot.step(drawn(&mut draw)), Call::Warming));
    (spot, draw)
}

#[test]
fn the_share_of_alarms_is_the_one_asked_for() {
    for rate in [0.05, 0.01, 0.001] {
        let (mut spot, mut draw) = warmed(SpotSettings::for_rate(rate), 1);
        for _ in 0..200_000 {
            spot.step(drawn(&mut draw));
        }
        let obtained = spot.obtained().unwrap();
        assert!((obtained / rate - 1.0).abs() < 0.25, "{rate}: {obtained}");
    }
}

#[test]
fn a_tail_is_the_chance_of_the_distribution() {
    let (mut spot, mut draw) = warmed(SpotSettings::for_rate(1e-3), 2);
    for _ in 0..50_000 {
        spot.step(drawn(&mut draw));
    }
    for value in [5.0, 8.0] {
        let ratio = spot.tail(value) / libm::exp(-value);
        assert!((0.6..1.6).contains(&ratio), "{value}: {ratio}");
    }
    assert!((spot.tail(0.7) - 0.5).abs() < 0.05);
}

#[test]
fn scores_that_are_counts_do_not_flood() {
    let mut spot = Spot::new(SpotSettings::for_rate(0.01));
    let mut draw = Draw::new(3);
    let mut alarms = 0;
    for _ in 0..50_000 {
        // one in fifty is 1, one in five hundred is 2
        let unit = draw.unit();
        let count = if unit < 0.002 {
            2.0
        } else if unit < 0.02 {
            1.0
        } else {
            0.0
        };
        alarms += u32::from(spot.step(count) == Call::Alarm);
    }
    assert!(alarms <= 500, "{alarms}");
}

#[test]
fn a_burst_does_not_blind_it_and_a_changed_world_is_learnt() {
    let settings = SpotSettings { rate: 0.01, warmup: 1_000, half_life: 2_000 };
    let (mut spot, mut draw) = warmed(settings, 4);
    for _ in 0..5_000 {
        spot.step(drawn(&mut draw));
    }
    let before = spot.threshold();
    (0..20).for_each(|_| assert_eq!(spot.step(1e6), Call::Alarm));
    assert!(spot.threshold() < 2.0 * before, "{} {before}", spot.threshold());
    // everything is ten higher from now on: alarms stop
    for _ in 0..30_000 {
        spot.step(10.0 + drawn(&mut draw));
    }
    let alarms = (0..5_000).filter(|_| spot.step(10.0 + drawn(&mut draw)) == Call::Alarm).count();
    assert!(alarms < 100, "{alarms}");
}

#[test]
fn hostile_warm_up_is_forgotten_and_high_values_alarm_again() {
    for share in [0.05, 0.2] {
        let mut spot = Spot::new(SpotSettings { rate: 0.01, warmup: 1_000, half_life: 1_000 });
        let mut draw = Draw::new(5);
        for _ in 0..1_000 {
            let hostile = draw.unit() < share;
            spot.step(if hostile { 20.0 + draw.unit() } else { drawn(&mut draw) });
        }
        for _ in 0..20_000 {
            spot.step(drawn(&mut draw));
        }
        assert_eq!(spot.step(20.5), Call::Alarm, "{share}: {}", spot.threshold());
    }
}

#[test]
fn what_is_not_a_number_alarms_and_is_not_learnt() {
    let (mut spot, _) = warmed(SpotSettings::for_rate(0.01), 6);
    let mut before = spot.clone();
    assert_eq!(spot.step(f64::NAN), Call::Alarm);
    assert_eq!(spot.step(f64::INFINITY), Call::Alarm);
    (before.alarms, before.judged) = (2, 2);
    assert_eq!(spot, before);
}

#[test]
fn merged_thresholds_are_near_the_one_that_saw_everything() {
    let settings = SpotSettings::for_rate(0.01);
    let (mut one, mut draw) = warmed(settings, 7);
    let (mut other, mut second) = warmed(settings, 8);
    for _ in 0..20_000 {
        one.step(drawn(&mut draw));
    }
    for _ in 0..20_000 {
        other.step(drawn(&mut second));
    }
    one.merge(&other);
    assert!((one.threshold() - libm::log(100.0)).abs() < 0.4, "{}", one.threshold());
}

#[test]
fn a_merged_threshold_knows_the_tail_that_only_the_other_one_met() {
    let settings = SpotSettings::for_rate(0.01);
    let learnt = |scale: f64, values: u32| {
        let (mut spot, mut draw) = (Spot::new(settings), Draw::new(u64::from(values)));
        for _ in 0..values {
            spot.step(scale * drawn(&mut draw));
        }
        spot
    };
    // of each twenty thousand the larger scores are those of the other: one in fifty of them
    let mut both = learnt(1.0, 20_000);
    both.merge(&learnt(5.0, 20_000));
    assert!((both.threshold() - 5.0 * libm::log(50.0)).abs() < 3.0, "{}", both.threshold());
    // one that is still warming up takes the other's tail, and its first values are learnt
    let (mut young, old) = (learnt(1.0, 300), learnt(5.0, 20_000));
    young.merge(&old);
    assert!((young.threshold() - old.threshold()).abs() < 2.0, "{} {}", young.threshold(), old.threshold());
    // two that are warming up are warm together
    let mut young = learnt(1.0, 600);
    young.merge(&learnt(1.0, 900));
    assert!((young.threshold() - libm::log(100.0)).abs() < 2.0, "{}", young.threshold());
}

proptest! {
    #[test]
    fn a_kept_threshold_goes_on_the_same(values in prop::collection::vec(-1e3_f64..1e3, 100..600), after in -1e3_f64..1e3) {
        let mut spot = Spot::new(SpotSettings { rate: 0.02, warmup: 150, half_life: 300 });
        for value in values {
            spot.step(value);
        }
        let mut bytes = Vec::new();
        spot.write(&mut bytes);
        let mut read = Spot::read(&mut bytes.as_slice()).unwrap();
        prop_assert_eq!(&read, &spot);
        let mut again = Vec::new();
        read.write(&mut again);
        prop_assert_eq!(again, bytes);
        prop_assert_eq!(read.step(after), spot.step(after));
        prop_assert_eq!(read, spot);
    }
}
