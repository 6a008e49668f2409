//! FindingGroups: the findings of one rule about one entity within one window, which is what people triage.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use cordon_model::{FindingId, Level, Time};
use cordon_policy::AccessScope;
use cordon_seal::PartsDigest;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, Transaction};

use super::group_filter::{GroupFilter, push_filter};
use super::listing::{Page, page, rows_to_fetch};
use super::sql::{from_count, id_bytes, level_number, level_of, push_scope};
use super::{AuditEntry, By, Entity, EntityKind, State, StateError, audit, taught};
use crate::accounts::Accounts;

/// Most letters of a note.
const NOTE_CHARS_MAX: usize = 4_000;

/// Identity of a group, derived from what it groups: 16 bytes, written like a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub [u8; 16]);

impl GroupId {
    /// The group of a rule, an entity, a site, a class and the window that starts at `window_start`.
    pub(super) fn of(rule_id: &str, site: &str, class_uid: i64, entity: &Entity, window_start: Time) -> Self {
        let mut parts = PartsDigest::default();
        for text in ["finding group", rule_id, site, entity.kind.name(), &entity.name] {
            parts.part(text.as_bytes());
        }
        parts.part(&class_uid.to_be_bytes());
        parts.part(&window_start.0.to_be_bytes());
        let full = parts.finish().0;
        let mut id = [0; 16];
        id.iter_mut().zip(full).for_each(|(to, from)| *to = from);
        Self(id)
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        FindingId(self.0).fmt(f)
    }
}

/// 32 hex digits, with or without the dashes of a UUID.
impl FromStr for GroupId {
    type Err = StateError;

    fn from_str(text: &str) -> Result<Self, StateError> {
        let digits: String = text.chars().filter(|letter| *letter != '-').collect();
        let number = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32);
        number.map(|number| Self(number.to_be_bytes())).ok_or(StateError::Refused("this is no id of a group"))
    }
}

/// How far the triage of a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupState {
    /// Nobody has looked, or something new came after it was closed.
    Open,
    /// Somebody has seen it.
    Acknowledged,
    /// Done, with a verdict.
    Closed,
}

impl GroupState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Open, Self::Acknowledged, Self::Closed];

    /// Its name in the API and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Closed => "closed",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What a group turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// What the rule says, and harmful.
    TruePositive,
    /// What the rule says, and harmless.
    Benign,
    /// Not what the rule says.
    FalsePositive,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Self; 3] = [Self::TruePositive, Self::Benign, Self::FalsePositive];

    /// Its name in the API and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TruePositive => "true_positive",
            Self::Benign => "benign",
            Self::FalsePositive => "false_positive",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }
}

/// A group as it is read. All its findings have its site and class, so who may read it may read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRow {
    /// Identity.
    pub group_id: GroupId,
    /// Id of the rule.
    pub rule_id: String,
    /// Title of the rule.
    pub title: String,
    /// Highest level of its findings.
    pub level: Level,
    /// Site.
    pub site: String,
    /// OCSF class.
    pub class_uid: i64,
    /// What the entity is.
    pub entity_kind: EntityKind,
    /// Name of the entity; `None` when the scope hides it.
    pub entity: Option<Arc<str>>,
    /// Start of the window.
    pub window_start: Time,
    /// End of the window, not in it.
    pub window_end: Time,
    /// Its findings.
    pub count: u64,
    /// Its findings that no mute made quiet.
    pub loud: u64,
    /// Time of the earliest finding.
    pub first: Time,
    /// Time of the latest finding.
    pub last: Time,
    /// How far the triage is.
    pub state: GroupState,
    /// Whose it is.
    pub owner: Option<String>,
    /// What it turned out to be.
    pub verdict: Option<Verdict>,
    /// What people noted.
    pub note: Option<String>,
    /// It is hidden from lists until then.
    pub muted_until: Option<Time>,
    /// How often something new came after it was closed.
    pub reopened: u64,
    /// Rises with every change by a person: the entity tag of the API.
    pub revision: u64,
    /// When it last changed.
    pub changed: Time,
}

/// In which order groups come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupOrder {
    /// By level, then the latest finding, both falling.
    #[default]
    Worst,
    /// By the latest finding, falling.
    Newest,
}

/// What a person changes of a group; `None` leaves a part as it is, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// State. Closing needs a verdict, here or given before.
    pub state: Option<GroupState>,
    /// Owner.
    pub owner: Option<Option<String>>,
    /// Verdict.
    pub verdict: Option<Option<Verdict>>,
    /// Note.
    pub note: Option<Option<String>>,
}

