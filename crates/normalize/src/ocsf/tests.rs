//! Whole events compared, and canaries: nothing that names a patient comes out.

use std::sync::Arc;

use cordon_decode::{DecodeOptions, Framed, Sink, Unit, detect_format};
use cordon_model::{Anomaly, Arena, Record, Time};
use cordon_seal::SiteKey;

use super::{Normalizer, Origin};

const RECEIVED: Time = Time(1_790_000_000_000_000);

struct Lines<'a, 'l> {
    normalizer: &'l Normalizer,
    arena: &'a Arena,
    lines: &'l mut Vec<String>,
}

impl<'a> Sink<'a> for Lines<'a, '_> {
    fn record(&mut self, record: Record<'a>) {
        let origin = Origin { source: "a.log", received: RECEIVED };
        let event = self.normalizer.normalize(&record, origin, self.arena);
        let mut json = Vec::new();
        event.ocsf.write_json(&mut json);
        self.lines.push(String::from_utf8(json).unwrap());
    }

    fn fault(&mut self, _: u64, anomaly: Anomaly) {
        panic!("{anomaly:?}");
    }
}

/// The events of a source, whatever its format.
fn events(input: &str) -> Vec<String> {
    let options = Arc::new(DecodeOptions::new(RECEIVED));
    let normalizer =
        Normalizer::new(Arc::clone(&options.log_sources), SiteKey::of_scan(), Arc::clone(&options.csv_mappings));
    let bytes = input.as_bytes();
    let mut framer = detect_format(bytes, true).expect("a format takes it").framer(&options);
    let (mut lines, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let rest = &bytes[at..];
        at += match framer.next(rest, true) {
            Framed::More => break,
            Framed::Unit { start, end, next } => {
                let arena = Arena::new();
                let unit = Unit { offset: at as u64, bytes: &rest[start..end] };
                let sink = &mut Lines { normalizer: &normalizer, arena: &arena, lines: &mut lines };
                framer.decoder().decode(unit, &arena, sink);
                next
            }
            Framed::Skip { next } | Framed::Header { next } => next,
            Framed::Fault { anomaly, .. } => panic!("{anomaly:?}"),
        };
    }
    lines
}

