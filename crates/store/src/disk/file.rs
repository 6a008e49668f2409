//! The disk of the machine.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::SystemTime;

use super::{Disk, DiskEntry, DiskFile, DiskLock};

/// Files and folders as the operating system has them. What is made belongs to its owner alone (0600, 0700).
#[derive(Clone, Copy, Debug, Default)]
pub struct FileDisk;

#[derive(Debug)]
struct RealFile(File);

impl DiskFile for RealFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&self) -> io::Result<()> {
        // fdatasync: bytes and length; times need not be safe
        self.0.sync_data()
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut read = 0;
        while let Some(rest) = into.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match self.0.read_at(rest, offset + read as u64) {
                Ok(0) => break,
                Ok(bytes) => read += bytes,
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(read)
    }

    fn bytes(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
}

fn boxed(file: io::Result<File>) -> io::Result<Box<dyn DiskFile>> {
    Ok(Box::new(RealFile(file?)))
}

impl FileDisk {
    /// Bytes of the file system on which `dir` lies.
    ///
    /// # Errors
    /// What the disk says.
    pub fn total_bytes(&self, dir: &Path) -> io::Result<u64> {
        let all = rustix::fs::statvfs(dir)?;
        Ok(all.f_blocks.saturating_mul(all.f_frsize))
    }
}

impl Disk for FileDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        boxed(OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(path))
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        boxed(OpenOptions::new().read(true).append(true).open(path))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        boxed(File::open(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)?;
        fs::remove_file(from)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        fs::remove_dir(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DiskEntry>> {
        self.list_from(dir, "")
    }

    fn list_from(&self, dir: &Path, from: &str) -> io::Result<Vec<DiskEntry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().ok_or_else(|| io::Error::other("a name in the data folder is not text"))?;
            if name < from && !entry.file_type()?.is_dir() {
                continue; // what is known of a file costs far more than its name
            }
            match entry.metadata() {
                Ok(metadata) => entries.push(described(name, &metadata)),
                Err(fault) if fault.kind() == io::ErrorKind::NotFound => {} // removed since
                Err(fault) => return Err(fault),
            }
        }
        entries.sort();
        Ok(entries)
    }

    fn entry(&self, path: &Path) -> io::Result<DiskEntry> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        Ok(described(name, &fs::metadata(path)?))
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        File::open(dir)?.sync_all()
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        let free = rustix::fs::statvfs(dir)?;
        Ok(free.f_bavail.saturating_mul(free.f_frsize))
    }

    fn lock(&self, dir: &Path) -> io::Result<DiskLock> {
        let path = dir.join("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
        file.try_lock().map_err(io::Error::from)?;
        Ok(DiskLock { _held: Some(file) })
    }
}

fn described(name: &str, metadata: &fs::Metadata) -> DiskEntry {
    DiskEntry {
        name: name.to_owned(),
        is_dir: metadata.is_dir(),
        bytes: if metadata.is_dir() { 0 } else { metadata.len() },
        modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
    }
}
