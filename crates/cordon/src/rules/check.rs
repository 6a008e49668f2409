//! `cordon rules check`: each rule loaded or refused, with the place and the reason.

use std::collections::BTreeMap;

use anyhow::Result;
use cordon_decode::DecodeOptions;
use cordon_rules::ast::RuleLogSource;
use cordon_rules::parse::{LogSourceWords, RefusalKind, did_you_mean};
use serde_json::{Value, json};

use super::args::{CheckArgs, Format};
use crate::rule_set::{Loaded, RuleSet};
use crate::terminal::{counted_of, plain};
use crate::{Exit, inputs, pack};

/// Runs the command.
pub(crate) fn run(args: &CheckArgs) -> Result<Exit> {
    let read = pack::from_directories(&args.directories)?;
    let file_count = read.files.len() + read.refused.len();
    let mut decode = DecodeOptions::new(inputs::now());
    inputs::add_source_maps(&args.source_map, &mut decode)?;
    let street = super::street(decode);
    let table = &street.decode.log_sources;
    let rules = RuleSet::of_files(read, table, super::detect(&street));
    let report = Report::new(&rules, file_count, &LogSourceWords::of_table(table));
    match args.format {
        Format::Text => super::print(&report.text())?,
        Format::Json => super::print_json(&report.json())?,
    }
    Ok(if report.refused_by_fault() > 0 { Exit::RulesFail } else { Exit::Clean })
}

/// Something to say about a place in a file.
struct Remark {
    line: usize,
    /// For a refusal, whose fault it is; `None` for a warning.
    refused: Option<RefusalKind>,
    reason: String,
    hint: Option<String>,
}

impl Remark {
    fn print(&self, path: &str, text: &mut String) {
        let word = if self.refused.is_some() { "refused" } else { "warning" };
        let hint = self.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
        text.push_str(&plain(&format!("{path}:{}: {word}: {}{hint}", self.line, self.reason)));
        text.push('\n');
    }
}

struct Report<'r> {
    rules: &'r RuleSet,
    files: usize,
    /// By path, sorted by line.
    remarks: BTreeMap<&'r str, Vec<(Option<&'r str>, Remark)>>,
}

impl<'r> Report<'r> {
    fn new(rules: &'r RuleSet, files: usize, words: &LogSourceWords) -> Self {
        let mut remarks: BTreeMap<&str, Vec<(Option<&str>, Remark)>> = BTreeMap::new();
        for refusal in &rules.facts.refused {
            let (reason, hint) = (refusal.reason.clone(), refusal.hint.clone());
            let remark = Remark { line: refusal.line, refused: Some(refusal.kind), reason, hint };
            remarks.entry(&refusal.path).or_default().push((refusal.rule_id.as_deref(), remark));
        }
        for warning in &rules.facts.warnings {
            let (reason, hint) = (warning.reason.clone(), warning.hint.clone());
            let remark = Remark { line: warning.line, refused: None, reason, hint };
            remarks.entry(&warning.path).or_default().push((warning.rule_id.as_deref(), remark));
        }
        for unfed in rules.facts.loaded.iter().filter(|one| !one.is_fed) {
            remarks.entry(&unfed.origin.path).or_default().push((Some(&unfed.id), never_fires(unfed, words)));
        }
        for of_file in remarks.values_mut() {
            of_file.sort_by_key(|(_, remark)| remark.line);
        }
        Self { rules, files, remarks }
    }

    fn all(&self) -> impl Iterator<Item = &Remark> {
        self.remarks.values().flatten().map(|(_, remark)| remark)
    }

    fn refused_by_fault(&self) -> usize {
        self.all().filter(|remark| remark.refused.is_some_and(|kind| kind != RefusalKind::DemandedByStandard)).count()
    }

