//! Writes the context: the nine files beside accesses.csv, as they would be exported at the end of the simulated span.

use std::io::Write;

use super::ids::Ids;
use super::names;
use super::options::SimError;
use super::people::{Home, NONE};
use super::world::World;
use crate::clock::{DAY, Stamp, Time};

/// A writer for a file of the output, by name.
pub type CreateFile<'a> = dyn FnMut(&str) -> std::io::Result<Box<dyn Write>> + 'a;

/// Names and headers of the context files.
pub(crate) const HEADERS: [(&str, &str); 9] = [
    (
        "staff.csv",
        "user,person_id,surname,given,birth_date,street,house_number,postcode,city,phone,role,department,unit,manager,employed_from,employed_to",
    ),
    ("shifts.csv", "user,start,end,unit"),
    (
        "patients.csv",
        "patient,person_id,surname,given,birth_date,death_time,street,house_number,postcode,city,phone,flags",
    ),
    ("contacts.csv", "patient,relation,surname,given,phone,birth_date"),
    ("encounters.csv", "encounter,patient,kind,department,unit,start,end"),
    ("participants.csv", "encounter,user,role,start,end"),
    ("appointments.csv", "appointment,patient,user,department,start,end,status"),
    ("orders.csv", "order,patient,encounter,ordered_by,performed_by,department,time,kind"),
    ("messages.csv", "time,from_user,to_user,to_pool,patient"),
];

struct Table {
    name: &'static str,
    out: csv::Writer<Box<dyn Write>>,
}

impl Table {
    fn open(name: &'static str, create: &mut CreateFile<'_>) -> Result<Self, SimError> {
        let file = create(name).map_err(|source| SimError::file(name, source))?;
        let mut table = Self { name, out: csv::WriterBuilder::new().buffer_capacity(1 << 18).from_writer(file) };
        let header = HEADERS.iter().find(|header| header.0 == name).map_or("", |header| header.1);
        let cells: Vec<String> = header.split(',').map(str::to_owned).collect();
        table.row(&cells)?;
        Ok(table)
    }

    fn row(&mut self, cells: &[String]) -> Result<(), SimError> {
        self.out.write_record(cells).map_err(|error| SimError::file(self.name, error.into()))
    }

    fn close(mut self) -> Result<(), SimError> {
        self.out.flush().map_err(|source| SimError::file(self.name, source))
    }
}

/// Writes context of a world.
pub(crate) struct ContextWriter<'a> {
    world: &'a World,
    ids: &'a Ids,
    stamp: Stamp<'a>,
}

impl<'a> ContextWriter<'a> {
    pub(crate) fn new(world: &'a World, ids: &'a Ids) -> Self {
        Self { world, ids, stamp: Stamp::new(&world.clock) }
    }

    pub(crate) fn write(&mut self, create: &mut CreateFile<'_>) -> Result<(), SimError> {
        self.staff(Table::open("staff.csv", create)?)?;
        self.shifts(Table::open("shifts.csv", create)?)?;
        self.patients(Table::open("patients.csv", create)?)?;
        self.contacts(Table::open("contacts.csv", create)?)?;
        self.encounters(Table::open("encounters.csv", create)?)?;
        self.participants(Table::open("participants.csv", create)?)?;
        self.appointments(Table::open("appointments.csv", create)?)?;
        self.orders(Table::open("orders.csv", create)?)?;
        self.messages(Table::open("messages.csv", create)?)
    }

