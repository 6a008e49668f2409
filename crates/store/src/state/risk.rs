//! Risk of an entity: the weights of its findings, each halved for every half-life that has passed since.
//!
//! score(now) = sum over its findings of weight(level) / n * 2^(-(now - t) / H), where t is when the finding counts (event time, not after receipt), n its number
//! among the loud findings of its group and H the half-life. Kept is sum(weight / n * 2^((t - epoch) / H)): one addition per finding, whatever the order,
//! and scores of rows of several sites and classes add up, so that each scope gets the sum of what it may read.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use cordon_model::{Level, Time};
use cordon_policy::AccessScope;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteExecutor, Transaction};

use super::listing::rows_to_fetch;
use super::sql::push_scope;
use super::{Entity, EntityKind, State, StateError};
use crate::accounts::Accounts;

/// After this time a finding weighs half: three days.
pub const RISK_HALF_LIFE: Duration = Duration::from_secs(72 * 3_600);
/// The half-life in microseconds.
const HALF_LIFE_US: i64 = 72 * 3_600 * 1_000_000;
/// Powers of two beyond this are cut: the clock was far off when such a finding came.
const HALF_LIVES_MAX: f64 = 500.0;
/// When the newest finding is so many half-lives after the epoch, the epoch moves.
const EPOCH_HALF_LIVES: i64 = 100;
/// Rows of one INSERT: few enough that the statement stays prepared between batches.
const ROWS_MAX: usize = 50;
/// Scores below this at the time when the epoch moves are forgotten.
const SCORE_MIN: f64 = 0.001;

/// What a finding of a level weighs, before it is divided by its number in its group: 0, 1, 5, 20, 50.
#[must_use]
pub const fn risk_weight(level: Level) -> f64 {
    match level {
        Level::Informational => 0.0,
        Level::Low => 1.0,
        Level::Medium => 5.0,
        Level::High => 20.0,
        Level::Critical => 50.0,
    }
}

/// How much is to be said against an entity.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityRisk {
    /// The entity.
    pub entity: Entity,
    /// Its score now.
    pub score: f64,
    /// The latest finding that counted.
    pub last: Time,
}

/// What one batch adds, by entity, site and class: the weight scaled to the epoch, and the latest time.
pub(super) type Gains = BTreeMap<(Entity, Arc<str>, i64), (f64, Time)>;

impl State {
    /// The entities with the highest scores at `now` that the scope admits, the highest first; of one kind, or of all. At most `limit`, up to 1,000.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn risks(
        &self,
        scope: &AccessScope,
        kind: Option<EntityKind>,
        now: Time,
        limit: u32,
    ) -> Result<Vec<EntityRisk>, StateError> {
        let mut query =
            QueryBuilder::new("SELECT entity_kind, entity, sum(scaled) AS scaled, max(last) AS last FROM risk WHERE 1");
        push_scope(&mut query, scope);
        for hidden in EntityKind::ALL.into_iter().filter(|kind| scope.masks(kind.column())) {
            query.push(" AND entity_kind <> ").push_bind(hidden.name());
        }
        if let Some(kind) = kind {
            query.push(" AND entity_kind = ").push_bind(kind.name());
        }
        query.push(" GROUP BY entity_kind, entity ORDER BY sum(scaled) DESC, entity_kind, entity");
        let shown = usize::try_from(rows_to_fetch(limit) - 1).unwrap_or(usize::MAX);
        let has_pseudonyms = scope.pseudonymizes(EntityKind::User.column());
        if !has_pseudonyms {
            query.push(" LIMIT ").push_bind(rows_to_fetch(limit) - 1);
        }
        let epoch = epoch(&self.readers).await?.unwrap_or(now);
        let rows = query.build().fetch_all(&self.readers).await?;
        let risks = rows.iter().map(|row| risk_of(row, epoch, now));
        if !has_pseudonyms {
            return risks.collect();
        }
        let (accounts, scope, risks) = (self.accounts.clone(), scope.clone(), risks.collect::<Result<Vec<_>, _>>()?);
        // a hash of every name: too long for the threads that wait
        let merged = move || merged(risks, &scope, &accounts);
        let mut merged = tokio::task::spawn_blocking(merged).await.map_err(|_| StateError::Busy)?;
        merged.truncate(shown);
        Ok(merged)
    }

    /// The score of one entity at `now`, out of what the scope admits; `None` when nothing is known of it.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn risk(
        &self,
        scope: &AccessScope,
        entity: &Entity,
        now: Time,
    ) -> Result<Option<EntityRisk>, StateError> {
        let about = self.about(scope, entity).await?;
        if about.is_nobody() {
            return Ok(None);
        }
        let mut query = QueryBuilder::new(
            "SELECT entity_kind, min(entity) AS entity, sum(scaled) AS scaled, max(last) AS last FROM risk WHERE entity_kind = ",
        );
        query.push_bind(about.kind.name());
        about.push(&mut query, "entity");
        push_scope(&mut query, scope);
        query.push(" GROUP BY entity_kind");
        let epoch = epoch(&self.readers).await?.unwrap_or(now);
        let row = query.build().fetch_optional(&self.readers).await?;
        let risk = row.map(|row| risk_of(&row, epoch, now)).transpose()?;
        Ok(risk.and_then(|risk| shown(risk, scope, &self.accounts)))
    }
}

