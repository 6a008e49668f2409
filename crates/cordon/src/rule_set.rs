//! From rule files to a detector: reads, refuses, compiles, and keeps count of each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread;

use anyhow::{Result, bail, ensure};
use cordon_detect::{DetectOptions, Detector};
use cordon_model::{Level, LogSourceTable};
use cordon_node::StreetOptions;
use cordon_rules::Engine;
use cordon_rules::ast::{Correlation, Origin, Rule, RuleLogSource};
use cordon_rules::correlate::Plan;
use cordon_rules::parse::{Library, Refusal, Warning};
use serde::{Deserialize, Serialize};

use crate::pack::Read;
use crate::rule_cache::RuleCache;
use crate::rule_cache::kept::{self, Kept};
use crate::rule_sources::{Batch, Joined, RulesFrom, library, refusal};
use crate::terminal::plain;

/// Refusals named when they leave nothing to run.
const REFUSED_NAMED_MAX: usize = 5;

/// Rules ready to run, and what became of those that are not.
pub(crate) struct RuleSet {
    pub(crate) detector: Detector,
    pub(crate) facts: Facts,
}

/// A document that was loaded.
#[derive(Serialize, Deserialize)]
pub(crate) struct Loaded {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) origin: Origin,
    /// A correlation; otherwise a rule on events.
    pub(crate) is_correlation: bool,
    /// The log source of a rule.
    pub(crate) log_source: RuleLogSource,
    /// Whether some decoder feeds it: without, it can never fire.
    pub(crate) is_fed: bool,
}

impl RuleSet {
    /// Loads the rules of the directories given, or the pack and what is installed; kept ones when they are those of the same files.
    ///
    /// # Errors
    /// A directory that cannot be read. A rule that cannot be used is no error: it is refused and counted.
    pub(crate) fn load(
        from: RulesFrom<'_>,
        cache: Option<&RuleCache>,
        street: &StreetOptions,
        options: DetectOptions,
    ) -> Result<Self> {
        let table = &street.decode.log_sources;
        let Some(cache) = cache else {
            return Ok(Self::compile(from.library()?, table, options));
        };
        let place = kept::place(from, options.level_min, table);
        if cache.may_hold(place) {
            let (kept, inputs) = thread::scope(|scope| {
                let read = || Kept::read(cache, place, table);
                let reader = (street.threads > 1).then(|| scope.spawn(read));
                let inputs = from.hash(kept::inputs(place));
                (reader.map_or_else(read, |reader| reader.join().ok().flatten()), inputs)
            });
            let inputs = inputs?;
            if let Some(kept) = kept.filter(|kept| kept.inputs == inputs) {
                return Ok(Self::of(kept.compiled, options));
            }
        }
        let gathered = from.gather(kept::inputs(place))?;
        // of the bytes that are compiled: a file may have changed since it was hashed above
        let inputs = gathered.hashing.clone().finish();
        let compiled = Compiled::of(gathered.join(), table, options.level_min);
        kept::write(cache, place, inputs, &compiled);
        Ok(Self::of(compiled, options))
    }

    /// Nothing can be found without a rule.
    ///
    /// # Errors
    /// When no rule is loaded: why, with the first refusals.
    pub(crate) fn ensure_some(&self) -> Result<()> {
        let facts = &self.facts;
        if !facts.loaded.is_empty() {
            return Ok(());
        }
        let (refused, below) = (facts.refused.len(), facts.below_level);
        ensure!(refused + below > 0, "no rule is left to scan with: none was found");
        ensure!(refused > 0, "no rule is left to scan with: {below} read, all below --level");
        let mut text = format!("no rule is left to scan with: {refused} refused");
        if below > 0 {
            text.push_str(&format!(", {below} below --level"));
        }
        for refusal in facts.refused.iter().take(REFUSED_NAMED_MAX) {
            text.push_str(&format!("\n  refused {}", plain(&refusal.to_string())));
        }
        if refused > REFUSED_NAMED_MAX {
            text.push_str(&format!("\n  and {} more; `cordon rules check` names all", refused - REFUSED_NAMED_MAX));
        }
        bail!(text)
    }

    /// Rules from texts.
    pub(crate) fn of_files(read: Read, table: &LogSourceTable, options: DetectOptions) -> Self {
        Self::compile(library(vec![Batch::bare(read)]), table, options)
    }

    /// From the language to programs.
    pub(crate) fn compile(joined: Joined, table: &LogSourceTable, options: DetectOptions) -> Self {
        Self::of(Compiled::of(joined, table, options.level_min), options)
    }

    fn of(compiled: Compiled, options: DetectOptions) -> Self {
        let Compiled { engine, plan, correlations, facts, .. } = compiled;
        let detector = Detector::new(engine, Arc::new(plan), &correlations, options);
        Self { detector, facts }
    }
}

/// Rules compiled, before anybody says what becomes of what they find.
pub(crate) struct Compiled {
    pub(crate) engine: Engine,
    pub(crate) plan: Plan,
    /// By number of the rule: its name, by which correlations may refer to it.
    pub(crate) names: Vec<Option<String>>,
    pub(crate) correlations: Vec<Correlation>,
    pub(crate) facts: Facts,
}

