//! rsigma-eval: the fastest peer. It is told each event's log source beforehand, outside the measured time.

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

    pub fn find(&self, lines: &[String], sources: &[LogSource]) -> usize {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let mut matches = 0;
        for (line, source) in lines.iter().zip(sources) {
            let Ok(value) = serde_json::from_str::<serde_json::Value>(line) else { continue };
            let source = rsigma_parser::LogSource { product: some(source.product), category: some(source.category), service: some(source.service), ..Default::default() };
            matches += self.engine.evaluate_with_logsource(&JsonEvent::borrow(&value), &source).len();
        }
        matches
    }
}
