//! Whether the tables are what their logs say: every file is there, as long, with the bytes and with as many rows as it should be, and no other file lies beside it.

use std::collections::{BTreeMap, BTreeSet};

use cordon_seal::RunningDigest;
use datafusion::parquet::file::reader::{ChunkReader as _, FileReader as _, Length as _, SerializedFileReader};
use futures_util::TryStreamExt as _;
use object_store::path::Path;

use super::catalogue::Family;
use super::delta::DeltaLog;
use super::error::TablesError;
use super::file::SHA256;
use super::objects::Objects;
use super::retain::data_path;
use super::stream::Pieces;
use super::{DataFile, Tables};

/// Bytes that are read at a time.
const PIECE_BYTES: u64 = 1 << 20;

/// What [`Tables::verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TablesVerified {
    /// Files that were looked at.
    pub files: u64,
    /// Of these, files whose SHA-256 is known and was compared; those of the first versions have none.
    pub hashed: u64,
    /// Events in them.
    pub rows: u64,
    /// What is wrong, in words, with the file.
    pub faults: Vec<String>,
    /// Whether somebody asked to end before everything was read.
    pub is_cut_short: bool,
}

/// Told how many bytes were read; says whether to go on.
type Going<'g> = &'g (dyn Fn(u64) -> bool + Send + Sync);

/// A file, and the SHA-256 that its log states.
type Stated = (DataFile, Option<String>);

impl Tables {
    /// Reads every log anew and every file from end to end. Can run while events come in: flushes wait only while the logs are read.
    ///
    /// # Errors
    /// When a log cannot be read at all.
    pub async fn verify(&self) -> Result<TablesVerified, TablesError> {
        self.verify_while(std::sync::Arc::new(|_| true)).await
    }

    /// The same; `going` is told after every piece and ends it early.
    ///
    /// # Errors
    /// When a log cannot be read at all.
    pub async fn verify_while(
        &self,
        going: std::sync::Arc<dyn Fn(u64) -> bool + Send + Sync>,
    ) -> Result<TablesVerified, TablesError> {
        let _turn = self.inner.maintenance.lock().await;
        self.settle_doubts().await?;
        let mut verified = TablesVerified::default();
        for family in Family::all() {
            let stated = self.stated(family, &mut verified).await?;
            let (objects, going) = (self.inner.files.clone(), std::sync::Arc::clone(&going));
            let work = tokio::task::spawn_blocking(move || look(&objects, family, &stated, &*going));
            let found = work.await.map_err(|_| TablesError::GivenUp)?;
            verified.files += found.files;
            verified.hashed += found.hashed;
            verified.rows += found.rows;
            verified.faults.extend(found.faults);
            verified.is_cut_short |= found.is_cut_short;
        }
        Ok(verified)
    }

    /// What the log of a table says now, beside what is wrong with it. Flushes wait meanwhile: a file that is written now is not yet named.
    async fn stated(&self, family: Family, verified: &mut TablesVerified) -> Result<Vec<Stated>, TablesError> {
        let _commits = self.inner.commits.lock().await;
        let log = DeltaLog::open(&self.inner.objects, &self.inner.files, family).await?;
        let files = log.files();
        if *self.files_of(family) != files && !same(&self.files_of(family), &files) {
            verified.faults.push(format!("{}: the log does not name the files that queries read", family.name()));
        }
        self.beside(family, &log, &files, verified).await?;
        let digests = log.digests();
        Ok(files
            .into_iter()
            .map(|file| (digests.get(&file.path).cloned(), file))
            .map(|(sha, file)| (file, sha))
            .collect())
    }

    /// Files that nothing names.
    async fn beside(
        &self,
        family: Family,
        log: &DeltaLog,
        files: &[DataFile],
        verified: &mut TablesVerified,
    ) -> Result<(), TablesError> {
        let mut known: BTreeSet<String> = files.iter().map(|file| file.path.clone()).collect();
        known.extend(log.removed().await?);
        let root = Path::from(family.name());
        let found: Vec<_> = self.inner.objects.list(Some(&root)).try_collect().await?;
        let others = found.iter().filter_map(|object| data_path(&root, &object.location));
        for path in others.filter(|path| !known.contains(path)) {
            verified.faults.push(format!("{}/{path}: no commit names this file", family.name()));
        }
        Ok(())
    }
}

impl DeltaLog {
    /// The SHA-256 that the log states, by path.
    fn digests(&self) -> BTreeMap<String, String> {
        let digest = |file: deltalake::kernel::LogicalFileView| {
            #[expect(deprecated, reason = "there is no other way to the tags of a file")]
            let add = file.add_action();
            Some((add.path, add.tags?.remove(SHA256)??))
        };
        self.state.log_data().iter().filter_map(digest).collect()
    }
}

/// Whether both lists name the same files, in any order.
fn same(one: &[DataFile], other: &[DataFile]) -> bool {
    let paths = |files: &[DataFile]| files.iter().map(|file| (file.path.clone(), file.rows)).collect::<BTreeSet<_>>();
    paths(one) == paths(other)
}

fn look(objects: &Objects, family: Family, files: &[Stated], going: Going<'_>) -> TablesVerified {
    let mut found = TablesVerified::default();
    for (file, sha256) in files {
        let path = format!("{}/{}", family.name(), file.path);
        match looked(objects, &path, file, sha256.as_deref(), going) {
            Ok(None) => {
                found.is_cut_short = true;
                return found;
            }
            Ok(Some(rows)) => found.rows += rows,
            Err(fault) => found.faults.push(format!("{path}: {fault}")),
        }
        found.files += 1;
        found.hashed += u64::from(sha256.is_some());
    }
    found
}

/// The rows of a file that is what the log says; `None` when somebody asked to end.
fn looked(
    objects: &Objects,
    path: &str,
    file: &DataFile,
    sha256: Option<&str>,
    going: Going<'_>,
) -> Result<Option<u64>, String> {
    let pieces = Pieces::open(objects, &Path::from(path)).map_err(|error| error.to_string())?;
    let length = pieces.len();
    if length != file.bytes {
        return Err(format!("is {length} bytes long, the log says {}", file.bytes));
    }
    let (mut running, mut at) = (RunningDigest::default(), 0);
    while at < length {
        let piece = usize::try_from(PIECE_BYTES.min(length - at)).unwrap_or(usize::MAX);
        let bytes = pieces.get_bytes(at, piece).map_err(|error| error.to_string())?;
        running.update(&bytes);
        at += bytes.len() as u64;
        if !going(bytes.len() as u64) {
            return Ok(None);
        }
    }
    if sha256.is_some_and(|stated| stated != running.finish().to_string()) {
        return Err("its bytes are not those that were written".to_owned());
    }
    let reader = SerializedFileReader::new(pieces).map_err(|error| error.to_string())?;
    let rows = u64::try_from(reader.metadata().file_metadata().num_rows()).map_err(|error| error.to_string())?;
    if rows != file.rows as u64 {
        return Err(format!("holds {rows} events, the log says {}", file.rows));
    }
    Ok(Some(rows))
}
