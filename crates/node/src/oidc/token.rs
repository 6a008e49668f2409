//! ID tokens: signed JSON (RFC 7515 compact form, RFC 7519), and every check that makes one mean that this person signed in just now, for this node.
//!
//! Claims are out of reach until the signature was held against a key of the provider. What is checked then: OpenID Connect Core section 3.1.3.7. A claim of a wrong
//! type counts as wrong, never as missing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cordon_seal::JwsAlgorithm;
use serde_json::{Map, Value};

use super::keys::Key;

/// Longest token, bytes.
const TOKEN_BYTES_MAX: usize = 64 << 10;
/// Clocks may be apart by so many seconds.
const LEEWAY_SECONDS: i64 = 60;
/// A token that was issued longer ago is not of this sign-in, seconds. Some providers date tokens five minutes back.
const ISSUED_SECONDS_MAX: i64 = 900;
/// Longest id of a person (OpenID Connect Core section 2), bytes.
const SUBJECT_BYTES_MAX: usize = 255;

/// What is wrong with a token, to follow "the ID token".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenFault {
    #[error("is none that can be read")]
    Unreadable,
    #[error("is signed in a way that `oidc.algorithms` does not name, or not at all (alg)")]
    Algorithm,
    #[error("asks for something that is not known here (crit)")]
    Critical,
    #[error("names a key that the provider does not have (kid)")]
    UnknownKey,
    #[error("is not signed by a key of the provider")]
    Signature,
    #[error("is of another provider (iss)")]
    Issuer,
    #[error("is for somebody else than this node (aud)")]
    Audience,
    #[error("was made for somebody else than this node (azp)")]
    Party,
    #[error("has expired (exp)")]
    Expired,
    #[error("does not hold yet, or the clocks are apart (iat, nbf)")]
    TooEarly,
    #[error("was issued too long ago (iat)")]
    TooOld,
    #[error("belongs to another sign-in (nonce)")]
    Nonce,
    #[error("does not say who it is about (sub)")]
    Subject,
}

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'e> {
    pub(super) issuer: &'e str,
    pub(super) client_id: &'e str,
    pub(super) nonce: &'e str,
    /// Seconds since 1970.
    pub(super) now: i64,
}

/// A token that may be anybody's.
#[derive(Debug)]
pub(super) struct Unverified<'t> {
    algorithm: JwsAlgorithm,
    key_id: Option<String>,
    signed: &'t str,
    payload: &'t str,
    signature: Vec<u8>,
}

impl<'t> Unverified<'t> {
    /// Reads the header; only these algorithms are taken.
    pub(super) fn read(token: &'t str, algorithms: &[JwsAlgorithm]) -> Result<Self, TokenFault> {
        let (signed, signature) =
            token.rsplit_once('.').filter(|_| token.len() <= TOKEN_BYTES_MAX).ok_or(TokenFault::Unreadable)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenFault::Unreadable)?;
        let header = object(header)?;
        let algorithm = header.get("alg").and_then(Value::as_str).and_then(JwsAlgorithm::from_name);
        let algorithm = algorithm.filter(|algorithm| algorithms.contains(algorithm)).ok_or(TokenFault::Algorithm)?;
        if header.contains_key("crit") {
            return Err(TokenFault::Critical);
        }
        let key_id = match header.get("kid") {
            None => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(_) => return Err(TokenFault::Unreadable),
        };
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenFault::Unreadable)?;
        Ok(Self { algorithm, key_id, signed, payload, signature })
    }

    /// Whether one of these keys may have signed it.
    pub(super) fn is_key_among(&self, keys: &[Key]) -> bool {
        keys.iter().any(|key| key.may_be(self.key_id.as_deref(), self.algorithm))
    }

    /// The claims, when one of these keys signed them.
    pub(super) fn verified(self, keys: &[Key]) -> Result<Map<String, Value>, TokenFault> {
        if !self.is_key_among(keys) {
            return Err(TokenFault::UnknownKey);
        }
        let mut candidates = keys.iter().filter(|key| key.may_be(self.key_id.as_deref(), self.algorithm));
        let signed = self.signed.as_bytes();
        if !candidates.any(|key| key.key.signed(self.algorithm, signed, &self.signature)) {
            return Err(TokenFault::Signature);
        }
        object(self.payload)
    }
}

fn object(part: &str) -> Result<Map<String, Value>, TokenFault> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenFault::Unreadable)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenFault::Unreadable)
}

/// Holds the claims against what they must say.
pub(super) fn check(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), TokenFault> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(TokenFault::Issuer);
    }
    audience(claims, expected.client_id)?;
    times(claims, expected.now)?;
    if text("nonce") != Some(expected.nonce) {
        return Err(TokenFault::Nonce);
    }
    let is_subject = |subject: &str| !subject.is_empty() && subject.len() <= SUBJECT_BYTES_MAX;
    if text("sub").is_some_and(is_subject) { Ok(()) } else { Err(TokenFault::Subject) }
}

/// For this node and nobody else: whom else it names we do not know, so we do not trust it (section 3.1.3.7, point 3).
fn audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), TokenFault> {
    let is_ours = match claims.get("aud") {
        Some(Value::String(one)) => one == client_id,
        Some(Value::Array(all)) => !all.is_empty() && all.iter().all(|one| one == client_id),
        _ => false,
    };
    if !is_ours {
        return Err(TokenFault::Audience);
    }
    if claims.get("azp").is_some_and(|party| party != client_id) {
        return Err(TokenFault::Party);
    }
    Ok(())
}

fn times(claims: &Map<String, Value>, now: i64) -> Result<(), TokenFault> {
    let until = claims.get("exp").and_then(seconds).ok_or(TokenFault::Expired)?;
    if now >= until.saturating_add(LEEWAY_SECONDS) {
        return Err(TokenFault::Expired);
    }
    let issued = claims.get("iat").and_then(seconds).ok_or(TokenFault::TooEarly)?;
    let from = claims.get("nbf").map_or(Some(issued), seconds).ok_or(TokenFault::TooEarly)?;
    if issued.max(from) > now.saturating_add(LEEWAY_SECONDS) {
        return Err(TokenFault::TooEarly);
    }
    if issued < now.saturating_sub(ISSUED_SECONDS_MAX) {
        return Err(TokenFault::TooOld);
    }
    Ok(())
}

/// Seconds since 1970 (RFC 7519 section 2, NumericDate); fractions are cut off.
fn seconds(value: &Value) -> Option<i64> {
    let fraction = || {
        let whole = value.as_f64()?.trunc();
        format!("{whole:.0}").parse().ok()
    };
    value.as_i64().or_else(fraction)
}

#[cfg(test)]
mod tests;
