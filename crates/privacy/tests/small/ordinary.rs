//! The ordinary days: rosters in three shifts, patients who come, move and leave, orders, appointments, messages, and the accesses that follow from
//! them. Two to three in a hundred accesses have no reason in the files, spread over everybody: advice by telephone that nobody documented as such.

use std::collections::BTreeMap;

use super::clock::{DAY, HOUR, MINUTE, at, mix};
use super::people::{GIVEN, STREETS};
use super::tables::{Home, Key, Patient, home};
use super::{DAYS, Hospital, ip_of};

/// Context reaches back further than the log.
const FIRST_DAY: i64 = -21;
const SURNAMES: [&str; 48] = [
    "Meier",
    "Lange",
    "Hartmann",
    "Schmitt",
    "Krause",
    "Lehmann",
    "Huber",
    "Mayer",
    "Hermann",
    "Koenig",
    "Walter",
    "Schulze",
    "Kaiser",
    "Fuchs",
    "Scholz",
    "Roth",
    "Weiss",
    "Jung",
    "Hahn",
    "Vogel",
    "Friedrich",
    "Keller",
    "Guenther",
    "Berger",
    "Winkler",
    "Albrecht",
    "Ludwig",
    "Winter",
    "Simon",
    "Kraus",
    "Martin",
    "Schreiber",
    "Bauer",
    "Kramer",
    "Schaefer",
    "Busch",
    "Sommer",
    "Pohl",
    "Haas",
    "Horn",
    "Bergmann",
    "Thomas",
    "Voigt",
    "Sauer",
    "Ziegler",
    "Brandt",
    "Ernst",
    "Wagner",
];

/// Who may come where: the patients of the wards, the two clinics, psychiatry and those who only call, by index.
const WARDS: std::ops::Range<usize> = 0..360;
const CARD: std::ops::Range<usize> = 360..450;
const EYE: std::ops::Range<usize> = 450..500;
const PSY: std::ops::Range<usize> = 500..540;
const CALLERS: std::ops::Range<usize> = 540..660;

/// Departments that give advice by telephone.
const ADVISING: [&str; 7] =
    ["Emergency", "Internal Medicine", "Surgery", "Intensive Care", "Cardiology", "Ophthalmology", "Psychiatry"];

/// A patient in a unit.
#[derive(Clone, Debug)]
struct InUnit {
    patient: usize,
    encounter: String,
    start: i64,
    end: i64,
    team: Vec<String>,
}

/// A duty to be worked off: an order or message that somebody looks at.
#[derive(Clone, Debug)]
struct Job {
    user: String,
    patient: usize,
    time: i64,
    section: &'static str,
    action: &'static str,
}

#[derive(Default)]
struct Flow {
    units: BTreeMap<&'static str, Vec<InUnit>>,
    jobs: Vec<Job>,
    /// Encounter, patient, discharge: what coding and billing see.
    discharged: Vec<(String, usize, i64)>,
    arrivals: Vec<(usize, String, i64, String)>,
}

/// Fills all tables; accesses made here are remembered as ordinary.
pub(crate) fn fill(hospital: &mut Hospital) {
    residents(hospital);
    roster(hospital);
    let mut flow = Flow::default();
    wards(hospital, &mut flow);
    clinics(hospital, &mut flow);
    psychiatry(hospital, &mut flow);
    callers(hospital);
    requests(hospital, &mut flow);
    work(hospital, &flow);
    search_desk(hospital, &flow);
    wrong_number(hospital);
    still_here(hospital);
    hospital.ordinary = hospital.accesses.iter().map(|access| access.key).collect();
}

