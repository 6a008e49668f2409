//! S9 to S14: how somebody goes about it. These fire whether or not the single accesses are explained.

use super::super::clock::{DAY, HOUR, MINUTE, at, mix};
use super::super::ordinary::handover;
use super::super::tables::Key;
use super::super::{Hospital, ip_of};
use super::{lying, stranger};

pub(super) fn write(hospital: &mut Hospital) {
    broken_glass(hospital);
    broken_glass_near(hospital);
    volume(hospital);
    sweep(hospital);
    search_then_peek(hospital);
    off_roster(hospital);
    far_away(hospital);
    two_places(hospital);
}

fn break_glass(h: &mut Hospital, rows: &[Key], purpose: &str) {
    for row in rows {
        let access = h.access_mut(*row);
        access.break_glass = true;
        access.purpose = purpose.into();
    }
}

/// S9: neither E1 nor E2 in the next 24 hours; or far more often than others, always with the same words; or without words.
fn broken_glass(h: &mut Hospital) {
    let nurse = h.take("ICU", "nurse");
    let time = h.on_duty(&nurse, 8);
    let patient = stranger(h, "Ferreira", "Ana", time);
    let rows = h.read(&nurse, &patient, time, &["summary", "notes"]);
    break_glass(h, &rows, "");
    h.hit("S9", &nurse, &rows, "a nurse breaks the glass without a word, for a patient who never comes");

    // The patient does come, two days later: too late to be the emergency.
    let nurse = h.take("ED", "nurse");
    let time = h.on_duty(&nurse, 9);
    let patient = h.patient("Ferreira", "Rui");
    h.stay(&patient, "ED", time + 49 * HOUR, Some(time + 52 * HOUR));
    let rows = h.read(&nurse, &patient, time, &["summary", "notes"]);
    break_glass(h, &rows, "patient announced by phone, weak pulse");
    h.hit("S9", &nurse, &rows, "a nurse breaks the glass for a patient who comes two days later");

    // Eight times in twelve days, always the same three words.
    let doctor = h.take("ED", "physician");
    let mut all = Vec::new();
    for turn in 0..8_i64 {
        let time = h.on_duty(&doctor, 10 + turn + turn / 2);
        let patient = stranger(
            h,
            "Ferreira",
            ["Ines", "Joao", "Lina", "Nuno", "Olavo", "Paula", "Rosa", "Saul"][usize::try_from(turn).unwrap()],
            time,
        );
        let rows = h.read(&doctor, &patient, time + turn * 11 * MINUTE, &["summary"]);
        break_glass(h, &rows, "emergency see chart");
        all.extend(rows);
    }
    h.hit("S9", &doctor, &all, "a physician breaks the glass again and again with the same words");
}

fn broken_glass_near(h: &mut Hospital) {
    // No glass broken: a plain access without a reason is not this scenario.
    let nurse = h.take("ICU", "nurse");
    let time = h.on_duty(&nurse, 9);
    let patient = stranger(h, "Ferreira", "Tito", time);
    let rows = h.read(&nurse, &patient, time, &["summary"]);
    h.near_miss("S9", &nurse, &rows, "an access that broke no glass is no abuse of it");

    // Proper: announced by the ambulance, admitted to the own unit ten hours later.
    let nurse = h.take("ED", "nurse");
    let time = h.on_duty(&nurse, 11);
    let patient = h.patient("Ferreira", "Vasco");
    h.stay(&patient, "ED", time + 10 * HOUR, Some(time + 14 * HOUR));
    let rows = h.read(&nurse, &patient, time, &["summary", "allergies"]);
    break_glass(h, &rows, "transfer announced from Breisach, polytrauma");
    h.hard_negative("S9", &nurse, &rows, "a nurse breaks the glass for a patient admitted to her unit ten hours later");

    // Proper: the consultant reads first, and is entered as participant six hours later.
    let doctor = h.take("ICU", "physician");
    let time = h.on_duty(&doctor, 13);
    let patient = h.patient("Ferreira", "Xenia");
    let stay = h.stay(&patient, "ED", time - HOUR, Some(time + 9 * HOUR));
    h.care(&stay, &doctor, "consultant", time + 6 * HOUR, Some(time + 9 * HOUR));
    let rows = h.read(&doctor, &patient, time, &["summary", "laboratory"]);
    break_glass(h, &rows, "called to the resuscitation room, bay 2");
    h.hard_negative(
        "S9",
        &doctor,
        &rows,
        "a consultant breaks the glass and is entered in the care team six hours later",
    );
}

