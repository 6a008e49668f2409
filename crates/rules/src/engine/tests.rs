//! Tests of the engine: matches, explanations, and that fast evaluation equals the full scan.

use cordon_model::{Position, RawRecord, Value, When};
use proptest::prelude::*;

use super::odd_tests::{any_condition, any_item};
use super::*;
use crate::ast::{Condition, Detection, Item, Modifier, Origin, Scalar, Selection};

pub(super) const TABLE: &str = "k\tany\t-\twindows\tprocess_creation\tsysmon\t-\nk\taudit\t-\twindows\tprocess_creation\t-\twindows_4688\nk\taccess\t-\topenemr\trecord_access\t-\t-\n";

fn text(text: &str) -> Scalar {
    Scalar::Text(text.to_owned())
}

pub(super) fn item(field: Option<&str>, modifiers: &[Modifier], values: &[Scalar]) -> Detection {
    Detection::Item(Item { field: field.map(str::to_owned), modifiers: modifiers.to_vec(), values: values.to_vec() })
}

pub(super) fn rule(selections: Vec<(&str, Detection)>, condition: Condition) -> Rule {
    Rule {
        card: RuleCard::default(),
        name: None,
        status: None,
        fields: Vec::new(),
        log_source: RuleLogSource { category: Some("process_creation".to_owned()), ..RuleLogSource::default() },
        selections: selections
            .into_iter()
            .map(|(name, detection)| Selection { name: name.to_owned(), detection })
            .collect(),
        conditions: vec![condition],
        origin: Origin::default(),
        details: Default::default(),
    }
}

fn single(detection: Detection) -> Rule {
    rule(vec![("selection", detection)], Condition::Selection("selection".to_owned()))
}

