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
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use copy::{Copied, copy};
pub use freeze::{FROZEN, FreezeError, Frozen, Parts, freeze, freeze_stopped, prepare, thaw};
pub use manifest::{Manifest, Moment, Stored};
pub use restore::{Restored, check, restore};

use crate::disk::DiskFault;
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
    /// The keys.
    #[error("{0}")]
    Keys(#[from] KeyError),
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
    move |error| BackupError::File { path, fault: DiskFault::from(error) }
}

/// Makes a folder and those above it, for its owner alone.
fn make_dir(dir: &Path) -> Result<(), BackupError> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(file_fault(dir))
}

/// A new, empty file for its owner alone, in place of what a broken-off run left.
fn make_file(path: &Path) -> Result<File, BackupError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file_fault(path)(error)),
        _ => {}
    }
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.map_err(file_fault(path))
}

fn sync_dir(dir: &Path) -> Result<(), BackupError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(file_fault(dir))
}

/// Hands a file to `take` piece by piece.
fn read_pieces(path: &Path, take: &mut dyn FnMut(&[u8]) -> Result<(), BackupError>) -> Result<(), BackupError> {
    let mut file = File::open(path).map_err(file_fault(path))?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = read_full(&mut file, &mut piece).map_err(file_fault(path))?;
        take(piece.get(..read).unwrap_or_default())?;
        if read < piece.len() {
            return Ok(());
        }
    }
}

/// Fills the piece unless the file ends before; how many bytes were read.
fn read_full(file: &mut File, piece: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while let Some(rest) = piece.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(bytes) => read += bytes,
            Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(read)
}

/// The folder belongs to this process until the value is dropped.
#[derive(Debug)]
struct Taken {
    _held: File,
}

/// Takes a folder for this process alone.
fn take(dir: &Path) -> Result<Taken, BackupError> {
    let path = dir.join("lock");
    let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = file.map_err(file_fault(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(Taken { _held: file }),
        Err(std::fs::TryLockError::WouldBlock) => Err(BackupError::Busy(dir.to_owned())),
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

/// Writes all of it and makes it safe.
fn write_safe(file: &mut File, path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    file.write_all(bytes).and_then(|()| file.sync_data()).map_err(file_fault(path))
}

/// What opens the ring of a store.
type KeysOf = Arc<crate::keys::Keys>;
