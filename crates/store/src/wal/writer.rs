//! The thread that writes: takes what waits, makes one frame of it, writes and syncs it, and tells everybody.
//!
//! After any failure the segment is given up and the next commit begins a new one at the last safe offset: after a failed sync the page cache says nothing about
//! the disk, and a half-written frame is overruled by the first offset of the next segment.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use cordon_seal::DataKey;
use tokio::sync::{mpsc, watch};

use super::segment::{FRAME_HEAD_BYTES, Segment, finish_frame};
use super::shared::Shared;
use super::{APPEND_BYTES_MAX, Request, WalError, WalOptions, entry};
use crate::disk::{DiskFault, DiskFile};
use crate::keys::random;

/// A group commit takes further requests while it is below this size.
const GROUP_BYTES: usize = 4 << 20;
/// A frame buffer that grew beyond this is given back.
const BUFFER_BYTES_KEPT: usize = 8 << 20;

pub(super) struct Writer {
    shared: Arc<Shared>,
    options: WalOptions,
    sequence_next: u64,
    /// Everything below is safe; told to readers and callers.
    durable: watch::Sender<u64>,
    active: Option<Active>,
    frame: Vec<u8>,
    failed: Option<(Instant, WalError)>,
}

/// The segment that is written to.
struct Active {
    segment: Segment,
    file: Box<dyn DiskFile>,
    key: DataKey,
    bytes: u64,
    /// Whether a frame of it is safe.
    used: bool,
}

impl Writer {
    pub(super) fn new(
        shared: Arc<Shared>,
        options: WalOptions,
        sequence_next: u64,
        durable: watch::Sender<u64>,
    ) -> Self {
        Self { shared, options, sequence_next, durable, active: None, frame: Vec::new(), failed: None }
    }

