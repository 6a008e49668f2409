//! Texts that leave the node sealed and come back. Each is sealed under a key of its own, so that any number of them can be made under one secret.

use std::fmt;

use ring::aead::{Aad, LessSafeKey, Nonce};

use super::VaultError;
use super::key::{NONCE_BYTES, aes};
use crate::mac::mac;

/// In front of the purpose, so that nothing else that is derived from the same secret is the same key.
const LABEL: &[u8] = b"cordon text key 1\0";

/// Seals texts of one purpose. The key of a text is HMAC-SHA-256 under this one of [`TextKey::DRAWN_BYTES`] drawn bytes in front of it, and seals nothing else: what a
/// nonce of 96 bits limits to 2^32 texts (SP 800-38D, section 8.3) is out of reach with 192, as in XAES-256-GCM (C2SP).
///
/// ```text
/// drawn 24 | sealed | tag 16
/// ```
pub struct TextKey([u8; 32]);

impl TextKey {
    /// Drawn bytes in front of a sealed text.
    pub const DRAWN_BYTES: usize = 24;

    /// The key of one purpose, derived from a secret of the key ring (SP 800-108, section 4.1, with one block).
    #[must_use]
    pub fn derived(secret: &[u8; 32], purpose: &str) -> Self {
        Self(mac(secret, &[LABEL, purpose.as_bytes()]).0)
    }

    /// Seals a text. `drawn` comes from the operating system, anew for each text.
    ///
    /// # Errors
    /// [`VaultError::TooLong`] beyond 64 GiB.
    pub fn seal(&self, drawn: [u8; Self::DRAWN_BYTES], text: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut sealed = text.to_vec();
        let tag = self.of(&drawn)?.seal_in_place_separate_tag(nonce(), Aad::empty(), &mut sealed);
        let tag = tag.map_err(|_| VaultError::TooLong)?;
        Ok([&drawn, &*sealed, tag.as_ref()].concat())
    }

    /// Opens what [`TextKey::seal`] made.
    ///
    /// # Errors
    /// [`VaultError::DoesNotOpen`].
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (drawn, sealed) = sealed.split_first_chunk().ok_or(VaultError::DoesNotOpen)?;
        let mut sealed = sealed.to_vec();
        let opened = self.of(drawn)?.open_in_place(nonce(), Aad::empty(), &mut sealed);
        opened.map(|text| text.to_vec()).map_err(|_| VaultError::DoesNotOpen)
    }

    /// The key of the text that these bytes were drawn for.
    fn of(&self, drawn: &[u8; Self::DRAWN_BYTES]) -> Result<LessSafeKey, VaultError> {
        aes(&mac(&self.0, &[drawn]).0)
    }
}

/// The nonce under a key that seals one text.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_BYTES])
}

impl fmt::Debug for TextKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TextKey(..)")
    }
}
