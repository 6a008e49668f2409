//! A sealed block: deliveries of one site and one day of receipt, compressed and sealed, with a salted digest over its records.
//!
//! ```text
//! block  = AES-256-GCM( zstd-3( salt 32 | ( varint gap | entry )* ) ), nonce = number of the block under its data key, bound to site, day and first offset
//! gap    = bytes of the log between the end of the entry before (at first: the first offset) and this entry; entry = as in the write-ahead log
//! leaf   = SHA-256 over parts: salt, offset u64, SHA-256 of the RawRecord                     of each record, in order
//! digest = SHA-256 over parts: salt, then per entry: offset u64, source, site, received i64, format, header, and its leaves
//! ```
//! The salt lies within the block: once it cannot be opened any more, nobody can test a guess against the digest.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cordon_model::{Delivery, Digest, Time};
use cordon_seal::vault::SEAL_BYTES;
use cordon_seal::{DataKey, PartsDigest, WrappedKey, digest};

use super::EvidenceError;
use crate::keys::{Keys, random};
use crate::wal::Entry;
use crate::wal::entry::{self, Entries, take_varint, varint};

/// zstd level: above it little is gained (measured for this kind of data).
const LEVEL: i32 = 3;
/// A block is closed once it holds so many bytes of the log.
const BLOCK_BYTES: usize = 1 << 20;
/// Most bytes of a block before compression: one block and the largest entry.
const PLAIN_BYTES_MAX: usize = 64 << 20;
/// A source of which a batch holds so much, or half of the batch, gets blocks of its own: they can leave without those of others.
const OWN_BYTES: usize = 128 << 10;
/// Data keys that are held; more sites and days at once get fresh ones.
const SESSIONS_MAX: usize = 256;
const DAY_MICROS: i64 = 86_400_000_000;
const SALT_BYTES: usize = 32;

/// What shares a key: site and day of receipt.
pub(super) type SiteDay = (Arc<str>, Day);

/// A day of receipt in UTC: days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

impl Day {
    /// The day of a time.
    #[must_use]
    pub const fn of(time: Time) -> Self {
        Self(time.0.div_euclid(DAY_MICROS))
    }
}

/// `2026-11-22`.
impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = Time(self.0.saturating_mul(DAY_MICROS)).to_string();
        f.write_str(text.split('T').next().unwrap_or(&text))
    }
}

/// What is known of a block without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BlockRow {
    pub(super) group: Arc<Group>,
    /// Nonce under the data key of the group.
    pub(super) number: u64,
    /// Offset of the first entry.
    pub(super) first: u64,
    /// Offset behind the last entry.
    pub(super) end: u64,
    pub(super) records: u64,
    /// Bytes before compression.
    pub(super) plain_bytes: u64,
    pub(super) digest: Digest,
    /// Its sources with the bytes of their deliveries, by name. Empty in files of version 1: then nobody knows.
    pub(super) sources: Vec<(Arc<str>, u64)>,
}

impl BlockRow {
    /// Whether a record at this offset can stand in it: something known of a delivery always stands before its bytes.
    pub(super) const fn holds(&self, position: u64) -> bool {
        self.first < position && position <= self.end
    }

    /// Every offset at which a record can stand in it.
    pub(super) const fn offsets(&self) -> std::ops::RangeInclusive<u64> {
        self.first.saturating_add(1)..=self.end
    }
}

/// Site, day and data key that blocks share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) site: Arc<str>,
    pub(super) day: Day,
    pub(super) key: WrappedKey,
}

impl Group {
    /// Name of the envelope key in the ring.
    pub(super) fn key_name(site: &str, day: Day) -> String {
        format!("evidence/{site}/{day}")
    }

    fn context(&self) -> Vec<u8> {
        context(&self.site, self.day)
    }

    /// The data key; `None` when the envelope key is gone or another one.
    pub(super) fn open(&self, keys: &Keys) -> Result<Option<DataKey>, EvidenceError> {
        let envelope = keys.known_envelope(&Self::key_name(&self.site, self.day))?;
        Ok(envelope.and_then(|envelope| envelope.unwrap(&self.key, &self.context()).ok()))
    }
}

