//! The end of the street: takes what workers made of the log, in its order, and brings it to every sink.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cordon_collect::live::SourceRegistry;
use cordon_model::Time;
use cordon_store::disk::{self, Disk};
use cordon_store::evidence::{Block, Evidence, EvidenceError};
use cordon_store::state::{NewFinding, State};
use cordon_store::tables::{RowBatch, Tables};
use cordon_store::wal::Wal;
use tokio::sync::watch;

use super::events::LiveFeed;
use super::finding;
use super::health::{EVIDENCE, FINDINGS, Health, TABLES};
use super::judge::{Counts, Outcome};
use super::learnt::Learnt;
use super::pace::Pace;
use super::rules::Generation;
use super::windows::{Correlated, Windows};
use crate::history::is_history;

/// Name of the sink of findings in the state.
pub(super) const FINDINGS_SINK: &str = "findings";
/// How often at most everything goes to files while senders wait for room in the log.
const ROOM_EVERY: Duration = Duration::from_secs(1);
/// One part in so many of a full log must be worked off before everything goes to files to give it up: the street stands still meanwhile, and for little it would do
/// nothing else.
const ROOM_PART: u64 = 8;

/// What the street did since the node started. Rising counts; read by metrics and health.
#[derive(Debug, Default)]
pub struct StreetCounts {
    /// Deliveries taken from the log.
    pub deliveries: AtomicU64,
    /// RawRecords in them.
    pub raw_records: AtomicU64,
    /// Bytes of the RawRecords.
    pub bytes: AtomicU64,
    /// Events made of them.
    pub events: AtomicU64,
    /// RawRecords of which no event could be made.
    pub undecoded: AtomicU64,
    /// Parts of RawRecords that gave no event beside others that did, such as an entry of a Bundle.
    pub parts_undecoded: AtomicU64,
    /// Findings that were new.
    pub findings: AtomicU64,
    /// Matches that took no part in correlations because their event states no time.
    pub matches_undated: AtomicU64,
    /// Matches in imported history, whose correlations are judged at the end of the import.
    pub matches_of_history: AtomicU64,
    /// Event time before which correlations are decided, microseconds since 1970.
    pub decided: AtomicI64,
    /// Matches that took no part in correlations because their event is dated further ahead of its receipt than clocks differ.
    pub matches_ahead: AtomicU64,
    /// Matches that came too late for their correlation.
    pub matches_late: AtomicU64,
    /// Offset of the log below which everything was judged and kept.
    pub through: AtomicU64,
    /// Offset below which correlations survive a crash.
    pub windows_applied: AtomicU64,
    /// Offset below which what was learnt survives a crash.
    pub learnt_applied: AtomicU64,
    /// Times a sink could not be written and was tried again.
    pub retries: AtomicU64,
}

/// Where the keeper brings things.
pub(super) struct Keeper {
    pub(super) state: State,
    pub(super) tables: Tables,
    pub(super) evidence: Arc<Evidence>,
    pub(super) wal: Arc<Wal>,
    /// Most bytes of the log.
    pub(super) wal_bytes_max: u64,
    pub(super) registry: Arc<SourceRegistry>,
    pub(super) windows: Windows,
    /// The windows hold every match below this offset: those that are read again for another sink's sake are not counted twice.
    pub(super) windows_from: u64,
    pub(super) generation: Generation,
    pub(super) learnt: Learnt,
    pub(super) pace: Pace,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) snapshot: PathBuf,
    pub(super) counts: Arc<StreetCounts>,
    /// Rises whenever findings were kept.
    pub(super) told: watch::Sender<u64>,
    pub(super) live: LiveFeed,
    pub(super) health: Arc<Health>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) snapshot_at: Instant,
    pub(super) dirty: bool,
    /// When evidence was last written to a file for its age.
    pub(super) evidence_at: Instant,
    /// A sink could not be written until the node had to stop. Nothing more is brought to any: a later batch would move an applied offset over the one left out.
    pub(super) gave_up: bool,
}

