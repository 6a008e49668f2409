//! The way from listeners to whoever keeps what they receive: one bounded queue, with an answer once the bytes are durable.

use std::sync::Arc;

use cordon_model::Delivery;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Deliveries that may wait to be kept.
const WAITING_MAX: usize = 4_096;
/// Bytes are counted in pieces of this size, so that a permit count fits.
const PIECE_BYTES: usize = 1 << 10;

/// Why a delivery was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// The queue is full and the listener did not want to wait.
    #[error("more arrives than can be written; nothing of this delivery was kept")]
    Full,
    /// The log cannot be written: disk full, read-only or broken.
    #[error("the log cannot be written; nothing of this delivery was kept")]
    Unwritable,
    /// The node is stopping.
    #[error("the node is stopping; nothing of this delivery was kept")]
    Stopping,
}

/// Tells later whether a delivery is durable.
pub type Answer = oneshot::Receiver<Result<(), NotKept>>;

/// A delivery on its way to the log.
#[derive(Debug)]
pub struct Submission {
    /// What was received.
    pub delivery: Delivery,
    /// Told once the delivery is durable or given up; `None` when nobody waits.
    pub kept: Option<oneshot::Sender<Result<(), NotKept>>>,
    _room: OwnedSemaphorePermit,
}

/// The listeners' end of the queue. Clones share it.
#[derive(Clone, Debug)]
pub struct Intake {
    queue: mpsc::Sender<Submission>,
    room: Arc<Semaphore>,
    pieces_max: usize,
}

/// A queue that holds at most `bytes_max` bytes, and its other end.
#[must_use]
pub fn intake(bytes_max: usize) -> (Intake, mpsc::Receiver<Submission>) {
    let (queue, receiver) = mpsc::channel(WAITING_MAX);
    let pieces_max = (bytes_max / PIECE_BYTES).clamp(1, Semaphore::MAX_PERMITS);
    (Intake { queue, room: Arc::new(Semaphore::new(pieces_max)), pieces_max }, receiver)
}

impl Intake {
    /// Hands a delivery over and waits until it is durable. Waits for room: this is how senders that can wait feel back-pressure.
    ///
    /// # Errors
    /// Why it was not kept.
    pub async fn submit(&self, delivery: Delivery) -> Result<(), NotKept> {
        self.enqueue(delivery).await?.await.unwrap_or(Err(NotKept::Stopping))
    }

    /// Hands a delivery over, waiting for room but not for durability; the receiver tells of that later. Lets one connection have several deliveries on the way.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn enqueue(&self, delivery: Delivery) -> Result<Answer, NotKept> {
        let room = Arc::clone(&self.room).acquire_many_owned(self.pieces(&delivery)).await;
        let room = room.map_err(|_| NotKept::Stopping)?;
        let (kept, answer) = oneshot::channel();
        let submission = Submission { delivery, kept: Some(kept), _room: room };
        self.queue.send(submission).await.map_err(|_| NotKept::Stopping)?;
        Ok(answer)
    }

    /// Hands a delivery over without ever waiting; gives it back when there is no room.
    ///
    /// # Errors
    /// The delivery, and why it was not taken.
    pub fn offer(&self, delivery: Delivery) -> Result<Answer, (Box<Delivery>, NotKept)> {
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(self.pieces(&delivery)) else {
            return Err((Box::new(delivery), NotKept::Full));
        };
        let (kept, answer) = oneshot::channel();
        match self.queue.try_send(Submission { delivery, kept: Some(kept), _room: room }) {
            Ok(()) => Ok(answer),
            Err(mpsc::error::TrySendError::Full(back)) => Err((Box::new(back.delivery), NotKept::Full)),
            Err(mpsc::error::TrySendError::Closed(back)) => Err((Box::new(back.delivery), NotKept::Stopping)),
        }
    }

    /// Bytes that wait in the queue, to 1 KiB.
    #[must_use]
    pub fn bytes_waiting(&self) -> usize {
        self.pieces_max.saturating_sub(self.room.available_permits()) * PIECE_BYTES
    }

    fn pieces(&self, delivery: &Delivery) -> u32 {
        let pieces = (delivery.bytes.len() + delivery.header.len()).div_ceil(PIECE_BYTES).clamp(1, self.pieces_max);
        u32::try_from(pieces).unwrap_or(u32::MAX)
    }
}

impl Submission {
    /// Tells the listener what became of the delivery.
    pub fn answer(self, result: Result<(), NotKept>) {
        if let Some(kept) = self.kept {
            let _nobody_waits_any_more = kept.send(result);
        }
    }
}
