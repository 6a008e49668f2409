//! Words: what may not stand in the code or in any text of the repository.
//!
//! Open ends need an entry in `docs/gaps.md`; `unsafe` needs a room on the list; lints are expected with a reason, never allowed; texts speak of
//! the project itself and of nothing that happened to surround its making.

use super::Problem;
use super::rust::{Source, tokens};
use super::tree::File;

/// Where open ends are listed.
const GAPS: &str = "docs/gaps.md";

/// Rooms whose code may be `unsafe`. None.
const UNSAFE_ROOMS: [&str; 0] = [];

/// Words that mark an open end.
const OPEN_ENDS: [&str; 3] = ["TODO", "FIXME", "XXX"];

/// Texts that stand nowhere, in lower case; words stand alone, paths and hosts anywhere.
const FOREIGN_WORDS: [&str; 5] = ["as an ai", "chatgpt", "claude", "copilot", "llm"];
const FOREIGN_HOSTS: [&str; 4] = ["index.crates.io", "static.crates.io", "registry.npmjs.org", "pypi.org"];
const FOREIGN_PATHS: [&str; 2] = ["/work/", "/root/"];

/// This file lists the words and is not searched for them.
const LIST: &str = "xtask/src/tidy/words.rs";

/// Every file.
pub(super) fn check(files: &[File]) -> Vec<Problem> {
    let gaps = files.iter().find(|file| file.path == GAPS).map_or("", |file| &file.text);
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| file.path != LIST) {
        problems.extend(foreign(file));
        let source = file.is("rs").then(|| Source::read(&file.text));
        problems.extend(source.iter().flat_map(|source| forbidden_code(file, source)));
        let prose = source.as_ref().map_or(&file.text, |source| &source.comments);
        problems.extend(open_ends(file, prose, gaps));
    }
    problems
}

/// Whether a file holds logs, in which any word may stand.
fn holds_logs(path: &str) -> bool {
    path.starts_with("fixtures/") || path.starts_with("rules/") || path.contains("/testdata/")
}

fn open_ends(file: &File, prose: &str, gaps: &str) -> Vec<Problem> {
    if holds_logs(&file.path) || file.path == GAPS || gaps.contains(&file.path) {
        return Vec::new();
    }
    let lines = prose.lines().enumerate();
    let found = lines.filter_map(|(line, text)| Some((line, OPEN_ENDS.iter().find(|word| has_word(text, word))?)));
    found
        .map(|(line, word)| {
            Problem::new(&file.path, line + 1, format!("{word} without an entry in {GAPS} that names this file"))
        })
        .collect()
}

fn forbidden_code(file: &File, source: &Source) -> Vec<Problem> {
    let tokens = tokens(&source.all_code);
    let mut problems = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        let follows = |word: &str, back: usize| {
            place.checked_sub(back).and_then(|before| tokens.get(before)).is_some_and(|before| before.text == word)
        };
        let sentence = match token.text {
            "unsafe" if !UNSAFE_ROOMS.iter().any(|room| file.path.starts_with(room)) => {
                "unsafe code outside the rooms that may hold it"
            }
            "allow" if follows("[", 1) && (follows("#", 2) || follows("!", 2)) => {
                "an allow attribute: write `#[expect(lint, reason = \"...\")]`"
            }
            _ => continue,
        };
        problems.push(Problem::new(&file.path, token.line, sentence));
    }
    problems
}

fn foreign(file: &File) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (line, text) in file.text.lines().enumerate() {
        let text = text.to_lowercase();
        let word = FOREIGN_WORDS.iter().find(|word| has_word(&text, word));
        let host = FOREIGN_HOSTS.iter().find(|host| text.contains(**host));
        let path = FOREIGN_PATHS.iter().find(|path| !holds_logs(&file.path) && text.contains(**path));
        for found in [word, host, path].into_iter().flatten() {
            problems.push(Problem::new(&file.path, line + 1, format!("`{found}`: the project speaks of itself alone")));
        }
    }
    problems
}

/// Whether `word` stands in `text` with no letter or digit beside it.
fn has_word(text: &str, word: &str) -> bool {
    let is_edge = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric() && letter != '_');
    text.match_indices(word).any(|(place, _)| {
        let (before, after) = (text.get(..place), text.get(place + word.len()..));
        is_edge(before.and_then(|text| text.chars().next_back())) && is_edge(after.and_then(|text| text.chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, gaps: &str, expect: &[&str]) {
        let files = [File::new(path, text), File::new(GAPS, gaps)];
        let seen: Vec<String> = super::check(&files).iter().map(ToString::to_string).collect();
        assert_eq!(seen, expect);
    }

    #[test]
    fn an_open_end_has_an_entry_that_names_its_file() {
        let expect = "a/src/b.rs:2: TODO without an entry in docs/gaps.md that names this file";
        check("a/src/b.rs", "a();\n// TODO: more\n", "", &[expect]);
        check("a/src/b.rs", "a();\n// TODO: more\n", "- more is missing (`a/src/b.rs`)", &[]);
        check("a/src/b.rs", "a(\"TODO\"); // mktemp XXXXXX\n", "", &[]);
        check("s.sh", "# FIXME\n", "", &["s.sh:1: FIXME without an entry in docs/gaps.md that names this file"]);
    }

    #[test]
    fn unsafe_and_allow_are_refused() {
        check(
            "a/src/b.rs",
            "let x = unsafe { f() };",
            "",
            &["a/src/b.rs:1: unsafe code outside the rooms that may hold it"],
        );
        let expect = "a/src/b.rs:1: an allow attribute: write `#[expect(lint, reason = \"...\")]`";
        check("a/src/b.rs", "#[allow(dead_code)] fn f() {}", "", &[expect]);
        check("a/src/b.rs", "#![allow(dead_code)]", "", &[expect]);
        check(
            "a/src/b.rs",
            "// unsafe\nlet unsafe_code = x[allow]; #[expect(a, reason = \"unsafe\")] fn f() {}",
            "",
            &[],
        );
    }

    #[test]
    fn the_project_speaks_of_itself_alone() {
        check("a.md", "see /work/x\n", "", &["a.md:1: `/work/`: the project speaks of itself alone"]);
        check("a.md", "Claude did\n", "", &["a.md:1: `claude`: the project speaks of itself alone"]);
        check(
            "a.toml",
            "x = \"https://index.crates.io\"\n",
            "",
            &["a.toml:1: `index.crates.io`: the project speaks of itself alone"],
        );
        check("a.md", "Mr Claudel, fellmonger, clearwork/x, crates.io\n", "", &[]);
        check("fixtures/a.log", "uid=0 cwd=/root/ # TODO\n", "", &[]);
    }
}
