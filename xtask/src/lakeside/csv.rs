//! Audit trails as tables: Meridian's access log (in the manner of Epic's reports) and OpenEMR's tables `log` and `extended_log`, exported as CSV.

use anyhow::Result;
use base64::Engine as _;
use cordon_model::Time;

use super::clock;
use super::files;
use super::model::Patient;
use super::out::NUMBER;
use super::records::{Access, Verb};
use super::scene::Scene;

/// Columns of Meridian's access log.
pub(super) const MERIDIAN_HEADER: &str = "ACCESS_TIME,USER_ID,USER_NAME,USER_ROLE,LOGIN_DEPARTMENT,WORKSTATION_ID,CLIENT_IP,PAT_MRN_ID,PATIENT_NAME,METRIC_NAME,VIEW_MODIFY,ACTIVITY_NAME,BREAK_THE_GLASS,BTG_REASON,PAT_ENC_CSN_ID,RECORD_COUNT";
/// Columns of OpenEMR's table `log`.
pub(super) const OPENEMR_HEADER: &str = "id,date,event,category,user,groupname,comments,user_notes,patient_id,success,crt_user,log_from,menu_item_id,ccda_doc_id";
/// Columns of OpenEMR's table `extended_log`.
pub(super) const OPENEMR_EXTENDED_HEADER: &str = "id,date,event,user,recipient,patient_id,description";
/// The clinic numbers its patients itself: its number plus this is the medical record number.
const CLINIC_NUMBER_OFFSET: u64 = 700_099;

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// A line of cells, quoted where they must be.
pub(super) fn row(cells: &[String]) -> String {
    cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",")
}

/// One access in Meridian.
pub(super) fn meridian(scene: &mut Scene<'_>, at: Time, access: &Access<'_>) -> Result<()> {
    let model = scene.model;
    let person = model.person(access.user)?;
    let unit = model.units.iter().find(|unit| unit.id == person.unit).map_or("", |unit| unit.name.as_str());
    let (metric, mode) = match (access.verb, access.break_glass.is_some()) {
        (Verb::Read, true) => ("Break-the-Glass chart open", "View"),
        (Verb::Read, false) => ("Chart open", "View"),
        (Verb::Create, _) => ("Note create", "Create"),
        (Verb::Update, _) => ("Chart edit", "Modify"),
        (Verb::Search, _) => ("Patient lookup", "Search"),
        (Verb::Print, _) => ("Print chart", "Print"),
        (Verb::Export, _) => ("Report export", "Export"),
    };
    let cells = [
        clock::show(at, "%Y-%m-%d %H:%M:%S"),
        person.account.clone(),
        format!("{} {}", person.given, person.family),
        person.role.clone(),
        unit.to_owned(),
        access.workstation.name.clone(),
        access.workstation.ip.clone(),
        access.patient.map_or(String::new(), |patient| patient.mrn.clone()),
        access.patient.map_or(String::new(), |patient| format!("{}, {}", patient.family, patient.given)),
        metric.to_owned(),
        mode.to_owned(),
        access.object.to_owned(),
        if access.break_glass.is_some() { "Y" } else { "N" }.to_owned(),
        access.break_glass.unwrap_or("").to_owned(),
        access.encounter.unwrap_or("").to_owned(),
        access.count.map_or(String::new(), |count| count.to_string()),
    ];
    scene.out.add(files::MERIDIAN, at, row(&cells));
    Ok(())
}

/// The clinic's own number of a patient.
pub(super) fn clinic_number(patient: &Patient) -> Result<u64> {
    Ok(patient.mrn.parse::<u64>()?.saturating_sub(CLINIC_NUMBER_OFFSET))
}

/// One access in OpenEMR: the event, and the SQL that it ran, in base64.
pub(super) fn openemr(scene: &mut Scene<'_>, at: Time, access: &Access<'_>) -> Result<()> {
    let pid = access.patient.map(clinic_number).transpose()?.unwrap_or(0);
    let (event, sql) = match access.verb {
        Verb::Read => ("patient-record-select", format!("SELECT * FROM patient_data WHERE pid = ? ('{pid}')")),
        Verb::Create => (
            "patient-record-insert",
            format!(
                "INSERT INTO forms (date, form_name, pid, user) VALUES (NOW(), 'SOAP', ?, ?) ('{pid}','{}')",
                access.user
            ),
        ),
        Verb::Update => {
            ("patient-record-update", format!("UPDATE lists SET diagnosis = ? WHERE pid = ? ('ICD10:I10','{pid}')"))
        }
        Verb::Search => (
            "patient-record-select",
            format!(
                "SELECT pid, fname, lname, DOB FROM patient_data WHERE lname LIKE ? ('{}%')",
                access.query.unwrap_or("")
            ),
        ),
        Verb::Print => ("patient-record-print", format!("SELECT * FROM form_encounter WHERE pid = ? ('{pid}')")),
        Verb::Export => ("other-export", "SELECT * FROM billing WHERE activity = 1 AND billed = 0".to_owned()),
    };
    let category = if event.starts_with("patient") { "Patient Demographics" } else { "Billing" };
    let group = if access.break_glass.is_some() { "breakglass" } else { "Default" };
    let notes = access.break_glass.unwrap_or("");
    openemr_row(scene, at, (event, category), (access.user, group), (&sql, notes, pid));
    Ok(())
}

/// A row of OpenEMR's `log`.
pub(super) fn openemr_row(
    scene: &mut Scene<'_>,
    at: Time,
    (event, category): (&str, &str),
    (user, group): (&str, &str),
    (sql, notes, pid): (&str, &str, u64),
) {
    let comments = base64::engine::general_purpose::STANDARD.encode(sql);
    let cells = [
        NUMBER.to_owned(),
        clock::show(at, "%Y-%m-%d %H:%M:%S"),
        event.to_owned(),
        category.to_owned(),
        user.to_owned(),
        group.to_owned(),
        comments,
        notes.to_owned(),
        pid.to_string(),
        "1".to_owned(),
        String::new(),
        "open-emr".to_owned(),
        "0".to_owned(),
        "0".to_owned(),
    ];
    scene.out.add(files::OPENEMR, at, row(&cells));
}

/// A disclosure in OpenEMR's `extended_log`: a letter to somebody outside.
pub(super) fn openemr_disclosure(
    scene: &mut Scene<'_>,
    at: Time,
    user: &str,
    patient: &Patient,
    (recipient, why): (&str, &str),
) -> Result<()> {
    let cells = [
        NUMBER.to_owned(),
        clock::show(at, "%Y-%m-%d %H:%M:%S"),
        "disclosures-disclosure".to_owned(),
        user.to_owned(),
        recipient.to_owned(),
        clinic_number(patient)?.to_string(),
        why.to_owned(),
    ];
    scene.out.add(files::OPENEMR_EXTENDED, at, row(&cells));
    Ok(())
}
