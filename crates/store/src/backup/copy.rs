//! From a frozen moment to the folder of a backup: each file under its digest, the manifest last. What lies there already is not copied again, and a run that was broken off
//! is continued.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use cordon_model::Time;
use cordon_seal::RunningDigest;

use super::freeze::{Frozen, MARK};
use super::manifest::{MANIFEST, MANIFEST_BYTES_MAX, Manifest, Stored};
use super::seal::Sealer;
use super::{
    BackupError, KeysOf, Meter, Tell, file_fault, make_dir, make_file, read_pieces, remove_old, sync_dir, take,
};
use crate::disk::{self, Disk, DiskFile};

/// What a run that has not finished has copied: one [`Stored`] a line.
const BEGUN: &str = "begun";
/// Where the files lie.
const FILES: &str = "files";
/// A file on its way.
const PART: &str = "part";

/// What came of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The backup.
    pub manifest: Manifest,
    /// Files that were new, and their bytes.
    pub new: (u64, u64),
    /// Of these, files that are links to those of the store, on the same file system.
    pub linked: u64,
    /// Files that an earlier backup had brought, or an earlier run that was broken off.
    pub known: u64,
    /// Whether an earlier run was broken off and this one went on from there.
    pub is_continued: bool,
    /// Files that belonged to earlier backups alone and were removed.
    pub removed: u64,
}

/// Copies a frozen moment into `to`, both on `disk`. `keys` is the ring of the frozen moment, `now` the time to be stated. Blocks for as long as copying takes; the node is
/// not concerned.
///
/// # Errors
/// The folder holds something else, files cannot be read or written, the moment was given up, or somebody asked to end: what was copied stays, and the next run goes on from
/// there.
pub fn copy(
    disk: &dyn Disk,
    frozen: &Frozen,
    to: &Path,
    keys: &KeysOf,
    now: Time,
    tell: &Tell,
) -> Result<Copied, BackupError> {
    is_for_backups(disk, to)?;
    make_dir(disk, &to.join(FILES))?;
    let _taken = take(disk, to)?;
    let before = before(disk, to, keys)?;
    let begun = read_begun(disk, to)?;
    let files = sources(disk, frozen)?;
    let mut known: BTreeMap<String, Stored> = BTreeMap::new();
    let earlier = before.iter().flat_map(|manifest| manifest.files.iter().cloned());
    known.extend(earlier.chain(begun.iter().flatten().cloned()).map(|stored| (stored.path.clone(), stored)));
    let total = files.iter().map(|file| file.bytes).sum();
    let mut copying = Copying {
        disk,
        to,
        keys,
        known,
        begun: open_begun(disk, to)?,
        meter: Meter { done: 0, total, tell },
        new: (0, 0),
        linked: 0,
        reused: 0,
    };
    disk.reached("backup.begun");
    let mut stored = Vec::with_capacity(files.len());
    for file in &files {
        // a moment that was given up has files no longer
        let copied = copying.file(file);
        stored.push(copied.or_else(|fault| frozen.check_still(disk).and(Err(fault)))?);
    }
    sync_dir(disk, &to.join(FILES))?;
    disk.reached("backup.files_safe");
    frozen.check_still(disk)?;
    let number = before.map_or(0, |manifest| manifest.number) + 1;
    let manifest = Manifest::new(number, now, frozen.moment, stored);
    manifest.publish(disk, to, keys)?;
    disk.reached("backup.manifest_written");
    let Copying { new, linked, reused, .. } = copying;
    let removed = clear(disk, to, &manifest)?;
    disk.reached("backup.finished");
    Ok(Copied { manifest, new, linked, known: reused, is_continued: begun.is_some(), removed })
}

/// Whether a folder is one for backups: there is one, finished or begun, or nothing at all. In any other folder nothing is made and nothing removed.
fn is_for_backups(disk: &dyn Disk, to: &Path) -> Result<(), BackupError> {
    let list = |dir: &Path| match disk.list(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        listed => listed.map_err(file_fault(dir)),
    };
    let entries = list(to)?;
    if entries.iter().any(|entry| !entry.is_dir && [MANIFEST, BEGUN].contains(&entry.name.as_str())) {
        return Ok(());
    }
    for entry in entries {
        let is_fine = match (entry.name.as_str(), entry.is_dir) {
            // the top of a new file system, and what a run left that had only just begun
            ("lost+found", true) | ("lock", false) => true,
            (FILES, true) => list(&to.join(FILES))?.is_empty(),
            _ => false,
        };
        if !is_fine {
            return Err(BackupError::Foreign(to.to_owned()));
        }
    }
    Ok(())
}

