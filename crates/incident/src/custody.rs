//! Custody: what was done, who did it, when; each entry chained to the one before.
//!
//! hash(entry) = SHA-256 over the parts id of the Incident, prev, number, at, by, deed, words, content; each part has its length in front (u64, big endian), numbers
//! are 8 bytes, big endian. The first entry's prev is 32 zero bytes.

use cordon_model::{Custody, Digest, Incident, IncidentId, Time};
use cordon_seal::{PartsDigest, digest};

use crate::{CUSTODY_MAX, Doer, Refused};

/// The chain does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {number} of the custody was changed, or one before it was taken out")]
pub struct ChainBroken {
    /// Number of the first entry that does not fit.
    pub number: u32,
}

/// What was done, to be chained.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) deed: &'static str,
    pub(crate) words: String,
    pub(crate) content: Digest,
}

impl Done {
    /// Without a text.
    pub(crate) fn new(deed: &'static str, words: impl Into<String>) -> Self {
        Self { deed, words: words.into(), content: Digest([0; 32]) }
    }

    /// With a free text, of which custody keeps the digest.
    pub(crate) fn of_text(deed: &'static str, words: impl Into<String>, text: &str) -> Self {
        Self { content: digest(text.as_bytes()), ..Self::new(deed, words) }
    }
}

/// Appends an entry.
pub(crate) fn append(incident: &mut Incident, by: Doer<'_>, at: Time, done: Done) -> Result<Custody, Refused> {
    if incident.custody.len() >= CUSTODY_MAX {
        return Err(Refused::TooMany("entries of custody"));
    }
    let (number, prev) =
        incident.custody.last().map_or((1, Digest([0; 32])), |last| (last.number.saturating_add(1), last.hash));
    let Done { deed, words, content } = done;
    let mut entry =
        Custody { number, at, by: by.name().to_owned(), deed: deed.to_owned(), words, content, hash: Digest([0; 32]) };
    entry.hash = link(incident.found.id, prev, &entry);
    incident.custody.push(entry.clone());
    Ok(entry)
}

/// Walks the chain.
///
/// # Errors
/// The number of the first entry that does not follow from those before.
pub fn verify_custody(id: IncidentId, custody: &[Custody]) -> Result<(), ChainBroken> {
    let mut prev = Digest([0; 32]);
    for (expected, entry) in (1..).zip(custody) {
        if entry.number != expected || entry.hash != link(id, prev, entry) {
            return Err(ChainBroken { number: expected });
        }
        prev = entry.hash;
    }
    Ok(())
}

fn link(id: IncidentId, prev: Digest, entry: &Custody) -> Digest {
    let mut parts = PartsDigest::default();
    parts.part(&id.0);
    parts.part(&prev.0);
    parts.part(&u64::from(entry.number).to_be_bytes());
    parts.part(&entry.at.0.to_be_bytes());
    for text in [&entry.by, &entry.deed, &entry.words] {
        parts.part(text.as_bytes());
    }
    parts.part(&entry.content.0);
    parts.finish()
}
