//! Tokens: of programs that use the API, and of sources that send. Kept is the digest; a token expires and can be revoked.

use std::collections::BTreeSet;

use cordon_model::{Digest, Time};
use cordon_policy::{AccessScope, Action, Role};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _};

use super::sql::{exists, names_json, push_site_scope, roles_json, set_of_names, sites_json, sites_of};
use super::{AuditEntry, By, State, StateError, audit};

/// Most tokens of either kind that hold at a time.
const TOKENS_MAX: u32 = 10_000;
/// That a token was used is written at most once in a minute.
const TOUCH_US_MAX: i64 = 60 * 1_000_000;

/// A token of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Number.
    pub token_id: i64,
    /// What it is for, in words.
    pub name: String,
    /// Its roles.
    pub roles: BTreeSet<Role>,
    /// The sites; `None` for all.
    pub sites: Option<BTreeSet<String>>,
    /// The only actions that it may do; `None` for what the roles give.
    pub only: Option<BTreeSet<Action>>,
    /// Who made it.
    pub creator: String,
    /// When.
    pub created: Time,
    /// It holds until then.
    pub expires: Time,
    /// When it was last used, to a minute; `None` for never.
    pub used: Option<Time>,
}

/// A token to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// What it is for, in words.
    pub name: String,
    /// Digest of the secret.
    pub secret: Digest,
    /// Its roles, at least one.
    pub roles: BTreeSet<Role>,
    /// The sites; `None` for all.
    pub sites: Option<BTreeSet<String>>,
    /// The only actions that it may do; `None` for what the roles give.
    pub only: Option<BTreeSet<Action>>,
    /// It holds until then.
    pub expires: Time,
}

/// A token by which a source proves itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceToken {
    /// Number.
    pub token_id: i64,
    /// The source.
    pub source: String,
    /// Its site.
    pub site: String,
    /// Who made it.
    pub creator: String,
    /// When.
    pub created: Time,
    /// It holds until then; `None` until it is revoked.
    pub expires: Option<Time>,
    /// When it was last used, to a minute; `None` for never.
    pub used: Option<Time>,
}

