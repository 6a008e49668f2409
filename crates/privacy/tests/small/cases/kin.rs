//! S1 to S4: whose record it is.

use super::super::Hospital;
use super::super::clock::{DAY, HOUR, date};
use super::super::tables::home;
use super::{lying, stranger};

const THREE: [&str; 3] = ["summary", "notes", "laboratory"];

pub(super) fn write(hospital: &mut Hospital) {
    family_hits(hospital);
    family_near(hospital);
    family_reasons(hospital);
    neighbours(hospital);
    own_record(hospital);
    colleagues(hospital);
    former_colleagues(hospital);
}

/// S1, same household and surname; next of kin by name and phone, or name and date of birth.
fn family_hits(h: &mut Hospital) {
    // The same household, though one file abbreviates the street and writes the letter of the house in another way.
    let nurse = h.take("W1", "nurse");
    h.settle(&nurse, home("Lindenstraße", "12 a", "79219"));
    let time = h.on_duty(&nurse, 7);
    let husband = namesake(h, &nurse, "Georg", time);
    h.patient_mut(&husband).home = home("Lindenstr.", "12A", "79219");
    let rows = h.read(&nurse, &husband, time, &THREE);
    h.hit(
        "S1",
        &nurse,
        &rows,
        "a nurse opens the record of her husband, whose address is written a little differently",
    );

    // The plainest household.
    let nurse = h.take("ICU", "nurse");
    h.settle(&nurse, home("Amselweg", "3", "79219"));
    let time = h.on_duty(&nurse, 12);
    let daughter = namesake(h, &nurse, "Lia", time);
    h.patient_mut(&daughter).home = home("Amselweg", "3", "79219");
    let rows = h.read(&nurse, &daughter, time, &THREE);
    h.hit("S1", &nurse, &rows, "a nurse of intensive care opens the record of her daughter at home");

    // Another surname and another town, but the patient named her as next of kin, with her phone, written without spaces.
    let nurse = h.take("W2", "nurse");
    let time = h.on_duty(&nurse, 9);
    let mother = stranger(h, "Vandenberg", "Elsa", time);
    let (surname, given) = h.name(&nurse);
    let phone = h.person(&nurse).phone.replace(' ', "");
    h.contact(&mother, "daughter", (&surname, &given), &phone, "");
    let rows = h.read(&nurse, &mother, time, &THREE);
    h.hit(
        "S1",
        &nurse,
        &rows,
        "a nurse opens the record of her mother, who named her as next of kin by name and phone",
    );

    // The same by name and date of birth, without a phone.
    let doctor = h.take("ED", "physician");
    let time = h.on_duty(&doctor, 15);
    let brother = stranger(h, "Sandoval", "Milo", time);
    let (surname, given) = h.name(&doctor);
    let born = h.person(&doctor).born.clone();
    h.contact(&brother, "sibling", (&surname, &given), "", &born);
    let rows = h.read(&doctor, &brother, time, &THREE);
    h.hit("S1", &doctor, &rows, "a physician opens the record of a brother who named him by name and date of birth");
}

/// A stranger with the surname of a member of staff.
fn namesake(h: &mut Hospital, user: &str, given: &str, time: i64) -> String {
    let (surname, _) = h.name(user);
    stranger(h, &surname, given, time)
}

fn family_near(h: &mut Hospital) {
    // Same door, another surname, nobody's next of kin: a flatmate. Neither family nor neighbour.
    let nurse = h.take("W2", "nurse");
    h.settle(&nurse, home("Dachsweg", "8", "79219"));
    let time = h.on_duty(&nurse, 8);
    let flatmate = stranger(h, "Okonkwo", "Ada", time);
    h.patient_mut(&flatmate).home = home("Dachsweg", "8", "79219");
    let rows = h.read(&nurse, &flatmate, time, &["summary"]);
    h.near_miss("S1", &nurse, &rows, "a flatmate of another name is not family");
    h.near_miss("S2", &nurse, &rows, "somebody of the same household is not a neighbour");

    // The next of kin has the nurse's name, but another phone and another date of birth: somebody else of that name.
    let nurse = h.take("ICU", "nurse");
    let time = h.on_duty(&nurse, 10);
    let patient = stranger(h, "Petrov", "Ivan", time);
    let (surname, given) = h.name(&nurse);
    h.contact(&patient, "spouse", (&surname, &given), "+49 40 5550199", &date(-20_001));
    let rows = h.read(&nurse, &patient, time, &["summary"]);
    h.near_miss(
        "S1",
        &nurse,
        &rows,
        "a next of kin with the same name, another phone and another birthday is somebody else",
    );

    // 14a and 14b are two households; the same surname is then a coincidence, or a neighbour.
    let nurse = h.take("W1", "nurse");
    h.settle(&nurse, home("Otterweg", "14a", "79219"));
    let time = h.on_duty(&nurse, 11);
    let next_door = namesake(h, &nurse, "Rolf", time);
    h.patient_mut(&next_door).home = home("Otterweg", "14b", "79219");
    let rows = h.read(&nurse, &next_door, time, &["summary"]);
    h.near_miss("S1", &nurse, &rows, "the same surname behind the next door is not the same household");

    // The same surname in another town: a namesake, looked up without a reason. Curious perhaps, but not family.
    let nurse = h.take("ED", "nurse");
    let time = h.on_duty(&nurse, 13);
    let other = namesake(h, &nurse, "Edda", time);
    let rows = h.read(&nurse, &other, time, &["summary"]);
    h.near_miss("S1", &nurse, &rows, "a namesake in another household is not family");
}

