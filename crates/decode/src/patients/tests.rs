//! Tests of what identifies a patient, over whole records of the formats whose names are the writer's own.

use std::sync::Arc;

use cordon_model::{Arena, Record, Time};

use super::Identity;
use crate::{DecodeOptions, Sink, Unit, detect_format};

struct Seen<'r>(&'r mut Vec<(Vec<String>, Vec<String>)>);

impl<'a> Sink<'a> for Seen<'_> {
    fn record(&mut self, record: Record<'a>) {
        let identity = Identity::of(&record);
        let of = |start, end| String::from_utf8(record.raw.bytes[start..end].to_vec()).unwrap();
        let spans = identity.spans.iter().map(|span| of(span.start, span.end)).collect();
        self.0.push((spans, identity.texts.iter().map(|text| (*text).to_owned()).collect()));
    }

    fn fault(&mut self, _: u64, anomaly: cordon_model::Anomaly) {
        panic!("{anomaly:?}");
    }
}

/// The places that identify a patient in a log of one record.
fn check(log: &str, spans: &[&str]) {
    let options = Arc::new(DecodeOptions::new(Time(0)));
    let format = detect_format(log.as_bytes(), true).unwrap();
    let mut seen = Vec::new();
    let arena = Arena::new();
    let decoder = format.framer(&options).decoder();
    decoder.decode(Unit { offset: 0, bytes: log.as_bytes() }, &arena, &mut Seen(&mut seen));
    let [(found, _)] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(found, spans, "{log}");
}

#[test]
fn json_names_its_patient_nested_or_not() {
    check(r#"{"user":"kim","patient_name":"Took","mrn":4711,"action":"read"}"#, &["Took", "4711"]);
    check(
        r#"{"a":1,"patient":{"name":{"family":"Took","given":["Pippin","P."]},"id":"7"}}"#,
        &["Took", "Pippin", "P.", "7"],
    );
    check(r#"{"changes":[{"field":"PatientName","oldValue":"Took","at":1}]}"#, &["Took"]);
    check(
        r#"{"resourceType":"Patient","id":"1","name":[{"family":"Took"}],"telecom":[{"value":"555"}]}"#,
        &["1", "Took", "555"],
    );
}

#[test]
fn words_that_fit_anybody_are_the_patients_only_beside_one() {
    check(r#"{"user":"kim","last_name":"Kim","email":"kim@lake.example"}"#, &[]);
    check(
        r#"{"user":"kim","last_name":"Took","phone":"555","mrn":"47","user_email":"kim@lake.example"}"#,
        &["Took", "555", "47"],
    );
    check(r#"{"user":{"name":"kim","surname":"Kim"},"patient":{"id":"47"},"file":{"name":"a"}}"#, &["47"]);
}

#[test]
fn structured_data_and_cef_name_their_patient() {
    check(
        r#"<134>1 2026-03-04T21:14:05Z ehr app - - [audit@32473 user="kim" patientName="Took" mrn="4711" given="Pippin"] opened"#,
        &["Took", "4711", "Pippin"],
    );
    check(
        "CEF:0|Acme|EHR|1|7|Chart opened|3|suser=kim cs1=Took cs1Label=Patient Name mrn=4711 address=Bagshot Row 3",
        &["Took", "4711", "Bagshot Row 3"],
    );
    check("CEF:0|BD|A|1|1|n|1|cs2=1001 cs2Label=Patient ID patientName=Ann Lee msg=pump of 1001", &["1001", "Ann Lee"]);
    check("CEF:0|BD|A|1|1|n|1|src=1.2.3.4 suser=x", &[]);
    check(r#"<134>1 2026-03-04T21:14:05Z ehr app - - - {"user":"kim","patient":{"surname":"Took"}}"#, &["Took"]);
}

#[test]
fn events_of_systems_name_no_patient() {
    check(r#"{"EventID":4625,"Channel":"Security","Computer":"dc1","TargetUserName":"bob","name":"x"}"#, &[]);
    check(
        r#"{"eventVersion":"1","eventSource":"s3","eventName":"Get","awsRegion":"eu","userIdentity":{"userName":"x"}}"#,
        &[],
    );
}

#[test]
fn references_and_options_name_the_patient_beside_them() {
    check(
        r#"{"subject":{"reference":"Patient/4711","display":"Took"},"actor":{"display":"Kim"}}"#,
        &["Patient/4711", "Took"],
    );
    check(r#"{"args":["--patient-id","4711","--unit","3"]}"#, &["4711"]);
    check(
        r#"{"00100010":{"vr":"PN","Value":[{"Alphabetic":"Doe^Jane"}]},"00080060":{"vr":"CS","Value":["CT"]}}"#,
        &["Doe^Jane"],
    );
}

#[test]
fn texts_name_their_patient_by_pairs_paths_and_words() {
    check(r#"{"msg":"GET /fhir/Patient/4711?x=1 by kim","level":"info"}"#, &["4711"]);
    check("<134>1 2026-03-04T21:14:05Z ehr app - - - kim opened patient_id=4711 unit=3", &["4711"]);
    check("nothing known of MRN 4711", &["4711"]);
    check(
        r#"{"resource":{"resourceType":"Claim","patient":{"reference":"Patient/4711"},"provider":{"display":"Kim"},"item":[{"display":"x-ray of Took"}]}}"#,
        &["Patient/4711", "x-ray of Took"],
    );
}

#[test]
fn nobody_is_named_by_words_for_nothing() {
    check(r#"{"patient_id":"0","patient_name":"unknown","mrn":null,"patient_is_vip":true,"name":"View"}"#, &[]);
}
