//! What normalising and judging both ask of a record, found out once for both.

use cordon_model::{Digest, EventId, Field, Record};
use cordon_seal::{digest, event_id};

use crate::Mask;

/// What is known of a record before it is normalised and judged.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    /// Identity of its event.
    pub id: EventId,
    /// SHA-256 of the RawRecord's bytes.
    pub record_sha256: Digest,
    /// Its fields in the healthcare taxonomy; `None` when nobody asked for them yet.
    pub taxonomy: Option<&'a [Field<'a>]>,
    /// What names its patients; `None` when nothing does.
    pub mask: Option<Mask>,
}

impl Known<'_> {
    /// What can be said of a record of this source, but its taxonomy.
    #[must_use]
    pub fn of(record: &Record<'_>, source: &str) -> Self {
        Self { mask: Mask::of(record), ..Self::unmasked(record, source) }
    }

    /// The same for who shows patients in clear.
    #[must_use]
    pub fn unmasked(record: &Record<'_>, source: &str) -> Self {
        let raw = record.raw;
        let id = event_id(source, raw.position, record.index, raw.bytes);
        Self { id, record_sha256: digest(raw.bytes), taxonomy: None, mask: None }
    }
}
