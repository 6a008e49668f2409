//! Findings of correlations: what fired, over which group, by which number, and the event that tipped it.

use std::sync::Arc;

use cordon_model::{Finding, FindingOrigin, LogSource, MatchedField, RuleCard};
use cordon_rules::ast::Correlation;
use cordon_rules::correlate::Fired;
use cordon_seal::correlation_finding_id;

use crate::{Detected, EventKey, Subject};

/// What travels with the findings of one correlation.
#[derive(Clone, Debug)]
pub(crate) struct CorrelationCard {
    pub(crate) card: Arc<RuleCard>,
    /// What is counted, for people: a field or the kind of correlation.
    measured: String,
    /// The condition in Sigma's words, `event_count gte 10 within 5m`.
    condition: String,
}

/// An event of a correlation, as the caller kept it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventOf {
    /// Id of its source.
    pub source: Arc<str>,
    /// The event.
    pub event: EventKey,
    /// The log source by which its rule was reached.
    pub log_source: LogSource,
}

impl CorrelationCard {
    pub(crate) fn new(correlation: &Correlation) -> Self {
        let kind = correlation.kind.name();
        let fields = correlation.value_fields.join(", ");
        let mut condition = kind.to_owned();
        for threshold in &correlation.conditions {
            condition.push_str(&format!(" {} {}", threshold.operator.name(), threshold.value));
        }
        condition.push_str(&format!(" within {}", timespan(correlation.timespan_us)));
        let measured = if fields.is_empty() { kind.to_owned() } else { fields };
        Self { card: Arc::new(correlation.card.clone()), measured, condition }
    }

    /// `events` are those of `fired.events` in order, `last` is its last event.
    pub(crate) fn finding(&self, fired: Fired, events: Vec<EventOf>, last: EventOf) -> Detected {
        let subject = Subject::of_pairs(&fired.group);
        let mut matched: Vec<MatchedField> = fired.group.iter().map(group_field).collect();
        matched.push(MatchedField {
            field: self.measured.clone(),
            value: fired.value.clone(),
            offset: None,
            length: 0,
            pattern: self.condition.clone(),
        });
        let finding = Finding {
            finding_id: correlation_finding_id(&self.card.id, &fired.group, fired.window_start),
            event_ids: events.iter().map(|of| of.event.id).collect(),
            rule: Arc::clone(&self.card),
            time: Some(fired.window_end),
            source_file: last.source,
            position: last.event.position,
            index: last.event.index,
            log_source: last.log_source,
            matched,
            record_sha256: last.event.record_sha256,
            origin: FindingOrigin::Correlation {
                group: fired.group,
                window_start: fired.window_start,
                window_end: fired.window_end,
                value: fired.value,
            },
        };
        Detected { finding, subject, record: None, events }
    }
}

fn group_field((field, value): &(String, String)) -> MatchedField {
    MatchedField { field: field.clone(), value: value.clone(), offset: None, length: 0, pattern: "group-by".to_owned() }
}

/// A timespan in the largest unit of Sigma that says it without a rest.
fn timespan(microseconds: i64) -> String {
    let seconds = microseconds / 1_000_000;
    for (unit, size) in [("d", 86_400), ("h", 3_600), ("m", 60)] {
        if seconds % size == 0 && seconds > 0 {
            return format!("{}{unit}", seconds / size);
        }
    }
    format!("{seconds}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timespans_read_as_rules_write_them() {
        let check = |seconds: i64, expect: &str| assert_eq!(timespan(seconds * 1_000_000), expect);
        check(90, "90s");
        check(300, "5m");
        check(7_200, "2h");
        check(86_400, "1d");
    }
}
