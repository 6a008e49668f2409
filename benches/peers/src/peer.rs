//! rsigma-eval: the fastest peer. It is told each event's log source beforehand, outside the measured time.

use std::collections::BTreeSet;

use anyhow::{Result, anyhow};
use cordon_model::LogSource;
use rsigma_eval::Engine;
use rsigma_eval::event::JsonEvent;

use crate::corpus::RuleText;

pub struct Contender {
    engine: Engine,
}

impl Contender {
    pub fn new(rules: &[RuleText]) -> Result<Self> {
        let mut engine = Engine::new();
        let mut all = Vec::new();
        for rule in rules {
            let collection = rsigma_parser::parse_sigma_yaml(&rule.text).map_err(|error| anyhow!("{}: {error}", rule.path))?;
            all.extend(collection.rules);

        }
        let failed = engine.add_rules(&all);
        anyhow::ensure!(failed.is_empty(), "{} rules were refused", failed.len());
        Ok(Self { engine })
    }

    /// The ids of the rules that match one line as any of its log sources.
    pub fn rules_on(&self, line: &str, sources: &[LogSource]) -> BTreeSet<String> {
        let Ok(value) = serde_json::from_str::<serde_json::Value>(line) else { return BTreeSet::new() };
        let mut ids = BTreeSet::new();
        for source in sources {
            let found = self.engine.evaluate_with_logsource(&JsonEvent::borrow(&value), &log_source(source));
            ids.extend(found.into_iter().filter_map(|result| result.header.rule_id.clone()));
        }
        ids
    }

    pub fn find(&self, lines: &[String], sources: &[LogSource]) -> usize {
        let mut matches = 0;
        for (line, source) in lines.iter().zip(sources) {
            let Ok(value) = serde_json::from_str::<serde_json::Value>(line) else { continue };
            matches += self.engine.evaluate_with_logsource(&JsonEvent::borrow(&value), &log_source(source)).len();
        }
        matches
    }
}

fn log_source(source: &LogSource) -> rsigma_parser::LogSource {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    rsigma_parser::LogSource { product: some(source.product), category: some(source.category), service: some(source.service), ..Default::default() }
}
