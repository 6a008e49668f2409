//! References: what is found, what is asked for, what is refused.

use super::{alias, correlation, parsed, resolve};
use crate::ast::{Correlation, CorrelationKind, Operator};
use crate::correlate::{CorrelationError, Plan};

fn named(name: &str, rules: &[&str]) -> Correlation {
    let mut made = correlation(CorrelationKind::EventCount, rules, &[(Operator::Gte, 1.0)]);
    made.card.id = format!("id-{name}");
    made.name = Some(name.to_owned());
    made
}

fn check_refused(correlations: &[Correlation], expect: &[(usize, CorrelationError)]) {
    assert_eq!(Plan::new(correlations, &resolve).1, expect);
}

#[test]
fn unknown_and_circular_references_are_refused_and_spare_the_others() {
    let correlations =
        [named("a", &["nowhere"]), named("b", &["c"]), named("c", &["b"]), named("d", &["id-a"]), named("e", &["r0"])];
    let circular = |name: &str| CorrelationError::RefusedOrCircular(name.to_owned());
    let unknown = CorrelationError::UnknownRule("nowhere".to_owned());
    check_refused(&correlations, &[(0, unknown), (1, circular("c")), (2, circular("b")), (3, circular("id-a"))]);
    let plan = Plan::new(&correlations, &resolve).0;
    assert!(plan.uses(0));
    assert!(plan.correlation_stands_alone(4));
    assert!(!plan.correlation_stands_alone(0));
}

#[test]
fn what_a_type_needs_is_asked_for() {
    let of = |kind| correlation(kind, &["r0"], &[(Operator::Gte, 1.0)]);
    let mut percentile = of(CorrelationKind::ValuePercentile);
    percentile.value_fields = vec!["v".to_owned()];
    let mut two_fields = of(CorrelationKind::ValueSum);
    two_fields.value_fields = vec!["v".to_owned(), "w".to_owned()];
    let many: Vec<String> = (0..40).map(|rule| format!("r{rule}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let cases = [
        (correlation(CorrelationKind::EventCount, &[], &[]), CorrelationError::NoRules),
        (correlation(CorrelationKind::EventCount, &["r0"], &[]), CorrelationError::NoCondition),
        (Correlation { timespan_us: 0, ..of(CorrelationKind::EventCount) }, CorrelationError::NoTimespan),
        (of(CorrelationKind::ValueCount), CorrelationError::NoField),
        (two_fields, CorrelationError::SeveralFields),
        (percentile, CorrelationError::NoPercentile),
        (correlation(CorrelationKind::Temporal, &many, &[]), CorrelationError::TooManyRules),
    ];
    for (correlation, error) in cases {
        check_refused(&[correlation], &[(0, error)]);
    }
}

#[test]
fn a_chain_that_is_too_long_is_refused_where_it_gets_too_long() {
    let mut chain = vec![named("n0", &["r0"])];
    for at in 1..=Plan::CHAIN_MAX {
        chain.push(named(&format!("n{at}"), &[&format!("n{}", at - 1)]));
    }
    check_refused(&chain, &[(Plan::CHAIN_MAX, CorrelationError::ChainTooDeep)]);
}

#[test]
fn a_rule_is_asked_for_the_fields_of_everything_above_it() {
    let mut low = named("low", &["r0", "r1"]);
    low.group_by = vec!["host".to_owned()];
    low.aliases = vec![alias("host", &[("r1", "Computer")])];
    let mut high = named("high", &["low", "r2"]);
    high.group_by = vec!["user".to_owned(), "place".to_owned()];
    high.aliases = vec![alias("place", &[("low", "host"), ("r2", "site")])];
    let plan = Plan::new(&[high, low], &resolve).0;
    assert_eq!(plan.wanted_fields(0), ["host", "user"]);
    assert_eq!(plan.wanted_fields(1), ["Computer", "user"]);
    assert_eq!(plan.wanted_fields(2), ["user", "site"]);
    assert_eq!(plan.wanted_fields(3), [""; 0]);
}

#[test]
fn a_rule_stands_alone_unless_it_is_only_referred_to_without_generate() {
    let mut loud = named("loud", &["r0", "quiet"]);
    loud.generate = true;
    let plan = Plan::new(&[loud, named("quiet", &["r0", "r1"]), named("top", &["loud"])], &resolve).0;
    let alone: Vec<bool> = (0..3).map(|rule| plan.rule_stands_alone(rule)).collect();
    assert_eq!(alone, [true, false, true]);
    let alone: Vec<bool> = (0..3).map(|at| plan.correlation_stands_alone(at)).collect();
    assert_eq!(alone, [false, true, true]);
}

#[test]
fn a_correlation_as_the_standard_writes_it_becomes_a_plan() {
    let yaml = "correlation:\n  type: temporal\n  rules:\n    - r1\n    - r2\n  group-by:\n    - internal_ip\n  timespan: 10s\n  aliases:\n    \
        internal_ip:\n      r1: destination.ip\n      r2: source.ip\n";
    let (plan, refused) = Plan::new(&[parsed(yaml)], &resolve);
    assert_eq!(refused, []);
    assert_eq!(
        (plan.wanted_fields(1), plan.wanted_fields(2)),
        (&["destination.ip".to_owned()][..], &["source.ip".to_owned()][..])
    );
}
