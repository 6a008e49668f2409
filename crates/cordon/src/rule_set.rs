//! From rule files to a detector: reads, refuses, compiles, and keeps count of each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use cordon_detect::{DetectOptions, Detector};
use cordon_model::LogSourceTable;
use cordon_rules::Engine;
use cordon_rules::ast::{Origin, Rule};
use cordon_rules::correlate::Plan;
use cordon_rules::parse::{Library, Options};

use crate::pack;

/// What the rules of the pack are under where they state nothing else.
const PACK_LICENSE: &str = "Apache-2.0";

/// Rules ready to run, and what became of those that are not.
pub(crate) struct RuleSet {
    pub(crate) detector: Detector,
    /// Rules and correlations that can fire.
    pub(crate) loaded: usize,
    /// Left out because they lie below the level asked for.
    pub(crate) below_level: usize,
    /// Place and reason of each that was refused.
    pub(crate) refused: Vec<(Origin, String)>,
}

impl RuleSet {
    /// Loads the rules of `directories`, or the pack when there are none.
    ///
    /// # Errors
    /// A directory that cannot be read. A rule that cannot be used is no error: it is refused and counted.
    pub(crate) fn load(directories: &[PathBuf], table: &LogSourceTable, options: DetectOptions) -> Result<Self> {
        let (files, license) = match directories {
            [] => (pack::built_in(), PACK_LICENSE),
            _ => (pack::from_directories(directories)?, ""),
        };
        let from = Options { license: license.to_owned(), ..Options::default() };
        let library = Library::load(files.into_iter().map(|file| (file.path, file.text)), &from);
        Ok(Self::compile(library, table, options))
    }

    fn compile(library: Library, table: &LogSourceTable, options: DetectOptions) -> Self {
        let place = |path: String, line| Origin { path, line };
        let mut refused: Vec<(Origin, String)> =
            library.refusals.into_iter().map(|refusal| (place(refusal.path, refusal.line), refusal.reason)).collect();
        let all = library.rules.len();
        let fed: BTreeSet<&str> =
            library.correlations.iter().flat_map(|over| &over.rules).map(String::as_str).collect();
        let is_wanted = |rule: &Rule| rule.card.level >= options.level_min || fed.contains(rule.card.id.as_str());
        let rules: Vec<Rule> = library.rules.into_iter().filter(is_wanted).collect();
        let below_level = all - rules.len();
        let (engine, not_compiled) = Engine::compile(&rules, table);
        let count = not_compiled.len();
        refused.extend(not_compiled.into_iter().filter_map(|not| {
            let rule = usize::try_from(not.rule).ok().and_then(|number| rules.get(number))?;
            Some((rule.origin.clone(), not.reason))
        }));
        let (plan, refused_correlations) = Plan::new(&library.correlations, &resolver(&rules));
        let loaded = rules.len() - count + library.correlations.len() - refused_correlations.len();
        refused.extend(refused_correlations.into_iter().filter_map(|(number, reason)| {
            Some((library.correlations.get(number)?.origin.clone(), reason.to_string()))
        }));
        let detector = Detector::new(engine, Arc::new(plan), &library.correlations, options);
        Self { detector, loaded, below_level, refused }
    }
}

/// Finds rules by id or name; the first of a name counts.
fn resolver(rules: &[Rule]) -> impl Fn(&str) -> Option<u32> {
    let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
    for (number, rule) in (0..).zip(rules) {
        numbers.entry(rule.card.id.clone()).or_insert(number);
    }
    for (number, rule) in (0..).zip(rules) {
        if let Some(name) = &rule.name {
            numbers.entry(name.clone()).or_insert(number);
        }
    }
    move |name| numbers.get(name).copied()
}
