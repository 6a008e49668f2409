//! `cordon scan` as its users run it: exit codes, outputs, order, correlation, filters.

use crate::common::{Bench, MIMIKATZ, SPRAY, failed_logon, process, run_in};
use cordon_testkit::schema;
use serde_json::Value;

const QUIET: &[&str] = &["--format", "ndjson"];

fn lines(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn check_code(logs: &[(&str, &[u8])], options: &[&str], expect: i32) {
    let bench = Bench::new();
    for (name, bytes) in logs {
        bench.log(name, bytes);
    }
    let ran = bench.scan(options);
    assert_eq!(ran.code, Some(expect), "{options:?}: {}", ran.err);
}

#[test]
fn the_exit_code_says_what_happened() {
    let hit = process(1, "mimikatz sekurlsa::x");
    let miss = process(1, "notepad");
    let hit = hit.as_bytes();
    check_code(&[("a.log", miss.as_bytes())], &[], 0);
    check_code(&[("a.log", hit)], &[], 1);
    check_code(&[("a.log", hit)], &["--fail-level", "critical"], 1);
    check_code(&[("a.log", hit), ("b.bin", &[0; 100])], &[], 3);
    check_code(&[("a.log", hit)], &["--timezone", "Atlantis"], 2);
    check_code(&[("a.log", hit)], &["--from", "yesterday"], 2);
    check_code(&[("a.log", hit)], &["--threads", "0"], 2);
    check_code(&[("a.log", hit)], &["--no-such-option"], 2);
    let bench = Bench::new();
    assert_eq!(bench.run("scan", &[], &[], &["missing"], b"").code, Some(2));
    let ran = bench.run("scan", &["--rules", "missing"], &[], &["logs"], b"");
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.starts_with("cordon: --rules: missing: "), "{}", ran.err);
    bench.rule("mimikatz.yml", &MIMIKATZ.replace("critical", "medium")).log("a.log", hit);
    assert_eq!(bench.scan(&[]).code, Some(0), "medium lies below the default --fail-level");
    assert_eq!(bench.scan(&["--fail-level", "medium"]).code, Some(1));
}

#[test]
fn a_finding_explains_itself_in_one_line() {
    let bench = Bench::new();
    bench.log("sub/a.log", format!("{}{}", process(1, "notepad"), process(2, "x sekurlsa::logonpasswords")));
    let ran = bench.scan(&["--format", "ndjson", "--with-raw"]);
    let found = lines(&ran.out);
    let [found] = found.as_slice() else { panic!("one finding: {}", ran.out) };
    let raw = process(2, "x sekurlsa::logonpasswords");
    let expect = serde_json::json!({
        "schema_version": "1",
        "finding_id": found["finding_id"],
        "event_ids": found["event_ids"],
        "rule_id": "11111111-1111-4111-8111-111111111111",
        "rule_title": "Mimikatz words in a command line",
        "rule_author": "A. Tester",
        "rule_license": "",
        "rule_link": "",
        "level": "critical",
        "time": "2026-01-31T00:00:02.000000Z",
        "source_file": "sub/a.log",
        "record": {"position": process(1, "notepad").len().to_string(), "index": 0},
        "log_source": {"product": "windows", "category": "process_creation", "service": "sysmon"},
        "tags": ["attack.credential-access", "attack.t1003.001"],
        "matched": [{"field": "CommandLine", "value": "x sekurlsa::logonpasswords", "offset": 2, "pattern": "|contains: sekurlsa"}],
        "record_sha256": found["record_sha256"],
        "raw": raw.trim_end(),
    });
    assert_eq!(found, &expect);
}

#[test]
fn every_line_of_ndjson_meets_its_schema() {
    let schema: Value = serde_json::from_str(include_str!("../../../../docs/specs/finding.schema.json")).unwrap();
    let bench = Bench::new();
    bench.rule("spray.yml", &SPRAY.replace("timespan: 10m", "timespan: 10m\n  generate: true"));
    let text: String = (0..5).map(|second| failed_logon(second, "bob") + &process(second, "sekurlsa")).collect();
    bench.log("a.log", &text);
    for options in [&["--format", "ndjson"][..], &["--format", "ndjson", "--with-raw", "--mask"]] {
        let found = lines(&bench.scan(options).out);
        assert_eq!(found.len(), 11, "ten on events, one on a group");
        for line in found {
            schema::check(&schema, &line).unwrap();
        }
    }
}