fn pick<'a>(from: &'a [&'a str], numbers: &[i64]) -> &'a str {
    from[usize::try_from(mix(numbers)).unwrap() % from.len()]
}

/// The patients of the town, in the same streets as the staff.
fn residents(hospital: &mut Hospital) {
    for index in 0..CALLERS.end {
        let number = i64::try_from(index).unwrap();
        let surname = pick(&SURNAMES, &[number, 21]);
        let id = hospital.patient(surname, pick(&GIVEN, &[number, 22]));
        let house = 1 + mix(&[number, 24]) % 90;
        let street: Home = home(pick(&STREETS, &[number, 23]), &house.to_string(), "79098");
        let resident: &mut Patient = hospital.patient_mut(&id);
        resident.home = street;
        let phone = resident.phone.clone();
        if number % 3 == 0 {
            let given = pick(&GIVEN, &[number, 25]);
            hospital.contact(&id, "spouse", (surname, given), &phone, "");
        }
    }
}

/// Three shifts, forward: early, late, night, off. Clinics and offices on working days.
fn roster(hospital: &mut Hospital) {
    let staff: Vec<(String, String, String)> =
        hospital.staff.iter().map(|one| (one.user.clone(), one.unit.clone(), one.role.clone())).collect();
    for (place, (user, unit, role)) in staff.iter().enumerate() {
        let rota = i64::try_from(place).unwrap();
        let round = matches!(unit.as_str(), "ED" | "W1" | "W2" | "ICU" | "LAB" | "REG")
            || (unit == "IMG" && role == "radiographer")
            || (unit == "PSY" && role == "nurse");
        for day in FIRST_DAY..DAYS + 6 {
            let (start, end) = match (round, (day + rota).rem_euclid(4), day.rem_euclid(7)) {
                (true, 0, _) => (at(day, 6, 0), at(day, 14, 0)),
                (true, 1, _) => (at(day, 14, 0), at(day, 22, 0)),
                (true, 2, _) => (at(day, 22, 0), at(day + 1, 6, 0)),
                (true, ..) | (false, _, 5 | 6) => continue,
                (false, ..) => (at(day, 8, 0), at(day, 16, 30)),
            };
            hospital.shift(user, unit, start, end);
        }
    }
}

/// Who of this unit and role is on duty, or works next.
fn on_duty(hospital: &Hospital, unit: &str, role: &str, time: i64, choice: i64) -> String {
    let staff: Vec<&str> =
        hospital.staff.iter().filter(|one| one.unit == unit && one.role == role).map(|one| one.user.as_str()).collect();
    for later in 0..12 {
        let time = time + later * 8 * HOUR;
        let here = |user: &&&str| {
            hospital.shifts.iter().any(|shift| shift.user == **user && (shift.start..shift.end).contains(&time))
        };
        let present: Vec<&&str> = staff.iter().filter(here).collect();
        if let Some(user) = present.get(usize::try_from(choice).unwrap() % present.len().max(1)) {
            return (**user).to_owned();
        }
    }
    panic!("nobody of {unit} works as {role} after {time}")
}

fn id(patient: usize) -> String {
    format!("P{:05}", patient + 1)
}

struct Leg {
    unit: &'static str,
    start: i64,
    end: i64,
}

/// Emergency department, wards, operating room, intensive care: ten arrivals a day, half of them stay.
fn wards(hospital: &mut Hospital, flow: &mut Flow) {
    let mut arrival = 0;
    for day in FIRST_DAY..DAYS {
        for visit in 0..10_i64 {
            let patient = WARDS.start + arrival % WARDS.len();
            arrival += 1;
            let start = at(day, 1 + 2 * visit, 0) + mix(&[day, visit, 31]) % 5400;
            let seen = start + 3 * HOUR + mix(&[day, visit, 32]) % 5400;
            let mut legs = vec![Leg { unit: "ED", start, end: seen }];
            let leaves = |days: i64| at(day + days, 11, 0) + mix(&[day, visit, 33]) % 9000;
            match visit {
                0 | 6 => legs.push(Leg { unit: "W1", start: seen, end: leaves(11) }),
                3 => legs.push(Leg { unit: "W2", start: seen, end: leaves(9) }),
                4 => {
                    let cut = at(day + 1, 9, 0) + mix(&[day, 34]) % 7200;
                    legs.push(Leg { unit: "W2", start: seen, end: cut });
                    legs.push(Leg { unit: "OR", start: cut, end: cut + 3 * HOUR });
                    legs.push(Leg { unit: "W2", start: cut + 3 * HOUR, end: leaves(10) });
                }
                9 => legs.push(Leg { unit: "ICU", start: seen, end: leaves(6) }),
                _ => {}
            }
            admit(hospital, flow, patient, &legs);
        }
    }
}

/// One encounter of one or several unit stays, with its care team and its orders.
fn admit(hospital: &mut Hospital, flow: &mut Flow, patient: usize, legs: &[Leg]) {
    let arrival = legs[0].start;
    let name = id(patient);
    let clerk = on_duty(hospital, "REG", "registration", arrival, arrival);
    let mut encounter = String::new();
    for leg in legs.iter().filter(|leg| leg.start < at(DAYS, 0, 0)) {
        let stay = if encounter.is_empty() {
            hospital.stay(&name, leg.unit, leg.start, Some(leg.end))
        } else {
            hospital.stay_on(&encounter, &name, leg.unit, leg.start, Some(leg.end))
        };
        if encounter.is_empty() {
            hospital.care(&stay, &clerk, "registration", leg.start, Some(leg.end));
            flow.arrivals.push((patient, stay.id.clone(), arrival, clerk.clone()));
        }
        encounter.clone_from(&stay.id);
        let team: Vec<String> = match leg.unit {
            "OR" => vec![on_duty(hospital, "W2", "physician", leg.start, leg.start)],
            unit => vec![
                on_duty(hospital, unit, "physician", leg.start, leg.start),
                on_duty(hospital, unit, "nurse", leg.start, leg.end),
            ],
        };
        for (user, role) in team.iter().zip(["attending", "primary nurse"]) {
            hospital.care(&stay, user, role, leg.start, Some(leg.end));
        }
        let here = InUnit { patient, encounter: stay.id.clone(), start: leg.start, end: leg.end, team };
        orders(hospital, flow, &here, leg.unit);
        flow.units.entry(leg.unit).or_default().push(here);
    }
    flow.discharged.push((encounter, patient, legs.last().unwrap().end));
}

/// Laboratory every other day, imaging for some in the emergency department, the pharmacy every third day.
fn orders(hospital: &mut Hospital, flow: &mut Flow, here: &InUnit, unit: &str) {
    let name = id(here.patient);
    let mut put = |hospital: &mut Hospital, to: (&str, &str), time: i64, kind: &'static str| {
        let by = here.team[0].clone();
        let performer = on_duty(hospital, to.0, to.1, time, time);
        let duty = hospital.shifts.iter().filter(|shift| shift.user == performer && shift.end > time + 20 * MINUTE);
        let from = duty.map(|shift| shift.start).min().unwrap_or(time);
        hospital.order(&name, &by, &performer, time, kind);
        let time = (time + 20 * MINUTE).max(from + 10 * MINUTE + mix(&[time, 41]) % HOUR);
        let section = if kind == "laboratory" && mix(&[time, 43]) % 20 == 0 { "hiv" } else { kind };
        flow.jobs.push(Job { user: performer, patient: here.patient, time, section, action: "update" });
    };
    let mut time = here.start + 25 * MINUTE;
    let mut turn = 0;
    while time < here.end.min(at(DAYS, 0, 0)) && unit != "OR" {
        if turn % 2 == 0 {
            put(hospital, ("LAB", "laboratory technician"), time, "laboratory");
        }
        if turn % 3 == 1 {
            put(hospital, ("PHA", "pharmacist"), time, "medication");
        }
        if unit == "ED" && here.patient.is_multiple_of(3) {
            put(hospital, ("IMG", "radiographer"), time + 9 * MINUTE, "imaging");
        }
        time += DAY - 3 * HOUR - mix(&[time, 42]) % HOUR;
        turn += 1;
    }
}

