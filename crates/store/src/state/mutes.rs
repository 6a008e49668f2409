//! Mutes: suppressions, exceptions and maintenance windows. A muted finding is kept and counted; it is only quiet: not listed, not told, no risk.

use std::collections::BTreeSet;
use std::sync::Arc;

use cordon_model::{FindingOrigin, Time};
use cordon_policy::AccessScope;
use cordon_seal::is_account_ref;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, Transaction};

use super::about::About;
use super::sql::{push_in, push_site_scope};
use super::{AuditEntry, By, Entity, EntityKind, NewFinding, State, StateError, audit};
use crate::accounts::{Accounts, is_account_field};

/// Most mutes that are in force or to come at one time: each finding is held against all of them.
const MUTES_MAX: u32 = 2_000;
/// Most fields of an exception.
const FIELDS_MAX: usize = 16;

/// Why something is quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MuteKind {
    /// Known and worked on: quiet until a stated time.
    Suppression,
    /// Known to be harmless: quiet for as long as the exception stands.
    Exception,
    /// Work on systems that makes noise, announced with its time.
    Maintenance,
}

impl MuteKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Suppression, Self::Exception, Self::Maintenance];

    /// Its name in the API and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Suppression => "suppression",
            Self::Exception => "exception",
            Self::Maintenance => "maintenance",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A mute to be added. A finding is quiet when every condition that is given holds and it was received within the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMute {
    /// Why.
    pub kind: MuteKind,
    /// Findings of this rule.
    pub rule_id: Option<String>,
    /// Findings of this site. A person always names one; only the node's own configuration may leave it out.
    pub site: Option<String>,
    /// Findings about this entity.
    pub entity: Option<Entity>,
    /// Findings of this source.
    pub source: Option<String>,
    /// Findings that matched by these values: name of the field and value, upper and lower case alike. At most 16.
    pub fields: Vec<(String, String)>,
    /// From this time on.
    pub starts: Time,
    /// Until this time, not at it. Only an exception may leave it out.
    pub ends: Option<Time>,
    /// Why, in words, for who comes later.
    pub reason: String,
}

/// A mute as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mute {
    /// Its number.
    pub mute_id: i64,
    /// What it makes quiet.
    pub mute: NewMute,
    /// The classes that its author may read, which are all it holds for; `None` for all.
    pub classes: Option<BTreeSet<i64>>,
    /// Who added it.
    pub author: String,
    /// When it was added.
    pub created: Time,
    /// How many findings it made quiet.
    pub hits: i64,
}

impl Mute {
    /// Whether it makes a finding quiet.
    pub(super) fn covers(&self, new: &NewFinding, accounts: &Accounts) -> bool {
        let NewMute { rule_id, site, entity, source, fields, starts, ends, .. } = &self.mute;
        new.received >= *starts
            && ends.is_none_or(|ends| new.received < ends)
            && self.classes.as_ref().is_none_or(|classes| classes.contains(&new.class_uid))
            && rule_id.as_ref().is_none_or(|rule_id| *rule_id == new.finding.rule.id)
            && site.as_deref().is_none_or(|site| site == &*new.site)
            && source.as_deref().is_none_or(|source| source == &*new.finding.source_file)
            && entity.as_ref().is_none_or(|entity| is_about(new, entity, accounts))
            && fields.iter().all(|(field, value)| matched_by(new, field, value))
    }
}

/// A mute by somebody who sees pseudonyms names an account by its pseudonym.
fn is_about(new: &NewFinding, entity: &Entity, accounts: &Accounts) -> bool {
    let subjects = &new.subjects;
    let name = match entity.kind {
        EntityKind::User => subjects.user.as_ref(),
        EntityKind::Host => subjects.host.as_ref(),
        EntityKind::Device => subjects.device.as_ref(),
        EntityKind::Patient => subjects.patient_ref.as_ref(),
        EntityKind::Source => Some(&new.finding.source_file),
    };
    let is_behind = |name: &str| {
        entity.kind == EntityKind::User
            && is_account_ref(&entity.name)
            && accounts.pseudonym(name).as_deref() == Some(&*entity.name)
    };
    name.is_some_and(|name| **name == *entity.name || is_behind(name))
}

