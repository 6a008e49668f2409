//! The fast path against the full scan on what traffic rarely shows: nested conditions, long lists, presence, null, letters that fold oddly.

use cordon_model::Value;
use proptest::prelude::*;

use super::tests::{TABLE, item, record, rule};
use super::*;
use crate::ast::{Condition, Detection, Modifier, Scalar, SelectionPattern};

fn any_scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        8 => "[abAB*?\\\\-]{0,4}".prop_map(Scalar::Text),
        2 => "[aÄöKk\u{17f}ẞİ\u{212a}*?]{0,6}".prop_map(Scalar::Text),
        1 => Just(Scalar::Null),
        1 => Just(Scalar::Text("a\0b".to_owned())),
        1 => any::<bool>().prop_map(Scalar::Bool),
        1 => (0..3u8).prop_map(|number| Scalar::Number(number.to_string())),
    ]
}

pub(super) fn any_item() -> impl Strategy<Value = Detection> {
    let modifiers = prop_oneof![
        Just(vec![]),
        Just(vec![Modifier::Contains]),
        Just(vec![Modifier::StartsWith]),
        Just(vec![Modifier::EndsWith]),
        Just(vec![Modifier::EndsWith, Modifier::Cased]),
        Just(vec![Modifier::Contains, Modifier::All]),
        Just(vec![Modifier::Contains, Modifier::Windash]),
        Just(vec![Modifier::Neq]),
        Just(vec![Modifier::Utf16le, Modifier::Contains]),
        Just(vec![Modifier::Contains, Modifier::Base64Offset]),
    ];
    let field = prop_oneof![3 => Just(Some("A")), 3 => Just(Some("B")), 1 => Just(Some("C")), 1 => Just(None::<&str>)];
    let many = (field, modifiers, proptest::collection::vec(any_scalar(), 1..14))
        .prop_map(|(field, modifiers, values)| item(field, &modifiers, &values));
    let exists = (prop_oneof![Just("A"), Just("B")], any::<bool>())
        .prop_map(|(field, is)| item(Some(field), &[Modifier::Exists], &[Scalar::Bool(is)]));
    prop_oneof![6 => many, 1 => exists]
}

/// A condition over the selections `s0` to one below `s<count>`.
pub(super) fn any_condition(count: u8) -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        4 => (0..count).prop_map(|number| Condition::Selection(format!("s{number}"))),
        1 => any::<bool>().prop_map(|all| Condition::Of { all, pattern: SelectionPattern::Them }),
        1 => any::<bool>().prop_map(|all| Condition::Of { all, pattern: SelectionPattern::Name("s*".to_owned()) }),
        1 => any::<bool>().prop_map(|all| Condition::Of { all, pattern: SelectionPattern::Name("*1".to_owned()) }),
    ];
    leaf.prop_recursive(7, 40, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..5).prop_map(Condition::And),
            proptest::collection::vec(inner.clone(), 1..5).prop_map(Condition::Or),
            inner.prop_map(|part| Condition::Not(Box::new(part))),
        ]
    })
}

fn any_detection() -> impl Strategy<Value = Detection> {
    let several = || proptest::collection::vec(any_item(), 1..3);
    prop_oneof![3 => any_item(), 1 => several().prop_map(Detection::All), 1 => several().prop_map(Detection::Any)]
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    prop_oneof![
        2 => Just(AnyValue::Null),
        1 => any::<bool>().prop_map(AnyValue::Bool),
        6 => "[abAB01/\u{2013}\u{17f}\u{212a}KSksÄäÖİẞ\0 -]{0,9}".prop_map(AnyValue::Text),
        3 => "([abA]|\\\\[\\\\\"/nt]|\\\\u00[46][1-4]|ä|\\\\ä|😀){0,12}".prop_map(AnyValue::Escaped),
    ]
}

#[derive(Clone, Debug)]
enum AnyValue {
    Null,
    Bool(bool),
    Text(String),
    Escaped(String),
}

impl AnyValue {
    fn as_field(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(is) => Value::Bool(*is),
            Self::Text(text) => Value::Text(text),
            Self::Escaped(text) => Value::Escaped(text),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn both_ways_agree_on_nested_conditions_long_lists_and_odd_values(
        rules in proptest::collection::vec((proptest::collection::vec(any_detection(), 4), any_condition(4)), 1..6),
        events in proptest::collection::vec(proptest::collection::vec(("[ABCZ]", any_value()), 0..7), 1..6),
    ) {
        let rules: Vec<Rule> = rules.into_iter().map(|(parts, condition)| {
            let names = ["s0", "s1", "s2", "s3"];
            rule(names.into_iter().zip(parts).collect(), condition)
        }).collect();
        let table = LogSourceTable::parse(&[TABLE]).unwrap();
        let (engine, refused) = Engine::compile(&rules, &table);
        let mut scratch = engine.scratch();
        for event in &events {
            let arena = Arena::new();
            let fields: Vec<Field<'_>> = event.iter().map(|(name, value)| Field { name, value: value.as_field() }).collect();
            let record = record(table.lookup("k", "any", None), &fields);
            let (mut fast, mut full) = (Vec::new(), Vec::new());
            engine.matches(&record, View::Own, &arena, &mut scratch, &mut fast);
            engine.evaluate_full_scan(&record, View::Own, &arena, &mut full);
            prop_assert_eq!(&fast, &full);
            if !refused.is_empty() { continue; }
            for (number, rule) in (0u32..).zip(&rules) {
                let answer = why(rule, table.sources(record.sources), &fields, &[], &arena);
                let matches = matches!(answer, Ok(Why::Matches(_)));
                prop_assert_eq!(matches, full.iter().any(|hit| hit.rule == number));
            }
        }
    }
}