/// Two clinics with booked half hours on working days.
fn clinics(hospital: &mut Hospital, flow: &mut Flow) {
    for (unit, patients, slots) in [("CARD", CARD, 10), ("EYE", EYE, 6)] {
        let days = (FIRST_DAY..DAYS + 5).filter(|day| day.rem_euclid(7) < 5);
        let visits = days.flat_map(|day| (0..slots).map(move |slot| (day, slot)));
        for (turn, (day, slot)) in visits.enumerate() {
            visit(hospital, flow, unit, patients.start + turn % patients.len(), (day, slot));
        }
    }
}

/// One visit, or its appointment if it is still ahead.
fn visit(hospital: &mut Hospital, flow: &mut Flow, unit: &'static str, patient: usize, (day, slot): (i64, i64)) {
    let start = at(day, 8, 15) + slot * 45 * MINUTE;
    let physician = on_duty(hospital, unit, "physician", at(day.min(DAYS - 3), 10, 0), slot);
    let ahead = day >= DAYS;
    hospital.appointment(&id(patient), &physician, start, if ahead { "booked" } else { "fulfilled" });
    if ahead {
        return;
    }
    let end = start + 30 * MINUTE;
    let stay = hospital.stay(&id(patient), unit, start, Some(end));
    hospital.care(&stay, &physician, "attending", start, Some(end));
    let here = InUnit { patient, encounter: stay.id.clone(), start, end, team: vec![physician] };
    flow.discharged.push((stay.id, patient, end));
    flow.units.entry(unit).or_default().push(here);
}

