//! Which labelled cases a review found among its first.

use std::io::Read;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::rows::{TrueCase, Truth, content};
use super::{Recall, Score, ScoreOptions, share};
use crate::ehr::{SCENARIOS, SimError};
use crate::rng::{Rng, index};

/// One case of a review; what else its line holds does not matter here.
#[derive(Debug, Deserialize)]
struct Listed {
    user: String,
    #[serde(default)]
    scenarios: Vec<String>,
    access_rows: Vec<u64>,
}

/// The first cases of a review, and how many it lists.
#[derive(Debug)]
pub(super) struct Cases {
    first: Vec<Listed>,
    count: u64,
}

/// Reads cases.ndjson; lines beyond the first `top` are only counted.
pub(super) fn read(input: &mut dyn Read, top: usize) -> Result<Cases, SimError> {
    let mut text = String::new();
    input.read_to_string(&mut text).map_err(|source| SimError::file("cases", source))?;
    let mut cases = Cases { first: Vec::new(), count: 0 };
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        cases.count += 1;
        if cases.first.len() < top {
            let case = serde_json::from_str(line).map_err(|error| content("cases", cases.count, &error.to_string()))?;
            cases.first.push(case);
        }
    }
    for case in &mut cases.first {
        case.access_rows.sort_unstable();
    }
    Ok(cases)
}

/// How a labelled case was found.
#[derive(Clone, Copy, Default)]
struct Found {
    any: bool,
    half: bool,
    named: bool,
}

/// The whole score.
pub(super) fn score(truth: Truth, cases: &Cases, options: &ScoreOptions) -> Score {
    let mut by_user: FxHashMap<&str, Vec<&Listed>> = FxHashMap::default();
    for case in &cases.first {
        by_user.entry(&case.user).or_default().push(case);
    }
    let found: Vec<Found> = truth.cases.iter().map(|case| find(case, &by_user)).collect();
    let mut bad: FxHashMap<&str, Vec<u64>> = FxHashMap::default();
    for case in &truth.cases {
        bad.entry(&case.user).or_default().extend(&case.rows);
    }
    let hit = |case: &&Listed| bad.get(case.user.as_str()).is_some_and(|rows| shared(rows, &case.access_rows) > 0);
    let lookalike = |case: &&Listed| shared(&truth.lookalikes, &case.access_rows) > 0;
    let precision = |n: usize| {
        let first = cases.first.iter().take(n);
        let hits = first.filter(hit).count();
        share(to_u64(hits), to_u64(n.min(cases.first.len())))
    };
    let people = bad.len();
    let mut recall: Vec<Recall> =
        (1..=SCENARIOS).map(|n| one(&format!("S{n}"), &truth.cases, &found, options)).collect();
    recall.push(one("all", &truth.cases, &found, options));
    Score {
        recall,
        cases_listed: cases.count,
        top: to_u64(cases.first.len()),
        precision_at_20: precision(20),
        precision_at_top: precision(cases.first.len()),
        lookalikes_accused: to_u64(cases.first.iter().filter(|case| !hit(case) && lookalike(case)).count()),
        base_rate_users: share(to_u64(people), truth.users),
        base_rate_rows: share(truth.explained.labelled, truth.explained.rows),
        recall_at_random: share(to_u64(options.top), truth.users).min(1.0),
        explained: truth.explained,
    }
}

fn to_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// How many of `rows` are among the sorted `others`, duplicates of `rows` counted.
fn shared(rows: &[u64], others: &[u64]) -> usize {
    if others.len() < rows.len() {
        return others.iter().filter(|row| rows.binary_search(row).is_ok()).count();
    }
    rows.iter().filter(|row| others.binary_search(row).is_ok()).count()
}

fn find(case: &TrueCase, by_user: &FxHashMap<&str, Vec<&Listed>>) -> Found {
    let mut found = Found::default();
    for listed in by_user.get(case.user.as_str()).into_iter().flatten() {
        let rows = case.rows.iter().filter(|row| listed.access_rows.binary_search(row).is_ok()).count();
        if rows == 0 {
            continue;
        }
        found.any = true;
        found.half |= 2 * rows >= case.rows.len();
        found.named |= listed.scenarios.contains(&case.scenario);
    }
    found
}

fn one(scenario: &str, cases: &[TrueCase], found: &[Found], options: &ScoreOptions) -> Recall {
    let those: Vec<Found> = cases
        .iter()
        .zip(found)
        .filter(|(case, _)| scenario == "all" || case.scenario == scenario)
        .map(|(_, found)| *found)
        .collect();
    let count = |wanted: fn(&Found) -> bool| {
        share(to_u64(those.iter().filter(|found| wanted(found)).count()), to_u64(those.len()))
    };
    let (low, high) = interval(&those, options);
    Recall {
        scenario: scenario.to_owned(),
        cases: to_u64(those.len()),
        recall: count(|found| found.any),
        low,
        high,
        half_of_rows: count(|found| found.half),
        scenario_named: count(|found| found.named),
    }
}

/// The middle 95 % of the share found, over draws with replacement (Efron 1979).
fn interval(cases: &[Found], options: &ScoreOptions) -> (f64, f64) {
    let mut rng = Rng::of(options.seed, &[9, to_u64(cases.len())]);
    let mut shares: Vec<f64> = Vec::new();
    for _ in 0..options.draws {
        let hits = (0..cases.len()).filter(|_| rng.pick(cases).is_some_and(|found| found.any)).count();
        shares.push(share(to_u64(hits), to_u64(cases.len())));
    }
    shares.sort_by(f64::total_cmp);
    let at = |part: usize| shares.get(shares.len() * part / 1000).copied().unwrap_or(0.0);
    let last = index(shares.len()).saturating_sub(1) as usize;
    (at(25), shares.get((shares.len() * 975 / 1000).min(last)).copied().unwrap_or(0.0))
}
