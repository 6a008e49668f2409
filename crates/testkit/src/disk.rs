//! A disk that loses power. What was not synced is lost, torn at any byte or kept out of order; names whose folder was not synced vanish, come back or stay.
//!
//! Everything random comes from the seed, so a failure can be had again. Files only grow at their end, as the store writes them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use cordon_store::disk::{Disk, DiskEntry, DiskFile, DiskLock};

/// A disk writes a sector whole, in parts or not at all.
const SECTOR_BYTES: usize = 512;

/// What goes wrong until it is set right again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Writes end somewhere within with `ENOSPC`; new files too.
    Full,
    /// Everything that changes something gives `EROFS`.
    ReadOnly,
    /// Opening and making files gives `EMFILE`.
    TooManyFiles,
    /// Syncs give `EIO`, and what they should have made safe stays unsafe for ever, whatever later syncs say.
    SyncFails,
}

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Debug)]
pub struct SimDisk(Arc<Mutex<World>>);

#[derive(Debug)]
struct World {
    random: SimRandom,
    files: Vec<Content>,
    /// What a running process sees.
    names: BTreeMap<PathBuf, Node>,
    /// What stands on the disk for sure.
    safe_names: BTreeMap<PathBuf, Node>,
    /// What a sync of the folder would make safe, in order.
    pending: BTreeMap<PathBuf, Vec<Change>>,
    sync_works: bool,
    fault: Option<Fault>,
    bytes_max: Option<u64>,
    /// Folders that lie on different file systems.
    apart: Option<(PathBuf, PathBuf)>,
    /// Calls so far: the clock of this disk.
    calls: u64,
    power_off_at: Option<u64>,
    /// Counts restarts: files opened before one are closed.
    generation: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Dir,
    File(usize),
}

#[derive(Clone, Debug)]
enum Change {
    Insert(PathBuf, Node),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf, Node),
}

#[derive(Debug, Default)]
struct Content {
    now: Vec<u8>,
    safe_bytes: usize,
    /// What a failed sync left unsafe.
    unsafe_ranges: Vec<Range<usize>>,
    modified: u64,
}

/// Seeded random numbers (SplitMix64).
#[derive(Clone, Debug)]
pub struct SimRandom(u64);

impl SimRandom {
    /// The numbers of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound as u64).max(1)).unwrap_or(0)
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

impl SimDisk {
    /// An empty disk with the folder `/store`, which is safe.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let names: BTreeMap<_, _> = [("/".into(), Node::Dir), ("/store".into(), Node::Dir)].into();
        Self(Arc::new(Mutex::new(World {
            random: SimRandom::new(seed),
            files: Vec::new(),
            safe_names: names.clone(),
            names,
            pending: BTreeMap::new(),
            sync_works: true,
            fault: None,
            bytes_max: None,
            apart: None,
            calls: 0,
            power_off_at: None,
            generation: 0,
        })))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes every later sync do nothing and say that it did.
    pub fn switch_sync_off(&self) {
        self.world().sync_works = false;
    }

    /// What goes wrong from now on; `None` sets it right.
    pub fn fail(&self, fault: Option<Fault>) {
        self.world().fault = fault;
    }

    /// How many bytes fit on the disk; `None` for any number.
    pub fn limit(&self, bytes_max: Option<u64>) {
        self.world().bytes_max = bytes_max;
    }

    /// Nothing in one folder can be linked into the other, as if they were of two file systems; twice the same folder for no such thing.
    pub fn refuse_links_between(&self, one: impl Into<PathBuf>, other: impl Into<PathBuf>) {
        let (one, other) = (one.into(), other.into());
        self.world().apart = (one != other).then_some((one, other));
    }

    /// The power goes off after so many more calls; from then on everything fails until [`SimDisk::restart`].
    pub fn power_off_after(&self, calls: u64) {
        let mut world = self.world();
        world.power_off_at = Some(world.calls + calls);
    }

    /// Calls so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.world().calls
    }

    /// Power off and on: whatever was not safe is lost, torn or kept, as the seed has it. Open files are closed, faults end.
    pub fn restart(&self) {
        let mut world = self.world();
        world.lose_names();
        let World { files, random, .. } = &mut *world;
        files.iter_mut().for_each(|content| content.lose(random));
        world.generation += 1;
        (world.power_off_at, world.fault) = (None, None);
    }
}

impl SimDisk {
    /// The disk as one run of a program sees it: after the next [`SimDisk::restart`] everything that is left of that run fails.
    #[must_use]
    pub fn plugged(&self) -> Plugged {
        Plugged { disk: self.clone(), generation: self.world().generation }
    }
}

