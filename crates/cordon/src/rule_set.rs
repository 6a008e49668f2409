//! From rule files to a detector: reads, refuses, compiles, and keeps count of each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use cordon_detect::{DetectOptions, Detector};
use cordon_model::{LogSourceTable, RuleCard};
use cordon_rules::Engine;
use cordon_rules::ast::{Correlation, Origin, Rule, RuleLogSource};
use cordon_rules::correlate::Plan;
use cordon_rules::parse::{Library, Options, Refusal, RefusalKind, Warning};

use crate::installed;
use crate::pack::{self, Read};
use crate::terminal::plain;

/// What the rules of the pack are under where they state nothing else.
const PACK_LICENSE: &str = "Apache-2.0";

/// Refusals named when they leave nothing to run.
const REFUSED_NAMED_MAX: usize = 5;

/// Rules ready to run, and what became of those that are not.
pub(crate) struct RuleSet {
    pub(crate) detector: Detector,
    /// Rules and correlations that can run, in the order of the files.
    pub(crate) loaded: Vec<Loaded>,
    /// How many filters were read.
    pub(crate) filters: usize,
    /// Left out because they lie below the level asked for.
    pub(crate) below_level: usize,
    /// Left out because the same rule was read before.
    pub(crate) repeated: usize,
    /// Rules of the pack whose ids installed rules have: those are used instead.
    pub(crate) replaced: usize,
    /// What was refused, by path and line.
    pub(crate) refused: Vec<Refusal>,
    /// What is odd about what was loaded, by path and line.
    pub(crate) warnings: Vec<Warning>,
}

/// A document that was loaded.
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
    /// Loads the rules of the directories given, or the pack and what is installed.
    ///
    /// # Errors
    /// A directory that cannot be read. A rule that cannot be used is no error: it is refused and counted.
    pub(crate) fn load(from: RulesFrom<'_>, table: &LogSourceTable, options: DetectOptions) -> Result<Self> {
        Ok(Self::compile(from.library()?, table, options))
    }

    /// Nothing can be found without a rule.
    ///
    /// # Errors
    /// When no rule is loaded: why, with the first refusals.
    pub(crate) fn ensure_some(&self) -> Result<()> {
        if !self.loaded.is_empty() {
            return Ok(());
        }
        let (refused, below) = (self.refused.len(), self.below_level);
        ensure!(refused > 0, "no rule is left to scan with: {below} read, all below --level");
        let mut text = format!("no rule is left to scan with: {refused} refused");
        if below > 0 {
            text.push_str(&format!(", {below} below --level"));
        }
        for refusal in self.refused.iter().take(REFUSED_NAMED_MAX) {
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
        let Joined { library, replaced } = joined;
        let Library { rules, correlations, filters, repeated, mut refusals, warnings } = library;
        let all = rules.len();
        let fed: BTreeSet<&str> = correlations.iter().flat_map(|over| &over.rules).map(String::as_str).collect();
        let is_wanted = |rule: &Rule| rule.card.level >= options.level_min || fed.contains(rule.card.id.as_str());
        let rules: Vec<Rule> = rules.into_iter().filter(is_wanted).collect();
        let below_level = all - rules.len();
        let (engine, not_compiled) = Engine::compile(&rules, table);
        let (plan, not_planned) = Plan::new(&correlations, &resolver(&rules));
        let mut left_out = BTreeSet::new();
        for not in not_compiled {
            let Some(rule) = usize::try_from(not.rule).ok().and_then(|number| rules.get(number)) else { continue };
            refusals.push(refusal(&rule.origin, Some(&rule.card), not.reason));
            left_out.insert(rule.card.id.as_str());
        }
        for (number, reason) in not_planned {
            let Some(correlation) = correlations.get(number) else { continue };
            refusals.push(refusal(&correlation.origin, Some(&correlation.card), reason.to_string()));
            left_out.insert(correlation.card.id.as_str());
        }
        refusals.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        let mut loaded = loaded(&rules, &correlations, &engine);
        loaded.retain(|one| !left_out.contains(one.id.as_str()));
        let detector = Detector::new(engine, Arc::new(plan), &correlations, options);
        Self { detector, loaded, filters, below_level, repeated, replaced, refused: refusals, warnings }
    }
}

