//! Tests of what identifies a patient, over whole records of the formats whose names are the writer's own.

use std::sync::Arc;

use cordon_model::{Arena, Record, Time};

use super::Identity;
use crate::{DecodeOptions, Sink, Unit, detect_format};

struct Seen<'r>(&'r mut Vec<[Vec<String>; 3]>);

impl<'a> Sink<'a> for Seen<'_> {
    fn record(&mut self, record: Record<'a>) {
        let identity = Identity::of(&record);
        let of = |start, end| String::from_utf8(record.raw.bytes[start..end].to_vec()).unwrap();
        let spans = identity.spans.iter().map(|span| of(span.start, span.end)).collect();
        let unread = identity.unread.iter().map(|span| of(span.start, span.end)).collect();
        self.0.push([spans, unread, identity.texts.iter().map(|text| text.clone().into_owned()).collect()]);
    }

    fn fault(&mut self, _: u64, anomaly: cordon_model::Anomaly) {
        panic!("{anomaly:?}");
    }
}

/// The places that identify a patient in a log of one record.
fn check(log: &str, spans: &[&str]) {
    check_unread(log, spans, &[]);
}

/// The same, and those that nobody could read.
fn check_unread(log: &str, spans: &[&str], unread: &[&str]) {
    let options = Arc::new(DecodeOptions::new(Time(0)));
    let format = detect_format(log.as_bytes(), true).unwrap();
    let mut seen = Vec::new();
    let arena = Arena::new();
    let decoder = format.framer(&options).decoder();
    decoder.decode(Unit { offset: 0, bytes: log.as_bytes() }, &arena, &mut Seen(&mut seen));
    let [[found, left, _]] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((found.as_slice(), left.as_slice()), (owned(spans).as_slice(), owned(unread).as_slice()), "{log}");
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
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

const HEAD: &str = "<134>1 2026-03-04T21:14:05Z ehr app - - - ";

#[test]
fn payloads_within_texts_name_their_patient_by_their_own_standard() {
    check(
        r#"{"message":"MSH|^~\\&|LAB|L\rPID|1||47^^^L||Took^Pippin\rOBX|1|TX|N||seen"}"#,
        &["1||47^^^L||Took^Pippin", "seen"],
    );
    check(r#"{"x":{"body":"CEF:0|Acme|EHR|1|7|Opened|3|cs1=Took cs1Label=Patient Name suser=kim"}}"#, &["Took"]);
    check(r#"{"message":"user;MRN;Surname\nkim;47;Took\n"}"#, &["47", "Took"]);
    check(
        r#"{"message":"{\"user\":\"kim\",\"patient\":{\"id\":\"47\",\"n\":{\"family\":\"T\\u006fok\"}}}"}"#,
        &["47", r"T\\u006fok"],
    );
    check(
        r#"{"message":"<AuditMessage><ParticipantObjectIdentification ParticipantObjectID=\"47\" ParticipantObjectTypeCodeRole=\"1\"/></AuditMessage> in 3 ms"}"#,
        &["47"],
    );
    check(
        &format!(
            r#"{HEAD}<AuditEvent xmlns="http://hl7.org/fhir"><entity><what><reference value="Patient/47"/><display value="Took"/></what></entity></AuditEvent>"#
        ),
        &["Patient/47", "Took"],
    );
    // as it was sent and passed on: syslog in the message of a shipper
    check(
        r#"{"message":"<134>1 2026-03-04T21:14:05Z ehr app - - [a@1 mrn=\"47\"] MSH|^~\\&|LAB\rPID|1||48"}"#,
        &["47", "1||48"],
    );
}

#[test]
fn what_is_a_payload_and_cannot_be_read_is_withheld() {
    // segments that no line end parts
    check_unread(
        r#"{"m":"got MSH|^~\\&|LAB#015ZPI|1||47#015PV1|Took"}"#,
        &[],
        &[r"MSH|^~\\&|LAB#015ZPI|1||47#015PV1|Took"],
    );
    // the start is missing
    check_unread(r#"{"m":"ook^Pippin||19630306\rPV1|1|I"}"#, &[], &[r"ook^Pippin||19630306\rPV1|1|I"]);
    check_unread(r#"{"m":"ook\"/></what></entity></AuditEvent>"}"#, &[], &[r#"ook\"/></what></entity></AuditEvent>"#]);
    check_unread(r#"{"m":"x <ClinicalDocument><p>Took</p>"}"#, &[], &[r"x <ClinicalDocument><p>Took</p>"]);
    // it breaks off
    check_unread(
        r#"{"m":"at 3: <AuditMessage><EventIdentification EventActionCode=\"R\"/><ParticipantObjectIdentification ParticipantObjectID=\"4"}"#,
        &[],
        &[r#"<ParticipantObjectIdentification ParticipantObjectID=\"4"#],
    );
    check_unread(&format!(r#"{HEAD}{{"patient_id":"47","note":"To"#), &["47"], &[r#"{"patient_id":"47","note":"To"#]);
    check_unread(&format!(r#"{HEAD}{{"patient_id":"47"}} and Took"#), &["47"], &[" and Took"]);
    // a document in base64
    check_unread(r#"{"m":"doc TVNIfF5+XCZ8TEFC"}"#, &[], &["doc TVNIfF5+XCZ8TEFC"]);
}

#[test]
fn logs_of_systems_that_speak_of_health_care_stay_as_they_are() {
    for text in [
        "POST /fhir/AuditEvent 201 in 3 ms",
        "resource http://hl7.org/fhir/StructureDefinition/Patient is unknown",
        "INFO AuditMessage sent to 10.0.0.1:6514",
        "session opened for user mirth by (uid=0); PID 4711",
        "{not json} but a sentence",
        "<event><display>x</display></event>",
    ] {
        check(&format!("{HEAD}{text}"), &[]);
        check(&serde_json::json!({ "message": text, "n": 1 }).to_string(), &[]);
    }
}

#[test]
fn audit_documents_that_break_off_are_withheld_from_the_element_on() {
    check_unread(
        r#"<AuditEvent xmlns="http://hl7.org/fhir"><action value="R"/><entity><what><display value="To"#,
        &[],
        &[r#"<entity><what><display value="To"#],
    );
    check_unread(
        r#"{"resourceType":"AuditEvent","action":"R","entity":[{"what":{"display":"To"#,
        &[],
        &[r#""entity":[{"what":{"display":"To"#],
    );
}

proptest::proptest! {
    #[test]
    fn places_of_any_text_lie_within_its_record(text in r#"(MSH\|\^~\\&\||PID\||\r|\n|<AuditMessage>|<AuditEvent>|</AuditEvent>|\{"|"\}|"patient_id":"|mrn=4|,|;|Took|ä|\\|<1>|CEF:0\|){0,14}"#) {
        for log in [serde_json::json!({ "m": text, "n": 1 }).to_string(), format!("{HEAD}{text}"), format!("x {text}")] {
            let options = Arc::new(DecodeOptions::new(Time(0)));
            let Some(format) = detect_format(log.as_bytes(), true) else { continue };
            let arena = Arena::new();
            format.framer(&options).decoder().decode(Unit { offset: 0, bytes: log.as_bytes() }, &arena, &mut Within);
        }
    }
}

/// Every place is in order and lies within the bytes.
struct Within;

impl<'a> Sink<'a> for Within {
    fn record(&mut self, record: Record<'a>) {
        let identity = Identity::of(&record);
        for spans in [&identity.spans, &identity.unread] {
            let mut last = 0;
            for span in spans {
                assert!(last <= span.start && span.start < span.end && span.end <= record.raw.bytes.len(), "{spans:?}");
                last = span.end;
            }
        }
    }

    fn fault(&mut self, _: u64, _: cordon_model::Anomaly) {}
}
