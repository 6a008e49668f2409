//! Records in common terms. Third stage of the main street: Record in, the fields of the healthcare taxonomy out.
//!
//! Here one access reads alike whatever wrote it: a FHIR AuditEvent, an ATNA message, an HL7 message, a row of an EHR's export. It knows the names that
//! decoders give, and pseudonyms; it knows no bytes, no rule and no clock.

mod access;
mod patient;
mod taxonomy;

pub use access::Access;
pub use patient::PatientId;
pub use taxonomy::{taxonomy, taxonomy_mapped};
