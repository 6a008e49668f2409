//! Backup and restore of a whole store: a frozen moment of it beside the data, copied elsewhere at leisure, and a store again out of that copy.
//!
//! Comes in: the open parts of a store. Goes out: `DIR/manifest`, which names every file with its SHA-256 under the store's signature, and the files by their digests, so
//! that a later backup into the same folder copies only what is new. The master key is in no backup. Format and order: `docs/specs/backup.md`.

mod copy;
mod freeze;
mod manifest;
mod restore;
mod seal;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use copy::{Copied, copy};
pub use freeze::{FROZEN, FreezeError, Frozen, Parts, freeze, freeze_stopped, prepare, thaw};
pub use manifest::{Manifest, Moment, Stored};
pub use restore::{Restored, check, restore};

use crate::disk::{self, Disk, DiskFault, DiskFile, DiskLock};
use crate::keys::KeyError;

/// Name of the envelope key in the ring under which files of a backup are sealed.
const KEY: &str = "backup";
/// Bytes that are read at a time.
const PIECE_BYTES: usize = 1 << 20;

/// Why a backup was not made, or nothing was restored from it.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder cannot be read or written.
    #[error("{path}: {fault}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        fault: DiskFault,
    },
    /// There is no room for a file.
    #[error("{0}: no room is left there; free some and run it again")]
    NoRoom(PathBuf),
    /// The keys.
    #[error("{0}")]
    Keys(#[from] KeyError),
    /// Another backup of the store is being made.
    #[error("another backup of {0} is being made: wait until it has ended, or end it")]
    Running(PathBuf),
    /// The frozen moment is gone, or is another one.
    #[error(
        "the frozen moment was given up meanwhile (the node was started again, or somebody asked it to): run it again"
    )]
    Thawed,
    /// What lies in the folder is something else.
    #[error("{0} is not empty and holds no backup: name a folder that is empty, not there yet, or has a backup in it")]
    Foreign(PathBuf),
    /// The backup in the folder is not one of this store.
    #[error("{0} holds the backup of another store, or one whose `manifest` was altered: name another folder")]
    OtherStore(PathBuf),
    /// Another backup or restore has the folder.
    #[error("{0}: another backup is made there, or something is restored from it")]
    Busy(PathBuf),
    /// There is no finished backup.
    #[error("{0} holds no finished backup: the file `manifest` is missing; run `cordon backup` on it again")]
    NotABackup(PathBuf),
    /// A later version wrote it.
    #[error("the backup has format {found}, this binary knows {known}: use the newer version of cordon")]
    TooNew {
        /// The format found.
        found: u32,
        /// The newest format that this binary reads.
        known: u32,
    },
    /// The manifest does not read as one, or is not signed by the store whose key ring is in the backup.
    #[error("the file `manifest` was altered or is damaged: take another backup")]
    ManifestAltered,
    /// A file is not the one that was backed up.
    #[error("{path} (in the backup {object}) {says}: take another backup")]
    Altered {
        /// Its path in the store.
        path: String,
        /// Its name in the backup.
        object: String,
        /// What is wrong with it.
        says: &'static str,
    },
    /// Something stands where a store is to be restored.
    #[error("{0} is not empty: name a folder that is empty or not there yet")]
    NotEmpty(PathBuf),
    /// Somebody asked to end.
    #[error("ended before it was done; run it again, it goes on where it was")]
    Ended,
}

/// Told bytes done and bytes in all; says whether to go on.
pub type Tell = dyn Fn(u64, u64) -> bool + Send + Sync;

fn file_fault(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |error| match DiskFault::from(error) {
        DiskFault::Full => BackupError::NoRoom(path),
        fault => BackupError::File { path, fault },
    }
}

/// Makes a folder and those above it, for its owner alone.
fn make_dir(disk: &dyn Disk, dir: &Path) -> Result<(), BackupError> {
    disk::make_dirs(disk, dir).map_err(file_fault(dir))
}

/// A new, empty file for its owner alone, in place of what a broken-off run left.
fn make_file(disk: &dyn Disk, path: &Path) -> Result<Box<dyn DiskFile>, BackupError> {
    remove_old(disk, path)?;
    disk.create(path).map_err(file_fault(path))
}

/// Removes a file that a broken-off run may have left.
fn remove_old(disk: &dyn Disk, path: &Path) -> Result<(), BackupError> {
    match disk.remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_fault(path)(error)),
        _ => Ok(()),
    }
}

fn sync_dir(disk: &dyn Disk, dir: &Path) -> Result<(), BackupError> {
    disk.sync_dir(dir).map_err(file_fault(dir))
}

/// Hands a file to `take` piece by piece.
fn read_pieces(
    disk: &dyn Disk,
    path: &Path,
    take: &mut dyn FnMut(&[u8]) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let file = disk.open(path).map_err(file_fault(path))?;
    let (mut piece, mut at) = (vec![0; PIECE_BYTES], 0_u64);
    loop {
        let read = file.read_at(at, &mut piece).map_err(file_fault(path))?;
        take(piece.get(..read).unwrap_or_default())?;
        if read < piece.len() {
            return Ok(());
        }
        at += read as u64;
    }
}

/// Takes the folder of a backup for this process alone, until the value is dropped.
fn take(disk: &dyn Disk, dir: &Path) -> Result<DiskLock, BackupError> {
    disk.lock(dir).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => BackupError::Busy(dir.to_owned()),
        _ => file_fault(dir)(error),
    })
}

/// One backup of a store is being made, by this process, until the value is dropped or the process ends.
#[derive(Debug)]
pub struct Running {
    _held: File,
}

/// Begins a backup of the store in `dir`, of which one at a time is made: they share the frozen moment.
///
/// # Errors
/// Another process makes one, or the file `store.version` cannot be opened.
pub fn begin(dir: &Path) -> Result<Running, BackupError> {
    // a file that is always there, and belongs to the store's user whoever makes backups
    let path = dir.join(crate::version::FILE);
    let file = File::open(&path).map_err(file_fault(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(Running { _held: file }),
        Err(std::fs::TryLockError::WouldBlock) => Err(BackupError::Running(dir.to_owned())),
        Err(std::fs::TryLockError::Error(error)) => Err(file_fault(&path)(error)),
    }
}

/// Counts bytes and asks whether to go on.
struct Meter<'t> {
    done: u64,
    total: u64,
    tell: &'t Tell,
}

impl Meter<'_> {
    fn add(&mut self, bytes: u64) -> Result<(), BackupError> {
        self.done = self.done.saturating_add(bytes);
        if (self.tell)(self.done, self.total.max(self.done)) { Ok(()) } else { Err(BackupError::Ended) }
    }
}

/// What opens the ring of a store.
type KeysOf = Arc<crate::keys::Keys>;
