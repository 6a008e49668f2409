//! Many small files to few large ones. Rows stay as they are; the offset of a table stays what its log says. Queries that began before go on reading the old files,
//! which stay until [`Tables::vacuum`].

use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, new_null_array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::error::ArrowError;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::errors::ParquetError;
use deltalake::kernel::{Action, Remove};
use deltalake::protocol::DeltaOperation;
use object_store::path::Path;

use super::catalogue::{EVENT_DAY, Family};
use super::error::TablesError;
use super::file::{FileStats, NewFile, day_text, properties, written_schema};
use super::flush::now_ms;
use super::stream::Pieces;
use super::{DataFile, Tables};

/// Files of about one size that are joined.
const JOINED_MIN: usize = 8;
/// Bytes of a file that is not joined any more.
const WHOLE_BYTES: u64 = 256 << 20;
/// Most bytes of files that are joined into one.
const JOINED_BYTES_MAX: u64 = 512 << 20;
/// Each size is so many times the one below.
const STEP: u64 = 8;
/// Bytes of the smallest size.
const SMALL_BYTES: u64 = 4 << 20;
/// Rows that are read at a time.
const ROWS: usize = 8_192;

impl Tables {
    /// Joins small files: eight or more of about one size, and of days before `today` (days since 1970, UTC) any that are left. Gives how many files went into how
    /// many.
    ///
    /// # Errors
    /// When files or logs cannot be read or written; what was joined before stays.
    pub async fn compact(&self, today: i32) -> Result<(usize, usize), TablesError> {
        let _turn = self.inner.maintenance.lock().await;
        let mut joined = (0, 0);
        self.settle_doubts().await?;
        for family in Family::all() {
            for group in groups(&self.files_of(family), today) {
                joined = (joined.0 + group.len(), joined.1 + 1);
                self.join(family, group).await?;
            }
        }
        Ok(joined)
    }

    /// After this, files that are named by a log are known, whatever failed before.
    pub(super) async fn settle_doubts(&self) -> Result<(), TablesError> {
        for log in self.inner.commits.lock().await.iter_mut() {
            self.inner.settle_doubt(log).await?;
        }
        Ok(())
    }

    pub(super) fn files_of(&self, family: Family) -> Arc<Vec<DataFile>> {
        self.inner.read().tables.get(family.place()).map(|table| Arc::clone(&table.files)).unwrap_or_default()
    }

    async fn join(&self, family: Family, group: Vec<DataFile>) -> Result<(), TablesError> {
        let objects = self.inner.files.clone();
        let parts = group.clone();
        let work = tokio::task::spawn_blocking(move || rewrite(&objects, family, &parts));
        let whole = work.await.map_err(|_| TablesError::GivenUp)?;
        let whole = whole.map_err(|source| TablesError::Encode { table: family.name(), source })?;
        self.inner.files.reached("tables.files_joined");
        let now = now_ms();
        let mut actions: Vec<Action> = group.iter().map(|file| Action::Remove(file.remove(now, false))).collect();
        actions.push(Action::Add(whole.add(now, false)));
        let target_size = i64::try_from(WHOLE_BYTES).unwrap_or(i64::MAX);
        let operation = DeltaOperation::Optimize { predicate: None, target_size };
        self.replace(family, actions, operation, &group, Some(DataFile::of(&whole))).await
    }

    /// Commits, then shows queries the new list of files. A deletion notes up to which day rows have left: [`Tables::verify`] misses none of those.
    pub(super) async fn replace(
        &self,
        family: Family,
        actions: Vec<Action>,
        operation: DeltaOperation,
        gone: &[DataFile],
        new: Option<DataFile>,
    ) -> Result<(), TablesError> {
        let mut logs = self.inner.commits.lock().await;
        let Some(log) = logs.get_mut(family.place()) else { return Ok(()) };
        self.inner.settle_doubt(log).await?;
        let known = self.files_of(family);
        if !gone.iter().all(|one| known.iter().any(|file| file.path == one.path)) {
            return Ok(()); // they left by a commit that was in doubt
        }
        let mut actions = actions;
        if let DeltaOperation::Delete { .. } = operation {
            actions.extend(log.dropping(gone).await?);
        }
        log.commit(actions, operation, None).await?;
        self.inner.files.reached("tables.join_committed");
        let mut state = self.inner.write();
        let Some(table) = state.tables.get_mut(family.place()) else { return Ok(()) };
        let files = Arc::make_mut(&mut table.files);
        files.retain(|file| !gone.iter().any(|one| one.path == file.path));
        files.extend(new);
        Ok(())
    }
}

