//! Findings: what a rule says about one or more events, with everything needed to believe it.

use serde::{Deserialize, Serialize};

use crate::{Digest, EventId, FindingId, LogSource, Position, Time};

/// How bad a finding is: Sigma's five levels, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Level {
    /// Worth knowing.
    #[default]
    Informational,
    /// Of note, rarely an incident.
    Low,
    /// To be reviewed.
    Medium,
    /// To be looked at soon.
    High,
    /// To be looked at now.
    Critical,
}

impl Level {
    /// All levels, rising.
    pub const ALL: [Self; 5] = [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Sigma's word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads Sigma's word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// What travels with every finding of a rule: DRL 1.1 demands that author, licence and link stay with it.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RuleCard {
    /// The rule's id; its name or title where it has none.
    pub id: String,
    /// Title.
    pub title: String,
    /// Author as the rule states it; empty when it states none.
    pub author: String,
    /// Licence as the rule states it, or that of the set it came from.
    pub license: String,
    /// Where the rule can be read: its set's link or its first reference; empty when unknown.
    pub link: String,
    /// Level.
    pub level: Level,
    /// Tags, for example `attack.t1059.001`.
    pub tags: Vec<String>,
    /// Description, may be empty.
    pub description: String,
    /// Known harmless causes.
    pub false_positives: Vec<String>,
}

/// One field that made a rule match.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MatchedField {
    /// Field name as the rule sees it; empty for a keyword over the whole event.
    pub field: String,
    /// The value in the event.
    pub value: String,
    /// Byte offset in `value` at which the pattern matched; `None` where a place has no meaning (null, absent, number comparison).
    pub offset: Option<usize>,
    /// Bytes of `value` from `offset` on that the pattern accounts for; 0 where there is no offset.
    pub length: usize,
    /// The rule's pattern, as the rule writes it with its modifiers, for example `|endswith: \powershell.exe`.
    pub pattern: String,
}

/// Where a finding comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindingOrigin {
    /// A rule on one event.
    Event,
    /// A correlation over several events.
    Correlation {
        /// The group's field names and values, in the order of `group-by`.
        group: Vec<(String, String)>,
        /// Time of the first event of the window.
        window_start: Time,
        /// Time of the last event of the window.
        window_end: Time,
        /// The number that met the condition, in text; approximate values start with `~`.
        value: String,
        /// The number in words, with what was counted: `20 different values of path within 1m`.
        told: String,
    },
}

/// Something a rule says about one or more events, with its explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Identity, derived.
    pub finding_id: FindingId,
    /// The events it speaks of, in order of time; a correlation names at most [`Finding::EVENTS_MAX`].
    pub event_ids: Vec<EventId>,
    /// The rule.
    pub rule: std::sync::Arc<RuleCard>,
    /// Event time; for a correlation that of the event that met the condition.
    pub time: Option<Time>,
    /// Source id: in `scan` the path relative to the PATH given.
    pub source_file: std::sync::Arc<str>,
    /// Where the (last) record stands in its source.
    pub position: Position,
    /// Which of the records of its RawRecord.
    pub index: u32,
    /// The log source by which the rule was reached.
    pub log_source: LogSource,
    /// The fields that matched.
    pub matched: Vec<MatchedField>,
    /// SHA-256 of the (last) RawRecord's bytes.
    pub record_sha256: Digest,
    /// One event or a correlation.
    pub origin: FindingOrigin,
}

impl Finding {
    /// Most event ids that one correlation finding names; the count in its origin stays exact.
    pub const EVENTS_MAX: usize = 100;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_rise_and_have_sigmas_names() {
        assert!(Level::Critical > Level::High);
        for level in Level::ALL {
            assert_eq!(Level::from_name(level.name()), Some(level));
        }
        assert_eq!(Level::from_name("urgent"), None);
    }
}
