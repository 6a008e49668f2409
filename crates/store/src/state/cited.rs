//! Which evidence findings cite, so that retention finds it by its place: kept in the transaction of each finding.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use cordon_model::{Position, Time};
use futures_util::TryStreamExt as _;
use sqlx::{QueryBuilder, Row as _, Sqlite, Transaction};

use super::sql::{from_count, to_count};
use super::{NewFinding, State, StateError};

/// Most offsets that are given at once.
pub const CITED_MAX: usize = 1_000_000;
/// Rows of one INSERT.
const ROWS_MAX: usize = 100;

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

/// Notes what findings cite, and until when that counts: since the receipt of the last of them.
pub(super) async fn note(
    tx: &mut Transaction<'static, Sqlite>,
    findings: impl Iterator<Item = &NewFinding>,
) -> Result<(), StateError> {
    let mut cited: BTreeMap<u64, (&Arc<str>, Time)> = BTreeMap::new();
    for (new, (position, source)) in findings.flat_map(|new| places(new).map(move |place| (new, place))) {
        // positions of archives and of event logs of Windows are none of a node's log
        let Position::Offset(offset) = position else { continue };
        let known = cited.entry(offset).or_insert((source, new.received));
        known.1 = known.1.max(new.received);
    }
    let cited: Vec<_> = cited.into_iter().collect();
    for part in cited.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::new("INSERT INTO cited_evidence (position, source, received) ");
        query.push_values(part, |mut row, (offset, (source, received))| {
            row.push_bind(i64::try_from(*offset).unwrap_or(i64::MAX))
                .push_bind(source.to_string())
                .push_bind(received.0);
        });
        query.push(" ON CONFLICT (position) DO UPDATE SET received = max(received, excluded.received)");
        query.build().execute(&mut **tx).await?;
    }
    Ok(())
}

/// Where the events of a finding stand.
fn places(new: &NewFinding) -> impl Iterator<Item = (Position, &Arc<str>)> {
    let own = new.events.is_empty().then_some((new.finding.position, &new.finding.source_file));
    new.events.iter().map(|event| (event.position, &event.source)).chain(own)
}
