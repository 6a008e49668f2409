//! A disk to look at without changing it: what is written, renamed or removed happens in memory alone and is gone with this value. So a store can be opened, with
//! everything that opening repairs, and stays on the disk as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::{Disk, DiskEntry, DiskFile, DiskLock};

/// Most bytes that are written in memory; beyond them the disk counts as full. Opening a store writes next to nothing.
const BYTES_MAX: usize = 256 << 20;

/// Another disk, seen through; nothing goes down to it.
#[derive(Clone, Debug)]
pub struct LookDisk {
    under: Arc<dyn Disk>,
    changes: Arc<Mutex<Changes>>,
}

#[derive(Debug, Default)]
struct Changes {
    written: BTreeMap<PathBuf, Content>,
    dirs: BTreeSet<PathBuf>,
    gone: BTreeSet<PathBuf>,
}

type Content = Arc<Mutex<Vec<u8>>>;

#[derive(Debug)]
struct InMemory(Content);

/// A file of the disk below, which is not written to.
#[derive(Debug)]
struct Below(Box<dyn DiskFile>);

impl LookDisk {
    /// Looks at a disk.
    #[must_use]
    pub fn new(under: Arc<dyn Disk>) -> Self {
        Self { under, changes: Arc::default() }
    }

    /// Files that would have been removed, in order of their paths.
    #[must_use]
    pub fn removed(&self) -> Vec<PathBuf> {
        self.changes().gone.iter().cloned().collect()
    }

    /// Files that would have been written, in order of their paths.
    #[must_use]
    pub fn written(&self) -> Vec<PathBuf> {
        self.changes().written.keys().cloned().collect()
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, path: &Path) -> Option<io::Result<Box<dyn DiskFile>>> {
        let changes = self.changes();
        if let Some(content) = changes.written.get(path) {
            return Some(Ok(Box::new(InMemory(Arc::clone(content)))));
        }
        changes.gone.contains(path).then(|| Err(io::ErrorKind::NotFound.into()))
    }

    fn is_there(&self, path: &Path) -> bool {
        self.file(path).map_or_else(|| self.under.entry(path).is_ok(), |file| file.is_ok())
    }
}

fn lock(content: &Content) -> MutexGuard<'_, Vec<u8>> {
    content.lock().unwrap_or_else(PoisonError::into_inner)
}

impl DiskFile for InMemory {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut content = lock(&self.0);
        if content.len().saturating_add(bytes.len()) > BYTES_MAX {
            return Err(io::ErrorKind::StorageFull.into());
        }
        content.extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let content = lock(&self.0);
        let rest = usize::try_from(offset).ok().and_then(|offset| content.get(offset..)).unwrap_or_default();
        let read = rest.len().min(into.len());
        into.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        Ok(read)
    }

    fn bytes(&self) -> io::Result<u64> {
        Ok(lock(&self.0).len() as u64)
    }
}

impl DiskFile for Below {
    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(offset, into)
    }

    fn bytes(&self) -> io::Result<u64> {
        self.0.bytes()
    }
}

impl Disk for LookDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        if self.is_there(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let content = Content::default();
        let mut changes = self.changes();
        changes.gone.remove(path);
        changes.written.insert(path.to_owned(), Arc::clone(&content));
        Ok(Box::new(InMemory(content)))
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.open(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.file(path).unwrap_or_else(|| Ok(Box::new(Below(self.under.open(path)?))))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut changes = self.changes();
        // whoever renames has just written: files of the disk below keep their names
        let content = changes.written.remove(from).ok_or(io::ErrorKind::ReadOnlyFilesystem)?;
        changes.gone.remove(to);
        changes.written.insert(to.to_owned(), content);
        Ok(())
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.is_there(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.rename(from, to)
    }

    fn link(&self, _: &Path, _: &Path) -> io::Result<()> {
        // opening a store links nothing
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        if !self.is_there(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut changes = self.changes();
        if changes.written.remove(path).is_none() || self.under.entry(path).is_ok() {
            changes.gone.insert(path.to_owned());
        }
        Ok(())
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        self.changes().dirs.remove(dir);
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DiskEntry>> {
        let changes = self.changes();
        let mut entries = match self.under.list(dir) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound && changes.dirs.contains(dir) => Vec::new(),
            listed => listed?,
        };
        let path_of = |name: &str| dir.join(name);
        entries.retain(|entry| {
            let path = path_of(&entry.name);
            !changes.gone.contains(&path) && !changes.written.contains_key(&path)
        });
        let of_dir = |path: &&PathBuf| path.parent() == Some(dir);
        for path in changes.written.keys().filter(of_dir) {
            entries.extend(self.described(&changes, path));
        }
        for path in changes.dirs.iter().filter(of_dir) {
            entries.extend(self.described(&changes, path));
        }
        entries.sort();
        entries.dedup_by(|one, other| one.name == other.name);
        Ok(entries)
    }

    fn entry(&self, path: &Path) -> io::Result<DiskEntry> {
        let changes = self.changes();
        if changes.gone.contains(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.described(&changes, path).map_or_else(|| self.under.entry(path), Ok)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut changes = self.changes();
        for above in dir.ancestors().take_while(|above| self.under.entry(above).is_err()) {
            changes.dirs.insert(above.to_owned());
        }
        Ok(())
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        self.under.free_bytes(dir)
    }

    fn lock(&self, dir: &Path) -> io::Result<DiskLock> {
        self.under.lock(dir)
    }
}

impl LookDisk {
    /// A file or folder that is in memory alone.
    fn described(&self, changes: &Changes, path: &Path) -> Option<DiskEntry> {
        let name = path.file_name()?.to_str()?.to_owned();
        let modified = SystemTime::UNIX_EPOCH;
        if let Some(content) = changes.written.get(path) {
            return Some(DiskEntry { name, is_dir: false, bytes: lock(content).len() as u64, modified });
        }
        changes.dirs.contains(path).then_some(DiskEntry { name, is_dir: true, bytes: 0, modified })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FileDisk, read_all, replace};
    use super::*;

    #[test]
    fn what_is_changed_is_seen_and_the_disk_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let (kept, gone) = (dir.path().join("kept"), dir.path().join("gone"));
        std::fs::write(&kept, "old").unwrap();
        std::fs::write(&gone, "old").unwrap();
        let look = LookDisk::new(Arc::new(FileDisk));
        replace(&look, &kept, b"new").unwrap();
        look.remove(&gone).unwrap();
        look.create_dir(&dir.path().join("a/b")).unwrap();
        assert_eq!(read_all(&look, &kept, 10).unwrap(), b"new");
        assert_eq!(look.open(&gone).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(look.open_append(&kept).unwrap().append(b"er").is_ok());
        let names: Vec<String> = look.list(dir.path()).unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["a", "kept"]);
        assert_eq!(look.removed(), std::slice::from_ref(&gone));
        assert_eq!(std::fs::read_to_string(&kept).unwrap(), "old");
        assert!(gone.exists() && !dir.path().join("a").exists());
    }
}
