//! Evidence: the bytes as received, sealed for years, provable without being readable.
//!
//! Comes in: what the write-ahead log gives, batch by batch. Goes out: a delivery again by its offset, and a proof that nothing was changed or left out. It keeps what
//! says how the bytes are to be decoded again, and decodes nothing. Blocks are made on any thread and wait in memory until they are published together as one file; until
//! then the log still has them. Formats, keys, chain and pruning: `docs/specs/store.md`.

mod block;
mod counts;
mod freeze;
mod ledger;
mod remove;
mod segment;
mod verify;
mod walk;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cordon_model::Digest;
use cordon_seal::VaultError;

pub use block::{Block, Day};
pub use counts::{BlockFacts, CountsByDay, EvidenceCounts, SourceBytes};
pub use ledger::{Removal, RemovalEntry};
pub use remove::Removed;
pub use verify::{EvidenceFault, EvidenceReport, Seen, Verifier};
pub use walk::{EvidenceWalk, Passed};

use crate::disk::{Disk, DiskFault};
use crate::keys::{KeyError, Keys};
use crate::wal::Entry;
use block::Sealer;
use segment::{Footer, Segment};

/// Why evidence is not kept or not to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// The disk.
    #[error("evidence: {0}")]
    Disk(#[from] DiskFault),
    /// The keys.
    #[error("evidence: {0}")]
    Keys(#[from] KeyError),
    /// Compression, which fails only without memory.
    #[error("evidence: compression: {0}")]
    Compression(String),
    /// Entries that do not follow each other as in the log, or blocks outside of what was announced.
    #[error("evidence: entries do not come in the order of the write-ahead log")]
    NotFromTheLog,
    /// A file that is damaged.
    #[error("evidence: {segment} is damaged: restore it from a backup, cordon verify says what is lost")]
    Damaged {
        /// Name of the file.
        segment: String,
    },
    /// The ledger of what left is damaged.
    #[error("evidence: the ledger of removals is damaged at line {0}: restore it from a backup")]
    Ledger(usize),
}

impl From<io::Error> for EvidenceError {
    fn from(error: io::Error) -> Self {
        Self::Disk(error.into())
    }
}

impl From<VaultError> for EvidenceError {
    fn from(error: VaultError) -> Self {
        Self::Keys(error.into())
    }
}

impl EvidenceError {
    fn compression(error: io::Error) -> Self {
        Self::Compression(error.to_string())
    }
}

/// How evidence is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvidenceOptions {
    /// Once so many sealed bytes wait, they are published as one file; 32 MiB. They wait in memory.
    pub segment_bytes: usize,
}

impl Default for EvidenceOptions {
    fn default() -> Self {
        Self { segment_bytes: 32 << 20 }
    }
}

/// What stands at an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The delivery whose bytes hold the offset.
    Here(Box<Entry>),
    /// It left by this entry of the ledger.
    Removed {
        /// Number of the entry.
        removal: u64,
    },
    /// Nothing with this offset was ever kept, or its key was erased in between.
    Unknown,
}

/// The evidence of a store. Every call but [`Evidence::applied`] and [`Evidence::bytes_waiting`] blocks.
#[derive(Debug)]
pub struct Evidence {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    keys: Arc<Keys>,
    options: EvidenceOptions,
    sealer: Sealer,
    state: Mutex<State>,
    /// Held by whoever changes files.
    files: Mutex<()>,
}

#[derive(Debug)]
struct State {
    /// In order, not overlapping.
    segments: Vec<Segment>,
    /// Chain of the last file.
    chain: Digest,
    /// Everything below is in a file.
    applied: u64,
    /// Everything below is in a file or waits.
    through: u64,
    waiting: Vec<Arc<Block>>,
    waiting_bytes: usize,
}

