//! A file sealed for a backup.
//!
//! ```text
//! sealed = "CORDSEA" | version u8 | wrapped data key 60 | block*        block = AES-256-GCM of 1 MiB of the file (the last may be shorter, and is also there when empty);
//!          nonce = number of the block, bound to "last" for the last one and to nothing else
//! ```

use cordon_seal::vault::{SEAL_BYTES, WRAPPED_BYTES};
use cordon_seal::{DataKey, WrappedKey};

use super::{BackupError, KEY, PIECE_BYTES};
use crate::keys::{KeyError, Keys, random};

const MAGIC: &[u8; 8] = b"CORDSEA\x01";
const CONTEXT: &[u8] = b"cordon backup";
/// Bytes of a whole sealed block.
const BLOCK_BYTES: usize = PIECE_BYTES + SEAL_BYTES;

fn key_fault(error: cordon_seal::VaultError) -> BackupError {
    BackupError::Keys(KeyError::from(error))
}

/// Seals pieces of [`PIECE_BYTES`] one after the other; a shorter one is the last.
pub(super) struct Sealer {
    key: DataKey,
    number: u64,
}

impl Sealer {
    /// With a fresh key, and what stands in front of the blocks.
    pub(super) fn new(keys: &Keys) -> Result<(Self, Vec<u8>), BackupError> {
        let (key, wrapped) = DataKey::fresh(&random()?, &keys.envelope(KEY)?, CONTEXT).map_err(key_fault)?;
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&wrapped.0);
        Ok((Self { key, number: 0 }, head))
    }

    pub(super) fn seal(&mut self, piece: &[u8]) -> Result<Vec<u8>, BackupError> {
        let mut sealed = piece.to_vec();
        self.key.seal(self.number, bound(piece.len() < PIECE_BYTES), &mut sealed, 0).map_err(key_fault)?;
        self.number += 1;
        Ok(sealed)
    }
}

const fn bound(is_last: bool) -> &'static [u8] {
    if is_last { b"last" } else { b"" }
}

/// Opens what a [`Sealer`] made, out of pieces of any length.
pub(super) struct Opener<'k> {
    keys: &'k Keys,
    key: Option<DataKey>,
    number: u64,
    waiting: Vec<u8>,
}

impl<'k> Opener<'k> {
    pub(super) const fn new(keys: &'k Keys) -> Self {
        Self { keys, key: None, number: 0, waiting: Vec::new() }
    }

    /// Takes further bytes and hands out what is whole; `None` when they are not what was sealed.
    pub(super) fn open(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
        self.waiting.extend_from_slice(bytes);
        if self.key.is_none() && self.waiting.len() >= MAGIC.len() + WRAPPED_BYTES {
            let rest = self.waiting.split_off(MAGIC.len() + WRAPPED_BYTES);
            let wrapped = self.waiting.strip_prefix(MAGIC)?.first_chunk::<WRAPPED_BYTES>()?;
            let envelope = self.keys.known_envelope(KEY).ok()??;
            self.key = Some(envelope.unwrap(&WrappedKey(*wrapped), CONTEXT).ok()?);
            self.waiting = rest;
        }
        while self.key.is_some() && self.waiting.len() >= BLOCK_BYTES {
            let rest = self.waiting.split_off(BLOCK_BYTES);
            let block = std::mem::replace(&mut self.waiting, rest);
            self.block(block, false, out)?;
        }
        Some(())
    }

    /// The end of the file.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let block = std::mem::take(&mut self.waiting);
        self.block(block, true, out)
    }

    fn block(&mut self, mut block: Vec<u8>, is_last: bool, out: &mut Vec<u8>) -> Option<()> {
        let plain = self.key.as_ref()?.open(self.number, bound(is_last), &mut block).ok()?;
        out.extend_from_slice(plain);
        self.number += 1;
        Some(())
    }
}
