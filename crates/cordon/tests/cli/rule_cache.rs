//! Compiled rules kept between runs: they save time and change nothing else.

use std::fs;
use std::path::PathBuf;
use std::thread;

use crate::common::{Bench, MIMIKATZ, Ran, SPRAY, failed_logon, process, run_in};

/// A regular expression, a rule that the standard demands to refuse, one that is broken, one of another log source, and a filter.
const MORE: &str = r"
title: Encoded command
id: 44444444-4444-4444-8444-444444444444
level: medium
logsource: {product: windows, category: process_creation}
detection:
  sel: {CommandLine|re|i: 'powershell.*-e(nc)?\s+[a-z0-9+/=]{8,}'}
  net: {DestinationIp|cidr: 10.0.0.0/8}
  condition: 1 of them
---
title: Site words
id: 55555555-5555-4555-8555-555555555555
logsource: {product: windows}
detection:
  sel: {User|expand: '%admins%'}
  condition: sel
---
title: Broken
logsource: {product: windows}
detection:
  sel: {a|re: '('}
  condition: sel
---
title: Elsewhere
logsource: {product: nowhere, category: nothing}
detection:
  words: [a, b]
  condition: words
---
title: Not of the scanner
logsource: {product: windows}
filter:
  rules: [11111111-1111-4111-8111-111111111111]
  sel: {CommandLine|contains: scanner}
  condition: not sel
";

fn bench() -> Bench {
    let bench = Bench::new();
    bench.rule("spray.yml", SPRAY).rule("deep.yml", MORE);
    let failed: String = (10..14).map(|second| failed_logon(second, "anna")).collect();
    bench.log("a.log", process(1, "x sekurlsa") + &process(2, "sekurlsa scanner") + &failed);
    bench.log("b.log", process(3, "PowerShell -enc QUJDREVGRw==") + &process(4, "plain"));
    bench
}

/// What a scan says, without the time it took.
fn scan(bench: &Bench, cache: &str, options: &[&str]) -> Ran {
    let fixed = ["--format", "ndjson", "--stats", "--rules-cache", cache];
    let Ran { code, out, err } = bench.scan(&[&fixed, options].concat());
    let timed = err.lines().next().and_then(|line| line.split_once(" in ")).map(|(front, _)| front.to_owned());
    let rest = err.split_once('\n').map_or("", |(_, rest)| rest);
    Ran { code, out, err: format!("{}\n{rest}", timed.unwrap()) }
}

fn kept(bench: &Bench) -> Vec<PathBuf> {
    let entries = fs::read_dir(bench.path().join("cache")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn findings_and_summary_are_the_same_without_a_cache_cold_and_warm() {
    let bench = bench();
    let expect = scan(&bench, "none", &[]);
    assert_eq!((expect.code, expect.out.lines().count()), (Some(1), 3), "{}\n{}", expect.out, expect.err);
    assert!(!bench.path().join("none").exists());
    assert_eq!(scan(&bench, "cache", &[]), expect);
    let [file] = kept(&bench).try_into().unwrap();
    let cold = (fs::read(&file).unwrap(), fs::metadata(&file).unwrap().modified().unwrap());
    for threads in ["1", "2", "5"] {
        assert_eq!(scan(&bench, "cache", &["--threads", threads]), expect);
    }
    let warm = (fs::read(&file).unwrap(), fs::metadata(&file).unwrap().modified().unwrap());
    assert!(cold == warm, "what was kept is used, not written again");
}

#[test]
fn every_edit_of_the_rules_counts_at_once() {
    let bench = bench();
    let check = |edit: &str| {
        assert_eq!(scan(&bench, "cache", &[]), scan(&bench, "none", &[]), "cold after {edit}");
        assert_eq!(scan(&bench, "cache", &[]), scan(&bench, "none", &[]), "warm after {edit}");
    };
    check("nothing");
    let rules = bench.path().join("rules");
    let times = |path: PathBuf| fs::metadata(path).unwrap().modified().unwrap();
    let before = times(rules.join("mimikatz.yml"));
    bench.rule("mimikatz.yml", &MIMIKATZ.replace("sekurlsa", "sekurlsb"));
    fs::File::options().append(true).open(rules.join("mimikatz.yml")).unwrap().set_modified(before).unwrap();
    check("an edit that keeps length and time");
    bench.rule("new.yml", &MIMIKATZ.replace("11111111-1", "66666666-1"));
    check("a new file");
    fs::remove_file(rules.join("spray.yml")).unwrap();
    check("a file less");
    fs::rename(rules.join("new.yml"), rules.join("a.yml")).unwrap();
    check("another name");
    bench.rule("large.yml", &"#".repeat((1 << 20) + 1));
    check("a file that is no rule");
    assert_eq!(kept(&bench).len(), 1, "the new set takes the place of the old");
}

#[test]
fn a_damaged_cache_is_as_good_as_none_and_is_written_anew() {
    let bench = bench();
    let expect = scan(&bench, "cache", &[]);
    let [file] = kept(&bench).try_into().unwrap();
    let bytes = fs::read(&file).unwrap();
    let damaged = |damage: &str, damaged: &[u8]| {
        fs::write(&file, damaged).unwrap();
        assert_eq!(scan(&bench, "cache", &[]), expect, "{damage}");
        assert!(fs::read(&file).unwrap() == bytes, "{damage}: written anew");
    };
    for place in (0..bytes.len()).step_by(bytes.len() / 23) {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        damaged(&format!("changed at {place}"), &changed);
        damaged(&format!("cut at {place}"), &bytes[..place]);
    }
    damaged("longer", &[&bytes[..], b"x"].concat());
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!(scan(&bench, "cache", &[]), expect, "a directory in its place");
}

#[test]
fn each_level_has_a_set_of_its_own() {
    let bench = bench();
    for level in ["low", "high", "low", "high"] {
        let options = ["--level", level];
        assert_eq!(scan(&bench, "cache", &options), scan(&bench, "none", &options), "{level}");
    }
    assert_eq!(kept(&bench).len(), 2);
}

#[test]
fn many_scans_at_once_share_a_cache() {
    let bench = bench();
    let expect = scan(&bench, "none", &[]);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(scan(&bench, "cache", &[]), expect));
        }
    });
    assert_eq!(kept(&bench).len(), 1, "nothing unfinished stays");
}

#[test]
fn a_place_that_cannot_hold_a_cache_changes_nothing() {
    let bench = bench();
    fs::write(bench.path().join("file"), "").unwrap();
    for _ in 0..2 {
        assert_eq!(scan(&bench, "file/below", &[]), scan(&bench, "none", &[]));
    }
}

#[test]
fn the_pack_and_installed_sets_are_kept_together() {
    let bench = bench();
    let scan = |cache: &str| {
        let options = ["--data-dir", "data", "--format", "ndjson", "--rules-cache", cache, "logs"];
        run_in(bench.path(), &[&["scan"], &options[..]].concat(), b"").out
    };
    let pack_alone = scan("none");
    assert_eq!([scan("cache"), scan("cache")], [pack_alone.clone(), pack_alone.clone()]);
    let install = |link: &str| {
        let options = ["rules", "install", "rules", "--data-dir", "data", "--link", link];
        assert_eq!(run_in(bench.path(), &options, b"").code, Some(0));
        let together = scan("none");
        assert_eq!([scan("cache"), scan("cache")], [together.clone(), together.clone()]);
        together
    };
    let first = install("https://example.org/1");
    assert_ne!(first, pack_alone);
    assert_ne!(install("https://example.org/2"), first, "what is said about a set counts as well");
}
