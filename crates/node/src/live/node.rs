//! A running node: opens what is kept, recovers, starts the street and the listeners, and stops in order.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cordon_api::{ControlError, Live, Outcome, Progress};
use cordon_collect::live::{Intake, SourceRegistry, intake, silent_sources};
use cordon_decode::DecodeOptions;
use cordon_detect::WorkOrder;
use cordon_model::Time;
use cordon_normalize::Normalizer;
use cordon_store::disk::{Disk, DiskLock};
use cordon_store::evidence::Evidence;
use cordon_store::keys::Keys;
use cordon_store::state::State;
use cordon_store::tables::{Tables, TablesError, TablesOptions};
use cordon_store::wal::{Wal, WalOptions};
use jiff::tz::TimeZone;
use tokio::runtime::Handle;
use tokio::sync::{broadcast, watch};

use super::clock::EventClock;
use super::decoders::Decoders;
use super::events::LiveFeed;
use super::feed::Feed;
use super::health::Health;
use super::judge::Judge;
use super::keeper::{Keeper, StreetCounts};
use super::kept::Kept;
use super::later::{LookBack, look_back};
use super::learnt::Learnt;
use super::log_writer::LogWriter;
use super::pace::Pace;
use super::privacy::{AccessReview, PrivacyNow, Standing};
use super::retention::{Retention, RetentionError, Room, SettingsNow};
use super::rules::Rules;
use super::street::Street;
use super::taught;

/// Findings and events that a slow listener of the live streams may lag behind.
const STREAM_LAG_MAX: usize = 4_096;
/// How long what waits for the log is waited for when the node stops.
const EMPTY_MAX: Duration = Duration::from_secs(5);
/// How often is looked whether everything is judged.
const SETTLE_EVERY: Duration = Duration::from_millis(20);

/// What a node is started with.
#[derive(Debug)]
pub struct NodeOptions {
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Name of the site of adopted sources.
    pub site: Arc<str>,
    /// "Now" for events.
    pub clock: EventClock,
    /// How records are decoded.
    pub decode: DecodeOptions,
    /// Threads that decode and judge.
    pub workers: usize,
    /// Most bytes that wait for the log.
    pub intake_bytes_max: usize,
    /// The log.
    pub wal: WalOptions,
    /// Most bytes of the log; senders wait while it holds more.
    pub wal_bytes_max: u64,
    /// The event tables.
    pub tables: TablesOptions,
    /// Most bytes of groups of correlations, by content ([`cordon_rules::correlate::Limits::bytes_max`]).
    pub windows_bytes_max: usize,
    /// Most bytes of what was learnt of accounts, machines and devices.
    pub learnt_bytes_max: usize,
    /// Findings a week asked of all detectors of behaviour together.
    pub alerts_per_week: f64,
    /// Work on devices that was declared.
    pub work_orders: Vec<WorkOrder>,
    /// Where everything but the state is kept.
    pub disk: Arc<dyn Disk>,
    /// How often it writes down, tidies and tries again.
    pub pace: Pace,
}

/// What the parts of a running node share.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) clock: EventClock,
    pub(super) started: Time,
    pub(super) registry: Arc<SourceRegistry>,
    pub(super) intake: Intake,
    pub(super) wal: Arc<Wal>,
    pub(super) tables: Tables,
    pub(super) evidence: Arc<Evidence>,
    pub(super) decode: DecodeOptions,
    /// OCSF classes that events can have.
    pub(super) classes: BTreeSet<i64>,
    pub(super) state: State,
    pub(super) learnt: Learnt,
    pub(super) rules: Arc<Rules>,
    pub(super) counts: Arc<StreetCounts>,
    pub(super) findings: watch::Sender<u64>,
    pub(super) events: broadcast::Sender<Arc<Live>>,
    pub(super) health: Arc<Health>,
    pub(super) broken: Arc<AtomicBool>,
    /// Whether the log could not be written when it was last tried.
    pub(super) is_log_failing: Arc<AtomicBool>,
    pub(super) data_dir: PathBuf,
    /// Where the data folder lies.
    pub(super) disk: Arc<dyn Disk>,
    /// How the disk is.
    pub(super) room: Arc<Room>,
    /// How the review of accesses stands.
    pub(super) reviews: Arc<Standing>,
    /// The key ring.
    pub(super) keys: Arc<Keys>,
    /// Whether the node is stopping.
    pub(super) stop: Arc<AtomicBool>,
    /// What judging stored events needs beside the rules.
    pub(super) judging: Judging,
}

