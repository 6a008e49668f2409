//! The audit log: who did what, each row chained to the one before, written in the transaction of the change it tells of.
//!
//! hash(row) = SHA-256 over the parts prev, seq, at, actor, address, action, target kind, target, site, purpose, detail; each part has its length in
//! front (u64, big endian), numbers are 8 bytes, big endian. The first row's prev is 32 zero bytes. Rows are never changed, taken out or cut.

use std::sync::Arc;

use cordon_model::{Digest, Time};
use cordon_seal::PartsDigest;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, Transaction};

use super::listing::{Page, page, rows_to_fetch};
use super::sql::digest_bytes;
use super::{State, StateError};

/// Rows that verification reads at a time.
const VERIFY_ROWS: i64 = 2_000;

/// Who asks for a change, from where and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// Name of the user or token; `node` for the node itself.
    pub actor: Arc<str>,
    /// Address of the peer; empty for the node itself and the command line.
    pub address: Arc<str>,
    /// When.
    pub at: Time,
}

impl By {
    /// The node itself.
    #[must_use]
    pub fn node(at: Time) -> Self {
        Self { actor: "node".into(), address: "".into(), at }
    }
}

/// What was done. No text of it may hold data of a patient other than a pseudonym.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditEntry {
    /// The deed, for example `group_changed`.
    pub action: String,
    /// What kind of thing it was done to, for example `group`.
    pub target_kind: String,
    /// Id of the thing.
    pub target: String,
    /// The site it belongs to; empty for the node as a whole.
    pub site: String,
    /// The purpose that was stated; empty when none was asked for.
    pub purpose: String,
    /// What was changed, as JSON.
    pub detail: serde_json::Value,
}

impl AuditEntry {
    /// An entry without site and purpose.
    #[must_use]
    pub fn new(action: &str, target_kind: &str, target: &str, detail: serde_json::Value) -> Self {
        let [action, target_kind, target] = [action, target_kind, target].map(str::to_owned);
        Self { action, target_kind, target, detail, ..Self::default() }
    }

    /// The same entry, of a site.
    #[must_use]
    pub fn at_site(self, site: &str) -> Self {
        Self { site: site.to_owned(), ..self }
    }

    /// The same entry, for a stated purpose.
    #[must_use]
    pub fn for_purpose(self, purpose: &str) -> Self {
        Self { purpose: purpose.to_owned(), ..self }
    }
}

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number, from 1, without gaps.
    pub seq: i64,
    /// Who, from where, when.
    pub by: By,
    /// What.
    pub entry: AuditEntry,
    /// Its link in the chain.
    pub hash: Digest,
}

/// Which rows of the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this actor.
    pub actor: Option<String>,
    /// This deed.
    pub action: Option<String>,
    /// Done to this kind of thing.
    pub target_kind: Option<String>,
    /// Done to the thing of this id.
    pub target: Option<String>,
    /// At this time or later.
    pub from: Option<Time>,
    /// Before this time.
    pub to: Option<Time>,
}

/// The chain holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditVerified {
    /// How many rows it has.
    pub rows: u64,
    /// Hash of the last; zeros when there is none. Kept elsewhere, it shows later that nothing was cut off the end.
    pub head: Digest,
}

impl State {
    /// Writes one row of its own: for deeds that change nothing here (a reveal, an export, a failed sign-in).
    ///
    /// # Errors
    /// The state cannot be written. The deed must then not take place.
    pub async fn audit(&self, by: &By, entry: &AuditEntry) -> Result<i64, StateError> {
        let mut change = self.begin().await?;
        let seq = append(&mut change, by, entry).await?;
        change.commit().await?;
        Ok(seq)
    }

