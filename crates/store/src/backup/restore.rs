//! From a backup to a store again. Every byte is checked against the manifest, the manifest against the store's own signature; the version of the store is written last, so
//! that a folder that was not finished is never taken for a store.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Component, Path};
use std::sync::Arc;

use cordon_seal::RunningDigest;

use super::manifest::{Manifest, Stored};
use super::seal::Opener;
use super::{BackupError, Meter, Tell, file_fault, make_dir, make_file, read_pieces, sync_dir, take};
use crate::disk::{self, Disk as _, FileDisk, LookDisk};
use crate::keys::{KeySource, Keys};
use crate::version;

const RING: &str = "keys.ring";
const VERSION: &str = "store.version";
/// Largest key ring.
const RING_BYTES_MAX: u64 = 64 << 20;

/// What was restored or checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The backup.
    pub manifest: Manifest,
    /// Bytes of all files.
    pub bytes: u64,
}

/// Makes a store of the backup in `from` in the folder `to`, which is empty or not there yet. `key` opens the key ring of the backup. Blocks.
///
/// # Errors
/// There is no finished backup, the key does not open it, a file of it was altered (it is named), or files cannot be written. Then nothing is left in `to`.
pub fn restore(from: &Path, to: &Path, key: &KeySource, tell: &Tell) -> Result<Restored, BackupError> {
    let is_new = match fs::read_dir(to).map(|mut entries| entries.next().is_none()) {
        Ok(true) => false,
        Ok(false) => return Err(BackupError::NotEmpty(to.to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(file_fault(to)(error)),
    };
    make_dir(to)?;
    let restored = run(from, Some(to), key, tell);
    if restored.is_err() {
        clear(to, is_new)?;
    }
    restored
}

/// Reads the whole backup in `from` and checks every byte of it, as a restore would. Blocks.
///
/// # Errors
/// As [`restore`].
pub fn check(from: &Path, key: &KeySource, tell: &Tell) -> Result<Restored, BackupError> {
    run(from, None, key, tell)
}

/// Takes back what was written into a folder that was empty.
fn clear(to: &Path, is_new: bool) -> Result<(), BackupError> {
    fs::remove_dir_all(to).map_err(file_fault(to))?;
    if is_new { Ok(()) } else { make_dir(to) }
}

fn run(from: &Path, to: Option<&Path>, key: &KeySource, tell: &Tell) -> Result<Restored, BackupError> {
    let (manifest, signed) = Manifest::read(from)?.ok_or_else(|| BackupError::NotABackup(from.to_owned()))?;
    // a medium that cannot be written has nobody writing to it
    let _taken = match take(from) {
        Err(busy @ BackupError::Busy(_)) => return Err(busy),
        taken => taken.ok(),
    };
    if manifest.store > version::VERSION {
        return Err(BackupError::TooNew { found: manifest.store, known: version::VERSION });
    }
    let total = manifest.files.iter().map(|stored| stored.bytes).sum();
    let mut meter = Meter { done: 0, total, tell };
    // the ring opens only under the right key, and only its store can have signed the manifest
    let keys = open_ring(from, &manifest, key)?;
    signed.check(&keys)?;
    let version = named(&manifest, VERSION)?;
    for stored in manifest.files.iter().filter(|stored| stored.path != VERSION) {
        let path = to.map(|to| place(to, stored)).transpose()?;
        bring(from, stored, path.as_deref(), &keys, &mut meter)?;
    }
    let last = to.map(|to| place(to, version)).transpose()?;
    if let Some(to) = to {
        sync_all(to)?;
    }
    bring(from, version, last.as_deref(), &keys, &mut meter)?;
    if let Some(to) = to {
        sync_dir(to)?;
        to.parent().filter(|above| !above.as_os_str().is_empty()).map_or(Ok(()), sync_dir)?;
    }
    Ok(Restored { bytes: manifest.files.iter().map(|stored| stored.bytes).sum(), manifest })
}

/// The ring of the backup, opened in memory: nothing is written before the key is known to be the right one.
fn open_ring(from: &Path, manifest: &Manifest, key: &KeySource) -> Result<Keys, BackupError> {
    let stored = named(manifest, RING)?;
    let object = object(from, stored)?;
    let altered = |says| altered(stored, says);
    let bytes = match disk::read_all(&FileDisk, &object, RING_BYTES_MAX) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(altered("is missing")),
        read => read.map_err(file_fault(&object))?,
    };
    if cordon_seal::digest(&bytes).to_string() != stored.sha256 {
        return Err(altered("was altered or is damaged"));
    }
    let (memory, dir) = (LookDisk::new(Arc::new(FileDisk)), Path::new("/ring of a backup"));
    let mut file = memory.create(&dir.join(RING)).map_err(file_fault(&object))?;
    file.append(&bytes).map_err(file_fault(&object))?;
    Ok(Keys::open(Arc::new(memory), dir, key)?)
}

fn named<'m>(manifest: &'m Manifest, path: &str) -> Result<&'m Stored, BackupError> {
    manifest.files.iter().find(|stored| stored.path == path).ok_or(BackupError::ManifestAltered)
}