/// Two weeks on the psychiatric ward, with a psychiatrist and a psychotherapist.
fn psychiatry(hospital: &mut Hospital, flow: &mut Flow) {
    for turn in 0..40_usize {
        let day = FIRST_DAY + i64::try_from(turn).unwrap() * 7 / 5;
        let start = at(day, 10, 0) + mix(&[day, 51]) % HOUR;
        let (patient, end) = (PSY.start + turn, start + 14 * DAY);
        let stay = hospital.stay(&id(patient), "PSY", start, Some(end));
        let team =
            ["psychiatrist", "psychotherapist"].map(|role| on_duty(hospital, "PSY", role, start, start)).to_vec();
        for (user, role) in team.iter().zip(["attending", "therapist"]) {
            hospital.care(&stay, user, role, start, Some(end));
        }
        flow.discharged.push((stay.id.clone(), patient, end));
        flow.units.entry("PSY").or_default().push(InUnit { patient, encounter: stay.id, start, end, team });
    }
}

/// Advice by telephone: an encounter of the department without a unit that anybody is rostered to, without a care team; every third is never closed.
fn callers(hospital: &mut Hospital) {
    for patient in CALLERS {
        let number = i64::try_from(patient).unwrap();
        for day in [-20, -6, 8, 22].map(|day| day + number % 14).into_iter().filter(|day| *day < DAYS) {
            let start = at(day, 9, 0) + mix(&[number, day, 61]) % (8 * HOUR);
            let end = (patient % 3 != 2).then_some(start + 15 * MINUTE);
            let stay = hospital.stay(&id(patient), "ED", start, end);
            let row = hospital.encounters.iter_mut().find(|row| row.key == stay.key).unwrap();
            row.kind = "virtual".into();
            row.unit = "TEL".into();
            row.department = ADVISING[patient % ADVISING.len()].into();
        }
    }
}

/// Messages to pools: reports to be read, problems with a record, records for research.
fn requests(hospital: &mut Hospital, flow: &mut Flow) {
    let images: Vec<(String, String, i64)> = hospital
        .orders
        .iter()
        .filter(|order| order.kind == "imaging")
        .map(|order| (order.patient.clone(), order.by.clone(), order.time))
        .collect();
    for (patient, by, time) in images {
        hospital.message(&patient, &by, "", "Imaging", time);
        let user = on_duty(hospital, "IMG", "radiologist", time, time);
        answer(hospital, flow, user, &patient, time, "imaging");
    }
    for day in 0..DAYS {
        for turn in 0..3 {
            let index = usize::try_from(mix(&[day, turn, 71])).unwrap() % WARDS.len();
            let time = at(day, 9, 0) + turn * 2 * HOUR;
            let from = on_duty(hospital, "W1", "nurse", time, turn);
            hospital.message(&id(index), &from, "", "IT", time);
            let user = on_duty(hospital, "IT", "IT", time, time + turn);
            answer(hospital, flow, user, &id(index), time, "summary");
        }
        if day.rem_euclid(7) < 5 {
            for turn in 0..6 {
                let index = usize::try_from(mix(&[day, turn, 72])).unwrap() % CARD.end;
                let time = at(day, 8, 0);
                let from = on_duty(hospital, "HIM", "HIM", at(day, 9, 0), turn);
                hospital.message(&id(index), &from, "", "Research", time);
                let user = on_duty(hospital, "RES", "researcher", at(day, 9, 0), turn);
                answer(hospital, flow, user, &id(index), at(day, 9, 0) + turn * 40 * MINUTE, "summary");
            }
        }
    }
}