/// S10: many records. Ordinary patients, so some of them are explained.
fn volume(h: &mut Hospital) {
    let doctor = h.take("W1", "physician");
    let time = h.on_duty(&doctor, 16);
    let mut rows = Vec::new();
    for turn in 0..90_i64 {
        // Every number once, in no order: 90 and 359 share no factor with the step.
        let patient = format!("P{:05}", 1 + (turn * 211 + 17) % 359);
        rows.push(h.line(&doctor, &patient, time + turn * 34, "read", "summary"));
    }
    h.hit("S10", &doctor, &rows, "a physician opens ninety records within an hour");

    // A busy duty: two patients more than usual, all of the own ward.
    let nurse = h.take("W2", "nurse");
    let time = h.on_duty(&nurse, 17);
    let mut rows = Vec::new();
    for (turn, given) in ["Isa", "Jule"].into_iter().enumerate() {
        let time = time + i64::try_from(turn).unwrap() * HOUR;
        let patient = lying(h, "Grabowski", given, "W2", time);
        rows.extend(h.read(&nurse, &patient, time, &["summary", "vitals"]));
    }
    h.near_miss("S10", &nurse, &rows, "two patients more than usual are no volume");

    // The weekly release of records: sixty records, as every Wednesday and as everybody in the records office.
    let clerk = h.take("HIM", "HIM");
    let hours = at(9, 0, 0)..at(10, 0, 0);
    let own = h
        .accesses
        .iter()
        .filter(|access| access.user == clerk && hours.contains(&access.time) && access.section != "summary");
    let rows: Vec<Key> = own.map(|access| access.key).collect();
    assert!(rows.len() >= 50, "the weekly release has {} records", rows.len());
    h.hard_negative("S10", &clerk, &rows, "the records office prints sixty records, as it does every Wednesday");
}

/// S11: twenty or more patients within ten minutes, in an order that is not one of the own work.
fn sweep(h: &mut Hospital) {
    let clinic = |from: i64, count: i64| (0..count).map(move |turn| format!("P{:05}", from + turn));
    let nurse = h.take("W2", "nurse");
    let time = h.on_duty(&nurse, 18);
    let patients: Vec<String> = clinic(375, 25).collect();
    let rows: Vec<Key> = patients
        .iter()
        .enumerate()
        .map(|(turn, one)| h.line(&nurse, one, time + i64::try_from(turn).unwrap() * 21, "read", "summary"))
        .collect();
    h.hit("S11", &nurse, &rows, "a nurse goes through twenty-five patients of a clinic in the order of their numbers");

    let nurse = h.take("W1", "nurse");
    let time = h.on_duty(&nurse, 19);
    let patients: Vec<String> = clinic(456, 19).collect();
    let rows: Vec<Key> = patients
        .iter()
        .enumerate()
        .map(|(turn, one)| h.line(&nurse, one, time + i64::try_from(turn).unwrap() * 30, "read", "summary"))
        .collect();
    h.near_miss("S11", &nurse, &rows, "nineteen patients in ten minutes are no sweep");

    // Twenty-four patients in nine minutes, but in no order: 11 and 24 share no factor.
    let nurse = h.take("ICU", "nurse");
    let time = h.on_duty(&nurse, 20);
    let rows: Vec<Key> = (0..24_i64)
        .map(|turn| {
            let patient = format!("P{:05}", 420 + turn * 11 % 24);
            h.line(&nurse, &patient, time + turn * 22, "read", "summary")
        })
        .collect();
    h.near_miss("S11", &nurse, &rows, "many patients in no order are no sweep");

    // Handover: all who lie on the ward, in the order of the list. The schedule is the reason.
    let nurse = h.take_by_day("W1", "nurse", 22);
    let start = h.duty(&nurse, 22).start;
    let time = start + 3 * MINUTE;
    let stays = h
        .encounters
        .iter()
        .filter(|stay| stay.unit == "W1" && stay.start < time && stay.end.is_none_or(|end| end > time));
    let mut patients: Vec<String> = stays.map(|stay| stay.patient.clone()).collect();
    patients.sort();
    patients.dedup();
    assert!(patients.len() >= 20, "{} lie on the ward", patients.len());
    let rows = handover(h, &nurse, &patients, time);
    h.hard_negative("S11", &nurse, &rows, "a nurse goes through the list of her ward at handover");
}

