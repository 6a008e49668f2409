//! Selections, values and modifiers.

use super::{check_refused, rule, with_detection};
use crate::ast::{Detection, Item, Modifier, Scalar};
use crate::parse::modifiers::has_wildcard;

fn text(text: &str) -> Scalar {
    Scalar::Text(text.to_owned())
}

fn number(text: &str) -> Scalar {
    Scalar::Number(text.to_owned())
}

fn item(field: &str, modifiers: &[Modifier], values: &[Scalar]) -> Detection {
    let field = Some(field.to_owned()).filter(|field| !field.is_empty());
    Detection::Item(Item { field, modifiers: modifiers.to_vec(), values: values.to_vec() })
}

/// What the selection with these lines asks for.
fn selection(lines: &str) -> Detection {
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    rule(&with_detection(&format!("s:\n{lines}condition: s"))).selections.remove(0).detection
}

#[test]
fn maps_are_and_lists_are_or_and_both_nest() {
    assert_eq!(
        selection("EventLog: Security\nEventID:\n    - 517\n    - '1102'"),
        Detection::All(vec![
            item("EventLog", &[], &[text("Security")]),
            item("EventID", &[], &[number("517"), text("1102")]),
        ])
    );
    assert_eq!(
        selection("- Image|endswith: '\\example.exe'\n  User: x\n- keyword\n- 5\n- - a\n  - b"),
        Detection::Any(vec![
            Detection::All(vec![
                item("Image", &[Modifier::EndsWith], &[text("\\example.exe")]),
                item("User", &[], &[text("x")]),
            ]),
            item("", &[], &[text("keyword")]),
            item("", &[], &[number("5")]),
            item("", &[], &[text("a"), text("b")]),
        ])
    );
}

#[test]
fn keywords_stand_over_the_whole_event() {
    assert_eq!(
        selection("- EVILSERVICE\n- 1\n- true"),
        item("", &[], &[text("EVILSERVICE"), number("1"), text("true")])
    );
    assert_eq!(
        selection("'|all':\n    - OabVirtualDirectory\n    - ' -ExternalUrl '"),
        Detection::All(vec![item("", &[Modifier::All], &[text("OabVirtualDirectory"), text(" -ExternalUrl ")])])
    );
    let one = rule(&with_detection("s: mimikatz\ncondition: s")).selections.remove(0).detection;
    assert_eq!(one, item("", &[], &[text("mimikatz")]));
}

fn check_value(yaml: &str, expect: &Scalar) {
    assert_eq!(selection(&format!("f: {yaml}")), Detection::All(vec![item("f", &[], std::slice::from_ref(expect))]));
}

#[test]
fn values_keep_their_spelling_and_quoted_ones_are_text() {
    check_value("1", &number("1"));
    check_value("'1'", &text("1"));
    check_value("1.0", &number("1.0"));
    check_value("0xC000006D", &number("0xC000006D"));
    check_value("007", &number("007"));
    check_value("-5e3", &number("-5e3"));
    check_value("18446744073709551616", &number("18446744073709551616"));
    check_value("1.2.3", &text("1.2.3"));
    check_value("2019-10-23", &text("2019-10-23"));
    check_value("1e999", &text("1e999"));
    check_value("yes", &text("yes"));
    check_value("true", &Scalar::Bool(true));
    check_value("'true'", &text("true"));
    check_value("!!str 5", &text("5"));
    check_value("null", &Scalar::Null);
    check_value("~", &Scalar::Null);
    check_value("", &Scalar::Null);
    check_value("''", &text(""));
    check_value("'null'", &text("null"));
}

