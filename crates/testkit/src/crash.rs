//! A disk that kills its process with SIGKILL at a named point, to be had again by its name and number.
//!
//! Points are what the store says that it has [reached](Disk::reached) (`tables.committed`) and every change of the disk itself, by the part of the data folder
//! and the kind (`tables:rename`). A write is cut in half first; every other change is not carried out.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cordon_store::disk::{Disk, DiskEntry, DiskFile, DiskLock};

/// What happens at the point: gets its name and does not return in a process that is to die.
pub type Deed = Arc<dyn Fn(&str) + Send + Sync>;

/// Where a process is to die: at the n-th time that it comes to a point, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailPoint {
    /// Name of the point.
    pub name: String,
    /// Which time.
    pub hit: u64,
}

/// A disk that counts the points it comes to and does something at one of them. Clones are the same disk.
#[derive(Clone)]
pub struct CrashDisk {
    inner: Arc<dyn Disk>,
    root: PathBuf,
    at: Option<FailPoint>,
    hits: Arc<Mutex<BTreeMap<String, u64>>>,
    deed: Deed,
    links: bool,
}

impl fmt::Debug for CrashDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrashDisk").field("at", &self.at).finish_non_exhaustive()
    }
}

/// Ends this process as `kill -9` does.
pub fn die() -> ! {
    let killed = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    let _ = killed;
    std::process::abort()
}

impl CrashDisk {
    /// Over another disk; `root` is the data folder, whose parts give points their names.
    #[must_use]
    pub fn new(inner: Arc<dyn Disk>, root: &Path, at: Option<FailPoint>, deed: Deed) -> Self {
        Self { inner, root: root.to_owned(), at, hits: Arc::default(), deed, links: true }
    }

    /// The same disk, on which nothing can be linked, as if every folder were a file system.
    #[must_use]
    pub const fn without_links(mut self) -> Self {
        self.links = false;
        self
    }

    fn hits_now(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.hits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often each point was come to.
    #[must_use]
    pub fn hits(&self) -> BTreeMap<String, u64> {
        self.hits_now().clone()
    }

    /// Counts; whether this is the moment.
    fn is_moment(&self, name: &str) -> bool {
        let mut hits = self.hits_now();
        let count = hits.entry(name.to_owned()).or_default();
        *count += 1;
        self.at.as_ref().is_some_and(|at| at.name == name && at.hit == *count)
    }

    fn come_to(&self, name: &str) {
        if self.is_moment(name) {
            (self.deed)(name);
        }
    }

    fn change(&self, path: &Path, kind: &str) {
        self.come_to(&point(&self.root, path, kind));
    }

    fn wrapped(&self, path: &Path, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(CrashFile { disk: self.clone(), path: path.to_owned(), file })
    }
}

/// `tables:rename` for `ROOT/tables/../x`; the log of a Delta table is a part of its own.
fn point(root: &Path, path: &Path, kind: &str) -> String {
    let below = path.strip_prefix(root).unwrap_or(Path::new(""));
    let is_delta = below.components().any(|part| part.as_os_str() == "_delta_log");
    let first = below.components().next().and_then(|part| part.as_os_str().to_str()).unwrap_or("data");
    let part = if is_delta { "delta" } else { first.split('.').next().unwrap_or(first) };
    format!("{part}:{kind}")
}

#[derive(Debug)]
struct CrashFile {
    disk: CrashDisk,
    path: PathBuf,
    file: Box<dyn DiskFile>,
}

impl DiskFile for CrashFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let name = point(&self.disk.root, &self.path, "append");
        if self.disk.is_moment(&name) {
            let (half, _) = bytes.split_at(bytes.len() / 2);
            self.file.append(half)?;
            (self.disk.deed)(&name);
        }
        self.file.append(bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.change(&self.path, "sync");
        self.file.sync()
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, into)
    }

    fn bytes(&self) -> io::Result<u64> {
        self.file.bytes()
    }
}

impl Disk for CrashDisk {
    fn reached(&self, point: &'static str) {
        self.come_to(point);
        self.inner.reached(point);
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.change(path, "create");
        Ok(self.wrapped(path, self.inner.create(path)?))
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(self.wrapped(path, self.inner.open_append(path)?))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.inner.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(to, "rename");
        self.inner.rename(from, to)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(to, "rename_new");
        self.inner.rename_new(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        if !self.links {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        self.change(to, "link");
        self.inner.link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        // what is not there is asked away before every write: no change
        if self.inner.entry(path).is_ok() {
            self.change(path, "remove");
        }
        self.inner.remove(path)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        self.change(dir, "remove_dir");
        self.inner.remove_dir(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DiskEntry>> {
        self.inner.list(dir)
    }

    fn entry(&self, path: &Path) -> io::Result<DiskEntry> {
        self.inner.entry(path)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.change(dir, "create_dir");
        self.inner.create_dir(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.change(dir, "sync_dir");
        self.inner.sync_dir(dir)
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        self.inner.free_bytes(dir)
    }

    fn lock(&self, dir: &Path) -> io::Result<DiskLock> {
        self.inner.lock(dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::SimDisk;

    #[test]
    fn the_deed_is_done_once_at_the_named_time_and_a_write_is_cut_in_half_before() {
        let (done, sim) = (Arc::new(Mutex::new(Vec::new())), SimDisk::new(1));
        let told = Arc::clone(&done);
        let deed: Deed = Arc::new(move |name| told.lock().unwrap().push(name.to_owned()));
        let at = FailPoint { name: "wal:append".to_owned(), hit: 2 };
        let disk = CrashDisk::new(Arc::new(sim.clone()), Path::new("/store"), Some(at), deed);
        disk.create_dir(Path::new("/store/wal")).unwrap();
        let mut file = disk.create(Path::new("/store/wal/1.wal")).unwrap();
        for _ in 0..3 {
            file.append(b"1234").unwrap();
        }
        disk.reached("wal.frame_written");
        drop(disk.create(Path::new("/store/master.tmp")).unwrap());
        assert_eq!(*done.lock().unwrap(), ["wal:append"]);
        assert_eq!(cordon_store::disk::read_all(&sim, Path::new("/store/wal/1.wal"), 99).unwrap(), b"12341212341234");
        let hits: Vec<_> = disk.hits().into_iter().map(|(name, hits)| format!("{name} {hits}")).collect();
        assert_eq!(
            hits,
            ["master:create 1", "wal.frame_written 1", "wal:append 3", "wal:create 1", "wal:create_dir 1"]
        );
        assert_eq!(
            point(Path::new("/a"), Path::new("/a/tables/web/_delta_log/0.json"), "rename_new"),
            "delta:rename_new"
        );
        assert_eq!(point(Path::new("/a"), Path::new("/a"), "sync_dir"), "data:sync_dir");
    }
}
