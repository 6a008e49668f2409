//! The write-ahead log: the only truth about what was received. Everything else can be made again from it.
//!
//! Comes in: deliveries. Goes out: their offsets once they are safe on the disk, and later the deliveries again, from any offset. One thread of its own writes:
//! whatever waits becomes one frame, one write and one sync (group commit), and the next starts as soon as the last has ended. The log knows no format, no source
//! and no sink. Bytes, guarantees and limits: `docs/specs/store.md`.

pub(crate) mod entry;
mod freeze;
mod reader;
mod recover;
mod segment;
mod shared;
mod verify;
mod writer;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use cordon_model::Delivery;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

pub use entry::Entry;
pub use freeze::WalHold;
pub use reader::WalReader;
pub use shared::WalMetrics;
pub use verify::WalReport;

use crate::disk::{Disk, DiskFault};
use crate::keys::{KeyError, Keys};
use shared::Shared;

/// Requests that may wait for the writing thread.
const REQUESTS_MAX: usize = 1_024;
/// Waiting bytes are counted in pieces of this size.
const PIECE_BYTES: usize = 1 << 10;
/// Most bytes of one call of [`Wal::append`], with what is known of each delivery. Larger than the largest delivery.
pub const APPEND_BYTES_MAX: usize = 48 << 20;
/// Name of the log's key in the key ring.
const KEY: &str = "wal";

/// Why something was not written or cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalError {
    /// The disk.
    #[error("write-ahead log: {0}")]
    Disk(#[from] DiskFault),
    /// The keys.
    #[error("write-ahead log: {0}")]
    Keys(#[from] KeyError),
    /// The key of the ring is not the one that a segment was sealed with.
    #[error(
        "write-ahead log: segment {0} was sealed under another key ring: restore keys and log from the same backup"
    )]
    OtherKeys(u64),
    /// Written by a later version.
    #[error(
        "write-ahead log: segment {0} was written by a newer version of cordon: use that version, nothing was touched"
    )]
    TooNew(u64),
    /// Names of segments contradict each other.
    #[error("write-ahead log: segment {0} does not follow the one before it: restore the log from one backup")]
    OutOfOrder(u64),
    /// A part cannot be read; reading goes on behind it.
    #[error("write-ahead log: offsets {from} to {to} are damaged and cannot be read; what follows them can")]
    Damaged {
        /// First offset that is lost.
        from: u64,
        /// First offset behind it.
        to: u64,
    },
    /// The part was given up by [`Wal::cut_below`].
    #[error("write-ahead log: nothing below offset {oldest} is kept any more")]
    Cut {
        /// First offset that is kept.
        oldest: u64,
    },
    /// Beyond a bound, or its units are not in order.
    #[error("write-ahead log: a delivery is larger than its bounds, or its units do not lie in order within its bytes")]
    Unsound,
    /// More than [`APPEND_BYTES_MAX`] at once.
    #[error("write-ahead log: more than 48 MiB in one piece: hand over less at once")]
    TooMuch,
    /// The log is closed.
    #[error("write-ahead log: closed")]
    Closed,
}

impl From<std::io::Error> for WalError {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error.into())
    }
}

/// How a log is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalOptions {
    /// A segment that holds so many bytes is the last but one; 64 MiB.
    pub segment_bytes: u64,
    /// Bytes that may wait for the writing thread; who brings more waits. 64 MiB.
    pub queue_bytes_max: usize,
    /// The log goes on at this offset or above it: the highest that a sink has applied. Offsets then never come twice, whatever was lost.
    pub offset_min: u64,
    /// After a failed write so long passes before the disk is tried again; whoever comes in between gets the same error at once. 100 ms.
    pub retry_pause: Duration,
}

impl Default for WalOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            queue_bytes_max: 64 << 20,
            offset_min: 0,
            retry_pause: Duration::from_millis(100),
        }
    }
}

/// What was found when a log was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// First offset that is kept.
    pub oldest: u64,
    /// The log goes on here.
    pub end: u64,
    /// Segments that hold something.
    pub segments: usize,
    /// Bytes behind the last whole frame: a write that power loss cut short. They were never acknowledged.
    pub torn_bytes: u64,
    /// Ranges of the last segment that were safe once and cannot be read any more. Those of older segments show when they are read or verified.
    pub damaged: Vec<(u64, u64)>,
}

/// One call of append on its way to the writing thread.
#[derive(Debug)]
struct Request {
    deliveries: Vec<Delivery>,
    bytes_max: usize,
    answer: oneshot::Sender<Result<Vec<u64>, WalError>>,
    _room: OwnedSemaphorePermit,
}

/// An open log. Dropping it writes what waits and ends its thread.
#[derive(Debug)]
pub struct Wal {
    shared: Arc<Shared>,
    durable: watch::Receiver<u64>,
    queue: Option<mpsc::Sender<Request>>,
    room: Arc<Semaphore>,
    pieces_max: usize,
    thread: Option<JoinHandle<()>>,
}

