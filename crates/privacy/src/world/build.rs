//! Reads the tables of the context, in any order, and lays them out when all are there.

use std::io::Read;

use rustc_hash::FxHashMap;

use super::{
    Booking, By, Care, Contact, Declared, DeclaredKind, Duty, Employee, Encounter, Fact, FactKind, Flags, Grouped,
    Identity, Medicine, OPEN, Patient, Referral, Shift, Stay, World,
};
use crate::feed::{Feed, Intake};
use crate::form::{Cells, DAY, Moment, Proof, RowFault, Sheet, SheetFault, Table, digits, fold, house, street};
use crate::names::{NONE, Names};
use crate::settings::Settings;
use crate::template::Approved;

/// Room for ids of users: more than any hospital has, so that a hostile file ends somewhere.
const USERS_BYTES_MAX: usize = 64 << 20;
const PATIENTS_BYTES_MAX: usize = 1 << 30;
/// Ids of one person that are taken together: more is a fault of the index of persons, not a person.
const IDS_MAX: usize = 16;
const TEXTS_BYTES_MAX: usize = 768 << 20;

/// How ids stand in a review, where it is not as in the files: a site may keep patients under pseudonyms, and write its accounts in one way.
pub trait Ids: std::fmt::Debug + Send {
    /// The id of a user whom a file calls `text`, which is not empty.
    fn user(&self, text: &str) -> String;
    /// The ids of a patient whom a file calls `text`, which is not empty: at least one, the likeliest first. In `patients.csv` they are one person.
    fn patients(&self, text: &str) -> Vec<String>;
}

/// The context while it is read.
#[derive(Debug)]
pub struct Context {
    settings: Settings,
    ids: Option<Box<dyn Ids>>,
    pub(crate) users: Names,
    pub(crate) patient_ids: Names,
    pub(crate) texts: Names,
    encounter_ids: Names,
    employees: Vec<(u32, Employee)>,
    pub(super) patients: Vec<(u32, Patient)>,
    contacts: Vec<(u32, Contact)>,
    shifts: Vec<(u32, Shift)>,
    stays: Vec<(u32, Stay)>,
    participants: Vec<(u32, Care)>,
    care: Vec<(u32, Care)>,
    referrals: Vec<(u32, Referral)>,
    medicines: Vec<(u32, Medicine)>,
    bookings: Vec<(u32, Booking)>,
    facts: Vec<(u32, Fact)>,
    declared: Vec<Declared>,
    /// Ids of patients that are one person.
    pub(super) merged: Vec<(u32, u32)>,
    feeds: Intake,
}

/// Why a row is left out, in words.
type Refused = &'static str;

