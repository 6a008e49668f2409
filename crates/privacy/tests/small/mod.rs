//! A small hospital, written by hand from the definitions of explanations and scenarios, by which the review is judged.
//!
//! Thirty-five days from Monday 2 March 2026, with the night of the clock change in them. `ordinary` makes the days that the statistics learn from;
//! `cases` and `reasons` write the rows that matter, each with the sentence that is expected of it; `upheaval` changes the whole; `oracle` reads the
//! definitions of E1 to E6 literally and slowly, so that the data can be checked without the review. Nothing here knows how the review works.

pub(crate) mod cases;
pub(crate) mod clock;
pub(crate) mod expect;
pub(crate) mod oracle;
pub(crate) mod ordinary;
pub(crate) mod people;
pub(crate) mod reasons;
pub(crate) mod tables;
pub(crate) mod upheaval;
pub(crate) mod wired;

use std::collections::BTreeSet;

use clock::{MINUTE, at, mix};
use expect::{CaseExpect, RowExpect, Says};
use tables::{
    Access, Appointment, Contact, Encounter, Home, Key, Message, Order, Participant, Patient, Shift, Staff, Table,
};

/// Days with accesses.
pub(crate) const DAYS: i64 = 35;

/// The ten tables, and what is expected of a review of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hospital {
    pub(crate) accesses: Vec<Access>,
    pub(crate) staff: Vec<Staff>,
    pub(crate) shifts: Vec<Shift>,
    pub(crate) patients: Vec<Patient>,
    pub(crate) contacts: Vec<Contact>,
    pub(crate) encounters: Vec<Encounter>,
    pub(crate) participants: Vec<Participant>,
    pub(crate) appointments: Vec<Appointment>,
    pub(crate) orders: Vec<Order>,
    pub(crate) messages: Vec<Message>,
    pub(crate) rows: Vec<RowExpect>,
    pub(crate) cases: Vec<CaseExpect>,
    /// Accesses of the ordinary days; written by `ordinary`, not by hand.
    pub(crate) ordinary: BTreeSet<Key>,
    /// Staff who already play a part in a written case.
    taken: BTreeSet<String>,
    keys: Key,
}

/// An encounter as `Hospital::stay` made it.
#[derive(Clone, Debug)]
pub(crate) struct Stay {
    pub(crate) id: String,
    pub(crate) key: Key,
}

impl Hospital {
    /// The whole hospital, accesses in the order of time.
    pub(crate) fn new() -> Self {
        let mut hospital = Self::default();
        people::hire(&mut hospital);
        ordinary::fill(&mut hospital);
        cases::write(&mut hospital);
        reasons::write(&mut hospital);
        hospital.sort();
        hospital
    }

    /// Accesses in the order of time, as a log has them.
    pub(crate) fn sort(&mut self) {
        self.accesses.sort_by_key(|access| (access.time, access.key));
    }

    pub(crate) fn key(&mut self) -> Key {
        self.keys += 1;
        self.keys
    }

    /// The text of one file.
    pub(crate) fn csv(&self, table: Table) -> String {
        match table {
            Table::Accesses => tables::csv(table, &self.accesses),
            Table::Staff => tables::csv(table, &self.staff),
            Table::Shifts => tables::csv(table, &self.shifts),
            Table::Patients => tables::csv(table, &self.patients),
            Table::Contacts => tables::csv(table, &self.contacts),
            Table::Encounters => tables::csv(table, &self.encounters),
            Table::Participants => tables::csv(table, &self.participants),
            Table::Appointments => tables::csv(table, &self.appointments),
            Table::Orders => tables::csv(table, &self.orders),
            Table::Messages => tables::csv(table, &self.messages),
        }
    }

    /// Where the row stands in its file, from 1; none when the hospital no longer has it.
    pub(crate) fn place(&self, table: Table, key: Key) -> Option<usize> {
        match table {
            Table::Accesses => tables::place(&self.accesses, key),
            Table::Staff => tables::place(&self.staff, key),
            Table::Shifts => tables::place(&self.shifts, key),
            Table::Patients => tables::place(&self.patients, key),
            Table::Contacts => tables::place(&self.contacts, key),
            Table::Encounters => tables::place(&self.encounters, key),
            Table::Participants => tables::place(&self.participants, key),
            Table::Appointments => tables::place(&self.appointments, key),
            Table::Orders => tables::place(&self.orders, key),
            Table::Messages => tables::place(&self.messages, key),
        }
    }

