//! Every detector against every property: a row for each detector, a field for each thing that a property needs. A row that is missing does not compile; one of another detector
//! fails. Worlds are made up: this proves that a property holds, not how good a detector is.

use super::*;
use crate::behaviour::model::MODELS;

/// A detector on trial.
struct Case {
    id: &'static str,
    /// So many ordinary days.
    usual: fn(i64) -> Vec<Observed>,
    /// What it is there to find, right after fourteen ordinary days, and about whom.
    attack: fn() -> Vec<Observed>,
    who: (EntityKind, &'static str),
    /// What such an attacker does in the warm-up, the `n`-th of so many, hidden among a few others.
    hostile: fn(i64) -> Observed,
    /// An ordinary observation in a world that has moved by a share (0 to 1) of the way to a new normal.
    moved: fn(Observed, f64) -> Observed,
    /// The attack with one named part put back to what is usual.
    put_back: fn(&str, Vec<Observed>) -> Vec<Observed>,
}

/// The table, in the order of the detectors.
const CASES: [Case; MODELS] = [
    Case {
        id: "learn.account.sign_in",
        usual: office,
        attack: || {
            let refused = (0..3).map(|n| Observed {
                deed: Deed::Refused(Way::Gateway),
                ..sign_in(NIGHT + n * 20, "p3", "203.0.113.9", "FW01")
            });
            refused.chain([sign_in(NIGHT + 90, "p3", "203.0.113.9", "FW01")]).collect()
        },
        who: (EntityKind::Account, "p3"),
        hostile: |n| {
            let drawn = draw(n, 77);
            sign_in(anytime(n), &format!("p{}", 30 + n % 4), &format!("203.0.{}.{}", drawn % 113, drawn % 251), "FW01")
        },
        moved: |one, share| match one.user.as_deref().and_then(|user| user.strip_prefix('p')?.parse::<f64>().ok()) {
            // one after the other gets another line at home
            Some(person) if person < 12.0 * share && one.host.as_deref() == Some("FW01") => {
                Observed { address: ip(&format!("198.51.101.{person}")), ..one }
            }
            _ => one,
        },
        put_back: |part, attack| match part {
            "new address" => each(attack, |one| Observed { address: ip("198.51.100.3"), ..one }),
            "refused attempts before" => {
                attack.into_iter().filter(|one| !matches!(one.deed, Deed::Refused(_))).collect()
            }
            "hour" => each(attack, at_work),
            other => panic!("a part without a way back: {other}"),
        },
    },
    Case {
        id: "learn.account.programs",
        usual: clinic,
        attack: || (0..6).map(|n| ran(NIGHT + n * 60, "p3", &format!("tool{n}.exe"))).collect(),
        who: (EntityKind::Account, "p3"),
        hostile: |n| ran(anytime(n), &format!("p{}", 30 + n % 4), &format!("evil{n}.exe")),
        moved: |one, share| match one.user.as_deref().and_then(|user| user.strip_prefix('p')?.parse::<f64>().ok()) {
            // the new version of one program reaches one after the other
            Some(person) if person < 40.0 * share && &*one.what == "app2.exe" => {
                Observed { what: "app2-new.exe".into(), ..one }
            }
            _ => one,
        },
        put_back: |part, attack| match part {
            "new programs in the hour" => each(attack, |one| Observed { what: "app1.exe".into(), ..one }),
            "hour" => each(attack, at_work),
            other => panic!("a part without a way back: {other}"),
        },
    },
    Case {
        id: "learn.account.collection",
        usual: ward,
        attack: || (0..130).map(|n| opened(NIGHT + n * 500, "n4", draw(n, 9_999))).collect(),
        who: (EntityKind::Account, "n4"),
        hostile: |n| opened(anytime(n), &format!("n{}", 20 + n % 4), draw(n, 4_321)),
        moved: |one, share| if draw(one.time.0, 3) % 100 < more(40.0 * share) { doubled(one) } else { one },
        put_back: |_, attack| attack.into_iter().take(14).collect(),
    },
    Case {
        id: "learn.account.mass_access",
        usual: printing,
        attack: || {
            let out = |n: i64| Observed {
                deed: Deed::TakenOut,
                ..opened(14 * DAY_S + 10 * HOUR_S + n * 8, "n9", n.unsigned_abs())
            };
            (0..400).map(out).collect()
        },
        who: (EntityKind::Account, "n9"),
        hostile: |n| Observed {
            deed: Deed::TakenOut,
            records: 20,
            ..opened(anytime(n), &format!("n{}", 20 + n % 4), draw(n, 4_321))
        },
        moved: |one, share| {
            if draw(one.time.0, 3) % 100 < more(100.0 * share) { Observed { records: 2, ..one } } else { one }
        },
        put_back: |_, attack| attack.into_iter().take(6).collect(),
    },
    Case {
        id: "learn.account.service",
        usual: |days| [office(days), service(days)].concat(),
        attack: || {
            vec![Observed {
                deed: Deed::SignIn(Way::Console),
                ..sign_in(14 * DAY_S + 1_800, "svc-lab", "10.0.1.30", "WS3")
            }]
        },
        who: (EntityKind::Account, "svc-lab"),
        hostile: |n| Observed {
            deed: Deed::SignIn(Way::Console),
            ..sign_in(anytime(n), &format!("svc-{}", n % 3), &format!("10.0.3.{}", draw(n, 5) % 250), "WS3")
        },
        moved: |one, share| match one.user.as_deref() {
            Some("svc-lab") if share > 0.5 => Observed { host: Some("LIS02".into()), ..one },
            _ => one,
        },
        put_back: |part, attack| match part {
            "never signed in like a person" => each(attack, |one| Observed { deed: Deed::SignIn(Way::Network), ..one }),
            "new address" => each(attack, |one| Observed { address: ip("10.0.2.5"), ..one }),
            "new machine" => each(attack, |one| Observed { host: Some("LIS01".into()), ..one }),
            _ => attack,
        },
    },
    Case {
        id: "learn.device.new_peer",
        usual: |days| pumps(0, days, ""),
        attack: || vec![report(14 * DAY_S + HOUR_S, "PUMP-3", "ELSEWHERE", "telnet")],
        who: (EntityKind::Device, "PUMP-3"),
        hostile: |n| report(anytime(n), &format!("PUMP-{}", 15 + n % 4), &format!("ROGUE-{n}"), "smb"),
        moved: |one, share| match one.device.as_deref().and_then(|name| name.strip_prefix("PUMP-")?.parse::<f64>().ok())
        {
            // one after the other is put to another gateway
            Some(pump) if pump < 20.0 * share => Observed { peer: Some("GATEWAY-2".into()), ..one },
            _ => one,
        },
        put_back: |part, attack| match part {
            "new peer" => each(attack, |one| Observed { peer: Some("GATEWAY".into()), ..one }),
            "new protocol or port" => each(attack, |one| Observed { what: "status".into(), ..one }),
            other => panic!("a part without a way back: {other}"),
        },
    },
    Case {
        id: "learn.device.quiet",
        usual: |days| pumps(0, days, ""),
        attack: || pumps(14, 15, "PUMP-7"),
        who: (EntityKind::Device, "PUMP-7"),
        hostile: |n| report(anytime(n), &format!("ROGUE-{}", n % 7), "GATEWAY", "status"),
        // half of all words go missing in the end
        moved: |one, share| {
            if draw(one.time.0, 3) % 100 < more(50.0 * share) { Observed { device: None, ..one } } else { one }
        },
        put_back: |_, _| pumps(14, 15, ""),
    },
    Case {
        id: "learn.host.beacon",
        usual: browsing,
        attack: || {
            (0..120).map(|n| flow(14 * DAY_S + n * 300 + jitter(n, 7), "10.0.1.9", "203.0.113.66", 443, 900)).collect()
        },
        who: (EntityKind::Host, "10.0.1.9"),
        hostile: |n| {
            flow(5 * DAY_S + n * 200, &format!("10.0.1.{}", 30 + n % 4), &format!("203.0.112.{}", n % 4), 443, 900)
        },
        moved: |one, share| moved_site(one, share),
        put_back: |part, attack| match part {
            "regular intervals" => {
                attack.into_iter().enumerate().map(|(n, one)| later(one, jitter(n.try_into().unwrap(), 280))).collect()
            }
            "few machines call the address" => each(attack, |one| Observed { peer_address: ip("198.51.100.7"), ..one }),
            other => panic!("a part without a way back: {other}"),
        },
    },
    Case {
        id: "learn.host.volume",
        usual: browsing,
        attack: || {
            (0..40)
                .map(|n| flow(14 * DAY_S + 3 * HOUR_S + n * 60, "10.0.1.12", "203.0.113.80", 443, 150_000_000))
                .collect()
        },
        who: (EntityKind::Host, "10.0.1.12"),
        hostile: |n| {
            flow(
                anytime(n),
                &format!("10.0.1.{}", 30 + n % 4),
                &format!("203.0.112.{}", draw(n, 8) % 250),
                443,
                150_000_000,
            )
        },
        moved: |one, share| Observed {
            bytes_out: one.bytes_out + one.bytes_out * more(100.0 * share) / 100,
            ..moved_site(one, share)
        },
        put_back: |part, attack| match part {
            "new address outside" => each(attack, |one| Observed { peer_address: ip("198.51.100.7"), ..one }),
            _ => each(attack, |one| Observed { bytes_out: 200_000, ..one }),
        },
    },
    Case {
        id: "learn.account.lateral",
        usual: office,
        attack: || {
            (0..6)
                .map(|n| sign_in(14 * DAY_S + 10 * HOUR_S + n * 240, "p20", "10.0.1.20", &format!("SRV0{n}")))
                .collect()
        },
        who: (EntityKind::Account, "p20"),
        hostile: |n| {
            sign_in(anytime(n), &format!("p{}", 30 + n % 4), &format!("10.0.1.{}", 30 + n % 4), &format!("SRV{n}"))
        },
        moved: |one, share| match one.user.as_deref().and_then(|user| user.strip_prefix('p')?.parse::<f64>().ok()) {
            // one after the other gets another machine
            Some(person) if person < 40.0 * share && one.host.as_deref() != Some("FW01") => {
                Observed { host: Some(format!("PC{}", person % 12.0).into()), ..one }
            }
            _ => one,
        },
        put_back: |_, attack| each(attack, |one| Observed { host: Some("WS8".into()), ..one }),
    },
    Case {
        id: "learn.risk",
        usual: clinic,
        attack: || {
            let mut all = (CASES[9].attack)();
            all.extend((0..6).map(|n| ran(14 * DAY_S + 10 * HOUR_S + n * 60, "p20", &format!("tool{n}.exe"))));
            all.sort_by_key(|one| one.time);
            all
        },
        who: (EntityKind::Account, "p20"),
        hostile: |n| if n % 2 == 0 { (CASES[9].hostile)(n) } else { (CASES[1].hostile)(n) },
        moved: |one, share| (CASES[9].moved)((CASES[1].moved)(one, share - 0.25), share),
        put_back: |part, attack| match part {
            "Account runs programs that it never ran" => {
                attack.into_iter().filter(|one| one.deed != Deed::Ran).collect()
            }
            "Account spreads over machines" | "Sign-in unlike the account" => (CASES[9].put_back)(part, attack),
            _ => attack,
        },
    },
];

fn each(all: Vec<Observed>, with: impl Fn(Observed) -> Observed) -> Vec<Observed> {
    all.into_iter().map(with).collect()
}

/// A share of a hundred as a whole number.
fn more(of_hundred: f64) -> u64 {
    (0..=100).take_while(|one| f64::from(*one) < of_hundred).count() as u64
}

/// Some second of the warm-up.
fn anytime(n: i64) -> i64 {
    i64::try_from(draw(n, 31) % 1_000_000).unwrap()
}

fn jitter(n: i64, width: u64) -> i64 {
    i64::try_from(draw(n, 5) % width).unwrap()
}

fn later(one: Observed, s: i64) -> Observed {
    let time = Time(one.time.0 + s * 1_000_000);
    Observed { time, received: time, ..one }
}

/// Five and a half hours later than the night.
fn at_work(one: Observed) -> Observed {
    later(one, 5 * HOUR_S + 900)
}

/// An opened record that stands for two patients.
fn doubled(one: Observed) -> Observed {
    let patients = one.patients.iter().flat_map(|patient| [*patient, patient.rotate_left(7)]).collect();
    Observed { patients, ..one }
}

/// Sites change their addresses one by one.
fn moved_site(one: Observed, share: f64) -> Observed {
    match one.peer_address {
        Some(IpAddr::V4(to)) if f64::from(to.octets()[3]) < 40.0 * share => {
            Observed { peer_address: ip(&format!("198.51.101.{}", to.octets()[3])), ..one }
        }
        _ => one,
    }
}

fn ran(s: i64, user: &str, what: &str) -> Observed {
    Observed { user: Some(user.into()), host: Some("WS1".into()), what: what.into(), ..at(s, Deed::Ran) }
}

/// An office whose people run three programs at each sign-in.
fn clinic(days: i64) -> Vec<Observed> {
    let mut all = office(days);
    let programs: Vec<Observed> = all
        .iter()
        .flat_map(|one| {
            (1..4).map(|n| later(Observed { deed: Deed::Ran, what: format!("app{n}.exe").into(), ..one.clone() }, n))
        })
        .collect();
    all.extend(programs);
    all
}

/// A ward whose nurses print a record a day.
fn printing(days: i64) -> Vec<Observed> {
    let mut all = ward(days);
    for day in 0..days {
        all.extend((0..30).map(|nurse| Observed {
            deed: Deed::TakenOut,
            ..opened(day * DAY_S + 14 * HOUR_S, &format!("n{nurse}"), 1)
        }));
    }
    all
}

/// What is found when all of it is seen, hour by hour.
fn watched(behaviour: &mut Behaviour, now: &[Observed]) -> Vec<Noticed> {
    let mut out = Vec::new();
    for one in now {
        behaviour.see(one, &mut out);
        behaviour.advance(one.time, &mut out);
    }
    out
}

/// Findings of one detector about one entity.
fn of<'f>(found: &'f [Noticed], case: &Case) -> Vec<&'f Noticed> {
    let is_about = |one: &&Noticed| match &one.detected.finding.origin {
        FindingOrigin::Correlation { group, .. } => group[0].1 == case.who.1,
        FindingOrigin::Event => false,
    };
    found.iter().filter(|one| one.detected.finding.rule.id == case.id).filter(is_about).collect()
}

