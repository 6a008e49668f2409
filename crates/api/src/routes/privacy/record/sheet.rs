//! The record of a patient as CSV (RFC 4180).

use super::body::{AccessBody, DisclosureBody, PatientRecordBody};
use crate::routes::events::export::csv_line;

/// Columns of accesses.
const ACCESSES: [&str; 20] = [
    "time",
    "user",
    "role",
    "department",
    "action",
    "section",
    "recipient",
    "workstation",
    "address",
    "application",
    "location",
    "source",
    "purpose",
    "break_glass",
    "outcome",
    "judged",
    "explanation",
    "words",
    "proof",
    "event_id",
];
/// Columns of disclosures.
const DISCLOSURES: [&str; 7] = ["first", "last", "count", "recipient", "what", "purpose", "events"];

/// A row for each access.
pub(super) fn accesses(record: &PatientRecordBody) -> String {
    let head = csv_line(ACCESSES.into_iter());
    record.accesses.iter().fold(head, |text, access| text + &row(access))
}

fn row(access: &AccessBody) -> String {
    let cells = [
        &*access.time.0.to_string(),
        access.user.name.as_deref().unwrap_or_default(),
        &access.role,
        &access.department,
        &access.action,
        &access.section,
        &access.recipient,
        &access.workstation,
        &access.address,
        &access.application,
        &access.location,
        &access.source,
        &access.purpose,
        if access.break_glass { "1" } else { "0" },
        if access.is_denied { "denied" } else { "success" },
        access.judged.word(),
        &access.explanation.join("|"),
        &access.words,
        &access.proof.join(";"),
        access.event_id.as_deref().unwrap_or_default(),
    ];
    csv_line(cells.into_iter())
}

/// A row for each recipient, matter and purpose.
pub(super) fn disclosures(record: &PatientRecordBody) -> String {
    let head = csv_line(DISCLOSURES.into_iter());
    record.disclosures.iter().fold(head, |text, one| text + &disclosure(one))
}

fn disclosure(one: &DisclosureBody) -> String {
    let (first, last, count) = (one.first.0.to_string(), one.last.0.to_string(), one.count.to_string());
    let events = one.event_ids.join(";");
    csv_line([&*first, &*last, &*count, &*one.recipient, &*one.what, &*one.purpose, &*events].into_iter())
}
