//! The file: sealed blocks of entries in the order of patients, what the file is about and where each block begins, and at its end where that stands.
//!
//! ```text
//! CORDONRECORDS | version, 1 byte | wrapped key | block 0 | block 1 | ... | footer | offset of the footer, 8 bytes | number of blocks, 8 bytes
//! ```
//!
//! A block is entries with their lengths, compressed (zstd), then sealed under a key of this file alone; its number is the nonce. The footer is sealed with the number
//! behind the last block. The key is wrapped under the key `privacy/SITE` of the ring.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::path::PathBuf;

use cordon_model::Time;
use cordon_seal::vault::WRAPPED_BYTES;
use cordon_seal::{DataKey, WrappedKey};
use cordon_stats::codec;
use cordon_store::disk::{Disk, DiskFile};
use cordon_store::keys::Keys;

use super::entry::{self, Entry, Opened};
use super::{About, Record, RecordsFault};

const MAGIC: &[u8; 14] = b"CORDONRECORDS\x01";
/// Bytes in front of the first block.
const HEAD_BYTES: usize = MAGIC.len() + WRAPPED_BYTES;
/// Bytes behind the footer.
const TAIL_BYTES: usize = 16;
/// Bytes of entries in a block.
const BLOCK_BYTES: usize = 1 << 16;
/// Most bytes of a block when it is opened: entries are far shorter.
const PLAIN_BYTES_MAX: usize = 1 << 21;
/// Most bytes of a footer: some 30 million blocks.
const FOOTER_BYTES_MAX: u64 = 1 << 30;
/// Level of compression, as in evidence.
const LEVEL: i32 = 3;

/// Where the file is, and under which keys.
pub(super) struct Place<'p> {
    pub(super) disk: &'p dyn Disk,
    pub(super) keys: &'p Keys,
    pub(super) path: PathBuf,
    pub(super) site: &'p str,
}

impl Place<'_> {
    fn context(&self) -> String {
        format!("privacy/{}", self.site)
    }
}

fn keys(error: impl std::fmt::Display) -> RecordsFault {
    RecordsFault::Keys(error.to_string())
}

/// Where a block is.
struct Block {
    /// The patient of its first entry.
    first: u128,
    offset: u64,
    bytes: u64,
}

/// A file while it is written, beside the one that is there.
pub(super) struct Writing<'p> {
    place: Place<'p>,
    part: PathBuf,
    file: Box<dyn DiskFile>,
    key: DataKey,
    context: String,
    offset: u64,
    plain: Vec<u8>,
    first: Option<u128>,
    blocks: Vec<Block>,
}

