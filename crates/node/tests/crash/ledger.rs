//! What a sender knows: what it sent and what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};

/// Batches by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// Everything that was sent, with the markers of its records.
    pub(crate) sent: BTreeMap<String, Vec<String>>,
    /// Batches of which the node said that they are safe.
    pub(crate) acknowledged: BTreeSet<String>,
    /// Batches whose dates no correlation can believe.
    pub(crate) lies: BTreeSet<String>,
}

impl Ledger {
    pub(crate) fn add(&mut self, host: String, markers: Vec<String>, is_acknowledged: bool) {
        if is_acknowledged {
            self.acknowledged.insert(host.clone());
        }
        self.sent.insert(host, markers);
    }

    pub(crate) fn join(&mut self, other: Self) {
        self.sent.extend(other.sent);
        self.acknowledged.extend(other.acknowledged);
        self.lies.extend(other.lies);
    }

    /// Acknowledged batches that a correlation has to find.
    pub(crate) fn decidable(&self) -> impl Iterator<Item = &String> {
        self.acknowledged.difference(&self.lies)
    }
}
