//! What documents name exists: tests that prove a contract, anomalies, and files of the repository. A renamed test or a moved file shows here, not to a reader.

use std::collections::BTreeSet;

use super::Problem;
use super::tree::File;

/// Folders whose paths are checked when a document names them.
const FOLDERS: [&str; 8] = ["benches/", "crates/", "docs/", "fixtures/", "rules/", "scripts/", "xtask/", ".ci/"];

/// Fewest underscores of a word that is taken for the name of a test or an anomaly; shorter ones are mostly fields of somebody's logs.
const NAME_UNDERSCORES_MIN: usize = 3;

/// Every piece of `code` in every Markdown file.
pub(super) fn check(files: &[File]) -> Vec<Problem> {
    let names = names(files);
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| file.is("md")) {
        for (line, text) in code(&file.text) {
            if is_name(text) && !names.contains(text) {
                problems.push(Problem::new(&file.path, line, format!("no test, function or anomaly is called {text}")));
            } else if is_path(text) && !exists(files, text) {
                problems.push(Problem::new(&file.path, line, format!("there is no {text}")));
            }
        }
    }
    problems
}

/// The pieces between single backticks, outside blocks, with their lines.
fn code(text: &str) -> Vec<(usize, &str)> {
    let (mut found, mut is_block) = (Vec::new(), false);
    for (line, content) in text.lines().enumerate() {
        if content.trim_start().starts_with("```") {
            is_block = !is_block;
        } else if !is_block {
            found.extend(content.split('`').skip(1).step_by(2).map(|piece| (line + 1, piece)));
        }
    }
    found
}

fn is_name(text: &str) -> bool {
    let is_snake = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    is_snake && text.bytes().filter(|byte| *byte == b'_').count() >= NAME_UNDERSCORES_MIN
}

/// A path without holes: `crates/decode/src/NAME/` and `crates/*/src` stand for many.
fn is_path(text: &str) -> bool {
    let is_hole = |part: &str| part.len() > 2 && part.bytes().all(|byte| byte.is_ascii_uppercase());
    let has_hole = text.contains(['*', '<', '{', ' ', '…']) || text.split(['/', '.']).any(is_hole);
    FOLDERS.iter().any(|folder| text.starts_with(folder)) && !has_hole
}

fn exists(files: &[File], path: &str) -> bool {
    let folder = format!("{}/", path.trim_end_matches('/'));
    files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
}

/// Names behind `fn` in the Rust files, and the texts between quotation marks.
fn names(files: &[File]) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for file in files.iter().filter(|file| file.is("rs")) {
        names.extend(file.text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next()));
        names.extend(file.text.split('"'));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let files = [
            File::new("docs/a.md", text),
            File::new("crates/a/src/b.rs", "#[test]\nfn one_line_is_one_event() {}\nfn f() { g(\"a_line_too_long\") }"),
        ];
        let seen: Vec<String> = super::check(&files).iter().map(ToString::to_string).collect();
        assert_eq!(seen, expect);
    }

    #[test]
    fn tests_that_documents_name_exist() {
        check(
            "`one_line_is_one_event`, `a_line_too_long`, `too_long`, `a_b_c_d = 1`\n```\n`gone_and_never_seen`\n```\n",
            &[],
        );
        check(
            "x\nheld by `two_lines_are_two_events`",
            &["docs/a.md:2: no test, function or anomaly is called two_lines_are_two_events"],
        );
    }

    #[test]
    fn files_that_documents_name_exist() {
        check(
            "`crates/a/src/b.rs`, `crates/a/`, `crates/*/c`, `crates/a/src/NAME/`, `rules/`, `other/x`",
            &["docs/a.md:1: there is no rules/"],
        );
        check("`crates/a/src/c.rs`", &["docs/a.md:1: there is no crates/a/src/c.rs"]);
    }
}