/// The backup that is in the folder; it has to be one of this store.
fn before(disk: &dyn Disk, to: &Path, keys: &KeysOf) -> Result<Option<Manifest>, BackupError> {
    let Some((manifest, signed)) = Manifest::read(disk, to)? else { return Ok(None) };
    match signed.check(keys) {
        Err(BackupError::ManifestAltered) => Err(BackupError::OtherStore(to.to_owned())),
        checked => checked.map(|()| Some(manifest)),
    }
}

/// A file of the frozen moment.
struct Source {
    file: PathBuf,
    path: String,
    bytes: u64,
    modified: u64,
}

/// All files of it that are copied, in order of their paths within each folder.
fn sources(disk: &dyn Disk, frozen: &Frozen) -> Result<Vec<Source>, BackupError> {
    let mut files = Vec::new();
    walk(disk, &frozen.dir, "", &mut files)?;
    files.retain(|file| file.path != MARK && !frozen.without.iter().any(|without| Path::new(&file.path) == without));
    Ok(files)
}

fn walk(disk: &dyn Disk, dir: &Path, below: &str, found: &mut Vec<Source>) -> Result<(), BackupError> {
    let listed = disk.list(dir).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => BackupError::Thawed,
        _ => file_fault(dir)(error),
    })?;
    for entry in listed {
        let file = dir.join(&entry.name);
        let path = if below.is_empty() { entry.name } else { format!("{below}/{}", entry.name) };
        if entry.is_dir {
            walk(disk, &file, &path, found)?;
            continue;
        }
        let since = entry.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        let modified = u64::try_from(since.as_nanos()).unwrap_or_default();
        found.push(Source { file, path, bytes: entry.bytes, modified });
    }
    Ok(())
}

/// Whether a file has to be sealed: what is plain in the store and names people or holds secrets. The others are sealed by themselves, hold pseudonyms, or a version.
fn is_sealed(path: &str) -> bool {
    let plain = ["wal/", "evidence/", "tables/", "keys.ring", "store.version"];
    !plain.iter().any(|plain| path.starts_with(plain))
}

struct Copying<'c> {
    disk: &'c dyn Disk,
    to: &'c Path,
    keys: &'c KeysOf,
    known: BTreeMap<String, Stored>,
    begun: Box<dyn DiskFile>,
    meter: Meter<'c>,
    new: (u64, u64),
    linked: u64,
    reused: u64,
}

