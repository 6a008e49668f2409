//! The bench of series: each value is scored before it is learnt; alarms are those that the asked rate allows; the truth is windows of time.
//!
//! The first values of each series (15 %, at most 750) warm the detectors up and are not judged, as the makers of the benchmark do. VUS-PR is the mean over the series that have a
//! window; the rate obtained is pooled over all series. Beside the watch stand a windowed normal distribution, the last value, a random and a constant detector.

use super::metrics::{Figures, Spread, Unmeasurable};
use super::report::{Line, Report, Section};
use super::{CpuSeconds, controls, vus_pr};
use crate::series::{Watch, WatchSettings};
use crate::threshold::Call;

/// A series with its truth.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// What it is called.
    pub name: String,
    /// Its values in the order of time; a gap is not a number.
    pub values: Vec<f64>,
    /// Whether each value lies within a window of trouble.
    pub labels: Vec<bool>,
    /// Values of a season: those of a day; 0 for none.
    pub season: usize,
}

/// How the bench runs.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesPlan {
    /// Share of values that are to raise an alarm.
    pub rate: f64,
    /// Seeds of the random control.
    pub seeds: Vec<u64>,
    /// Values over which the past of the watch halves.
    pub half_life: f64,
    /// Values after which what was raised has faded to its half.
    pub fade: f64,
}

impl Default for SeriesPlan {
    fn default() -> Self {
        Self { rate: 0.01, seeds: vec![1, 2, 3, 4, 5], half_life: 24.0, fade: 48.0 }
    }
}

/// Largest width of the shoulders of VUS-PR, in values.
const WIDTH_MAX: usize = 100;

/// Values from which the first threshold is set.
const THRESHOLD_WARMUP: usize = 250;

/// Values of the windowed normal distribution.
const WINDOW: usize = 250;

/// Judges `series` with the watch and the baselines.
///
/// # Errors
/// [`Unmeasurable`] when no series has values inside and outside of a window.
pub fn series(series: &[Series], plan: &SeriesPlan, clock: &mut CpuSeconds<'_>) -> Result<Report, Unmeasurable> {
    let (mut watch, mut plain) = (Track::default(), Track::default());
    let begin = clock();
    let mut alarms = Alarms::default();
    for one in series {
        let (fading, single) = watched(one, plan, &mut alarms);
        watch.scores.push(fading);
        plain.scores.push(single);
    }
    let points: usize = series.iter().map(|one| one.values.len()).sum();
    let speed = points as f64 / (clock() - begin).max(1e-9);
    let line = watch.line("watch", series)?.with_cost(&[speed], alarms.bytes);
    let mut lines = vec![alarms.onto(line, plan.rate), plain.line("watch, without fading", series)?];
    for (name, baseline) in BASELINES {
        let track = Track { scores: series.iter().map(baseline).collect() };
        lines.push(track.line(name, series)?);
    }
    lines.push(random_line(series, &plan.seeds)?);
    let (rows, positives) = (judged(series).count(), judged(series).filter(|(_, label)| *label).count());
    let section = Section { name: "all series, each judged by itself".to_owned(), rows, positives, budget: 0, lines };
    let notes = vec![
        format!("{} series; the first 15 % of each, at most 750 values, are not judged", series.len()),
        "AUC, AP and VUS-PR are means over the series that have a window; the alarm rate is pooled over all, from where each threshold is set".to_owned(),
    ];
    Ok(Report { bench: "series".to_owned(), notes, sections: vec![section] })
}

/// Values that only warm up.
fn warmup(values: usize) -> usize {
    (values * 15 / 100).min(750)
}

/// Every judged point with its label.
fn judged(series: &[Series]) -> impl Iterator<Item = (f64, bool)> + '_ {
    series
        .iter()
        .flat_map(|one| one.values.iter().copied().zip(one.labels.iter().copied()).skip(warmup(one.values.len())))
}

/// Alarms over all series.
#[derive(Default)]
struct Alarms {
    raised: usize,
    judged: usize,
    within: usize,
    bytes: usize,
}

impl Alarms {
    fn onto(&self, line: Line, asked: f64) -> Line {
        let obtained = self.raised as f64 / self.judged.max(1) as f64;
        let within = self.within as f64 / self.raised.max(1) as f64;
        let one = |value: f64| Spread::of([value]);
        line.with("alarm rate asked", one(asked))
            .with("alarm rate obtained", one(obtained))
            .with("alarms within a window", one(within))
    }
}

/// The fading risk and the score at every point; alarms are counted where the threshold is set.
fn watched(one: &Series, plan: &SeriesPlan, alarms: &mut Alarms) -> (Vec<f64>, Vec<f64>) {
    let warmup = warmup(one.values.len());
    let mut watch = Watch::new(WatchSettings {
        season: one.season,
        half_life: plan.half_life,
        fade: plan.fade,
        rate: plan.rate,
        warmup: THRESHOLD_WARMUP,
    });
    let (mut fading, mut plain) = (Vec::new(), Vec::new());
    for (place, (value, label)) in one.values.iter().zip(&one.labels).enumerate() {
        let (score, call) = watch.step(*value);
        fading.push(watch.risk());
        plain.push(score);
        if place >= warmup && call != Call::Warming {
            alarms.judged += 1;
            alarms.raised += usize::from(call == Call::Alarm);
            alarms.within += usize::from(call == Call::Alarm && *label);
        }
    }
    alarms.bytes = alarms.bytes.max(watch.bytes());
    (fading, plain)
}