impl Context {
    /// An empty context.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            ids: None,
            users: Names::with_room(USERS_BYTES_MAX),
            patient_ids: Names::with_room(PATIENTS_BYTES_MAX),
            texts: Names::with_room(TEXTS_BYTES_MAX),
            encounter_ids: Names::with_room(PATIENTS_BYTES_MAX),
            employees: Vec::new(),
            patients: Vec::new(),
            contacts: Vec::new(),
            shifts: Vec::new(),
            stays: Vec::new(),
            participants: Vec::new(),
            care: Vec::new(),
            referrals: Vec::new(),
            medicines: Vec::new(),
            bookings: Vec::new(),
            facts: Vec::new(),
            declared: Vec::new(),
            merged: Vec::new(),
            feeds: Intake::default(),
        }
    }

    /// The same, where ids of files become others.
    #[must_use]
    pub fn with_ids(self, ids: Box<dyn Ids>) -> Self {
        Self { ids: Some(ids), ..self }
    }

    /// A feed that this site has: without any row of it nothing is judged that it could explain.
    pub fn expect(&mut self, feed: Feed) {
        self.feeds.expect(feed);
    }

    /// Reads a table; returns its number of rows. Bad rows are told and left out.
    ///
    /// # Errors
    /// When a column is missing, or the bytes end before their time.
    pub fn read(&mut self, table: Table, from: impl Read, fault: impl FnMut(RowFault)) -> Result<u32, SheetFault> {
        self.read_behind(0, table, from, fault)
    }

    /// The same for more rows of a table, behind so many that were read: they are counted on. Ids stand as they are meant.
    ///
    /// # Errors
    /// As [`Context::read`].
    pub fn read_more(
        &mut self,
        behind: u32,
        table: Table,
        from: impl Read,
        fault: impl FnMut(RowFault),
    ) -> Result<u32, SheetFault> {
        let ids = self.ids.take();
        let read = self.read_behind(behind, table, from, fault);
        self.ids = ids;
        read
    }

    fn read_behind(
        &mut self,
        behind: u32,
        table: Table,
        from: impl Read,
        mut fault: impl FnMut(RowFault),
    ) -> Result<u32, SheetFault> {
        let mut sheet = Sheet::open(table, from)?;
        let mut rows = 0;
        while let Some((row, cells)) = sheet.next()? {
            rows = row;
            let row = row.saturating_add(behind);
            let taken = if cells.is_whole() {
                self.take(table, row, &cells)
            } else {
                Err("the row has another number of cells than the first line")
            };
            if let Err(reason) = taken {
                fault(RowFault { file: table.file(), row, reason: cells.fault(reason), left_out: true });
            }
        }
        Ok(rows)
    }

    fn take(&mut self, table: Table, row: u32, cells: &Cells<'_>) -> Result<(), Refused> {
        let proof = Proof::new(table, row);
        match table {
            Table::Accesses => Err("accesses are no context"),
            Table::Staff => self.employee(proof, cells),
            Table::Shifts => self.shift(proof, cells),
            Table::Patients => self.patient(proof, cells),
            Table::Contacts => self.contact(proof, cells),
            Table::Encounters => self.stay(proof, cells),
            Table::Participants => self.participant(proof, cells),
            Table::Appointments => self.appointment(proof, cells),
            Table::Orders => self.order(proof, cells),
            Table::Messages => self.message(proof, cells),
            Table::Declared => self.declare(proof, cells),
        }
    }

    fn text(&mut self, cells: &Cells<'_>, column: usize) -> u32 {
        self.texts.number(&cells.text(column))
    }

    fn folded(&mut self, cells: &Cells<'_>, column: usize) -> u32 {
        self.texts.number(&fold(&cells.text(column)))
    }

    fn user(&mut self, cells: &Cells<'_>, column: usize) -> u32 {
        let text = cells.text(column);
        match self.ids.as_ref().filter(|_| !text.is_empty()) {
            Some(ids) => self.users.number(&ids.user(&text)),
            None => self.users.number(&text),
        }
    }

    fn patient_number(&mut self, cells: &Cells<'_>, column: usize) -> Result<u32, Refused> {
        let first = self.patient_numbers(cells, column).first().copied().unwrap_or(NONE);
        named(first, "the row names no patient")
    }

    /// The numbers of all ids that stand for a patient; none for an empty cell.
    fn patient_numbers(&mut self, cells: &Cells<'_>, column: usize) -> Vec<u32> {
        let text = cells.text(column);
        let ids = match &self.ids {
            _ if text.is_empty() => Vec::new(),
            Some(ids) => ids.patients(&text),
            None => vec![text.into_owned()],
        };
        ids.iter().map(|id| self.patient_ids.number(id)).collect()
    }

    /// Reads `surname, given, birth_date, street, house_number, postcode, _, phone` from `first` on.
    fn identity(&mut self, cells: &Cells<'_>, person: usize, names: usize, home: usize) -> Identity {
        let (number, door) = house(&cells.text(home + 1));
        Identity {
            person: self.text(cells, person),
            surname: self.folded(cells, names),
            given: self.folded(cells, names + 1),
            birth: self.folded(cells, names + 2),
            street: self.texts.number(&street(&cells.text(home))),
            house: number,
            door: self.texts.number(&door),
            postcode: self.folded(cells, home + 2),
            phone: self.texts.number(&digits(&cells.text(home + 4))),
        }
    }

    fn employee(&mut self, proof: Proof, cells: &Cells<'_>) -> Result<(), Refused> {
        let user = named(self.user(cells, 0), "the row names no user")?;
        let from = day_or_moment(&cells.text(14), 0)?.unwrap_or(i64::MIN);
        let until = day_or_moment(&cells.text(15), DAY)?.unwrap_or(OPEN);
        ordered(from, until)?;
        let employee = Employee {
            proof,
            identity: self.identity(cells, 1, 2, 5),
            role: self.text(cells, 10),
            department: self.text(cells, 11),
            unit: self.text(cells, 12),
            manager: self.user(cells, 13),
            from,
            until,
        };
        self.employees.push((user, employee));
        Ok(())
    }

    fn patient(&mut self, proof: Proof, cells: &Cells<'_>) -> Result<(), Refused> {
        let numbers = self.patient_numbers(cells, 0);
        named(numbers.first().copied().unwrap_or(NONE), "the row names no patient")?;
        let death = day_or_moment(&cells.text(5), DAY)?;
        let mut identity = self.identity(cells, 1, 2, 6);
        if numbers.len() > 1 && identity.person == NONE {
            identity.person = self.texts.number(&format!("record {}", cells.text(0)));
        }
        let patient = Patient { proof, identity, death, flags: flags(&cells.text(11)) };
        self.patients.extend(numbers.into_iter().map(|number| (number, patient)));
        Ok(())
    }

    fn contact(&mut self, proof: Proof, cells: &Cells<'_>) -> Result<(), Refused> {
        let patient = self.patient_number(cells, 0)?;
        let contact = Contact {
            proof,
            relation: self.text(cells, 1),
            surname: self.folded(cells, 2),
            given: self.folded(cells, 3),
            phone: self.texts.number(&digits(&cells.text(4))),
            birth: self.folded(cells, 5),
        };
        self.contacts.push((patient, contact));
        Ok(())
    }

    fn shift(&mut self, proof: Proof, cells: &Cells<'_>) -> Result<(), Refused> {
        let user = named(self.user(cells, 0), "the row names no user")?;
        let (start, end) = (Moment::parse(&cells.text(1))?, Moment::parse(&cells.text(2))?);
        ordered(start.at, end.at)?;
        self.feeds.see(Feed::Roster, start);
        let unit = self.text(cells, 3);
        self.shifts.push((user, Shift { proof, unit, start: start.at, end: end.at }));
        Ok(())
    }

    fn stay(&mut self, proof: Proof, cells: &Cells<'_>) -> Result<(), Refused> {
        let id = cells.text(0);
        let encounter = named(self.encounter_ids.number(&id), "the row names no encounter")?;
        let patient = self.patient_number(cells, 1)?;
        let moment = Moment::parse(&cells.text(2))?;
        let start = moment.at;
        let end = moment_or_open(&cells.text(3))?;
        ordered(start, end)?;
        self.feeds.see(Feed::Admissions, moment);
        let (department, unit) = (self.text(cells, 5), self.text(cells, 6));
        self.stays.push((patient, Stay { proof, encounter, department, unit, start, end, last: false }));
        Ok(())
    }

    fn participant(&mut self, proof: Proof, cells: &Cells<'_>) -> Result<(), Refused> {
        let encounter = named(self.encounter_ids.number(&cells.text(0)), "the row names no encounter")?;
        let user = named(self.user(cells, 1), "the row names no user")?;
        let start = optional_moment(&cells.text(3))?.unwrap_or(OPEN);
        let end = optional_moment(&cells.text(4))?.unwrap_or(start);
        ordered(start, end)?;
        self.participants
            .push((encounter, Care { user, start, end, proof, also: Proof::NONE, by: By::Encounter(encounter) }));
        Ok(())
    }

    fn appointment(&mut self, proof: Proof, cells: &Cells<'_>) -> Result<(), Refused> {
        let patient = self.patient_number(cells, 0)?;
        let moment = Moment::parse(&cells.text(1))?;
        let start = moment.at;
        let end = optional_moment(&cells.text(5))?.unwrap_or(start);
        ordered(start, end)?;
        self.feeds.see(Feed::Appointments, moment);
        if ["cancelled", "canceled", "entered in error"].contains(&fold(&cells.text(6)).as_str()) {
            return Ok(());
        }
        let (user, department) = (self.user(cells, 3), self.text(cells, 4));
        self.bookings.push((patient, Booking { start, proof }));
        let fact = Fact { kind: FactKind::Appointment, place: department, what: NONE, at: start, proof };
        self.facts.push((patient, fact));
        if user == NONE {
            self.refer(patient, department, start, proof);
        } else {
            self.care.push((patient, Care { user, start, end, proof, also: Proof::NONE, by: By::Appointment }));
        }
        Ok(())
    }

    fn order(&mut self, proof: Proof, cells: &Cells<'_>) -> Result<(), Refused> {
        let patient = self.patient_number(cells, 0)?;
        let moment = Moment::parse(&cells.text(1))?;
        let at = moment.at;
        self.feeds.see(Feed::Orders, moment);
        let (ordered_by, performed_by) = (self.user(cells, 4), self.user(cells, 5));
        for user in [ordered_by, performed_by].into_iter().filter(|user| *user != NONE) {
            self.care.push((patient, Care { user, start: at, end: at, proof, also: Proof::NONE, by: By::Order }));
        }
        let (department, kind) = (self.text(cells, 6), self.text(cells, 7));
        self.facts.push((patient, Fact { kind: FactKind::Order, place: department, what: kind, at, proof }));
        if performed_by == NONE {
            self.refer(patient, department, at, proof);
        }
        if Settings::holds(&fold(&cells.text(7)), &self.settings.medicine_words) {
            self.medicines.push((patient, Medicine { at, proof }));
        }
        Ok(())
    }

    fn message(&mut self, proof: Proof, cells: &Cells<'_>) -> Result<(), Refused> {
        let moment = Moment::parse(&cells.text(0))?;
        let at = moment.at;
        let patient = self.patient_number(cells, 1)?;
        self.feeds.see(Feed::Messages, moment);
        let (user, pool) = (self.user(cells, 3), self.text(cells, 4));
        if user != NONE {
            self.care.push((patient, Care { user, start: at, end: at, proof, also: Proof::NONE, by: By::Message }));
        }
        if pool != NONE {
            let fact = Fact { kind: FactKind::Message, place: pool, what: NONE, at, proof };
            self.facts.push((patient, fact));
        }
        self.refer(patient, pool, at, proof);
        Ok(())
    }

    fn refer(&mut self, patient: u32, pool: u32, at: i64, proof: Proof) {
        if pool != NONE {
            self.referrals.push((patient, Referral { pool, at, proof }));
        }
    }

    fn declare(&mut self, proof: Proof, cells: &Cells<'_>) -> Result<(), Refused> {
        let kind = match fold(&cells.text(0)).as_str() {
            "downtime" => DeclaredKind::Downtime,
            "mass casualty" => DeclaredKind::MassCasualty,
            "ward move" => DeclaredKind::WardMove,
            _ => return Err("the kind is none of downtime, mass_casualty, ward_move"),
        };
        let start = Moment::parse(&cells.text(1))?.at;
        let end = moment_or_open(&cells.text(2))?;
        ordered(start, end)?;
        let (unit, to_unit) = (self.text(cells, 3), self.text(cells, 4));
        self.declared.push(Declared { kind, start, end, unit, to_unit, proof });
        Ok(())
    }

    /// Lays everything out by patient and by user.
    pub(crate) fn finish(mut self) -> World {
        self.join_merged();
        let folded: Vec<String> =
            (0..self.texts.len()).map(|number| fold(self.texts.text(u32::try_from(number).unwrap_or(NONE)))).collect();
        let folded: Vec<u32> = folded.iter().map(|text| self.texts.number(text)).collect();
        let encounters = encounters(self.encounter_ids.len(), &mut self.stays);
        let participants = self.taking_part(&encounters);
        let mut encounters_of = encounters_of(&encounters);
        self.share_among_ids(&mut encounters_of);
        let mut care = self.care;
        care.sort_by_key(|(_, care)| (care.user, care.start, care.proof));
        self.facts.sort_by_key(|(_, fact)| (fact.at, fact.proof));
        self.stays.sort_by_key(|(_, stay)| (stay.start, stay.proof));
        let mut world = World {
            staff_patients: FxHashMap::default(),
            span: (0, 0),
            silences: Vec::new(),
            employees: by_number(self.users.len(), self.employees),
            patients: by_number(self.patient_ids.len(), self.patients),
            settings: self.settings,
            users: self.users,
            patient_ids: self.patient_ids,
            texts: self.texts,
            contacts: Grouped::of(self.contacts),
            shifts: Grouped::of(self.shifts),
            stays: Grouped::of(self.stays),
            encounters,
            encounters_of: Grouped::of(encounters_of),
            participants: Grouped::of(participants),
            care: Grouped::of(care),
            referrals: Grouped::of(self.referrals),
            medicines: Grouped::of(self.medicines),
            bookings: Grouped::of(self.bookings),
            facts: Grouped::of(self.facts),
            approved: Approved::default(),
            declared: self.declared,
            duties: Vec::new(),
            folded,
            feeds: self.feeds,
        };
        world.duties = duties(&world);
        world.staff_patients = staff_patients(&world);
        world.approved = Approved::of(&world);
        world
    }

    /// Gives every id of a person the rows of all their ids: merged records are one record.
    fn share_among_ids(&mut self, encounters_of: &mut Vec<(u32, u32)>) {
        let mut of_person: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (number, patient) in &self.patients {
            let ids = of_person.entry(patient.identity.person).or_default();
            if patient.identity.person != NONE && !ids.contains(number) && ids.len() < IDS_MAX {
                ids.push(*number);
            }
        }
        let mut others: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (number, patient) in &self.patients {
            let ids = of_person.get(&patient.identity.person).filter(|ids| ids.len() > 1 && ids.contains(number));
            if let Some(ids) = ids {
                others.insert(*number, ids.iter().copied().filter(|id| id != number).collect());
            }
        }
        shared(&others, &mut self.contacts);
        shared(&others, &mut self.stays);
        shared(&others, &mut self.care);
        shared(&others, &mut self.referrals);
        shared(&others, &mut self.medicines);
        shared(&others, &mut self.bookings);
        shared(&others, &mut self.facts);
        shared(&others, encounters_of);
    }

    /// Participants with the times of their encounters, which are also care of the encounter's patient.
    fn taking_part(&mut self, encounters: &[Encounter]) -> Vec<(u32, Care)> {
        let mut out = std::mem::take(&mut self.participants);
        out.retain_mut(|(number, care)| {
            let Some(encounter) = encounters.get(*number as usize).filter(|encounter| encounter.patient != NONE) else {
                return false;
            };
            care.start = care.start.min(encounter.start);
            care.end = if care.end == OPEN { encounter.end } else { care.end.max(encounter.end) };
            care.also = encounter.proof;
            self.care.push((encounter.patient, *care));
            true
        });
        out
    }
}

