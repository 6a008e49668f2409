//! From a frozen moment to the folder of a backup: each file under its digest, the manifest last. What lies there already is not copied again, and a run that was broken off
//! is continued.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use cordon_model::Time;
use cordon_seal::RunningDigest;

use super::freeze::Frozen;
use super::manifest::{Manifest, Stored};
use super::seal::Sealer;
use super::{
    BackupError, KeysOf, Meter, Tell, file_fault, make_dir, make_file, read_pieces, sync_dir, take, write_safe,
};

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

/// Copies a frozen moment into `to`. `keys` is the ring of the frozen moment, `now` the time to be stated. Blocks for as long as copying takes; the node is not concerned.
///
/// # Errors
/// Files cannot be read or written, or somebody asked to end: what was copied stays, and the next run goes on from there.
pub fn copy(frozen: &Frozen, to: &Path, keys: &KeysOf, now: Time, tell: &Tell) -> Result<Copied, BackupError> {
    make_dir(&to.join(FILES))?;
    let _taken = take(to)?;
    let before = Manifest::read(to)?.map(|(manifest, _)| manifest);
    let begun = read_begun(to)?;
    let mut files = Vec::new();
    walk(&frozen.dir, "", &mut files)?;
    files.retain(|file| !frozen.without.iter().any(|without| Path::new(&file.path) == without));
    let mut known: BTreeMap<String, Stored> = BTreeMap::new();
    let earlier = before.iter().flat_map(|manifest| manifest.files.iter().cloned());
    known.extend(earlier.chain(begun.iter().flatten().cloned()).map(|stored| (stored.path.clone(), stored)));
    let total = files.iter().map(|file| file.bytes).sum();
    let mut copying = Copying {
        to,
        keys,
        known,
        begun: open_begun(to)?,
        meter: Meter { done: 0, total, tell },
        new: (0, 0),
        linked: 0,
        reused: 0,
    };
    let mut stored = Vec::with_capacity(files.len());
    for file in &files {
        stored.push(copying.file(file)?);
    }
    sync_dir(&to.join(FILES))?;
    let number = before.map_or(0, |manifest| manifest.number) + 1;
    let manifest = Manifest::new(number, now, frozen.moment, stored);
    manifest.publish(to, keys)?;
    let Copying { new, linked, reused, .. } = copying;
    let removed = clear(to, &manifest)?;
    Ok(Copied { manifest, new, linked, known: reused, is_continued: begun.is_some(), removed })
}

/// A file of the frozen moment.
struct Source {
    file: PathBuf,
    path: String,
    bytes: u64,
    modified: u64,
}

fn walk(dir: &Path, below: &str, found: &mut Vec<Source>) -> Result<(), BackupError> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(dir).map_err(file_fault(dir))? {
        entries.push(entry.map_err(file_fault(dir))?.path());
    }
    entries.sort();
    for file in entries {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
        let metadata = fs::metadata(&file).map_err(file_fault(&file))?;
        if metadata.is_dir() {
            walk(&file, &path, found)?;
            continue;
        }
        let nanos = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
        let modified = u64::try_from(nanos).unwrap_or_default();
        found.push(Source { file, path, bytes: metadata.len(), modified });
    }
    Ok(())
}

/// Whether a file has to be sealed: what is plain in the store and names people or holds secrets. The others are sealed by themselves, hold pseudonyms, or a version.
fn is_sealed(path: &str) -> bool {
    let plain = ["wal/", "evidence/", "tables/", "keys.ring", "store.version"];
    !plain.iter().any(|plain| path.starts_with(plain))
}