impl State {
    /// Groups that the scope admits. A group whose latest finding is younger than the page before moves forward; read the first page again to see it.
    ///
    /// # Errors
    /// The state cannot be read, `after` is no key of a page in this order, or the filter's text is too long.
    pub async fn groups(
        &self,
        scope: &AccessScope,
        filter: &GroupFilter,
        order: GroupOrder,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<GroupRow>, StateError> {
        let about = self.about_any(scope, filter.entity.as_ref()).await?;
        let mut query = QueryBuilder::new("SELECT * FROM finding_groups WHERE 1");
        push_scope(&mut query, scope);
        push_filter(&mut query, filter, about.as_ref())?;
        if let Some(after) = after {
            push_after(&mut query, order, after)?;
        }
        query.push(match order {
            GroupOrder::Worst => " ORDER BY level DESC, last DESC, group_id DESC LIMIT ",
            GroupOrder::Newest => " ORDER BY last DESC, group_id DESC LIMIT ",
        });
        query.push_bind(rows_to_fetch(limit));
        let rows = query.build().fetch_all(&self.readers).await?;
        let rows: Result<Vec<_>, _> = rows.iter().map(|row| group_row(row, scope, &self.accounts)).collect();
        Ok(page(rows?, limit, |row| format!("{}_{}_{}", level_number(row.level), row.last.0, row.group_id)))
    }

    /// One group.
    ///
    /// # Errors
    /// There is none, the scope does not admit it, or the state cannot be read.
    pub async fn group(&self, scope: &AccessScope, id: GroupId) -> Result<GroupRow, StateError> {
        let mut query = one_group(scope, id);
        let row = query.build().fetch_optional(&self.readers).await?.ok_or(StateError::NotFound("group"))?;
        group_row(&row, scope, &self.accounts)
    }

    /// How many groups the scope and the filter admit, by level (rising) and state.
    ///
    /// # Errors
    /// The state cannot be read, or the filter's text is too long.
    pub async fn group_counts(
        &self,
        scope: &AccessScope,
        filter: &GroupFilter,
    ) -> Result<Vec<(Level, GroupState, u64)>, StateError> {
        let about = self.about_any(scope, filter.entity.as_ref()).await?;
        let mut query = QueryBuilder::new("SELECT level, state, count(*) AS groups FROM finding_groups WHERE 1");
        push_scope(&mut query, scope);
        push_filter(&mut query, filter, about.as_ref())?;
        query.push(" GROUP BY level, state ORDER BY level, state");
        let rows = query.build().fetch_all(&self.readers).await?;
        let count = |row: &SqliteRow| -> Result<_, StateError> {
            let state = GroupState::from_name(row.try_get("state")?).ok_or(StateError::Damaged("finding_groups"))?;
            let level = level_of(row.try_get("level")?, "finding_groups")?;
            Ok((level, state, from_count(row.try_get("groups")?, "finding_groups")?))
        };
        rows.iter().map(count).collect()
    }

    /// Changes a group, if it still has the revision that the caller saw (`None`: whatever it has), and says so in the audit log.
    ///
    /// # Errors
    /// There is none or the scope does not admit it; somebody else changed it first; it would be closed without a verdict; the note is too long.
    pub async fn change_group(
        &self,
        scope: &AccessScope,
        by: &By,
        id: GroupId,
        revision: Option<u64>,
        change: &GroupChange,
    ) -> Result<GroupRow, StateError> {
        let mut tx = self.begin().await?;
        let mut query = one_group(scope, id);
        let row = query.build().fetch_optional(&mut *tx).await?.ok_or(StateError::NotFound("group"))?;
        let before = group_row(&row, scope, &self.accounts)?;
        if revision.is_some_and(|revision| revision != before.revision) {
            return Err(StateError::Changed("group"));
        }
        let after = changed(&before, change, by.at)?;
        update(&mut tx, &after).await?;
        if after.verdict != before.verdict {
            taught::note(&mut tx, by, &after).await?;
        }
        audit::append(&mut tx, by, &told(&before, &after)).await?;
        tx.commit().await?;
        Ok(after)
    }
}

pub(super) fn one_group(scope: &AccessScope, id: GroupId) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT * FROM finding_groups WHERE group_id = ");
    query.push_bind(id.0.to_vec());
    push_scope(&mut query, scope);
    query
}

