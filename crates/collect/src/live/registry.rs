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
}

/// What was counted of a source since the start of the node.
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
    dropped: [AtomicU64; 6],
}

impl SourceCounts {
    /// Counts RawRecords that arrived.
    pub fn received(&self, records: u64, bytes: u64, at: Time) {
        self.records.fetch_add(records, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.received_last.fetch_max(at.0, Ordering::Relaxed);
    }

    /// Counts RawRecords that were not kept.
    pub fn dropped(&self, reason: DropReason, records: u64) {
        let place = DropReason::ALL.iter().position(|other| *other == reason);
        if let Some(count) = place.and_then(|place| self.dropped.get(place)) {
            count.fetch_add(records, Ordering::Relaxed);
        }
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
    /// What was counted.
    pub counts: SourceCounts,
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
        let registry = Self { site, known: RwLock::default() };
        for declaration in declared {
            registry.insert(LiveSource {
                declaration,
                declared: true,
                counts: SourceCounts::default(),
                allowance: Allowance::default(),
            });
        }
        registry
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
        LiveSource { declaration, declared: false, counts: SourceCounts::default(), allowance: Allowance::default() }
    }
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