impl Evidence {
    /// Opens the evidence in `dir` or makes it. What a crash left unfinished is removed or finished.
    ///
    /// # Errors
    /// When the disk fails or the ledger is damaged.
    pub fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        keys: Arc<Keys>,
        options: EvidenceOptions,
    ) -> Result<Self, EvidenceError> {
        disk.create_dir(dir)?;
        dir.parent().map_or(Ok(()), |above| disk.sync_dir(above))?;
        let segments = segments_of(&*disk, dir)?;
        let (mut applied, mut chain) = (0, Digest([0; 32]));
        if let Some(last) = segments.last() {
            applied = last.through;
            match Footer::read(&*disk.open(&last.path)?)? {
                Some(footer) => chain = footer.chain,
                None => tracing::error!(segment = last.name(), "the footer of an evidence file is damaged"),
            }
        }
        let state = State { segments, chain, applied, through: applied, waiting: Vec::new(), waiting_bytes: 0 };
        let evidence = Self {
            disk,
            dir: dir.to_owned(),
            keys,
            options,
            sealer: Sealer::default(),
            state: Mutex::new(state),
            files: Mutex::default(),
        };
        evidence.settle()?;
        Ok(evidence)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compresses and seals what one batch of the log holds, grouped by site and day of receipt. Any number of threads may do so at once; nothing is kept before
    /// [`Evidence::append`].
    ///
    /// # Errors
    /// When the first block of a site and day needs a key that cannot be made safe.
    pub fn block(&self, entries: &[Entry]) -> Result<Vec<Block>, EvidenceError> {
        self.sealer.blocks(&self.keys, entries)
    }

    /// Takes the blocks of everything from the last `through` up to this one; publishes a file when enough waits. What is already in is passed over.
    ///
    /// # Errors
    /// When a file is due and cannot be written: then nothing of this call was taken; what waits stays, and a later call tries again.
    pub fn append(&self, through: u64, blocks: Vec<Block>) -> Result<(), EvidenceError> {
        if self.bytes_waiting() >= self.options.segment_bytes {
            self.flush()?;
        }
        let mut state = self.state();
        if through <= state.through {
            return Ok(());
        }
        let within = |block: &Block| state.through <= block.row.first && block.row.end <= through;
        if !blocks.iter().all(within) {
            return Err(EvidenceError::NotFromTheLog);
        }
        state.through = through;
        state.waiting_bytes += blocks.iter().map(Block::bytes).sum::<usize>();
        state.waiting.extend(blocks.into_iter().map(Arc::new));
        Ok(())
    }

    /// Publishes what waits as one file; returns [`Evidence::applied`].
    ///
    /// # Errors
    /// When it cannot be written; it goes on waiting.
    pub fn flush(&self) -> Result<u64, EvidenceError> {
        let _one_at_a_time = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let (segment, chain, blocks) = {
            let state = self.state();
            if state.through == state.applied {
                return Ok(state.applied);
            }
            (Segment::new(&self.dir, state.applied, state.through), state.chain, state.waiting.clone())
        };
        let mut footer = Footer::new(chain, &segment, &blocks);
        let mut sealed = blocks.iter();
        segment::publish(&*self.disk, &self.dir, &segment, &mut footer, |_| {
            Ok(sealed.next().map(|block| block.sealed.clone()).unwrap_or_default())
        })?;
        let mut state = self.state();
        let published = blocks.len().min(state.waiting.len());
        state.waiting.drain(..published).for_each(drop);
        state.waiting_bytes = state.waiting.iter().map(|block| block.bytes()).sum();
        (state.applied, state.chain) = (segment.through, footer.chain);
        state.segments.push(segment);
        Ok(state.applied)
    }

    /// Everything of the log below this offset is in files.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.state().applied
    }

    /// Offset and chain of the newest file: kept elsewhere, they prove that no file was taken off the end.
    #[must_use]
    pub fn head(&self) -> (u64, Digest) {
        let state = self.state();
        (state.applied, state.chain)
    }

    /// Sealed bytes that wait in memory.
    #[must_use]
    pub fn bytes_waiting(&self) -> usize {
        self.state().waiting_bytes
    }

    /// Bytes of the files.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn bytes(&self) -> Result<u64, EvidenceError> {
        Ok(self.disk.list(&self.dir)?.iter().map(|entry| entry.bytes).sum())
    }

    /// The delivery whose bytes hold the byte at `position` of the log.
    ///
    /// # Errors
    /// When the disk fails or the file is damaged.
    pub fn read(&self, position: u64) -> Result<Kept, EvidenceError> {
        let (waiting, segment) = {
            let state = self.state();
            let holds = |block: &&Arc<Block>| block.row.holds(position);
            let waiting: Vec<_> = state.waiting.iter().filter(holds).cloned().collect();
            let behind = state.segments.partition_point(|segment| segment.from < position);
            let segment = behind.checked_sub(1).and_then(|place| state.segments.get(place)).cloned();
            (waiting, segment.filter(|segment| position <= segment.through))
        };
        for block in waiting {
            let Some(key) = block.row.group.open(&self.keys)? else { continue };
            let entries = block::open(&key, &block.row, &mut block.sealed.clone()).unwrap_or_default();
            if let Some(entry) = at(entries, position) {
                return Ok(Kept::Here(entry));
            }
        }
        segment.map_or(Ok(Kept::Unknown), |segment| self.read_file(&segment, position))
    }

    fn read_file(&self, segment: &Segment, position: u64) -> Result<Kept, EvidenceError> {
        let damaged = || EvidenceError::Damaged { segment: segment.name().to_owned() };
        let file = self.disk.open(&segment.path)?;
        let footer = Footer::read(&*file)?.ok_or_else(damaged)?;
        let mut removal = None;
        for placed in footer.rows.iter().filter(|placed| placed.row.holds(position)) {
            if placed.removal > 0 {
                removal = Some(placed.removal);
                continue;
            }
            let mut sealed = placed.read(&*file)?.ok_or_else(damaged)?;
            let Some(key) = placed.row.group.open(&self.keys)? else { continue };
            let entries = block::open(&key, &placed.row, &mut sealed).ok_or_else(damaged)?;
            if let Some(entry) = at(entries, position) {
                return Ok(Kept::Here(entry));
            }
        }
        Ok(removal.map_or(Kept::Unknown, |removal| Kept::Removed { removal }))
    }
}

/// The entry whose bytes hold the offset. An empty record may stand behind the last byte; the next entry's bytes begin further on.
fn at(entries: Vec<Entry>, position: u64) -> Option<Box<Entry>> {
    let holds = |entry: &Entry| entry.offset <= position && position <= entry.end;
    entries.into_iter().find(holds).map(Box::new)
}

/// The files in order. Removes what a crash left: unfinished files, and files that a longer one holds too.
fn segments_of(disk: &dyn Disk, dir: &Path) -> Result<Vec<Segment>, EvidenceError> {
    let mut segments = Vec::new();
    for entry in disk.list(dir)? {
        if entry.name.ends_with(".tmp") {
            disk.remove(&dir.join(&entry.name))?;
        }
        segments.extend(Segment::of_name(dir, &entry.name));
    }
    segments.sort_by_key(|segment| (segment.from, std::cmp::Reverse(segment.through)));
    let mut kept: Vec<Segment> = Vec::new();
    for segment in segments {
        let before = kept.last().map_or(0, |last| last.through);
        if segment.through <= before {
            disk.remove(&segment.path)?;
            continue;
        }
        if segment.from != before {
            tracing::error!(from = before, to = segment.from, "evidence files are missing");
        }
        kept.push(segment);
    }
    disk.sync_dir(dir)?;
    Ok(kept)
}

#[cfg(test)]
mod tests;
