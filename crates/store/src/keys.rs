//! The keys of a store: the key ring on disk, made at the first start and opened at every later one.
//!
//! Every key is safe on disk before it is used. Names in the ring: `wal`, `evidence/SITE/DAY`, `pseudonym/SITE`, `signing`; further ones belong to who asks.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use cordon_seal::vault::Unlock;
use cordon_seal::{EnvelopeKey, KeyRing, MasterKey, SigningKey, SiteKey, VaultError};

use crate::disk::{self, Disk, DiskFault};

/// Name of the ring within its folder.
const RING: &str = "keys.ring";
/// Largest ring, bytes: a million keys.
const RING_BYTES_MAX: u64 = 64 << 20;

/// Why keys are not to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The ring does not open.
    #[error("the keys of the store: {0}")]
    Vault(#[from] VaultError),
    /// The disk.
    #[error("the keys of the store: {0}")]
    Disk(#[from] DiskFault),
    /// There is a store and no key file.
    #[error(
        "the key file {0} is missing, and the store cannot be read without it: put it back from where it is kept safe"
    )]
    KeyFileMissing(String),
    /// Not 32 bytes or 64 hexadecimal digits.
    #[error("the key file {0} must hold 32 bytes or 64 hexadecimal digits")]
    KeyFileShape(String),
    /// The store is unlocked the other way.
    #[error("the store is unlocked by {0}: change the setting")]
    OtherUnlock(&'static str),
    /// A name longer than a ring takes.
    #[error("the name of a key is too long")]
    NameTooLong,
    /// The operating system gives no randomness.
    #[error("the operating system gives no random bytes")]
    NoRandomness,
}

impl From<std::io::Error> for KeyError {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error.into())
    }
}

/// What unlocks the store.
#[derive(Clone)]
pub enum KeySource {
    /// A file with 32 bytes or 64 hexadecimal digits; made when there is no store yet. It should not lie where backups of the store lie.
    File(PathBuf),
    /// A passphrase.
    Passphrase(Arc<str>),
}

/// The open ring of a store.
#[derive(Debug)]
pub struct Keys {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    ring: KeyRing,
    master: MasterKey,
    unlock: Unlock,
}

/// Random bytes of the operating system.
///
/// # Errors
/// [`KeyError::NoRandomness`].
pub(crate) fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
    Ok(bytes)
}

impl Keys {
    /// Opens the ring in `dir`, or makes one when there is none. Takes a good part of a second with a passphrase. Blocks.
    ///
    /// # Errors
    /// When it does not open under `source`, or the disk fails.
    pub fn open(disk: Arc<dyn Disk>, dir: &Path, source: &KeySource) -> Result<Self, KeyError> {
        let path = dir.join(RING);
        let file = match disk::read_all(&*disk, &path, RING_BYTES_MAX) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let Some(file) = file else {
            let unlock = source.fresh_unlock()?;
            let master = source.master(&*disk, &unlock, true)?;
            let keys = Self { disk, path, state: Mutex::new(State { ring: KeyRing::default(), master, unlock }) };
            keys.change(|_| Ok(()))?;
            return Ok(keys);
        };
        let unlock = Unlock::of_ring(&file)?;
        let master = source.master(&*disk, &unlock, false)?;
        let ring = KeyRing::from_file(&file, &master)?;
        Ok(Self { disk, path, state: Mutex::new(State { ring, master, unlock }) })
    }

    /// The envelope key of a name, made when there is none yet.
    ///
    /// # Errors
    /// When a new one cannot be made safe on disk.
    pub fn envelope(&self, name: &str) -> Result<EnvelopeKey, KeyError> {
        Ok(EnvelopeKey::new(&self.secret(name)?)?)
    }

