//! Bytes of a source in, taxonomy fields out: what every rule on a category sees.

use std::sync::Arc;

use cordon_decode::{DecodeOptions, Decoder, Framed, Sink, Unit, detect_format};
use cordon_model::{Anomaly, Arena, Field, Position, RawRecord, Record, SourceSet, Time, Value, When};
use cordon_seal::SiteKey;

struct Taker<'s> {
    arena: &'s Arena,
    seen: &'s mut Vec<Vec<String>>,
}

impl<'a> Sink<'a> for Taker<'a> {
    fn record(&mut self, record: Record<'a>) {
        let line = |field: &Field<'_>| match field.value {
            Value::Text(text) => format!("{}={text}", field.name),
            _ => panic!("taxonomy values are text"),
        };
        let fields = super::taxonomy(&record, &SiteKey::of_scan(), self.arena);
        let (time, stated): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.name == "time");
        assert_eq!(time.len(), usize::from(record.when.resolve().is_some()), "the time stands once, when it is known");
        self.seen.push(stated.into_iter().map(line).collect());
    }

    fn fault(&mut self, _: u64, anomaly: Anomaly) {
        panic!("{anomaly:?}");
    }
}

fn decode<'a>(decoder: &dyn Decoder, unit: Unit<'a>, arena: &'a Arena, seen: &'a mut Vec<Vec<String>>) {
    decoder.decode(unit, arena, &mut Taker { arena, seen });
}

/// The taxonomy fields of every record of a source.
fn fields(input: &str) -> Vec<Vec<String>> {
    let options = Arc::new(DecodeOptions::new(Time::from_rfc3339("2026-01-02T00:00:00Z").unwrap()));
    let mut framer = detect_format(input.as_bytes(), true).expect("a format takes it").framer(&options);
    let (mut seen, mut at) = (Vec::new(), 0);
    while at < input.len() {
        let rest = &input.as_bytes()[at..];
        at += match framer.next(rest, true) {
            Framed::More => break,
            Framed::Unit { start, end, next } => {
                decode(&*framer.decoder(), Unit { offset: 0, bytes: &rest[start..end] }, &Arena::new(), &mut seen);
                next
            }
            Framed::Skip { next } | Framed::Header { next } => next,
            Framed::Fault { anomaly, .. } => panic!("{anomaly:?}"),
        };
    }
    seen
}

fn patient(authority: &str, id: &str) -> String {
    format!("patient_ref={}", SiteKey::of_scan().patient_ref(authority, id))
}

fn check(input: &str, expect: &[&str]) {
    assert_eq!(fields(input), [expect], "{input}");
}

#[test]
fn a_result_message_tells_sender_patient_and_results() {
    let message = |value: &str| {
        format!(
            "MSH|^~\\&|LIS|LAB|EHR|LAKE|20260101Z||ORU^R01^ORU_R01|C1|P|2.5\rEVN|R01||||tech1\rPID|||1001^^^LAKE&1.2.3&ISO^MR~9^^^SSA\r\
             PV1||I|ICU^2^1|||||||||||||VIP\rOBR|1||F7^LIS\rOBX|1|NM|K^Potassium||{value}|mmol/l|||||F\rOBX|2|NM|NA||140|mmol/l|||||F\r"
        )
    };
    let seen = fields(&message("4.1"));
    let digest = seen[0].iter().find(|line| line.starts_with("result_digest=")).unwrap().clone();
    assert_eq!(digest.len(), "result_digest=".len() + 32);
    let patient = patient("1.2.3", "1001");
    check(
        &message("4.1"),
        &[
            "message_type=ORU",
            "trigger_event=R01",
            "message_structure=ORU_R01",
            "sending_application=LIS",
            "sending_facility=LAB",
            "receiving_application=EHR",
            "receiving_facility=LAKE",
            "control_id=C1",
            "processing_id=P",
            "version=2.5",
            "patient_class=I",
            "location=ICU",
            "vip=VIP",
            "user=tech1",
            "order_id=F7",
            "observation_id=K",
            "observation_id=NA",
            "observation_value=4.1",
            "observation_value=140",
            "observation_unit=mmol/l",
            "result_status=F",
            &digest,
            &patient,
        ],
    );
    assert_ne!(fields(&message("7.9"))[0].iter().find(|line| line.starts_with("result_digest=")), Some(&digest));
}

