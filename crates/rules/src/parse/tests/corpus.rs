//! The public corpus and the specification's own examples.

use std::path::{Path, PathBuf};
use std::time::Instant;

use yaml_serde::Value;

use crate::ast::Scalar;
use crate::parse::read;
use crate::parse::yaml::{self, Content, Node};

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