fn bytes(behaviour: &Behaviour) -> Vec<u8> {
    let mut out = Vec::new();
    behaviour.write(&mut out);
    out
}

/// Each detector, and why the property does not hold of it.
fn every(property: impl Fn(&Case) -> Result<(), String>) {
    let faults: Vec<String> =
        CASES.iter().filter_map(|case| Some(format!("{}: {}", case.id, property(case).err()?))).collect();
    assert!(faults.is_empty(), "{} of {MODELS} detectors fail\n{}", faults.len(), faults.join("\n"));
}

fn held(holds: bool, else_said: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(else_said()) }
}

#[test]
fn the_table_has_every_detector_in_its_place() {
    let (ids, words): (Vec<&str>, Vec<&str>) =
        (CASES.iter().map(|case| case.id).collect(), WORDS.iter().map(|words| words.id).collect());
    assert_eq!(ids, words);
}

#[test]
fn what_it_is_there_for_is_found_and_the_parts_sum_to_the_score() {
    every(|case| {
        let found = watched(&mut taught((case.usual)(14)), &(case.attack)());
        let about = of(&found, case);
        held(!about.is_empty(), || format!("not found, but {:?}", ids(&found)))?;
        let off = about.iter().map(|one| nats(one)).find(|(sum, value)| (sum - value).abs() > 1e-9);
        held(off.is_none(), || format!("{off:?}"))
    });
}

