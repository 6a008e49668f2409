//! The file and its connections: owner-only rights, write-ahead journal, every commit on the disk before it counts.

use std::io::Read as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::StateError;
use super::migrate::{APPLICATION_ID, SCHEMA_VERSION};

/// How long a verb waits for the one writer or for a reader before it is told [`StateError::Busy`].
const WAIT_MAX: Duration = Duration::from_secs(30);
/// Connections that read.
const READERS_MAX: u32 = 4;
/// Pages of the journal after which they go to the database, 4 KiB each: under many findings the same pages of indexes change again and again, and each is then
/// written once for all of these.
const JOURNAL_PAGES: &str = "8192";
/// Pages that each connection which reads keeps in memory, in KiB (SQLite counts KiB as negative).
const CACHE_KIB: &str = "-4096";
/// The same of the connection that writes: what a batch of findings changes lies all over the indexes. What does not fit is written several times, and read again.
const WRITER_CACHE_KIB: &str = "-16384";

/// Refuses a file that this version must not touch, creates a missing one, and takes it from everybody but its owner.
pub(super) async fn prepare_file(path: &Path) -> Result<(), StateError> {
    let path = path.to_owned();
    let prepared = tokio::task::spawn_blocking(move || prepare(&path)).await;
    prepared.unwrap_or(Err(StateError::Busy))
}

/// Refuses a file that is not there or that this version must not read; changes nothing.
pub(super) async fn check_file(path: &Path) -> Result<(), StateError> {
    let path = path.to_owned();
    let check = move || {
        std::fs::metadata(&path).map_err(|source| StateError::File { path: path.clone(), source })?;
        check_header(&path)
    };
    tokio::task::spawn_blocking(check).await.unwrap_or(Err(StateError::Busy))
}

fn prepare(path: &Path) -> Result<(), StateError> {
    let fault = |source| StateError::File { path: path.to_owned(), source };
    check_header(path)?;
    let mut options = std::fs::OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map_err(fault)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(fault)
}

/// Reads application id and schema version out of the file's header (<https://www.sqlite.org/fileformat.html>, 1.3), without opening it as a database:
/// that could already change it.
fn check_header(path: &Path) -> Result<(), StateError> {
    let fault = |source| StateError::File { path: path.to_owned(), source };
    let mut header = Vec::new();
    match std::fs::File::open(path) {
        Ok(file) => file.take(100).read_to_end(&mut header).map_err(fault)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(fault(error)),
    };
    if header.is_empty() {
        return Ok(()); // created, and then the power failed
    }
    let number = |at: usize| header.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
    let is_database = header.starts_with(b"SQLite format 3\0");
    let (Some(version), Some(application), true) = (number(60), number(68), is_database) else {
        return Err(StateError::Foreign { path: path.to_owned() });
    };
    check_version(path, application, version)
}

/// A fresh database has neither id nor version.
fn check_version(path: &Path, application: u32, version: u32) -> Result<(), StateError> {
    if application != APPLICATION_ID && (application, version) != (0, 0) {
        return Err(StateError::Foreign { path: path.to_owned() });
    }
    if version > SCHEMA_VERSION {
        return Err(StateError::Newer { path: path.to_owned(), found: version, known: SCHEMA_VERSION });
    }
    Ok(())
}

/// The one connection that writes.
pub(super) async fn writer(path: &Path) -> Result<SqlitePool, StateError> {
    let options = options(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", WRITER_CACHE_KIB)
        // an INSERT of many rows notes each page that it changes, should a row be refused: in a file, that was more writing than the journal's
        .pragma("temp_store", "MEMORY")
        .pragma("wal_autocheckpoint", JOURNAL_PAGES);
    Ok(pool(1).connect_with(options).await?)
}

/// The connections that read; what they see is what was committed when they began.
pub(super) async fn readers(path: &Path) -> Result<SqlitePool, StateError> {
    Ok(pool(READERS_MAX).connect_with(options(path).read_only(true)).await?)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(WAIT_MAX)
        .pragma("cache_size", CACHE_KIB)
        .pragma("trusted_schema", "OFF")
        .statement_cache_capacity(200)
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(WAIT_MAX)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}
