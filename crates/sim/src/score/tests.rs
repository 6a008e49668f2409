//! A review of eight rows, scored by hand.

use std::io::Read;

use super::*;

const ACCESSES: &str = "time,user,patient\nt,a,1\nt,a,1\nt,b,2\nt,a,3\nt,b,2\nt,c,4\nt,c,4\nt,d,5\n";
/// Rows 1 and 2 are a's by E1, row 3 is b's by E2, 4 is a's case, 5 goes on by E2, 6 and 7 are c's look-alike and noise, 8 is d's case.
const LABELS: &str = "row,label,case,scenario,reason\n1,legit,,,E1\n3,legit,,,E2\n4,case,C1,S2,\n6,lookalike,,S2,E1|E2\n7,none,,,\n8,case,C2,S1,\n";

fn score_of(explanations: &str, cases: &str) -> Result<Score, SimError> {
    let mut open = |name: &str| -> std::io::Result<Box<dyn Read>> {
        Ok(Box::new(if name == "accesses.csv" { ACCESSES.as_bytes() } else { LABELS.as_bytes() }))
    };
    score(&mut open, &mut explanations.as_bytes(), &mut cases.as_bytes(), &ScoreOptions::default())
}

const EXPLANATIONS: &str =
    "row,explanation,proof\n1,E1|E4,x:1\n2,E3,x:2\n3,,\n4,,\n5,E2,x:3\n6,E2,x:4\n7,E5,x:1\n8,,\n";

#[test]
fn a_row_without_a_line_has_the_reasons_last_labelled_for_its_user() {
    let explained = score_of(EXPLANATIONS, "").unwrap().explained;
    assert_eq!((explained.rows, explained.provable, explained.labelled, explained.undocumented), (8, 5, 2, 1));
    assert_eq!((explained.provable_explained, explained.provable_right), (0.8, 0.6));
    assert_eq!((explained.lookalikes_right, explained.undocumented_explained), (1.0, 1.0));
}

#[test]
fn a_case_is_found_by_its_user_and_a_row_and_named_by_its_scenario() {
    let cases = "{\"user\":\"a\",\"scenarios\":[\"S2\"],\"access_rows\":[4,1]}\n{\"user\":\"c\",\"access_rows\":[6]}\n{\"user\":\"d\",\"access_rows\":[7]}\n";
    let score = score_of(EXPLANATIONS, cases).unwrap();
    let all = score.recall.last().unwrap();
    assert_eq!((all.cases, all.recall, all.half_of_rows, all.scenario_named), (2, 0.5, 0.5, 0.5));
    assert_eq!((score.cases_listed, score.lookalikes_accused), (3, 1));
    assert!((score.precision_at_20 - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!(score.base_rate_users, 0.5);
    assert!(all.low < all.recall && all.recall < all.high);
}

#[test]
fn cases_beyond_the_first_are_counted_only() {
    let cases = "{\"user\":\"c\",\"access_rows\":[6]}\n{\"user\":\"a\",\"access_rows\":[4]}\n";
    let mut open = |name: &str| -> std::io::Result<Box<dyn Read>> {
        Ok(Box::new(if name == "accesses.csv" { ACCESSES.as_bytes() } else { LABELS.as_bytes() }))
    };
    let options = ScoreOptions { top: 1, ..ScoreOptions::default() };
    let score = score(&mut open, &mut EXPLANATIONS.as_bytes(), &mut cases.as_bytes(), &options).unwrap();
    assert_eq!((score.cases_listed, score.top, score.recall.last().unwrap().recall), (2, 1, 0.0));
}

#[test]
fn missing_lines_count_as_unexplained_and_disorder_is_refused() {
    assert_eq!(score_of("row,explanation,proof\n5,E2,x:3\n", "").unwrap().explained.provable_explained, 0.2);
    assert!(score_of("row,explanation,proof\n2,E1,\n1,E1,\n", "").unwrap_err().to_string().contains("ascend"));
    assert!(score_of("line,explanation\n", "").unwrap_err().to_string().contains("`row` is missing"));
    assert!(score_of(EXPLANATIONS, "{\"user\":1}").is_err());
}
