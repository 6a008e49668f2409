//! What an entity remembers, and that it stays small.

use proptest::prelude::*;

use super::*;
use crate::eval::controls::Draw;

const DAY_S: i64 = 86_400;

#[test]
fn an_entity_takes_less_than_1200_bytes() {
    assert!(size_of::<Entity>() <= 1_200, "{}", size_of::<Entity>());
    let mut bytes = Vec::new();
    Entity::default().write(&mut bytes);
    assert!(bytes.len() <= 1_200, "{}", bytes.len());
}

#[test]
fn its_own_normal_is_known_after_a_few_values_and_follows_a_new_one() {
    let (mut entity, fading) = (Entity::default(), Fading { normal_s: 7.0 * DAY_S as f64, ..Fading::default() });
    assert_eq!(entity.distance(0, 412.0), None);
    for day in 0..30 {
        entity.learn(0, 9.0 + f64::from(i32::from(day % 2 == 0)), i64::from(day) * DAY_S, fading);
    }
    assert!((entity.usual(0).unwrap() - 9.5).abs() < 0.2);
    assert!(entity.distance(0, 412.0).unwrap() > 100.0 && entity.distance(0, 9.0).unwrap().abs() < 2.0);
    assert_eq!(entity.usual(1), None);
    assert_eq!(entity.usual(FEATURES), None);
    // one value of 412 hardly counts, sixty days of 20 do
    entity.learn(0, 412.0, 30 * DAY_S, fading);
    assert!(entity.usual(0).unwrap() < 11.0);
    (31..91).for_each(|day| entity.learn(0, 20.0, day * DAY_S, fading));
    assert!((entity.usual(0).unwrap() - 20.0).abs() < 1.0);
}

#[test]
fn what_was_met_is_known_and_what_is_new_is_mostly_seen_as_new() {
    let (mut entity, mut draw) = (Entity::default(), Draw::new(1));
    let known: Vec<u64> = (0..150).map(|_| draw.bits()).collect();
    for hash in &known {
        entity.meet(*hash);
    }
    assert!(known.iter().all(|hash| !entity.meet(*hash)));
    // each new thing met in turn: what was learnt long ago is forgotten, what is new is new
    let new = (0..5_000).filter(|_| entity.meet(draw.bits())).count();
    assert!(new > 4_800, "{new}");
    assert!(known.iter().filter(|hash| entity.meet(**hash)).count() > 140);
}

#[test]
fn risk_fades_and_never_falls_by_what_is_no_number() {
    let (mut entity, fading) = (Entity::default(), Fading::default());
    entity.raise(8.0, 0, fading);
    assert!((entity.risk(DAY_S, fading) - 4.0).abs() < 1e-3);
    assert!((entity.raise(2.0, DAY_S, fading) - 6.0).abs() < 1e-3);
    entity.raise(f64::NAN, DAY_S, fading);
    entity.raise(-5.0, DAY_S, fading);
    // an event that comes late neither doubles nor loses it
    assert!((entity.raise(0.0, 0, fading) - 6.0).abs() < 1e-3);
}

#[test]
fn merged_moments_are_those_of_all_values_and_a_merged_filter_knows_what_both_met() {
    let fading = Fading { normal_s: 1e12, ..Fading::default() };
    let (mut one, mut other, mut both) = (Moments::default(), Moments::default(), Moments::default());
    for step in 0..40_i64 {
        let value = 10.0 + f64::from(i32::try_from(step % 7).unwrap());
        if step % 2 == 0 {
            one.learn(value, 0, fading)
        } else {
            other.learn(value, 0, fading)
        }
        both.learn(value, 0, fading);
    }
    let (mut first, mut second) = (one, other);
    first.merge(&other, fading);
    second.merge(&one, fading);
    assert_eq!(first, second);
    assert!((first.usual().unwrap() - both.usual().unwrap()).abs() < 0.01, "{first:?} {both:?}");
    assert!((first.distance(30.0).unwrap() - both.distance(30.0).unwrap()).abs() < 0.5);

    let (mut seen, mut others, mut draw) = (Seen::default(), Seen::default(), Draw::new(5));
    let known: Vec<u64> = (0..160).map(|_| draw.bits()).collect();
    known.iter().enumerate().for_each(|(place, hash)| {
        let filter = if place % 2 == 0 { &mut seen } else { &mut others };
        filter.insert(*hash);
    });
    seen.merge(&others);
    assert!(known.iter().all(|hash| seen.has(*hash)));
    let taken = (0..5_000).filter(|_| seen.has(draw.bits())).count();
    assert!(taken < 250, "{taken} of 5,000 new things are taken for known");
}

proptest! {
    #[test]
    fn a_kept_entity_is_the_same_bytes(values in prop::collection::vec((0_usize..16, any::<f64>(), any::<u64>()), 0..100)) {
        let mut entity = Entity::default();
        for (step, (feature, value, hash)) in values.into_iter().enumerate() {
            let time_s = step as i64 * 3_600;
            entity.learn(feature, value, time_s, Fading::default());
            entity.meet(hash);
            entity.raise(1.0, time_s, Fading::default());
        }
        let mut bytes = Vec::new();
        entity.write(&mut bytes);
        let read = Entity::read(&mut bytes.as_slice()).unwrap();
        let mut again = Vec::new();
        read.write(&mut again);
        prop_assert_eq!(&again, &bytes);
        prop_assert_eq!(read, entity);
        for cut in (0..bytes.len()).step_by(13) {
            prop_assert!(Entity::read(&mut &bytes[..cut]).is_err());
        }
    }
}
