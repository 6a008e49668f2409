//! The proof of the log: everything that is safe is read, checked, opened and counted.

use super::{Wal, WalError};

/// Payload that is held at a time.
const READ_BYTES: usize = 4 << 20;

/// What was counted and what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalReport {
    /// First offset that is kept.
    pub oldest: u64,
    /// Everything below is safe.
    pub end: u64,
    /// Deliveries.
    pub deliveries: u64,
    /// RawRecords in them.
    pub records: u64,
    /// Their bytes as received.
    pub bytes: u64,
    /// Ranges of offsets that cannot be read.
    pub damaged: Vec<(u64, u64)>,
}

impl Wal {
    /// Reads the whole log up to what is safe now. Blocks.
    ///
    /// # Errors
    /// When the disk fails, or the log is cut meanwhile; damage is in the report.
    pub fn verify(&self) -> Result<WalReport, WalError> {
        let mut report = WalReport { oldest: self.oldest(), end: self.durable(), ..WalReport::default() };
        let mut reader = self.reader(report.oldest);
        while reader.position() < report.end {
            match reader.read(READ_BYTES) {
                Ok(entries) if entries.is_empty() => break,
                Ok(entries) => {
                    report.deliveries += entries.len() as u64;
                    report.records += entries.iter().map(|entry| entry.delivery.units.len() as u64).sum::<u64>();
                    report.bytes += entries.iter().map(|entry| entry.delivery.bytes.len() as u64).sum::<u64>();
                }
                Err(WalError::Damaged { from, to }) => report.damaged.push((from, to)),
                Err(fault) => return Err(fault),
            }
        }
        Ok(report)
    }
}