    fn time(&mut self, time: Time) -> String {
        let mut text = Vec::new();
        self.stamp.time(time, &mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// A time that the export may not know yet.
    fn past(&mut self, time: Time) -> String {
        if time > self.world.end() { String::new() } else { self.time(time) }
    }

    fn date(&mut self, day: i64) -> String {
        let mut text = Vec::new();
        self.stamp.date(day, &mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    fn sim_day(&mut self, day: i64) -> String {
        self.date(self.world.clock.local(day, DAY / 2).div_euclid(DAY))
    }

    fn address(&self, home: &Home) -> [String; 4] {
        let (root, kind) = names::street(home.street);
        let (town, postcode) = names::town(home.street);
        let letter = if home.letter == 0 { String::new() } else { char::from(home.letter).to_string() };
        [format!("{root} {kind}"), format!("{}{letter}", home.number), postcode.to_string(), town.to_owned()]
    }

    fn staff(&mut self, mut table: Table) -> Result<(), SimError> {
        for (number, staff) in self.world.people.staff.numbered() {
            let hospital = &self.world.hospital;
            let person = staff.person;
            let [street, house, postcode, city] = self.address(self.world.people.homes.at(person.home));
            let id = if staff.person_known { self.ids.person(staff.patient, number) } else { String::new() };
            let unit = if staff.float { String::new() } else { hospital.units.at(staff.unit).code.clone() };
            table.row(&[
                self.ids.user(number),
                id,
                surname(person.surname),
                names::given(person.given).to_owned(),
                self.date(person.birth_day),
                street,
                house,
                postcode,
                city,
                phone(person.phone),
                staff.role.name().to_owned(),
                hospital.departments.at(staff.department).name.to_owned(),
                unit,
                self.ids.user(staff.manager),
                self.sim_day(staff.from_day),
                staff.to_day.map_or_else(String::new, |day| self.sim_day(day)),
            ])?;
        }
        table.close()
    }

    fn shifts(&mut self, mut table: Table) -> Result<(), SimError> {
        let mut order: Vec<_> = self.world.roster.shifts.iter().filter(|shift| shift.written).collect();
        order.sort_by_key(|shift| shift.start);
        for shift in order {
            let unit = self.world.hospital.units.at(shift.unit).code.clone();
            table.row(&[self.ids.user(shift.user), self.time(shift.start), self.time(shift.end), unit])?;
        }
        table.close()
    }

    fn patients(&mut self, mut table: Table) -> Result<(), SimError> {
        for (number, patient) in self.world.people.patients.numbered() {
            let person = patient.person;
            let [street, house, postcode, city] = self.address(self.world.people.homes.at(person.home));
            let flags = [
                (patient.vip, "VIP"),
                (patient.flagged_employee, "employee"),
                (patient.sensitive, "sensitive"),
                (patient.complaint, "complaint"),
            ];
            let flags: Vec<&str> = flags.iter().filter(|flag| flag.0).map(|flag| flag.1).collect();
            let death = patient.death.map_or_else(String::new, |death| self.past(death));
            table.row(&[
                self.ids.patient(number),
                self.ids.person(number, NONE),
                surname(person.surname),
                names::given(person.given).to_owned(),
                self.date(person.birth_day),
                death,
                street,
                house,
                postcode,
                city,
                phone(person.phone),
                flags.join(";"),
            ])?;
        }
        table.close()
    }

    fn contacts(&mut self, mut table: Table) -> Result<(), SimError> {
        for contact in &self.world.people.contacts {
            let birth = if contact.birth_known { self.date(contact.person.birth_day) } else { String::new() };
            table.row(&[
                self.ids.patient(contact.patient),
                contact.relation.to_owned(),
                surname(contact.person.surname),
                names::given(contact.person.given).to_owned(),
                phone(contact.person.phone),
                birth,
            ])?;
        }
        table.close()
    }

    fn encounters(&mut self, mut table: Table) -> Result<(), SimError> {
        let mut order: Vec<_> = self.world.care.stays.iter().filter(|stay| stay.start < self.world.end()).collect();
        order.sort_by_key(|stay| (stay.start, stay.patient));
        for stay in order {
            let hospital = &self.world.hospital;
            let unit = hospital.units.at(stay.unit);
            table.row(&[
                self.ids.encounter(stay.encounter),
                self.ids.patient(stay.patient),
                self.world.care.encounters.at(stay.encounter).kind.name().to_owned(),
                hospital.departments.at(unit.department).name.to_owned(),
                unit.code.clone(),
                self.time(stay.start),
                self.past(stay.end),
            ])?;
        }
        table.close()
    }

    fn participants(&mut self, mut table: Table) -> Result<(), SimError> {
        let mut order: Vec<_> =
            self.world.care.participants.iter().filter(|row| row.start < self.world.end()).collect();
        order.sort_by_key(|row| (row.start, row.user));
        for row in order {
            let (start, end) = (self.time(row.start), self.past(row.end));
            table.row(&[
                self.ids.encounter(row.encounter),
                self.ids.user(row.user),
                row.role.to_owned(),
                start,
                end,
            ])?;
        }
        table.close()
    }

    fn appointments(&mut self, mut table: Table) -> Result<(), SimError> {
        let mut order: Vec<_> = self.world.care.appointments.iter().collect();
        order.sort_by_key(|row| (row.start, row.user, row.patient));
        for (number, row) in (1u64..).zip(order) {
            let status = if row.start > self.world.end() { "booked" } else { row.status };
            table.row(&[
                format!("A{}", 700_000 + number),
                self.ids.patient(row.patient),
                self.ids.user(row.user),
                self.world.hospital.departments.at(row.department).name.to_owned(),
                self.time(row.start),
                self.time(row.end),
                status.to_owned(),
            ])?;
        }
        table.close()
    }

    fn orders(&mut self, mut table: Table) -> Result<(), SimError> {
        let mut order: Vec<_> = self.world.care.orders.iter().filter(|row| row.time < self.world.end()).collect();
        order.sort_by_key(|row| (row.time, row.patient));
        for (number, row) in (1u64..).zip(order) {
            table.row(&[
                format!("O{}", 9_000_000 + number),
                self.ids.patient(row.patient),
                self.ids.encounter(row.encounter),
                self.ids.user(row.by),
                self.ids.user(row.performer),
                self.world.hospital.departments.at(row.department).name.to_owned(),
                self.time(row.time),
                row.kind.to_owned(),
            ])?;
        }
        table.close()
    }

    fn messages(&mut self, mut table: Table) -> Result<(), SimError> {
        let mut order: Vec<_> = self.world.care.messages.iter().filter(|row| row.time < self.world.end()).collect();
        order.sort_by_key(|row| (row.time, row.patient));
        for row in order {
            let pool = if row.to_pool == NONE { "" } else { self.world.hospital.departments.at(row.to_pool).name };
            let cells =
                [self.ids.user(row.from), self.ids.user(row.to_user), pool.to_owned(), self.ids.patient(row.patient)];
            let [from, to, pool, patient] = cells;
            table.row(&[self.time(row.time), from, to, pool, patient])?;
        }
        table.close()
    }
}

pub(crate) fn surname(n: u32) -> String {
    let (root, end) = names::surname(n);
    format!("{root}{end}")
}

fn phone(n: u32) -> String {
    format!("+49 30 {n}")
}
