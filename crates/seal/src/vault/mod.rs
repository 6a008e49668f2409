//! The vault: keys that keep what is stored unreadable without them, and the ring that holds them.
//!
//! ```text
//! key file or passphrase -> MasterKey -> KeyRing (one file) -> EnvelopeKey per purpose, site and day -> DataKey per file -> sealed blocks
//! ```
//!
//! Comes in: keys, bytes and randomness, which the caller draws. Goes out: sealed bytes. AES-256-GCM (NIST SP 800-38D) throughout. It keeps no file and knows no clock.
//! Forgetting an [`EnvelopeKey`] erases all that was sealed below it. Keys are not wiped from memory when they are dropped.

mod key;
mod ring_file;
mod signing;
mod text;

pub use key::{DataKey, EnvelopeKey, SEAL_BYTES, WRAPPED_BYTES, WrappedKey};
pub use ring_file::{KeyRing, MasterKey, Unlock};
pub use signing::{Signature, SigningKey, VerifyingKey};
pub use text::TextKey;

/// Why something stays closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Wrong key, or bytes that were changed: the two cannot be told apart.
    #[error("the key does not fit, or the sealed bytes were changed")]
    DoesNotOpen,
    /// Not a key ring, or cut short.
    #[error("the key ring is damaged: restore it from a backup")]
    RingDamaged,
    /// Written by a later version.
    #[error("the key ring was written by a newer version of cordon: use that version")]
    RingTooNew,
    /// The derivation of a key from a passphrase has parameters out of range.
    #[error("the parameters for the passphrase are out of range")]
    PassphraseParameters,
    /// More bytes than one key may seal at once.
    #[error("more bytes than can be sealed in one piece")]
    TooLong,
}

#[cfg(test)]
mod tests;
