//! Users of a provider (OpenID Connect): each is bound to the provider and its own id of the person. Roles and sites are what the provider says, at every sign-in.

use std::collections::BTreeSet;
use std::fmt;

use cordon_policy::Role;
use sqlx::{Sqlite, Transaction};

use super::sql::{exists, roles_json, sites_json};
use super::users::{USERS_MAX, told};
use super::{By, State, StateError, User, audit, sessions};

/// Names that are tried when others have them: `anna`, `anna.2` to `anna.99`.
const NAMES_MAX: u32 = 99;
/// Actors of the audit log that are no users.
const NOBODY: [&str; 2] = ["node", "nobody"];

/// Who somebody is at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderAccount {
    /// The provider: `iss` of its tokens.
    pub issuer: String,
    /// Its own id of the person, which it never gives to another: `sub` of its tokens.
    pub subject: String,
}

/// Somebody whom a provider vouches for now.
#[derive(Clone, PartialEq, Eq)]
pub struct ProvidedUser {
    /// Who it is there.
    pub account: ProviderAccount,
    /// The name that it has here when it is not known yet and nobody else has it; the caller brings it into one spelling.
    pub name: String,
    /// What for; none when the provider gives it no role here.
    pub roles: BTreeSet<Role>,
    /// The sites; `None` for all.
    pub sites: Option<BTreeSet<String>>,
}

impl fmt::Debug for ProvidedUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvidedUser").field("name", &self.name).field("roles", &self.roles).finish_non_exhaustive()
    }
}

impl State {
    /// The user behind an account of a provider, with the roles and sites that the provider says now; one who is not known is added. When they differ from before,
    /// all its sessions end, and with its last role the tokens that it made. A user who is locked stays as it is. `None` for somebody unknown without a role.
    ///
    /// # Errors
    /// There are too many users, or too many of this name.
    pub async fn user_provided(&self, by: &By, provided: &ProvidedUser) -> Result<Option<User>, StateError> {
        let mut tx = self.begin().await?;
        let row = sqlx::query("SELECT * FROM users WHERE provider_issuer = ?1 AND provider_subject = ?2")
            .bind(provided.account.issuer.clone())
            .bind(provided.account.subject.clone())
            .fetch_optional(&mut *tx)
            .await?;
        let user = match row.map(|row| self.user_of(&row)).transpose()? {
            None if provided.roles.is_empty() => return Ok(None),
            None => self.add_provided(&mut tx, by, provided).await?,
            Some(user) if user.locked || (user.roles == provided.roles && user.sites == provided.sites) => user,
            Some(user) => self.follow_provider(&mut tx, by, &user, provided).await?,
        };
        tx.commit().await?;
        Ok(Some(user))
    }

    async fn add_provided(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        by: &By,
        provided: &ProvidedUser,
    ) -> Result<User, StateError> {
        let users: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&mut **tx).await?;
        if users >= i64::from(USERS_MAX) {
            return Err(StateError::TooMany { what: "users", max: USERS_MAX });
        }
        let name = free_name(tx, &provided.name).await?;
        let insert = sqlx::query(
            "INSERT INTO users (name, roles, sites, created, provider_issuer, provider_subject)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING *",
        );
        let insert = insert.bind(name).bind(roles_json(&provided.roles)).bind(sites_json(provided.sites.as_ref()));
        let ProviderAccount { issuer, subject } = provided.account.clone();
        let insert = insert.bind(by.at.0).bind(issuer).bind(subject);
        let row = insert.fetch_one(&mut **tx).await.map_err(exists("user"))?;
        let user = self.user_of(&row)?;
        audit::append(tx, by, &told("user_added", &user)).await?;
        Ok(user)
    }

    async fn follow_provider(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        by: &By,
        before: &User,
        provided: &ProvidedUser,
    ) -> Result<User, StateError> {
        let update = sqlx::query("UPDATE users SET roles = ?2, sites = ?3 WHERE user_id = ?1 RETURNING *");
        let update = update.bind(before.user_id).bind(roles_json(&provided.roles));
        let row = update.bind(sites_json(provided.sites.as_ref())).fetch_one(&mut **tx).await?;
        let after = self.user_of(&row)?;
        sessions::end_all(tx, after.user_id).await?;
        if after.roles.is_empty() {
            revoke_tokens(tx, by, &after.name).await?;
        }
        audit::append(tx, by, &told("user_changed", &after)).await?;
        Ok(after)
    }
}

/// Revokes the tokens that a user made.
pub(super) async fn revoke_tokens(
    tx: &mut Transaction<'static, Sqlite>,
    by: &By,
    creator: &str,
) -> Result<(), StateError> {
    let revoke = sqlx::query("UPDATE tokens SET revoked = ?2 WHERE creator = ?1 AND revoked IS NULL");
    revoke.bind(creator.to_owned()).bind(by.at.0).execute(&mut **tx).await?;
    Ok(())
}

/// A name that nobody has: an account of this node is never taken for one of the provider because it is called alike.
async fn free_name(tx: &mut Transaction<'static, Sqlite>, wished: &str) -> Result<String, StateError> {
    for number in 1..=NAMES_MAX {
        let name = if number == 1 { wished.to_owned() } else { format!("{wished}.{number}") };
        let taken: i64 = sqlx::query_scalar("SELECT count(*) FROM users WHERE name = ?1")
            .bind(name.clone())
            .fetch_one(&mut **tx)
            .await?;
        if taken == 0 && !NOBODY.contains(&name.as_str()) {
            return Ok(name);
        }
    }
    Err(StateError::TooMany { what: "users of one name", max: NAMES_MAX })
}