/// Copies the rows of each id to the person's other ids.
fn shared<T: Copy>(others: &FxHashMap<u32, Vec<u32>>, rows: &mut Vec<(u32, T)>) {
    for place in 0..rows.len() {
        let Some((number, row)) = rows.get(place).copied() else { break };
        rows.extend(others.get(&number).into_iter().flatten().map(|other| (*other, row)));
    }
}

/// The encounters of each patient, by number.
fn encounters_of(encounters: &[Encounter]) -> Vec<(u32, u32)> {
    let known = encounters.iter().enumerate().filter(|(_, encounter)| encounter.patient != NONE);
    known.map(|(number, encounter)| (encounter.patient, u32::try_from(number).unwrap_or(NONE))).collect()
}

fn by_number<T>(count: usize, rows: Vec<(u32, T)>) -> Vec<Option<T>> {
    let mut out: Vec<Option<T>> = Vec::new();
    out.resize_with(count, || None);
    for (number, row) in rows {
        if let Some(place) = out.get_mut(number as usize) {
            *place = Some(row);
        }
    }
    out
}

/// The hull of each encounter's stays, and which stay is its last.
fn encounters(count: usize, stays: &mut [(u32, Stay)]) -> Vec<Encounter> {
    let mut out = vec![Encounter { proof: Proof::NONE, patient: NONE, start: OPEN, end: i64::MIN }; count];
    for (patient, stay) in stays.iter() {
        if let Some(encounter) = out.get_mut(stay.encounter as usize) {
            encounter.patient = *patient;
            if stay.start < encounter.start {
                encounter.start = stay.start;
                encounter.proof = stay.proof;
            }
            encounter.end = encounter.end.max(stay.end);
        }
    }
    for (_, stay) in stays {
        stay.last = out.get(stay.encounter as usize).is_some_and(|encounter| encounter.end == stay.end);
    }
    out
}

