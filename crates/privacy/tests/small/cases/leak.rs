//! S15 to S20: who is gone, what leaves the house, and what is hidden.

use super::super::Hospital;
use super::super::clock::{DAY, HOUR, MINUTE, at, date, day_of, iso};
use super::super::tables::{Key, home};
use super::{lying, stranger};

pub(super) fn write(hospital: &mut Hospital) {
    leavers(hospital);
    retrievals(hospital);
    prints(hospital);
    sensitive(hospital);
    for_another(hospital);
    serial(hospital);
    tampering(hospital);
}

/// S15: after the last day of employment.
fn leavers(h: &mut Hospital) {
    let nurse = h.take("W1", "nurse");
    h.person_mut(&nurse).to = date(10);
    h.works_only(&nurse, i64::MIN, at(11, 0, 0));
    let time = at(20, 11, 17);
    let patient = stranger(h, "Haddad", "Sami", time);
    let rows = h.read(&nurse, &patient, time, &["summary", "notes"]);
    h.hit("S15", &nurse, &rows, "an account is used ten days after its owner left");

    // The last day counts.
    let nurse = h.take("W2", "nurse");
    let time = h.on_duty(&nurse, 20);
    let last = (18..24).find(|day| time < at(day + 1, 0, 0) && time >= at(*day, 0, 0)).unwrap();
    h.person_mut(&nurse).to = date(last);
    h.works_only(&nurse, i64::MIN, at(last + 1, 0, 0));
    let patient = stranger(h, "Haddad", "Rami", time);
    let rows = h.read(&nurse, &patient, time, &["summary"]);
    h.near_miss("S15", &nurse, &rows, "the last day of employment is a day of employment");

    // Back from a long leave: nothing in the log before, a roster again, a ward.
    let nurse = h.take("W1", "nurse");
    h.works_only(&nurse, at(18, 0, 0), i64::MAX);
    let time = h.duty(&nurse, 18).start + 20 * MINUTE;
    let patient = lying(h, "Haddad", "Nour", "W1", time);
    let rows = h.read(&nurse, &patient, time, &["summary", "vitals"]);
    h.hard_negative("S15", &nurse, &rows, "a nurse is back from a long leave and on the roster");
}

/// S16: images and searches that leave the house.
fn retrievals(h: &mut Hospital) {
    // Three studies to a station that nobody ever sent anything to.
    let radiographer = h.take("IMG", "radiographer");
    let time = h.on_duty(&radiographer, 14);
    let mut rows = Vec::new();
    for (turn, given) in ["Odin", "Thor", "Loki"].into_iter().enumerate() {
        let patient = stranger(h, "Halvorsen", given, time);
        let row = h.line(&radiographer, &patient, time + i64::try_from(turn).unwrap() * 130, "export", "imaging");
        h.access_mut(row).object = "C-MOVE dest=LAPTOP7".into();
        rows.push(row);
    }
    h.hit("S16", &radiographer, &rows, "images are moved to a station that is in no map");

    // The same work as ever: a study to a reading station, ordered and performed.
    let radiographer = h.take("IMG", "radiographer");
    let time = h.on_duty(&radiographer, 15);
    let patient = h.patient("Halvorsen", "Freya");
    let by = h.staff.iter().find(|one| one.unit == "ED").unwrap().user.clone();
    h.order(&patient, &by, &radiographer, time - HOUR, "imaging");
    let row = h.line(&radiographer, &patient, time, "update", "imaging");
    h.access_mut(row).object = "C-MOVE dest=WSREAD2".into();
    h.hard_negative("S16", &radiographer, &[row], "images go to a reading station, as ordered");

    // FHIR: five thousand patients in one request; two hundred are a page.
    for (count, hit) in [("5000", true), ("200", false)] {
        let user = h.take("IT", "IT");
        let time = h.on_duty(&user, 16);
        let row = h.line(&user, "", time, "search", "");
        h.access_mut(row).object = format!("GET /Patient?_count={count}");
        if hit {
            h.hit("S16", &user, &[row], "a request asks for five thousand patients at once");
        } else {
            h.near_miss("S16", &user, &[row], "a request for two hundred is a page");
        }
    }

    // Research with a request of the records office for each record.
    let researcher = h.take("RES", "researcher");
    let time = h.on_duty(&researcher, 17);
    let clerk = h.staff.iter().find(|one| one.role == "HIM").unwrap().user.clone();
    let mut rows = Vec::new();
    for turn in 0..8_i64 {
        let patient = stranger(
            h,
            "Eriksen",
            ["Bo", "Dag", "Eli", "Finn", "Gro", "Kai", "Liv", "Tor"][usize::try_from(turn).unwrap()],
            time,
        );
        h.message(&patient, &clerk, "", "Research", time - DAY);
        rows.push(h.line(&researcher, &patient, time + turn * 5 * MINUTE, "export", "summary"));
    }
    h.hard_negative("S16", &researcher, &rows, "a researcher exports records that were asked for");
}

