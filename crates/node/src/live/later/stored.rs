//! Everything that a node keeps as it was received, each delivery once: evidence from its first file on, then the log. What arrives after the start is not in it: the
//! street judges that by the rules in force.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cordon_api::ControlError;
use cordon_model::Time;
use cordon_store::evidence::{Day, EvidenceWalk, Passed};
use cordon_store::wal::{Entry, WalError, WalReader};

use super::super::node::Parts;
use super::failed;

/// Bytes of the log that are read at once.
const READ_BYTES: usize = 1 << 20;

/// Deliveries in the order of files, then of the log.
pub(in crate::live) struct Stored {
    parts: Arc<Parts>,
    received: Range<Time>,
    walk: EvidenceWalk,
    log: Option<WalReader>,
    /// Everything below was given out of the log.
    given: u64,
    /// Whether the log had given up what no file was found for, and files were looked for once more.
    looked_again: bool,
    position: u64,
    end: u64,
    damaged: u64,
}

/// What comes next.
pub(in crate::live) enum Step {
    /// Deliveries within the range of receipt.
    Entries(Vec<Entry>),
    /// The street has not judged yet what comes next: it goes first, so that what it finds is told.
    Wait,
    /// There is nothing more.
    End,
}

impl Stored {
    /// What was durable until now.
    pub(in crate::live) fn new(parts: &Arc<Parts>, received: Range<Time>) -> Self {
        let days = Day::of(received.start)..=Day::of(received.end);
        Self {
            walk: EvidenceWalk::new(Arc::clone(&parts.evidence), days),
            end: parts.wal.durable(),
            parts: Arc::clone(parts),
            received,
            log: None,
            given: 0,
            looked_again: false,
            position: 0,
            damaged: 0,
        }
    }

    /// How far it is, as an offset of the log.
    pub(in crate::live) const fn position(&self) -> u64 {
        self.position
    }

    /// The offset at which it ends.
    pub(in crate::live) const fn end(&self) -> u64 {
        self.end
    }

    /// What should be there and could not be given.
    pub(in crate::live) fn missing(&self) -> Passed {
        let passed = self.walk.passed();
        Passed { damaged: passed.damaged + self.damaged, ..passed }
    }

    /// The next deliveries; possibly none of them within the range. Blocks.
    pub(in crate::live) fn next(&mut self) -> Result<Step, ControlError> {
        if self.log.is_none() {
            if self.walk.position() >= self.end {
                return Ok(Step::End);
            }
            if let Some(entries) = self.walk.read().map_err(failed)? {
                self.looked_again = false;
                return Ok(self.wanted(entries));
            }
            if self.parts.counts.through.load(Ordering::Relaxed) < self.end {
                return Ok(Step::Wait);
            }
            return Ok(self.open_log());
        }
        let Some(log) = self.log.as_mut().filter(|log| log.position() < self.end) else { return Ok(Step::End) };
        match log.read(READ_BYTES) {
            Ok(entries) => {
                let end = log.position();
                let entries = self.wanted(entries);
                self.given = end;
                Ok(entries)
            }
            Err(WalError::Damaged { .. }) => {
                self.damaged += 1;
                Ok(Step::Entries(Vec::new()))
            }
            // evidence has it since
            Err(WalError::Cut { .. }) => {
                self.log = None;
                Ok(Step::Entries(Vec::new()))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Opens the log behind the last file.
    fn open_log(&mut self) -> Step {
        let (from, oldest) = (self.walk.position().max(self.given), self.parts.wal.oldest());
        if from < oldest && !self.looked_again {
            // a file was written and the log cut in between
            self.looked_again = true;
            return Step::Entries(Vec::new());
        }
        self.damaged += u64::from(from < oldest);
        self.log = Some(self.parts.wal.reader(from.max(oldest)));
        Step::Entries(Vec::new())
    }

    fn wanted(&mut self, mut entries: Vec<Entry>) -> Step {
        let read = entries.iter().map(|entry| entry.end).max().unwrap_or_default();
        self.position = self.position.max(read.min(self.end));
        let (given, end) = (self.given, self.end);
        let is_new = |entry: &Entry| given < entry.end && entry.end <= end;
        entries.retain(|entry| is_new(entry) && self.received.contains(&entry.delivery.received));
        Step::Entries(entries)
    }
}
