//! Records in common terms. Third stage of the main street: Record in, the fields of the healthcare taxonomy or an OCSF Event out.
//!
//! Here one access reads alike whatever wrote it: a FHIR AuditEvent, an ATNA message, an HL7 message, a row of an EHR's export; and every record has a class,
//! an activity and typed attributes ([`Normalizer`]) without a patient's identity in them. It knows the names that decoders give, and pseudonyms; it knows no
//! rule and no clock.

mod access;
mod known;
mod mask;
mod ocsf;
mod patient;
mod taxonomy;

pub use access::Access;
pub use known::Known;
pub use mask::Mask;
pub use ocsf::{Normalizer, OCSF_VERSION, Origin};
pub use patient::PatientId;
pub use taxonomy::{taxonomy, taxonomy_mapped};
