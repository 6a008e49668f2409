//! The schema and its versions: each migration is a file, carried out once, in order, each in a transaction of its own.

use sqlx::{AssertSqlSafe, SqlitePool};

use super::StateError;
use crate::disk::Disk;

/// "CRDN" in the header of the file says whose it is.
pub(super) const APPLICATION_ID: u32 = 0x4352_444e;

/// The migrations; the n-th brings the schema from version n - 1 to n. One that was released never changes.
const MIGRATIONS: [&str; 9] = [
    include_str!("migrations/0001_findings.sql"),
    include_str!("migrations/0002_people.sql"),
    include_str!("migrations/0003_cited.sql"),
    include_str!("migrations/0004_providers.sql"),
    include_str!("migrations/0005_cited_by_findings.sql"),
    include_str!("migrations/0006_unlocks.sql"),
    include_str!("migrations/0007_incidents.sql"),
    include_str!("migrations/0008_taught.sql"),
    include_str!("migrations/0009_decided.sql"),
];

/// The newest schema that this version knows.
#[expect(clippy::cast_possible_truncation, reason = "a handful of migrations")]
pub const SCHEMA_VERSION: u32 = MIGRATIONS.len() as u32;

/// Carries out what is missing. The version changes in the same transaction, so a power loss leaves the old schema or the new one.
pub(super) async fn bring_up_to_date(writer: &SqlitePool, disk: &dyn Disk) -> Result<(), StateError> {
    bring_to(writer, MIGRATIONS.len(), disk).await
}

/// The same up to one version.
pub(super) async fn bring_to(writer: &SqlitePool, target: usize, disk: &dyn Disk) -> Result<(), StateError> {
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(writer).await?;
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    for (number, migration) in MIGRATIONS.iter().enumerate().take(target).skip(done) {
        let mut change = writer.begin_with("BEGIN IMMEDIATE").await?;
        let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *change).await?;
        if usize::try_from(version).is_ok_and(|version| version > number) {
            continue; // another process did it meanwhile
        }
        sqlx::raw_sql(*migration).execute(&mut *change).await?;
        // pragmas take no parameters; both numbers are ours
        let stamp = format!("PRAGMA user_version = {}; PRAGMA application_id = {APPLICATION_ID};", number + 1);
        sqlx::raw_sql(AssertSqlSafe(stamp)).execute(&mut *change).await?;
        disk.reached("state.migrating");
        change.commit().await?;
        disk.reached("state.migrated");
        tracing::info!(schema = number + 1, "state brought up to date");
    }
    // the header that an older version looks at first lies in the main file, not in the journal
    sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(writer).await?;
    Ok(())
}
