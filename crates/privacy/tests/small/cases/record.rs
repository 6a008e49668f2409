//! S5 to S8: what kind of record it is.

use super::super::Hospital;
use super::super::clock::{DAY, HOUR, MINUTE, at};
use super::super::tables::Key;
use super::{lying, stranger};

const TWO: [&str; 2] = ["summary", "notes"];

pub(super) fn write(hospital: &mut Hospital) {
    famous(hospital);
    in_the_news(hospital);
    deceased(hospital);
    long_discharged(hospital);
    mismatch(hospital);
}

/// S5 by the list.
fn famous(h: &mut Hospital) {
    let nurse = h.take("W2", "nurse");
    let time = h.on_duty(&nurse, 4);
    let mayor = stranger(h, "Fontaine", "Claire", time);
    h.patient_mut(&mayor).flags = "sensitive;VIP".into();
    let rows = h.read(&nurse, &mayor, time, &TWO);
    h.hit("S5", &nurse, &rows, "a nurse opens the record of the mayor, who is on the list");

    let nurse = h.take("ICU", "nurse");
    let time = h.on_duty(&nurse, 9);
    let actor = lying(h, "Delacroix", "Remy", "ICU", time);
    h.patient_mut(&actor).flags = "VIP".into();
    let rows = h.read(&nurse, &actor, time, &TWO);
    h.hard_negative("S5", &nurse, &rows, "a nurse cares for somebody on the list who lies on her unit");
}

/// S5 without a list: five people without a reason within a day.
fn in_the_news(h: &mut Hospital) {
    let day = 28;
    let victim = h.patient("Kowalczyk", "Jan");
    h.clinic(&victim, "EYE", at(day - 2, 9, 0));
    for unit in ["ED", "W1", "W2", "ICU", "OR"] {
        let nurse = h.take_by_day(unit, "nurse", day);
        let time = h.on_duty(&nurse, day);
        let rows = h.read(&nurse, &victim, time, &["summary"]);
        h.hit("S5", &nurse, &rows, "five people without a reason within a day open a record that is in the news");
    }
    // Four within the day, the fifth more than a day after the last of them.
    let day = 5;
    let other = h.patient("Nakamura", "Ken");
    h.clinic(&other, "EYE", at(day - 2, 9, 30));
    for (unit, later) in [("ED", 0), ("W1", 0), ("W2", 0), ("ED", 0), ("ICU", 2)] {
        let nurse = h.take_by_day(unit, "nurse", day + later);
        let time = h.on_duty(&nurse, day + later);
        let rows = h.read(&nurse, &other, time, &["summary"]);
        h.near_miss("S5", &nurse, &rows, "four people within a day and a fifth two days later are no rush");
    }
    // Six people on duty in the emergency department treat the victim of the accident that is in the news.
    let day = 12;
    let treated = h.patient("Silva", "Tomas");
    h.stay(&treated, "ED", at(day, 6, 30), Some(at(day, 21, 0)));
    for role in ["physician", "nurse"] {
        let user = h.take_by_day("ED", role, day);
        let time = h.on_duty(&user, day);
        let rows = h.read(&user, &treated, time, &TWO);
        h.hard_negative("S5", &user, &rows, "many treat somebody who is in the news");
    }
    for (turn, nurse) in others(h, "ED", day).into_iter().take(4).enumerate() {
        let time = h.on_duty(&nurse, day) + i64::try_from(turn).unwrap() * 7 * MINUTE;
        h.read(&nurse, &treated, time, &["summary"]);
    }
}

/// Everybody of the unit whose duty starts that day, in the morning or at two; they keep their own parts.
fn others(h: &Hospital, unit: &str, day: i64) -> Vec<String> {
    let hours = at(day, 5, 0)..at(day, 15, 0);
    let duties = h.shifts.iter().filter(|shift| shift.unit == unit && hours.contains(&shift.start));
    duties.map(|shift| shift.user.clone()).collect()
}

/// S6: more than thirty days after the death, by somebody whose work is not with the dead.
fn deceased(h: &mut Hospital) {
    let dead_since = |h: &mut Hospital, given: &str, death: i64| {
        let patient = h.patient("Abernathy", given);
        h.clinic(&patient, "CARD", death - 2 * DAY);
        h.patient_mut(&patient).death = Some(death);
        patient
    };
    let nurse = h.take("W1", "nurse");
    let time = h.on_duty(&nurse, 29);
    let dead = dead_since(h, "Ole", time - 30 * DAY - 2 * HOUR);
    let rows = h.read(&nurse, &dead, time, &TWO);
    h.hit("S6", &nurse, &rows, "a nurse opens a record thirty days and two hours after the death");

    let nurse = h.take("ED", "nurse");
    let time = h.on_duty(&nurse, 30);
    let dead = dead_since(h, "Ava", time - 29 * DAY);
    let rows = h.read(&nurse, &dead, time, &["summary"]);
    h.near_miss(
        "S6",
        &nurse,
        &rows,
        "twenty-nine days after the death is within the time that a record is still in use",
    );

    // Pathology works with the dead, even where the files hold no order.
    let pathologist = h.take("LAB", "pathology");
    let time = h.on_duty(&pathologist, 20);
    let dead = dead_since(h, "Per", time - 50 * DAY);
    let rows = h.read(&pathologist, &dead, time, &["summary"]);
    h.near_miss("S6", &pathologist, &rows, "pathology is not asked why it opens the record of somebody who died");

    let clerk = h.take("HIM", "HIM");
    let time = h.on_duty(&clerk, 21);
    let dead = dead_since(h, "Ida", time - 60 * DAY);
    let rows = h.read(&clerk, &dead, time, &["documents", "summary"]);
    h.hard_negative("S6", &clerk, &rows, "the records office completes the record of somebody who died two months ago");
}

