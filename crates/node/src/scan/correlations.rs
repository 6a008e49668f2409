//! Correlations of a scan: gathers matches over all files, then runs the correlator over them in order of time, source and position.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use cordon_collect::SourceInfo;
use cordon_detect::{Detected, Detector, EventKey, EventOf, RuleMatch};
use cordon_model::LogSource;
use cordon_rules::correlate::{Correlator, Counters, EventRef, Fired, Limits, Match};

use super::entry::{Entry, EventEntry};
use super::events::Events;
use super::gather::Gather;

/// Bytes of waiting matches that stay in memory.
const GATHER_BYTES_MAX: usize = 32 << 20;

pub(super) struct Correlations<'d> {
    detector: &'d Detector,
    gather: Gather,
    /// Ids of the sources with matches, by their number.
    sources: BTreeMap<u32, Arc<str>>,
    log_sources: Vec<LogSource>,
}

impl<'d> Correlations<'d> {
    pub(super) const fn new(detector: &'d Detector) -> Self {
        let gather = Gather::new(GATHER_BYTES_MAX);
        Self { detector, gather, sources: BTreeMap::new(), log_sources: Vec::new() }
    }

    /// Takes in a match; its place among the others is decided later.
    pub(super) fn gather(&mut self, source: &SourceInfo, found: RuleMatch) -> io::Result<()> {
        self.sources.entry(source.order).or_insert_with(|| Arc::clone(&source.id));
        let known = self.log_sources.iter().position(|known| *known == found.log_source);
        let log_source = known.unwrap_or_else(|| {
            self.log_sources.push(found.log_source);
            self.log_sources.len() - 1
        });
        let EventKey { id, record_sha256, position, index } = found.event;
        self.gather.push(Entry {
            time: found.time,
            source: source.order,
            position,
            index,
            rule: found.rule,
            log_source: u32::try_from(log_source).unwrap_or(u32::MAX),
            id,
            record_sha256,
            values: found.values,
        })
    }

    /// Runs the correlator over everything gathered.
    pub(super) fn run(self, mut consume: impl FnMut(Detected) -> io::Result<()>) -> io::Result<Counters> {
        let mut correlator = Correlator::new(Arc::clone(self.detector.plan()), Limits::SORTED);
        let places = Places { sources: self.sources, log_sources: self.log_sources };
        let mut events = Events::default();
        let mut fired = Vec::new();
        for entry in self.gather.sorted()? {
            let entry = entry?;
            let event = EventRef(events.push(&entry.event())?);
            let values: Vec<Option<&str>> = entry.values.iter().map(Option::as_deref).collect();
            correlator.observe(&Match { rule: entry.rule, time: entry.time, event, values: &values }, &mut fired);
            for result in fired.drain(..) {
                places.tell(self.detector, result, &mut events, &mut consume)?;
            }
        }
        correlator.finish(&mut fired);
        for result in fired.drain(..) {
            places.tell(self.detector, result, &mut events, &mut consume)?;
        }
        Ok(correlator.counters())
    }
}

/// What the numbers of entries stand for.
struct Places {
    sources: BTreeMap<u32, Arc<str>>,
    log_sources: Vec<LogSource>,
}

impl Places {
    /// Makes a finding of a result and hands it on.
    fn tell(
        &self,
        detector: &Detector,
        fired: Fired,
        events: &mut Events,
        consume: &mut impl FnMut(Detected) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut of_finding = Vec::with_capacity(fired.events.len());
        for event in &fired.events {
            of_finding.push(self.place(events.read(event.0)?));
        }
        let last = self.place(events.read(fired.last_event.0)?);
        detector.correlated(fired, of_finding, last).map_or(Ok(()), consume)
    }

    fn place(&self, entry: EventEntry) -> EventOf {
        let log_source =
            usize::try_from(entry.log_source).ok().and_then(|number| self.log_sources.get(number).copied());
        let source = self.sources.get(&entry.source).map_or_else(|| Arc::from(""), Arc::clone);
        EventOf { source, event: entry.event, log_source: log_source.unwrap_or_default() }
    }
}
