//! The ledger of what left: one signed line for each removal, chained, readable by a person.
//!
//! ```text
//! removals.log = ( JSON of RemovalEntry | blank | Ed25519 signature of the JSON in hex | newline )*
//! removal.plan = JSON of Plan: a removal that was begun and has no line yet
//! ```

use std::io;
use std::path::Path;

use cordon_model::{Digest, Time};
use cordon_seal::vault::Signature;
use cordon_seal::{SigningKey, digest};
use serde::{Deserialize, Serialize};

use super::EvidenceError;
use crate::disk::{self, Disk};

pub(super) const LEDGER: &str = "removals.log";
pub(super) const PLAN: &str = "removal.plan";
/// Largest ledger: some hundred thousand removals.
const LEDGER_BYTES_MAX: u64 = 256 << 20;

/// What is to leave, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Removal {
    /// Everything received before a day but what is kept for a reason.
    Before {
        /// The first day that stays, for example `2026-11-22`, as days since 1970-01-01.
        day: i64,
    },
    /// Of some days what was chosen, source by source, but what is kept for a reason.
    Chosen {
        /// The first of the days, as days since 1970-01-01.
        from: i64,
        /// The last of them.
        to: i64,
    },
    /// Everything of one site received on one day, its key included.
    SiteDay {
        /// The site.
        site: String,
        /// Days since 1970-01-01.
        day: i64,
    },
}

/// A removal that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    pub(super) number: u64,
    /// Microseconds since 1970.
    pub(super) at: i64,
    pub(super) by: String,
    pub(super) reason: String,
    pub(super) what: Removal,
}

/// One line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemovalEntry {
    /// From 1, without gaps.
    pub number: u64,
    /// When, microseconds since 1970-01-01, by the clock of who asked for it.
    pub at: i64,
    /// Who asked for it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// What.
    pub what: Removal,
    /// Blocks that left.
    pub blocks: u64,
    /// RawRecords in them.
    pub records: u64,
    /// Their bytes before compression.
    pub plain_bytes: u64,
    /// SHA-256 over parts: per block that left, in order of files and rows, `from` of its file (u64) and its salted digest. Hexadecimal.
    pub digest: String,
    /// SHA-256 of the line before without its newline; of nothing for the first. Hexadecimal.
    pub previous: String,
}

/// What left by one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) blocks: u64,
    pub(super) records: u64,
    pub(super) plain_bytes: u64,
    pub(super) digest: Digest,
}

impl RemovalEntry {
    pub(super) fn sums_to(&self, sum: &Sum) -> bool {
        (self.blocks, self.records, self.plain_bytes) == (sum.blocks, sum.records, sum.plain_bytes)
            && self.digest == sum.digest.to_string()
    }

    /// When it left.
    #[must_use]
    pub const fn time(&self) -> Time {
        Time(self.at)
    }
}

/// The lines of a ledger, in order.
pub(super) struct Ledger {
    text: String,
    pub(super) entries: Vec<RemovalEntry>,
}

impl Ledger {
    /// Reads the ledger and checks numbers, chain and signatures.
    pub(super) fn read(disk: &dyn Disk, dir: &Path, key: &SigningKey) -> Result<Self, EvidenceError> {
        let text = match disk::read_all(disk, &dir.join(LEDGER), LEDGER_BYTES_MAX) {
            Ok(bytes) => String::from_utf8(bytes).map_err(|_| EvidenceError::Ledger(1))?,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => String::new(),
            Err(fault) => return Err(fault.into()),
        };
        let (mut entries, mut previous) = (Vec::new(), "");
        for (place, line) in text.split_terminator('\n').enumerate() {
            let entry = read_line(line, key).filter(|entry: &RemovalEntry| {
                entry.number == place as u64 + 1 && entry.previous == digest(previous.as_bytes()).to_string()
            });
            entries.push(entry.ok_or(EvidenceError::Ledger(place + 1))?);
            previous = line;
        }
        Ok(Self { text, entries })
    }

    /// Number of the next entry.
    pub(super) fn next(&self) -> u64 {
        self.entries.len() as u64 + 1
    }

    /// Adds a signed line; safe when it returns.
    pub(super) fn add(
        mut self,
        disk: &dyn Disk,
        dir: &Path,
        key: &SigningKey,
        plan: Plan,
        sum: &Sum,
    ) -> Result<RemovalEntry, EvidenceError> {
        let Plan { number, at, by, reason, what } = plan;
        let previous = digest(self.text.split_terminator('\n').next_back().unwrap_or_default().as_bytes());
        let entry = RemovalEntry {
            number,
            at,
            by,
            reason,
            what,
            blocks: sum.blocks,
            records: sum.records,
            plain_bytes: sum.plain_bytes,
            digest: sum.digest.to_string(),
            previous: previous.to_string(),
        };
        let json = serde_json::to_string(&entry).map_err(io::Error::from)?;
        let signature = key.sign(json.as_bytes());
        self.text.push_str(&format!("{json} {signature:?}\n"));
        disk::replace(disk, &dir.join(LEDGER), self.text.as_bytes())?;
        Ok(entry)
    }
}

fn read_line(line: &str, key: &SigningKey) -> Option<RemovalEntry> {
    let (json, signature) = line.rsplit_once(' ')?;
    let mut bytes = [0; 64];
    if signature.len() != bytes.len() * 2 {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(signature.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    let signed = key.verifying().verifies(json.as_bytes(), &Signature(bytes));
    signed.then(|| serde_json::from_str(json).ok())?
}

impl Plan {
    /// The removal that was begun, if there is one.
    pub(super) fn read(disk: &dyn Disk, dir: &Path) -> Result<Option<Self>, EvidenceError> {
        match disk::read_all(disk, &dir.join(PLAN), LEDGER_BYTES_MAX) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).map_err(io::Error::from)?)),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }

    pub(super) fn write(&self, disk: &dyn Disk, dir: &Path) -> Result<(), EvidenceError> {
        let json = serde_json::to_vec(self).map_err(io::Error::from)?;
        Ok(disk::replace(disk, &dir.join(PLAN), &json)?)
    }

    pub(super) fn remove(disk: &dyn Disk, dir: &Path) -> Result<(), EvidenceError> {
        disk.remove(&dir.join(PLAN))?;
        Ok(disk.sync_dir(dir)?)
    }
}
