//! The reasons, one by one: E1 to E6 with the rows that must prove them, both edges of every window, and what looks like a reason and is none.
//!
//! Every pair of person and patient is used once, so that E6 does not carry one reason into the next. All act in their own duty.

use super::Hospital;
use super::clock::{DAY, HOUR, MINUTE, at};
use super::tables::{Key, Shift, Table};

/// Writes all of them.
pub(crate) fn write(hospital: &mut Hospital) {
    let probe = hospital.take("ICU", "nurse");
    care_team(hospital, &probe);
    let probe = hospital.take("ED", "nurse");
    orders_and_appointments(hospital, &probe);
    units(hospital);
    transfers(hospital);
    queues(hospital);
    pools(hospital);
    co_treatment(hospital);
    shared_by_all(hospital);
    episodes(hospital);
    spring_night(hospital);
}

/// An access, and nothing else known of the patient yet.
fn opens(h: &mut Hospital, user: &str, given: &str, time: i64) -> (String, Key) {
    let patient = h.patient("Zweig", given);
    let row = h.line(user, &patient, time, "read", "summary");
    (patient, row)
}

/// E1, the care team: from 72 hours before the start until 30 days after the end.
fn care_team(h: &mut Hospital, user: &str) {
    let cases: [(&str, i64, Option<i64>, bool, &str); 5] = [
        (
            "Aron",
            72 * HOUR - MINUTE,
            Some(73 * HOUR),
            true,
            "71:59 hours before the encounter its care team has a reason",
        ),
        ("Bela", 72 * HOUR + MINUTE, Some(73 * HOUR), false, "72:01 hours before the encounter it has none"),
        ("Cora", -31 * DAY, Some(MINUTE - 30 * DAY), true, "29 days and 23:59 hours after the end it has one"),
        ("Dora", -31 * DAY, Some(-30 * DAY - MINUTE), false, "30 days and one minute after the end it has none"),
        ("Emil", -50 * DAY, None, true, "as long as an encounter has no end, its care team has a reason"),
    ];
    for (turn, (given, start, end, reason, sentence)) in cases.into_iter().enumerate() {
        let time = h.on_duty(user, 4 + 4 * i64::try_from(turn).unwrap());
        let (patient, row) = opens(h, user, given, time);
        let stay = h.stay(&patient, "EYE", time + start, end.map(|end| time + end));
        let care = h.care(&stay, user, "consultant", time + start, end.map(|end| time + end));
        if reason {
            h.explained(row, &["E1"], &[(Table::Participants, care)], sentence);
        } else {
            h.unexplained(row, sentence);
        }
    }
}

/// E1, orders and appointments, with the same window.
fn orders_and_appointments(h: &mut Hospital, user: &str) {
    let eye = h.staff.iter().find(|one| one.unit == "EYE").unwrap().user.clone();
    let orders: [(&str, i64, bool, bool, &str); 4] = [
        ("Finn", -29 * DAY, true, true, "who ordered has a reason 29 days later"),
        ("Gerd", -30 * DAY - HOUR, true, false, "who ordered has none after 30 days and an hour"),
        ("Hedi", 71 * HOUR, false, true, "who carries out an order has a reason three days before"),
        ("Isolde", 73 * HOUR, false, false, "73 hours before the order there is none"),
    ];
    for (turn, (given, offset, orders, reason, sentence)) in orders.into_iter().enumerate() {
        let time = h.on_duty(user, 2 + 3 * i64::try_from(turn).unwrap());
        let (patient, row) = opens(h, user, given, time);
        h.clinic(&patient, "EYE", time - 5 * DAY);
        let (by, performer) = if orders { (user, eye.as_str()) } else { (eye.as_str(), user) };
        let (by, performer) = (by.to_owned(), performer.to_owned());
        let order = h.order(&patient, &by, &performer, time + offset, "medication");
        if reason {
            h.explained(row, &["E1"], &[(Table::Orders, order)], sentence);
        } else {
            h.unexplained(row, sentence);
        }
    }
    let booked: [(&str, i64, &str, bool, &str); 5] = [
        ("Jette", 71 * HOUR, "booked", true, "71 hours before an appointment the person booked has a reason"),
        ("Klaus", 73 * HOUR, "booked", false, "73 hours before an appointment there is none"),
        ("Luise", -29 * DAY, "fulfilled", true, "29 days after an appointment there is a reason"),
        ("Malte", -30 * DAY - 2 * HOUR, "fulfilled", false, "30 days and an hour after an appointment there is none"),
        ("Nadja", 2 * HOUR, "cancelled", false, "a cancelled appointment is no reason"),
    ];
    for (turn, (given, offset, status, reason, sentence)) in booked.into_iter().enumerate() {
        let time = h.on_duty(user, 14 + 3 * i64::try_from(turn).unwrap());
        let (patient, row) = opens(h, user, given, time);
        h.clinic(&patient, "EYE", time - 5 * DAY);
        let appointment = h.appointment(&patient, user, time + offset, status);
        if reason {
            h.explained(row, &["E1"], &[(Table::Appointments, appointment)], sentence);
        } else {
            h.unexplained(row, sentence);
        }
    }
}

