//! The key ring: named secrets in one sealed file, opened by the master key.
//!
//! ```text
//! "CORDKEYS" | version u16 | unlock u8: 0 key file, 1 passphrase | passphrase: salt 16, KiB u32, passes u32, lanes u32
//!   | nonce 12 | sealed: ( length u16, name, secret 32 )* | tag 16                      numbers big endian; all before the nonce is authenticated
//! ```

use std::collections::BTreeMap;
use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use ring::aead::{Aad, Nonce};

use super::VaultError;
use super::key::{NONCE_BYTES, SEAL_BYTES, aes};

const MAGIC: &[u8; 8] = b"CORDKEYS";
const VERSION: u16 = 1;
/// Largest memory that a ring file may ask for, 1 GiB: the file is not trusted before it is opened.
const MEMORY_KIB_MAX: u32 = 1 << 20;
/// Most passes and lanes that a ring file may ask for.
const PASSES_MAX: u32 = 64;

/// Opens the key ring. Nothing else is sealed under it.
pub struct MasterKey([u8; 32]);

/// Where the master key comes from; kept in clear in front of the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlock {
    /// 32 bytes in a file of their own.
    KeyFile,
    /// Argon2id (RFC 9106) over a passphrase.
    Passphrase {
        /// Drawn once for each ring and passphrase.
        salt: [u8; 16],
        /// Memory in KiB, 8 to 1,048,576.
        memory_kib: u32,
        /// Passes over the memory, 1 to 64.
        passes: u32,
        /// Lanes, 1 to 64.
        lanes: u32,
    },
}

impl Unlock {
    /// The second choice of RFC 9106 section 4 with one lane: 64 MiB, three passes.
    #[must_use]
    pub const fn passphrase(salt: [u8; 16]) -> Self {
        Self::Passphrase { salt, memory_kib: 64 << 10, passes: 3, lanes: 1 }
    }

    /// How the ring in `file` is unlocked.
    ///
    /// # Errors
    /// [`VaultError::RingDamaged`], [`VaultError::RingTooNew`].
    pub fn of_ring(file: &[u8]) -> Result<Self, VaultError> {
        Ok(Self::read(file)?.0)
    }

    fn read(file: &[u8]) -> Result<(Self, usize), VaultError> {
        let mut rest = file.strip_prefix(MAGIC).ok_or(VaultError::RingDamaged)?;
        if u16::from_be_bytes(take(&mut rest)?) > VERSION {
            return Err(VaultError::RingTooNew);
        }
        let [kind] = take(&mut rest)?;
        let unlock = match kind {
            0 => Self::KeyFile,
            1 => Self::Passphrase {
                salt: take(&mut rest)?,
                memory_kib: u32::from_be_bytes(take(&mut rest)?),
                passes: u32::from_be_bytes(take(&mut rest)?),
                lanes: u32::from_be_bytes(take(&mut rest)?),
            },
            _ => return Err(VaultError::RingTooNew),
        };
        Ok((unlock, file.len() - rest.len()))
    }

    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_be_bytes());
        match self {
            Self::KeyFile => out.push(0),
            Self::Passphrase { salt, memory_kib, passes, lanes } => {
                out.push(1);
                out.extend_from_slice(&salt);
                [memory_kib, passes, lanes].iter().for_each(|number| out.extend_from_slice(&number.to_be_bytes()));
            }
        }
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], VaultError> {
    let (first, after) = rest.split_first_chunk().ok_or(VaultError::RingDamaged)?;
    *rest = after;
    Ok(*first)
}

