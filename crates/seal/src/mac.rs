//! Message authentication: who has the key can tell that a message is ours and unchanged.

use cordon_model::Digest;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// HMAC-SHA-256 (RFC 2104) over the parts one after the other, without anything between them.
#[must_use]
pub fn mac(key: &[u8], parts: &[&[u8]]) -> Digest {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Digest([0; 32]); // HMAC takes a key of any length: this arm is never reached
    };
    for part in parts {
        mac.update(part);
    }
    Digest(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_hmac_sha_256_of_rfc_4231() {
        let expect = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(mac(b"Jefe", &[b"what do ya want ", b"for nothing?"]).to_string(), expect);
    }
}