fn matched_by(new: &NewFinding, field: &str, value: &str) -> bool {
    let same = |name: &str, found: &str| name == field && found.to_lowercase() == value.to_lowercase();
    let in_group = match &new.finding.origin {
        FindingOrigin::Correlation { group, .. } => group.iter().any(|(name, found)| same(name, found)),
        FindingOrigin::Event => false,
    };
    in_group || new.finding.matched.iter().any(|matched| same(&matched.field, &matched.value))
}

impl State {
    /// Adds a mute and says so in the audit log. A suppression also hides the groups that are there already, until it ends.
    ///
    /// # Errors
    /// It lacks a condition, a reason or an end; its site lies outside the scope; there are too many.
    pub async fn add_mute(&self, scope: &AccessScope, by: &By, new: NewMute) -> Result<Mute, StateError> {
        check(scope, &new, &self.accounts)?;
        let classes = classes_of(scope, new.site.as_deref());
        let mut tx = self.begin().await?;
        if active(&mut tx, by.at).await?.len() >= MUTES_MAX as usize {
            return Err(StateError::TooMany { what: "mutes in force", max: MUTES_MAX });
        }
        let mute_id = insert(&mut tx, by, &new, classes.as_ref()).await?;
        let author = by.actor.to_string();
        let mute = Mute { mute_id, mute: new, classes, author, created: by.at, hits: 0 };
        if mute.mute.kind == MuteKind::Suppression && mute.mute.source.is_none() && mute.mute.fields.is_empty() {
            self.hide_groups(&mut tx, &mute).await?;
        }
        audit::append(&mut tx, by, &told("mute_added", &mute)).await?;
        tx.commit().await?;
        Ok(mute)
    }

    /// Ends a mute and shows again what it hides. `now` is the event clock, by which mutes hold; the audit log has the real one.
    ///
    /// # Errors
    /// There is none in force, or its site lies outside the scope.
    pub async fn end_mute(&self, scope: &AccessScope, by: &By, mute_id: i64, now: Time) -> Result<Mute, StateError> {
        let mut tx = self.begin().await?;
        let found = active(&mut tx, now).await?.into_iter().find(|mute| mute.mute_id == mute_id);
        let admitted = |mute: &Mute| match &mute.mute.site {
            Some(site) => scope.admits_site(site),
            None => scope.grants().is_none(),
        };
        let mut mute = found.filter(admitted).ok_or(StateError::NotFound("mute in force"))?;
        if let Some(ends) = mute.mute.ends {
            sqlx::query("UPDATE finding_groups SET muted_until = NULL, changed = ?2 WHERE muted_until = ?1")
                .bind(ends.0)
                .bind(by.at.0)
                .execute(&mut *tx)
                .await?;
        }
        sqlx::query("UPDATE mutes SET ends = ?2 WHERE mute_id = ?1")
            .bind(mute_id)
            .bind(now.0)
            .execute(&mut *tx)
            .await?;
        mute.mute.ends = Some(now);
        for other in active(&mut tx, now).await? {
            self.hide_groups(&mut tx, &other).await?; // what two suppressions hid stays hidden by the other
        }
        // who may not see the name of the account does not leave it in the audit log either
        let mute = shown(mute, scope, &self.accounts);
        audit::append(&mut tx, by, &told("mute_ended", &mute)).await?;
        tx.commit().await?;
        Ok(mute)
    }

    /// Mutes of the sites that the scope admits and those of all sites, the newest first; only those in force or to come at `now` when it is given.
    /// At most 2,000 are in force; of all that ever were, the newest 2,000 are given.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn mutes(&self, scope: &AccessScope, now: Option<Time>) -> Result<Vec<Mute>, StateError> {
        let mut query = QueryBuilder::new("SELECT * FROM mutes WHERE (site IS NULL OR (1");
        push_site_scope(&mut query, scope);
        query.push("))");
        if let Some(now) = now {
            query.push(" AND (ends IS NULL OR ends > ").push_bind(now.0).push(")");
        }
        query.push(" ORDER BY mute_id DESC LIMIT ").push_bind(MUTES_MAX);
        let rows = query.build().fetch_all(&self.readers).await?;
        let mutes: Result<Vec<_>, _> = rows.iter().map(mute_of).collect();
        let hidden = |mute: &Mute| mute.mute.entity.as_ref().is_some_and(|entity| scope.masks(entity.kind.column()));
        Ok(mutes?.into_iter().filter(|mute| !hidden(mute)).map(|mute| shown(mute, scope, &self.accounts)).collect())
    }

    /// Hides the groups that a suppression covers as a whole.
    async fn hide_groups(&self, tx: &mut Transaction<'static, Sqlite>, mute: &Mute) -> Result<(), StateError> {
        let about = self.about_any(&AccessScope::of_the_node(), mute.mute.entity.as_ref()).await?;
        hide_groups(tx, mute, about.as_ref()).await
    }
}

