//! What a backup says of itself: every file with its digest, signed by the store.
//!
//! ```text
//! manifest = JSON | newline | Ed25519 signature of the JSON in hexadecimal | newline
//! ```

use std::path::Path;

use cordon_model::Time;
use cordon_seal::vault::Signature;
use serde::{Deserialize, Serialize};

use super::{BackupError, file_fault};
use crate::disk::{self, Disk};
use crate::keys::Keys;

/// Name of the manifest in the folder of a backup.
pub(super) const MANIFEST: &str = "manifest";
/// The newest format that this version reads, and the one that it writes.
const FORMAT: u32 = 1;
/// Largest manifest: some million files.
pub(super) const MANIFEST_BYTES_MAX: u64 = 1 << 30;

/// Up to where each part was when it was frozen, as offsets of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Everything below was acknowledged before the backup began; all of it is in the backup.
    pub acknowledged: u64,
    /// The log of the backup begins here.
    pub log_from: u64,
    /// And ends here or behind.
    pub log_through: u64,
    /// The event tables have everything below.
    pub tables: u64,
    /// The evidence has everything below.
    pub evidence: u64,
}

/// One file of a store in its backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Its path in the data folder, parts separated by `/`.
    pub path: String,
    /// Its length there, bytes.
    pub bytes: u64,
    /// When it was last changed there, nanoseconds since 1970; with path and length it tells a later backup that the file is the same.
    pub modified: u64,
    /// SHA-256 of what lies in the backup, in hexadecimal; also its name there, in the folder `files`.
    pub sha256: String,
    /// Whether it was sealed for the backup. Log, evidence and key ring are sealed by themselves, event tables hold pseudonyms only.
    pub sealed: bool,
}

/// A finished backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    /// How many backups were finished in this folder, with this one.
    pub number: u64,
    /// When it was finished, microseconds since 1970.
    pub at: i64,
    /// Version of the binary.
    pub cordon: String,
    /// Version of the store's format.
    pub store: u32,
    /// The moment that it holds.
    pub moment: Moment,
    /// All files, by path.
    pub files: Vec<Stored>,
}

impl Manifest {
    pub(super) fn new(number: u64, at: Time, moment: Moment, files: Vec<Stored>) -> Self {
        let (cordon, store) = (env!("CARGO_PKG_VERSION").to_owned(), crate::version::VERSION);
        Self { format: FORMAT, number, at: at.0, cordon, store, moment, files }
    }

    /// The manifest of a folder and what was signed; `None` when there is none. The signature is not checked yet.
    pub(super) fn read(disk: &dyn Disk, dir: &Path) -> Result<Option<(Self, Signed)>, BackupError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let path = dir.join(MANIFEST);
        let bytes = match disk::read_all(disk, &path, MANIFEST_BYTES_MAX) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(file_fault(&path))?,
        };
        let text = String::from_utf8(bytes).map_err(|_| BackupError::ManifestAltered)?;
        let (json, signature) = text.trim_end().rsplit_once('\n').ok_or(BackupError::ManifestAltered)?;
        let format: Format = serde_json::from_str(json).map_err(|_| BackupError::ManifestAltered)?;
        if format.format > FORMAT {
            return Err(BackupError::TooNew { found: format.format, known: FORMAT });
        }
        let manifest: Self = serde_json::from_str(json).map_err(|_| BackupError::ManifestAltered)?;
        let signature = signature_of(signature).ok_or(BackupError::ManifestAltered)?;
        Ok(Some((manifest, Signed { json: json.to_owned(), signature })))
    }

    /// Signs it and puts it in its place: from then on it is the backup of the folder.
    pub(super) fn publish(&self, disk: &dyn Disk, dir: &Path, keys: &Keys) -> Result<(), BackupError> {
        let path = dir.join(MANIFEST);
        let json = serde_json::to_string(self).map_err(|error| file_fault(&path)(error.into()))?;
        let signature = keys.signing()?.sign(json.as_bytes());
        disk::replace(disk, &path, format!("{json}\n{signature:?}\n").as_bytes()).map_err(file_fault(&path))
    }
}

/// What the signature stands for.
pub(super) struct Signed {
    json: String,
    signature: Signature,
}

impl Signed {
    /// Whether the store of this ring signed it.
    pub(super) fn check(&self, keys: &Keys) -> Result<(), BackupError> {
        let verifies = keys.signing()?.verifying().verifies(self.json.as_bytes(), &self.signature);
        if verifies { Ok(()) } else { Err(BackupError::ManifestAltered) }
    }
}

fn signature_of(text: &str) -> Option<Signature> {
    let mut bytes = [0; 64];
    if text.len() != bytes.len() * 2 {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(Signature(bytes))
}