#[test]
fn what_is_kept_goes_on_alike() {
    every(|case| {
        let mut past = (case.usual)(14);
        past.sort_by_key(|one| one.time);
        let (first, rest) = past.split_at(past.len() / 2);
        let mut behaviour = new();
        first.iter().for_each(|one| behaviour.learn(one));
        let kept = bytes(&behaviour);
        let mut read = Behaviour::read(BehaviourOptions::new([3, 4]), &mut kept.as_slice()).unwrap();
        held(bytes(&read) == kept, || "other bytes after reading".to_owned())?;
        rest.iter().for_each(|one| (behaviour.learn(one), read.learn(one)).0);
        let attack = (case.attack)();
        held(watched(&mut behaviour, &attack) == watched(&mut read, &attack), || {
            "other findings after reading".to_owned()
        })?;
        held(bytes(&behaviour) == bytes(&read), || "other bytes later".to_owned())
    });
}

#[test]
fn two_that_each_saw_every_other_day_find_it_once_they_are_merged_and_it_does_not_matter_which_way() {
    every(|case| {
        let (even, odd): (Vec<Observed>, Vec<Observed>) =
            (case.usual)(14).into_iter().partition(|one| (one.time.as_seconds() - MONDAY_S).div_euclid(DAY_S) % 2 == 0);
        let (mut one, mut other) = (taught(even.clone()), taught(odd.clone()));
        one.merge(taught(odd)).unwrap();
        other.merge(taught(even)).unwrap();
        held(bytes(&one) == bytes(&other), || "the other way round gives other bytes".to_owned())?;
        let found = watched(&mut one, &(case.attack)());
        held(!of(&found, case).is_empty(), || format!("not found, but {:?}", ids(&found)))
    });
}