fn context(site: &str, day: Day) -> Vec<u8> {
    let mut context = b"cordon evidence".to_vec();
    context.extend_from_slice(&day.0.to_be_bytes());
    context.extend_from_slice(site.as_bytes());
    context
}

/// A sealed block, ready to be appended.
#[derive(Clone, Debug)]
pub struct Block {
    pub(super) row: BlockRow,
    pub(super) sealed: Vec<u8>,
}

impl Block {
    /// Bytes that it takes.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.sealed.len()
    }
}

/// Makes blocks, on any number of threads.
#[derive(Debug, Default)]
pub(super) struct Sealer {
    sessions: Mutex<BTreeMap<SiteDay, Arc<Session>>>,
}

/// A data key of this run.
#[derive(Debug)]
struct Session {
    key: DataKey,
    group: Arc<Group>,
    next: AtomicU64,
}

impl Sealer {
    pub(super) fn blocks(&self, keys: &Keys, entries: &[Entry]) -> Result<Vec<Block>, EvidenceError> {
        let loud = loud(entries);
        let mut groups: BTreeMap<(SiteDay, Option<&Arc<str>>), Vec<&Entry>> = BTreeMap::new();
        for entry in entries {
            let group = (Arc::clone(&entry.delivery.site), Day::of(entry.delivery.received));
            groups.entry((group, loud.get(&entry.delivery.source).copied())).or_default().push(entry);
        }
        let mut blocks = Vec::new();
        for (((site, day), _), entries) in groups {
            let session = self.session(keys, site, day)?;
            let mut bytes = 0;
            let pieces = entries.chunk_by(|before, _| {
                bytes += before.delivery.bytes.len();
                let together = bytes < BLOCK_BYTES;
                bytes *= usize::from(together);
                together
            });
            for piece in pieces {
                blocks.push(session.seal(piece)?);
            }
        }
        Ok(blocks)
    }

    fn session(&self, keys: &Keys, site: Arc<str>, day: Day) -> Result<Arc<Session>, EvidenceError> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (site, day);
        if let Some(session) = sessions.get(&name) {
            return Ok(Arc::clone(session));
        }
        let (site, day) = name.clone();
        let envelope = keys.envelope(&Group::key_name(&site, day))?;
        let (key, wrapped) = DataKey::fresh(&random()?, &envelope, &context(&site, day))?;
        let group = Arc::new(Group { site, day, key: wrapped });
        let session = Arc::new(Session { key, group, next: AtomicU64::new(0) });
        if sessions.len() >= SESSIONS_MAX {
            sessions.clear();
        }
        sessions.insert(name, Arc::clone(&session));
        Ok(session)
    }

    /// From now on every site and day gets a fresh data key.
    pub(super) fn forget(&self) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Session {
    fn seal(&self, entries: &[&Entry]) -> Result<Block, EvidenceError> {
        let salt = random::<SALT_BYTES>()?;
        let mut plain = salt.to_vec();
        let first = entries.first().copied().map_or(0, start_of);
        let (mut end, mut one) = (first, Vec::new());
        for entry in entries {
            one.clear();
            entry::write(&entry.delivery, &mut one);
            let start = entry.end.checked_sub(one.len() as u64).ok_or(EvidenceError::NotFromTheLog)?;
            varint(start.checked_sub(end).ok_or(EvidenceError::NotFromTheLog)?, &mut plain);
            plain.extend_from_slice(&one);
            end = entry.end;
        }
        let (digest, records) = salted_digest(&salt, entries.iter().copied());
        let sources = sources_of(entries.iter().copied());
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut sealed = zstd::bulk::compress(&plain, LEVEL).map_err(EvidenceError::compression)?;
        self.key.seal(number, &first.to_be_bytes(), &mut sealed, 0)?;
        let group = Arc::clone(&self.group);
        let row = BlockRow { group, number, first, end, records, plain_bytes: plain.len() as u64, digest, sources };
        Ok(Block { row, sealed })
    }
}