    /// Until every sender is gone and nothing waits.
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut group = Vec::new();
        let mut held: Option<Request> = None;
        while let Some(first) = held.take().or_else(|| requests.blocking_recv()) {
            group.push(first);
            held = gather(&mut group, &mut requests);
            self.commit(&mut group);
        }
    }

    /// Writes the requests and answers each.
    fn commit(&mut self, group: &mut Vec<Request>) {
        if let Some(error) = self.still_failing() {
            group.drain(..).for_each(|request| answer(request, Err(error.clone())));
            return;
        }
        match self.write(group) {
            Ok(offsets) => {
                self.failed = None;
                group.drain(..).zip(offsets).for_each(|(request, offsets)| answer(request, Ok(offsets)));
            }
            Err(error) => {
                self.give_up_segment();
                self.shared.counts.failed.fetch_add(1, Ordering::Relaxed);
                tracing::error!(%error, requests = group.len(), "nothing of a group commit was kept");
                self.failed = Some((Instant::now(), error.clone()));
                group.drain(..).for_each(|request| answer(request, Err(error.clone())));
            }
        }
        if self.frame.capacity() > BUFFER_BYTES_KEPT {
            self.frame = Vec::new();
        }
    }

    fn still_failing(&self) -> Option<WalError> {
        let (since, error) = self.failed.as_ref()?;
        (since.elapsed() < self.options.retry_pause).then(|| error.clone())
    }

    /// One frame, one write, one sync. The offsets of each request's deliveries.
    fn write(&mut self, group: &[Request]) -> Result<Vec<Vec<u64>>, WalError> {
        let first = *self.durable.borrow();
        let offsets = self.encode(group, first);
        let log_bytes = (self.frame.len() - FRAME_HEAD_BYTES) as u64;
        if log_bytes == 0 {
            return Ok(offsets); // nothing was handed over
        }
        let mut active = self.segment_for_next(first)?;
        active.key.seal(first, b"", &mut self.frame, FRAME_HEAD_BYTES).map_err(|_| WalError::TooMuch)?;
        finish_frame(&mut self.frame, first).ok_or(WalError::TooMuch)?;
        let written = active.file.append(&self.frame);
        self.shared.disk.reached("wal.frame_written");
        let begun = Instant::now();
        let safe = written.and_then(|()| active.file.sync());
        self.shared.disk.reached("wal.synced");
        let took = begun.elapsed();
        active.bytes += self.frame.len() as u64;
        active.used |= safe.is_ok();
        self.active = Some(active);
        safe?;
        self.count(group, log_bytes, took);
        self.durable.send_replace(first + log_bytes);
        Ok(offsets)
    }

    /// Fills the frame with the entries, leaving room for its head.
    fn encode(&mut self, group: &[Request], first: u64) -> Vec<Vec<u64>> {
        self.frame.clear();
        self.frame.resize(FRAME_HEAD_BYTES, 0);
        let mut offsets = Vec::with_capacity(group.len());
        for request in group {
            let mut of_request = Vec::with_capacity(request.deliveries.len());
            for delivery in &request.deliveries {
                let at = entry::write(delivery, &mut self.frame);
                of_request.push(first + (at - FRAME_HEAD_BYTES) as u64);
            }
            offsets.push(of_request);
        }
        offsets
    }

    /// The open segment, or a new one that starts at `first`.
    fn segment_for_next(&mut self, first: u64) -> Result<Active, WalError> {
        match self.active.take() {
            Some(active) if active.bytes < self.options.segment_bytes => Ok(active),
            _ => self.begin_segment(first),
        }
    }

    /// A new segment whose header and name are safe.
    fn begin_segment(&mut self, first: u64) -> Result<Active, WalError> {
        let segment = Segment::new(&self.shared.dir, self.sequence_next, first);
        self.sequence_next += 1;
        let fresh = DataKey::fresh(&random()?, &self.shared.envelope, &segment.bound());
        let (key, wrapped) = fresh.map_err(|_| WalError::OtherKeys(segment.sequence))?;
        let header = segment.header(&wrapped);
        let begun = self.write_header(&segment, &header);
        let file = match begun {
            Ok(file) => file,
            Err(fault) => {
                let _left_for_the_next_start = self.shared.disk.remove(&segment.path);
                return Err(fault.into());
            }
        };
        self.shared.add(segment.clone());
        Ok(Active { segment, file, key, bytes: header.len() as u64, used: false })
    }

    fn write_header(&self, segment: &Segment, header: &[u8]) -> io::Result<Box<dyn DiskFile>> {
        let mut file = self.shared.disk.create(&segment.path)?;
        file.append(header)?;
        file.sync()?;
        self.shared.disk.sync_dir(&self.shared.dir)?;
        self.shared.disk.reached("wal.segment_begun");
        self.shared.counts.written_bytes.fetch_add(header.len() as u64, Ordering::Relaxed);
        Ok(file)
    }

    /// Never writes to this segment again; removes it when nothing in it is safe.
    fn give_up_segment(&mut self) {
        let Some(active) = self.active.take() else { return };
        if active.used {
            return;
        }
        drop(active.file);
        self.shared.forget(active.segment.sequence);
        if let Err(fault) = self.shared.disk.remove(&active.segment.path) {
            let fault = DiskFault::from(fault);
            tracing::warn!(%fault, "a segment that holds nothing stays until the next start");
        }
    }

    fn count(&self, group: &[Request], log_bytes: u64, took: Duration) {
        let counts = &self.shared.counts;
        let deliveries: usize = group.iter().map(|request| request.deliveries.len()).sum();
        counts.appended.fetch_add(deliveries as u64, Ordering::Relaxed);
        counts.appended_bytes.fetch_add(log_bytes, Ordering::Relaxed);
        counts.written_bytes.fetch_add(self.frame.len() as u64, Ordering::Relaxed);
        counts.fsyncs.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        counts.fsync_last_micros.store(micros, Ordering::Relaxed);
    }
}

/// Adds what waits to the group, which holds one. Gives back a request that would make the frame too large.
fn gather(group: &mut Vec<Request>, requests: &mut mpsc::Receiver<Request>) -> Option<Request> {
    let mut bytes: usize = group.iter().map(|request| request.bytes_max).sum();
    while bytes < GROUP_BYTES {
        let next = requests.try_recv().ok()?;
        bytes += next.bytes_max;
        if bytes > APPEND_BYTES_MAX {
            return Some(next);
        }
        group.push(next);
    }
    None
}

fn answer(request: Request, result: Result<Vec<u64>, WalError>) {
    let _nobody_waits_any_more = request.answer.send(result);
}
