//! The log as of now, in another folder of the same file system: links to the segments that are written no more, and a copy of the one that is.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use super::shared::Shared;
use super::{Wal, WalError};

/// As long as this is there, nothing is cut from the log.
#[derive(Debug)]
pub struct WalHold(Arc<Shared>);

impl Drop for WalHold {
    fn drop(&mut self) {
        self.0.release();
    }
}

impl Wal {
    /// Keeps every segment of now until the value is dropped; a cut meanwhile removes nothing and is made up for by the next one.
    #[must_use]
    pub fn hold(&self) -> WalHold {
        self.shared.hold();
        WalHold(Arc::clone(&self.shared))
    }

    /// Puts the log into the folder `to`, which is not there yet; everything that is safe now is in it. The log has to be held. Blocks.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn freeze(&self, to: &Path) -> Result<(u64, u64), WalError> {
        let (through, segments) = (self.durable(), self.shared.all());
        let from = segments.first().map_or(through, |segment| segment.first);
        fs::DirBuilder::new().mode(0o700).create(to)?;
        let Some((last, before)) = segments.split_last() else { return Ok((from, through)) };
        for segment in before {
            fs::hard_link(&segment.path, to.join(segment.path.file_name().unwrap_or_default()))?;
        }
        copy_as_it_is(&last.path, &to.join(last.path.file_name().unwrap_or_default()))?;
        Ok((from, through))
    }
}

/// Copies what is there now of a file that goes on growing.
fn copy_as_it_is(from: &Path, to: &Path) -> io::Result<()> {
    let from = fs::File::open(from)?;
    let bytes = from.metadata()?.len();
    let mut to = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut from.take(bytes), &mut to)?;
    Ok(())
}
