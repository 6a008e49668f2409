//! Upheavals: what happens to a whole hospital without anybody doing wrong. Each takes the base and changes it.
//!
//! The rows that an upheaval brings must be in no case, and what nobody can judge for want of a feed must be said to be so.

use std::collections::{BTreeMap, BTreeSet};

use super::clock::{DAY, HOUR, MINUTE, at, iso, mix};
use super::expect::Says;
use super::oracle::Oracle;
use super::tables::{Access, Key, Table};
use super::{Hospital, ip_of, people};

/// What the hospital declared, as people would write it down.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    /// `downtime`, `mass casualty` or `ward move`.
    pub(crate) kind: &'static str,
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) units: Vec<&'static str>,
}

/// As the file `declared.csv` has it: a line per unit, or one for the whole house; a move names both units.
pub(crate) fn csv(declared: &[Declared]) -> String {
    let mut text = String::from("kind,start,end,unit,to_unit,note\n");
    for event in declared {
        let (from, until) = (iso(event.from), iso(event.until));
        let places: Vec<(&str, &str)> = match (event.kind, event.units.as_slice()) {
            ("ward move", [old, new]) => vec![(*old, *new)],
            (_, []) => vec![("", "")],
            (_, units) => units.iter().map(|unit| (*unit, "")).collect(),
        };
        for (unit, to_unit) in places {
            text.push_str(&format!("{},{from},{until},{unit},{to_unit},\n", event.kind));
        }
    }
    text
}

/// The hospital after it.
#[derive(Clone, Debug)]
pub(crate) struct Upheaval {
    /// A sentence of what happened.
    pub(crate) sentence: &'static str,
    pub(crate) hospital: Hospital,
    pub(crate) declared: Vec<Declared>,
    /// Accesses that must be in no case.
    pub(crate) innocent: BTreeSet<Key>,
    /// Accesses of which it must be said that nobody can judge them yet.
    pub(crate) withheld: BTreeSet<Key>,
    /// Accesses that must be explained.
    pub(crate) explained: BTreeSet<Key>,
    /// Whether the hits of the base must still be found.
    pub(crate) hits_hold: bool,
}

impl Upheaval {
    fn of(sentence: &'static str, base: &Hospital) -> Self {
        Self {
            sentence,
            hospital: base.clone(),
            declared: Vec::new(),
            innocent: BTreeSet::new(),
            withheld: BTreeSet::new(),
            explained: BTreeSet::new(),
            hits_hold: true,
        }
    }
}

/// Those who do wrong in the base.
pub(crate) fn wrongdoers(base: &Hospital) -> BTreeSet<&str> {
    base.cases.iter().filter(|case| matches!(case.says, Says::Case(_))).map(|case| case.user.as_str()).collect()
}

/// All of them.
pub(crate) fn all(base: &Hospital) -> Vec<Upheaval> {
    vec![
        downtime(base),
        mass_casualty(base),
        ward_move(base),
        agency(base, Arrived::Nothing),
        agency(base, Arrived::Contracts),
        agency(base, Arrived::Everything),
        silent(base, Table::Encounters),
        silent(base, Table::Shifts),
        silent(base, Table::Orders),
        clock_change(base),
    ]
}

/// Eight hours without the record system; from four o'clock on people enter what they wrote on paper, many after the end of their duty.
pub(crate) fn downtime(base: &Hospital) -> Upheaval {
    let mut after =
        Upheaval::of("eight hours without the record system, then entry of what was written on paper", base);
    let (from, until) = (at(15, 8, 0), at(15, 16, 0));
    after.declared.push(Declared { kind: "downtime", from, until: at(15, 23, 0), units: Vec::new() });
    let h = &mut after.hospital;
    let down = |access: &Access| base.ordinary.contains(&access.key) && (from..until).contains(&access.time);
    let lost: Vec<Access> = h.accesses.iter().filter(|access| down(access)).cloned().collect();
    h.accesses.retain(|access| !down(access));
    let written = lost.iter().filter(|access| access.action == "update" && !access.patient.is_empty());
    for (turn, paper) in written.enumerate() {
        let key = h.key();
        let time = until + 5 * MINUTE + mix(&[i64::try_from(turn).unwrap(), 201]) % (6 * HOUR);
        let object = format!("note time={}", iso(paper.time));
        h.accesses.push(Access { key, time, object, ..paper.clone() });
        after.innocent.insert(key);
    }
    h.sort();
    after
}

