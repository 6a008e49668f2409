//! What all findings of one record share: computed once, and only for records that a rule matched.

use std::borrow::Cow;
use std::sync::Arc;

use cordon_model::{Arena, Field, Finding, FindingOrigin, LogSource, MatchedField, Record, RuleCard, Time};
use cordon_normalize::Known;
use cordon_rules::Hit;
use cordon_seal::finding_id;

use crate::{DetectOptions, Detected, EventKey, KeptRecord, Mask, RuleMatch, Subject};

pub(crate) struct Facts<'r, 'a> {
    pub(crate) record: &'r Record<'a>,
    pub(crate) arena: &'a Arena,
    options: &'r DetectOptions,
    source: &'r Arc<str>,
    event: EventKey,
    time: Option<Time>,
    /// Set when masking is asked for and the record names a patient.
    mask: Option<&'r Mask>,
    subject: Subject,
    kept: Option<Arc<KeptRecord>>,
}

impl<'r, 'a> Facts<'r, 'a> {
    /// `views` are the fields that rules see, those to look at first in front.
    pub(crate) fn new(
        options: &'r DetectOptions,
        record: &'r Record<'a>,
        source: &'r Arc<str>,
        known: &'r Known<'a>,
        views: [&[Field<'a>]; 2],
        arena: &'a Arena,
    ) -> Self {
        let event = EventKey {
            id: known.id,
            record_sha256: known.record_sha256,
            position: record.raw.position,
            index: record.index,
        };
        let mask = known.mask.as_ref().filter(|_| options.mask);
        let mut facts = Self {
            record,
            arena,
            options,
            source,
            event,
            time: record.when.resolve(),
            mask,
            subject: Subject::default(),
            kept: None,
        };
        let subject = Subject::of(views, arena);
        facts.subject = Subject { host: facts.shown(subject.host), user: facts.shown(subject.user) };
        facts.kept = options.keep_record.then(|| Arc::new(facts.kept_record()));
        facts
    }

    pub(crate) fn finding(&self, card: &Arc<RuleCard>, log_source: LogSource, matched: Vec<MatchedField>) -> Detected {
        let finding = Finding {
            finding_id: finding_id(&card.id, self.event.id),
            event_ids: vec![self.event.id],
            rule: Arc::clone(card),
            time: self.time,
            source_file: Arc::clone(self.source),
            position: self.event.position,
            index: self.event.index,
            log_source,
            matched: matched.into_iter().map(|field| self.matched(field)).collect(),
            record_sha256: self.event.record_sha256,
            origin: FindingOrigin::Event,
        };
        Detected { finding, subject: self.subject.clone(), record: self.kept.clone(), events: Vec::new() }
    }

    /// What a correlation gets of a match; `None` when the event states no time.
    pub(crate) fn rule_match(&self, hit: Hit, fields: &[Field<'a>], wanted: &[String]) -> Option<RuleMatch> {
        let values = wanted.iter().map(|name| {
            let field = fields.iter().find(|field| field.name == name)?;
            field.value.text(self.arena).map(|text| self.joinable(text))
        });
        Some(RuleMatch {
            rule: hit.rule,
            time: self.time?,
            event: self.event.clone(),
            log_source: hit.source,
            values: values.collect(),
        })
    }

    /// A value that correlations join on and later show: one that names a patient becomes a pseudonym, which still joins.
    fn joinable(&self, text: &str) -> String {
        match self.masked(text) {
            Cow::Borrowed(text) => text.to_owned(),
            Cow::Owned(_) => self.options.site_key.patient_ref("", text).to_string(),
        }
    }

    /// A place in a value says nothing once the value is masked.
    fn matched(&self, field: MatchedField) -> MatchedField {
        let value = match self.masked(&field.value) {
            Cow::Borrowed(_) => None,
            Cow::Owned(masked) => Some(masked),
        };
        let pattern = self.masked(&field.pattern).into_owned();
        let name = self.masked_name(&field.field).into_owned();
        match value {
            Some(value) => MatchedField { field: name, value, pattern, offset: None, length: 0 },
            None => MatchedField { field: name, pattern, ..field },
        }
    }

    fn shown(&self, text: Option<String>) -> Option<String> {
        text.map(|text| self.masked(&text).into_owned())
    }

    fn masked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.mask.map_or(Cow::Borrowed(text), |mask| mask.text(text))
    }

    fn masked_name<'t>(&self, name: &'t str) -> Cow<'t, str> {
        self.mask.map_or(Cow::Borrowed(name), |mask| mask.name(name))
    }

    fn kept_record(&self) -> KeptRecord {
        let bytes = self.record.raw.bytes;
        let raw = match self.mask {
            Some(mask) => mask.bytes(bytes),
            None => bytes.to_vec(),
        };
        let field = |field: &Field<'a>| {
            let value = field.value.text(self.arena).unwrap_or_default();
            (self.masked_name(field.name).into_owned(), self.masked(value).into_owned())
        };
        KeptRecord { raw, fields: self.record.fields.iter().map(field).collect() }
    }
}
