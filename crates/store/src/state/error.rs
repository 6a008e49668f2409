//! What can go wrong with the state, in the words of who runs the node. No error holds a value of a row.

use std::path::PathBuf;

/// Why a verb was not carried out. Nothing of it was then kept.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A newer version wrote the file.
    #[error(
        "{path} was written by a newer version (schema {found}; this one knows {known}): use that version, or restore a backup"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest schema that this version knows.
        known: u32,
    },
    /// The file is something else.
    #[error("{path} is no state of a node: move it away, or point the data folder elsewhere")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be created, read or given its rights.
    #[error("{path} cannot be opened: check that the folder exists and belongs to the node")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The disk is full. Nothing was kept; trying again later is safe.
    #[error("the state cannot be written: the disk is full")]
    Full(#[source] sqlx::Error),
    /// The writer is busy for longer than a verb waits.
    #[error("the state is busy: try again")]
    Busy,
    /// Whatever else the database says.
    #[error("the state cannot be read or written")]
    Database(#[source] sqlx::Error),
    /// There is no such thing, or it lies outside the scope.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// Somebody else changed it first.
    #[error("the {0} was changed by somebody else: read it again")]
    Changed(&'static str),
    /// It is there already.
    #[error("such a {0} exists already")]
    Exists(&'static str),
    /// A bound is reached.
    #[error("there are already {max} {what}: remove some first")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The bound.
        max: u32,
    },
    /// What was given cannot be kept.
    #[error("{0}")]
    Refused(&'static str),
    /// Something may not be done to a case.
    #[error(transparent)]
    Incident(#[from] cordon_incident::Refused),
    /// A row does not hold what the schema promises.
    #[error("a row of {0} is damaged: run `cordon verify`")]
    Damaged(&'static str),
    /// The chain of the audit log does not hold.
    #[error("row {seq} of the audit log was changed, or one before it was taken out")]
    AuditBroken {
        /// The first row that does not fit.
        seq: i64,
    },
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes")]
    NoRandomness,
}

/// SQLITE_FULL and SQLITE_IOERR_WRITE with its kin are told apart by the primary result code (<https://www.sqlite.org/rescode.html>).
const SQLITE_FULL: &str = "13";

impl From<sqlx::Error> for StateError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::Database(database) if database.code().as_deref() == Some(SQLITE_FULL) => Self::Full(error),
            _ => Self::Database(error),
        }
    }
}