/// Where rules come from.
#[derive(Clone, Copy)]
pub(crate) struct RulesFrom<'a> {
    /// Directories; when there are none, the pack and the installed sets.
    pub(crate) directories: &'a [PathBuf],
    /// Where installed sets are kept, when that was said.
    pub(crate) data_dir: Option<&'a Path>,
}

impl RulesFrom<'_> {
    /// Reads and joins the files.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub(crate) fn library(self) -> Result<Joined> {
        if !self.directories.is_empty() {
            return Ok(library(vec![Batch::bare(pack::from_directories(self.directories)?)]));
        }
        let pack = Batch::bare(Read { files: pack::built_in(), refused: Vec::new() });
        let pack_paths: BTreeSet<String> = pack.read.files.iter().map(|file| file.path.clone()).collect();
        let mut batches = vec![Batch { license: PACK_LICENSE.to_owned(), ..pack }];
        let mut damaged = Vec::new();
        let home = installed::home(self.data_dir);
        for set in home.map_or_else(|| Ok(Vec::new()), |home| installed::list(&home))? {
            let place = Origin { path: set.directory.to_string_lossy().into_owned(), line: 1 };
            match set.batch() {
                Ok(batch) => batches.push(batch),
                Err(error) => damaged.push(refusal(&place, None, format!("the installed set is damaged: {error:#}"))),
            }
        }
        let Joined { mut library, .. } = library(batches);
        // INVARIANT: paths of installed sets are absolute, so they sort before those of the pack and their rules are read first.
        let is_replaced =
            |refusal: &Refusal| refusal.kind == RefusalKind::IdTaken && pack_paths.contains(&refusal.path);
        let before = library.refusals.len();
        library.refusals.retain(|refusal| !is_replaced(refusal));
        let replaced = before - library.refusals.len();
        library.refusals.extend(damaged);
        Ok(Joined { library, replaced })
    }
}

/// Rules of all origins, joined.
pub(crate) struct Joined {
    pub(crate) library: Library,
    /// Rules of the pack whose ids installed rules have.
    pub(crate) replaced: usize,
}

/// Rule files of one origin.
pub(crate) struct Batch {
    pub(crate) read: Read,
    /// Of rules that state none.
    pub(crate) license: String,
    /// Where the set can be read; goes before a rule's own references. Empty for none.
    pub(crate) link: String,
}

impl Batch {
    /// Files of which nothing more is known.
    const fn bare(read: Read) -> Self {
        Self { read, license: String::new(), link: String::new() }
    }
}

/// Reads and joins files.
pub(crate) fn library(batches: Vec<Batch>) -> Joined {
    let mut origins: BTreeMap<String, usize> = BTreeMap::new();
    let (mut files, mut refused, mut duties) = (Vec::new(), Vec::new(), Vec::new());
    for (number, batch) in batches.into_iter().enumerate() {
        let Read { files: of_batch, refused: of_files } = batch.read;
        origins.extend(of_batch.iter().map(|file| (file.path.clone(), number)));
        files.extend(of_batch.into_iter().map(|file| (file.path, file.text)));
        refused.extend(of_files);
        duties.push((batch.license, batch.link));
    }
    let mut library = Library::load(files, &Options::default());
    let rules = library.rules.iter_mut().map(|rule| (&rule.origin, &mut rule.card));
    let correlations = library.correlations.iter_mut().map(|found| (&found.origin, &mut found.card));
    for (origin, card) in rules.chain(correlations) {
        let Some((license, link)) = origins.get(&origin.path).and_then(|number| duties.get(*number)) else { continue };
        if card.license.is_empty() {
            card.license.clone_from(license);
        }
        if !link.is_empty() {
            card.link.clone_from(link);
        }
    }
    library.refusals.extend(refused);
    Joined { library, replaced: 0 }
}

fn refusal(origin: &Origin, card: Option<&RuleCard>, reason: String) -> Refusal {
    Refusal {
        path: origin.path.clone(),
        line: origin.line,
        kind: RefusalKind::Broken,
        reason,
        hint: None,
        rule_id: card.map(|card| card.id.clone()),
        rule_title: card.map(|card| card.title.clone()),
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
