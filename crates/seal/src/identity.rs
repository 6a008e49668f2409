//! Identities derived from content and place (`docs/specs/contracts.md`, identity).
//!
//! Every part is written with its length in front (u64, big endian), so that no two different lists of parts hash alike.

use cordon_model::{Digest, EventId, FindingId, IncidentId, IncidentKind, Position, Time};
use sha2::{Digest as _, Sha256};

/// SHA-256 of the bytes, exactly.
#[must_use]
pub fn digest(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// SHA-256 of bytes that come piece by piece.
#[derive(Clone, Debug, Default)]
pub struct RunningDigest(Sha256);

impl RunningDigest {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes so far.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// SHA-256 over parts that come one after the other, each with its length in front.
#[derive(Clone, Debug, Default)]
pub struct PartsDigest(Sha256);

impl PartsDigest {
    /// Takes the next part.
    pub fn part(&mut self, bytes: &[u8]) {
        part(&mut self.0, bytes);
    }

    /// The digest of all parts so far.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// Identity of the `index`-th record of the RawRecord `bytes` at `position` of `source`.
#[must_use]
pub fn event_id(source: &str, position: Position, index: u32, bytes: &[u8]) -> EventId {
    let place = match position {
        Position::Offset(offset) => [u64::MAX, offset],
        Position::Chunk { chunk, record } => [u64::from(chunk), record],
    };
    let mut hash = Sha256::new();
    part(&mut hash, source.as_bytes());
    place.iter().for_each(|number| hash.update(number.to_be_bytes()));
    hash.update(index.to_be_bytes());
    part(&mut hash, bytes);
    EventId(uuid_v8(hash))
}

/// Identity of what `rule_id` says about `event`.
#[must_use]
pub fn finding_id(rule_id: &str, event: EventId) -> FindingId {
    let mut hash = Sha256::new();
    part(&mut hash, rule_id.as_bytes());
    part(&mut hash, &event.0);
    FindingId(uuid_v8(hash))
}

/// Identity of what the correlation `rule_id` says about a group and the window that starts at `window_start`.
#[must_use]
pub fn correlation_finding_id(rule_id: &str, group: &[(String, String)], window_start: Time) -> FindingId {
    let mut hash = Sha256::new();
    part(&mut hash, rule_id.as_bytes());
    for (name, value) in group {
        part(&mut hash, name.as_bytes());
        part(&mut hash, value.as_bytes());
    }
    part(&mut hash, &window_start.0.to_be_bytes());
    FindingId(uuid_v8(hash))
}

fn part(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

/// The first 16 bytes of the hash with version 8 and the RFC 9562 variant set.
/// Identity of the Incident of `kind` at `site` about `user` that `began` with an event: it stays when the Incident grows.
#[must_use]
pub fn incident_id(kind: IncidentKind, site: &str, user: &str, began: EventId) -> IncidentId {
    let mut hash = Sha256::new();
    for text in ["incident", kind.name(), site, user] {
        part(&mut hash, text.as_bytes());
    }
    part(&mut hash, &began.0);
    IncidentId(uuid_v8(hash))
}

fn uuid_v8(hash: Sha256) -> [u8; 16] {
    let full: [u8; 32] = hash.finalize().into();
    let mut id = [0; 16];
    id.iter_mut().zip(full).for_each(|(to, from)| *to = from);
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut id;
    *version = (*version & 0x0f) | 0x80;
    *variant = (*variant & 0x3f) | 0x80;
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_identical_lines_are_two_events() {
        let first = event_id("a.log", Position::Offset(0), 0, b"line");
        let second = event_id("a.log", Position::Offset(5), 0, b"line");
        assert_ne!(first, second);
        assert_eq!(first, event_id("a.log", Position::Offset(0), 0, b"line"));
        assert_ne!(first, event_id("a.log", Position::Offset(0), 1, b"line"));
        assert_ne!(first, event_id("b.log", Position::Offset(0), 0, b"line"));
    }

    #[test]
    fn an_incident_is_told_apart_by_site_user_and_what_began_it() {
        let began = event_id("a.log", Position::Offset(0), 0, b"line");
        let id = incident_id(IncidentKind::Privacy, "main", "anna", began);
        assert_eq!(id, incident_id(IncidentKind::Privacy, "main", "anna", began));
        assert_ne!(id, incident_id(IncidentKind::Privacy, "maina", "nna", began));
        assert_ne!(id, incident_id(IncidentKind::Privacy, "main", "anna", EventId([0; 16])));
        assert_eq!(id.to_string().as_bytes()[14], b'8');
    }

    #[test]
    fn ids_are_uuid_version_8() {
        let text = event_id("a.log", Position::Chunk { chunk: 1, record: 2 }, 0, b"line").to_string();
        assert_eq!(text.as_bytes()[14], b'8');
        assert!(matches!(text.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    }

    #[test]
    fn a_digest_of_pieces_is_that_of_the_whole() {
        let mut running = RunningDigest::default();
        running.update(b"a");
        running.update(b"bc");
        assert_eq!(running.finish(), digest(b"abc"));
    }

    #[test]
    fn a_digest_is_sha_256() {
        let expect = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-4, "abc"
        assert_eq!(digest(b"abc").to_string(), expect);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let of = |parts: &[&[u8]]| {
            let mut digest = PartsDigest::default();
            parts.iter().for_each(|bytes| digest.part(bytes));
            digest.finish()
        };
        assert_ne!(of(&[b"a", b"bc"]), of(&[b"ab", b"c"]));
        assert_eq!(of(&[b"a"]), digest(b"\0\0\0\0\0\0\0\x01a"));
    }

    #[test]
    fn group_values_do_not_run_into_each_other() {
        let group = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let one = correlation_finding_id("r", &group(&[("a", "bc")]), Time(1));
        let two = correlation_finding_id("r", &group(&[("ab", "c")]), Time(1));
        assert_ne!(one, two);
    }
}
