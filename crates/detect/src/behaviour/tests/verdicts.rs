//! What analysts say changes what is told: within bounds, as parts, and back again.

use super::*;

const ANALYSTS: [&str; 3] = ["anna", "boris", "chloe"];

/// A verdict about sign-ins of an account, given at the end of day `day` about what happened until then.
fn said(number: u64, user: &str, by: &str, day: i64, is_harmful: bool) -> Verdict {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    let given = Time((MONDAY_S + day * DAY_S) * 1_000_000);
    Verdict {
        id,
        detector: "learn.account.sign_in".into(),
        about: Some((EntityKind::Account, user.into())),
        is_harmful,
        by: by.into(),
        given,
        about_until: given,
        is_taken_back: false,
    }
}

fn harmless(number: u64, user: &str, by: &str, day: i64) -> Verdict {
    said(number, user, by, day, false)
}

fn bytes(behaviour: &Behaviour) -> Vec<u8> {
    let mut out = Vec::new();
    behaviour.write(&mut out);
    out
}

/// A sign-in by night from a place where the account never was: nobody was refused before.
fn travels(s: i64, user: &str, address: &str) -> Observed {
    sign_in(s, user, address, "FW01")
}

fn stolen(s: i64, user: &str) -> Vec<Observed> {
    let refused = (0..3)
        .map(|n| Observed { deed: Deed::Refused(Way::Gateway), ..sign_in(s + n * 20, user, "192.0.2.9", "FW01") });
    refused.chain([sign_in(s + 90, user, "192.0.2.9", "FW01")]).collect()
}

fn part<'f>(found: &'f Noticed, name: &str) -> Option<&'f str> {
    found.detected.finding.matched.iter().find(|part| part.field == name).map(|part| part.pattern.as_str())
}

fn standings(behaviour: &Behaviour) -> Vec<VerdictStanding> {
    behaviour.verdicts().iter().map(|effect| effect.standing).collect()
}

#[test]
fn twice_called_harmless_takes_seven_tenths_of_a_nat_off_as_a_part_and_the_parts_sum() {
    let mut behaviour = taught(office(12));
    behaviour.ask(200.0);
    let kept = bytes(&behaviour);
    let mut other = Behaviour::read(
        BehaviourOptions { alerts_per_week: 200.0, ..BehaviourOptions::new([3, 4]) },
        &mut kept.as_slice(),
    )
    .unwrap();
    let now = travels(NIGHT, "p3", "203.0.113.9");
    let before = seen(&mut behaviour, std::slice::from_ref(&now));
    other.judge_by(vec![harmless(1, "p3", "anna", 14), harmless(2, "P3", "anna", 14)]);
    let after = seen(&mut other, std::slice::from_ref(&now));
    assert_eq!((ids(&before), ids(&after)), (vec!["learn.account.sign_in"], vec!["learn.account.sign_in"]));
    let (sum, value) = nats(&after[0]);
    assert!((sum - value).abs() < 1e-9);
    assert!((nats(&before[0]).1 - value - 0.74).abs() < 0.02, "{} {value}", nats(&before[0]).1);
    assert!(part(&after[0], "called harmless by analysts").unwrap().starts_with("takes off 0.69 of "), "{after:?}");
    assert!(
        part(&after[0], "such findings of others called harmless").unwrap().starts_with("takes off 0.05 of "),
        "{after:?}"
    );
    let effect = other.verdicts()[0];
    assert_eq!(effect.standing, VerdictStanding::Counts);
    assert!((effect.entity_nats + 0.69).abs() < 0.01 && (effect.house_nats + 0.05).abs() < 0.01, "{effect:?}");
    assert_eq!(effect.until, Time((MONDAY_S + 194 * DAY_S) * 1_000_000));
}

