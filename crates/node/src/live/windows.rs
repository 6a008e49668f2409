//! Correlations live: matches go in as they are found, results come out once no earlier match can come. The state survives a restart as a snapshot that says
//! up to which offset of the log it holds.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use cordon_detect::{Detected, Detector, EventKey, EventOf, RuleMatch};
use cordon_model::{Digest, EventId, LogSource, LogSourceTable, Position, Time};
use cordon_rules::correlate::{Correlator, EventRef, Fired, Limits, Match};
use cordon_stats::codec;

use super::watermark::{AHEAD_MAX_US, Watermarks};

/// Events that correlations may still name; older ones are left out of a finding, whose count stays exact.
const EVENTS_KEPT_MAX: usize = 64 << 10;
/// Bytes that an event takes in a snapshot.
const EVENT_BYTES: usize = 112;
/// Raised with every change of the layout.
const VERSION: u64 = 1;

/// The windows of all correlations.
#[derive(Debug)]
pub(super) struct Windows {
    detector: Arc<Detector>,
    limits: Limits,
    correlator: Correlator,
    events: Events,
    watermarks: Watermarks,
    fired: Vec<Fired>,
    /// Matches that came too late before the windows were last begun anew.
    late_before: u64,
}

/// The events that waiting matches and windows speak of, by number.
#[derive(Debug, Default)]
struct Events {
    /// Number of the first of `kept`.
    first: u64,
    kept: VecDeque<Seen>,
    /// Events that a finding could no longer name.
    forgotten: u64,
}

/// A match of a rule, with what the findings of correlations say of its event.
#[derive(Clone, Debug)]
pub(super) struct Matched {
    pub(super) source: Arc<str>,
    pub(super) site: Arc<str>,
    pub(super) class_uid: i64,
    pub(super) found: RuleMatch,
}

/// An event that correlations may name.
#[derive(Clone, Debug)]
struct Seen {
    event: EventOf,
    site: Arc<str>,
    class_uid: i64,
}

/// What a correlation says, with the site and class of its last event.
#[derive(Clone, Debug)]
pub(super) struct Correlated {
    pub(super) detected: Detected,
    pub(super) site: Arc<str>,
    pub(super) class_uid: i64,
}

/// Why a snapshot was not taken; correlations then start with empty windows from the log's first kept offset.
#[derive(Debug, thiserror::Error)]
#[error("the snapshot of correlations is cut, damaged or of another version")]
pub(super) struct NotASnapshot;

impl Windows {
    /// Empty windows of a detector's correlations. How far matches may be late is decided here, not by `limits`.
    pub(super) fn new(detector: Arc<Detector>, limits: Limits, pace: i64) -> Self {
        let limits = Limits { lateness_us: i64::MAX, ..limits };
        let correlator = Correlator::new(Arc::clone(detector.plan()), limits);
        let (events, watermarks) = (Events::default(), Watermarks::new(pace));
        Self { detector, limits, correlator, events, watermarks, fired: Vec::new(), late_before: 0 }
    }

    /// Says when the next matches were received. When the clock of the machine had been ahead and was set back, the windows have closed in its future and would
    /// take nothing until it is reached: they begin anew. Gives how many groups were given up, if so.
    pub(super) fn follow_clock(&mut self, received: Time) -> Option<usize> {
        // no source pushes time forward by more than half of this
        if self.correlator.watermark().0 <= received.0.saturating_add(2 * AHEAD_MAX_US) {
            return None;
        }
        let (groups, _) = self.correlator.size();
        self.late_before = self.late();
        self.correlator = Correlator::new(Arc::clone(self.detector.plan()), self.limits);
        Some(groups)
    }

    /// Takes in a match.
    pub(super) fn observe(&mut self, matched: Matched, out: &mut Vec<Correlated>) {
        let Matched { source, site, class_uid, found } = matched;
        let RuleMatch { rule, time, event, log_source, values } = found;
        let event = self.events.push(Seen { event: EventOf { source, event, log_source }, site, class_uid });
        let values: Vec<Option<&str>> = values.iter().map(Option::as_deref).collect();
        self.correlator.observe(&Match { rule, time, event, values: &values }, &mut self.fired);
        self.tell(out);
    }

    /// Says that something of `source` was received at `received`, and of what time its latest event was.
    pub(super) fn heard(&mut self, source: &Arc<str>, time: Option<Time>, received: Time) {
        self.watermarks.heard(source, time, received);
    }