/// Resolves to the offset of each delivery's first byte, in order, once all are safe.
#[derive(Debug)]
pub struct Appending(oneshot::Receiver<Result<Vec<u64>, WalError>>);

impl Future for Appending {
    type Output = Result<Vec<u64>, WalError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or(Err(WalError::Closed)))
    }
}

impl Wal {
    /// Opens the log in `dir` or makes one. What a power loss tore at the end is passed over; the first append begins a new segment with a new key. Blocks.
    ///
    /// # Errors
    /// When the disk fails, or the segments are not ones that this binary and these keys can read.
    pub fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        keys: &Keys,
        options: WalOptions,
    ) -> Result<(Self, Recovered), WalError> {
        let envelope = keys.envelope(KEY)?;
        let found = recover::recover(&*disk, dir, &envelope, options.offset_min)?;
        let (end, recovered) = (found.recovered.end, found.recovered);
        let shared = Arc::new(Shared::new(disk, dir, envelope, found.segments));
        let (durable, watching) = watch::channel(end);
        let (queue, requests) = mpsc::channel(REQUESTS_MAX);
        let writer = writer::Writer::new(Arc::clone(&shared), options, found.sequence_next, durable);
        let thread = std::thread::Builder::new().name("wal".to_owned()).spawn(move || writer.run(requests))?;
        let pieces_max = (options.queue_bytes_max / PIECE_BYTES).clamp(1, Semaphore::MAX_PERMITS);
        let room = Arc::new(Semaphore::new(pieces_max));
        let wal = Self { shared, durable: watching, queue: Some(queue), room, pieces_max, thread: Some(thread) };
        Ok((wal, recovered))
    }

    /// Writes deliveries, all or none, and resolves once they are safe, to the offset of each one's first byte; offsets rise strictly. Waits for room.
    ///
    /// # Errors
    /// Then nothing of them is acknowledged. The log goes on by itself once the disk does. What was on its way when the disk failed can turn up after a crash
    /// although it was refused, never the other way round.
    pub async fn append(&self, deliveries: Vec<Delivery>) -> Result<Vec<u64>, WalError> {
        self.enqueue(deliveries).await?.await
    }

    /// Like [`Wal::append`], resolving as soon as there is room; the value resolves once they are safe. Calls are written in the order of their resolving.
    ///
    /// # Errors
    /// [`WalError::Unsound`], [`WalError::TooMuch`], [`WalError::Closed`].
    pub async fn enqueue(&self, deliveries: Vec<Delivery>) -> Result<Appending, WalError> {
        if !deliveries.iter().all(entry::is_sound) {
            return Err(WalError::Unsound);
        }
        let bytes_max: usize = deliveries.iter().map(entry::bytes_max).sum();
        if bytes_max > APPEND_BYTES_MAX {
            return Err(WalError::TooMuch);
        }
        let pieces = bytes_max.div_ceil(PIECE_BYTES).clamp(1, self.pieces_max);
        let pieces = u32::try_from(pieces).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(pieces).await.map_err(|_| WalError::Closed)?;
        let (answer, answered) = oneshot::channel();
        let request = Request { deliveries, bytes_max, answer, _room: room };
        let queue = self.queue.as_ref().ok_or(WalError::Closed)?;
        queue.send(request).await.map_err(|_| WalError::Closed)?;
        Ok(Appending(answered))
    }

    /// Everything below this offset is safe.
    #[must_use]
    pub fn durable(&self) -> u64 {
        *self.durable.borrow()
    }

    /// Waits until something at or beyond `offset` is safe; resolves to [`Wal::durable`].
    ///
    /// # Errors
    /// [`WalError::Closed`].
    pub async fn wait_beyond(&self, offset: u64) -> Result<u64, WalError> {
        let mut durable = self.durable.clone();
        let reached = durable.wait_for(|durable| *durable > offset).await;
        reached.map(|durable| *durable).map_err(|_| WalError::Closed)
    }

    /// Reads the entries that end beyond `from`, an offset that [`Entry::end`] once gave or 0.
    #[must_use]
    pub fn reader(&self, from: u64) -> WalReader {
        WalReader::new(Arc::clone(&self.shared), self.durable.clone(), from)
    }

    /// Gives up segments of which every entry ends at or below `offset`; how many. The one that is written to always stays. Blocks.
    ///
    /// # Errors
    /// When the disk fails; what is left stays in order.
    pub fn cut_below(&self, offset: u64) -> Result<usize, WalError> {
        self.shared.cut_below(offset)
    }

    /// First offset that is kept.
    #[must_use]
    pub fn oldest(&self) -> u64 {
        self.shared.oldest(self.durable())
    }

    /// What was counted since the log was opened.
    #[must_use]
    pub fn metrics(&self) -> WalMetrics {
        let waiting = self.pieces_max.saturating_sub(self.room.available_permits()) * PIECE_BYTES;
        self.shared.metrics(waiting as u64)
    }
}

impl Drop for Wal {
    fn drop(&mut self) {
        drop(self.queue.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the write-ahead log ended in a fault of its own");
        }
    }
}

#[cfg(test)]
mod tests;
