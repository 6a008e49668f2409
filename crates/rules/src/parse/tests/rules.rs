//! The fields of rules, and several documents in a file.

use cordon_model::{Level, RuleCard};

use super::{RULE, check_refused, rule, with_detection};
use crate::ast::{Details, Origin, Rule, RuleLogSource};
use crate::parse::{Document, RefusalKind, documents, read};

const FULL: &str = "# a comment
title: A Title
id: 545a5da6-f103-4919-a519-e9aec1026ee4
name: a_name
related:
    - id: 6c82cf5c-090d-4d57-9188-533577631108
      type: similar
taxonomy: sigma
status: test
description: |
    two
    lines
license: DRL-1.1
references:
    - https://example.org/1
    - https://example.org/2
author: One, Two
date: 2017-05-09
modified: 2023-04-14
tags:
    - attack.defense-evasion
    - attack.t1562.001
scope: [server]
logsource:
    product: windows
    service: application
    definition: needs auditing
detection:
    selection:
        Provider_Name: 'Application Error'
    condition: selection
fields: [User]
falsepositives:
    - a string
level: high
my_own_key: 1
";

#[test]
fn every_field_of_the_standard_is_read() {
    let mut found = rule(FULL);
    assert_eq!(found.selections.len(), 1);
    assert_eq!(found.conditions.len(), 1);
    found.selections.clear();
    found.conditions.clear();
    let strings = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    let expect = Rule {
        card: RuleCard {
            id: "545a5da6-f103-4919-a519-e9aec1026ee4".to_owned(),
            title: "A Title".to_owned(),
            author: "One, Two".to_owned(),
            license: "DRL-1.1".to_owned(),
            link: "https://example.org/1".to_owned(),
            level: Level::High,
            tags: strings(&["attack.defense-evasion", "attack.t1562.001"]),
            description: "two\nlines\n".to_owned(),
            false_positives: strings(&["a string"]),
        },
        name: Some("a_name".to_owned()),
        status: Some("test".to_owned()),
        fields: strings(&["User"]),
        log_source: RuleLogSource {
            product: Some("windows".to_owned()),
            category: None,
            service: Some("application".to_owned()),
        },
        details: Details {
            taxonomy: Some("sigma".to_owned()),
            related: vec![("similar".to_owned(), "6c82cf5c-090d-4d57-9188-533577631108".to_owned())],
            references: strings(&["https://example.org/1", "https://example.org/2"]),
            date: Some("2017-05-09".to_owned()),
            modified: Some("2023-04-14".to_owned()),
            scope: strings(&["server"]),
            definition: Some("needs auditing".to_owned()),
        },
        origin: Origin { path: "r.yml".to_owned(), line: 2 },
        ..Rule::default()
    };
    assert_eq!(found, expect);
}

#[test]
fn a_rule_without_id_goes_by_its_name_and_then_by_its_title() {
    let id = "id: 929a690e-bef0-4204-a928-ef5e620d6fcc\n";
    assert_eq!(rule(&RULE.replace(id, "name: whoami\n")).card.id, "whoami");
    assert_eq!(rule(&RULE.replace(id, "")).card.id, "Whoami");
    assert_eq!(rule(&RULE.replace("level: high\n", "")).card.level, Level::Informational);
    assert_eq!(rule(&RULE.replace("author: Florian Example", "author: [a, b]")).card.author, "a, b");
}

#[test]
fn fields_that_decide_about_a_finding_must_be_right() {
    check_refused(&RULE.replace("level: high", "level: hihg"), "r.yml:16: unknown level `hihg` (did you mean `high`?)");
    check_refused(&RULE.replace("level: high", "level: urgent"), "r.yml:16: unknown level `urgent`");
    check_refused(
        &RULE.replace("status: test", "status: tset"),
        "r.yml:3: unknown status `tset` (did you mean `test`?)",
    );
    check_refused(
        &RULE.replace("title: Whoami\nid: 929a690e-bef0-4204-a928-ef5e620d6fcc\n", "titel: x\n"),
        "r.yml:1: `title` is missing (`titel` may be a slip of the pen for it)",
    );
    check_refused(
        &RULE.replace("detection:", "detections:"),
        "r.yml:1: `detection` is missing (`detections` may be a slip of the pen for it)",
    );
    check_refused(
        &RULE.replace("logsource:", "log_source:"),
        "r.yml:1: `logsource` is missing (`log_source` may be a slip of the pen for it)",
    );
    check_refused(&RULE.replace("    condition: selection\n", ""), "r.yml:9: `condition` is missing");
    check_refused(
        &RULE.replace("    category: process_creation\n    product: windows\n", "    prodct: windows\n"),
        "r.yml:6: `logsource` names no product, category or service (did you mean `product`?)",
    );
    check_refused(
        "action: global\ntitle: x\n",
        "r.yml:1: `action` documents are no longer part of Sigma (write each rule in full, or a correlation)",
    );
    check_refused("- a\n- b\n", "r.yml:1: a Sigma document must be a map of keys and values");
}

