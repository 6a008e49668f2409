//! Messages of medical devices and their gateways (CEF, LEEF, plain syslog) to the taxonomy's category `medical_device`.
//!
//! What CEF's dictionary names is taken by its name; what a vendor labels itself (`cs1Label=Location`) by the usual spellings of the label. What the event is comes
//! from the words of `data/device_events.tsv`; a message that has none of them states no `event`.

use cordon_model::Record;

use super::fill::Fill;
use super::named::Named;
use crate::PatientId;

/// `event` and the text that names it.
const EVENTS: &str = include_str!("../../data/device_events.tsv");

/// Taxonomy field and the fields that state it, the surest first.
const NAMES: [(&str, &[&str]); 10] = [
    (
        "device_id",
        &[
            "deviceExternalId",
            "DeviceId",
            "deviceId",
            "Device ID",
            "DeviceSerial",
            "Serial Number",
            "dvchost",
            "identHostName",
            "hostname",
        ],
    ),
    ("device_type", &["DeviceType", "deviceType", "Device Type"]),
    ("vendor", &["deviceVendor"]),
    ("model", &["DeviceModel", "Device Model", "deviceModel", "deviceProduct"]),
    ("software_version", &["deviceVersion"]),
    ("user", &["suser", "duser", "usrName", "user", "User"]),
    ("client_ip", &["src", "src_ip"]),
    ("location", &["Location", "location", "Care Unit", "CareUnit", "unit", "Ward"]),
    ("outcome", &["outcome", "categoryOutcome"]),
    ("severity", &["deviceSeverity", "sev", "severity"]),
];
/// Fields that hold a patient's id; the decoder masks the same.
const PATIENT: [&str; 6] = ["PatientId", "PatientID", "patientId", "Patient ID", "patient_id", "MRN"];
/// Where the words stand that say what happened.
const WORDS: [&str; 6] = ["act", "cat", "deviceEventClassId", "name", "msg", "message"];

/// Fills the taxonomy from one message.
pub(super) fn fill<'a>(record: &Record<'a>, fill: &mut Fill<'a, '_>) {
    let message = Named::new(record, fill.arena());
    for (name, sources) in NAMES {
        fill.put_stated(name, message.first_of(sources));
    }
    fill.put_stated("event", WORDS.iter().find_map(|word| message.first(word).and_then(event)));
    fill.put_stated("detail", message.first_of(&["msg", "name", "message"]));
    if let Some(patient) = message.first_of(&PATIENT).and_then(PatientId::from_cx) {
        fill.put_patient(patient);
    }
}

/// The event that a text names.
fn event(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let rows = EVENTS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    let mut fitting = rows.filter(|(_, words)| text.contains(words));
    fitting.next().map(|(event, _)| event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_named_by_its_most_special_words() {
        assert_eq!(event("Drug Library transferred"), Some("drug_library_update"));
        assert_eq!(event("ALARM SILENCED by nurse"), Some("alarm_silenced"));
        assert_eq!(event("Pump disconnected"), Some("disconnect"));
        assert_eq!(event("User logged in"), Some("login"));
        assert_eq!(event("infusing"), None);
    }

    #[test]
    fn every_row_names_an_event_of_the_taxonomy() {
        let known = [
            "login",
            "logout",
            "config_change",
            "firmware_update",
            "alarm",
            "alarm_silenced",
            "connect",
            "disconnect",
            "drug_library_update",
            "time_change",
            "self_test",
            "remote_session",
            "usb_inserted",
        ];
        for line in EVENTS.lines().filter(|line| !line.starts_with('#')) {
            let (event, words) = line.split_once('\t').unwrap();
            assert!(known.contains(&event) && words == words.to_lowercase(), "{line}");
        }
    }
}
