//! Every audit source gives one shape of access: who, which patient, what, when, where, why, outcome.
#![cfg(test)]

use std::path::PathBuf;
use std::sync::Arc;

use cordon_decode::{DecodeOptions, Framed, Sink, Unit, detect_format};
use cordon_model::{Anomaly, Arena, Record, Time};
use cordon_normalize::{Access, taxonomy};
use cordon_seal::SiteKey;
use cordon_testkit::fsh;
use proptest::prelude::*;

/// An access in owned text; what is not stated is `-`.
#[derive(Debug, PartialEq, Eq, Clone)]
struct Shape {
    who: String,
    patients: Vec<String>,
    what: String,
    object: String,
    when: String,
    client_ip: String,
    why: String,
    outcome: String,
}

struct Taker<'s> {
    arena: &'s Arena,
    shapes: &'s mut Vec<Shape>,
}

impl<'a> Sink<'a> for Taker<'a> {
    fn record(&mut self, record: Record<'a>) {
        let fields = taxonomy(&record, &SiteKey::of_scan(), self.arena);
        let access = Access::new(&record, fields);
        let text = |part: Option<&str>| part.unwrap_or("-").to_owned();
        self.shapes.push(Shape {
            who: text(access.user),
            patients: access.patients.iter().map(|patient| (*patient).to_owned()).collect(),
            what: text(access.action),
            object: text(access.object_type),
            when: access.time.map_or_else(|| "-".to_owned(), |time| time.to_string()),
            client_ip: text(access.client_ip),
            why: text(access.purpose),
            outcome: text(access.outcome),
        });
    }

    fn fault(&mut self, offset: u64, anomaly: Anomaly) {
        panic!("{anomaly:?} at {offset}");
    }
}

fn decode<'a>(decoder: &dyn cordon_decode::Decoder, unit: Unit<'a>, arena: &'a Arena, shapes: &'a mut Vec<Shape>) {
    decoder.decode(unit, arena, &mut Taker { arena, shapes });
}

/// The accesses of a source, whatever its format.
fn accesses(input: &[u8]) -> Vec<Shape> {
    let options = Arc::new(DecodeOptions::new(Time(0)));
    let mut framer = detect_format(input, true).expect("a format takes it").framer(&options);
    let (mut shapes, mut at) = (Vec::new(), 0);
    while at < input.len() {
        let rest = &input[at..];
        at += match framer.next(rest, true) {
            Framed::More => break,
            Framed::Unit { start, end, next } => {
                let unit = Unit { offset: 0, bytes: &rest[start..end] };
                decode(&*framer.decoder(), unit, &Arena::new(), &mut shapes);
                next
            }
            Framed::Skip { next } | Framed::Header { next } => next,
            Framed::Fault { anomaly, .. } => panic!("{anomaly:?}"),
        };
    }
    shapes
}

fn pseudonym(id: &str) -> String {
    SiteKey::of_scan().patient_ref("", id).to_string()
}

fn outside(file: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/health").join(file);
    if !path.exists() {
        eprintln!("NOT TESTED: {} is absent", path.display());
        return None;
    }
    Some(path)
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/one-access").join(name)).unwrap()
}

#[test]
fn one_access_reads_alike_from_every_audit_format() {
    let expect = Shape {
        who: "nurse.kim".to_owned(),
        patients: vec![pseudonym("1001")],
        what: "read".to_owned(),
        object: "DocumentReference".to_owned(),
        when: "2026-03-04T21:14:05.000000Z".to_owned(),
        client_ip: "10.20.30.40".to_owned(),
        why: "TREAT".to_owned(),
        outcome: "success".to_owned(),
    };
    for name in ["r4.json", "r4.xml", "r5.json", "r5.xml"] {
        assert_eq!(accesses(&fixture(name)), std::slice::from_ref(&expect), "{name}");
    }
    let report = Shape { object: "Report Number".to_owned(), ..expect.clone() };
    for name in ["ps315.xml", "rfc3881.xml"] {
        assert_eq!(accesses(&fixture(name)), std::slice::from_ref(&report), "{name}");
    }
    let less = Shape { object: "Patient".to_owned(), client_ip: "-".to_owned(), why: "-".to_owned(), ..expect };
    assert_eq!(accesses(&fixture("openemr.xml")), [less]);
}