impl MasterKey {
    /// A key of 32 bytes.
    #[must_use]
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The key of a passphrase. Takes a good part of a second and the stated memory.
    ///
    /// # Errors
    /// [`VaultError::PassphraseParameters`] when they are out of range or `unlock` is no passphrase.
    pub fn from_passphrase(passphrase: &[u8], unlock: &Unlock) -> Result<Self, VaultError> {
        let Unlock::Passphrase { salt, memory_kib, passes, lanes } = *unlock else {
            return Err(VaultError::PassphraseParameters);
        };
        if memory_kib > MEMORY_KIB_MAX || passes > PASSES_MAX || lanes > PASSES_MAX {
            return Err(VaultError::PassphraseParameters);
        }
        let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(|_| VaultError::PassphraseParameters)?;
        let mut key = [0; 32];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let done = argon2.hash_password_into(passphrase, &salt, &mut key);
        done.map_err(|_| VaultError::PassphraseParameters)?;
        Ok(Self(key))
    }
}

/// Named secrets of 32 bytes. Names are paths, for example `evidence/main/2026-11-22`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KeyRing(BTreeMap<String, [u8; 32]>);

impl KeyRing {
    /// Longest name, bytes.
    pub const NAME_BYTES_MAX: usize = 1_024;

    /// The secret of a name.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<&[u8; 32]> {
        self.0.get(name)
    }

    /// Adds a secret; false, and nothing changes, when the name is taken or too long.
    pub fn insert(&mut self, name: &str, secret: [u8; 32]) -> bool {
        if name.len() > Self::NAME_BYTES_MAX || self.0.contains_key(name) {
            return false;
        }
        self.0.insert(name.to_owned(), secret).is_none()
    }

    /// Forgets a secret; whether there was one. What was sealed below it is erased with it.
    pub fn remove(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The ring as a file. `nonce` is drawn for each writing.
    ///
    /// # Errors
    /// None that can happen below 64 GiB.
    pub fn to_file(
        &self,
        master: &MasterKey,
        unlock: &Unlock,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Vec<u8>, VaultError> {
        let mut file = Vec::new();
        unlock.write(&mut file);
        let head = file.clone();
        file.extend_from_slice(&nonce);
        let mut secrets = Vec::new();
        for (name, secret) in &self.0 {
            let length = u16::try_from(name.len()).map_err(|_| VaultError::TooLong)?;
            secrets.extend_from_slice(&length.to_be_bytes());
            secrets.extend_from_slice(name.as_bytes());
            secrets.extend_from_slice(secret);
        }
        let nonce = Nonce::assume_unique_for_key(nonce);
        let sealed = aes(&master.0)?.seal_in_place_append_tag(nonce, Aad::from(head), &mut secrets);
        sealed.map_err(|_| VaultError::TooLong)?;
        file.extend_from_slice(&secrets);
        Ok(file)
    }

    /// The ring of a file.
    ///
    /// # Errors
    /// [`VaultError::DoesNotOpen`] under another key or when a byte was changed, [`VaultError::RingDamaged`], [`VaultError::RingTooNew`].
    pub fn from_file(file: &[u8], master: &MasterKey) -> Result<Self, VaultError> {
        let (_, head_bytes) = Unlock::read(file)?;
        let (head, mut rest) = file.split_at_checked(head_bytes).ok_or(VaultError::RingDamaged)?;
        let nonce = Nonce::assume_unique_for_key(take(&mut rest)?);
        if rest.len() < SEAL_BYTES {
            return Err(VaultError::RingDamaged);
        }
        let mut sealed = rest.to_vec();
        let opened = aes(&master.0)?.open_in_place(nonce, Aad::from(head), &mut sealed);
        let mut plain: &[u8] = opened.map_err(|_| VaultError::DoesNotOpen)?;
        let mut ring = Self::default();
        while !plain.is_empty() {
            let length = usize::from(u16::from_be_bytes(take(&mut plain)?));
            let (name, rest) = plain.split_at_checked(length).ok_or(VaultError::RingDamaged)?;
            plain = rest;
            let name = std::str::from_utf8(name).map_err(|_| VaultError::RingDamaged)?;
            ring.0.insert(name.to_owned(), take(&mut plain)?);
        }
        Ok(ring)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
