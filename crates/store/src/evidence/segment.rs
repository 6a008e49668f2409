//! One evidence file: sealed blocks, then a footer that says where each lies, chained to the file before. Numbers are big endian where not varint.
//!
//! ```text
//! name   = FROM-THROUGH.evidence, decimal, 20 digits each: it holds what the write-ahead log had from FROM up to THROUGH
//! file   = "CORDEVI" | version u8 | blocks | footer | footer bytes u32 | CRC-32 of footer u32 | "CORDEVI" | version u8
//! footer = chain before 32 | chain 32 | varint groups | ( text site | zigzag day | wrapped key 60 )* | varint sources | text* | varint rows | row*
//! row    = varint group | varint number | varint place | varint bytes | CRC-32 u32 | varint first | varint end - first | varint records
//!          | varint plain bytes | digest 32 | varint removal (0: the block is there; n: it left by the n-th entry of the ledger)
//!          | varint members | ( varint source | varint bytes of its deliveries )*
//! chain  = SHA-256 over parts: chain before, from u64, through u64, then per row: site, day i64, first, end, records, plain bytes u64, digest
//! ```
//! Version 1 has no sources and no members. The chain does not cover where a block lies and whether it left: it holds after pruning.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cordon_model::Digest;
use cordon_seal::vault::WRAPPED_BYTES;
use cordon_seal::{PartsDigest, WrappedKey};

use super::block::{Block, BlockRow, Day, Group, SEALED_BYTES_MAX};
use crate::disk::{Disk, DiskFile};
use crate::wal::entry::{take_blob, take_varint, varint};

const MAGIC: &[u8; 8] = b"CORDEVI\x02";
/// Of files whose rows do not name their sources.
const MAGIC_1: &[u8; 8] = b"CORDEVI\x01";
const TAIL_BYTES: usize = 4 + 4 + 8;
/// Largest footer: some million blocks.
const FOOTER_BYTES_MAX: u32 = 256 << 20;

/// A file by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) from: u64,
    pub(super) through: u64,
    pub(super) path: PathBuf,
}

impl Segment {
    pub(super) fn new(dir: &Path, from: u64, through: u64) -> Self {
        Self { from, through, path: dir.join(format!("{from:020}-{through:020}.evidence")) }
    }

    pub(super) fn of_name(dir: &Path, name: &str) -> Option<Self> {
        let (from, through) = name.strip_suffix(".evidence")?.split_once('-')?;
        let segment = Self::new(dir, from.parse().ok()?, through.parse().ok()?);
        (segment.path.file_name()?.to_str()? == name).then_some(segment)
    }

    pub(super) fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }
}

/// Where a block lies and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) row: BlockRow,
    pub(super) place: u64,
    pub(super) bytes: u64,
    pub(super) crc: u32,
    /// 0 while it is there; else the number of the entry of the ledger by which it left.
    pub(super) removal: u64,
}

impl Placed {
    /// The sealed bytes; `None` when they are not those that were written.
    pub(super) fn read(&self, file: &dyn DiskFile) -> io::Result<Option<Vec<u8>>> {
        let sealed = self.copy(file)?;
        Ok(Some(sealed).filter(|sealed| crc32fast::hash(sealed) == self.crc))
    }

    /// What stands in its place, right or not.
    pub(super) fn copy(&self, file: &dyn DiskFile) -> io::Result<Vec<u8>> {
        let bytes = usize::try_from(self.bytes).ok().filter(|bytes| *bytes <= SEALED_BYTES_MAX);
        let mut sealed = vec![0; bytes.unwrap_or(0)];
        let read = file.read_at(self.place, &mut sealed)?;
        sealed.truncate(read);
        Ok(sealed)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Footer {
    pub(super) before: Digest,
    pub(super) chain: Digest,
    pub(super) rows: Vec<Placed>,
}

/// The chain of a file with these rows behind `before`.
pub(super) fn chain<'r>(before: Digest, segment: &Segment, rows: impl Iterator<Item = &'r BlockRow>) -> Digest {
    let mut parts = PartsDigest::default();
    parts.part(&before.0);
    parts.part(&segment.from.to_be_bytes());
    parts.part(&segment.through.to_be_bytes());
    for row in rows {
        parts.part(row.group.site.as_bytes());
        parts.part(&row.group.day.0.to_be_bytes());
        [row.first, row.end, row.records, row.plain_bytes].iter().for_each(|part| parts.part(&part.to_be_bytes()));
        parts.part(&row.digest.0);
    }
    parts.finish()
}

/// Writes a file beside its place, makes it safe and moves it to its place.
///
/// `blocks` gives the sealed bytes of every row whose `removal` is 0, in order; places are set here.
pub(super) fn publish(
    disk: &dyn Disk,
    dir: &Path,
    segment: &Segment,
    footer: &mut Footer,
    mut blocks: impl FnMut(&Placed) -> io::Result<Vec<u8>>,
) -> io::Result<()> {
    let temporary = segment.path.with_extension("tmp");
    match disk.remove(&temporary) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault),
        _ => {}
    }
    let mut file = disk.create(&temporary)?;
    file.append(MAGIC)?;
    let mut place = MAGIC.len() as u64;
    for placed in &mut footer.rows {
        if placed.removal > 0 {
            (placed.place, placed.bytes) = (0, 0);
            continue;
        }
        let sealed = blocks(placed)?;
        (placed.place, placed.bytes) = (place, sealed.len() as u64);
        place += placed.bytes;
        file.append(&sealed)?;
    }
    file.append(&footer.encode()?)?;
    disk.reached("evidence.file_written");
    file.sync()?;
    drop(file);
    disk.rename(&temporary, &segment.path)?;
    disk.reached("evidence.renamed");
    disk.sync_dir(dir)
}