/// S7: a clinician, the last encounter ended more than thirty days ago, no future appointment.
fn long_discharged(h: &mut Hospital) {
    let doctor = h.take("W1", "physician");
    let time = h.on_duty(&doctor, 24);
    let patient = h.patient("Beaumont", "Lea");
    h.clinic(&patient, "CARD", time - 45 * DAY);
    let rows = h.read(&doctor, &patient, time, &TWO);
    h.hit("S7", &doctor, &rows, "a physician opens a record forty-five days after the last encounter");

    // An appointment with somebody else, in ten days: there is a future, though it does not explain this access.
    let doctor = h.take("W2", "physician");
    let time = h.on_duty(&doctor, 20);
    let patient = h.patient("Beaumont", "Max");
    h.clinic(&patient, "CARD", time - 45 * DAY);
    let clinician = h.staff.iter().find(|one| one.unit == "CARD").unwrap().user.clone();
    h.appointment(&patient, &clinician, time + 10 * DAY, "booked");
    let rows = h.read(&doctor, &patient, time, &["summary"]);
    h.near_miss("S7", &doctor, &rows, "a record with a future appointment is not a closed one");

    let doctor = h.take("ICU", "physician");
    let time = h.on_duty(&doctor, 21);
    let patient = h.patient("Beaumont", "Zoe");
    h.clinic(&patient, "CARD", time - 29 * DAY);
    let rows = h.read(&doctor, &patient, time, &["summary"]);
    h.near_miss("S7", &doctor, &rows, "twenty-nine days after the encounter is not long ago");

    // Coding sixty days after the discharge is what coding does.
    let coder = h.take("HIM", "coding");
    let time = h.on_duty(&coder, 22);
    let patient = h.patient("Beaumont", "Noa");
    h.clinic(&patient, "CARD", time - 60 * DAY);
    let rows = h.read(&coder, &patient, time, &["coding", "summary"]);
    h.hard_negative("S7", &coder, &rows, "coding opens a record two months after the discharge");

    // The general practitioner wrote about a patient of long ago, to this physician.
    let doctor = h.take("ICU", "physician");
    let time = h.on_duty(&doctor, 23);
    let patient = h.patient("Beaumont", "Kai");
    h.clinic(&patient, "CARD", time - 50 * DAY);
    let from = h.staff.iter().find(|one| one.unit == "CARD").unwrap().user.clone();
    h.message(&patient, &from, &doctor, "", time - 2 * HOUR);
    let rows = h.read(&doctor, &patient, time, &TWO);
    h.hard_negative("S7", &doctor, &rows, "a physician answers a message about a patient of long ago");
}

/// S8: a department that never has to do with the departments of the patient.
fn mismatch(h: &mut Hospital) {
    let nurse = h.take("OR", "nurse");
    let time = h.on_duty(&nurse, 10);
    let patient = lying(h, "Hashimoto", "Rin", "PSY", time);
    let rows = h.read(&nurse, &patient, time, &TWO);
    h.hit("S8", &nurse, &rows, "a nurse of the operating room opens the record of a psychiatric patient");

    // A surgical day case of a visiting surgeon: the own department, and nobody whom the nurse works with.
    let nurse = h.take("W2", "nurse");
    let time = h.on_duty(&nurse, 11);
    let surgeon = super::super::people::hire_one(h, "Vercellini", "physician", "OR", "");
    let patient = h.patient("Hashimoto", "Aki");
    let stay = h.stay(&patient, "OR", time - 2 * DAY, Some(time - 2 * DAY + 3 * HOUR));
    h.care(&stay, &surgeon, "attending", time - 2 * DAY, Some(time - 2 * DAY + 3 * HOUR));
    let rows: Vec<Key> = h.read(&nurse, &patient, time, &["summary"]);
    h.near_miss("S8", &nurse, &rows, "a patient of the own department is no mismatch");

    // The float nurse: rostered for a Saturday on the psychiatric ward, at a desk there.
    let nurse = h.take("OR", "nurse");
    let start = at(12, 8, 0);
    h.shift(&nurse, "PSY", start, start + 8 * HOUR);
    let patient = lying(h, "Hashimoto", "Emi", "PSY", start);
    let rows = h.read(&nurse, &patient, start + 2 * HOUR, &["summary", "vitals"]);
    for row in &rows {
        let access = h.access_mut(*row);
        access.workstation = "PSY-WS2".into();
        access.ip = super::super::ip_of("PSY-WS2");
        access.location = "MAIN/PSY".into();
    }
    h.hard_negative("S8", &nurse, &rows, "a float nurse works a Saturday on the psychiatric ward");
}
