//! `--mask`, proven: one invented patient, written into every format that names patients, in many spellings, and looked for in everything that comes out.

use base64::Engine as _;

use crate::common::{Bench, Ran};

/// What identifies the patient Zephyrine Quillfeather, as it must not come out, in lower case.
const CANARIES: [&str; 11] = [
    "quillfeather",
    "zephyrine",
    "77310942",
    "1957-11",
    "19571123",
    "23.11.1957",
    "8173-26",
    "555817326",
    "wobblegate",
    "zq@mailbox.example",
    "snorkelhaven",
];
/// Members of staff, who are what access is judged by.
const STAFF: &str = "nurse.kim";

const RULES: &str = r"
title: Any access
id: 55555555-5555-4555-8555-555555555555
level: high
logsource: {category: record_access}
detection:
  sel:
    user|exists: true
  words: ['*quill*', '*773*']
  condition: sel or words
---
title: Any line of syslog
id: 55555555-5555-4555-8555-555555555556
name: any_line
level: high
logsource: {product: linux, service: syslog}
detection:
  words: ['*kim*', '*QUILL*']
  condition: words
---
title: Any line of an appliance
id: 55555555-5555-4555-8555-555555555557
level: high
logsource: {product: arcsight}
detection:
  words: ['*kim*', '*quill*']
  condition: words
---
title: Any line of an application
id: 55555555-5555-4555-8555-555555555558
name: any_application
level: high
logsource: {product: nodejs, category: application}
detection:
  sel:
    patient.name.family: '*'
    patient.mrn: 7*
  words: ['*kim*', '*quill*']
  condition: 1 of *
---
title: Lines per patient
id: 55555555-5555-4555-8555-555555555559
level: high
correlation:
  type: event_count
  rules: [any_application, any_line]
  group-by: [patient.name.family, patient_name]
  timespan: 1d
  generate: true
  condition: {gte: 1}
---
title: Any message of HL7
id: 55555555-5555-4555-8555-55555555555a
level: high
logsource: {product: hl7, service: v2}
detection:
  sel:
    PID-5.1: '*'
  words: ['*phyr*']
  condition: 1 of *
";

const CSV: &str = "time,user,user_name,patient_id,last_name,first_name,birth_date,phone,street,city,email,action,note\n\
    2026-03-04T21:14:05Z,nurse.kim,Kim Nurse,77310942,Quillfeather,Zephyrine,1957-11-23,555-8173-26,Wobblegate Lane 48,Snorkelhaven,zq@mailbox.example,read,\"QUILLFEATHER, b64 UXVpbGxmZWF0aGVy url %51uillfeather ent &#81;uillfeather 19571123\"\n";
const EPIC: &str = "ACCESS_TIME,USER_ID,USER_NAME,PAT_ID,PAT_NAME,BIRTH_DATE,HOME_PHONE,ADDRESS,ZIP_CITY,EMAIL_ADDRESS,METRIC_NAME,WORKSTATION_ID,NAME\n\
    2026-03-04 21:14:05,nurse.kim,Nurse Kim,77310942,\"Quillfeather, Zephyrine\",23.11.1957,555-8173-26,Wobblegate Lane 48,90210 Town,zq@mailbox.example,Chart viewed,WS-1,Quillfeather\n";
const OPENEMR: &str = "id,date,event,category,user,groupname,comments,user_notes,patient_id,success,crt_user,log_from,menu_item_id,ccda_doc_id\n\
    7,2026-01-02 03:04:05,patient-record-update,Patient,nurse.kim,Default,VVBEQVRFIHBhdGllbnRfZGF0YSBTRVQgbG5hbWU9J1F1aWxsZmVhdGhlcicsIGZuYW1lPSdaZXBoeXJpbmUnLCBET0I9JzE5NTctMTEtMjMnIFdIRVJFIHBpZD0nNzczMTA5NDIn,,77310942,1,,open-emr,0,0\n";
const OPENEMR_EXTENDED: &str = "id,date,event,user,recipient,description,patient_id\n\
    7,2026-01-02 03:04:05,disclosure-treatment,nurse.kim,Aunt Quillfeather,Letter of Zephyrine to Wobblegate Lane,77310942\n";