impl Keeper {
    /// Brings one outcome to every sink; returns when all have it.
    pub(super) async fn keep(&mut self, mut outcome: Outcome) {
        if self.gave_up {
            return;
        }
        let (through, now, is_tick) = (outcome.through, outcome.now, outcome.counts == Counts::default());
        self.follow_rules(&outcome.generation);
        let is_known = !is_tick && through <= self.windows_from;
        let correlated = if is_known { Vec::new() } else { self.correlate(&mut outcome, now) };
        let noticed = self.learnt.see(&outcome.observed, through, self.windows.decided(now));
        let Outcome { findings, rows, counts, blocks, .. } = outcome;
        let Some(blocks) = blocks else {
            self.gave_up = true;
            return;
        };
        let version = &self.generation.version;
        let mut new: Vec<NewFinding> = findings.into_iter().map(|found| finding::of_event(found, version)).collect();
        new.extend(correlated.into_iter().map(|Correlated { detected, site, class_uid }| {
            finding::of_correlation(detected, site, class_uid, version, now)
        }));
        new.extend(noticed.into_iter().map(finding::of_behaviour));
        let recorded = (is_tick && new.is_empty()) || self.record(through, new).await;
        let shown = self.live.of(&rows);
        self.disk.reached("keeper.findings_recorded");
        if !(recorded && self.append(through, rows).await && self.keep_evidence(through, blocks).await) {
            self.gave_up = true;
            return;
        }
        if let Some(rows) = shown {
            self.live.show(rows);
        }
        self.disk.reached("keeper.evidence_taken");
        self.count(counts, through);
        self.dirty |= !is_tick;
        if self.is_room_to_be_made(through) {
            self.make_room(through).await;
        } else if self.dirty && self.snapshot_at.elapsed() >= self.pace.snapshot_every {
            self.write_snapshot(through).await;
            self.write_learnt(false).await;
            let is_due = self.evidence_at.elapsed() >= self.pace.evidence_every;
            self.settle(through, is_due).await;
        }
    }

    /// Whether senders wait for room in the log, and enough of it is worked off to give them some.
    fn is_room_to_be_made(&self, through: u64) -> bool {
        let worked_off = through.saturating_sub(self.wal.oldest());
        self.health.is_log_full.load(Ordering::Relaxed)
            && self.snapshot_at.elapsed() >= ROOM_EVERY
            && worked_off >= self.wal_bytes_max / ROOM_PART
    }

    /// The log is as large as it may be: everything goes to files, so that the log can be cut.
    async fn make_room(&mut self, through: u64) {
        self.write_snapshot(through).await;
        self.write_learnt(true).await;
        if let Err(error) = self.tables.flush().await {
            tracing::error!(error = %error, "events in memory cannot be written to the event tables; trying again");
            self.health.failed(TABLES, &error);
        }
        self.settle(through, true).await;
    }

    /// The street has ended: what is in memory goes to disk.
    pub(super) async fn finish(&mut self) {
        if self.gave_up {
            tracing::warn!(
                "stopped while something could not be written; the log has it and the next start goes on from there"
            );
            return;
        }
        let through = self.counts.through.load(Ordering::Relaxed);
        self.write_snapshot(through).await;
        self.write_learnt(true).await;
        if let Err(error) = self.tables.flush().await {
            tracing::warn!(error = %error, "events in memory were not written to the event tables; the log still has them");
        }
        self.settle(through, true).await;
    }

