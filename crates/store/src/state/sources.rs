//! Sources as they are remembered over restarts: how they were declared or adopted, and what was counted of them.

use std::collections::BTreeMap;

use cordon_model::Time;
use cordon_policy::AccessScope;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _};

use super::listing::{Page, page, rows_to_fetch};
use super::sql::{from_count, push_site_scope, to_count};
use super::{AuditEntry, By, State, StateError, audit};

/// Rows of one INSERT.
const ROWS_MAX: usize = 500;

/// A source.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRow {
    /// Its id; part of the identity of its events.
    pub source: String,
    /// Its site.
    pub site: String,
    /// Whether somebody declared it; else it was adopted when first heard.
    pub declared: bool,
    /// How it is declared, in the caller's form: listener, sender, format, limits.
    pub declaration: Value,
    /// When it was first heard or declared.
    pub first_seen: Time,
    /// What was counted of it.
    pub counts: SourceCounted,
}

/// What was counted of a source since it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceCounted {
    /// RawRecords received.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// RawRecords that were not kept, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// When the last was received; `None` for never.
    pub received_last: Option<Time>,
    /// Time of its latest event; `None` when none stated one.
    pub event_last: Option<Time>,
}

impl State {
    /// Notes a source and its counts: what the node itself knows, without an audit row. A source that is there keeps its first time and site, and what somebody declared stays.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn note_sources(&self, sources: &[SourceRow]) -> Result<(), StateError> {
        let mut tx = self.begin().await?;
        for part in sources.chunks(ROWS_MAX) {
            upsert(part)?.build().execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Declares a source, or declares it anew, and says so in the audit log. Its id and, once it is there, its site do not change.
    ///
    /// # Errors
    /// Its site lies outside the scope, or is another than before.
    pub async fn declare_source(
        &self,
        scope: &AccessScope,
        by: &By,
        source: &str,
        site: &str,
        declaration: &Value,
    ) -> Result<SourceRow, StateError> {
        let mut tx = self.begin().await?;
        let known: Option<String> = sqlx::query_scalar("SELECT site FROM sources WHERE source = ?1")
            .bind(source.to_owned())
            .fetch_optional(&mut *tx)
            .await?;
        if !scope.admits_site(site) || known.as_deref().is_some_and(|known| !scope.admits_site(known)) {
            return Err(StateError::NotFound("site"));
        }
        if known.is_some_and(|known| known != site) {
            return Err(StateError::Refused("a source stays at its site: declare another one there"));
        }
        let put = sqlx::query(
            "INSERT INTO sources (source, site, declared, declaration, first_seen) VALUES (?1, ?2, 1, ?3, ?4)
             ON CONFLICT (source) DO UPDATE SET declared = 1, declaration = excluded.declaration RETURNING *",
        );
        let put = put.bind(source.to_owned()).bind(site.to_owned()).bind(declaration.to_string()).bind(by.at.0);
        let row = source_of(&put.fetch_one(&mut *tx).await?)?;
        let entry = AuditEntry::new("source_declared", "source", source, json!({"declaration": declaration}));
        audit::append(&mut tx, by, &entry.at_site(site)).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Sources of the sites that the scope admits, by id.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn sources(
        &self,
        scope: &AccessScope,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<SourceRow>, StateError> {
        let mut query = QueryBuilder::new("SELECT * FROM sources WHERE source > ");
        query.push_bind(after.unwrap_or_default().to_owned());
        push_site_scope(&mut query, scope);
        query.push(" ORDER BY source LIMIT ").push_bind(rows_to_fetch(limit));
        let rows = query.build().fetch_all(&self.readers).await?;
        let rows: Result<Vec<_>, _> = rows.iter().map(source_of).collect();
        Ok(page(rows?, limit, |row| row.source.clone()))
    }

    /// One source.
    ///
    /// # Errors
    /// There is none, or its site lies outside the scope.
    pub async fn source(&self, scope: &AccessScope, source: &str) -> Result<SourceRow, StateError> {
        let mut query = QueryBuilder::new("SELECT * FROM sources WHERE source = ");
        query.push_bind(source.to_owned());
        push_site_scope(&mut query, scope);
        let row = query.build().fetch_optional(&self.readers).await?;
        source_of(&row.ok_or(StateError::NotFound("source"))?)
    }
}

fn upsert(part: &[SourceRow]) -> Result<QueryBuilder<sqlx::Sqlite>, StateError> {
    let mut query = QueryBuilder::new(
        "INSERT INTO sources (source, site, declared, declaration, first_seen, records, bytes, dropped, received_last, event_last) ",
    );
    let counts: Result<Vec<(i64, i64)>, StateError> =
        part.iter().map(|row| Ok((to_count(row.counts.records)?, to_count(row.counts.bytes)?))).collect();
    query.push_values(part.iter().zip(counts?), |mut tuple, (row, (records, bytes))| {
        tuple.push_bind(row.source.clone()).push_bind(row.site.clone()).push_bind(row.declared);
        tuple.push_bind(row.declaration.to_string()).push_bind(row.first_seen.0).push_bind(records).push_bind(bytes);
        tuple.push_bind(json!(row.counts.dropped).to_string());
        tuple
            .push_bind(row.counts.received_last.map(|time| time.0))
            .push_bind(row.counts.event_last.map(|time| time.0));
    });
    query.push(
        " ON CONFLICT (source) DO UPDATE SET
          declaration = CASE WHEN excluded.declared >= sources.declared THEN excluded.declaration ELSE sources.declaration END,
          declared = max(sources.declared, excluded.declared), records = excluded.records, bytes = excluded.bytes,
          dropped = excluded.dropped, received_last = coalesce(excluded.received_last, sources.received_last),
          event_last = coalesce(excluded.event_last, sources.event_last)",
    );
    Ok(query)
}

fn source_of(row: &SqliteRow) -> Result<SourceRow, StateError> {
    const TABLE: &str = "sources";
    let damaged = |_| StateError::Damaged(TABLE);
    let declaration: &str = row.try_get("declaration")?;
    let dropped: &str = row.try_get("dropped")?;
    let time = |name: &str| -> Result<Option<Time>, StateError> { Ok(row.try_get::<Option<i64>, _>(name)?.map(Time)) };
    let counts = SourceCounted {
        records: from_count(row.try_get("records")?, TABLE)?,
        bytes: from_count(row.try_get("bytes")?, TABLE)?,
        dropped: serde_json::from_str(dropped).map_err(damaged)?,
        received_last: time("received_last")?,
        event_last: time("event_last")?,
    };
    Ok(SourceRow {
        source: row.try_get("source")?,
        site: row.try_get("site")?,
        declared: row.try_get("declared")?,
        declaration: serde_json::from_str(declaration).map_err(damaged)?,
        first_seen: Time(row.try_get("first_seen")?),
        counts,
    })
}
