//! What the hospital's offices export beside the logs: people, roster, the index of patients and their contacts, as files of the access review
//! (`docs/specs/access-review.md`). Encounters and orders are not among them: those stand in the interface engine's messages.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use jiff::civil::Date;

use super::csv::{clinic_number, row};
use super::model::{Model, Patient, Person};

/// Days before the first and after the last day for which the roster is exported.
const ROSTER_DAYS_BESIDE: i64 = 7;
/// What every person of a household is called among the contacts: the model says no more.
const HOUSEHOLD: &str = "household of ";

/// The files by name: `staff.csv`, `shifts.csv`, `patients.csv`, `contacts.csv`.
pub(super) fn files(model: &Model, start: Date, days: i64) -> Result<BTreeMap<String, Vec<u8>>> {
    let files = [
        ("staff.csv", staff(model)),
        ("shifts.csv", shifts(model, start, days)?),
        ("patients.csv", patients(model)?),
        ("contacts.csv", contacts(model)?),
    ];
    Ok(files.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect())
}

fn table(columns: &str, rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("{columns}\n");
    rows.for_each(|cells| text.push_str(&format!("{}\n", row(&cells))));
    text
}

/// One row for each account; a person's second account has the same number of the person.
fn staff(model: &Model) -> String {
    let rows = model.staff.iter().flat_map(|person| {
        let accounts = std::iter::once(&person.account).chain(&person.admin_account);
        accounts.map(|account| employee(model, person, account))
    });
    table("user,person_id,surname,given,street,house_number,postcode,city,role,department,unit,manager", rows)
}

fn employee(model: &Model, person: &Person, account: &str) -> Vec<String> {
    let (number, street) = house(&person.address);
    let department = model.units.iter().find(|unit| unit.id == person.unit).map_or("", |unit| &unit.name);
    let texts = [
        account,
        &person.person,
        &person.family,
        &person.given,
        street,
        number,
        &person.postcode,
        "Lakeside",
        &person.role,
        department,
        &person.unit,
        "",
    ];
    texts.map(str::to_owned).to_vec()
}

fn shifts(model: &Model, start: Date, days: i64) -> Result<String> {
    let mut rows = Vec::new();
    for day in -ROSTER_DAYS_BESIDE..days + ROSTER_DAYS_BESIDE {
        let date = start.checked_add(jiff::Span::new().days(day))?;
        let next = date.tomorrow()?;
        for person in &model.staff {
            for (from, until, end) in duties(&person.shift, (date, next)) {
                let [from, until] = [format!("{date}T{from}:00Z"), format!("{end}T{until}:00Z")];
                rows.push(vec![person.account.clone(), from, until, person.unit.clone()]);
            }
        }
    }
    Ok(table("user,start,end,unit", rows.into_iter()))
}

/// Start, end and the day of the end: who is on call has the night too.
fn duties(shift: &str, (date, next): (Date, Date)) -> Vec<(&'static str, &'static str, Date)> {
    match shift {
        "early" => vec![("06:30", "14:30", date)],
        "late" => vec![("14:00", "22:00", date)],
        "night" => vec![("21:30", "06:45", next)],
        "oncall" => vec![("08:00", "17:00", date), ("17:00", "08:00", next)],
        _ => vec![("08:00", "17:00", date)],
    }
}

/// One row for each id under which a system knows the patient: with the authority that gave it, as interfaces and the record state it; alone, as exports of tables do; and the
/// clinic's own number.
fn patients(model: &Model) -> Result<String> {
    let mut rows = Vec::new();
    for patient in &model.patients {
        let stated = format!("{}|{}", model.site.authority_oid, patient.mrn);
        let clinic = format!("|{}", clinic_number(patient)?);
        rows.extend([stated, format!("|{}", patient.mrn), clinic].map(|id| person(patient, id)));
    }
    let columns = "patient,person_id,surname,given,birth_date,street,house_number,postcode,city";
    Ok(table(columns, rows.into_iter()))
}

fn person(patient: &Patient, id: String) -> Vec<String> {
    let (number, street) = house(&patient.address);
    let texts = [
        &id,
        &format!("MPI{}", patient.mrn),
        &patient.family,
        &patient.given,
        &patient.born,
        street,
        number,
        &patient.postcode,
        "Lakeside",
    ];
    texts.map(str::to_owned).to_vec()
}

fn contacts(model: &Model) -> Result<String> {
    let mut rows = Vec::new();
    for patient in &model.patients {
        let Some(number) = patient.relation.as_deref().and_then(|relation| relation.strip_prefix(HOUSEHOLD)) else {
            continue;
        };
        let person = model.staff.iter().find(|person| person.person == number);
        let person = person.with_context(|| format!("patients.toml: no employee {number}"))?;
        let patient = format!("{}|{}", model.site.authority_oid, patient.mrn);
        rows.push([&patient, "household", &person.family, &person.given].map(str::to_owned).to_vec());
    }
    Ok(table("patient,relation,surname,given", rows.into_iter()))
}

/// Number and street of `14 Heron Row`.
fn house(address: &str) -> (&str, &str) {
    address.split_once(' ').unwrap_or(("", address))
}