/// S16: paper.
fn prints(h: &mut Hospital) {
    let nurse = h.take("W2", "nurse");
    let time = h.on_duty(&nurse, 27);
    let mut rows = Vec::new();
    for turn in 0..40_i64 {
        let patient = format!("P{:05}", 370 + turn * 17 % 80);
        rows.push(h.line(&nurse, &patient, time + turn * 70, "print", "summary"));
    }
    h.hit("S16", &nurse, &rows, "a nurse prints forty records of another clinic");

    let nurse = h.take("W2", "nurse");
    let time = h.on_duty(&nurse, 28);
    let patient = lying(h, "Halvorsen", "Sif", "W2", time);
    let mut rows = h.read(&nurse, &patient, time, &["summary"]);
    rows.push(h.line(&nurse, &patient, time + 90, "print", "medication"));
    h.near_miss("S16", &nurse, &rows, "one printed plan of medication of an own patient leaves no house");

    let clerk = h.take("HIM", "billing");
    let time = h.on_duty(&clerk, 29);
    let patient = h.patient("Halvorsen", "Ylva");
    h.clinic(&patient, "CARD", time - 6 * DAY);
    let rows = vec![h.line(&clerk, &patient, time, "disclose", "billing")];
    h.hard_negative("S16", &clerk, &rows, "billing discloses an invoice to the insurer after the discharge");
}

/// S17: sections that the role practically never opens.
fn sensitive(h: &mut Hospital) {
    let nurse = h.take("ICU", "nurse");
    let time = h.on_duty(&nurse, 25);
    let patient = lying(h, "Kozlova", "Mila", "PSY", time);
    let rows = h.read(&nurse, &patient, time, &["psychotherapy"]);
    h.hit("S17", &nurse, &rows, "a nurse of intensive care opens the psychotherapy notes of a stranger");

    let nurse = h.take("ED", "nurse");
    let time = h.on_duty(&nurse, 26);
    let patient = lying(h, "Kozlova", "Dina", "PSY", time);
    let rows = h.read(&nurse, &patient, time, &["vitals"]);
    h.near_miss("S17", &nurse, &rows, "vital signs are no sensitive section, whoever the patient is");

    // HIV results are opened in every twentieth order by the laboratory.
    let technician = h.take("LAB", "laboratory technician");
    let time = h.on_duty(&technician, 24);
    let patient = stranger(h, "Kozlova", "Vera", time);
    let rows = h.read(&technician, &patient, time, &["hiv"]);
    h.near_miss("S17", &technician, &rows, "a section that the role opens every day is not foreign to it");

    let doctor = h.take("ED", "physician");
    let time = h.on_duty(&doctor, 23);
    let patient = h.patient("Kozlova", "Inna");
    h.stay(&patient, "ED", time - HOUR, Some(time + 4 * HOUR));
    let rows = h.read(&doctor, &patient, time, &["summary", "psychotherapy"]);
    h.hard_negative(
        "S17",
        &doctor,
        &rows,
        "a physician reads the therapy notes of a patient in a crisis in front of him",
    );
}

/// A relative who was refused, and somebody of the same ward on the same duty.
fn refused(h: &mut Hospital, unit: &str, day: i64, given: &str) -> (String, String, i64) {
    let relative = h.take_by_day(unit, "nurse", day);
    let time = h.on_duty(&relative, day);
    h.settle(&relative, home(&format!("Falkenweg {given}"), "2", "79219"));
    let (surname, _) = h.name(&relative);
    let patient = stranger(h, &surname, given, time);
    h.patient_mut(&patient).home = home(&format!("Falkenweg {given}"), "2", "79219");
    let row = h.line(&relative, &patient, time, "read", "summary");
    h.access_mut(row).denied = true;
    (relative, patient, time)
}

/// Somebody of this unit on the same duty.
fn beside(h: &mut Hospital, unit: &str, time: i64) -> String {
    let day = day_of(time);
    loop {
        let other = h.take_by_day(unit, "nurse", day);
        let duty = h.duty(&other, day);
        if duty.start <= time && time + 10 * MINUTE < duty.end {
            return other;
        }
    }
}

/// S18: five minutes after a co-worker, related to the patient, was refused.
fn for_another(h: &mut Hospital) {
    let (_, patient, time) = refused(h, "W1", 30, "Yda");
    let colleague = beside(h, "W1", time);
    let rows = h.read(&colleague, &patient, time + 3 * MINUTE, &["summary", "notes"]);
    h.hit(
        "S18",
        &colleague,
        &rows,
        "a colleague opens the record three minutes after the sister of the patient was refused",
    );

    let (_, patient, time) = refused(h, "W2", 31, "Ylva");
    let colleague = beside(h, "W2", time);
    let rows = h.read(&colleague, &patient, time + 7 * MINUTE, &["summary"]);
    h.near_miss("S18", &colleague, &rows, "seven minutes after the refusal nothing follows from it");

    // The patient lies on the ward of the nurse who opens the record.
    let (_, patient, time) = refused(h, "ED", 13, "Yves");
    h.stay(&patient, "W2", time - DAY, Some(time + 2 * DAY));
    let colleague = beside(h, "W2", time);
    let rows = h.read(&colleague, &patient, time + 2 * MINUTE, &["summary", "vitals"]);
    h.hard_negative(
        "S18",
        &colleague,
        &rows,
        "a nurse opens the record of her patient just after a relative was refused",
    );
}

