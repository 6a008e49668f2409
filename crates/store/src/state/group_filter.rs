//! Which FindingGroups: what lists, counts and facets are asked for, as conditions on the rows of `finding_groups`.

use cordon_model::{Level, Time};
use cordon_policy::AccessScope;
use sqlx::{QueryBuilder, Sqlite};

use super::sql::{level_number, push_in};
use super::{Entity, GroupState};

/// Which groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupFilter {
    /// In any of these states; empty for all.
    pub states: Vec<GroupState>,
    /// At least this bad.
    pub level_min: Option<Level>,
    /// Of this rule.
    pub rule_id: Option<String>,
    /// About this entity.
    pub entity: Option<Entity>,
    /// Of this owner.
    pub owner: Option<String>,
    /// The latest finding at this time or later.
    pub last_from: Option<Time>,
    /// The latest finding before this time.
    pub last_to: Option<Time>,
    /// Now, by the event clock: groups that are quiet at this time are left out. `None` shows them too.
    pub quiet_at: Option<Time>,
}

/// A filter on what the scope hides admits nothing: else it would answer guesses.
pub(super) fn push_filter(query: &mut QueryBuilder<Sqlite>, scope: &AccessScope, filter: &GroupFilter) {
    if !filter.states.is_empty() {
        query.push(" AND state");
        push_in(query, filter.states.iter().map(|state| state.name()));
    }
    if let Some(level) = filter.level_min {
        query.push(" AND level >= ").push_bind(level_number(level));
    }
    if let Some(rule_id) = &filter.rule_id {
        query.push(" AND rule_id = ").push_bind(rule_id.clone());
    }
    if let Some(Entity { kind, name }) = &filter.entity {
        if scope.masks(kind.column()) {
            query.push(" AND 0");
        }
        query.push(" AND entity_kind = ").push_bind(kind.name());
        query.push(" AND entity = ").push_bind(name.to_string());
    }
    if let Some(owner) = &filter.owner {
        query.push(" AND owner = ").push_bind(owner.clone());
    }
    if let Some(from) = filter.last_from {
        query.push(" AND last >= ").push_bind(from.0);
    }
    if let Some(to) = filter.last_to {
        query.push(" AND last < ").push_bind(to.0);
    }
    if let Some(now) = filter.quiet_at {
        query.push(" AND loud > 0 AND (muted_until IS NULL OR muted_until <= ").push_bind(now.0).push(")");
    }
}
