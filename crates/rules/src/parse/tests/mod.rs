//! Tests of the parser: one file per kind of document, and the public corpus.

mod conditions;
mod corpus;
mod correlations;
mod filters;
mod hostile;
mod items;
mod library;
mod pipelines;
mod rules;

use super::{Document, Refusal, documents};
use crate::ast::Rule;

/// A rule that loads.
const RULE: &str = "title: Whoami
id: 929a690e-bef0-4204-a928-ef5e620d6fcc
status: test
author: Florian Example
tags: [attack.discovery, attack.t1033]
logsource:
    category: process_creation
    product: windows
detection:
    selection:
        Image|endswith:
            - '\\whoami.exe'
            - \"\\\\who.exe\"
        CommandLine|contains|windash: ' -all'
    condition: selection
level: high
";

/// The rule with these lines under `detection`.
fn with_detection(lines: &str) -> String {
    let (front, back) = RULE.split_once("    selection:").unwrap();
    let (_, back) = back.split_once("level:").unwrap();
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    format!("{front}{lines}level:{back}")
}

fn rule(text: &str) -> Rule {
    match documents("r.yml", text).remove(0) {
        Ok(Document::Rule(rule)) => *rule,
        other => panic!("not a rule: {other:?}"),
    }
}

fn refusal(text: &str) -> Refusal {
    let mut found = documents("r.yml", text);
    assert_eq!(found.len(), 1);
    found.remove(0).unwrap_err()
}

/// The refusal as printed.
fn check_refused(text: &str, expect: &str) {
    assert_eq!(refusal(text).to_string(), expect, "{text}");
}