impl Footer {
    /// Of a new file with these blocks.
    pub(super) fn new(before: Digest, segment: &Segment, blocks: &[Arc<Block>]) -> Self {
        let chain = chain(before, segment, blocks.iter().map(|block| &block.row));
        let placed = |block: &Arc<Block>| {
            let crc = crc32fast::hash(&block.sealed);
            Placed { row: block.row.clone(), place: 0, bytes: 0, crc, removal: 0 }
        };
        Self { before, chain, rows: blocks.iter().map(placed).collect() }
    }

    /// Footer and tail.
    fn encode(&self) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        out.extend_from_slice(&self.before.0);
        out.extend_from_slice(&self.chain.0);
        let mut groups: Vec<&Arc<Group>> = Vec::new();
        let names: BTreeSet<&Arc<str>> =
            self.rows.iter().flat_map(|placed| placed.row.sources.iter().map(|(source, _)| source)).collect();
        let numbers: BTreeMap<&Arc<str>, u64> = names.iter().copied().zip(0..).collect();
        let mut rows = Vec::new();
        for placed in &self.rows {
            let known = groups.iter().position(|group| **group == placed.row.group);
            let group = known.unwrap_or_else(|| {
                groups.push(&placed.row.group);
                groups.len() - 1
            });
            placed.encode(group, &numbers, &mut rows);
        }
        varint(groups.len() as u64, &mut out);
        for group in groups {
            varint(group.site.len() as u64, &mut out);
            out.extend_from_slice(group.site.as_bytes());
            varint(((group.day.0 << 1) ^ (group.day.0 >> 63)).cast_unsigned(), &mut out);
            out.extend_from_slice(&group.key.0);
        }
        varint(names.len() as u64, &mut out);
        for name in names {
            varint(name.len() as u64, &mut out);
            out.extend_from_slice(name.as_bytes());
        }
        varint(self.rows.len() as u64, &mut out);
        out.extend_from_slice(&rows);
        let bytes = u32::try_from(out.len()).ok().filter(|bytes| *bytes <= FOOTER_BYTES_MAX);
        let bytes = bytes.ok_or_else(|| io::Error::other("too many blocks for one file"))?;
        let crc = crc32fast::hash(&out);
        out.extend_from_slice(&bytes.to_be_bytes());
        out.extend_from_slice(&crc.to_be_bytes());
        out.extend_from_slice(MAGIC);
        Ok(out)
    }

    /// The footer of a file; `None` when it is damaged.
    pub(super) fn read(file: &dyn DiskFile) -> io::Result<Option<Self>> {
        let bytes = file.bytes()?;
        let mut tail = [0; TAIL_BYTES];
        let Some(tail_at) = bytes.checked_sub(TAIL_BYTES as u64) else { return Ok(None) };
        file.read_at(tail_at, &mut tail)?;
        let [a, b, c, d, e, f, g, h, magic @ ..] = tail;
        let (length, crc) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
        let names_sources = magic == *MAGIC;
        let is_ours = (names_sources || magic == *MAGIC_1) && length <= FOOTER_BYTES_MAX;
        let at = tail_at.checked_sub(u64::from(length)).filter(|_| is_ours);
        let Some(at) = at else { return Ok(None) };
        let mut footer = vec![0; length as usize];
        file.read_at(at, &mut footer)?;
        let footer = Some(footer).filter(|footer| crc32fast::hash(footer) == crc);
        Ok(footer.and_then(|footer| Self::decode(&footer, names_sources)))
    }

    fn decode(mut rest: &[u8], names_sources: bool) -> Option<Self> {
        let rest = &mut rest;
        let (before, chain) = (Digest(take(rest)?), Digest(take(rest)?));
        let mut groups = Vec::new();
        for _ in 0..take_varint(rest)? {
            let site = std::str::from_utf8(take_blob(rest)?).ok()?.into();
            let day = take_varint(rest)?;
            let day = Day((day >> 1).cast_signed() ^ -((day & 1).cast_signed()));
            groups.push(Arc::new(Group { site, day, key: WrappedKey(take::<WRAPPED_BYTES>(rest)?) }));
        }
        let mut names: Vec<Arc<str>> = Vec::new();
        for _ in 0..if names_sources { take_varint(rest)? } else { 0 } {
            names.push(std::str::from_utf8(take_blob(rest)?).ok()?.into());
        }
        let mut rows = Vec::new();
        for _ in 0..take_varint(rest)? {
            let mut placed = Placed::decode(&groups, rest)?;
            for _ in 0..if names_sources { take_varint(rest)? } else { 0 } {
                let name = names.get(usize::try_from(take_varint(rest)?).ok()?)?;
                placed.row.sources.push((Arc::clone(name), take_varint(rest)?));
            }
            rows.push(placed);
        }
        rest.is_empty().then_some(Self { before, chain, rows })
    }
}

