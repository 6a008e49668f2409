//! The detector: asks the rules about a record and makes findings of the answers.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use cordon_decode::DecodeOptions;
use cordon_decode::csv::Mapping;
use cordon_model::{Arena, Digest, EventId, Field, Finding, Level, LogSource, Position, Record, Time};
use cordon_normalize::{Known, taxonomy_mapped};
use cordon_rules::ast::Correlation;
use cordon_rules::correlate::{Fired, Plan};
use cordon_rules::{Engine, Hit, View};
use cordon_seal::SiteKey;

use crate::Subject;
use crate::correlated::{CorrelationCard, EventOf};
use crate::facts::Facts;

/// What becomes of what is found.
#[derive(Clone, Debug)]
pub struct DetectOptions {
    /// Findings below this level are not made.
    pub level_min: Level,
    /// Nothing that names a patient may leave.
    pub mask: bool,
    /// Findings carry the bytes and fields of their record.
    pub keep_record: bool,
    /// Makes the pseudonyms of patients.
    pub site_key: SiteKey,
    /// What the columns of tables mean: those that the records were decoded with.
    pub csv_mappings: Arc<Vec<Mapping>>,
    /// The zone of the site's clocks: "at night" is asked in it.
    pub timezone: jiff::tz::TimeZone,
}

impl DetectOptions {
    /// Findings of every level, masked and without their records, of what `decode` decodes.
    #[must_use]
    pub fn new(decode: &DecodeOptions, site_key: SiteKey) -> Self {
        Self {
            level_min: Level::Informational,
            mask: true,
            keep_record: false,
            site_key,
            csv_mappings: Arc::clone(&decode.csv_mappings),
            timezone: decode.timezone.clone(),
        }
    }
}

/// Rules, correlations and options, ready to judge records on many threads.
#[derive(Debug)]
pub struct Detector {
    engine: Engine,
    plan: Arc<Plan>,
    correlations: Vec<CorrelationCard>,
    options: DetectOptions,
}

/// Working memory of one thread.
pub struct Scratch {
    engine: cordon_rules::Scratch,
    hits: Vec<Hit>,
}

/// What was found in some records, in their order.
#[derive(Debug, Default)]
pub struct Judged {
    /// Findings.
    pub findings: Vec<Detected>,
    /// Matches that correlations wait for.
    pub matches: Vec<RuleMatch>,
    /// Matches that took no part in a correlation because their event states no time.
    pub matches_undated: u64,
}

/// A finding with what people want to see beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detected {
    /// The finding.
    pub finding: Finding,
    /// Host and user of the event.
    pub subject: Subject,
    /// Its record, when that is kept; one for all findings of the record.
    pub record: Option<Arc<KeptRecord>>,
    /// Of a correlation: its events with their places, in the order of [`Finding::event_ids`]; else empty.
    pub events: Vec<EventOf>,
}

/// A record kept for showing, already masked where that is asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptRecord {
    /// The bytes of the RawRecord.
    pub raw: Vec<u8>,
    /// Its fields in order, in text; null is empty.
    pub fields: Vec<(String, String)>,
}

/// Which event a match belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventKey {
    /// Identity.
    pub id: EventId,
    /// Digest of its RawRecord.
    pub record_sha256: Digest,
    /// Where it stands.
    pub position: Position,
    /// Which of the records there.
    pub index: u32,
}

/// A match that a correlation waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleMatch {
    /// Number of the rule in the engine.
    pub rule: u32,
    /// When the event happened.
    pub time: Time,
    /// The event.
    pub event: EventKey,
    /// The log source by which the rule was reached.
    pub log_source: LogSource,
    /// The fields that the plan asks for, in its order.
    pub values: Vec<Option<String>>,
}

impl Detector {
    /// A detector over compiled rules and the plan of `correlations`, whose rule numbers are the engine's.
    #[must_use]
    pub fn new(engine: Engine, plan: Arc<Plan>, correlations: &[Correlation], options: DetectOptions) -> Self {
        let correlations = correlations.iter().map(CorrelationCard::new).collect();
        Self { engine, plan, correlations, options }
    }

    /// The rules.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The correlations.
    #[must_use]
    pub const fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Whether anything waits for matches at all.
    #[must_use]
    pub const fn correlates(&self) -> bool {
        !self.correlations.is_empty()
    }

