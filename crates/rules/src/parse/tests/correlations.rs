//! Correlation documents.

use crate::ast::{Alias, Correlation, CorrelationKind, Operator, Threshold};
use crate::parse::{Document, documents, read};

const HEAD: &str = "title: c\ncorrelation:\n    rules: [a, b]\n";

fn correlation(text: &str) -> Correlation {
    match documents("c.yml", text).remove(0) {
        Ok(Document::Correlation(found)) => *found,
        other => panic!("not a correlation: {other:?}"),
    }
}

/// The correlation with these lines in its section.
fn section(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    format!("{HEAD}{lines}")
}

fn check_refused(lines: &str, expect: &str) {
    let refusal = documents("c.yml", &section(lines)).remove(0).unwrap_err();
    assert_eq!(refusal.to_string(), format!("c.yml:{expect}"), "{lines}");
}

fn check_condition(kind: &str, condition: &str, expect: &[(Operator, f64)], fields: &[&str], percentile: Option<f64>) {
    let found = correlation(&section(&format!("type: {kind}\ntimespan: 5m\ncondition: {condition}")));
    let expect: Vec<Threshold> =
        expect.iter().map(|(operator, value)| Threshold { operator: *operator, value: *value }).collect();
    assert_eq!((found.kind.name(), found.conditions), (kind, expect));
    assert_eq!(
        (found.value_fields, found.percentile),
        (fields.iter().map(|field| (*field).to_owned()).collect(), percentile)
    );
}

#[test]
fn every_type_with_its_condition_is_read() {
    use Operator as O;
    check_condition("event_count", "{gte: 100}", &[(O::Gte, 100.0)], &[], None);
    check_condition("event_count", "{gt: 100, lte: 200}", &[(O::Gt, 100.0), (O::Lte, 200.0)], &[], None);
    check_condition("value_count", "{field: User, neq: 3}", &[(O::Neq, 3.0)], &["User"], None);
    check_condition("value_count", "{field: [User, Host], eq: 3}", &[(O::Eq, 3.0)], &["User", "Host"], None);
    check_condition("value_sum", "{field: bytes, gt: 1000000}", &[(O::Gt, 1e6)], &["bytes"], None);
    check_condition("value_avg", "{field: bytes, lt: 0.5}", &[(O::Lt, 0.5)], &["bytes"], None);
    check_condition("value_percentile", "{field: f, lte: 1}", &[(O::Lte, 1.0)], &["f"], None);
    check_condition("value_percentile", "{field: f, percentile: 95, gte: 7}", &[(O::Gte, 7.0)], &["f"], Some(95.0));
    check_condition("value_median", "{field: f, gte: 7}", &[(O::Gte, 7.0)], &["f"], None);
    check_condition("temporal", "{gte: 2}", &[(O::Gte, 2.0)], &[], None);
    assert_eq!(correlation(&section("type: temporal_ordered\ntimespan: 1h")).conditions, []);
}

#[test]
fn the_rest_of_the_section_is_read() {
    let found = correlation(
        "title: c\nid: 0e95725d-7320-415d-80f7-004da920fc11\nname: n\nlevel: high\ncorrelation:\n    type: temporal\n    rules: [a, b]\n    \
         group-by: [ip, User]\n    timespan: 10s\n    generate: true\n    aliases:\n        ip:\n            a: destination.ip\n            b: source.ip\n",
    );
    assert_eq!(found.kind, CorrelationKind::Temporal);
    assert_eq!(found.group_by, ["ip", "User"]);
    let fields = vec![("a".to_owned(), "destination.ip".to_owned()), ("b".to_owned(), "source.ip".to_owned())];
    assert_eq!(found.aliases, [Alias { name: "ip".to_owned(), fields }]);
    assert!(found.generate && found.has_level);
    assert_eq!(found.name.as_deref(), Some("n"));
    assert!(correlation(&format!("generate: true\n{}", section("type: temporal\ntimespan: 1m"))).generate);
    assert_eq!(correlation(&section("type: temporal\ntimespan: 1m\ngroup-by: User")).group_by, ["User"]);
    assert_eq!(correlation(&section("type: temporal\ntimespan: 1m")).group_by, Vec::<String>::new());
}

