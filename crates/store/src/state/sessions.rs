//! Sessions: who is signed in. Kept is the digest of what the browser holds; a session ends by idleness, by age, and with every change of its user.

use cordon_model::{Digest, Time};
use serde_json::json;
use sqlx::{Row as _, Sqlite, Transaction};

use super::{AuditEntry, By, State, StateError, User, audit};

/// Most sessions of one user; one more ends the oldest.
const SESSIONS_MAX: i64 = 20;
/// Activity is written at most once in a tenth of the idle time and once in a minute: a request is no reason to wait for the disk.
const TOUCH_US_MAX: i64 = 60 * 1_000_000;

/// A session to be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// Digest of the secret that the browser holds.
    pub secret: Digest,
    /// Whose it is.
    pub user_id: i64,
    /// It ends after so long without activity.
    pub idle_seconds: u32,
    /// It ends then, whatever happens.
    pub ends: Time,
}

impl State {
    /// Opens a session. Sessions that are over are cleared away, and the oldest of more than 20.
    ///
    /// # Errors
    /// There is no such user, or it is locked.
    pub async fn open_session(&self, by: &By, new: &NewSession) -> Result<(), StateError> {
        let mut tx = self.begin().await?;
        let user = sqlx::query_scalar("SELECT name FROM users WHERE user_id = ?1 AND locked = 0").bind(new.user_id);
        let user: Option<String> = user.fetch_optional(&mut *tx).await?;
        let user = user.ok_or(StateError::NotFound("user"))?;
        sqlx::query("DELETE FROM sessions WHERE ends <= ?1 OR active + idle_us <= ?1")
            .bind(by.at.0)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "DELETE FROM sessions WHERE secret IN
             (SELECT secret FROM sessions WHERE user_id = ?1 ORDER BY opened DESC LIMIT -1 OFFSET ?2)",
        )
        .bind(new.user_id)
        .bind(SESSIONS_MAX - 1)
        .execute(&mut *tx)
        .await?;
        insert(&mut tx, new, by.at).await?;
        audit::append(&mut tx, by, &AuditEntry::new("signed_in", "user", &user, json!({}))).await?;
        Ok(tx.commit().await?)
    }

    /// The user behind a session that holds at `now`; `is_activity` puts its idle end off. A locked user has none.
    ///
    /// # Errors
    /// The state cannot be read or written.
    pub async fn user_of_session(
        &self,
        secret: Digest,
        now: Time,
        is_activity: bool,
    ) -> Result<Option<User>, StateError> {
        let row = sqlx::query(
            "SELECT users.*, active, idle_us FROM sessions JOIN users USING (user_id)
             WHERE secret = ?1 AND ends > ?2 AND active + idle_us > ?2 AND locked = 0",
        );
        let row = row.bind(secret.0.to_vec()).bind(now.0).fetch_optional(&self.readers).await?;
        let Some(row) = row else { return Ok(None) };
        let (active, idle_us): (i64, i64) = (row.try_get("active")?, row.try_get("idle_us")?);
        if is_activity && now.0.saturating_sub(active) > TOUCH_US_MAX.min(idle_us / 10) {
            let mut tx = self.begin().await?;
            let touch = sqlx::query("UPDATE sessions SET active = max(active, ?2) WHERE secret = ?1");
            touch.bind(secret.0.to_vec()).bind(now.0).execute(&mut *tx).await?;
            tx.commit().await?;
        }
        Ok(Some(self.user_of(&row)?))
    }

    /// Gives a session that holds another secret; the old one no longer opens it, and its end stays.
    ///
    /// # Errors
    /// [`StateError::NotFound`] when the session does not hold at `now`.
    pub async fn rotate_session(&self, secret: Digest, fresh: Digest, now: Time) -> Result<(), StateError> {
        let mut tx = self.begin().await?;
        let rotate = sqlx::query(
            "UPDATE sessions SET secret = ?2, active = max(active, ?3)
             WHERE secret = ?1 AND ends > ?3 AND active + idle_us > ?3",
        );
        let rotate = rotate.bind(secret.0.to_vec()).bind(fresh.0.to_vec()).bind(now.0).execute(&mut *tx).await?;
        if rotate.rows_affected() == 0 {
            return Err(StateError::NotFound("session"));
        }
        Ok(tx.commit().await?)
    }

    /// Ends a session, if there is one.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn end_session(&self, secret: Digest) -> Result<(), StateError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM sessions WHERE secret = ?1").bind(secret.0.to_vec()).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    /// Ends all sessions of a user.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn end_sessions_of(&self, by: &By, user_id: i64) -> Result<(), StateError> {
        let mut tx = self.begin().await?;
        let ended = end_all(&mut tx, user_id).await?;
        let entry = AuditEntry::new("sessions_ended", "user", &user_id.to_string(), json!({"sessions": ended}));
        audit::append(&mut tx, by, &entry).await?;
        Ok(tx.commit().await?)
    }
}

async fn insert(tx: &mut Transaction<'static, Sqlite>, new: &NewSession, at: Time) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO sessions (secret, user_id, opened, active, idle_us, ends) VALUES (?1, ?2, ?3, ?3, ?4, ?5)",
    )
    .bind(new.secret.0.to_vec())
    .bind(new.user_id)
    .bind(at.0)
    .bind(i64::from(new.idle_seconds) * 1_000_000)
    .bind(new.ends.0)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends all sessions of a user within a transaction; says how many.
pub(super) async fn end_all(tx: &mut Transaction<'static, Sqlite>, user_id: i64) -> Result<u64, StateError> {
    let ended = sqlx::query("DELETE FROM sessions WHERE user_id = ?1").bind(user_id).execute(&mut **tx).await?;
    Ok(ended.rows_affected())
}