const GENERIC_CSV: &str = "when;host;Surname;Given;MRN;DOB;Mobile;Address;E-Mail;unit;remark\n\
    2026-03-04T21:14:05Z;ws1;Quillfeather;Zephyrine;77310942;1957-11-23;555-8173-26;Wobblegate Lane 48;zq@mailbox.example;ICU;Zephyrine by nurse.kim\n";
const JSON: &str = r#"{"timestamp":"2026-03-04T21:14:05Z","level":"info","message":"nurse.kim opened \u0051uillfeather","stack":"-","service":"chart","user":{"name":"nurse.kim","email":"kim@lake.example"},"url":"/p?n=%51uillfeather&t=UXVpbGxmZWF0aGVy","html":"&#81;uillfeather","hex":"5175696c6c66656174686572","patient":{"mrn":77310942,"name":{"family":"Quillf\u0065ather","given":["Zephyrine"]},"birthDate":"1957-11-23","phone":"555-8173-26","address":{"street":"Wobblegate Lane 48","city":"Snorkelhaven"},"email":"zq@mailbox.example"},"Quillfeather":{"seen":true}}"#;
const JSON_FLAT: &str = r#"{"timestamp":"2026-03-04T21:14:05Z","level":"info","message":"m","stack":"-","service":"chart","user":"nurse.kim","patientId":"77310942","lastName":"Quillfeather","firstName":"Zephyrine","dob":"19571123","phone":"555817326","street":"Wobblegate Lane","city":"Snorkelhaven","email":"zq@mailbox.example","details":[{"field":"PatientName","newValue":"Quillfeather"}]}"#;
const SYSLOG_JSON: &str = r#"<134>1 2026-03-04T21:14:05Z ehr app - - - {"user":"nurse.kim","patient_name":"Quillfeather, Zephyrine","mrn":"77310942","birthdate":"1957-11-23","phone":"555-8173-26","address":"Wobblegate Lane 48","email":"zq@mailbox.example","note":"\u0051uillfeather"}"#;
const SYSLOG_SD: &str = r#"<134>1 2026-03-04T21:14:05Z ehr app - - [audit@32473 user="nurse.kim" patient_name="Quillfeather, \"Zephyrine\"" mrn="77310942" dob="1957-11-23" phone="555-8173-26" street="Wobblegate Lane 48" email="zq@mailbox.example"] nurse.kim opened ZEPHYRINE QUILLFEATHER (%51uillfeather)"#;
const CEF: &str = r"<134>Mar  4 21:14:05 ehr CEF:0|ArcSight|EHR|1|7|Chart opened|3|suser=nurse.kim cs1=Quillfeather\=Zephyrine cs1Label=Patient Name mrn=77310942 patientBirthDate=1957-11-23 patientPhone=555-8173-26 address=Wobblegate Lane 48 email=zq@mailbox.example msg=chart of Zephyrine QUILLFEATHER";
const LEEF: &str = "<134>Mar  4 21:14:05 ehr LEEF:1.0|ArcSight|EHR|1|7|usrName=nurse.kim\tpatientName=Quillfeather\tpt_id=77310942\tfirstName=Zephyrine\tdob=1957-11-23\tmobile=555-8173-26\tstreet=Wobblegate Lane 48\temail=zq@mailbox.example";
const HL7: &str = "MSH|^~\\&|LAB|LAKE|EHR|LAKE|20260131140500||ORU^R01^ORU_R01|M1|P|2.5\rPID|1||77310942^^^LAKE^MR||Quillfeather^Zephyrine||19571123|F|||Wobblegate Lane 48^^Snorkelhaven||555-8173-26^^^zq@mailbox.example\rPV1|1|I|ICU|||||||||||||||||||||||||||||||||||||||||nurse.kim\rOBX|1|TX|NOTE||Zephyrine is well||||||F\r";
const FHIR_R4: &str = r#"{"resourceType":"AuditEvent","type":{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110110","display":"Patient Record"},"action":"R","recorded":"2026-03-04T21:14:05Z","outcome":"0","extension":[{"url":"https://x.example/encounter","valueReference":{"reference":"Group/7","display":"Quillfeather family"}}],"agent":[{"who":{"identifier":{"value":"nurse.kim"}},"altId":"nurse.kim","name":"Kim","requestor":true},{"who":{"reference":"RelatedPerson/9","display":"Otto Quillfeather"},"requestor":false}],"source":{"observer":{"display":"ehr"}},"entity":[{"what":{"reference":"Patient/77310942","display":"Zephyrine Quillfeather"},"role":{"code":"1"},"name":"Quillfeather","detail":[{"type":"dob","valueString":"1957-11-23"}]},{"what":{"reference":"Encounter/5","display":"Visit of Zephyrine, Wobblegate Lane 48, Snorkelhaven"}},{"what":{"reference":"Observation/6"},"role":{"code":"4"},"name":"Phone call 555-8173-26","description":"zq@mailbox.example","detail":[{"type":"PatientName","valueBase64Binary":"UXVpbGxmZWF0aGVyXlplcGh5cmluZQ=="}]}]}"#;
const FHIR_R5: &str = r#"{"resourceType":"AuditEvent","category":[{"coding":[{"code":"rest"}]}],"code":{"coding":[{"code":"read"}]},"action":"R","recorded":"2026-03-04T21:14:05Z","patient":{"reference":"Patient/77310942","display":"Zephyrine Quillfeather"},"encounter":{"reference":"Encounter/5","display":"Visit of Quillfeather, Wobblegate Lane 48"},"agent":[{"who":{"identifier":{"value":"nurse.kim"}},"requestor":true}],"source":{"observer":{"display":"ehr"}},"entity":[{"what":{"reference":"Patient/77310942"},"role":{"coding":[{"code":"1"}]}},{"what":{"reference":"DocumentReference/2","display":"Letter to zq@mailbox.example, 555-8173-26"},"detail":[{"type":{"text":"birth date"},"valueString":"1957-11-23"}]}]}"#;
const FHIR_R4_XML: &str = r#"<AuditEvent xmlns="http://hl7.org/fhir"><extension url="u"><valueReference><reference value="Group/7"/><display value="Quillfeather family"/></valueReference></extension><type><system value="http://dicom.nema.org/resources/ontology/DCM"/><code value="110110"/></type><action value="R"/><recorded value="2026-03-04T21:14:05Z"/><outcome value="0"/><agent><who><identifier><value value="nurse.kim"/></identifier></who><altId value="nurse.kim"/><requestor value="true"/></agent><source><observer><display value="ehr"/></observer></source><entity><what><reference value="Patient/77310942"/><display value="Z&#101;phyrine Quillfeather"/></what><role><code value="1"/></role></entity><entity><what><reference value="Encounter/5"/><display value="Zephyrine"/></what><name value="1957-11-23, 555-8173-26"/><description value="Wobblegate Lane 48, zq@mailbox.example, &#81;uillfeather"/></entity></AuditEvent>"#;
const FHIR_R5_XML: &str = r#"<AuditEvent xmlns="http://hl7.org/fhir"><category><coding><code value="rest"/></coding></category><code><coding><code value="read"/></coding></code><action value="R"/><recorded value="2026-03-04T21:14:05Z"/><patient><reference value="Patient/77310942"/><display value="Zephyrine Quillfeather"/></patient><encounter><display value="Wobblegate Lane 48"/></encounter><agent><who><identifier><value value="nurse.kim"/></identifier></who><requestor value="true"/></agent><source><observer><display value="ehr"/></observer></source><entity><what><reference value="Patient/77310942"/></what><role><coding><code value="1"/></coding></role></entity></AuditEvent>"#;
const ATNA: &str = r#"<AuditMessage><EventIdentification EventActionCode="R" EventDateTime="2026-03-04T21:14:05Z" EventOutcomeIndicator="0"><EventID csd-code="110103" codeSystemName="DCM" originalText="DICOM Instances Accessed"/></EventIdentification><ActiveParticipant UserID="nurse.kim" UserIsRequestor="true"/><AuditSourceIdentification AuditSourceID="pacs"/><ParticipantObjectIdentification ParticipantObjectID="1.2.3.4" ParticipantObjectTypeCode="2" ParticipantObjectTypeCodeRole="3" ParticipantObjectName="CT Quillfeather Zephyrine"><ParticipantObjectIDTypeCode csd-code="110180" codeSystemName="DCM" originalText="Study Instance UID"/><ParticipantObjectDetail type="PatientName" value="UXVpbGxmZWF0aGVyXlplcGh5cmluZQ=="/><ParticipantObjectDetail type="PatientBirthDate" value="MTk1NzExMjM="/></ParticipantObjectIdentification><ParticipantObjectIdentification ParticipantObjectID="77310942" ParticipantObjectTypeCode="1" ParticipantObjectTypeCodeRole="1" ParticipantObjectName="Quillfeather^Zephyrine"><ParticipantObjectDetail type="address" value="V29iYmxlZ2F0ZSBMYW5lIDQ4"/></ParticipantObjectIdentification></AuditMessage>"#;

