//! The bench of sequences: learn those of one role, judge others beside attacks.
//!
//! For each seed a fifth of the training sequences is held back: scales and thresholds come from it, never from what is judged. Warm-up is not assumed to be clean:
//! everything is done again with attacks among the training sequences, which then are not judged.

use rustc_hash::FxHashMap;

use super::CpuSeconds;
use super::controls::Draw;
use super::edges::control_lines;
use super::metrics::{Figures, Ranking, Spread, Unmeasurable};
use super::report::{Line, Report, Section};
use crate::sequences::{ModesConfig, PpmConfig, Role, Symbol};

/// Shares of attacks in the warm-up.
const CONTAMINATION: [f64; 3] = [0.0, 0.01, 0.05];

/// Rate of false alarms that thresholds of held-back sequences are asked for.
const RATE_ASKED: f64 = 0.01;

/// What is added to each count of the 3-gram model.
const SMOOTHING: f64 = 0.1;

/// What each detector says of a sequence.
const DETECTORS: [&str; 5] = [
    "control: 3-gram",
    "PPM order 5, mean",
    "PPM order 5, worst 20",
    "frequencies, nearest mode",
    "combination: rarer of PPM and frequencies",
];

/// Sequences of symbols.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SequenceSets {
    /// Usual ones to learn from.
    pub train: Vec<Vec<Symbol>>,
    /// Usual ones to judge.
    pub normal: Vec<Vec<Symbol>>,
    /// Attacks to judge.
    pub attack: Vec<Vec<Symbol>>,
}

/// How the bench runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequencesPlan {
    /// One run for each: which training sequences are held back follows from it.
    pub seeds: Vec<u64>,
    /// Alerts that the budget allows over all sequences judged.
    pub budget: usize,
    /// Symbols that may occur, seen or not.
    pub alphabet: u32,
}

/// The conditional 3-gram model that every other one has to beat: `-ln (N(abc) + 0.1) / (N(ab) + 0.1 alphabet)`, the mean over a sequence.
#[derive(Default)]
struct Trigram {
    triples: FxHashMap<[Symbol; 3], f64>,
    pairs: FxHashMap<[Symbol; 2], f64>,
}

impl Trigram {
    fn learn(&mut self, sequence: &[Symbol]) {
        for triple in sequence.windows(3) {
            if let [a, b, c] = triple {
                *self.triples.entry([*a, *b, *c]).or_default() += 1.0;
                *self.pairs.entry([*a, *b]).or_default() += 1.0;
            }
        }
    }

    fn score(&self, sequence: &[Symbol], alphabet: u32) -> f64 {
        let nats = |triple: &[Symbol]| {
            let [a, b, c] = triple else { return 0.0 };
            let seen = self.triples.get(&[*a, *b, *c]).copied().unwrap_or(0.0);
            let of = self.pairs.get(&[*a, *b]).copied().unwrap_or(0.0);
            -libm::log((seen + SMOOTHING) / (of + SMOOTHING * f64::from(alphabet)))
        };
        sequence.windows(3).map(nats).sum::<f64>() / sequence.len().saturating_sub(2).max(1) as f64
    }
}

/// The figures of one detector over the seeds.
#[derive(Default)]
struct Track {
    runs: Vec<Figures>,
    speeds: Vec<f64>,
    obtained: Vec<(f64, f64)>,
    bytes: usize,
}

/// Both models of one seed.
struct Models {
    trigram: Trigram,
    role: Role,
    held: Vec<Vec<Symbol>>,
}

/// Judges all detectors.
///
/// # Errors
/// [`Unmeasurable`] when there are no sequences of one kind to judge.
pub fn sequences(
    sets: &SequenceSets,
    plan: &SequencesPlan,
    clock: &mut CpuSeconds<'_>,
) -> Result<Report, Unmeasurable> {
    let mut report = Report { bench: "sequences".to_owned(), notes: notes(sets, plan), sections: Vec::new() };
    for share in CONTAMINATION {
        report.sections.push(section(sets, plan, share, clock)?);
    }
    Ok(report)
}

