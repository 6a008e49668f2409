//! Faults of audit messages.

use cordon_model::Anomaly;

/// The document is no audit message.
pub(super) const NOT_AN_AUDIT_MESSAGE: Anomaly =
    Anomaly::new("atna_not_an_audit_message", "the root element is not AuditMessage; the document was left out");
/// The event id is no code.
pub(super) const EVENT_ID_NOT_A_CODE: Anomaly = Anomaly::new(
    "atna_event_id_not_a_code",
    "the event id is no DICOM code (OpenEMR writes the literal eventIDcode); its display name was taken",
);
/// A part that every message must have is absent.
pub(super) const PART_MISSING: Anomaly = Anomaly::new(
    "atna_part_missing",
    "EventIdentification, ActiveParticipant or AuditSourceIdentification is missing, which DICOM PS3.15 A.5 demands",
);