const PROSE: &str = "<38>Mar  4 21:14:05 ehr app[1]: nurse.kim opened patient_id=77310942 patient_name=Zephyrine Quillfeather dob=1957-11-23 phone=555-8173-26; then QUILLFEATHER left";
const TEXT: &str = "nurse.kim looked at MRN 77310942\npatient name Zephyrine Quillfeather, by nurse.kim; /fhir/Patient/77310942/_history\n";
const WEB: &str = "10.0.0.1 - nurse.kim [04/Mar/2026:21:14:05 +0000] \"GET /fhir/Patient?family=Quillfeather&given=Zephyrine&birthdate=1957-11-23 HTTP/1.1\" 200 5 \"-\" \"x\"\n";
const TWO: &str = r#"{"level":"i","message":"nurse.kim","stack":"-","service":"chart","patient_name":"Quillfeather"}{"level":"i","message":"nurse.kim","stack":"-","service":"chart","mrn":"77310942"} and Zephyrine"#;
const RESOURCE: &str = r#"{"resourceType":"Patient","id":"77310942","meta":{"tag":"nurse.kim"},"text":{"div":"<div>Zephyrine</div>"},"name":[{"family":"Quillfeather","given":["Zephyrine"]}],"birthDate":"1957-11-23","telecom":[{"system":"phone","value":"555-8173-26"},{"system":"email","value":"zq@mailbox.example"}],"address":[{"line":["Wobblegate Lane 48"],"city":"Snorkelhaven"}],"identifier":[{"value":"77310942"}]}"#;
const WINDOWS: &str = r#"{"EventID":1,"Channel":"Application","Computer":"ehr","SystemTime":"2026-03-04T21:14:05Z","User":"nurse.kim","PatientName":"Quillfeather, Zephyrine","PatientID":"77310942","Message":"chart of Zephyrine QUILLFEATHER"}"#;
const RECEIPT: &str = "MSH|^~\\&|LAB|LAKE|EHR|LAKE|20260131140500||ACK^A01|M1|P|2.5\rMSA|AE|M0|nurse.kim: Zephyrine Quillfeather, MRN 77310942, is not known\rERR|||100|E||||No Wobblegate Lane on file\r";

