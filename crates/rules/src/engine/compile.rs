//! From rules to what an engine is made of: the shared tables, and of each rule its expressions, one per field mapping by which it can be reached.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cordon_model::{LogSource, LogSourceTable};

use super::{Compiled, NotCompiled, route};
use crate::ast::{Rule, RuleLogSource};
use crate::compile::{Interner, Lowered, Lowering, Mapping, NodeId, mapping};

/// Lowers rules into one set. A rule that cannot be lowered has no expression.
pub(super) fn compile(rules: &[Rule], table: &LogSourceTable) -> (Lowered, Vec<Compiled>, Vec<NotCompiled>) {
    let mut set = Interner::default();
    let mut mappings = Mappings::new(table);
    let (mut compiled, mut refused) = (Vec::with_capacity(rules.len()), Vec::new());
    for (number, rule) in (0..).zip(rules) {
        let roots = lower(rule, mappings.of(&rule.log_source), &mut set).unwrap_or_else(|reason| {
            refused.push(NotCompiled { rule: number, reason });
            Vec::new()
        });
        compiled.push(Compiled { card: Arc::new(rule.card.clone()), log_source: rule.log_source.clone(), roots });
    }
    (set.finish(), compiled, refused)
}

fn lower(
    rule: &Rule,
    mappings: &[(&'static str, Arc<Mapping>)],
    set: &mut Interner,
) -> Result<Vec<(&'static str, NodeId)>, String> {
    let lower = |(name, mapping): &(&'static str, Arc<Mapping>)| Ok((*name, Lowering { set, mapping }.rule(rule)?));
    mappings.iter().map(lower).collect()
}

/// The field mappings by which a rule can be reached: many rules are on one log source.
struct Mappings<'r> {
    sources: BTreeSet<LogSource>,
    by_name: BTreeMap<&'static str, Arc<Mapping>>,
    by_log_source: BTreeMap<&'r RuleLogSource, Vec<(&'static str, Arc<Mapping>)>>,
}

impl<'r> Mappings<'r> {
    fn new(table: &LogSourceTable) -> Self {
        let sources: BTreeSet<LogSource> = table.sets().flat_map(|(_, sources)| sources).copied().collect();
        let names = sources.iter().map(|source| source.mapping).chain([""]);
        let by_name = names.map(|name| (name, Arc::new(mapping(name)))).collect();
        Self { sources, by_name, by_log_source: BTreeMap::new() }
    }

    /// Names, sorted, with what they stand for; the empty name, which changes nothing, is always there.
    fn of(&mut self, asked: &'r RuleLogSource) -> &[(&'static str, Arc<Mapping>)] {
        let Self { sources, by_name, by_log_source } = self;
        by_log_source.entry(asked).or_insert_with(|| {
            let reached = sources.iter().filter(|source| route::covers(asked, source)).map(|source| source.mapping);
            let names: BTreeSet<&'static str> = reached.chain([""]).collect();
            let named = names.into_iter().filter_map(|name| Some((name, Arc::clone(by_name.get(name)?))));
            named.collect()
        })
    }
}
