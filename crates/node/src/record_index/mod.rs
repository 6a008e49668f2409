//! The index of records: which accesses are about which patient, so that one record is told in a moment from what a review of all of them found.
//!
//! In comes, while a review reads its accesses, whose record each row is about and where the row lies ([`Gather`]); then, while the review writes what it found, where that
//! lies ([`IndexWriter`]). Out goes one file, `records.index`, beside the other files of the review. It holds no access and no reason: it says where they stand, and with what
//! checksum. [`RecordIndex`] looks up all ids of a person and tells their record. It refuses files that are not those of the review. Format:
//! `docs/specs/access-review.md`, part "The index of records".

mod about;
mod block;
mod gather;
mod lines;
mod lookup;
mod places;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::io;
use std::path::PathBuf;

use cordon_privacy::{SaidFault, SheetFault};

pub use about::{About, Identity};
pub use gather::Gather;
pub use lines::{Ends, Lines};
pub use read::RecordIndex;
pub use write::IndexWriter;

/// The name of the file.
pub const FILE: &str = "records.index";
/// What a review says of each access.
pub const EXPLANATIONS: &str = "explanations.csv";
/// What a review cannot judge yet.
pub const WITHHELD: &str = "withheld.csv";
/// What is written last: while it is there, the files beside it are of one run.
pub const SUMMARY: &str = "summary.json";

/// The first bytes of the file.
const MAGIC: &[u8; 8] = b"CORDONRI";
/// The version of the format.
const VERSION: u32 = 1;

/// Why a record cannot be told from a review.
#[derive(Debug, thiserror::Error)]
pub enum IndexFault {
    /// The folder holds no review.
    #[error("{dir} holds no finished review: name the folder that was --out of cordon privacy review")]
    NoReview {
        /// The folder.
        dir: PathBuf,
    },
    /// The review has no index.
    #[error(
        "{dir} has no records.index: its review was made by an earlier version, or its accesses were no file that stayed the same; review again"
    )]
    NoIndex {
        /// The folder.
        dir: PathBuf,
    },
    /// The file is no index, or of another version.
    #[error("{path} is no index that this version reads: review again")]
    Version {
        /// The index.
        path: PathBuf,
    },
    /// What is read is not what was written.
    #[error("{path} is damaged or cut short: review again")]
    Damaged {
        /// The index.
        path: PathBuf,
    },
    /// A file is not the one that the review read or wrote.
    #[error(
        "{path} is not the file that the review was made of, or it has changed since: name the one of then, or review again"
    )]
    OtherFile {
        /// The file.
        path: PathBuf,
    },
    /// Rows are not those that the review read.
    #[error("{path}: row {row} or one close to it has changed since the review: review again")]
    Changed {
        /// The file.
        path: PathBuf,
        /// The row that was looked for.
        row: u32,
    },
    /// What stands beside the index is nothing that a review writes.
    #[error("{path}: row {row} is not as a review writes it: review again")]
    Said {
        /// The file.
        path: PathBuf,
        /// The row that was looked for.
        row: u32,
        /// What is wrong with it.
        source: SaidFault,
    },
    /// The accesses cannot be read.
    #[error(transparent)]
    Sheet(#[from] SheetFault),
    /// The bytes did not come.
    #[error("{path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}
