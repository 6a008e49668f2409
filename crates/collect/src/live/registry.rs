//! The sources of a node: declared in the configuration or adopted when first seen, each with its identity, rights and counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use cordon_model::Time;

use super::Allowance;

/// Most sources that are adopted; what more senders bring is counted under one source per listener, `LISTENER/others`.
const ADOPTED_MAX: usize = 4_096;

/// What is said of a source before it is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceDeclaration {
    /// Its id, for example `ehr-audit`; part of the identity of its events, so it never changes.
    pub id: Arc<str>,
    /// The site that it belongs to.
    pub site: Arc<str>,
    /// The listener that it comes through: `syslog_udp`, `syslog_tcp`, `syslog_tls`, `relp`, `http`, `mllp`, `file`.
    pub listener: Arc<str>,
    /// Who it is on that listener: peer address, name in its certificate, name of its token, or the file pattern. A sender that fits none is adopted.
    pub sender: Arc<str>,
    /// Name of the format it speaks; empty when it is recognised by the bytes.
    pub format: Arc<str>,
    /// Whether care depends on it: then it never waits for Cordon.
    pub care: bool,
    /// Most RawRecords a second, 0 for no limit.
    pub events_per_second_max: u32,
    /// A silence of so many seconds is a finding; 0 for never.
    pub silence_seconds: u32,
}

/// Why something of a source was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DropReason {
    /// More arrived than could be written, and the sender does not wait.
    Overload,
    /// Above the source's rate limit.
    RateLimit,
    /// Longer than a record may be.
    TooLong,
    /// Not in the form that the listener speaks.
    Malformed,
    /// The log could not be written.
    Unwritable,
    /// Lost by the kernel before it was read (UDP).
    Kernel,
}

impl DropReason {
    /// All reasons.
    pub const ALL: [Self; 6] =
        [Self::Overload, Self::RateLimit, Self::TooLong, Self::Malformed, Self::Unwritable, Self::Kernel];

    /// Its name in metrics and in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overload => "overload",
            Self::RateLimit => "rate_limit",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Unwritable => "unwritable",
            Self::Kernel => "kernel",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// What was counted of a source since it is known.
#[derive(Debug, Default)]
pub struct SourceCounts {
    /// RawRecords received.
    pub records: AtomicU64,
    /// Their bytes.
    pub bytes: AtomicU64,
    /// When the last was received, microseconds since 1970; 0 for never.
    pub received_last: AtomicI64,
    /// Time of the latest event, microseconds since 1970; 0 when none stated one.
    pub event_last: AtomicI64,
    /// Of a source that was last heard before the node started: how long no node was there to hear it since, microseconds.
    pub away: AtomicI64,
    dropped: [AtomicU64; 6],
}

/// What was remembered of a source from before the node started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// RawRecords received.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the last was received; `None` for never.
    pub received_last: Option<Time>,
    /// Time of the latest event; `None` when none stated one.
    pub event_last: Option<Time>,
    /// For how long no node was there to hear it since then, microseconds.
    pub away: i64,
    /// RawRecords that were not kept.
    pub drops: Vec<(DropReason, u64)>,
}

impl SourceCounts {
    /// Counts RawRecords that arrived.
    pub fn received(&self, records: u64, bytes: u64, at: Time) {
        self.records.fetch_add(records, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        // not the highest: a clock that was ahead and was set back must not hide a silence
        self.received_last.store(at.0, Ordering::Relaxed);
    }

    /// Counts RawRecords that were not kept.
    pub fn dropped(&self, reason: DropReason, records: u64) {
        let place = DropReason::ALL.iter().position(|other| *other == reason);
        if let Some(count) = place.and_then(|place| self.dropped.get(place)) {
            count.fetch_add(records, Ordering::Relaxed);
        }
    }

    /// Adds what was counted before the node started.
    fn remember(&self, before: &Remembered) {
        let time = |time: Option<Time>| time.map_or(0, |time| time.0);
        self.records.fetch_add(before.records, Ordering::Relaxed);
        self.bytes.fetch_add(before.bytes, Ordering::Relaxed);
        self.received_last.fetch_max(time(before.received_last), Ordering::Relaxed);
        self.event_last.fetch_max(time(before.event_last), Ordering::Relaxed);
        self.away.store(before.away, Ordering::Relaxed);
        before.drops.iter().for_each(|(reason, records)| self.dropped(*reason, *records));
    }

    /// How many RawRecords were not kept, by reason.
    pub fn drops(&self) -> impl Iterator<Item = (DropReason, u64)> {
        DropReason::ALL.into_iter().zip(&self.dropped).map(|(reason, count)| (reason, count.load(Ordering::Relaxed)))
    }
}

/// A source that is heard or awaited.
#[derive(Debug)]
pub struct LiveSource {
    /// What is known of it.
    pub declaration: SourceDeclaration,
    /// Whether it stands in the configuration; else it was adopted.
    pub declared: bool,
    /// What was counted. A source that is declared anew goes on with the same.
    pub counts: Arc<SourceCounts>,
    /// What it has used of its rate limit.
    pub allowance: Allowance,
}

/// The sources of one listener, by sender.
type Senders = BTreeMap<Arc<str>, Arc<LiveSource>>;

/// All sources of the node. Shared by listeners; looking a source up takes a read lock and no allocation.
#[derive(Debug)]
pub struct SourceRegistry {
    site: Arc<str>,
    known: RwLock<Known>,
    generation: AtomicU64,
}

/// Every source, to be found both ways.
#[derive(Debug, Default)]
struct Known {
    by_listener: BTreeMap<Arc<str>, Senders>,
    by_id: BTreeMap<Arc<str>, Arc<LiveSource>>,
}

impl SourceRegistry {
    /// With the declared sources; what is adopted belongs to `site`.
    #[must_use]
    pub fn new(site: Arc<str>, declared: impl IntoIterator<Item = SourceDeclaration>) -> Self {
        let registry = Self { site, known: RwLock::default(), generation: AtomicU64::new(0) };
        for declaration in declared {
            registry.insert(live(declaration, true));
        }
        registry
    }

