//! Tests of the FHIR decoder: AuditEvents of R4 and R5 in JSON and XML, bundles, damaged ones.

use proptest::prelude::*;

use super::Fhir;
use crate::stream_check::{Seen, check_cut_everywhere, read, read_in_steps};
use crate::{Confidence, DecodeOptions, Format, detect_format};

const R4_JSON: &[u8] = include_bytes!("../../../../fixtures/one-access/r4.json");
const R4_XML: &[u8] = include_bytes!("../../../../fixtures/one-access/r4.xml");
const R5_JSON: &[u8] = include_bytes!("../../../../fixtures/one-access/r5.json");
const R5_XML: &[u8] = include_bytes!("../../../../fixtures/one-access/r5.xml");

fn whole(input: impl AsRef<[u8]>) -> Seen {
    read(&Fhir, input.as_ref())
}

/// An AuditEvent in JSON that has all it must have, and `more`.
fn event(more: &str) -> String {
    format!(
        r#"{{"resourceType":"AuditEvent","recorded":"2026-01-02T03:04:05Z","agent":[{{"requestor":true}}],"source":{{"site":"s"}}{more}}}"#
    )
}

#[test]
fn names_are_the_resources_own_and_each_repeated_element_begins_with_its_number() {
    let input = r#"{"resourceType":"AuditEvent","recorded":"2026-01-02T03:04:05+01:00","source":{"site":"s"},
        "agent":[{"who":{"display":"a\"b"},"requestor":true},{"policy":["p","q"],"requestor":false}],
        "entity":[{"detail":[{"type":"n","valueInteger":7}]}]}"#;
    let expect = [
        "resourceType=AuditEvent",
        "recorded=2026-01-02T03:04:05+01:00",
        "source.site=s",
        "agent=0",
        "agent.who.display=a\"b",
        "agent.requestor=true",
        "agent=1",
        "agent.policy=p",
        "agent.policy=q",
        "agent.requestor=false",
        "entity=0",
        "entity.detail.type=n",
        "entity.detail.valueInteger=7",
    ];
    let seen = whole(input);
    assert_eq!(seen.records, [expect]);
    assert_eq!(seen.times, ["2026-01-02T02:04:05.000000Z"]);
    assert_eq!(seen.sources, [["fhir//auditevent", "healthcare/record_access/"]]);
    assert_eq!((seen.anomalies, seen.faults, seen.patient), (vec![vec![]], vec![], vec![Vec::<String>::new()]));
}

#[test]
fn xml_and_json_of_one_event_give_the_same_fields() {
    for (json, xml) in [(R4_JSON, R4_XML), (R5_JSON, R5_XML)] {
        let (json, xml) = (whole(json), whole(xml));
        assert_eq!(json.records, xml.records);
        assert_eq!((&json.times, &json.sources), (&xml.times, &xml.sources));
        assert_eq!((&json.patient, &json.anomalies), (&xml.patient, &xml.anomalies));
        assert_eq!((json.patient, json.anomalies), (vec![vec!["Patient/1001".to_owned()]], vec![vec![]]));
    }
}

#[test]
fn extensions_narratives_and_contained_resources_are_alike_in_both_syntaxes() {
    let json = r#"{"resourceType":"AuditEvent","id":"x","text":{"status":"generated","div":"<div>Jane <b>Doe</b></div>"},
        "contained":[{"resourceType":"Patient","id":"p1","name":[{"family":"Doe"}]}],
        "recorded":"2026-01-02T03:04:05Z","_recorded":{"extension":[{"url":"u","valueBoolean":true}]},
        "agent":[{"id":"a1","requestor":true}],"source":{"site":"s"}}"#;
    let xml = r#"<AuditEvent xmlns="http://hl7.org/fhir"><id value="x"/><text><status value="generated"/><div>Jane <b>Doe</b></div></text>
        <contained><Patient><id value="p1"/><name><family value="Doe"/></name></Patient></contained>
        <recorded value="2026-01-02T03:04:05Z"><extension url="u"><valueBoolean value="true"/></extension></recorded>
        <agent id="a1"><requestor value="true"/></agent><source><site value="s"/></source></AuditEvent>"#;
    let (json, xml) = (whole(json), whole(xml));
    assert_eq!(json.records, xml.records);
    assert!(json.records[0].contains(&"recorded.extension.valueBoolean=true".to_owned()));
    assert_eq!(json.patient, [["<div>Jane <b>Doe</b></div>", "Patient", "p1", "Doe"]]);
    assert_eq!(xml.patient, json.patient);
}