#[test]
fn a_flood_of_verdicts_by_one_analyst_or_by_three_hides_no_stolen_account() {
    for analysts in [1, 3] {
        let mut behaviour = taught(office(12));
        let flood = (0..3_000).map(|n| {
            let user = format!("p{}", n % 40);
            harmless(n, &user, ANALYSTS[usize::try_from(n).unwrap() % analysts], 14 - i64::try_from(n % 14).unwrap())
        });
        behaviour.judge_by(flood.collect());
        let found = seen(&mut behaviour, &stolen(NIGHT, "p3"));
        assert_eq!(ids(&found), ["learn.account.sign_in"], "{analysts} analysts");
        assert_eq!(parts(&found[0]), ["new address", "refused attempts before", "hour"], "nothing is taken off");
    }
}

/// Three weeks of a ward from day `from` on. Nurses 0 to 3 do the list of the whole ward in turn, a harmless thing; on the last day one of the others collects patients.
fn weeks_with_lists(from: i64, thief: i64) -> Vec<Observed> {
    let days = ward(from + 21).into_iter().filter(|one| one.time.0 >= (MONDAY_S + from * DAY_S) * 1_000_000);
    let mut now: Vec<Observed> = days.collect();
    for (nurse, day) in [(0, 3), (1, 8), (2, 13), (3, 18)] {
        now.extend((0..35).map(|n| {
            opened((from + day) * DAY_S + 8 * HOUR_S + n * 600, &format!("n{nurse}"), draw(from * 50 + nurse, 700 + n))
        }));
    }
    now.extend(
        (0..90).map(|n| opened((from + 20) * DAY_S + 8 * HOUR_S + n * 300, &format!("n{thief}"), draw(thief, 900 + n))),
    );
    now.sort_by_key(|one| one.time);
    now
}

#[test]
fn alerts_of_a_repeated_harmless_pattern_fall_and_others_stay() {
    let run = |teaches: bool| {
        let mut behaviour = taught(ward(21));
        let (mut verdicts, mut alerts, mut others) = (Vec::new(), [0, 0], 0);
        for turn in 0..4 {
            let from = 21 + turn * 21;
            let told = seen(&mut behaviour, &weeks_with_lists(from, 10 + turn)).into_iter();
            for one in told.filter(|one| ids(std::slice::from_ref(one)) == ["learn.account.collection"]) {
                let user = one.detected.subject.user.as_deref().unwrap().to_owned();
                let is_harmless = ["n0", "n1", "n2", "n3"].contains(&user.as_str());
                alerts[usize::from(turn >= 1)] += u32::from(is_harmless);
                others += u32::from(!is_harmless);
                let number = verdicts.len() as u64;
                let verdict = said(number, &user, ANALYSTS[verdicts.len() % 3], from + 21, !is_harmless);
                verdicts.push(Verdict { detector: "learn.account.collection".into(), ..verdict });
            }
            if teaches {
                behaviour.judge_by(verdicts.clone());
            }
        }
        (alerts, others)
    };
    let (without, with) = (run(false), run(true));
    println!(
        "without verdicts {without:?}, with {with:?}: alerts of the lists in the first three weeks and in the nine after, other alerts"
    );
    assert!(without.0[1] >= 8, "the pattern goes on by itself: {without:?}");
    assert!(with.0[1] * 2 <= without.0[1], "{without:?} {with:?}");
    assert!(with.1 >= without.1 && with.1 >= 4, "{without:?} {with:?}");
}

