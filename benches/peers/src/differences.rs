//! Where Cordon and rsigma-eval disagree on the same records: rule by rule, with a record to look at.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::corpus::{Record, RuleText};
use crate::{ours, peer};

#[derive(Default)]
struct Side {
    ours: usize,
    theirs: usize,
    example: String,
}

/// Prints, for each rule on which the two disagree, how many records only one of them matches.
pub fn list(rules: &[RuleText], records: &[Record]) -> Result<()> {
    let (ours, theirs) = (ours::Contender::new(rules)?, peer::Contender::new(rules)?);
    let mut by_rule: BTreeMap<String, Side> = BTreeMap::new();
    let mut agreed = 0;
    for record in records {
        let (ids, sources) = ours.rules_on(&record.flat);
        let peers = theirs.rules_on(&record.flat, &sources);
        agreed += ids.intersection(&peers).count();
        for id in ids.symmetric_difference(&peers) {
            let side = by_rule.entry(id.clone()).or_default();
            if ids.contains(id) { side.ours += 1 } else { side.theirs += 1 }
            side.example = record.flat.chars().take(1_500).collect();
        }
    }
    println!("{agreed} matches agree");
    for (id, side) in &by_rule {
        println!("{id}: only ours {}, only theirs {}\n    {}", side.ours, side.theirs, side.example);
    }
    Ok(())
}
