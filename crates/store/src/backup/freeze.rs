//! A frozen moment of a store: the folder `frozen` within the data folder, with hard links to every file that never changes and copies of the few that do. Made within
//! seconds while the node goes on; what is removed or joined later stays there until it is thawed.
//!
//! Order: the log is held; then everything of the folder that belongs to no other part (windows and offsets of followed files among it), the state, the event tables under their commit
//! lock, evidence with ledger and key ring under its own, and last the log. So the log reaches beyond every sink, from the lowest of them on, and beyond every followed file.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::manifest::Moment;
use super::{BackupError, KEY, file_fault};
use crate::disk::{self, Disk, FileDisk, LookDisk};
use crate::evidence::{Evidence, EvidenceError, EvidenceOptions};
use crate::keys::{KeyError, Keys, random};
use crate::state::{State, StateError, StateOptions};
use crate::tables::{Tables, TablesError, TablesOptions};
use crate::wal::{Wal, WalError, WalOptions};

/// Name of the folder within the data folder.
pub const FROZEN: &str = "frozen";
/// Name of the file that lies in it as long as all of the moment does: says which it is.
pub(super) const MARK: &str = "moment.json";
/// Largest such file.
const MARK_BYTES_MAX: u64 = 4096;
/// What of the data folder is frozen by its own part, made anew by a start, or no business of a backup: the master key above all.
const NOT_OTHERS: [&str; 14] = [
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
    // a review makes it anew
    "privacy",
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
    /// There is a frozen moment, which another backup may be copying.
    #[error(
        "a moment is frozen already, for a backup that has not ended: wait for it, or give that moment up (POST /api/v1/jobs/thaw, which `cordon backup` does by itself)"
    )]
    Frozen,
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
    /// Told how far the work is. Names and copies are made on the disk of the machine: nothing of a frozen moment has to be safe, the next start gives it up.
    pub disk: Arc<dyn Disk>,
}

/// A moment that was frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// The folder with the files, laid out like the data folder.
    pub dir: PathBuf,
    /// Up to where each part was.
    pub moment: Moment,
    /// Paths below the folder that are not copied, such as that of a master key that lies in the data folder.
    pub(super) without: Vec<PathBuf>,
    /// Which one it is.
    id: String,
}

/// What the file says that stands in a frozen moment.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    id: String,
    moment: Moment,
}

impl Frozen {
    /// The frozen moment of the store in `dir`.
    ///
    /// # Errors
    /// There is none, or not all of it.
    pub fn find(disk: &dyn Disk, dir: &Path) -> Result<Self, BackupError> {
        let dir = dir.join(FROZEN);
        let Mark { id, moment } = read_mark(disk, &dir)?;
        Ok(Self { dir, moment, without: Vec::new(), id })
    }

    /// The same moment, of which these paths are not copied.
    #[must_use]
    pub fn without(self, without: Vec<PathBuf>) -> Self {
        Self { without, ..self }
    }

    /// Whether all of it is still there.
    pub(super) fn check_still(&self, disk: &dyn Disk) -> Result<(), BackupError> {
        if read_mark(disk, &self.dir)?.id == self.id { Ok(()) } else { Err(BackupError::Thawed) }
    }
}

fn read_mark(disk: &dyn Disk, dir: &Path) -> Result<Mark, BackupError> {
    let path = dir.join(MARK);
    match disk::read_all(disk, &path, MARK_BYTES_MAX) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| BackupError::Thawed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BackupError::Thawed),
        Err(error) => Err(file_fault(&path)(error)),
    }
}

/// Freezes the store of a running node. One moment at a time is frozen: whoever backs up gives it up with [`thaw`].
///
/// # Errors
/// A moment is frozen already, a part cannot be read, or the disk takes nothing more; then nothing new is left behind.
pub async fn freeze(parts: Parts) -> Result<Frozen, FreezeError> {
    let (dir, disk) = (parts.dir.join(FROZEN), Arc::clone(&parts.disk));
    fs::DirBuilder::new().mode(0o700).create(&dir).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => FreezeError::Frozen,
        _ => file_fault(&dir)(error).into(),
    })?;
    let frozen = freeze_into(&parts, &dir).await;
    if frozen.is_err() {
        let data = parts.dir.clone();
        blocking(move || Ok(thaw(&*disk, &data)?)).await?;
    }
    frozen
}

