//! What writer, readers and callers of one log share: the list of segments and the counts.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cordon_seal::EnvelopeKey;

use super::WalError;
use super::segment::Segment;
use crate::disk::Disk;

/// Counts since the log was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WalMetrics {
    /// Deliveries that were made safe.
    pub appended: u64,
    /// Their bytes in the plaintext log.
    pub appended_bytes: u64,
    /// Bytes written to files.
    pub written_bytes: u64,
    /// Successful syncs of frames: group commits.
    pub fsyncs: u64,
    /// How long the last of them took.
    pub fsync_last: Duration,
    /// Group commits that failed; everybody in them was told.
    pub failed: u64,
    /// Segment files.
    pub segments: u64,
    /// Bytes that wait to be written.
    pub waiting_bytes: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) appended: AtomicU64,
    pub(super) appended_bytes: AtomicU64,
    pub(super) written_bytes: AtomicU64,
    pub(super) fsyncs: AtomicU64,
    pub(super) fsync_last_micros: AtomicU64,
    pub(super) failed: AtomicU64,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) dir: PathBuf,
    pub(super) envelope: EnvelopeKey,
    pub(super) counts: Counts,
    /// In order of sequence; first offsets never fall.
    segments: Mutex<Vec<Segment>>,
    /// Held while segments are cut, so that two cuts do not cross.
    cutting: Mutex<()>,
    /// Whoever wants every segment of now to stay.
    holds: AtomicU64,
}

impl Shared {
    pub(super) fn new(disk: Arc<dyn Disk>, dir: &Path, envelope: EnvelopeKey, segments: Vec<Segment>) -> Self {
        Self {
            disk,
            dir: dir.to_owned(),
            envelope,
            counts: Counts::default(),
            segments: Mutex::new(segments),
            cutting: Mutex::default(),
            holds: AtomicU64::new(0),
        }
    }

    fn segments(&self) -> MutexGuard<'_, Vec<Segment>> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, segment: Segment) {
        self.segments().push(segment);
    }

    pub(super) fn forget(&self, sequence: u64) {
        self.segments().retain(|segment| segment.sequence != sequence);
    }

    /// The segment that holds `offset`, and the first offset of the one behind it. Of several that start there the last counts: those before it hold nothing.
    pub(super) fn holding(&self, offset: u64) -> Option<(Segment, Option<u64>)> {
        let segments = self.segments();
        let behind = segments.partition_point(|segment| segment.first <= offset);
        let segment = segments.get(behind.checked_sub(1)?)?.clone();
        Some((segment, segments.get(behind).map(|segment| segment.first)))
    }

    pub(super) fn oldest(&self, end: u64) -> u64 {
        self.segments().first().map_or(end, |segment| segment.first)
    }

    pub(super) fn cut_below(&self, offset: u64) -> Result<usize, WalError> {
        let _one_at_a_time = self.cutting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut cut = 0;
        loop {
            if self.holds.load(Ordering::SeqCst) > 0 {
                return Ok(cut);
            }
            let oldest = match self.segments().as_slice() {
                [oldest, next, ..] if next.first <= offset => oldest.clone(),
                _ => return Ok(cut),
            };
            // INVARIANT: oldest first, each removal safe before the next, so that a power loss never leaves a hole
            match self.disk.remove(&oldest.path) {
                Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault.into()),
                _ => {}
            }
            self.disk.reached("wal.segment_removed");
            self.disk.sync_dir(&self.dir)?;
            self.forget(oldest.sequence);
            cut += 1;
        }
    }

    /// From now on no segment is cut, until as many holds are given back.
    pub(super) fn hold(&self) {
        // a cut that is on its way has ended when this returns
        let _no_cut = self.cutting.lock().unwrap_or_else(PoisonError::into_inner);
        self.holds.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn release(&self) {
        self.holds.fetch_sub(1, Ordering::SeqCst);
    }

    /// All segments, in order.
    pub(super) fn all(&self) -> Vec<Segment> {
        self.segments().clone()
    }

    pub(super) fn metrics(&self, waiting_bytes: u64) -> WalMetrics {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        WalMetrics {
            appended: of(&self.counts.appended),
            appended_bytes: of(&self.counts.appended_bytes),
            written_bytes: of(&self.counts.written_bytes),
            fsyncs: of(&self.counts.fsyncs),
            fsync_last: Duration::from_micros(of(&self.counts.fsync_last_micros)),
            failed: of(&self.counts.failed),
            segments: self.segments().len() as u64,
            waiting_bytes,
        }
    }
}