/// A mute as the scope shows it.
fn shown(mut mute: Mute, scope: &AccessScope, accounts: &Accounts) -> Mute {
    let account = mute.mute.entity.as_mut().filter(|entity| entity.kind == EntityKind::User);
    let account = account.filter(|entity| !is_account_ref(&entity.name));
    let values = mute.mute.fields.iter().filter(|(field, _)| is_account_field(field)).map(|(_, value)| value.as_str());
    let names = values.chain(account.iter().map(|entity| &*entity.name));
    let Some(within) = accounts.within(scope, names) else { return mute };
    let shown = |(field, value): &(String, String)| {
        let value = within.value(field, value).unwrap_or_default();
        (field.clone(), value.into_owned())
    };
    mute.mute.fields = mute.mute.fields.iter().map(shown).collect();
    if let Some(entity) = account {
        entity.name = accounts.shown(scope, &entity.name).unwrap_or_default().into();
    }
    mute
}

/// The mutes that are in force at `at` or will be.
pub(super) async fn active(tx: &mut Transaction<'static, Sqlite>, at: Time) -> Result<Vec<Mute>, StateError> {
    let rows = sqlx::query("SELECT * FROM mutes WHERE ends IS NULL OR ends > ?1 ORDER BY mute_id").bind(at.0);
    let rows = rows.fetch_all(&mut **tx).await?;
    rows.iter().map(mute_of).collect()
}

fn check(scope: &AccessScope, new: &NewMute, accounts: &Accounts) -> Result<(), StateError> {
    let unconditional = new.rule_id.is_none() && new.entity.is_none() && new.source.is_none() && new.fields.is_empty();
    if unconditional && (new.kind != MuteKind::Maintenance || new.site.is_none()) {
        return Err(StateError::Refused(
            "a mute names a rule, an entity, a source or a field; maintenance at least a site",
        ));
    }
    if new.reason.trim().is_empty() {
        return Err(StateError::Refused("a mute needs a reason"));
    }
    if new.fields.len() > FIELDS_MAX {
        return Err(StateError::Refused("a mute has at most 16 fields"));
    }
    match new.ends {
        None if new.kind != MuteKind::Exception => return Err(StateError::Refused("only an exception has no end")),
        Some(ends) if ends <= new.starts => return Err(StateError::Refused("a mute ends after it starts")),
        _ => {}
    }
    // how many findings a mute made quiet would answer a guess
    let is_seen = |name: &str| is_account_ref(name) || accounts.is_named(scope, name);
    let account = new.entity.as_ref().filter(|entity| entity.kind == EntityKind::User);
    let values = new.fields.iter().filter(|(field, _)| is_account_field(field)).map(|(_, value)| value.as_str());
    if scope.pseudonymizes(EntityKind::User.column()) && !values.chain(account.map(|entity| &*entity.name)).all(is_seen)
    {
        return Err(StateError::Refused("accounts of people have pseudonyms here: a mute names one by its pseudonym"));
    }
    let within = match &new.site {
        Some(site) => scope.admits_site(site),
        None => scope.grants().is_none(),
    };
    let hidden = new.entity.as_ref().is_some_and(|entity| scope.masks(entity.kind.column()));
    if within && !hidden {
        Ok(())
    } else {
        Err(StateError::Refused("a mute names a site and entity that its author may read"))
    }
}

/// The classes that the scope admits at the site; `None` for all.
fn classes_of(scope: &AccessScope, site: Option<&str>) -> Option<BTreeSet<i64>> {
    let mut classes = BTreeSet::new();
    for grant in scope.grants()? {
        if site.is_some_and(|site| grant.sites().is_none_or(|sites| sites.contains(site))) {
            classes.extend(grant.classes()?);
        }
    }
    Some(classes)
}

