//! Filters: joined to their rules with names of their own.

use crate::ast::{Rule, RuleLogSource};
use crate::parse::join::covers;
use crate::parse::{Library, Options};

const RULE: &str = "title: r
id: r1
name: r_name
logsource: {product: windows, category: process_creation}
detection:
    selection_a: {a: 1}
    selection_b: {b: 1}
    filter_main: {c: 1}
    _hidden: {d: 1}
";

fn filter(rules: &str, lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    format!("title: f\nlogsource: {{product: windows}}\nfilter:\n    rules: {rules}\n{lines}")
}

fn load(condition: &str, filters: &[String]) -> Library {
    let mut files = vec![("r.yml".to_owned(), format!("{RULE}    condition: {condition}\n"))];
    files.extend(filters.iter().enumerate().map(|(number, text)| (format!("f{number}.yml"), text.clone())));
    Library::load(files, &Options::default())
}

fn names(rule: &Rule) -> Vec<&str> {
    rule.selections.iter().skip(4).map(|selection| selection.name.as_str()).collect()
}

fn check(condition: &str, filters: &[String], expect: &str, added: &[&str]) {
    let library = load(condition, filters);
    assert_eq!(library.refusals, []);
    let rule = &library.rules[0];
    let conditions: Vec<String> = rule.conditions.iter().map(ToString::to_string).collect();
    assert_eq!((conditions, names(rule)), (vec![expect.to_owned()], added.to_vec()));
}

#[test]
fn a_filtered_rule_is_the_rule_and_the_filters_condition() {
    let one = filter("[r1]", "selection: {User|startswith: adm_}\ncondition: not selection");
    check(
        "selection_a",
        std::slice::from_ref(&one),
        "selection_a and not _filter_1_selection",
        &["_filter_1_selection"],
    );
    let by_name = one.replace("[r1]", "[r_name]");
    check(
        "selection_a or selection_b",
        &[by_name],
        "(selection_a or selection_b) and not _filter_1_selection",
        &["_filter_1_selection"],
    );
    let any = one.replace("[r1]", "any");
    check(
        "selection_a",
        &[one, any],
        "(selection_a and not _filter_1_selection) and not _filter_2_selection",
        &["_filter_1_selection", "_filter_2_selection"],
    );
}

#[test]
fn neither_sides_patterns_catch_the_others_selections() {
    let own = filter(
        "[r1]",
        "selection_x: {x: 1}\nselection_y: {y: 1}\n_z: {z: 1}\ncondition: not 1 of selection_* and not all of them and not _z",
    );
    check(
        "1 of selection_* and not 1 of filter_*",
        std::slice::from_ref(&own),
        "((selection_a or selection_b) and not filter_main) and (not (_filter_1_selection_x or _filter_1_selection_y) \
         and not (_filter_1_selection_x and _filter_1_selection_y) and not _filter_1__z)",
        &["_filter_1_selection_x", "_filter_1_selection_y", "_filter_1__z"],
    );
    let small = filter("[r1]", "s: {x: 1}\ncondition: not 1 of them");
    check(
        "all of them",
        std::slice::from_ref(&small),
        "(selection_a and selection_b and filter_main) and not _filter_1_s",
        &["_filter_1_s"],
    );
    check(
        "1 of *",
        &[small],
        "(selection_a or selection_b or filter_main or _hidden) and not _filter_1_s",
        &["_filter_1_s"],
    );
}

#[test]
fn conditions_in_lists_are_or_before_they_are_joined() {
    let two = filter("[r1]", "s: {x: 1}\nt: {x: 2}\ncondition: [not s, not t]");
    check(
        "[selection_a, selection_b]",
        &[two],
        "(selection_a or selection_b) and (not _filter_1_s or not _filter_1_t)",
        &["_filter_1_s", "_filter_1_t"],
    );
}

#[test]
fn a_prefix_that_the_rule_uses_itself_is_avoided() {
    let text = format!("{RULE}    _filter_1_x: {{y: 1}}\n    condition: selection_a or _filter_1_x\n");
    let one = filter("[r1]", "s: {x: 1}\ncondition: not s");
    let library = Library::load([("r.yml".to_owned(), text), ("f.yml".to_owned(), one)], &Options::default());
    assert_eq!(library.rules[0].conditions[0].to_string(), "(selection_a or _filter_1_x) and not _filter_2_s");
}

fn check_warned(filters: &[String], expect: &[&str]) {
    let library = load("selection_a", filters);
    assert_eq!(library.rules[0].conditions[0].to_string(), "selection_a", "not filtered");
    let warnings: Vec<String> =
        library.warnings.iter().filter(|warning| warning.path != "r.yml").map(ToString::to_string).collect();
    assert_eq!(warnings, expect);
    assert_eq!(library.filters, filters.len());
}

#[test]
fn a_filter_that_does_nothing_is_told() {
    let one = filter("[r1, r2]", "s: {x: 1}\ncondition: not s").replace("product: windows", "product: linux");
    check_warned(
        std::slice::from_ref(&one),
        &["f0.yml:4: rule `r1` is on another log source than the filter", "f0.yml:4: there is no rule `r2` to filter"],
    );
    check_warned(&[one.replace("[r1, r2]", "any")], &["f0.yml:3: the filter applies to no rule"]);
}

#[test]
fn a_filter_without_not_is_told_that_it_keeps_only_the_noise() {
    let library = load("selection_a", &[filter("[r1]", "s: {x: 1}\ncondition: s")]);
    let said: Vec<String> =
        library.warnings.iter().filter(|warning| warning.path == "f0.yml").map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "f0.yml:6: the filter keeps only what it describes, because its condition has no `not` (`not selection` leaves out what it describes)"
        ]
    );
    assert_eq!(library.rules[0].conditions[0].to_string(), "selection_a and _filter_1_s");
}

#[test]
fn broken_filters_are_refused() {
    for (text, expect) in [
        (filter("[]", "s: {x: 1}\ncondition: not s"), "f0.yml:3: `rules` is missing"),
        (filter("any", "s: {x: 1}"), "f0.yml:3: `condition` is missing"),
        (
            filter("any", "s: {x: 1}\ncondition: not t"),
            "f0.yml:6: the condition names `t`, which is no selection of this rule",
        ),
        (
            filter("any", "s: {x: 1}\ncondition: not s").replace("logsource", "source"),
            "f0.yml:1: `logsource` is missing (`source` may be a slip of the pen for it)",
        ),
    ] {
        let library = load("selection_a", &[text]);
        assert_eq!(library.refusals.iter().map(ToString::to_string).collect::<Vec<_>>(), [expect]);
    }
}

#[test]
fn a_filter_covers_its_log_source_and_parts_of_it() {
    let source = |product: &str, category: &str| {
        let word = |word: &str| Some(word.to_owned()).filter(|word| !word.is_empty());
        RuleLogSource { product: word(product), category: word(category), service: None }
    };
    assert!(covers(&source("windows", ""), &source("windows", "process_creation")));
    assert!(covers(&source("windows", "dns"), &source("windows", "dns")));
    assert!(!covers(&source("windows", "dns"), &source("windows", "")));
    assert!(!covers(&source("linux", ""), &source("windows", "")));
}