/// The person looks at it in the next duty.
fn answer(hospital: &Hospital, flow: &mut Flow, user: String, patient: &str, time: i64, section: &'static str) {
    let duty = hospital.shifts.iter().filter(|shift| shift.user == user && shift.end > time + HOUR);
    let start = duty.map(|shift| shift.start).min().unwrap_or(time);
    let time = (time + 30 * MINUTE).max(start + 15 * MINUTE + mix(&[time, 73]) % HOUR);
    let patient = hospital.patients.iter().position(|one| one.id == patient).unwrap();
    let action = if hospital.person(&user).role == "researcher" { "export" } else { "read" };
    flow.jobs.push(Job { user, patient, time, section, action });
}

/// What everybody on duty looks at.
fn work(hospital: &mut Hospital, flow: &Flow) {
    let until = at(DAYS, 0, 0);
    let shifts: Vec<_> = hospital.shifts.iter().filter(|shift| shift.start >= at(0, 0, 0)).cloned().collect();
    for shift in &shifts {
        let role = hospital.person(&shift.user).role.clone();
        match (shift.unit.as_str(), role.as_str()) {
            ("ED" | "W1" | "W2" | "ICU" | "OR" | "CARD" | "EYE" | "PSY", role) => {
                rounds(hospital, flow, &shift.user, role, &shift.unit, (shift.start, shift.end));
            }
            ("HIM", role) => paperwork(hospital, flow, &shift.user, role, shift.start),
            _ => {}
        }
    }
    handovers(hospital, flow);
    for job in flow.jobs.iter().filter(|job| job.time >= at(0, 0, 0) && job.time < until) {
        let patient = id(job.patient);
        line(hospital, &job.user, &patient, job.time, "read", "summary", "");
        line(hospital, &job.user, &patient, job.time + 50 + mix(&[job.time]) % 90, job.action, job.section, "");
        if job.section == "imaging" {
            let station = ["PACS1", "WSREAD1", "WSREAD2"];
            hospital.accesses.last_mut().unwrap().object = format!("C-MOVE dest={}", pick(&station, &[job.time]));
        }
    }
}

/// On every ward one nurse of the early duty goes through the list of all who lie there, in its order.
fn handovers(hospital: &mut Hospital, flow: &Flow) {
    for day in 0..DAYS {
        for unit in ["W1", "W2"] {
            let time = at(day, 6, 4);
            let user = on_duty(hospital, unit, "nurse", time, day);
            handover(hospital, &user, &lying(flow, unit, time), time);
        }
    }
}

/// One line for each of these patients, in the order of their numbers.
pub(crate) fn handover(hospital: &mut Hospital, user: &str, patients: &[String], time: i64) -> Vec<Key> {
    let mut now = time;
    let mut rows = Vec::new();
    for patient in patients {
        rows.push(line(hospital, user, patient, now, "read", "handover", ""));
        now += 17 + mix(&[now, 111]) % 8;
    }
    rows
}

fn lying(flow: &Flow, unit: &str, time: i64) -> Vec<String> {
    let stays = flow.units.get(unit).into_iter().flatten();
    let mut present: Vec<usize> =
        stays.filter(|stay| (stay.start..stay.end).contains(&time)).map(|stay| stay.patient).collect();
    present.sort_unstable();
    present.into_iter().map(id).collect()
}

