//! `cordon rules explain`: why a rule matches the events of a file, or why not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, bail, ensure};
use cordon_collect::{Limits, Sources};
use cordon_detect::Detected;
use cordon_model::{LogSourceTable, SourceSet};
use cordon_node::{Explained, Progress, StreetOptions};
use cordon_rules::Why;
use cordon_rules::ast::{Correlation, Rule};
use cordon_rules::parse::{Library, did_you_mean};

use super::args::{ExplainArgs, Format};
use super::why_text;
use crate::rule_set::RuleSet;
use crate::rule_sources::{Joined, RulesFrom};
use crate::terminal::counted;
use crate::{Exit, inputs, output};

/// Runs the command.
pub(crate) fn run(args: &ExplainArgs) -> Result<Exit> {
    ensure!(args.file.is_file(), "{}: not a file that can be read", args.file.display());
    let street = super::street(inputs::decode_options(&args.reading)?);
    let asked = Asked::find(&args.rule, &joined(args)?.library)?;
    let table = &street.decode.log_sources;
    let (mut out, _) = output::open(None, &[])?;
    let mut counts = Counts::default();
    let walked =
        cordon_node::explain(sources(&args.file, &street), &street, &asked.rules, &super::detect(&street), |event| {
            let shown = counts.take(&event);
            match args.format {
                Format::Text if shown => out.write_all(why_text::event(&event, &asked.rules).as_bytes()),
                Format::Text => Ok(()),
                Format::Json => {
                    serde_json::to_writer(&mut out, &why_text::json(&event, &asked.rules, table))?;
                    out.write_all(b"\n")
                }
            }
        });
    let tally = match walked.and_then(|tally| out.flush().map(|()| tally)) {
        Ok(tally) => tally,
        Err(error) => return output::quiet_pipe(Err(error)).map(|()| Exit::Clean),
    };
    drop(out);
    if args.format == Format::Text {
        super::print(&counts.text(&asked.rules, table))?;
    }
    for (id, title) in &asked.correlations {
        correlation(id, title, args, &street)?;
    }
    Ok(if tally.input_lost() || tally.nothing_read() { Exit::InputLost } else { Exit::Clean })
}

/// Where the rule is looked for: in its own file and in those of `--rules`; else in the pack and the installed sets.
fn joined(args: &ExplainArgs) -> Result<Joined> {
    let own = Path::new(&args.rule);
    let mut directories = args.rules.clone();
    directories.extend(own.is_file().then(|| own.to_owned()));
    RulesFrom { directories: &directories, data_dir: args.data_dir.as_deref(), profile: None }.library()
}

fn sources(file: &Path, street: &StreetOptions) -> Sources {
    Sources::new(&[file.to_owned()], Limits::default(), street.decode.received)
}

/// What is asked about.
struct Asked {
    /// The rules on events, in order.
    rules: Vec<Rule>,
    /// Ids and titles of correlations.
    correlations: Vec<(String, String)>,
}