#[test]
fn backslashes_and_wildcards_stay_as_written() {
    for value in [r"C:\Windows\*", r"\\*", r"\\\*", r"\\\\", r"end\", r"a\?b", r"?\"] {
        check_value(&format!("'{value}'"), &text(value));
        check_value(value, &text(value));
    }
    assert!(has_wildcard(r"a*") && has_wildcard(r"\\*") && has_wildcard(r"a\b?"));
    assert!(!has_wildcard(r"a\*") && !has_wildcard(r"\\\*") && !has_wildcard(r"plain\"));
}

fn check_item(key: &str, value: &str, modifiers: &[Modifier], expect: &[Scalar]) {
    let field = key.split('|').next().unwrap();
    assert_eq!(selection(&format!("{key}: {value}")), Detection::All(vec![item(field, modifiers, expect)]), "{key}");
}

#[test]
fn every_modifier_is_read_in_its_order() {
    use Modifier as M;
    check_item("f|contains|all", "[a, b]", &[M::Contains, M::All], &[text("a"), text("b")]);
    check_item("f|startswith|cased", "a", &[M::StartsWith, M::Cased], &[text("a")]);
    check_item("f|windash|contains", "' -a'", &[M::Windash, M::Contains], &[text(" -a")]);
    check_item("f|wide|base64offset|contains", "ping", &[M::Utf16le, M::Base64Offset, M::Contains], &[text("ping")]);
    check_item("f|base64offset", "ping", &[M::Base64Offset], &[text("ping")]);
    check_item("f|utf16|base64", "ping", &[M::Utf16, M::Base64], &[text("ping")]);
    check_item("f|utf16be|base64", "ping", &[M::Utf16be, M::Base64], &[text("ping")]);
    check_item("f|re|i|m|s", "'a.*b'", &[M::Re, M::ReIgnoreCase, M::ReMultiLine, M::ReDotAll], &[text("a.*b")]);
    check_item("f|re|neq", "'^a'", &[M::Re, M::Neq], &[text("^a")]);
    check_item("f|exists", "false", &[M::Exists], &[Scalar::Bool(false)]);
    check_item("f|neq", "5", &[M::Neq], &[number("5")]);
    check_item("f|gte", "1.5", &[M::Gte], &[number("1.5")]);
    check_item("f|hour|gt", "17", &[M::Hour, M::Gt], &[number("17")]);
    check_item("f|year", "2025", &[M::Year], &[number("2025")]);
    check_item("f|week|neq", "[1, 53]", &[M::Week, M::Neq], &[number("1"), number("53")]);
    check_item("f|fieldref|neq", "Other", &[M::FieldRef, M::Neq], &[text("Other")]);
    check_item("f|cidr", "['10.0.0.0/8', 'fe80::/10']", &[M::Cidr], &[text("10.0.0.0/8"), text("fe80::/10")]);
    check_item("f|cidr", "'10.1.2.3'", &[M::Cidr], &[text("10.1.2.3/32")]);
    check_item("f|contains", "4625", &[M::Contains], &[text("4625")]);
    check_item("f|expand", "'%Servers%'", &[M::Expand], &[text("%Servers%")]);
}

/// The refusal of a selection with this one entry, which stands on line 11.
fn check_entry(entry: &str, expect: &str) {
    check_refused(&with_detection(&format!("s:\n    {entry}\ncondition: s")), &format!("r.yml:11: {expect}"));
}

#[test]
fn modifiers_that_do_not_go_together_are_refused() {
    check_entry("f|contain: a", "unknown modifier `contain` (did you mean `contains`?)");
    check_entry("f|wildcard: a", "unknown modifier `wildcard`");
    check_entry("f|: a", "unknown modifier ``");
    check_entry("f|contains|contains: a", "modifier `contains` stands twice");
    check_entry("f|wide|utf16le: a", "modifier `utf16le` stands twice");
    check_entry("f|re|contains: a", "modifiers `re` and `contains` do not go together");
    check_entry("f|contains|re: a", "modifiers `contains` and `re` do not go together");
    check_entry("f|re|cased: a", "modifiers `re` and `cased` do not go together");
    check_entry("f|startswith|endswith: a", "modifiers `startswith` and `endswith` do not go together");
    check_entry("f|cidr|contains: 10.0.0.0/8", "modifiers `cidr` and `contains` do not go together");
    check_entry("f|gt|lt: 5", "modifiers `gt` and `lt` do not go together");
    check_entry("f|hour|minute: 5", "modifiers `hour` and `minute` do not go together");
    check_entry("f|exists|neq: true", "modifiers `exists` and `neq` do not go together");
    check_entry("f|fieldref|re: a", "modifiers `fieldref` and `re` do not go together");
    check_entry("f|base64|base64offset: a", "modifiers `base64` and `base64offset` do not go together");
    check_entry("f|contains|base64: a", "modifier `base64` must stand before `contains`");
    check_entry("f|base64|wide: a", "modifier `utf16le` must stand before `base64`");
    check_entry("f|base64|windash: a", "modifier `windash` must stand before `base64`");
    check_entry("f|base64|expand: a", "modifier `expand` must stand before `base64`");
    check_entry("f|i|re: a", "modifier `re` must stand before `i`");
    check_entry("f|i: a", "modifier `i` needs `re` before it");
    check_entry("'|exists': true", "modifier `exists` needs a field before it");
}

#[test]
fn values_that_a_modifier_cannot_take_are_refused() {
    let one_all =
        "modifier `all` needs at least two values (leave `all` out: one value is the same with and without it)";
    check_entry("f|contains|all: a", one_all);
    check_entry("f|all: [a]", one_all);
    check_entry("f|exists: yes", "modifier `exists` needs one value, true or false");
    check_entry("f|exists: [true, false]", "modifier `exists` needs one value, true or false");
    check_entry("f|lt: abc", "modifier `lt` needs a decimal number (write it without quotes)");
    check_entry("f|gte: '5'", "modifier `gte` needs a decimal number (write it without quotes)");
    check_entry("f|hour: 24", "modifier `hour` takes 0 to 23");
    check_entry("f|month|lt: 0", "modifier `month` takes 1 to 12");
    let network = "is not an IP network (write for example `10.0.0.0/8` or `fe80::/10`)";
    check_entry("f|cidr: 10.0.0.0/33", &format!("`10.0.0.0/33` {network}"));
    check_entry("f|cidr: 10.*", &format!("`10.*` {network}"));
    check_entry("f|fieldref: 5", "modifier `fieldref` needs the name of a field");
    check_entry("f|contains: null", "modifier `contains` cannot work on null (`''` is the empty text)");
    check_entry(
        "f|base64: 'a*'",
        "modifier `base64` cannot encode the wildcard in `a*` (write `\\*` or `\\?` where the character itself is meant)",
    );
    check_entry(
        "f|re: 'a(?!b)'",
        "the regular expression looks ahead or behind, which Sigma's regular expressions do not have (use a second selection and `not` in the condition)",
    );
    check_entry("f|re: '(a)\\1'", "the regular expression refers back, which Sigma's regular expressions do not have");
    check_entry("f|re: '[a'", "the regular expression cannot be read: unclosed character class");
    check_entry("f: []", "`f` has no values");
    check_entry("f: [[a]]", "a value of `f` is a list or a map (values are texts, numbers, true, false or null)");
    check_entry("f: {a: b}", "a value of `f` is a list or a map (values are texts, numbers, true, false or null)");
    check_entry("- null", "a keyword cannot be null (null needs a field: `Field: null`)");
}

#[test]
fn the_line_of_the_offending_value_is_named() {
    check_refused(
        &with_detection("s:\n    f|re:\n        - fine\n        - '(?<=x)y'\ncondition: s"),
        "r.yml:13: the regular expression looks ahead or behind, which Sigma's regular expressions do not have (use a second selection and `not` in the condition)",
    );
    check_refused(
        &with_detection("s:\n    f: 1\n    f: 2\ncondition: s"),
        "r.yml:12: `f` stands twice in the same map",
    );
    check_refused(&with_detection("s: []\ncondition: s"), "r.yml:10: `s` is an empty list");
    check_refused(&with_detection("s: {}\ncondition: s"), "r.yml:10: `s` is an empty map");
    check_refused(
        &with_detection("s: \ncondition: s"),
        "r.yml:10: a keyword cannot be null (null needs a field: `Field: null`)",
    );
}
