//! Unlocks: pseudonyms of accounts that one person has asked to be unlocked, and those on which a second one has agreed. All times are of the event clock.

use cordon_model::Time;
use cordon_policy::{Party, Role, UNLOCK_MAX, Unlock, UnlockFault, check_unlock};
use cordon_seal::is_account_ref;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, Transaction};

use super::sql::{roles_json, set_of_names};
use super::{AuditEntry, By, State, StateError, audit};

const TABLE: &str = "unlocks";
/// Most that wait or are in force at a time.
const OPEN_MAX: u32 = 500;
/// Letters of a reason.
const REASON_LETTERS: std::ops::RangeInclusive<usize> = 10..=500;
/// What ended so long ago leaves with the next one that is asked for: a year. The audit log keeps it.
const KEPT_US: i64 = 365 * 86_400 * 1_000_000;

/// An unlock to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUnlock {
    /// The pseudonym.
    pub pseudonym: String,
    /// Why, in 10 to 500 letters that name neither the person nor a patient.
    pub reason: String,
    /// Who asks.
    pub asked: Party,
    /// When, by the event clock.
    pub at: Time,
}

/// An unlock that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlockRow {
    /// Its number.
    pub unlock_id: i64,
    /// The pseudonym.
    pub pseudonym: String,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub asked: Party,
    /// When.
    pub asked_at: Time,
    /// Who agreed, and when; `None` while it waits for a second person.
    pub agreed: Option<(Party, Time)>,
    /// It waits, or is in force, until then.
    pub until: Time,
    /// Who refused or ended it; `None` when nobody did.
    pub ended_by: Option<String>,
}

impl State {
    /// Asks that a pseudonym be unlocked. It waits for a second person for seven days.
    ///
    /// # Errors
    /// It is no pseudonym, the reason is too short or too long, somebody has asked for it already, or too many wait.
    pub async fn ask_unlock(&self, by: &By, new: &NewUnlock) -> Result<UnlockRow, StateError> {
        if !is_account_ref(&new.pseudonym) {
            return Err(StateError::Refused("what is unlocked is the pseudonym of an account"));
        }
        if !REASON_LETTERS.contains(&new.reason.trim().chars().count()) {
            return Err(StateError::Refused("a reason has 10 to 500 letters"));
        }
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM unlocks WHERE until < ?1")
            .bind(new.at.0.saturating_sub(KEPT_US))
            .execute(&mut *tx)
            .await?;
        let open = sqlx::query("SELECT * FROM unlocks WHERE until > ?1").bind(new.at.0).fetch_all(&mut *tx).await?;
        let open = open.iter().map(unlock_of).collect::<Result<Vec<_>, _>>()?;
        if open.iter().any(|unlock| unlock.pseudonym == new.pseudonym) {
            return Err(StateError::Exists("unlock"));
        }
        if open.len() >= OPEN_MAX as usize {
            return Err(StateError::TooMany { what: "unlocks that wait or are in force", max: OPEN_MAX });
        }
        let insert = sqlx::query(
            "INSERT INTO unlocks (pseudonym, reason, asked_by, asked_roles, asked, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING *",
        );
        let insert = insert.bind(new.pseudonym.clone()).bind(new.reason.trim().to_owned());
        let insert = insert.bind(new.asked.user.clone()).bind(roles_json(&new.asked.roles));
        let insert = insert.bind(new.at.0).bind(seven_days_after(new.at).0);
        let unlock = unlock_of(&insert.fetch_one(&mut *tx).await?)?;
        audit::append(&mut tx, by, &told("unlock_asked", &unlock)).await?;
        tx.commit().await?;
        Ok(unlock)
    }

    /// A second person agrees: the pseudonym is unlocked for seven days from `now` on.
    ///
    /// # Errors
    /// None of this number waits, or these two people cannot unlock it together.
    pub async fn agree_unlock(
        &self,
        by: &By,
        unlock_id: i64,
        agreed: &Party,
        now: Time,
    ) -> Result<UnlockRow, StateError> {
        let mut tx = self.begin().await?;
        let waiting = open(&mut tx, unlock_id, now).await?;
        if waiting.agreed.is_some() {
            return Err(StateError::Exists("unlock"));
        }
        check_unlock(&waiting.asked, agreed).map_err(refused)?;
        let update = sqlx::query(
            "UPDATE unlocks SET agreed_by = ?2, agreed_roles = ?3, agreed = ?4, until = ?5 WHERE unlock_id = ?1 RETURNING *",
        );
        let update = update.bind(unlock_id).bind(agreed.user.clone()).bind(roles_json(&agreed.roles));
        let update = update.bind(now.0).bind(seven_days_after(now).0);
        let unlock = unlock_of(&update.fetch_one(&mut *tx).await?)?;
        audit::append(&mut tx, by, &told("unlock_agreed", &unlock)).await?;
        tx.commit().await?;
        Ok(unlock)
    }

