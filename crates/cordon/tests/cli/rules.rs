//! `cordon rules` as its users run it.

use std::fs;

use crate::common::{Bench, MIMIKATZ, Ran, SPRAY, failed_logon, process, run_in};
use serde_json::{Value, json};

fn rules(bench: &Bench, args: &[&str]) -> Ran {
    run_in(bench.path(), &[&["rules"], args].concat(), b"")
}

fn check_output(ran: &Ran, code: i32, out: &str) {
    assert_eq!((ran.code, ran.out.as_str()), (Some(code), out), "{}", ran.err);
}

/// A folder of our layout.
fn folder(bench: &Bench, name: &str, files: &[(&str, &str)]) {
    let folder = bench.path().join("pack").join(name);
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
}

#[test]
fn a_sound_rule_set_is_only_counted() {
    let bench = Bench::new();
    let counted = "1 file: 1 rule loaded, 0 refused, 0 warnings\n";
    check_output(&rules(&bench, &["check", "rules"]), 0, counted);
}

#[test]
fn what_is_wrong_with_a_rule_is_said_with_its_line_and_the_word_that_was_meant() {
    let bench = Bench::new();
    bench.rule("slip.yml", &MIMIKATZ.replacen("11111111", "44444444", 1).replace("|contains", "|contain"));
    bench.rule(
        "source.yml",
        &MIMIKATZ.replacen("11111111", "55555555", 1).replace("process_creation", "process_creaton"),
    );
    bench.rule(
        "regex.yml",
        &MIMIKATZ.replacen("11111111", "66666666", 1).replace("|contains: sekurlsa", "|re: '(?=x)'"),
    );
    let ran = rules(&bench, &["check", "rules"]);
    assert_eq!(ran.code, Some(1));
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 4, "{}", ran.out);
    assert!(lines[0].starts_with("rules/regex.yml:") && lines[0].contains(": refused: "), "{}", ran.out);
    assert!(lines[1].starts_with("rules/slip.yml:11: refused: ") && lines[1].contains("did you mean `contains`?"));
    assert_eq!(
        lines[2],
        "rules/source.yml:2: warning: can never fire: no decoder feeds log source product `windows`, category \
         `process_creaton` (did you mean category `process_creation`?)"
    );
    assert_eq!(lines[3], "4 files: 2 rules loaded, 2 refused, 1 warning; 1 can never fire: no decoder feeds them");
}

#[test]
fn a_refusal_that_the_standard_demands_is_no_failure() {
    let bench = Bench::new();
    bench.rule(
        "expand.yml",
        &MIMIKATZ.replacen("11111111", "44444444", 1).replace("|contains: sekurlsa", "|expand: '%tools%'"),
    );
    let ran = rules(&bench, &["check", "--format", "json", "rules"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let found: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        found["summary"],
        json!({"files": 2, "loaded": 1, "refused": 1, "refused_as_standard_demands": 1, "filters": 0, "warnings": 0, "never_fire": 0})
    );
    assert_eq!(
        found["rules"],
        json!([
            {"path": "rules/expand.yml", "line": 11, "id": "44444444-1111-4111-8111-111111111111",
             "title": "Mimikatz words in a command line", "status": "refused",
             "reason": "placeholder `%tools%` has no value", "hint": found["rules"][0]["hint"], "demanded_by_standard": true},
            {"path": "rules/mimikatz.yml", "line": 2, "id": "11111111-1111-4111-8111-111111111111",
             "title": "Mimikatz words in a command line", "status": "loaded", "kind": "rule", "can_fire": true, "warnings": []},
        ])
    );
}

#[test]
fn a_correlation_over_rules_that_nothing_feeds_can_never_fire() {
    let bench = Bench::new();
    bench.rule("spray.yml", &SPRAY.replace("service: security", "service: nothing_like_it"));
    let ran = rules(&bench, &["check", "rules/spray.yml"]);
    assert!(ran.out.contains("can never fire: no decoder feeds the rules it waits for"), "{}", ran.out);
    assert!(ran.out.ends_with("2 warnings; 2 can never fire: no decoder feeds them\n"), "{}", ran.out);
}

#[test]
fn a_rule_passes_when_each_hit_fires_it_and_no_miss_does() {
    let bench = Bench::new();
    let (hit, miss) = (process(1, "x sekurlsa::y"), process(1, "notepad"));
    folder(&bench, "windows/mimikatz", &[("rule.yml", MIMIKATZ), ("hit.json", &hit), ("miss_1.json", &miss)]);
    let three: String = (0..3).map(|second| failed_logon(second, "anna")).collect();
    let two: String = (0..2).map(|second| failed_logon(second, "anna")).collect();
    folder(&bench, "spray", &[("rule.yml", SPRAY), ("hit.json", &three), ("miss.json", &two)]);
    check_output(&rules(&bench, &["test", "pack"]), 0, "4 cases: 4 passed, 0 failed, 0 without a test; 4 logs read\n");
}

#[test]
fn what_a_rule_fails_at_is_said_for_each_log() {
    let bench = Bench::new();
    let (hit, miss) = (process(1, "x sekurlsa::y"), process(1, "notepad"));
    let elsewhere = failed_logon(1, "sekurlsa");
    let files = [("rule.yml", MIMIKATZ), ("hit_1", &miss), ("hit_2", &elsewhere), ("miss_1", &hit), ("miss_2", "")];
    folder(&bench, "all_wrong", &files);
    let own = MIMIKATZ.replacen("11111111", "44444444", 1);
    folder(&bench, "no_logs", &[("rule.yml", &own)]);
    folder(&bench, "slip", &[("rule.yml", &own.replace("sel:", "sl:")), ("hit", &hit), ("miss", &miss)]);
    let expect = "\
failed all_wrong/hit_1: found 0, expected at least 1 (1 of 1 events are of its log source)
failed all_wrong/hit_2: found 0, expected at least 1 (0 of 1 events are of its log source)
failed all_wrong/miss_1: found 1, expected none
failed all_wrong/miss_2: no event was read from it
failed no_logs: there is no hit and no miss fixture beside rule.yml
failed slip: pack/slip/rule.yml:12: the condition names `sel`, which is no selection of this rule (did you mean `sl`?)
6 cases: 0 passed, 6 failed, 0 without a test; 4 logs read
";
    check_output(&rules(&bench, &["test", "pack"]), 1, expect);
}

/// A folder of SigmaHQ's layout.
fn regression(bench: &Bench, name: &str, id: &str, test: &str, log: &str) {
    let folder = bench.path().join("regression").join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("info.yml"), format!("rule_metadata:\n  - id: {id}\n{test}")).unwrap();
    fs::write(folder.join("log.evtx"), log).unwrap();
    fs::write(folder.join("log.json"), log).unwrap();
}

