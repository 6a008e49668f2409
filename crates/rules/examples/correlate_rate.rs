//! How many matches per second the correlator takes, by kind: `cargo run -p cordon-rules --example correlate_rate`.
//!
//! One million matches, sorted, 1,000 groups, 5,000 distinct values, one every millisecond, windows of ten minutes. Thresholds that are never met, so
//! that every match pays for the evaluation; CPU seconds are wall seconds of one thread. The room is built with opt-level 3 in every profile.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use cordon_model::Time;
use cordon_rules::correlate::{Correlator, EventRef, Limits, Match, Plan};
use cordon_rules::parse::{Document, documents};

const MATCHES: usize = 1_000_000;
const KINDS: [(&str, &str); 8] = [
    ("event_count", "{gte: 1000000}"),
    ("value_count", "{field: v, gte: 1000000}"),
    ("temporal", "{gte: 5}"),
    ("temporal_ordered", "{gte: 5}"),
    ("value_sum", "{field: v, gte: 1e15}"),
    ("value_avg", "{field: v, gte: 1e15}"),
    ("value_median", "{field: v, gte: 1e15}"),
    ("event_count", "{lt: 0}"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let texts: Vec<String> = (0..5_000).map(|number| number.to_string()).collect();
    for (limits, order) in [(Limits::SORTED, "sorted"), (Limits::LIVE, "five minutes late")] {
        for (kind, condition) in KINDS {
            let seconds = run(kind, condition, limits, &texts)?;
            writeln!(out, "{kind:17} {condition:30} {order:18} {:5.2} million matches/s", 1.0 / seconds)?;
        }
    }
    Ok(())
}

/// Seconds for a million matches.
fn run(kind: &str, condition: &str, limits: Limits, texts: &[String]) -> Result<f64, Box<dyn Error>> {
    let yaml = format!(
        "title: t\ncorrelation: {{type: {kind}, rules: [r0, r1, r2], group-by: [g], timespan: 10m, condition: {condition}}}\n"
    );
    let Some(Ok(Document::Correlation(correlation))) = documents("rate.yml", &yaml).pop() else {
        return Err("the correlation does not load".into());
    };
    let resolve = |name: &str| Some((name.strip_prefix('r')?.parse().ok()?, name.to_owned()));
    let plan = Plan::new(std::slice::from_ref(&correlation), &resolve).0;
    let mut correlator = Correlator::new(Arc::new(plan), limits);
    let mut fired = Vec::new();
    let began = Instant::now();
    let rules = [0_u32, 1, 2].into_iter().cycle();
    for (number, rule) in (0..MATCHES).zip(rules) {
        let group = texts.get(number * 7919 % 1_000).map(String::as_str);
        let value = texts.get(number * 104_729 % 5_000).map(String::as_str);
        let time = Time(i64::try_from(number)? * 1_000);
        let found = Match { rule, time, event: EventRef(number as u64), values: &[group, value] };
        correlator.observe(&found, &mut fired);
    }
    correlator.finish(&mut fired);
    Ok(began.elapsed().as_secs_f64())
}