#[test]
fn taking_verdicts_back_gives_the_same_bytes_and_findings_and_what_is_learnt_never_depends_on_them() {
    let verdicts =
        || (0..8).map(|n| harmless(n, "p3", ANALYSTS[usize::try_from(n).unwrap() % 3], 14)).collect::<Vec<_>>();
    let (mut plain, mut judged) = (taught(office(12)), taught(office(12)));
    judged.judge_by(verdicts());
    let taken_back = verdicts().into_iter().map(|verdict| Verdict { is_taken_back: true, ..verdict }).collect();
    judged.judge_by(taken_back);
    assert!(bytes(&plain) == bytes(&judged));
    let now = [travels(NIGHT, "p3", "203.0.113.9"), travels(NIGHT + 60, "p4", "203.0.113.10")];
    assert_eq!(seen(&mut plain, &now), seen(&mut judged, &now));
    assert!(bytes(&plain) == bytes(&judged));

    // in force over days, asked so that what p3 does is told by three tenths of a nat: only what was told differs
    let (_, score) = nats(&seen(&mut taught(office(12)), &now)[0]);
    let (mut plain, mut judged) = (taught(office(12)), taught(office(12)));
    [&mut plain, &mut judged].into_iter().for_each(|one| one.ask(20.0 * libm::exp(9.3 - score)));
    judged.judge_by(verdicts());
    let days: Vec<Observed> = (0..5)
        .flat_map(|day| {
            (0..12).map(move |n| travels(NIGHT + day * DAY_S + n * 60, &format!("p{n}"), &format!("203.0.{day}.{n}")))
        })
        .collect();
    let (told_plain, told_judged) = (seen(&mut plain, &days), seen(&mut judged, &days));
    assert!(told_plain.len() > told_judged.len(), "{} {}", told_plain.len(), told_judged.len());
    let state = |behaviour: &Behaviour| {
        let models: Vec<_> = behaviour
            .models()
            .into_iter()
            .map(|model| ModelState { findings: 0, obtained_per_week: None, ..model })
            .collect();
        let people: Vec<_> =
            (0..40).map(|person| behaviour.entity(EntityKind::Account, &format!("p{person}"))).collect();
        (models, people)
    };
    assert_eq!(state(&plain), state(&judged));
    judged.judge_by(Vec::new());
    let later = [travels(NIGHT + 20 * DAY_S, "p3", "203.0.200.9")];
    assert_eq!(seen(&mut plain, &later), seen(&mut judged, &later));
}

#[test]
fn however_many_say_it_scores_move_within_bounds_and_those_of_level_high_half_as_far() {
    for is_harmful in [false, true] {
        let sign = if is_harmful { 1.0 } else { -1.0 };
        let mut behaviour = taught(office(12));
        let flood = |detector: &str, entities: u64| -> Vec<Verdict> {
            let of = |n: u64| {
                let (user, by) = (format!("p{}", n % entities), format!("analyst {}", n / 5));
                Verdict { detector: detector.into(), ..said(n, &user, &by, 13, is_harmful) }
            };
            (0..9_000).map(of).collect()
        };
        for (detector, entity_max, house_max) in
            [("learn.account.sign_in", 1.5, 0.5), ("learn.account.lateral", 0.75, 0.25)]
        {
            behaviour.judge_by(flood(detector, 40));
            let effects = behaviour.verdicts();
            let largest = |nats: fn(&VerdictEffect) -> f64| {
                effects.iter().map(nats).fold(0.0, |most: f64, one| most.max(sign * one))
            };
            assert!((largest(|effect| effect.entity_nats) - entity_max).abs() < 1e-9, "{detector}");
            assert!((largest(|effect| effect.house_nats) - house_max).abs() < 1e-9, "{detector}");
            assert!(effects.iter().all(|effect| sign * effect.entity_nats >= 0.0));
        }
        // one entity alone says little of the house
        behaviour.judge_by(flood("learn.account.sign_in", 1));
        assert!(behaviour.verdicts().iter().all(|effect| effect.house_nats.abs() < 0.05));
    }
}

#[test]
fn never_more_than_a_third_of_a_score_is_taken_off() {
    let mut parts = Parts::new();
    parts.add("hour", 3.0, Value::Hour(3), Usual::Share(0.0));
    let mut behaviour = taught(office(12));
    behaviour.judge_by((0..9).map(|n| harmless(n, "p3", &format!("analyst {n}"), 13)).collect());
    let who = behaviour.entities.get(behaviour.key(EntityKind::Account, "p3")).unwrap();
    let night = behaviour.clock.moment(Time((MONDAY_S + NIGHT) * 1_000_000));
    assert!((behaviour.with_verdicts(Which::SignIn, who, &parts, night).score() - 2.0).abs() < 1e-9);
}