fn changed(before: &GroupRow, change: &GroupChange, at: Time) -> Result<GroupRow, StateError> {
    let mut after = before.clone();
    after.state = change.state.unwrap_or(before.state);
    if let Some(owner) = &change.owner {
        after.owner.clone_from(owner);
    }
    if let Some(verdict) = change.verdict {
        after.verdict = verdict;
    }
    if let Some(note) = &change.note {
        after.note.clone_from(note);
    }
    if after.state == GroupState::Closed && after.verdict.is_none() {
        return Err(StateError::Refused("a group is closed with a verdict"));
    }
    if after.note.as_ref().is_some_and(|note| note.chars().count() > NOTE_CHARS_MAX) {
        return Err(StateError::Refused("a note has at most 4,000 letters"));
    }
    after.revision += 1;
    after.changed = at;
    Ok(after)
}

async fn update(tx: &mut Transaction<'static, Sqlite>, group: &GroupRow) -> Result<(), StateError> {
    sqlx::query(
        "UPDATE finding_groups SET state = ?2, owner = ?3, verdict = ?4, note = ?5, changed = ?6, revision = revision + 1
         WHERE group_id = ?1",
    )
    .bind(group.group_id.0.to_vec())
    .bind(group.state.name())
    .bind(group.owner.clone())
    .bind(group.verdict.map(Verdict::name))
    .bind(group.note.clone())
    .bind(group.changed.0)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What changed. The note itself stays out of the audit log, which is never pruned.
fn told(before: &GroupRow, after: &GroupRow) -> AuditEntry {
    let part = |group: &GroupRow| {
        let verdict = group.verdict.map(Verdict::name);
        json!({"state": group.state.name(), "owner": group.owner, "verdict": verdict})
    };
    let detail = json!({"from": part(before), "to": part(after), "note_changed": before.note != after.note});
    AuditEntry::new("group_changed", "group", &after.group_id.to_string(), detail).at_site(&after.site)
}

fn push_after(query: &mut QueryBuilder<Sqlite>, order: GroupOrder, after: &str) -> Result<(), StateError> {
    let mut parts = after.splitn(3, '_');
    let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok());
    let key = number().zip(number());
    let id = after.splitn(3, '_').nth(2).map(GroupId::from_str).and_then(Result::ok);
    let ((level, last), id) = key.zip(id).ok_or(StateError::Refused("this is no key of a page"))?;
    match order {
        GroupOrder::Worst => query.push(" AND (level, last, group_id) < (").push_bind(level).push(", "),
        GroupOrder::Newest => query.push(" AND (last, group_id) < ("),
    };
    query.push_bind(last).push(", ").push_bind(id.0.to_vec()).push(")");
    Ok(())
}

pub(super) fn group_row(row: &SqliteRow, scope: &AccessScope, accounts: &Accounts) -> Result<GroupRow, StateError> {
    const TABLE: &str = "finding_groups";
    let time = |name: &str| -> Result<Time, StateError> { Ok(Time(row.try_get(name)?)) };
    let count = |name: &str| -> Result<u64, StateError> { from_count(row.try_get(name)?, TABLE) };
    let damaged = || StateError::Damaged(TABLE);
    let entity_kind = EntityKind::from_name(row.try_get("entity_kind")?).ok_or_else(damaged)?;
    let entity: &str = row.try_get("entity")?;
    let entity = match entity_kind {
        EntityKind::User => accounts.shown(scope, entity).map(Arc::from),
        _ => Some(Arc::from(entity)).filter(|_| !scope.masks(entity_kind.column())),
    };
    let verdict: Option<&str> = row.try_get("verdict")?;
    Ok(GroupRow {
        group_id: GroupId(id_bytes(row.try_get("group_id")?, TABLE)?),
        rule_id: row.try_get("rule_id")?,
        title: row.try_get("title")?,
        level: level_of(row.try_get("level")?, TABLE)?,
        site: row.try_get("site")?,
        class_uid: row.try_get("class_uid")?,
        entity_kind,
        entity,
        window_start: time("window_start")?,
        window_end: time("window_end")?,
        count: count("count")?,
        loud: count("loud")?,
        first: time("first")?,
        last: time("last")?,
        state: GroupState::from_name(row.try_get("state")?).ok_or_else(damaged)?,
        owner: row.try_get("owner")?,
        verdict: verdict.map(|name| Verdict::from_name(name).ok_or_else(damaged)).transpose()?,
        note: row.try_get("note")?,
        muted_until: row.try_get::<Option<i64>, _>("muted_until")?.map(Time),
        reopened: count("reopened")?,
        revision: count("revision")?,
        changed: time("changed")?,
    })
}
