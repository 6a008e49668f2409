//! The bench of streams of records: each row is scored before it is learnt, in the order of the table.
//!
//! Half-space trees run beside the ensemble over the same rows. They need numbers between 0 and 1 and get them by the smallest and largest value seen so far; the ensemble takes
//! the numbers as they are. A detector says 0 until it has seen its first rows.

use super::metrics::{Figures, Unmeasurable};
use super::report::{Line, Report, Section};
use super::sheet::Sheet;
use super::tabular::TablesPlan;
use super::{CpuSeconds, controls::Draw, edges::control_lines};
use crate::tabular::{Ensemble, HalfSpace, Settings};

/// Trees and window of the half-space trees, as published.
const HALF_SPACE: (usize, u32) = (25, 250);

/// Judges and learns the rows of `sheet` one by one, in an order drawn for each seed when `shuffled`, else in their own.
///
/// # Errors
/// [`Unmeasurable`] when the rows are of one kind only.
pub fn prequential(
    sheet: &Sheet,
    shuffled: bool,
    plan: &TablesPlan,
    clock: &mut CpuSeconds<'_>,
) -> Result<Report, Unmeasurable> {
    let positives = sheet.labels.iter().filter(|label| **label).count();
    let budget = plan.budget.unwrap_or(positives);
    let (mut ours, mut theirs) = (Course::default(), Course::default());
    for seed in &plan.seeds {
        let mut order: Vec<usize> = (0..sheet.rows.len()).collect();
        if shuffled {
            Draw::new(*seed).shuffle(&mut order);
        }
        let labels: Vec<bool> = order.iter().filter_map(|place| sheet.labels.get(*place)).copied().collect();
        let mut ensemble =
            Ensemble::new(sheet.columns.len(), &sheet.nominal, Settings { seed: *seed, ..plan.settings });
        ours.run(sheet, &order, clock, |row, _| {
            let verdict = ensemble.score(row);
            ensemble.learn(row);
            verdict.value
        });
        ours.judge(&labels, budget, ensemble.bytes())?;
        let mut trees = HalfSpace::new(sheet.columns.len(), HALF_SPACE.0, HALF_SPACE.1, *seed);
        theirs.run(sheet, &order, clock, |row, scaler| {
            let row = scaler.put(row);
            let score = trees.score(row);
            trees.learn(row);
            score
        });
        theirs.judge(&labels, budget, trees.bytes())?;
    }
    let mut lines = vec![ours.line("combination"), theirs.line("half-space trees")];
    lines.extend(control_lines(&sheet.labels, &plan.seeds, budget)?);
    let order = if shuffled { "rows in an order drawn for each seed" } else { "rows in their own order" };
    let section = Section { name: order.to_owned(), rows: sheet.rows.len(), positives, budget, lines };
    let note = format!(
        "score first, learn afterwards; no warm-up left out; {} trees; seeds {:?}",
        plan.settings.trees, plan.seeds
    );
    Ok(Report { bench: "prequential".to_owned(), notes: vec![note], sections: vec![section] })
}

/// One detector over several runs.
#[derive(Default)]
struct Course {
    scores: Vec<f64>,
    runs: Vec<Figures>,
    speeds: Vec<f64>,
    bytes: usize,
}

impl Course {
    fn run(
        &mut self,
        sheet: &Sheet,
        order: &[usize],
        clock: &mut CpuSeconds<'_>,
        mut step: impl FnMut(&[f64], &mut Scaler) -> f64,
    ) {
        let mut scaler = Scaler::new(sheet);
        self.scores.clear();
        let begin = clock();
        for place in order {
            self.scores.push(step(sheet.rows.row(*place), &mut scaler));
        }
        self.speeds.push(order.len() as f64 / (clock() - begin).max(1e-9));
    }

    fn judge(&mut self, labels: &[bool], budget: usize, bytes: usize) -> Result<(), Unmeasurable> {
        self.runs.push(Figures::of(&self.scores, labels, budget)?);
        self.bytes = bytes;
        Ok(())
    }

    fn line(&self, name: &str) -> Line {
        Line::of(name, &self.runs).with_cost(&self.speeds, self.bytes)
    }
}

/// Smallest and largest value of each column so far; names stay as they are.
struct Scaler {
    ranges: Vec<(f64, f64)>,
    nominal: Vec<usize>,
    scaled: Vec<f64>,
}

impl Scaler {
    fn new(sheet: &Sheet) -> Self {
        let width = sheet.columns.len();
        Self {
            ranges: vec![(f64::INFINITY, f64::NEG_INFINITY); width],
            nominal: sheet.nominal.clone(),
            scaled: vec![0.0; width],
        }
    }

    /// Takes a row in and puts it on the scale.
    fn put(&mut self, row: &[f64]) -> &[f64] {
        for (column, ((value, range), scaled)) in row.iter().zip(&mut self.ranges).zip(&mut self.scaled).enumerate() {
            if value.is_finite() {
                *range = (range.0.min(*value), range.1.max(*value));
            }
            *scaled = match range.1 - range.0 {
                _ if self.nominal.contains(&column) => *value,
                width if width > 0.0 => (value - range.0) / width,
                _ if value.is_nan() => f64::NAN,
                _ => 0.0,
            };
        }
        &self.scaled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::Codes;

    #[test]
    fn rows_that_differ_from_the_stream_rank_above_it() {
        let mut sheet = Sheet::new(vec!["a".to_owned(), "b".to_owned()], Vec::new());
        let (mut draw, mut codes) = (Draw::new(1), Codes::default());
        for row in 0..3_000 {
            let attack = row > 600 && row % 100 == 0;
            let shift = if attack { 9.0 } else { 0.0 };
            let cells = [draw.unit() + shift, draw.unit() - shift].map(|value| value.to_string());
            sheet.push(&[&cells[0], &cells[1]], attack, &mut codes).unwrap();
        }
        let settings = Settings { trees: 20, ..Settings::default() };
        let plan = TablesPlan { seeds: vec![1, 2], budget: None, settings, contamination: None };
        let mut clock = || 0.0;
        let report = prequential(&sheet, false, &plan, &mut clock).unwrap();
        let lines = &report.sections[0].lines;
        assert_eq!(lines.len(), 4);
        assert!(lines[0].auc.mean > 0.95, "{:?}", lines[0]);
        assert_eq!(report, prequential(&sheet, false, &plan, &mut clock).unwrap());
    }
}