/// What events are judged with, beside the rules.
#[derive(Debug)]
pub(super) struct Judging {
    pub(super) normalizer: Arc<Normalizer>,
    /// Keeps senders from crafting values that collide in correlations.
    pub(super) hash_key: [u64; 2],
}

impl Parts {
    /// Ids of the sources that are silent for longer than they may be.
    pub(super) fn silent(&self) -> Vec<Arc<str>> {
        let silent = silent_sources(&self.registry.all(), self.started, self.clock.now());
        silent.iter().map(|silence| Arc::clone(&silence.source.declaration.id)).collect()
    }
}

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error("the data folder {0}: {1}")]
    Folder(PathBuf, std::io::Error),
    /// A part of the store cannot be opened.
    #[error("{0}: {1}")]
    Store(&'static str, Box<dyn std::error::Error + Send + Sync>),
    /// The rules cannot be loaded.
    #[error("the rules: {0}")]
    Rules(String),
    /// An address cannot be listened on.
    #[error("{0}: {1}")]
    Listen(String, std::io::Error),
    /// Policies of the site cannot be used.
    #[error("the policies: {0}")]
    Policies(String),
    /// The certificate or its key cannot be used.
    #[error("tls: {0}")]
    Tls(String),
}

/// A part of the store that cannot be opened, by its name.
pub(super) fn store_error<E: std::error::Error + Send + Sync + 'static>(
    part: &'static str,
) -> impl FnOnce(E) -> StartError {
    move |error| StartError::Store(part, Box::new(error))
}

/// A node whose street runs.
#[derive(Debug)]
pub struct Node {
    pub(super) parts: Arc<Parts>,
    stop: Arc<AtomicBool>,
    street: Option<std::thread::JoinHandle<()>>,
    flusher: tokio::task::JoinHandle<()>,
    tidier: tokio::task::JoinHandle<()>,
    log_writer: tokio::task::JoinHandle<()>,
    _lock: DiskLock,
}

/// What a node is opened from, beside its options.
#[derive(Debug)]
pub struct Opening {
    /// The rules to judge by.
    pub rules: Arc<Rules>,
    /// Declared sources.
    pub registry: Arc<SourceRegistry>,
    /// The open key ring.
    pub keys: Arc<Keys>,
    /// Keeps senders from crafting values that collide in correlations.
    pub hash_key: [u64; 2],
}

