//! Small secrets within rows (second factors): each sealed under a fresh key, which is wrapped under the node's key for the state.

use std::fmt;

use cordon_seal::{DataKey, EnvelopeKey, WrappedKey};

use super::StateError;

/// Bytes of a wrapped key in front of what it seals.
const WRAPPED_BYTES: usize = cordon_seal::vault::WRAPPED_BYTES;

/// The key under which small secrets of the state are sealed: 32 bytes out of the node's key ring. Prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretsKey(pub [u8; 32]);

impl fmt::Debug for SecretsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretsKey(..)")
    }
}

/// Seals a secret for a place (table, row and column): it opens nowhere else.
pub(super) fn seal(key: Option<&SecretsKey>, place: &str, secret: &[u8]) -> Result<Vec<u8>, StateError> {
    let envelope = envelope(key)?;
    let mut random = [0; 44];
    getrandom::fill(&mut random).map_err(|_| StateError::NoRandomness)?;
    let refused = |_| StateError::Refused("the secret cannot be sealed");
    let (fresh, wrapped) = DataKey::fresh(&random, &envelope, place.as_bytes()).map_err(refused)?;
    let mut sealed = wrapped.0.to_vec();
    sealed.extend_from_slice(secret);
    fresh.seal(0, place.as_bytes(), &mut sealed, WRAPPED_BYTES).map_err(refused)?;
    Ok(sealed)
}

/// Opens what [`seal`] made for the same place.
pub(super) fn open(key: Option<&SecretsKey>, place: &str, sealed: &[u8]) -> Result<Vec<u8>, StateError> {
    let envelope = envelope(key)?;
    let (wrapped, sealed) = sealed.split_first_chunk().ok_or(StateError::Damaged("users"))?;
    let wrong =
        |_| StateError::Refused("a second factor does not open: the key ring is another one than when it was set");
    let fresh = envelope.unwrap(&WrappedKey(*wrapped), place.as_bytes()).map_err(wrong)?;
    let mut sealed = sealed.to_vec();
    Ok(fresh.open(0, place.as_bytes(), &mut sealed).map_err(wrong)?.to_vec())
}

fn envelope(key: Option<&SecretsKey>) -> Result<EnvelopeKey, StateError> {
    let key = key.ok_or(StateError::Refused("a second factor needs the node's key for its state"))?;
    EnvelopeKey::new(&key.0).map_err(|_| StateError::Refused("the node's key for its state cannot be used"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_in_its_place_and_under_its_key_only() {
        let key = SecretsKey([7; 32]);
        let sealed = seal(Some(&key), "users/1/totp", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_ne!(sealed, seal(Some(&key), "users/1/totp", b"secret").unwrap());
        assert_eq!(open(Some(&key), "users/1/totp", &sealed).unwrap(), b"secret");
        assert!(open(Some(&key), "users/2/totp", &sealed).is_err());
        assert!(open(Some(&SecretsKey([8; 32])), "users/1/totp", &sealed).is_err());
        assert!(open(None, "users/1/totp", &sealed).is_err());
        assert!(open(Some(&key), "users/1/totp", &sealed[..40]).is_err());
        assert_eq!(format!("{key:?}"), "SecretsKey(..)");
    }
}
