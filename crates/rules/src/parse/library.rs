//! A library: many Sigma files joined. Names resolved, placeholders filled in, filters applied, correlations in the order in which they compute.
//!
//! In: paths and texts in any order. Out: what loaded, sorted by path, and everything that did not with its reason. The same texts give the same
//! library whatever order they come in.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use cordon_model::{LogSourceTable, RuleCard};

use super::fault::{About, Fault};
use super::pipeline::Applied;
use super::placeholders::{self, Placeholders};
use super::suggest::did_you_mean;
use super::{Document, Pipeline, Refusal, Warning, chains, join, read};
use crate::ast::{Correlation, Details, Filter, FilterTargets, Origin, Rule, RuleLogSource};

/// What the caller knows beyond the files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Values for placeholders.
    pub placeholders: Placeholders,
    /// Licence of rules that state none.
    pub license: String,
    /// Where the rule set can be read; goes before a rule's own references.
    pub link: String,
    /// Processing pipelines; those of lower priority run first, after filters are joined.
    pub pipelines: Vec<Pipeline>,
    /// Taxonomies beside Sigma's own that are mapped later.
    pub taxonomies: BTreeSet<String>,
    /// The words of log sources that some decoder feeds; other words give a warning. Empty lists are not checked.
    pub log_source_words: LogSourceWords,
}

/// Known words of log sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSourceWords {
    /// Products.
    pub products: BTreeSet<String>,
    /// Categories.
    pub categories: BTreeSet<String>,
    /// Services.
    pub services: BTreeSet<String>,
}

impl LogSourceWords {
    /// All words of a table.
    #[must_use]
    pub fn of_table(table: &LogSourceTable) -> Self {
        let mut words = Self::default();
        for source in table.sets().flat_map(|(_, sources)| sources) {
            words.products.insert(source.product.to_owned());
            words.categories.insert(source.category.to_owned());
            words.services.insert(source.service.to_owned());
        }
        words
    }
}

/// Sigma documents ready to compile.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// Rules with filters applied and placeholders filled in, by path and line.
    pub rules: Vec<Rule>,
    /// Correlations whose `rules` and aliases are ids ([`RuleCard::id`]); each comes after those it is over.
    pub correlations: Vec<Correlation>,
    /// How many filters were read.
    pub filters: usize,
    /// Rules left out because the same rule was read before; each has its warning.
    pub repeated: usize,
    /// What was not loaded, by path and line.
    pub refusals: Vec<Refusal>,
    /// What is odd about what was loaded, by path and line.
    pub warnings: Vec<Warning>,
}

/// A document with the file it stands in, for finding lines.
#[derive(Clone, Debug)]
pub(crate) struct Sourced<T> {
    pub(crate) document: T,
    pub(crate) text: Rc<str>,
}

impl<T> Sourced<T> {
    /// The first line from `first_line` on that holds `needle`; `first_line` when none does.
    pub(crate) fn line_of(&self, first_line: usize, needle: &str) -> usize {
        line_of(&self.text, first_line, needle)
    }
}

fn line_of(text: &str, first_line: usize, needle: &str) -> usize {
    let rows = text.lines().enumerate().skip(first_line.saturating_sub(1));
    let mut holding = rows.filter(|(_, row)| row.contains(needle)).map(|(index, _)| index + 1);
    holding.next().unwrap_or(first_line)
}

/// What was read so far, by kind.
#[derive(Debug, Default)]
struct Joined {
    rules: Vec<Rule>,
    correlations: Vec<Sourced<Correlation>>,
    filters: Vec<Sourced<Filter>>,
}

impl Joined {
    fn take(&mut self, document: Document, text: &Rc<str>) {
        let text = Rc::clone(text);
        match document {
            Document::Rule(rule) => self.rules.push(*rule),
            Document::Correlation(found) => self.correlations.push(Sourced { document: *found, text }),
            Document::Filter(filter) => self.filters.push(Sourced { document: *filter, text }),
        }
    }
}

