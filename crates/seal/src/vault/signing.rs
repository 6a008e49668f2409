//! Signatures (Ed25519, RFC 8032) under which a store says what left it and why.

use std::fmt;

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::VaultError;

/// A signature over some bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

/// The public half: who has it can check signatures and make none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyingKey(pub [u8; 32]);

/// The secret half.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// The key pair of a seed of 32 drawn bytes.
    ///
    /// # Errors
    /// None that can happen with a seed of this length.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, VaultError> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(Self).map_err(|_| VaultError::DoesNotOpen)
    }

    /// Signs the bytes. The same bytes give the same signature.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> Signature {
        let signature = self.0.sign(bytes);
        let mut out = [0; 64];
        out.iter_mut().zip(signature.as_ref()).for_each(|(to, from)| *to = *from);
        Signature(out)
    }

    /// The public half.
    #[must_use]
    pub fn verifying(&self) -> VerifyingKey {
        let mut out = [0; 32];
        out.iter_mut().zip(self.0.public_key().as_ref()).for_each(|(to, from)| *to = *from);
        VerifyingKey(out)
    }
}

impl VerifyingKey {
    /// Whether the signature is one of this key over these bytes.
    #[must_use]
    pub fn verifies(&self, bytes: &[u8], signature: &Signature) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(bytes, &signature.0).is_ok()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