/// File, its bytes, how many of the canaries it holds at least, and whether a rule looks at it.
const CORPUS: [(&str, &str, usize, bool); 25] = [
    ("access.csv", CSV, 9, true),
    ("epic.csv", EPIC, 6, true),
    ("openemr.csv", OPENEMR, 3, true),
    ("openemr-extended.csv", OPENEMR_EXTENDED, 4, true),
    ("generic.csv", GENERIC_CSV, 7, false),
    ("app.json", JSON, 8, true),
    ("flat.json", JSON_FLAT, 8, true),
    ("json.log", SYSLOG_JSON, 7, true),
    ("sd.log", SYSLOG_SD, 7, true),
    ("cef.log", CEF, 7, true),
    ("leef.log", LEEF, 7, false),
    ("a.hl7", HL7, 8, true),
    ("r4.json", FHIR_R4, 8, true),
    ("r5.json", FHIR_R5, 7, true),
    ("r4.xml", FHIR_R4_XML, 7, true),
    ("r5.xml", FHIR_R5_XML, 4, true),
    ("study.xml", ATNA, 5, true),
    ("in-header.log", "", 5, true),
    ("prose.log", PROSE, 5, true),
    ("text.txt", TEXT, 3, false),
    ("web.log", WEB, 3, false),
    ("two.json", TWO, 2, true),
    ("resource.json", RESOURCE, 7, false),
    ("windows.json", WINDOWS, 3, false),
    ("receipt.hl7", RECEIPT, 4, false),
];