/// 2^((at - epoch) / H), cut at 2^500.
pub(super) fn scale(at: Time, epoch: Time) -> f64 {
    half_lives(at, epoch).exp2()
}

#[expect(clippy::cast_precision_loss, reason = "microseconds below 2^53 are exact until the year 2255")]
fn half_lives(at: Time, epoch: Time) -> f64 {
    let passed = at.0.saturating_sub(epoch.0) as f64 / HALF_LIFE_US as f64;
    passed.clamp(-HALF_LIVES_MAX, HALF_LIVES_MAX)
}

/// The epoch for a batch whose newest finding was received at `newest`; moves it when the scaled numbers would grow too large.
pub(super) async fn epoch_for(tx: &mut Transaction<'static, Sqlite>, newest: Time) -> Result<Time, StateError> {
    let Some(known) = epoch(&mut **tx).await? else {
        sqlx::query("INSERT INTO risk_epoch (id, epoch) VALUES (1, ?1)").bind(newest.0).execute(&mut **tx).await?;
        return Ok(newest);
    };
    let passed = newest.0.saturating_sub(known.0) / HALF_LIFE_US;
    if passed <= EPOCH_HALF_LIVES {
        return Ok(known);
    }
    let moved = Time(known.0 + passed * HALF_LIFE_US);
    sqlx::query("UPDATE risk SET scaled = scaled * ?1").bind(scale(known, moved)).execute(&mut **tx).await?;
    sqlx::query("DELETE FROM risk WHERE scaled < ?1").bind(SCORE_MIN).execute(&mut **tx).await?;
    sqlx::query("UPDATE risk_epoch SET epoch = ?1").bind(moved.0).execute(&mut **tx).await?;
    Ok(moved)
}

/// Adds what a batch gained.
pub(super) async fn add(tx: &mut Transaction<'static, Sqlite>, gains: &Gains) -> Result<(), StateError> {
    let gains: Vec<_> = gains.iter().collect();
    for part in gains.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::new("INSERT INTO risk (entity_kind, entity, site, class_uid, scaled, last) ");
        query.push_values(part, |mut row, ((entity, site, class_uid), (scaled, last))| {
            row.push_bind(entity.kind.name()).push_bind(entity.name.to_string()).push_bind(site.to_string());
            row.push_bind(*class_uid).push_bind(*scaled).push_bind(last.0);
        });
        query.push(" ON CONFLICT DO UPDATE SET scaled = scaled + excluded.scaled, last = max(last, excluded.last)");
        query.build().execute(&mut **tx).await?;
    }
    Ok(())
}

/// A risk with its entity as the scope shows it.
fn shown(risk: EntityRisk, scope: &AccessScope, accounts: &Accounts) -> Option<EntityRisk> {
    if risk.entity.kind != EntityKind::User {
        return Some(risk);
    }
    let name = Arc::from(accounts.shown(scope, &risk.entity.name)?);
    Some(EntityRisk { entity: Entity { name, ..risk.entity }, ..risk })
}

/// The risks as the scope shows their entities, the highest first: what bears one pseudonym is one.
fn merged(risks: Vec<EntityRisk>, scope: &AccessScope, accounts: &Accounts) -> Vec<EntityRisk> {
    let mut by_entity: BTreeMap<Entity, EntityRisk> = BTreeMap::new();
    for risk in risks.into_iter().filter_map(|risk| shown(risk, scope, accounts)) {
        match by_entity.entry(risk.entity.clone()) {
            Entry::Vacant(place) => drop(place.insert(risk)),
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.score += risk.score;
                known.last = known.last.max(risk.last);
            }
        }
    }
    let mut merged: Vec<EntityRisk> = by_entity.into_values().collect();
    merged.sort_by(|one, other| other.score.total_cmp(&one.score));
    merged
}

async fn epoch(from: impl SqliteExecutor<'_>) -> Result<Option<Time>, StateError> {
    let epoch: Option<i64> = sqlx::query_scalar("SELECT epoch FROM risk_epoch").fetch_optional(from).await?;
    Ok(epoch.map(Time))
}

fn risk_of(row: &SqliteRow, epoch: Time, now: Time) -> Result<EntityRisk, StateError> {
    let kind = EntityKind::from_name(row.try_get("entity_kind")?).ok_or(StateError::Damaged("risk"))?;
    let name: String = row.try_get("entity")?;
    let scaled: f64 = row.try_get("scaled")?;
    Ok(EntityRisk {
        entity: Entity { kind, name: name.into() },
        score: scaled * scale(epoch, now),
        last: Time(row.try_get("last")?),
    })
}
