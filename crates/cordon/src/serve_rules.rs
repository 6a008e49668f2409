//! The rules of a live node: the pack, installed sets and the site's own folders, without those that were switched off.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use cordon_api::RuleStatus;
use cordon_detect::{DetectOptions, Detector};
use cordon_model::{LogSourceTable, RuleCard};
use cordon_node::live::LoadedRules;
use cordon_rules::LeftOff;
use cordon_rules::ast::RuleLogSource;
use cordon_rules::parse::Library;

use crate::profile::Chosen;
use crate::rule_set::Compiled;
use crate::rule_sources::{Hashing, RulesFrom};

/// Where the rules of a node come from.
pub(crate) struct NodeRules {
    /// Folders of the site.
    pub(crate) folders: Vec<PathBuf>,
    /// Where installed sets are kept, when that was said.
    pub(crate) data_dir: Option<PathBuf>,
    /// What of the pack and the installed sets runs; everything without.
    pub(crate) profile: Option<Chosen>,
    /// Which log sources there are.
    pub(crate) table: Arc<LogSourceTable>,
    /// What becomes of what is found.
    pub(crate) options: DetectOptions,
}

impl NodeRules {
    /// Reads and compiles the rules; those whose ids are in `off` are shown and do not run.
    ///
    /// # Errors
    /// A folder that cannot be read. A rule that cannot be used is shown as off, with the reason.
    pub(crate) fn load(&self, off: &BTreeSet<String>) -> Result<LoadedRules> {
        let from = RulesFrom { directories: &[], data_dir: self.data_dir.as_deref(), profile: self.profile.as_ref() };
        let mut gathered = from.gather(Hashing::default())?;
        if !self.folders.is_empty() {
            gathered.add(&self.folders).context("rules.folders")?;
        }
        let (texts, version) = (gathered.texts(), gathered.hashing.clone().finish().to_string());
        let mut joined = gathered.join();
        let paths = paths(&joined.library);
        let mut statuses = statuses(&joined.library, off);
        statuses.extend(joined.applied.left_off.iter().map(|rule| (rule.id.clone(), left_off(rule))));
        joined.library.rules.retain(|rule| !off.contains(&rule.card.id));
        joined.library.correlations.retain(|rule| !off.contains(&rule.card.id));
        let compiled = Compiled::of(joined, &self.table, self.options.level_min);
        for refusal in &compiled.facts.refused {
            let Some(id) = &refusal.rule_id else { continue };
            if let Some(status) = statuses.get_mut(id) {
                (status.is_enabled, status.off_reason) = (false, refusal.reason.clone());
            }
        }
        let texts = paths.into_iter().filter_map(|(id, path)| Some((id, Arc::clone(texts.get(&path)?)))).collect();
        let Compiled { engine, plan, correlations, .. } = compiled;
        let detector = Detector::new(engine, Arc::new(plan), &correlations, self.options.clone());
        Ok(LoadedRules { detector, version: version.into(), statuses: statuses.into_values().collect(), texts })
    }
}

/// The file of each rule.
fn paths(library: &Library) -> Vec<(String, String)> {
    let rules = library.rules.iter().map(|rule| (rule.card.id.clone(), rule.origin.path.clone()));
    let correlations = library.correlations.iter().map(|rule| (rule.card.id.clone(), rule.origin.path.clone()));
    rules.chain(correlations).collect()
}

fn statuses(library: &Library, off: &BTreeSet<String>) -> BTreeMap<String, RuleStatus> {
    let rules = library.rules.iter().map(|rule| (&rule.card, log_source(&rule.log_source), false));
    let correlations = library.correlations.iter().map(|rule| (&rule.card, String::new(), true));
    let status = |(card, log_source, is_correlation): (&RuleCard, String, bool)| {
        let is_off = off.contains(&card.id);
        let status = RuleStatus {
            id: card.id.clone(),
            title: card.title.clone(),
            level: card.level,
            author: card.author.clone(),
            license: card.license.clone(),
            link: card.link.clone(),
            description: card.description.clone(),
            tags: card.tags.clone(),
            false_positives: card.false_positives.clone(),
            log_source,
            is_correlation,
            is_enabled: !is_off,
            off_reason: if is_off { "switched off by a person".to_owned() } else { String::new() },
            findings: 0,
        };
        (card.id.clone(), status)
    };
    rules.chain(correlations).map(status).collect()
}

/// A rule that the profile leaves off, with the profile's reason.
fn left_off(rule: &LeftOff) -> RuleStatus {
    RuleStatus {
        id: rule.id.clone(),
        title: rule.title.clone(),
        level: rule.level,
        author: String::new(),
        license: String::new(),
        link: String::new(),
        description: String::new(),
        tags: Vec::new(),
        false_positives: Vec::new(),
        log_source: String::new(),
        is_correlation: false,
        is_enabled: false,
        off_reason: format!("left off by the profile: {}", rule.reason),
        findings: 0,
    }
}

fn log_source(of: &RuleLogSource) -> String {
    let words = [&of.product, &of.category, &of.service];
    let said: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
    said.join("/")
}