#[test]
fn the_same_observations_give_the_same_of_each() {
    every(|case| {
        let run = || {
            let mut behaviour = taught((case.usual)(14));
            let found = watched(&mut behaviour, &(case.attack)());
            (found, bytes(&behaviour))
        };
        held(run() == run(), || "another run gives something else".to_owned())
    });
}

#[test]
fn five_and_twenty_per_cent_of_hostile_observations_in_the_warm_up_do_not_hide_it() {
    every(|case| {
        for percent in [5, 20] {
            let mut past = (case.usual)(14);
            let hostile = i64::try_from(past.len()).unwrap() * percent / 100;
            past.extend((0..hostile).map(case.hostile));
            let found = watched(&mut taught(past), &(case.attack)());
            held(!of(&found, case).is_empty(), || format!("not found with {percent} %, but {:?}", ids(&found)))?;
        }
        Ok(())
    });
}

#[test]
fn a_world_that_moves_slowly_gives_at_most_twice_what_is_asked_for() {
    every(|case| {
        let mut behaviour = taught((case.usual)(14));
        let mut month: Vec<Observed> = (case.usual)(42)
            .into_iter()
            .filter_map(|one| {
                let days = (one.time.as_seconds() - MONDAY_S) as f64 / DAY_S as f64;
                (days >= 14.0).then(|| (case.moved)(one, (days - 14.0) / 28.0))
            })
            .collect();
        month.sort_by_key(|one| one.time);
        let found = watched(&mut behaviour, &month);
        let count = found.iter().filter(|one| one.detected.finding.rule.id == case.id).count();
        let asked = 4.0 * behaviour.models().iter().find(|model| model.id == case.id).unwrap().asked_per_week;
        held(count as f64 <= 2.0 * asked, || format!("{count} findings in four weeks, {asked} asked for"))
    });
}