#[test]
fn patient_spans_cover_references_identifiers_names_and_queries() {
    let check = |more: &str, expect: &[&str]| assert_eq!(whole(event(more)).patient, [expect], "{more}");
    check(
        r#","entity":[{"what":{"reference":"Patient/1","identifier":{"system":"s","value":"2"},"display":"Doe"},"name":"Jane","role":{"code":"1"}}]"#,
        &["Patient/1", "2", "Doe", "Jane"],
    );
    check(
        r#","entity":[{"what":{"reference":"List/1"},"name":"n"},{"query":"R0VU","description":"GET"}]"#,
        &["n", "R0VU", "GET"],
    );
    check(
        r#","entity":[{"what":{"reference":"Encounter/9","display":"Doe, ward 3"}},{"what":{"reference":"RelatedPerson/2","display":"Joe"},"name":"J"}]"#,
        &["Doe, ward 3", "RelatedPerson/2", "Joe", "J"],
    );
    check(
        r#","entity":[{"what":{"reference":"Practitioner/9","display":"Dr Kim"},"name":"Kim"},{"role":{"code":"6"},"name":"kim"}]"#,
        &[],
    );
    check(
        r#","entity":[{"detail":[{"type":"PatientName","valueString":"Doe"}]},{"detail":[{"type":{"text":"Pages"},"valueString":"3"}]}]"#,
        &["Doe"],
    );
    check(
        r#","extension":[{"url":"u","valueReference":{"reference":"Group/1","display":"Doe"}},{"url":"v","valueCode":"c"}]"#,
        &["Doe"],
    );
    check(r#","encounter":{"reference":"Encounter/9","display":"Doe"}"#, &["Doe"]);
    check(r#","patient":{"reference":"Patient/1","display":"Doe"}"#, &["Patient/1", "Doe"]);
    check(r#","basedOn":[{"reference":"Patient/1/_history/2"}]"#, &["Patient/1/_history/2"]);
    check(r#","entity":[{"what":{"reference":"Patient?identifier=s|7"}}]"#, &["Patient?identifier=s|7"]);
    let agent = r#"{"resourceType":"AuditEvent","agent":[{"who":{"reference":"Patient/1","display":"Doe"},"altId":"jd"},{"who":{"display":"Smith"}}]}"#;
    assert_eq!(whole(agent).patient, [["Patient/1", "Doe", "jd"]]);
    let agent = r#"{"resourceType":"AuditEvent","agent":[{"extension":[{"url":"otherId","valueIdentifier":{"value":"npi-7"}}],"who":{"display":"Dr Kim"}}]}"#;
    assert_eq!(whole(agent).patient, [[""; 0]]);
}

#[test]
fn masking_the_spans_leaves_nothing_of_the_patient() {
    let atna: [&[u8]; 3] = [
        include_bytes!("../../../../fixtures/one-access/ps315.xml"),
        include_bytes!("../../../../fixtures/one-access/rfc3881.xml"),
        include_bytes!("../../../../fixtures/one-access/openemr.xml"),
    ];
    for input in [R4_JSON, R4_XML, R5_JSON, R5_XML].into_iter().chain(atna) {
        let format = detect_format(input, true).unwrap();
        let seen = read(format, input);
        let mut masked = String::from_utf8(seen.raw[0].clone()).unwrap();
        assert!(masked.contains("1001"));
        for part in &seen.patient[0] {
            masked = masked.replacen(part.as_str(), "*", 1);
        }
        assert!(!masked.contains("1001") && !masked.contains("Doe"), "{masked}");
    }
}

#[test]
fn a_bundle_gives_its_audit_events_and_masks_everybody_elses_bytes() {
    let (one, two) = (event(r#","id":"e1","patient":{"reference":"Patient/1"}"#), event(r#","id":"e2""#));
    let patient = r#"{"resourceType":"Patient","name":[{"family":"Doe"}]}"#;
    let json = format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"fullUrl":"u","resource":{one}}},{{"resource":{patient}}},{{"search":{{}}}},{{"resource":{two}}}]}}"#
    );
    let seen = whole(&json);
    let ids = |seen: &Seen| seen.records.iter().map(|fields| fields.last().cloned().unwrap()).collect::<Vec<_>>();
    assert_eq!(seen.records.len(), 2);
    assert_eq!(ids(&seen), ["patient.reference=Patient/1", "id=e2"]);
    assert_eq!(seen.patient, [vec!["Patient/1"], vec![]]);
    assert_eq!(seen.raw, [one.as_bytes(), two.as_bytes()], "each carries its own bytes and nobody else's");
    let faults = |seen: &Seen| seen.faults.iter().map(|(_, name)| *name).collect::<Vec<_>>();
    assert_eq!(faults(&seen), ["fhir_other_resource", "fhir_entry_without_resource"]);
    assert_eq!(seen.faults[0].0, json.find(patient).unwrap() as u64);

    let event = r#"<AuditEvent><recorded value="2026-01-02T03:04:05Z"/><agent/><source><site value="s"/></source></AuditEvent>"#;
    let patient = r#"<Patient><name value="Doe"/></Patient>"#;
    let xml = format!(
        r#"<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/><entry><resource>{event}</resource><search><mode value="match"/></search></entry><entry><resource>{patient}</resource></entry><entry><search/></entry><entry><resource>{event}</resource></entry></Bundle>"#
    );
    let seen = whole(&xml);
    assert_eq!((seen.records.len(), seen.anomalies.clone()), (2, vec![vec![], vec![]]));
    assert_eq!(seen.patient, [[patient], [patient]]);
    assert_eq!(faults(&seen), ["fhir_other_resource", "fhir_entry_without_resource"]);
}