fn family_reasons(h: &mut Hospital) {
    // The treating relative: the mother lies on the ward, and the daughter is on duty there.
    let nurse = h.take("W1", "nurse");
    h.settle(&nurse, home("Igelweg", "5", "79219"));
    let time = h.on_duty(&nurse, 14);
    let (surname, _) = h.name(&nurse);
    let mother = lying(h, &surname, "Hilde", "W1", time);
    h.patient_mut(&mother).home = home("Igelweg", "5", "79219");
    let rows = h.read(&nurse, &mother, time, &THREE);
    h.hard_negative("S1", &nurse, &rows, "a nurse on duty on the ward where her mother lies has a reason");

    // The namesake of another household, in the emergency department.
    let nurse = h.take("ED", "nurse");
    let time = h.on_duty(&nurse, 16);
    let (surname, _) = h.name(&nurse);
    let namesake = h.patient(&surname, "Kurt");
    h.stay(&namesake, "ED", time - HOUR, Some(time + 3 * HOUR));
    let rows = h.read(&nurse, &namesake, time, &THREE);
    h.hard_negative("S1", &nurse, &rows, "a nurse treats a patient who happens to have her surname");
}

/// S2, same street and postcode, house numbers at most ten apart, not the same household.
fn neighbours(h: &mut Hospital) {
    for (unit, role, street, own, other, sentence) in [
        (
            "W1",
            "nurse",
            "Hasenweg",
            "23",
            "31",
            "a nurse opens the record of a neighbour eight numbers down the street",
        ),
        (
            "W2",
            "physician",
            "Fuchsweg",
            "40",
            "50",
            "a physician opens the record of a neighbour exactly ten numbers away",
        ),
    ] {
        let user = h.take(unit, role);
        h.settle(&user, home(street, own, "79219"));
        let time = h.on_duty(&user, 6);
        let neighbour = stranger(h, "Castellano", "Pia", time);
        h.patient_mut(&neighbour).home = home(street, other, "79219");
        let rows = h.read(&user, &neighbour, time, &THREE);
        h.hit("S2", &user, &rows, sentence);
    }
    for (unit, street, own, other, postcode, sentence) in [
        ("ICU", "Marderweg", "7", "18", "79219", "eleven numbers away is not a neighbour"),
        ("ED", "Rehweg", "7", "9", "79098", "the same street name in another postcode is another street"),
    ] {
        let user = h.take(unit, "nurse");
        h.settle(&user, home(street, own, "79219"));
        let time = h.on_duty(&user, 5);
        let patient = stranger(h, "Lindqvist", "Per", time);
        h.patient_mut(&patient).home = home(street, other, postcode);
        let rows = h.read(&user, &patient, time, &["summary"]);
        h.near_miss("S2", &user, &rows, sentence);
    }
    // The neighbour comes to the emergency department while the nurse is on duty there.
    let nurse = h.take("ED", "nurse");
    h.settle(&nurse, home("Luchsweg", "11", "79219"));
    let time = h.on_duty(&nurse, 17);
    let neighbour = h.patient("Moreau", "Luc");
    h.stay(&neighbour, "ED", time - HOUR, Some(time + 2 * HOUR));
    h.patient_mut(&neighbour).home = home("Luchsweg", "13", "79219");
    let rows = h.read(&nurse, &neighbour, time, &THREE);
    h.hard_negative("S2", &nurse, &rows, "a nurse treats her neighbour in the emergency department");
}

/// Makes the patient record of a member of staff.
fn record_of(h: &mut Hospital, user: &str) -> String {
    let staff = h.person(user).clone();
    let patient = h.patient(&staff.surname, &staff.given);
    let record = h.patient_mut(&patient);
    record.person = staff.person;
    record.born = staff.born;
    record.home = staff.home;
    record.phone = staff.phone;
    record.flags = "employee".into();
    patient
}

