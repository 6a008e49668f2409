//! The rules of a live node: the pack, installed sets and the site's own folders, as the profile and what a person has switched have it; or chosen ones.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use cordon_api::RuleStatus;
use cordon_detect::{DetectOptions, Detector};
use cordon_model::{LogSourceTable, RuleCard};
use cordon_node::live::{LoadedRules, Switches, WantedRules};
use cordon_rules::LeftOff;
use cordon_rules::ast::RuleLogSource;
use cordon_rules::parse::{Library, Refusal};

use crate::profile::Chosen;
use crate::rule_set::Compiled;
use crate::rule_sources::{Hashing, Joined, RulesFrom};

/// Where the rules of a node come from.
pub(crate) struct NodeRules {
    /// Whether the pack and the installed sets are among them.
    pub(crate) has_packs: bool,
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

/// What stands for the place of a text that was given with a request; sorts before every path, so that its rules go before those of the same ids.
const GIVEN: &str = "(given)";

/// Rules that were read, joined.
struct ReadRules {
    joined: Joined,
    version: Arc<str>,
    /// By path.
    texts: BTreeMap<String, Arc<str>>,
}

impl NodeRules {
    /// Reads and compiles rules.
    ///
    /// # Errors
    /// A folder that cannot be read; a rule that was asked for by itself and cannot be used. Any other that cannot be used is shown as off, with the reason.
    pub(crate) fn load(&self, wanted: &WantedRules) -> Result<LoadedRules> {
        match wanted {
            WantedRules::Running(switches) => self.running(switches),
            WantedRules::Correlations(switches) => {
                let mut read = self.read(Some(&switches.on), "")?;
                drop_off(&mut read.joined.library, switches);
                let all = read.joined.library.correlations.iter().map(|over| over.card.id.clone()).collect();
                keep_only(&mut read.joined.library, all);
                Ok(self.compile(read).0)
            }
            WantedRules::Chosen { ids, text } => self.chosen(ids, text),
        }
    }

    /// Everything there is, with the profile when there are switches that go with it, and a text.
    fn read(&self, on: Option<&BTreeSet<String>>, text: &str) -> Result<ReadRules> {
        let profile = self.profile.as_ref().zip(on).map(|(chosen, on)| chosen.clone().switched_on(on.clone()));
        let from = RulesFrom { directories: &[], data_dir: self.data_dir.as_deref(), profile: profile.as_ref() };
        let mut gathered = if self.has_packs { from.gather(Hashing::default())? } else { from.nothing() };
        if !self.folders.is_empty() {
            gathered.add(&self.folders).context("rules.folders")?;
        }
        if !text.is_empty() {
            gathered.add_text(GIVEN, text);
        }
        let (texts, version) = (gathered.texts(), gathered.hashing.clone().finish().to_string());
        Ok(ReadRules { joined: gathered.join(), version: version.into(), texts })
    }

    fn running(&self, switches: &Switches) -> Result<LoadedRules> {
        let mut read = self.read(Some(&switches.on), "")?;
        let (paths, texts) = (paths(&read.joined.library), std::mem::take(&mut read.texts));
        let mut statuses = statuses(&read.joined.library, &switches.off);
        statuses.extend(read.joined.applied.left_off.iter().map(|rule| (rule.id.clone(), left_off(rule))));
        for silenced in drop_off(&mut read.joined.library, switches) {
            if let Some(status) = statuses.get_mut(&silenced) {
                let reason = "it only feeds correlations, and all of them are switched off";
                (status.is_enabled, status.off_reason) = (false, reason.to_owned());
            }
        }
        let (loaded, refused) = self.compile(read);
        for refusal in &refused {
            let Some(id) = &refusal.rule_id else { continue };
            if let Some(status) = statuses.get_mut(id) {
                (status.is_enabled, status.off_reason) = (false, refusal.reason.clone());
            }
        }
        let texts = paths.into_iter().filter_map(|(id, path)| Some((id, Arc::clone(texts.get(&path)?)))).collect();
        Ok(LoadedRules { statuses: statuses.into_values().collect(), texts, ..loaded })
    }

