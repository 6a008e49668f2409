//! Up to where files were read: kept only after what was read is durable, and found again after a restart.
//!
//! A file is known by device and inode, by a fingerprint of its first bytes and one of the last bytes that were read; so a renamed file is the same, a copy is
//! told from its original, and a reused inode from the file that had it. Fingerprints are hashes: no content is stored.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Bytes at the start of a file that tell it.
const HEAD_BYTES: u64 = 1 << 10;
/// Bytes before the place that was reached that tell it.
const TAIL_BYTES: u64 = 256;
/// Files that are remembered; of more, those forgotten longest ago are given up.
pub(super) const ENTRIES_MAX: usize = 4_096;
/// Version of the form in which checkpoints are stored.
const VERSION: u32 = 1;

/// Where checkpoints of a pattern are kept.
pub trait Checkpoints: Send + Sync {
    /// What was stored last; empty when nothing was.
    ///
    /// # Errors
    /// When it cannot be read.
    fn load(&self) -> io::Result<Vec<u8>>;

    /// Replaces what is stored; durable when it returns.
    ///
    /// # Errors
    /// When it cannot be written.
    fn store(&self, bytes: &[u8]) -> io::Result<()>;
}

/// Checkpoints in a file, replaced by renaming.
#[derive(Clone, Debug)]
pub struct CheckpointFile(pub PathBuf);

impl Checkpoints for CheckpointFile {
    fn load(&self) -> io::Result<Vec<u8>> {
        match std::fs::read(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        }
    }

    fn store(&self, bytes: &[u8]) -> io::Result<()> {
        let next = self.0.with_extension("next");
        let mut file = File::create(&next)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&next, &self.0)?;
        match self.0.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}

/// Device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Key {
    device: u64,
    inode: u64,
}

impl Key {
    pub(super) fn of(metadata: &std::fs::Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// Bytes of a file by their hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    bytes: u64,
    hash: u64,
}

impl Fingerprint {
    fn of(file: &File, start: u64, bytes: u64) -> io::Result<Self> {
        Ok(Self::of_bytes(&read(file, start, bytes)?))
    }

    fn of_bytes(content: &[u8]) -> Self {
        match u64::try_from(content.len()) {
            Ok(bytes @ 1..) => Self { bytes, hash: fnv1a(content) },
            _ => Self::default(),
        }
    }
}

/// The ends of what was read of a file. They are taken from what was read, not from the file, which may be cut off at any time.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Ends {
    /// Of a file that was read up to `offset`.
    ///
    /// # Errors
    /// When the file cannot be read there.
    pub(super) fn of(file: &File, offset: u64) -> io::Result<Self> {
        let tail_bytes = offset.min(TAIL_BYTES);
        Ok(Self { head: read(file, 0, offset.min(HEAD_BYTES))?, tail: read(file, offset - tail_bytes, tail_bytes)? })
    }

    /// Adds bytes that were read.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let room = usize::try_from(HEAD_BYTES).unwrap_or_default().saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(room));
        let keep = usize::try_from(TAIL_BYTES).unwrap_or_default();
        self.tail.extend_from_slice(bytes.get(bytes.len().saturating_sub(keep)..).unwrap_or_default());
        self.tail.drain(..self.tail.len().saturating_sub(keep));
    }
}

fn read(file: &File, start: u64, bytes: u64) -> io::Result<Vec<u8>> {
    let mut content = vec![0; usize::try_from(bytes).unwrap_or_default()];
    file.read_exact_at(&mut content, start)?;
    Ok(content)
}

/// FNV-1a, 64 bits: the same in every release.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

/// Up to where one file was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) path: PathBuf,
    /// Everything before is durable.
    pub(super) offset: u64,
    /// Name of its format.
    pub(super) format: String,
    /// Where the header of its units stands; empty for formats without.
    pub(super) header: (u64, u64),
    /// Whether the header may go on behind `offset`: no unit came since.
    pub(super) is_in_header: bool,
    /// Whether the file is a copy of one that is followed; then nothing of it was read.
    pub(super) is_copy: bool,
    pub(super) head: Fingerprint,
    pub(super) tail: Fingerprint,
}

impl Entry {
    /// A file of which nothing was read.
    pub(super) fn new(key: Key, path: PathBuf) -> Self {
        let none = Fingerprint::default();
        Self {
            key,
            path,
            offset: 0,
            format: String::new(),
            header: (0, 0),
            is_in_header: true,
            is_copy: false,
            head: none,
            tail: none,
        }
    }

    /// The same file, read up to `offset`.
    pub(super) fn reached(self, offset: u64, ends: &Ends) -> Self {
        let (head, tail) = (Fingerprint::of_bytes(&ends.head), Fingerprint::of_bytes(&ends.tail));
        Self { offset, head, tail, ..self }
    }

    /// Whether a file holds what was read, up to the place that was reached.
    pub(super) fn fits(&self, file: &File) -> bool {
        let tail_at = self.offset.saturating_sub(self.tail.bytes);
        Fingerprint::of(file, 0, self.head.bytes).is_ok_and(|head| head == self.head)
            && Fingerprint::of(file, tail_at, self.tail.bytes).is_ok_and(|tail| tail == self.tail)
    }
}

/// Whether `file` holds the first `bytes` of `original`, as far as its ends tell.
pub(super) fn is_copy(file: &File, bytes: u64, original: &File) -> bool {
    let (head, tail) = (bytes.min(HEAD_BYTES), bytes.min(TAIL_BYTES));
    let same = |start, bytes| match (Fingerprint::of(file, start, bytes), Fingerprint::of(original, start, bytes)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    };
    bytes > 0 && same(0, head) && same(bytes - tail, tail)
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    files: Vec<Entry>,
}

/// Entries as they are stored.
pub(super) fn encode(files: Vec<Entry>) -> Vec<u8> {
    serde_json::to_vec(&Stored { version: VERSION, files }).unwrap_or_default()
}

/// Entries out of what was stored; none out of nothing.
///
/// # Errors
/// When the bytes are not checkpoints of this version.
pub(super) fn decode(bytes: &[u8]) -> io::Result<Vec<Entry>> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let stored: Stored = serde_json::from_slice(bytes)?;
    if stored.version != VERSION {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "checkpoints of another version"));
    }
    Ok(stored.files)
}