impl Library {
    /// Reads and joins files: path and text of each.
    #[must_use]
    pub fn load(files: impl IntoIterator<Item = (String, String)>, options: &Options) -> Self {
        let mut files: Vec<(String, String)> = files.into_iter().collect();
        files.sort();
        let mut library = Self::default();
        let mut joined = Joined::default();
        let mut texts: BTreeMap<String, Rc<str>> = BTreeMap::new();
        for (path, text) in files {
            let documents = read(&path, &text, &mut library.warnings);
            let text: Rc<str> = text.into();
            texts.insert(path, Rc::clone(&text));
            for document in documents {
                let finished = document.map_err(Box::new).and_then(|document| finish(document, &text, options));
                match finished {
                    Ok(document) => joined.take(document, &text),
                    Err(refusal) => library.refusals.push(*refusal),
                }
            }
        }
        let Joined { rules, mut correlations, filters } = joined;
        library.rules = rules;
        library.check_log_sources(&options.log_source_words);
        library.drop_duplicates(&mut correlations);
        library.filters = filters.len();
        for filter in &filters {
            library.apply(filter);
        }
        let mut pipelines = options.pipelines.clone();
        pipelines.sort_by_key(|pipeline| pipeline.priority);
        let mut applied = library.rewrite(&pipelines, &options.placeholders, &texts);
        chains::resolve(&mut library, correlations);
        for correlation in &mut library.correlations {
            let steps = Pipeline::apply_to_correlation(&pipelines, correlation, &applied);
            applied.insert(correlation.card.id.clone(), steps);
        }
        library.refusals.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        library.warnings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        library
    }

    /// Of documents with one identity the first stays. A second copy of the same rule is no fault, another rule under its id is.
    fn drop_duplicates(&mut self, correlations: &mut Vec<Sourced<Correlation>>) {
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut kept: Vec<Rule> = Vec::with_capacity(self.rules.len());
        for rule in std::mem::take(&mut self.rules) {
            let first = places.get(&rule.card.id).and_then(|at| kept.get(*at));
            let Some(first) = first else {
                places.insert(rule.card.id.clone(), kept.len());
                kept.push(rule);
                continue;
            };
            if *first == (Rule { origin: first.origin.clone(), ..rule.clone() }) {
                self.warn_repeated(&rule.card, &rule.origin, &first.origin);
            } else {
                self.refuse_taken(&rule.card, &rule.origin, &first.origin);
            }
        }
        self.rules = kept;
        self.drop_duplicate_correlations(correlations);
    }

    /// The same for correlations, whose ids no rule may have either.
    fn drop_duplicate_correlations(&mut self, correlations: &mut Vec<Sourced<Correlation>>) {
        let of_rules: BTreeMap<String, Origin> =
            self.rules.iter().map(|rule| (rule.card.id.clone(), rule.origin.clone())).collect();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut kept: Vec<Sourced<Correlation>> = Vec::with_capacity(correlations.len());
        for found in std::mem::take(correlations) {
            let Correlation { card, origin, .. } = &found.document;
            let first = places.get(&card.id).and_then(|at| kept.get(*at)).map(|first| &first.document);
            let is_same = first
                .is_some_and(|first| *first == Correlation { origin: first.origin.clone(), ..found.document.clone() });
            match of_rules.get(&card.id).or(first.map(|first| &first.origin)) {
                Some(taken) if is_same => {
                    self.warn_repeated(card, origin, taken);
                    continue;
                }
                Some(taken) => {
                    self.refuse_taken(card, origin, taken);
                    continue;
                }
                None => {}
            }
            places.insert(card.id.clone(), kept.len());
            kept.push(found);
        }
        *correlations = kept;
    }

    fn warn_repeated(&mut self, card: &RuleCard, origin: &Origin, first: &Origin) {
        let fault = Fault::new(origin.line, format!("the same rule was already read from {first}"));
        self.warnings.push(fault.warning(&about(&origin.path, card)));
        self.repeated += 1;
    }

    fn refuse_taken(&mut self, card: &RuleCard, origin: &Origin, first: &Origin) {
        let fault = Fault::taken(origin.line, format!("the id `{}` is already taken by the rule at {first}", card.id));
        self.refusals.push(fault.refusal_of(&about(&origin.path, card)));
    }

    fn apply(&mut self, filter: &Sourced<Filter>) {
        let Filter { card, origin, targets, log_source, .. } = &filter.document;
        let wanted: BTreeSet<&str> = targets.names().iter().map(String::as_str).collect();
        let mut met: BTreeSet<&str> = BTreeSet::new();
        let mut applied = false;
        let mut odd = Vec::new();
        for rule in &mut self.rules {
            let names = [Some(rule.card.id.as_str()), rule.name.as_deref()];
            let found: Vec<&str> = names.into_iter().flatten().filter_map(|name| wanted.get(name).copied()).collect();
            let named = !found.is_empty();
            met.extend(found);
            let meant = named || *targets == FilterTargets::Any;
            if meant && join::covers(log_source, &rule.log_source) {
                join::join(rule, &filter.document);
                applied = true;
            } else if named {
                odd.push((
                    format!("rule `{}` is on another log source than the filter", rule.card.id),
                    rule.card.id.clone(),
                ));
            }
        }
        odd.extend(
            wanted.difference(&met).map(|name| (format!("there is no rule `{name}` to filter"), (*name).to_owned())),
        );
        if !applied && odd.is_empty() {
            odd.push(("the filter applies to no rule".to_owned(), "filter:".to_owned()));
        }
        for (reason, needle) in odd {
            let fault = Fault::new(filter.line_of(origin.line, &needle), reason);
            self.warnings.push(fault.warning(&about(&origin.path, card)));
        }
    }