impl State {
    /// Tokens that were not revoked, by number; also those that have expired.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn tokens(&self) -> Result<Vec<Token>, StateError> {
        let rows = sqlx::query("SELECT * FROM tokens WHERE revoked IS NULL ORDER BY token_id");
        rows.fetch_all(&self.readers).await?.iter().map(token_of).collect()
    }

    /// Makes a token.
    ///
    /// # Errors
    /// It has no role, or there are too many.
    pub async fn add_token(&self, by: &By, new: &NewToken) -> Result<Token, StateError> {
        if new.roles.is_empty() {
            return Err(StateError::Refused("a token has at least one role"));
        }
        let mut tx = self.begin().await?;
        let held = "SELECT count(*) FROM tokens WHERE revoked IS NULL";
        let held: i64 = sqlx::query_scalar(held).fetch_one(&mut *tx).await?;
        if held >= i64::from(TOKENS_MAX) {
            return Err(StateError::TooMany { what: "tokens", max: TOKENS_MAX });
        }
        let insert = sqlx::query(
            "INSERT INTO tokens (name, secret, roles, sites, actions, creator, created, expires)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING *",
        );
        let actions = new.only.as_ref().map(|only| names_json(only.iter().map(|action| action.name())));
        let insert = insert.bind(new.name.clone()).bind(new.secret.0.to_vec()).bind(roles_json(&new.roles));
        let insert = insert.bind(sites_json(new.sites.as_ref())).bind(actions).bind(by.actor.to_string());
        let row = insert.bind(by.at.0).bind(new.expires.0).fetch_one(&mut *tx).await.map_err(exists("token"))?;
        let token = token_of(&row)?;
        audit::append(&mut tx, by, &told("token_added", &token)).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// There is none that holds.
    pub async fn revoke_token(&self, by: &By, token_id: i64) -> Result<(), StateError> {
        let mut tx = self.begin().await?;
        let revoke = "UPDATE tokens SET revoked = ?2 WHERE token_id = ?1 AND revoked IS NULL RETURNING *";
        let row = sqlx::query(revoke).bind(token_id).bind(by.at.0).fetch_optional(&mut *tx).await?;
        let token = token_of(&row.ok_or(StateError::NotFound("token"))?)?;
        audit::append(&mut tx, by, &told("token_revoked", &token)).await?;
        Ok(tx.commit().await?)
    }

    /// The token of this secret, when it holds at `now`.
    ///
    /// # Errors
    /// The state cannot be read or written.
    pub async fn token_of_secret(&self, secret: Digest, now: Time) -> Result<Option<Token>, StateError> {
        let row = sqlx::query("SELECT * FROM tokens WHERE secret = ?1 AND expires > ?2 AND revoked IS NULL");
        let row = row.bind(secret.0.to_vec()).bind(now.0).fetch_optional(&self.readers).await?;
        let token = row.as_ref().map(token_of).transpose()?;
        if let Some(token) = token.as_ref().filter(|token| is_long_ago(token.used, now)) {
            let mut tx = self.begin().await?;
            let touch = sqlx::query("UPDATE tokens SET used = ?2 WHERE token_id = ?1");
            touch.bind(token.token_id).bind(now.0).execute(&mut *tx).await?;
            tx.commit().await?;
        }
        Ok(token)
    }

    /// Makes a token by which a source of an admitted site proves itself; `expires` may be left out.
    ///
    /// # Errors
    /// The site lies outside the scope, or there are too many.
    pub async fn add_source_token(
        &self,
        scope: &AccessScope,
        by: &By,
        source: &str,
        site: &str,
        secret: Digest,
        expires: Option<Time>,
    ) -> Result<SourceToken, StateError> {
        if !scope.admits_site(site) {
            return Err(StateError::NotFound("site"));
        }
        let mut tx = self.begin().await?;
        let held = "SELECT count(*) FROM source_tokens WHERE revoked IS NULL";
        let held: i64 = sqlx::query_scalar(held).fetch_one(&mut *tx).await?;
        if held >= i64::from(TOKENS_MAX) {
            return Err(StateError::TooMany { what: "tokens of sources", max: TOKENS_MAX });
        }
        let insert = sqlx::query(
            "INSERT INTO source_tokens (source, site, secret, creator, created, expires)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING *",
        );
        let insert = insert.bind(source.to_owned()).bind(site.to_owned()).bind(secret.0.to_vec());
        let insert = insert.bind(by.actor.to_string()).bind(by.at.0).bind(expires.map(|expires| expires.0));
        let row = insert.fetch_one(&mut *tx).await.map_err(exists("token"))?;
        let token = source_token_of(&row)?;
        audit::append(&mut tx, by, &told_source("source_token_added", &token)).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Tokens of the sources of admitted sites that were not revoked, by number.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn source_tokens(&self, scope: &AccessScope) -> Result<Vec<SourceToken>, StateError> {
        let mut query = QueryBuilder::new("SELECT * FROM source_tokens WHERE revoked IS NULL");
        push_site_scope(&mut query, scope);
        query.push(" ORDER BY token_id");
        query.build().fetch_all(&self.readers).await?.iter().map(source_token_of).collect()
    }

    /// The sources whose tokens hold at `now`, each with the digest of its secret: for who lets senders in from memory.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn senders(&self, now: Time) -> Result<Vec<(Digest, String)>, StateError> {
        let rows =
            "SELECT secret, source FROM source_tokens WHERE revoked IS NULL AND (expires IS NULL OR expires > ?1)";
        let rows: Vec<(Vec<u8>, String)> = sqlx::query_as(rows).bind(now.0).fetch_all(&self.readers).await?;
        let known = rows.into_iter().filter_map(|(secret, source)| Some((Digest(secret.try_into().ok()?), source)));
        Ok(known.collect())
    }

    /// Revokes a token of a source.
    ///
    /// # Errors
    /// There is none that holds at an admitted site.
    pub async fn revoke_source_token(&self, scope: &AccessScope, by: &By, token_id: i64) -> Result<(), StateError> {
        let mut tx = self.begin().await?;
        let mut query = QueryBuilder::new("UPDATE source_tokens SET revoked = ");
        query.push_bind(by.at.0).push(" WHERE revoked IS NULL AND token_id = ").push_bind(token_id);
        push_site_scope(&mut query, scope);
        query.push(" RETURNING *");
        let row = query.build().fetch_optional(&mut *tx).await?.ok_or(StateError::NotFound("token"))?;
        audit::append(&mut tx, by, &told_source("source_token_revoked", &source_token_of(&row)?)).await?;
        Ok(tx.commit().await?)
    }

    /// The token of a source of this secret, when it holds at `now`.
    ///
    /// # Errors
    /// The state cannot be read or written.
    pub async fn source_of_token(&self, secret: Digest, now: Time) -> Result<Option<SourceToken>, StateError> {
        let row = sqlx::query(
            "SELECT * FROM source_tokens WHERE secret = ?1 AND revoked IS NULL AND (expires IS NULL OR expires > ?2)",
        );
        let row = row.bind(secret.0.to_vec()).bind(now.0).fetch_optional(&self.readers).await?;
        let token = row.as_ref().map(source_token_of).transpose()?;
        if let Some(token) = token.as_ref().filter(|token| is_long_ago(token.used, now)) {
            let mut tx = self.begin().await?;
            let touch = sqlx::query("UPDATE source_tokens SET used = ?2 WHERE token_id = ?1");
            touch.bind(token.token_id).bind(now.0).execute(&mut *tx).await?;
            tx.commit().await?;
        }
        Ok(token)
    }
}

