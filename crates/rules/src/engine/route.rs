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
    let asked: Vec<(&RuleLogSource, Vec<u32>)> = by_log_source.into_iter().collect();
    let mut routes = Routes::default();
    let mut numbers: BTreeMap<Vec<Way>, u16> = BTreeMap::new();
    let mut programs = Vec::new();
    let mut number = |ways: Vec<Way>| {
        if let Some(known) = numbers.get(&ways) {
            return Some(*known);
        }
        let members = members(rules, &asked, &ways);
        let fresh = u16::try_from(programs.len()).ok().filter(|_| !members.is_empty())?;
        programs.push(members);
        numbers.insert(ways, fresh);
        Some(fresh)
    };
    for (_, sources) in table.sets() {
        routes.own.push(number(ways(&asked, sources, false)));
        routes.taxonomy.push(number(ways(&asked, sources, true)));
    }
    (routes, programs)
}

/// A log source that rules ask for, by its number, and the source by which a set leads to them.
type Way = (usize, LogSource);

/// The ways from the sources of a set to rules.
fn ways(asked: &[(&RuleLogSource, Vec<u32>)], sources: &[LogSource], taxonomy: bool) -> Vec<Way> {
    let sources: Vec<&LogSource> = sources.iter().filter(|source| source.is_taxonomy() == taxonomy).collect();
    let way = |(number, (asked, _)): (usize, &(&RuleLogSource, Vec<u32>))| {
        // a source without a mapping comes first: the empty name is the lowest
        let reached = sources.iter().filter(|source| covers(asked, source));
        Some((number, **reached.min_by_key(|source| source.mapping)?))
    };
    asked.iter().enumerate().filter_map(way).collect()
}

/// The rules that the ways lead to, each once, in the order of the rules.
fn members(rules: &[Compiled], asked: &[(&RuleLogSource, Vec<u32>)], ways: &[Way]) -> Vec<Member> {
    let mut members = Vec::new();
    for (number, source) in ways {
        let numbers = asked.get(*number).into_iter().flat_map(|(_, numbers)| numbers);
        members.extend(numbers.filter_map(|number| member(rules, *number, *source)));
    }
    members.sort_unstable();
    members
}

fn member(rules: &[Compiled], number: u32, source: LogSource) -> Option<Member> {
    let roots = &rules.get(number as usize)?.roots;
    let root = roots.iter().find(|(mapping, _)| *mapping == source.mapping)?.1;
    Some(Member { rule: number, root, source })
}
