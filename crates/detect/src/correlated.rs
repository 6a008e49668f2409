//! Findings of correlations: what fired, over which group, by which number, and the event that tipped it.

use std::sync::Arc;

use cordon_model::{Finding, FindingOrigin, LogSource, MatchedField, RuleCard};
use cordon_rules::ast::{Correlation, CorrelationKind};
use cordon_rules::correlate::Fired;
use cordon_seal::correlation_finding_id;

use crate::{Detected, EventKey, Subject};

/// What travels with the findings of one correlation.
#[derive(Clone, Debug)]
pub(crate) struct CorrelationCard {
    pub(crate) card: Arc<RuleCard>,
    /// What is counted, for people: a field or the kind of correlation.
    measured: String,
    kind: CorrelationKind,
    /// Within which time, `5m`.
    within: String,
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
        let within = timespan(correlation.timespan_us);
        condition.push_str(&format!(" within {within}"));
        let measured = if fields.is_empty() { kind.to_owned() } else { fields };
        let card = Arc::new(correlation.card.clone());
        Self { card, measured, kind: correlation.kind, within, condition }
    }

    /// What was counted, in words.
    fn told(&self, value: &str) -> String {
        let Self { measured, within, .. } = self;
        let what = match self.kind {
            CorrelationKind::EventCount if value == "1" => return "1 event".to_owned(),
            CorrelationKind::EventCount => format!("{value} events"),
            CorrelationKind::ValueCount if value == "1" => format!("1 value of {measured}"),
            CorrelationKind::ValueCount => format!("{value} different values of {measured}"),
            CorrelationKind::ValueSum => format!("sum of {measured} {value}"),
            CorrelationKind::ValueAvg => format!("average of {measured} {value}"),
            CorrelationKind::ValueMedian => format!("median of {measured} {value}"),
            CorrelationKind::ValuePercentile => format!("percentile of {measured} {value}"),
            CorrelationKind::Temporal => format!("{value} rules"),
            CorrelationKind::TemporalOrdered => format!("{value} rules in order"),
        };
        format!("{what} within {within}")
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
                told: self.told(&fired.value),
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
    fn what_was_counted_is_told_in_words() {
        let check = |kind: CorrelationKind, measured: &str, value: &str, expect: &str| {
            let (card, measured) = (Arc::default(), measured.to_owned());
            let card = CorrelationCard { card, measured, kind, within: "5m".into(), condition: String::new() };
            assert_eq!(card.told(value), expect);
        };
        check(CorrelationKind::EventCount, "event_count", "10", "10 events within 5m");
        check(CorrelationKind::EventCount, "event_count", "1", "1 event");
        check(CorrelationKind::ValueCount, "path", "~20", "~20 different values of path within 5m");
        check(CorrelationKind::ValueCount, "path", "1", "1 value of path within 5m");
        check(CorrelationKind::ValueSum, "bytes", "1.5", "sum of bytes 1.5 within 5m");
        check(CorrelationKind::ValueAvg, "bytes", "1.5", "average of bytes 1.5 within 5m");
        check(CorrelationKind::ValueMedian, "bytes", "1.5", "median of bytes 1.5 within 5m");
        check(CorrelationKind::ValuePercentile, "bytes", "9", "percentile of bytes 9 within 5m");
        check(CorrelationKind::Temporal, "temporal", "2", "2 rules within 5m");
        check(CorrelationKind::TemporalOrdered, "temporal_ordered", "2", "2 rules in order within 5m");
    }

    #[test]
    fn timespans_read_as_rules_write_them() {
        let check = |seconds: i64, expect: &str| assert_eq!(timespan(seconds * 1_000_000), expect);
        check(90, "90s");
        check(300, "5m");
        check(7_200, "2h");
        check(86_400, "1d");
    }
}
