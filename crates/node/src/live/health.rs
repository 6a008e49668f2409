//! How the parts of a node are. Every part says what keeps it from working and takes it back once it works again; health, readiness, metrics and the heartbeat read it here.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use cordon_api::{Part, PartState};

use super::node::Parts;
use crate::tell::TellHandle;

/// Event tables, in health and metrics.
pub(super) const TABLES: &str = "tables";
/// Evidence.
pub(super) const EVIDENCE: &str = "evidence";
/// The state with findings and groups.
pub(super) const FINDINGS: &str = "findings";

/// So many bytes of the log that are not judged yet are more than a moment's work.
const BEHIND_BYTES: u64 = 256 << 20;

/// What parts say of themselves.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// Sinks that cannot be written, and why.
    sinks: Mutex<BTreeMap<&'static str, String>>,
    is_any: AtomicBool,
    /// Whether senders wait because the log is full.
    pub(super) is_log_full: AtomicBool,
    /// Notification, once it runs.
    pub(super) tell: OnceLock<TellHandle>,
}

impl Health {
    fn sinks(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.sinks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A sink cannot be written.
    pub(super) fn failed(&self, sink: &'static str, why: &dyn fmt::Display) {
        self.sinks().insert(sink, why.to_string());
        self.is_any.store(true, Ordering::Relaxed);
    }

    /// A sink was written. Costs one look at a flag while none has failed.
    pub(super) fn works(&self, sink: &'static str) {
        if self.is_any.load(Ordering::Relaxed) {
            let mut sinks = self.sinks();
            sinks.remove(sink);
            self.is_any.store(!sinks.is_empty(), Ordering::Relaxed);
        }
    }

    fn sink(&self, name: &'static str) -> Part {
        let why = self.sinks().get(name).cloned();
        let told = |why: String| format!("cannot be written, which is tried again; the log keeps what arrives: {why}");
        let state = if why.is_some() { PartState::Failed } else { PartState::Ok };
        Part { name, state, detail: why.map(told).unwrap_or_default() }
    }

    fn notification(&self) -> Part {
        let detail = self.tell.get().and_then(|tell| tell.status().detail());
        // nobody is told for now, and everything else works: the node stays ready
        let state = if detail.is_some() { PartState::Degraded } else { PartState::Ok };
        Part { name: "notification", state, detail: detail.unwrap_or_default() }
    }
}

impl Parts {
    /// How each part is, worst first.
    pub(super) fn health(&self) -> Vec<Part> {
        let health = &self.health;
        let mut parts = vec![self.log(), self.detection()];
        parts.extend([TABLES, EVIDENCE, FINDINGS].map(|name| health.sink(name)));
        parts.extend([self.room.health(), health.notification()]);
        parts.extend(self.reviews.part());
        parts.sort_by_key(|part| Reverse(part.state));
        parts
    }

    fn log(&self) -> Part {
        let of = |state, detail: &str| Part { name: "wal", state, detail: detail.to_owned() };
        if self.is_log_failing.load(Ordering::Relaxed) {
            return of(PartState::Failed, "the log cannot be written: senders that can wait do, the rest is counted");
        }
        if self.health.is_log_full.load(Ordering::Relaxed) {
            let told = "the log has reached store.wal_bytes_max: senders wait until what was received is worked off";
            return of(PartState::Degraded, told);
        }
        of(PartState::Ok, "")
    }

    fn detection(&self) -> Part {
        let of = |state, detail: String| Part { name: "detection", state, detail };
        if self.broken.load(Ordering::Relaxed) {
            let told = "a part of the log was not judged, or judging has ended: the node's own log says which";
            return of(PartState::Failed, told.to_owned());
        }
        let behind = self.wal.durable().saturating_sub(self.counts.through.load(Ordering::Relaxed));
        if behind > BEHIND_BYTES {
            return of(PartState::Degraded, format!("{} MiB of what was received are not judged yet", behind >> 20));
        }
        of(PartState::Ok, String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sink_that_works_again_takes_back_what_it_said_and_leaves_what_others_say() {
        let health = Health::default();
        health.failed(TABLES, &"no room");
        health.failed(EVIDENCE, &"read-only");
        health.works(TABLES);
        assert_eq!(health.sink(TABLES).state, PartState::Ok);
        assert_eq!(health.sink(EVIDENCE).state, PartState::Failed);
        assert!(health.sink(EVIDENCE).detail.ends_with("read-only"));
        health.works(EVIDENCE);
        assert!(!health.is_any.load(Ordering::Relaxed));
    }
}
