//! The only room that names a cryptographic primitive: digests, derived identities, pseudonyms, passwords, one-time codes, sealed bytes, signatures and
//! message authentication.
//!
//! Comes in: bytes, keys and randomness. Goes out: digests, ids, pseudonyms and sealed bytes. It keeps nothing.

mod identity;
mod jws;
mod mac;
mod password;
mod pseudonym;
mod totp;
pub mod vault;

pub use identity::{PartsDigest, RunningDigest, correlation_finding_id, digest, event_id, finding_id, incident_id};
pub use jws::{JwsAlgorithm, JwsKey};
pub use mac::mac;
pub use password::PasswordHash;
pub use pseudonym::{PatientRef, SiteKey, is_account_ref};
pub use totp::TotpSecret;
pub use vault::{DataKey, EnvelopeKey, KeyRing, MasterKey, SigningKey, TextKey, VaultError, WrappedKey};
