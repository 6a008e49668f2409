//! Verdicts on learnt behaviour, as far as they teach: who gave each, when, about what, and whether its effect was taken back.
//!
//! What a verdict does to later scores follows from these rows alone (room `detect`), so a change here is a change there.

use std::sync::Arc;

use cordon_model::Time;
use cordon_policy::AccessScope;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, Transaction};

use super::groups::{group_row, one_group};
use super::sql::push_scope;
use super::{AuditEntry, By, Entity, EntityKind, GroupId, GroupRow, State, StateError, audit};

/// Most verdicts that are read, the latest: as many as detectors hold.
const VERDICTS_MAX: i64 = 10_000;

/// A verdict on a finding of learnt behaviour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaughtRow {
    /// The group that it stands at.
    pub group: GroupRow,
    /// Who gave it.
    pub by: String,
    /// When, by the clock of sessions.
    pub given: Time,
    /// Time of the latest finding that it is about.
    pub about_until: Time,
    /// Who took its effect back, and when.
    pub taken_back: Option<(String, Time)>,
    /// Whom the finding is about, in the source's words. For the node itself, never to be shown: names that a scope hides are in it.
    pub about: Option<Entity>,
}

impl State {
    /// Verdicts on findings of rules whose ids begin with `prefix`, the latest 10,000, the newest first.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn taught(&self, scope: &AccessScope, prefix: &str) -> Result<Vec<TaughtRow>, StateError> {
        // a finding is about its device, else its machine, unless its rule is about accounts
        let mut query = QueryBuilder::new(
            "SELECT *, (SELECT json_array(user, host, device) FROM findings WHERE group_id = finding_groups.group_id
             ORDER BY seq DESC LIMIT 1) AS about FROM finding_groups
             WHERE verdict_by IS NOT NULL AND verdict IS NOT NULL AND substr(rule_id, 1, ",
        );
        query.push_bind(i64::try_from(prefix.len()).unwrap_or(0)).push(") = ").push_bind(prefix.to_owned());
        push_scope(&mut query, scope);
        query.push(" ORDER BY verdict_at DESC, group_id DESC LIMIT ").push_bind(VERDICTS_MAX);
        let rows = query.build().fetch_all(&self.readers).await?;
        rows.iter().map(|row| taught_row(row, group_row(row, scope, &self.accounts)?)).collect()
    }

    /// Takes the effect of a verdict back, or lets it count again, and says so in the audit log. The verdict itself stays.
    ///
    /// # Errors
    /// There is no such group, the scope does not admit it, or it has no verdict that teaches.
    pub async fn let_teach(&self, scope: &AccessScope, by: &By, id: GroupId, teaches: bool) -> Result<(), StateError> {
        let mut tx = self.begin().await?;
        let row = one_group(scope, id).build().fetch_optional(&mut *tx).await?.ok_or(StateError::NotFound("group"))?;
        let group = group_row(&row, scope, &self.accounts)?;
        if group.verdict.is_none() || row.try_get::<Option<&str>, _>("verdict_by")?.is_none() {
            return Err(StateError::NotFound("verdict"));
        }
        let (who, when) = if teaches { (None, None) } else { (Some(by.actor.to_string()), Some(by.at.0)) };
        let update = sqlx::query("UPDATE finding_groups SET untaught_by = ?2, untaught_at = ?3 WHERE group_id = ?1");
        update.bind(id.0.to_vec()).bind(who).bind(when).execute(&mut *tx).await?;
        let detail = json!({"teaches": teaches, "rule": group.rule_id});
        let told = AuditEntry::new("verdict_teaches", "group", &id.to_string(), detail).at_site(&group.site);
        audit::append(&mut tx, by, &told).await?;
        Ok(tx.commit().await?)
    }
}

/// Notes who gave the verdict that a group has now; nobody when it has none. What was taken back before is not any more.
pub(super) async fn note(tx: &mut Transaction<'static, Sqlite>, by: &By, group: &GroupRow) -> Result<(), StateError> {
    let is_given = group.verdict.is_some();
    let note = sqlx::query(
        "UPDATE finding_groups SET verdict_by = ?2, verdict_at = ?3, verdict_last = ?4, untaught_by = NULL, untaught_at = NULL
         WHERE group_id = ?1",
    );
    let note = note.bind(group.group_id.0.to_vec()).bind(is_given.then(|| by.actor.to_string()));
    note.bind(is_given.then_some(by.at.0)).bind(is_given.then_some(group.last.0)).execute(&mut **tx).await?;
    Ok(())
}

fn taught_row(row: &SqliteRow, group: GroupRow) -> Result<TaughtRow, StateError> {
    let time = |name: &str| -> Result<Time, StateError> { Ok(Time(row.try_get::<Option<i64>, _>(name)?.unwrap_or(0))) };
    let untaught: Option<String> = row.try_get("untaught_by")?;
    let taken_back = untaught.map(|by| Ok::<_, StateError>((by, time("untaught_at")?))).transpose()?;
    let named: Option<&str> = row.try_get("about")?;
    let named: [Option<&str>; 3] = named.and_then(|named| serde_json::from_str(named).ok()).unwrap_or_default();
    let about = about(&group.rule_id, named, row.try_get("entity")?, group.entity_kind);
    let by: Option<String> = row.try_get("verdict_by")?;
    Ok(TaughtRow {
        by: by.unwrap_or_default(),
        given: time("verdict_at")?,
        about_until: time("verdict_last")?,
        taken_back,
        about,
        group,
    })
}

/// Whom a detector's finding is about: groups are by the account first, detectors of devices and machines are not.
fn about(rule: &str, [user, host, device]: [Option<&str>; 3], entity: &str, kind: EntityKind) -> Option<Entity> {
    let named = |kind, name: Option<&str>| Some(Entity { kind, name: Arc::from(name?) });
    let (of_account, of_machine) = (rule.contains(".account."), rule.contains(".device.") || rule.contains(".host."));
    match kind {
        _ if of_account => named(EntityKind::User, user),
        _ if of_machine => named(EntityKind::Device, device).or_else(|| named(EntityKind::Host, host)),
        EntityKind::User | EntityKind::Host | EntityKind::Device => named(kind, Some(entity)),
        EntityKind::Patient | EntityKind::Source => None,
    }
}