    /// Rules that somebody names, and those of a text. The profile and what is switched off have no say in it.
    fn chosen(&self, ids: &BTreeSet<String>, text: &str) -> Result<LoadedRules> {
        let mut read = self.read(None, text)?;
        let library = &mut read.joined.library;
        let refused = library.refusals.iter().find(|refusal| refusal.path == GIVEN);
        if let Some(refusal) = refused {
            bail!("line {} of the text: {}", refusal.line, refusal.reason);
        }
        let wanted: BTreeSet<String> = ids.iter().cloned().chain(given(library)).collect();
        ensure!(!wanted.is_empty(), "the text holds no rule");
        let feeds = only_feeding(library);
        let all = keep_only(library, wanted.clone());
        if let Some(unknown) = ids.iter().find(|id| !all.contains(*id)) {
            bail!("there is no rule {unknown}");
        }
        let over = |id: &String| library.correlations.iter().any(|over| over.rules.contains(id));
        if let Some(silent) = ids.iter().find(|id| feeds.contains(*id) && !over(id)) {
            bail!("rule {silent} gives no findings of its own: it only feeds correlations, so name these");
        }
        let (loaded, refused) = self.compile(read);
        let refused =
            refused.into_iter().find(|refusal| refusal.rule_id.as_ref().is_some_and(|id| wanted.contains(id)));
        refused.map_or(Ok(loaded), |refusal| bail!("{}", refusal.reason))
    }

