//! One source: its id, when it was last written, and the stream of its bytes.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cordon_model::Time;

use crate::expand::Budget;
use crate::fault::InputFault;

/// Bytes as they come.
pub(crate) type Stream = Box<dyn Read + Send>;

/// What is known of a source before its bytes are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// Path relative to the PATH given, with `/`; for a file as PATH its name, for standard input `-`, for archive members `archive.zip!inner/name.log`.
    /// Of several PATHs the names of folders stand in front, as many as tell the PATHs apart.
    pub id: Arc<str>,
    /// Number of the source in the order of reading, from 0.
    pub order: u32,
    /// When it was last written, in time since 1970; when unknown (standard input) the start of the scan.
    pub received: Time,
}

/// A source to read.
pub struct Source {
    /// What is known of it.
    pub info: Arc<SourceInfo>,
    stream: Stream,
}

impl Source {
    pub(crate) fn new(info: SourceInfo, stream: Stream) -> Self {
        Self { info: Arc::new(info), stream }
    }

    /// Reads some bytes into `out`; 0 at the end.
    ///
    /// # Errors
    /// The fault that ends the source; what was read before it counts.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, InputFault> {
        loop {
            match self.stream.read(out) {
                Ok(read) => return Ok(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(InputFault::from_io(&self.info.id, &error)),
            }
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("info", &self.info).finish_non_exhaustive()
    }
}

/// How far reading got, in files and bytes on disk; another thread may look.
#[derive(Debug, Default)]
pub struct Meter {
    /// Files to read, as far as known.
    pub files_total: AtomicU64,
    /// Bytes to read, as far as known: the sizes of the files when they were found.
    pub bytes_total: AtomicU64,
    /// Files opened.
    pub files: AtomicU64,
    /// Bytes read, before any expansion.
    pub bytes: AtomicU64,
}

/// Reads an input as given and counts what was read.
pub(crate) struct Metered<R> {
    pub(crate) inner: R,
    pub(crate) meter: Arc<Meter>,
    /// Set for an input whose size shows only as it is read.
    pub(crate) growing: Option<Arc<Budget>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        let bytes = u64::try_from(read).unwrap_or(u64::MAX);
        self.meter.bytes.fetch_add(bytes, Ordering::Relaxed);
        if let Some(budget) = &self.growing {
            budget.input_grew(bytes);
        }
        Ok(read)
    }
}