    /// Refuses one that waits, or ends one that is in force.
    ///
    /// # Errors
    /// None of this number waits or is in force.
    pub async fn end_unlock(&self, by: &By, unlock_id: i64, now: Time) -> Result<UnlockRow, StateError> {
        let mut tx = self.begin().await?;
        let before = open(&mut tx, unlock_id, now).await?;
        let update = sqlx::query("UPDATE unlocks SET until = ?2, ended_by = ?3 WHERE unlock_id = ?1 RETURNING *");
        let update = update.bind(unlock_id).bind(now.0).bind(by.actor.to_string());
        let unlock = unlock_of(&update.fetch_one(&mut *tx).await?)?;
        let deed = if before.agreed.is_some() { "unlock_ended" } else { "unlock_refused" };
        audit::append(&mut tx, by, &told(deed, &unlock)).await?;
        tx.commit().await?;
        Ok(unlock)
    }

    /// Those that wait or are in force at `now`, the newest first.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn unlocks(&self, now: Time) -> Result<Vec<UnlockRow>, StateError> {
        let open = sqlx::query("SELECT * FROM unlocks WHERE until > ?1 ORDER BY unlock_id DESC").bind(now.0);
        open.fetch_all(&self.readers).await?.iter().map(unlock_of).collect()
    }

    /// Those on which two people agreed and which have not ended at `now`: for the scope, which holds each against the rule again.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn unlocks_in_force(&self, now: Time) -> Result<Vec<Unlock>, StateError> {
        Ok(self.unlocks(now).await?.into_iter().filter_map(in_force).collect())
    }
}

fn in_force(row: UnlockRow) -> Option<Unlock> {
    let (agreed, from) = row.agreed?;
    Some(Unlock { pseudonym: row.pseudonym, asked: row.asked, agreed, from, until: row.until })
}

async fn open(tx: &mut Transaction<'static, Sqlite>, unlock_id: i64, now: Time) -> Result<UnlockRow, StateError> {
    let row = sqlx::query("SELECT * FROM unlocks WHERE unlock_id = ?1 AND until > ?2").bind(unlock_id).bind(now.0);
    let row = row.fetch_optional(&mut **tx).await?;
    unlock_of(&row.ok_or(StateError::NotFound("unlock"))?)
}

const fn refused(fault: UnlockFault) -> StateError {
    StateError::Refused(match fault {
        UnlockFault::SamePerson => "whoever asked cannot agree: a second person is needed",
        UnlockFault::SameRole => "the second person needs another role than whoever asked",
    })
}

fn seven_days_after(at: Time) -> Time {
    Time(at.0.saturating_add(i64::try_from(UNLOCK_MAX.as_micros()).unwrap_or(i64::MAX)))
}

/// Who, which pseudonym, why; the name of the account is not known here.
fn told(deed: &str, unlock: &UnlockRow) -> AuditEntry {
    let UnlockRow { unlock_id, pseudonym, reason, asked, agreed, until, .. } = unlock;
    let agreed = agreed.as_ref().map(|(agreed, _)| &agreed.user);
    let detail = json!({
        "unlock": unlock_id, "reason": reason, "asked_by": asked.user, "agreed_by": agreed, "until": until.0,
    });
    AuditEntry::new(deed, "pseudonym", pseudonym, detail)
}

fn unlock_of(row: &SqliteRow) -> Result<UnlockRow, StateError> {
    let party = |user: String, roles: &str| -> Result<Party, StateError> {
        Ok(Party { user, roles: set_of_names(roles, TABLE, Role::from_name)? })
    };
    let agreed_by: Option<String> = row.try_get("agreed_by")?;
    let agreed = match agreed_by {
        Some(user) => Some((party(user, row.try_get("agreed_roles")?)?, Time(row.try_get("agreed")?))),
        None => None,
    };
    Ok(UnlockRow {
        unlock_id: row.try_get("unlock_id")?,
        pseudonym: row.try_get("pseudonym")?,
        reason: row.try_get("reason")?,
        asked: party(row.try_get("asked_by")?, row.try_get("asked_roles")?)?,
        asked_at: Time(row.try_get("asked")?),
        agreed,
        until: Time(row.try_get("until")?),
        ended_by: row.try_get("ended_by")?,
    })
}