    /// Runs pipelines over the rules and fills in their placeholders. Returns which steps took place, by rule id.
    fn rewrite(
        &mut self,
        pipelines: &[Pipeline],
        values: &Placeholders,
        texts: &BTreeMap<String, Rc<str>>,
    ) -> BTreeMap<String, Applied> {
        let mut applied = BTreeMap::new();
        for mut rule in std::mem::take(&mut self.rules) {
            match Pipeline::apply_all(pipelines, &mut rule, values) {
                Ok(steps) => {
                    applied.insert(rule.card.id.clone(), steps);
                    self.rules.push(rule);
                }
                Err(fault) => {
                    let text = texts.get(&rule.origin.path).map_or("", AsRef::as_ref);
                    self.refusals.push(located(fault, text).refusal_of(&about(&rule.origin.path, &rule.card)));
                }
            }
        }
        applied
    }

    fn check_log_sources(&mut self, words: &LogSourceWords) {
        for rule in &self.rules {
            for reason in unknown_words(&rule.log_source, words) {
                let fault = Fault { line: rule.origin.line, ..reason };
                self.warnings.push(fault.warning(&about(&rule.origin.path, &rule.card)));
            }
        }
    }
}

pub(crate) fn about<'a>(path: &'a str, card: &'a RuleCard) -> About<'a> {
    About { path, id: Some(&card.id), title: Some(&card.title) }
}

fn unknown_words(source: &RuleLogSource, words: &LogSourceWords) -> Vec<Fault> {
    let parts = [
        ("product", &source.product, &words.products),
        ("category", &source.category, &words.categories),
        ("service", &source.service, &words.services),
    ];
    let mut found = Vec::new();
    for (key, word, known) in parts {
        let Some(word) = word.as_deref().filter(|word| !known.is_empty() && !known.contains(*word)) else { continue };
        let fault = Fault::new(0, format!("no decoder feeds {key} `{word}`"));
        found.push(fault.meant(did_you_mean(word, known.iter().map(String::as_str))));
    }
    found
}

/// What needs the caller's options: licence and link, taxonomy, and the placeholders of filters. Those of rules follow after pipelines.
fn finish(mut document: Document, text: &str, options: &Options) -> Result<Document, Box<Refusal>> {
    let (card, details, origin) = match &mut document {
        Document::Rule(rule) => (&mut rule.card, &rule.details, &rule.origin),
        Document::Correlation(found) => (&mut found.card, &found.details, &found.origin),
        Document::Filter(filter) => (&mut filter.card, &filter.details, &filter.origin),
    };
    if card.license.is_empty() {
        card.license.clone_from(&options.license);
    }
    if !options.link.is_empty() {
        card.link.clone_from(&options.link);
    }
    check_taxonomy(details, options, origin.line)
        .map_err(|fault| located(fault, text).refusal(&about(&origin.path, card)))?;
    if let Document::Filter(filter) = &mut document {
        let mut values = options.placeholders.clone();
        values.extend(options.pipelines.iter().flat_map(|pipeline| pipeline.vars().clone()));
        placeholders::fill(&mut filter.selections, &values, filter.origin.line)
            .map_err(|fault| located(fault, text).refusal(&about(&filter.origin.path, &filter.card)))?;
    }
    Ok(document)
}

/// The fault on the line where the word it speaks of stands, if it can be found.
fn located(fault: Fault, text: &str) -> Fault {
    let line = fault.reason.split('`').nth(1).map_or(fault.line, |needle| line_of(text, fault.line, needle));
    Fault { line, ..fault }
}

fn check_taxonomy(details: &Details, options: &Options, line: usize) -> Result<(), Fault> {
    match details.taxonomy.as_deref() {
        None | Some("sigma") => Ok(()),
        Some(own) if options.taxonomies.contains(own) => Ok(()),
        Some(other) => Err(Fault::demanded(line, format!("taxonomy `{other}` is not known"))
            .hint("give a field mapping for it, or write the rule in Sigma's own names")),
    }
}
