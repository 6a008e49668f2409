//! Texts that no author wrote: nothing panics, nothing grows without bound.

use std::time::Instant;

use proptest::prelude::*;

use crate::parse::{Library, Options, documents};

const PIECES: [&str; 58] = [
    "title: a\n",
    "id: 1\n",
    "logsource:\n",
    "  product: windows\n",
    "detection:\n",
    "  sel:\n",
    "    Image|endswith: x\n",
    "    a|re|i: '(?=x)'\n",
    "  condition: ",
    "sel",
    "1 of sel*",
    "all of them",
    " and ",
    " or ",
    " not ",
    "(",
    ")",
    "correlation:\n",
    "  type: event_count\n",
    "  rules: [a, b]\n",
    "  timespan: 5m\n",
    "    gte: 3\n",
    "filter:\n",
    "  rules: any\n",
    "- ",
    "  ",
    "    ",
    ": ",
    "|",
    ">",
    "|-\n",
    "&a ",
    "*a",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "\\",
    "\n",
    "\r\n",
    "\t",
    "---\n",
    "...\n",
    "? ",
    "!!str ",
    "!x ",
    "%YAML 1.2\n",
    "#",
    "<<: *a\n",
    "\u{feff}",
    "\u{85}",
    "é",
    "\0",
    ",",
    "null",
    "0x1f",
];

fn load(text: String) {
    let library = Library::load([("a.yml".to_owned(), text)], &Options::default());
    for refusal in &library.refusals {
        assert!(refusal.line >= 1 && !refusal.reason.is_empty(), "{refusal}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        load(text);
    }

    #[test]
    fn text_made_of_sigmas_own_pieces_never_panics(picks in prop::collection::vec(0..PIECES.len(), 0..60)) {
        load(picks.into_iter().map(|pick| PIECES[pick]).collect());
    }

    #[test]
    fn a_rule_with_one_piece_put_in_anywhere_never_panics(pick in 0..PIECES.len(), at in 0..super::RULE.len()) {
        let (front, back) = super::RULE.split_at(at);
        load(format!("{front}{}{back}", PIECES[pick]));
    }
}

#[test]
fn a_rule_cut_off_at_any_byte_is_read_or_refused() {
    let complete = documents("a.yml", super::RULE);
    assert!(complete[0].is_ok());
    for end in 0..super::RULE.len() {
        load(super::RULE.split_at(end).0.to_owned());
    }
}

fn check_refused(text: &str, expect: &str) {
    let start = Instant::now();
    let refusal = documents("a.yml", text).remove(0).unwrap_err();
    assert!(refusal.reason.contains(expect), "{refusal}");
    eprintln!("{expect}: {:?}", start.elapsed());
}

#[test]
fn documents_that_would_grow_without_bound_are_refused() {
    check_refused(&format!("a: {}", "[".repeat(100)), "nested more than 64 levels deep");
    check_refused(
        &(0..100).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>(),
        "nested more than 64",
    );
    let laughs = (1..40).fold("a0: &a0 [x, x, x, x]\n".to_owned(), |text, level| {
        let before = level - 1;
        format!("{text}a{level}: &a{level} [*a{before}, *a{before}, *a{before}, *a{before}]\n")
    });
    check_refused(&laughs, "more than 200000 values");
    let long = format!("a: &a \"{}\\n\"\nb: [{}]\n", "x".repeat(1_000_000), "*a, ".repeat(10_000));
    check_refused(&long, "more than 200000 values");
    check_refused("a: &a [*a]\n", "an alias stands within its own anchor");
}

#[test]
fn conditions_that_would_overflow_the_stack_are_refused() {
    for condition in ["(".repeat(10_000), "not ".repeat(10_000), "x or ".repeat(20_000)] {
        let text = super::RULE.replace("condition: selection", &format!("condition: {condition}"));
        check_refused(&text, "condition");
    }
}