    /// Rules as they judge; what is shown of them is left empty.
    fn compile(&self, read: ReadRules) -> (LoadedRules, Vec<Refusal>) {
        let Compiled { engine, plan, correlations, facts, .. } =
            Compiled::of(read.joined, &self.table, self.options.level_min);
        let detector = Detector::new(engine, Arc::new(plan), &correlations, self.options.clone());
        let (statuses, texts) = (Vec::new(), BTreeMap::new());
        (LoadedRules { detector, version: read.version, statuses, texts }, facts.refused)
    }
}

/// Ids of the rules in a text that was given.
fn given(library: &Library) -> Vec<String> {
    let rules = library.rules.iter().map(|rule| (&rule.origin, &rule.card));
    let correlations = library.correlations.iter().map(|over| (&over.origin, &over.card));
    let given = rules.chain(correlations).filter(|(origin, _)| origin.path == GIVEN);
    given.map(|(_, card)| card.id.clone()).collect()
}

/// Ids that correlations refer to, none of which lets them speak for themselves.
fn only_feeding(library: &Library) -> BTreeSet<String> {
    let fed = |generate: bool| {
        let over = library.correlations.iter().filter(move |over| over.generate == generate);
        over.flat_map(|over| over.rules.iter().cloned())
    };
    let speaking: BTreeSet<String> = fed(true).collect();
    fed(false).filter(|id| !speaking.contains(id)).collect()
}

/// Leaves rules of these ids and what they stand on; gives the ids of all that are left.
fn keep_only(library: &mut Library, mut wanted: BTreeSet<String>) -> BTreeSet<String> {
    // a correlation comes after those it is over
    for over in library.correlations.iter().rev().filter(|over| wanted.contains(&over.card.id)).collect::<Vec<_>>() {
        wanted.extend(over.rules.iter().cloned());
    }
    library.correlations.retain(|over| wanted.contains(&over.card.id));
    library.rules.retain(|rule| wanted.contains(&rule.card.id));
    let rules = library.rules.iter().map(|rule| rule.card.id.clone());
    rules.chain(library.correlations.iter().map(|over| over.card.id.clone())).collect()
}

/// Takes out what is switched off, and what would speak alone only because the correlations that it feeds are off; the ids of the latter.
fn drop_off(library: &mut Library, switches: &Switches) -> Vec<String> {
    let feeds = only_feeding(library);
    let (mut needed, mut silenced) = (switches.on.clone(), Vec::new());
    let mut stays = |id: &String, rules: &[String]| {
        if switches.off.contains(id) {
            return false;
        }
        if feeds.contains(id) && !needed.contains(id) {
            silenced.push(id.clone());
            return false;
        }
        needed.extend(rules.iter().cloned());
        true
    };
    let mut correlations = std::mem::take(&mut library.correlations);
    correlations.reverse();
    correlations.retain(|over| stays(&over.card.id, &over.rules));
    correlations.reverse();
    library.correlations = correlations;
    library.rules.retain(|rule| stays(&rule.card.id, &[]));
    silenced
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

#[cfg(test)]
mod tests {
    use cordon_decode::DecodeOptions;
    use cordon_model::Time;
    use cordon_seal::SiteKey;
    use tempfile::TempDir;

    use super::*;

    /// Two base rules under one correlation, and a rule by itself that the profile leaves off.
    const RULES: &str = "title: base\nid: base\nlevel: low\nlogsource: {product: windows, service: security}\n\
        detection: {sel: {EventID: 1}, condition: sel}\n---\n\
        title: other\nid: other\nlevel: low\nlogsource: {product: windows, service: security}\n\
        detection: {sel: {EventID: 2}, condition: sel}\n---\n\
        title: over\nid: over\nlevel: high\ncorrelation: {type: event_count, rules: [base, other], group-by: [User], \
        timespan: 1m, condition: {gte: 2}}\n---\n\
        title: alone\nid: alone\nlevel: low\nlogsource: {product: windows, service: security}\n\
        detection: {sel: {EventID: 3}, condition: sel}\n";

    const PROFILE: &str = "schema_version = 1\nname = 'p'\ntitle = 't'\nabout = 'a'\n\
        [[off]]\nid = 'alone'\ntitle = 'alone'\nbecause = 'measured'\nreason = 'noise'\n";

    struct Site {
        _folder: TempDir,
        rules: NodeRules,
    }

    fn site() -> Site {
        let folder = TempDir::new().unwrap();
        let own = folder.path().join("own");
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join("rules.yml"), RULES).unwrap();
        let profile = folder.path().join("profile.toml");
        std::fs::write(&profile, PROFILE).unwrap();
        let decode = DecodeOptions::new(Time(0));
        let options = DetectOptions::new(&decode, SiteKey::of_scan());
        let rules = NodeRules {
            has_packs: true,
            folders: vec![own],
            data_dir: Some(folder.path().join("data")),
            profile: Some(Chosen::of(profile.to_str().unwrap()).unwrap()),
            table: Arc::clone(&decode.log_sources),
            options,
        };
        Site { _folder: folder, rules }
    }

    fn ids(of: &[&str]) -> BTreeSet<String> {
        of.iter().map(|id| (*id).to_owned()).collect()
    }

    fn switches(off: &[&str], on: &[&str]) -> Switches {
        Switches { off: ids(off), on: ids(on) }
    }

    /// Which of the site's own rules are shown as running.
    fn check_running(switches: &Switches, expect: &[&str]) {
        let loaded = site().rules.load(&WantedRules::Running(switches.clone())).unwrap();
        let own = ["alone", "base", "other", "over"];
        let running = loaded.statuses.iter().filter(|rule| rule.is_enabled && own.contains(&rule.id.as_str()));
        assert_eq!(running.map(|rule| rule.id.as_str()).collect::<Vec<_>>(), expect);
        let all = loaded.statuses.iter().filter(|rule| own.contains(&rule.id.as_str())).count();
        assert_eq!(all, own.len(), "what does not run is shown with its reason");
    }

    #[test]
    fn a_rule_that_the_profile_leaves_off_can_be_switched_on() {
        check_running(&switches(&[], &[]), &["base", "other", "over"]);
        check_running(&switches(&[], &["alone"]), &["alone", "base", "other", "over"]);
        check_running(&switches(&["base"], &["alone"]), &["alone", "other"]);
    }

    #[test]
    fn base_rules_of_a_correlation_that_is_off_do_not_speak_by_themselves() {
        check_running(&switches(&["over"], &[]), &[]);
        check_running(&switches(&["over"], &["base"]), &["base"]);
    }

    /// Ids of the rules that chosen ones come to, or why they are refused.
    fn chosen(of: &[&str], text: &str) -> Result<Vec<String>, String> {
        let wanted = WantedRules::Chosen { ids: ids(of), text: text.to_owned() };
        let loaded = site().rules.load(&wanted).map_err(|error| error.to_string())?;
        let engine = loaded.detector.engine();
        let rules = (0..).map_while(|number| Some(engine.card(number)?.id.clone()));
        let correlates = loaded.detector.correlates().then(|| "and correlations".to_owned());
        Ok(rules.chain(correlates).collect())
    }

    #[test]
    fn chosen_rules_bring_what_they_stand_on_and_nothing_else() {
        let check = |of: &[&str], text: &str, expect: &[&str]| {
            assert_eq!(chosen(of, text).unwrap(), expect, "{of:?} {text}");
        };
        check(&["alone"], "", &["alone"]);
        check(&["over"], "", &["base", "other", "and correlations"]);
        check(&["alone", "over"], "", &["base", "other", "alone", "and correlations"]);
        let text = "title: new\nid: new\nlevel: low\ncorrelation: {type: event_count, rules: [alone], group-by: [User], \
            timespan: 1m, condition: {gte: 2}}\n";
        check(&[], text, &["alone", "and correlations"]);
    }

    #[test]
    fn chosen_rules_that_cannot_be_used_are_refused_in_words() {
        let check = |of: &[&str], text: &str, expect: &str| {
            let refused = chosen(of, text).unwrap_err();
            assert!(refused.contains(expect), "{refused}");
        };
        check(&["unheard"], "", "there is no rule unheard");
        check(&["base"], "", "rule base gives no findings of its own");
        check(&[], "title: x\nid: x\nlogsource: {product: windows}\ndetection: {condition: sel}\n", "of the text: ");
        check(&[], "# nothing\n", "the text holds no rule");
    }
}
