//! The proof of the evidence: every file, block and line of the ledger is read, and everything that is stated is worked out anew.

use cordon_model::Digest;

use super::ledger::Ledger;
use super::remove::Tally;
use super::segment::{Footer, Placed, Segment, chain};
use super::{Evidence, EvidenceError, block};
use crate::disk::DiskFile;
use crate::wal::Entry;

/// Most faults that are listed one by one; more are counted.
const FAULTS_MAX: usize = 1_000;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceFault {
    /// Offsets that no file holds.
    #[error("no file holds the offsets {from} to {to}")]
    Missing {
        /// First offset.
        from: u64,
        /// First offset behind.
        to: u64,
    },
    /// A footer cannot be read.
    #[error("{segment}: the footer is damaged")]
    Footer {
        /// Name of the file.
        segment: String,
    },
    /// A file does not continue the one before it, or its digests were changed.
    #[error("{segment}: the chain is broken")]
    Chain {
        /// Name of the file.
        segment: String,
    },
    /// Bytes, counts or digests of a block are not those that were written.
    #[error("{segment}: the block at offset {first} is damaged")]
    Block {
        /// Name of the file.
        segment: String,
        /// First offset of the block.
        first: u64,
    },
    /// The key of a block that should be there is gone.
    #[error("{segment}: the block at offset {first} has no key any more")]
    Key {
        /// Name of the file.
        segment: String,
        /// First offset of the block.
        first: u64,
    },
    /// Blocks left and the ledger says nothing or something else.
    #[error("what left by removal {number} is not what the ledger says")]
    Removal {
        /// Number of the entry.
        number: u64,
    },
    /// The ledger itself.
    #[error("the ledger of removals is damaged at line {line}")]
    Ledger {
        /// From 1.
        line: usize,
    },
}

/// What was counted and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceReport {
    /// Files.
    pub segments: u64,
    /// Blocks that are there and were opened.
    pub blocks: u64,
    /// RawRecords in them, counted.
    pub records: u64,
    /// Blocks that left, each by an entry of the ledger.
    pub removed_blocks: u64,
    /// RawRecords in those.
    pub removed_records: u64,
    /// Entries of the ledger.
    pub removals: u64,
    /// Everything below is in files.
    pub applied: u64,
    /// Chain of the newest file.
    pub chain: Digest,
    /// What is wrong, the first 1,000.
    pub faults: Vec<EvidenceFault>,
    /// How many faults there are.
    pub faults_total: u64,
}

impl EvidenceReport {
    fn fault(&mut self, fault: EvidenceFault) {
        self.faults_total += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
    }
}

/// What a verifier has just read.
#[derive(Debug)]
pub enum Seen<'s> {
    /// The deliveries of a block that is whole.
    Entries(&'s [Entry]),
    /// A block that left by an entry of the ledger: positions behind `first` up to and with `end`.
    Removed {
        /// Offset of the first delivery of the block.
        first: u64,
        /// Offset behind the last.
        end: u64,
    },
    /// What cannot be read, as told in a fault: positions behind `first` up to and with `end`.
    Lost {
        /// First offset.
        first: u64,
        /// Offset behind the last.
        end: u64,
    },
    /// Everything below was read.
    Through(u64),
}

/// A proof on its way: files are read in their order, further ones that were published meanwhile by the next call of [`Verifier::read`].
#[derive(Debug)]
pub struct Verifier<'e> {
    evidence: &'e Evidence,
    report: EvidenceReport,
    tally: Tally,
}

impl Evidence {
    /// Reads everything that is in files and works counts, digests, chain and ledger out anew. Takes as long as reading the disk does. Blocks.
    ///
    /// # Errors
    /// When the disk fails; what is wrong with the evidence is in the report.
    pub fn verify(&self) -> Result<EvidenceReport, EvidenceError> {
        let mut verifier = self.verifier();
        verifier.read(&mut |_| true)?;
        verifier.finish()
    }

    /// A proof that hands on what it reads.
    #[must_use]
    pub fn verifier(&self) -> Verifier<'_> {
        let report = EvidenceReport {
            segments: 0,
            blocks: 0,
            records: 0,
            removed_blocks: 0,
            removed_records: 0,
            removals: 0,
            applied: 0,
            chain: Digest([0; 32]),
            faults: Vec::new(),
            faults_total: 0,
        };
        Verifier { evidence: self, report, tally: Tally::default() }
    }
}

