//! Signatures of JSON Web Signatures (RFC 7515, algorithms of RFC 7518 and RFC 8037): whether bytes were signed by a public key.
//!
//! Comes in: the name of an algorithm, a public key, what was signed, a signature. Goes out: yes or no. Only signatures by private keys are here: nothing that whoever
//! knows the public key could make (`HS256`), and no way to say that nothing was signed (`none`).

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

/// How something was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwsAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwsKey {
    /// RSA, 2048 to 8192 bits.
    Rsa {
        /// Modulus, big endian.
        n: Vec<u8>,
        /// Exponent, big endian.
        e: Vec<u8>,
    },
    /// A point of P-256.
    P256 {
        /// 32 bytes, big endian.
        x: [u8; 32],
        /// 32 bytes, big endian.
        y: [u8; 32],
    },
    /// Ed25519.
    Ed25519([u8; 32]),
}

impl JwsAlgorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// Its name in a header (`alg`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of this name. There is none for `none` and for those with a shared secret.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

impl JwsKey {
    /// Whether the key signed this message. A key of another kind than the algorithm's did not.
    #[must_use]
    pub fn signed(&self, algorithm: JwsAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        match (algorithm, self) {
            (JwsAlgorithm::Rs256, Self::Rsa { n, e }) => rsa(&RSA_PKCS1_2048_8192_SHA256, (n, e), message, signature),
            (JwsAlgorithm::Ps256, Self::Rsa { n, e }) => rsa(&RSA_PSS_2048_8192_SHA256, (n, e), message, signature),
            (JwsAlgorithm::Es256, Self::P256 { x, y }) => {
                // SEC 1 section 2.3.3: a point that is not compressed
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                plain(&ECDSA_P256_SHA256_FIXED, &point, message, signature)
            }
            (JwsAlgorithm::EdDsa, Self::Ed25519(key)) => plain(&ED25519, key, message, signature),
            _ => false,
        }
    }
}

fn rsa(how: &RsaParameters, (n, e): (&[u8], &[u8]), message: &[u8], signature: &[u8]) -> bool {
    RsaPublicKeyComponents { n: bare(n), e: bare(e) }.verify(how, message, signature).is_ok()
}

fn plain(how: &'static dyn VerificationAlgorithm, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(how, key).verify(message, signature).is_ok()
}

/// A number without zeros in front: some write them.
fn bare(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
