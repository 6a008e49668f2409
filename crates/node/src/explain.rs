//! `rules explain`: the street with a question to each event instead of a detector: why does this rule match it, or why not.

use std::sync::Arc;

use cordon_collect::{SourceInfo, Sources};
use cordon_detect::{DetectOptions, why};
use cordon_model::{Anomaly, Arena, Position, Record, SourceSet, Time};
use cordon_rules::Why;
use cordon_rules::ast::Rule;

use crate::{Progress, StreetOptions, Tally, walk_each};

/// What the rules say about one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Id of its source.
    pub source: Arc<str>,
    /// Where it stands.
    pub position: Position,
    /// Which of the records there.
    pub index: u32,
    /// When it happened.
    pub time: Option<Time>,
    /// Its log sources, in the table of the options.
    pub log_sources: SourceSet,
    /// One answer per rule, in their order; an error says why the rule cannot be compiled.
    pub answers: Vec<Result<Why, String>>,
}

/// Asks every rule about every event, in order.
///
/// # Errors
/// The error of `consume`.
pub fn explain<E>(
    sources: Sources,
    options: &StreetOptions,
    rules: &[Rule],
    detect: &DetectOptions,
    mut consume: impl FnMut(Explained) -> Result<(), E>,
) -> Result<Tally, E> {
    let table = &options.decode.log_sources;
    let ask = |record: &Record<'_>, source: &SourceInfo, arena: &Arena, out: &mut Vec<Explained>| {
        out.push(Explained {
            source: Arc::clone(&source.id),
            position: record.raw.position,
            index: record.index,
            time: record.when.resolve(),
            log_sources: record.sources,
            answers: rules.iter().map(|rule| why(rule, record, table, detect, arena)).collect(),
        });
    };
    // bytes that gave no record are counted by the street
    let fault = |_: &SourceInfo, _: u64, _: Anomaly, _: &mut Vec<Explained>| {};
    walk_each(sources, options, &Progress::default(), ask, fault, |batch| batch.into_iter().try_for_each(&mut consume))
}