impl Verifier<'_> {
    /// Everything below was read.
    #[must_use]
    pub const fn applied(&self) -> u64 {
        self.report.applied
    }

    /// Reads the files that were not read yet. `see` is handed everything in order of the files and says whether to go on. Blocks.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn read(&mut self, see: &mut dyn FnMut(Seen<'_>) -> bool) -> Result<(), EvidenceError> {
        let segments = self.evidence.state().segments.clone();
        let applied = self.report.applied;
        for segment in segments.iter().filter(|segment| segment.from >= applied) {
            if !self.file(segment, see)? {
                break;
            }
        }
        Ok(())
    }

    /// Checks the ledger against what was read.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn finish(mut self) -> Result<EvidenceReport, EvidenceError> {
        self.ledger()?;
        Ok(self.report)
    }

    fn file(&mut self, segment: &Segment, see: &mut dyn FnMut(Seen<'_>) -> bool) -> Result<bool, EvidenceError> {
        let name = || segment.name().to_owned();
        let report = &mut self.report;
        if segment.from != report.applied {
            report.fault(EvidenceFault::Missing { from: report.applied, to: segment.from });
            see(Seen::Lost { first: report.applied, end: segment.from });
        }
        report.segments += 1;
        report.applied = segment.through;
        let file = match self.evidence.disk.open(&segment.path) {
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => {
                report.fault(EvidenceFault::Missing { from: segment.from, to: segment.through });
                see(Seen::Lost { first: segment.from, end: segment.through });
                return Ok(see(Seen::Through(segment.through)));
            }
            file => file?,
        };
        let Some(footer) = Footer::read(&*file)? else {
            report.fault(EvidenceFault::Footer { segment: name() });
            see(Seen::Lost { first: segment.from, end: segment.through });
            return Ok(see(Seen::Through(segment.through)));
        };
        let stated = chain(footer.before, segment, footer.rows.iter().map(|placed| &placed.row));
        if footer.before != report.chain || stated != footer.chain {
            report.fault(EvidenceFault::Chain { segment: name() });
        }
        report.chain = footer.chain;
        self.tally.add(segment, &footer);
        for placed in &footer.rows {
            if !self.block(segment, &*file, placed, see)? {
                return Ok(false);
            }
        }
        Ok(see(Seen::Through(segment.through)))
    }

    fn block(
        &mut self,
        segment: &Segment,
        file: &dyn DiskFile,
        placed: &Placed,
        see: &mut dyn FnMut(Seen<'_>) -> bool,
    ) -> Result<bool, EvidenceError> {
        let (row, report) = (&placed.row, &mut self.report);
        let (segment, first) = (segment.name().to_owned(), row.first);
        if placed.removal > 0 {
            report.removed_blocks += 1;
            report.removed_records += row.records;
            return Ok(see(Seen::Removed { first, end: row.end }));
        }
        let Some(key) = row.group.open(&self.evidence.keys)? else {
            report.fault(EvidenceFault::Key { segment, first });
            return Ok(see(Seen::Lost { first, end: row.end }));
        };
        let sealed = placed.read(file)?;
        let Some(entries) = sealed.and_then(|mut sealed| block::open(&key, row, &mut sealed)) else {
            report.fault(EvidenceFault::Block { segment, first });
            return Ok(see(Seen::Lost { first, end: row.end }));
        };
        report.blocks += 1;
        report.records += entries.iter().map(|entry| entry.delivery.units.len() as u64).sum::<u64>();
        Ok(see(Seen::Entries(&entries)))
    }

    fn ledger(&mut self) -> Result<(), EvidenceError> {
        let (report, tally) = (&mut self.report, std::mem::take(&mut self.tally));
        let ledger = match Ledger::read(&*self.evidence.disk, &self.evidence.dir, &self.evidence.keys.signing()?) {
            Ok(ledger) => ledger,
            Err(EvidenceError::Ledger(line)) => {
                report.fault(EvidenceFault::Ledger { line });
                return Ok(());
            }
            Err(fault) => return Err(fault),
        };
        report.removals = ledger.entries.len() as u64;
        let (sums, _) = tally.finish();
        for entry in &ledger.entries {
            let same = sums.get(&entry.number).map_or(entry.blocks == 0, |sum| entry.sums_to(sum));
            if !same {
                report.fault(EvidenceFault::Removal { number: entry.number });
            }
        }
        let known = report.removals;
        for number in sums.into_keys().filter(|number| *number > known) {
            report.fault(EvidenceFault::Removal { number });
        }
        Ok(())
    }
}
