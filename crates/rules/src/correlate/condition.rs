//! The condition of a correlation: comparisons that must all hold, so that two make a range.

use crate::ast::{Operator, Threshold};

/// Comparisons that must all hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Conditions(Vec<Threshold>);

impl Conditions {
    /// As the rule states them; without any, as many as there are `places` (the temporal kinds: all rules).
    pub(super) fn new(stated: &[Threshold], places: usize) -> Self {
        if stated.is_empty() {
            let places = f64::from(u32::try_from(places).unwrap_or(u32::MAX));
            return Self(vec![Threshold { operator: Operator::Gte, value: places }]);
        }
        Self(stated.to_vec())
    }

    /// Whether an aggregate meets all of them.
    pub(super) fn hold(&self, value: f64) -> bool {
        self.0.iter().all(|threshold| threshold.holds(value))
    }

    /// Whether more can only help: such a condition can be answered as soon as it is met.
    pub(super) fn only_lower_bounds(&self) -> bool {
        self.0.iter().all(|threshold| matches!(threshold.operator, Operator::Gt | Operator::Gte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stated: &[(Operator, f64)], holding: &[f64], early: bool) {
        let stated: Vec<Threshold> =
            stated.iter().map(|(operator, value)| Threshold { operator: *operator, value: *value }).collect();
        let conditions = Conditions::new(&stated, 3);
        let held: Vec<f64> = (0..7).map(f64::from).filter(|value| conditions.hold(*value)).collect();
        assert_eq!(held, holding);
        assert_eq!(conditions.only_lower_bounds(), early);
    }

    #[test]
    fn each_comparison_means_what_the_standard_says_and_two_make_a_range() {
        check(&[(Operator::Gte, 5.0)], &[5.0, 6.0], true);
        check(&[(Operator::Gt, 5.0)], &[6.0], true);
        check(&[(Operator::Lt, 2.0)], &[0.0, 1.0], false);
        check(&[(Operator::Lte, 1.0)], &[0.0, 1.0], false);
        check(&[(Operator::Eq, 3.0)], &[3.0], false);
        check(&[(Operator::Neq, 3.0)], &[0.0, 1.0, 2.0, 4.0, 5.0, 6.0], false);
        check(&[(Operator::Gt, 1.0), (Operator::Lte, 3.0)], &[2.0, 3.0], false);
        check(&[], &[3.0, 4.0, 5.0, 6.0], true);
    }
}
