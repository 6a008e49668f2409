//! What can go wrong with the event tables.

use datafusion::arrow::error::ArrowError;
use datafusion::parquet::errors::ParquetError;
use deltalake::DeltaTableError;

/// A fault of the event tables, in words for the operator.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    /// Files cannot be read or written.
    #[error("the files of the event tables cannot be read or written; check space, rights and the disk")]
    Files(#[from] object_store::Error),
    /// A log of a table does not read as one, or a commit failed.
    #[error("the log of the table `{table}` cannot be read or written")]
    Log {
        /// Name of the table.
        table: &'static str,
        /// What Delta says.
        #[source]
        source: DeltaTableError,
    },
    /// Columns cannot be made into a file.
    #[error("events cannot be written into a file of the table `{table}`")]
    Encode {
        /// Name of the table.
        table: &'static str,
        /// What Parquet says.
        #[source]
        source: ParquetError,
    },
    /// Columns do not fit together.
    #[error("columns of the table `{table}` do not fit together")]
    Columns {
        /// Name of the table.
        table: &'static str,
        /// What Arrow says.
        #[source]
        source: ArrowError,
    },
    /// The table has a column that this version does not know.
    #[error(
        "the table `{table}` has the column `{column}`, which this version does not know; it was written by a newer one: start that one again"
    )]
    Newer {
        /// Name of the table.
        table: &'static str,
        /// Name of the column.
        column: String,
    },
    /// Work on another thread did not end.
    #[error("work on the event tables was given up")]
    GivenUp,
}
