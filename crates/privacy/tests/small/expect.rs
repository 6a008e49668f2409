//! What is expected of a review, as data. Every expectation is a sentence, so that a failing test says what went wrong.

use super::tables::{Key, Table};

/// All explanations.
pub(crate) const EXPLANATIONS: [&str; 6] = ["E1", "E2", "E3", "E4", "E5", "E6"];

/// Of one line of the access log.
#[derive(Clone, Debug)]
pub(crate) struct RowExpect {
    pub(crate) sentence: String,
    pub(crate) row: Key,
    /// Explanations that must be among those given.
    pub(crate) by: Vec<&'static str>,
    /// Explanations that must not be given.
    pub(crate) never: Vec<&'static str>,
    /// Rows that must be among the proofs.
    pub(crate) proofs: Vec<(Table, Key)>,
}

/// Of the case of one member of staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// A case with this scenario.
    Case(&'static str),
    /// No case with this scenario.
    NotNamed(&'static str),
    /// No case, though it looks like this scenario.
    NoCase(&'static str),
}

/// Of one member of staff.
#[derive(Clone, Debug)]
pub(crate) struct CaseExpect {
    pub(crate) sentence: String,
    pub(crate) user: String,
    pub(crate) says: Says,
    /// The lines that it is about.
    pub(crate) rows: Vec<Key>,
}
