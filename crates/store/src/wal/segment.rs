//! One segment file: a header with its key, then frames. Numbers are big endian.
//!
//! ```text
//! name   = SEQUENCE-FIRST.wal, decimal, 10 and 20 digits
//! header = "CORDWAL\0" | version u16 | 0 u16 | sequence u64 | first offset u64 | wrapped data key 60 | CRC-32 u32 of all before        92 bytes
//! frame  = length u32 of sealed | CRC-32 u32 of length, first and sealed | first offset u64 | sealed entries and tag                   one group commit
//! ```
//! A frame is sealed with its first offset as nonce; a key lives for one segment of one run, so no nonce comes twice. What a segment says at or beyond the first
//! offset of the next one was never acknowledged and does not count.

use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use cordon_seal::WrappedKey;
use cordon_seal::vault::{SEAL_BYTES, WRAPPED_BYTES};

use crate::disk::{Disk, DiskFile};

const MAGIC: &[u8; 8] = b"CORDWAL\0";
const VERSION: u16 = 1;
/// Bytes of the header before the wrapped key: what the key is bound to.
const BOUND_BYTES: usize = 8 + 2 + 2 + 8 + 8;
/// Bytes of the header.
pub(super) const HEADER_BYTES: usize = BOUND_BYTES + WRAPPED_BYTES + 4;
/// Bytes in front of the sealed part of a frame.
pub(super) const FRAME_HEAD_BYTES: usize = 16;
/// Longest sealed part of a frame: one group commit.
pub(super) const SEALED_BYTES_MAX: usize = 64 << 20;
/// How much of a file is looked through at a time for the next whole frame behind a damage.
const SEARCH_BYTES: usize = 1 << 20;

/// A segment file by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) sequence: u64,
    /// Offset of its first entry.
    pub(super) first: u64,
    pub(super) path: PathBuf,
}

impl Segment {
    pub(super) fn new(dir: &Path, sequence: u64, first: u64) -> Self {
        Self { sequence, first, path: dir.join(format!("{sequence:010}-{first:020}.wal")) }
    }

    /// The segment of a file name; `None` for other files.
    pub(super) fn of_name(dir: &Path, name: &str) -> Option<Self> {
        let (sequence, first) = name.strip_suffix(".wal")?.split_once('-')?;
        let segment = Self::new(dir, sequence.parse().ok()?, first.parse().ok()?);
        (segment.path.file_name()?.to_str()? == name).then_some(segment)
    }

    /// What the wrapped key is bound to.
    pub(super) fn bound(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_be_bytes());
        bytes.extend_from_slice(&[0; 2]);
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.first.to_be_bytes());
        bytes
    }

    /// The header with this key.
    pub(super) fn header(&self, key: &WrappedKey) -> Vec<u8> {
        let mut bytes = self.bound();
        bytes.extend_from_slice(&key.0);
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
        bytes
    }

    /// The wrapped key of the file; `None` when its header is not whole.
    pub(super) fn read_header(&self, file: &dyn DiskFile) -> io::Result<Option<WrappedKey>> {
        let mut header = [0; HEADER_BYTES];
        let read = file.read_at(0, &mut header)?;
        let bound = self.bound();
        let key = header.get(BOUND_BYTES..).and_then(|rest| rest.first_chunk::<WRAPPED_BYTES>());
        let whole = read == HEADER_BYTES
            && header.starts_with(&bound)
            && header.split_last_chunk::<4>().is_some_and(|(all, crc)| crc32fast::hash(all).to_be_bytes() == *crc);
        Ok(key.filter(|_| whole).map(|key| WrappedKey(*key)))
    }

    /// Whether the file was written by a later version of this format.
    pub(super) fn is_newer(file: &dyn DiskFile) -> io::Result<bool> {
        let mut head = [0; 10];
        let read = file.read_at(0, &mut head)?;
        let version = head.split_last_chunk::<2>().map_or(0, |(_, version)| u16::from_be_bytes(*version));
        Ok(read == head.len() && head.starts_with(MAGIC) && version > VERSION)
    }
}

