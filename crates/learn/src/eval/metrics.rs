//! Figures of a ranking: area under the ROC curve, average precision, recall at a false-positive rate, precision and recall at a number of alerts.
//!
//! Rows with the same score cannot be told apart by the detector, so no figure may depend on their order: they count as one step of every curve.

use std::cmp::Ordering;

use serde::Serialize;

/// False-positive rates at which recall is stated: 0.1, 1 and 5 %.
pub const FPR_STATED: [f64; 3] = [0.001, 0.01, 0.05];

/// Why scores and labels give no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmeasurable {
    /// Not one label for each score.
    #[error("{scores} scores for {labels} labels: every row needs both")]
    Lengths {
        /// Number of scores.
        scores: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A score that is no number.
    #[error("the score of row {row} is not a number: the detector is at fault")]
    NotANumber {
        /// The row, counted from 1.
        row: usize,
    },
    /// All rows are of one class.
    #[error(
        "{positives} of {rows} rows are labelled as attacks: figures need rows of both kinds, check which label is the normal one"
    )]
    OneClass {
        /// Rows labelled as attacks.
        positives: usize,
        /// All rows.
        rows: usize,
    },
}

/// All rows of one score: a step of the curves, the highest score first.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    /// The score that these rows share.
    score: f64,
    /// Attacks with this score or a higher one.
    true_positives: usize,
    /// Rows with this score or a higher one.
    alerts: usize,
}

/// Scores beside the truth, sorted once; every figure is read from it.
#[derive(Clone, Debug)]
pub struct Ranking {
    steps: Vec<Step>,
    rows: usize,
    positives: usize,
}

impl Ranking {
    /// Sorts `scores` (higher is more unusual) with their labels (true is an attack).
    ///
    /// # Errors
    /// [`Unmeasurable`]: lengths that differ, a score that is not a number, rows of one class only.
    pub fn new(scores: &[f64], labels: &[bool]) -> Result<Self, Unmeasurable> {
        if scores.len() != labels.len() {
            return Err(Unmeasurable::Lengths { scores: scores.len(), labels: labels.len() });
        }
        if let Some(place) = scores.iter().position(|score| score.is_nan()) {
            return Err(Unmeasurable::NotANumber { row: place + 1 });
        }
        let rows = scores.len();
        let positives = labels.iter().filter(|label| **label).count();
        if positives == 0 || positives == rows {
            return Err(Unmeasurable::OneClass { positives, rows });
        }
        let mut sorted: Vec<(f64, bool)> = scores.iter().copied().zip(labels.iter().copied()).collect();
        sorted.sort_unstable_by(|a, b| b.0.partial_cmp(&a.0).unwrap_or(Ordering::Equal));
        let mut steps: Vec<Step> = Vec::new();
        let mut true_positives = 0;
        for (place, (score, label)) in sorted.into_iter().enumerate() {
            true_positives += usize::from(label);
            let step = Step { score, true_positives, alerts: place + 1 };
            match steps.last_mut() {
                Some(last) if last.score == score => *last = step,
                _ => steps.push(step),
            }
        }
        Ok(Self { steps, rows, positives })
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of attacks.
    #[must_use]
    pub fn positives(&self) -> usize {
        self.positives
    }

    /// Share of attacks among the rows: the average precision of a detector that knows nothing.
    #[must_use]
    pub fn base_rate(&self) -> f64 {
        self.positives as f64 / self.rows as f64
    }

    /// Area under the ROC curve, 0 to 1: the chance that an attack scores above a normal row, ties counted half (Hanley and McNeil 1982).
    #[must_use]
    pub fn auc(&self) -> f64 {
        let negatives = self.rows - self.positives;
        let mut area = 0.0;
        let (mut hits_before, mut false_before) = (0, 0);
        for step in &self.steps {
            let false_positives = step.alerts - step.true_positives;
            let width = (false_positives - false_before) as f64;
            area += width * (step.true_positives + hits_before) as f64 / 2.0;
            (hits_before, false_before) = (step.true_positives, false_positives);
        }
        area / (self.positives as f64 * negatives as f64)
    }

    /// Average precision, 0 to 1: precision at each step weighted by the recall that the step adds, without interpolation.
    #[must_use]
    pub fn average_precision(&self) -> f64 {
        let mut sum = 0.0;
        let mut hits_before = 0;
        for step in &self.steps {
            let precision = step.true_positives as f64 / step.alerts as f64;
            sum += precision * (step.true_positives - hits_before) as f64;
            hits_before = step.true_positives;
        }
        sum / self.positives as f64
    }

    /// Share of attacks found by the lowest threshold whose false-positive rate is at most `fpr` (0 to 1). Rows of one score are all alerts or none.
    #[must_use]
    pub fn tpr_at_fpr(&self, fpr: f64) -> f64 {
        let allowed = fpr * (self.rows - self.positives) as f64;
        let within = |step: &&Step| (step.alerts - step.true_positives) as f64 <= allowed;
        let found = self.steps.iter().take_while(within).last().map_or(0, |step| step.true_positives);
        found as f64 / self.positives as f64
    }

    /// Precision and recall of the `alerts` rows with the highest scores. Where rows of one score would have to be divided, each of them counts in
    /// proportion: the mean over all orders of these rows. More alerts than rows are as many as there are rows; with none both figures are 0.
    #[must_use]
    pub fn at_budget(&self, alerts: usize) -> (f64, f64) {
        let alerts = alerts.min(self.rows);
        if alerts == 0 {
            return (0.0, 0.0);
        }
        let (mut hits_before, mut alerts_before) = (0, 0);
        for step in &self.steps {
            if step.alerts >= alerts {
                let share = (alerts - alerts_before) as f64 / (step.alerts - alerts_before) as f64;
                let hits = hits_before as f64 + share * (step.true_positives - hits_before) as f64;
                return (hits / alerts as f64, hits / self.positives as f64);
            }
            (hits_before, alerts_before) = (step.true_positives, step.alerts);
        }
        (self.base_rate(), 1.0)
    }

    /// Share of all attacks and of all normal rows whose score is above `threshold`: recall and false-positive rate of a threshold chosen beforehand.
    #[must_use]
    pub fn above(&self, threshold: f64) -> (f64, f64) {
        let last = self.steps.iter().take_while(|step| step.score > threshold).last();
        let (hits, alerts) = last.map_or((0, 0), |step| (step.true_positives, step.alerts));
        (hits as f64 / self.positives as f64, (alerts - hits) as f64 / (self.rows - self.positives) as f64)
    }
}

/// The figures of one run of one detector.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Area under the ROC curve.
    pub auc: f64,
    /// Average precision; to be read beside the base rate.
    pub ap: f64,
    /// Recall at the false-positive rates of [`FPR_STATED`].
    pub tpr: [f64; 3],
    /// Precision of as many alerts as the budget allows.
    pub precision: f64,
    /// Recall of as many alerts as the budget allows.
    pub recall: f64,
}

