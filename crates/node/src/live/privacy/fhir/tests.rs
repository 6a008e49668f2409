//! Resources as rows of the file contract.

use std::io::Read as _;

use cordon_model::EventId;
use cordon_privacy::Table;
use cordon_seal::SiteKey;

use super::*;

const DAY: i64 = 86_400_000_000;

/// The rows that come of resources, each received a day after the one before: encounters, participants, appointments, orders.
fn rows(resources: &[&str]) -> [Vec<String>; 4] {
    let dir = tempfile::tempdir().unwrap();
    let accounts = [("E1".to_owned(), "anna".to_owned())].into();
    let ids = SiteIds::new(SiteKey::of_scan(), []).with_accounts(accounts);
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let mut known = Resources::default();
    for (day, text) in (0..).zip(resources) {
        let said = Said {
            bytes: text.as_bytes(),
            received: Time(day * DAY),
            origin: Origin { event: EventId([0; 16]), source: 0 },
            ids: &ids,
            first: &|text| text,
        };
        known.take(&said, &zone);
    }
    let [mut encounters, mut participants, mut appointments, mut orders] =
        [Table::Encounters, Table::Participants, Table::Appointments, Table::Orders]
            .map(|table| Rows::new(table, dir.path()).unwrap());
    let mut tables = Tables {
        encounters: &mut encounters,
        participants: &mut participants,
        appointments: &mut appointments,
        orders: &mut orders,
    };
    assert_eq!(known.write(&mut tables, &ids, &zone).unwrap(), 0);
    let patient = SiteKey::of_scan().patient_ref("", "p").as_str().to_owned();
    [encounters, participants, appointments, orders].map(|rows| {
        let (mut text, written) = (String::new(), rows.finish().unwrap());
        written.sheet().unwrap().read_to_string(&mut text).unwrap();
        text.lines().skip(1).map(|line| line.replace(&patient, "PATIENT")).collect()
    })
}

#[test]
fn a_visit_is_its_newest_version_in_the_places_that_it_went_through() {
    let old = r#"{"resourceType":"Encounter","id":"e","status":"in-progress","class":{"code":"AMB"},"subject":{"reference":"Patient/p"},
        "period":{"start":"2026-03-01T08:00:00+01:00"}}"#;
    // R5, from another server's address, one place without a word of when it was left
    let new = r#"{"resourceType":"Encounter","id":"e","status":"completed","class":[{"coding":[{"code":"IMP"}]}],
        "subject":{"reference":"https://ehr/fhir/Patient/p"},"serviceType":[{"concept":{"text":"Surgery"}}],
        "actualPeriod":{"start":"2026-03-01T08:00:00+01:00","end":"2026-03-05T10:00:00+01:00"},
        "location":[{"location":{"display":"ED"}},{"location":{"reference":"Location/icu"},"period":{"start":"2026-03-01T20:00:00+01:00"}}],
        "participant":[{"actor":{"reference":"Practitioner/7"},"type":[{"text":"attending"}]},{"actor":{"reference":"Patient/p"}}]}"#;
    let known = [
        r#"{"resourceType":"Location","id":"icu","name":"ICU"}"#,
        r#"{"resourceType":"Practitioner","id":"7","identifier":[{"value":"0815"},{"value":"E1"}]}"#,
    ];
    let expect = [
        vec![
            "e,PATIENT,2026-03-01T08:00:00.000+01:00,2026-03-01T20:00:00.000+01:00,IMP,Surgery,ED",
            "e,PATIENT,2026-03-01T20:00:00.000+01:00,2026-03-05T10:00:00.000+01:00,IMP,Surgery,ICU",
        ],
        vec!["e,[[user:anna]],attending,,"],
    ];
    let [encounters, participants, ..] = rows(&[old, new, known[0], known[1]]);
    assert_eq!([encounters, participants], expect);
    // an older version that comes later changes nothing
    let stamped =
        |text: &str, day: &str| text.replacen(",", &format!(r#","meta":{{"lastUpdated":"{day}T00:00:00Z"}},"#), 1);
    let [encounters, ..] = rows(&[&stamped(new, "2026-03-06"), &stamped(old, "2026-03-01")]);
    assert_eq!(encounters.len(), 2);
    let [encounters, participants, ..] = rows(&[new, &new.replace("completed", "entered-in-error")]);
    assert_eq!((encounters, participants), (vec![], vec![]));
}

#[test]
fn a_visit_without_a_bed_that_nobody_ended_is_over_after_a_day() {
    let [encounters, ..] = rows(&[
        r#"{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p"},
        "period":{"start":"2026-03-01"}}"#,
    ]);
    assert_eq!(encounters, ["e,PATIENT,2026-03-01T00:00:00.000+01:00,2026-03-02T00:00:00.000+01:00,AMB,,"]);
}