fn duties(world: &World) -> Vec<Duty> {
    let holds = |text: u32, words: &[String]| Settings::holds(world.texts.text(world.fold_of(text)), words);
    let mut out = Vec::new();
    for user in 0..world.users.len() {
        let user = u32::try_from(user).unwrap_or(NONE);
        let duty = world.employee(user).map(|employee| {
            let is = |words: &[String]| holds(employee.role, words) || holds(employee.department, words);
            Duty {
                records: is(&world.settings.records_words),
                pharmacy: is(&world.settings.pharmacy_words),
                shared: is(&world.settings.shared_words),
            }
        });
        out.push(duty.unwrap_or_default());
    }
    out
}

/// Patients who are employees: by number of the person, or by name and date of birth.
fn staff_patients(world: &World) -> FxHashMap<u32, u32> {
    let mut by_person = FxHashMap::default();
    let mut by_name = FxHashMap::default();
    for (user, employee) in world.employees.iter().enumerate() {
        let (Some(employee), Ok(user)) = (employee, u32::try_from(user)) else { continue };
        let identity = &employee.identity;
        by_person.insert(identity.person, user);
        by_name.insert((identity.surname, identity.given, identity.birth), user);
    }
    let mut out = FxHashMap::default();
    for (number, patient) in world.patients.iter().enumerate() {
        let (Some(patient), Ok(number)) = (patient, u32::try_from(number)) else { continue };
        let identity = &patient.identity;
        let person = by_person.get(&identity.person).filter(|_| identity.person != NONE);
        let known = ![identity.surname, identity.given, identity.birth].contains(&NONE);
        let name = by_name.get(&(identity.surname, identity.given, identity.birth)).filter(|_| known);
        if let Some(user) = person.or(name) {
            out.insert(number, *user);
        }
    }
    out
}

