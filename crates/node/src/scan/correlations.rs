//! Correlations over what is there already: gathers matches in any order, then runs the correlator over them in order of time. For a scan, and for what a node
//! has stored.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use cordon_detect::{Detected, Detector, EventKey, EventOf, RuleMatch};
use cordon_model::{LogSource, Time};
use cordon_rules::correlate::{Correlator, Counters, EventRef, Fired, Limits, Match};

use super::entry::{Entry, EventEntry};
use super::events::Events;
use super::gather::Gather;

pub(crate) use super::gather::Place;

/// Bytes of waiting matches that stay in memory.
const GATHER_BYTES_MAX: usize = 32 << 20;
/// Matches that are processed between two looks at whether to go on.
const STEP: u64 = 1_024;

pub(crate) struct Correlations<'d> {
    detector: &'d Detector,
    gather: Gather,
    place: Place,
    /// Where the sources with matches belong, by their number.
    origins: BTreeMap<u32, Origin>,
    /// Log source and class of the events met.
    kinds: Vec<(LogSource, i64)>,
}

/// Where a source belongs.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// Id of the source.
    pub(crate) source: Arc<str>,
    /// Its site; a scan has none.
    pub(crate) site: Arc<str>,
}

/// What of a match its event does not say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    /// Number of its source; of one time and arrival the lowest comes first.
    pub(crate) source: u32,
    /// What of one time came first.
    pub(crate) arrival: u64,
    /// OCSF class of its event; 0 when nobody asks.
    pub(crate) class_uid: i64,
}

/// What becomes of windows that are open when the matches end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// They are decided: nothing more will come.
    OfInput,
    /// Only what is decided up to this time is told; the rest is for whoever sees what follows.
    At(Time),
}

/// What a correlation says, with site and class of its last event.
#[derive(Clone, Debug)]
pub(crate) struct Correlated {
    pub(crate) detected: Detected,
    pub(crate) site: Arc<str>,
    pub(crate) class_uid: i64,
}

impl<'d> Correlations<'d> {
    pub(crate) fn new(detector: &'d Detector, place: Place) -> Self {
        let gather = Gather::new(GATHER_BYTES_MAX, place.clone());
        Self { detector, gather, place, origins: BTreeMap::new(), kinds: Vec::new() }
    }

    /// Takes in a match; its place among the others is decided later.
    pub(crate) fn gather(
        &mut self,
        placed: Placed,
        origin: impl FnOnce() -> Origin,
        found: RuleMatch,
    ) -> io::Result<()> {
        let Placed { source, arrival, class_uid } = placed;
        self.origins.entry(source).or_insert_with(origin);
        let kind = (found.log_source, class_uid);
        let known = self.kinds.iter().position(|known| *known == kind);
        let kind = known.unwrap_or_else(|| {
            self.kinds.push(kind);
            self.kinds.len() - 1
        });
        let EventKey { id, record_sha256, position, index } = found.event;
        self.gather.push(Entry {
            time: found.time,
            arrival,
            source,
            position,
            index,
            rule: found.rule,
            kind: u32::try_from(kind).unwrap_or(u32::MAX),
            id,
            record_sha256,
            values: found.values,
        })
    }

    /// Runs the correlator over everything gathered, until its end or until `goes_on` says no, which it is asked now and then.
    pub(crate) fn run(
        self,
        limits: Limits,
        end: End,
        mut goes_on: impl FnMut() -> bool,
        mut consume: impl FnMut(Correlated) -> io::Result<()>,
    ) -> io::Result<Counters> {
        let mut correlator = Correlator::new(Arc::clone(self.detector.plan()), limits);
        let places = Places { detector: self.detector, origins: self.origins, kinds: self.kinds, end };
        let mut events = Events::new(self.place);
        let (mut fired, mut count) = (Vec::new(), 0_u64);
        for entry in self.gather.sorted()? {
            let entry = entry?;
            if end.is_behind(entry.time) {
                break;
            }
            count += 1;
            if count % STEP == 0 && !goes_on() {
                return Ok(correlator.counters());
            }
            let event = EventRef(events.push(&entry.event())?);
            let values: Vec<Option<&str>> = entry.values.iter().map(Option::as_deref).collect();
            correlator.observe(&Match { rule: entry.rule, time: entry.time, event, values: &values }, &mut fired);
            for result in fired.drain(..) {
                places.tell(result, &mut events, &mut consume)?;
            }
        }
        match end {
            End::OfInput => correlator.finish(&mut fired),
            End::At(time) => correlator.advance(time, &mut fired),
        }
        for result in fired.drain(..) {
            places.tell(result, &mut events, &mut consume)?;
        }
        Ok(correlator.counters())
    }
}

impl End {
    fn is_behind(self, time: Time) -> bool {
        matches!(self, Self::At(end) if time > end)
    }
}

/// What the numbers of entries stand for.
struct Places<'d> {
    detector: &'d Detector,
    origins: BTreeMap<u32, Origin>,
    kinds: Vec<(LogSource, i64)>,
    end: End,
}

impl Places<'_> {
    /// Makes a finding of a result and hands it on.
    fn tell(
        &self,
        fired: Fired,
        events: &mut Events,
        consume: &mut impl FnMut(Correlated) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.end.is_behind(fired.decided) {
            return Ok(());
        }
        let mut of_finding = Vec::with_capacity(fired.events.len());
        for event in &fired.events {
            of_finding.push(self.place(events.read(event.0)?).0);
        }
        let (last, site, class_uid) = self.place(events.read(fired.last_event.0)?);
        let detected = self.detector.correlated(fired, of_finding, last);
        detected.map_or(Ok(()), |detected| consume(Correlated { detected, site, class_uid }))
    }

    fn place(&self, entry: EventEntry) -> (EventOf, Arc<str>, i64) {
        let kind = usize::try_from(entry.kind).ok().and_then(|number| self.kinds.get(number).copied());
        let (log_source, class_uid) = kind.unwrap_or_default();
        let origin = self.origins.get(&entry.source);
        let source = origin.map_or_else(|| Arc::from(""), |origin| Arc::clone(&origin.source));
        let site = origin.map_or_else(|| Arc::from(""), |origin| Arc::clone(&origin.site));
        (EventOf { source, event: entry.event, log_source }, site, class_uid)
    }
}
