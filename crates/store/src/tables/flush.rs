//! From memory to files: encode, write, commit, give the memory back. One table after the other, each in one commit with its offset.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use datafusion::arrow::array::RecordBatch;
use deltalake::kernel::Action;
use deltalake::protocol::{DeltaOperation, SaveMode};
use object_store::path::Path;
use object_store::{ObjectStoreExt as _, PutPayload};

use super::catalogue::{EVENT_DAY, Family};
use super::delta::DeltaLog;
use super::error::TablesError;
use super::file::{NewFile, by_day, encode};
use super::{DataFile, Tables, open};

impl Tables {
    /// Writes what is in memory to files. When it returns, everything appended before is durable and [`Tables::applied`] says so.
    ///
    /// # Errors
    /// When files or logs cannot be written. Nothing is lost then: the events stay in memory and in the write-ahead log, and the next flush tries again.
    pub async fn flush(&self) -> Result<(), TablesError> {
        let mut logs = self.inner.commits.lock().await;
        self.flush_locked(&mut logs).await
    }

    /// The same for who has the logs already.
    pub(super) async fn flush_locked(&self, logs: &mut [DeltaLog]) -> Result<(), TablesError> {
        for log in logs.iter_mut() {
            self.inner.settle_doubt(log).await?;
        }
        let (through, started) = self.start_flush();
        self.flush_tables(logs, through, &started).await?;
        open::keep_applied(&self.inner.objects, through).await?;
        self.inner.files.reached("tables.applied_kept");
        let mut state = self.inner.write();
        state.applied = through;
        state.tables.iter_mut().for_each(|table| table.applied = table.applied.max(through));
        Ok(())
    }

    /// What is to be written, table by table, and the offset up to which it is complete.
    fn start_flush(&self) -> (u64, Vec<Arc<Vec<RecordBatch>>>) {
        let mut state = self.inner.write();
        state.oldest = None;
        let started = state.tables.iter_mut().map(|table| table.hot.start_flush()).collect();
        (state.through, started)
    }

    async fn flush_tables(
        &self,
        logs: &mut [DeltaLog],
        through: u64,
        started: &[Arc<Vec<RecordBatch>>],
    ) -> Result<(), TablesError> {
        for ((family, log), batches) in Family::all().zip(logs).zip(started) {
            if batches.is_empty() {
                continue;
            }
            let files = self.write_files(family, through, Arc::clone(batches)).await?;
            self.inner.files.reached("tables.files_written");
            let actions = files.iter().map(|file| Action::Add(file.add(now_ms(), true))).collect();
            let operation = DeltaOperation::Write {
                mode: SaveMode::Append,
                partition_by: Some(vec![EVENT_DAY.to_owned()]),
                predicate: None,
            };
            log.commit(actions, operation, Some(through)).await?;
            self.inner.files.reached("tables.committed");
            let mut state = self.inner.write();
            let Some(table) = state.tables.get_mut(family.place()) else { continue };
            Arc::make_mut(&mut table.files).extend(files.iter().map(DataFile::of));
            table.hot.end_flush();
            table.applied = through;
        }
        Ok(())
    }

    /// Encodes on another thread, then writes. A file is durable before anybody names it.
    async fn write_files(
        &self,
        family: Family,
        through: u64,
        batches: Arc<Vec<RecordBatch>>,
    ) -> Result<Vec<NewFile>, TablesError> {
        let work = tokio::task::spawn_blocking(move || encode_all(family, through, &batches));
        let files = work.await.map_err(|_| TablesError::GivenUp)??;
        self.put_files(family, files).await
    }

    /// Writes files and gives them back without their bytes.
    pub(super) async fn put_files(&self, family: Family, mut files: Vec<NewFile>) -> Result<Vec<NewFile>, TablesError> {
        for file in &mut files {
            let path = Path::from(format!("{}/{}", family.name(), file.path));
            let payload = PutPayload::from(std::mem::take(&mut file.bytes));
            self.inner.objects.put(&path, payload).await?;
        }
        Ok(files)
    }
}

fn encode_all(family: Family, through: u64, batches: &[RecordBatch]) -> Result<Vec<NewFile>, TablesError> {
    let days = by_day(batches).map_err(|source| TablesError::Columns { table: family.name(), source })?;
    let name = format!("{through:020}");
    let encoded = days.into_iter().map(|(day, parts)| encode(family, day, &parts, &name));
    encoded.collect::<Result<_, _>>().map_err(|source| TablesError::Encode { table: family.name(), source })
}

impl DataFile {
    pub(super) fn of(file: &NewFile) -> Self {
        Self { path: file.path.clone(), bytes: file.size as u64, rows: file.rows, day: file.day, stats: file.stats }
    }
}

/// The clock, in ms since 1970.
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