/// Two hundred broken glasses in an evening, the same words each time; some of the victims are entered only at noon of the next day.
pub(crate) fn mass_casualty(base: &Hospital) -> Upheaval {
    let mut after = Upheaval::of("a mass casualty evening with two hundred broken glasses", base);
    let (from, until) = (at(18, 18, 0), at(18, 23, 0));
    after.declared.push(Declared { kind: "mass casualty", from, until, units: vec!["ED", "ICU", "OR", "W2"] });
    let h = &mut after.hospital;
    let victims: Vec<String> = (1..=40).map(|number| h.patient("Unbekannt", &format!("{number:02}"))).collect();
    for (turn, victim) in victims.iter().enumerate() {
        let arrival = from + i64::try_from(turn).unwrap() * 6 * MINUTE;
        let start = if turn % 3 == 2 { at(19, 12, 0) } else { arrival };
        h.stay(victim, if turn % 2 == 0 { "ED" } else { "W2" }, start, Some(start + 3 * DAY));
    }
    let wrong = wrongdoers(base);
    let helpers: Vec<String> = h
        .staff
        .iter()
        .filter(|one| matches!(one.unit.as_str(), "ED" | "ICU" | "OR" | "W2") && one.to.is_empty())
        .filter(|one| !wrong.contains(one.user.as_str()) && !base.plays(&one.user))
        .map(|one| one.user.clone())
        .collect();
    for turn in 0..200_usize {
        let number = i64::try_from(turn).unwrap();
        let victim = &victims[(turn / 5 + turn % 2) % victims.len()];
        let helper = &helpers[(turn * 7) % helpers.len()];
        let time = from + number * 88 + mix(&[number, 202]) % 60;
        let key = h.line(helper, victim, time, "read", "summary");
        let access = h.access_mut(key);
        access.break_glass = true;
        access.purpose = "mass casualty".into();
        access.workstation = format!("ED-WS{}", turn % 4 + 1);
        access.location = "MAIN/ED".into();
        access.ip = ip_of("ED-WS1");
        after.innocent.insert(key);
    }
    h.sort();
    after
}

/// On a Sunday morning ward 1 moves: patients, staff and desks are now of ward 5.
pub(crate) fn ward_move(base: &Hospital) -> Upheaval {
    let mut after = Upheaval::of("a ward moves and has another name from then on", base);
    let moved = at(20, 6, 0);
    after.declared.push(Declared { kind: "ward move", from: moved, until: at(21, 6, 0), units: vec!["W1", "W5"] });
    let h = &mut after.hospital;
    for shift in h.shifts.iter_mut().filter(|shift| shift.unit == "W1" && shift.start >= moved) {
        shift.unit = "W5".into();
    }
    for one in h.staff.iter_mut().filter(|one| one.unit == "W1") {
        one.unit = "W5".into();
    }
    let mut transfers = Vec::new();
    for stay in h.encounters.iter_mut().filter(|stay| stay.unit == "W1") {
        if stay.start >= moved {
            stay.unit = "W5".into();
        } else if stay.end.is_none_or(|end| end > moved) {
            transfers.push((stay.id.clone(), stay.patient.clone(), stay.end));
            stay.end = Some(moved);
        }
    }
    for (id, patient, end) in transfers {
        h.stay_on(&id, &patient, "W5", moved, end);
    }
    for access in h.accesses.iter_mut().filter(|access| access.time >= moved && access.workstation.starts_with("W1-")) {
        access.workstation = access.workstation.replace("W1-", "W5-");
        access.location = access.location.replace("W1", "W5");
        access.ip = ip_of(&access.workstation);
    }
    // What was explained before the move is explained after it, at the new desks.
    let before = reasons(base);
    let there = |access: &&Access| access.workstation.starts_with("W5-");
    let keys = h.accesses.iter().filter(there).map(|access| access.key);
    let keys: BTreeSet<Key> = keys.filter(|key| !before[key].is_empty()).collect();
    let now = reasons(h);
    after.explained = keys.iter().copied().filter(|key| now[key].contains("E2")).collect();
    after.innocent = keys;
    after
}

/// What the offices delivered of the agency staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrived {
    Nothing,
    Contracts,
    Everything,
}

