//! Writes the log: what listeners hand over goes into it in groups, and senders are answered once it is durable.

use std::iter::Peekable;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cordon_collect::live::{NotKept, Submission, Waiting};
use cordon_model::Delivery;
use cordon_store::disk::Disk;
use cordon_store::wal::{Appending, Wal, WalError};
use tokio::sync::mpsc;

use super::health::Health;
use super::retention::Room;

/// Submissions that go into the log as one group at most.
const GROUP_MAX: usize = 512;
/// Most bytes of one group; the log takes no more than 48 MiB at once.
const GROUP_BYTES_MAX: usize = 8 << 20;
/// How often a log that is full is looked at again.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What the log is written with. Clones write the same one.
#[derive(Clone, Debug)]
pub(super) struct LogWriter {
    pub(super) wal: Arc<Wal>,
    /// Set while the log cannot be written.
    pub(super) is_failing: Arc<AtomicBool>,
    pub(super) health: Arc<Health>,
    /// Most bytes of the log.
    pub(super) bytes_max: u64,
    pub(super) disk: Arc<dyn Disk>,
    /// How the disk is.
    pub(super) disk_room: Arc<Room>,
}

impl LogWriter {
    /// One task; groups form by themselves while the log is being synced.
    pub(super) async fn run(self, mut submissions: mpsc::Receiver<Submission>) {
        let mut group = Vec::new();
        while submissions.recv_many(&mut group, GROUP_MAX).await > 0 {
            if self.disk_room.is_at_reserve() {
                // what is left of the disk is for findings, the audit log and what was acknowledged
                group.drain(..).for_each(|submission: Submission| submission.split().1.tell(Err(NotKept::Unwritable)));
                continue;
            }
            let mut rest = group.drain(..).map(Submission::split).peekable();
            while rest.peek().is_some() {
                let (deliveries, waiting) = next_group(&mut rest);
                self.until_room().await;
                let appending = self.wal.enqueue(deliveries).await;
                tokio::spawn(self.clone().answer(appending, waiting));
            }
        }
    }

    /// Waits until the log holds less than it may. Meanwhile the keeper brings what it has to files, so that the log can be cut.
    async fn until_room(&self) {
        let (wal, bytes_max, is_full) = (&self.wal, self.bytes_max, &self.health.is_log_full);
        while wal.durable().saturating_sub(wal.oldest()) >= bytes_max {
            if !is_full.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    bytes_max,
                    "the log is as large as it may be: senders wait until what was received is worked off"
                );
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        if is_full.swap(false, Ordering::Relaxed) {
            tracing::info!("the log has room again");
        }
    }

    /// Tells those who wait once the log says what became of their deliveries.
    async fn answer(self, appending: Result<Appending, WalError>, waiting: Vec<Waiting>) {
        let appended = match appending {
            Ok(appending) => appending.await.map(|_| ()),
            Err(error) => Err(error),
        };
        self.disk.reached("intake.durable");
        let is_failing = matches!(&appended, Err(error) if *error != WalError::Closed);
        let was_failing = self.is_failing.swap(is_failing, Ordering::Relaxed);
        let result = appended.map_err(|error| {
            if error == WalError::Closed {
                return NotKept::Stopping;
            }
            if !was_failing {
                tracing::error!(error = %error, "what arrives cannot be kept: senders that can wait do, the rest is counted");
            }
            NotKept::Unwritable
        });
        if was_failing && result.is_ok() {
            tracing::info!("the log can be written again");
        }
        waiting.into_iter().for_each(|waiting| waiting.tell(result));
    }
}

/// As many as fit into one group, and one at least.
fn next_group(rest: &mut Peekable<impl Iterator<Item = (Delivery, Waiting)>>) -> (Vec<Delivery>, Vec<Waiting>) {
    let (mut deliveries, mut waiting, mut bytes) = (Vec::new(), Vec::new(), 0);
    while let Some((delivery, answer)) =
        rest.next_if(|(delivery, _)| bytes == 0 || bytes + size(delivery) <= GROUP_BYTES_MAX)
    {
        bytes += size(&delivery);
        deliveries.push(delivery);
        waiting.push(answer);
    }
    (deliveries, waiting)
}

/// Bytes that a delivery takes in the log, about.
fn size(delivery: &Delivery) -> usize {
    delivery.bytes.len() + delivery.header.len() + delivery.units.len() * 8 + 256
}
