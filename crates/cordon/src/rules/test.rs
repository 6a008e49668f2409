//! `cordon rules test`: every rule against the logs kept with it.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use cordon_node::rule_tests::{self, Plan, Suite, Tested, Verdict};
use serde_json::{Value, json};

use super::args::{Format, TestArgs};
use crate::pack::RuleFile;
use crate::rule_set::RuleSet;
use crate::terminal::{counted_of, plain};
use crate::{Exit, inputs, pack};

/// Runs the command.
pub(crate) fn run(args: &TestArgs) -> Result<Exit> {
    let Suite { cases, rules } = rule_tests::find(&args.directory).context("cannot look for tests")?;
    let shown = args.directory.display();
    ensure!(
        !cases.is_empty(),
        "{shown}: holds no test: neither a rule.yml with hit* and miss* beside it nor an info.yml"
    );
    let mut read = pack::from_directories(&args.rules).context("--rules")?;
    read.files.extend(rules.into_iter().map(|(path, text)| RuleFile { path, text }));
    let has_logs = cases.iter().any(|case| matches!(case.plan, Plan::Scan(..)));
    ensure!(
        !read.files.is_empty() || !has_logs,
        "{shown}: its tests name rules by id; say with --rules where those are"
    );
    let street = super::street(inputs::decode_options(&args.reading)?);
    let rules = RuleSet::of_files(read, &street.decode.log_sources, super::detect(&street));
    let absence = absence(&rules);
    let tested: Vec<Tested> =
        cases.iter().map(|case| rule_tests::run(case, &rules.detector, &absence, &street)).collect();
    let counts = Counts::of(&tested);
    match args.format {
        Format::Text => super::print(&text(&tested, &counts))?,
        Format::Json => super::print_json(&json(&tested, &counts))?,
    }
    Ok(if counts.failed > 0 { Exit::RulesFail } else { Exit::Clean })
}

/// Why a rule is not there to fire.
fn absence(rules: &RuleSet) -> impl Fn(&str) -> Option<String> {
    let loaded: BTreeSet<&str> = rules.facts.loaded.iter().map(|one| one.id.as_str()).collect();
    move |id| {
        if loaded.contains(id) {
            return None;
        }
        let refusal = rules.facts.refused.iter().find(|refusal| refusal.rule_id.as_deref() == Some(id));
        Some(match refusal {
            Some(refusal) => format!("the rule is refused: {refusal}"),
            None => format!("rule {id} is not among the rules given"),
        })
    }
}

#[derive(Default)]
struct Counts {
    passed: usize,
    failed: usize,
    without_test: usize,
    inputs: usize,
}

impl Counts {
    fn of(tested: &[Tested]) -> Self {
        let mut counts = Self::default();
        for case in tested {
            counts.inputs += case.inputs;
            match case.verdict {
                Verdict::Passed => counts.passed += 1,
                Verdict::Failed(_) => counts.failed += 1,
                Verdict::WithoutTest(_) => counts.without_test += 1,
            }
        }
        counts
    }
}

fn text(tested: &[Tested], counts: &Counts) -> String {
    let mut text = String::new();
    let mut line = |word: &str, name: &str, why: &str| {
        text.push_str(&plain(&format!("{word} {name}: {why}")));
        text.push('\n');
    };
    for case in tested {
        match &case.verdict {
            Verdict::Passed => {}
            Verdict::Failed(reasons) => reasons.iter().for_each(|why| line("failed", &case.name, why)),
            Verdict::WithoutTest(why) => line("without a test", &case.name, why),
        }
    }
    let Counts { passed, failed, without_test, inputs } = counts;
    let (cases, logs) = (counted_of(tested.len(), "case", "cases"), counted_of(*inputs, "log", "logs"));
    text.push_str(&format!("{cases}: {passed} passed, {failed} failed, {without_test} without a test; {logs} read\n"));
    text
}

fn json(tested: &[Tested], counts: &Counts) -> Value {
    let case = |case: &Tested| {
        let (status, reasons) = match &case.verdict {
            Verdict::Passed => ("passed", Vec::new()),
            Verdict::Failed(reasons) => ("failed", reasons.clone()),
            Verdict::WithoutTest(why) => ("without_test", vec![why.clone()]),
        };
        json!({"name": case.name, "rule_ids": case.rule_ids, "logs": case.inputs, "status": status, "reasons": reasons})
    };
    json!({
        "schema_version": "1",
        "cases": tested.iter().map(case).collect::<Vec<Value>>(),
        "summary": {
            "cases": tested.len(),
            "passed": counts.passed,
            "failed": counts.failed,
            "without_test": counts.without_test,
            "logs": counts.inputs,
        },
    })
}
