//! From a backup to a store again. Every byte is checked against the manifest, the manifest against the store's own signature; the version of the store is written last, so
//! that a folder that was not finished is never taken for a store.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use cordon_seal::RunningDigest;

use super::manifest::{Manifest, Stored};
use super::seal::Opener;
use super::{BackupError, Meter, Tell, file_fault, make_dir, make_file, read_pieces, sync_dir, take};
use crate::disk::{self, Disk, DiskFile, LookDisk};
use crate::keys::{KeySource, Keys};
use crate::version;

const RING: &str = "keys.ring";
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

/// Makes a store of the backup in `from` in the folder `to`, which is empty or not there yet; both on `disk`. `key` opens the key ring of the backup. Blocks.
///
/// # Errors
/// There is no finished backup, the key does not open it, a file of it was altered (it is named), or files cannot be written. Then nothing is left in `to`.
pub fn restore(
    disk: &Arc<dyn Disk>,
    from: &Path,
    to: &Path,
    key: &KeySource,
    tell: &Tell,
) -> Result<Restored, BackupError> {
    let is_new = match disk.list(to).map(|entries| entries.is_empty()) {
        Ok(true) => false,
        Ok(false) => return Err(BackupError::NotEmpty(to.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(file_fault(to)(error)),
    };
    make_dir(&**disk, to)?;
    let restored = run(disk, from, Some(to), key, tell);
    if restored.is_err() {
        clear(&**disk, to, is_new)?;
    }
    restored
}

/// Reads the whole backup in `from` and checks every byte of it, as a restore would. Blocks.
///
/// # Errors
/// As [`restore`].
pub fn check(disk: &Arc<dyn Disk>, from: &Path, key: &KeySource, tell: &Tell) -> Result<Restored, BackupError> {
    run(disk, from, None, key, tell)
}

/// Takes back what was written into a folder that was empty.
fn clear(disk: &dyn Disk, to: &Path, is_new: bool) -> Result<(), BackupError> {
    disk::remove_all(disk, to).map_err(file_fault(to))?;
    if is_new { Ok(()) } else { make_dir(disk, to) }
}

fn run(
    shared: &Arc<dyn Disk>,
    from: &Path,
    to: Option<&Path>,
    key: &KeySource,
    tell: &Tell,
) -> Result<Restored, BackupError> {
    let disk = &**shared;
    let (manifest, signed) = Manifest::read(disk, from)?.ok_or_else(|| BackupError::NotABackup(from.to_owned()))?;
    // a medium that cannot be written has nobody writing to it
    let _taken = match take(disk, from) {
        Err(busy @ BackupError::Busy(_)) => return Err(busy),
        taken => taken.ok(),
    };
    if manifest.store > version::VERSION {
        return Err(BackupError::TooNew { found: manifest.store, known: version::VERSION });
    }
    let total = manifest.files.iter().map(|stored| stored.bytes).sum();
    let mut meter = Meter { done: 0, total, tell };
    // the ring opens only under the right key, and only its store can have signed the manifest
    let keys = open_ring(shared, from, &manifest, key)?;
    signed.check(&keys)?;
    let version = named(&manifest, version::FILE)?;
    let mut bring = Bring { disk, from, keys: &keys, meter: &mut meter };
    for stored in manifest.files.iter().filter(|stored| stored.path != version::FILE) {
        let path = to.map(|to| place(to, stored)).transpose()?;
        bring.file(stored, path.as_deref())?;
    }
    let last = to.map(|to| place(to, version)).transpose()?;
    if let Some(to) = to {
        sync_all(disk, to)?;
    }
    bring.file(version, last.as_deref())?;
    if let Some(to) = to {
        sync_dir(disk, to)?;
        to.parent().filter(|above| !above.as_os_str().is_empty()).map_or(Ok(()), |above| sync_dir(disk, above))?;
    }
    Ok(Restored { bytes: manifest.files.iter().map(|stored| stored.bytes).sum(), manifest })
}

/// The ring of the backup, opened in memory: nothing is written before the key is known to be the right one.
fn open_ring(disk: &Arc<dyn Disk>, from: &Path, manifest: &Manifest, key: &KeySource) -> Result<Keys, BackupError> {
    let stored = named(manifest, RING)?;
    let object = object(from, stored)?;
    let altered = |says| altered(stored, says);
    let bytes = match disk::read_all(&**disk, &object, RING_BYTES_MAX) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(altered("is missing")),
        read => read.map_err(file_fault(&object))?,
    };
    if cordon_seal::digest(&bytes).to_string() != stored.sha256 {
        return Err(altered("was altered or is damaged"));
    }
    let (memory, dir) = (LookDisk::new(Arc::clone(disk)), Path::new("/ring of a backup"));
    let mut file = memory.create(&dir.join(RING)).map_err(file_fault(&object))?;
    file.append(&bytes).map_err(file_fault(&object))?;
    Ok(Keys::open(Arc::new(memory), dir, key)?)
}

fn named<'m>(manifest: &'m Manifest, path: &str) -> Result<&'m Stored, BackupError> {
    manifest.files.iter().find(|stored| stored.path == path).ok_or(BackupError::ManifestAltered)
}