/// BALP's examples: name, who, whether a patient is named, what, object. Read from the files by hand.
const BALP: [(&str, &str, bool, &str, &str); 34] = [
    ("ex-auditBasicCreateNoPatient", "John Smith", false, "create", "MeasureReport"),
    ("ex-auditBasicCreateServer", "John Smith", true, "create", "List"),
    ("ex-auditBasicCreateClient", "John Smith", true, "create", "List"),
    ("ex-auditBasicCreate1", "Betty Jones", true, "create", "List"),
    ("ex-auditBasicCreate2", "Charley Miller", true, "create", "List"),
    ("ex-auditBasicCreateNoUser", "myMachine.example.org", true, "create", "List"),
    ("ex-auditBasicCreateNoUserReport", "myMachine.example.org", true, "create", "DocumentReference"),
    ("ex-auditBasicCreateNoUserJob", "myMachine.example.org", true, "create", "DocumentReference"),
    ("ex-auditBasicDeleteNoPatient", "John Smith", false, "delete", "MeasureReport"),
    ("ex-auditBasicDeleteServer", "John Smith", true, "delete", "List"),
    ("ex-auditBasicDeleteClient", "John Smith", true, "delete", "List"),
    ("ex-auditBasicDeleteInformant", "Betty Jones", true, "delete", "List"),
    ("ex-auditBasicDelete2", "Charley Miller", true, "delete", "List"),
    ("ex-auditBasicDeleteNoUser", "myMachine.example.org", true, "delete", "List"),
    ("ex-auditBasicDeleteNoUserReport", "myMachine.example.org", true, "delete", "DocumentReference"),
    ("ex-auditBasicDeleteNoUserJob", "myMachine.example.org", true, "delete", "DocumentReference"),
    ("ex-auditBasicQueryGetNoPatient", "John Smith", false, "search", "MeasureReport"),
    ("ex-auditBasicQueryGetServer", "John Smith", true, "search", "Observation"),
    ("ex-auditBasicQueryGetClient", "John Smith", true, "search", "Observation"),
    ("ex-auditBasicQueryPost", "John Smith", true, "search", "Observation"),
    ("ex-auditBasicReadNoPatient", "John Smith", false, "read", "MeasureReport"),
    ("ex-auditBasicReadServer", "John Smith", true, "read", "List"),
    ("ex-auditBasicReadClient", "John Smith", true, "read", "List"),
    ("ex-auditBasicReadNoUser", "myMachine.example.org", true, "read", "List"),
    ("ex-auditBasicReadOClient", "JohnSmith", true, "read", "List"),
    ("ex-auditBasicReadOServer", "35fb1058-7f36-415b-b862-677a37c95f35", true, "read", "List"),
    ("ex-auditBasicReadOServerMin", "myMachine.example.org", true, "read", "List"),
    ("ex-auditBasicUpdateNoPatient", "myMachine.example.org", false, "update", "DocumentReference"),
    ("ex-auditBasicPatch", "John Smith", true, "update", "List"),
    ("ex-auditBasicUpdate1", "Betty Jones", true, "update", "List"),
    ("ex-auditBasicUpdate2", "Charley Miller", true, "update", "List"),
    ("ex-auditBasicUpdateNoUser", "myMachine.example.org", true, "update", "List"),
    ("ex-auditBasicUpdateNoUserReport", "myMachine.example.org", true, "update", "DocumentReference"),
    ("ex-auditBasicUpdateNoUserJob", "myMachine.example.org", true, "update", "DocumentReference"),
];