    /// The site of what is adopted.
    #[must_use]
    pub const fn site(&self) -> &Arc<str> {
        &self.site
    }

    /// Rises whenever sources are declared anew: who keeps a source at hand then looks it up again.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Adds what was counted of a source before the node started. One that is not declared is adopted again, unless a declaration has taken its sender or
    /// there are too many.
    pub fn remember(&self, known: SourceDeclaration, before: &Remembered) {
        let of_id = self.known.read().unwrap_or_else(PoisonError::into_inner).by_id.get(&known.id).cloned();
        if let Some(source) = of_id {
            source.counts.remember(before);
            return;
        }
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let Known { by_listener, by_id } = &mut *all;
        let senders = by_listener.entry(Arc::clone(&known.listener)).or_default();
        if senders.contains_key(&known.sender) || senders.len() >= ADOPTED_MAX {
            return;
        }
        let source = Arc::new(live(known, false));
        source.counts.remember(before);
        by_id.insert(Arc::clone(&source.declaration.id), Arc::clone(&source));
        senders.insert(Arc::clone(&source.declaration.sender), source);
    }

    /// Puts other declarations in the place of all there were. What was counted of a source stays with its id; a sender that is no longer declared is adopted
    /// when it is next heard. Connections that are open go on under the declaration that they began with.
    pub fn declare(&self, declared: impl IntoIterator<Item = SourceDeclaration>) {
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::take(&mut all.by_id);
        for senders in all.by_listener.values_mut() {
            senders.retain(|_, source| !source.declared);
        }
        for declaration in declared {
            let known = before.get(&declaration.id).filter(|source| source.declared);
            let source = match known {
                Some(same) if same.declaration == declaration => Arc::clone(same),
                Some(other) => Arc::new(LiveSource { counts: Arc::clone(&other.counts), ..live(declaration, true) }),
                None => Arc::new(live(declaration, true)),
            };
            let SourceDeclaration { listener, sender, .. } = &source.declaration;
            all.by_listener.entry(Arc::clone(listener)).or_default().insert(Arc::clone(sender), Arc::clone(&source));
        }
        let ids = all.by_listener.values().flat_map(BTreeMap::values);
        let ids = ids.map(|source| (Arc::clone(&source.declaration.id), Arc::clone(source))).collect();
        all.by_id = ids;
        drop(all);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// The source behind `sender` on `listener`; adopted when it is heard for the first time.
    #[must_use]
    pub fn source(&self, listener: &str, sender: &str) -> Arc<LiveSource> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let of_listener = known.by_listener.get(listener);
        if let Some(source) = of_listener.and_then(|senders| senders.get(sender)) {
            return Arc::clone(source);
        }
        let full = of_listener.is_some_and(|senders| senders.len() >= ADOPTED_MAX);
        drop(known);
        if full && sender != "others" {
            return self.source(listener, "others");
        }
        self.insert(self.adopted(listener, sender))
    }

    /// All sources, by listener and sender.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<LiveSource>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.by_listener.values().flat_map(BTreeMap::values).cloned().collect()
    }

    /// Notes that an event of the source `id` happened at `time`. Sources within a source, such as the files of an import, are nobody's here.
    pub fn event_happened(&self, id: &str, time: Time) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = known.by_id.get(id) {
            source.counts.event_last.fetch_max(time.0, Ordering::Relaxed);
        }
    }

    fn insert(&self, source: LiveSource) -> Arc<LiveSource> {
        let SourceDeclaration { listener, sender, .. } = &source.declaration;
        let (listener, sender) = (Arc::clone(listener), Arc::clone(sender));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let Known { by_listener, by_id } = &mut *known;
        let source = by_listener.entry(listener).or_default().entry(sender).or_insert_with(|| Arc::new(source));
        by_id.entry(Arc::clone(&source.declaration.id)).or_insert_with(|| Arc::clone(source));
        Arc::clone(source)
    }

    fn adopted(&self, listener: &str, sender: &str) -> LiveSource {
        let declaration = SourceDeclaration {
            id: format!("{listener}/{sender}").into(),
            site: Arc::clone(&self.site),
            listener: listener.into(),
            sender: sender.into(),
            format: "".into(),
            care: false,
            events_per_second_max: 0,
            silence_seconds: 0,
        };
        live(declaration, false)
    }
}