/// The duty of this person at that time.
fn duty_at(h: &Hospital, user: &str, time: i64) -> Key {
    let on = |shift: &&Shift| shift.user == user && (shift.start..shift.end).contains(&time);
    h.shifts.iter().find(on).unwrap().key
}

/// E2: on shift where the patient lies, from 24 hours before the admission until 14 days after the discharge.
fn units(h: &mut Hospital) {
    let user = h.take("W2", "nurse");
    let cases: [(&str, i64, Option<i64>, bool, &str); 6] = [
        ("Otto", -DAY, Some(DAY), true, "a nurse has a reason for who lies on her ward"),
        ("Petra", DAY - MINUTE, Some(3 * DAY), true, "23:59 hours before the admission the ward has a reason"),
        ("Quirin", DAY + MINUTE, Some(3 * DAY), false, "24:01 hours before the admission it has none"),
        ("Rosa", -20 * DAY, Some(MINUTE - 14 * DAY), true, "13 days and 23:59 hours after the discharge it has one"),
        ("Selma", -20 * DAY, Some(-14 * DAY - MINUTE), false, "14 days and one minute after the discharge it has none"),
        ("Theo", -60 * DAY, None, true, "whoever was never discharged still lies there"),
    ];
    for (turn, (given, start, end, reason, sentence)) in cases.into_iter().enumerate() {
        let time = h.on_duty(&user, 3 + 4 * i64::try_from(turn).unwrap());
        let (patient, row) = opens(h, &user, given, time);
        let stay = h.stay(&patient, "W2", time + start, end.map(|end| time + end));
        if reason {
            let duty = duty_at(h, &user, time);
            h.explained(row, &["E2"], &[(Table::Shifts, duty), (Table::Encounters, stay.key)], sentence);
        } else {
            h.unexplained(row, sentence);
        }
    }
    // Half past two in the night: the duty began on the day before.
    let user = h.take("W1", "nurse");
    let nights = h.shifts.iter().filter(|shift| shift.user == user && shift.start > at(10, 0, 0));
    let night = nights
        .map(|shift| (shift.key, shift.start, shift.end))
        .find(|(_, start, _)| (10..DAYS_LAST).any(|day| *start == at(day, 22, 0)));
    let (duty, start, end) = night.unwrap();
    let (patient, row) = opens(h, &user, "Ulla", start + 4 * HOUR + 30 * MINUTE);
    let stay = h.stay(&patient, "W1", start - DAY, Some(start + 3 * DAY));
    h.explained(
        row,
        &["E2"],
        &[(Table::Shifts, duty), (Table::Encounters, stay.key)],
        "the night shift that began yesterday explains half past two",
    );
    // Three hours after the same duty: at home.
    let (patient, row) = opens(h, &user, "Volker", end + 3 * HOUR);
    h.stay(&patient, "W1", start - DAY, Some(start + 3 * DAY));
    h.unexplained(row, "three hours after the duty the ward is no reason any more");
}

/// A day on which a night duty still ends within the files.
const DAYS_LAST: i64 = 32;

