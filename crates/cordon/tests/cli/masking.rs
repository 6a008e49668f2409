//! `--mask`: nothing that names a patient is left in any output, for any format that names patients.

use crate::common::{Bench, Ran};

/// Fires on everything that the taxonomy knows, whatever the source, and shows many fields.
const ANY_ACCESS: &str = r"
title: Any access
id: 55555555-5555-4555-8555-555555555555
level: high
logsource: {category: record_access}
detection:
  sel:
    patient_ref|exists: true
  search:
    query|contains: a
  condition: sel or search
---
title: Any message
id: 66666666-6666-4666-8666-666666666666
level: high
logsource: {category: hl7_message}
detection:
  sel:
    message_type|exists: true
  condition: sel
---
title: Any of HL7, by its own names
id: 77777777-7777-4777-8777-777777777777
level: high
logsource: {product: hl7, service: v2}
detection:
  sel:
    PID-5.1: '*'
    PID-3.1|contains: '1'
  keywords: ['*egrin*']
  condition: sel or keywords
---
title: Accesses per patient's name
id: 88888888-8888-4888-8888-888888888888
level: high
correlation:
  type: event_count
  rules: [77777777-7777-4777-8777-777777777777]
  group-by: [PID-5.1, PID-3.1]
  timespan: 1d
  generate: true
  condition: {gte: 1}
";

const HL7: &str = "MSH|^~\\&|LAB|LAKE|EHR|LAKE|20260131140500||ORU^R01^ORU_R01|M1|P|2.5\rPID|1||471147^^^LAKE^MR||Tookington^Peregrin^M||19630306|M|||Bagshot Row 3^^Hobbiton^^HB1||555-0199\rOBR|1||F1|GLU\rOBX|1|NM|GLU||5.5|mmol/L|||||F\r";
const HL7_PATIENT: [&str; 6] = ["Tookington", "Peregrin", "471147", "19630306", "Bagshot", "555-0199"];

fn fixture(name: &str) -> String {
    let path = format!("{}/../../fixtures/one-access/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

fn scans(bench: &Bench) -> Vec<Ran> {
    let formats = ["table", "ndjson", "csv", "html", "ocsf"];
    formats.iter().map(|format| bench.scan(&["--format", format, "--mask", "--with-raw"])).collect()
}

/// Without a mask the words are there, or the test would prove nothing; with it none is left, in any format, on either stream.
fn check(name: &str, log: &str, patient: &[&str]) {
    let bench = Bench::new();
    bench.rule("any.yml", ANY_ACCESS).log(name, log);
    let open = bench.scan(&["--format", "ndjson", "--with-raw"]);
    assert_eq!(open.code, Some(1), "{name}: {}", open.err);
    for word in patient {
        assert!(
            open.out.to_lowercase().contains(&word.to_lowercase()),
            "{name}: {word} is in the open output: {}",
            open.out
        );
    }
    for ran in scans(&bench) {
        assert_eq!(ran.code, Some(1));
        for word in patient {
            let both = format!("{}{}", ran.out, ran.err).to_lowercase();
            assert!(!both.contains(&word.to_lowercase()), "{name}: {word} survives: {}", ran.out);
        }
    }
}

#[test]
fn no_patient_survives_in_findings_on_hl7() {
    check("a.hl7", HL7, &HL7_PATIENT);
}

#[test]
fn no_patient_survives_in_findings_on_fhir() {
    for name in ["r4.json", "r4.xml", "r5.json", "r5.xml"] {
        check(name, &fixture(name).replace("1001", "gandalf"), &["gandalf"]);
    }
}

#[test]
fn no_patient_survives_in_findings_on_atna() {
    for name in ["openemr.xml", "ps315.xml", "rfc3881.xml"] {
        let log = fixture(name).replace("1001", "gandalf").replace("Doe^Jane", "Tookington^Peregrin");
        let named: &[&str] =
            if log.contains("Peregrin") { &["gandalf", "Tookington", "Peregrin"] } else { &["gandalf"] };
        check(name, &log, named);
    }
}

#[test]
fn no_patient_survives_in_a_search_that_is_encoded() {
    // "Patient?name=Peregrin" in base64, as FHIR writes entity.query.
    let search = fixture("r4.json")
        .replace(r#""what": {"reference": "DocumentReference/d-77"},"#, r#""query": "UGF0aWVudD9uYW1lPVBlcmVncmlu","#);
    check("search.json", &search.replace("1001", "gandalf"), &["gandalf", "Peregrin", "UGF0aWVudD9uYW1lPVBlcmVncmlu"]);
}

#[test]
fn no_patient_survives_in_findings_on_tables() {
    let log = "time,user,patient_id,patient_name,action\n2026-03-04T21:14:05Z,nurse.kim,mrn-gandalf,\"Tookington, Peregrin\",read\n";
    check("access.csv", log, &["gandalf", "Tookington", "Peregrin"]);
}

#[test]
fn masked_findings_still_join_on_the_patient() {
    let bench = Bench::new();
    bench.rule("any.yml", ANY_ACCESS).log("a.hl7", HL7).log("b.hl7", HL7.replace("M1", "M2"));
    let out = bench.scan(&["--format", "ndjson", "--mask"]).out;
    let of_correlation: Vec<&str> = out.lines().filter(|line| line.contains("88888888")).collect();
    assert!(!of_correlation.is_empty() && of_correlation.iter().all(|line| line.contains(r#""value":"p-"#)), "{out}");
}