/// A search by name, and a view so many seconds later.
fn search(h: &mut Hospital, user: &str, patient: &str, time: i64, seconds: i64) -> Vec<Key> {
    let one = h.patients.iter().find(|one| one.id == patient).unwrap();
    let object = format!("name:{}, {}", one.surname.to_uppercase(), one.given.to_uppercase());
    let found = h.line(user, "", time, "search", "");
    h.access_mut(found).object = object;
    let mut rows = vec![found];
    rows.extend(h.read(user, patient, time + seconds, &["summary", "notes"]));
    rows
}

/// S12: a name search, a view within sixty seconds, no write, no explanation.
fn search_then_peek(h: &mut Hospital) {
    let nurse = h.take("W1", "nurse");
    let time = h.on_duty(&nurse, 2);
    let patient = stranger(h, "Montgomery", "Ruth", time);
    let rows = search(h, &nurse, &patient, time, 25);
    h.hit("S12", &nurse, &rows[1..], "a nurse searches a name and looks into the record twenty-five seconds later");

    let nurse = h.take("ED", "nurse");
    let time = h.on_duty(&nurse, 3);
    let patient = stranger(h, "Montgomery", "Alan", time);
    let rows = search(h, &nurse, &patient, time, 75);
    h.near_miss("S12", &nurse, &rows[1..], "a view seventy-five seconds after the search did not follow from it");

    let doctor = h.take("W2", "physician");
    let time = h.on_duty(&doctor, 4);
    let patient = stranger(h, "Montgomery", "June", time);
    let mut rows = search(h, &doctor, &patient, time, 20);
    rows.push(h.line(&doctor, &patient, time + 170, "update", "notes"));
    h.near_miss("S12", &doctor, &rows[1..], "somebody who writes into the record did not only peek");

    let nurse = h.take("ED", "nurse");
    let time = h.on_duty(&nurse, 6);
    let patient = h.patient("Montgomery", "Hope");
    h.stay(&patient, "ED", time - 5 * MINUTE, Some(time + 3 * HOUR));
    let rows = search(h, &nurse, &patient, time, 20);
    h.hard_negative("S12", &nurse, &rows[1..], "a nurse searches the name of a patient who just came in");
}

fn move_to(h: &mut Hospital, rows: &[Key], workstation: &str, location: &str) {
    for row in rows {
        let access = h.access_mut(*row);
        access.workstation = workstation.into();
        access.location = location.into();
        access.ip = ip_of(workstation);
    }
}

