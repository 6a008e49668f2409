//! Rows that leave a day of a table without the others: of some sources, but not those that are held. Files are written anew without them; the offset of the table
//! stays what its log says, and queries that began before go on reading the old files, which stay until [`Tables::vacuum`].

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray as _, BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::arrow::{ArrowWriter, ProjectionMask};
use datafusion::parquet::errors::ParquetError;
use deltalake::kernel::Action;
use deltalake::protocol::DeltaOperation;
use object_store::path::Path;

use super::catalogue::{EVENT_DAY, Family};
use super::compact::widened;
use super::error::TablesError;
use super::file::{FileStats, NewFile, day_text, properties, written_schema};
use super::flush::now_ms;
use super::objects::Objects;
use super::sources::{SiteSource, place};
use super::stream::Pieces;
use super::{DataFile, Tables};

/// Rows that are read at a time.
const ROWS: usize = 8_192;

/// Which rows of a day are to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsLeaving {
    /// Site and id of the sources whose rows leave.
    pub sources: BTreeSet<SiteSource>,
    /// Rows at these offsets stay.
    pub keep: Arc<BTreeSet<u64>>,
    /// Rows at or beyond this offset stay: nobody has asked of them whether they are held.
    pub through: u64,
}

/// What left by one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowsLeft {
    /// Events.
    pub rows: u64,
    /// Bytes by which the files named by the table became fewer.
    pub bytes: u64,
}

/// What stays of a file.
enum Rest {
    Everything,
    Nothing,
    Some(NewFile),
}

impl RowsLeaving {
    /// Which rows of a batch stay.
    fn staying(&self, batch: &RecordBatch) -> BooleanArray {
        let text = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
        let positions = batch.column_by_name("position").and_then(|column| column.as_primitive_opt::<Int64Type>());
        let (Some(sites), Some(names), Some(positions)) = (text("site"), text("source"), positions) else {
            return BooleanArray::from(vec![true; batch.num_rows()]);
        };
        let leaving: Vec<(&str, &str)> = self.sources.iter().map(|(site, source)| (&**site, &**source)).collect();
        let stays = |row: usize| {
            let position = u64::try_from(positions.value(row)).unwrap_or(u64::MAX);
            position >= self.through
                || self.keep.contains(&position)
                || leaving.binary_search(&(sites.value(row), names.value(row))).is_err()
        };
        (0..batch.num_rows()).map(|row| Some(stays(row))).collect()
    }

    /// Whether nothing in the file can stay: then it need not be read.
    fn takes_all(&self, file: &DataFile, sources: &std::collections::BTreeMap<SiteSource, u64>) -> bool {
        let (Ok(first), Ok(last)) = (u64::try_from(file.stats.position.0), u64::try_from(file.stats.position.1)) else {
            return false;
        };
        last < self.through
            && self.keep.range(first..=last).next().is_none()
            && sources.keys().all(|source| self.sources.contains(source))
    }
}

impl Tables {
    /// Lets rows of one day of a table leave. What is in memory stays: it is the newest.
    ///
    /// # Errors
    /// When files or the log cannot be read or written; what left before stays gone.
    pub async fn remove_rows(&self, family: Family, day: i32, which: &RowsLeaving) -> Result<RowsLeft, TablesError> {
        let _turn = self.inner.maintenance.lock().await;
        let mut left = RowsLeft::default();
        for file in self.files_of(family).iter().filter(|file| file.day == day) {
            let sources = self.sources_of(family, file).await?;
            if !sources.keys().any(|source| which.sources.contains(source)) {
                continue;
            }
            let rest = match which.takes_all(file, &sources) {
                true => Rest::Nothing,
                false => self.without(family, file, which).await?,
            };
            let rest = match rest {
                Rest::Everything => continue,
                Rest::Nothing => None,
                Rest::Some(rest) => Some(rest),
            };
            let (rows, bytes) = rest.as_ref().map_or((0, 0), |rest| (rest.rows, rest.size as u64));
            self.put_in_place(family, file, rest).await?;
            left.rows += (file.rows - rows) as u64;
            left.bytes += file.bytes.saturating_sub(bytes);
        }
        Ok(left)
    }