#[test]
fn a_merge_tells_the_ids_that_its_first_patient_had_before() {
    let message = "MSH|^~\\&|ADT|X|MPI|Y|20260101Z||ADT^A40|C3|P|2.5\rPID|||1^^^LAKE\rMRG|2^^^LAKE~3^^^OLD\rPID|||4^^^LAKE\rMRG|5^^^LAKE\r";
    let prior = |authority, id| format!("prior_{}", patient(authority, id));
    let seen = fields(message).swap_remove(0);
    let told: Vec<&String> = seen.iter().filter(|line| line.contains("patient_ref")).collect();
    assert_eq!(told, [&patient("LAKE", "1"), &prior("LAKE", "2"), &prior("OLD", "3")]);
}

#[test]
fn a_query_message_is_a_search_by_its_sender() {
    let patient = patient("LAKE", "1001");
    check(
        "MSH|^~\\&|PORTAL|X|MPI|Y|20260101Z||QBP^Q23^QBP_Q21|C2|P|2.5\rQPD|IHE PIX Query|T1|1001^^^LAKE\r",
        &[
            "message_type=QBP",
            "trigger_event=Q23",
            "message_structure=QBP_Q21",
            "sending_application=PORTAL",
            "sending_facility=X",
            "receiving_application=MPI",
            "receiving_facility=Y",
            "control_id=C2",
            "processing_id=P",
            "version=2.5",
            "query_tag=T1",
            "query_name=IHE PIX Query",
            "user=PORTAL",
            "agent_type=client",
            "client_app=PORTAL",
            "action=search",
            "app=MPI",
            "event_code=QBP^Q23^QBP_Q21",
            "query=1001^^^LAKE",
            &patient,
        ],
    );
    let seen = fields("MSH|^~\\&|A|B|C|D|20260101Z||QRY^A19|C3|P|2.3\rQRD|202601011200|R|I|Q1|||1^RD|1001^DOE|DEM\r");
    assert!(seen[0].contains(&self::patient("", "1001")) && seen[0].contains(&"action=search".to_owned()), "{seen:?}");
}

const OPENEMR: &str = "id,date,event,category,user,groupname,comments,user_notes,patient_id,success,crt_user,log_from,menu_item_id,ccda_doc_id,encrypt\n";

#[test]
fn openemrs_log_takes_the_patient_from_the_statement() {
    let row = |comments: &str, encrypt: &str| {
        format!(
            "{OPENEMR}7,2026-01-02 03:04:05,patient-record-select,Patient,nurse1,Default,\"{comments}\",,99,1,,x,0,0,{encrypt}\n"
        )
    };
    let common = [
        "user=nurse1",
        "user_role=Default",
        "action=read",
        "event_code=patient-record-select",
        "object_type=patient-record",
        "section=Patient",
        "outcome=success",
    ];
    let expect = |query: Option<&'static str>, patient: &str| {
        let mut lines: Vec<String> = common.iter().map(|line| (*line).to_owned()).collect();
        lines.extend(query.map(|query| format!("query={query}")));
        lines.extend(["app=OpenEMR".to_owned(), self::patient("", patient)]);
        [lines]
    };
    let statement = "SELECT * FROM forms WHERE pid = ? ('12')";
    assert_eq!(fields(&row(statement, "No")), expect(Some(statement), "12"));
    let encoded = "U0VMRUNUICogRlJPTSBmb3JtcyBXSEVSRSBwaWQgPSA/ICgnMTInKQ==";
    assert_eq!(fields(&row(encoded, "No")), expect(Some(statement), "12"));
    assert_eq!(fields(&row(encoded, "Yes")), expect(None, "99"));
}

#[test]
fn openemrs_break_glass_group_and_failures_are_told() {
    let row = "7,2026-01-02 03:04:05,login,,doc2,breakglass,failed,,0,0,,x,0,0,No\n";
    check(
        &format!("{OPENEMR}{row}"),
        &[
            "user=doc2",
            "user_role=breakglass",
            "action=login",
            "event_code=login",
            "btg=true",
            "outcome=serious_failure",
            "query=failed",
            "app=OpenEMR",
        ],
    );
}