/// S13: off the roster, or at a place where neither the person nor the peers work.
fn off_roster(h: &mut Hospital) {
    // Three in the morning of a free day, at a workstation of imaging, where no nurse ever works.
    let nurse = h.take("W1", "nurse");
    let duty = h.duty(&nurse, 13).start;
    let free = (14..).map(|day| at(day, 3, 10)).find(|time| {
        let near =
            |shift: &&super::super::tables::Shift| *time > shift.start - 8 * HOUR && *time < shift.end + 8 * HOUR;
        *time > duty && !h.shifts.iter().filter(|shift| shift.user == nurse).any(|shift| near(&shift))
    });
    let time = free.unwrap();
    let patient = stranger(h, "Obi", "Chike", time);
    let rows = h.read(&nurse, &patient, time, &["summary", "notes"]);
    move_to(h, &rows, "IMG-WS3", "MAIN/IMG");
    h.hit("S13", &nurse, &rows, "a nurse reads at three in the morning of a free day at a workstation of imaging");

    // The duty ended twelve minutes ago and the note is still to be written: handover, not off the roster.
    let nurse = h.take("ICU", "nurse");
    let end = h.duty(&nurse, 15).end;
    let patient = h.patient("Obi", "Ada");
    let stay = h.stay(&patient, "ICU", end - 8 * HOUR, Some(end + 2 * DAY));
    h.care(&stay, &nurse, "primary nurse", end - 8 * HOUR, Some(end));
    let row = h.line(&nurse, &patient, end + 12 * MINUTE, "update", "notes");
    h.near_miss("S13", &nurse, &[row], "twelve minutes after the end of the duty are still handover");

    // Cross-cover: a physician of medicine is rostered for a night of surgery, at a desk of surgery.
    let doctor = h.take("W1", "physician");
    let (start, _) = free_night(h, &doctor, 14);
    h.shift(&doctor, "W2", start, start + 8 * HOUR);
    let patient = lying(h, "Obi", "Emeka", "W2", start);
    let rows = h.read(&doctor, &patient, start + 3 * HOUR, &["summary", "laboratory"]);
    move_to(h, &rows, "W2-WS1", "MAIN/W2");
    h.hard_negative("S13", &doctor, &rows, "a physician covers another ward for a night, by the roster");
}

/// The first night of 22 to 6 hours, on this day or later, around which this person has no duty.
fn free_night(h: &Hospital, user: &str, day: i64) -> (i64, i64) {
    let nights = (day..day + 8).map(|day| (at(day, 22, 0), at(day + 1, 6, 0)));
    let free = |night: &(i64, i64)| {
        !h.shifts.iter().any(|shift| shift.user == user && shift.start < night.1 && shift.end > night.0)
    };
    nights.into_iter().find(free).unwrap()
}

fn remote(h: &mut Hospital, rows: &[Key], place: &str) {
    for row in rows {
        let access = h.access_mut(*row);
        access.workstation = "VPN".into();
        access.location = format!("geo:{place}");
        access.ip = "10.99.0.7".into();
    }
}

/// On call from home, five nights: duty by the roster, and each time a patient of the own ward.
fn on_call(h: &mut Hospital, doctor: &str, from: i64) -> Vec<Key> {
    let mut all = Vec::new();
    for turn in 0..5_i64 {
        let (start, _) = free_night(h, doctor, from + turn * 4);
        h.shift(doctor, "W2", start, start + 8 * HOUR);
        let patient =
            lying(h, "Adeyemi", ["Bola", "Dayo", "Femi", "Kemi", "Sade"][usize::try_from(turn).unwrap()], "W2", start);
        let rows = h.read(doctor, &patient, start + HOUR + mix(&[start]) % HOUR, &["summary", "laboratory"]);
        remote(h, &rows, "48.01,7.84");
        all.extend(rows);
    }
    all
}

