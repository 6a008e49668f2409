//! `--profile`: what a profile leaves off is listed with its reason, and scans leave it off.

use std::fs;

use crate::common::{Bench, MIMIKATZ, SPRAY, failed_logon, process, run_in};

const PROFILE: &str = "
schema_version = 1
name = 'ours'
title = 'ours'
about = 'a test'
[[set]]
names = ['rules']
level_min = { level = 'high', reason = 'we are two' }
[[off]]
id = '11111111-1111-4111-8111-111111111111'
title = 'x'
because = 'measured'
reason = 'fires daily'
[[off]]
id = 'nowhere'
title = 'x'
because = 'author'
reason = 'x'
";

fn bench() -> Bench {
    let bench = Bench::new();
    bench.rule("spray.yml", SPRAY);
    bench.rule("low.yml", &MIMIKATZ.replace("11111111", "44444444").replace("critical", "low"));
    fs::write(bench.path().join("ours.toml"), PROFILE).unwrap();
    bench
}

#[test]
fn what_a_profile_leaves_off_is_listed_with_its_reason() {
    let ran = run_in(bench().path(), &["rules", "list", "--profile", "ours.toml", "--rules", "rules"], b"");
    let title = MIMIKATZ.lines().find_map(|line| line.strip_prefix("title: ")).unwrap();
    let expect = format!(
        "off 11111111-1111-4111-8111-111111111111 critical: {title} (measured: fires daily)\n\
         off 44444444-1111-4111-8111-444444441111 low: {title} (bounds: level low is below high: we are two)\n\
         not found nowhere: the profile lists it, no rule has it\n\
         profile ours: 2 rules on, 2 off\n"
    );
    assert_eq!((ran.code, ran.out), (Some(0), expect), "{}", ran.err);
}

#[test]
fn a_scan_leaves_off_what_its_profile_leaves_off_also_when_rules_were_kept_without_it() {
    let bench = bench();
    bench.log(
        "a.log",
        process(1, "x sekurlsa") + &(0..6).map(|second| failed_logon(second, "anna")).collect::<String>(),
    );
    let found = |options: &[&str]| {
        let ran = bench.scan(&[options, &["--format", "ndjson", "--rules-cache", "kept"]].concat());
        let said = ran.err.lines().find(|line| line.contains("loaded")).unwrap_or_default().to_owned();
        (ran.out.lines().count(), said)
    };
    let whole = (3, "4 rules loaded, 0 refused".to_owned());
    let cut = (1, "2 rules loaded, 0 refused, 2 left off by the profile".to_owned());
    assert_eq!(found(&[]), whole);
    assert_eq!(found(&["--profile", "ours.toml"]), cut);
    assert_eq!(found(&["--profile", "ours.toml"]), cut);
    assert_eq!(found(&[]), whole);
}

#[test]
fn a_profile_that_is_not_there_is_refused_with_a_hint() {
    let ran = Bench::new().scan(&["--profile", "smal-hospital"]);
    let said = "--profile smal-hospital: no such file, and no built-in profile (did you mean `small-hospital`?)";
    assert!(ran.code == Some(2) && ran.err.contains(said), "{}", ran.err);
}
