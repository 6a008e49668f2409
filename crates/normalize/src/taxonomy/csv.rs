//! Rows of tables to category `record_access`, by the mapping that took the header (`docs/specs/csv-mapping.md`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cordon_decode::csv::{Columns, MAPPING_FIELD, Mapping, Row};
use cordon_model::{Arena, Record};

use super::fill::Fill;
use super::named::Named;
use super::sql;
use crate::PatientId;

/// Shortest text that is tried as base64.
const BASE64_BYTES_MIN: usize = 8;

/// Fills the taxonomy from one row.
pub(super) fn fill<'a>(record: &Record<'a>, fill: &mut Fill<'a, '_>) {
    let row = Named::new(record, fill.arena());
    let name = row.first(MAPPING_FIELD).unwrap_or_default();
    let mappings = fill.mappings();
    let Some(mapping) = mappings.iter().find(|mapping| mapping.name == name) else { return };
    let cells = Cells { row: Row::new(row.pairs()), mapping, arena: fill.arena() };
    for (field, columns) in &mapping.fields {
        let value = cells.text(columns).filter(|_| !fill.has(field)).and_then(|text| mapping.value(field, text));
        if let Some(value) = value {
            fill.put(field, fill.arena().alloc_str(value));
        }
    }
    for (field, text) in mapping.fixed.iter().filter(|(field, _)| !fill.has(field)).collect::<Vec<_>>() {
        fill.put(field, fill.arena().alloc_str(text));
    }
    if let Some(patient) = cells.patient() {
        fill.put_patient(patient);
    }
}

/// The cells of one row, as its mapping says to read them.
struct Cells<'a, 'm> {
    row: Row<'a>,
    mapping: &'m Mapping,
    arena: &'a Arena,
}

impl<'a, 'm> Cells<'a, 'm> {
    /// A cell's text: not when it is ciphertext, and decoded when it is base64.
    fn text(&self, columns: &Columns) -> Option<&'a str> {
        let text = columns.text(&self.row)?;
        let same = |other: &Columns| other.text(&self.row).is_some_and(|other| std::ptr::eq(other, text));
        let hidden = self.mapping.ciphertext.iter().any(|(column, flag, value)| {
            same(column) && flag.text(&self.row).is_some_and(|stated| stated.trim().eq_ignore_ascii_case(value))
        });
        if hidden {
            return None;
        }
        let encoded = self.mapping.base64.iter().any(same);
        Some(if encoded { self.decoded(text).unwrap_or(text) } else { text })
    }

    fn decoded(&self, text: &str) -> Option<&'a str> {
        let bytes = STANDARD.decode(Some(text.trim()).filter(|text| text.len() >= BASE64_BYTES_MIN)?).ok()?;
        Some(self.arena.alloc_str(std::str::from_utf8(&bytes).ok()?))
    }

    /// The patient: the one that an SQL text asks for, else the one that a column names.
    fn patient(&self) -> Option<PatientId<'a>>
    where
        'm: 'a,
    {
        let known = |id: &&str| !self.mapping.no_patients.iter().any(|none| none == id.trim());
        let of_sql =
            || self.mapping.patient_sql.iter().filter_map(|column| sql::patient(self.text(column)?)).find(known);
        let of_column = || self.mapping.patients.iter().filter_map(|column| self.text(column)).find(known);
        let id = of_sql().or_else(of_column)?;
        let stated = self.mapping.authority_column.as_ref().and_then(|column| self.text(column));
        PatientId::from_identifier(stated.unwrap_or(&self.mapping.authority), id)
    }
}