    /// The envelope key of a name when it is there; `None` when it never was or was erased.
    ///
    /// # Errors
    /// None that can happen.
    pub fn known_envelope(&self, name: &str) -> Result<Option<EnvelopeKey>, KeyError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(state.ring.secret(name).map(EnvelopeKey::new).transpose()?)
    }

    /// The key of a site's pseudonyms, made when there is none yet.
    ///
    /// # Errors
    /// When a new one cannot be made safe on disk.
    pub fn site_key(&self, site: &str) -> Result<SiteKey, KeyError> {
        Ok(SiteKey::new(self.secret(&format!("pseudonym/{site}"))?))
    }

    /// The key under which the store signs what left it, made when there is none yet.
    ///
    /// # Errors
    /// When a new one cannot be made safe on disk.
    pub fn signing(&self) -> Result<SigningKey, KeyError> {
        Ok(SigningKey::from_seed(&self.secret("signing")?)?)
    }

    /// 32 secret bytes under a name, drawn when there are none yet.
    ///
    /// # Errors
    /// When new ones cannot be made safe on disk.
    pub fn secret(&self, name: &str) -> Result<[u8; 32], KeyError> {
        if let Some(secret) = self.state.lock().unwrap_or_else(PoisonError::into_inner).ring.secret(name) {
            return Ok(*secret);
        }
        let fresh = random()?;
        self.change(|ring| match ring.secret(name).copied() {
            Some(secret) => Ok(secret), // made by another thread meanwhile
            None if ring.insert(name, fresh) => Ok(fresh),
            None => Err(KeyError::NameTooLong),
        })
    }

    /// All names that start with `prefix`, in order.
    #[must_use]
    pub fn names(&self, prefix: &str) -> Vec<String> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.ring.names().filter(|name| name.starts_with(prefix)).map(str::to_owned).collect()
    }

    /// Forgets keys for good; how many there were. What was sealed below them can be read by nobody any more, once no copy of the ring is left in a backup.
    ///
    /// # Errors
    /// When the ring cannot be written: then none is forgotten.
    pub fn erase(&self, names: &[String]) -> Result<usize, KeyError> {
        self.change(|ring| Ok(names.iter().filter(|name| ring.remove(name)).count()))
    }

    /// Locks the ring anew: what unlocked it before does so no longer. The sealed data stay as they are.
    ///
    /// # Errors
    /// When the new key cannot be had or the ring cannot be written: then nothing changes.
    pub fn relock(&self, source: &KeySource) -> Result<(), KeyError> {
        let unlock = source.fresh_unlock()?;
        let master = source.master(&*self.disk, &unlock, true)?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let file = state.ring.to_file(&master, &unlock, random()?)?;
        disk::replace(&*self.disk, &self.path, &file)?;
        (state.master, state.unlock) = (master, unlock);
        Ok(())
    }

    /// Changes the ring on disk first and in memory after it.
    fn change<T>(&self, how: impl FnOnce(&mut KeyRing) -> Result<T, KeyError>) -> Result<T, KeyError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ring = state.ring.clone();
        let out = how(&mut ring)?;
        let file = ring.to_file(&state.master, &state.unlock, random()?)?;
        disk::replace(&*self.disk, &self.path, &file)?;
        state.ring = ring;
        Ok(out)
    }
}

impl KeySource {
    fn fresh_unlock(&self) -> Result<Unlock, KeyError> {
        Ok(match self {
            Self::File(_) => Unlock::KeyFile,
            Self::Passphrase(_) => Unlock::passphrase(random()?),
        })
    }

    fn master(&self, disk: &dyn Disk, unlock: &Unlock, make: bool) -> Result<MasterKey, KeyError> {
        match (self, unlock) {
            (Self::File(path), Unlock::KeyFile) => key_of_file(disk, path, make),
            (Self::Passphrase(passphrase), Unlock::Passphrase { .. }) => {
                Ok(MasterKey::from_passphrase(passphrase.as_bytes(), unlock)?)
            }
            (_, Unlock::KeyFile) => Err(KeyError::OtherUnlock("a key file")),
            (_, Unlock::Passphrase { .. }) => Err(KeyError::OtherUnlock("a passphrase")),
        }
    }
}

