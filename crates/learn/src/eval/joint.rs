//! The bench by which the joint detector was chosen: candidates side by side over the same rows.

use super::metrics::{Figures, Unmeasurable};
use super::report::{Line, Report, Section};
use super::sheet::Sheet;
use super::tabular::TablesPlan;
use crate::tabular::{Autoencoders, Cut, Forest, Rows};

/// A candidate: its name and its scores of the second table after learning the first.
type Candidate = (&'static str, fn(&Rows, &Rows, &[usize], &TablesPlan, u64) -> Vec<f64>);

const CANDIDATES: [Candidate; 3] = [
    ("isolation forest", |learnt, judged, columns, plan, seed| {
        Forest::grow(learnt, columns, plan.settings.trees, Cut::Evenly, seed).score_all(judged)
    }),
    ("random cut forest", |learnt, judged, columns, plan, seed| {
        let scaler = Scaler::of(learnt);
        Forest::grow(&scaler.put(learnt), columns, plan.settings.trees, Cut::ByRange, seed)
            .score_all(&scaler.put(judged))
    }),
    ("autoencoders", |learnt, judged, columns, _, seed| {
        let ensemble = Autoencoders::fit(learnt, columns, seed);
        judged.iter().map(|row| ensemble.score(row)).collect()
    }),
];

/// Judges the candidates on the columns of numbers, as [`super::tables`] learns and judges.
///
/// # Errors
/// [`Unmeasurable`] when the rows judged are of one kind only.
pub fn joint(train: &Sheet, test: Option<&Sheet>, plan: &TablesPlan) -> Result<Report, Unmeasurable> {
    let learnt = if test.is_some() { train.normal() } else { train.rows.clone() };
    let judged = test.unwrap_or(train);
    let columns: Vec<usize> = (0..judged.columns.len()).filter(|column| !judged.nominal.contains(column)).collect();
    let positives = judged.labels.iter().filter(|label| **label).count();
    let mut lines = Vec::new();
    for (name, candidate) in CANDIDATES {
        let run = |seed: &u64| {
            Figures::of(&candidate(&learnt, &judged.rows, &columns, plan, *seed), &judged.labels, positives)
        };
        let runs = plan.seeds.iter().map(run).collect::<Result<Vec<Figures>, _>>()?;
        lines.push(Line::of(name, &runs));
    }
    let section =
        Section { name: "joint detectors".to_owned(), rows: judged.rows.len(), positives, budget: positives, lines };
    Ok(Report { bench: "joint".to_owned(), notes: Vec::new(), sections: vec![section] })
}

/// Each column by its range from the 5th to the 95th percentile, or its whole range where these are equal.
struct Scaler(Vec<(f64, f64)>);

impl Scaler {
    fn of(rows: &Rows) -> Self {
        let width = |column: usize| {
            let mut values: Vec<f64> =
                rows.iter().filter_map(|row| row.get(column).copied()).filter(|value| value.is_finite()).collect();
            values.sort_unstable_by(f64::total_cmp);
            let at = |share: usize| values.get((values.len().saturating_sub(1)) * share / 100).copied().unwrap_or(0.0);
            let inner = at(95) - at(5);
            (at(50), if inner > 0.0 { inner } else { (at(100) - at(0)).max(f64::MIN_POSITIVE) })
        };
        Self((0..rows.width()).map(width).collect())
    }

    fn put(&self, rows: &Rows) -> Rows {
        let mut scaled = Rows::new(rows.width());
        for row in rows.iter() {
            let cells: Vec<f64> =
                row.iter().zip(&self.0).map(|(value, (middle, width))| (value - middle) / width).collect();
            scaled.push(&cells);
        }
        scaled
    }
}
