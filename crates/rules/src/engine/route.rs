//! Routing: which rules a record's log sources lead to. A log source is a condition of the rule, never a hint.

use std::collections::{BTreeMap, BTreeSet};

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
    let reach = reach(&asked, table);
    let mut routes = Routes::default();
    let mut numbers: BTreeMap<Vec<Way>, u16> = BTreeMap::new();
    let mut programs = Vec::new();
    let mut number = |ways: Vec<Way>| {
        if let Some(known) = numbers.get(&ways) {
            return Some(*known);
        }
        let members = members(rules, &asked, &reach, &ways);
        let fresh = u16::try_from(programs.len()).ok().filter(|_| !members.is_empty())?;
        programs.push(members);
        numbers.insert(ways, fresh);
        Some(fresh)
    };
    for (_, sources) in table.sets() {
        routes.own.push(number(ways(&reach, sources, false)));
        routes.taxonomy.push(number(ways(&reach, sources, true)));
    }
    (routes, programs)
}

/// A log source that rules ask for, and the source by which a set leads to them, by their numbers.
type Way = (usize, usize);

/// The sources of a table, sorted, each with the numbers of the log sources asked for that it is, rising. Sets share few sources.
fn reach(asked: &[(&RuleLogSource, Vec<u32>)], table: &LogSourceTable) -> Vec<(LogSource, Vec<usize>)> {
    let sources: BTreeSet<LogSource> = table.sets().flat_map(|(_, sources)| sources).copied().collect();
    let with_reach = |source: LogSource| {
        let reached = asked.iter().enumerate().filter(|(_, (asked, _))| covers(asked, &source));
        (source, reached.map(|(number, _)| number).collect())
    };
    sources.into_iter().map(with_reach).collect()
}

/// The ways from the sources of a set to rules.
fn ways(reach: &[(LogSource, Vec<usize>)], sources: &[LogSource], taxonomy: bool) -> Vec<Way> {
    let of_view = sources.iter().filter(|source| source.is_taxonomy() == taxonomy);
    let found = of_view.filter_map(|source| reach.binary_search_by(|(known, _)| known.cmp(source)).ok());
    let mut found: Vec<(usize, &(LogSource, Vec<usize>))> =
        found.filter_map(|number| Some((number, reach.get(number)?))).collect();
    // of several sources that lead to the same rules one without a mapping counts: the empty name is the lowest
    found.sort_by_key(|(_, (source, _))| source.mapping);
    let ways = found.iter().flat_map(|(source, (_, asked))| asked.iter().map(|asked| (*asked, *source)));
    let mut ways: Vec<Way> = ways.collect();
    ways.sort_by_key(|(asked, _)| *asked);
    ways.dedup_by_key(|(asked, _)| *asked);
    ways
}

/// The rules that the ways lead to, each once, in the order of the rules.
fn members(
    rules: &[Compiled],
    asked: &[(&RuleLogSource, Vec<u32>)],
    reach: &[(LogSource, Vec<usize>)],
    ways: &[Way],
) -> Vec<Member> {
    let mut members = Vec::new();
    for (number, source) in ways {
        let Some((source, _)) = reach.get(*source) else { continue };
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
