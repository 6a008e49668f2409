//! The ten tables of the file contract as rows in memory, and their CSV text.
//!
//! Every row has a key of its own, so that an expectation can name a row before anybody knows where in its file it will stand.

use super::clock::iso;

/// Names a row for as long as the hospital lives, whatever is added, removed or sorted.
pub(crate) type Key = u32;

/// A file of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    Accesses,
    Staff,
    Shifts,
    Patients,
    Contacts,
    Encounters,
    Participants,
    Appointments,
    Orders,
    Messages,
}

impl Table {
    pub(crate) const CONTEXT: [Self; 9] = [
        Self::Staff,
        Self::Shifts,
        Self::Patients,
        Self::Contacts,
        Self::Encounters,
        Self::Participants,
        Self::Appointments,
        Self::Orders,
        Self::Messages,
    ];

    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Accesses => "accesses.csv",
            Self::Staff => "staff.csv",
            Self::Shifts => "shifts.csv",
            Self::Patients => "patients.csv",
            Self::Contacts => "contacts.csv",
            Self::Encounters => "encounters.csv",
            Self::Participants => "participants.csv",
            Self::Appointments => "appointments.csv",
            Self::Orders => "orders.csv",
            Self::Messages => "messages.csv",
        }
    }

    /// The columns, as the contract lists them.
    pub(crate) fn header(self) -> &'static str {
        match self {
            Self::Accesses => {
                "time,user,patient,action,object,section,workstation,ip,application,location,encounter,purpose,\
                 break_glass,outcome,duration_ms"
            }
            Self::Staff => {
                "user,person_id,surname,given,birth_date,street,house_number,postcode,city,phone,role,department,unit,\
                 manager,employed_from,employed_to"
            }
            Self::Shifts => "user,start,end,unit",
            Self::Patients => {
                "patient,person_id,surname,given,birth_date,death_time,street,house_number,postcode,city,phone,flags"
            }
            Self::Contacts => "patient,relation,surname,given,phone,birth_date",
            Self::Encounters => "encounter,patient,kind,department,unit,start,end",
            Self::Participants => "encounter,user,role,start,end",
            Self::Appointments => "appointment,patient,user,department,start,end,status",
            Self::Orders => "order,patient,encounter,ordered_by,performed_by,department,time,kind",
            Self::Messages => "time,from_user,to_user,to_pool,patient",
        }
    }
}

/// A row that can be written.
pub(crate) trait Row {
    fn key(&self) -> Key;
    fn cells(&self) -> Vec<String>;
}

/// Where somebody lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) street: String,
    pub(crate) number: String,
    pub(crate) postcode: String,
    pub(crate) city: String,
}

/// Street, house number, postcode; the city is that of the postcode.
pub(crate) fn home(street: &str, number: &str, postcode: &str) -> Home {
    let city = if postcode == "79098" { "Freiburg" } else { "Staufen" };
    Home { street: street.into(), number: number.into(), postcode: postcode.into(), city: city.into() }
}

macro_rules! row {
    ($(#[$doc:meta])* $name:ident { $($field:ident : $kind:ty),* $(,)? } |$row:ident| $cells:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        pub(crate) struct $name {
            pub(crate) key: Key,
            $(pub(crate) $field: $kind,)*
        }
        impl Row for $name {
            fn key(&self) -> Key {
                self.key
            }
            fn cells(&self) -> Vec<String> {
                let $row = self;
                $cells
            }
        }
    };
}

fn cells(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn open(time: Option<i64>) -> String {
    time.map(iso).unwrap_or_default()
}

row! {
    /// Somebody who works here.
    Staff {
        user: String, person: String, surname: String, given: String, born: String, home: Home, phone: String,
        role: String, department: String, unit: String, manager: String, from: String, to: String,
    } |row| cells(&[
        &row.user, &row.person, &row.surname, &row.given, &row.born, &row.home.street, &row.home.number,
        &row.home.postcode, &row.home.city, &row.phone, &row.role, &row.department, &row.unit, &row.manager, &row.from,
        &row.to,
    ])
}
row! {
    /// A rostered duty.
    Shift { user: String, start: i64, end: i64, unit: String }
    |row| cells(&[&row.user, &iso(row.start), &iso(row.end), &row.unit])
}
row! {
    /// Somebody who was ever treated here.
    Patient {
        id: String, person: String, surname: String, given: String, born: String, death: Option<i64>, home: Home,
        phone: String, flags: String,
    } |row| cells(&[
        &row.id, &row.person, &row.surname, &row.given, &row.born, &open(row.death), &row.home.street,
        &row.home.number, &row.home.postcode, &row.home.city, &row.phone, &row.flags,
    ])
}
row! {
    /// A next of kin or guarantor.
    Contact { patient: String, relation: String, surname: String, given: String, phone: String, born: String }
    |row| cells(&[&row.patient, &row.relation, &row.surname, &row.given, &row.phone, &row.born])
}
row! {
    /// A stay in one unit; an encounter with transfers has several.
    Encounter {
        id: String, patient: String, kind: String, department: String, unit: String, start: i64, end: Option<i64>,
    } |row| cells(&[&row.id, &row.patient, &row.kind, &row.department, &row.unit, &iso(row.start), &open(row.end)])
}
row! {
    /// A member of the care team of an encounter.
    Participant { encounter: String, user: String, role: String, start: i64, end: Option<i64> }
    |row| cells(&[&row.encounter, &row.user, &row.role, &iso(row.start), &open(row.end)])
}
row! {
    /// A booked visit.
    Appointment {
        id: String, patient: String, user: String, department: String, start: i64, end: i64, status: String,
    } |row| cells(&[
        &row.id, &row.patient, &row.user, &row.department, &iso(row.start), &iso(row.end), &row.status,
    ])
}
row! {
    /// An order, and who carries it out.
    Order {
        id: String, patient: String, encounter: String, by: String, performer: String, department: String, time: i64,
        kind: String,
    } |row| cells(&[
        &row.id, &row.patient, &row.encounter, &row.by, &row.performer, &row.department, &iso(row.time), &row.kind,
    ])
}
row! {
    /// A message or referral about a patient.
    Message { time: i64, from: String, to_user: String, to_pool: String, patient: String }
    |row| cells(&[&iso(row.time), &row.from, &row.to_user, &row.to_pool, &row.patient])
}
row! {
    /// One line of the access log.
    Access {
        time: i64, user: String, patient: String, action: String, object: String, section: String,
        workstation: String, ip: String, location: String, encounter: String, purpose: String, break_glass: bool,
        denied: bool, duration_ms: i64,
    } |row| cells(&[
        &iso(row.time), &row.user, &row.patient, &row.action, &row.object, &row.section, &row.workstation, &row.ip,
        "ehr", &row.location, &row.encounter, &row.purpose, if row.break_glass { "1" } else { "0" },
        if row.denied { "denied" } else { "success" }, &row.duration_ms.to_string(),
    ])
}

/// A file of the contract.
pub(crate) fn csv<R: Row>(table: Table, rows: &[R]) -> String {
    let mut text = format!("{}\n", table.header());
    for row in rows {
        let cells: Vec<String> = row.cells().iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

/// RFC 4180: a cell with a comma, a quote or a line break stands in quotes.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// Row numbers count from 1 at the first data row.
pub(crate) fn place<R: Row>(rows: &[R], key: Key) -> Option<usize> {
    rows.iter().position(|row| row.key() == key).map(|place| place + 1)
}
