//! Messages of interface engines (HL7 v2: ADT, SIU, orders, results, prescriptions) as context: visits, who takes part, appointments, orders.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use cordon_model::{Arena, Field, Record, Time};
use jiff::tz::TimeZone;

use super::ids::SiteIds;
use super::moment::{of_hl7, written};
use super::rows::{Origin, Rows};
use super::visits::{Message, Visits, What};

/// Appointments that are kept with their last state; further ones are counted.
const APPOINTMENTS_MAX: usize = 2_000_000;
/// Fields that name people who take part in a visit (PV1, ROL), and as what.
const PARTICIPANTS: [(&str, &str); 5] = [
    ("PV1-7.1", "attending"),
    ("PV1-8.1", "referring"),
    ("PV1-9.1", "consulting"),
    ("PV1-17.1", "admitting"),
    ("ROL-4.1", "assigned"),
];
/// Fields that name who ordered: ordering provider, who entered and who verified.
const ORDERED_BY: [&str; 4] = ["ORC-12.1", "OBR-16.1", "ORC-10.1", "ORC-11.1"];
/// Fields that name who carried out: principal and assistant interpreter, technician, who administered.
const PERFORMED_BY: [&str; 4] = ["OBR-32.1", "OBR-33.1", "OBR-34.1", "RXA-10.1"];
/// Messages of orders, results and medicines.
const ORDERS: [&str; 12] = ["ORM", "OMG", "OML", "OMI", "ORU", "OUL", "RDE", "RDS", "RGV", "RAS", "OMP", "RRE"];
/// Those of medicines.
const MEDICINES: [&str; 6] = ["RDE", "RDS", "RGV", "RAS", "OMP", "RRE"];

/// Triggers of ADT that say that two ids are one patient: merges of patients and persons, and changes of an id.
const MERGES: [&str; 8] = ["A18", "A30", "A34", "A36", "A39", "A40", "A46", "A47"];
/// Merges that are kept; further ones are counted.
const MERGES_MAX: usize = 200_000;

/// What messages have said so far.
pub(super) struct Messages {
    zone: TimeZone,
    visits: Visits,
    /// Ids that are one person.
    merges: BTreeSet<(String, String)>,
    appointments: BTreeMap<String, Appointment>,
    orders: Rows,
    /// Messages that said something.
    pub(super) count: u64,
    pub(super) left_out: u64,
}

/// An appointment as the newest message has it.
struct Appointment {
    said: Time,
    patient: String,
    start: String,
    person: String,
    department: String,
    status: String,
    origin: Origin,
}

/// Where the rows of messages go.
pub(super) struct Tables<'t> {
    pub(super) encounters: &'t mut Rows,
    pub(super) participants: &'t mut Rows,
    pub(super) appointments: &'t mut Rows,
}

/// The fields of one message.
#[derive(Clone, Copy)]
struct Segments<'a> {
    fields: &'a [Field<'a>],
    arena: &'a Arena,
}

impl<'a> Segments<'a> {
    fn all(self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.fields.iter().filter(move |field| field.name == name);
        named.filter_map(move |field| field.value.text(self.arena)).map(str::trim).filter(|text| !text.is_empty())
    }

    fn first(self, name: &'a str) -> &'a str {
        self.all(name).next().unwrap_or_default()
    }
}

impl Messages {
    /// None yet. Times without an offset are those of `zone`.
    pub(super) fn new(orders: Rows, zone: TimeZone) -> Self {
        let (visits, appointments) = (Visits::default(), BTreeMap::new());
        Self { zone, visits, merges: BTreeSet::new(), appointments, orders, count: 0, left_out: 0 }
    }

    /// Takes in a message about a patient, who may have had other ids before.
    pub(super) fn take(
        &mut self,
        record: &Record<'_>,
        (patient, prior): (&str, &[String]),
        ids: &SiteIds,
        origin: Origin,
        arena: &Arena,
    ) -> io::Result<()> {
        let segments = Segments { fields: record.fields, arena };
        let (kind, trigger) = (segments.first("MSH-9.1"), segments.first("MSH-9.2"));
        if kind == "ADT" && MERGES.contains(&trigger) {
            self.count += 1;
            self.merge(patient, prior);
            return Ok(());
        }
        let zone = self.zone.clone();
        let time = |name| of_hl7(segments.first(name), &zone);
        let happened = time("EVN-6.1").or_else(|| time("EVN-2.1"));
        let Some(at) = happened.filter(|_| kind == "ADT").or_else(|| record.when.resolve()) else { return Ok(()) };
        let Some(what) = what(kind, trigger) else { return Ok(()) };
        self.count += 1;
        let said = Said { segments, patient, at, ids, origin };
        if kind == "SIU" {
            self.appointment(&said, trigger);
            return Ok(());
        }
        self.visit(&said, what);
        if ORDERS.contains(&kind) { self.order(&said, kind) } else { Ok(()) }
    }

    fn merge(&mut self, patient: &str, prior: &[String]) {
        for prior in prior.iter().filter(|prior| *prior != patient) {
            if self.merges.len() < MERGES_MAX {
                self.merges.insert((patient.to_owned(), prior.clone()));
            } else {
                self.left_out += 1;
            }
        }
    }

    /// Ids that are one person.
    pub(super) fn merges(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.merges).into_iter().collect()
    }

