//! The outcome of a decision about reading: which rows and which columns.

use std::collections::BTreeSet;

/// What a request may read. Only this room makes one; the store accepts no query without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessScope {
    sites: Option<BTreeSet<String>>,
    classes: Option<BTreeSet<i64>>,
    masked_columns: BTreeSet<String>,
}

impl AccessScope {
    /// For the node itself: its own checks, rules and measurements, never for a person.
    #[must_use]
    pub const fn of_the_node() -> Self {
        Self { sites: None, classes: None, masked_columns: BTreeSet::new() }
    }

    /// The sites whose rows may be read; `None` for all. An empty set means no row.
    #[must_use]
    pub const fn sites(&self) -> Option<&BTreeSet<String>> {
        self.sites.as_ref()
    }

    /// The OCSF classes (`class_uid`) whose rows may be read; `None` for all. An empty set means no row.
    #[must_use]
    pub const fn classes(&self) -> Option<&BTreeSet<i64>> {
        self.classes.as_ref()
    }

    /// Columns that are read as null.
    #[must_use]
    pub const fn masked_columns(&self) -> &BTreeSet<String> {
        &self.masked_columns
    }
}
