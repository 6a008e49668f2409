//! Users: who may sign in, with password, second factor, roles and sites. A user is locked, never removed: the audit log speaks of it.

use std::collections::BTreeSet;
use std::fmt;

use cordon_model::{Digest, Time};
use cordon_policy::Role;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, Transaction};

use super::providers::revoke_tokens;
use super::sql::{exists, roles_json, set_of_names, sites_json, sites_of, to_count};
use super::{AuditEntry, By, ProviderAccount, State, StateError, audit, secrets, sessions};

/// Most users.
pub(super) const USERS_MAX: u32 = 10_000;

/// A user. Prints neither password nor second factor.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Number.
    pub user_id: i64,
    /// Name, as it is typed to sign in.
    pub name: String,
    /// What for.
    pub roles: BTreeSet<Role>,
    /// The sites; `None` for all.
    pub sites: Option<BTreeSet<String>>,
    /// The password as `cordon_seal::PasswordHash` writes it; `None` until one was set.
    pub password_hash: Option<String>,
    /// The secret of the second factor.
    pub totp_secret: Option<[u8; 20]>,
    /// May not sign in.
    pub locked: bool,
    /// When it was added.
    pub created: Time,
    /// Who it is at the provider through which it signs in; `None` for one with a password of this node.
    pub provider: Option<ProviderAccount>,
}

impl User {
    /// Whether there is no need for a first administrator once this user is there.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.provider.is_none() || self.roles.contains(&Role::Administrator)
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user_id, name, roles, sites, locked, .. } = self;
        let mut out = f.debug_struct("User");
        out.field("user_id", user_id).field("name", name).field("roles", roles).field("sites", sites);
        out.field("locked", locked).finish_non_exhaustive()
    }
}

/// A user to be added.
#[derive(Clone)]
pub struct NewUser {
    /// Name: the caller brings it into one spelling.
    pub name: String,
    /// What for, at least one.
    pub roles: BTreeSet<Role>,
    /// The sites; `None` for all.
    pub sites: Option<BTreeSet<String>>,
    /// The password as `cordon_seal::PasswordHash` writes it; `None` when an invitation follows.
    pub password_hash: Option<String>,
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser").field("name", &self.name).field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// What is changed of a user; `None` leaves a part as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    /// Roles, at least one.
    pub roles: Option<BTreeSet<Role>>,
    /// Sites; `Some(None)` for all.
    pub sites: Option<Option<BTreeSet<String>>>,
    /// Whether the user may sign in.
    pub locked: Option<bool>,
}

impl State {
    /// The user of this name.
    ///
    /// # Errors
    /// The state cannot be read, or the second factor does not open under the node's key.
    pub async fn user_named(&self, name: &str) -> Result<Option<User>, StateError> {
        let row = sqlx::query("SELECT * FROM users WHERE name = ?1").bind(name.to_owned());
        let row = row.fetch_optional(&self.readers).await?;
        row.map(|row| self.user_of(&row)).transpose()
    }

    /// All users, by name; at most 10,000 exist.
    ///
    /// # Errors
    /// As [`State::user_named`].
    pub async fn users(&self) -> Result<Vec<User>, StateError> {
        let rows = sqlx::query("SELECT * FROM users ORDER BY name").fetch_all(&self.readers).await?;
        rows.iter().map(|row| self.user_of(row)).collect()
    }

    /// Adds a user.
    ///
    /// # Errors
    /// The name is taken, there is no role, or there are too many users.
    pub async fn add_user(&self, by: &By, new: &NewUser) -> Result<User, StateError> {
        self.add(by, new, false).await
    }

    /// Adds the first user. Users of a provider do not count as long as none of them is an administrator: whoever comes first through it must not leave the node
    /// without anybody who runs it.
    ///
    /// # Errors
    /// [`StateError::Exists`] when there is a user already; else as [`State::add_user`].
    pub async fn add_first_user(&self, by: &By, new: &NewUser) -> Result<User, StateError> {
        self.add(by, new, true).await
    }

