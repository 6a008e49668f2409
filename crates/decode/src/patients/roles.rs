//! Roles of the objects of an audit message (RFC 3881 section 5.4.2, DICOM PS3.15 A.5, FHIR `object-role`): whose name such an object bears.

/// Patient, subscriber, guarantor, customer.
pub(crate) const OF_PATIENTS: [&str; 4] = ["1", "9", "10", "19"];

/// Location, master file, user, doctor, security users, groups and resources, provider, data destination and repository, schedule, jobs, tables, routing: no
/// patient's name is to be found there.
pub(crate) const OF_OTHERS: [&str; 16] =
    ["2", "5", "6", "8", "11", "12", "13", "14", "15", "16", "17", "18", "20", "21", "22", "23"];
