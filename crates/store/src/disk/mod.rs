//! The disk: every file operation of the write-ahead log, evidence, tables and snapshots goes through [`Disk`], so that tests can lose power.
//!
//! What holds of a real disk holds here: bytes are safe after [`DiskFile::sync`], the name of a new, renamed or removed file is safe after [`Disk::sync_dir`] on its
//! folder, and nothing else is. Calls block: they belong on a thread of their own.

mod fault;
mod file;
mod look;

use std::fmt;
use std::io;
use std::path::Path;
use std::time::SystemTime;

pub use fault::DiskFault;
pub use file::FileDisk;
pub use look::LookDisk;

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DiskEntry {
    /// The name, without the folder.
    pub name: String,
    /// Whether it is a folder itself.
    pub is_dir: bool,
    /// Length of the file, bytes; 0 for a folder.
    pub bytes: u64,
    /// When it was last changed, by the clock of the machine.
    pub modified: SystemTime,
}

/// An open file.
pub trait DiskFile: fmt::Debug + Send + Sync {
    /// Writes at the end. After an error it is not known how many of the bytes were written.
    ///
    /// # Errors
    /// What the disk says.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes what was written and the length of the file safe. After an error nothing since the last success may be taken for safe, also when a later call succeeds.
    ///
    /// # Errors
    /// What the disk says.
    fn sync(&self) -> io::Result<()>;

    /// Reads at `offset` until `into` is full or the file ends; how many bytes were read.
    ///
    /// # Errors
    /// What the disk says.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Length in bytes.
    ///
    /// # Errors
    /// What the disk says.
    fn bytes(&self) -> io::Result<u64>;
}

/// What a store asks of a disk.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Told where the work of the store has come to, by the names in `docs/specs/faults.md`. A real disk does nothing about it; in tests one kills the process there.
    fn reached(&self, _point: &'static str) {}

    /// Makes a new, empty file that only its owner may read.
    ///
    /// # Errors
    /// `AlreadyExists`, or what the disk says.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file to read it and to write at its end.
    ///
    /// # Errors
    /// `NotFound`, or what the disk says.
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file to read it.
    ///
    /// # Errors
    /// `NotFound`, or what the disk says.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Gives a file another name, replacing what has it, in one step.
    ///
    /// # Errors
    /// What the disk says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file another name that nothing has yet, in one step.
    ///
    /// # Errors
    /// `AlreadyExists`, or what the disk says.
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a second name that nothing has yet; both name the same bytes.
    ///
    /// # Errors
    /// `AlreadyExists`, `CrossesDevices` when both would not lie on one file system, or what the disk says.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// `NotFound`, or what the disk says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty folder.
    ///
    /// # Errors
    /// What the disk says.
    fn remove_dir(&self, dir: &Path) -> io::Result<()>;

    /// What lies in a folder, by name.
    ///
    /// # Errors
    /// `NotFound`, or what the disk says.
    fn list(&self, dir: &Path) -> io::Result<Vec<DiskEntry>>;

    /// The same without the files whose names stand before `from`: of a folder with many files that are read in order, the last few. Folders are all in it.
    ///
    /// # Errors
    /// `NotFound`, or what the disk says.
    fn list_from(&self, dir: &Path, from: &str) -> io::Result<Vec<DiskEntry>> {
        let mut entries = self.list(dir)?;
        entries.retain(|entry| entry.is_dir || entry.name.as_str() >= from);
        Ok(entries)
    }

    /// What is known of one file or folder.
    ///
    /// # Errors
    /// `NotFound`, or what the disk says.
    fn entry(&self, path: &Path) -> io::Result<DiskEntry>;

    /// Makes a folder and those above it; only its owner may look inside. No error when it is there.
    ///
    /// # Errors
    /// What the disk says.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;

    /// Makes the names in a folder safe.
    ///
    /// # Errors
    /// What the disk says.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Bytes that can still be written where `dir` lies.
    ///
    /// # Errors
    /// What the disk says.
    fn free_bytes(&self, dir: &Path) -> io::Result<u64>;

    /// Takes the folder for this process alone until the lock is dropped.
    ///
    /// # Errors
    /// `WouldBlock` when another process has it.
    fn lock(&self, dir: &Path) -> io::Result<DiskLock>;
}

/// A folder that belongs to this process alone.
#[derive(Debug, Default)]
pub struct DiskLock {
    _held: Option<std::fs::File>,
}

impl DiskLock {
    /// For a disk that nobody else can see.
    #[must_use]
    pub const fn of_nobody() -> Self {
        Self { _held: None }
    }
}

/// The whole of a file.
///
/// # Errors
/// What the disk says; `FileTooLarge` above `bytes_max`.
pub fn read_all(disk: &dyn Disk, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let file = disk.open(path)?;
    let bytes = file.bytes()?;
    if bytes > bytes_max {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    let mut content = vec![0; usize::try_from(bytes).map_err(io::Error::other)?];
    let read = file.read_at(0, &mut content)?;
    content.truncate(read);
    Ok(content)
}

/// Puts a file in place of `path` so that after a crash it holds either what it held or `bytes`: temporary name, sync, rename, sync of the folder.
///
/// # Errors
/// What the disk says; the old content stays.
pub fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    match disk.remove(&temporary) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault),
        _ => {}
    }
    let mut file = disk.create(&temporary)?;
    file.append(bytes)?;
    file.sync()?;
    drop(file);
    disk.rename(&temporary, path)?;
    path.parent().map_or(Ok(()), |dir| disk.sync_dir(dir))
}

/// Makes a folder and those above it; the names of those that were not there are safe. No error when it is there.
///
/// # Errors
/// What the disk says.
pub fn make_dirs(disk: &dyn Disk, dir: &Path) -> io::Result<()> {
    if dir.as_os_str().is_empty() || disk.entry(dir).is_ok_and(|entry| entry.is_dir) {
        return Ok(());
    }
    if let Some(above) = dir.parent() {
        make_dirs(disk, above)?;
    }
    disk.create_dir(dir)?;
    dir.parent().map_or(Ok(()), |above| disk.sync_dir(above))
}

/// Removes a folder with everything in it. No error when it is not there.
///
/// # Errors
/// What the disk says.
pub fn remove_all(disk: &dyn Disk, dir: &Path) -> io::Result<()> {
    let entries = match disk.list(dir) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(()),
        listed => listed?,
    };
    for entry in entries {
        let path = dir.join(&entry.name);
        if entry.is_dir { remove_all(disk, &path)? } else { disk.remove(&path)? }
    }
    disk.remove_dir(dir)
}

#[cfg(test)]
mod tests;