fn check_warnings(text: &str, expect: &[&str]) {
    let mut warnings = Vec::new();
    let found = read("r.yml", text, &mut warnings);
    assert!(found.iter().all(Result::is_ok), "{found:?}");
    assert_eq!(warnings.iter().map(ToString::to_string).collect::<Vec<_>>(), expect);
}

#[test]
fn what_is_odd_but_clear_loads_with_a_warning() {
    check_warnings(RULE, &[]);
    check_warnings(
        &with_detection("sel:\n    a: b\nunused:\n    a: c\ncondition: sel"),
        &["r.yml:12: selection `unused` is not used by the condition"],
    );
    check_warnings(
        &with_detection("sel:\n    a: ['', null]\ncondition: sel"),
        &["r.yml:11: `a` has null in a list, which the standard does not allow (make null a selection of its own)"],
    );
    check_warnings(&RULE.replace("tags:", "tag:"), &["r.yml:5: unknown key `tag` (did you mean `tags`?)"]);
    check_warnings(
        &RULE.replace("product: windows", "product: Windows"),
        &["r.yml:8: log source `Windows` is read as `windows`: the standard writes lower case"],
    );
    check_warnings(
        &RULE.replace("status: test", "status: unsupported"),
        &["r.yml:3: its author says that this rule cannot be used in its present state"],
    );
    check_warnings(&RULE.replace("title: Whoami\n", "name: whoami\n"), &["r.yml:1: `title` is missing"]);
    check_warnings(&RULE.replace("[attack.discovery, ", "[{a: b}, "), &["r.yml:5: an entry of `tags` is not text"]);
}

#[test]
fn a_broken_document_spares_its_neighbours() {
    let text = format!("{RULE}---\ntitle: [broken\n---\n# nothing here\n---\n{RULE}...\n");
    let found = documents("many.yml", &text);
    let lines: Vec<_> = found
        .iter()
        .map(|result| match result {
            Ok(Document::Rule(rule)) => (true, rule.origin.line),
            Ok(_) => panic!("only rules here"),
            Err(refusal) => (false, refusal.line),
        })
        .collect();
    assert_eq!(lines, [(true, 1), (false, 19), (true, 22)]);
    let refusal = found[1].as_ref().unwrap_err();
    assert!(refusal.reason.starts_with("not valid YAML: "), "{refusal}");
    assert_eq!((refusal.kind, refusal.path.as_str()), (RefusalKind::Broken, "many.yml"));
}

#[test]
fn line_ends_of_windows_a_byte_order_mark_and_an_empty_file_are_read() {
    let expect = rule(RULE);
    assert_eq!(rule(&RULE.replace('\n', "\r\n")), expect);
    assert_eq!(rule(&format!("\u{feff}{RULE}")), expect);
    assert_eq!(rule(&format!("---\n{RULE}")).card, expect.card);
    assert_eq!(documents("e.yml", ""), []);
    assert_eq!(documents("e.yml", "# only a comment\n---\n"), []);
}

#[test]
fn anchors_and_merge_keys_are_followed() {
    let text = with_detection(
        "base: &base\n    Image: a\n    User: b\nsel:\n    <<: *base\n    User: c\ncondition: base or sel",
    );
    let direct =
        with_detection("base:\n    Image: a\n    User: b\nsel:\n    User: c\n    Image: a\ncondition: base or sel");
    assert_eq!(rule(&text).selections, rule(&direct).selections);
}

#[test]
fn a_refusal_names_its_rule() {
    let refusal = super::refusal(&RULE.replace("level: high", "level: x"));
    assert_eq!(refusal.rule_id.as_deref(), Some("929a690e-bef0-4204-a928-ef5e620d6fcc"));
    assert_eq!(refusal.rule_title.as_deref(), Some("Whoami"));
}