#[test]
fn without_what_its_two_largest_parts_name_it_is_no_alert() {
    every(|case| {
        let past = taught((case.usual)(14));
        let kept = bytes(&past);
        let again = || Behaviour::read(BehaviourOptions::new([3, 4]), &mut kept.as_slice()).unwrap();
        let found = watched(&mut again(), &(case.attack)());
        let first = (*of(&found, case).first().ok_or("not found")?).clone();
        let mended =
            largest(&first).into_iter().take(2).fold((case.attack)(), |attack, part| (case.put_back)(&part, attack));
        let found = watched(&mut again(), &mended);
        held(of(&found, case).is_empty(), || format!("still found without {:?}", largest(&first)))
    });
}

#[test]
fn who_is_forgotten_is_as_never_seen() {
    every(|case| {
        let is_about = |one: &Observed| {
            let (_, name) = case.who;
            one.user.as_deref() == Some(name)
                || one.device.as_deref() == Some(name)
                || (one.user.is_none() && one.address == name.parse().ok())
        };
        let never = (case.usual)(14).into_iter().filter(|one| !is_about(one)).collect();
        let (mut forgetful, mut never) = (taught((case.usual)(14)), taught(never));
        let (kind, name) = case.who;
        let forgotten = forgetful.forget(kind, name).ok_or("it was not known")?;
        held(forgotten.days >= 10, || format!("{forgotten:?}"))?;
        held(forgetful.entity(kind, name).is_none() && forgetful.forget(kind, name).is_none(), || {
            "it is still known".to_owned()
        })?;
        held(!bytes(&forgetful).windows(name.len()).any(|part| part == name.as_bytes()), || {
            "its name is still kept".to_owned()
        })?;
        held(forgetful.callers == never.callers, || {
            format!("{} machines call outside, not {}", forgetful.callers, never.callers)
        })?;
        let attack = (case.attack)();
        let (found, found_of_never) = (watched(&mut forgetful, &attack), watched(&mut never, &attack));
        held(of(&found, case).len() == of(&found_of_never, case).len(), || {
            format!("{:?} and {:?}", ids(&found), ids(&found_of_never))
        })?;
        let profile = |behaviour: &Behaviour| {
            behaviour.entities.get(behaviour.key(kind, name)).map(|who| (who.days, who.first_s))
        };
        held(profile(&forgetful) == profile(&never), || "it was not learnt anew".to_owned())
    });
}