    fn summary(&self) -> Summary {
        let refused_by_fault = self.refused_by_fault();
        let refused = self.all().filter(|remark| remark.refused.is_some()).count();
        Summary {
            refused,
            demanded: refused - refused_by_fault,
            warnings: self.all().filter(|remark| remark.refused.is_none()).count(),
            never_fire: self.rules.facts.loaded.iter().filter(|one| !one.is_fed).count(),
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (path, remarks) in &self.remarks {
            remarks.iter().for_each(|(_, remark)| remark.print(path, &mut text));
        }
        let Summary { refused, demanded, warnings, never_fire } = self.summary();
        let files = counted_of(self.files, "file", "files");
        let loaded = counted_of(self.rules.facts.loaded.len(), "rule", "rules");
        text.push_str(&format!("{files}: {loaded} loaded, {refused} refused"));
        if demanded > 0 {
            text.push_str(&format!(" ({demanded} of them as the standard demands)"));
        }
        if self.rules.facts.filters > 0 {
            text.push_str(&format!(", {}", counted_of(self.rules.facts.filters, "filter", "filters")));
        }
        text.push_str(&format!(", {}", counted_of(warnings, "warning", "warnings")));
        if never_fire > 0 {
            text.push_str(&format!("; {never_fire} can never fire: no decoder feeds them"));
        }
        text.push('\n');
        text
    }

    fn json(&self) -> Value {
        let mut documents: Vec<(&str, usize, Value)> = Vec::new();
        for one in &self.rules.facts.loaded {
            documents.push((&one.origin.path, one.origin.line, self.loaded(one)));
        }
        for refusal in &self.rules.facts.refused {
            let value = json!({
                "path": refusal.path,
                "line": refusal.line,
                "id": refusal.rule_id,
                "title": refusal.rule_title,
                "status": "refused",
                "reason": refusal.reason,
                "hint": refusal.hint,
                "demanded_by_standard": refusal.kind == RefusalKind::DemandedByStandard,
            });
            documents.push((&refusal.path, refusal.line, value));
        }
        documents.sort_by_key(|(path, line, _)| (*path, *line));
        let documents: Vec<Value> = documents.into_iter().map(|(_, _, value)| value).collect();
        let Summary { refused, demanded, warnings, never_fire } = self.summary();
        json!({
            "schema_version": "1",
            "rules": documents,
            "summary": {
                "files": self.files,
                "loaded": self.rules.facts.loaded.len(),
                "refused": refused,
                "refused_as_standard_demands": demanded,
                "filters": self.rules.facts.filters,
                "warnings": warnings,
                "never_fire": never_fire,
            },
        })
    }

    fn loaded(&self, one: &Loaded) -> Value {
        let of_file = self.remarks.get(one.origin.path.as_str()).map_or(&[][..], Vec::as_slice);
        let own = of_file.iter().filter(|(id, remark)| *id == Some(one.id.as_str()) && remark.refused.is_none());
        let warning = |remark: &Remark| json!({"line": remark.line, "reason": remark.reason, "hint": remark.hint});
        json!({
            "path": one.origin.path,
            "line": one.origin.line,
            "id": one.id,
            "title": one.title,
            "status": "loaded",
            "kind": if one.is_correlation { "correlation" } else { "rule" },
            "can_fire": one.is_fed,
            "warnings": own.map(|(_, remark)| warning(remark)).collect::<Vec<Value>>(),
        })
    }
}

struct Summary {
    refused: usize,
    demanded: usize,
    warnings: usize,
    never_fire: usize,
}

/// The warning on a rule that no decoder feeds, with the word that may have been meant.
fn never_fires(unfed: &Loaded, words: &LogSourceWords) -> Remark {
    let reason = if unfed.is_correlation {
        "can never fire: no decoder feeds the rules it waits for".to_owned()
    } else {
        format!("can never fire: no decoder feeds log source {}", named(&unfed.log_source))
    };
    let parts = [
        ("product", &unfed.log_source.product, &words.products),
        ("category", &unfed.log_source.category, &words.categories),
        ("service", &unfed.log_source.service, &words.services),
    ];
    let meant = |(key, word, known): &(&str, &Option<String>, &std::collections::BTreeSet<String>)| {
        let word = word.as_deref().filter(|word| !known.contains(*word))?;
        let near = did_you_mean(word, known.iter().map(String::as_str))?;
        Some(format!("did you mean {key} `{near}`?"))
    };
    let hint = parts.iter().find_map(meant);
    Remark { line: unfed.origin.line, refused: None, reason, hint }
}

/// `product windows, category process_creation`.
fn named(source: &RuleLogSource) -> String {
    let parts = [("product", &source.product), ("category", &source.category), ("service", &source.service)];
    let parts = parts.into_iter().filter_map(|(key, word)| word.as_ref().map(|word| format!("{key} `{word}`")));
    parts.collect::<Vec<String>>().join(", ")
}
