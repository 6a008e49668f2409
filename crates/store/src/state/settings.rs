//! Settings that people change while the node runs, and searches that they keep. No setting holds a secret: those live in the configuration and the key ring.

use cordon_model::Time;
use serde_json::{Value, json};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::sql::{exists, from_count};
use super::{AuditEntry, By, State, StateError, audit};

/// Most bytes of one setting.
const SETTING_BYTES_MAX: usize = 64 << 10;
/// Most settings.
const SETTINGS_MAX: u32 = 1_000;
/// Most searches of one owner.
const SEARCHES_MAX: u32 = 500;
/// Most bytes of a search.
const SEARCH_BYTES_MAX: usize = 16 << 10;

/// A setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Name.
    pub name: String,
    /// Value.
    pub value: Value,
    /// Rises with every change.
    pub revision: u64,
    /// Who changed it last.
    pub author: String,
    /// When.
    pub changed: Time,
}

/// A search that somebody keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedSearch {
    /// Number.
    pub search_id: i64,
    /// Whose it is.
    pub owner: String,
    /// Name, one of a kind for its owner.
    pub name: String,
    /// The search. It can name people: it is shown to its owner, and to all when shared.
    pub query: String,
    /// Everybody may use it.
    pub shared: bool,
    /// Rises with every change.
    pub revision: u64,
    /// When it was last changed.
    pub changed: Time,
}

/// A search to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSearch {
    /// Name.
    pub name: String,
    /// The search.
    pub query: String,
    /// Everybody may use it.
    pub shared: bool,
}