#[test]
fn every_balp_example_gives_the_one_shape() {
    let Some(folder) = outside("balp-fsh") else { return };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "fsh"));
    files.sort();
    let events: Vec<fsh::Instance> =
        files.iter().flat_map(|path| fsh::audit_events(&std::fs::read_to_string(path).unwrap()).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, BALP.map(|(name, ..)| name));
    for (event, (name, who, patient, what, object)) in events.iter().zip(BALP) {
        let day = if name == "ex-auditBasicDeleteNoPatient" { "06" } else { "29" };
        let expect = Shape {
            who: who.to_owned(),
            patients: patient.then(|| pseudonym("ex-patient")).into_iter().collect(),
            what: what.to_owned(),
            object: object.to_owned(),
            when: format!("2020-04-{day}T09:49:00.000000Z"),
            client_ip: "2001:0db8:85a3:0000:0000:8a2e:0370:7334".to_owned(),
            why: "-".to_owned(),
            outcome: "success".to_owned(),
        };
        assert_eq!(accesses(event.resource.to_string().as_bytes()), [expect], "{name}");
    }
}

#[test]
fn hl7s_r4_example_gives_the_one_shape() {
    let Some(path) = outside("auditevent-example-r4.json") else { return };
    let expect = Shape {
        who: "Grahame".to_owned(),
        patients: Vec::new(),
        what: "execute".to_owned(),
        object: "Other".to_owned(),
        when: "2012-10-25T11:04:27.000000Z".to_owned(),
        client_ip: "127.0.0.1".to_owned(),
        why: "-".to_owned(),
        outcome: "success".to_owned(),
    };
    assert_eq!(accesses(&std::fs::read(path).unwrap()), [expect]);
}

/// All taxonomy fields of the one record of a source, `name=value`.
fn fields(input: &[u8]) -> Vec<String> {
    struct All(Vec<String>);
    impl<'a> Sink<'a> for All {
        fn record(&mut self, record: Record<'a>) {
            let arena = Arena::new();
            let record = Record { ..record };
            let lines = fields_of(&record, &arena);
            self.0.extend(lines);
        }
        fn fault(&mut self, _: u64, anomaly: Anomaly) {
            panic!("{anomaly:?}");
        }
    }
    fn fields_of<'a>(record: &Record<'a>, arena: &'a Arena) -> Vec<String> {
        let line =
            |field: &cordon_model::Field<'_>| format!("{}={}", field.name, field.value.text(arena).unwrap_or("!"));
        let stated = taxonomy(record, &SiteKey::of_scan(), arena).iter().filter(|field| field.name != "time");
        stated.map(line).collect()
    }
    let options = Arc::new(DecodeOptions::new(Time(0)));
    let framer = detect_format(input, true).expect("a format takes it").framer(&options);
    let mut all = All(Vec::new());
    framer.decoder().decode(Unit { offset: 0, bytes: input }, &Arena::new(), &mut all);
    all.0
}

#[test]
fn break_glass_tokens_encounters_and_durations_are_found() {
    let input = br#"{"resourceType":"AuditEvent","type":{"code":"110113"},"subtype":[{"code":"110127"}],"action":"E",
        "recorded":"2026-01-02T03:04:05Z","period":{"start":"2026-01-02T03:04:05Z","end":"2026-01-02T03:04:06.5Z"},
        "purposeOfEvent":[{"coding":[{"code":"BTG"}],"text":"cardiac arrest"}],"outcome":"8",
        "agent":[{"who":{"reference":"Practitioner/7","display":"Ann"},"altId":"ann","requestor":true,"policy":["t1"],
          "role":[{"coding":[{"display":"Nurse"}]}],"network":{"address":"ward-pc","type":"1"}}],
        "source":{"observer":{"reference":"Device/d"}},
        "entity":[{"what":{"identifier":{"system":"urn:oid:1.2.3","value":"77"}},"role":{"code":"1"}},
          {"what":{"reference":"https://x.example/fhir/Patient/88"},"role":{"code":"1"}},
          {"what":{"reference":"Encounter/e1"}},
          {"type":{"code":"XrequestId"},"what":{"identifier":{"value":"r-1"}}}]}"#;
    let by_oid = SiteKey::of_scan().patient_ref("1.2.3", "77");
    let expect = [
        "user=ann".to_owned(),
        "user_name=Ann".to_owned(),
        "user_role=Nurse".to_owned(),
        "agent_type=human".to_owned(),
        "token_id=t1".to_owned(),
        "workstation=ward-pc".to_owned(),
        format!("patient_ref={by_oid}"),
        format!("patient_ref={}", pseudonym("88")),
        "action=execute".to_owned(),
        "request_id=r-1".to_owned(),
        "object_type=Encounter".to_owned(),
        "object_id=e1".to_owned(),
        "encounter=e1".to_owned(),
        "app=Device/d".to_owned(),
        "purpose=BTG".to_owned(),
        "btg=true".to_owned(),
        "reason=cardiac arrest".to_owned(),
        "outcome=serious_failure".to_owned(),
        "event_code=110127".to_owned(),
        "event_code=110113".to_owned(),
        "duration_ms=1500".to_owned(),
    ];
    assert_eq!(fields(input), expect);
}

