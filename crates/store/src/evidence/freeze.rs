//! The evidence as of now, in another folder of the same file system: links to its files, its ledger and the key ring that opens them.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use super::ledger::{LEDGER, PLAN};
use super::{Evidence, EvidenceError};

impl Evidence {
    /// Links every file into `to`, which is not there yet, and the key ring from its place to the second path of `ring`. Nothing is published, pruned or erased meanwhile,
    /// so files, ledger and keys fit together. Gives [`Evidence::applied`] of that moment. Blocks.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn freeze(&self, to: &Path, ring: &(PathBuf, PathBuf)) -> Result<u64, EvidenceError> {
        let _one_at_a_time = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let (segments, applied) = {
            let state = self.state();
            (state.segments.clone(), state.applied)
        };
        fs::DirBuilder::new().mode(0o700).create(to)?;
        for segment in &segments {
            fs::hard_link(&segment.path, to.join(segment.name()))?;
        }
        for name in [LEDGER, PLAN] {
            match fs::hard_link(self.dir.join(name), to.join(name)) {
                Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault.into()),
                _ => {}
            }
        }
        fs::hard_link(&ring.0, &ring.1)?;
        Ok(applied)
    }
}
