//! Keys that wrap keys, and keys that seal data. They are two types, because their nonces come from different places.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::VaultError;

/// Bytes of a nonce.
pub(super) const NONCE_BYTES: usize = 12;
/// Bytes that sealing adds: the tag of GCM.
pub const SEAL_BYTES: usize = 16;
/// Bytes of a wrapped key: nonce, sealed key, tag.
pub const WRAPPED_BYTES: usize = NONCE_BYTES + 32 + SEAL_BYTES;

/// A data key sealed under an [`EnvelopeKey`]; it lies beside the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrappedKey(pub [u8; WRAPPED_BYTES]);

/// Seals the blocks of one file (or of one run of blocks). The number of the block is the nonce.
pub struct DataKey(LessSafeKey);

/// Wraps data keys. Its nonces are drawn: below 2^32 wraps they do not repeat (SP 800-38D, section 8.3).
pub struct EnvelopeKey(LessSafeKey);

/// The only failure of `new` would be a key of another length.
pub(super) fn aes(key: &[u8; 32]) -> Result<LessSafeKey, VaultError> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| VaultError::DoesNotOpen)
}

impl DataKey {
    /// A fresh key out of `random`, and the same key wrapped under `envelope` for `context`. `random`: 32 bytes for the key, 12 for the wrap.
    ///
    /// # Errors
    /// None that can happen with keys of this length.
    pub fn fresh(random: &[u8; 44], envelope: &EnvelopeKey, context: &[u8]) -> Result<(Self, WrappedKey), VaultError> {
        let (key, nonce) = random.split_at(32);
        let key: [u8; 32] = key.try_into().map_err(|_| VaultError::DoesNotOpen)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| VaultError::DoesNotOpen)?;
        let wrapped = envelope.wrap(&key, nonce, context)?;
        Ok((Self(aes(&key)?), wrapped))
    }

    /// Seals `bytes[from..]` in place and appends the tag ([`SEAL_BYTES`]).
    ///
    /// `number` must never come twice under one key: the caller counts upward and starts with a fresh key after every restart.
    ///
    /// # Errors
    /// [`VaultError::TooLong`] beyond 64 GiB, or when `from` lies behind the end.
    pub fn seal(&self, number: u64, context: &[u8], bytes: &mut Vec<u8>, from: usize) -> Result<(), VaultError> {
        let plain = bytes.get_mut(from..).ok_or(VaultError::TooLong)?;
        let tag = self.0.seal_in_place_separate_tag(nonce_of(number), Aad::from(context), plain);
        bytes.extend_from_slice(tag.map_err(|_| VaultError::TooLong)?.as_ref());
        Ok(())
    }

    /// Opens what [`DataKey::seal`] made with the same number and context, in place.
    ///
    /// # Errors
    /// [`VaultError::DoesNotOpen`].
    pub fn open<'b>(&self, number: u64, context: &[u8], sealed: &'b mut [u8]) -> Result<&'b [u8], VaultError> {
        let opened = self.0.open_in_place(nonce_of(number), Aad::from(context), sealed);
        opened.map(|plain| &*plain).map_err(|_| VaultError::DoesNotOpen)
    }
}

fn nonce_of(number: u64) -> Nonce {
    let mut nonce = [0; NONCE_BYTES];
    nonce.iter_mut().skip(4).zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
    Nonce::assume_unique_for_key(nonce)
}

impl EnvelopeKey {
    /// A key of 32 bytes.
    ///
    /// # Errors
    /// None that can happen with keys of this length.
    pub fn new(key: &[u8; 32]) -> Result<Self, VaultError> {
        aes(key).map(Self)
    }

    fn wrap(&self, key: &[u8; 32], nonce: [u8; NONCE_BYTES], context: &[u8]) -> Result<WrappedKey, VaultError> {
        let mut sealed = *key;
        let tag =
            self.0.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut sealed);
        let tag = tag.map_err(|_| VaultError::TooLong)?;
        let mut wrapped = [0; WRAPPED_BYTES];
        let parts = nonce.iter().chain(&sealed).chain(tag.as_ref());
        wrapped.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
        Ok(WrappedKey(wrapped))
    }

    /// The data key that was wrapped for the same context.
    ///
    /// # Errors
    /// [`VaultError::DoesNotOpen`].
    pub fn unwrap(&self, wrapped: &WrappedKey, context: &[u8]) -> Result<DataKey, VaultError> {
        let (nonce, sealed) = wrapped.0.split_at(NONCE_BYTES);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::DoesNotOpen)?;
        let mut sealed: [u8; 32 + SEAL_BYTES] = sealed.try_into().map_err(|_| VaultError::DoesNotOpen)?;
        let key = self.0.open_in_place(nonce, Aad::from(context), &mut sealed);
        let key: &[u8] = key.map_err(|_| VaultError::DoesNotOpen)?;
        let key: &[u8; 32] = key.try_into().map_err(|_| VaultError::DoesNotOpen)?;
        aes(key).map(DataKey)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}

impl fmt::Debug for EnvelopeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnvelopeKey(..)")
    }
}