#[test]
fn a_patient_who_uses_the_record_is_a_pseudonym_as_user_too() {
    let input = br#"{"resourceType":"AuditEvent","action":"R","recorded":"2026-01-02T03:04:05Z","source":{"site":"s"},
        "agent":[{"who":{"reference":"Patient/1001","display":"Jane Doe"},"altId":"jdoe","requestor":true}],
        "entity":[{"what":{"reference":"Patient/1001"},"role":{"code":"1"}}]}"#;
    let found = fields(input);
    assert_eq!(found[0], format!("user={}", pseudonym("1001")));
    assert!(found.contains(&format!("patient_ref={}", pseudonym("1001"))));
    assert!(found.iter().all(|line| !line.contains("Doe") && !line.contains("jdoe")), "{found:?}");
}

#[test]
fn a_dicom_query_and_a_transfer_name_their_operation_and_titles() {
    let find = br#"<AuditMessage><EventIdentification EventActionCode="E" EventDateTime="2026-01-02T03:04:05Z" EventOutcomeIndicator="0">
        <EventID csd-code="110112" codeSystemName="DCM"/></EventIdentification>
        <ActiveParticipant UserID="p1" AlternativeUserID="AETITLES=WS7" UserIsRequestor="true" NetworkAccessPointID="10.0.0.7" NetworkAccessPointTypeCode="2">
          <RoleIDCode csd-code="110153"/></ActiveParticipant>
        <ActiveParticipant UserID="p2" AlternativeUserID="AETITLES=PACS;PACS2" UserIsRequestor="false" NetworkAccessPointID="10.0.0.9" NetworkAccessPointTypeCode="2">
          <RoleIDCode csd-code="110152"/></ActiveParticipant>
        <AuditSourceIdentification AuditSourceID="PACS"/>
        <ParticipantObjectIdentification ParticipantObjectID="1.2.840.10008.5.1.4.1.2.2.1" ParticipantObjectTypeCode="2" ParticipantObjectTypeCodeRole="24">
          <ParticipantObjectQuery>UGF0aWVudE5hbWU9Kg==</ParticipantObjectQuery></ParticipantObjectIdentification></AuditMessage>"#;
    let expect = [
        "user=p1",
        "agent_type=client",
        "client_ip=10.0.0.7",
        "client_app=p1",
        "calling_ae=WS7",
        "called_ae=PACS",
        "server_ip=10.0.0.9",
        "query=PatientName=*",
        "action=search",
        "operation=find",
        "app=PACS",
        "outcome=success",
        "event_code=110112",
    ];
    assert_eq!(fields(find), expect);
    let store = br#"<AuditMessage><EventIdentification EventActionCode="C" EventDateTime="2026-01-02T03:04:05Z" EventOutcomeIndicator="4">
        <EventID csd-code="110104" codeSystemName="DCM"/></EventIdentification>
        <ActiveParticipant UserID="ct1" UserIsRequestor="true"><RoleIDCode csd-code="110153"/></ActiveParticipant>
        <AuditSourceIdentification AuditSourceID="PACS"/>
        <ParticipantObjectIdentification ParticipantObjectID="1.2.3.4" ParticipantObjectTypeCode="2" ParticipantObjectTypeCodeRole="3">
          <ParticipantObjectIDTypeCode csd-code="110180" originalText="Study Instance UID"/>
          <ParticipantObjectDescription><SOPClass UID="1.2.840.10008.5.1.4.1.1.2" NumberOfInstances="3"/><SOPClass UID="1.2.840.10008.5.1.4.1.1.7" NumberOfInstances="2"/></ParticipantObjectDescription>
        </ParticipantObjectIdentification>
        <ParticipantObjectIdentification ParticipantObjectID="1001^^^LAKESIDE&amp;1.2.3&amp;ISO" ParticipantObjectTypeCode="1" ParticipantObjectTypeCodeRole="1"/></AuditMessage>"#;
    let patient = SiteKey::of_scan().patient_ref("1.2.3", "1001");
    let patient = format!("patient_ref={patient}");
    let expect = [
        "user=ct1",
        "agent_type=client",
        "client_app=ct1",
        "study_uid=1.2.3.4",
        patient.as_str(),
        "object_type=Study Instance UID",
        "object_id=1.2.3.4",
        "sop_class=1.2.840.10008.5.1.4.1.1.2",
        "sop_class=1.2.840.10008.5.1.4.1.1.7",
        "record_count=5",
        "action=create",
        "operation=store",
        "app=PACS",
        "outcome=minor_failure",
        "event_code=110104",
    ];
    assert_eq!(fields(store), expect);
}