impl Asked {
    fn find(name: &str, library: &Library) -> Result<Self> {
        let is_file = Path::new(name).is_file();
        if let Some(refusal) = library.refusals.iter().find(|refusal| is_file && refusal.path == name) {
            bail!("the rule is refused: {refusal}");
        }
        let by_id: BTreeMap<&str, &Correlation> =
            library.correlations.iter().map(|correlation| (correlation.card.id.as_str(), correlation)).collect();
        let is_rule = |rule: &&Rule| {
            let words = [Some(rule.card.id.as_str()), rule.name.as_deref(), Some(rule.card.title.as_str())];
            if is_file { rule.origin.path == name } else { words.contains(&Some(name)) }
        };
        let is_correlation = |correlation: &&Correlation| {
            let card = &correlation.card;
            let words = [Some(card.id.as_str()), correlation.name.as_deref(), Some(card.title.as_str())];
            if is_file { correlation.origin.path == name } else { words.contains(&Some(name)) }
        };
        let named = |found: &Correlation| (found.card.id.clone(), found.card.title.clone());
        let correlations: Vec<(String, String)> =
            library.correlations.iter().filter(is_correlation).map(named).collect();
        let mut wanted: BTreeSet<&str> =
            library.rules.iter().filter(is_rule).map(|rule| rule.card.id.as_str()).collect();
        let mut open: Vec<&str> = correlations.iter().map(|(id, _)| id.as_str()).collect();
        // Bounded: a correlation stands only on earlier ones.
        while let Some(id) = open.pop() {
            match by_id.get(id) {
                Some(over) => open.extend(over.rules.iter().map(String::as_str)),
                None => drop(wanted.insert(id)),
            }
        }
        let rules: Vec<Rule> =
            library.rules.iter().filter(|rule| wanted.contains(rule.card.id.as_str())).cloned().collect();
        ensure!(
            !rules.is_empty(),
            "{name}: no such file, and no rule has it as id, name or title{}",
            near(name, library)
        );
        Ok(Self { rules, correlations })
    }
}

fn near(name: &str, library: &Library) -> String {
    let titles = library.rules.iter().map(|rule| rule.card.title.as_str());
    let names = library.rules.iter().filter_map(|rule| rule.name.as_deref());
    did_you_mean(name, names.chain(titles)).map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"))
}

/// What a correlation gives over the whole file, along the street of `cordon scan`.
fn correlation(id: &str, title: &str, args: &ExplainArgs, street: &StreetOptions) -> Result<()> {
    if args.format == Format::Json {
        return Ok(());
    }
    let rules = RuleSet::compile(joined(args)?, &street.decode.log_sources, super::detect(street));
    let mut found: Vec<Detected> = Vec::new();
    let progress = Progress::default();
    cordon_node::scan::scan(sources(&args.file, street), street, &rules.detector, &progress, |one| {
        if one.finding.rule.id == id && found.len() < FINDINGS_MAX {
            found.push(one);
        }
        Ok(())
    })?;
    super::print(&why_text::correlation(title, &found))
}

/// Most findings of a correlation that are told.
const FINDINGS_MAX: usize = 20;

/// Counts over all events.
#[derive(Default)]
struct Counts {
    events: u64,
    matching: u64,
    failing: u64,
    elsewhere: BTreeMap<SourceSet, u64>,
}

impl Counts {
    /// Counts an event; `false` for one that no rule is shown.
    fn take(&mut self, event: &Explained) -> bool {
        self.events += 1;
        let is = |wanted: fn(&Why) -> bool| event.answers.iter().any(|answer| answer.as_ref().is_ok_and(wanted));
        if is(|why| matches!(why, Why::Matches(_))) {
            self.matching += 1;
        } else if is(|why| matches!(why, Why::Fails(_))) || event.answers.iter().any(Result::is_err) {
            self.failing += 1;
        } else {
            *self.elsewhere.entry(event.log_sources).or_default() += 1;
            return false;
        }
        true
    }

    fn text(&self, rules: &[Rule], table: &LogSourceTable) -> String {
        let mut text = String::new();
        for (set, count) in &self.elsewhere {
            let have = counted(*count, "event has", "events have");
            text.push_str(&format!("{have} log source {}\n", why_text::log_sources(*set, table)));
        }
        if !self.elsewhere.is_empty() {
            let wanted: BTreeSet<String> = rules.iter().map(|rule| why_text::rule_source(&rule.log_source)).collect();
            let wanted: Vec<String> = wanted.into_iter().collect();
            text.push_str(&format!("  and are not shown to the rule, which asks for {}\n", wanted.join(" or ")));
        }
        let elsewhere: u64 = self.elsewhere.values().sum();
        let (events, Self { matching, failing, .. }) = (counted(self.events, "event", "events"), self);
        text.push_str(&format!("{events}: {matching} match, {failing} do not, {elsewhere} are of other log sources\n"));
        text
    }
}