impl<'p> Writing<'p> {
    pub(super) fn begin(place: Place<'p>) -> Result<Self, RecordsFault> {
        let mut random = [0; 44];
        getrandom::fill(&mut random).map_err(keys)?;
        let context = place.context();
        let envelope = place.keys.envelope(&context).map_err(keys)?;
        let (key, wrapped) = DataKey::fresh(&random, &envelope, context.as_bytes()).map_err(keys)?;
        let part = place.path.with_extension("part");
        match place.disk.remove(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let mut file = place.disk.create(&part)?;
        file.append(MAGIC)?;
        file.append(&wrapped.0)?;
        let offset = HEAD_BYTES as u64;
        Ok(Self { place, part, file, key, context, offset, plain: Vec::new(), first: None, blocks: Vec::new() })
    }

    /// The next entry in order.
    pub(super) fn push(&mut self, entry: &[u8]) -> Result<(), RecordsFault> {
        if self.plain.len() >= BLOCK_BYTES {
            self.end_block()?;
        }
        if self.first.is_none() {
            self.first = entry::key(entry);
        }
        codec::put_bytes(&mut self.plain, entry);
        Ok(())
    }

    fn end_block(&mut self) -> Result<(), RecordsFault> {
        let Some(first) = self.first.take() else { return Ok(()) };
        let plain = std::mem::take(&mut self.plain);
        let bytes = self.append_sealed(&plain)?;
        self.blocks.push(Block { first, offset: self.offset - bytes, bytes });
        Ok(())
    }

    /// Writes bytes, sealed; how many they became.
    fn append_sealed(&mut self, plain: &[u8]) -> Result<u64, RecordsFault> {
        let mut sealed = zstd::bulk::compress(plain, LEVEL)?;
        self.key.seal(self.blocks.len() as u64, self.context.as_bytes(), &mut sealed, 0).map_err(keys)?;
        self.file.append(&sealed)?;
        self.offset += sealed.len() as u64;
        Ok(sealed.len() as u64)
    }

    /// Ends it and puts it in the place of what was there.
    pub(super) fn finish(mut self, about: &About) -> Result<(), RecordsFault> {
        self.end_block()?;
        let mut footer = Vec::new();
        codec::put_bytes(&mut footer, &serde_json::to_vec(about).map_err(io::Error::other)?);
        codec::put_len(&mut footer, self.blocks.len());
        for block in &self.blocks {
            footer.extend_from_slice(&block.first.to_le_bytes());
            codec::put_u64(&mut footer, block.offset);
            codec::put_u64(&mut footer, block.bytes);
        }
        let at = self.offset;
        self.append_sealed(&footer)?;
        let mut tail = Vec::with_capacity(TAIL_BYTES);
        codec::put_u64(&mut tail, at);
        codec::put_u64(&mut tail, self.blocks.len() as u64);
        self.file.append(&tail)?;
        self.file.sync()?;
        drop(self.file);
        self.place.disk.rename(&self.part, &self.place.path)?;
        self.place.path.parent().map_or(Ok(()), |dir| self.place.disk.sync_dir(dir))?;
        Ok(())
    }
}

/// A file that is read.
struct Reading {
    file: Box<dyn DiskFile>,
    key: DataKey,
    context: String,
    about: About,
    blocks: Vec<Block>,
}

impl Reading {
    /// `None` when there is no file.
    fn open(place: &Place<'_>) -> Result<Option<Self>, RecordsFault> {
        let file = match place.disk.open(&place.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let head = bytes_at(&*file, 0, HEAD_BYTES as u64)?;
        let wrapped = head.strip_prefix(MAGIC).and_then(|wrapped| <[u8; WRAPPED_BYTES]>::try_from(wrapped).ok());
        let wrapped = WrappedKey(wrapped.ok_or(RecordsFault::Damaged)?);
        let context = place.context();
        let envelope = place.keys.known_envelope(&context).map_err(keys)?.ok_or(RecordsFault::Damaged)?;
        let key = envelope.unwrap(&wrapped, context.as_bytes()).map_err(|_| RecordsFault::Damaged)?;
        let end = file.bytes()?.checked_sub(TAIL_BYTES as u64).ok_or(RecordsFault::Damaged)?;
        let tail = bytes_at(&*file, end, TAIL_BYTES as u64)?;
        let from = &mut tail.as_slice();
        let (at, count) = codec::take_u64(from).zip(codec::take_u64(from)).ok_or(RecordsFault::Damaged)?;
        let length = end.checked_sub(at).filter(|length| *length <= FOOTER_BYTES_MAX).ok_or(RecordsFault::Damaged)?;
        let mut reading = Self { file, key, context, about: About::default(), blocks: Vec::new() };
        let footer = reading.opened(count, at, length, usize::try_from(FOOTER_BYTES_MAX).unwrap_or(usize::MAX))?;
        (reading.about, reading.blocks) = read_footer(&footer).ok_or(RecordsFault::Damaged)?;
        Ok(Some(reading))
    }

    fn opened(&self, number: u64, at: u64, length: u64, plain_max: usize) -> Result<Vec<u8>, RecordsFault> {
        let mut sealed = bytes_at(&*self.file, at, length)?;
        let plain = self.key.open(number, self.context.as_bytes(), &mut sealed).map_err(|_| RecordsFault::Damaged)?;
        // what was sealed here is no bomb, but says itself how long it is
        let said = zstd::zstd_safe::get_frame_content_size(plain).ok().flatten();
        let said = said.and_then(|said| usize::try_from(said).ok()).filter(|said| *said <= plain_max);
        zstd::bulk::decompress(plain, said.ok_or(RecordsFault::Damaged)?).map_err(|_| RecordsFault::Damaged)
    }

    /// Gives each entry that is kept under this id.
    fn each(&self, patient: u128, mut see: impl FnMut(Entry)) -> Result<(), RecordsFault> {
        // the entries of somebody may begin in the block before the first that begins with them
        let from = self.blocks.partition_point(|block| block.first < patient).saturating_sub(1);
        for (number, block) in self.blocks.iter().enumerate().skip(from) {
            if block.first > patient {
                break;
            }
            let plain = self.opened(number as u64, block.offset, block.bytes, PLAIN_BYTES_MAX)?;
            entries_of(&plain, patient, &mut see).ok_or(RecordsFault::Damaged)?;
        }
        Ok(())
    }
}

/// Gives each entry of an opened block that is kept under this id; `None` when it holds anything else than entries.
fn entries_of(plain: &[u8], patient: u128, see: &mut impl FnMut(Entry)) -> Option<()> {
    let mut rest = plain;
    while !rest.is_empty() {
        let entry = codec::take_bytes(&mut rest)?;
        if entry::key(entry) == Some(patient) {
            see(entry::read(entry)?);
        }
    }
    Some(())
}

fn read_footer(footer: &[u8]) -> Option<(About, Vec<Block>)> {
    let from = &mut &*footer;
    let about = serde_json::from_slice(codec::take_bytes(from)?).ok()?;
    let mut blocks = Vec::new();
    for _ in 0..codec::take_len(from, 32)? {
        let first = u128::from_le_bytes(codec::take(from)?);
        blocks.push(Block { first, offset: codec::take_u64(from)?, bytes: codec::take_u64(from)? });
    }
    Some((about, blocks))
}

fn bytes_at(file: &dyn DiskFile, at: u64, length: u64) -> Result<Vec<u8>, RecordsFault> {
    if at.checked_add(length).is_none_or(|end| file.bytes().is_ok_and(|bytes| bytes < end)) {
        return Err(RecordsFault::Damaged);
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    let read = file.read_at(at, &mut bytes)?;
    if read < bytes.len() { Err(RecordsFault::Damaged) } else { Ok(bytes) }
}

/// See [`super::Records::read`]; of more than `most` accesses the latest are given.
pub(super) fn read(
    place: &Place<'_>,
    patient: u128,
    period: &Range<Time>,
    most: usize,
) -> Result<Option<Record>, RecordsFault> {
    let Some(reading) = Reading::open(place)? else { return Ok(None) };
    let mut person = patient;
    reading.each(patient, |entry| {
        if let Entry::StandsFor(first) = entry {
            person = first;
        }
    })?;
    let (mut patients, mut accesses, mut left_out) = (Vec::new(), VecDeque::<Opened>::new(), 0);
    let mut is_known = false;
    reading.each(person, |entry| match entry {
        Entry::Name(one) => patients.push(format!("p-{one:032x}")),
        Entry::Access(opened) => {
            is_known = true;
            if period.contains(&opened.time) {
                accesses.push_back(*opened);
            }
            if accesses.len() > most {
                accesses.pop_front();
                left_out += 1;
            }
        }
        Entry::StandsFor(_) => {}
    })?;
    if patients.is_empty() && is_known {
        patients.push(format!("p-{person:032x}"));
    }
    patients.dedup();
    Ok(Some(Record { about: reading.about, patients, accesses: accesses.into(), left_out }))
}