fn check_timespan(text: &str, expect: i64) {
    assert_eq!(correlation(&section(&format!("type: temporal\ntimespan: {text}"))).timespan_us, expect);
}

#[test]
fn time_spans_are_a_number_and_a_letter() {
    check_timespan("15s", 15_000_000);
    check_timespan("90m", 5_400_000_000);
    check_timespan("1h", 3_600_000_000);
    check_timespan("30d", 2_592_000_000_000);
    for wrong in ["1w", "1M", "5", "m", "0s", "-5m", "1.5h", "1h30m", "99999999999999d", "5 m"] {
        check_refused(
            &format!("type: temporal\ntimespan: {wrong}"),
            &format!(
                "5: `{wrong}` is not a time span (write a number and s, m, h or d, for example `90m`; a week is `7d`)"
            ),
        );
    }
}

#[test]
fn broken_correlations_say_what_is_wrong() {
    let count = "type: event_count\ntimespan: 5m\n";
    check_refused("timespan: 5m", "2: `type` is missing");
    check_refused(
        "type: event_cout\ntimespan: 5m",
        "4: unknown correlation type `event_cout` (did you mean `event_count`?)",
    );
    check_refused("type: event_count\ncondition: {gte: 1}", "2: `timespan` is missing");
    check_refused("type: event_count\ntimeframe: 5m\ntimespan: 5m", "2: `condition` is missing");
    check_refused(
        &format!("{count}condition: 5"),
        "6: the condition of a correlation must be a map (write for example `condition:` and below it `gte: 10`)",
    );
    check_refused(
        &format!("{count}condition: {{}}"),
        "6: the condition compares with nothing (add `gt`, `gte`, `lt`, `lte`, `eq` or `neq`)",
    );
    check_refused(&format!("{count}condition: {{ge: 5}}"), "6: unknown comparison `ge` (did you mean `gt`?)");
    check_refused(&format!("{count}condition: {{gte: many}}"), "6: `gte` needs a number");
    check_refused(
        "type: value_count\ntimespan: 5m\ncondition: {gte: 5}",
        "6: `value_count` needs `field` in its condition",
    );
    check_refused(
        "type: value_sum\ntimespan: 5m\ncondition: {gte: 5, field: [a, b]}",
        "6: `value_sum` takes one field, not 2",
    );
    check_refused(
        "type: value_percentile\ntimespan: 5m\ncondition: {gte: 5, field: a, percentile: 101}",
        "6: `percentile` must be 0 to 100",
    );
    check_refused(
        "type: temporal\ntimespan: 5m\naliases: {ip: {c: f}}",
        "6: alias `ip` names `c`, which is not under `rules`",
    );
    check_refused("type: temporal\ntimespan: 5m\ngenerate: maybe", "6: `generate` must be true or false, not `maybe`");
    let none =
        documents("c.yml", "title: c\ncorrelation:\n    type: temporal\n    timespan: 5m\n").remove(0).unwrap_err();
    assert_eq!(none.to_string(), "c.yml:2: `rules` is missing");
}

fn check_warnings(lines: &str, expect: &[&str]) {
    let mut warnings = Vec::new();
    assert!(read("c.yml", &section(lines), &mut warnings)[0].is_ok());
    assert_eq!(warnings.iter().map(ToString::to_string).collect::<Vec<_>>(), expect);
}

#[test]
fn what_has_no_effect_or_can_never_hold_gives_a_warning() {
    check_warnings("type: event_count\ntimespan: 5m\ncondition: {gt: 1, lt: 3}", &[]);
    check_warnings(
        "type: event_count\ntimespan: 5m\ncondition: {gt: 5, lt: 3}",
        &["c.yml:2: no number meets all comparisons of the condition"],
    );
    check_warnings(
        "type: event_count\ntimespan: 5m\ncondition: {gt: 5, field: a}",
        &["c.yml:6: `field` has no effect on `event_count`"],
    );
    check_warnings(
        "type: temporal\ntimespan: 5m\naliases: {ip: {a: f}}",
        &["c.yml:2: alias `ip` is not used in `group-by`"],
    );
    check_warnings(
        "type: temporal\ntimespan: 5m\ngroup_by: [a]",
        &["c.yml:6: `correlation` has no key `group_by` (did you mean `group-by`?)"],
    );
}
