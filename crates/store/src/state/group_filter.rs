//! Which FindingGroups: what lists, counts and facets are asked for, as conditions on the rows of `finding_groups`.

use cordon_model::{Level, Time};
use sqlx::{QueryBuilder, Sqlite};

use super::about::About;
use super::sql::{level_number, push_in};
use super::{Entity, EntityKind, GroupState, StateError};

/// Most letters of a text that titles are searched for.
const TEXT_CHARS_MAX: usize = 100;

/// Which groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupFilter {
    /// In any of these states; empty for all.
    pub states: Vec<GroupState>,
    /// Exactly this bad.
    pub level: Option<Level>,
    /// At least this bad.
    pub level_min: Option<Level>,
    /// Of this rule.
    pub rule_id: Option<String>,
    /// At this site.
    pub site: Option<String>,
    /// Of this OCSF class.
    pub class_uid: Option<i64>,
    /// About an entity of this kind.
    pub entity_kind: Option<EntityKind>,
    /// About this entity.
    pub entity: Option<Entity>,
    /// The title of the rule holds this text, at most 100 letters. `a` to `z` are found in either case (SQLite's `LIKE`), other letters as they are.
    pub text: Option<String>,
    /// Whose.
    pub owner: Option<OwnedBy>,
    /// The latest finding at this time or later.
    pub last_from: Option<Time>,
    /// The latest finding before this time.
    pub last_to: Option<Time>,
    /// Now, by the event clock: groups that are quiet at this time are left out. `None` shows them too.
    pub quiet_at: Option<Time>,
}

/// Whose a group is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnedBy {
    /// Nobody has taken it.
    Nobody,
    /// The user of this name.
    User(String),
}

/// A field that groups are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupField {
    /// Highest level of the findings.
    Level,
    /// How far the triage is.
    State,
    /// Id of the rule.
    Rule,
    /// Site.
    Site,
    /// OCSF class.
    ClassUid,
    /// What the entity is.
    EntityKind,
}

impl GroupField {
    /// All fields.
    pub const ALL: [Self; 6] = [Self::Level, Self::State, Self::Rule, Self::Site, Self::ClassUid, Self::EntityKind];

    /// Its name in the API: that of the parameter that asks for one value of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::State => "state",
            Self::Rule => "rule",
            Self::Site => "site",
            Self::ClassUid => "class_uid",
            Self::EntityKind => "entity_kind",
        }
    }

    /// Its column in `finding_groups`.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::Rule => "rule_id",
            Self::Level | Self::State | Self::Site | Self::ClassUid | Self::EntityKind => self.name(),
        }
    }
}

impl GroupFilter {
    /// The same without what it asks of one field: the values among which one can choose there.
    pub(super) fn without(&self, field: GroupField) -> Self {
        let mut filter = self.clone();
        match field {
            GroupField::Level => (filter.level, filter.level_min) = (None, None),
            GroupField::State => filter.states.clear(),
            GroupField::Rule => filter.rule_id = None,
            GroupField::Site => filter.site = None,
            GroupField::ClassUid => filter.class_uid = None,
            GroupField::EntityKind => filter.entity_kind = None,
        }
        filter
    }
}

/// Appends the conditions of a filter. `about` is the entity that it asks for, as far as the scope shows it.
pub(super) fn push_filter(
    query: &mut QueryBuilder<Sqlite>,
    filter: &GroupFilter,
    about: Option<&About>,
) -> Result<(), StateError> {
    push_fields(query, filter);
    push_about(query, filter, about);
    if let Some(from) = filter.last_from {
        query.push(" AND last >= ").push_bind(from.0);
    }
    if let Some(to) = filter.last_to {
        query.push(" AND last < ").push_bind(to.0);
    }
    if let Some(now) = filter.quiet_at {
        query.push(" AND loud > 0 AND (muted_until IS NULL OR muted_until <= ").push_bind(now.0).push(")");
    }
    filter.text.as_deref().map_or(Ok(()), |text| push_text(query, text))
}

/// What facets choose from.
fn push_fields(query: &mut QueryBuilder<Sqlite>, filter: &GroupFilter) {
    if !filter.states.is_empty() {
        query.push(" AND state");
        push_in(query, filter.states.iter().map(|state| state.name()));
    }
    if let Some(level) = filter.level {
        query.push(" AND level = ").push_bind(level_number(level));
    }
    if let Some(level) = filter.level_min {
        query.push(" AND level >= ").push_bind(level_number(level));
    }
    if let Some(rule_id) = &filter.rule_id {
        query.push(" AND rule_id = ").push_bind(rule_id.clone());
    }
    if let Some(site) = &filter.site {
        query.push(" AND site = ").push_bind(site.clone());
    }
    if let Some(class_uid) = filter.class_uid {
        query.push(" AND class_uid = ").push_bind(class_uid);
    }
    if let Some(kind) = filter.entity_kind {
        query.push(" AND entity_kind = ").push_bind(kind.name());
    }
}

/// Whom it is about and whose it is.
fn push_about(query: &mut QueryBuilder<Sqlite>, filter: &GroupFilter, about: Option<&About>) {
    if let Some(about) = about {
        query.push(" AND entity_kind = ").push_bind(about.kind.name());
        about.push(query, "entity");
    }
    match &filter.owner {
        None => {}
        Some(OwnedBy::Nobody) => {
            query.push(" AND owner IS NULL");
        }
        Some(OwnedBy::User(name)) => {
            query.push(" AND owner = ").push_bind(name.clone());
        }
    }
}

fn push_text(query: &mut QueryBuilder<Sqlite>, text: &str) -> Result<(), StateError> {
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(StateError::Refused("a text that titles are searched for has at most 100 letters"));
    }
    let literal = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    query.push(" AND title LIKE ").push_bind(format!("%{literal}%")).push(" ESCAPE '\\'");
    Ok(())
}