#[test]
fn a_regression_case_passes_with_exactly_the_stated_count_or_at_least_one_match() {
    let bench = Bench::new();
    let id = "11111111-1111-4111-8111-111111111111";
    let two = process(1, "sekurlsa").repeat(2);
    let test = |name: &str, count: &str| {
        format!("regression_tests_info:\n  - type: evtx\n    path: regression_data/{name}/log.evtx\n{count}")
    };
    regression(&bench, "a", id, &test("a", ""), &two);
    regression(&bench, "b", id, &test("b", "    match_count: 2\n"), &two);
    regression(&bench, "c", id, &test("c", "    match_count: 1\n"), &two);
    regression(&bench, "d", id, "", &two);
    regression(&bench, "e", "unknown", &test("e", ""), &two);
    regression(&bench, "f", id, &test("../f", ""), &two);
    regression(&bench, "g", id, &test("missing", ""), &two);
    let expect = "\
failed c: log.evtx: stated 1, found 2
failed c: log.json: stated 1, found 2
without a test d: info.yml states no test
failed e: rule unknown is not among the rules given
failed f: the path `regression_data/../f/log.evtx` does not lead below regression_data/
failed g: regression/missing/log.evtx is not there; paths count from the directory given
7 cases: 2 passed, 4 failed, 1 without a test; 6 logs read
";
    check_output(&rules(&bench, &["test", "regression", "--rules", "rules"]), 1, expect);
    assert_eq!(rules(&bench, &["test", "regression"]).code, Some(2), "no rules to test");
}

