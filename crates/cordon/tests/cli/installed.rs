//! `cordon rules install` and `list`, and scans with what is installed.

use std::fs;
use std::io::Write as _;

use crate::common::{Bench, MIMIKATZ, Ran, SPRAY, process, run_in};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

fn run(bench: &Bench, args: &[&str]) -> Ran {
    run_in(bench.path(), &[args, &["--data-dir", "data"]].concat(), b"")
}

fn zip(bench: &Bench, name: &str, files: &[(&str, &str)]) {
    let mut archive = zip::ZipWriter::new(fs::File::create(bench.path().join(name)).unwrap());
    for (path, text) in files {
        archive.start_file(*path, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
}

const LICENSE: &str = "released under the Detection Rule License (DRL) 1.1\n";

#[test]
fn a_set_out_of_a_zip_is_listed_and_scans_use_it_with_its_licence_and_link() {
    let bench = Bench::new();
    let files = [("rules/a.yml", MIMIKATZ), ("LICENSE", LICENSE), ("tests/info.yml", "id: 1\n"), ("a.evtx", "x")];
    zip(&bench, "sigma-r2026-01-01.zip", &files);
    let link = ["--name", "sigma", "--link", "https://example.org/sigma"];
    let ran = run(&bench, &[&["rules", "install", "sigma-r2026-01-01.zip"], &link[..]].concat());
    let left_out = "1 YAML file left out: no rule in them loads and is in use";
    let said = format!("installed sigma r2026-01-01: 1 rule of 1 author, licence DRL 1.1; {left_out}\n");
    assert_eq!((ran.code, ran.out), (Some(0), said), "{}", ran.err);

    let listed: Value = serde_json::from_str(&run(&bench, &["rules", "list", "--format", "json"]).out).unwrap();
    let manifest = &listed["sets"][0]["manifest"];
    let expect = json!({
        "schema_version": "1",
        "name": "sigma",
        "version": "r2026-01-01",
        "source": "sigma-r2026-01-01.zip",
        "sha256": manifest["sha256"],
        "license": "DRL 1.1",
        "link": "https://example.org/sigma",
        "authors": ["A. Tester"],
        "rules": 1,
        "files": 2,
        "installed": manifest["installed"],
    });
    assert_eq!((manifest, &listed["sets"][0]["damaged"]), (&expect, &Value::Null));

    bench.log("a.log", process(1, "x sekurlsa"));
    let ran = run(&bench, &["scan", "--format", "ndjson", "logs"]);
    let rule = "11111111-1111-4111-8111-111111111111";
    let found: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found = found.iter().find(|found: &&Value| found["rule_id"] == rule).unwrap();
    assert_eq!(found["rule_license"], "DRL 1.1");
    assert_eq!(found["rule_link"], "https://example.org/sigma");
    assert_eq!(found["rule_author"], "A. Tester");
}

#[test]
fn a_set_of_the_same_name_is_replaced_as_a_whole() {
    let bench = Bench::new();
    let other = MIMIKATZ.replacen("11111111", "44444444", 1);
    assert_eq!(run(&bench, &["rules", "install", "rules", "--version", "1"]).code, Some(0));
    fs::remove_file(bench.path().join("rules/mimikatz.yml")).unwrap();
    bench.rule("other.yml", &other);
    let ran = run(&bench, &["rules", "install", "rules", "--version", "2"]);
    assert_eq!(ran.out, "installed rules 2: 1 rule of 1 author, licence not stated; replaces 1\n", "{}", ran.err);
    let kept: Vec<_> =
        fs::read_dir(bench.path().join("data/rules")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(kept, ["rules"], "nothing is left lying about");
    assert!(!bench.path().join("data/rules/rules/files/mimikatz.yml").exists());
    assert!(bench.path().join("data/rules/rules/files/other.yml").exists());
}

fn check_refused(bench: &Bench, args: &[&str], why: &str) {
    let ran = run(bench, &[&["rules", "install"], args].concat());
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{args:?}");
    assert!(ran.err.contains(why), "{args:?}: {}", ran.err);
    assert!(!bench.path().join("data/rules").exists(), "{args:?} left something behind");
}

#[test]
fn what_is_no_rule_set_is_refused_with_its_reason_and_leaves_nothing_behind() {
    let bench = Bench::new();
    fs::write(bench.path().join("not.zip"), "PK\u{3}\u{4} not really").unwrap();
    fs::write(bench.path().join("text"), "text").unwrap();
    zip(&bench, "empty.zip", &[("README.md", "x")]);
    zip(&bench, "slip.zip", &[("a.yml", MIMIKATZ), ("../../escaped.yml", MIMIKATZ)]);
    zip(&bench, "absolute.zip", &[("/tmp/escaped.yml", MIMIKATZ)]);
    zip(&bench, "windows.zip", &[("..\\escaped.yml", MIMIKATZ)]);
    zip(&bench, "long.zip", &[(&format!("{}.yml", "x".repeat(300)), MIMIKATZ)]);
    zip(&bench, "both.zip", &[("a.yml", MIMIKATZ), ("a.yml/b.yml", MIMIKATZ)]);
    check_refused(&bench, &["both.zip"], "it holds `a.yml` as a file and as a directory");
    check_refused(&bench, &["missing"], "no such file");
    check_refused(&bench, &["not.zip"], "not.zip");
    check_refused(&bench, &["text"], "neither a directory nor a zip or tar archive");
    check_refused(&bench, &["empty.zip"], "holds no rule that loads");
    check_refused(&bench, &["logs"], "holds no rule that loads");
    for archive in ["slip.zip", "absolute.zip", "windows.zip", "long.zip"] {
        check_refused(&bench, &[archive], "a path that leads out of it or cannot be kept");
    }
    check_refused(&bench, &["rules", "--name", "../x"], "--name ../x");
    assert!(!bench.path().join("escaped.yml").exists());
}

#[test]
fn a_damaged_set_is_named_in_the_list_and_in_the_summary_of_a_scan() {
    let bench = Bench::new();
    bench.log("a.log", process(1, "x sekurlsa"));
    assert_eq!(run(&bench, &["rules", "list"]).out, "no rule sets are installed\n");
    assert_eq!(run(&bench, &["rules", "install", "rules"]).code, Some(0));
    fs::write(bench.path().join("data/rules/rules/files/mimikatz.yml"), MIMIKATZ.replace("sekurlsa", "other")).unwrap();
    let listed = run(&bench, &["rules", "list"]);
    assert_eq!(listed.code, Some(1), "a script sees it as well");
    assert!(listed.out.contains("damaged: the files are not those that were installed"), "{}", listed.out);
    fs::write(bench.path().join("data/rules/rules/manifest.json"), "{").unwrap();
    assert!(run(&bench, &["rules", "list"]).out.contains("damaged: "));
    let ran = run(&bench, &["scan", "logs"]);
    assert!(ran.err.contains("the installed set is damaged"), "{}", ran.err);
}

#[test]
fn files_of_a_set_that_are_no_text_or_too_large_are_left_out_alone() {
    let bench = Bench::new();
    fs::write(bench.path().join("rules/latin.yml"), b"title: Zugriff \xFCber").unwrap();
    fs::write(bench.path().join("rules/large.yml"), " ".repeat((1 << 20) + 1)).unwrap();
    let ran = run(&bench, &["rules", "install", "rules"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("1 rule of 1 author") && ran.out.contains("; 2 YAML files left out"), "{}", ran.out);
}

#[test]
fn an_installed_rule_replaces_the_rule_of_the_pack_with_its_id_and_is_counted() {
    let bench = Bench::new();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/healthcare/dicom-unlisted-caller/rule.yml");
    let own = fs::read_to_string(path).unwrap();
    bench.rule("own.yml", &own.replacen("title: ", "title: Ours, ", 1));
    bench.log("a.log", process(1, "x sekurlsa"));
    for data in ["data", "zdata"] {
        let install = ["rules", "install", "rules", "--data-dir", data];
        assert_eq!(run_in(bench.path(), &install, b"").code, Some(0));
        let ran = run_in(bench.path(), &["scan", "logs", "--data-dir", data], b"");
        let counted = "1 of the built-in pack replaced by installed ones of the same id";
        assert!(ran.err.contains(" 0 refused, ") && ran.err.contains(counted), "{}", ran.err);
    }
}

#[test]
fn a_set_that_is_installed_twice_is_used_once_and_counted() {
    let bench = Bench::new();
    bench.rule("spray.yml", SPRAY).log("a.log", process(1, "x sekurlsa"));
    for name in ["one", "two"] {
        assert_eq!(run(&bench, &["rules", "install", "rules", "--name", name]).code, Some(0));
    }
    let ran = run(&bench, &["scan", "logs"]);
    assert!(ran.err.contains(" 0 refused, 3 read more than once and used once\n"), "{}", ran.err);
}

#[test]
fn paths_of_an_archive_that_say_the_same_in_another_way_are_kept_plainly() {
    let bench = Bench::new();
    zip(&bench, "odd.zip", &[("./rules//a.yml", MIMIKATZ), ("notes: old.txt", "x")]);
    assert_eq!(run(&bench, &["rules", "install", "odd.zip"]).code, Some(0));
    assert!(bench.path().join("data/rules/odd/files/rules/a.yml").is_file());
    let listed = run(&bench, &["rules", "list"]);
    assert_eq!(listed.code, Some(0), "the set is as it was installed: {}", listed.out);
    zip(&bench, "twice.zip", &[("a.yml", MIMIKATZ), ("./a.yml", MIMIKATZ)]);
    let ran = run(&bench, &["rules", "install", "twice.zip"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("a.yml` twice"), "{}", ran.err);
}