impl State {
    /// All settings that were ever set, by name.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn settings(&self) -> Result<Vec<Setting>, StateError> {
        let rows = sqlx::query("SELECT * FROM settings ORDER BY name").fetch_all(&self.readers).await?;
        rows.iter().map(setting_of).collect()
    }

    /// One setting; `None` when it was never set.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn setting(&self, name: &str) -> Result<Option<Setting>, StateError> {
        let row = sqlx::query("SELECT * FROM settings WHERE name = ?1").bind(name.to_owned());
        row.fetch_optional(&self.readers).await?.as_ref().map(setting_of).transpose()
    }

    /// Sets a setting, if it still has the revision that the caller saw (0 for one that was never set; `None`: whatever it has).
    ///
    /// # Errors
    /// Somebody else changed it first, it is too large, or there are too many.
    pub async fn set_setting(
        &self,
        by: &By,
        name: &str,
        value: &Value,
        revision: Option<u64>,
    ) -> Result<Setting, StateError> {
        let text = value.to_string();
        if text.len() > SETTING_BYTES_MAX {
            return Err(StateError::Refused("a setting has at most 64 KiB"));
        }
        let mut tx = self.begin().await?;
        let row = sqlx::query("SELECT * FROM settings WHERE name = ?1").bind(name.to_owned());
        let before = row.fetch_optional(&mut *tx).await?.as_ref().map(setting_of).transpose()?;
        let known = before.as_ref().map_or(0, |before| before.revision);
        if revision.is_some_and(|revision| revision != known) {
            return Err(StateError::Changed("setting"));
        }
        let settings: i64 = sqlx::query_scalar("SELECT count(*) FROM settings").fetch_one(&mut *tx).await?;
        if before.is_none() && settings >= i64::from(SETTINGS_MAX) {
            return Err(StateError::TooMany { what: "settings", max: SETTINGS_MAX });
        }
        let put = sqlx::query(
            "INSERT INTO settings (name, value, revision, author, changed) VALUES (?1, ?2, 1, ?3, ?4)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value, revision = revision + 1,
             author = excluded.author, changed = excluded.changed RETURNING *",
        );
        let put = put.bind(name.to_owned()).bind(text).bind(by.actor.to_string()).bind(by.at.0);
        let setting = setting_of(&put.fetch_one(&mut *tx).await?)?;
        let detail = json!({"from": before.map(|before| before.value), "to": setting.value});
        audit::append(&mut tx, by, &AuditEntry::new("setting_changed", "setting", name, detail)).await?;
        tx.commit().await?;
        Ok(setting)
    }

    /// Searches of an owner and those that others share, by owner and name.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn searches(&self, owner: &str) -> Result<Vec<SavedSearch>, StateError> {
        let rows = sqlx::query(
            "SELECT * FROM saved_searches WHERE owner = ?1 OR shared = 1 ORDER BY owner <> ?1, owner, name LIMIT 5000",
        );
        rows.bind(owner.to_owned()).fetch_all(&self.readers).await?.iter().map(search_of).collect()
    }

    /// Keeps a search for whoever asks.
    ///
    /// # Errors
    /// There is one of this name, it is too long, or there are too many.
    pub async fn add_search(&self, by: &By, new: &NewSearch) -> Result<SavedSearch, StateError> {
        check(new)?;
        let mut tx = self.begin().await?;
        let kept =
            sqlx::query_scalar("SELECT count(*) FROM saved_searches WHERE owner = ?1").bind(by.actor.to_string());
        let kept: i64 = kept.fetch_one(&mut *tx).await?;
        if kept >= i64::from(SEARCHES_MAX) {
            return Err(StateError::TooMany { what: "saved searches", max: SEARCHES_MAX });
        }
        let insert = sqlx::query(
            "INSERT INTO saved_searches (owner, name, query, shared, changed) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING *",
        );
        let insert = insert.bind(by.actor.to_string()).bind(new.name.clone()).bind(new.query.clone());
        let insert = insert.bind(new.shared).bind(by.at.0);
        let search = search_of(&insert.fetch_one(&mut *tx).await.map_err(exists("saved search"))?)?;
        audit::append(&mut tx, by, &told("search_saved", &search)).await?;
        tx.commit().await?;
        Ok(search)
    }

    /// Changes a search of whoever asks, if it still has the revision that was seen (`None`: whatever it has).
    ///
    /// # Errors
    /// There is none of this owner, somebody else changed it first, or the name is taken.
    pub async fn change_search(
        &self,
        by: &By,
        search_id: i64,
        revision: Option<u64>,
        new: &NewSearch,
    ) -> Result<SavedSearch, StateError> {
        check(new)?;
        let mut tx = self.begin().await?;
        let row = sqlx::query("SELECT * FROM saved_searches WHERE search_id = ?1 AND owner = ?2");
        let row = row.bind(search_id).bind(by.actor.to_string()).fetch_optional(&mut *tx).await?;
        let before = search_of(&row.ok_or(StateError::NotFound("saved search"))?)?;
        if revision.is_some_and(|revision| revision != before.revision) {
            return Err(StateError::Changed("saved search"));
        }
        let update = sqlx::query(
            "UPDATE saved_searches SET name = ?2, query = ?3, shared = ?4, changed = ?5, revision = revision + 1
             WHERE search_id = ?1 RETURNING *",
        );
        let update = update.bind(search_id).bind(new.name.clone()).bind(new.query.clone()).bind(new.shared);
        let row = update.bind(by.at.0).fetch_one(&mut *tx).await.map_err(exists("saved search"))?;
        let search = search_of(&row)?;
        audit::append(&mut tx, by, &told("search_changed", &search)).await?;
        tx.commit().await?;
        Ok(search)
    }

    /// Removes a search of whoever asks.
    ///
    /// # Errors
    /// There is none of this owner.
    pub async fn remove_search(&self, by: &By, search_id: i64) -> Result<(), StateError> {
        let mut tx = self.begin().await?;
        let row = sqlx::query("DELETE FROM saved_searches WHERE search_id = ?1 AND owner = ?2 RETURNING *");
        let row = row.bind(search_id).bind(by.actor.to_string()).fetch_optional(&mut *tx).await?;
        let search = search_of(&row.ok_or(StateError::NotFound("saved search"))?)?;
        audit::append(&mut tx, by, &told("search_removed", &search)).await?;
        Ok(tx.commit().await?)
    }
}

fn check(new: &NewSearch) -> Result<(), StateError> {
    if new.name.trim().is_empty() || new.name.chars().count() > 200 {
        return Err(StateError::Refused("a saved search has a name of at most 200 letters"));
    }
    if new.query.len() > SEARCH_BYTES_MAX {
        return Err(StateError::Refused("a saved search has at most 16 KiB"));
    }
    Ok(())
}

/// The search itself stays out of the audit log: it can name a patient.
fn told(action: &str, search: &SavedSearch) -> AuditEntry {
    AuditEntry::new(action, "saved_search", &search.search_id.to_string(), json!({"shared": search.shared}))
}

fn setting_of(row: &SqliteRow) -> Result<Setting, StateError> {
    let value: &str = row.try_get("value")?;
    Ok(Setting {
        name: row.try_get("name")?,
        value: serde_json::from_str(value).map_err(|_| StateError::Damaged("settings"))?,
        revision: from_count(row.try_get("revision")?, "settings")?,
        author: row.try_get("author")?,
        changed: Time(row.try_get("changed")?),
    })
}

fn search_of(row: &SqliteRow) -> Result<SavedSearch, StateError> {
    Ok(SavedSearch {
        search_id: row.try_get("search_id")?,
        owner: row.try_get("owner")?,
        name: row.try_get("name")?,
        query: row.try_get("query")?,
        shared: row.try_get("shared")?,
        revision: from_count(row.try_get("revision")?, "saved_searches")?,
        changed: Time(row.try_get("changed")?),
    })
}
