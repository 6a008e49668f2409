//! The simulated hospital from the command line: made, reviewed plainly, scored.

use crate::common::{Ran, run_in};

fn cordon(dir: &std::path::Path, line: &str) -> Ran {
    let args: Vec<&str> = line.split(' ').collect();
    run_in(dir, &args, b"")
}

#[test]
fn a_hospital_is_made_reviewed_plainly_and_scored() {
    let dir = tempfile::tempdir().unwrap();
    let ehr = "sim ehr --staff 200 --patients 6000 --days 3 --seed 5 --out hospital";
    let made = cordon(dir.path(), ehr);
    assert_eq!(made.code, Some(0), "{}", made.err);
    assert!(made.err.contains("20 cases, 200 look-alikes"), "{}", made.err);
    assert_eq!(std::fs::read_dir(dir.path().join("hospital")).unwrap().count(), 11);
    let reviewed = cordon(dir.path(), "sim baseline --data hospital --kind explanation --out plain");
    assert_eq!(reviewed.code, Some(0), "{}", reviewed.err);
    let score =
        "sim score --truth hospital --explanations plain/explanations.csv --cases plain/cases.ndjson --format json";
    let scored = cordon(dir.path(), score);
    assert_eq!(scored.code, Some(0), "{}", scored.err);
    let score: serde_json::Value = serde_json::from_str(&scored.out).unwrap();
    assert_eq!(score["recall"][20]["cases"], 20, "{score}");
    assert!(score["explained"]["provable_right"].as_f64().unwrap() > 0.8, "{score}");
}

#[test]
fn what_cannot_be_simulated_is_refused_with_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let refused = cordon(dir.path(), "sim ehr --staff 3 --out hospital");
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    assert!(refused.err.contains("staff must be from 150"), "{}", refused.err);
    std::fs::write(dir.path().join("plan.toml"), "[scenario.S99]\ncases = 1\n").unwrap();
    let refused = cordon(dir.path(), "sim ehr --scenarios plan.toml --out hospital");
    assert!(refused.err.contains("S99"), "{}", refused.err);
}