async fn insert(
    tx: &mut Transaction<'static, Sqlite>,
    by: &By,
    new: &NewMute,
    classes: Option<&BTreeSet<i64>>,
) -> Result<i64, StateError> {
    let inserted = sqlx::query_scalar(
        "INSERT INTO mutes (kind, rule_id, site, entity_kind, entity, source, fields, classes, starts, ends, reason, author, created)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) RETURNING mute_id",
    )
    .bind(new.kind.name())
    .bind(new.rule_id.clone())
    .bind(new.site.clone())
    .bind(new.entity.as_ref().map(|entity| entity.kind.name()))
    .bind(new.entity.as_ref().map(|entity| entity.name.to_string()))
    .bind(new.source.clone())
    .bind(json!(new.fields).to_string())
    .bind(classes.map(|classes| json!(classes).to_string()))
    .bind(new.starts.0)
    .bind(new.ends.map(|ends| ends.0))
    .bind(new.reason.clone())
    .bind(by.actor.to_string())
    .bind(by.at.0);
    Ok(inserted.fetch_one(&mut **tx).await?)
}

async fn hide_groups(
    tx: &mut Transaction<'static, Sqlite>,
    mute: &Mute,
    about: Option<&About>,
) -> Result<(), StateError> {
    let NewMute { kind, rule_id, site, source, fields, ends, .. } = &mute.mute;
    let (MuteKind::Suppression, None, true, Some(ends)) = (kind, source, fields.is_empty(), ends) else {
        return Ok(());
    };
    let mut query = QueryBuilder::new("UPDATE finding_groups SET muted_until = ");
    query.push_bind(ends.0).push(" WHERE state <> 'closed'");
    query.push(" AND (muted_until IS NULL OR muted_until < ").push_bind(ends.0).push(")");
    if let Some(rule_id) = rule_id {
        query.push(" AND rule_id = ").push_bind(rule_id.clone());
    }
    if let Some(site) = site {
        query.push(" AND site = ").push_bind(site.clone());
    }
    if let Some(about) = about {
        query.push(" AND entity_kind = ").push_bind(about.kind.name());
        about.push(&mut query, "entity");
    }
    if let Some(classes) = &mute.classes {
        query.push(" AND class_uid");
        push_in(&mut query, classes.iter().copied());
    }
    query.build().execute(&mut **tx).await?;
    Ok(())
}

fn told(action: &str, mute: &Mute) -> AuditEntry {
    let NewMute { kind, rule_id, site, entity, source, fields, ends, reason, .. } = &mute.mute;
    let entity = entity.as_ref().map(|entity| json!({"kind": entity.kind.name(), "name": &*entity.name}));
    let detail = json!({
        "kind": kind.name(), "rule_id": rule_id, "entity": entity, "source": source,
        "fields": fields, "ends": ends.map(|ends| ends.0), "reason": reason,
    });
    AuditEntry::new(action, "mute", &mute.mute_id.to_string(), detail).at_site(site.as_deref().unwrap_or_default())
}

fn mute_of(row: &SqliteRow) -> Result<Mute, StateError> {
    let damaged = || StateError::Damaged("mutes");
    let kind = MuteKind::from_name(row.try_get("kind")?).ok_or_else(damaged)?;
    let entity_kind: Option<&str> = row.try_get("entity_kind")?;
    let entity: Option<String> = row.try_get("entity")?;
    let entity = match (entity_kind.and_then(EntityKind::from_name), entity) {
        (Some(kind), Some(name)) => Some(Entity { kind, name: Arc::from(name) }),
        _ => None,
    };
    let fields: &str = row.try_get("fields")?;
    let classes: Option<&str> = row.try_get("classes")?;
    let classes = classes.map(serde_json::from_str).transpose().map_err(|_| damaged())?;
    let mute = NewMute {
        kind,
        rule_id: row.try_get("rule_id")?,
        site: row.try_get("site")?,
        entity,
        source: row.try_get("source")?,
        fields: serde_json::from_str(fields).map_err(|_| damaged())?,
        starts: Time(row.try_get("starts")?),
        ends: row.try_get::<Option<i64>, _>("ends")?.map(Time),
        reason: row.try_get("reason")?,
    };
    Ok(Mute {
        mute_id: row.try_get("mute_id")?,
        mute,
        classes,
        author: row.try_get("author")?,
        created: Time(row.try_get("created")?),
        hits: row.try_get("hits")?,
    })
}