/// What became of the rules.
#[derive(Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Rules and correlations that can run, in the order of the files.
    pub(crate) loaded: Vec<Loaded>,
    /// How many filters were read.
    pub(crate) filters: usize,
    /// Left out because they lie below the level asked for.
    pub(crate) below_level: usize,
    /// Left off by the profile.
    pub(crate) left_off: usize,
    /// Left out because the same rule was read before.
    pub(crate) repeated: usize,
    /// Rules of the pack whose ids installed rules have: those are used instead.
    pub(crate) replaced: usize,
    /// What was refused, by path and line.
    pub(crate) refused: Vec<Refusal>,
    /// What is odd about what was loaded, by path and line.
    pub(crate) warnings: Vec<Warning>,
}

impl Compiled {
    /// Compiles the rules at `level_min` or above, and those that correlations wait for.
    pub(crate) fn of(joined: Joined, table: &LogSourceTable, level_min: Level) -> Self {
        let Joined { library, replaced, applied } = joined;
        let Library { rules, correlations, filters, repeated, refusals: mut refused, warnings } = library;
        let all = rules.len();
        let fed: BTreeSet<&str> = correlations.iter().flat_map(|over| &over.rules).map(String::as_str).collect();
        let is_wanted = |rule: &Rule| rule.card.level >= level_min || fed.contains(rule.card.id.as_str());
        let rules: Vec<Rule> = rules.into_iter().filter(is_wanted).collect();
        let below_level = all - rules.len();
        let (engine, not_compiled) = Engine::compile(&rules, table);
        let names: Vec<Option<String>> = rules.iter().map(|rule| rule.name.clone()).collect();
        let (plan, not_planned) = Plan::new(&correlations, &resolver(&engine, &names));
        let mut left_out = BTreeSet::new();
        for not in not_compiled {
            let Some(rule) = usize::try_from(not.rule).ok().and_then(|number| rules.get(number)) else { continue };
            refused.push(refusal(&rule.origin, Some(&rule.card), not.reason));
            left_out.insert(rule.card.id.as_str());
        }
        for (number, reason) in not_planned {
            let Some(correlation) = correlations.get(number) else { continue };
            refused.push(refusal(&correlation.origin, Some(&correlation.card), reason.to_string()));
            left_out.insert(correlation.card.id.as_str());
        }
        refused.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        let mut loaded = loaded(&rules, &correlations, &engine);
        loaded.retain(|one| !left_out.contains(one.id.as_str()));
        let left_off = applied.left_off.len();
        let facts = Facts { loaded, filters, below_level, left_off, repeated, replaced, refused, warnings };
        Self { engine, plan, names, correlations, facts }
    }
}

/// Everything read, with whether it is fed: a correlation is when one of its rules is, a temporal one that waits for all when all are.
fn loaded(rules: &[Rule], correlations: &[Correlation], engine: &Engine) -> Vec<Loaded> {
    let unfed: BTreeSet<u32> = engine.unfed().into_iter().collect();
    let mut loaded: Vec<Loaded> =
        rules.iter().zip(0..).map(|(rule, number)| one(rule, !unfed.contains(&number))).collect();
    let mut dry: BTreeSet<&str> = BTreeSet::new();
    dry.extend(
        rules.iter().zip(0..).filter(|(_, number)| unfed.contains(number)).map(|(rule, _)| rule.card.id.as_str()),
    );
    for correlation in correlations {
        use cordon_rules::ast::CorrelationKind::{Temporal, TemporalOrdered};
        let waits_for_all = matches!(correlation.kind, Temporal | TemporalOrdered) && correlation.conditions.is_empty();
        let mut is_fed = correlation.rules.iter().map(|rule| !dry.contains(rule.as_str()));
        let is_fed = if waits_for_all { is_fed.all(|fed| fed) } else { is_fed.any(|fed| fed) };
        if !is_fed {
            dry.insert(&correlation.card.id);
        }
        loaded.push(Loaded {
            id: correlation.card.id.clone(),
            title: correlation.card.title.clone(),
            origin: correlation.origin.clone(),
            is_correlation: true,
            log_source: RuleLogSource::default(),
            is_fed,
        });
    }
    loaded.sort_by(|a, b| (&a.origin.path, a.origin.line).cmp(&(&b.origin.path, b.origin.line)));
    loaded
}

fn one(rule: &Rule, is_fed: bool) -> Loaded {
    Loaded {
        id: rule.card.id.clone(),
        title: rule.card.title.clone(),
        origin: rule.origin.clone(),
        is_correlation: false,
        log_source: rule.log_source.clone(),
        is_fed,
    }
}

/// Finds rules by id or name, and tells number and id; the first of a name counts.
pub(crate) fn resolver<'e>(
    engine: &'e Engine,
    names: &'e [Option<String>],
) -> impl Fn(&str) -> Option<(u32, String)> + use<'e> {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    for (card, number) in (0..).map_while(|number| Some((engine.card(number)?, number))) {
        numbers.entry(&card.id).or_insert(number);
    }
    for (number, name) in (0..).zip(names) {
        if let Some(name) = name {
            numbers.entry(name).or_insert(number);
        }
    }
    move |name| {
        let number = *numbers.get(name)?;
        Some((number, engine.card(number)?.id.clone()))
    }
}
