//! How often a node writes down, tidies and tries again: constants of a running node, shorter in tests that look for what happens in between.

use std::time::Duration;

/// The rhythm of a node. What is configured (flushes of the event tables, segments of the log) stands in [`super::NodeOptions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Bytes of deliveries that a batch of the street aims at; a longer delivery makes it longer. Each batch is one commit of the state, so large ones make findings
    /// cheap; what is there is never waited for to become more.
    pub batch_bytes: usize,
    /// How often the windows of correlations are written down, when there was something new.
    pub snapshot_every: Duration,
    /// Sealed bytes of evidence that wait in memory until a file is written.
    pub evidence_bytes_max: usize,
    /// How often evidence is written to a file however little waits: files are not joined later, so they must not be many.
    pub evidence_every: Duration,
    /// How often small files of the event tables are joined.
    pub tidy_every: Duration,
    /// Files that left the tables stay for so long: queries and exports that began before may still read them.
    pub vacuum_spares: Duration,
    /// How long something that cannot be written is left alone before it is tried again.
    pub retry_after: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            batch_bytes: 1 << 20,
            snapshot_every: Duration::from_secs(15),
            evidence_bytes_max: 16 << 20,
            evidence_every: Duration::from_secs(300),
            tidy_every: Duration::from_secs(600),
            vacuum_spares: Duration::from_secs(6 * 3_600),
            retry_after: Duration::from_secs(1),
        }
    }
}
