//! The public keys of a provider (JSON Web Key Set, RFC 7517; parameters of RFC 7518 section 6 and RFC 8037 section 2). Keys that cannot have signed a token are left out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cordon_seal::{JwsAlgorithm, JwsKey};
use serde_json::{Map, Value};

/// Most keys of a set; further ones are left out and it is said.
const KEYS_MAX: usize = 64;

/// A key with what the set says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) id: Option<String>,
    /// The only algorithm that it is for; `None` for all of its kind.
    algorithm: Option<String>,
    pub(super) key: JwsKey,
}

impl Key {
    /// Whether it may have signed a token with this header.
    pub(super) fn may_be(&self, id: Option<&str>, algorithm: JwsAlgorithm) -> bool {
        let is_named = id.is_none_or(|id| self.id.as_deref() == Some(id));
        is_named && self.algorithm.as_deref().is_none_or(|only| only == algorithm.name())
    }
}

/// The keys of a set that sign.
pub(super) fn keys_of(set: &Map<String, Value>) -> Vec<Key> {
    let all = set.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if all.len() > KEYS_MAX {
        tracing::warn!(keys = all.len(), read = KEYS_MAX, "the provider has more keys than are read");
    }
    all.iter().take(KEYS_MAX).filter_map(|key| one(key.as_object()?)).collect()
}

fn one(key: &Map<String, Value>) -> Option<Key> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
    let field = |name: &str| bytes(name)?.try_into().ok();
    let public = match (text("kty")?, text("crv")) {
        ("RSA", _) => JwsKey::Rsa { n: bytes("n")?, e: bytes("e")? },
        ("EC", Some("P-256")) => JwsKey::P256 { x: field("x")?, y: field("y")? },
        ("OKP", Some("Ed25519")) => JwsKey::Ed25519(field("x")?),
        _ => return None,
    };
    Some(Key { id: text("kid").map(str::to_owned), algorithm: text("alg").map(str::to_owned), key: public })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_that_cannot_have_signed_are_left_out() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let set = json!({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": x, "alg": "EdDSA", "use": "sig"},
            {"kty": "OKP", "crv": "Ed25519", "kid": "for encryption", "x": x, "use": "enc"},
            {"kty": "OKP", "crv": "X25519", "kid": "other curve", "x": x},
            {"kty": "oct", "kid": "shared secret", "k": x},
            {"kty": "EC", "crv": "P-256", "kid": "too short", "x": "AQAB", "y": x},
            {"kty": "RSA", "kid": "no base64", "n": "***", "e": "AQAB"},
            {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
            7,
        ]});
        let keys = keys_of(set.as_object().unwrap());
        assert_eq!(keys.iter().map(|key| key.id.as_deref()).collect::<Vec<_>>(), [Some("a"), None]);
        let (first, second) = (&keys[0], &keys[1]);
        assert!(first.may_be(Some("a"), JwsAlgorithm::EdDsa) && first.may_be(None, JwsAlgorithm::EdDsa));
        assert!(!first.may_be(Some("b"), JwsAlgorithm::EdDsa) && !first.may_be(Some("a"), JwsAlgorithm::Rs256));
        assert!(second.may_be(None, JwsAlgorithm::Ps256) && !second.may_be(Some("a"), JwsAlgorithm::Rs256));
        assert_eq!(keys_of(&Map::new()), []);
    }
}