#[test]
fn a_disclosure_names_its_recipient_and_a_login_is_one() {
    let input = br#"{"resourceType":"AuditEvent","type":{"code":"110106"},"subtype":[{"code":"disclose"}],"action":"R","recorded":"2026-01-02T03:04:05Z",
        "agent":[{"type":{"coding":[{"code":"110153"}]},"who":{"display":"Lakeside"},"requestor":true},
                 {"type":{"coding":[{"code":"110152"}]},"who":{"display":"Court"},"requestor":false}],"source":{"site":"s"}}"#;
    let found = fields(input);
    assert!(
        found.contains(&"action=disclose".to_owned()) && found.contains(&"recipient=Court".to_owned()),
        "{found:?}"
    );
    let login = br#"<AuditMessage><EventIdentification EventActionCode="E" EventDateTime="2026-01-02T03:04:05Z" EventOutcomeIndicator="8">
        <EventID csd-code="110114"/><EventTypeCode csd-code="110122"/></EventIdentification><ActiveParticipant UserID="kim"/></AuditMessage>"#;
    let found = fields(login);
    assert_eq!(found[..2], ["user=kim", "agent_type=human"]);
    assert!(found.contains(&"action=login".to_owned()) && found.contains(&"outcome=serious_failure".to_owned()));
}

proptest! {
    #[test]
    fn no_patient_id_leaves_in_clear(id in "[a-z]{9,12}", place in 0usize..5) {
        let entity = [
            format!(r#"{{"what":{{"reference":"Patient/{id}"}},"role":{{"code":"1"}}}}"#),
            format!(r#"{{"what":{{"reference":"https://h/Patient/{id}/_history/1"}},"role":{{"code":"4"}}}}"#),
            format!(r#"{{"what":{{"identifier":{{"value":"{id}"}},"type":"Patient"}}}}"#),
            format!(r#"{{"what":{{"reference":"Patient?identifier=s|{id}"}}}}"#),
            format!(r#"{{"what":{{"identifier":{{"system":"s","value":"{id}"}}}},"role":{{"code":"1"}}}}"#),
        ][place].clone();
        let event = format!(r#"{{"resourceType":"AuditEvent","action":"R","agent":[{{"who":{{"reference":"Patient/{id}"}},"requestor":true}}],"entity":[{entity}]}}"#);
        let found = fields(event.as_bytes());
        prop_assert!(found.iter().any(|line| line.starts_with("patient_ref=p-")));
        prop_assert!(found.iter().all(|line| !line.contains(&id)), "{:?}", found);
    }
}