/// Sections of a visit, by role and unit.
fn sections(role: &str, unit: &str, turn: i64) -> [&'static str; 3] {
    match (role, unit) {
        ("psychotherapist" | "psychiatrist", _) => ["summary", "psychotherapy", "notes"],
        (_, "CARD") => ["summary", "ecg", "notes"],
        (_, "EYE") => ["summary", "eyes", "notes"],
        ("physician", _) => ["summary", if turn % 2 == 0 { "laboratory" } else { "imaging" }, "notes"],
        (_, "OR") => ["summary", "checklist", "notes"],
        _ => ["summary", if turn % 2 == 0 { "vitals" } else { "medication" }, "notes"],
    }
}

/// Five visits of a duty: physicians first see whom they treat, all others who lies there.
fn rounds(hospital: &mut Hospital, flow: &Flow, user: &str, role: &str, unit: &str, (start, end): (i64, i64)) {
    const VISITS: i64 = 5;
    let Some(stays) = flow.units.get(unit) else { return };
    for turn in 0..VISITS {
        let time = start + 12 * MINUTE + turn * (end - start - 30 * MINUTE) / VISITS + mix(&[start, turn, 81]) % 1500;
        if time >= at(DAYS, 0, 0) {
            return;
        }
        let present: Vec<&InUnit> = stays.iter().filter(|stay| (stay.start..stay.end).contains(&time)).collect();
        let mine: Vec<&InUnit> =
            present.iter().copied().filter(|stay| stay.team.iter().any(|one| one == user)).collect();
        let from = if mine.is_empty() || role == "nurse" { &present } else { &mine };
        let number = i64::from(u32::try_from(user.len()).unwrap()) + i64::from(user.as_bytes()[0]) * 31;
        let choice = usize::try_from(mix(&[time, turn, number, 82])).unwrap();
        let Some(stay) = from.get(choice % from.len().max(1)) else { continue };
        let encounter = if mix(&[time, 83]) % 2 == 0 { stay.encounter.as_str() } else { "" };
        let sections = sections(role, unit, turn);
        let length = 2 + usize::from(mix(&[time, number, 84]) % 5 < 2);
        for (place, section) in sections.iter().take(length).enumerate() {
            let later = i64::try_from(place).unwrap() * (35 + mix(&[time, 85]) % 80);
            let action = if *section == "notes" { "update" } else { "read" };
            let key = line(hospital, user, &id(stay.patient), time + later, action, section, encounter);
            if unit == "ED" {
                tap(hospital, key, place, turn);
            }
        }
        proper_emergency(hospital, user, role, unit, time);
    }
}

/// In the emergency department everybody works at every workstation, two at a time: badge on, badge off.
fn tap(hospital: &mut Hospital, key: Key, place: usize, turn: i64) {
    let access = hospital.accesses.last_mut().unwrap();
    assert_eq!(access.key, key);
    let seat = (usize::try_from(turn).unwrap() + place) % 4 + 1;
    access.workstation = format!("ED-WS{seat}");
    access.ip = ip_of(&access.workstation);
}

/// Now and then a physician of the emergency department breaks the glass for somebody who lies there, and says why.
fn proper_emergency(hospital: &mut Hospital, user: &str, role: &str, unit: &str, time: i64) {
    if unit == "ED" && role == "physician" && mix(&[time, 91]) % 11 == 0 {
        let access = hospital.accesses.last_mut().unwrap();
        access.break_glass = true;
        let what = ["stroke call", "not responding", "chest pain", "fall from stairs", "seizure", "allergy unknown"];
        access.purpose = format!("{} at {}, {user}", pick(&what, &[time, 92]), super::clock::iso(time));
    }
}

