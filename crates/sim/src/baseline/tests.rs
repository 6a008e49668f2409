//! The plain reviews over a small hospital.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::rc::Rc;

use super::*;
use crate::ehr::tests::{files, small};
use crate::score::{Score, ScoreOptions, score};

type Shared = Rc<RefCell<BTreeMap<String, Vec<u8>>>>;

struct Memory(Shared, String);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().entry(self.1.clone()).or_default().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn opener(files: &BTreeMap<String, Vec<u8>>) -> impl FnMut(&str) -> std::io::Result<Box<dyn Read>> {
    let files = files.clone();
    move |name| Ok(Box::new(std::io::Cursor::new(files[name].clone())))
}

fn run(kind: Baseline, hospital: &BTreeMap<String, Vec<u8>>) -> (Reviewed, BTreeMap<String, Vec<u8>>, Score) {
    let shared = Shared::default();
    let handle = shared.clone();
    let mut create =
        move |name: &str| -> std::io::Result<Box<dyn Write>> { Ok(Box::new(Memory(handle.clone(), name.to_owned()))) };
    let made = baseline(kind, &mut opener(hospital), &mut create, &mut |_| {}).unwrap();
    let out = shared.borrow().clone();
    let options = ScoreOptions { top: 20, draws: 10, seed: 1 };
    let score = score(
        &mut opener(hospital),
        &mut out["explanations.csv"].as_slice(),
        &mut out["cases.ndjson"].as_slice(),
        &options,
    )
    .unwrap();
    (made, out, score)
}

#[test]
fn every_plain_review_writes_a_line_for_each_row_and_at_most_one_case_a_user_and_repeats_itself() {
    let (simulated, hospital) = files(&small(21));
    for kind in [Baseline::Rules, Baseline::Explanation, Baseline::Collaborative, Baseline::IsolationForest] {
        let (made, out, score) = run(kind, &hospital);
        assert_eq!((made.rows, made.unusable), (simulated.rows, 0), "{kind:?}");
        let lines = out["explanations.csv"].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(u64::try_from(lines).unwrap(), made.rows + 1, "{kind:?}");
        assert_eq!(score.cases_listed, made.cases, "{kind:?}");
        assert!((20..=200).contains(&made.cases), "{kind:?}: {made:?}");
        assert_eq!(out, run(kind, &hospital).1, "{kind:?}");
    }
}

#[test]
fn joining_files_explains_most_provable_rows_and_hardly_any_without_a_reason() {
    let (_, hospital) = files(&small(22));
    let (_, _, score) = run(Baseline::Explanation, &hospital);
    let explained = score.explained;
    assert!(explained.provable_right > 0.8, "{explained:?}");
    assert!(explained.unprovable_explained < 0.1 && explained.undocumented_explained < 0.1, "{explained:?}");
}