/// Files that are to be joined, in groups of one day.
fn groups(files: &[DataFile], today: i32) -> Vec<Vec<DataFile>> {
    let mut small: Vec<&DataFile> = files.iter().filter(|file| file.bytes < WHOLE_BYTES).collect();
    small.sort_by_key(|file| (file.day, size(file), file.stats.position));
    let mut groups: Vec<Vec<DataFile>> = Vec::new();
    for file in small {
        let fits = |group: &&mut Vec<DataFile>| {
            let alike = group.iter().all(|one| one.day == file.day && (file.day < today || size(one) == size(file)));
            alike && group.iter().map(|one| one.bytes).sum::<u64>() + file.bytes <= JOINED_BYTES_MAX
        };
        match groups.last_mut().filter(fits) {
            Some(group) => group.push(file.clone()),
            None => groups.push(vec![file.clone()]),
        }
    }
    let is_due = |group: &Vec<DataFile>| {
        group.len() >= JOINED_MIN || (group.len() > 1 && group.first().is_some_and(|file| file.day < today))
    };
    groups.retain(is_due);
    groups
}

/// How large a file is, in steps.
const fn size(file: &DataFile) -> u32 {
    let mut bound = SMALL_BYTES;
    let mut size = 0;
    while file.bytes >= bound {
        bound *= STEP;
        size += 1;
    }
    size
}

/// Reads the files one after the other and writes their rows into a new one, some thousand rows at a time.
fn rewrite(objects: &super::objects::Objects, family: Family, parts: &[DataFile]) -> Result<NewFile, ParquetError> {
    let first = parts.iter().map(|file| file.stats.position.0).min().unwrap_or_default();
    let last = parts.iter().map(|file| file.stats.position.1).max().unwrap_or_default();
    let rows = parts.iter().map(|file| file.rows).sum::<usize>();
    let day = parts.first().map_or(0, |file| file.day);
    // unlike any other name: the same files are joined once
    let name = format!("{first:020}-{last:020}-{}", parts.len());
    let path = format!("{EVENT_DAY}={}/{name}.parquet", day_text(day));
    let schema = written_schema(family);
    let unfinished = objects.create_file(&Path::from(format!("{}/{path}", family.name())))?;
    let mut writer = ArrowWriter::try_new(unfinished, Arc::clone(&schema), Some(properties(family)))?;
    let (mut stats, mut written) = (None, 0);
    for part in parts {
        let part = Pieces::open(objects, &Path::from(format!("{}/{}", family.name(), part.path)))?;
        for batch in ParquetRecordBatchReaderBuilder::try_new(part)?.with_batch_size(ROWS).build()? {
            let batch = widened(&batch?, &schema)?;
            let of_batch = FileStats::of(&batch);
            stats = Some(stats.map_or(of_batch, |stats: FileStats| stats.joined(of_batch)));
            written += batch.num_rows();
            writer.write(&batch)?;
        }
    }
    if written != rows {
        return Err(ParquetError::General(format!("{written} rows were read where the log counts {rows}")));
    }
    let (size, sha256) = writer.into_inner()?.finish()?;
    Ok(NewFile { path, bytes: Vec::new(), size, sha256, rows, stats: stats.unwrap_or(FileStats::any()), day })
}

/// The rows with every column of today's catalogue: null where the file is older than the column, in today's type where it was written in another.
pub(super) fn widened(
    batch: &RecordBatch,
    schema: &datafusion::arrow::datatypes::SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let column = |field: &Arc<datafusion::arrow::datatypes::Field>| match batch.column_by_name(field.name()) {
        Some(column) => cast(column, field.data_type()),
        None => Ok(new_null_array(field.data_type(), batch.num_rows())),
    };
    let columns = schema.fields().iter().map(column).collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns)
}

impl DataFile {
    /// What the log says when the file leaves the table. `now` is the clock, in ms since 1970.
    pub(super) fn remove(&self, now: i64, data_change: bool) -> Remove {
        Remove {
            path: self.path.clone(),
            data_change,
            deletion_timestamp: Some(now),
            extended_file_metadata: Some(true),
            partition_values: Some([(EVENT_DAY.to_owned(), Some(day_text(self.day)))].into()),
            size: i64::try_from(self.bytes).ok(),
            ..Remove::default()
        }
    }
}