    /// Hands blocks to the evidence, however often it takes; it writes a file when enough wait. False when the node stops before.
    async fn keep_evidence(&self, through: u64, blocks: Vec<Block>) -> bool {
        let blocks = Arc::new(Mutex::new(Some(blocks)));
        loop {
            let (evidence, blocks, most) =
                (Arc::clone(&self.evidence), Arc::clone(&blocks), self.pace.evidence_bytes_max);
            match tokio::task::spawn_blocking(move || add_evidence(&evidence, through, &blocks, most)).await {
                Ok(Ok(())) => {
                    self.health.works(EVIDENCE);
                    return true;
                }
                Ok(Err(error)) => {
                    self.health.failed(EVIDENCE, &error);
                    tracing::error!(error = %error, "evidence cannot be written; trying again");
                }
                Err(error) => tracing::error!(error = %error, "evidence was not written; trying again"),
            }
            if !self.wait_to_retry().await {
                return false;
            }
        }
    }

    /// Gives up what of the log every sink has; publishes evidence that waits first when that is due.
    async fn settle(&mut self, through: u64, publishes: bool) {
        if publishes {
            self.evidence_at = Instant::now();
        }
        let (evidence, wal, health) = (Arc::clone(&self.evidence), Arc::clone(&self.wal), Arc::clone(&self.health));
        let windows = self.counts.windows_applied.load(Ordering::Relaxed);
        let learnt = self.counts.learnt_applied.load(Ordering::Relaxed);
        let lowest = windows.min(learnt).min(through).min(self.tables.applied());
        let settled = tokio::task::spawn_blocking(move || {
            if let Some(error) = publishes.then(|| evidence.flush()).and_then(Result::err) {
                health.failed(EVIDENCE, &error);
                tracing::error!(error = %error, "evidence cannot be written; trying again");
            }
            if let Err(error) = wal.cut_below(lowest.min(evidence.applied())) {
                tracing::warn!(error = %error, "what every sink has cannot be removed from the log; trying again");
            }
        });
        if settled.await.is_err() {
            tracing::error!("evidence and log were not settled: a fault of the node's own");
        }
    }

    /// Takes over the windows when the rules changed since the last batch.
    fn follow_rules(&mut self, of_batch: &Generation) {
        if of_batch.number == self.generation.number {
            return;
        }
        self.generation = of_batch.clone();
        let groups_dropped = self.windows.reload(&self.generation.detector);
        tracing::info!(generation = of_batch.number, groups_dropped, "rules reloaded");
    }

    fn correlate(&mut self, outcome: &mut Outcome, now: Time) -> Vec<Correlated> {
        let mut out = Vec::new();
        let mut of_history = 0;
        let is_received = outcome.counts != Counts::default();
        if let Some(groups) = is_received.then(|| self.windows.follow_clock(now)).flatten() {
            tracing::warn!(groups, "the clock of this machine was set back: correlations begin anew");
        }
        for matched in outcome.matches.drain(..) {
            if is_history(&matched.source) {
                of_history += 1;
            } else {
                self.windows.observe(matched, &mut out);
            }
        }
        for (source, (time, received)) in &outcome.heard {
            // what is imported as history would hold up everything that happens now: its correlations are judged when all of it is there
            if !is_history(source) {
                self.windows.heard(source, *time, *received);
            }
            if let Some(time) = time {
                self.registry.event_happened(source, *time);
            }
        }
        self.windows.advance(now, &mut out);
        self.counts.matches_of_history.fetch_add(of_history, Ordering::Relaxed);
        self.counts.decided.store(self.windows.decided(now).0, Ordering::Relaxed);
        self.counts.matches_late.store(self.windows.late(), Ordering::Relaxed);
        out
    }

    /// Writes findings down, however often it takes. False when the node stops before.
    async fn record(&self, through: u64, new: Vec<NewFinding>) -> bool {
        let recorded = loop {
            match self.state.record_findings(Some((FINDINGS_SINK, through)), &new).await {
                Ok(recorded) => break recorded,
                Err(error) => {
                    self.health.failed(FINDINGS, &error);
                    tracing::error!(error = %error, "findings cannot be written; trying again");
                }
            }
            if !self.wait_to_retry().await {
                return false;
            }
        };
        self.health.works(FINDINGS);
        self.counts.findings.fetch_add(recorded.new, Ordering::Relaxed);
        if recorded.new > 0 {
            self.told.send_modify(|kept| *kept += recorded.new);
        }
        true
    }