#[test]
fn lines_arrays_and_documents_in_a_row_give_one_record_each() {
    let one = event("");
    for input in [format!("{one}\n{one}\n"), format!("[{one},{one}]"), format!("\u{feff}{one}\n\n{one}")] {
        let seen = whole(&input);
        assert_eq!((seen.records.len(), seen.faults), (2, vec![]), "{input}");
    }
    let two = [R4_XML, R5_XML].concat();
    assert_eq!(whole(two).records.len(), 2);
    let mixed = format!("{one}\n{{\"resourceType\":\"Patient\"}}\n{one}\n");
    let seen = whole(&mixed);
    assert_eq!((seen.records.len(), seen.faults), (2, vec![(one.len() as u64 + 1, "fhir_other_resource")]));
}

#[test]
fn a_mixed_shape_and_missing_parts_are_named() {
    let check = |input: &str, expect: &[&str]| assert_eq!(whole(input).anomalies, [expect], "{input}");
    check(&event(r#","type":{"code":"rest"},"patient":{"reference":"Patient/1"}"#), &["fhir_mixed_releases"]);
    check(&event(r#","outcome":"0","agent":[{"networkString":"h"}]"#), &["fhir_mixed_releases"]);
    check(&event(r#","outcome":{"code":{"code":"0"}},"code":{"coding":[{"code":"read"}]}"#), &[]);
    check(r#"{"resourceType":"AuditEvent"}"#, &["time_unreadable", "fhir_part_missing"]);
    check(&event("").replace("05Z", "05"), &["time_without_zone"]);
}

#[test]
fn dicom_events_belong_to_dicom_activity_too() {
    let sources = |more: &str| whole(event(more)).sources.remove(0);
    let expect = ["fhir//auditevent", "healthcare/dicom_activity/", "healthcare/record_access/"];
    assert_eq!(sources(r#","type":{"code":"110112"}"#), expect);
    assert_eq!(sources(r#","code":{"coding":[{"code":"110104"}]}"#), expect);
    assert_eq!(sources(r#","type":{"code":"rest"},"subtype":[{"code":"read"}]"#).len(), 2);
}

#[test]
fn hostile_documents_give_named_faults() {
    let check = |input: &str, expect: &str| {
        let seen = whole(input);
        let mut named = seen.faults.iter().map(|(_, name)| *name).chain(seen.anomalies.iter().flatten().copied());
        assert!(named.any(|name| name == expect), "{expect} for {input}");
    };
    check(r#"<!DOCTYPE x [<!ENTITY a "b">]><AuditEvent xmlns="http://hl7.org/fhir"/>"#, "xml_doctype");
    check("<AuditEvent><agent></who></agent></AuditEvent>", "xml_broken");
    check(&event(&format!(",\"a\":{}1{}", "{\"a\":".repeat(50), "}".repeat(50))), "document_too_deep");
    check(&event(&format!(",\"a\":[{}1]", "1,".repeat(5000))), "document_too_many_fields");
    check(&event(",\"a\":[[1]]"), "fhir_json_broken");
    check("{\"resourceType\":\"AuditEvent\" \"x\":1}\n", "fhir_json_broken");
}

#[test]
fn events_are_recognised_by_content() {
    let name = |head: &[u8]| detect_format(head, true).map(Format::name);
    for input in [R4_JSON, R4_XML, R5_JSON, R5_XML, b"[ {\"id\":{\"a\":[1,\"}\"]},\"resourceType\" : \"AuditEvent\""] {
        assert_eq!(name(input), Some("fhir_audit_event"));
    }
    assert_eq!(name(br#"{"log":{"resourceType":"AuditEvent"}}"#), Some("json"));
    assert_eq!(name(br#"{"resourceType":"Patient"}"#), Some("json"));
    assert_eq!(Fhir.sniff(b"<Bundle/>", true), Confidence::No);
    assert_eq!(Fhir.sniff(br#"{"resourceType":"Bundle","entry":[]}"#, true), Confidence::Likely);
}

#[test]
fn events_cut_at_every_byte_never_panic_and_steps_change_nothing() {
    for input in [R4_JSON, R5_XML] {
        check_cut_everywhere(&Fhir, input);
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(input in proptest::collection::vec(any::<u8>(), 0..300), step in 1usize..50) {
        read_in_steps(&Fhir, DecodeOptions { record_bytes_max: 100, ..crate::stream_check::options() }, &input, step);
    }

    #[test]
    fn arbitrary_json_never_panics(inside in r#"([{}\[\],:"]|"(agent|entity|who|_id|resource|entry)":|"x\\|null|-1|true| ){0,50}"#) {
        whole(event(&format!(",{inside}")));
        whole(format!("{{\"resourceType\":\"Bundle\",\"entry\":[{inside}"));
    }

    #[test]
    fn arbitrary_xml_never_panics(inside in "(</?(agent|entity|contained|text|div|Patient|entry|resource|AuditEvent)?|/?>| value='x'|&lt;|&|x){0,50}") {
        whole(format!("<AuditEvent xmlns='http://hl7.org/fhir'>{inside}</AuditEvent>"));
        whole(format!("<Bundle xmlns='http://hl7.org/fhir'><entry><resource>{inside}</resource></entry></Bundle>"));
    }
}