    fn visit(&mut self, said: &Said<'_>, what: What) {
        let Said { segments, patient, at, ids, origin } = *said;
        let number = segments.first("PV1-19.1");
        let (unit, class) = (segments.first("PV1-3.1"), segments.first("PV1-2.1"));
        if number.is_empty() && unit.is_empty() {
            return;
        }
        // a visit without a number is the patient's only one
        let visit = if number.is_empty() { patient } else { number };
        let time = |name| of_hl7(segments.first(name), &self.zone);
        let people = PARTICIPANTS
            .iter()
            .flat_map(|(name, role)| segments.all(name).map(|text| (ids.person(text), *role)))
            .collect::<Vec<_>>();
        let message = Message {
            visit,
            patient,
            at,
            what,
            unit,
            department: segments.first("PV1-10.1"),
            class,
            admitted: time("PV1-44.1"),
            discharged: time("PV1-45.1"),
            origin,
        };
        self.visits.take(&message, &people);
    }

    fn appointment(&mut self, said: &Said<'_>, trigger: &str) {
        let Said { segments, patient, at, ids, origin } = *said;
        let first_of = |names: [&'static str; 4]| {
            names.into_iter().map(|name| segments.first(name)).find(|text| !text.is_empty()).unwrap_or_default()
        };
        let id = first_of(["SCH-2.1", "SCH-1.1", "", ""]);
        let start = of_hl7(first_of(["SCH-11.4", "TQ1-7.1", "AIS-4.1", "AIP-6.1"]), &self.zone);
        let Some(start) = start.filter(|_| !id.is_empty()) else { return };
        if !self.appointments.contains_key(id) && self.appointments.len() >= APPOINTMENTS_MAX {
            self.left_out += 1;
            return;
        }
        let is_off = matches!(trigger, "S15" | "S17");
        let newest = Appointment {
            said: at,
            patient: patient.to_owned(),
            start: written(start, &self.zone),
            person: ids.person(segments.first("AIP-3.1")),
            department: first_of(["AIL-3.1", "PV1-3.1", "PV1-10.1", ""]).to_owned(),
            status: if is_off { "cancelled".to_owned() } else { segments.first("SCH-25.1").to_lowercase() },
            origin,
        };
        match self.appointments.get_mut(id) {
            Some(known) if known.said <= at => *known = newest,
            Some(_) => {}
            None => drop(self.appointments.insert(id.to_owned(), newest)),
        }
    }

    /// A row for each who ordered, and for each who carried out; one without either where nobody is named.
    fn order(&mut self, said: &Said<'_>, kind: &str) -> io::Result<()> {
        let Said { segments, patient, at, ids, origin } = *said;
        let people = |names: [&'static str; 4]| {
            let mut people: Vec<String> =
                names.into_iter().flat_map(|name| segments.all(name)).map(|text| ids.person(text)).collect();
            people.sort_unstable();
            people.dedup();
            people
        };
        let first_of = |names: [&'static str; 3]| {
            names.into_iter().map(|name| segments.first(name)).find(|text| !text.is_empty()).unwrap_or_default()
        };
        let (ordered, performed) = (people(ORDERED_BY), people(PERFORMED_BY));
        let time = ["ORC-9.1", "OBR-7.1"].into_iter().find_map(|name| of_hl7(segments.first(name), &self.zone));
        let time = written(time.unwrap_or(at), &self.zone);
        let (id, visit) = (first_of(["ORC-2.1", "OBR-2.1", "ORC-3.1"]), segments.first("PV1-19.1"));
        let section = segments.first("OBR-24.1");
        let what = first_of(["OBR-4.2", "OBR-4.1", "RXE-2.2"]);
        let what = if MEDICINES.contains(&kind) { format!("medicine {what}") } else { what.to_owned() };
        for place in 0..ordered.len().max(performed.len()).max(1) {
            let person = |of: &[String]| of.get(place).cloned().unwrap_or_default();
            let cells = [patient, &time, id, visit, &person(&ordered), &person(&performed), section, &what];
            self.orders.push(cells, origin)?;
        }
        Ok(())
    }

    /// Writes what was put together; the orders.
    pub(super) fn write(mut self, tables: Tables<'_>) -> io::Result<(Rows, u64)> {
        self.left_out += self.visits.left_out;
        self.visits.write(tables.encounters, tables.participants, &self.zone)?;
        for (id, booked) in &self.appointments {
            let Appointment { patient, start, person, department, status, origin, .. } = booked;
            tables.appointments.push([patient, start, id, person, department, "", status], *origin)?;
        }
        Ok((self.orders, self.left_out))
    }
}

/// One message, and whom it is about.
struct Said<'a> {
    segments: Segments<'a>,
    patient: &'a str,
    at: Time,
    ids: &'a SiteIds,
    origin: Origin,
}

/// What a message says of the visit that it names; none when it is of no use.
fn what(kind: &str, trigger: &str) -> Option<What> {
    Some(match (kind, trigger) {
        ("ADT", "A01" | "A04" | "A05" | "A06" | "A07") => What::Comes,
        ("ADT", "A03") => What::Leaves,
        ("ADT", "A11" | "A38") => What::NeverWas,
        ("ADT", "A13") => What::Stays,
        ("ADT", "A02" | "A08" | "A12" | "A31" | "A54" | "A55") => What::IsHere,
        ("SIU", _) => What::Named,
        (kind, _) if ORDERS.contains(&kind) => What::Named,
        _ => return None,
    })
}