struct Copying<'c> {
    to: &'c Path,
    keys: &'c KeysOf,
    known: BTreeMap<String, Stored>,
    begun: File,
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
        self.new = (self.new.0 + 1, self.new.1 + bytes_read);
        Ok(stored)
    }

    /// Whether the backup has the file, as long as it should be. Its bytes are checked when something is restored.
    fn lies_there(&self, stored: &Stored) -> bool {
        let there = fs::metadata(self.to.join(FILES).join(&stored.sha256)).ok().filter(fs::Metadata::is_file);
        there.is_some_and(|there| stored.sealed || there.len() == stored.bytes)
    }

    /// A link on the same file system, else a copy; the digest is that of the bytes that then lie there.
    fn link_or_copy(&mut self, source: &Source) -> Result<(String, u64), BackupError> {
        let part = self.to.join(FILES).join(PART);
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file_fault(&part)(error)),
            _ => {}
        }
        let (mut digest, mut bytes) = (RunningDigest::default(), 0);
        if fs::hard_link(&source.file, &part).is_ok() {
            self.linked += 1;
            read_pieces(&part, &mut |piece| {
                digest.update(piece);
                bytes += piece.len() as u64;
                self.meter.add(piece.len() as u64)
            })?;
            File::open(&part).and_then(|file| file.sync_all()).map_err(file_fault(&part))?;
            return Ok((self.name(&part, digest)?, bytes));
        }
        let mut out = make_file(&part)?;
        read_pieces(&source.file, &mut |piece| {
            digest.update(piece);
            bytes += piece.len() as u64;
            out.write_all(piece).map_err(file_fault(&part))?;
            self.meter.add(piece.len() as u64)
        })?;
        out.sync_all().map_err(file_fault(&part))?;
        Ok((self.name(&part, digest)?, bytes))
    }

    /// A sealed copy; the length is that of the plain file.
    fn seal(&mut self, source: &Source) -> Result<(String, u64), BackupError> {
        let part = self.to.join(FILES).join(PART);
        let (mut sealer, head) = Sealer::new(self.keys)?;
        let (mut out, mut digest, mut bytes) = (make_file(&part)?, RunningDigest::default(), 0);
        digest.update(&head);
        out.write_all(&head).map_err(file_fault(&part))?;
        read_pieces(&source.file, &mut |piece| {
            let sealed = sealer.seal(piece)?;
            digest.update(&sealed);
            bytes += piece.len() as u64;
            out.write_all(&sealed).map_err(file_fault(&part))?;
            self.meter.add(piece.len() as u64)
        })?;
        out.sync_all().map_err(file_fault(&part))?;
        Ok((self.name(&part, digest)?, bytes))
    }

    fn name(&self, part: &Path, digest: RunningDigest) -> Result<String, BackupError> {
        let name = digest.finish().to_string();
        let path = self.to.join(FILES).join(&name);
        fs::rename(part, &path).map_err(file_fault(&path))?;
        Ok(name)
    }

    /// Notes that a file is there, so that a later run need not copy it again. A line that is lost costs a copy.
    fn note(&mut self, stored: &Stored) -> Result<(), BackupError> {
        let path = self.to.join(BEGUN);
        let mut line = serde_json::to_string(stored).map_err(|error| file_fault(&path)(error.into()))?;
        line.push('\n');
        self.begun.write_all(line.as_bytes()).map_err(file_fault(&path))
    }
}

/// What an earlier run copied that did not finish; `None` when none was broken off.
fn read_begun(to: &Path) -> Result<Option<Vec<Stored>>, BackupError> {
    let path = to.join(BEGUN);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file_fault(&path)(error)),
    }
}

fn open_begun(to: &Path) -> Result<File, BackupError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = to.join(BEGUN);
    let file = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
    let mut file = file.map_err(file_fault(&path))?;
    // a line that power loss cut short ends here
    write_safe(&mut file, &path, b"\n")?;
    Ok(file)
}

/// Removes what the new manifest does not name; how many files.
fn clear(to: &Path, manifest: &Manifest) -> Result<u64, BackupError> {
    let named: BTreeSet<&str> = manifest.files.iter().map(|stored| stored.sha256.as_str()).collect();
    let (dir, begun) = (to.join(FILES), to.join(BEGUN));
    let mut removed = 0;
    for entry in fs::read_dir(&dir).map_err(file_fault(&dir))? {
        let entry = entry.map_err(file_fault(&dir))?;
        if entry.file_name().to_str().is_none_or(|name| !named.contains(name)) {
            fs::remove_file(entry.path()).map_err(file_fault(&entry.path()))?;
            removed += 1;
        }
    }
    fs::remove_file(&begun).map_err(file_fault(&begun))?;
    sync_dir(&dir)?;
    sync_dir(to)?;
    Ok(removed)
}