#[test]
fn what_cannot_run_says_why_and_ends_with_2() {
    let bench = Bench::new();
    for (args, why) in [
        (&["check", "missing"][..], "missing"),
        (&["check", "logs"], "holds no .yml or .yaml file"),
        (&["test", "missing"], "missing"),
        (&["test", "logs"], "holds no test"),
        (&["check"], "DIR"),
        (&["explain", "x", "rules/mimikatz.yml", "--rules", "nope"], "--rules: nope"),
    ] {
        let ran = rules(&bench, args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{args:?}");
        assert!(ran.err.contains(why), "{args:?}: {}", ran.err);
    }
}

#[test]
fn an_explanation_says_why_each_event_matches_or_not_and_which_are_not_shown_to_the_rule() {
    let bench = Bench::new();
    bench.log("a.log", format!("{}{}{}", process(1, "x sekurlsa"), process(2, "notepad"), failed_logon(3, "anna")));
    let expect = "\
a.log:0, 2026-01-31T00:00:01.000000Z
  matches: Mimikatz words in a command line
    CommandLine has `x sekurlsa`: `|contains: sekurlsa` at byte 2
a.log:157, 2026-01-31T00:00:02.000000Z
  does not match: Mimikatz words in a command line
    `sel` must hold and does not
      CommandLine|contains: `sekurlsa`; the event has `notepad`
1 event has log source windows/-/security
  and are not shown to the rule, which asks for windows/process_creation/-
3 events: 1 match, 1 do not, 1 are of other log sources
";
    check_output(&rules(&bench, &["explain", "rules/mimikatz.yml", "logs/a.log"]), 0, expect);
    let by_title = ["explain", "Mimikatz words in a command line", "logs/a.log", "--rules", "rules"];
    check_output(&rules(&bench, &by_title), 0, expect);
    let ran = rules(&bench, &["explain", "Mimikatz word in a command line", "logs/a.log", "--rules", "rules"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("did you mean `Mimikatz words in a command line`?"), "{}", ran.err);
}

#[test]
fn an_explanation_in_json_is_one_object_for_each_event() {
    let bench = Bench::new();
    bench.log("a.log", process(2, "notepad"));
    let ran = rules(&bench, &["explain", "rules/mimikatz.yml", "logs/a.log", "--format", "json"]);
    let found: Value = serde_json::from_str(&ran.out).unwrap();
    let expect = json!({
        "schema_version": "1",
        "source": "a.log",
        "position": "0",
        "index": 0,
        "time": "2026-01-31T00:00:02.000000Z",
        "log_sources": found["log_sources"],
        "rules": [{
            "rule_id": "11111111-1111-4111-8111-111111111111",
            "why": {
                "answer": "fails",
                "failed": [{
                    "selection": "sel",
                    "failure": "unmet",
                    "unmet": [
                        {"field": "CommandLine", "modifiers": "|contains", "values": ["sekurlsa"], "seen": ["notepad"]},
                    ],
                }],
            },
        }],
    });
    assert_eq!(found, expect);
}

#[test]
fn a_correlation_is_explained_by_its_rules_and_by_what_it_gives() {
    let bench = Bench::new();
    bench.rule("spray.yml", SPRAY);
    let three: String = (0..3).map(|second| failed_logon(second, "anna")).collect();
    bench.log("a.log", three);
    let ran = rules(&bench, &["explain", "rules/spray.yml", "logs/a.log"]);
    assert!(ran.out.contains("3 events: 3 match, 0 do not, 0 are of other log sources\n"), "{}", ran.out);
    let finding = "correlation Many failed logons of one user: finding over 3 events at 2026-01-31T00:00:02.000000Z\n  3 events within 10m\n  TargetUserName is `anna`\n";
    assert!(ran.out.contains(finding), "{}", ran.out);
}

#[test]
fn tables_of_a_site_are_known_to_the_commands_on_rules() {
    let bench = Bench::new();
    let rule = "title: Book read by anna\nid: 44444444-4444-4444-8444-444444444444\nlevel: high\n\
                logsource: {product: ward, category: record_access}\ndetection:\n  sel:\n    user: anna\n  condition: sel\n";
    let book = |nurse: &str| format!("day,clock,nurse,bed,file no\n31.01.2026,23:05,{nurse},7,4711\n");
    folder(&bench, "book", &[("rule.yml", rule), ("hit.csv", &book("anna")), ("miss.csv", &book("ben"))]);
    fs::write(
        bench.path().join("ward.map"),
        "name\tward_book\nlog_source\tward\trecord_access\t-\nneeds\tnurse\nneeds\tbed\ntime\tday+clock\t%d.%m.%Y %H:%M\n\
         field\tuser\tnurse\npatient\tfile no\n",
    )
    .unwrap();
    let map = ["--source-map", "ward.map"];
    let checked = rules(&bench, &["check", "pack"]);
    assert!(checked.out.contains("can never fire: no decoder feeds log source product `ward`"), "{}", checked.out);
    let known = rules(&bench, &[&["check", "pack"], &map[..]].concat());
    check_output(&known, 0, "1 file: 1 rule loaded, 0 refused, 0 warnings\n");
    assert_eq!(rules(&bench, &["test", "pack"]).code, Some(1));
    let tested = rules(&bench, &[&["test", "pack"], &map[..]].concat());
    check_output(&tested, 0, "2 cases: 2 passed, 0 failed, 0 without a test; 2 logs read\n");
    let zone = ["--timezone", "Europe/Berlin"];
    let explained = ["explain", "pack/book/rule.yml", "pack/book/hit.csv"];
    let explained = rules(&bench, &[&explained, &map[..], &zone].concat());
    assert!(explained.out.starts_with("hit.csv:28, 2026-01-31T22:05:00.000000Z\n"), "{}", explained.out);
}

#[test]
fn every_command_has_help_with_an_example() {
    let bench = Bench::new();
    for command in ["check", "test", "explain", "install", "list"] {
        let ran = rules(&bench, &[command, "--help"]);
        assert!(ran.out.contains("Examples:\n  cordon rules "), "{}", ran.out);
    }
    assert!(rules(&bench, &["--help"]).out.contains("Examples:\n  cordon rules "));
}
