//! Evidence from the start on: what the files hold, block by block. For judging what is kept by other rules, not for looking one record up.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::block::{self, Day};
use super::segment::{Footer, Placed, Segment};
use super::{Evidence, EvidenceError};
use crate::disk::DiskFile;
use crate::wal::Entry;

/// Reads the files in their order. Files that are published meanwhile are read too; what leaves meanwhile is counted. Several walks do not disturb each other, and none
/// holds up whoever writes.
pub struct EvidenceWalk {
    evidence: Arc<Evidence>,
    days: RangeInclusive<Day>,
    /// Everything of the log below this was given or passed over.
    position: u64,
    open: Option<OpenFile>,
    passed: Passed,
}

/// RawRecords and blocks that a walk could not give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// RawRecords that left by retention or erasure.
    pub removed: u64,
    /// Blocks, or whole files, that are damaged.
    pub damaged: u64,
}

struct OpenFile {
    file: Box<dyn DiskFile>,
    through: u64,
    rows: VecDeque<Placed>,
}

impl fmt::Debug for EvidenceWalk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EvidenceWalk")
            .field("days", &self.days)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl EvidenceWalk {
    /// From the oldest file on; blocks of other days of receipt than `days` are not opened.
    #[must_use]
    pub fn new(evidence: Arc<Evidence>, days: RangeInclusive<Day>) -> Self {
        Self { evidence, days, position: 0, open: None, passed: Passed::default() }
    }

    /// Everything of the log below this offset was given, or passed over and counted: the end of the last file that was read to its end.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// What could not be given so far.
    #[must_use]
    pub const fn passed(&self) -> Passed {
        self.passed
    }

    /// The entries of the next block, in their order; blocks of one file may lie beside each other in the log. `None` when every file was read: what follows stands in the
    /// log, and a later call finds files that were written since. Blocks.
    ///
    /// # Errors
    /// When the disk or the keys fail.
    pub fn read(&mut self) -> Result<Option<Vec<Entry>>, EvidenceError> {
        while self.open.is_some() || self.open_next()? {
            let Some(open) = &mut self.open else { continue };
            let Some(placed) = open.rows.pop_front() else {
                self.position = open.through;
                self.open = None;
                continue;
            };
            if !self.days.contains(&placed.row.group.day) {
                continue;
            }
            let key = placed.row.group.open(&self.evidence.keys)?;
            let Some(key) = key.filter(|_| placed.removal == 0) else {
                self.passed.removed += placed.row.records;
                continue;
            };
            let sealed = placed.read(&*open.file)?;
            match sealed.and_then(|mut sealed| block::open(&key, &placed.row, &mut sealed)) {
                Some(entries) => return Ok(Some(entries)),
                None => self.passed.damaged += 1,
            }
        }
        Ok(None)
    }

    /// Opens the file behind the last, or passes over a damaged one; false when there is none.
    fn open_next(&mut self) -> Result<bool, EvidenceError> {
        let next = {
            let state = self.evidence.state();
            let place = state.segments.partition_point(|segment| segment.through <= self.position);
            state.segments.get(place).cloned()
        };
        let Some(segment) = next else { return Ok(false) };
        self.open = self.open_file(&segment)?;
        if self.open.is_none() {
            self.passed.damaged += 1;
            self.position = segment.through;
        }
        Ok(true)
    }

    /// The file with its footer; `None` when it is damaged or gone.
    fn open_file(&self, segment: &Segment) -> Result<Option<OpenFile>, EvidenceError> {
        let file = match self.evidence.disk.open(&segment.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let footer = Footer::read(&*file)?;
        Ok(footer.map(|footer| OpenFile { file, through: segment.through, rows: footer.rows.into() }))
    }
}
