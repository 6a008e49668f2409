//! The version of everything a store keeps: written first, asked before anything else is touched.
//!
//! File `store.version`: one line, `cordon store N`.

use std::io;
use std::path::Path;

use crate::disk::{self, Disk, DiskFault};

/// Name of the file in the data folder.
pub(crate) const FILE: &str = "store.version";
/// What stands in front of the number.
const PREFIX: &str = "cordon store ";
/// The version that this binary writes and the newest that it reads.
pub const VERSION: u32 = 2;

/// Why a data folder is left alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// Written by a later version.
    #[error(
        "the store has format {found}, this binary knows {VERSION}: use the newer version of cordon, nothing was touched"
    )]
    TooNew {
        /// The format of the store.
        found: u32,
    },
    /// The file is there and says nothing that can be read.
    #[error("the file store.version is damaged: restore it from a backup, nothing was touched")]
    Damaged,
    /// There are data and no version.
    #[error(
        "the folder holds data of a store but no file store.version: restore it from a backup, nothing was touched"
    )]
    Missing,
    /// The disk.
    #[error("the version of the store: {0}")]
    Disk(#[from] DiskFault),
}

impl From<io::Error> for VersionError {
    fn from(error: io::Error) -> Self {
        Self::Disk(error.into())
    }
}

/// Asks the version of the store in `dir`, making the folder and the file when there is none. Blocks.
///
/// # Errors
/// When the store is not for this binary; then nothing was touched.
pub fn check(disk: &dyn Disk, dir: &Path) -> Result<u32, VersionError> {
    const FILE_BYTES_MAX: u64 = 64;
    match disk::read_all(disk, &dir.join(FILE), FILE_BYTES_MAX) {
        Ok(content) => match read(&content).ok_or(VersionError::Damaged)? {
            found if found > VERSION => Err(VersionError::TooNew { found }),
            found => Ok(found),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => first(disk, dir),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(VersionError::Damaged),
        Err(error) => Err(error.into()),
    }
}

/// Notes that this version has the store from now on: an older one then refuses it. To be called once the store is locked, before anything in it is brought up to date.
/// Blocks.
///
/// # Errors
/// As [`check`].
pub fn raise(disk: &dyn Disk, dir: &Path) -> Result<(), VersionError> {
    // whoever has opened the keys has asked the version, and made it where there was no store
    if disk.entry(&dir.join(FILE)).is_ok() && check(disk, dir)? < VERSION {
        disk::replace(disk, &dir.join(FILE), format!("{PREFIX}{VERSION}\n").as_bytes())?;
        tracing::info!(version = VERSION, "the store is brought up to date");
    }
    Ok(())
}

fn read(content: &[u8]) -> Option<u32> {
    std::str::from_utf8(content).ok()?.strip_prefix(PREFIX)?.trim_end().parse().ok()
}

fn first(disk: &dyn Disk, dir: &Path) -> Result<u32, VersionError> {
    const OURS: [&str; 5] = ["evidence", "keys.ring", "state", "tables", "wal"];
    disk.create_dir(dir)?;
    if disk.list(dir)?.iter().any(|entry| OURS.contains(&entry.name.as_str())) {
        return Err(VersionError::Missing);
    }
    if let Some(above) = dir.parent() {
        disk.sync_dir(above)?;
    }
    disk::replace(disk, &dir.join(FILE), format!("{PREFIX}{VERSION}\n").as_bytes())?;
    Ok(VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::FileDisk;

    #[test]
    fn a_newer_store_is_refused_and_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        assert_eq!(check(&FileDisk, &data), Ok(VERSION));
        assert_eq!(check(&FileDisk, &data), Ok(VERSION));
        let file = data.join(FILE);
        std::fs::write(&file, "cordon store 99\n").unwrap();
        assert_eq!(check(&FileDisk, &data), Err(VersionError::TooNew { found: 99 }));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "cordon store 99\n");
        std::fs::write(&file, "cordon").unwrap();
        assert_eq!(check(&FileDisk, &data), Err(VersionError::Damaged));
    }

    #[test]
    fn an_older_store_is_noted_as_one_of_this_version_once_it_is_opened_to_write() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), "cordon store 0\n").unwrap();
        assert_eq!(check(&FileDisk, dir.path()), Ok(0));
        assert_eq!(std::fs::read_to_string(dir.path().join(FILE)).unwrap(), "cordon store 0\n");
        raise(&FileDisk, dir.path()).unwrap();
        assert_eq!(check(&FileDisk, dir.path()), Ok(VERSION));
    }

    #[test]
    fn data_without_a_version_are_not_taken_for_a_new_store() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("wal")).unwrap();
        assert_eq!(check(&FileDisk, dir.path()), Err(VersionError::Missing));
        assert!(!dir.path().join(FILE).exists());
    }
}
