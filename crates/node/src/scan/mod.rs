//! `scan`: the street with rules. Findings on events come out as they are found; matches that correlations wait for are gathered over all files, sorted by
//! event time, and run through the correlator at the end.

pub(crate) mod correlations;
mod entry;
mod events;
mod gather;

use std::io;
use std::sync::Arc;

use cordon_collect::{SourceInfo, Sources};
use cordon_detect::{Detected, Detector, Judged, Scratch};
use cordon_model::{Anomaly, Arena, Level, Record};
use cordon_rules::correlate::{Counters, Limits};

use crate::{Progress, Stage, StreetOptions, Tally, walk};
use correlations::{Correlations, End, Origin, Placed};

/// What a scan did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was read.
    pub tally: Tally,
    /// Findings by level, in the order of [`Level::ALL`].
    pub findings: [u64; 5],
    /// Events whose log source some rule looks at.
    pub events_reached: u64,
    /// What the correlator left out or gave up.
    pub correlation: Counters,
    /// Matches that took no part in correlations because their event states no time.
    pub matches_undated: u64,
}

impl Report {
    /// Number of findings at a level.
    #[must_use]
    pub fn findings_at(&self, level: Level) -> u64 {
        let place = Level::ALL.iter().position(|other| *other == level);
        place.and_then(|place| self.findings.get(place).copied()).unwrap_or_default()
    }

    /// Number of findings at a level or above.
    #[must_use]
    pub fn findings_from(&self, level: Level) -> u64 {
        Level::ALL.into_iter().filter(|other| *other >= level).map(|other| self.findings_at(other)).sum()
    }

    fn count(&mut self, level: Level) {
        let place = Level::ALL.iter().position(|other| *other == level);
        if let Some(count) = place.and_then(|place| self.findings.get_mut(place)) {
            *count += 1;
        }
    }
}

/// Scans the sources and hands every finding to `consume`: those on events in the order of sources and positions, then those of correlations in the order
/// of event time. The order is the same whatever the number of threads.
///
/// # Errors
/// The error of `consume`, or of the temporary files that matches are gathered in.
pub fn scan(
    sources: Sources,
    options: &StreetOptions,
    detector: &Detector,
    progress: &Progress,
    mut consume: impl FnMut(Detected) -> io::Result<()>,
) -> io::Result<Report> {
    let mut report = Report::default();
    let mut correlations = Correlations::new(detector, gather::Place::default());
    let tally = walk(sources, options, &Judge { detector }, progress, |out: Out| {
        for found in out.judged.findings {
            report.count(found.finding.rule.level);
            consume(found)?;
        }
        report.matches_undated += out.judged.matches_undated;
        match out.source {
            Some(source) => {
                let place = Placed { source: source.order, arrival: 0, class_uid: 0 };
                let origin = || Origin { source: Arc::clone(&source.id), site: "".into() };
                out.judged.matches.into_iter().try_for_each(|found| correlations.gather(place, origin, found))
            }
            None => Ok(()),
        }
    })?;
    let sets = tally.source_sets.iter();
    report.events_reached =
        sets.filter(|(set, _)| detector.engine().rules_on(**set) > 0).map(|(_, count)| *count).sum();
    report.tally = tally;
    let end = End::OfInput;
    report.correlation = correlations.run(
        Limits::SORTED,
        end,
        || true,
        |found| {
            report.count(found.detected.finding.rule.level);
            consume(found.detected)
        },
    )?;
    Ok(report)
}

/// What comes of one batch, all of one source.
#[derive(Default)]
struct Out {
    judged: Judged,
    source: Option<Arc<SourceInfo>>,
}

struct Judge<'d> {
    detector: &'d Detector,
}

impl Stage for Judge<'_> {
    type Scratch = Scratch;
    type Out = Out;

    fn scratch(&self) -> Scratch {
        self.detector.scratch()
    }

    fn record<'a>(
        &self,
        record: &Record<'a>,
        source: &Arc<SourceInfo>,
        arena: &'a Arena,
        scratch: &mut Scratch,
        out: &mut Out,
    ) {
        self.detector.judge(record, &source.id, arena, scratch, &mut out.judged);
        if !out.judged.matches.is_empty() && out.source.is_none() {
            out.source = Some(Arc::clone(source));
        }
    }

    /// Counted by the street.
    fn fault(&self, _: &Arc<SourceInfo>, _: u64, _: Anomaly, _: &mut Out) {}
}
