//! Applied offsets: up to where of the write-ahead log each sink has everything.

use sqlx::{Sqlite, Transaction};

use super::sql::{from_count, to_count};
use super::{State, StateError};

impl State {
    /// Everything of the log below this is in the sink; 0 when it has nothing.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn applied_offset(&self, sink: &str) -> Result<u64, StateError> {
        let applied = sqlx::query_scalar("SELECT applied FROM sink_offsets WHERE sink = ?1").bind(sink);
        let applied: Option<i64> = applied.fetch_optional(&self.readers).await?;
        applied.map_or(Ok(0), |applied| from_count(applied, "sink_offsets"))
    }

    /// Notes how far a sink is that keeps its data elsewhere. It never goes back.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn set_applied_offset(&self, sink: &str, applied: u64) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        advance(&mut change, sink, applied).await?;
        Ok(change.commit().await?)
    }
}

/// Moves a sink's offset forward within the transaction of its data.
pub(super) async fn advance(
    change: &mut Transaction<'static, Sqlite>,
    sink: &str,
    applied: u64,
) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO sink_offsets (sink, applied) VALUES (?1, ?2)
         ON CONFLICT (sink) DO UPDATE SET applied = max(applied, excluded.applied)",
    )
    .bind(sink)
    .bind(to_count(applied)?)
    .execute(&mut **change)
    .await?;
    Ok(())
}
