//! Sigma texts into the language of [`crate::ast`]: rules, correlations and filters, each loaded or refused with its line and reason.
//!
//! In: the text of a file. Out: one result per YAML document. [`Library`] joins many files: names resolved, filters applied, placeholders
//! filled in, correlations in the order in which they can be computed. It touches no file and knows no event.

mod chains;
mod condition;
mod correlation;
mod detection;
mod fault;
mod filter;
mod header;
mod join;
mod library;
mod modifiers;
mod pipeline;
mod placeholders;
mod regression;
mod suggest;
mod yaml;

pub use fault::{Refusal, RefusalKind, Warning};
pub use library::{Library, LogSourceWords, Options};
pub use pipeline::Pipeline;
pub use placeholders::Placeholders;
pub use regression::{Regression, RegressionTest, regression};
pub use suggest::did_you_mean;

use crate::ast::{Correlation, Filter, Origin, Rule};
use fault::{About, Fault};
use header::{find, lenient_texts, map_of, missing, text_of};
use yaml::{Content, Entry};

/// What a document can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    /// A detection rule.
    Rule(Box<Rule>),
    /// A correlation over rules.
    Correlation(Box<Correlation>),
    /// A filter for rules.
    Filter(Box<Filter>),
}

/// Reads every document of a file. A document that is refused spares its neighbours.
#[must_use]
pub fn documents(path: &str, text: &str) -> Vec<Result<Document, Refusal>> {
    read(path, text, &mut Vec::new())
}

/// [`documents`] with what is odd about those that load.
pub fn read(path: &str, text: &str, warnings: &mut Vec<Warning>) -> Vec<Result<Document, Refusal>> {
    let mut found = Vec::new();
    for (line, document) in yaml::split(text) {
        found.push(read_document(path, line, document, warnings).map_err(|refusal| *refusal));
    }
    found
}

fn read_document(path: &str, line: usize, text: &str, warnings: &mut Vec<Warning>) -> Result<Document, Box<Refusal>> {
    let nameless = About { path, id: None, title: None };
    let root = yaml::read(line, text).map_err(|fault| fault.refusal(&nameless))?;
    let Content::Map(map) = &root.content else {
        return Err(Fault::new(root.line, "a Sigma document must be a map of keys and values").refusal(&nameless));
    };
    let about = About { path, id: text_of(map, "id").ok().flatten(), title: text_of(map, "title").ok().flatten() };
    let mut odd = Vec::new();
    let origin = Origin { path: path.to_owned(), line: root.line };
    let read = read_map(map, origin, &mut odd);
    warnings.extend(odd.into_iter().map(|fault| fault.warning(&about)));
    read.map_err(|fault| fault.refusal(&about))
}

fn read_map(map: &[Entry<'_>], origin: Origin, warnings: &mut Vec<Fault>) -> Result<Document, Fault> {
    if let Some(entry) = find(map, "action") {
        return Err(Fault::new(entry.line, "`action` documents are no longer part of Sigma")
            .hint("write each rule in full, or a correlation"));
    }
    if let Some(entry) = find(map, "transformations") {
        return Err(Fault::new(entry.line, "a processing pipeline stands among the rules")
            .hint("give it as a pipeline: it is not applied from here"));
    }
    if find(map, "correlation").is_some() {
        return correlation::read(map, origin, warnings).map(|found| Document::Correlation(Box::new(found)));
    }
    if find(map, "filter").is_some() {
        return filter::read(map, origin, warnings).map(|found| Document::Filter(Box::new(found)));
    }
    read_rule(map, origin, warnings).map(|rule| Document::Rule(Box::new(rule)))
}

/// Keys under `detection` that are not selections; `timeframe` is left over from the correlations of Sigma 1.
const DETECTION_RESERVED: [&str; 2] = ["condition", "timeframe"];

fn read_rule(map: &[Entry<'_>], origin: Origin, warnings: &mut Vec<Fault>) -> Result<Rule, Fault> {
    let mut header = header::read(map, origin.line, warnings)?;
    let entry = find(map, "detection").ok_or_else(|| missing(map, origin.line, "detection"))?;
    let log_source = header::log_source(map, origin.line, &mut header.details, warnings)?;
    let section = map_of(entry)?;
    let selections = detection::selections(section, &DETECTION_RESERVED, warnings)?;
    let condition = find(section, "condition").ok_or_else(|| missing(section, entry.line, "condition"))?;
    let conditions = detection::conditions(condition, &selections, section, warnings)?;
    Ok(Rule {
        card: header.card,
        name: header.name,
        status: header.status,
        fields: lenient_texts(map, "fields", warnings),
        log_source,
        selections,
        conditions,
        details: header.details,
        origin,
    })
}

#[cfg(test)]
mod tests;
