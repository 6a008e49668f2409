//! A scan that looked at nothing is never taken for a clean bill.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::common::{Bench, MIMIKATZ, failed_logon, process};

/// The scan and `cordon events` of the logs end with 3 and say that nothing was read.
fn check_nothing_read(bench: &Bench, out: &str) {
    let ran = bench.scan(&[]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), out), "{}", ran.err);
    assert!(ran.err.contains("! nothing was read"), "{}", ran.err);
    let events = bench.run("events", &[], &[], &["logs"], b"");
    assert_eq!((events.code, events.out.as_str()), (Some(3), ""), "{}", events.err);
    assert!(events.err.contains("! nothing was read"), "{}", events.err);
}

#[test]
fn a_folder_without_anything_to_read_is_not_clean() {
    let bench = Bench::new();
    let none = "Nothing was read: no event in 0 files.\n";
    check_nothing_read(&bench, none);
    fs::create_dir(bench.logs().join("deeper")).unwrap();
    check_nothing_read(&bench, none);
    bench.log("empty.log", "").log("deeper/empty.log", "");
    check_nothing_read(&bench, none);
    let header = Bench::new();
    header.log("access.csv", "Access Time,User ID,Patient ID,Action\n");
    check_nothing_read(&header, "Nothing was read: no event in 1 file.\n");
    let ran = bench.scan_stdin(&[], b"");
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), none), "{}", ran.err);
}

#[test]
fn one_empty_folder_among_others_is_lost_input() {
    let bench = Bench::new();
    fs::create_dir(bench.path().join("mount")).unwrap();
    bench.log("a.log", process(1, "notepad"));
    let ran = bench.run("scan", &["--rules", "rules"], &[], &["logs", "mount"], b"");
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), "No findings.\n"), "{}", ran.err);
    assert!(ran.err.contains("! no_files x1") && ran.err.contains("first at mount\n"), "{}", ran.err);
}

#[test]
fn a_scan_that_no_rule_is_left_for_does_not_run() {
    let bench = Bench::new();
    bench.log("a.log", process(1, "sekurlsa"));
    let ran = bench.scan(&["--level", "critical"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    bench.rule("mimikatz.yml", &MIMIKATZ.replace("critical", "high"));
    let below = bench.scan(&["--level", "critical"]);
    assert_eq!((below.code, below.out.as_str()), (Some(2), ""));
    assert_eq!(below.err, "cordon: no rule is left to scan with: 1 read, all below --level\n");
    bench.rule("mimikatz.yml", "");
    let none = bench.scan(&[]);
    assert_eq!((none.code, none.err.as_str()), (Some(2), "cordon: no rule is left to scan with: none was found\n"));
    bench.rule("mimikatz.yml", &MIMIKATZ.replace("|contains", "|contain"));
    fs::write(bench.path().join("rules/latin.yml"), b"title: Zugriff \xFCber").unwrap();
    let refused = bench.scan(&[]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""));
    let expect = "\
cordon: no rule is left to scan with: 2 refused
  refused rules/latin.yml:1: not UTF-8 text from byte 15
  refused rules/mimikatz.yml:11: unknown modifier";
    assert!(refused.err.starts_with(expect), "{}", refused.err);
}

#[test]
fn a_rule_file_that_is_no_text_or_too_large_is_refused_alone() {
    let bench = Bench::new();
    fs::write(bench.path().join("rules/latin.yml"), b"title: Zugriff \xFCber").unwrap();
    fs::write(bench.path().join("rules/large.yml"), " ".repeat((1 << 20) + 1)).unwrap();
    bench.log("a.log", process(1, "sekurlsa"));
    let ran = bench.scan(&[]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("1 rule loaded, 2 refused\n  refused rules/large.yml:1: larger than"), "{}", ran.err);
    let checked = bench.run("rules", &["check", "rules"], &[], &[], b"");
    assert_eq!(checked.code, Some(1));
    assert!(checked.out.contains("rules/latin.yml:1: refused: not UTF-8 text from byte 15\n"), "{}", checked.out);
}

#[test]
fn what_no_finding_means_is_said_with_it() {
    let bench = Bench::new();
    bench.log("a.log", process(1, "notepad"));
    assert_eq!(bench.scan(&[]).out, "No findings.\n");
    assert_eq!(bench.scan(&["--level", "high"]).out, "No findings at level high or above.\n");
    let later = bench.scan(&["--from", "2027-01-01"]);
    assert_eq!(later.out, "No event was looked at: 1 event read, none of them between --from and --to.\n");
    assert_eq!(later.code, Some(0));
    bench.log("b.log", failed_logon(1, "bob"));
    assert_eq!(bench.scan(&[]).out, "No findings in the 1 of 2 events that a rule looks at.\n");
    let page = bench.scan(&["--format", "html"]).out;
    assert!(page.contains("<h1>No findings in the 1 of 2 events that a rule looks at</h1>"), "{page}");
    let nothing = Bench::new().scan(&["--format", "html"]).out;
    assert!(nothing.contains("<h1>Nothing was read: no event in 0 files</h1>"), "{nothing}");
    assert!(nothing.contains("<strong>Nothing was looked at.</strong>"), "{nothing}");
}

#[test]
fn what_no_rule_looks_at_is_named_and_a_table_of_unknown_columns_says_what_to_do() {
    let bench = Bench::new();
    bench.log("a.log", process(1, "notepad") + &failed_logon(1, "bob"));
    let ran = bench.scan(&["--stats"]);
    assert!(ran.err.contains("log source windows/-/security: 1, no rule looks at it\n"), "{}", ran.err);
    assert!(ran.err.contains("a rule looks at the log sources of 1 of 2 events\n"), "{}", ran.err);
    assert!(!ran.err.contains("--source-map"), "{}", ran.err);
    bench.log("b.csv", "Datum;Uhrzeit;Benutzer;Patient\n31.01.2026;14:05;anna;4711\n31.01.2026;14:06;ben;4711\n");
    let ran = bench.scan(&[]);
    let told = "2 events have no known log source; of a table, --source-map FILE says what its columns mean\n";
    assert!(ran.err.contains(told), "{}", ran.err);
}

#[test]
fn rules_behind_links_are_used_once_and_pipes_among_them_are_not_waited_for() {
    let bench = Bench::new();
    bench.log("a.log", process(1, "sekurlsa"));
    let outside = bench.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::rename(bench.path().join("rules/mimikatz.yml"), outside.join("mimikatz.yml")).unwrap();
    let rules = bench.path().join("rules");
    for (target, link) in [("../outside", "linked"), ("../outside", "again"), ("..", "up"), ("nowhere", "gone.yml")] {
        symlink(target, rules.join(link)).unwrap();
    }
    let fifo = Command::new("mkfifo").arg(rules.join("pipe.yml")).status().unwrap();
    assert!(fifo.success());
    let ran = bench.scan(&[]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let expect = "1 rule loaded, 2 refused\n  refused rules/gone.yml:1: a link that leads nowhere\n  refused rules/pipe.yml:1: a pipe,";
    assert!(ran.err.contains(expect), "{}", ran.err);
}
