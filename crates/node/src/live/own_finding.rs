//! Findings of the node about itself. They have the form of a correlation's, so that groups, triage and messages take them as any other.

use std::sync::Arc;

use cordon_model::{Digest, Finding, FindingOrigin, Level, LogSource, MatchedField, Position, RuleCard, Time};
use cordon_seal::correlation_finding_id;
use cordon_store::state::{NewFinding, Subjects};

/// A rule of the node itself.
#[derive(Debug)]
pub(super) struct OwnRule {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) level: Level,
    pub(super) description: &'static str,
}

/// What such a rule has to say.
#[derive(Debug)]
pub(super) struct OwnWords {
    /// Whom it is about: a source, or the node.
    pub(super) source: Arc<str>,
    pub(super) site: Arc<str>,
    /// What it is about, by name; with the rule and `start` the identity of the finding.
    pub(super) group: Vec<(String, String)>,
    pub(super) start: Time,
    pub(super) end: Time,
    /// How much.
    pub(super) value: String,
    /// For people.
    pub(super) words: String,
}

impl OwnRule {
    /// The finding: the same one, however often it is made, as long as `start` stays.
    pub(super) fn finding(&self, told: OwnWords) -> NewFinding {
        let OwnWords { source, site, group, start, end, value, words } = told;
        let card = RuleCard {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            author: "Cordon project".to_owned(),
            license: "Apache-2.0".to_owned(),
            level: self.level,
            description: self.description.to_owned(),
            ..RuleCard::default()
        };
        let matched = |(field, value): &(String, String)| MatchedField {
            field: field.clone(),
            value: value.clone(),
            ..MatchedField::default()
        };
        let finding = Finding {
            finding_id: correlation_finding_id(self.id, &group, start),
            event_ids: Vec::new(),
            rule: Arc::new(card),
            time: Some(end),
            source_file: source,
            position: Position::Offset(0),
            index: 0,
            log_source: LogSource::default(),
            matched: group.iter().map(matched).collect(),
            record_sha256: Digest([0; 32]),
            origin: FindingOrigin::Correlation { group, window_start: start, window_end: end, value, told: words },
        };
        NewFinding {
            finding,
            events: Vec::new(),
            rule_version: env!("CARGO_PKG_VERSION").into(),
            site,
            class_uid: 0,
            received: end,
            subjects: Subjects::default(),
        }
    }
}
