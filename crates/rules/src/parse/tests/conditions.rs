//! Conditions: binding, patterns, and back into text.

use proptest::prelude::*;

use super::{check_refused, rule, with_detection};
use crate::ast::{Condition, SelectionPattern};
use crate::parse::condition::parse;

fn check(text: &str, expect: &str) {
    assert_eq!(parse(text, 1).unwrap().to_string(), expect, "{text}");
    assert_eq!(parse(expect, 1), parse(text, 1), "{text}");
}

fn name(name: &str) -> Condition {
    Condition::Selection(name.to_owned())
}

#[test]
fn or_binds_weaker_than_and_and_weaker_than_not() {
    let a_and_not_b = Condition::And(vec![name("a"), Condition::Not(Box::new(name("b")))]);
    assert_eq!(parse("a and not b or c", 1).unwrap(), Condition::Or(vec![a_and_not_b, name("c")]));
    check("a or b and c", "a or b and c");
    check("(a or b) and c", "(a or b) and c");
    check("not (a or b)", "not (a or b)");
    check("not not a", "not not a");
    check("a and(b)or((c))", "a and b or c");
    check("not 1 of a* and b", "not 1 of a* and b");
    check("NOT a AND b", "not a and b");
    check("any of them", "1 of them");
    check("all of them or\n  1 of x_*_y", "all of them or 1 of x_*_y");
}

#[test]
fn parentheses_of_the_same_kind_are_kept() {
    check("(a and b) and c", "(a and b) and c");
    check("a or (b or c)", "a or (b or c)");
}

fn check_fault(text: &str, reason: &str, hint: Option<&str>) {
    let fault = parse(text, 7).unwrap_err();
    assert_eq!((fault.line, fault.reason.as_str(), fault.hint.as_deref()), (7, reason, hint), "{text}");
}

#[test]
fn broken_conditions_say_what_is_wrong() {
    check_fault("", "the condition is empty", None);
    check_fault("a and", "the condition ends where a selection is expected", None);
    check_fault("a or or b", "`or` stands where a selection is expected", None);
    check_fault("(a", "a `(` in the condition is not closed", None);
    check_fault("a)", "`)` is not expected here in the condition", Some("`and` or `or` may be missing before it"));
    check_fault("a b", "`b` is not expected here in the condition", Some("`and` or `or` may be missing before it"));
    check_fault("2 of a*", "`2 of` is not part of Sigma", Some("only `1 of` and `all of` are"));
    check_fault("1 of", "`1 of` needs `them` or a name pattern", None);
    check_fault("1 of (a)", "`1 of` needs `them` or a name pattern", None);
    check_fault("sel*", "`sel*` needs a number before it", Some("write `1 of sel*` or `all of sel*`"));
    check_fault(
        "a | count() > 5",
        "aggregations behind `|` are no longer part of Sigma",
        Some("write a correlation rule instead"),
    );
}

fn check_pattern(pattern: &str, name: &str, expect: bool) {
    assert_eq!(SelectionPattern::Name(pattern.to_owned()).matches(name), expect, "{pattern} {name}");
}

#[test]
fn stars_stand_for_any_number_of_characters_anywhere() {
    check_pattern("selection*", "selection", true);
    check_pattern("selection*", "selection_1", true);
    check_pattern("selection*", "my_selection", false);
    check_pattern("*_img", "sel_img", true);
    check_pattern("*_img", "sel_img2", false);
    check_pattern("a*b*c", "a-b-b-c", true);
    check_pattern("a*b*c", "a-c-b", false);
    check_pattern("ab*ba", "aba", false);
    check_pattern("exact", "exact", true);
    check_pattern("exact", "exactly", false);
    check_pattern("*", "_hidden", true);
    assert!(!SelectionPattern::Them.matches("_hidden"));
    assert!(SelectionPattern::Them.matches("shown"));
}

#[test]
fn names_and_patterns_must_mean_a_selection() {
    let sel = "sel_main:\n    a: b\n";
    check_refused(
        &with_detection(&format!("{sel}condition: sel_mian")),
        "r.yml:12: the condition names `sel_mian`, which is no selection of this rule (did you mean `sel_main`?)",
    );
    check_refused(
        &with_detection(&format!("{sel}condition: sel_main and not 1 of filter_*")),
        "r.yml:12: no selection of this rule matches `of filter_*`",
    );
    check_refused(
        &with_detection("_hidden:\n    a: b\ncondition: 1 of them"),
        "r.yml:12: no selection of this rule matches `of them`",
    );
}

#[test]
fn several_conditions_are_all_kept() {
    let found = rule(&with_detection("a:\n    x: 1\nb:\n    x: 2\ncondition:\n    - a\n    - b and not a"));
    let texts: Vec<String> = found.conditions.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["a", "b and not a"]);
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let names = prop::sample::select(vec!["a", "selection", "_b", "filter-1", "of", "them", "all", "1"]);
    let patterns = prop_oneof![
        Just(SelectionPattern::Them),
        prop::sample::select(vec!["a*", "*", "x_*_y", "sel"]).prop_map(|text| SelectionPattern::Name(text.to_owned())),
    ];
    let leaf = prop_oneof![
        names.prop_map(name),
        (any::<bool>(), patterns).prop_map(|(all, pattern)| Condition::Of { all, pattern }),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Condition::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Condition::Or),
            inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
}

proptest! {
    #[test]
    fn a_condition_that_is_printed_and_read_again_is_the_same(condition in any_condition()) {
        let text = condition.to_string();
        prop_assert_eq!(parse(&text, 1).unwrap(), condition, "{}", text);
    }
}
