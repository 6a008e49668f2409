//! Which format takes which bytes: every fixture and every log of the built-in rules against every format.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use cordon_decode::{Confidence, detect_format, formats};

/// First bytes that formats are told by.
const HEAD_BYTES: usize = 64 << 10;

fn logs_below(folder: &Path, found: &mut Vec<PathBuf>) {
    const KINDS: [&str; 8] = ["log", "json", "jsonl", "ndjson", "csv", "xml", "mllp", "rfc5424"];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            logs_below(&path, found);
        } else if path.extension().is_some_and(|kind| KINDS.iter().any(|known| kind == *known)) {
            found.push(path);
        }
    }
}

/// The format of a fixture by its name, or by the log source of the rule that it stands beside.
fn expected(path: &Path) -> &'static str {
    let text = path.to_string_lossy();
    let name = path.file_name().expect("a file").to_string_lossy();
    let rule = std::fs::read_to_string(path.with_file_name("rule.yml")).unwrap_or_default();
    let is_fhir =
        name.contains("fhir") || name.contains("bundle") || name.starts_with("r4.") || name.starts_with("r5.");
    match path.extension().and_then(|kind| kind.to_str()).unwrap_or_default() {
        "mllp" => "hl7",
        "csv" => "csv",
        "rfc5424" => "syslog",
        "json" | "ndjson" | "xml" if is_fhir => "fhir_audit_event",
        "xml" => "atna",
        "json" | "jsonl" => "json",
        _ if text.contains("/zeek/") || name.contains("zeek") || rule.contains("product: zeek") => "zeek",
        _ if name.ends_with("dns-server.log") => "windns",
        _ if name.ends_with("dhcp.log") => "windhcp",
        _ if rule.contains("category: webserver") || name.ends_with("access.log") => "weblog",
        _ => "syslog",
    }
}

/// Formats that may look at the same bytes and think them theirs, though another is surer or more special.
fn may_claim(taken: &str, other: &str) -> bool {
    matches!((taken, other), ("fhir_audit_event", "json") | ("atna", "syslog"))
}

fn check(name: &str, bytes: &[u8], expect: &str) {
    for length in [2048, HEAD_BYTES] {
        let head = bytes.get(..length).unwrap_or(bytes);
        let ended = head.len() == bytes.len();
        assert_eq!(detect_format(head, ended).map(|format| format.name()), Some(expect), "{name}, {length} bytes");
        for format in formats().iter().filter(|format| format.name() != expect) {
            let claims = format.sniff(head, ended) > Confidence::Fallback;
            assert!(!claims || may_claim(expect, format.name()), "{} claims {name}, which is {expect}", format.name());
        }
    }
}

#[test]
fn every_fixture_is_taken_by_its_format_and_claimed_by_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut logs = Vec::new();
    ["fixtures", "rules"].iter().for_each(|folder| logs_below(&root.join(folder), &mut logs));
    assert!(logs.len() > 500, "{}", logs.len());
    for path in logs {
        check(&path.to_string_lossy(), &std::fs::read(&path).unwrap(), expected(&path));
    }
}

#[test]
fn formats_without_a_fixture_are_kept_apart_too() {
    let mut records = cordon_testkit::evtx::Records::default();
    cordon_testkit::evtx::sample::push(&mut records);
    check("evtx", &records.file(), "evtx");
    check("iis", b"#Software: IIS\n#Fields: date time cs-method cs-uri-stem\n2026-01-02 03:04:05 GET /\n", "w3c");
    check("prose", b"Dear all,\nthe meeting is at noon, room 4.\n", "text");
    check("error", b"[Fri Jan 02 03:04:05.000000 2026] [core:error] [pid 7] AH00124: x\n", "weblog");
    check("batch", b"FHS|^~\\&|A|B\rBHS|^~\\&|A|B\rMSH|^~\\&|A|B|C|D|20260102||ADT^A01|1|P|2.5\r", "hl7");
    check("array", b"[{\"resourceType\":\"Patient\"}]", "json");
    check("semicolons", b"a;b;c\n1;2;3\n", "csv");
}
