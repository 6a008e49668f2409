//! Tables with a header line (CSV, TSV): rows in, one Record per row out, its fields named by the header.
//!
//! A mapping ([`Mapping`], `docs/specs/csv-mapping.md`) is chosen by the header's columns. Here it gives time, log source and patient columns; what the columns
//! mean is `normalize`'s.

mod anomaly;
mod cells;
mod columns;
mod fields;
mod frame;
mod header;
mod mapping;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use columns::{Columns, Row};
pub use mapping::{Mapping, MappingError, ValueForm, presets, with_presets};

use crate::{Confidence, DecodeOptions, Format, Framer};

/// Name of the field that says which mapping took the header.
pub const MAPPING_FIELD: &str = "csv.mapping";

const NAME: &str = "csv";

/// Fewest columns of a table that no mapping but the generic one takes.
const COLUMNS_MIN: usize = 3;

/// Whether lines begin with a header that tells of patients, however wide the rows below it are: they may be cut off.
pub(crate) fn tells_of_patients(lines: &[u8]) -> bool {
    header::names_patients(lines, &presets())
}

/// The format.
#[derive(Debug)]
pub(crate) struct Csv;

impl Format for Csv {
    fn name(&self) -> &'static str {
        NAME
    }

    fn sniff(&self, head: &[u8], _ended: bool) -> Confidence {
        let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
        match header::credible(head, &presets()) {
            Some((_, Some(mapping), _)) if mapping != "generic" => Confidence::Likely,
            Some((width, _, is_row)) if width >= COLUMNS_MIN && (is_row || tells_of_patients(head)) => {
                Confidence::Likely
            }
            _ => Confidence::No,
        }
    }

    fn framer(&self, options: &Arc<DecodeOptions>) -> Box<dyn Framer> {
        Box::new(frame::CsvFramer::new(Arc::clone(options)))
    }
}