#[test]
fn verdicts_about_the_own_account_beyond_ten_a_week_and_beyond_two_of_one_kind_do_not_count() {
    let mut behaviour = taught(office(12));
    behaviour.judge_by(vec![
        harmless(1, "p3", "P3", 13),
        harmless(2, "HOSPITAL\\p3", "p3", 13),
        harmless(3, "p4", "p3", 13),
    ]);
    assert_eq!(
        standings(&behaviour),
        [VerdictStanding::OwnAccount, VerdictStanding::OwnAccount, VerdictStanding::Counts]
    );

    behaviour.judge_by(
        (0..12).map(|n| harmless(n, &format!("p{n}"), "anna", 13)).chain([harmless(12, "p30", "anna", 20)]).collect(),
    );
    let mut expected = [VerdictStanding::Counts; 13];
    expected[10..12].fill(VerdictStanding::TooManyInWeek);
    assert_eq!(standings(&behaviour), expected);

    behaviour
        .judge_by((0..4).map(|n| harmless(n, "p3", "anna", 10)).chain([said(4, "p3", "anna", 13, true)]).collect());
    let superseded = VerdictStanding::Superseded;
    assert_eq!(
        standings(&behaviour),
        [superseded, superseded, superseded, VerdictStanding::Counts, VerdictStanding::Counts]
    );
    let unknown = Verdict { detector: "learn.nothing".into(), ..harmless(1, "p3", "anna", 13) };
    behaviour.judge_by(vec![unknown]);
    assert_eq!(standings(&behaviour), [VerdictStanding::Unknown]);
}

#[test]
fn a_verdict_counts_for_what_happens_later_fades_and_ends() {
    let mut behaviour = taught(office(12));
    let nats_after = |behaviour: &mut Behaviour, days: i64| {
        let mut parts = Parts::new();
        parts.add("new address", 9.0, Value::Count(1.0), Usual::Said);
        let at = behaviour.clock.moment(Time((MONDAY_S + (13 + days) * DAY_S) * 1_000_000));
        let who = behaviour.entities.get(behaviour.key(EntityKind::Account, "p3")).unwrap();
        9.0 - behaviour.with_verdicts(Which::SignIn, who, &parts, at).score()
    };
    behaviour.judge_by(vec![harmless(1, "p3", "anna", 13), harmless(2, "p3", "anna", 13)]);
    let by_days: Vec<f64> = [-1, 0, 1, 30, 60, 180, 181].map(|days| nats_after(&mut behaviour, days)).to_vec();
    assert_eq!([by_days[0], by_days[1], by_days[6]], [0.0; 3], "{by_days:?}");
    assert!(
        by_days[2] > 0.7 && by_days[2] > by_days[3] && by_days[3] > by_days[4] && by_days[4] > by_days[5],
        "{by_days:?}"
    );
    assert!((by_days[3] - libm::log(1.5) - libm::log(20.5 / 20.0)).abs() < 0.02, "{by_days:?}");
    behaviour.learn(&sign_in(400 * DAY_S, "p1", "10.0.1.1", "WS1"));
    assert_eq!(standings(&behaviour), [VerdictStanding::Over; 2]);
}

#[test]
fn what_was_said_of_somebody_who_was_forgotten_says_nothing_of_who_comes_after() {
    let mut behaviour = taught(office(12));
    behaviour.judge_by((0..6).map(|n| harmless(n, "p3", ANALYSTS[usize::try_from(n).unwrap() % 3], 13)).collect());
    assert!(behaviour.verdicts()[0].entity_nats < -1.0);
    behaviour.forget(EntityKind::Account, "p3").unwrap();
    behaviour.learn(&sign_in(14 * DAY_S, "p3", "10.0.1.3", "WS3"));
    assert!(behaviour.verdicts()[0].entity_nats.abs() < 1e-9);
}