/// Every text that the output can be read as: as it is, and with each encoding undone, twice over.
fn readings(out: &str) -> Vec<String> {
    let mut all = vec![out.to_owned()];
    let mut last = all.clone();
    for _ in 0..2 {
        last = last.iter().flat_map(|text| [unescaped(text), percent(text), tokens(text)]).collect();
        all.extend(last.iter().cloned());
    }
    all.iter().map(|text| text.to_lowercase()).collect()
}

/// JSON escapes and entities of XML, numbers only.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let number = |start: &str, end: &str, radix| {
            let (digits, after) = rest.strip_prefix(start)?.split_at_checked(rest.strip_prefix(start)?.find(end)?)?;
            Some((char::from_u32(u32::from_str_radix(digits, radix).ok()?)?, after.strip_prefix(end)?))
        };
        let escape = rest
            .strip_prefix("\\u")
            .and_then(|rest| rest.split_at_checked(4))
            .and_then(|(digits, after)| Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, after)));
        let (letter, after) = escape
            .or_else(|| number("&#x", ";", 16))
            .or_else(|| number("&#", ";", 10))
            .unwrap_or((letter, rest.get(letter.len_utf8()..).unwrap()));
        out.push(letter);
        rest = after;
    }
    out
}

fn percent(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| byte == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(code) => (out.push(code), rest = after.get(2..).unwrap()).1,
            None => (out.push(byte), rest = after).1,
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What reads as base64 or hexadecimal, decoded.
fn tokens(text: &str) -> String {
    let base64 = base64::engine::general_purpose::STANDARD_NO_PAD;
    let mut out = String::new();
    for token in text.split(|letter: char| !letter.is_ascii_alphanumeric() && !"+/".contains(letter)) {
        let hex: Option<Vec<u8>> = token
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        for bytes in hex.into_iter().chain(base64.decode(token)) {
            out.push_str(&String::from_utf8_lossy(&bytes));
            out.push('\n');
        }
    }
    out
}

fn found(ran: &Ran) -> Vec<&'static str> {
    let readings = readings(&format!("{}\n{}", ran.out, ran.err));
    CANARIES.into_iter().filter(|canary| readings.iter().any(|reading| reading.contains(canary))).collect()
}

fn events(bench: &Bench, options: &[&str]) -> Ran {
    bench.run("events", &[], options, &["logs"], b"")
}

/// The open outputs hold the canaries, or the test would prove nothing; no masked output does, and the member of staff stays.
fn check(name: &str, log: &str, canaries_min: usize, has_rule: bool) {
    let bench = Bench::new();
    bench.rule("any.yml", RULES).log(name, log);
    let open = events(&bench, &["--format", "record"]);
    assert!(found(&open).len() >= canaries_min, "{name}: {:?}: {}", found(&open), open.out);
    for format in ["record", "ocsf"] {
        let masked = events(&bench, &["--format", format, "--mask", "--stats"]);
        assert_eq!(found(&masked), [""; 0], "{name}, events {format}: {}", masked.out);
        let has_staff = format == "ocsf" || name == "receipt.hl7" || masked.out.contains(STAFF);
        assert!(has_staff && !masked.out.is_empty(), "{name}, events {format}: {}", masked.out);
    }
    for format in ["table", "ndjson", "csv", "html", "ocsf"] {
        let raw = ["--format", format, "--with-raw"];
        let open = bench.scan(&raw);
        let masked = bench.scan(&[&raw[..], &["--mask", "--stats"]].concat());
        assert_eq!(found(&masked), [""; 0], "{name}, scan {format}: {}", masked.out);
        if has_rule {
            // 3: one file goes on with what cannot be read
            assert!(
                open.code == masked.code && matches!(open.code, Some(1 | 3)),
                "{name}, scan {format}: {}",
                open.err
            );
            let shows_all = !matches!(format, "table");
            assert!(!shows_all || found(&open).len() >= canaries_min, "{name}, scan {format}: {:?}", found(&open));
            assert!(!shows_all || masked.out.contains(STAFF), "{name}, scan {format}: {}", masked.out);
        }
    }
}

#[test]
fn no_canary_leaves_with_mask_in_any_format_or_encoding() {
    for (name, log, canaries_min, has_rule) in CORPUS {
        let in_header = format!("<13>1 2026-03-04T21:14:05Z pacs atna - - - {ATNA}");
        check(name, if log.is_empty() { &in_header } else { log }, canaries_min, has_rule);
    }
}
