//! Faults of FHIR AuditEvents.

use cordon_model::Anomaly;

/// A resource that is no AuditEvent.
pub(super) const OTHER_RESOURCE: Anomaly = Anomaly::new(
    "fhir_other_resource",
    "a resource that is no AuditEvent was left out; its bytes are masked as patient data",
);
/// An entry of a Bundle without a resource.
pub(super) const ENTRY_WITHOUT_RESOURCE: Anomaly =
    Anomaly::new("fhir_entry_without_resource", "an entry of the Bundle holds no resource and was left out");
/// Elements of two releases side by side.
pub(super) const MIXED_RELEASES: Anomaly = Anomaly::new(
    "fhir_mixed_releases",
    "the AuditEvent has elements of FHIR R4 and of R5 side by side; both were read as they stand",
);
/// An element that every AuditEvent must have is absent.
pub(super) const PART_MISSING: Anomaly =
    Anomaly::new("fhir_part_missing", "agent or source is missing, which every release of AuditEvent demands");
/// The JSON breaks off or is not well-formed.
pub(super) const BROKEN_JSON: Anomaly =
    Anomaly::new("fhir_json_broken", "the JSON is not well-formed; what stands before the fault was read");
