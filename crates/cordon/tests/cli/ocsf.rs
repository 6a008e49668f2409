//! OCSF on the real binary: findings and events meet the schema, masking leaves no patient.

use std::path::Path;

use cordon_testkit::ocsf::Schema;
use serde_json::Value;

use crate::common::Bench;

const SPRAY: &str = r"
title: Logons
id: 99999999-9999-4999-8999-999999999999
name: logons
author: A. Author
level: high
tags: [attack.t1110.003, attack.credential-access]
logsource: {product: windows, service: security}
detection:
  sel:
    EventID: 4625
  condition: sel
---
title: Spray
id: aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa
level: critical
correlation:
  type: event_count
  rules: [logons]
  group-by: [Computer]
  timespan: 1h
  generate: true
  condition: {gte: 2}
";

fn logon(second: u32) -> String {
    format!(
        r#"{{"EventID":4625,"Channel":"Security","Computer":"dc1","SystemTime":"2026-01-31T00:00:{second:02}Z","TargetUserName":"bob","LogonType":"3"}}"#
    ) + "\n"
}

fn schema() -> Option<Schema> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.join("../../../shared/data/ocsf-1.8.0");
    if !root.exists() {
        eprintln!("NOT TESTED: {} is absent", root.display());
        return None;
    }
    Some(Schema::read(&root, &[&here.join("../../docs/specs/ocsf-healthcare")]).unwrap())
}

fn lines(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn findings_are_ocsf_detection_findings_with_all_that_explains_them() {
    let bench = Bench::new();
    bench.rule("spray.yml", SPRAY).log("a.log", logon(1) + &logon(2));
    let ran = bench.scan(&["--format", "ocsf", "--with-raw"]);
    let found = lines(&ran.out);
    assert_eq!(found.len(), 3, "{}", ran.err);
    if let Some(schema) = schema() {
        for line in &found {
            assert_eq!(schema.check(line), [""; 0], "{line}");
        }
    }
    let one = found.iter().find(|line| line["severity"] == "High").unwrap();
    let info = &one["finding_info"];
    assert_eq!(info["uid"], one["metadata"]["uid"]);
    assert_eq!(info["title"], "Logons");
    assert_eq!(info["analytic"]["uid"], "99999999-9999-4999-8999-999999999999");
    let attacks = serde_json::json!([
        {"technique": {"uid": "T1110"}, "sub_technique": {"uid": "T1110.003"}},
        {"tactic": {"uid": "TA0006", "name": "credential-access"}}
    ]);
    assert_eq!(info["attacks"], attacks);
    let evidence = &one["evidences"][0];
    assert_eq!(evidence["data"]["matched"][0]["field"], "EventID");
    assert_eq!(evidence["data"]["record"]["source_file"], "a.log");
    assert_eq!(evidence["device"]["hostname"], "dc1");
    assert_eq!(one["unmapped"]["rule_author"], "A. Author");
    assert_eq!(one["raw_data"], logon(1).trim_end());
    let correlated = found.iter().find(|line| line["severity"] == "Critical").unwrap();
    assert_eq!(correlated["finding_info"]["types"][0], "Sigma correlation");
    assert_eq!(correlated["message"], "Spray: 2 events within 1h");
    assert_eq!(correlated["finding_info"]["related_events"].as_array().unwrap().len(), 2);
    assert_eq!(correlated["finding_info"]["first_seen_time"], 1_769_817_601_000_i64);
}

#[test]
fn a_finding_on_an_address_names_it_as_one() {
    let bench = Bench::new();
    bench.rule("spray.yml", SPRAY).log("a.log", logon(1).replace(r#""Computer":"dc1""#, r#""src_ip":"10.0.0.9""#));
    let found = lines(&bench.scan(&["--format", "ocsf"]).out);
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(one["evidences"][0]["device"], serde_json::json!({"ip": "10.0.0.9", "type_id": 0}));
    if let Some(schema) = schema() {
        assert_eq!(schema.check(one), [""; 0]);
    }
}

#[test]
fn events_are_ocsf_unless_asked_otherwise() {
    let bench = Bench::new();
    bench.log("a.log", logon(1));
    let ran = bench.run("events", &[], &[], &["logs"], b"");
    let events = lines(&ran.out);
    let [event] = events.as_slice() else { panic!("{}", ran.out) };
    assert_eq!((&event["class_name"], &event["status"]), (&"Authentication".into(), &"Failure".into()));
    assert_eq!(event["user"]["name"], "bob");
    if let Some(schema) = schema() {
        assert_eq!(schema.check(event), [""; 0]);
    }
}

#[test]
fn records_are_shown_whole_and_masked_on_request() {
    let bench = Bench::new();
    bench.log("a.hl7", "MSH|^~\\&|LAB|L|EHR|L|20260131140500||ADT^A01|M1|P|2.5\rPID|1||471147||Tookington^Peregrin\r");
    let record = |options: &[&str]| bench.run("events", &["--format", "record"], options, &["logs"], b"").out;
    assert!(record(&[]).contains("Tookington"));
    let masked = record(&["--mask"]);
    assert!(masked.contains("[patient]"), "{masked}");
    for word in ["Tookington", "Peregrin", "471147"] {
        assert!(!masked.contains(word), "{word} in {masked}");
    }
}