pub(super) fn record<'a>(sources: SourceSet, fields: &'a [Field<'a>]) -> Record<'a> {
    let raw = RawRecord { position: Position::Offset(0), bytes: b"" };
    Record { raw, index: 0, format: "test", when: When::Missing, sources, fields, anomalies: &[], patient_spans: &[] }
}

/// Whether the rule matches, by the fast path, which must agree with the full scan.
fn matches(rule: &Rule, key: &str, fields: &[(&str, Value<'_>)]) -> bool {
    let table = LogSourceTable::parse(&[TABLE]).unwrap();
    let (engine, refused) = Engine::compile(std::slice::from_ref(rule), &table);
    assert_eq!(refused, []);
    let fields: Vec<Field<'_>> = fields.iter().map(|(name, value)| Field { name, value: *value }).collect();
    let record = record(table.lookup("k", key, None), &fields);
    let arena = Arena::new();
    let (mut fast, mut full) = (Vec::new(), Vec::new());
    engine.matches(&record, View::Own, &arena, &mut engine.scratch(), &mut fast);
    engine.evaluate_full_scan(&record, View::Own, &arena, &mut full);
    assert_eq!(fast, full);
    !fast.is_empty()
}

fn check(modifiers: &[Modifier], pattern: &str, value: &str, expect: bool) {
    let rule = single(item(Some("F"), modifiers, &[text(pattern)]));
    assert_eq!(matches(&rule, "any", &[("F", Value::Text(value))]), expect, "{modifiers:?} {pattern} on {value}");
}

#[test]
fn text_modifiers_place_the_value() {
    check(&[], "cmd.exe", "CMD.EXE", true);
    check(&[], "cmd.exe", "x cmd.exe", false);
    check(&[Modifier::EndsWith], r"\cmd.exe", r"C:\Windows\cmd.exe", true);
    check(&[Modifier::StartsWith], r"c:\", r"C:\Windows\cmd.exe", true);
    check(&[Modifier::Contains], "wind*md", r"C:\Windows\cmd.exe", true);
    check(&[Modifier::Contains, Modifier::Cased], "windows", r"C:\Windows\cmd.exe", false);
    check(&[Modifier::Contains], "ÄPFEL", "zwei äpfel", true);
}

#[test]
fn windash_knows_all_five_dashes() {
    for dash in ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'] {
        check(&[Modifier::Contains, Modifier::Windash], "/ma ", &format!("procdump {dash}ma lsass"), true);
    }
    check(&[Modifier::Contains, Modifier::Windash], " -ma ", "procdump +ma lsass", false);
}

#[test]
fn encodings_are_found_in_encoded_text() {
    check(&[Modifier::Utf16le, Modifier::Base64Offset, Modifier::Contains], "IEX", "powershell -enc SQBFAFgA", true);
    check(&[Modifier::Base64Offset, Modifier::Contains], "foobar", "xx Zm9vYmFy yy", true);
    check(&[Modifier::Base64], "foobar", "Zm9vYmFy", true);
}

#[test]
fn numbers_match_in_either_spelling_and_compare() {
    let rule = single(item(Some("EventID"), &[], &[Scalar::Number("1".to_owned())]));
    assert!(matches(&rule, "any", &[("EventID", Value::Number("1"))]));
    assert!(matches(&rule, "any", &[("EventID", Value::Text("1"))]));
    let above = single(item(Some("N"), &[Modifier::Gte], &[Scalar::Number("10".to_owned())]));
    assert!(matches(&above, "any", &[("N", Value::Text("10.5"))]));
    assert!(!matches(&above, "any", &[("N", Value::Text("ten"))]));
}

#[test]
fn null_absent_and_empty_are_three_things() {
    let null = single(item(Some("F"), &[], &[Scalar::Null]));
    let empty = single(item(Some("F"), &[], &[text("")]));
    let exists = single(item(Some("F"), &[Modifier::Exists], &[Scalar::Bool(true)]));
    let table = [
        (vec![], [true, false, false]),
        (vec![("F", Value::Null)], [true, false, true]),
        (vec![("F", Value::Text(""))], [false, true, true]),
        (vec![("F", Value::Text("x"))], [false, false, true]),
    ];
    for (fields, expect) in table {
        let found = [&null, &empty, &exists].map(|rule| matches(rule, "any", &fields));
        assert_eq!(found, expect, "{fields:?}");
    }
}

#[test]
fn one_element_of_an_array_is_enough_and_all_needs_each_literal_somewhere() {
    let fields = [("Data", Value::Text("alpha")), ("Data", Value::Text("beta"))];
    assert!(matches(&single(item(Some("Data"), &[Modifier::Contains], &[text("bet")])), "any", &fields));
    let all = |values: &[Scalar]| single(item(Some("Data"), &[Modifier::Contains, Modifier::All], values));
    assert!(matches(&all(&[text("alph"), text("bet")]), "any", &fields));
    assert!(!matches(&all(&[text("alph"), text("gam")]), "any", &fields));
}

#[test]
fn keywords_search_every_value() {
    let rule = single(item(None, &[], &[text("sekurlsa::")]));
    assert!(matches(&rule, "any", &[("A", Value::Null), ("Anything", Value::Escaped(r"x \\ SEKURLSA::logon"))]));
    assert!(!matches(&rule, "any", &[("sekurlsa::", Value::Text("x"))]));
}

#[test]
fn a_keyword_with_a_zero_byte_does_not_reach_over_the_end_of_a_value() {
    let rule = single(item(None, &[], &[text("root\0"), text("t\0b")]));
    assert!(!matches(&rule, "any", &[("A", Value::Text("root")), ("B", Value::Text("b"))]));
    assert!(matches(&rule, "any", &[("A", Value::Text("root\0"))]));
    let empty = single(item(None, &[Modifier::Utf16le, Modifier::Contains], &[text("")]));
    assert!(!matches(&empty, "any", &[("A", Value::Null)]));
}

#[test]
fn fields_compare_with_fields() {
    let rule = single(item(Some("A"), &[Modifier::FieldRef], &[text("B")]));
    assert!(matches(&rule, "any", &[("A", Value::Text("x")), ("B", Value::Text("X"))]));
    let differs = single(item(Some("A"), &[Modifier::FieldRef, Modifier::Neq], &[text("B")]));
    assert!(!matches(&differs, "any", &[("A", Value::Text("x")), ("B", Value::Text("X"))]));
}

#[test]
fn a_regex_without_case_matches_letters_that_folding_does_not_know() {
    let rule = single(item(Some("F"), &[Modifier::Re, Modifier::ReIgnoreCase], &[text("schtasks")]));
    assert!(matches(&rule, "any", &[("F", Value::Text("\u{17f}CHTA\u{17f}\u{212a}S"))]));
}

#[test]
fn a_mapped_source_is_read_by_its_own_names() {
    let rule = single(item(Some("Image"), &[Modifier::EndsWith], &[text(r"\cmd.exe")]));
    assert!(matches(&rule, "audit", &[("NewProcessName", Value::Text(r"C:\cmd.exe"))]));
    assert!(!matches(&rule, "any", &[("NewProcessName", Value::Text(r"C:\cmd.exe"))]));
}

#[test]
fn a_rule_on_another_log_source_never_fires() {
    let mut rule = single(item(Some("F"), &[], &[text("x")]));
    rule.log_source.product = Some("linux".to_owned());
    assert!(!matches(&rule, "any", &[("F", Value::Text("x"))]));
}

#[test]
fn an_explanation_names_the_field_the_value_the_place_and_the_pattern() {
    let table = LogSourceTable::parse(&[TABLE]).unwrap();
    let rule = single(item(Some("F"), &[Modifier::Contains], &[text("WIND"), text("absent")]));
    let (engine, _) = Engine::compile(&[rule], &table);
    let fields = [Field { name: "F", value: Value::Escaped(r"C:\\Windows") }];
    let record = record(table.lookup("k", "any", None), &fields);
    let (arena, mut hits) = (Arena::new(), Vec::new());
    engine.matches(&record, View::Own, &arena, &mut engine.scratch(), &mut hits);
    let matched = engine.explain(hits[0], &record, View::Own, &arena);
    let expect = MatchedField {
        field: "F".to_owned(),
        value: r"C:\Windows".to_owned(),
        offset: Some(3),
        length: 4,
        pattern: "|contains: WIND".to_owned(),
    };
    assert_eq!(matched, [expect]);
}

fn any_regex() -> impl Strategy<Value = Detection> {
    let flags = prop_oneof![Just(vec![Modifier::Re]), Just(vec![Modifier::Re, Modifier::ReIgnoreCase])];
    (flags, "(a|bb|[abk]){1,3}(ab)?(s|k){0,3}")
        .prop_map(|(flags, pattern)| item(Some("A"), &flags, &[Scalar::Text(pattern)]))
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let detection = || prop_oneof![4 => any_item(), 1 => any_regex(), 1 => proptest::collection::vec(any_item(), 1..3).prop_map(Detection::All)];
    (detection(), detection(), any_condition(2))
        .prop_map(|(first, second, condition)| rule(vec![("s0", first), ("s1", second)], condition))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn the_fast_path_finds_what_the_full_scan_finds(
        rules in proptest::collection::vec(any_rule(), 1..8),
        events in proptest::collection::vec(proptest::collection::vec(("[ABC]", "[abAB01/\u{2013}\u{17f}\u{212a}KSks -]{0,6}"), 0..5), 1..5),
    ) {
        let table = LogSourceTable::parse(&[TABLE]).unwrap();
        let (engine, _) = Engine::compile(&rules, &table);
        let mut scratch = engine.scratch();
        for event in &events {
            let arena = Arena::new();
            let fields: Vec<Field<'_>> = event.iter().map(|(name, value)| Field { name, value: Value::Text(value) }).collect();
            let record = record(table.lookup("k", "any", None), &fields);
            let (mut fast, mut full) = (Vec::new(), Vec::new());
            engine.matches(&record, View::Own, &arena, &mut scratch, &mut fast);
            engine.evaluate_full_scan(&record, View::Own, &arena, &mut full);
            prop_assert_eq!(&fast, &full);
            for (number, rule) in (0u32..).zip(&rules) {
                let answer = why(rule, table.sources(record.sources), &fields, &[], &arena);
                let matches = matches!(answer, Ok(Why::Matches(_)));
                prop_assert_eq!(matches, full.iter().any(|hit| hit.rule == number));
                prop_assert!(matches || !matches!(answer, Ok(Why::Fails(parts)) if parts.is_empty()), "no reason given");
            }
        }
    }
}