/// Coding, billing and records work through those who left some days ago; on Wednesdays the records office releases many.
fn paperwork(hospital: &mut Hospital, flow: &Flow, user: &str, role: &str, start: i64) {
    let (section, action) = match role {
        "coding" => ("coding", "update"),
        "billing" => ("billing", "update"),
        _ => ("documents", "print"),
    };
    let left =
        |from: i64, to: i64| move |row: &&(String, usize, i64)| row.2 > start - to * DAY && row.2 < start - from * DAY;
    let wednesday = super::clock::day_of(start).rem_euclid(7) == 2;
    let (count, days) = if role == "HIM" && wednesday { (60, 14) } else { (10, 6) };
    let queue: Vec<&(String, usize, i64)> = flow.discharged.iter().filter(left(1, days)).collect();
    let seat = usize::try_from(mix(&[start, i64::from(user.as_bytes()[0]), 95])).unwrap();
    for turn in 0..count.min(queue.len()) {
        let (encounter, patient, _) = queue[(seat + turn * 7) % queue.len()];
        let time = start
            + 10 * MINUTE
            + i64::try_from(turn).unwrap() * (7 * HOUR + 30 * MINUTE) / i64::try_from(count).unwrap();
        let time = time + mix(&[time, 96]) % 200;
        line(hospital, user, &id(*patient), time, "read", "summary", encounter);
        line(hospital, user, &id(*patient), time + 70, action, section, encounter);
    }
}

/// Registration looks a new arrival up by name, then opens and completes the record.
fn search_desk(hospital: &mut Hospital, flow: &Flow) {
    for (patient, encounter, time, clerk) in &flow.arrivals {
        if *time < at(0, 0, 0) {
            continue;
        }
        let one = &hospital.patients[*patient];
        let object = format!("name:{}, {}", one.surname.to_uppercase(), one.given.to_uppercase());
        let key = line(hospital, clerk, "", time + 60, "search", "", "");
        let access = hospital.accesses.last_mut().unwrap();
        assert_eq!(access.key, key);
        access.object = object;
        line(hospital, clerk, &id(*patient), time + 82, "read", "demographics", encounter);
        line(hospital, clerk, &id(*patient), time + 150, "update", "demographics", encounter);
    }
}

/// Advice by telephone: in something more than a quarter of all duties one record of a caller of the own department is opened.
fn wrong_number(hospital: &mut Hospital) {
    let mut shifts: Vec<_> = hospital.shifts.iter().filter(|shift| shift.start >= at(0, 0, 0)).cloned().collect();
    shifts.sort_by_key(|shift| (shift.start, shift.key));
    let mut opened: BTreeMap<usize, i64> = BTreeMap::new();
    for shift in shifts {
        if mix(&[shift.start, i64::from(shift.key), 101]) % 100 >= 28 {
            continue;
        }
        let staff = hospital.person(&shift.user).clone();
        let clinical = ADVISING.contains(&staff.department.as_str());
        let department = if clinical { staff.department.as_str() } else { "any" };
        let queue = matches!(staff.role.as_str(), "HIM" | "coding" | "billing" | "pharmacist");
        let mine = |patient: &usize| {
            let one = &hospital.patients[*patient];
            (!clinical || ADVISING[*patient % ADVISING.len()] == department)
                && (!queue || *patient % 3 == 2)
                && one.surname != staff.surname
                && one.home.street != staff.home.street
        };
        // The caller whose record rested longest, so that no record looks as if everybody wanted it.
        let patient = CALLERS.filter(mine).min_by_key(|patient| (opened.get(patient).copied(), *patient)).unwrap();
        opened.insert(patient, shift.start);
        let patient = id(patient);
        let time = shift.start + 40 * MINUTE + mix(&[shift.start, i64::from(shift.key), 102]) % (6 * HOUR);
        if time < at(DAYS, 0, 0) {
            line(hospital, &shift.user, &patient, time, "read", "summary", "");
        }
    }
}

fn line(
    hospital: &mut Hospital,
    user: &str,
    patient: &str,
    time: i64,
    action: &str,
    section: &str,
    encounter: &str,
) -> Key {
    let key = hospital.line(user, patient, time, action, section);
    encounter.clone_into(&mut hospital.accesses.last_mut().unwrap().encounter);
    key
}

/// The files end with the last day: who leaves later has no end yet, and nothing happened later but what is planned.
fn still_here(hospital: &mut Hospital) {
    let until = at(DAYS, 0, 0);
    let open = |end: Option<i64>| end.filter(|end| *end <= until);
    for stay in &mut hospital.encounters {
        stay.end = open(stay.end);
    }
    for row in &mut hospital.participants {
        row.end = open(row.end);
    }
    hospital.accesses.retain(|access| access.time < until);
}
