//! How far the street got, for whoever watches from another thread.

use std::sync::atomic::AtomicU64;

/// Counts that rise while the street is walked.
#[derive(Debug, Default)]
pub struct Progress {
    /// Events decoded.
    pub events: AtomicU64,
    /// Bytes decoded, after expansion.
    pub bytes: AtomicU64,
}
