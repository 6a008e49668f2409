//! Cordon: decode a line, match it against every rule.

use std::sync::Arc;

use anyhow::Result;
use cordon_decode::{DecodeOptions, Decoder, Sink, Unit, formats};
use cordon_model::{Anomaly, Arena, LogSource, LogSourceTable, Record, Time};
use cordon_rules::parse::{Document, documents};
use cordon_rules::{Engine, Hit, Scratch, View};

use crate::corpus::RuleText;
use crate::evtx_slope::Chunk;

pub struct Contender {
    engine: Engine,
    json: Option<Arc<dyn Decoder>>,
    evtx: Option<Arc<dyn Decoder>>,
    table: Arc<LogSourceTable>,
}

impl Contender {
    pub fn new(rules: &[RuleText]) -> Result<Self> {
        let (contender, refused) = Self::build(rules);
        anyhow::ensure!(refused == 0, "{refused} rules were refused");
        Ok(contender)
    }

    /// The same without minding refusals: for rules changed by machine.
    pub fn lenient(rules: &[RuleText]) -> Self {
        Self::build(rules).0
    }

    fn build(rules: &[RuleText]) -> (Self, usize) {
        let options = Arc::new(DecodeOptions::new(Time(0)));
        let parsed = rules.iter().flat_map(|rule| documents(&rule.path, &rule.text)).flatten();
        let rules: Vec<_> = parsed.filter_map(|document| if let Document::Rule(rule) = document { Some(*rule) } else { None }).collect();
        let (engine, refused) = Engine::compile(&rules, &options.log_sources);
        let decoder = |name: &str| formats().iter().find(|format| format.name() == name).map(|format| format.framer(&options).decoder());
        let contender = Self { engine, json: decoder("json"), evtx: decoder("evtx"), table: Arc::clone(&options.log_sources) };
        (contender, refused.len())
    }

    pub fn rule_count(&self) -> usize {
        self.engine.rule_count()
    }

    /// Records and matches in all chunks, as often as asked.
    pub fn find_in_chunks(&self, chunks: &[Chunk], times: usize) -> (usize, usize) {
        let (mut arena, mut scratch, mut hits, mut records) = (Arena::new(), self.engine.scratch(), Vec::new(), 0);
        for chunk in std::iter::repeat_n(chunks, times).flatten() {
            let mut sink = Match { engine: &self.engine, arena: &arena, scratch: &mut scratch, hits: &mut hits, records: &mut records };
            self.evtx.iter().for_each(|evtx| evtx.decode(Unit { offset: chunk.offset, bytes: &chunk.bytes }, &arena, &mut sink));
            arena.reset();
        }
        (records, hits.len())
    }

    pub fn decode(&self, lines: &[String]) -> usize {
        let mut arena = Arena::new();
        let mut fields = 0;
        for line in lines {
            let mut sink = Count { fields: &mut fields };
            self.json.iter().for_each(|json| json.decode(Unit { offset: 0, bytes: line.as_bytes() }, &arena, &mut sink));
            arena.reset();
        }
        fields
    }

    pub fn find(&self, lines: &[String]) -> usize {
        let mut arena = Arena::new();
        let mut scratch = self.engine.scratch();
        let (mut hits, mut records) = (Vec::new(), 0);
        for line in lines {
            let mut sink = Match { engine: &self.engine, arena: &arena, scratch: &mut scratch, hits: &mut hits, records: &mut records };
            self.json.iter().for_each(|json| json.decode(Unit { offset: 0, bytes: line.as_bytes() }, &arena, &mut sink));
            arena.reset();
        }
        hits.len()
    }

    /// The ids of the rules that match one line, and the log sources it belongs to.
    pub fn rules_on(&self, line: &str) -> (std::collections::BTreeSet<String>, Vec<LogSource>) {
        let arena = Arena::new();
        let (mut scratch, mut hits, mut sources, mut records) = (self.engine.scratch(), Vec::new(), Vec::new(), 0);
        let mut sink = Match { engine: &self.engine, arena: &arena, scratch: &mut scratch, hits: &mut hits, records: &mut records };
        self.json.iter().for_each(|json| json.decode(Unit { offset: 0, bytes: line.as_bytes() }, &arena, &mut sink));
        let mut sink = All { table: &self.table, found: &mut sources };
        self.json.iter().for_each(|json| json.decode(Unit { offset: 0, bytes: line.as_bytes() }, &arena, &mut sink));
        let ids = hits.iter().filter_map(|hit| self.engine.card(hit.rule)).map(|card| card.id.clone()).collect();
        (ids, sources)
    }

    /// The most telling log source of each line: what a peer is told.
    pub fn log_sources(&self, lines: &[String]) -> Vec<LogSource> {
        let mut arena = Arena::new();
        let mut found = Vec::with_capacity(lines.len());
        for line in lines {
            let mut sink = Sources { table: &self.table, found: &mut found };
            self.json.iter().for_each(|json| json.decode(Unit { offset: 0, bytes: line.as_bytes() }, &arena, &mut sink));
            arena.reset();
        }
        found
    }
}

struct Count<'s> {
    fields: &'s mut usize,
}

impl<'a> Sink<'a> for Count<'_> {
    fn record(&mut self, record: Record<'a>) {
        *self.fields += record.fields.len();
    }
    fn fault(&mut self, _: u64, _: Anomaly) {}
}

struct Match<'s, 'a> {
    engine: &'s Engine,
    arena: &'a Arena,
    scratch: &'s mut Scratch,
    hits: &'s mut Vec<Hit>,
    records: &'s mut usize,
}

impl<'a> Sink<'a> for Match<'_, 'a> {
    fn record(&mut self, record: Record<'a>) {
        *self.records += 1;
        self.engine.matches(&record, View::Own, self.arena, self.scratch, self.hits);
    }
    fn fault(&mut self, _: u64, _: Anomaly) {}
}

struct Sources<'s> {
    table: &'s LogSourceTable,
    found: &'s mut Vec<LogSource>,
}

impl<'a> Sink<'a> for Sources<'_> {
    fn record(&mut self, record: Record<'a>) {
        let sources = self.table.sources(record.sources);
        let telling = sources.iter().filter(|source| source.mapping.is_empty()).max_by_key(|source| (!source.category.is_empty(), !source.service.is_empty()));
        self.found.push(telling.copied().unwrap_or_default());
    }
    fn fault(&mut self, _: u64, _: Anomaly) {}
}

struct All<'s> {
    table: &'s LogSourceTable,
    found: &'s mut Vec<LogSource>,
}

impl<'a> Sink<'a> for All<'_> {
    fn record(&mut self, record: Record<'a>) {
        self.found.extend(self.table.sources(record.sources));
    }
    fn fault(&mut self, _: u64, _: Anomaly) {}
}
