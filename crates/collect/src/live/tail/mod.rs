//! Files that grow: each line or message added to the files of a pattern, through rotation by renaming and by copytruncate, and through restarts.
//!
//! A pattern is looked at four times a second. What was added is framed by the format's own framer, handed over, and marked as read only when it is durable; so a
//! restart neither loses nor repeats. After a crash between the log and the checkpoint the last round is read again. A file can always wait: also for a source on
//! which care depends nothing is dropped here.

mod checkpoint;
mod file;
mod glob;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cordon_model::Delivery;
use tokio_util::sync::CancellationToken;

pub use checkpoint::{CheckpointFile, Checkpoints};

use self::checkpoint::Key;
use self::file::Reader;
use self::watch::{Round, Watch};
use super::accept::unless_stopped;
use super::{KeepPolicy, LiveSource, Reception};

/// Name of the listener.
const NAME: &str = "file";
/// How often files are looked at.
const POLL: Duration = Duration::from_millis(250);
/// How long a pattern rests after its folder could not be read or its checkpoint not be written.
const PAUSE_AFTER_FAULT: Duration = Duration::from_secs(2);

/// Follows the files of `pattern` until `shutdown`. Their source is the one declared for listener `file` and sender `pattern`.
///
/// # Errors
/// When the checkpoints of earlier cannot be read: then nothing is read, so that nothing is read twice.
pub async fn serve(
    pattern: &str,
    checkpoints: Arc<dyn Checkpoints>,
    reception: Reception,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let source = reception.sources.source(NAME, pattern);
    let loading = Arc::clone(&checkpoints);
    let stored = blocking(move || loading.load()).await??;
    let mut watch = Watch::new(PathBuf::from(pattern), &stored)?;
    while !shutdown.is_cancelled() {
        let (round, after) = look(watch, &source, &reception).await?;
        watch = after;
        let pause = match round {
            Ok(round) => {
                let more = round.more;
                let not_kept = hand_over(round.deliveries, &source, &reception).await;
                let had_news = watch.has_news();
                watch = blocking(move || settle(watch, &not_kept)).await?;
                match (had_news, more) {
                    (true, _) if !store(&checkpoints, watch.checkpoints()).await? => PAUSE_AFTER_FAULT,
                    (_, true) => Duration::ZERO,
                    _ => POLL,
                }
            }
            Err(error) => {
                tracing::warn!(pattern, %error, "files cannot be looked at; trying again");
                PAUSE_AFTER_FAULT
            }
        };
        if unless_stopped(&shutdown, tokio::time::sleep(pause)).await.is_none() {
            break;
        }
    }
    Ok(())
}

/// One round of reading, off the runtime's threads.
async fn look(
    mut watch: Watch,
    source: &Arc<LiveSource>,
    reception: &Reception,
) -> std::io::Result<(std::io::Result<Round>, Watch)> {
    let (source, reception) = (Arc::clone(source), reception.clone());
    blocking(move || {
        let reader = Reader {
            source: &source,
            record_bytes_max: reception.limits.message_bytes_max,
            units_max: Delivery::UNITS_MAX,
            now: (reception.clock)(),
            instant: std::time::Instant::now(),
        };
        (watch.round(&reader), watch)
    })
    .await
}

fn settle(mut watch: Watch, not_kept: &[Key]) -> Watch {
    watch.settle(not_kept);
    watch
}

/// Hands deliveries over, waits until they are durable, and says of which files something was not kept.
async fn hand_over(deliveries: Vec<(Key, Delivery)>, source: &Arc<LiveSource>, reception: &Reception) -> Vec<Key> {
    let mut pending = Vec::new();
    let mut not_kept = Vec::new();
    for (key, delivery) in deliveries {
        match KeepPolicy::Durable.hand_over(&reception.intake, source, delivery).await {
            Ok(waits) => pending.push((key, waits)),
            Err(_) => not_kept.push(key),
        }
    }
    for (key, waits) in pending {
        if waits.kept().await.is_err() {
            not_kept.push(key);
        }
    }
    not_kept
}

/// Stores the checkpoints; whether that went well. What cannot be stored is stored later: until then a restart would read it again.
async fn store(checkpoints: &Arc<dyn Checkpoints>, bytes: Vec<u8>) -> std::io::Result<bool> {
    let checkpoints = Arc::clone(checkpoints);
    let stored = blocking(move || checkpoints.store(&bytes)).await?;
    if let Err(error) = &stored {
        tracing::error!(%error, "checkpoints of followed files cannot be written: after a restart files would be read again");
    }
    Ok(stored.is_ok())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> std::io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)
}
