//! Regular expressions: checked when their rule is lowered, compiled when an event first needs them. Most are never needed, and compiling all of a large
//! rule set takes longer than everything else at its start.

use std::sync::OnceLock;

use memchr::memmem::Finder;
use regex::{Match, Regex, RegexBuilder};
use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind};
use serde::{Deserialize, Serialize};

use super::required::required_literals;
use crate::ast::Modifier;

/// Up to this estimate a regular expression surely compiles within the limit of `regex`, which is 10 MiB: the estimate is too high by design, and the
/// expression is compiled for both directions.
const SURE_BYTES_MAX: usize = 4 << 20;

/// A regular expression that is known to compile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Regular {
    pattern: Box<str>,
    ignores_case: bool,
    is_multi_line: bool,
    dot_matches_new_line: bool,
    /// Folded literals of which a match needs one; empty when it needs none.
    literals: Box<[Box<str>]>,
    #[serde(skip)]
    required: OnceLock<Box<[Finder<'static>]>>,
    #[serde(skip)]
    compiled: OnceLock<Option<Regex>>,
}

/// The same question: what was compiled of it does not count.
impl PartialEq for Regular {
    fn eq(&self, other: &Self) -> bool {
        let flags = |regular: &Self| (regular.ignores_case, regular.is_multi_line, regular.dot_matches_new_line);
        self.pattern == other.pattern && flags(self) == flags(other)
    }
}

impl Regular {
    /// Checks a pattern.
    ///
    /// # Errors
    /// Why it cannot be used, in the words of `regex`.
    pub(super) fn new(pattern: &str, modifiers: &[Modifier]) -> Result<Self, regex::Error> {
        let mut regular = Self {
            pattern: pattern.into(),
            ignores_case: modifiers.contains(&Modifier::ReIgnoreCase),
            is_multi_line: modifiers.contains(&Modifier::ReMultiLine),
            dot_matches_new_line: modifiers.contains(&Modifier::ReDotAll),
            literals: Box::default(),
            required: OnceLock::new(),
            compiled: OnceLock::new(),
        };
        if !regular.surely_compiles() {
            regular.compiled = OnceLock::from(Some(regular.compile()?));
        }
        regular.literals = required_literals(pattern).into_iter().map(Into::into).collect();
        Ok(regular)
    }

    /// The pattern as written.
    pub(crate) fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Whether it matches anywhere in a text.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.compiled().is_some_and(|regex| regex.is_match(text))
    }

    /// Where it matches first.
    pub(crate) fn find<'t>(&self, text: &'t str) -> Option<Match<'t>> {
        self.compiled()?.find(text)
    }

    /// Folded literals of which a match needs one; empty when it needs none.
    pub(crate) fn literals(&self) -> &[Box<str>] {
        &self.literals
    }

    /// Searchers for [`Self::literals`].
    pub(crate) fn required(&self) -> &[Finder<'static>] {
        self.required.get_or_init(|| self.literals.iter().map(|text| Finder::new(&**text).into_owned()).collect())
    }

    fn compiled(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| self.compile().ok()).as_ref()
    }

    fn compile(&self) -> Result<Regex, regex::Error> {
        RegexBuilder::new(&self.pattern)
            .case_insensitive(self.ignores_case)
            .multi_line(self.is_multi_line)
            .dot_matches_new_line(self.dot_matches_new_line)
            .build()
    }

    /// Whether compiling can be left for later: the pattern parses and is small.
    fn surely_compiles(&self) -> bool {
        let parsed = regex_syntax::ParserBuilder::new()
            .case_insensitive(self.ignores_case)
            .multi_line(self.is_multi_line)
            .dot_matches_new_line(self.dot_matches_new_line)
            .build()
            .parse(&self.pattern);
        parsed.is_ok_and(|hir| bytes_max(&hir) <= SURE_BYTES_MAX)
    }
}

/// Bytes of one state of a compiled expression with its transitions, generously.
const STATE_BYTES: usize = 40;

/// Bytes that an expression takes when compiled, at most.
fn bytes_max(hir: &Hir) -> usize {
    let sum = |parts: &[Hir]| parts.iter().map(bytes_max).fold(0, usize::saturating_add);
    let inner = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => literal.0.len().saturating_mul(STATE_BYTES),
        HirKind::Class(Class::Unicode(class)) => sequences_max(class).saturating_mul(4 * STATE_BYTES),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len().saturating_mul(STATE_BYTES),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).saturating_add(1);
            bytes_max(&repetition.sub).saturating_mul(usize::try_from(times).unwrap_or(usize::MAX))
        }
        HirKind::Capture(capture) => bytes_max(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => sum(parts),
    };
    inner.saturating_add(2 * STATE_BYTES)
}

/// Sequences of byte ranges that a class takes in UTF-8, at most: each range takes one within 64 characters (one last byte), three within 4,096, and never
/// more than 16.
fn sequences_max(class: &ClassUnicode) -> usize {
    let sequences = class.iter().map(|range| {
        let (start, end) = (u32::from(range.start()), u32::from(range.end()));
        match (start >> 6 == end >> 6, start >> 12 == end >> 12) {
            (true, _) => 1,
            (_, true) => 3,
            _ => 16,
        }
    });
    sequences.sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_cannot_be_used_is_refused_in_the_words_of_the_regex_crate() {
        for pattern in ["(", "a{2,1}", r"(?=x)", r"\w{1000}{1000}", r"[z-a]"] {
            let expect = Regex::new(pattern).unwrap_err().to_string();
            assert_eq!(Regular::new(pattern, &[]).unwrap_err().to_string(), expect, "{pattern}");
        }
    }

    #[test]
    fn small_patterns_wait_for_their_first_event_and_large_ones_are_tried_at_once() {
        let waits = |pattern| Regular::new(pattern, &[]).unwrap().compiled.get().is_none();
        assert!(waits(r"\\Temp\\[a-z]{4}\.exe$"));
        assert!(waits(r"(?i)[\w\s]{1,10}\d+"));
        assert!(!waits(r"\w{200}"));
    }

    #[test]
    fn flags_are_part_of_the_question() {
        let regular = |modifiers: &[Modifier]| Regular::new("^a.c$", modifiers).unwrap();
        let check = |modifiers: &[Modifier], text, expect| assert_eq!(regular(modifiers).is_match(text), expect);
        check(&[], "ABC", false);
        check(&[Modifier::ReIgnoreCase], "ABC", true);
        check(&[Modifier::ReMultiLine], "x\nabc", true);
        check(&[Modifier::ReDotAll], "a\nc", true);
        assert_ne!(regular(&[]), regular(&[Modifier::ReDotAll]));
    }

    proptest! {
        #[test]
        fn what_is_held_for_sure_compiles(pattern in r"(\\[wdsWDSb]|\\p\{L\}|\.|[a-zä\u{1F600}]|\(a|\)|\||\*|\+|\?|\{[0-9]{1,3}\}|\[[a-z]-[z-ÿ]\]){0,12}") {
            let sure = Regular::new(&pattern, &[]).is_ok_and(|regular| regular.compiled.get().is_none());
            prop_assert!(!sure || Regex::new(&pattern).is_ok());
        }
    }
}