fn live(declaration: SourceDeclaration, declared: bool) -> LiveSource {
    LiveSource { declaration, declared, counts: Arc::default(), allowance: Allowance::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_adopted_once_and_a_declared_one_keeps_its_id() {
        let declared = SourceDeclaration {
            id: "firewall".into(),
            site: "main".into(),
            listener: "syslog_udp".into(),
            sender: "10.0.0.1".into(),
            format: "syslog".into(),
            care: false,
            events_per_second_max: 0,
            silence_seconds: 60,
        };
        let registry = SourceRegistry::new("main".into(), [declared]);
        assert_eq!(&*registry.source("syslog_udp", "10.0.0.1").declaration.id, "firewall");
        let adopted = registry.source("syslog_udp", "10.0.0.2");
        adopted.counts.dropped(DropReason::RateLimit, 3);
        let again = registry.source("syslog_udp", "10.0.0.2");
        assert_eq!(&*again.declaration.id, "syslog_udp/10.0.0.2");
        assert!(again.counts.drops().any(|drop| drop == (DropReason::RateLimit, 3)));
        assert_eq!(registry.all().len(), 2);
    }

    fn declared(id: &str, sender: &str, events_per_second_max: u32) -> SourceDeclaration {
        SourceDeclaration {
            id: id.into(),
            site: "main".into(),
            listener: "http".into(),
            sender: sender.into(),
            format: "".into(),
            care: false,
            events_per_second_max,
            silence_seconds: 0,
        }
    }

    fn ids(registry: &SourceRegistry) -> Vec<(String, u64)> {
        let all = registry.all();
        let of = |source: &Arc<LiveSource>| {
            (source.declaration.id.to_string(), source.counts.records.load(Ordering::Relaxed))
        };
        all.iter().map(of).collect()
    }

    #[test]
    fn a_source_declared_anew_goes_on_counting_and_its_sender_is_known_at_once() {
        let registry = SourceRegistry::new("main".into(), [declared("ehr", "a", 0), declared("ris", "b", 0)]);
        registry.source("http", "a").counts.received(3, 9, Time(1));
        registry.source("http", "b").counts.received(5, 9, Time(1));
        registry.source("http", "c").counts.received(7, 9, Time(1));
        registry.declare([declared("ehr", "a", 10), declared("pacs", "c", 0)]);
        assert_eq!(registry.generation(), 1);
        assert_eq!(registry.source("http", "a").declaration.events_per_second_max, 10);
        assert_eq!(ids(&registry), [("ehr".to_owned(), 3), ("pacs".to_owned(), 0)]);
        assert_eq!(&*registry.source("http", "b").declaration.id, "http/b");
        registry.event_happened("pacs", Time(4));
        assert_eq!(registry.source("http", "c").counts.event_last.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn what_was_counted_before_the_start_is_added_and_who_was_adopted_is_known_again() {
        let registry = SourceRegistry::new("main".into(), [declared("ehr", "a", 0)]);
        let before = Remembered { records: 2, drops: vec![(DropReason::Kernel, 4)], ..Remembered::default() };
        registry.remember(declared("ehr", "other", 0), &before);
        registry.remember(declared("http/b", "b", 0), &before);
        registry.remember(declared("http/a", "a", 0), &before);
        registry.source("http", "b").counts.received(1, 1, Time(1));
        assert_eq!(ids(&registry), [("ehr".to_owned(), 2), ("http/b".to_owned(), 3)]);
        assert!(registry.source("http", "b").counts.drops().any(|drop| drop == (DropReason::Kernel, 4)));
        assert!(!registry.source("http", "b").declared);
    }

    #[test]
    fn the_latest_event_of_a_source_is_noted_by_its_id() {
        let registry = SourceRegistry::new("main".into(), []);
        let source = registry.source("syslog_udp", "10.0.0.2");
        registry.event_happened("syslog_udp/10.0.0.2", Time(7));
        registry.event_happened("syslog_udp/10.0.0.2", Time(3));
        registry.event_happened("nobody", Time(9));
        assert_eq!(source.counts.event_last.load(Ordering::Relaxed), 7);
    }

    #[test]
    fn more_senders_than_the_bound_share_one_source() {
        let registry = SourceRegistry::new("main".into(), []);
        for number in 0..ADOPTED_MAX + 10 {
            let _ = registry.source("http", &number.to_string());
        }
        assert_eq!(&*registry.source("http", "one more").declaration.id, "http/others");
        assert_eq!(registry.all().len(), ADOPTED_MAX + 1);
    }
}
