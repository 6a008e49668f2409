//! Event tables: one Delta table for each family of OCSF classes (`docs/specs/tables.md`). Columns of events come in from [`Rows`], with the offset of the
//! write-ahead log up to which they are complete; what is in can be queried at once, first from memory, later from Parquet files.
//!
//! Each table keeps its applied offset in its own log, in the commit that holds the data: rows below it are left out when they are replayed, so every event
//! stands in its table exactly once, whenever the node stops. Nobody here reads the write-ahead log or knows what an event means.

mod catalogue;
mod cells;
mod compact;
mod delta;
mod error;
mod file;
mod flush;
mod freeze;
mod hot;
mod leave;
mod objects;
mod open;
mod places;
mod rest;
mod retain;
mod rows;
mod snapshot;
mod sources;
mod stream;
#[cfg(test)]
pub(crate) mod tests;
mod verify;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use datafusion::arrow::array::RecordBatch;
use tokio::sync::{Mutex, Notify};

pub(crate) use catalogue::rows as data_rows;
pub use catalogue::{EVENT_DAY, EVENT_ID, Family, REST};
pub(crate) use cells::ip_bytes;
pub use error::TablesError;
pub(crate) use file::day_text;
pub use leave::{RowsLeaving, RowsLeft};
pub use places::RowPlace;
pub use retain::DayCounts;
pub use rows::{RowMeta, Rows};
pub use sources::{SiteSource, SourceRows};
pub use verify::TablesVerified;

use crate::disk::Disk;
use delta::DeltaLog;
use file::FileStats;
use hot::Hot;
use objects::{Objects, Shared};
pub(crate) use snapshot::{SnapshotFile, TableSnapshot};

/// Events of one table, in columns.
pub type RowBatch = (Family, RecordBatch);

/// Bounds of the event tables.
#[derive(Clone, Copy, Debug)]
pub struct TablesOptions {
    /// Most bytes of events in memory. When it is reached, [`Tables::append`] waits for a flush.
    pub hot_bytes_max: usize,
    /// Bytes of events in memory from which on they are to be written to files.
    pub flush_bytes: usize,
    /// How long events stay in memory alone; the write-ahead log has them too.
    pub flush_after: Duration,
}

impl Default for TablesOptions {
    fn default() -> Self {
        Self { hot_bytes_max: 192 << 20, flush_bytes: 96 << 20, flush_after: Duration::from_secs(60) }
    }
}

/// The event tables of a node. Clones share them.
#[derive(Clone)]
pub struct Tables {
    inner: Arc<Inner>,
}

struct Inner {
    objects: Shared,
    /// The same files, for work that blocks.
    files: Objects,
    options: TablesOptions,
    state: RwLock<State>,
    /// Held by whoever commits: flush, compaction and retention take turns.
    commits: Mutex<Vec<DeltaLog>>,
    /// Held by whoever takes files away: compaction, retention and vacuum take turns.
    maintenance: Mutex<()>,
    /// Told when a flush is due by size.
    due: Notify,
    /// Rows of files by source, as far as somebody asked.
    sources: sources::Known,
}

/// What is in, at one moment.
#[derive(Debug)]
struct State {
    /// Everything below this offset of the write-ahead log was appended.
    through: u64,
    /// Everything below this offset is durable in files, for all tables.
    applied: u64,
    tables: Vec<TableState>,
    /// When the oldest event that is in memory alone was appended.
    oldest: Option<Instant>,
}

/// What one table has, at one moment.
#[derive(Clone, Debug, Default)]
struct TableState {
    hot: Hot,
    files: Arc<Vec<DataFile>>,
    /// Offset of the write-ahead log up to which the files are complete.
    applied: u64,
}

/// A file that the log of a table names.
#[derive(Clone, Debug, PartialEq, Eq)]
struct DataFile {
    /// Below the table's folder.
    path: String,
    bytes: u64,
    rows: usize,
    day: i32,
    stats: FileStats,
}

