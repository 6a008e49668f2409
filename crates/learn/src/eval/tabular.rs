//! The bench of tables: a model learns one table and judges another, or learns and judges the same unlabelled one.
//!
//! A label is never shown to a model. In the first form only rows labelled normal are learnt, in the second all rows are. Every choice (scales, trees, tree of names)
//! follows from the learnt rows. The settings are the same for every table. A warm-up is not always clean: [`TablesPlan::contamination`] mixes attacks into what is learnt.

use super::metrics::{Figures, Spread, Unmeasurable};
use super::report::{Line, Report, Section};
use super::sheet::Sheet;
use super::{CpuSeconds, edges::control_lines, mixed::Mixed};
use crate::tabular::{Ensemble, Settings, Verdict};

/// How the bench runs.
#[derive(Clone, Debug, PartialEq)]
pub struct TablesPlan {
    /// One run for each.
    pub seeds: Vec<u64>,
    /// Alerts that the budget allows; none for as many as there are attacks.
    pub budget: Option<usize>,
    /// What every model is told.
    pub settings: Settings,
    /// Share of attacks among the rows learnt, 0 to 0.5, drawn anew for each seed; none to learn as [`tables`] says. The attacks mixed in are never judged.
    pub contamination: Option<f64>,
}

/// A part of the table judged, by its name and its rows.
#[derive(Clone, Debug)]
pub struct TestPart {
    /// What it is called.
    pub name: String,
    /// Places of its rows in the table judged.
    pub rows: Vec<usize>,
}

/// Learns the normal rows of `train`, judges `test` and, of it, each of `parts`. Without `test` it learns all of `train` and judges the same rows.
///
/// # Errors
/// [`Unmeasurable`] when the rows judged are of one kind only.
pub fn tables(
    train: &Sheet,
    test: Option<&Sheet>,
    parts: &[TestPart],
    plan: &TablesPlan,
    clock: &mut CpuSeconds<'_>,
) -> Result<Report, Unmeasurable> {
    let split = plan.contamination.map(|share| Mixed::of(train, test, share));
    let learnt = if test.is_some() { train.normal() } else { train.rows.clone() };
    let judged = split.as_ref().and_then(|split| split.judged.as_ref()).or(test).unwrap_or(train);
    let all = TestPart { name: "all rows judged".to_owned(), rows: (0..judged.rows.len()).collect() };
    let parts: Vec<&TestPart> = std::iter::once(&all).chain(parts).collect();
    let mut board = Board::new(&parts);
    for seed in &plan.seeds {
        let settings = Settings { seed: *seed, ..plan.settings };
        let mixed = split.as_ref().map(|split| split.rows(*seed));
        let learnt = mixed.as_ref().unwrap_or(&learnt);
        let begin = clock();
        let ensemble = Ensemble::fit(learnt, &judged.nominal, settings);
        let fitted = clock();
        let verdicts = ensemble.score_all(&judged.rows);
        let scored = clock();
        board.costs.push((
            learnt.len() as f64 / (fitted - begin).max(1e-9),
            judged.rows.len() as f64 / (scored - fitted).max(1e-9),
        ));
        board.bytes = ensemble.bytes();
        board.take(&parts, &verdicts, &judged.labels, plan.budget)?;
    }
    let sections = board.sections(&parts, &judged.labels, plan)?;
    let notes = match &split {
        Some(split) => split.notes(judged, plan),
        None => notes(learnt.len(), form(test.is_some()), judged, plan),
    };
    Ok(Report { bench: "tabular".to_owned(), notes, sections })
}

/// A detector by its name, and what of a verdict is its own.
type Voice = (&'static str, fn(&Verdict) -> f64);

/// What a line is about.
const VOICES: [Voice; 4] = [
    ("combination", |verdict| verdict.value),
    ("tails (ECOD)", |verdict| verdict.ecod),
    ("isolation forest", |verdict| verdict.forest),
    ("names", |verdict| verdict.names),
];

/// Figures by part, voice and run.
struct Board {
    runs: Vec<[Vec<Figures>; 4]>,
    costs: Vec<(f64, f64)>,
    bytes: usize,
}

impl Board {
    fn new(parts: &[&TestPart]) -> Self {
        Self { runs: parts.iter().map(|_| Default::default()).collect(), costs: Vec::new(), bytes: 0 }
    }

    fn take(
        &mut self,
        parts: &[&TestPart],
        verdicts: &[Verdict],
        labels: &[bool],
        budget: Option<usize>,
    ) -> Result<(), Unmeasurable> {
        for (part, runs) in parts.iter().zip(&mut self.runs) {
            let labels = pick(labels, &part.rows);
            let verdicts = pick(verdicts, &part.rows);
            let budget = budget.unwrap_or_else(|| positives(&labels));
            for ((_, voice), runs) in VOICES.iter().zip(runs.iter_mut()) {
                let scores: Vec<f64> = verdicts.iter().map(voice).collect();
                runs.push(Figures::of(&scores, &labels, budget)?);
            }
        }
        Ok(())
    }

    fn sections(self, parts: &[&TestPart], labels: &[bool], plan: &TablesPlan) -> Result<Vec<Section>, Unmeasurable> {
        let speeds: Vec<f64> = self.costs.iter().map(|cost| cost.1).collect();
        let fits = Spread::of(self.costs.iter().map(|cost| cost.0));
        let mut sections = Vec::new();
        for (part, runs) in parts.iter().zip(&self.runs) {
            let labels = pick(labels, &part.rows);
            let budget = plan.budget.unwrap_or_else(|| positives(&labels));
            let mut lines: Vec<Line> = VOICES.iter().zip(runs).map(|((name, _), runs)| Line::of(*name, runs)).collect();
            lines.first_mut().into_iter().for_each(|line| {
                *line = std::mem::take(line).with_cost(&speeds, self.bytes).with("rows learnt/s", fits);
            });
            lines.extend(control_lines(&labels, &plan.seeds, budget)?);
            sections.push(Section {
                name: part.name.clone(),
                rows: labels.len(),
                positives: positives(&labels),
                budget,
                lines,
            });
        }
        Ok(sections)
    }
}

fn pick<T: Copy>(all: &[T], places: &[usize]) -> Vec<T> {
    places.iter().filter_map(|place| all.get(*place)).copied().collect()
}

fn positives(labels: &[bool]) -> usize {
    labels.iter().filter(|label| **label).count()
}

const fn form(apart: bool) -> &'static str {
    if apart { "rows labelled normal of the table learnt" } else { "all rows, without their labels" }
}

pub(super) fn notes(learnt: usize, form: &str, judged: &Sheet, plan: &TablesPlan) -> Vec<String> {
    vec![
        format!(
            "learnt: {learnt} rows ({form}); judged: {} rows of {} columns, {} of them names",
            judged.rows.len(),
            judged.columns.len(),
            judged.nominal.len()
        ),
        format!(
            "{} trees; seeds {:?}; one configuration for every table; scales from the rows learnt",
            plan.settings.trees, plan.seeds
        ),
    ]
}
