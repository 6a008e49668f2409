//! Every model against every property: a row for each model, a column for each property, and a test that no model is missing.
//!
//! A recall is that of attacks above the score that one usual input in a hundred exceeds. All worlds are synthetic and all seeds fixed: this proves that a property holds,
//! not how good a model is; for that there is `cordon learn eval`. `cargo nextest run -p cordon-learn --test every_model --no-capture` prints the figures.
#![expect(clippy::print_stderr, clippy::panic, reason = "tests say what they measured")]

mod columns;
mod edges;
mod sequences;
mod series;
mod tabular;
mod thresholds;
mod trial;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use trial::{Held, Row};

/// The table.
const ROWS: [Row; 24] = [
    Row::of::<edges::Plain>(),
    Row::of::<edges::Rooted>(),
    Row::of::<edges::Filtered>(),
    Row::of::<edges::Forgetting>(),
    Row::of::<edges::Things>(),
    Row::of::<edges::Partners>(),
    Row::of::<sequences::Transitions>(),
    Row::of::<sequences::Frequencies>(),
    Row::of::<sequences::OfARole>(),
    Row::of::<tabular::Tails>(),
    Row::of::<tabular::Nominal>(),
    Row::of::<tabular::Isolation>(),
    Row::of::<tabular::RandomCut>(),
    Row::of::<tabular::Joint>(),
    Row::of::<tabular::HalfSpaces>(),
    Row::of::<tabular::Network>(),
    Row::of::<thresholds::Fixed>(),
    Row::of::<thresholds::Wandering>(),
    Row::of::<series::Recent>(),
    Row::of::<series::OfTheDay>(),
    Row::of::<series::Creep>(),
    Row::of::<series::Watched>(),
    Row::of::<thresholds::Person>(),
    Row::of::<thresholds::Combined>(),
];

/// Types with a snapshot that are parts of models, and the model by which they are tested.
const PARTS: [(&str, &str); 7] = [
    ("Counts", "Midas"),
    ("Strings", "Ppm"),
    ("Tail", "Role"),
    ("Drift", "Midas"),
    ("Seen", "Entity"),
    ("Moments", "Entity"),
    ("Pareto", "Spot"),
];

fn every(property: impl Fn(&Row) -> fn() -> Held) {
    let faults: Vec<String> =
        ROWS.iter().filter_map(|row| property(row)().err().map(|why| format!("{}: {why}", row.name))).collect();
    assert!(faults.is_empty(), "{} of {} models fail\n{}", faults.len(), ROWS.len(), faults.join("\n"));
}

#[test]
fn the_parts_of_a_score_sum_to_it() {
    every(|row| row.sum_of_parts);
}

#[test]
fn a_kept_model_goes_on_the_same_and_damage_is_refused() {
    every(|row| row.snapshot);
}

#[test]
fn merged_models_know_what_both_knew_and_unlike_ones_are_refused() {
    every(|row| row.merge);
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    every(|row| row.determinism);
}

#[test]
fn five_and_twenty_per_cent_of_attacks_in_the_warm_up_leave_what_is_promised() {
    every(|row| row.poisoning);
}

#[test]
fn a_world_that_moves_slowly_raises_no_more_alarms_than_promised() {
    every(|row| row.slow_drift);
}

#[test]
fn a_slow_attacker_is_told_or_stated_as_not_seen() {
    every(|row| row.slow_attack);
}

#[test]
fn without_what_the_explanation_names_nine_of_ten_alerts_are_gone() {
    every(|row| row.deletion);
}

/// Every type of the room that can be kept or that learns.
fn models_of(folder: &Path, found: &mut BTreeSet<String>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|fault| panic!("{}: {fault}", folder.display()));
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            models_of(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        let mut of = String::new();
        for line in text.lines() {
            let name = |rest: &str| rest.chars().take_while(|letter| letter.is_alphanumeric()).collect::<String>();
            if let Some(rest) = line.strip_prefix("impl Snapshot for ") {
                found.insert(name(rest));
            } else if let Some(rest) = line.strip_prefix("impl ") {
                of = name(rest);
            }
            let learns = ["learn(&mut self", "observe(&mut self", "step(&mut self"];
            if learns
                .iter()
                .any(|what| line.trim_start().strip_prefix("pub fn ").is_some_and(|rest| rest.starts_with(what)))
            {
                found.insert(of.clone());
            }
        }
    }
}

#[test]
fn no_model_of_the_room_is_missing_from_the_table() {
    let mut found = BTreeSet::new();
    models_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() >= 18, "{found:?}");
    let listed = |model: &str| ROWS.iter().any(|row| row.name.split([' ', ',']).next() == Some(model));
    let missing: Vec<&String> =
        found.iter().filter(|model| !listed(model) && !PARTS.iter().any(|(part, _)| part == model)).collect();
    assert!(missing.is_empty(), "no row in the table for {missing:?}");
    assert!(PARTS.iter().all(|(_, model)| listed(model)));
}