#[test]
fn appointments_orders_and_teams_name_who_takes_part() {
    let [_, participants, appointments, orders] = rows(&[
        r#"{"resourceType":"Encounter","id":"e","status":"finished","subject":{"reference":"Patient/p"},"period":{"start":"2026-03-01"}}"#,
        r#"{"resourceType":"CareTeam","id":"t","encounter":{"reference":"Encounter/e"},"participant":[
            {"member":{"reference":"Practitioner/x","identifier":{"value":"E1"}},"role":[{"text":"nurse"}]},
            {"member":{"reference":"PractitionerRole/y"}}]}"#,
        r#"{"resourceType":"Appointment","id":"a","status":"booked","start":"2026-03-02T09:00:00+01:00","end":"2026-03-02T09:30:00+01:00","participant":[
            {"actor":{"reference":"Patient/p"}},{"actor":{"reference":"Practitioner/E1"}},{"actor":{"reference":"Location/l","display":"Clinic 3"}}]}"#,
        r#"{"resourceType":"Appointment","id":"b","status":"cancelled","start":"2026-03-03T09:00:00+01:00","participant":[{"actor":{"reference":"Patient/p"}}]}"#,
        r#"{"resourceType":"ServiceRequest","id":"s","status":"active","authoredOn":"2026-03-02","subject":{"reference":"Patient/p"},
            "requester":{"reference":"Practitioner/E1"},"encounter":{"reference":"Encounter/e"},"code":{"text":"CT head"}}"#,
        r#"{"resourceType":"MedicationRequest","id":"m","status":"active","authoredOn":"2026-03-02","subject":{"reference":"Patient/p"},
            "requester":{"reference":"Practitioner/E1"},"medicationCodeableConcept":{"coding":[{"display":"Heparin"}]}}"#,
        r#"{"resourceType":"Procedure","id":"o","status":"completed","performedDateTime":"2026-03-02","subject":{"reference":"Patient/p"},
            "performer":[{"actor":{"reference":"Practitioner/E1"}}],"code":{"text":"Appendectomy"}}"#,
        r#"{"resourceType":"ServiceRequest","id":"n","status":"active","authoredOn":"2026-03-02","subject":{"reference":"Group/1"}}"#,
        "{\"resourceType\":\"ServiceRequest\"",
    ]);
    assert_eq!(participants, ["e,[[user:anna]],nurse,,"]);
    assert_eq!(
        appointments,
        [
            "PATIENT,2026-03-02T09:00:00.000+01:00,a,[[user:anna]],Clinic 3,2026-03-02T09:30:00.000+01:00,booked",
            "PATIENT,2026-03-03T09:00:00.000+01:00,b,,,,cancelled",
        ]
    );
    let day = "2026-03-02T00:00:00.000+01:00";
    assert_eq!(
        orders,
        [
            format!("PATIENT,{day},MedicationRequest/m,,[[user:anna]],,,medicine Heparin"),
            format!("PATIENT,{day},Procedure/o,,,[[user:anna]],,Appendectomy"),
            format!("PATIENT,{day},ServiceRequest/s,e,[[user:anna]],,,CT head"),
        ]
    );
}

#[test]
fn only_numbers_of_one_patient_alone_and_merges_make_two_ids_one_person() {
    let ids = SiteIds::new(SiteKey::of_scan(), []);
    let text = r#"{"resourceType":"Patient","id":"p","identifier":[
        {"type":{"coding":[{"code":"MR"}]},"system":"urn:oid:1.2.3","value":"7"},{"type":{"coding":[{"code":"SN"}]},"value":"insurance"},
        {"type":{"coding":[{"code":"MR"}]},"use":"old","value":"6"},{"value":"8"}],
        "link":[{"type":"replaced-by","other":{"reference":"Patient/q"}},{"type":"seealso","other":{"reference":"Patient/r"}}]}"#;
    let mut known = Resources::default();
    let origin = Origin { event: EventId([0; 16]), source: 0 };
    let said = Said { bytes: text.as_bytes(), received: Time(0), origin, ids: &ids, first: &|text| text };
    known.take(&said, &TimeZone::UTC);
    let of = |authority: &str, id: &str| SiteKey::of_scan().patient_ref(authority, id).as_str().to_owned();
    assert_eq!(known.merges, [(of("", "p"), of("1.2.3", "7")), (of("", "p"), of("", "q"))]);
}
