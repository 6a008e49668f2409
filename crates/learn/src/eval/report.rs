//! What the bench prints: per part of the data one table, a line a detector.
//!
//! A report is plain values: the caller turns it into JSON, or writes the table with [`Report::write_table`].

use std::io::{self, Write};

use serde::Serialize;

use super::metrics::{Figures, Spread};

/// Widest name of a detector in a table, in characters.
const NAME_WIDTH: usize = 28;

/// The outcome of one bench.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Which bench: `edges`, `sequences`, `tabular`, `prequential`, `series`.
    pub bench: String,
    /// What was read and how it was judged, a sentence each: counts of what was loaded per class, seeds, variants tried.
    pub notes: Vec<String>,
    /// One for each part of the data.
    pub sections: Vec<Section>,
}

/// The detectors over one part of the data.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Section {
    /// The part: a file, or a part of one.
    pub name: String,
    /// Rows judged: edges, sequences, records or points.
    pub rows: usize,
    /// Rows labelled as attacks.
    pub positives: usize,
    /// Alerts that the budget allows.
    pub budget: usize,
    /// The detectors, controls last.
    pub lines: Vec<Line>,
}

/// One detector over one part of the data.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Line {
    /// Name of the detector.
    pub detector: String,
    /// Area under the ROC curve.
    pub auc: Spread,
    /// Average precision; the base rate stands at the section.
    pub ap: Spread,
    /// Recall at a false-positive rate of 0.1, 1 and 5 %.
    pub tpr: [Spread; 3],
    /// Precision within the budget of alerts.
    pub precision: Spread,
    /// Recall within the budget of alerts.
    pub recall: Spread,
    /// Events for each second of processor time on one core, after warm-up; the median of the runs.
    pub events_per_s: Option<f64>,
    /// Bytes that the detector holds after the run.
    pub state_bytes: Option<usize>,
    /// Further figures of this bench, by name.
    pub more: Vec<(String, Spread)>,
}

impl Line {
    /// The line of a detector over its runs, one for each seed.
    #[must_use]
    pub fn of(detector: impl Into<String>, runs: &[Figures]) -> Self {
        let spread = |figure: fn(&Figures) -> f64| Spread::of(runs.iter().map(figure));
        let [low, middle, high]: [fn(&Figures) -> f64; 3] = [|run| run.tpr[0], |run| run.tpr[1], |run| run.tpr[2]];
        Self {
            detector: detector.into(),
            auc: spread(|run| run.auc),
            ap: spread(|run| run.ap),
            tpr: [spread(low), spread(middle), spread(high)],
            precision: spread(|run| run.precision),
            recall: spread(|run| run.recall),
            ..Self::default()
        }
    }

    /// With the speed of each run (events for each second of processor time; the median is kept) and the bytes held.
    #[must_use]
    pub fn with_cost(mut self, events_per_s: &[f64], state_bytes: usize) -> Self {
        let mut sorted = events_per_s.to_vec();
        sorted.sort_by(f64::total_cmp);
        self.events_per_s = sorted.get(sorted.len() / 2).copied();
        self.state_bytes = Some(state_bytes);
        self
    }

    /// With a further figure.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, figure: Spread) -> Self {
        self.more.push((name.into(), figure));
        self
    }
}

impl Section {
    /// Share of attacks among the rows; 0 without rows.
    #[must_use]
    pub fn base_rate(&self) -> f64 {
        if self.rows == 0 { 0.0 } else { self.positives as f64 / self.rows as f64 }
    }
}

impl Report {
    /// Writes the report for people.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_table(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "bench {}", self.bench)?;
        for note in &self.notes {
            writeln!(out, "  {note}")?;
        }
        for section in &self.sections {
            section.write_table(out)?;
        }
        Ok(())
    }
}

impl Section {
    fn write_table(&self, out: &mut impl Write) -> io::Result<()> {
        let base_rate = self.base_rate();
        writeln!(out)?;
        writeln!(
            out,
            "{}: {} rows, {} attacks, base rate {base_rate:.4}, budget {} alerts",
            self.name, self.rows, self.positives, self.budget
        )?;
        writeln!(
            out,
            "  {:<NAME_WIDTH$} {:>13} {:>13} {:>13} {:>13} {:>13} {:>13} {:>13} {:>11} {:>11}",
            "detector", "AUC", "AP", "TPR@.1%FPR", "TPR@1%FPR", "TPR@5%FPR", "precision", "recall", "events/s", "bytes"
        )?;
        for line in &self.lines {
            line.write_row(out)?;
        }
        Ok(())
    }
}

impl Line {
    fn write_row(&self, out: &mut impl Write) -> io::Result<()> {
        write!(out, "  {:<NAME_WIDTH$}", self.detector)?;
        let [low, middle, high] = &self.tpr;
        for figure in [&self.auc, &self.ap, low, middle, high, &self.precision, &self.recall] {
            write!(out, " {:>13}", text(figure))?;
        }
        let speed = self.events_per_s.map_or_else(|| "-".to_owned(), |speed| format!("{speed:.0}"));
        let bytes = self.state_bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
        writeln!(out, " {speed:>11} {bytes:>11}")?;
        for (name, figure) in &self.more {
            writeln!(out, "    {name}: {}", text(figure))?;
        }
        Ok(())
    }
}

/// `.951+-.002`, or `.951` for a single run.
fn text(figure: &Spread) -> String {
    if figure.runs > 1 { format!("{:.4}+-{:.4}", figure.mean, figure.sd) } else { format!("{:.4}", figure.mean) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_row_for_each_detector_and_the_base_rate() {
        let run = |auc| Figures { auc, ap: 0.5, tpr: [0.1, 0.2, 0.3], precision: 0.4, recall: 0.6 };
        let line =
            Line::of("one", &[run(0.8), run(0.9)]).with_cost(&[3.0, 1.0, 2.0], 77).with("VUS-PR", Spread::of([0.25]));
        let section = Section {
            name: "part".to_owned(),
            rows: 10,
            positives: 4,
            budget: 2,
            lines: vec![line, Line::of("control", &[run(0.5)])],
        };
        let report = Report { bench: "edges".to_owned(), notes: vec!["note".to_owned()], sections: vec![section] };
        let mut out = Vec::new();
        report.write_table(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("part: 10 rows, 4 attacks, base rate 0.4000, budget 2 alerts"), "{text}");
        let row = text.lines().find(|line| line.contains("one")).unwrap();
        let cells: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(
            cells,
            [
                "one",
                "0.8500+-0.0707",
                "0.5000+-0.0000",
                "0.1000+-0.0000",
                "0.2000+-0.0000",
                "0.3000+-0.0000",
                "0.4000+-0.0000",
                "0.6000+-0.0000",
                "2",
                "77"
            ]
        );
        assert!(text.contains("VUS-PR: 0.2500"), "{text}");
    }
}
