//! The `filter` section (Sigma 2.1, filters specification).
//!
//! In: the YAML map. Out: [`Filter`] whose targets are still ids or names as written. `join` joins it to rules.

use super::detection;
use super::fault::Fault;
use super::header::{self, find, map_of, missing, texts_of};
use super::yaml::Entry;
use crate::ast::{Condition, Filter, FilterTargets, Origin};

/// Keys under `filter` that are not selections.
const FILTER_RESERVED: [&str; 2] = ["rules", "condition"];

/// Reads a document that has a `filter`.
pub(crate) fn read(map: &[Entry<'_>], origin: Origin, warnings: &mut Vec<Fault>) -> Result<Filter, Fault> {
    let mut header = header::read(map, origin.line, warnings)?;
    let entry = find(map, "filter").ok_or_else(|| missing(map, origin.line, "filter"))?;
    let log_source = header::log_source(map, origin.line, &mut header.details, warnings)?;
    let section = map_of(entry)?;
    let rules = texts_of(section, "rules")?;
    let targets = match rules.as_slice() {
        [] => return Err(missing(section, entry.line, "rules")),
        [any] if any == "any" => FilterTargets::Any,
        _ => FilterTargets::Named(rules),
    };
    let selections = detection::selections(section, &FILTER_RESERVED, warnings)?;
    let condition = find(section, "condition").ok_or_else(|| missing(section, entry.line, "condition"))?;
    let conditions = detection::conditions(condition, &selections, section, warnings)?;
    if !conditions.iter().any(has_not) {
        warnings.push(
            Fault::new(condition.line, "the filter keeps only what it describes, because its condition has no `not`")
                .hint("`not selection` leaves out what it describes"),
        );
    }
    Ok(Filter { card: header.card, log_source, targets, selections, conditions, details: header.details, origin })
}

fn has_not(condition: &Condition) -> bool {
    match condition {
        Condition::Not(_) => true,
        Condition::And(branches) | Condition::Or(branches) => branches.iter().any(has_not),
        Condition::Selection(_) | Condition::Of { .. } => false,
    }
}
