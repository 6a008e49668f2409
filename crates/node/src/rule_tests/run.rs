//! From cases to verdicts.

use std::io;
use std::path::Path;

use cordon_collect::{Limits, Loss, Sources};
use cordon_detect::Detector;

use super::{Case, Expect, Plan};
use crate::scan::{Report, scan};
use crate::{Progress, StreetOptions};

/// A case that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested {
    /// [`Case::name`].
    pub name: String,
    /// [`Case::rule_ids`].
    pub rule_ids: Vec<String>,
    /// Logs read.
    pub inputs: usize,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every log gave what was expected.
    Passed,
    /// Why not, a line for each log and rule.
    Failed(Vec<String>),
    /// There is no test to run, and why.
    WithoutTest(String),
}

/// Runs a case: each of its logs alone along the whole street. `absence` says why a rule cannot fire, `None` for one that the detector has.
#[must_use]
pub fn run(
    case: &Case,
    detector: &Detector,
    absence: impl Fn(&str) -> Option<String>,
    options: &StreetOptions,
) -> Tested {
    let (inputs, verdict) = match &case.plan {
        Plan::Nothing(why) => (0, Verdict::WithoutTest(why.clone())),
        Plan::Broken(why) => (0, Verdict::Failed(vec![why.clone()])),
        Plan::Scan(logs, expect) => {
            let absent: Vec<String> = case.rule_ids.iter().filter_map(|id| absence(id)).collect();
            if absent.is_empty() {
                let failures = logs.iter().flat_map(|log| failures(case, log, *expect, detector, options));
                let failures: Vec<String> = failures.collect();
                (logs.len(), if failures.is_empty() { Verdict::Passed } else { Verdict::Failed(failures) })
            } else {
                (0, Verdict::Failed(absent))
            }
        }
    };
    Tested { name: case.name.clone(), rule_ids: case.rule_ids.clone(), inputs, verdict }
}

fn failures(case: &Case, log: &Path, expect: Expect, detector: &Detector, options: &StreetOptions) -> Vec<String> {
    let file = log.file_name().unwrap_or_default().to_string_lossy();
    let place = if case.name.ends_with(&*file) { String::new() } else { format!("{file}: ") };
    let (counts, report) = match count(&case.rule_ids, log, detector, options) {
        Ok(counted) => counted,
        Err(error) => return vec![format!("{place}{error}")],
    };
    if report.tally.input_lost() || report.tally.events == 0 {
        return vec![format!("{place}{}", unread(&report))];
    }
    let judged = case.rule_ids.iter().zip(counts).filter_map(|(rule_id, found)| {
        let wrong = match expect {
            Expect::Some if found == 0 => {
                format!("found 0, expected at least 1{}", way(rule_id, detector, &report))
            }
            Expect::None if found > 0 => format!("found {found}, expected none"),
            Expect::Exactly(stated) if stated != found => format!("stated {stated}, found {found}"),
            _ => return None,
        };
        let which = if case.rule_ids.len() > 1 { format!(" (rule {rule_id})") } else { String::new() };
        Some(format!("{place}{wrong}{which}"))
    });
    judged.collect()
}

/// How many findings each rule gives on a log.
fn count(
    rule_ids: &[String],
    log: &Path,
    detector: &Detector,
    options: &StreetOptions,
) -> io::Result<(Vec<u64>, Report)> {
    let sources = Sources::new(&[log.to_owned()], Limits::default(), options.decode.received);
    let mut counts = vec![0; rule_ids.len()];
    let report = scan(sources, options, detector, &Progress::default(), |found| {
        for (count, rule_id) in counts.iter_mut().zip(rule_ids) {
            *count += u64::from(found.finding.rule.id == *rule_id);
        }
        Ok(())
    })?;
    Ok((counts, report))
}

/// Why a log proves nothing.
fn unread(report: &Report) -> String {
    let lost = report.tally.anomalies.values().filter(|count| count.loss == Loss::Input);
    let names: Vec<&str> = lost.map(|count| count.anomaly.name()).collect();
    match names.as_slice() {
        [] => "no event was read from it".to_owned(),
        names => format!("it could not be read to its end: {}", names.join(", ")),
    }
}

/// How far a log got on its way to a rule on events; nothing for correlations.
fn way(rule_id: &str, detector: &Detector, report: &Report) -> String {
    let engine = detector.engine();
    let numbers = (0u32..).take(engine.rule_count());
    let of_id = |number: &u32| engine.card(*number).is_some_and(|card| card.id == rule_id);
    let Some(rule) = numbers.into_iter().find(of_id) else { return String::new() };
    if !detector.plan().rule_stands_alone(rule) {
        return ": a correlation takes its matches; `generate: true` there lets it give findings of its own".to_owned();
    }
    let sets = report.tally.source_sets.iter();
    let reached: u64 = sets.filter(|(set, _)| engine.reaches(**set, rule)).map(|(_, count)| *count).sum();
    format!(" ({reached} of {} events are of its log source)", report.tally.events)
}
