//! The only room that names a cryptographic primitive: digests, derived identities and pseudonyms.
//!
//! Comes in: bytes and keys. Goes out: digests, ids and pseudonyms. It knows no format and keeps nothing.

mod identity;
mod pseudonym;

pub use identity::{PartsDigest, correlation_finding_id, digest, event_id, finding_id};
pub use pseudonym::{PatientRef, SiteKey};