/// Scores of one detector, series by series.
#[derive(Default)]
struct Track {
    scores: Vec<Vec<f64>>,
}

impl Track {
    fn line(&self, name: &str, series: &[Series]) -> Result<Line, Unmeasurable> {
        let (mut figures, mut volumes) = (Vec::new(), Vec::new());
        let mut fault = Unmeasurable::OneClass { positives: 0, rows: 0 };
        for (scores, one) in self.scores.iter().zip(series) {
            let first = warmup(one.values.len());
            let scores = scores.get(first..).unwrap_or_default();
            let labels = one.labels.get(first..).unwrap_or_default();
            let budget = labels.iter().filter(|label| **label).count();
            match Figures::of(scores, labels, budget) {
                Ok(of) => {
                    figures.push(of);
                    volumes.push(volume(scores, labels)?);
                }
                Err(other @ Unmeasurable::OneClass { .. }) => fault = other,
                Err(other) => return Err(other),
            }
        }
        if figures.is_empty() {
            return Err(fault);
        }
        let mut line = Line::of(name, &figures);
        // the spread over series says how unlike they are, not how sure the mean is
        line.more.push(("VUS-PR, mean and spread over series".to_owned(), Spread::of(volumes)));
        Ok(line)
    }
}

/// VUS-PR; a detector that says the same of every point has no curve, and is worth what drawing lots is: the share of true points.
fn volume(scores: &[f64], labels: &[bool]) -> Result<f64, Unmeasurable> {
    let constant = scores.windows(2).all(|pair| pair.first() == pair.last());
    if constant {
        return Ok(labels.iter().filter(|label| **label).count() as f64 / labels.len().max(1) as f64);
    }
    vus_pr(scores, labels, WIDTH_MAX)
}

fn random_line(series: &[Series], seeds: &[u64]) -> Result<Line, Unmeasurable> {
    let mut volumes = Vec::new();
    let mut last = Line::default();
    for seed in seeds {
        let track = Track { scores: series.iter().map(|one| controls::random(one.values.len(), *seed)).collect() };
        last = track.line("control: random", series)?;
        volumes.extend(last.more.iter().map(|(_, spread)| spread.mean));
    }
    last.more = vec![("VUS-PR, mean over series, spread over seeds".to_owned(), Spread::of(volumes))];
    Ok(last)
}

/// A detector to be beaten: its name and its scores of a series.
type Baseline = (&'static str, fn(&Series) -> Vec<f64>);

/// What has to be beaten.
const BASELINES: [Baseline; 3] = [
    ("windowed normal", windowed_normal),
    ("last value", last_value),
    ("control: constant", |one| controls::constant(one.values.len())),
];

/// Distance from the mean of the last 250 values in their standard deviations.
fn windowed_normal(one: &Series) -> Vec<f64> {
    let mut scores = Vec::with_capacity(one.values.len());
    for (place, value) in one.values.iter().enumerate() {
        let window = one.values.get(place.saturating_sub(WINDOW)..place).unwrap_or_default();
        let count = window.len().max(1) as f64;
        let mean = window.iter().sum::<f64>() / count;
        let variance = window.iter().map(|known| (known - mean) * (known - mean)).sum::<f64>() / count;
        let score = (value - mean).abs() / libm::sqrt(variance).max(1e-9);
        scores.push(if window.len() < 2 || score.is_nan() { 0.0 } else { score });
    }
    scores
}

/// Distance from the value before.
fn last_value(one: &Series) -> Vec<f64> {
    let before = std::iter::once(one.values.first().copied().unwrap_or(0.0)).chain(one.values.iter().copied());
    one.values
        .iter()
        .zip(before)
        .map(|(value, before)| (value - before).abs())
        .map(|step| if step.is_nan() { 0.0 } else { step })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_shift_is_worth_more_to_the_watch_than_to_chance() {
        let mut draw = controls::Draw::new(1);
        let labels: Vec<bool> = (0..3_000).map(|point| (2_000..2_060).contains(&point)).collect();
        let values = labels.iter().map(|label| draw.unit() + if *label { 5.0 } else { 0.0 }).collect();
        let one = Series { name: "one".to_owned(), values, labels, season: 0 };
        let report = series(&[one], &SeriesPlan::default(), &mut || 0.0).unwrap();
        let of = |name: &str| {
            let line = report.sections[0].lines.iter().find(|line| line.detector == name).unwrap();
            line.more.iter().find(|(name, _)| name.starts_with("VUS-PR")).unwrap().1.mean
        };
        assert!(of("watch") > 2.0 * of("control: random"), "{}", of("watch"));
        assert!((of("control: constant") - 60.0 / 2_550.0).abs() < 1e-9);
    }
}