#[test]
fn output_is_the_same_for_any_number_of_threads_and_any_chunking() {
    let bench = Bench::new();
    bench.rule("spray.yml", SPRAY);
    for file in 0..4 {
        let command = |line: u32| {
            if line.is_multiple_of(97) {
                "a sekurlsa b"
            } else {
                "c:\\\\windows\\\\system32\\\\svchost.exe -k netsvcs -p -s Schedule"
            }
        };
        let text: String = (0..6_000)
            .map(|line| {
                if line % 50 == 1 {
                    failed_logon(line, &format!("u{}", line % 7))
                } else {
                    process(line, command(line))
                }
            })
            .collect();
        bench.log(&format!("{file}.log"), text);
    }
    let one = bench.scan(&["--format", "ndjson", "--threads", "1"]);
    assert!(one.out.lines().count() > 250, "{}", one.err);
    for threads in ["2", "7"] {
        for format in ["ndjson", "csv", "table"] {
            let single = bench.scan(&["--format", format, "--threads", "1"]);
            assert_eq!(bench.scan(&["--format", format, "--threads", threads]).out, single.out, "{format} {threads}");
        }
    }
    let text = std::fs::read(bench.logs().join("0.log")).unwrap();
    let from_file = bench.run("scan", &["--rules", "rules"], QUIET, &["logs/0.log"], b"");
    let from_stdin = bench.scan_stdin(QUIET, &text);
    assert_eq!(from_stdin.out.lines().count(), from_file.out.lines().count());
    for threads in ["1", "3"] {
        assert_eq!(bench.scan_stdin(&["--format", "ndjson", "--threads", threads], &text).out, from_stdin.out);
    }
}

#[test]
fn identity_comes_from_the_decompressed_place_and_the_bytes() {
    let bench = Bench::new();
    bench.log("a.log", process(1, "sekurlsa"));
    let plain = lines(&bench.scan(QUIET).out);
    assert_eq!(plain, lines(&bench.scan(QUIET).out), "the same scan gives the same ids");
    bench.log("a.log", zstd::encode_all(process(1, "sekurlsa").as_bytes(), 3).unwrap());
    assert_eq!(plain, lines(&bench.scan(QUIET).out), "compression does not count");
    bench.log("a.log", process(1, "sekurlsa").repeat(2));
    let twice = lines(&bench.scan(QUIET).out);
    assert_eq!(twice.len(), 2);
    assert_eq!(twice.first(), plain.first());
    assert_ne!(
        twice.last().unwrap()["event_ids"],
        plain.first().unwrap()["event_ids"],
        "two identical lines are two events"
    );
}

#[test]
fn correlations_join_matches_over_all_files_in_order_of_time() {
    let bench = Bench::new();
    bench.rule("spray.yml", SPRAY);
    // Later events in the first file, another user in between, one event too late.
    bench.log("a.log", failed_logon(500, "bob") + &failed_logon(30, "eve") + &failed_logon(5_000, "bob"));
    bench.log("b.log", failed_logon(10, "bob") + &failed_logon(20, "bob") + &failed_logon(40, "eve"));
    let found = lines(&bench.scan(QUIET).out);
    let [found] = found.as_slice() else { panic!("one finding: {found:?}") };
    assert_eq!(found["rule_title"], "Many failed logons of one user");
    assert_eq!(found["time"], "2026-01-31T00:08:20.000000Z");
    assert_eq!((&found["source_file"], &found["record"]["position"]), (&"a.log".into(), &"0".into()));
    assert_eq!(found["event_ids"].as_array().unwrap().len(), 3);
    let expect = serde_json::json!([
        {"field": "TargetUserName", "value": "bob", "offset": null, "pattern": "group-by"},
        {"field": "event_count", "value": "3", "offset": null, "pattern": "event_count gte 3 within 10m"},
    ]);
    assert_eq!(found["matched"], expect);
    let counted = serde_json::json!({
        "counted": "3 events within 10m",
        "value": "3",
        "window_start": "2026-01-31T00:00:10.000000Z",
        "window_end": "2026-01-31T00:08:20.000000Z",
    });
    assert_eq!(found["correlation"], counted);
}

