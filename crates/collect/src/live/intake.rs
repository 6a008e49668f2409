//! The way from listeners to whoever keeps what they receive: one bounded queue, with an answer once the bytes are durable.

use std::sync::Arc;

use cordon_model::Delivery;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Deliveries that may wait to be kept.
const WAITING_MAX: usize = 4_096;
/// Of bytes and deliveries that may wait, one part in so many is kept for senders that do not wait: those that do cannot take it from them.
const RESERVE_PART: usize = 4;
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
    _room: Room,
}

/// Who waits to hear that a delivery is durable.
#[derive(Debug)]
pub struct Waiting {
    kept: Option<oneshot::Sender<Result<(), NotKept>>>,
    _room: Room,
}

impl Waiting {
    /// Tells the listener what became of the delivery.
    pub fn tell(self, result: Result<(), NotKept>) {
        if let Some(kept) = self.kept {
            let _nobody_waits_any_more = kept.send(result);
        }
    }
}

/// A delivery's share of the queue; given back when it is answered.
#[derive(Debug)]
struct Room {
    _bytes: OwnedSemaphorePermit,
    _place: Option<OwnedSemaphorePermit>,
}

/// The listeners' end of the queue. Clones share it.
#[derive(Clone, Debug)]
pub struct Intake {
    queue: mpsc::Sender<Submission>,
    /// For all.
    room: Arc<Semaphore>,
    /// For senders that do not wait, when there is none for all.
    reserve: Arc<Semaphore>,
    /// Deliveries of senders that wait.
    places: Arc<Semaphore>,
    pieces_max: usize,
}

/// A queue that holds at most `bytes_max` bytes, and its other end.
#[must_use]
pub fn intake(bytes_max: usize) -> (Intake, mpsc::Receiver<Submission>) {
    let (queue, receiver) = mpsc::channel(WAITING_MAX);
    let pieces_max = (bytes_max / PIECE_BYTES).clamp(1, Semaphore::MAX_PERMITS);
    let reserve = pieces_max / RESERVE_PART;
    let semaphore = |permits| Arc::new(Semaphore::new(permits));
    let intake = Intake {
        queue,
        room: semaphore(pieces_max - reserve),
        reserve: semaphore(reserve),
        places: semaphore(WAITING_MAX - WAITING_MAX / RESERVE_PART),
        pieces_max,
    };
    (intake, receiver)
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
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| NotKept::Stopping)?;
        let bytes = Arc::clone(&self.room).acquire_many_owned(self.pieces(&delivery)).await;
        let room = Room { _bytes: bytes.map_err(|_| NotKept::Stopping)?, _place: Some(place) };
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
        let pieces = self.pieces(&delivery);
        let of = |room: &Arc<Semaphore>| Arc::clone(room).try_acquire_many_owned(pieces);
        let Ok(bytes) = of(&self.room).or_else(|_| of(&self.reserve)) else {
            return Err((Box::new(delivery), NotKept::Full));
        };
        let room = Room { _bytes: bytes, _place: None };
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
        let free = self.room.available_permits() + self.reserve.available_permits();
        self.pieces_max.saturating_sub(free) * PIECE_BYTES
    }

    /// Whether a delivery would be taken now without waiting.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.room.available_permits() > 0 && self.queue.capacity() > 0 && !self.queue.is_closed()
    }

    fn pieces(&self, delivery: &Delivery) -> u32 {
        let pieces = (delivery.bytes.len() + delivery.header.len()).div_ceil(PIECE_BYTES);
        let pieces = pieces.clamp(1, self.pieces_max - self.pieces_max / RESERVE_PART);
        u32::try_from(pieces).unwrap_or(u32::MAX)
    }
}

impl Submission {
    /// The delivery, and who waits for it. The room that it takes in the queue is given back with the answer.
    #[must_use]
    pub fn split(self) -> (Delivery, Waiting) {
        (self.delivery, Waiting { kept: self.kept, _room: self._room })
    }

    /// Tells the listener what became of the delivery.
    pub fn answer(self, result: Result<(), NotKept>) {
        if let Some(kept) = self.kept {
            let _nobody_waits_any_more = kept.send(result);
        }
    }
}

#[cfg(test)]
mod tests {
    use cordon_model::Time;

    use super::*;

    fn delivery(bytes: usize) -> Delivery {
        Delivery {
            source: "s".into(),
            site: "main".into(),
            received: Time(1),
            format: "".into(),
            header: Vec::new(),
            bytes: vec![b'x'; bytes],
            units: Vec::new(),
        }
    }

    #[tokio::test]
    async fn senders_that_wait_leave_room_for_those_that_do_not() {
        let (intake, mut log) = intake(8 << 10);
        for _ in 0..6 {
            intake.enqueue(delivery(1 << 10)).await.unwrap();
        }
        let other = intake.clone();
        let waits = tokio::spawn(async move { other.submit(delivery(1 << 10)).await });
        tokio::task::yield_now().await;
        assert!(intake.offer(delivery(1 << 10)).is_ok());
        assert!(intake.offer(delivery(1 << 10)).is_ok());
        assert!(matches!(intake.offer(delivery(1)), Err((_, NotKept::Full))));
        assert_eq!(intake.bytes_waiting(), 8 << 10);
        for _ in 0..9 {
            log.recv().await.unwrap().answer(Ok(()));
        }
        assert_eq!(waits.await.unwrap(), Ok(()));
        assert_eq!(intake.bytes_waiting(), 0);
    }

    #[tokio::test]
    async fn a_delivery_larger_than_the_queue_passes_alone() {
        let (intake, mut log) = intake(2 << 10);
        let answer = intake.enqueue(delivery(1 << 20)).await.unwrap();
        log.recv().await.unwrap().answer(Ok(()));
        assert_eq!(answer.await.unwrap(), Ok(()));
    }
}
