//! Hostile input: what the review says of broken files.
#![cfg(test)]

mod hostile;
#[path = "small/wired.rs"]
mod wired;

use std::collections::BTreeSet;

use hostile::Hostile;
use wired::Verdict;

#[test]
fn every_variant_has_ten_files_and_a_sentence_of_its_own() {
    let all = hostile::all();
    let sentences: BTreeSet<&str> = all.iter().map(|one| one.sentence.as_str()).collect();
    assert_eq!(sentences.len(), all.len());
    for one in &all {
        assert_eq!(one.files.len(), 10, "{}", one.sentence);
        assert!(one.reported.iter().all(|row| !one.either.contains(row)), "{}", one.sentence);
    }
}

fn run(one: &Hostile) -> Verdict {
    let files: Vec<(&str, &[u8])> = one.files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    wired::review(&files)
}

/// What does not hold.
fn problems_of(one: &Hostile) -> Vec<String> {
    let verdict = run(one);
    let sentence = &one.sentence;
    let mut problems = Vec::new();
    if let Some((file, word)) = one.refused {
        let fits = |(name, why): &&(String, String)| name == file && why.contains(word);
        if !verdict.refused.iter().any(|fault| fits(&fault)) {
            problems.push(format!("{sentence}: {file} must be refused for its {word}, said {:?}", verdict.refused));
        }
        return problems;
    }
    if verdict.refused.iter().any(|(file, _)| one.may_refuse != Some(file.as_str())) {
        problems.push(format!("{sentence}: refused {:?}", verdict.refused));
    }
    let told: Vec<(&str, usize)> = verdict.faults.iter().map(|(file, row, _)| (file.as_str(), *row)).collect();
    for expect in &one.reported {
        if !told.contains(expect) {
            problems.push(format!("{sentence}: {expect:?} must be reported, said {:?}", verdict.faults));
        }
    }
    for (file, row, why) in &verdict.faults {
        let known = (file.as_str(), *row);
        if !one.reported.iter().chain(&one.either).any(|(file, row)| known == (*file, *row)) {
            problems.push(format!("{sentence}: nothing is wrong with row {row} of {file}, said \"{why}\""));
        }
        if why.is_empty() {
            problems.push(format!("{sentence}: row {row} of {file} is reported without a reason"));
        }
    }
    for (row, by) in &one.rows {
        match verdict.said.get(row) {
            None => problems.push(format!("{sentence}: row {row} got no line")),
            Some(said) if by.is_empty() && !said.by.is_empty() => {
                problems.push(format!("{sentence}: row {row} has no reason, said {:?}", said.by));
            }
            Some(said) if !by.is_empty() && !said.by.iter().any(|id| id == by) => {
                problems.push(format!("{sentence}: row {row} is explained by {by}, said {:?}", said.by));
            }
            Some(said) if !by.is_empty() && (said.proofs.is_empty() || said.late) => {
                problems.push(format!("{sentence}: row {row} is explained by {by}, and {said:?} has no proof"));
            }
            Some(_) => {}
        }
    }
    problems
}

#[test]
fn of_broken_files_bad_rows_are_reported_and_the_rest_is_used() {
    let problems: Vec<String> = hostile::all().iter().flat_map(problems_of).collect();
    assert!(problems.is_empty(), "{} expectations do not hold:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn a_fault_never_repeats_a_value_of_the_row() {
    let secrets = ["alder", "Quitt", "Lore", "P999", "yesterday"];
    for one in hostile::all() {
        let verdict = run(&one);
        let words = verdict.faults.iter().map(|fault| &fault.2);
        for why in words {
            assert!(!secrets.iter().any(|secret| why.contains(secret)), "{}: {why}", one.sentence);
        }
    }
}
