//! The proof of the evidence: every file, block and line of the ledger is read, and everything that is stated is worked out anew.

use cordon_model::Digest;

use super::ledger::Ledger;
use super::remove::Tally;
use super::segment::{Footer, Placed, Segment, chain};
use super::{Evidence, EvidenceError, block};
use crate::disk::DiskFile;

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

impl Evidence {
    /// Reads everything that is in files and works counts, digests, chain and ledger out anew. Takes as long as reading the disk does. Blocks.
    ///
    /// # Errors
    /// When the disk fails; what is wrong with the evidence is in the report.
    pub fn verify(&self) -> Result<EvidenceReport, EvidenceError> {
        let segments = self.state().segments.clone();
        let mut report = EvidenceReport {
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
        let mut tally = Tally::default();
        for segment in &segments {
            self.verify_file(segment, &mut report, &mut tally)?;
        }
        self.verify_ledger(tally, &mut report)?;
        Ok(report)
    }

    fn verify_file(
        &self,
        segment: &Segment,
        report: &mut EvidenceReport,
        tally: &mut Tally,
    ) -> Result<(), EvidenceError> {
        let name = || segment.name().to_owned();
        if segment.from != report.applied {
            report.fault(EvidenceFault::Missing { from: report.applied, to: segment.from });
        }
        report.segments += 1;
        report.applied = segment.through;
        let file = self.disk.open(&segment.path)?;
        let Some(footer) = Footer::read(&*file)? else {
            report.fault(EvidenceFault::Footer { segment: name() });
            return Ok(());
        };
        let stated = chain(footer.before, segment, footer.rows.iter().map(|placed| &placed.row));
        if footer.before != report.chain || stated != footer.chain {
            report.fault(EvidenceFault::Chain { segment: name() });
        }
        report.chain = footer.chain;
        tally.add(segment, &footer);
        for placed in &footer.rows {
            if placed.removal > 0 {
                report.removed_blocks += 1;
                report.removed_records += placed.row.records;
            } else {
                self.verify_block(segment, &*file, placed, report)?;
            }
        }
        Ok(())
    }

    fn verify_block(
        &self,
        segment: &Segment,
        file: &dyn DiskFile,
        placed: &Placed,
        report: &mut EvidenceReport,
    ) -> Result<(), EvidenceError> {
        let (segment, first) = (segment.name().to_owned(), placed.row.first);
        let Some(mut sealed) = placed.read(file)? else {
            report.fault(EvidenceFault::Block { segment, first });
            return Ok(());
        };
        let Some(key) = placed.row.group.open(&self.keys)? else {
            report.fault(EvidenceFault::Key { segment, first });
            return Ok(());
        };
        match block::open(&key, &placed.row, &mut sealed) {
            Some(entries) => {
                report.blocks += 1;
                report.records += entries.iter().map(|entry| entry.delivery.units.len() as u64).sum::<u64>();
            }
            None => report.fault(EvidenceFault::Block { segment, first }),
        }
        Ok(())
    }

    fn verify_ledger(&self, tally: Tally, report: &mut EvidenceReport) -> Result<(), EvidenceError> {
        let ledger = match Ledger::read(&*self.disk, &self.dir, &self.keys.signing()?) {
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
