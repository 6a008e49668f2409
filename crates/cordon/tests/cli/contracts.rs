//! Contracts that only the whole street can hold (`docs/specs/contracts.md`), and the page that follows one event through it.

use serde_json::Value;

use crate::common::{Bench, process};

/// A file of the repository.
fn of_the_repository(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

const ACCESS: &str = r"
title: A nurse read a record
id: 99999999-9999-4999-8999-999999999999
level: low
logsource: {category: record_access}
detection:
  sel:
    user: nurse.kim
    action: read
    patient_ref|startswith: p-
  condition: sel
";

#[test]
fn one_rule_on_access_fires_on_every_access_format() {
    let logs = ["r4.json", "r4.xml", "r5.json", "r5.xml", "ps315.xml", "rfc3881.xml", "openemr.xml"];
    let bench = Bench::new();
    bench.rule("access.yml", ACCESS);
    for name in logs {
        bench.log(name, of_the_repository(&format!("fixtures/one-access/{name}")));
    }
    bench.log(
        "table.csv",
        "Access Time,User ID,Patient ID,Action\n2026-03-04 21:14:05,nurse.kim,1001,View\n2026-03-04 21:15:00,nurse.lee,1001,View\n",
    );
    let ran = bench.scan(&["--format", "ndjson"]);
    let mut seen: Vec<String> = ran.out.lines().map(|line| member(line, "source_file")).collect();
    seen.sort();
    let mut expect = [&logs[..], &["table.csv"]].concat();
    expect.sort_unstable();
    assert_eq!(seen, expect, "one finding in each: {}", ran.err);
}

fn member(line: &str, name: &str) -> String {
    let line: Value = serde_json::from_str(line).unwrap();
    line.get(name).and_then(Value::as_str).unwrap().to_owned()
}

#[test]
fn the_events_of_a_bundle_are_told_apart_by_their_own_bytes() {
    let event = of_the_repository("fixtures/one-access/r4.json");
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"resource":{event}}},{{"resource":{event}}}]}}"#
    );
    let bench = Bench::new();
    bench.rule("access.yml", ACCESS).log("bundle.json", &bundle);
    let ran = bench.scan(&["--format", "ndjson"]);
    let found: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [first, second] = found.as_slice() else { panic!("two findings: {}{}", ran.out, ran.err) };
    let places: Vec<String> = bundle.match_indices(event.trim_end()).map(|(at, _)| at.to_string()).collect();
    assert_eq!([&first["record"]["position"], &second["record"]["position"]], [&places[0], &places[1]]);
    assert_eq!(first["record_sha256"], second["record_sha256"], "the same bytes, one hash");
    assert_ne!(first["event_ids"], second["event_ids"], "two places, two events");
}

#[test]
fn the_records_of_one_document_are_told_apart_by_their_index() {
    let event = of_the_repository("fixtures/one-access/r4.xml");
    let event = event.get(event.find("<AuditEvent").unwrap()..).unwrap();
    let entry = format!("<entry><resource>{event}</resource></entry>");
    let bundle = format!(r#"<Bundle xmlns="http://hl7.org/fhir">{entry}{entry}</Bundle>"#);
    let bench = Bench::new();
    bench.rule("access.yml", ACCESS).log("bundle.xml", bundle);
    let ran = bench.scan(&["--format", "ndjson"]);
    let found: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [first, second] = found.as_slice() else { panic!("two findings: {}{}", ran.out, ran.err) };
    assert_eq!((&first["record"]["position"], &second["record"]["position"]), (&"0".into(), &"0".into()));
    assert_eq!((&first["record"]["index"], &second["record"]["index"]), (&0.into(), &1.into()));
    assert_eq!(first["record_sha256"], second["record_sha256"], "one document, one hash");
    assert_ne!(first["event_ids"], second["event_ids"], "two records, two events");
    assert_ne!(first["finding_id"], second["finding_id"]);
}

#[test]
fn files_of_one_name_in_several_paths_are_told_apart() {
    let bench = Bench::new();
    let log = process(1, "sekurlsa");
    for name in ["a/logs/x.log", "b/logs/x.log"] {
        bench.log(name, &log);
    }
    let ids = |paths: &[&str], member_of: &str| -> Vec<String> {
        let ran = bench.run("scan", &["--rules", "rules"], &["--format", "ndjson"], paths, b"");
        ran.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()[member_of].to_string()).collect()
    };
    for paths in [["logs/a/logs", "logs/b/logs"], ["logs/a/logs/x.log", "logs/b/logs/x.log"]] {
        assert_eq!(ids(&paths, "source_file"), [r#""a/logs/x.log""#, r#""b/logs/x.log""#]);
        let events = ids(&paths, "event_ids");
        assert_ne!(events.first(), events.last(), "equal lines of two files are two events");
        let turned = ids(&[paths[1], paths[0]], "event_ids");
        assert_eq!(turned.first(), events.last(), "the order of the PATHs does not count");
    }
    assert_eq!(
        ids(&["logs/a/logs"], "event_ids"),
        ids(&["logs/b/logs"], "event_ids"),
        "one folder: its place does not count"
    );
}

#[test]
fn a_file_that_is_given_twice_is_read_once_and_the_summary_says_so() {
    let bench = Bench::new();
    bench.log("a.log", process(1, "sekurlsa"));
    std::os::unix::fs::symlink("logs/a.log", bench.path().join("link.log")).unwrap();
    for paths in [["logs", "logs/a.log"], ["logs/a.log", "logs"], ["logs", "logs/"], ["logs/a.log", "link.log"]] {
        let ran = bench.run("scan", &["--rules", "rules"], &["--format", "ndjson"], &paths, b"");
        assert_eq!((ran.code, ran.out.lines().count()), (Some(1), 1), "{paths:?}: {}", ran.err);
        assert!(ran.err.contains("- input_repeated x1: the file was given more than once"), "{}", ran.err);
    }
}

/// The text of the first block of `docs/one-event.md` that is marked with `mark`.
fn block<'t>(page: &'t str, mark: &str) -> &'t str {
    let (_, inside) = page.split_once(&format!("```{mark}\n")).unwrap();
    inside.split_once("```").unwrap().0
}

#[test]
fn the_page_that_follows_one_event_shows_what_the_binary_prints() {
    let page = of_the_repository("docs/one-event.md");
    let bench = Bench::new();
    bench.rule("rule.yml", block(&page, "yaml")).log("event.jsonl", block(&page, "json"));
    let ran = bench.run("scan", &["--rules", "rules/rule.yml"], &["--format", "ndjson"], &["logs/event.jsonl"], b"");
    assert_eq!(ran.out, block(&page, "ndjson"));
    let table = bench.run("scan", &["--rules", "rules/rule.yml"], &[], &["logs/event.jsonl"], b"");
    assert_eq!(table.out.trim(), block(&page, "text").trim());
    let record = bench.run("events", &[], &["--format", "record"], &["logs/event.jsonl"], b"");
    assert_eq!(record.out, block(&page, "record"));
}