/// Where a file goes; its path never leads out of the folder.
fn place(to: &Path, stored: &Stored) -> Result<std::path::PathBuf, BackupError> {
    let path = Path::new(&stored.path);
    let is_below = !stored.path.is_empty() && path.components().all(|part| matches!(part, Component::Normal(_)));
    if is_below { Ok(to.join(path)) } else { Err(BackupError::ManifestAltered) }
}

fn altered(stored: &Stored, says: &'static str) -> BackupError {
    BackupError::Altered { path: stored.path.clone(), object: format!("files/{}", stored.sha256), says }
}

/// Where a file lies in the backup.
fn object(from: &Path, stored: &Stored) -> Result<std::path::PathBuf, BackupError> {
    let is_name = stored.sha256.len() == 64 && stored.sha256.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_name { Ok(from.join("files").join(&stored.sha256)) } else { Err(BackupError::ManifestAltered) }
}

/// Checks a file of the backup, and writes it to `to` where that is asked for.
fn bring(
    from: &Path,
    stored: &Stored,
    to: Option<&Path>,
    keys: &Keys,
    meter: &mut Meter<'_>,
) -> Result<(), BackupError> {
    let altered = |says| altered(stored, says);
    let object = object(from, stored)?;
    let mut out = to.map(Out::new).transpose()?;
    let (mut digest, mut bytes) = (RunningDigest::default(), 0_u64);
    let mut opener = stored.sealed.then(|| Opener::new(keys));
    let mut plain = Vec::new();
    let read = read_pieces(&object, &mut |piece| {
        digest.update(piece);
        plain.clear();
        let given = match &mut opener {
            Some(opener) => {
                opener.open(piece, &mut plain).ok_or_else(|| altered("does not open under the keys of the backup"))?;
                plain.as_slice()
            }
            None => piece,
        };
        bytes += given.len() as u64;
        out.as_mut().map_or(Ok(()), |out| out.write(given))?;
        meter.add(given.len() as u64)
    });
    match read {
        Err(BackupError::File { .. }) if !object.exists() => return Err(altered("is missing")),
        read => read?,
    }
    if digest.finish().to_string() != stored.sha256 {
        return Err(altered("was altered or is damaged"));
    }
    if let Some(opener) = &mut opener {
        plain.clear();
        opener.finish(&mut plain).ok_or_else(|| altered("does not open under the keys of the backup"))?;
        bytes += plain.len() as u64;
        out.as_mut().map_or(Ok(()), |out| out.write(&plain))?;
    }
    if bytes != stored.bytes {
        return Err(altered("is not as long as the manifest says"));
    }
    out.map_or(Ok(()), Out::finish)
}

/// A file that is written.
struct Out {
    file: File,
    path: std::path::PathBuf,
}

impl Out {
    fn new(path: &Path) -> Result<Self, BackupError> {
        path.parent().map_or(Ok(()), make_dir)?;
        Ok(Self { file: make_file(path)?, path: path.to_owned() })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.file.write_all(bytes).map_err(file_fault(&self.path))
    }

    fn finish(self) -> Result<(), BackupError> {
        self.file.sync_all().map_err(file_fault(&self.path))
    }
}

/// Makes the names in a folder and all below it safe.
fn sync_all(dir: &Path) -> Result<(), BackupError> {
    for entry in FileDisk.list(dir).map_err(file_fault(dir))? {
        if entry.is_dir {
            sync_all(&dir.join(&entry.name))?;
        }
    }
    sync_dir(dir)
}
