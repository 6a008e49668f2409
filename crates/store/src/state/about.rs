//! An entity that is asked for, as the names that rows hold: an account is asked for by its name or by its pseudonym, and behind one pseudonym stand all names that
//! sources write for it.

use cordon_policy::AccessScope;
use cordon_seal::is_account_ref;
use sqlx::{QueryBuilder, Sqlite};

use super::sql::push_in;
use super::{Entity, EntityKind, State, StateError};

/// Which rows are about an entity. Without names: none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct About {
    pub(super) kind: EntityKind,
    names: Vec<String>,
}

impl About {
    /// Whether no row is.
    pub(super) const fn is_nobody(&self) -> bool {
        self.names.is_empty()
    }

    /// Appends the condition that a column holds one of the names.
    pub(super) fn push(&self, query: &mut QueryBuilder<Sqlite>, column: &'static str) {
        query.push(" AND ").push(column);
        push_in(query, self.names.iter().cloned());
    }
}

impl State {
    /// The names, as sources write them, of an entity that is asked for as the scope shows it; none when it hides it.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn names_behind(&self, scope: &AccessScope, entity: &Entity) -> Result<Vec<String>, StateError> {
        Ok(self.about(scope, entity).await?.names)
    }

    /// The rows about an entity. What the scope hides is about nobody: else a filter would answer guesses. Who sees pseudonyms asks by them, or by the name of
    /// somebody who is shown by name.
    pub(super) async fn about(&self, scope: &AccessScope, entity: &Entity) -> Result<About, StateError> {
        let Entity { kind, name } = entity;
        let names = match kind {
            _ if scope.masks(kind.column()) => Vec::new(),
            EntityKind::User if is_account_ref(name) => self.names_of(name).await?,
            EntityKind::User if !self.accounts.is_named(scope, name) => Vec::new(),
            _ => vec![name.to_string()],
        };
        Ok(About { kind: *kind, names })
    }

    /// The same of an entity that may be asked for or not.
    pub(super) async fn about_any(
        &self,
        scope: &AccessScope,
        entity: Option<&Entity>,
    ) -> Result<Option<About>, StateError> {
        match entity {
            Some(entity) => Ok(Some(self.about(scope, entity).await?)),
            None => Ok(None),
        }
    }

    /// All names of accounts that are kept and have this pseudonym.
    pub(super) async fn names_of(&self, pseudonym: &str) -> Result<Vec<String>, StateError> {
        // every person in a finding is the entity of its group; risk outlives groups; a case may be about somebody without findings
        let kept = sqlx::query_scalar(
            "SELECT entity FROM finding_groups WHERE entity_kind = 'user' UNION SELECT entity FROM risk WHERE entity_kind = 'user'
             UNION SELECT user FROM incidents",
        );
        let kept: Vec<String> = kept.fetch_all(&self.readers).await?;
        let (accounts, pseudonym) = (self.accounts.clone(), pseudonym.to_owned());
        // a hash of every name: too long for the threads that wait
        let of_it = move || {
            let has_it = |name: &String| accounts.pseudonym(name).as_ref() == Some(&pseudonym);
            kept.into_iter().filter(has_it).collect()
        };
        tokio::task::spawn_blocking(of_it).await.map_err(|_| StateError::Busy)
    }
}
