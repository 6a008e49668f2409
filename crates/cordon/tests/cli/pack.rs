//! The rules that the repository holds, on their own logs and on Lakeside's evening.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::run_in;
use serde_json::Value;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Rules that the story names, as `(step, path below rules/)`.
fn rules_of_story(story: &str) -> Vec<(String, String)> {
    let mut step = String::new();
    let mut named = Vec::new();
    for line in story.lines() {
        let quoted = || line.split('"').skip(1).step_by(2);
        if line.starts_with("id = ") {
            step = quoted().collect();
        }
        if line.starts_with("expected = ") {
            let rules = quoted().filter_map(|word| word.strip_prefix("rule."));
            named.extend(rules.map(|rule| (step.clone(), rule.to_owned())));
        }
    }
    named
}

/// The id of the last rule of a file: the one under test.
fn id_of_last_rule(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines().rev().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned()
}

#[test]
fn every_rule_of_the_repository_fires_on_its_hits_and_on_none_of_its_misses() {
    let ran = run_in(&repository(), &["rules", "test", "rules"], b"");
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.out.ends_with("\n") && ran.out.contains(" 0 failed, 0 without a test"), "{}", ran.out);
}

#[test]
fn each_step_of_the_evening_is_seen_by_the_rules_that_its_story_names() {
    let root = repository();
    let ran = run_in(&root, &["scan", "fixtures/lakeside/evening", "--rules", "rules", "--format", "ndjson"], b"");
    let findings = ran.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let fired: BTreeSet<String> = findings.filter_map(|found| found["rule_id"].as_str().map(str::to_owned)).collect();
    let story = fs::read_to_string(root.join("fixtures/lakeside/story.toml")).unwrap();
    let named = rules_of_story(&story);
    let id = |rule: &str| id_of_last_rule(&root.join("rules").join(rule).join("rule.yml"));
    let missed: Vec<_> = named.iter().filter(|(_, rule)| !fired.contains(&id(rule))).collect();
    assert!(!named.is_empty() && missed.is_empty(), "{missed:?}\n{}", ran.err);
}