fn section(
    sets: &SequenceSets,
    plan: &SequencesPlan,
    share: f64,
    clock: &mut CpuSeconds<'_>,
) -> Result<Section, Unmeasurable> {
    let mut tracks: [Track; 5] = Default::default();
    let mut labels = Vec::new();
    for seed in &plan.seeds {
        let mut attacks: Vec<&Vec<Symbol>> = sets.attack.iter().collect();
        Draw::new(*seed).shuffle(&mut attacks);
        let hostile = hostile_of(sets.train.len(), share).min(attacks.len());
        let (learnt, judged) = attacks.split_at(hostile);
        let models = Models::of(sets, learnt, plan, *seed);
        let rows: Vec<&[Symbol]> = sets.normal.iter().chain(judged.iter().copied()).map(Vec::as_slice).collect();
        labels = (0..rows.len()).map(|place| place >= sets.normal.len()).collect();
        models.judge(&rows, &labels, plan, &mut tracks, clock)?;
    }
    let mut lines: Vec<Line> = DETECTORS.iter().zip(tracks).map(|(name, track)| track.line(name)).collect();
    // the controls last
    lines.rotate_left(1);
    lines.extend(control_lines(&labels, &plan.seeds, plan.budget)?);
    let positives = labels.iter().filter(|label| **label).count();
    let name = format!("{:.0} % of the warm-up are attacks", share * 100.0);
    Ok(Section { name, rows: labels.len(), positives, budget: plan.budget, lines })
}

/// As many attacks among `usual` sequences as make `share` of all.
fn hostile_of(usual: usize, share: f64) -> usize {
    let hostile = libm::round(usual as f64 * share / (1.0 - share));
    (0..=usual).take_while(|count| *count as f64 <= hostile).last().unwrap_or(0)
}

impl Models {
    fn of(sets: &SequenceSets, hostile: &[&Vec<Symbol>], plan: &SequencesPlan, seed: u64) -> Self {
        let mut train: Vec<&Vec<Symbol>> = sets.train.iter().chain(hostile.iter().copied()).collect();
        Draw::new(seed ^ 0x5eed).shuffle(&mut train);
        let (held, learnt) = train.split_at(train.len() / 5);
        let transitions = PpmConfig { alphabet: plan.alphabet, ..PpmConfig::default() };
        let modes = ModesConfig { alphabet: plan.alphabet, ..ModesConfig::default() };
        let (mut trigram, mut role) = (Trigram::default(), Role::new(transitions, modes));
        for sequence in learnt {
            trigram.learn(sequence);
            role.learn(sequence);
        }
        role.calibrate(held.iter().map(|sequence| sequence.as_slice()));
        Self { trigram, role, held: held.iter().map(|sequence| (*sequence).clone()).collect() }
    }

    fn judge(
        &self,
        rows: &[&[Symbol]],
        labels: &[bool],
        plan: &SequencesPlan,
        tracks: &mut [Track; 5],
        clock: &mut CpuSeconds<'_>,
    ) -> Result<(), Unmeasurable> {
        let symbols: usize = rows.iter().map(|row| row.len()).sum();
        let held: Vec<&[Symbol]> = self.held.iter().map(Vec::as_slice).collect();
        let (held, _) = self.scores(&held, plan, clock);
        let (judged, seconds) = self.scores(rows, plan, clock);
        let tables = self.trigram.triples.len() * 40 + self.trigram.pairs.len() * 32;
        let transitions = self.role.transitions().bytes();
        let bytes = [tables, transitions, transitions, self.role.modes().bytes(), self.role.bytes()];
        for (((track, scores), held), (seconds, bytes)) in
            tracks.iter_mut().zip(&judged).zip(&held).zip(seconds.into_iter().zip(bytes))
        {
            track.runs.push(Figures::of(scores, labels, plan.budget)?);
            track.obtained.push(Ranking::new(scores, labels)?.above(threshold(held)));
            track.speeds.push(symbols as f64 / seconds.max(1e-9));
            track.bytes = bytes;
        }
        Ok(())
    }