#[test]
fn a_level_leaves_out_findings_below_it_but_not_what_correlations_need() {
    let bench = Bench::new();
    bench.rule("spray.yml", SPRAY);
    let text: String = (0..3).map(|second| failed_logon(second, "bob")).collect();
    bench.log("a.log", text);
    assert_eq!(lines(&bench.scan(&["--format", "ndjson", "--level", "high"]).out).len(), 1);
    assert_eq!(lines(&bench.scan(&["--format", "ndjson", "--level", "critical"]).out).len(), 0);
}

#[test]
fn time_bounds_leave_out_events_and_say_how_many() {
    let bench = Bench::new();
    let text: String = (0..10).map(|minute| process(minute * 60, "sekurlsa")).collect();
    bench.log("a.log", text);
    let options = ["--format", "ndjson", "--from", "2026-01-31T00:03", "--to", "2026-01-31T01:05:00+01:00"];
    let ran = bench.scan(&options);
    assert_eq!(lines(&ran.out).len(), 2, "minutes 3 and 4: {}", ran.out);
    assert!(ran.err.contains("8 events outside --from and --to left out"), "{}", ran.err);
}

#[test]
fn a_source_map_says_what_the_columns_of_a_table_mean() {
    let bench = Bench::new();
    bench.rule(
        "ward.yml",
        "title: Book read\nid: 44444444-4444-4444-8444-444444444444\nlevel: high\nlogsource: {category: record_access}\n\
         detection:\n  sel:\n    user: anna\n    action: read\n  condition: sel\n",
    );
    bench.log("book.csv", "day,clock,nurse,bed,what,file no\n31.01.2026,14:05,anna,7,looked at,4711\n31.01.2026,14:06,ben,7,looked at,4711\n");
    std::fs::write(
        bench.path().join("ward.map"),
        "name\tward_book\nlog_source\thealthcare\trecord_access\t-\nneeds\tnurse\nneeds\tbed\ntime\tday+clock\t%d.%m.%Y %H:%M\n\
         field\tuser\tnurse\nfield\taction\twhat\nvalue\taction\tlooked*\tread\npatient\tfile no\n",
    )
    .unwrap();
    assert_eq!(lines(&bench.scan(QUIET).out).len(), 0);
    let ran = bench.scan(&["--format", "ndjson", "--source-map", "ward.map"]);
    let found = lines(&ran.out);
    assert_eq!(found.len(), 1, "{}", ran.err);
    assert_eq!(found.first().unwrap()["log_source"]["category"], "record_access");
    assert_eq!(bench.scan(&["--source-map", "rules/mimikatz.yml"]).code, Some(2));
}

#[test]
fn the_table_shows_the_worst_first_and_counts_the_rest() {
    let bench = Bench::new();
    bench.rule("spray.yml", &SPRAY.replace("timespan: 10m", "timespan: 10m\n  generate: true"));
    let text: String = (0..7).map(|second| process(second, "a sekurlsa b")).collect();
    bench.log("a.log", text + &failed_logon(9, "bob"));
    let ran = bench.scan(&[]);
    let expect = "\
◆ critical  Mimikatz words in a command line
  7 findings · by A. Tester · T1003.001
  2026-01-31 00:00:00  ws0  anna  CommandLine=a sekurlsa b  a.log:0
  2026-01-31 00:00:01  ws1  anna  CommandLine=a sekurlsa b  a.log:159
  2026-01-31 00:00:02  ws2  anna  CommandLine=a sekurlsa b  a.log:318
  2026-01-31 00:00:03  ws3  anna  CommandLine=a sekurlsa b  a.log:477
  2026-01-31 00:00:04  ws4  anna  CommandLine=a sekurlsa b  a.log:636
  and 2 more findings (--format ndjson prints all)

○ low       Failed logon
  1 finding
  2026-01-31 00:00:09  dc1  bob  EventID=4625  a.log:1113

◆ 7 critical   ○ 1 low
";
    assert_eq!(ran.out, expect);
    assert!(!ran.out.contains('\x1b'), "no colour in a pipe");
}

#[test]
fn a_log_cannot_write_escape_sequences_to_the_terminal() {
    let bench = Bench::new();
    bench.log("a.log", process(1, "sekurlsa \\u001b[2J\\u0007"));
    let ran = bench.scan(&[]);
    assert!(ran.out.contains("sekurlsa \u{FFFD}[2J\u{FFFD}"), "{}", ran.out);
}