/// The one event of `input`: `head` stands in front of its metadata, `body` is all behind the time of receipt in them.
fn check(input: &str, head: &str, body: &str) {
    let lines = events(input);
    let [line] = lines.as_slice() else { panic!("{} events", lines.len()) };
    let (before, rest) = line.split_once(r#","metadata":"#).unwrap();
    assert_eq!(before, head, "{line}");
    let uid = rest.split_once(r#""uid":""#).map(|(_, rest)| rest.split('"').next().unwrap_or_default());
    assert_eq!(uid.map(str::len), Some(36), "an event id: {rest}");
    let (_, after) = rest.split_once(r#""logged_time":1790000000000"#).unwrap();
    assert_eq!(after, body, "{line}");
}

#[test]
fn a_sysmon_process_start_is_a_process_launch() {
    check(
        r#"{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider_Name":"Microsoft-Windows-Sysmon","Computer":"ws1","Level":4,"SystemTime":"2026-03-18T18:00:00.5Z","Image":"C:\\a\\b.exe","ProcessId":"7","CommandLine":"b -x","User":"LAKE\\kim","Hashes":"MD5=00","ParentImage":"C:\\p.exe","ParentProcessId":"3","RuleName":"-"}"#,
        r#"{"activity_id":1,"activity_name":"Launch","category_uid":1,"category_name":"System Activity","class_uid":1007,"class_name":"Process Activity","type_uid":100701,"severity_id":1,"severity":"Informational","time":1773856800500"#,
        r#"},"process":{"name":"b.exe","file":{"name":"b.exe","path":"C:\\a\\b.exe","type_id":1,"hashes":[{"algorithm":"MD5","algorithm_id":1,"value":"00"}]},"pid":7,"cmd_line":"b -x","user":{"name":"kim","domain":"LAKE"},"parent_process":{"pid":3,"name":"p.exe","file":{"name":"p.exe","path":"C:\\p.exe","type_id":1}}},"actor":{"process":{"pid":3,"name":"p.exe","file":{"name":"p.exe","path":"C:\\p.exe","type_id":1}},"user":{"name":"kim","domain":"LAKE"}},"device":{"hostname":"ws1","os":{"type_id":100,"name":"Windows"},"type_id":0},"unmapped":{"SystemTime":"2026-03-18T18:00:00.5Z","RuleName":"-"}}"#,
    );
}

#[test]
fn a_failed_ssh_login_is_a_failed_logon() {
    check(
        "<86>1 2026-03-18T18:00:00Z fs1 sshd 9 - - Failed password for root from 10.0.0.9 port 22022 ssh2\n",
        r#"{"activity_id":1,"activity_name":"Logon","category_uid":3,"category_name":"Identity & Access Management","class_uid":3002,"class_name":"Authentication","type_uid":300201,"severity_id":1,"severity":"Informational","time":1773856800000"#,
        r#","profiles":["host"]},"user":{"name":"root"},"src_endpoint":{"ip":"10.0.0.9","port":22022},"status_id":2,"status":"Failure","service":{"name":"sshd"},"actor":{"process":{"pid":9,"name":"sshd"}},"device":{"hostname":"fs1","type_id":0},"message":"Failed password for root from 10.0.0.9 port 22022 ssh2","unmapped":{"facility":"authpriv","auth_method":"password","action":"login"}}"#,
    );
}

#[test]
fn a_zeek_connection_is_network_traffic() {
    check(
        r#"{"_path":"conn","ts":1773856800.5,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":4000,"id.resp_h":"10.0.0.2","id.resp_p":443,"proto":"tcp","duration":1.5,"orig_bytes":10,"resp_bytes":20,"conn_state":"SF"}"#,
        r#"{"activity_id":6,"activity_name":"Traffic","category_uid":4,"category_name":"Network Activity","class_uid":4001,"class_name":"Network Activity","type_uid":400106,"severity_id":0,"severity":"Unknown","time":1773856800500"#,
        r#"},"connection_info":{"protocol_name":"tcp","protocol_num":6,"uid":"C1","direction_id":0},"duration":1500,"traffic":{"bytes_out":10,"bytes_in":20},"status_code":"SF","src_endpoint":{"ip":"10.0.0.1","port":4000},"dst_endpoint":{"ip":"10.0.0.2","port":443},"unmapped":{"_path":"conn","ts":1773856800.5}}"#,
    );
}

#[test]
fn what_no_class_fits_is_a_base_event_at_the_time_of_receipt() {
    check(
        "{\"a\":{\"b\":1.5},\"l\":[\"x\",\"y\"]}\n",
        r#"{"activity_id":0,"activity_name":"Unknown","category_uid":0,"category_name":"Uncategorized","class_uid":0,"class_name":"Base Event","type_uid":0,"severity_id":0,"severity":"Unknown","time":1790000000000"#,
        r#","tags":[{"name":"anomaly","value":"time_of_receipt"}]},"unmapped":{"a.b":1.5,"l":["x","y"]}}"#,
    );
}

/// Words of a patient, none of which may come out in any form.
const CANARIES: [&str; 8] =
    ["Zebulon", "Quagmire", "19580403", "1958-04-03", "Wisteria", "990077", "5550147", "canarynote"];

#[test]
fn no_event_of_a_health_format_names_its_patient() {
    for input in [
        "MSH|^~\\&|LAB|LKS|EHR|LKS|20260318180000+0000||ORU^R01^ORU_R01|C1|P|2.5.1\rPID|1||990077^^^LKS^MR||Quagmire^Zebulon||19580403|M|||7 Wisteria Lane||5550147\rNK1|1|Quagmire^Wanda\rPV1|1|I|ICU^1\rOBR|1|O1||GLU\rOBX|1|TX|GLU^Glucose||canarynote Zebulon|mg|||||F\rZPD|canarynote\r",
        r#"{"resourceType":"AuditEvent","type":{"code":"rest"},"action":"R","recorded":"2026-03-18T18:00:00Z","outcome":"0","agent":[{"who":{"identifier":{"value":"nurse.kim"}},"requestor":true}],"source":{"observer":{"display":"ehr"}},"entity":[{"what":{"reference":"Patient/990077"},"name":"Quagmire, Zebulon","role":{"code":"1"},"query":"UGF0aWVudD9uYW1lPVF1YWdtaXJl","detail":[{"type":"x","valueString":"canarynote 5550147"}]}]}"#,
        r#"{"resourceType":"Patient","id":"990077","name":[{"family":"Quagmire","given":["Zebulon"]}],"birthDate":"1958-04-03","address":[{"line":["7 Wisteria Lane"]}]}"#,
        "ACCESS_TIME,USER_ID,USER_NAME,USER_ROLE,LOGIN_DEPARTMENT,WORKSTATION_ID,CLIENT_IP,PAT_MRN_ID,PATIENT_NAME,METRIC_NAME,VIEW_MODIFY,ACTIVITY_NAME,BREAK_THE_GLASS,BTG_REASON,PAT_ENC_CSN_ID,RECORD_COUNT\n2026-03-18 18:08:00,nurse.kim,Kim Noor,nurse,ICU,WS-1,10.0.0.1,990077,\"Quagmire, Zebulon\",Chart,View,Labs,Y,canarynote,5550147,1\n",
        "<134>1 2026-03-18T18:00:00Z gw1 pump - - - CEF:0|Capsule Technologies|Device Gateway|9|1634|alarm|4|deviceExternalId=PUMP-1 cs1Label=Patient ID cs1=990077 cs2Label=Patient Name cs2=Zebulon Quagmire msg=alarm on 990077 canarynote\n",
        "10.0.0.1 - - [18/Mar/2026:18:00:00 +0000] \"GET /fhir/Patient?name=Quagmire&birthdate=1958-04-03&identifier=990077 HTTP/1.1\" 200 5 \"-\" \"-\"\n",
    ] {
        let lines = events(input);
        assert!(!lines.is_empty(), "{input}");
        for line in &lines {
            for canary in CANARIES {
                assert!(!line.to_lowercase().contains(&canary.to_lowercase()), "{canary} in {line}");
            }
        }
    }
}

#[test]
fn an_access_keeps_who_and_which_pseudonym() {
    let input = "ACCESS_TIME,USER_ID,USER_NAME,USER_ROLE,LOGIN_DEPARTMENT,WORKSTATION_ID,CLIENT_IP,PAT_MRN_ID,PATIENT_NAME,METRIC_NAME,VIEW_MODIFY,ACTIVITY_NAME,BREAK_THE_GLASS,BTG_REASON,PAT_ENC_CSN_ID,RECORD_COUNT\n2026-03-18 18:08:00,o.vasko,Olga Vasko,nurse,ICU,WS-1,10.0.0.1,990077,\"Vasko, Ivo\",Chart,View,Labs,Y,neighbour,1,1\n";
    let line = events(input).concat();
    let patient = SiteKey::of_scan().patient_ref("", "990077").to_string();
    for part in [
        r#""class_name":"Health Record Activity""#,
        r#""activity_name":"View""#,
        &format!(r#""patient_ref":"{patient}","patient_refs":["{patient}"]"#),
        r#""is_break_glass":true"#,
        r#""actor":{"user":{"name":"o.vasko","full_name":"Olga [patient]""#,
        r#""src_endpoint":{"ip":"10.0.0.1","hostname":"WS-1"}"#,
        r#""profiles":["phi_access"]"#,
        r#""extensions":[{"name":"healthcare","uid":"870","version":"0.1.0"}]"#,
        r#""unmapped":{"csv.mapping":"epic_access_log"}"#,
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
}