    /// Scores of all detectors, and the seconds that each took.
    fn scores(
        &self,
        rows: &[&[Symbol]],
        plan: &SequencesPlan,
        clock: &mut CpuSeconds<'_>,
    ) -> ([Vec<f64>; 5], [f64; 5]) {
        let begin = clock();
        let trigram: Vec<f64> = rows.iter().map(|row| self.trigram.score(row, plan.alphabet)).collect();
        let grams = clock();
        let transitions: Vec<(f64, f64)> = rows.iter().map(|row| self.role.surprise(row)).collect();
        let surprises = clock();
        let distances: Vec<f64> = rows.iter().map(|row| self.role.modes().score(row)).collect();
        let frequencies = clock();
        let both: Vec<f64> = rows.iter().map(|row| self.role.score(row).value).collect();
        let end = clock();
        let (mean, worst) = transitions.into_iter().unzip();
        let surprise_time = surprises - grams;
        let times = [grams - begin, surprise_time, surprise_time, frequencies - surprises, end - frequencies];
        ([trigram, mean, worst, distances, both], times)
    }
}

impl Track {
    fn line(self, name: &str) -> Line {
        let asked = format!("{:.0} % asked of held-back sequences", RATE_ASKED * 100.0);
        Line::of(name, &self.runs)
            .with_cost(&self.speeds, self.bytes)
            .with(format!("{asked}: false alarms obtained"), Spread::of(self.obtained.iter().map(|pair| pair.1)))
            .with(format!("{asked}: attacks found"), Spread::of(self.obtained.iter().map(|pair| pair.0)))
    }
}

/// The score that the asked share of held-back sequences lies above.
fn threshold(held: &[f64]) -> f64 {
    let mut sorted = held.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let above = sorted.iter().enumerate().take_while(|(place, _)| *place as f64 <= RATE_ASKED * sorted.len() as f64);
    above.last().map_or(0.0, |(_, score)| *score)
}

fn notes(sets: &SequenceSets, plan: &SequencesPlan) -> Vec<String> {
    let symbols = |sequences: &[Vec<Symbol>]| sequences.iter().map(Vec::len).sum::<usize>();
    let about = |name: &str, set: &[Vec<Symbol>]| format!("{name} {} sequences of {} symbols", set.len(), symbols(set));
    vec![
        [about("train", &sets.train), about("normal", &sets.normal), about("attack", &sets.attack)].join(", "),
        format!("{} seeds: each holds back another fifth of the training sequences", plan.seeds.len()),
        "events/s are symbols: processor time of one thread, scoring only".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets() -> SequenceSets {
        let mut draw = Draw::new(1);
        let mut act = |step: u32| -> Vec<Symbol> {
            let length = 30 + u32::try_from(draw.below(30)).unwrap();
            let start = u32::try_from(draw.below(10)).unwrap();
            (0..length).map(|place| (start + place * step) % 10).collect()
        };
        SequenceSets {
            train: (0..100).map(|place| act(1 + place % 2)).collect(),
            normal: (0..100).map(|place| act(1 + place % 2)).collect(),
            attack: (0..40).map(|_| act(3)).collect(),
        }
    }

    #[test]
    fn every_detector_stands_in_every_part_and_beats_the_controls() {
        let plan = SequencesPlan { seeds: vec![1, 2], budget: 20, alphabet: 10 };
        let mut seconds = 0.0;
        let mut clock = || {
            seconds += 1.0;
            seconds
        };
        let report = sequences(&sets(), &plan, &mut clock).unwrap();
        assert_eq!(report.sections.len(), 3);
        let clean = &report.sections[0];
        assert_eq!((clean.rows, clean.positives, clean.lines.len()), (140, 40, 7));
        assert!(clean.lines[0].auc.mean > 0.99, "{:?}", clean.lines[0]);
        assert_eq!(clean.lines[6].detector, "control: constant");
        // five attacks are learnt and not judged
        assert_eq!(report.sections[2].positives, 35);
        assert!(report.sections[2].lines[0].auc.mean < clean.lines[0].auc.mean);
    }

    #[test]
    fn a_threshold_leaves_the_asked_share_above_it() {
        let held: Vec<f64> = (0..200).map(f64::from).collect();
        assert_eq!(held.iter().filter(|score| **score > threshold(&held)).count(), 2);
    }
}
