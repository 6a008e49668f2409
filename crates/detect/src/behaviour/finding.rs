//! A finding of learnt behaviour, in the form of a correlation's: who it is about is the group, the hour it happened in its window, and the score its value.

use std::sync::Arc;

use cordon_model::{Finding, FindingOrigin, LogSource, MatchedField, RuleCard};
use cordon_seal::correlation_finding_id;

use super::clock::Moment;
use super::model::Words;
use super::observed::Observed;
use super::parts::Parts;
use super::report::{EntityKind, Noticed};
use crate::{Detected, EventOf, Subject};

/// What is to be told.
pub(super) struct Telling<'t, 'o> {
    pub(super) words: &'static Words,
    pub(super) observed: &'o Observed,
    pub(super) kind: EntityKind,
    pub(super) name: &'o str,
    pub(super) parts: &'t Parts<'o>,
    pub(super) at: Moment,
    /// The sentence for people, without the account's name.
    pub(super) told: String,
}

/// The card of a detector's findings.
fn card(words: &Words) -> RuleCard {
    RuleCard {
        id: words.id.to_owned(),
        title: words.title.to_owned(),
        author: "Cordon project".to_owned(),
        license: "Apache-2.0".to_owned(),
        level: words.level,
        tags: words.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        description: format!("{} Learnt: {}", words.detects, words.learns),
        ..RuleCard::default()
    }
}

impl Telling<'_, '_> {
    pub(super) fn noticed(self) -> Noticed {
        let Self { words, observed, kind, name, parts, at, told } = self;
        let field = match kind {
            EntityKind::Account => "user",
            EntityKind::Host => "host",
            EntityKind::Device => "device",
        };
        let (group, start) = (vec![(field.to_owned(), name.to_owned())], at.hour_start());
        let score = parts.score();
        let matched = parts.iter().map(|part| MatchedField {
            field: part.name.to_owned(),
            value: part.value.text(),
            pattern: part.against(score),
            ..MatchedField::default()
        });
        let event = EventOf {
            source: Arc::clone(&observed.source),
            event: observed.event.clone(),
            log_source: LogSource::default(),
        };
        let finding = Finding {
            finding_id: correlation_finding_id(words.id, &group, start),
            event_ids: vec![observed.event.id],
            rule: Arc::new(card(words)),
            time: Some(observed.time),
            source_file: Arc::clone(&observed.source),
            position: observed.event.position,
            index: observed.event.index,
            log_source: LogSource::default(),
            matched: matched.collect(),
            record_sha256: observed.event.record_sha256,
            origin: FindingOrigin::Correlation {
                group,
                window_start: start,
                window_end: observed.time,
                value: format!("{score:.2}"),
                told,
            },
        };
        let text = |name: &Option<Box<str>>| name.as_deref().map(str::to_owned);
        let host = match kind {
            EntityKind::Host => Some(name.to_owned()),
            _ => text(&observed.host),
        };
        let subject = Subject { host, user: text(&observed.user) };
        Noticed {
            detected: Detected { finding, subject, record: None, events: vec![event] },
            site: Arc::clone(&observed.site),
            class_uid: observed.class_uid,
            received: observed.received,
            device: (kind == EntityKind::Device).then(|| name.to_owned()),
            patient_ref: None,
        }
    }
}