/// Freezes the store of a node that is stopped, for whom nobody else may have the store. Nothing of it is changed or repaired, but for a moment that was left frozen.
///
/// # Errors
/// As [`freeze`].
pub async fn freeze_stopped(dir: &Path, keys: &Arc<Keys>) -> Result<Frozen, FreezeError> {
    // what a backup left that was killed
    thaw(&FileDisk, dir)?;
    let look = Arc::new(LookDisk::new(Arc::new(FileDisk)));
    let tables = Tables::open(look.clone(), &dir.join("tables"), TablesOptions::default()).await?;
    let evidence = Evidence::open(look.clone(), &dir.join("evidence"), Arc::clone(keys), EvidenceOptions::default())?;
    let (wal, _) = Wal::open(look.clone(), &dir.join("wal"), keys, WalOptions::default())?;
    if look.written().iter().any(|path| path.starts_with(dir.join("evidence"))) {
        return Err(FreezeError::Unfinished);
    }
    let state = State::look_at(&dir.join("state.sqlite"), StateOptions::default()).await?;
    let (wal, evidence) = (Arc::new(wal), Arc::new(evidence));
    let (keys, disk): (_, Arc<dyn Disk>) = (Arc::clone(keys), Arc::new(FileDisk));
    let parts = Parts { dir: dir.to_owned(), keys, wal, evidence, tables, state: state.clone(), disk };
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

/// Removes the frozen moment of a data folder, if there is one: first what says that all of it is there. Blocks.
///
/// # Errors
/// When it cannot be removed.
pub fn thaw(disk: &dyn Disk, dir: &Path) -> Result<(), BackupError> {
    let frozen = dir.join(FROZEN);
    match fs::remove_file(frozen.join(MARK)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file_fault(&frozen)(error)),
        Err(_) => {}
        Ok(()) => disk.reached("backup.thawing"),
    }
    match fs::remove_dir_all(&frozen) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_fault(&frozen)(error)),
        _ => Ok(()),
    }
}

async fn freeze_into(parts: &Parts, to: &Path) -> Result<Frozen, FreezeError> {
    let reached = |point| parts.disk.reached(point);
    prepare(&parts.keys)?;
    let _held = parts.wal.hold();
    let acknowledged = parts.wal.durable();
    reached("backup.freezing");
    // INVARIANT: windows are never ahead of the state: what they have spoken of stands there as a finding
    let (from, others) = (parts.dir.clone(), to.to_owned());
    blocking(move || copy_others(&from, &others, true).map_err(FreezeError::Files)).await?;
    reached("backup.others_copied");
    parts.state.backup_to(&to.join("state.sqlite")).await?;
    reached("backup.state_copied");
    let tables = parts.tables.freeze(&to.join("tables")).await?;
    reached("backup.tables_linked");
    let (evidence, dir, target) = (Arc::clone(&parts.evidence), parts.dir.clone(), to.to_owned());
    let evidence = blocking(move || {
        let ring = (dir.join("keys.ring"), target.join("keys.ring"));
        Ok(evidence.freeze(&target.join("evidence"), &ring)?)
    })
    .await?;
    reached("backup.evidence_linked");
    let (wal, target) = (Arc::clone(&parts.wal), to.join("wal"));
    let (log_from, log_through) = blocking(move || Ok(wal.freeze(&target)?)).await?;
    let moment = Moment { acknowledged, log_from, log_through, tables, evidence };
    let id = random::<16>()?.map(|byte| format!("{byte:02x}")).concat();
    let (mark, path) = (Mark { id: id.clone(), moment }, to.join(MARK));
    blocking(move || {
        let text = serde_json::to_vec(&mark).map_err(io::Error::from);
        Ok(text.and_then(|text| fs::write(&path, text)).map_err(file_fault(&path))?)
    })
    .await?;
    reached("backup.frozen");
    Ok(Frozen { dir: to.to_owned(), moment, without: Vec::new(), id })
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
            fs::DirBuilder::new().mode(0o700).create(&to).map_err(file_fault(&to))?;
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