    /// Decides what no earlier match can change any more.
    pub(super) fn advance(&mut self, now: Time, out: &mut Vec<Correlated>) {
        if let Some(watermark) = self.watermarks.lowest(now) {
            self.correlator.advance(watermark, &mut self.fired);
            self.tell(out);
        }
    }

    /// Goes on by other rules: correlations that still mean the same keep their windows. Gives how many groups were given up.
    pub(super) fn reload(&mut self, detector: &Arc<Detector>) -> u64 {
        self.detector = Arc::clone(detector);
        let plan = Arc::clone(detector.plan());
        match Correlator::carry_over(&self.correlator.snapshot(), Arc::clone(&plan), self.limits) {
            Ok(carried) => {
                self.correlator = carried.correlator;
                carried.groups_dropped
            }
            Err(error) => {
                tracing::error!(error = %error, "the windows of correlations could not be carried over; they start anew");
                let (groups, _) = self.correlator.size();
                self.correlator = Correlator::new(plan, self.limits);
                u64::try_from(groups).unwrap_or(u64::MAX)
            }
        }
    }

    /// Event time before which everything is decided; when no source was ever heard there is nothing to decide.
    pub(super) fn decided(&self, now: Time) -> Time {
        self.watermarks.lowest(now).map_or(now, |_| self.correlator.watermark())
    }

    /// Matches that came too late.
    pub(super) fn late(&self) -> u64 {
        self.late_before + self.correlator.counters().late
    }

    /// The state as bytes; it holds every match below `through`.
    pub(super) fn snapshot(&self, through: u64) -> Vec<u8> {
        let (_, bytes) = self.correlator.size();
        // as it grows it would be there twice
        let mut out = Vec::with_capacity(bytes + self.events.kept.len() * EVENT_BYTES);
        codec::put_u64(&mut out, VERSION);
        codec::put_u64(&mut out, through);
        codec::section(&mut out, |out| self.correlator.write_snapshot(out));
        self.events.write(&mut out);
        self.watermarks.write(&mut out);
        out
    }

    /// Windows that go on where the snapshot was taken, and the offset below which they hold every match.
    pub(super) fn restore(
        detector: Arc<Detector>,
        limits: Limits,
        pace: i64,
        table: &LogSourceTable,
        mut from: &[u8],
    ) -> Result<(Self, u64), NotASnapshot> {
        let from = &mut from;
        if codec::take_u64(from) != Some(VERSION) {
            return Err(NotASnapshot);
        }
        let through = codec::take_u64(from).ok_or(NotASnapshot)?;
        let state = codec::take_bytes(from).ok_or(NotASnapshot)?;
        let mut windows = Self::new(detector, limits, pace);
        let plan = Arc::clone(windows.detector.plan());
        // rules may have changed while the node was down
        let carried = Correlator::carry_over(state, plan, windows.limits).map_err(|_| NotASnapshot)?;
        windows.correlator = carried.correlator;
        windows.events = Events::read(table, from).ok_or(NotASnapshot)?;
        windows.watermarks = Watermarks::read(from, pace).ok_or(NotASnapshot)?;
        Ok((windows, through))
    }

    fn tell(&mut self, out: &mut Vec<Correlated>) {
        for fired in self.fired.drain(..) {
            let named: Vec<&Seen> = fired.events.iter().filter_map(|event| self.events.get(*event)).collect();
            let forgotten = fired.events.len() - named.len();
            let Some(last) = self.events.get(fired.last_event).or(named.last().copied()) else { continue };
            let (site, class_uid) = (Arc::clone(&last.site), last.class_uid);
            let events = named.iter().map(|seen| seen.event.clone()).collect();
            let detected = self.detector.correlated(fired, events, last.event.clone());
            self.events.forgotten += u64::try_from(forgotten).unwrap_or_default();
            out.extend(detected.map(|detected| Correlated { detected, site, class_uid }));
        }
    }
}

impl Events {
    fn push(&mut self, event: Seen) -> EventRef {
        if self.kept.len() >= EVENTS_KEPT_MAX {
            self.kept.pop_front();
            self.first += 1;
        }
        self.kept.push_back(event);
        EventRef(self.first + u64::try_from(self.kept.len() - 1).unwrap_or_default())
    }

