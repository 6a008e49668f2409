//! Routing: which rules a record's log sources lead to. A log source is a condition of the rule, never a hint.

use std::collections::BTreeMap;

use cordon_model::{LogSource, LogSourceTable, SourceSet};

use super::{Compiled, View};
use crate::ast::RuleLogSource;
use crate::compile::NodeId;

/// A rule within a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Member {
    pub(crate) rule: u32,
    pub(crate) root: NodeId,
    pub(crate) source: LogSource,
}

/// Program numbers by log source set and view.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    own: Vec<Option<u16>>,
    taxonomy: Vec<Option<u16>>,
}

impl Routes {
    pub(crate) fn program(&self, sources: SourceSet, view: View<'_>) -> Option<usize> {
        let routes = match view {
            View::Own => &self.own,
            View::Taxonomy(_) => &self.taxonomy,
        };
        routes.get(usize::from(sources.0)).copied().flatten().map(usize::from)
    }
}

/// Whether everything that a rule's log source names is what the source is.
pub(crate) fn covers(rule: &RuleLogSource, source: &LogSource) -> bool {
    let same = |asked: &Option<String>, is: &str| asked.as_deref().is_none_or(|asked| asked == is);
    same(&rule.product, source.product) && same(&rule.category, source.category) && same(&rule.service, source.service)
}

/// The programs: sets of log sources that lead to the same rules share one.
pub(crate) fn routes(rules: &[Compiled], table: &LogSourceTable) -> (Routes, Vec<Vec<Member>>) {
    let mut by_log_source: BTreeMap<&RuleLogSource, Vec<u32>> = BTreeMap::new();
    for (number, rule) in rules.iter().enumerate().filter(|(_, rule)| !rule.roots.is_empty()) {
        by_log_source.entry(&rule.log_source).or_default().push(u32::try_from(number).unwrap_or(u32::MAX));
    }
    let mut routes = Routes::default();
    let mut numbers: BTreeMap<Vec<Member>, u16> = BTreeMap::new();
    let mut programs = Vec::new();
    let mut number = |members: Vec<Member>| {
        if members.is_empty() {
            return None;
        }
        if let Some(known) = numbers.get(&members) {
            return Some(*known);
        }
        let fresh = u16::try_from(programs.len()).ok()?;
        programs.push(members.clone());
        numbers.insert(members, fresh);
        Some(fresh)
    };
    for (_, sources) in table.sets() {
        routes.own.push(number(members(rules, &by_log_source, sources, false)));
        routes.taxonomy.push(number(members(rules, &by_log_source, sources, true)));
    }
    (routes, programs)
}

/// The rules that the sources of a set lead to, each once, in the order of the rules.
fn members(
    rules: &[Compiled],
    by_log_source: &BTreeMap<&RuleLogSource, Vec<u32>>,
    sources: &[LogSource],
    taxonomy: bool,
) -> Vec<Member> {
    let mut members = Vec::new();
    for (asked, numbers) in by_log_source {
        // a source without a mapping comes first: the empty name is the lowest
        let reached = sources.iter().filter(|source| source.is_taxonomy() == taxonomy && covers(asked, source));
        let Some(source) = reached.min_by_key(|source| source.mapping) else { continue };
        members.extend(numbers.iter().filter_map(|number| member(rules, *number, *source)));
    }
    members.sort_unstable();
    members
}

fn member(rules: &[Compiled], number: u32, source: LogSource) -> Option<Member> {
    let roots = &rules.get(number as usize)?.roots;
    let root = roots.iter().find(|(mapping, _)| *mapping == source.mapping)?.1;
    Some(Member { rule: number, root, source })
}