fn is_long_ago(used: Option<Time>, now: Time) -> bool {
    used.is_none_or(|used| now.0.saturating_sub(used.0) > TOUCH_US_MAX)
}

fn token_of(row: &SqliteRow) -> Result<Token, StateError> {
    const TABLE: &str = "tokens";
    let only: Option<&str> = row.try_get("actions")?;
    Ok(Token {
        token_id: row.try_get("token_id")?,
        name: row.try_get("name")?,
        roles: set_of_names(row.try_get("roles")?, TABLE, Role::from_name)?,
        sites: sites_of(row.try_get("sites")?, TABLE)?,
        only: only.map(|only| set_of_names(only, TABLE, Action::from_name)).transpose()?,
        creator: row.try_get("creator")?,
        created: Time(row.try_get("created")?),
        expires: Time(row.try_get("expires")?),
        used: row.try_get::<Option<i64>, _>("used")?.map(Time),
    })
}

fn source_token_of(row: &SqliteRow) -> Result<SourceToken, StateError> {
    Ok(SourceToken {
        token_id: row.try_get("token_id")?,
        source: row.try_get("source")?,
        site: row.try_get("site")?,
        creator: row.try_get("creator")?,
        created: Time(row.try_get("created")?),
        expires: row.try_get::<Option<i64>, _>("expires")?.map(Time),
        used: row.try_get::<Option<i64>, _>("used")?.map(Time),
    })
}

fn told(action: &str, token: &Token) -> AuditEntry {
    let roles: Vec<&str> = token.roles.iter().map(|role| role.name()).collect();
    let only = token.only.as_ref().map(|only| only.iter().map(|action| action.name()).collect::<Vec<_>>());
    let detail =
        json!({"name": token.name, "roles": roles, "sites": token.sites, "only": only, "expires": token.expires.0});
    AuditEntry::new(action, "token", &token.token_id.to_string(), detail)
}

fn told_source(action: &str, token: &SourceToken) -> AuditEntry {
    let detail = json!({"source": token.source, "expires": token.expires.map(|expires| expires.0)});
    AuditEntry::new(action, "source_token", &token.token_id.to_string(), detail).at_site(&token.site)
}
