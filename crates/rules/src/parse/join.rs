//! Joining filters to rules (Sigma 2.1, filters specification).
//!
//! A filtered rule is (rule) AND (filter condition), as pySigma does; the filter's own condition says `not`.

use std::collections::BTreeSet;

use crate::ast::{Condition, Filter, Rule, RuleLogSource, Selection};

/// Whether a rule's log source is the filter's or a part of it: what the filter names, the rule must name alike.
pub(crate) fn covers(filter: &RuleLogSource, rule: &RuleLogSource) -> bool {
    let fits = |filter: &Option<String>, rule: &Option<String>| filter.is_none() || filter == rule;
    fits(&filter.product, &rule.product)
        && fits(&filter.category, &rule.category)
        && fits(&filter.service, &rule.service)
}

/// Joins a filter to a rule.
///
/// The filter's selections get a prefix that no selection of the rule has. So that neither side's `them` and patterns catch the other's selections,
/// every `x of` is first spelled out by name.
pub(crate) fn join(rule: &mut Rule, filter: &Filter) {
    join_selections(rule, &filter.selections, &filter.conditions);
}

/// [`join`] with the selections and conditions of the filter.
pub(crate) fn join_selections(rule: &mut Rule, selections: &[Selection], conditions: &[Condition]) {
    let prefix = free_prefix(rule);
    for condition in &mut rule.conditions {
        spell_out(condition, &rule.selections, "");
    }
    let mut joined = conditions.to_vec();
    for condition in &mut joined {
        spell_out(condition, selections, &prefix);
    }
    let both = Condition::And(vec![any_of(std::mem::take(&mut rule.conditions)), any_of(joined)]);
    rule.conditions = vec![both];
    rule.selections.extend(selections.iter().map(|selection| Selection {
        name: format!("{prefix}{}", selection.name),
        detection: selection.detection.clone(),
    }));
}

fn any_of(mut conditions: Vec<Condition>) -> Condition {
    match conditions.pop() {
        Some(only) if conditions.is_empty() => only,
        last => {
            conditions.extend(last);
            Condition::Or(conditions)
        }
    }
}

/// `_filter_1_`, `_filter_2_`, ...: the first that no selection starts with.
fn free_prefix(rule: &Rule) -> String {
    let taken: BTreeSet<&str> = rule.selections.iter().map(|selection| selection.name.as_str()).collect();
    let prefixes = (1..=taken.len() + 1).map(|number| format!("_filter_{number}_"));
    let mut free = prefixes.filter(|prefix| !taken.iter().any(|name| name.starts_with(prefix.as_str())));
    free.next().unwrap_or_default()
}

/// Replaces every `x of` by the selections it means, and puts `prefix` before every name.
pub(crate) fn spell_out(condition: &mut Condition, selections: &[Selection], prefix: &str) {
    match condition {
        Condition::And(branches) | Condition::Or(branches) => {
            for branch in branches {
                spell_out(branch, selections, prefix);
            }
        }
        Condition::Not(inner) => spell_out(inner, selections, prefix),
        Condition::Selection(name) => name.insert_str(0, prefix),
        Condition::Of { all, pattern } => {
            let meant = selections.iter().filter(|selection| pattern.matches(&selection.name));
            let names = meant.map(|selection| Condition::Selection(format!("{prefix}{}", selection.name)));
            let mut names: Vec<Condition> = names.collect();
            *condition = match (names.len(), *all) {
                (1, _) => names.remove(0),
                (_, true) => Condition::And(names),
                (_, false) => Condition::Or(names),
            };
        }
    }
}
