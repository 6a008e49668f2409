//! Why a rule matches a record, or why not: the rules' own answer over both views of the record.

use cordon_model::{Arena, LogSource, LogSourceTable, Record};
use cordon_normalize::taxonomy_mapped;
use cordon_rules::Why;
use cordon_rules::ast::Rule;

use crate::DetectOptions;

/// Explains one rule on one record. `table` is the one that the record was decoded with.
///
/// # Errors
/// Why the rule cannot be compiled.
pub fn why<'a>(
    rule: &Rule,
    record: &Record<'a>,
    table: &LogSourceTable,
    options: &DetectOptions,
    arena: &'a Arena,
) -> Result<Why, String> {
    let sources = table.sources(record.sources);
    let taxonomy = if sources.iter().any(LogSource::is_taxonomy) {
        taxonomy_mapped(record, &options.site_key, &options.csv_mappings, &options.timezone, arena)
    } else {
        &[]
    };
    cordon_rules::why(rule, sources, record.fields, taxonomy, arena)
}