impl Placed {
    fn encode(&self, group: usize, sources: &BTreeMap<&Arc<str>, u64>, out: &mut Vec<u8>) {
        let Self { row, place, bytes, crc, removal } = self;
        [group as u64, row.number, *place, *bytes].iter().for_each(|number| varint(*number, out));
        out.extend_from_slice(&crc.to_be_bytes());
        let span = row.end.saturating_sub(row.first);
        [row.first, span, row.records, row.plain_bytes].iter().for_each(|number| varint(*number, out));
        out.extend_from_slice(&row.digest.0);
        varint(*removal, out);
        varint(row.sources.len() as u64, out);
        for (source, bytes) in &row.sources {
            varint(sources.get(source).copied().unwrap_or_default(), out);
            varint(*bytes, out);
        }
    }

    fn decode(groups: &[Arc<Group>], rest: &mut &[u8]) -> Option<Self> {
        let group = groups.get(usize::try_from(take_varint(rest)?).ok()?)?;
        let (number, place, bytes) = (take_varint(rest)?, take_varint(rest)?, take_varint(rest)?);
        let crc = u32::from_be_bytes(take(rest)?);
        let first = take_varint(rest)?;
        let end = first.checked_add(take_varint(rest)?)?;
        let (records, plain_bytes) = (take_varint(rest)?, take_varint(rest)?);
        let digest = Digest(take(rest)?);
        let removal = take_varint(rest)?;
        let sources = Vec::new();
        let row = BlockRow { group: Arc::clone(group), number, first, end, records, plain_bytes, digest, sources };
        Some(Self { row, place, bytes, crc, removal })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*first)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file as version 1 wrote it: the same without sources and members.
    pub(crate) fn as_version_1(file: &[u8]) -> Vec<u8> {
        let (rest, tail) = file.split_at(file.len() - TAIL_BYTES);
        let length = u32::from_be_bytes(*tail.first_chunk().unwrap()) as usize;
        let (blocks, footer) = rest.split_at(rest.len() - length);
        let mut footer = Footer::decode(footer, true).unwrap();
        footer.rows.iter_mut().for_each(|placed| placed.row.sources.clear());
        let encoded = footer.encode().unwrap();
        let mut plain = encoded.get(..encoded.len() - TAIL_BYTES).unwrap().to_vec();
        // without names the number of sources is one byte behind the groups, and each row ends with one that says there are no members
        let rows = footer.rows.len();
        let groups = plain.len() - {
            let mut rows_of: Vec<u8> = Vec::new();
            varint(rows as u64, &mut rows_of);
            let numbers = BTreeMap::new();
            footer.rows.iter().for_each(|placed| placed.encode(0, &numbers, &mut rows_of));
            rows_of.len()
        };
        let mut rest = plain.split_off(groups);
        plain.pop();
        let mut old = Vec::new();
        varint(rows as u64, &mut old);
        let mut reading = rest.split_off(old.len()).into_iter();
        for (number, placed) in footer.rows.iter().enumerate() {
            let mut row = Vec::new();
            placed.encode(number, &BTreeMap::new(), &mut row);
            let mut row: Vec<u8> = reading.by_ref().take(row.len()).collect();
            row.pop();
            old.extend(row);
        }
        plain.extend(old);
        let (length, crc) = (u32::try_from(plain.len()).unwrap(), crc32fast::hash(&plain));
        [MAGIC_1, blocks.get(MAGIC.len()..).unwrap(), &plain, &length.to_be_bytes(), &crc.to_be_bytes(), MAGIC_1]
            .concat()
    }
}