/// Six nurses of an agency work five days on ward 2; their contracts and their roster come late.
pub(crate) fn agency(base: &Hospital, arrived: Arrived) -> Upheaval {
    let sentence = match arrived {
        Arrived::Nothing => "agency nurses of whom neither contract nor roster has come",
        Arrived::Contracts => "agency nurses with contracts and without a roster",
        Arrived::Everything => "agency nurses whose contracts and roster have come",
    };
    let mut after = Upheaval::of(sentence, base);
    let h = &mut after.hospital;
    for (turn, name) in ["Quinn", "Rowe", "Sharp", "Tully", "Usher", "Vance"].into_iter().enumerate() {
        let user = people::hire_one(h, name, "nurse", "W2", "");
        h.person_mut(&user).from = super::clock::date(22);
        for day in 22..27 {
            let start = at(day, [6, 14, 22][turn % 3], 0);
            h.shift(&user, "W2", start, start + 8 * HOUR);
            for visit in 0..6_i64 {
                let late = mix(&[start, visit, i64::try_from(turn).unwrap()]) % HOUR;
                let rows = somebody_on_ward_2(h, &user, start + 20 * MINUTE + visit * 70 * MINUTE + late);
                after.innocent.extend(rows);
            }
        }
        match arrived {
            Arrived::Nothing => {
                h.staff.retain(|one| one.user != user);
                h.shifts.retain(|shift| shift.user != user);
            }
            Arrived::Contracts => h.shifts.retain(|shift| shift.user != user),
            Arrived::Everything => {}
        }
    }
    match arrived {
        Arrived::Nothing => after.withheld.clone_from(&after.innocent),
        Arrived::Contracts => {}
        Arrived::Everything => after.explained.clone_from(&after.innocent),
    }
    h.sort();
    after
}

/// Reads the record of one of those who lie on ward 2 at that time.
fn somebody_on_ward_2(h: &mut Hospital, user: &str, time: i64) -> Vec<Key> {
    let lying = |stay: &&super::tables::Encounter| {
        stay.unit == "W2" && stay.start <= time && stay.end.is_none_or(|end| end > time)
    };
    let present: Vec<String> = h.encounters.iter().filter(lying).map(|stay| stay.patient.clone()).collect();
    let patient = present[usize::try_from(mix(&[time, 203])).unwrap() % present.len()].clone();
    h.read(user, &patient, time, &["summary", "vitals"])
}

fn reasons(hospital: &Hospital) -> BTreeMap<Key, BTreeSet<&'static str>> {
    let all = Oracle::new(hospital).all();
    hospital.accesses.iter().map(|access| access.key).zip(all).collect()
}

/// Two days, Sunday and Monday, of which one feed delivered nothing.
pub(crate) const SILENT: std::ops::Range<i64> = 20..22;

/// A feed is silent for two days and has not been made up for.
pub(crate) fn silent(base: &Hospital, feed: Table) -> Upheaval {
    let window = at(SILENT.start, 0, 0)..at(SILENT.end, 0, 0);
    let sentence = match feed {
        Table::Encounters => "admissions and transfers of two days never came",
        Table::Shifts => "the roster of two days never came",
        _ => "the orders of two days never came",
    };
    let mut after = Upheaval::of(sentence, base);
    after.hits_hold = false;
    let h = &mut after.hospital;
    match feed {
        Table::Encounters => {
            h.encounters.retain(|stay| !window.contains(&stay.start));
            h.participants.retain(|row| !window.contains(&row.start));
        }
        Table::Shifts => h.shifts.retain(|shift| !window.contains(&shift.start)),
        _ => h.orders.retain(|order| !window.contains(&order.time)),
    }
    let (before, now) = (reasons(base), reasons(h));
    let wrong = wrongdoers(base);
    for access in base.accesses.iter().filter(|access| !wrong.contains(access.user.as_str())) {
        let lost = !before[&access.key].is_empty() && now[&access.key].is_empty();
        if lost {
            after.innocent.insert(access.key);
        }
        if lost && window.contains(&access.time) {
            after.withheld.insert(access.key);
        }
        // Without the roster nobody is off it either.
        let reasonable =
            |case: &super::expect::CaseExpect| case.user == access.user && matches!(case.says, Says::NoCase(_));
        let parted = base.plays(&access.user) && !base.cases.iter().any(reasonable);
        if feed == Table::Shifts && window.contains(&access.time) && !parted {
            after.innocent.insert(access.key);
        }
    }
    after
}

/// The night in which the clock goes forward, as it is in the base: nothing in it is a case.
pub(crate) fn clock_change(base: &Hospital) -> Upheaval {
    let mut after = Upheaval::of("the night in which the clock goes forward", base);
    let night = at(26, 22, 0)..at(27, 8, 0);
    let ordinary = base.accesses.iter().filter(|access| {
        night.contains(&access.time) && base.ordinary.contains(&access.key) && !base.plays(&access.user)
    });
    after.innocent = ordinary.map(|access| access.key).collect();
    after
}
