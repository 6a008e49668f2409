//! The public corpus and the specification's own examples.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use yaml_serde::Value;

use crate::Profile;
use crate::ast::Scalar;
use crate::parse::yaml::{self, Content, Node};
use crate::parse::{Library, Options, Placeholders, RefusalKind, documents, read};

fn data() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !path.is_dir() {
        eprintln!("NOT RUN: {} is absent, so nothing is tested against outside material", path.display());
        return None;
    }
    Some(path)
}

fn yaml_files(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yml") {
                files.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// The tree as the other YAML reader gives it, numbers by value.
fn plain(node: &Node<'_>) -> Value {
    match &node.content {
        Content::List(items) => Value::Sequence(items.iter().map(plain).collect()),
        Content::Map(entries) => Value::Mapping(
            entries.iter().map(|entry| (Value::String(entry.key.to_string()), plain(&entry.value))).collect(),
        ),
        Content::Plain(_) | Content::Text(_) => match node.scalar().unwrap() {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => Value::Bool(value),
            Scalar::Number(text) => yaml_serde::from_str(&text).unwrap(),
            Scalar::Text(text) => Value::String(text),
        },
    }
}

#[test]
fn every_rule_of_the_public_corpus_is_read() {
    let Some(data) = data() else { return };
    let files = yaml_files(&data.join("sigma"));
    let start = Instant::now();
    let mut warnings = Vec::new();
    let results: Vec<_> = files.iter().flat_map(|(path, text)| read(path, text, &mut warnings)).collect();
    let took = start.elapsed();
    let refused: Vec<String> = results.iter().filter_map(|result| Some(result.as_ref().err()?.to_string())).collect();
    eprintln!("{} files, {} documents, {} warnings in {took:?}", files.len(), results.len(), warnings.len());
    assert_eq!(refused, Vec::<String>::new());
    assert_eq!((files.len(), results.len()), (3754, 3754));
    let warnings: Vec<&str> = warnings.iter().map(|warning| warning.reason.as_str()).collect();
    assert_eq!(warnings, ["the modifier in the name of selection `select_tree_execution|endswith` has no effect"]);
}

#[test]
fn another_yaml_reader_sees_the_same_trees_in_the_public_corpus() {
    let Some(data) = data() else { return };
    for (path, text) in yaml_files(&data.join("sigma")) {
        for (line, document) in yaml::split(&text) {
            let ours = plain(&yaml::read(line, document).unwrap());
            assert_eq!(ours, yaml_serde::from_str::<Value>(document).unwrap(), "{path}");
        }
    }
}

#[test]
fn the_public_corpus_loads_but_for_unresolved_placeholders() {
    let Some(data) = data() else { return };
    let library = Library::load(yaml_files(&data.join("sigma")), &Options::default());
    eprintln!(
        "{} rules, {} refusals, {} warnings",
        library.rules.len(),
        library.refusals.len(),
        library.warnings.len()
    );
    let refused: Vec<(RefusalKind, &str)> =
        library.refusals.iter().map(|refusal| (refusal.kind, refusal.reason.as_str())).collect();
    let expect = (RefusalKind::DemandedByStandard, "placeholder `%known_cdcs%` has no value");
    assert_eq!((library.rules.len(), refused), (3752, vec![expect, expect]));
    let values = Placeholders::from([("known_cdcs".to_owned(), vec!["example.org".to_owned()])]);
    let options = Options { placeholders: values, ..Options::default() };
    assert_eq!(Library::load(yaml_files(&data.join("sigma")), &options).rules.len(), 3754);
}

#[test]
fn what_the_schemas_of_the_standard_accept_is_read() {
    let Some(data) = data() else { return };
    let files = yaml_files(&data.join("sigma-specification/tests/schema"));
    assert_eq!(files.len(), 12);
    for (path, text) in files {
        let found = documents(&path, &text);
        assert!(found.len() == 1 && found[0].is_ok(), "{found:?}");
    }
}

/// The YAML blocks of the standard's pages.
fn examples(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut block: Option<String> = None;
    for row in page.lines() {
        match &mut block {
            None if row.starts_with("```yml") || row.starts_with("```yaml") => block = Some(String::new()),
            Some(_) if row.starts_with("```") => found.extend(block.take()),
            Some(text) => {
                text.push_str(row);
                text.push('\n');
            }
            None => {}
        }
    }
    found
}

/// An example made whole: the pages show parts of rules.
fn made_whole(example: &str) -> Option<String> {
    let has = |key: &str| example.lines().any(|row| row.trim_start().starts_with(key));
    if has("detection:") {
        let title = if has("title:") { "" } else { "title: t\n" };
        let source = if has("logsource:") { "" } else { "logsource:\n    product: p\n" };
        let condition = if has("condition:") { "" } else { "    condition: 1 of them\n" };
        return Some(format!("{title}{source}{example}{condition}"));
    }
    let title = if has("title:") { "" } else { "title: t\n" };
    let whole = has("correlation:") && has("timespan:") || has("filter:");
    whole.then(|| format!("{title}{example}"))
}

#[test]
fn every_example_in_the_text_of_the_standard_is_read() {
    let Some(data) = data() else { return };
    let mut counts = Vec::new();
    for page in ["rules", "correlation-rules", "filters"] {
        let path = data.join(format!("sigma-specification/specification/sigma-{page}-specification.md"));
        let examples: Vec<String> = examples(&std::fs::read_to_string(path).unwrap());
        let whole: Vec<String> = examples.iter().filter_map(|example| made_whole(example)).collect();
        counts.push((examples.len(), whole.len()));
        for text in whole {
            for result in documents(page, &text) {
                assert!(result.is_ok(), "{result:?}\n{text}");
            }
        }
    }
    assert_eq!(counts, [(16, 11), (16, 11), (2, 1)], "examples, and those that are rules or can be made so");
}

#[test]
fn each_rule_that_the_profile_lists_exists_under_its_title_and_would_run_without_it() {
    const TEXT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/profiles/small-hospital.toml"));
    let profile = Profile::parse(TEXT).unwrap();
    let listed: Vec<(&str, &str)> = profile.listed().collect();
    let Some(data) = data() else { return };
    let mut library = Library::load(yaml_files(&data.join("sigma")), &Options::default());
    let bounds_only = TEXT.split("[[off]]").next().unwrap();
    Profile::parse(bounds_only).unwrap().apply(&mut library, &|_| "sigma");
    let on: BTreeMap<&str, &str> =
        library.rules.iter().map(|rule| (rule.card.id.as_str(), rule.card.title.as_str())).collect();
    for (id, title) in &listed {
        assert_eq!(on.get(id), Some(title), "{id}");
    }
    let before = library.rules.len();
    let applied = profile.apply(&mut library, &|_| "sigma");
    assert_eq!((applied.not_found.len(), before - library.rules.len()), (0, listed.len()));
}