    fn get(&self, event: EventRef) -> Option<&Seen> {
        let place = usize::try_from(event.0.checked_sub(self.first)?).ok()?;
        self.kept.get(place)
    }

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, self.first);
        codec::put_u64(out, self.forgotten);
        // sources and log sources repeat: each is written once
        let mut names: BTreeMap<&str, u64> = BTreeMap::new();
        let mut log_sources: Vec<LogSource> = Vec::new();
        for event in &self.kept {
            for name in [&event.event.source, &event.site] {
                let next = u64::try_from(names.len()).unwrap_or_default();
                names.entry(name).or_insert(next);
            }
            if !log_sources.contains(&event.event.log_source) {
                log_sources.push(event.event.log_source);
            }
        }
        let mut by_number: Vec<(&u64, &&str)> = names.iter().map(|(name, number)| (number, name)).collect();
        by_number.sort();
        codec::put_len(out, by_number.len());
        by_number.iter().for_each(|(_, name)| codec::put_bytes(out, name.as_bytes()));
        codec::put_len(out, log_sources.len());
        for LogSource { product, category, service, mapping } in &log_sources {
            [product, category, service, mapping].iter().for_each(|text| codec::put_bytes(out, text.as_bytes()));
        }
        codec::put_len(out, self.kept.len());
        for Seen { event: EventOf { source, event, log_source }, site, class_uid } in &self.kept {
            codec::put_u64(out, names.get(&**source).copied().unwrap_or_default());
            codec::put_u64(out, names.get(&**site).copied().unwrap_or_default());
            codec::put_i64(out, *class_uid);
            let log_source = log_sources.iter().position(|known| known == log_source).unwrap_or_default();
            codec::put_len(out, log_source);
            let (kind, first, second) = match event.position {
                Position::Offset(offset) => (0, 0, offset),
                Position::Chunk { chunk, record } => (1, u64::from(chunk), record),
            };
            [kind, first, second, u64::from(event.index)].into_iter().for_each(|number| codec::put_u64(out, number));
            out.extend_from_slice(&event.id.0);
            out.extend_from_slice(&event.record_sha256.0);
        }
    }

    fn read(table: &LogSourceTable, from: &mut &[u8]) -> Option<Self> {
        let (first, forgotten) = (codec::take_u64(from)?, codec::take_u64(from)?);
        let mut names: Vec<Arc<str>> = Vec::new();
        for _ in 0..codec::take_len(from, 1)? {
            names.push(std::str::from_utf8(codec::take_bytes(from)?).ok()?.into());
        }
        let mut log_sources = Vec::new();
        for _ in 0..codec::take_len(from, 4)? {
            log_sources.push(log_source(table, from)?);
        }
        let mut kept = VecDeque::new();
        for _ in 0..codec::take_len(from, 96)?.min(EVENTS_KEPT_MAX) {
            kept.push_back(seen(&names, &log_sources, from)?);
        }
        Some(Self { first, kept, forgotten })
    }
}

/// The log source of these names as the table knows it; one that it no longer has is unnamed.
fn log_source(table: &LogSourceTable, from: &mut &[u8]) -> Option<LogSource> {
    let mut names = [""; 4];
    for name in &mut names {
        *name = std::str::from_utf8(codec::take_bytes(from)?).ok()?;
    }
    let is_it = |known: &&LogSource| [known.product, known.category, known.service, known.mapping] == names;
    let mut all = table.sets().flat_map(|(_, sources)| sources);
    Some(all.find(is_it).copied().unwrap_or_default())
}

fn seen(names: &[Arc<str>], log_sources: &[LogSource], from: &mut &[u8]) -> Option<Seen> {
    let source = names.get(usize::try_from(codec::take_u64(from)?).ok()?)?;
    let site = names.get(usize::try_from(codec::take_u64(from)?).ok()?)?;
    let class_uid = codec::take_i64(from)?;
    let log_source = log_sources.get(usize::try_from(codec::take_u64(from)?).ok()?)?;
    let (kind, first, second) = (codec::take_u64(from)?, codec::take_u64(from)?, codec::take_u64(from)?);
    let position = match kind {
        0 => Position::Offset(second),
        _ => Position::Chunk { chunk: u32::try_from(first).ok()?, record: second },
    };
    let index = u32::try_from(codec::take_u64(from)?).ok()?;
    let (id, record_sha256) = (EventId(codec::take(from)?), Digest(codec::take(from)?));
    let event = EventKey { id, record_sha256, position, index };
    let event = EventOf { source: Arc::clone(source), event, log_source: *log_source };
    Some(Seen { event, site: Arc::clone(site), class_uid })
}