/// Writes length, checksum and first offset in front of the sealed part of `frame`, whose first bytes are free for it.
pub(super) fn finish_frame(frame: &mut [u8], first: u64) -> Option<()> {
    let (head, sealed) = frame.split_first_chunk_mut::<FRAME_HEAD_BYTES>()?;
    let length = u32::try_from(sealed.len()).ok().filter(|_| sealed.len() <= SEALED_BYTES_MAX)?;
    let number = (u64::from(length) << 32) | u64::from(checksum(length, first, sealed));
    *head = ((u128::from(number) << 64) | u128::from(first)).to_be_bytes();
    Some(())
}

fn checksum(length: u32, first: u64, sealed: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&length.to_be_bytes());
    crc.update(&first.to_be_bytes());
    crc.update(sealed);
    crc.finalize()
}

/// Where a frame lies and what it spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Offset of its first entry.
    pub(super) first: u64,
    /// Offset behind its last entry.
    pub(super) end: u64,
    length: u32,
    crc: u32,
}

impl Frame {
    fn of_head(head: [u8; FRAME_HEAD_BYTES]) -> Option<Self> {
        let (length, crc, first) = parts(head);
        let plain = u64::from(length).checked_sub(SEAL_BYTES as u64).filter(|plain| *plain > 0)?;
        let end = first.checked_add(plain)?;
        (length as usize <= SEALED_BYTES_MAX).then_some(Self { first, end, length, crc })
    }

    /// Bytes that it takes in the file.
    const fn bytes(self) -> u64 {
        FRAME_HEAD_BYTES as u64 + self.length as u64
    }
}

/// Length, checksum and first offset.
fn parts(head: [u8; FRAME_HEAD_BYTES]) -> (u32, u32, u64) {
    let [a, b, c, d, e, f, g, h, first @ ..] = head;
    (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]), u64::from_be_bytes(first))
}

/// What comes next in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A frame whose checksum holds; its sealed part is in the buffer.
    Frame(Frame),
    /// The log from here to there is damaged or missing.
    Gap { from: u64, to: u64 },
    /// Nothing more; so many bytes at the end of the file are no frame.
    End { torn_bytes: u64 },
}

/// Goes through the frames of one file.
#[derive(Debug)]
pub(super) struct Walk {
    file: Box<dyn DiskFile>,
    /// Place in the file.
    at: u64,
    /// Offset of the frame that should stand there.
    pub(super) expect: u64,
}

impl Walk {
    pub(super) fn new(file: Box<dyn DiskFile>, segment: &Segment) -> Self {
        Self { file, at: HEADER_BYTES as u64, expect: segment.first }
    }

    /// Passes over whole frames that end at or below `offset`, looking at nothing but their heads.
    pub(super) fn skip_below(&mut self, offset: u64) -> io::Result<()> {
        while self.expect < offset {
            let Some(frame) = self.head_at(self.at)?.filter(|frame| frame.first == self.expect) else { break };
            if frame.end > offset || self.at + frame.bytes() > self.file.bytes()? {
                break;
            }
            (self.at, self.expect) = (self.at + frame.bytes(), frame.end);
        }
        Ok(())
    }

