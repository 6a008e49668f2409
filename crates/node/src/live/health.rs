//! How the parts of a node are. Every part says what keeps it from working and takes it back once it works again; health, readiness, metrics and the heartbeat read it here.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use cordon_api::{Part, PartState};
use cordon_store::disk::{Disk as _, FileDisk};
use tokio_util::sync::CancellationToken;

use super::node::Parts;
use crate::tell::TellHandle;

/// Event tables, in health and metrics.
pub(super) const TABLES: &str = "tables";
/// Evidence.
pub(super) const EVIDENCE: &str = "evidence";
/// The state with findings and groups.
pub(super) const FINDINGS: &str = "findings";

/// How often the disk is looked at.
const DISK_EVERY: Duration = Duration::from_secs(5);
/// Less free disk than this keeps the node from writing soon, bytes.
const FREE_FAILED_BYTES: u64 = 128 << 20;
/// Less free disk than this needs somebody, bytes: a few minutes of a busy intake.
const FREE_DEGRADED_BYTES: u64 = 1 << 30;
/// So many bytes of the log that are not judged yet are more than a moment's work.
const BEHIND_BYTES: u64 = 256 << 20;

/// What parts say of themselves.
#[derive(Debug)]
pub(super) struct Health {
    /// Sinks that cannot be written, and why.
    sinks: Mutex<BTreeMap<&'static str, String>>,
    is_any: AtomicBool,
    /// Free bytes of the disk; the largest number while it was not looked at.
    free_bytes: AtomicU64,
    /// Whether senders wait because the log is full.
    pub(super) is_log_full: AtomicBool,
    /// Notification, once it runs.
    pub(super) tell: OnceLock<TellHandle>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            sinks: Mutex::default(),
            is_any: AtomicBool::new(false),
            free_bytes: AtomicU64::new(u64::MAX),
            is_log_full: AtomicBool::new(false),
            tell: OnceLock::new(),
        }
    }
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

    fn disk(&self) -> Part {
        let free = self.free_bytes.load(Ordering::Relaxed);
        let state = match free {
            ..FREE_FAILED_BYTES => PartState::Failed,
            FREE_FAILED_BYTES..FREE_DEGRADED_BYTES => PartState::Degraded,
            _ => PartState::Ok,
        };
        let detail = format!("{} MiB are free: make room", free >> 20);
        Part { name: "disk", state, detail: if state == PartState::Ok { String::new() } else { detail } }
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
        let (disk, budget) = (health.disk(), self.room.health());
        parts.extend([if disk.state > budget.state { disk } else { budget }, health.notification()]);
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

/// Looks at the disk, until `stop`.
pub(super) async fn watch_disk(parts: Arc<Parts>, stop: CancellationToken) {
    loop {
        let folder = parts.data_dir.clone();
        let free = tokio::task::spawn_blocking(move || FileDisk.free_bytes(&folder)).await;
        if let Ok(Ok(free)) = free {
            parts.health.free_bytes.store(free, Ordering::Relaxed);
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(DISK_EVERY) => {}
        }
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

    #[test]
    fn little_room_needs_somebody_and_none_keeps_the_node_from_being_ready() {
        let health = Health::default();
        let state = |free: u64| {
            health.free_bytes.store(free, Ordering::Relaxed);
            health.disk().state
        };
        assert_eq!(state(u64::MAX), PartState::Ok);
        assert_eq!(state(FREE_DEGRADED_BYTES - 1), PartState::Degraded);
        assert_eq!(state(FREE_FAILED_BYTES - 1), PartState::Failed);
    }
}