/// Sources that get blocks of their own.
fn loud(entries: &[Entry]) -> BTreeMap<Arc<str>, &Arc<str>> {
    let mut bytes: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
    for entry in entries {
        *bytes.entry(&entry.delivery.source).or_default() += entry.delivery.bytes.len();
    }
    let own = OWN_BYTES.min(bytes.values().sum::<usize>() / 2);
    let loud = bytes.into_iter().filter(|(_, bytes)| *bytes >= own);
    loud.map(|(source, _)| (Arc::clone(source), source)).collect()
}

/// The sources of some entries with the bytes of their deliveries, by name.
pub(super) fn sources_of<'e>(entries: impl Iterator<Item = &'e Entry>) -> Vec<(Arc<str>, u64)> {
    let mut bytes: BTreeMap<&Arc<str>, u64> = BTreeMap::new();
    for entry in entries {
        *bytes.entry(&entry.delivery.source).or_default() += entry.delivery.bytes.len() as u64;
    }
    bytes.into_iter().map(|(source, bytes)| (Arc::clone(source), bytes)).collect()
}

/// Offset of the first byte of an entry, what stands in front of its bytes included.
fn start_of(entry: &Entry) -> u64 {
    let mut one = Vec::new();
    entry::write(&entry.delivery, &mut one);
    entry.end.saturating_sub(one.len() as u64)
}

/// The digest of a block and how many records it covers.
fn salted_digest<'e>(salt: &[u8], entries: impl Iterator<Item = &'e Entry>) -> (Digest, u64) {
    let mut parts = PartsDigest::default();
    let mut records = 0;
    parts.part(salt);
    for Entry { offset, delivery, .. } in entries {
        let Delivery { source, site, received, format, header, .. } = delivery;
        let (offset_bytes, received) = (offset.to_be_bytes(), received.0.to_be_bytes());
        let context: [&[u8]; 6] =
            [&offset_bytes, source.as_bytes(), site.as_bytes(), &received, format.as_bytes(), header];
        context.iter().for_each(|part| parts.part(part));
        for unit in &delivery.units {
            let place = offset.saturating_add(unit.start as u64);
            let record = digest(delivery.bytes.get(unit.start..unit.end).unwrap_or_default());
            let mut leaf = PartsDigest::default();
            [salt, &place.to_be_bytes(), &record.0].iter().for_each(|part| leaf.part(part));
            parts.part(&leaf.finish().0);
            records += 1;
        }
    }
    (parts.finish(), records)
}

/// The entries of a sealed block; `None` when its bytes are not what the row says.
pub(super) fn open(key: &DataKey, row: &BlockRow, sealed: &mut [u8]) -> Option<Vec<Entry>> {
    let plain_bytes = usize::try_from(row.plain_bytes).ok().filter(|bytes| *bytes <= PLAIN_BYTES_MAX)?;
    let compressed = key.open(row.number, &row.first.to_be_bytes(), sealed).ok()?;
    let plain = zstd::bulk::decompress(compressed, plain_bytes).ok()?;
    let (salt, mut rest) = plain.split_first_chunk::<SALT_BYTES>()?;
    let (mut entries, mut reading) = (Vec::new(), Entries::default());
    let mut end = row.first;
    while !rest.is_empty() {
        let start = end.checked_add(take_varint(&mut rest)?)?;
        let before = rest.len();
        let delivery = reading.one(&mut rest)?;
        end = start.checked_add((before - rest.len()) as u64)?;
        entries.push(Entry { offset: end.checked_sub(delivery.bytes.len() as u64)?, end, delivery });
    }
    let known = row.sources.is_empty() || row.sources == sources_of(entries.iter());
    let same = end == row.end && known && salted_digest(salt, entries.iter()) == (row.digest, row.records);
    same.then_some(entries)
}

/// Most bytes of a sealed block.
pub(super) const SEALED_BYTES_MAX: usize = PLAIN_BYTES_MAX + (PLAIN_BYTES_MAX >> 6) + SEAL_BYTES;