    /// `file.csv:row`, as a proof has it.
    pub(crate) fn proof(&self, table: Table, key: Key) -> String {
        let place = self.place(table, key).unwrap_or_else(|| panic!("{} has no row with key {key}", table.file()));
        format!("{}:{place}", table.file())
    }

    pub(crate) fn person(&self, user: &str) -> &Staff {
        self.staff.iter().find(|staff| staff.user == user).unwrap_or_else(|| panic!("nobody is called {user}"))
    }

    pub(crate) fn person_mut(&mut self, user: &str) -> &mut Staff {
        self.staff.iter_mut().find(|staff| staff.user == user).unwrap_or_else(|| panic!("nobody is called {user}"))
    }

    pub(crate) fn patient_mut(&mut self, id: &str) -> &mut Patient {
        self.patients.iter_mut().find(|patient| patient.id == id).unwrap_or_else(|| panic!("no patient {id}"))
    }

    /// Somebody of this unit and role who plays no part yet.
    pub(crate) fn take(&mut self, unit: &str, role: &str) -> String {
        let free = |staff: &&Staff| staff.unit == unit && staff.role == role && !self.taken.contains(&staff.user);
        let user = self.staff.iter().find(free).map(|staff| staff.user.clone());
        let user = user.unwrap_or_else(|| panic!("no {role} of {unit} is left"));
        self.taken.insert(user.clone());
        user
    }

    /// Whether this person plays a part in anything that was written by hand.
    pub(crate) fn plays(&self, user: &str) -> bool {
        self.taken.contains(user)
    }

    /// Somebody of this unit and role who plays no part yet and whose duty starts on that day, in the morning or at two.
    pub(crate) fn take_by_day(&mut self, unit: &str, role: &str, day: i64) -> String {
        let hours = at(day, 5, 0)..at(day, 15, 0);
        let works = |user: &str| self.shifts.iter().any(|shift| shift.user == user && hours.contains(&shift.start));
        let free = |staff: &&Staff| {
            staff.unit == unit && staff.role == role && !self.taken.contains(&staff.user) && works(&staff.user)
        };
        let user = self.staff.iter().find(free).map(|staff| staff.user.clone());
        let user = user.unwrap_or_else(|| panic!("no {role} of {unit} is left on day {day}"));
        self.taken.insert(user.clone());
        user
    }

    /// This person is employed from and until these times: no duties and no ordinary accesses outside.
    pub(crate) fn works_only(&mut self, user: &str, from: i64, until: i64) {
        self.shifts.retain(|shift| shift.user != user || (shift.start >= from && shift.start < until));
        self.accesses.retain(|access| access.user != user || (from..until).contains(&access.time));
    }

    /// A new patient, living where nobody else does. The surname is nobody's among the staff unless the caller says so.
    pub(crate) fn patient(&mut self, surname: &str, given: &str) -> String {
        let number = i64::try_from(self.patients.len()).unwrap() + 1;
        let id = format!("P{number:05}");
        let key = self.key();
        self.patients.push(Patient {
            key,
            id: id.clone(),
            person: format!("M{:06}", 200_000 + number * 7),
            surname: surname.into(),
            given: given.into(),
            born: clock::date(-9_000 - mix(&[number, 1]) % 18_000),
            death: None,
            home: tables::home(&format!("Am Weiher {number}"), "1", "79219"),
            phone: format!("+49 7633 {:06}", 300_000 + number * 13),
            flags: String::new(),
        });
        id
    }

    /// A stay in a unit, nobody of the care team known yet.
    pub(crate) fn stay(&mut self, patient: &str, unit: &str, start: i64, end: Option<i64>) -> Stay {
        let id = format!("E{:06}", 100_000 + self.encounters.len() * 3);
        self.stay_on(&id, patient, unit, start, end)
    }