fn named(number: u32, refused: Refused) -> Result<u32, Refused> {
    if number == NONE { Err(refused) } else { Ok(number) }
}

fn ordered(start: i64, end: i64) -> Result<(), Refused> {
    if end < start { Err("the end is before the start") } else { Ok(()) }
}

fn optional_moment(text: &str) -> Result<Option<i64>, Refused> {
    if text.is_empty() { Ok(None) } else { Moment::parse(text).map(|moment| Some(moment.at)) }
}

fn moment_or_open(text: &str) -> Result<i64, Refused> {
    Ok(optional_moment(text)?.unwrap_or(OPEN))
}

/// A time, or a day: its beginning in UTC and `day_adds` more.
fn day_or_moment(text: &str, day_adds: i64) -> Result<Option<i64>, Refused> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<jiff::civil::Date>() {
        Ok(date) if text.len() == 10 => {
            let at = date.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| "the date is out of range")?;
            Ok(Some(at.timestamp().as_millisecond() + day_adds))
        }
        _ => Moment::parse(text).map(|moment| Some(moment.at)),
    }
}

fn flags(text: &str) -> Flags {
    let mut flags = Flags::default();
    for flag in text.split(';').map(fold) {
        match flag.as_str() {
            "vip" => flags.vip = true,
            "employee" | "staff" => flags.employee = true,
            "sensitive" => flags.sensitive = true,
            "complaint" => flags.complaint = true,
            _ => {}
        }
    }
    flags
}
