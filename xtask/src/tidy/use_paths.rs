//! The paths that code names, with the trees of `use` written out: `use std::{env, fs::File}` names `std::env` and `std::fs::File`.

use super::rust::{Token, tokens};

/// Deepest nesting of a `use` tree that is read.
const DEPTH_MAX: usize = 16;

/// One path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CodePath {
    /// Its parts joined with `::`.
    pub(super) text: String,
    /// Line of its last part, from 1.
    pub(super) line: usize,
    /// Whether it is the name of a macro.
    pub(super) is_macro: bool,
}

/// Every path of more than one part in blanked code.
pub(super) fn paths(code: &str) -> Vec<CodePath> {
    let tokens = tokens(code);
    let (mut found, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        at = read(&tokens, at, "", 0, &mut found).max(at + 1);
    }
    found.retain(|path| path.text.contains("::"));
    found
}

/// Reads the path or tree at `at` behind `prefix` and returns where it ends.
fn read(tokens: &[Token<'_>], mut at: usize, prefix: &str, depth: usize, found: &mut Vec<CodePath>) -> usize {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let mut path = prefix.to_owned();
    while let Some(token) = tokens.get(at) {
        if token.text == "{" && !path.is_empty() && depth < DEPTH_MAX {
            return read_tree(tokens, at + 1, &path, depth + 1, found);
        }
        if !is_word(token.text) {
            return at;
        }
        path = if path.is_empty() { token.text.to_owned() } else { format!("{path}::{}", token.text) };
        at += 1;
        if text(at) != ":" || text(at + 1) != ":" {
            found.push(CodePath { text: path, line: token.line, is_macro: text(at) == "!" });
            return at;
        }
        at += 2;
    }
    at
}

/// Reads the branches behind `{` up to its `}`.
fn read_tree(tokens: &[Token<'_>], mut at: usize, prefix: &str, depth: usize, found: &mut Vec<CodePath>) -> usize {
    while let Some(token) = tokens.get(at) {
        match token.text {
            "}" => return at + 1,
            "as" => at += 2,
            _ => at = read(tokens, at, prefix, depth, found).max(at + 1),
        }
    }
    at
}

fn is_word(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, expect: &[&str]) {
        let seen: Vec<String> = paths(code)
            .into_iter()
            .map(|path| format!("{}{} {}", path.text, if path.is_macro { "!" } else { "" }, path.line))
            .collect();
        assert_eq!(seen, expect);
    }

    #[test]
    fn trees_are_written_out() {
        check(
            "use std::{env,\n fs::{self, File as F}, io};",
            &["std::env 1", "std::fs::self 2", "std::fs::File 2", "std::io 2"],
        );
        check("use a::b; use c::*;", &["a::b 1"]);
    }

    #[test]
    fn paths_in_expressions_are_seen() {
        check(
            "let x: u8 = std::env::var(y)?; std::env!(z); ::std::fs::read(p)",
            &["std::env::var 1", "std::env! 1", "std::fs::read 1"],
        );
        check("struct A { a: u8 } fn f(b: u8) {}", &[]);
        check("x::<u8>() a::", &[]);
    }
}