/// A disk until the power is off: nothing that a run of a program has left behind can reach the disk of the next run.
#[derive(Clone, Debug)]
pub struct Plugged {
    disk: SimDisk,
    generation: u64,
}

impl Plugged {
    fn disk(&self) -> io::Result<&SimDisk> {
        if self.disk.world().generation != self.generation {
            return Err(io::Error::other("from before the power went off"));
        }
        Ok(&self.disk)
    }
}

impl Disk for Plugged {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.disk()?.create(path)
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.disk()?.open_append(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.disk()?.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk()?.rename(from, to)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk()?.rename_new(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk()?.link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk()?.remove(path)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk()?.remove_dir(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DiskEntry>> {
        self.disk()?.list(dir)
    }

    fn entry(&self, path: &Path) -> io::Result<DiskEntry> {
        self.disk()?.entry(path)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk()?.create_dir(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk()?.sync_dir(dir)
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        self.disk()?.free_bytes(dir)
    }

    fn lock(&self, dir: &Path) -> io::Result<DiskLock> {
        self.disk()?.lock(dir)
    }
}

impl Content {
    /// Keeps what is safe and, of the rest, what chance keeps: nothing, all, a piece torn at some byte, or some sectors.
    fn lose(&mut self, random: &mut SimRandom) {
        let mut ranges = std::mem::take(&mut self.unsafe_ranges);
        ranges.push(self.safe_bytes..self.now.len());
        for range in ranges.into_iter().filter(|range| !range.is_empty()) {
            match random.below(4) {
                0 => self.clear(range),
                1 => {}
                2 => {
                    let kept = random.below(range.len());
                    self.clear(range.start + kept..range.end);
                }
                _ => self.clear_sectors(&range, random),
            }
        }
        self.safe_bytes = self.now.len();
    }

    fn clear_sectors(&mut self, range: &Range<usize>, random: &mut SimRandom) {
        let mut start = range.start;
        while start < range.end {
            let end = ((start / SECTOR_BYTES + 1) * SECTOR_BYTES).min(range.end);
            if random.once_in(2) {
                self.clear(start..end);
            }
            start = end;
        }
    }

    /// Zeros, or nothing at all when that is the end of the file.
    fn clear(&mut self, range: Range<usize>) {
        if range.end >= self.now.len() {
            self.now.truncate(range.start);
        } else if let Some(bytes) = self.now.get_mut(range) {
            bytes.fill(0);
        }
    }
}

impl World {
    /// One call: none succeeds when the power is off.
    fn call(&mut self) -> io::Result<()> {
        self.calls += 1;
        if self.power_off_at.is_some_and(|at| self.calls > at) {
            return Err(io::Error::other("the power is off"));
        }
        Ok(())
    }

    fn change(&mut self) -> io::Result<()> {
        self.call()?;
        if self.fault == Some(Fault::ReadOnly) {
            return Err(os(30));
        }
        Ok(())
    }

    fn open_one(&mut self) -> io::Result<()> {
        self.call()?;
        if self.fault == Some(Fault::TooManyFiles) {
            return Err(os(24));
        }
        Ok(())
    }

    fn file(&self, path: &Path) -> io::Result<usize> {
        match self.names.get(path) {
            Some(Node::File(file)) => Ok(*file),
            Some(Node::Dir) => Err(os(21)),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn content(&mut self, file: usize) -> io::Result<&mut Content> {
        self.files.get_mut(file).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn used(&self) -> u64 {
        let files: BTreeSet<usize> = self.names.values().filter_map(|node| node.file()).collect();
        files.iter().filter_map(|file| self.files.get(*file)).map(|content| content.now.len() as u64).sum()
    }

    fn free(&self) -> u64 {
        self.bytes_max.map_or(1 << 40, |most| most.saturating_sub(self.used()))
    }

    fn pend(&mut self, path: &Path, change: Change) {
        apply(&mut self.names, &change);
        self.pending.entry(parent(path)).or_default().push(change);
    }

    fn lose_names(&mut self) {
        for changes in std::mem::take(&mut self.pending).into_values() {
            let mode = self.random.below(4);
            let prefix = self.random.below(changes.len() + 1);
            let mut place = 0;
            let mut kept = changes;
            kept.retain(|_| {
                place += 1;
                match mode {
                    0 => false,
                    1 => true,
                    2 => place <= prefix,
                    _ => self.random.once_in(2),
                }
            });
            kept.iter().for_each(|change| apply(&mut self.safe_names, change));
        }
        let dirs: BTreeSet<PathBuf> =
            self.safe_names.iter().filter(|(_, node)| **node == Node::Dir).map(path).collect();
        self.safe_names.retain(|name, _| name.ancestors().skip(1).all(|above| dirs.contains(above)));
        self.names = self.safe_names.clone();
    }

    fn append(&mut self, file: usize, bytes: &[u8]) -> io::Result<()> {
        let cut = self.power_off_at == Some(self.calls);
        let result = self.change();
        let room = usize::try_from(self.free()).unwrap_or(usize::MAX);
        let full = self.fault == Some(Fault::Full) || room < bytes.len();
        let part = if self.fault == Some(Fault::Full) { self.random.below(bytes.len() + 1) } else { room };
        let cut_part = self.random.below(bytes.len() + 1);
        let calls = self.calls;
        let content = self.content(file)?;
        content.modified = calls;
        match result {
            // the power went off while this was written
            Err(fault) if cut => {
                content.now.extend(bytes.iter().take(cut_part));
                Err(fault)
            }
            Err(fault) => Err(fault),
            Ok(()) if full => {
                content.now.extend(bytes.iter().take(part));
                Err(os(28))
            }
            Ok(()) => {
                content.now.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    fn sync(&mut self, file: usize) -> io::Result<()> {
        self.call()?;
        let (works, fails) = (self.sync_works, self.fault == Some(Fault::SyncFails));
        let content = self.content(file)?;
        let written = content.safe_bytes..content.now.len();
        if fails {
            content.safe_bytes = written.end;
            content.unsafe_ranges.push(written);
            return Err(os(5));
        }
        if works {
            content.safe_bytes = written.end;
        }
        Ok(())
    }

    fn entry(&self, path: &Path, node: Node) -> DiskEntry {
        let content = node.file().and_then(|file| self.files.get(file));
        let modified = content.map_or(0, |content| content.modified);
        DiskEntry {
            name: path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned(),
            is_dir: node == Node::Dir,
            bytes: content.map_or(0, |content| content.now.len() as u64),
            modified: SystemTime::UNIX_EPOCH + Duration::from_micros(modified),
        }
    }
}

impl Node {
    const fn file(self) -> Option<usize> {
        match self {
            Self::Dir => None,
            Self::File(file) => Some(file),
        }
    }
}

fn path(entry: (&PathBuf, &Node)) -> PathBuf {
    entry.0.clone()
}

fn parent(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_owned()
}

fn os(code: i32) -> io::Error {
    io::Error::from_raw_os_error(code)
}

fn apply(names: &mut BTreeMap<PathBuf, Node>, change: &Change) {
    match change {
        Change::Insert(path, node) => {
            names.insert(path.clone(), *node);
        }
        Change::Remove(path) => {
            names.remove(path);
        }
        Change::Rename(from, to, node) => {
            names.remove(from);
            names.insert(to.clone(), *node);
        }
    }
}

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    file: usize,
    generation: u64,
}

impl SimFile {
    fn world(&self) -> io::Result<MutexGuard<'_, World>> {
        let world = self.disk.world();
        if world.generation != self.generation {
            return Err(io::Error::other("opened before the power went off"));
        }
        Ok(world)
    }
}

impl DiskFile for SimFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.world()?.append(self.file, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.world()?.sync(self.file)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut world = self.world()?;
        world.call()?;
        let content = world.content(self.file)?;
        let rest = usize::try_from(offset).ok().and_then(|offset| content.now.get(offset..)).unwrap_or_default();
        into.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        Ok(rest.len().min(into.len()))
    }

    fn bytes(&self) -> io::Result<u64> {
        let mut world = self.world()?;
        world.call()?;
        Ok(world.content(self.file)?.now.len() as u64)
    }
}

impl SimDisk {
    fn opened(&self, file: usize, generation: u64) -> Box<dyn DiskFile> {
        Box::new(SimFile { disk: self.clone(), file, generation })
    }
}

impl Disk for SimDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut world = self.world();
        world.open_one()?;
        if world.fault == Some(Fault::ReadOnly) {
            return Err(os(30));
        }
        if world.fault == Some(Fault::Full) && world.random.once_in(2) {
            return Err(os(28));
        }
        if world.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if world.names.get(&parent(path)) != Some(&Node::Dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let file = world.files.len();
        world.files.push(Content::default());
        world.pend(path, Change::Insert(path.to_owned(), Node::File(file)));
        Ok(self.opened(file, world.generation))
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.open(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut world = self.world();
        world.open_one()?;
        let file = world.file(path)?;
        Ok(self.opened(file, world.generation))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.change()?;
        let file = world.file(from)?;
        world.pend(to, Change::Rename(from.to_owned(), to.to_owned(), Node::File(file)));
        Ok(())
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.world().names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.change()?;
        let file = world.file(from)?;
        if world.names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if world.apart.as_ref().is_some_and(|(one, other)| {
            (from.starts_with(one) && to.starts_with(other)) || (from.starts_with(other) && to.starts_with(one))
        }) {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        world.pend(to, Change::Insert(to.to_owned(), Node::File(file)));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.change()?;
        world.file(path)?;
        world.pend(path, Change::Remove(path.to_owned()));
        Ok(())
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.change()?;
        if world.names.keys().any(|name| name.parent() == Some(dir)) {
            return Err(os(39));
        }
        world.pend(dir, Change::Remove(dir.to_owned()));
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DiskEntry>> {
        let mut world = self.world();
        world.open_one()?;
        if world.names.get(dir) != Some(&Node::Dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = world.names.iter().filter(|(name, _)| name.parent() == Some(dir));
        Ok(inside.map(|(name, node)| world.entry(name, *node)).collect())
    }

    fn entry(&self, path: &Path) -> io::Result<DiskEntry> {
        let mut world = self.world();
        world.call()?;
        let node = world.names.get(path).copied().ok_or(io::ErrorKind::NotFound)?;
        Ok(world.entry(path, node))
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.change()?;
        let missing: Vec<&Path> = dir.ancestors().filter(|path| !world.names.contains_key(*path)).collect();
        for path in missing.into_iter().rev() {
            world.pend(path, Change::Insert(path.to_owned(), Node::Dir));
        }
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.open_one()?;
        if world.fault == Some(Fault::SyncFails) {
            return Err(os(5));
        }
        if world.sync_works {
            for change in world.pending.remove(dir).unwrap_or_default() {
                apply(&mut world.safe_names, &change);
            }
        }
        Ok(())
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        let mut world = self.world();
        world.call()?;
        Ok(world.free())
    }

    fn lock(&self, _: &Path) -> io::Result<DiskLock> {
        self.world().call()?;
        Ok(DiskLock::of_nobody())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_synced_survives_and_the_rest_is_lost_torn_or_kept() {
        let mut ends = BTreeSet::new();
        for seed in 0..200 {
            let disk = SimDisk::new(seed);
            let path = Path::new("/store/file");
            let mut file = disk.create(path).unwrap();
            file.append(b"safe").unwrap();
            file.sync().unwrap();
            disk.sync_dir(Path::new("/store")).unwrap();
            file.append(b" and not").unwrap();
            disk.restart();
            assert!(file.append(b"late").is_err(), "closed by the power loss");
            let content = cordon_store::disk::read_all(&disk, path, 100).unwrap();
            assert!(content.starts_with(b"safe"));
            ends.insert(content.len());
        }
        assert_eq!(ends, (4..=12).collect());
    }

    #[test]
    fn a_name_is_safe_once_its_folder_is_synced_and_not_before() {
        let mut seen = BTreeSet::new();
        for seed in 0..50 {
            let disk = SimDisk::new(seed);
            let dir = Path::new("/store");
            disk.create(&dir.join("a")).unwrap();
            disk.sync_dir(dir).unwrap();
            disk.create(&dir.join("b")).unwrap();
            disk.rename(&dir.join("a"), &dir.join("c")).unwrap();
            disk.restart();
            let names: Vec<String> = disk.list(dir).unwrap().into_iter().map(|entry| entry.name).collect();
            seen.insert(names.concat());
        }
        assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), ["a", "ab", "bc", "c"]);
    }

    #[test]
    fn after_a_failed_sync_a_later_one_makes_nothing_of_it_safe() {
        let lost = (0..50).any(|seed| {
            let disk = SimDisk::new(seed);
            let mut file = disk.create(Path::new("/store/file")).unwrap();
            disk.sync_dir(Path::new("/store")).unwrap();
            file.append(b"dirty").unwrap();
            disk.fail(Some(Fault::SyncFails));
            assert!(file.sync().is_err());
            disk.fail(None);
            file.sync().unwrap();
            disk.restart();
            cordon_store::disk::read_all(&disk, Path::new("/store/file"), 100).unwrap() != b"dirty"
        });
        assert!(lost);
    }

    #[test]
    fn a_full_disk_takes_what_fits_and_says_so() {
        let disk = SimDisk::new(1);
        let mut file = disk.create(Path::new("/store/file")).unwrap();
        disk.limit(Some(10));
        file.append(b"123456").unwrap();
        assert_eq!(disk.free_bytes(Path::new("/store")).unwrap(), 4);
        assert_eq!(file.append(b"789abc").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(file.bytes().unwrap(), 10);
        disk.power_off_after(0);
        assert!(file.append(b"x").is_err() && disk.list(Path::new("/store")).is_err());
    }
}
