//! Which evidence findings cite. The database itself keeps the list, in the transaction of each finding (`migrations/0003_cited.sql`).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use cordon_model::Time;
use futures_util::TryStreamExt as _;
use sqlx::Row as _;

use super::sql::{from_count, to_count};
use super::{State, StateError};

/// Most offsets that are given at once.
pub const CITED_MAX: usize = 1_000_000;

impl State {
    /// Offsets within `offsets` that findings received at `since` or later cite, with the source of their record; `None` when there are more than [`CITED_MAX`].
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn cited(&self, offsets: Range<u64>, since: Time) -> Result<Option<BTreeMap<u64, Arc<str>>>, StateError> {
        let query = sqlx::query(
            "SELECT position, source FROM cited_evidence
             WHERE position >= ?1 AND position < ?2 AND received >= ?3 ORDER BY position LIMIT ?4",
        );
        let end = i64::try_from(offsets.end).unwrap_or(i64::MAX);
        let query = query.bind(to_count(offsets.start)?).bind(end).bind(since.0).bind(to_count(CITED_MAX as u64 + 1)?);
        // row by row, and each source once: a million rows at once are most of a gigabyte
        let (mut rows, mut count) = (query.fetch(&self.readers), 0);
        let (mut cited, mut sources) = (BTreeMap::new(), BTreeSet::<Arc<str>>::new());
        while let Some(row) = rows.try_next().await? {
            count += 1;
            if count > CITED_MAX {
                return Ok(None);
            }
            let named: &str = row.try_get("source")?;
            let source = sources.get(named).cloned().unwrap_or_else(|| named.into());
            sources.insert(Arc::clone(&source));
            cited.insert(from_count(row.try_get("position")?, "cited_evidence")?, source);
        }
        Ok(Some(cited))
    }
}
