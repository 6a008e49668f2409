//! Rules: every folder of `rules/` that holds a `rule.yml` proves itself, and some decoder feeds it.

use std::collections::BTreeMap;

use super::Problem;
use super::tree::File;

/// The tables that say which records belong to which log source: `kind key id product category service mapping`.
const SOURCE_TABLES: [&str; 3] = [
    "crates/decode/data/log_sources.tsv",
    "crates/decode/data/log_sources_syslog.tsv",
    "crates/decode/data/medical_devices.tsv",
];

/// The attributes of a log source, in the order of the table's columns.
const ATTRIBUTES: [&str; 3] = ["product", "category", "service"];

/// What a rule or a row says of a log source; empty for nothing.
type LogSource<'a> = [&'a str; 3];

/// Every rule folder.
pub(super) fn check(files: &[File]) -> Vec<Problem> {
    let fed = fed_sources(files);
    let mut folders: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.path.starts_with("rules/")) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        folders.entry(folder).or_default().push(file);
    }
    let mut problems = Vec::new();
    for inside in folders.values() {
        let Some(rule) = inside.iter().find(|file| file.name() == "rule.yml") else { continue };
        for wanted in ["hit", "miss", "NOTES.md"] {
            if !inside.iter().any(|file| file.name().starts_with(wanted)) {
                problems.push(Problem::new(&rule.path, 1, format!("no {wanted} beside the rule")));
            }
        }
        problems.extend(unfed(rule, &fed));
    }
    problems
}

/// The log sources of a rule file that no row of the tables covers.
fn unfed(rule: &File, fed: &[LogSource<'_>]) -> Vec<Problem> {
    let covers = |own: &LogSource<'_>, wanted: &LogSource<'_>| {
        own.iter().zip(wanted).all(|(own, wanted)| wanted.is_empty() || own == wanted)
    };
    let sources = rule_sources(&rule.text);
    let mut problems = Vec::new();
    if sources.is_empty() && !rule.text.lines().any(|line| line.starts_with("correlation:")) {
        problems.push(Problem::new(&rule.path, 1, "no logsource block"));
    }
    for (line, source) in sources {
        if source == LogSource::default() {
            problems.push(Problem::new(
                &rule.path,
                line,
                "the logsource names nothing: write it as a block of product, category, service",
            ));
        } else if !fed.iter().any(|own| covers(own, &source)) {
            let words: Vec<&str> = source.into_iter().filter(|word| !word.is_empty()).collect();
            let sentence =
                format!("no decoder feeds {}: no row of {} covers it", words.join("/"), SOURCE_TABLES.join(", "));
            problems.push(Problem::new(&rule.path, line, sentence));
        }
    }
    problems
}

/// The `logsource` blocks of a rule file with their lines, from 1.
fn rule_sources(text: &str) -> Vec<(usize, LogSource<'_>)> {
    let mut found: Vec<(usize, LogSource<'_>)> = Vec::new();
    let mut is_inside = false;
    for (line, content) in text.lines().enumerate() {
        if content.starts_with("logsource:") {
            is_inside = true;
            found.push((line + 1, LogSource::default()));
        } else if !content.starts_with([' ', '#']) {
            is_inside = false;
        } else if is_inside
            && let (Some((_, source)), Some((place, value))) = (found.last_mut(), attribute(content))
            && let Some(own) = source.get_mut(place)
        {
            *own = value;
        }
    }
    found
}

/// `category: process_creation` as the place of its attribute and its value.
fn attribute(line: &str) -> Option<(usize, &str)> {
    let (key, value) = line.trim().split_once(':')?;
    let place = ATTRIBUTES.iter().position(|known| *known == key)?;
    let value = value.split(" #").next().unwrap_or_default();
    Some((place, value.trim().trim_matches(['\'', '"'])))
}

/// The log sources that some decoder gives.
fn fed_sources(files: &[File]) -> Vec<LogSource<'_>> {
    let tables = files.iter().filter(|file| SOURCE_TABLES.contains(&file.path.as_str()));
    tables.flat_map(|file| file.text.lines()).filter(|line| !line.starts_with('#')).filter_map(row).collect()
}

fn row(line: &str) -> Option<LogSource<'_>> {
    let mut columns = line.split('\t').skip(3).map(|column| if column == "-" { "" } else { column });
    Some([columns.next()?, columns.next()?, columns.next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "title: T\nlogsource:\n    product: windows\n    category: process_creation # made\ndetection:\n    category: x\n";

    fn check(rule: &str, beside: &[&str], expect: &[&str]) {
        let table = "# kind\tkey\nwindows_channel\tS/Op\t1\twindows\tprocess_creation\tsysmon\t-\n";
        let mut files =
            vec![File::new("crates/decode/data/log_sources.tsv", table), File::new("rules/a/b/rule.yml", rule)];
        files.extend(beside.iter().map(|name| File::new(&format!("rules/a/b/{name}"), "")));
        let seen: Vec<String> = super::check(&files).iter().map(ToString::to_string).collect();
        assert_eq!(seen, expect);
    }

    #[test]
    fn a_rule_stands_beside_a_hit_a_miss_and_a_note() {
        check(RULE, &["hit.jsonl", "miss_admin.jsonl", "NOTES.md"], &[]);
        check(
            RULE,
            &["hit.jsonl"],
            &["rules/a/b/rule.yml:1: no miss beside the rule", "rules/a/b/rule.yml:1: no NOTES.md beside the rule"],
        );
    }

    #[test]
    fn some_decoder_feeds_every_rule() {
        let beside = ["hit.log", "miss.log", "NOTES.md"];
        check(
            &RULE.replace("windows", "'vms'"),
            &beside,
            &[
                "rules/a/b/rule.yml:2: no decoder feeds vms/process_creation: no row of crates/decode/data/log_sources.tsv, \
               crates/decode/data/log_sources_syslog.tsv, crates/decode/data/medical_devices.tsv covers it",
            ],
        );
        check(
            "logsource: {product: windows}\n",
            &beside,
            &["rules/a/b/rule.yml:1: the logsource names nothing: write it as a block of product, category, service"],
        );
        check("title: T\n", &beside, &["rules/a/b/rule.yml:1: no logsource block"]);
        check("title: T\ncorrelation:\n    type: event_count\n", &beside, &[]);
    }

    #[test]
    fn every_document_of_a_file_is_checked() {
        let second = "---\nlogsource:\n    service: nothing\n";
        let text = format!("{RULE}{second}");
        let lines: Vec<usize> = rule_sources(&text).iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 8]);
    }
}