impl Figures {
    /// All figures of `scores` against `labels` with a budget of `alerts` alerts.
    ///
    /// # Errors
    /// As [`Ranking::new`].
    pub fn of(scores: &[f64], labels: &[bool], alerts: usize) -> Result<Self, Unmeasurable> {
        let ranking = Ranking::new(scores, labels)?;
        let (precision, recall) = ranking.at_budget(alerts);
        Ok(Self {
            auc: ranking.auc(),
            ap: ranking.average_precision(),
            tpr: FPR_STATED.map(|fpr| ranking.tpr_at_fpr(fpr)),
            precision,
            recall,
        })
    }
}

/// A figure over several seeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// Mean over the runs; 0 when there is none.
    pub mean: f64,
    /// Standard deviation over the runs (divided by their number less one); 0 for one run.
    pub sd: f64,
    /// Number of runs.
    pub runs: usize,
}

impl Spread {
    /// The spread of `values`, added in their order.
    pub fn of(values: impl IntoIterator<Item = f64> + Clone) -> Self {
        let runs = values.clone().into_iter().count();
        if runs == 0 {
            return Self::default();
        }
        let mean = values.clone().into_iter().sum::<f64>() / runs as f64;
        let squares: f64 = values.into_iter().map(|value| (value - mean) * (value - mean)).sum();
        let sd = if runs > 1 { libm::sqrt(squares / (runs - 1) as f64) } else { 0.0 };
        Self { mean, sd, runs }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ranking(scores: &[f64], attacks: &[usize]) -> Ranking {
        let labels: Vec<bool> = (0..scores.len()).map(|row| attacks.contains(&row)).collect();
        Ranking::new(scores, &labels).unwrap()
    }

    #[test]
    fn a_perfect_ranking_has_every_figure_one() {
        let ranking = ranking(&[9.0, 8.0, 1.0, 0.0], &[0, 1]);
        assert_eq!((ranking.auc(), ranking.average_precision(), ranking.tpr_at_fpr(0.001)), (1.0, 1.0, 1.0));
        assert_eq!(ranking.at_budget(2), (1.0, 1.0));
        assert_eq!(ranking.at_budget(4), (0.5, 1.0));
    }

    #[test]
    fn a_constant_detector_is_worth_the_base_rate_and_finds_nothing_at_a_low_rate() {
        let ranking = ranking(&[3.0; 4], &[2]);
        assert_eq!((ranking.auc(), ranking.average_precision(), ranking.tpr_at_fpr(0.5)), (0.5, 0.25, 0.0));
        assert_eq!(ranking.at_budget(1), (0.25, 0.25));
        assert_eq!(ranking.at_budget(9), (0.25, 1.0));
    }

    #[test]
    fn average_precision_follows_its_definition() {
        // attacks at ranks 1, 3 and 4 of 5
        let ranking = ranking(&[5.0, 4.0, 3.0, 2.0, 1.0], &[0, 2, 3]);
        let expected = (1.0 + 2.0 / 3.0 + 3.0 / 4.0) / 3.0;
        assert!((ranking.average_precision() - expected).abs() < 1e-12);
    }

    #[test]
    fn a_rate_counts_whole_steps_only() {
        // one attack shares its score with a normal row
        let ranking = ranking(&[5.0, 4.0, 4.0, 1.0], &[0, 1]);
        assert_eq!(ranking.tpr_at_fpr(0.49), 0.5);
        assert_eq!(ranking.tpr_at_fpr(0.5), 1.0);
        assert_eq!(ranking.above(4.0), (0.5, 0.0));
        assert_eq!(ranking.above(3.9), (1.0, 0.5));
    }

    #[test]
    fn what_cannot_be_measured_says_why() {
        let why = |scores: &[f64], labels: &[bool]| Ranking::new(scores, labels).unwrap_err();
        assert_eq!(why(&[1.0], &[]), Unmeasurable::Lengths { scores: 1, labels: 0 });
        assert_eq!(why(&[1.0, f64::NAN], &[true, false]), Unmeasurable::NotANumber { row: 2 });
        assert_eq!(why(&[1.0, 2.0], &[true, true]), Unmeasurable::OneClass { positives: 2, rows: 2 });
        assert_eq!(why(&[], &[]), Unmeasurable::OneClass { positives: 0, rows: 0 });
    }

    #[test]
    fn a_spread_divides_by_the_runs_less_one() {
        assert_eq!(Spread::of([1.0, 3.0]), Spread { mean: 2.0, sd: libm::sqrt(2.0), runs: 2 });
        assert_eq!(Spread::of([1.0]), Spread { mean: 1.0, sd: 0.0, runs: 1 });
        assert_eq!(Spread::of([]), Spread::default());
    }

    proptest! {
        #[test]
        fn the_area_is_the_chance_that_an_attack_scores_higher(rows in prop::collection::vec((0_u8..6, any::<bool>()), 2..60)) {
            let scores: Vec<f64> = rows.iter().map(|(score, _)| f64::from(*score)).collect();
            let labels: Vec<bool> = rows.iter().map(|(_, label)| *label).collect();
            let (mut won, mut pairs) = (0.0, 0.0);
            for (attack, _) in scores.iter().zip(&labels).filter(|(_, label)| **label) {
                for (normal, _) in scores.iter().zip(&labels).filter(|(_, label)| !**label) {
                    won += if attack > normal { 1.0 } else if attack == normal { 0.5 } else { 0.0 };
                    pairs += 1.0;
                }
            }
            if pairs > 0.0 {
                prop_assert!((Ranking::new(&scores, &labels).unwrap().auc() - won / pairs).abs() < 1e-9);
            }
        }

        #[test]
        fn no_figure_depends_on_the_order_of_the_rows(rows in prop::collection::vec((0_u8..6, any::<bool>()), 2..60), turn in 0_usize..60) {
            let turned: Vec<(u8, bool)> = rows.iter().cycle().skip(turn % rows.len()).take(rows.len()).copied().collect();
            let figures = |rows: &[(u8, bool)]| {
                let scores: Vec<f64> = rows.iter().map(|(score, _)| f64::from(*score)).collect();
                let labels: Vec<bool> = rows.iter().map(|(_, label)| *label).collect();
                Figures::of(&scores, &labels, 7)
            };
            prop_assert_eq!(figures(&rows), figures(&turned));
        }
    }
}