    /// Puts rows into the event tables, however often it takes. False when the node stops before.
    async fn append(&self, through: u64, rows: Vec<RowBatch>) -> bool {
        // the tables take the batch or say why not; batches are cheap to clone, their columns are shared
        while let Err(error) = self.tables.append(through, rows.clone()).await {
            self.health.failed(TABLES, &error);
            tracing::error!(error = %error, "events cannot be written to the event tables; trying again");
            if !self.wait_to_retry().await {
                return false;
            }
        }
        self.health.works(TABLES);
        true
    }

    /// Whether to go on: not when the node is stopping. What was not written is read from the log again at the next start.
    async fn wait_to_retry(&self) -> bool {
        self.counts.retries.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(self.pace.retry_after).await;
        !self.stop.load(Ordering::Relaxed)
    }

    /// What was learnt goes to its file, when it is time or `is_asked`.
    async fn write_learnt(&self, is_asked: bool) {
        if !(is_asked || self.learnt.is_due()) {
            return;
        }
        let (disk, learnt) = (Arc::clone(&self.disk), self.learnt.clone());
        match tokio::task::spawn_blocking(move || learnt.write(&*disk)).await {
            Ok(Ok(through)) => self.counts.learnt_applied.store(through, Ordering::Relaxed),
            Ok(Err(error)) => tracing::warn!(error = %error, "what was learnt cannot be written down; trying again"),
            Err(error) => tracing::warn!(error = %error, "what was learnt was not written down"),
        }
        self.disk.reached("keeper.learnt_replaced");
    }

    async fn write_snapshot(&mut self, through: u64) {
        let (disk, path, bytes) = (Arc::clone(&self.disk), self.snapshot.clone(), self.windows.snapshot(through));
        let written = tokio::task::spawn_blocking(move || disk::replace(&*disk, &path, &bytes)).await;
        self.snapshot_at = Instant::now();
        match written {
            Ok(Ok(())) => {
                self.disk.reached("keeper.windows_replaced");
                self.dirty = false;
                self.counts.windows_applied.store(through, Ordering::Relaxed);
            }
            Ok(Err(error)) => {
                tracing::warn!(error = %error, "the windows of correlations cannot be written down; trying again")
            }
            Err(error) => tracing::warn!(error = %error, "the windows of correlations were not written down"),
        }
    }

    fn count(&self, counts: Counts, through: u64) {
        let add = |to: &AtomicU64, count: u64| to.fetch_add(count, Ordering::Relaxed);
        add(&self.counts.deliveries, counts.deliveries);
        add(&self.counts.raw_records, counts.raw_records);
        add(&self.counts.bytes, counts.bytes);
        add(&self.counts.events, counts.events);
        add(&self.counts.undecoded, counts.undecoded);
        add(&self.counts.parts_undecoded, counts.parts_undecoded);
        add(&self.counts.matches_undated, counts.matches_undated);
        add(&self.counts.matches_ahead, counts.matches_ahead);
        self.counts.through.store(through, Ordering::Relaxed);
    }
}

/// Adds blocks to the evidence; writes a file first when enough wait. Blocks are taken only once there is room for them.
fn add_evidence(
    evidence: &Evidence,
    through: u64,
    blocks: &Mutex<Option<Vec<Block>>>,
    bytes_max: usize,
) -> Result<(), EvidenceError> {
    if evidence.bytes_waiting() >= bytes_max {
        evidence.flush()?;
    }
    // a refused call takes the blocks with it: then nothing goes on until the next start seals them again out of the log
    let blocks = blocks.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or(EvidenceError::NotFromTheLog)?;
    evidence.append(through, blocks)
}
