//! Two behaviours that become one: bounds, order, refusal, and what forgetting leaves.

use super::*;

fn bytes(behaviour: &Behaviour) -> Vec<u8> {
    let mut out = Vec::new();
    behaviour.write(&mut out);
    out
}

/// What a third of the house learnt of a week.
fn part(of: u64) -> Behaviour {
    taught(house(7).into_iter().filter(|one| draw(one.time.0, 11) % 3 == of).collect())
}

#[test]
fn three_that_are_merged_in_another_order_find_the_same_and_know_the_same_usual_values() {
    let (mut first, mut second) = (part(0), part(1));
    first.merge(part(1)).unwrap();
    first.merge(part(2)).unwrap();
    second.merge(part(2)).unwrap();
    let mut other = part(0);
    other.merge(second).unwrap();
    assert_eq!(first.entities(), other.entities());
    for nurse in 0..30 {
        let usual = |behaviour: &Behaviour| {
            let entity = behaviour.entity(EntityKind::Account, &format!("n{nurse}")).unwrap();
            entity.features.iter().filter_map(|feature| feature.usual).collect::<Vec<f64>>()
        };
        let (one, two) = (usual(&first), usual(&other));
        assert!(
            one.len() == two.len() && one.iter().zip(&two).all(|(one, two)| (one / two - 1.0).abs() < 0.02),
            "{one:?} {two:?}"
        );
    }
    let night = 8 * DAY_S + 3 * HOUR_S;
    let refused = (0..3).map(|n| Observed {
        deed: Deed::Refused(Way::Gateway),
        ..sign_in(night + n * 20, "p3", "203.0.113.9", "FW01")
    });
    let now: Vec<Observed> = refused.chain([sign_in(night + 90, "p3", "203.0.113.9", "FW01")]).collect();
    let (one, two) = (seen(&mut first, &now), seen(&mut other, &now));
    assert_eq!(ids(&one), ["learn.account.sign_in"]);
    assert_eq!(ids(&one), ids(&two));
}

#[test]
fn merging_with_one_that_has_learnt_nothing_changes_no_score() {
    let (mut one, mut other) = (part(0), new());
    let before = one.models();
    one.merge(new()).unwrap();
    other.merge(part(0)).unwrap();
    let thresholds = |models: &[ModelState]| {
        models.iter().map(|model| (model.id, model.threshold, model.observations)).collect::<Vec<_>>()
    };
    assert_eq!(thresholds(&one.models()), thresholds(&before));
    assert!(bytes(&one) == bytes(&other));
}

#[test]
fn another_key_zone_or_number_of_alerts_is_refused_and_changes_nothing() {
    let mut behaviour = part(0);
    let before = bytes(&behaviour);
    let options = BehaviourOptions::new([3, 4]);
    for (unlike, why) in [
        (BehaviourOptions::new([3, 5]), Unlike::Key),
        (BehaviourOptions { timezone: TimeZone::get("Europe/Berlin").unwrap(), ..options.clone() }, Unlike::TimeZone),
        (BehaviourOptions { alerts_per_week: 21.0, ..options }, Unlike::Alerts),
    ] {
        assert_eq!(behaviour.merge(Behaviour::new(unlike)), Err(why));
        assert!(bytes(&behaviour) == before, "{why}");
    }
}

#[test]
fn bounds_hold_after_merging_and_the_longest_silent_are_forgotten() {
    let options = BehaviourOptions { entities_max: 1_000, ..BehaviourOptions::new([3, 4]) };
    let of = |from: i64, until: i64| {
        let mut behaviour = Behaviour::new(options.clone());
        for n in from..until {
            let role = Some(format!("role {n}").into());
            behaviour.learn(&Observed { role, ..sign_in(n, &format!("u{n}"), "10.0.0.1", "WS1") });
            behaviour.learn(&Observed {
                source: format!("source {n}").into(),
                ..report(n, &format!("D{n}"), "GATEWAY", "status")
            });
        }
        behaviour
    };
    let mut merged = of(0, 400);
    merged.merge(of(300, 800)).unwrap();
    assert_eq!(merged.entities(), (1_000, 600));
    assert!(
        merged.entity(EntityKind::Account, "u799").is_some() && merged.entity(EntityKind::Account, "u299").is_none()
    );
    let mut other = of(300, 800);
    other.merge(of(0, 400)).unwrap();
    assert!(bytes(&merged) == bytes(&other));
    // it is whole: it can be read, learns on, and forgets
    let kept = bytes(&merged);
    let mut read = Behaviour::read(options, &mut kept.as_slice()).unwrap();
    read.learn(&sign_in(DAY_S, "new", "10.0.0.1", "WS1"));
    assert_eq!(read.entities(), (1_000, 601));
}

#[test]
fn forgetting_all_of_many_in_any_order_leaves_the_list_whole() {
    let mut behaviour = new();
    (0..200).for_each(|n| behaviour.learn(&sign_in(n, &format!("u{n}"), "10.0.0.1", "WS1")));
    for n in 0..150 {
        let name = format!("u{}", n * 67 % 200);
        assert!(behaviour.forget(EntityKind::Account, &name).is_some(), "{name}");
        let kept = bytes(&behaviour);
        assert!(bytes(&Behaviour::read(BehaviourOptions::new([3, 4]), &mut kept.as_slice()).unwrap()) == kept);
        assert_eq!(behaviour.entities(), (199 - n, 0));
    }
    (0..50).for_each(|n| behaviour.learn(&sign_in(DAY_S + n, &format!("v{n}"), "10.0.0.1", "WS1")));
    assert_eq!(behaviour.entities(), (100, 0));
    assert!(behaviour.entity(EntityKind::Account, "v49").is_some());
}