/// S13: two places that nobody can reach in the time between.
fn far_away(h: &mut Hospital) {
    let doctor = h.take("W2", "physician");
    let rows = on_call(h, &doctor, 3);
    h.hard_negative("S13", &doctor, &rows, "a physician on call works from home at night");

    // From home, and forty minutes later from New York: 6,200 km.
    let doctor = h.take("W2", "physician");
    on_call(h, &doctor, 2);
    let time = h.on_duty(&doctor, 24);
    let patient = stranger(h, "Obi", "Nkem", time);
    let here = h.read(&doctor, &patient, time, &["summary"]);
    remote(h, &here, "48.01,7.84");
    let there = h.read(&doctor, &patient, time + 40 * MINUTE, &["summary", "notes"]);
    remote(h, &there, "40.71,-74.01");
    h.hit("S13", &doctor, &[here, there].concat(), "an account is used in Germany and forty minutes later in New York");

    // From home, and an hour later from Frankfurt: 240 km, by train.
    let doctor = h.take("ED", "physician");
    for turn in 0..5 {
        let time = h.on_duty(&doctor, 2 + turn * 5);
        let patient = lying(h, "Adeyemi", "Tobi", "ED", time);
        let rows = h.read(&doctor, &patient, time, &["summary"]);
        remote(h, &rows, "48.01,7.84");
    }
    let time = h.duty(&doctor, 28).start + 2 * HOUR;
    let patient = lying(h, "Obi", "Uche", "ED", time);
    let here = h.read(&doctor, &patient, time, &["summary"]);
    remote(h, &here, "48.01,7.84");
    let there = h.read(&doctor, &patient, time + HOUR, &["summary"]);
    remote(h, &there, "50.11,8.68");
    h.near_miss("S13", &doctor, &[here, there].concat(), "two hundred and forty kilometres in an hour are a train");
}

/// S14: two sessions at once, far apart, on workstations where nobody works at two places by habit.
fn two_places(h: &mut Hospital) {
    let nurse = h.take("W2", "nurse");
    let time = h.on_duty(&nurse, 26);
    let mut rows = Vec::new();
    for turn in 0..6_i64 {
        let now = time + turn * 80;
        let patient =
            lying(h, "Yamamoto", ["Ai", "Jin", "Ken", "Mei", "Rei", "Sho"][usize::try_from(turn).unwrap()], "W2", now);
        rows.extend(h.read(&nurse, &patient, now, &["vitals"]));
        let other =
            stranger(h, "Yamamoto", ["Aoi", "Ema", "Hina", "Kai", "Nao", "Yui"][usize::try_from(turn).unwrap()], now);
        let elsewhere = h.read(&nurse, &other, now + 40, &["imaging"]);
        move_to(h, &elsewhere, "IMG-WS2", "MAIN/IMG");
        rows.extend(elsewhere);
    }
    h.hit("S14", &nurse, &rows, "an account works on the ward and in imaging in the same minutes");

    // From one desk of the ward to the next, once.
    let nurse = h.take("W1", "nurse");
    let time = h.on_duty(&nurse, 27);
    let patient = lying(h, "Yamamoto", "Taro", "W1", time);
    let first = h.read(&nurse, &patient, time, &["summary", "vitals", "notes"]);
    let then = h.read(&nurse, &patient, time + 5 * MINUTE, &["summary", "medication", "notes"]);
    let (desk, location) = h.desk(&nurse);
    move_to(h, &then, if desk == "W1-WS1" { "W1-WS2" } else { "W1-WS1" }, &location);
    h.near_miss("S14", &nurse, &[first, then].concat(), "moving once from one desk to the next shares no account");

    // Tap and go: everybody in the emergency department moves between all workstations with a badge.
    let nurse = h.take("ED", "nurse");
    let time = h.on_duty(&nurse, 25);
    let mut rows = Vec::new();
    for turn in 0..6_i64 {
        let now = time + turn * 45;
        let patient = lying(h, "Yamamoto", "Yuri", "ED", now);
        let row = h.read(&nurse, &patient, now, &["vitals"]);
        move_to(h, &row, if turn % 2 == 0 { "ED-WS1" } else { "ED-WS3" }, "MAIN/ED");
        rows.extend(row);
    }
    h.hard_negative("S14", &nurse, &rows, "in the emergency department everybody moves between workstations by badge");
}
