//! Whose rows a day of a table holds: asked by retention, so that one source can leave without the others. Read once for each file and kept as long as the file is
//! there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::arrow::array::{AsArray as _, RecordBatch};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::errors::ParquetError;
use object_store::path::Path;

use super::catalogue::Family;
use super::error::TablesError;
use super::objects::Objects;
use super::stream::Pieces;
use super::{DataFile, Tables};

/// Rows that are read at a time.
const ROWS: usize = 65_536;

/// A site and the id of a source.
pub type SiteSource = (Arc<str>, Arc<str>);

/// What one source has in one day of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRows {
    /// The table.
    pub family: Family,
    /// Days since 1970, UTC, of receipt.
    pub day: i32,
    /// The site of the source.
    pub site: Arc<str>,
    /// Its id.
    pub source: Arc<str>,
    /// Its events.
    pub rows: u64,
    /// Its part of the bytes of the files, by events.
    pub bytes: u64,
}

/// Rows by source of one file.
pub(super) type FileSources = Arc<BTreeMap<SiteSource, u64>>;

/// What was read, by path of the file below the folder of tables.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<BTreeMap<String, FileSources>>);

impl Known {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, FileSources>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    /// What each source has in the files, by table and day. Reads one small column of each file that nobody asked for before.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn sources(&self) -> Result<Vec<SourceRows>, TablesError> {
        let mut all = Vec::new();
        let mut named = BTreeMap::new();
        for family in Family::all() {
            let mut days = Days::new();
            for file in self.files_of(family).iter() {
                let sources = self.sources_of(family, file).await?;
                add(&mut days, file, &sources);
                named.insert(place(family, file).to_string(), sources);
            }
            let one = |((day, (site, source)), (rows, bytes))| SourceRows { family, day, site, source, rows, bytes };
            all.extend(days.into_iter().map(one));
        }
        // files that left are forgotten
        *self.inner.sources.lock() = named;
        Ok(all)
    }

    /// Rows of a file by source.
    pub(super) async fn sources_of(&self, family: Family, file: &DataFile) -> Result<FileSources, TablesError> {
        let path = place(family, file);
        if let Some(known) = self.inner.sources.lock().get(path.as_ref()) {
            return Ok(Arc::clone(known));
        }
        let (objects, name) = (self.inner.files.clone(), path.to_string());
        let read = tokio::task::spawn_blocking(move || read(&objects, &path)).await;
        let read = read.map_err(|_| TablesError::GivenUp)?;
        let read = Arc::new(read.map_err(|source| TablesError::Encode { table: family.name(), source })?);
        self.inner.sources.lock().insert(name, Arc::clone(&read));
        Ok(read)
    }
}

/// Rows and bytes by day and source.
type Days = BTreeMap<(i32, SiteSource), (u64, u64)>;

fn add(days: &mut Days, file: &DataFile, sources: &BTreeMap<SiteSource, u64>) {
    for (source, rows) in sources {
        let sum = days.entry((file.day, source.clone())).or_default();
        sum.0 += rows;
        sum.1 += part(file.bytes, *rows, file.rows as u64);
    }
}

/// Where a file lies below the folder of tables.
pub(super) fn place(family: Family, file: &DataFile) -> Path {
    Path::from(format!("{}/{}", family.name(), file.path))
}

/// `rows` of `of` as a part of `bytes`.
fn part(bytes: u64, rows: u64, of: u64) -> u64 {
    let part = u128::from(bytes) * u128::from(rows) / u128::from(of.max(1));
    u64::try_from(part).unwrap_or(bytes)
}

fn read(objects: &Objects, path: &Path) -> Result<BTreeMap<SiteSource, u64>, ParquetError> {
    let file = ParquetRecordBatchReaderBuilder::try_new(Pieces::open(objects, path)?)?;
    let columns = ProjectionMask::columns(file.parquet_schema(), ["site", "source"]);
    let mut sources = BTreeMap::new();
    for batch in file.with_projection(columns).with_batch_size(ROWS).build()? {
        count(&batch?, &mut sources);
    }
    Ok(sources)
}

fn count(batch: &RecordBatch, sources: &mut BTreeMap<SiteSource, u64>) {
    let text = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
    let (Some(sites), Some(names)) = (text("site"), text("source")) else { return };
    let mut run: Option<(&str, &str, u64)> = None;
    let mut end = |run: Option<(&str, &str, u64)>| {
        if let Some((site, source, rows)) = run {
            *sources.entry((site.into(), source.into())).or_default() += rows;
        }
    };
    for row in 0..batch.num_rows() {
        let (site, source) = (sites.value(row), names.value(row));
        match &mut run {
            Some((of_site, of_source, rows)) if (*of_site, *of_source) == (site, source) => *rows += 1,
            _ => end(run.replace((site, source, 1))),
        }
    }
    end(run);
}