    /// One more unit of an encounter that is known already: a transfer.
    pub(crate) fn stay_on(&mut self, id: &str, patient: &str, unit: &str, start: i64, end: Option<i64>) -> Stay {
        let key = self.key();
        let (kind, department) = people::kind_and_department(unit);
        self.encounters.push(Encounter {
            key,
            id: id.to_owned(),
            patient: patient.into(),
            kind: kind.into(),
            department: department.into(),
            unit: unit.into(),
            start,
            end,
        });
        Stay { id: id.to_owned(), key }
    }

    /// A member of the care team.
    pub(crate) fn care(&mut self, stay: &Stay, user: &str, role: &str, start: i64, end: Option<i64>) -> Key {
        let key = self.key();
        let encounter = stay.id.clone();
        self.participants.push(Participant { key, encounter, user: user.into(), role: role.into(), start, end });
        key
    }

    /// A visit to an outpatient clinic, half an hour, with a physician of that clinic: nobody else has a reason from it.
    pub(crate) fn clinic(&mut self, patient: &str, unit: &str, start: i64) -> Stay {
        let stay = self.stay(patient, unit, start, Some(start + 30 * MINUTE));
        let physician = self.staff.iter().find(|staff| staff.unit == unit && staff.role == "physician");
        let physician = physician.map(|staff| staff.user.clone()).unwrap_or_default();
        self.care(&stay, &physician, "attending", start, Some(start + 30 * MINUTE));
        stay
    }

    pub(crate) fn appointment(&mut self, patient: &str, user: &str, start: i64, status: &str) -> Key {
        let key = self.key();
        let department = self.person(user).department.clone();
        self.appointments.push(Appointment {
            key,
            id: format!("A{:06}", 500_000 + self.appointments.len()),
            patient: patient.into(),
            user: user.into(),
            department,
            start,
            end: start + 30 * MINUTE,
            status: status.into(),
        });
        key
    }

    pub(crate) fn order(&mut self, patient: &str, by: &str, performer: &str, time: i64, kind: &str) -> Key {
        let key = self.key();
        let department = self.person(performer).department.clone();
        self.orders.push(Order {
            key,
            id: format!("O{:06}", 700_000 + self.orders.len()),
            patient: patient.into(),
            encounter: String::new(),
            by: by.into(),
            performer: performer.into(),
            department,
            time,
            kind: kind.into(),
        });
        key
    }

    pub(crate) fn message(&mut self, patient: &str, from: &str, to_user: &str, to_pool: &str, time: i64) -> Key {
        let key = self.key();
        self.messages.push(Message {
            key,
            time,
            from: from.into(),
            to_user: to_user.into(),
            to_pool: to_pool.into(),
            patient: patient.into(),
        });
        key
    }

    pub(crate) fn contact(
        &mut self,
        patient: &str,
        relation: &str,
        name: (&str, &str),
        phone: &str,
        born: &str,
    ) -> Key {
        let key = self.key();
        self.contacts.push(Contact {
            key,
            patient: patient.into(),
            relation: relation.into(),
            surname: name.0.into(),
            given: name.1.into(),
            phone: phone.into(),
            born: born.into(),
        });
        key
    }

    pub(crate) fn shift(&mut self, user: &str, unit: &str, start: i64, end: i64) -> Key {
        let key = self.key();
        self.shifts.push(Shift { key, user: user.into(), start, end, unit: unit.into() });
        key
    }

    /// The first duty of this person that starts on this day or later.
    pub(crate) fn duty(&self, user: &str, day: i64) -> &Shift {
        let (from, until) = (at(day, 0, 0), at(DAYS, 0, 0));
        let own = self.shifts.iter().filter(|shift| shift.user == user && (from..until).contains(&shift.start));
        own.min_by_key(|shift| shift.start).unwrap_or_else(|| panic!("{user} has no duty from day {day} on"))
    }

    /// A moment within that duty, some time after its start; not the same minute for everybody.
    pub(crate) fn on_duty(&self, user: &str, day: i64) -> i64 {
        let shift = self.duty(user, day);
        shift.start + 100 * MINUTE + mix(&[shift.start, i64::from(shift.key)]) % 7200
    }