    /// Rows, the newest first.
    ///
    /// # Errors
    /// The state cannot be read, or `after` is no key of a page.
    pub async fn audit_rows(
        &self,
        filter: &AuditFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<AuditRow>, StateError> {
        let mut query = QueryBuilder::new("SELECT * FROM audit WHERE 1");
        if let Some(after) = after {
            let seq: i64 = after.parse().map_err(|_| StateError::Refused("this is no key of a page"))?;
            query.push(" AND seq < ").push_bind(seq);
        }
        let texts = [
            (" AND actor = ", &filter.actor),
            (" AND action = ", &filter.action),
            (" AND target_kind = ", &filter.target_kind),
            (" AND target = ", &filter.target),
        ];
        for (condition, text) in texts {
            if let Some(text) = text {
                query.push(condition).push_bind(text.clone());
            }
        }
        if let Some(from) = filter.from {
            query.push(" AND at >= ").push_bind(from.0);
        }
        if let Some(to) = filter.to {
            query.push(" AND at < ").push_bind(to.0);
        }
        query.push(" ORDER BY seq DESC LIMIT ").push_bind(rows_to_fetch(limit));
        let rows = query.build().fetch_all(&self.readers).await?;
        let rows: Result<Vec<_>, _> = rows.iter().map(audit_row).collect();
        Ok(page(rows?, limit, |row| row.seq.to_string()))
    }

    /// Walks the whole chain.
    ///
    /// # Errors
    /// [`StateError::AuditBroken`] names the first row that does not fit; or the state cannot be read.
    pub async fn verify_audit(&self) -> Result<AuditVerified, StateError> {
        let mut verified = AuditVerified { rows: 0, head: Digest([0; 32]) };
        let mut seq = 0;
        loop {
            let rows = sqlx::query("SELECT * FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2");
            let rows = rows.bind(seq).bind(VERIFY_ROWS).fetch_all(&self.readers).await?;
            if rows.is_empty() {
                return Ok(verified);
            }
            for row in &rows {
                seq += 1;
                verified.head = verified_link(row, seq, verified.head)?;
                verified.rows += 1;
            }
        }
    }
}

/// Appends a row within the transaction of the change it tells of.
pub(super) async fn append(
    change: &mut Transaction<'static, Sqlite>,
    by: &By,
    entry: &AuditEntry,
) -> Result<i64, StateError> {
    let last = sqlx::query("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetch_optional(&mut **change);
    let (seq, prev) = match last.await? {
        Some(last) => (last.try_get::<i64, _>("seq")? + 1, digest_bytes(last.try_get("hash")?, "audit")?),
        None => (1, Digest([0; 32])),
    };
    let detail = entry.detail.to_string();
    let texts = [
        &*by.actor,
        &*by.address,
        &entry.action,
        &entry.target_kind,
        &entry.target,
        &entry.site,
        &entry.purpose,
        &detail,
    ];
    let hash = link(prev, seq, by.at.0, texts);
    let mut insert = sqlx::query(
        "INSERT INTO audit (actor, address, action, target_kind, target, site, purpose, detail, seq, at, prev, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    );
    for text in texts {
        insert = insert.bind(text.to_owned());
    }
    let insert = insert.bind(seq).bind(by.at.0).bind(prev.0.to_vec()).bind(hash.0.to_vec());
    insert.execute(&mut **change).await?;
    Ok(seq)
}

fn link(prev: Digest, seq: i64, at: i64, texts: [&str; 8]) -> Digest {
    let mut parts = PartsDigest::default();
    parts.part(&prev.0);
    parts.part(&seq.to_be_bytes());
    parts.part(&at.to_be_bytes());
    texts.iter().for_each(|text| parts.part(text.as_bytes()));
    parts.finish()
}

/// The hash of a row that stands where it should, holds what it held, and follows on `prev`.
fn verified_link(row: &SqliteRow, expect_seq: i64, prev: Digest) -> Result<Digest, StateError> {
    let broken = StateError::AuditBroken { seq: expect_seq };
    let column = |name: &str| row.try_get::<&str, _>(name);
    let texts = [
        column("actor")?,
        column("address")?,
        column("action")?,
        column("target_kind")?,
        column("target")?,
        column("site")?,
        column("purpose")?,
        column("detail")?,
    ];
    let (seq, at): (i64, i64) = (row.try_get("seq")?, row.try_get("at")?);
    let hash = link(prev, seq, at, texts);
    let kept = digest_bytes(row.try_get("hash")?, "audit")?;
    let kept_prev = digest_bytes(row.try_get("prev")?, "audit")?;
    if seq != expect_seq || kept != hash || kept_prev != prev {
        return Err(broken);
    }
    Ok(hash)
}

fn audit_row(row: &SqliteRow) -> Result<AuditRow, StateError> {
    let text = |name: &str| row.try_get::<String, _>(name);
    let detail: &str = row.try_get("detail")?;
    let entry = AuditEntry {
        action: text("action")?,
        target_kind: text("target_kind")?,
        target: text("target")?,
        site: text("site")?,
        purpose: text("purpose")?,
        detail: serde_json::from_str(detail).map_err(|_| StateError::Damaged("audit"))?,
    };
    let by = By { actor: text("actor")?.into(), address: text("address")?.into(), at: Time(row.try_get("at")?) };
    let hash = digest_bytes(row.try_get("hash")?, "audit")?;
    Ok(AuditRow { seq: row.try_get("seq")?, by, entry, hash })
}