#[test]
fn csv_has_one_row_for_each_finding() {
    let bench = Bench::new();
    bench.log("a.log", process(1, "=1 sekurlsa, \\\"x\\\""));
    let out = bench.scan(&["--format", "csv"]).out;
    let rows: Vec<&str> = out.lines().collect();
    assert_eq!(rows.len(), 2);
    assert!(rows.last().unwrap().starts_with(
        "critical,2026-01-31T00:00:01.000000Z,Mimikatz words in a command line,ws1,anna,\"CommandLine=\u{3d}1 sekurlsa, \"\"x\"\"\",a.log,0,0,windows,"
    ), "{out}");
}

#[test]
fn csv_says_in_words_what_a_correlation_counted_and_keeps_no_control_characters() {
    let bench = Bench::new();
    bench.rule("spray.yml", SPRAY);
    bench.log("a.log", (0..3).map(|second| failed_logon(second, "b\\u001bob")).collect::<String>());
    let out = bench.scan(&["--format", "csv"]).out;
    let raw = bench.scan(&["--format", "csv", "--with-raw"]).out;
    assert!(raw.lines().skip(1).all(|row| row.ends_with(',')), "a correlation has an empty cell for its record: {raw}");
    assert!(out.contains(",TargetUserName=b\u{FFFD}ob | 3 events within 10m,a.log,"), "{out}");
}

#[test]
fn the_summary_says_what_was_loaded_read_and_found() {
    let bench = Bench::new();
    bench.rule("broken.yml", "title: x\nlogsource: {product: windows}\ndetection: {condition: nothing}\n");
    bench.log("a.log", process(1, "sekurlsa"));
    let ran = bench.scan(&["--stats"]);
    for part in
        ["1 file, 1 event", "1 rule loaded, 1 refused", "broken.yml:", "findings: 1 critical, 0 high", "format json: 1"]
    {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
}

#[test]
fn when_no_rule_can_fire_the_summary_says_so_and_what_to_do() {
    let bench = Bench::new();
    bench.log("a.log", failed_logon(1, "bob"));
    let ran = bench.scan(&[]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "No rule looks at the log sources of the 1 event read.\n"));
    assert!(
        ran.err.contains("no loaded rule can fire on the log sources seen") && ran.err.contains("cordon rules install")
    );
}

#[test]
fn findings_go_to_the_file_asked_for() {
    let bench = Bench::new();
    bench.log("a.log", process(1, "sekurlsa"));
    let ran = bench.scan(&["--format", "ndjson", "--output", "found.ndjson"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert_eq!(lines(&std::fs::read_to_string(bench.path().join("found.ndjson")).unwrap()).len(), 1);
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let bench = Bench::new();
    let text: String = (0..20_000).map(|second| process(second, "sekurlsa")).collect();
    bench.log("a.log", text);
    let script = format!("{} scan --rules rules --format ndjson logs | head -n 1", env!("CARGO_BIN_EXE_cordon"));
    let output = std::process::Command::new("sh").args(["-c", &script]).current_dir(bench.path()).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn every_command_has_help_with_an_example() {
    let bench = Bench::new();
    for command in [&["--help"][..], &["scan", "--help"], &["events", "--help"]] {
        let ran = run_in(bench.path(), command, b"");
        assert_eq!(ran.code, Some(0));
        assert!(ran.out.contains("Examples:\n  cordon "), "{}", ran.out);
    }
}

#[test]
fn events_prints_records_in_their_own_names_with_anomalies_and_faults() {
    let bench = Bench::new();
    bench.log(
        "a.log",
        r#"{"EventID":4625,"Channel":"Security","Computer":"dc1","IpPort":["1","2"],"n":null,"b":true}"#.to_owned()
            + "\n{broken\n",
    );
    let ran = bench.run("events", &[], &["--format", "record"], &["logs"], b"");
    let expect = concat!(
        r#"{"source_file":"a.log","position":"0","index":0,"format":"json","time":null,"#,
        r#""log_sources":[{"product":"windows","category":null,"service":"security"}],"#,
        r#""fields":{"EventID":4625,"Channel":"Security","Computer":"dc1","IpPort":["1","2"],"n":null,"b":true},"anomalies":[]}"#,
        "\n",
        r#"{"source_file":"a.log","position":"92","anomalies":["json_malformed"]}"#,
        "\n"
    );
    assert_eq!((ran.out.as_str(), ran.code), (expect, Some(3)));
}