fn key_of_file(disk: &dyn Disk, path: &Path, make: bool) -> Result<MasterKey, KeyError> {
    const FILE_BYTES_MAX: u64 = 1 << 10;
    let content = match disk::read_all(disk, path, FILE_BYTES_MAX) {
        Ok(content) => content,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && make => {
            let key = random::<32>()?;
            disk::replace(disk, path, &key)?;
            return Ok(MasterKey::new(key));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(KeyError::KeyFileMissing(path.display().to_string()));
        }
        Err(error) => return Err(error.into()),
    };
    let key = <[u8; 32]>::try_from(content.as_slice()).ok().or_else(|| of_hex(&content));
    key.map(MasterKey::new).ok_or_else(|| KeyError::KeyFileShape(path.display().to_string()))
}

fn of_hex(content: &[u8]) -> Option<[u8; 32]> {
    let digits = content.trim_ascii();
    if digits.len() != 64 {
        return None;
    }
    let mut key = [0; 32];
    for (to, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(*pair.first()?).to_digit(16)?;
        let low = char::from(*pair.get(1)?).to_digit(16)?;
        *to = u8::try_from(high * 16 + low).ok()?;
    }
    Some(key)
}

impl std::fmt::Debug for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "File({})", path.display()),
            Self::Passphrase(_) => f.write_str("Passphrase(..)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::FileDisk;

    fn open(dir: &Path, source: &KeySource) -> Result<Keys, KeyError> {
        Keys::open(Arc::new(FileDisk), dir, source)
    }

    #[test]
    fn keys_are_there_again_after_a_restart_and_erased_ones_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let source = KeySource::File(dir.path().join("key"));
        let keys = open(dir.path(), &source).unwrap();
        let (one, two) = (keys.secret("evidence/a/1").unwrap(), keys.secret("evidence/a/2").unwrap());
        assert_ne!(one, two);
        drop(keys);
        let keys = open(dir.path(), &source).unwrap();
        assert_eq!([keys.secret("evidence/a/1"), keys.secret("evidence/a/2")], [Ok(one), Ok(two)]);
        assert_eq!(keys.erase(&["evidence/a/1".to_owned(), "never".to_owned()]), Ok(1));
        drop(keys);
        let keys = open(dir.path(), &source).unwrap();
        assert_eq!(keys.names("evidence/"), ["evidence/a/2"]);
        assert!(keys.known_envelope("evidence/a/1").unwrap().is_none());
    }

    #[test]
    fn without_its_key_file_a_store_stays_closed_and_no_new_key_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let source = KeySource::File(path.clone());
        drop(open(dir.path(), &source).unwrap());
        std::fs::remove_file(&path).unwrap();
        assert_eq!(open(dir.path(), &source).unwrap_err(), KeyError::KeyFileMissing(path.display().to_string()));
        assert!(!path.exists());
        std::fs::write(&path, [1; 32]).unwrap();
        assert_eq!(open(dir.path(), &source).unwrap_err(), KeyError::Vault(VaultError::DoesNotOpen));
        std::fs::write(&path, [1; 31]).unwrap();
        assert_eq!(open(dir.path(), &source).unwrap_err(), KeyError::KeyFileShape(path.display().to_string()));
    }

    #[test]
    fn a_key_file_may_be_hexadecimal_and_the_ring_can_be_locked_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        std::fs::write(&one, format!("{}\n", "aB".repeat(32))).unwrap();
        let keys = open(dir.path(), &KeySource::File(one.clone())).unwrap();
        let secret = keys.secret("wal").unwrap();
        keys.relock(&KeySource::File(two.clone())).unwrap();
        drop(keys);
        assert!(open(dir.path(), &KeySource::File(one)).is_err());
        assert_eq!(open(dir.path(), &KeySource::File(two)).unwrap().secret("wal"), Ok(secret));
        let passphrase = KeySource::Passphrase("long enough".into());
        assert_eq!(open(dir.path(), &passphrase).unwrap_err(), KeyError::OtherUnlock("a key file"));
        assert_eq!(format!("{passphrase:?}"), "Passphrase(..)");
    }
}