    /// Where this person works: the workstation of the day, and its place.
    pub(crate) fn desk(&self, user: &str) -> (String, String) {
        let unit = &self.person(user).unit;
        let seat = self.staff.iter().position(|staff| staff.user == user).unwrap_or(0) % 4 + 1;
        (format!("{unit}-WS{seat}"), format!("MAIN/{unit}"))
    }

    /// One line of the access log, from the person's own desk.
    pub(crate) fn line(&mut self, user: &str, patient: &str, time: i64, action: &str, section: &str) -> Key {
        let key = self.key();
        let (workstation, location) = self.desk(user);
        let ip = ip_of(&workstation);
        let duration_ms = 300 + mix(&[i64::from(key), 9]) % 40_000;
        self.accesses.push(Access {
            key,
            time,
            user: user.into(),
            patient: patient.into(),
            action: action.into(),
            section: section.into(),
            workstation,
            ip,
            location,
            duration_ms,
            ..Access::default()
        });
        key
    }

    /// Somebody reads a record: one line per section, some tens of seconds apart.
    pub(crate) fn read(&mut self, user: &str, patient: &str, time: i64, sections: &[&str]) -> Vec<Key> {
        let mut rows = Vec::new();
        let mut now = time;
        for section in sections {
            rows.push(self.line(user, patient, now, "read", section));
            now += 21 + mix(&[now]) % 40;
        }
        rows
    }

    pub(crate) fn access_mut(&mut self, key: Key) -> &mut Access {
        self.accesses.iter_mut().find(|access| access.key == key).unwrap()
    }

    pub(crate) fn settle(&mut self, user: &str, home: Home) {
        self.person_mut(user).home = home;
    }

    /// Names of a member of staff: surname, given name.
    pub(crate) fn name(&self, user: &str) -> (String, String) {
        let staff = self.person(user);
        (staff.surname.clone(), staff.given.clone())
    }

    /// This person must be among the cases, with this scenario named, for at least one of these rows.
    pub(crate) fn hit(&mut self, scenario: &'static str, user: &str, rows: &[Key], sentence: &str) {
        self.expect_case(Says::Case(scenario), user, rows, sentence);
    }

    /// Whatever else is said of this person, it must not be this scenario.
    pub(crate) fn near_miss(&mut self, scenario: &'static str, user: &str, rows: &[Key], sentence: &str) {
        self.expect_case(Says::NotNamed(scenario), user, rows, sentence);
    }

    /// The surface of the scenario with a real reason: every row explained, no case.
    pub(crate) fn hard_negative(&mut self, scenario: &'static str, user: &str, rows: &[Key], sentence: &str) {
        self.expect_case(Says::NoCase(scenario), user, rows, sentence);
    }

    fn expect_case(&mut self, says: Says, user: &str, rows: &[Key], sentence: &str) {
        assert!(!rows.is_empty(), "{sentence}: no rows");
        let (user, rows, sentence) = (user.to_owned(), rows.to_vec(), sentence.to_owned());
        self.cases.push(CaseExpect { sentence, user, says, rows });
    }

    /// This row is explained at least by these, and the proof names at least these rows.
    pub(crate) fn explained(&mut self, row: Key, by: &[&'static str], proofs: &[(Table, Key)], sentence: &str) {
        let sentence = sentence.to_owned();
        self.rows.push(RowExpect { sentence, row, by: by.to_vec(), never: Vec::new(), proofs: proofs.to_vec() });
    }

    /// This row has other explanations or none, but never this one.
    pub(crate) fn never(&mut self, row: Key, never: &[&'static str], sentence: &str) {
        let sentence = sentence.to_owned();
        self.rows.push(RowExpect { sentence, row, by: Vec::new(), never: never.to_vec(), proofs: Vec::new() });
    }

    /// This row has no explanation.
    pub(crate) fn unexplained(&mut self, row: Key, sentence: &str) {
        self.never(row, &expect::EXPLANATIONS, sentence);
    }
}

/// The address of a workstation: one net per unit, one number per seat.
pub(crate) fn ip_of(workstation: &str) -> String {
    let sum: i64 = workstation.bytes().take_while(|byte| *byte != b'-').map(i64::from).sum();
    let seat = workstation.bytes().last().map_or(1, i64::from);
    format!("10.20.{}.{seat}", sum % 250)
}
