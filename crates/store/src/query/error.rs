//! Why a question has no answer.

use datafusion::common::DataFusionError;

/// A fault of a query, in words for who asked. It can repeat parts of the question, which may name somebody: it belongs to who asked, not into logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The SQL does not read, or names what is not there.
    #[error("the query cannot be understood: {why}")]
    NotUnderstood {
        /// What is wrong with it.
        why: String,
    },
    /// Only questions are answered.
    #[error("only SELECT, EXPLAIN and DESCRIBE of event tables are answered; {what} is not")]
    NotAQuestion {
        /// What was asked for.
        what: String,
    },
    /// Longer than [`QueryError::TEXT_BYTES_MAX`].
    #[error("the query is longer than {max} bytes", max = Self::TEXT_BYTES_MAX)]
    TooLong,
    /// More memory is needed than queries have.
    #[error(
        "the query needs more memory than queries have; ask for fewer columns, a shorter time or fewer rows to sort"
    )]
    TooMuchMemory,
    /// The time limit was reached.
    #[error("the query was given up after {seconds} s; ask for a shorter time or narrow it down")]
    TimedOut {
        /// The limit.
        seconds: u64,
    },
    /// Too many queries run.
    #[error("too many queries run already; try again soon")]
    Busy,
    /// The store could not answer.
    #[error("the query failed: {why}")]
    Failed {
        /// What happened.
        why: String,
    },
}

impl QueryError {
    /// Longest query, in bytes.
    pub const TEXT_BYTES_MAX: usize = 64 << 10;
}

impl From<DataFusionError> for QueryError {
    fn from(error: DataFusionError) -> Self {
        let root = error.find_root();
        match root {
            DataFusionError::ResourcesExhausted(_) => Self::TooMuchMemory,
            DataFusionError::SQL(..)
            | DataFusionError::Plan(_)
            | DataFusionError::SchemaError(..)
            | DataFusionError::NotImplemented(_)
            | DataFusionError::Diagnostic(..) => Self::NotUnderstood { why: root.strip_backtrace() },
            _ => Self::Failed { why: root.strip_backtrace() },
        }
    }
}