/// Counts of one table, for health pages and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableCounts {
    /// The table.
    pub family: Family,
    /// Events in files.
    pub rows: u64,
    /// Events in memory alone.
    pub hot_rows: u64,
    /// Files.
    pub files: u64,
    /// Bytes of files.
    pub bytes: u64,
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tables").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl Tables {
    /// Opens the tables in a folder, making what is not there and removing files that a crash left without a commit.
    ///
    /// # Errors
    /// When files or logs cannot be read or written, or a newer version wrote them.
    pub async fn open(disk: Arc<dyn Disk>, folder: &Path, options: TablesOptions) -> Result<Self, TablesError> {
        let files = Objects::open(disk, folder)?;
        let objects: Shared = Arc::new(files.clone());
        let (logs, state) = open::read(&objects, &files).await?;
        let inner = Inner {
            objects,
            files,
            options,
            state: RwLock::new(state),
            commits: Mutex::new(logs),
            maintenance: Mutex::new(()),
            due: Notify::new(),
            sources: sources::Known::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// A builder of columns, one for each worker.
    #[must_use]
    pub fn rows(&self) -> Rows {
        Rows::new()
    }

    /// Takes events in. With them everything below `through` of the write-ahead log is in; calls come in the order of the log. They can be queried as soon as
    /// this returns. Waits for a flush when memory is full.
    ///
    /// # Errors
    /// When memory is full and the events in it cannot be written.
    pub async fn append(&self, through: u64, rows: Vec<(Family, RecordBatch)>) -> Result<(), TablesError> {
        while self.is_full() {
            let mut logs = self.inner.commits.lock().await;
            // the flush that was waited for may have made the room
            if self.is_full() {
                self.flush_locked(&mut logs).await?;
            }
        }
        let due = self.inner.write().take_in(through, rows)? >= self.inner.options.flush_bytes;
        if due {
            self.inner.due.notify_one();
        }
        Ok(())
    }

    /// Everything below this offset of the write-ahead log is durable in the files of all tables.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.inner.read().applied
    }

    /// Everything below this offset of the write-ahead log can be queried.
    #[must_use]
    pub fn through(&self) -> u64 {
        self.inner.read().through
    }

    /// Bytes of events in memory.
    #[must_use]
    pub fn hot_bytes(&self) -> usize {
        self.inner.read().hot_bytes()
    }

    /// Counts of every table, in their order.
    #[must_use]
    pub fn counts(&self) -> Vec<TableCounts> {
        let state = self.inner.read();
        let count = |(family, table): (Family, &TableState)| TableCounts {
            family,
            rows: table.files.iter().map(|file| file.rows as u64).sum(),
            hot_rows: table.hot.rows() as u64,
            files: table.files.len() as u64,
            bytes: table.files.iter().map(|file| file.bytes).sum(),
        };
        Family::all().zip(&state.tables).map(count).collect()
    }

    /// Flushes whenever it is due by size or by age, for ever. Faults are logged and tried again after a second: nothing is lost meanwhile, [`Self::append`]
    /// waits once memory is full.
    pub async fn keep_flushing(&self) {
        let mut pause = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                () = self.inner.due.notified() => {}
                _ = pause.tick() => {}
            }
            if !self.is_due() {
                continue;
            }
            if let Err(error) = self.flush().await {
                tracing::error!(error = %error, cause = ?error, "events cannot be written to the event tables");
                pause.reset();
                pause.tick().await;
            }
        }
    }

    fn is_full(&self) -> bool {
        self.hot_bytes() >= self.inner.options.hot_bytes_max
    }

    fn is_due(&self) -> bool {
        let state = self.inner.read();
        let is_old = state.oldest.is_some_and(|oldest| oldest.elapsed() >= self.inner.options.flush_after);
        is_old || state.hot_bytes() >= self.inner.options.flush_bytes
    }
}

impl Inner {
    /// Makes sure that what is known of a table is what its log says, before anything is made of it: a commit that failed may stand all the same.
    async fn settle_doubt(&self, log: &mut DeltaLog) -> Result<(), TablesError> {
        if !log.settle_doubt().await? {
            return Ok(());
        }
        let (files, applied, family) = (log.files(), log.applied().await?, log.family());
        let mut state = self.write();
        let Some(table) = state.tables.get_mut(family.place()) else { return Ok(()) };
        table.files = Arc::new(files);
        table.applied = table.applied.max(applied);
        table.hot.leave_out(table.applied, family)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes events in and says how many bytes are in memory now.
    fn take_in(&mut self, through: u64, rows: Vec<(Family, RecordBatch)>) -> Result<usize, TablesError> {
        for (family, batch) in rows {
            let Some(table) = self.tables.get_mut(family.place()) else { continue };
            table.hot.push(hot::beyond(batch, table.applied, family)?, family)?;
        }
        self.through = self.through.max(through);
        self.oldest = self.oldest.or_else(|| Some(Instant::now()));
        Ok(self.hot_bytes())
    }

    fn hot_bytes(&self) -> usize {
        self.tables.iter().map(|table| table.hot.bytes()).sum()
    }
}