    async fn add(&self, by: &By, new: &NewUser, only_first: bool) -> Result<User, StateError> {
        if new.roles.is_empty() {
            return Err(StateError::Refused("a user has at least one role"));
        }
        let mut tx = self.begin().await?;
        let users: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&mut *tx).await?;
        if only_first && self.users().await?.iter().any(User::is_first) {
            return Err(StateError::Exists("user"));
        }
        if users >= i64::from(USERS_MAX) {
            return Err(StateError::TooMany { what: "users", max: USERS_MAX });
        }
        let insert = sqlx::query(
            "INSERT INTO users (name, roles, sites, password_hash, created) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING *",
        );
        let insert = insert.bind(new.name.clone()).bind(roles_json(&new.roles)).bind(sites_json(new.sites.as_ref()));
        let insert = insert.bind(new.password_hash.clone()).bind(by.at.0);
        let row = insert.fetch_one(&mut *tx).await.map_err(exists("user"))?;
        let user = self.user_of(&row)?;
        audit::append(&mut tx, by, &told("user_added", &user)).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Changes roles, sites or the lock of a user, and ends its sessions: what it may do is decided afresh. Locking also revokes the tokens that it made.
    ///
    /// # Errors
    /// There is none, it would be left without a role, or nobody would be left who runs the node.
    pub async fn change_user(&self, by: &By, user_id: i64, change: &UserChange) -> Result<User, StateError> {
        let mut tx = self.begin().await?;
        let before = self.user_in(&mut tx, user_id).await?;
        if before.provider.is_some() && (change.roles.is_some() || change.sites.is_some()) {
            return Err(StateError::Refused("the provider says roles and sites of this user; it can be locked here"));
        }
        let roles = change.roles.as_ref().unwrap_or(&before.roles);
        let sites = change.sites.as_ref().unwrap_or(&before.sites);
        let locked = change.locked.unwrap_or(before.locked);
        if roles.is_empty() {
            return Err(StateError::Refused("a user has at least one role"));
        }
        let update =
            sqlx::query("UPDATE users SET roles = ?2, sites = ?3, locked = ?4 WHERE user_id = ?1").bind(user_id);
        let update = update.bind(roles_json(roles)).bind(sites_json(sites.as_ref())).bind(locked);
        update.execute(&mut *tx).await?;
        let after = self.user_in(&mut tx, user_id).await?;
        let could_come_in = before.password_hash.is_some() && before.provider.is_none() && !before.locked;
        let ran_the_node = could_come_in && before.roles.contains(&Role::Administrator);
        if ran_the_node && !self.has_administrator(&mut tx).await? {
            return Err(StateError::Refused(
                "somebody must be left who runs the node: make another administrator first",
            ));
        }
        sessions::end_all(&mut tx, user_id).await?;
        if locked {
            revoke_tokens(&mut tx, by, &after.name).await?;
        }
        audit::append(&mut tx, by, &told("user_changed", &after)).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Whether somebody runs the node who needs no provider for it. Who was invited and never came does not.
    async fn has_administrator(&self, tx: &mut Transaction<'static, Sqlite>) -> Result<bool, StateError> {
        let rows = sqlx::query(
            "SELECT * FROM users WHERE locked = 0 AND provider_subject IS NULL AND password_hash IS NOT NULL",
        );
        let rows = rows.fetch_all(&mut **tx).await?;
        for row in &rows {
            let roles = set_of_names(row.try_get("roles")?, "users", Role::from_name)?;
            if roles.contains(&Role::Administrator) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes password and second factor of a user away and ends its sessions and invitations: an invitation follows.
    ///
    /// # Errors
    /// There is none, or it signs in through a provider.
    pub async fn reset_user(&self, by: &By, user_id: i64) -> Result<User, StateError> {
        let mut tx = self.begin().await?;
        has_password(&self.user_in(&mut tx, user_id).await?)?;
        let reset = "UPDATE users SET password_hash = NULL, totp_sealed = NULL WHERE user_id = ?1";
        sqlx::query(reset).bind(user_id).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM invitations WHERE user_id = ?1").bind(user_id).execute(&mut *tx).await?;
        let user = self.user_in(&mut tx, user_id).await?;
        sessions::end_all(&mut tx, user_id).await?;
        audit::append(&mut tx, by, &told("user_reset", &user)).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Sets a password and ends all sessions of the user: the caller opens a new one.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn set_password(&self, by: &By, user_id: i64, password_hash: &str) -> Result<User, StateError> {
        let mut tx = self.begin().await?;
        let user = self.put_password(&mut tx, user_id, password_hash).await?;
        audit::append(&mut tx, by, &told("password_set", &user)).await?;
        tx.commit().await?;
        Ok(user)
    }

    async fn put_password(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        user_id: i64,
        password_hash: &str,
    ) -> Result<User, StateError> {
        let put = sqlx::query("UPDATE users SET password_hash = ?2 WHERE user_id = ?1");
        put.bind(user_id).bind(password_hash.to_owned()).execute(&mut **tx).await?;
        sessions::end_all(tx, user_id).await?;
        self.user_in(tx, user_id).await
    }

    /// Sets a second factor, sealed under the node's key, together with the step that was just taken.
    ///
    /// # Errors
    /// There is no such user, or the state was opened without a key.
    pub async fn set_totp(&self, by: &By, user_id: i64, secret: [u8; 20], step: u64) -> Result<User, StateError> {
        let sealed = secrets::seal(self.options.secrets.as_ref(), &totp_place(user_id), &secret)?;
        let mut tx = self.begin().await?;
        let put = sqlx::query("UPDATE users SET totp_sealed = ?2, totp_step = ?3 WHERE user_id = ?1");
        put.bind(user_id).bind(sealed).bind(to_count(step)?).execute(&mut *tx).await?;
        let user = self.user_in(&mut tx, user_id).await?;
        audit::append(&mut tx, by, &told("totp_set", &user)).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Takes a step of the second factor; `false` when it or a later one was taken before.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn take_totp_step(&self, user_id: i64, step: u64) -> Result<bool, StateError> {
        let mut tx = self.begin().await?;
        let take = sqlx::query("UPDATE users SET totp_step = ?2 WHERE user_id = ?1 AND totp_step < ?2");
        let taken = take.bind(user_id).bind(to_count(step)?).execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        Ok(taken == 1)
    }

    /// Keeps the digest of a one-time link by which a user sets its password, until `ends`. A new one replaces those before.
    ///
    /// # Errors
    /// There is no such user, or it signs in through a provider.
    pub async fn invite(&self, by: &By, user_id: i64, secret: Digest, ends: Time) -> Result<(), StateError> {
        let mut tx = self.begin().await?;
        let user = self.user_in(&mut tx, user_id).await?;
        has_password(&user)?;
        sqlx::query("DELETE FROM invitations WHERE user_id = ?1 OR ends <= ?2")
            .bind(user_id)
            .bind(by.at.0)
            .execute(&mut *tx)
            .await?;
        let insert = sqlx::query("INSERT INTO invitations (secret, user_id, ends) VALUES (?1, ?2, ?3)");
        insert.bind(secret.0.to_vec()).bind(user_id).bind(ends.0).execute(&mut *tx).await?;
        audit::append(&mut tx, by, &told("user_invited", &user)).await?;
        Ok(tx.commit().await?)
    }

    /// Sets the password of whoever was invited; the link is used up.
    ///
    /// # Errors
    /// [`StateError::NotFound`] when the link is unknown, used or too old, or the user is locked.
    pub async fn accept_invitation(&self, by: &By, secret: Digest, password_hash: &str) -> Result<User, StateError> {
        let mut tx = self.begin().await?;
        let taken = sqlx::query_scalar("DELETE FROM invitations WHERE secret = ?1 AND ends > ?2 RETURNING user_id");
        let user_id: Option<i64> = taken.bind(secret.0.to_vec()).bind(by.at.0).fetch_optional(&mut *tx).await?;
        let user_id = user_id.ok_or(StateError::NotFound("invitation"))?;
        let user = self.put_password(&mut tx, user_id, password_hash).await?;
        if user.locked {
            return Err(StateError::NotFound("invitation"));
        }
        audit::append(&mut tx, by, &told("invitation_accepted", &user)).await?;
        tx.commit().await?;
        Ok(user)
    }

    async fn user_in(&self, tx: &mut Transaction<'static, Sqlite>, user_id: i64) -> Result<User, StateError> {
        let row = sqlx::query("SELECT * FROM users WHERE user_id = ?1").bind(user_id).fetch_optional(&mut **tx).await?;
        self.user_of(&row.ok_or(StateError::NotFound("user"))?)
    }

    pub(super) fn user_of(&self, row: &SqliteRow) -> Result<User, StateError> {
        let user_id: i64 = row.try_get("user_id")?;
        let sealed: Option<&[u8]> = row.try_get("totp_sealed")?;
        let open = |sealed| secrets::open(self.options.secrets.as_ref(), &totp_place(user_id), sealed);
        let opened = sealed.map(open).transpose()?;
        let secret = opened.map(|secret| <[u8; 20]>::try_from(secret).map_err(|_| StateError::Damaged("users")));
        Ok(User {
            user_id,
            name: row.try_get("name")?,
            roles: set_of_names(row.try_get("roles")?, "users", Role::from_name)?,
            sites: sites_of(row.try_get("sites")?, "users")?,
            password_hash: row.try_get("password_hash")?,
            totp_secret: secret.transpose()?,
            locked: row.try_get("locked")?,
            created: Time(row.try_get("created")?),
            provider: provider_of(row)?,
        })
    }
}

fn provider_of(row: &SqliteRow) -> Result<Option<ProviderAccount>, StateError> {
    let (issuer, subject) = (row.try_get("provider_issuer")?, row.try_get("provider_subject")?);
    let both: Option<(String, String)> = Option::zip(issuer, subject);
    Ok(both.map(|(issuer, subject)| ProviderAccount { issuer, subject }))
}

/// A user of a provider never gets a password of this node: who set it would no longer need the provider.
fn has_password(user: &User) -> Result<(), StateError> {
    if user.provider.is_none() {
        return Ok(());
    }
    Err(StateError::Refused("this user signs in through the provider and has no password here"))
}

fn totp_place(user_id: i64) -> String {
    format!("users/{user_id}/totp")
}

pub(super) fn told(action: &str, user: &User) -> AuditEntry {
    let roles: Vec<&str> = user.roles.iter().map(|role| role.name()).collect();
    let mut detail = json!({"user_id": user.user_id, "roles": roles, "sites": user.sites, "locked": user.locked});
    if let (Some(provider), Some(detail)) = (&user.provider, detail.as_object_mut()) {
        detail.insert("provider".to_owned(), json!({"issuer": provider.issuer, "subject": provider.subject}));
    }
    AuditEntry::new(action, "user", &user.name, detail)
}
