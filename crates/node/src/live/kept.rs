//! Everything a node keeps, opened: the folder is locked, every sink says how far it is, and the log is opened above all of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cordon_decode::DecodeOptions;
use cordon_detect::BehaviourOptions;
use cordon_rules::correlate::Limits;
use cordon_store::backup;
use cordon_store::disk::{self, Disk, DiskLock};
use cordon_store::evidence::{Evidence, EvidenceOptions};
use cordon_store::keys::Keys;
use cordon_store::state::{SecretsKey, State, StateOptions};
use cordon_store::tables::Tables;
use cordon_store::version;
use cordon_store::wal::{Wal, WalOptions};

use super::keeper::FINDINGS_SINK;
use super::learnt::{Learnt, Opened};
use super::node::{NodeOptions, Opening, StartError, store_error};
use super::rules::Generation;
use super::windows::Windows;

/// Most bytes of the file that holds the windows of correlations.
const SNAPSHOT_BYTES_MAX: u64 = 1 << 30;

/// Bytes that one account, machine or device takes among what was learnt, its name and place included.
const ENTITY_BYTES: usize = 1_536;

/// What a node keeps.
pub(super) struct Kept {
    pub(super) disk: Arc<dyn Disk>,
    /// While it is held no other process can open the folder.
    pub(super) lock: DiskLock,
    pub(super) tables: Tables,
    pub(super) evidence: Arc<Evidence>,
    pub(super) state: State,
    pub(super) wal: Arc<Wal>,
    pub(super) windows: Windows,
    pub(super) windows_applied: u64,
    pub(super) learnt: Learnt,
    pub(super) learnt_applied: u64,
    pub(super) generation: Generation,
    /// Where the windows are written down.
    pub(super) snapshot: PathBuf,
    /// The applied offset of every sink.
    pub(super) applied: Vec<u64>,
    /// Where the street begins: the lowest of them.
    pub(super) from: u64,
}

impl Kept {
    /// Opens everything.
    ///
    /// # Errors
    /// Another process has the folder, or a part cannot be opened.
    pub(super) async fn open(options: &NodeOptions, opening: &Opening) -> Result<Self, StartError> {
        let (data_dir, keys) = (&options.data_dir, &opening.keys);
        let disk = Arc::clone(&options.disk);
        let lock = disk.lock(data_dir).map_err(|error| StartError::Folder(data_dir.clone(), error))?;
        // a backup that was broken off left it, or the store was copied with it
        backup::thaw(&*disk, data_dir).map_err(store_error("what an earlier backup left"))?;
        version::raise(&*disk, data_dir).map_err(store_error("the data folder"))?;
        backup::prepare(keys).map_err(store_error("the keys"))?;
        let tables = Tables::open(Arc::clone(&disk), &data_dir.join("tables"), options.tables).await;
        let tables = tables.map_err(store_error("the event tables"))?;
        let evidence = evidence(&disk, data_dir, keys).await?;
        let state = State::open_on(&data_dir.join("state.sqlite"), state_options(options, keys)?, &*disk).await;
        let state = state.map_err(store_error("the state"))?;
        let (generation, snapshot) = (opening.rules.current(), data_dir.join("windows"));
        let pace = options.clock.pace();
        let limits = Limits { bytes_max: options.windows_bytes_max, hash_key: opening.hash_key, ..Limits::LIVE };
        let restored = windows(&*disk, &snapshot, &generation, limits, pace, &options.decode);
        let (windows, windows_applied) = restored;
        let behaviour = BehaviourOptions {
            timezone: options.decode.timezone.clone(),
            alerts_per_week: options.alerts_per_week,
            entities_max: options.learnt_bytes_max / ENTITY_BYTES,
            ..BehaviourOptions::new(opening.hash_key)
        };
        let Opened { learnt, applied: learnt_applied } =
            Learnt::open(&*disk, data_dir, &behaviour, options.learnt_bytes_max);
        let findings_applied = state.applied_offset(FINDINGS_SINK).await.map_err(store_error("the state"))?;
        let applied = vec![windows_applied, learnt_applied, findings_applied, tables.applied(), evidence.applied()];
        let offset_min = applied.iter().copied().max().unwrap_or_default();
        let wal = WalOptions { offset_min, ..options.wal };
        let wal = Wal::open(Arc::clone(&disk), &data_dir.join("wal"), keys, wal);
        let (wal, recovered) = wal.map_err(store_error("the log"))?;
        tracing::info!(?recovered, "the log is open");
        // windows that were lost begin where the log does: the sinks have what lies before
        let from = applied.iter().copied().min().unwrap_or_default().max(wal.oldest());
        let wal = Arc::new(wal);
        Ok(Self {
            disk,
            lock,
            tables,
            evidence,
            state,
            wal,
            windows,
            windows_applied,
            learnt,
            learnt_applied,
            generation,
            snapshot,
            applied,
            from,
        })
    }
}

async fn evidence(disk: &Arc<dyn Disk>, data_dir: &Path, keys: &Arc<Keys>) -> Result<Arc<Evidence>, StartError> {
    let (disk, dir, keys) = (Arc::clone(disk), data_dir.join("evidence"), Arc::clone(keys));
    let open = move || Evidence::open(disk, &dir, keys, EvidenceOptions::default());
    let opened = tokio::task::spawn_blocking(open).await.map_err(store_error("the evidence"))?;
    opened.map(Arc::new).map_err(store_error("the evidence"))
}

/// How the state is opened: second factors are sealed under a key of the ring, pseudonyms of accounts made under that of the site, as in messages.
fn state_options(options: &NodeOptions, keys: &Keys) -> Result<StateOptions, StartError> {
    let secret = keys.secret("state").map_err(store_error("the keys"))?;
    let site_key = keys.site_key(&options.site).map_err(store_error("the keys"))?;
    Ok(StateOptions { secrets: Some(SecretsKey(secret)), site_key: Some(site_key), ..StateOptions::default() })
}

/// The windows of correlations as they were written down, with the offset they hold; empty ones when there is nothing usable.
fn windows(
    disk: &dyn Disk,
    path: &Path,
    generation: &Generation,
    limits: Limits,
    pace: i64,
    decode: &DecodeOptions,
) -> (Windows, u64) {
    let empty = || (Windows::new(Arc::clone(&generation.detector), limits, pace), 0);
    let bytes = match disk::read_all(disk, path, SNAPSHOT_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return empty(),
        Err(error) => {
            tracing::warn!(error = %error, "the windows of correlations cannot be read: they start empty, from the start of the log");
            return empty();
        }
    };
    match Windows::restore(Arc::clone(&generation.detector), limits, pace, &decode.log_sources, &bytes) {
        Ok(restored) => restored,
        Err(error) => {
            tracing::warn!(error = %error, "the windows of correlations start empty, from the start of the log");
            empty()
        }
    }
}