    /// The next step below `limit`. Where another segment or durable entries follow, `limit` is known to have been reached: what is missing up to it is a gap.
    /// With `limit` `None` the end is open, and what is no frame there is a torn tail, unless a whole frame follows: a frame is written only after the one before
    /// it was safe, so that proves damage.
    pub(super) fn next(&mut self, limit: Option<u64>, sealed: &mut Vec<u8>) -> io::Result<Step> {
        let bound = limit.unwrap_or(u64::MAX);
        if self.expect >= bound {
            return Ok(Step::End { torn_bytes: 0 });
        }
        let frame = self.frame_at(self.at, bound, sealed)?.filter(|frame| frame.first == self.expect);
        if let Some(frame) = frame {
            (self.at, self.expect) = (self.at + frame.bytes(), frame.end);
            return Ok(Step::Frame(frame));
        }
        let from = self.expect;
        let found = self.search(bound, sealed)?;
        if let Some((at, first)) = found {
            (self.at, self.expect) = (at, first);
            return Ok(Step::Gap { from, to: first });
        }
        let Some(to) = limit else {
            return Ok(Step::End { torn_bytes: self.file.bytes()?.saturating_sub(self.at) });
        };
        self.expect = to;
        Ok(Step::Gap { from, to })
    }

    fn head_at(&self, at: u64) -> io::Result<Option<Frame>> {
        let mut head = [0; FRAME_HEAD_BYTES];
        let read = self.file.read_at(at, &mut head)?;
        Ok(Frame::of_head(head).filter(|_| read == FRAME_HEAD_BYTES))
    }

    /// The frame at a place of the file if it is whole and ends at or below `bound`.
    fn frame_at(&self, at: u64, bound: u64, sealed: &mut Vec<u8>) -> io::Result<Option<Frame>> {
        let Some(frame) = self.head_at(at)? else { return Ok(None) };
        if frame.end > bound || at + frame.bytes() > self.file.bytes()? {
            return Ok(None);
        }
        sealed.resize(frame.length as usize, 0);
        let read = self.file.read_at(at + FRAME_HEAD_BYTES as u64, sealed)?;
        let whole = read == sealed.len() && checksum(frame.length, frame.first, sealed) == frame.crc;
        Ok(whole.then_some(frame))
    }

    /// Place and first offset of the next whole frame behind the place where one should stand.
    fn search(&self, bound: u64, sealed: &mut Vec<u8>) -> io::Result<Option<(u64, u64)>> {
        let bytes = self.file.bytes()?;
        // no frame of this file can start further on than the file has bytes
        let first_max = self.expect.saturating_add(bytes.saturating_sub(self.at)).min(bound.saturating_sub(1));
        let firsts = self.expect + 1..=first_max;
        let mut piece = vec![0; SEARCH_BYTES + FRAME_HEAD_BYTES - 1];
        let mut at = self.at + 1;
        while at < bytes {
            let read = self.file.read_at(at, &mut piece)?;
            let places = likely_heads(piece.get(..read).unwrap_or_default(), firsts.clone());
            if let Some(found) = self.first_whole(places.map(|place| at + place as u64), bound, sealed)? {
                return Ok(Some(found));
            }
            at += SEARCH_BYTES as u64;
        }
        Ok(None)
    }

    fn first_whole(
        &self,
        places: impl Iterator<Item = u64>,
        bound: u64,
        sealed: &mut Vec<u8>,
    ) -> io::Result<Option<(u64, u64)>> {
        for place in places {
            if let Some(frame) = self.frame_at(place, bound, sealed)? {
                return Ok(Some((place, frame.first)));
            }
        }
        Ok(None)
    }
}

/// Places in `bytes` where the head of a frame could stand that starts at one of `firsts`.
fn likely_heads(bytes: &[u8], firsts: RangeInclusive<u64>) -> impl Iterator<Item = usize> {
    let windows = bytes.windows(FRAME_HEAD_BYTES).enumerate();
    windows.filter_map(move |(place, head)| {
        let frame = Frame::of_head(*head.first_chunk()?)?;
        firsts.contains(&frame.first).then_some(place)
    })
}

/// The segments in a folder, in order.
pub(super) fn list(disk: &dyn Disk, dir: &Path) -> io::Result<Vec<Segment>> {
    let entries = disk.list(dir)?;
    let mut segments: Vec<_> = entries.iter().filter_map(|entry| Segment::of_name(dir, &entry.name)).collect();
    segments.sort_by_key(|segment| segment.sequence);
    Ok(segments)
}
