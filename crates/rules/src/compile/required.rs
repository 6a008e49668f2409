//! Literals that a regular expression cannot match without.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::text::fold;

/// Most literals for one pattern.
const LITERALS_MAX: usize = 64;

/// Folded literals of which one must stand in any text that the pattern matches, with or without case; empty when there are none or too many.
pub(crate) fn required_literals(pattern: &str) -> Vec<String> {
    let Ok(hir) = regex_syntax::ParserBuilder::new().build().parse(pattern) else { return Vec::new() };
    let mut texts = required(&hir).unwrap_or_default();
    texts.sort_unstable();
    texts.dedup();
    if texts.len() > LITERALS_MAX || texts.iter().any(String::is_empty) { Vec::new() } else { texts }
}

fn required(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(literal) => ascii(&literal.0).map(|text| vec![fold(text)]),
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Alternation(parts) => {
            parts.iter().map(required).collect::<Option<Vec<_>>>().map(|found| found.concat())
        }
        HirKind::Concat(parts) => of_concat(parts),
        HirKind::Class(class) => one_letter(class).map(|letter| vec![letter.to_string()]),
        _ => None,
    }
}

/// The best of a sequence: runs of single letters and literals join to one text.
fn of_concat(parts: &[Hir]) -> Option<Vec<String>> {
    let mut best: Option<Vec<String>> = None;
    let mut run = String::new();
    for part in parts {
        match part.kind() {
            HirKind::Literal(literal) if ascii(&literal.0).is_some() => {
                run.push_str(&fold(ascii(&literal.0).unwrap_or_default()))
            }
            HirKind::Class(class) if one_letter(class).is_some() => run.extend(one_letter(class)),
            HirKind::Look(_) => {}
            _ => {
                keep_better(&mut best, Some(vec![std::mem::take(&mut run)]));
                keep_better(&mut best, required(part));
            }
        }
    }
    keep_better(&mut best, Some(vec![run]));
    best
}

/// Letters beyond ASCII have more case relations than one-to-one folding knows: they give no witness.
fn ascii(literal: &[u8]) -> Option<&str> {
    std::str::from_utf8(literal).ok().filter(|text| text.is_ascii())
}

fn keep_better(best: &mut Option<Vec<String>>, other: Option<Vec<String>>) {
    let shortest = |texts: &Vec<String>| texts.iter().map(String::len).min().unwrap_or(0);
    let Some(other) = other.filter(|texts| shortest(texts) > 0) else { return };
    let is_better = best.as_ref().is_none_or(|best| shortest(&other) > shortest(best));
    if is_better {
        *best = Some(other);
    }
}

/// The letter of a class whose members all fold to it, such as `[Pp]`.
fn one_letter(class: &Class) -> Option<char> {
    let Class::Unicode(class) = class else { return None };
    let mut folded = None;
    let letters = class.iter().flat_map(|range| range.start()..=range.end());
    for letter in letters.take(5) {
        let one = crate::text::fold_char(letter);
        if folded.is_some_and(|known| known != one) {
            return None;
        }
        folded = Some(one);
    }
    folded.filter(char::is_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, expect: &[&str]) {
        assert_eq!(required_literals(pattern), expect, "{pattern}");
    }

    #[test]
    fn a_regex_gives_the_literals_it_cannot_match_without() {
        check(r"\\Temp\\[a-z]{4}\.exe$", &[r"\temp\"]);
        check(r"(?i)foo.*barbaz", &["barbaz"]);
        check(r"(abcd|efgh)x?", &["abcd", "efgh"]);
        check(r"\w+`\w", &["`"]);
        check(r"[0-9]+", &[]);
        check(r"(abcd|[0-9])", &[]);
        check(r"(abc)*", &[]);
    }
}