    /// The finding of a correlation that fired; `None` when it feeds only others or lies below the level asked for. `events` are those of
    /// `fired.events` in order, `last` is its last event.
    #[must_use]
    pub fn correlated(&self, fired: Fired, events: Vec<EventOf>, last: EventOf) -> Option<Detected> {
        let number = usize::try_from(fired.correlation).ok()?;
        let card = self.correlations.get(number).filter(|card| card.card.level >= self.options.level_min)?;
        self.plan.correlation_stands_alone(number).then(|| card.finding(fired, events, last))
    }

    /// Working memory for one thread.
    #[must_use]
    pub fn scratch(&self) -> Scratch {
        Scratch { engine: self.engine.scratch(), hits: Vec::new() }
    }

    /// What is asked of a record more than once, by this detector and by who normalises it.
    #[must_use]
    pub fn know<'a>(&self, record: &Record<'a>, source: &str, arena: &'a Arena) -> Known<'a> {
        Known { taxonomy: self.taxonomy(record, arena), ..Known::of(record, source) }
    }

    /// The record's fields in the healthcare taxonomy; `None` when no rule asks for them.
    fn taxonomy<'a>(&self, record: &Record<'a>, arena: &'a Arena) -> Option<&'a [Field<'a>]> {
        let DetectOptions { site_key, csv_mappings, timezone, .. } = &self.options;
        let is_wanted = self.engine.wants_taxonomy(record.sources);
        is_wanted.then(|| taxonomy_mapped(record, site_key, csv_mappings, timezone, arena))
    }

    /// Judges one record of the source `source`.
    pub fn judge<'a>(
        &self,
        record: &Record<'a>,
        source: &Arc<str>,
        arena: &'a Arena,
        scratch: &mut Scratch,
        out: &mut Judged,
    ) {
        self.judge_known(record, source, None, arena, scratch, out);
    }

    /// The same, with what [`Self::know`] said of the record.
    pub fn judge_known<'a>(
        &self,
        record: &Record<'a>,
        source: &Arc<str>,
        known: Option<&Known<'a>>,
        arena: &'a Arena,
        scratch: &mut Scratch,
        out: &mut Judged,
    ) {
        scratch.hits.clear();
        self.engine.matches(record, View::Own, arena, &mut scratch.engine, &mut scratch.hits);
        let own = scratch.hits.len();
        let taxonomy = known.map_or_else(|| self.taxonomy(record, arena), |known| known.taxonomy);
        let taxonomy_fields = taxonomy.unwrap_or_default();
        if taxonomy.is_some() {
            let view = View::Taxonomy(taxonomy_fields);
            self.engine.matches(record, view, arena, &mut scratch.engine, &mut scratch.hits);
        }
        if scratch.hits.is_empty() {
            return;
        }
        let views = [taxonomy_fields, record.fields];
        let known = match known {
            Some(known) => Cow::Borrowed(known),
            None if self.options.mask => Cow::Owned(Known::of(record, source)),
            None => Cow::Owned(Known::unmasked(record, source)),
        };
        let mut facts = Facts::new(&self.options, record, source, &known, views, arena);
        for (place, hit) in scratch.hits.iter().enumerate() {
            let earlier = scratch.hits.get(..place).unwrap_or_default();
            if earlier.iter().any(|other| other.rule == hit.rule) {
                continue; // one finding per rule and event, through whichever view it was reached first
            }
            let view = if place < own { View::Own } else { View::Taxonomy(taxonomy_fields) };
            self.hit(*hit, view, &mut facts, out);
        }
    }

    fn hit<'a>(&self, hit: Hit, view: View<'a>, facts: &mut Facts<'_, 'a>, out: &mut Judged) {
        let Some(card) = self.engine.card(hit.rule) else { return };
        if self.plan.uses(hit.rule) {
            let fields = if let View::Taxonomy(fields) = view { fields } else { facts.record.fields };
            match facts.rule_match(hit, fields, self.plan.wanted_fields(hit.rule)) {
                Some(found) => out.matches.push(found),
                None => out.matches_undated += 1,
            }
        }
        if card.level >= self.options.level_min && self.plan.rule_stands_alone(hit.rule) {
            let matched = self.engine.explain(hit, facts.record, view, facts.arena);
            out.findings.push(facts.finding(card, hit.source, matched));
        }
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

/// Shows the length only: a record can hold anything.
impl fmt::Debug for KeptRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptRecord").field("raw_bytes", &self.raw.len()).finish_non_exhaustive()
    }
}
