//! The healthcare taxonomy (`docs/specs/healthcare-taxonomy.md`): one file per source, each turning the source's own names into the common ones.

mod atna;
mod codes;
mod csv;
mod device;
mod fhir;
mod fill;
mod hl7;
mod named;
mod sql;

#[cfg(test)]
mod tests;

use cordon_decode::csv::{Mapping, presets};
use cordon_model::{Arena, Field, Record};
use cordon_seal::SiteKey;
use jiff::tz::TimeZone;

use fill::Fill;

/// Fills the taxonomy from one record.
type Source = for<'a> fn(&Record<'a>, &mut Fill<'a, '_>);

/// Which file reads the records of which decoder (`Record::format`).
const SOURCES: &[(&str, Source)] = &[
    ("atna", atna::fill),
    ("csv", csv::fill),
    ("fhir_audit_event", fhir::fill),
    ("hl7", hl7::fill),
    ("syslog", device::fill),
];

/// The taxonomy fields of a record: the names of its categories `record_access`, `hl7_message`, `dicom_activity` and `medical_device` together. Empty for a
/// record that no file here reads. A field may repeat: an event about several patients has one `patient_ref` for each.
#[must_use]
pub fn taxonomy<'a>(record: &Record<'a>, key: &SiteKey, arena: &'a Arena) -> &'a [Field<'a>] {
    taxonomy_mapped(record, key, &presets(), &TimeZone::UTC, arena)
}

/// The same with a user's mappings of tables ([`cordon_decode::csv::with_presets`]), those that the record was decoded with, and the zone of the site's clocks.
#[must_use]
pub fn taxonomy_mapped<'a>(
    record: &Record<'a>,
    key: &SiteKey,
    mappings: &[Mapping],
    zone: &TimeZone,
    arena: &'a Arena,
) -> &'a [Field<'a>] {
    let Some((_, source)) = SOURCES.iter().find(|(format, _)| *format == record.format) else { return &[] };
    let mut fill = Fill::new(key, mappings, arena);
    source(record, &mut fill);
    fill.put_stated("time", local_time(record, zone, arena));
    fill.into_fields()
}

/// When, on the site's clock: rules ask for its hour, and no standard says how to convert one.
fn local_time<'a>(record: &Record<'a>, zone: &TimeZone, arena: &'a Arena) -> Option<&'a str> {
    let moment = jiff::Timestamp::from_microsecond(record.when.resolve()?.0).ok()?;
    Some(arena.alloc_str(&moment.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()))
}