/// S3, the own record; fires even if explained.
fn own_record(h: &mut Hospital) {
    let nurse = h.take("ICU", "nurse");
    let time = h.on_duty(&nurse, 20);
    let own = record_of(h, &nurse);
    h.clinic(&own, "CARD", time - 2 * DAY);
    let rows = h.read(&nurse, &own, time, &THREE);
    h.hit("S3", &nurse, &rows, "a nurse reads her own record");

    // She lies, by the roster, in the very department where she is on duty: explained, and still her own record.
    let nurse = h.take("ED", "nurse");
    let time = h.on_duty(&nurse, 22);
    let own = record_of(h, &nurse);
    h.stay(&own, "ED", time - HOUR, Some(time + HOUR));
    let rows = h.read(&nurse, &own, time, &["summary", "laboratory"]);
    h.explained(rows[0], &["E2"], &[], "the own record can be explained by the unit like any other");
    h.hit("S3", &nurse, &rows, "the own record is a case even where the unit explains it");

    // Same name, another person: other id, other birthday, other town.
    let nurse = h.take("W2", "nurse");
    let time = h.on_duty(&nurse, 18);
    let (surname, given) = h.name(&nurse);
    let double = stranger(h, &surname, &given, time);
    let rows = h.read(&nurse, &double, time, &["summary"]);
    h.near_miss("S3", &nurse, &rows, "somebody of exactly the same name with another person id is not oneself");

    // The same, lying on the ward of the nurse.
    let nurse = h.take("W2", "nurse");
    let time = h.on_duty(&nurse, 19);
    let (surname, given) = h.name(&nurse);
    let double = lying(h, &surname, &given, "W2", time);
    let rows = h.read(&nurse, &double, time, &THREE);
    h.hard_negative("S3", &nurse, &rows, "a nurse cares for a patient of exactly her name");
}

/// S4, colleagues.
fn colleagues(h: &mut Hospital) {
    let nurse = h.take("W2", "nurse");
    let time = h.on_duty(&nurse, 21);
    let colleague = h.take("W2", "nurse");
    let record = record_of(h, &colleague);
    h.clinic(&record, "CARD", time - 2 * DAY);
    let rows = h.read(&nurse, &record, time, &THREE);
    h.hit("S4", &nurse, &rows, "a nurse opens the record of a colleague of the same ward");

    // The husband of a colleague is not a colleague.
    let nurse = h.take("W1", "nurse");
    let time = h.on_duty(&nurse, 23);
    let colleague = h.take("REG", "registration");
    let husband = namesake(h, &colleague, "Tjark", time);
    h.patient_mut(&husband).home = h.person(&colleague).home.clone();
    let rows = h.read(&nurse, &husband, time, &["summary"]);
    h.near_miss("S4", &nurse, &rows, "the husband of a colleague is no colleague");

    // A colleague comes to the emergency department as a patient.
    let doctor = h.take("ED", "physician");
    let time = h.on_duty(&doctor, 24);
    let colleague = h.take("IMG", "radiographer");
    let record = record_of(h, &colleague);
    h.stay(&record, "ED", time - HOUR, Some(time + 3 * HOUR));
    let rows = h.read(&doctor, &record, time, &THREE);
    h.hard_negative("S4", &doctor, &rows, "a physician treats a colleague in the emergency department");
}

/// S4, people who left: forty days ago weighs more, two years ago is no employee any more.
fn former_colleagues(h: &mut Hospital) {
    let (doctor, left) = (h.take("W1", "physician"), h.take("W1", "physician"));
    let time = h.on_duty(&doctor, 25);
    h.person_mut(&left).to = date(-16);
    h.works_only(&left, i64::MAX, i64::MAX);
    let record = record_of(h, &left);
    h.clinic(&record, "CARD", time - 2 * DAY);
    let rows = h.read(&doctor, &record, time, &THREE);
    h.hit("S4", &doctor, &rows, "a physician opens the record of a colleague who was dismissed forty days ago");

    let (nurse, left) = (h.take("W1", "nurse"), h.take("LAB", "laboratory technician"));
    let time = h.on_duty(&nurse, 26);
    h.person_mut(&left).to = date(-700);
    h.works_only(&left, i64::MAX, i64::MAX);
    let record = record_of(h, &left);
    h.patient_mut(&record).flags = String::new();
    h.clinic(&record, "CARD", time - 2 * DAY);
    let rows = h.read(&nurse, &record, time, &["summary"]);
    h.near_miss("S4", &nurse, &rows, "somebody who left two years ago is no colleague");
}