/// S19: several small things within thirty days, none of them much.
fn serial(h: &mut Hospital) {
    // Six records of strangers, one line each, some of them of long ago.
    let nurse = h.take("W2", "nurse");
    let mut rows = Vec::new();
    for (turn, given) in ["Abel", "Beda", "Cleo", "Dido", "Elia", "Fara"].into_iter().enumerate() {
        let turn = i64::try_from(turn).unwrap();
        let time = h.on_duty(&nurse, 3 + turn * 5);
        let patient = h.patient("Okafor", given);
        h.clinic(&patient, "EYE", time - if turn % 2 == 0 { 9 * DAY } else { 38 * DAY });
        rows.extend(h.read(&nurse, &patient, time, &["summary"]));
    }
    h.hit("S19", &nurse, &rows, "a nurse looks into six records of strangers within four weeks");

    let nurse = h.take("W2", "nurse");
    let mut rows = Vec::new();
    for (day, given) in [(8, "Gina"), (18, "Hugo")] {
        let time = h.on_duty(&nurse, day);
        let patient = h.patient("Okafor", given);
        h.clinic(&patient, "EYE", time - 9 * DAY);
        rows.extend(h.read(&nurse, &patient, time, &["summary"]));
    }
    h.near_miss("S19", &nurse, &rows, "two small things within thirty days are no series");

    let doctor = h.take("ED", "physician");
    let mut rows = Vec::new();
    for (turn, given) in ["Ilja", "Jana", "Kolja", "Lasse", "Mika"].into_iter().enumerate() {
        let time = h.on_duty(&doctor, 4 + i64::try_from(turn).unwrap() * 5);
        let patient = h.patient("Okafor", given);
        h.clinic(&patient, "EYE", time - 9 * DAY);
        let from = h.staff.iter().find(|one| one.unit == "EYE").unwrap().user.clone();
        h.message(&patient, &from, &doctor, "", time - 3 * HOUR);
        rows.extend(h.read(&doctor, &patient, time, &["summary"]));
    }
    h.hard_negative("S19", &doctor, &rows, "a physician is asked for advice about five strangers and looks at them");
}

/// A note for which the log says both when it claims to be from and when it was filed.
fn note(h: &mut Hospital, user: &str, patient: &str, filed: i64, written: i64) -> Key {
    let row = h.line(user, patient, filed, "update", "notes");
    h.access_mut(row).object = format!("note time={}", iso(written));
    row
}

/// S20: a note filed more than a day after its time, by a party to the complaint.
///
/// The contract has no column for the time of a note; the object of the access states it, as that of a retrieval states its destination. The own
/// encounter ended more than thirty days ago, so that nothing explains the access any more.
fn tampering(h: &mut Hospital) {
    let complained = |h: &mut Hospital, user: &str, given: &str, time: i64, flags: &str| {
        let patient = h.patient("Rossi", given);
        let stay = h.stay(&patient, "ICU", time - 40 * DAY, Some(time - 36 * DAY));
        h.care(&stay, user, "attending", time - 40 * DAY, Some(time - 36 * DAY));
        h.patient_mut(&patient).flags = flags.into();
        patient
    };
    let doctor = h.take("W1", "physician");
    let time = h.on_duty(&doctor, 30);
    let patient = complained(h, &doctor, "Carlo", time, "complaint");
    let rows =
        vec![h.line(&doctor, &patient, time - 100, "read", "notes"), note(h, &doctor, &patient, time, time - 37 * DAY)];
    h.hit("S20", &doctor, &rows, "a physician files an old note into the record of a patient who complained about him");

    let doctor = h.take("ED", "physician");
    let time = h.on_duty(&doctor, 31);
    let patient = complained(h, &doctor, "Dario", time, "complaint");
    let rows = vec![note(h, &doctor, &patient, time, time - 20 * HOUR)];
    h.near_miss("S20", &doctor, &rows, "a note filed twenty hours after its time is only late");

    let doctor = h.take("ED", "physician");
    let time = h.on_duty(&doctor, 32);
    let patient = complained(h, &doctor, "Elio", time, "");
    let rows = vec![note(h, &doctor, &patient, time, time - 37 * DAY)];
    h.near_miss("S20", &doctor, &rows, "a late note in a record about which nobody complained hides nothing");

    // The records office files the letters of another house into the record of somebody who complained.
    let clerk = h.take("HIM", "HIM");
    let time = h.on_duty(&clerk, 30);
    let patient = h.patient("Rossi", "Fabio");
    h.clinic(&patient, "CARD", time - 20 * DAY);
    h.patient_mut(&patient).flags = "complaint".into();
    let rows = vec![note(h, &clerk, &patient, time, time - 25 * DAY)];
    h.hard_negative("S20", &clerk, &rows, "the records office files an old letter, which is its work");
}