impl Node {
    /// Opens what is kept, recovers and starts the street; events that were durable and not judged when the node last stopped are judged first.
    ///
    /// # Errors
    /// A part of the store that cannot be opened.
    pub async fn start(options: NodeOptions, opening: Opening) -> Result<Self, StartError> {
        let site_key = opening.keys.site_key(&options.site).map_err(store_error("the keys"))?;
        let kept = Kept::open(&options, &opening).await?;
        taught::put_into_force(&kept.state, &kept.learnt).await.map_err(store_error("the state"))?;
        kept.learnt.declare_work(options.work_orders);
        let NodeOptions { data_dir, clock, decode, workers, intake_bytes_max, wal_bytes_max, pace, .. } = options;
        let Opening { rules, registry, keys, hash_key, .. } = opening;
        let table = Arc::clone(&decode.log_sources);
        let normalizer = Arc::new(Normalizer::new(table, site_key, Arc::clone(&decode.csv_mappings)));
        let stop = Arc::new(AtomicBool::new(false));
        let (intake, submissions) = intake(intake_bytes_max);
        let counts = Arc::new(StreetCounts::default());
        counts.through.store(kept.from, Ordering::Relaxed);
        counts.windows_applied.store(kept.windows_applied, Ordering::Relaxed);
        counts.learnt_applied.store(kept.learnt_applied, Ordering::Relaxed);
        let parts = Arc::new(Parts {
            clock,
            started: clock.now(),
            registry,
            intake,
            wal: Arc::clone(&kept.wal),
            tables: kept.tables.clone(),
            evidence: Arc::clone(&kept.evidence),
            decode,
            classes: normalizer.classes(),
            state: kept.state.clone(),
            learnt: kept.learnt.clone(),
            rules,
            counts,
            findings: watch::channel(0).0,
            events: broadcast::channel(STREAM_LAG_MAX).0,
            health: Arc::default(),
            broken: Arc::default(),
            is_log_failing: Arc::default(),
            data_dir,
            disk: Arc::clone(&kept.disk),
            keys,
            stop: Arc::clone(&stop),
            judging: Judging { normalizer: Arc::clone(&normalizer), hash_key },
            room: Arc::default(),
            reviews: Arc::default(),
        });
        let from = kept.from;
        let tidier = tokio::spawn(tidy_tables(kept.tables.clone(), parts.clock, pace));
        let disk = Arc::clone(&kept.disk);
        let (street, lock) = street(&parts, kept, normalizer, workers, &stop, (pace, wal_bytes_max));
        let runtime = Handle::current();
        let falls = Falls(Arc::clone(&parts.broken));
        let street = std::thread::Builder::new().name("street".to_owned()).spawn(move || {
            let _falls = falls;
            street.walk(&runtime);
        });
        let street = street.map_err(|error| StartError::Folder(parts.data_dir.clone(), error))?;
        let log = LogWriter {
            wal: Arc::clone(&parts.wal),
            is_failing: Arc::clone(&parts.is_log_failing),
            health: Arc::clone(&parts.health),
            bytes_max: wal_bytes_max,
            disk,
            disk_room: Arc::clone(&parts.room),
        };
        let log_writer = tokio::spawn(log.run(submissions));
        let flusher = parts.tables.clone();
        let flusher = tokio::spawn(async move { flusher.keep_flushing().await });
        tracing::info!(from, "the street runs");
        Ok(Self { parts, stop, street: Some(street), flusher, tidier, log_writer, _lock: lock })
    }

    /// Where listeners hand over what they receive.
    #[must_use]
    pub fn intake(&self) -> Intake {
        self.parts.intake.clone()
    }

    /// What the node knows beside its events.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.parts.state
    }

    /// The event tables.
    #[must_use]
    pub fn tables(&self) -> &Tables {
        &self.parts.tables
    }

    /// What looks after the disk: whoever runs the node calls its rounds.
    ///
    /// # Errors
    /// When the threads of its queries cannot be made.
    pub fn retention(&self, site: Arc<str>, settings: SettingsNow) -> Result<Retention, RetentionError> {
        Retention::new(Arc::clone(&self.parts), site, settings)
    }

    /// What reviews record accesses: whoever runs the node calls it. The clocks of the site are those of `zone`.
    #[must_use]
    pub fn access_review(&self, site: &str, zone: TimeZone, settings: PrivacyNow) -> AccessReview {
        AccessReview::new(Arc::clone(&self.parts), site.to_owned(), zone, settings)
    }

    /// How the disk is.
    #[must_use]
    pub fn room(&self) -> &Room {
        &self.parts.room
    }

    /// The bytes as received.
    #[must_use]
    pub fn evidence(&self) -> &Arc<Evidence> {
        &self.parts.evidence
    }

    /// What the street did.
    #[must_use]
    pub fn counts(&self) -> &StreetCounts {
        &self.parts.counts
    }

    /// Judges what is stored by other rules: a backfill, correlations over imported history, a test. Ends early, with what it has, when it is cancelled.
    ///
    /// # Errors
    /// What is stored cannot be read, or findings cannot be kept.
    pub async fn look_back(&self, asked: LookBack, progress: Arc<Progress>) -> Result<Outcome, ControlError> {
        look_back(Arc::clone(&self.parts), asked, progress).await
    }

    /// Waits until everything durable now is judged, at most so long; whether it is.
    pub async fn settled(&self, at_most: Duration) -> bool {
        let durable = self.parts.wal.durable();
        let reached = async {
            while self.parts.counts.through.load(Ordering::Relaxed) < durable {
                tokio::time::sleep(SETTLE_EVERY).await;
            }
        };
        tokio::time::timeout(at_most, reached).await.is_ok()
    }

    /// Stops in order: what listeners handed over goes into the log, what is in the log is judged as far as a few seconds allow (the next start judges the rest),
    /// what is in memory goes to disk. Listeners have to be stopped before.
    pub async fn stop(mut self) {
        let emptied = async {
            while self.parts.intake.bytes_waiting() > 0 {
                tokio::time::sleep(SETTLE_EVERY).await;
            }
        };
        if tokio::time::timeout(EMPTY_MAX, emptied).await.is_err() {
            tracing::warn!("the log could not take everything that waited for it; senders that wait were not answered");
        }
        self.stop.store(true, Ordering::Relaxed);
        if let Some(street) = self.street.take() {
            let _fallen = tokio::task::spawn_blocking(move || street.join()).await;
        }
        self.tidier.abort();
        self.flusher.abort();
        self.log_writer.abort();
        self.parts.state.close().await;
        tracing::info!("the node has stopped");
    }
}

