//! Secrets that the node hands out: session ids, tokens, links. The node keeps only their digests.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cordon_model::Digest;

use crate::problem::Problem;

/// 32 random bytes in the alphabet of addresses, with a word in front that says what it is. Prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Draws a new one.
    pub(crate) fn draw(word: &str) -> Result<Self, Problem> {
        Ok(Self(format!("{word}{}", URL_SAFE_NO_PAD.encode(random::<32>()?))))
    }

    /// The text to hand out, once.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub(crate) fn digest(&self) -> Digest {
        digest_of(&self.0)
    }
}

/// What is kept of a secret that somebody shows. 256 random bits need no slow hash.
pub(crate) fn digest_of(shown: &str) -> Digest {
    cordon_seal::digest(shown.as_bytes())
}

/// Compares without stopping at the first difference.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let differs = one.bytes().zip(other.bytes()).fold(0, |differs, (one, other)| differs | (one ^ other));
    one.len() == other.len() && differs == 0
}

/// Random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|fault| Problem::internal(&fault))?;
    Ok(bytes)
}