impl Copying<'_> {
    fn file(&mut self, source: &Source) -> Result<Stored, BackupError> {
        let Source { path, bytes, modified, .. } = source;
        let is_same = |stored: &&Stored| stored.bytes == *bytes && stored.modified == *modified;
        if let Some(stored) = self.known.get(path).filter(is_same).filter(|stored| self.lies_there(stored)) {
            self.reused += 1;
            let stored = stored.clone();
            self.meter.add(*bytes)?;
            return Ok(stored);
        }
        let sealed = is_sealed(path);
        let (sha256, bytes_read) = if sealed { self.seal(source)? } else { self.link_or_copy(source)? };
        let stored = Stored { path: path.clone(), bytes: bytes_read, modified: *modified, sha256, sealed };
        self.note(&stored)?;
        self.disk.reached("backup.file_noted");
        self.new = (self.new.0 + 1, self.new.1 + bytes_read);
        Ok(stored)
    }

    /// Whether the backup has the file, as long as it should be. Its bytes are checked when something is restored.
    fn lies_there(&self, stored: &Stored) -> bool {
        let there = self.disk.entry(&self.to.join(FILES).join(&stored.sha256)).ok().filter(|there| !there.is_dir);
        there.is_some_and(|there| stored.sealed || there.bytes == stored.bytes)
    }

    /// A link on the same file system, else a copy; the digest is that of the bytes that then lie there.
    fn link_or_copy(&mut self, source: &Source) -> Result<(String, u64), BackupError> {
        let part = self.to.join(FILES).join(PART);
        remove_old(self.disk, &part)?;
        if self.disk.link(&source.file, &part).is_err() {
            return self.copy(source, &part);
        }
        self.linked += 1;
        let (mut digest, mut bytes) = (RunningDigest::default(), 0);
        read_pieces(self.disk, &part, &mut |piece| {
            digest.update(piece);
            bytes += piece.len() as u64;
            self.meter.add(piece.len() as u64)
        })?;
        self.disk.open(&part).and_then(|file| file.sync()).map_err(file_fault(&part))?;
        self.disk.reached("backup.file_linked");
        Ok((self.name(&part, digest)?, bytes))
    }

    fn copy(&mut self, source: &Source, part: &Path) -> Result<(String, u64), BackupError> {
        let (mut out, mut digest, mut bytes) = (make_file(self.disk, part)?, RunningDigest::default(), 0);
        read_pieces(self.disk, &source.file, &mut |piece| {
            digest.update(piece);
            bytes += piece.len() as u64;
            out.append(piece).map_err(file_fault(part))?;
            self.meter.add(piece.len() as u64)
        })?;
        out.sync().map_err(file_fault(part))?;
        self.disk.reached("backup.file_copied");
        Ok((self.name(part, digest)?, bytes))
    }

    /// A sealed copy; the length is that of the plain file.
    fn seal(&mut self, source: &Source) -> Result<(String, u64), BackupError> {
        let part = self.to.join(FILES).join(PART);
        let (mut sealer, head) = Sealer::new(self.keys)?;
        let (mut out, mut digest, mut bytes) = (make_file(self.disk, &part)?, RunningDigest::default(), 0);
        digest.update(&head);
        out.append(&head).map_err(file_fault(&part))?;
        read_pieces(self.disk, &source.file, &mut |piece| {
            let sealed = sealer.seal(piece)?;
            digest.update(&sealed);
            bytes += piece.len() as u64;
            out.append(&sealed).map_err(file_fault(&part))?;
            self.meter.add(piece.len() as u64)
        })?;
        out.sync().map_err(file_fault(&part))?;
        self.disk.reached("backup.file_sealed");
        Ok((self.name(&part, digest)?, bytes))
    }

    fn name(&self, part: &Path, digest: RunningDigest) -> Result<String, BackupError> {
        let name = digest.finish().to_string();
        let path = self.to.join(FILES).join(&name);
        self.disk.rename(part, &path).map_err(file_fault(&path))?;
        Ok(name)
    }

    /// Notes that a file is there, so that a later run need not copy it again. A line that is lost costs a copy.
    fn note(&mut self, stored: &Stored) -> Result<(), BackupError> {
        let path = self.to.join(BEGUN);
        let mut line = serde_json::to_string(stored).map_err(|error| file_fault(&path)(error.into()))?;
        line.push('\n');
        self.begun.append(line.as_bytes()).map_err(file_fault(&path))
    }
}

/// What an earlier run copied that did not finish; `None` when none was broken off. Lines that do not read are left out.
fn read_begun(disk: &dyn Disk, to: &Path) -> Result<Option<Vec<Stored>>, BackupError> {
    let path = to.join(BEGUN);
    match disk::read_all(disk, &path, MANIFEST_BYTES_MAX) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            Ok(Some(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file_fault(&path)(error)),
    }
}

/// Opens the notes. Their name is safe before anything else is brought: after a loss of power they tell whose folder it is.
fn open_begun(disk: &dyn Disk, to: &Path) -> Result<Box<dyn DiskFile>, BackupError> {
    let path = to.join(BEGUN);
    let opened = match disk.open_append(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => disk.create(&path),
        opened => opened,
    };
    let mut file = opened.map_err(file_fault(&path))?;
    // a line that power loss cut short ends here
    file.append(b"\n").and_then(|()| file.sync()).map_err(file_fault(&path))?;
    sync_dir(disk, to)?;
    Ok(file)
}

/// Removes files of backups that the new manifest does not name; how many.
fn clear(disk: &dyn Disk, to: &Path, manifest: &Manifest) -> Result<u64, BackupError> {
    let named: BTreeSet<&str> = manifest.files.iter().map(|stored| stored.sha256.as_str()).collect();
    let dir = to.join(FILES);
    let is_own = |name: &str| name == PART || name.len() == 64 && name.bytes().all(|digit| digit.is_ascii_hexdigit());
    let mut removed = 0;
    for entry in disk.list(&dir).map_err(file_fault(&dir))? {
        if !entry.is_dir && is_own(&entry.name) && !named.contains(entry.name.as_str()) {
            let path = dir.join(&entry.name);
            disk.remove(&path).map_err(file_fault(&path))?;
            disk.reached("backup.file_cleared");
            removed += 1;
        }
    }
    remove_old(disk, &to.join(BEGUN))?;
    sync_dir(disk, &dir)?;
    sync_dir(disk, to)?;
    Ok(removed)
}