    /// A new file with the rows that stay.
    async fn without(&self, family: Family, file: &DataFile, which: &RowsLeaving) -> Result<Rest, TablesError> {
        let (objects, file, which) = (self.inner.files.clone(), file.clone(), which.clone());
        let work = tokio::task::spawn_blocking(move || rewrite(&objects, family, &file, &which));
        let rest = work.await.map_err(|_| TablesError::GivenUp)?;
        rest.map_err(|source| TablesError::Encode { table: family.name(), source })
    }

    async fn put_in_place(&self, family: Family, file: &DataFile, rest: Option<NewFile>) -> Result<(), TablesError> {
        let now = now_ms();
        let mut actions = vec![Action::Remove(file.remove(now, true))];
        actions.extend(rest.as_ref().map(|rest| Action::Add(rest.add(now, true))));
        let predicate = Some(format!("{EVENT_DAY} = '{}'", day_text(file.day)));
        let gone = std::slice::from_ref(file);
        let new = rest.as_ref().map(DataFile::of);
        self.replace(family, actions, DeltaOperation::Delete { predicate }, gone, new).await
    }
}

/// Counts the rows that stay by three columns.
fn staying(objects: &Objects, family: Family, file: &DataFile, which: &RowsLeaving) -> Result<usize, ParquetError> {
    let old = ParquetRecordBatchReaderBuilder::try_new(Pieces::open(objects, &place(family, file))?)?;
    let columns = ProjectionMask::columns(old.parquet_schema(), ["site", "source", "position"]);
    let (mut stay, mut read) = (0, 0);
    for batch in old.with_projection(columns).with_batch_size(ROWS).build()? {
        let batch = batch?;
        read += batch.num_rows();
        stay += which.staying(&batch).true_count();
    }
    if read != file.rows {
        return Err(ParquetError::General(format!("{read} rows were read where the log counts {}", file.rows)));
    }
    Ok(stay)
}

/// Reads a file and writes those of its rows that stay into a new one, some thousand rows at a time.
fn rewrite(objects: &Objects, family: Family, file: &DataFile, which: &RowsLeaving) -> Result<Rest, ParquetError> {
    let rows = staying(objects, family, file, which)?;
    if rows == 0 || rows == file.rows {
        return Ok(if rows == 0 { Rest::Nothing } else { Rest::Everything });
    }
    let (first, last) = file.stats.position;
    // unlike any other name: the rows of these offsets only become fewer
    let name = format!("{first:020}-{last:020}-{}-rest", file.rows);
    let path = format!("{EVENT_DAY}={}/{name}.parquet", day_text(file.day));
    let schema = written_schema(family);
    let unfinished = objects.create_file(&Path::from(format!("{}/{path}", family.name())))?;
    let mut writer = ArrowWriter::try_new(unfinished, Arc::clone(&schema), Some(properties(family)))?;
    let mut stats = None;
    let old = Pieces::open(objects, &place(family, file))?;
    for batch in ParquetRecordBatchReaderBuilder::try_new(old)?.with_batch_size(ROWS).build()? {
        let batch = widened(&batch?, &schema)?;
        let rest = filter_record_batch(&batch, &which.staying(&batch))?;
        if rest.num_rows() > 0 {
            let of_rest = FileStats::of(&rest);
            stats = Some(stats.map_or(of_rest, |stats: FileStats| stats.joined(of_rest)));
            writer.write(&rest)?;
        }
    }
    let (size, sha256) = writer.into_inner()?.finish()?;
    let stats = stats.unwrap_or(FileStats::any());
    Ok(Rest::Some(NewFile { path, bytes: Vec::new(), size, sha256, rows, stats, day: file.day }))
}