/// E2 with transfers: one encounter, a row for every unit.
fn transfers(h: &mut Hospital) {
    let user = h.take("W2", "nurse");
    let time = h.on_duty(&user, 9);
    let (patient, row) = opens(h, &user, "Wanda", time);
    let first = h.stay(&patient, "ED", time - 3 * DAY, Some(time - 3 * DAY + 4 * HOUR));
    h.stay_on(&first.id, &patient, "W1", time - 3 * DAY + 4 * HOUR, Some(time - DAY));
    let here = h.stay_on(&first.id, &patient, "W2", time - DAY, Some(time + 2 * DAY));
    let duty = duty_at(h, &user, time);
    h.explained(
        row,
        &["E2"],
        &[(Table::Shifts, duty), (Table::Encounters, here.key)],
        "after a transfer the stay in the new unit is the proof, not that in the old one",
    );

    let time = h.on_duty(&user, 13);
    let (patient, row) = opens(h, &user, "Xaver", time);
    let first = h.stay(&patient, "ED", time - 2 * DAY, Some(time - 2 * DAY + 4 * HOUR));
    h.stay_on(&first.id, &patient, "W1", time - 2 * DAY + 4 * HOUR, Some(time + 30 * HOUR));
    h.stay_on(&first.id, &patient, "W2", time + 30 * HOUR, Some(time + 4 * DAY));
    h.unexplained(row, "thirty hours before a transfer the new unit has no reason yet");

    // Two hours after the transfer the old unit still finishes its papers. How many days it may is left open by the definition, and here.
    let time = h.on_duty(&user, 17);
    let (patient, row) = opens(h, &user, "Yorick", time);
    let old = h.stay(&patient, "W2", time - 9 * DAY, Some(time - 2 * HOUR));
    h.stay_on(&old.id, &patient, "W1", time - 2 * HOUR, None);
    let duty = duty_at(h, &user, time);
    h.explained(
        row,
        &["E2"],
        &[(Table::Shifts, duty), (Table::Encounters, old.key)],
        "the unit that the patient left two hours ago still has a reason",
    );
}

/// E3: coding, billing, records and the verification of the pharmacy, from the discharge until 120 days after.
fn queues(h: &mut Hospital) {
    let coder = h.take("HIM", "coding");
    let cases: [(&str, i64, bool, &str); 4] = [
        ("Zita", -HOUR, true, "coding has a reason from the discharge on"),
        ("Aleks", HOUR - 120 * DAY, true, "coding has a reason until 120 days after the discharge"),
        ("Britt", -120 * DAY - HOUR, false, "120 days and an hour after the discharge coding has none"),
        ("Clara", 2 * DAY, false, "before the discharge coding has none"),
    ];
    for (turn, (given, end, reason, sentence)) in cases.into_iter().enumerate() {
        let time = h.on_duty(&coder, 3 + 5 * i64::try_from(turn).unwrap());
        let (patient, row) = opens(h, &coder, given, time);
        let stay = h.stay(&patient, "PSY", time + end - 4 * DAY, Some(time + end));
        if reason {
            h.explained(row, &["E3"], &[(Table::Encounters, stay.key)], sentence);
        } else {
            h.unexplained(row, sentence);
        }
    }
    let pharmacist = h.take("PHA", "pharmacist");
    let time = h.on_duty(&pharmacist, 6);
    let (patient, row) = opens(h, &pharmacist, "Dirk", time);
    h.stay(&patient, "PSY", time - 9 * DAY, Some(time - DAY));
    let by = h.staff.iter().find(|one| one.unit == "PSY").unwrap().user.clone();
    // What the queue of the pharmacy is made of is the order, so that is the proof.
    let medicine = h.order(&patient, &by, &pharmacist, time - 8 * DAY, "medication");
    let order = h.orders.last_mut().unwrap();
    order.performer = String::new();
    h.explained(
        row,
        &["E3"],
        &[(Table::Orders, medicine)],
        "the pharmacy verifies the medication of who was discharged, though nobody is named in the order",
    );
    // The same discharge is no reason for somebody who has no queue.
    let nurse = h.take("ICU", "nurse");
    let time = h.on_duty(&nurse, 7);
    let (patient, row) = opens(h, &nurse, "Elke", time);
    h.stay(&patient, "PSY", time - 9 * DAY, Some(time - DAY));
    h.unexplained(row, "a discharge is no reason for a nurse");
}