/// Joins the small files of the event tables now and then and removes those that nothing names any more.
async fn tidy_tables(tables: Tables, clock: EventClock, pace: Pace) {
    loop {
        tokio::time::sleep(pace.tidy_every).await;
        let today = i32::try_from(clock.now().as_seconds().div_euclid(86_400)).unwrap_or(i32::MAX);
        if let Err(error) = tidy_once(&tables, today, pace.vacuum_spares).await {
            tracing::warn!(error = %error, "the files of the event tables were not joined or cleared; trying again");
        }
    }
}

async fn tidy_once(tables: &Tables, today: i32, spares: Duration) -> Result<(), TablesError> {
    let (from, to) = tables.compact(today).await?;
    let removed = tables.vacuum(spares).await?;
    tracing::debug!(from, to, removed, "files of the event tables were joined and cleared");
    Ok(())
}

/// Says so when the street ends in a fault of its own: nothing is judged any more, and the node is not ready.
struct Falls(Arc<AtomicBool>);

impl Drop for Falls {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
            tracing::error!(
                "judging ended in a fault of the node's own; what arrives is kept and judged after a restart"
            );
        }
    }
}

/// The street over what was opened, and the lock of the folder.
fn street(
    parts: &Arc<Parts>,
    kept: Kept,
    normalizer: Arc<Normalizer>,
    workers: usize,
    stop: &Arc<AtomicBool>,
    (pace, wal_bytes_max): (Pace, u64),
) -> (Street, DiskLock) {
    let Kept {
        disk,
        lock,
        tables,
        evidence,
        state,
        wal,
        windows,
        windows_applied,
        learnt,
        generation,
        snapshot,
        applied,
        from,
        ..
    } = kept;
    let (rules, counts) = (Arc::clone(&parts.rules), Arc::clone(&parts.counts));
    let reader = (wal.reader(from), pace.batch_bytes);
    let feed = Feed::new(reader, applied, Arc::clone(&rules), parts.clock, Arc::clone(stop), Handle::current());
    let judge = Judge {
        decoders: Decoders::new(parts.decode.clone()),
        normalizer,
        evidence: Arc::clone(&evidence),
        stop: Arc::clone(stop),
        retry_after: pace.retry_after,
    };
    let keeper = Keeper {
        state,
        tables: tables.clone(),
        evidence,
        wal,
        wal_bytes_max,
        registry: Arc::clone(&parts.registry),
        windows,
        windows_from: windows_applied,
        generation,
        learnt,
        pace,
        disk,
        snapshot,
        counts,
        told: parts.findings.clone(),
        live: LiveFeed::new(parts.events.clone()),
        health: Arc::clone(&parts.health),
        stop: Arc::clone(stop),
        snapshot_at: Instant::now(),
        dirty: false,
        evidence_at: Instant::now(),
        gave_up: false,
    };
    (Street { feed, judge, rules, tables, keeper, workers, broken: Arc::clone(&parts.broken) }, lock)
}