#[test]
fn every_preset_gives_user_patient_and_action() {
    let patient = patient("", "1001");
    check(
        "id,date,event,user,recipient,patient_id,description\n1,2026-01-02 03:04:05,disclosure,clerk,Court,1001,order 7\n",
        &[
            "user=clerk",
            "recipient=Court",
            "event_code=disclosure",
            "reason=order 7",
            "action=disclose",
            "app=OpenEMR",
            &patient,
        ],
    );
    check(
        "log_id,user_id,patient_id,ip_address,method,request,request_url,request_body,response,created_time\n\
         1,8,1001,10.0.0.9,GET,Patient,/fhir/Patient/1001,,,2026-01-02 03:04:05\n",
        &[
            "user=8",
            "client_ip=10.0.0.9",
            "action=read",
            "event_code=GET",
            "object_type=Patient",
            "query=/fhir/Patient/1001",
            "app=OpenEMR API",
            &patient,
        ],
    );
    check(
        "UserID,RecordID,RecordType,TypeofAction,JustificationText,AccessedDTTM,DeviceUsed,PatientID\n\
         u1,55,Chart,Q,smith jo,2026-01-02 03:04:05,WS7,1001\n",
        &[
            "user=u1",
            "action=search",
            "event_code=Q",
            "object_type=Chart",
            "object_id=55",
            "workstation=WS7",
            "query=smith jo",
            "app=TouchWorks",
            &patient,
        ],
    );
    check(
        "ACCESS_TIME,USER_ID,USER_NAME,PAT_MRN_ID,METRIC_NAME,VIEW_MODIFY,WORKSTATION_ID,DEPARTMENT,BTG_REASON\n\
         2026-01-02 03:04:05,u1,\"Ann, N\",1001,Break-the-Glass accept,View,WS7,ICU,Emergency\n",
        &[
            "user=u1",
            "user_name=Ann, N",
            "action=read",
            "event_code=Break-the-Glass accept",
            "workstation=WS7",
            "location=ICU",
            "btg=true",
            "reason=Emergency",
            "app=Epic",
            &patient,
        ],
    );
    check(
        "Event Date/Time,Username,Patient Name,MRN,Event Name,Application,Location\n01/02/2026 03:04:05,u1,Doe,1001,Open Chart,PowerChart,ICU\n",
        &["user=u1", "action=read", "event_code=Open Chart", "app=PowerChart", "location=ICU", &patient],
    );
    check(
        "time;user;mrn;action;ip;break_glass\n2026-01-02T03:04:05Z;u1;1001;VIEW;10.0.0.9;no\n",
        &["user=u1", "action=read", "event_code=VIEW", "client_ip=10.0.0.9", "btg=false", &patient],
    );
}

#[test]
fn a_table_without_an_access_mapping_gives_nothing() {
    assert_eq!(fields("a,b,c\n1,2,3\n"), [Vec::<String>::new()]);
}

#[test]
fn a_device_gateway_that_speaks_cef_reads_as_a_medical_device() {
    let input = "<134>1 2025-01-02T03:04:05Z gw1 - - - - CEF:0|BD|Alaris Gateway|9.1|201|Drug library transferred|5|\
        deviceExternalId=PUMP-7 suser=biomed src=10.9.0.4 cs1=ICU-2 cs1Label=Location cs2=1001 cs2Label=PatientID outcome=success msg=library 42";
    check(
        input,
        &[
            "device_id=PUMP-7",
            "vendor=BD",
            "model=Alaris Gateway",
            "software_version=9.1",
            "user=biomed",
            "client_ip=10.9.0.4",
            "location=ICU-2",
            "outcome=success",
            "severity=5",
            "event=drug_library_update",
            "detail=library 42",
            &patient("", "1001"),
        ],
    );
}

#[test]
fn the_time_stands_on_the_sites_clock() {
    let record = Record {
        raw: RawRecord { position: Position::Offset(0), bytes: b"" },
        index: 0,
        format: "syslog",
        when: When::Rfc3339("2026-01-02T23:04:05Z"),
        sources: SourceSet::default(),
        fields: &[],
        anomalies: &[],
        patient_spans: &[],
    };
    let (arena, zone) = (Arena::new(), jiff::tz::TimeZone::fixed(jiff::tz::offset(2)));
    let fields = super::taxonomy_mapped(&record, &SiteKey::of_scan(), &[], &zone, &arena);
    assert_eq!(fields, [Field { name: "time", value: Value::Text("2026-01-03T01:04:05+02:00") }]);
}

#[test]
fn labels_of_sensitive_data_are_told() {
    let seen = fields(
        r#"{"resourceType":"AuditEvent","type":{"code":"rest"},"action":"R","recorded":"2026-01-02T03:04:05Z","agent":[{"altId":"u1","requestor":true}],
            "source":{"site":"X"},"entity":[{"what":{"reference":"Condition/7"},"securityLabel":[{"code":"PSY"},{"code":"V"}]}]}"#,
    );
    let labels: Vec<_> = seen[0].iter().filter(|line| line.starts_with("sensitivity=")).collect();
    assert_eq!(labels, ["sensitivity=PSY", "sensitivity=V"]);
}