/// E4: a message or referral to the person or to the pool, which is named like the department.
fn pools(h: &mut Hospital) {
    let technician = h.take("LAB", "laboratory technician");
    let from = h.staff.iter().find(|one| one.unit == "EYE").unwrap().user.clone();
    let cases: [(&str, &str, i64, bool, &str); 4] = [
        (
            "Falko",
            "Laboratory",
            -HOUR,
            true,
            "a message to the pool an hour ago is a reason for everybody in the department",
        ),
        ("Gesa", "", -HOUR, true, "a message to the person is a reason"),
        ("Henry", "Imaging", -HOUR, false, "a message to another pool is none"),
        ("Inka", "Laboratory", 3 * DAY, false, "a message that was sent three days later is none"),
    ];
    for (turn, (given, pool, offset, reason, sentence)) in cases.into_iter().enumerate() {
        let time = h.on_duty(&technician, 3 + 4 * i64::try_from(turn).unwrap());
        let (patient, row) = opens(h, &technician, given, time);
        h.clinic(&patient, "EYE", time - 2 * DAY);
        let to = if pool.is_empty() { technician.as_str() } else { "" };
        let message = h.message(&patient, &from, to, pool, time + offset);
        if reason {
            h.explained(row, &["E4"], &[(Table::Messages, message)], sentence);
        } else {
            h.unexplained(row, sentence);
        }
    }
}

/// Both treat the same patients on the ward of the first.
fn treat_together(h: &mut Hospital, one: &str, other: &str, unit: &str, count: i64, day: i64) {
    for turn in 0..count {
        let time = h.on_duty(one, day + turn);
        let patient = h.patient("Yilmaz", ["Ada", "Can", "Ece", "Mert"][usize::try_from(turn).unwrap()]);
        let stay = h.stay(&patient, unit, time - DAY, Some(time + 2 * DAY));
        h.care(&stay, other, "consultant", time - DAY, Some(time + 2 * DAY));
        h.line(one, &patient, time, "read", "summary");
        let time = h.on_duty(other, day + turn).min(time + 2 * DAY);
        h.line(other, &patient, time, "read", "summary");
    }
}

/// E5: at least three patients together within 30 days, and the other is in the care team of this one.
fn co_treatment(h: &mut Hospital) {
    let other = h.take("PSY", "psychiatrist");
    let cases = [
        (3, 12, 22, true, "three patients treated together within 30 days make a colleague of the care team"),
        (2, 12, 22, false, "two patients together are too few"),
        (3, 0, 33, false, "three patients together more than 30 days ago are too long ago"),
    ];
    for (turn, (count, from, day, reason, sentence)) in cases.into_iter().enumerate() {
        let nurse = h.take("W2", "nurse");
        treat_together(h, &nurse, &other, "W2", count, from);
        let time = h.on_duty(&nurse, day);
        let (patient, row) = opens(h, &nurse, ["Jule", "Kira", "Lutz"][turn], time);
        let stay = h.stay(&patient, "PSY", time - 2 * DAY, Some(time + 5 * DAY));
        let care = h.care(&stay, &other, "attending", time - 2 * DAY, Some(time + 5 * DAY));
        if reason {
            h.explained(row, &["E5"], &[(Table::Participants, care)], sentence);
        } else {
            h.unexplained(row, sentence);
        }
    }
}

/// The traps of E5: whoever works for everybody makes nobody a colleague.
fn shared_by_all(h: &mut Hospital) {
    for (unit, role, given, sentence) in [
        (
            "LAB",
            "laboratory technician",
            "Moritz",
            "a technician of the laboratory, whom everybody shares, explains nobody",
        ),
        ("PHA", "pharmacist", "Nele", "a pharmacist, whom everybody shares, explains nobody"),
        ("IMG", "radiologist", "Oskar", "a radiologist, whom everybody shares, explains nobody"),
    ] {
        let nurse = h.take("W1", "nurse");
        let shared = h.staff.iter().rfind(|one| one.unit == unit && one.role == role).unwrap().user.clone();
        // Four patients of the ward for whom the service worked, so that by number alone they treat together.
        for turn in 0..4_i64 {
            let time = h.on_duty(&nurse, 14 + turn);
            let patient = h.patient("Xu", ["An", "Bao", "Chi", "Dan"][usize::try_from(turn).unwrap()]);
            h.stay(&patient, "W1", time - DAY, Some(time + DAY));
            h.order(&patient, &nurse, &shared, time - HOUR, "laboratory");
            h.line(&nurse, &patient, time, "read", "summary");
            let later = h.on_duty(&shared, 14 + turn);
            h.line(&shared, &patient, later, "update", "laboratory");
        }
        let time = h.on_duty(&nurse, 23);
        let (patient, row) = opens(h, &nurse, given, time);
        let stay = h.clinic(&patient, "EYE", time - 2 * DAY);
        h.care(&stay, &shared, role, time - 2 * DAY, Some(time - 2 * DAY + HOUR));
        h.order(&patient, "", &shared, time - 2 * DAY, "laboratory");
        h.unexplained(row, sentence);
    }
}

