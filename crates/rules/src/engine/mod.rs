//! The engine: compiled rules, reached through log sources, found through witnesses, decided by lazy evaluation.
//!
//! Comes in: Records (or their taxonomy view). Goes out: [`Hit`]s in the order of the rules. `evaluate_full_scan` gives the same answer without any index and
//! is the oracle of all tests. The engine is immutable but for what it learns about the traffic, which changes its speed and never its answers.

mod code;
mod compile;
mod eval;
mod explain;
mod full_scan;
mod grams;
mod image;
mod literals;
mod program;
mod route;
mod scratch;
mod tests_on_values;
mod why;
mod wildcard;
mod witness;

use std::sync::Arc;

use cordon_model::{Arena, Field, LogSource, LogSourceTable, MatchedField, Record, RuleCard, SourceSet};
use serde::Serialize;

use crate::ast::{Rule, RuleLogSource};
use crate::compile::{Lowered, NodeId};
pub use image::{Image, ReadImage};
use program::ProgramCell;
use route::Routes;
pub use scratch::{Counters, Scratch};
pub use why::{FailedPart, Failure, Unmet, Why, why};

/// What a rule sees of a record.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
    /// The record's own fields: for rules on the source's own log source.
    Own,
    /// The fields of the healthcare taxonomy: for rules on its categories.
    Taxonomy(&'a [Field<'a>]),
}

/// A rule that matches a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Number of the rule in the order given to [`Engine::compile`].
    pub rule: u32,
    /// The log source by which the rule was reached.
    pub source: LogSource,
}

/// A rule that could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotCompiled {
    /// Number of the rule in the order given.
    pub rule: u32,
    /// Why, in the operator's words.
    pub reason: String,
}

/// A rule ready to run.
#[derive(Debug, Serialize)]
struct Compiled {
    card: Arc<RuleCard>,
    log_source: RuleLogSource,
    /// Its expression per field mapping by which it can be reached; the empty name is the rule as written.
    roots: Vec<(&'static str, NodeId)>,
}

/// Compiled rules.
#[derive(Debug)]
pub struct Engine {
    set: Lowered,
    rules: Vec<Compiled>,
    routes: Routes,
    programs: Vec<ProgramCell>,
}

impl Engine {
    /// Compiles rules for the log sources of a table. A rule that cannot be compiled is reported and takes no part; the others do.
    #[must_use]
    pub fn compile(rules: &[Rule], table: &LogSourceTable) -> (Self, Vec<NotCompiled>) {
        let (set, compiled, refused) = compile::compile(rules, table);
        (Self::assembled(set, compiled, table), refused)
    }

    /// Working memory for one thread.
    #[must_use]
    pub fn scratch(&self) -> Scratch {
        Scratch::new(self.set.predicate_count(), self.programs.len())
    }

    /// Appends the rules that match, in the order of the rules.
    pub fn matches<'a>(
        &self,
        record: &Record<'a>,
        view: View<'a>,
        arena: &'a Arena,
        scratch: &mut Scratch,
        hits: &mut Vec<Hit>,
    ) {
        let Some(number) = self.routes.program(record.sources, view) else { return };
        let Some(cell) = self.programs.get(number) else { return };
        scratch.run(&self.set, cell, number, fields(record, view), arena, hits);
    }

    /// The same answer as [`Engine::matches`] by a plain walk over every rule: the oracle.
    pub fn evaluate_full_scan<'a>(&self, record: &Record<'a>, view: View<'a>, arena: &'a Arena, hits: &mut Vec<Hit>) {
        let Some(cell) = self.routes.program(record.sources, view).and_then(|number| self.programs.get(number)) else {
            return;
        };
        for member in cell.members() {
            if full_scan::holds(&self.set, member.root, fields(record, view), arena) {
                hits.push(Hit { rule: member.rule, source: member.source });
            }
        }
    }

    /// The fields that made a rule match, with the place of each pattern in its value.
    #[must_use]
    pub fn explain<'a>(&self, hit: Hit, record: &Record<'a>, view: View<'a>, arena: &'a Arena) -> Vec<MatchedField> {
        let root = self.root(hit);
        root.map(|root| explain::matched(&self.set, root, fields(record, view), arena)).unwrap_or_default()
    }

    /// Number of rules, those not compiled included.
    #[must_use]
    pub fn rule_count(&self) -> usize {
        self.rules.len()
    }

    /// What travels with the findings of a rule.
    #[must_use]
    pub fn card(&self, rule: u32) -> Option<&Arc<RuleCard>> {
        self.rules.get(rule as usize).map(|rule| &rule.card)
    }

    /// How many rules can fire on records of a set of log sources, through either view.
    #[must_use]
    pub fn rules_on(&self, sources: SourceSet) -> usize {
        let count = |view| {
            self.routes
                .program(sources, view)
                .and_then(|number| self.programs.get(number))
                .map_or(0, |cell| cell.members().len())
        };
        count(View::Own) + count(View::Taxonomy(&[]))
    }

    /// Whether records of a set of log sources are shown to a rule, through either view.
    #[must_use]
    pub fn reaches(&self, sources: SourceSet, rule: u32) -> bool {
        let programs = [View::Own, View::Taxonomy(&[])].map(|view| self.routes.program(sources, view));
        let mut cells = programs.into_iter().flatten().filter_map(|number| self.programs.get(number));
        cells.any(|cell| cell.members().iter().any(|member| member.rule == rule))
    }

    /// The rules that no log source of the table leads to, by number: they can never fire. Those that were not compiled are left out.
    #[must_use]
    pub fn unfed(&self) -> Vec<u32> {
        let mut fed = vec![false; self.rules.len()];
        for member in self.programs.iter().flat_map(ProgramCell::members) {
            if let Some(fed) = fed.get_mut(member.rule as usize) {
                *fed = true;
            }
        }
        let unfed = fed.iter().zip(&self.rules).zip(0..).filter(|((fed, rule), _)| !**fed && !rule.roots.is_empty());
        unfed.map(|(_, number)| number).collect()
    }

    /// Whether any rule sees records of this set through the healthcare taxonomy.
    #[must_use]
    pub fn wants_taxonomy(&self, sources: SourceSet) -> bool {
        self.routes.program(sources, View::Taxonomy(&[])).is_some()
    }

    fn root(&self, hit: Hit) -> Option<NodeId> {
        let roots = &self.rules.get(hit.rule as usize)?.roots;
        roots.iter().find(|(mapping, _)| *mapping == hit.source.mapping).map(|(_, root)| *root)
    }
}

fn fields<'a>(record: &Record<'a>, view: View<'a>) -> &'a [Field<'a>] {
    match view {
        View::Own => record.fields,
        View::Taxonomy(fields) => fields,
    }
}

#[cfg(test)]
mod odd_tests;
#[cfg(test)]
mod tests;
