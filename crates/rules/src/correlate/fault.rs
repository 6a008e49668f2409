//! Why a correlation is refused, and what its type needs.

use super::Plan;
use crate::ast::{Correlation, CorrelationKind};

/// Why a correlation was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CorrelationError {
    /// A reference that no rule has as id or name.
    #[error("refers to {0}, which no loaded rule has as id or name")]
    UnknownRule(String),
    /// A reference to a correlation that was refused, or that leads back to this one.
    #[error("refers to {0}, a correlation that was refused or that leads back to this one")]
    RefusedOrCircular(String),
    /// No `rules`.
    #[error("refers to no rule")]
    NoRules,
    /// More rules than a temporal correlation can hold.
    #[error("refers to more than {} rules in a temporal correlation", Plan::TEMPORAL_RULES_MAX)]
    TooManyRules,
    /// Correlations over correlations, too deep.
    #[error("stands on a chain of more than {} correlations", Plan::CHAIN_MAX)]
    ChainTooDeep,
    /// No condition where the type needs one.
    #[error("has no condition, which its type needs")]
    NoCondition,
    /// No field to aggregate.
    #[error("has no field in its condition, which its type needs")]
    NoField,
    /// Several fields where only a distinct count can have them.
    #[error("has several fields in its condition, which only value_count can have")]
    SeveralFields,
    /// `value_percentile` without a rank.
    #[error("has no percentile in its condition, which value_percentile needs")]
    NoPercentile,
    /// The timespan is not positive.
    #[error("has no timespan above zero")]
    NoTimespan,
}

/// Whether a correlation has what its type needs.
pub(super) fn check(correlation: &Correlation) -> Result<(), CorrelationError> {
    use CorrelationKind::{EventCount, Temporal, TemporalOrdered, ValueCount, ValuePercentile};
    let temporal = matches!(correlation.kind, Temporal | TemporalOrdered);
    let fields = correlation.value_fields.len();
    match correlation.kind {
        _ if correlation.rules.is_empty() => Err(CorrelationError::NoRules),
        _ if correlation.timespan_us <= 0 => Err(CorrelationError::NoTimespan),
        _ if temporal && correlation.rules.len() > Plan::TEMPORAL_RULES_MAX => Err(CorrelationError::TooManyRules),
        _ if !temporal && correlation.conditions.is_empty() => Err(CorrelationError::NoCondition),
        EventCount | Temporal | TemporalOrdered => Ok(()),
        _ if fields == 0 => Err(CorrelationError::NoField),
        ValueCount => Ok(()),
        _ if fields > 1 => Err(CorrelationError::SeveralFields),
        ValuePercentile if correlation.percentile.is_none() => Err(CorrelationError::NoPercentile),
        _ => Ok(()),
    }
}