/// E6: the own access was explained already in the same episode.
fn episodes(h: &mut Hospital) {
    let nurse = h.take("ED", "nurse");
    let time = h.on_duty(&nurse, 6);
    let patient = h.patient("Quist", "Alma");
    let first = h.line(&nurse, &patient, time, "read", "summary");
    let stay = h.stay(&patient, "ED", time - HOUR, Some(time + 2 * HOUR));
    h.stay_on(&stay.id, &patient, "EYE", time + 2 * HOUR, None);
    let later = h.on_duty(&nurse, 23);
    let second = h.line(&nurse, &patient, later, "read", "notes");
    h.explained(
        first,
        &["E2"],
        &[(Table::Encounters, stay.key)],
        "the first access in the emergency department is explained by the unit",
    );
    h.explained(
        second,
        &["E6"],
        &[(Table::Accesses, first)],
        "two weeks later in the same encounter the own first access, explained then, is the reason",
    );

    // The first access had no reason either.
    let nurse = h.take("ED", "nurse");
    let time = h.on_duty(&nurse, 7);
    let (patient, row) = opens(h, &nurse, "Bosse", time);
    h.clinic(&patient, "EYE", time - DAY);
    h.unexplained(row, "the first look has no reason");
    let again = h.line(&nurse, &patient, time + 9 * MINUTE, "read", "notes");
    h.unexplained(again, "a second look is not explained by a first one that had no reason");

    // Another episode: treated three weeks ago in the emergency department, now in the eye clinic.
    let time = h.on_duty(&nurse, 5);
    let patient = h.patient("Quist", "Cosmo");
    h.stay(&patient, "ED", time - HOUR, Some(time + 2 * HOUR));
    h.line(&nurse, &patient, time, "read", "summary");
    let later = h.on_duty(&nurse, 26);
    h.clinic(&patient, "EYE", later - HOUR);
    let row = h.line(&nurse, &patient, later, "read", "notes");
    h.unexplained(row, "an explained access of another episode is no reason in this one");
}

/// The night in which 02:00 becomes 03:00: a short duty until half past three, summer time.
fn spring_night(h: &mut Hospital) {
    let nurse = h.take("OR", "nurse");
    let (start, end) = (at(26, 22, 0), at(27, 3, 30));
    let duty = h.shift(&nurse, "W1", start, end);
    let (patient, row) = opens(h, &nurse, "Runa", at(27, 3, 20));
    let stay = h.stay(&patient, "W1", start - DAY, Some(start + 2 * DAY));
    h.explained(
        row,
        &["E2"],
        &[(Table::Shifts, duty), (Table::Encounters, stay.key)],
        "in the night of the clock change twenty past three is within a duty until half past three",
    );
}

/// A second small period: the night of 25 October 2026, in which the hour from two to three exists twice.
pub(crate) fn autumn() -> Hospital {
    let mut hospital = Hospital::default();
    super::people::hire(&mut hospital);
    let h = &mut hospital;
    let nurse = h.take("W1", "nurse");
    let night = 237;
    // Until 02:30 of the first hour; half past two comes a second time an hour later.
    let (start, end) = (at(night - 1, 22, 0), at(night, 2, 30));
    let duty = h.shift(&nurse, "W1", start, end);
    for (given, minute, later, reason, sentence) in [
        ("Sanna", 15, 0, true, "a quarter past two for the first time is within a duty until half past two"),
        ("Timo", 15, HOUR, false, "a quarter past two for the second time is an hour after it"),
    ] {
        let (patient, row) = opens(h, &nurse, given, at(night, 2, minute) + later);
        let stay = h.stay(&patient, "W1", start - DAY, Some(start + 2 * DAY));
        if reason {
            h.explained(row, &["E2"], &[(Table::Shifts, duty), (Table::Encounters, stay.key)], sentence);
        } else {
            h.unexplained(row, sentence);
        }
    }
    hospital.sort();
    hospital
}
