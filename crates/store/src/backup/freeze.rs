//! A frozen moment of a store: the folder `frozen` within the data folder, with hard links to every file that never changes and copies of the few that do. Made within
//! seconds while the node goes on; what is removed or joined later stays there until it is thawed.
//!
//! Order: the log is held; then the state, everything of the folder that belongs to no other part (offsets of followed files among it), the event tables under their commit
//! lock, evidence with ledger and key ring under its own, and last the log. So the log reaches beyond every sink, from the lowest of them on, and beyond every followed file.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::manifest::Moment;
use super::{BackupError, KEY, file_fault, make_dir};
use crate::disk::{FileDisk, LookDisk};
use crate::evidence::{Evidence, EvidenceError, EvidenceOptions};
use crate::keys::{KeyError, Keys};
use crate::state::{State, StateError, StateOptions};
use crate::tables::{Tables, TablesError, TablesOptions};
use crate::wal::{Wal, WalError, WalOptions};

/// Name of the folder within the data folder.
pub const FROZEN: &str = "frozen";
/// What of the data folder is frozen by its own part, made anew by a start, or no business of a backup: the master key above all.
const NOT_OTHERS: [&str; 13] = [
    FROZEN,
    "lock",
    "wal",
    "evidence",
    "tables",
    "keys.ring",
    "keys.tmp",
    "state.sqlite",
    "state.sqlite-wal",
    "state.sqlite-shm",
    "master.key",
    "spill",
    "import",
];

/// Why a moment of the store was not frozen.
#[derive(Debug, thiserror::Error)]
pub enum FreezeError {
    /// Files.
    #[error(transparent)]
    Files(#[from] BackupError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The log.
    #[error(transparent)]
    Log(#[from] WalError),
    /// The evidence.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The event tables.
    #[error("{0}")]
    Tables(#[from] TablesError),
    /// The state.
    #[error("{0}")]
    State(#[from] StateError),
    /// A removal has to be finished by a start of the node.
    #[error("a removal of evidence was cut short: start the node once, which finishes it, and back up then")]
    Unfinished,
    /// Work on another thread fell.
    #[error("work on files was given up: {0}")]
    GivenUp(String),
}

/// What is frozen.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The data folder.
    pub dir: PathBuf,
    /// The key ring.
    pub keys: Arc<Keys>,
    /// The log.
    pub wal: Arc<Wal>,
    /// The evidence.
    pub evidence: Arc<Evidence>,
    /// The event tables.
    pub tables: Tables,
    /// The state.
    pub state: State,
}

/// A moment that was frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// The folder with the files, laid out like the data folder.
    pub dir: PathBuf,
    /// Up to where each part was.
    pub moment: Moment,
    /// Paths below the folder that are not copied, such as that of a master key that lies in the data folder.
    pub without: Vec<PathBuf>,
}

/// Freezes the store of a running node. A moment that an earlier backup left behind is thawed first.
///
/// # Errors
/// A part cannot be read, or the disk takes nothing more; then nothing is left behind.
pub async fn freeze(parts: Parts) -> Result<Frozen, FreezeError> {
    let dir = parts.dir.join(FROZEN);
    thaw(&parts.dir)?;
    make_dir(&dir)?;
    let frozen = freeze_into(&parts, &dir).await;
    if frozen.is_err() {
        thaw(&parts.dir)?;
    }
    Ok(Frozen { moment: frozen?, dir, without: Vec::new() })
}

/// Freezes the store of a node that is stopped. Nothing of it is changed or repaired.
///
/// # Errors
/// As [`freeze`].
pub async fn freeze_stopped(dir: &Path, keys: &Arc<Keys>) -> Result<Frozen, FreezeError> {
    let look = Arc::new(LookDisk::new(Arc::new(FileDisk)));
    let tables = Tables::open(look.clone(), &dir.join("tables"), TablesOptions::default()).await?;
    let evidence = Evidence::open(look.clone(), &dir.join("evidence"), Arc::clone(keys), EvidenceOptions::default())?;
    let (wal, _) = Wal::open(look.clone(), &dir.join("wal"), keys, WalOptions::default())?;
    if look.written().iter().any(|path| path.starts_with(dir.join("evidence"))) {
        return Err(FreezeError::Unfinished);
    }
    let state = State::look_at(&dir.join("state.sqlite"), StateOptions::default()).await?;
    let (wal, evidence) = (Arc::new(wal), Arc::new(evidence));
    let parts = Parts { dir: dir.to_owned(), keys: Arc::clone(keys), wal, evidence, tables, state: state.clone() };
    let frozen = freeze(parts).await;
    state.close().await;
    frozen
}

/// Makes sure that the keys that seal and sign a backup are in the ring: a node does so at its start, so that a backup changes nothing.
///
/// # Errors
/// When a new one cannot be made safe on disk.
pub fn prepare(keys: &Keys) -> Result<(), KeyError> {
    keys.envelope(KEY)?;
    keys.signing().map(drop)
}

/// Removes the frozen moment of a data folder, if there is one.
///
/// # Errors
/// When it cannot be removed.
pub fn thaw(dir: &Path) -> Result<(), BackupError> {
    let frozen = dir.join(FROZEN);
    match fs::remove_dir_all(&frozen) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_fault(&frozen)(error)),
        _ => Ok(()),
    }
}

async fn freeze_into(parts: &Parts, to: &Path) -> Result<Moment, FreezeError> {
    prepare(&parts.keys)?;
    let _held = parts.wal.hold();
    let acknowledged = parts.wal.durable();
    parts.state.backup_to(&to.join("state.sqlite")).await?;
    let (from, others) = (parts.dir.clone(), to.to_owned());
    blocking(move || copy_others(&from, &others, true).map_err(FreezeError::Files)).await?;
    let tables = parts.tables.freeze(&to.join("tables")).await?;
    let (evidence, dir, target) = (Arc::clone(&parts.evidence), parts.dir.clone(), to.to_owned());
    let evidence = blocking(move || {
        let ring = (dir.join("keys.ring"), target.join("keys.ring"));
        Ok(evidence.freeze(&target.join("evidence"), &ring)?)
    })
    .await?;
    let (wal, target) = (Arc::clone(&parts.wal), to.join("wal"));
    let (log_from, log_through) = blocking(move || Ok(wal.freeze(&target)?)).await?;
    Ok(Moment { acknowledged, log_from, log_through, tables, evidence })
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FreezeError> + Send + 'static,
) -> Result<T, FreezeError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|fall| Err(FreezeError::GivenUp(fall.to_string())))
}

/// Copies what belongs to no part: installed rules, certificates, windows, offsets of followed files, and whatever later versions add.
fn copy_others(from: &Path, to: &Path, is_top: bool) -> Result<(), BackupError> {
    for entry in fs::read_dir(from).map_err(file_fault(from))? {
        let entry = entry.map_err(file_fault(from))?;
        let (path, name) = (entry.path(), entry.file_name());
        let is_temporary = path.extension() == Some(OsStr::new("tmp"));
        if is_temporary || is_top && NOT_OTHERS.iter().any(|not| name == *not) {
            continue;
        }
        let to = to.join(&name);
        let kind = entry.file_type().map_err(file_fault(&path))?;
        if kind.is_dir() {
            make_dir(&to)?;
            copy_others(&path, &to, false)?;
        } else if kind.is_file() {
            match fs::copy(&path, &to) {
                // replaced or removed in between: it is no part of this moment
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                copied => drop(copied.map_err(file_fault(&path))?),
            }
        }
    }
    Ok(())
}