/// Where a file goes; its path never leads out of the folder.
fn place(to: &Path, stored: &Stored) -> Result<PathBuf, BackupError> {
    let path = Path::new(&stored.path);
    let is_below = !stored.path.is_empty() && path.components().all(|part| matches!(part, Component::Normal(_)));
    if is_below { Ok(to.join(path)) } else { Err(BackupError::ManifestAltered) }
}

fn altered(stored: &Stored, says: &'static str) -> BackupError {
    BackupError::Altered { path: stored.path.clone(), object: format!("files/{}", stored.sha256), says }
}

/// Where a file lies in the backup.
fn object(from: &Path, stored: &Stored) -> Result<PathBuf, BackupError> {
    let is_name = stored.sha256.len() == 64 && stored.sha256.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_name { Ok(from.join("files").join(&stored.sha256)) } else { Err(BackupError::ManifestAltered) }
}

/// Brings files of a backup.
struct Bring<'b, 't> {
    disk: &'b dyn Disk,
    from: &'b Path,
    keys: &'b Keys,
    meter: &'b mut Meter<'t>,
}

impl Bring<'_, '_> {
    /// Checks a file of the backup, and writes it to `to` where that is asked for.
    fn file(&mut self, stored: &Stored, to: Option<&Path>) -> Result<(), BackupError> {
        let altered = |says| altered(stored, says);
        let object = object(self.from, stored)?;
        let mut out = to.map(|to| Out::new(self.disk, to)).transpose()?;
        let (mut digest, mut bytes) = (RunningDigest::default(), 0_u64);
        let mut opener = stored.sealed.then(|| Opener::new(self.keys));
        let mut plain = Vec::new();
        let read = read_pieces(self.disk, &object, &mut |piece| {
            digest.update(piece);
            plain.clear();
            let given = match &mut opener {
                Some(opener) => {
                    let opened = opener.open(piece, &mut plain);
                    opened.ok_or_else(|| altered("does not open under the keys of the backup"))?;
                    plain.as_slice()
                }
                None => piece,
            };
            bytes += given.len() as u64;
            out.as_mut().map_or(Ok(()), |out| out.write(given))?;
            self.meter.add(given.len() as u64)
        });
        match read {
            Err(BackupError::File { .. }) if self.disk.entry(&object).is_err() => return Err(altered("is missing")),
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
}

/// A file that is written.
struct Out {
    file: Box<dyn DiskFile>,
    path: PathBuf,
}

impl Out {
    fn new(disk: &dyn Disk, path: &Path) -> Result<Self, BackupError> {
        path.parent().map_or(Ok(()), |dir| make_dir(disk, dir))?;
        Ok(Self { file: make_file(disk, path)?, path: path.to_owned() })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.file.append(bytes).map_err(file_fault(&self.path))
    }

    fn finish(self) -> Result<(), BackupError> {
        self.file.sync().map_err(file_fault(&self.path))
    }
}

/// Makes the names in a folder and all below it safe.
fn sync_all(disk: &dyn Disk, dir: &Path) -> Result<(), BackupError> {
    for entry in disk.list(dir).map_err(file_fault(dir))? {
        if entry.is_dir {
            sync_all(disk, &dir.join(&entry.name))?;
        }
    }
    sync_dir(disk, dir)
}
