//! What the context files tell: encounters with their stays, who took part, appointments, orders and messages; and who has what to do because of them.

use rustc_hash::FxHashSet;

use super::hospital::{Hospital, Role, UnitKind};
use super::people::{NONE, People};
use super::roster::Roster;
use crate::clock::{Clock, DAY, HOUR, Time};
use crate::rng::Rng;
use crate::table::Table;

/// Reasons for an access as bits: E1 is bit 0, E6 is bit 5.
pub(crate) mod reason {
    pub(crate) const E1: u8 = 1;
    pub(crate) const E2: u8 = 1 << 1;
    pub(crate) const E3: u8 = 1 << 2;
    pub(crate) const E4: u8 = 1 << 3;
    pub(crate) const E5: u8 = 1 << 4;
    pub(crate) const E6: u8 = 1 << 5;
}

/// What an encounter is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    Inpatient,
    Emergency,
    #[default]
    Outpatient,
    DaySurgery,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Inpatient => "inpatient",
            Self::Emergency => "emergency",
            Self::Outpatient => "outpatient",
            Self::DaySurgery => "day surgery",
        }
    }
}

/// One encounter; its places are its stays.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Encounter {
    pub(crate) patient: u32,
    pub(crate) kind: Kind,
    pub(crate) department: u32,
    /// The unit where it began.
    pub(crate) unit: u32,
    pub(crate) attending: u32,
    pub(crate) start: Time,
    pub(crate) end: Time,
}

/// A patient in a unit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stay {
    pub(crate) encounter: u32,
    pub(crate) patient: u32,
    pub(crate) unit: u32,
    pub(crate) start: Time,
    pub(crate) end: Time,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Participant {
    pub(crate) encounter: u32,
    pub(crate) user: u32,
    pub(crate) role: &'static str,
    pub(crate) start: Time,
    pub(crate) end: Time,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Appointment {
    pub(crate) patient: u32,
    pub(crate) user: u32,
    pub(crate) department: u32,
    pub(crate) start: Time,
    pub(crate) end: Time,
    pub(crate) status: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) patient: u32,
    pub(crate) encounter: u32,
    pub(crate) by: u32,
    pub(crate) performer: u32,
    pub(crate) department: u32,
    pub(crate) time: Time,
    pub(crate) kind: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    pub(crate) time: Time,
    pub(crate) from: u32,
    pub(crate) to_user: u32,
    pub(crate) to_pool: u32,
    pub(crate) patient: u32,
}

/// Somebody has to do with a patient from one time to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) user: u32,
    pub(crate) patient: u32,
    pub(crate) encounter: u32,
    pub(crate) from: Time,
    pub(crate) to: Time,
    /// What proves it in the files; 0 where nothing does.
    pub(crate) reasons: u8,
    pub(crate) weight: u8,
}

/// Everything that happened to patients.
#[derive(Clone, Debug, Default)]
pub(crate) struct Care {
    pub(crate) encounters: Table<Encounter>,
    pub(crate) stays: Vec<Stay>,
    pub(crate) participants: Vec<Participant>,
    pub(crate) appointments: Vec<Appointment>,
    pub(crate) orders: Vec<Order>,
    pub(crate) messages: Vec<Message>,
    pub(crate) tasks: Vec<Task>,
    /// User and encounter that a written row joins.
    pub(crate) proven: FxHashSet<(u32, u32)>,
    /// User and patient with anything to do with each other, written or not.
    pub(crate) linked: FxHashSet<(u32, u32)>,
    /// Pool and patient.
    pub(crate) pooled: FxHashSet<(u32, u32)>,
}

/// Share of rows that nobody entered.
const PARTICIPANT_MISSING: f64 = 0.035;

impl Care {
    /// Somebody takes part in an encounter; now and then nobody writes it down.
    pub(crate) fn take_part(
        &mut self,
        rng: &mut Rng,
        encounter: u32,
        user: u32,
        role: &'static str,
        (start, end): (Time, Time),
    ) -> bool {
        if user == NONE {
            return false;
        }
        self.linked.insert((user, self.encounters.at(encounter).patient));
        let written = !rng.chance(PARTICIPANT_MISSING);
        if written {
            self.join(encounter, user, role, (start, end));
        }
        written
    }

    /// Somebody takes part in an encounter, and it is written down.
    pub(crate) fn join(&mut self, encounter: u32, user: u32, role: &'static str, (start, end): (Time, Time)) {
        self.participants.push(Participant { encounter, user, role, start, end });
        self.proven.insert((user, encounter));
        self.linked.insert((user, self.encounters.at(encounter).patient));
    }

    pub(crate) fn order(&mut self, order: Order) {
        for user in [order.by, order.performer] {
            if user != NONE {
                self.proven.insert((user, order.encounter));
                self.linked.insert((user, order.patient));
            }
        }
        self.orders.push(order);
    }

    pub(crate) fn message(&mut self, message: Message) {
        for user in [message.from, message.to_user] {
            self.linked.insert((user, message.patient));
        }
        self.pooled.insert((message.to_pool, message.patient));
        self.messages.push(message);
    }

    pub(crate) fn task(&mut self, task: Task) {
        self.linked.insert((task.user, task.patient));
        self.tasks.push(task);
    }

    pub(crate) fn appointment(&mut self, appointment: Appointment) {
        self.linked.insert((appointment.user, appointment.patient));
        self.appointments.push(appointment);
    }
}

/// What is around a maker of care.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) clock: &'a Clock,
    pub(crate) hospital: &'a Hospital,
    pub(crate) people: &'a People,
    pub(crate) roster: &'a Roster,
    pub(crate) days: i64,
    pub(crate) seed: u64,
}

/// Days of encounters before the simulated ones.
pub(crate) const HISTORY_DAYS: i64 = 75;

/// Makes encounters.
pub(crate) struct Maker<'a> {
    pub(crate) set: Setting<'a>,
    pub(crate) rng: Rng,
    pub(crate) care: Care,
    booked: Vec<Vec<(Time, Time)>>,
}

impl<'a> Maker<'a> {
    pub(crate) fn new(set: Setting<'a>) -> Self {
        let booked = vec![Vec::new(); set.people.patients.rows().len()];
        Self { set, rng: Rng::of(set.seed, &[3]), care: Care::default(), booked }
    }

    /// All encounters, and what follows from them.
    pub(crate) fn run(mut self) -> Care {
        self.wards();
        self.emergencies();
        self.clinics();
        self.earlier_and_later_clinics();
        super::requests::add(&mut self);
        self.care
    }

    pub(crate) fn end(&self) -> Time {
        self.set.clock.local(self.set.days, 0)
    }

    fn begin(&self) -> Time {
        self.set.clock.local(-HISTORY_DAYS, 0)
    }

    /// A patient of the right age, alive and not elsewhere.
    fn patient(&mut self, department: u32, (start, end): (Time, Time)) -> Option<u32> {
        use super::hospital::known::{GERIATRICS, OBSTETRICS, OCCUPATIONAL, PAEDIATRICS};
        let name = self.set.hospital.departments.at(department).name;
        let (low, high) = match name {
            PAEDIATRICS => (0, 17),
            GERIATRICS => (72, 110),
            OBSTETRICS => (18, 45),
            "Emergency" => (0, 110),
            _ => (16, 110),
        };
        let people = self.set.people;
        let often = self.rng.chance(0.55);
        for _ in 0..60 {
            let patient = if name == OCCUPATIONAL {
                people.staff.at(self.rng.below(people.staff.len())).patient
            } else {
                self.rng.below(people.patients.len())
            };
            if patient == NONE || (often && !crate::rng::mix(u64::from(patient)).is_multiple_of(4)) {
                continue;
            }
            let row = people.patients.at(patient);
            let age = (start / DAY - row.person.birth_day) / 365;
            let alive = row.death.is_none_or(|death| death > end);
            if (low..=high).contains(&age) && alive && self.is_free(patient, (start, end)) {
                return Some(patient);
            }
        }
        None
    }

    pub(crate) fn is_free(&self, patient: u32, (start, end): (Time, Time)) -> bool {
        let booked = self.booked.get(patient as usize).map_or(&[][..], Vec::as_slice);
        booked.iter().all(|(from, to)| *to + 2 * HOUR < start || end + 2 * HOUR < *from)
    }

    /// Adds an encounter with one stay.
    pub(crate) fn open(&mut self, patient: u32, kind: Kind, unit: u32, (start, end): (Time, Time)) -> u32 {
        let department = self.set.hospital.units.at(unit).department;
        let encounter =
            self.care.encounters.add(Encounter { patient, kind, department, unit, attending: NONE, start, end });
        self.care.stays.push(Stay { encounter, patient, unit, start, end });
        if let Some(list) = self.booked.get_mut(patient as usize) {
            list.push((start, end));
        }
        encounter
    }

    /// Every bed in turn: somebody lies in it for some days, then it is free for some hours.
    fn wards(&mut self) {
        let hospital = self.set.hospital;
        for (unit, row) in hospital.units.numbered() {
            let (beds_per_100, median_days) = match row.kind {
                UnitKind::Beds => (75, 3.6),
                UnitKind::Intensive => (30, 2.4),
                _ => continue,
            };
            for _ in 0..(row.nurses * beds_per_100 / 100).max(2) {
                self.bed(unit, row.department, median_days);
            }
        }
    }

    fn bed(&mut self, unit: u32, department: u32, median_days: f64) {
        let mut time = self.begin() - self.rng.between(0, 5 * DAY);
        while time < self.end() {
            let days = self.rng.lognormal(median_days, 0.75);
            let length = crate::rng::whole(days * 86_400.0).clamp(8 * HOUR, 60 * DAY);
            let start = self.by_day(time);
            let end = self.discharge(start + length);
            if let Some(patient) = self.patient(department, (start - 8 * HOUR, end)) {
                self.inpatient(unit, patient, (start, end));
            }
            time = end + self.rng.wait(9.0 * 3600.0) + HOUR;
        }
    }

    /// Admissions come by day more than by night.
    fn by_day(&mut self, time: Time) -> Time {
        let hour = self.set.clock.second(time) / HOUR;
        if hour < 7 && self.rng.chance(0.7) { time + (7 - hour) * HOUR + self.rng.between(0, 6 * HOUR) } else { time }
    }

    /// Discharges happen between nine and seventeen.
    fn discharge(&mut self, time: Time) -> Time {
        let day = self.set.clock.day(time);
        self.set.clock.local(day, 9 * HOUR + self.rng.between(0, 8 * HOUR))
    }

    fn inpatient(&mut self, unit: u32, patient: u32, (start, end): (Time, Time)) {
        let hospital = self.set.hospital;
        let encounter = self.open(patient, Kind::Inpatient, unit, (start, end));
        let care = hospital.departments.at(hospital.units.at(unit).department).care;
        if self.rng.chance(0.5) {
            self.came_through_emergency(encounter, patient, start);
        }
        if care == super::hospital::Care::Surgical && self.rng.chance(0.8) && end - start > DAY {
            self.operated(encounter, patient, start, end);
        }
        if self.rng.chance(0.12) && end - start > 2 * DAY {
            self.moved(encounter, unit, (start, end));
        }
        self.team(encounter, unit, (start, end));
    }

    fn came_through_emergency(&mut self, encounter: u32, patient: u32, start: Time) {
        let units = self.set.hospital.units_of(UnitKind::Emergency);
        let Some(unit) = self.rng.pick(&units).copied() else { return };
        let from = start - self.rng.between(HOUR, 7 * HOUR);
        self.care.stays.push(Stay { encounter, patient, unit, start: from, end: start });
        self.care.encounters.change(encounter).start = from;
        let doctor = self.somebody(unit, from + HOUR / 2, Role::is_medical);
        if self.care.take_part(&mut self.rng, encounter, doctor, "emergency physician", (from, start)) {
            self.duty(encounter, doctor, (from, start + 4 * HOUR), reason::E1, 4);
        }
    }

    fn operated(&mut self, encounter: u32, patient: u32, start: Time, end: Time) {
        let hospital = self.set.hospital;
        let units = hospital.units_of(UnitKind::Theatre);
        let Some(unit) = self.rng.pick(&units).copied() else { return };
        let day = self.set.clock.day(start) + 1;
        let from = self.set.clock.local(day, 8 * HOUR + self.rng.between(0, 7 * HOUR));
        let to = (from + self.rng.between(HOUR, 4 * HOUR)).min(end);
        if to < from {
            // gone home before there was room in a theatre
            return;
        }
        self.care.stays.push(Stay { encounter, patient, unit, start: from, end: to });
        let surgeons = self.somebody_of(hospital.units.at(unit).department, unit, from, |role| role == Role::Physician);
        let sleep = self.somebody(unit, from, |role| role == Role::Anaesthetist);
        for (user, role) in [(surgeons, "surgeon"), (sleep, "anaesthetist")] {
            let written = self.care.take_part(&mut self.rng, encounter, user, role, (from - 2 * HOUR, to + 3 * HOUR));
            if user != NONE {
                self.duty(encounter, user, (from - DAY, to + DAY), u8::from(written), 6);
            }
        }
    }

    /// Part of the stay is spent in another unit with beds.
    fn moved(&mut self, encounter: u32, unit: u32, (start, end): (Time, Time)) {
        let hospital = self.set.hospital;
        let kind = hospital.units.at(unit).kind;
        let other =
            if kind == UnitKind::Intensive || self.rng.chance(0.5) { UnitKind::Beds } else { UnitKind::Intensive };
        let units = hospital.units_of(other);
        let Some(to) = self.rng.pick(&units).copied().filter(|to| *to != unit) else { return };
        let at = self.rng.between(start + 6 * HOUR, end - 12 * HOUR);
        let patient = self.care.encounters.at(encounter).patient;
        if let Some(stay) =
            self.care.stays.iter_mut().rev().find(|stay| stay.encounter == encounter && stay.unit == unit)
        {
            stay.end = at;
        }
        self.care.stays.push(Stay { encounter, patient, unit: to, start: at, end });
        let doctor = self.somebody(to, at, Role::is_medical);
        if self.care.take_part(&mut self.rng, encounter, doctor, "attending physician", (at, end)) {
            self.duty(encounter, doctor, (at, end + HOUR), reason::E1, 4);
        }
    }

    /// Attending, resident and primary nurse.
    fn team(&mut self, encounter: u32, unit: u32, (start, end): (Time, Time)) {
        let crew = self.set.roster.crew(unit);
        let department = self.set.hospital.units.at(unit).department;
        let attending =
            self.member(crew, Role::Physician).or_else(|| self.anybody(department, Role::Physician)).unwrap_or(NONE);
        let resident = self.member(crew, Role::Resident).unwrap_or(NONE);
        let nurse = self.somebody(unit, start + HOUR, |role| role == Role::Nurse);
        self.care.encounters.change(encounter).attending = attending;
        for (user, role) in [(attending, "attending physician"), (resident, "resident physician")] {
            if user == NONE {
                continue;
            }
            let written = self.care.take_part(&mut self.rng, encounter, user, role, (start, end));
            self.duty(encounter, user, (start, end + HOUR), u8::from(written), 8);
            let later = end + self.rng.between(DAY, 20 * DAY);
            self.duty(encounter, user, (end, later), u8::from(written), 1);
        }
        self.care.take_part(&mut self.rng, encounter, nurse, "primary nurse", (start, end));
    }

    fn member(&mut self, crew: &[u32], role: Role) -> Option<u32> {
        let people = self.set.people;
        (0..30).filter_map(|_| self.rng.pick(crew)).copied().find(|user| people.staff.at(*user).role == role)
    }

    /// Somebody of the department, whatever unit.
    fn anybody(&mut self, department: u32, role: Role) -> Option<u32> {
        for unit in self.set.hospital.departments.at(department).units.clone() {
            let found = self.member(self.set.roster.crew(unit), role);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    pub(crate) fn somebody(&mut self, unit: u32, time: Time, wanted: impl Fn(Role) -> bool) -> u32 {
        let set = self.set;
        set.roster.somebody(set.clock, set.people, &mut self.rng, (unit, time), wanted).unwrap_or(NONE)
    }

    /// Somebody on shift in `unit` who belongs to another department than the unit's own, as surgeons do in theatre.
    fn somebody_of(&mut self, own: u32, unit: u32, time: Time, wanted: impl Fn(Role) -> bool) -> u32 {
        for _ in 0..6 {
            let user = self.somebody(unit, time, &wanted);
            if user != NONE && self.set.people.staff.at(user).department != own {
                return user;
            }
        }
        NONE
    }

    /// Somebody has to do with the patient of an encounter.
    pub(crate) fn duty(&mut self, encounter: u32, user: u32, (from, to): (Time, Time), reasons: u8, weight: u8) {
        if user == NONE || to < self.set.clock.local(-1, 0) || from > self.end() {
            return;
        }
        let patient = self.care.encounters.at(encounter).patient;
        self.care.task(Task { user, patient, encounter, from, to, reasons, weight });
    }

    fn emergencies(&mut self) {
        for unit in self.set.hospital.units_of(UnitKind::Emergency) {
            let a_day = f64::from(self.set.hospital.units.at(unit).nurses) * 2.0;
            let mut time = self.begin();
            while time < self.end() {
                time += self.rng.wait(86_400.0 / a_day.max(4.0)) + 1;
                self.arrival(unit, time);
            }
        }
    }

    /// Somebody comes to the emergency unit; at night fewer do.
    fn arrival(&mut self, unit: u32, time: Time) {
        if self.set.clock.second(time) < 7 * HOUR && self.rng.chance(0.65) {
            return;
        }
        let end = time + crate::rng::whole(self.rng.lognormal(3.6, 0.5) * 3600.0);
        let department = self.set.hospital.units.at(unit).department;
        if let Some(patient) = self.patient(department, (time, end)) {
            self.emergency(unit, patient, (time, end));
        }
    }

    fn emergency(&mut self, unit: u32, patient: u32, (start, end): (Time, Time)) {
        let encounter = self.open(patient, Kind::Emergency, unit, (start, end));
        let doctor = self.somebody(unit, start + HOUR / 3, Role::is_medical);
        let nurse = self.somebody(unit, start + 300, |role| role == Role::Nurse);
        self.care.encounters.change(encounter).attending = doctor;
        let written = self.care.take_part(&mut self.rng, encounter, doctor, "emergency physician", (start, end));
        self.duty(encounter, doctor, (start, end + 2 * HOUR), u8::from(written), 8);
        self.duty(encounter, doctor, (end, end + 3 * DAY), u8::from(written), 1);
        self.care.take_part(&mut self.rng, encounter, nurse, "triage nurse", (start, end));
    }

    /// Clinics during the roster: everybody on a clinic shift who treats has appointments.
    fn clinics(&mut self) {
        for unit in self.set.hospital.units_of(UnitKind::Clinic) {
            for day in 0..self.set.days {
                self.clinic_day(unit, day);
            }
        }
    }

    fn clinic_day(&mut self, unit: u32, day: i64) {
        let (roster, people) = (self.set.roster, self.set.people);
        let doctors = roster.starting(unit, day).filter(|shift| people.staff.at(shift.user).role.is_medical());
        for shift in doctors {
            self.consulting_hours(unit, shift.user, shift.start);
        }
    }

    fn consulting_hours(&mut self, unit: u32, user: u32, shift_start: Time) {
        let mut time = shift_start + HOUR;
        for _ in 0..self.rng.between(8, 16) {
            let slot = if self.rng.chance(0.3) { HOUR / 2 } else { HOUR / 3 };
            let missed = self.rng.chance(0.06);
            self.visit(unit, user, (time, time + slot), missed);
            time += slot + if self.rng.chance(0.2) { HOUR / 4 } else { 0 };
        }
    }

    /// One appointment and, where the patient comes, its encounter.
    fn visit(&mut self, unit: u32, user: u32, (start, end): (Time, Time), missed: bool) {
        let department = self.set.hospital.units.at(unit).department;
        let Some(patient) = self.patient(department, (start, end)) else { return };
        let status = if start > self.end() {
            "booked"
        } else if missed {
            "missed"
        } else {
            "kept"
        };
        self.care.appointment(Appointment { patient, user, department, start, end, status });
        if missed || start > self.end() {
            self.care.task(Task {
                user,
                patient,
                encounter: NONE,
                from: start - HOUR,
                to: end,
                reasons: reason::E1,
                weight: 2,
            });
            return;
        }
        let late = self.rng.between(-900, 1500);
        let stay = (start + late - 600, end + late + self.rng.between(0, 1200));
        let encounter = self.open(patient, Kind::Outpatient, unit, stay);
        self.care.encounters.change(encounter).attending = user;
        self.care.take_part(&mut self.rng, encounter, user, "attending physician", stay);
        self.care.proven.insert((user, encounter));
        self.duty(encounter, user, (stay.0 - HOUR, stay.1 + HOUR), reason::E1, 8);
        self.duty(encounter, user, (stay.1 + HOUR, stay.1 + 6 * DAY), reason::E1, 1);
    }

    /// Thinner: what was before the roster begins, and what is booked for the weeks after.
    fn earlier_and_later_clinics(&mut self) {
        let hospital = self.set.hospital;
        for unit in hospital.units_of(UnitKind::Clinic) {
            let department = hospital.units.at(unit).department;
            let crew: u32 = hospital
                .departments
                .at(department)
                .units
                .iter()
                .map(|unit| crate::rng::index(self.set.roster.crew(*unit).len()))
                .sum();
            let weekdays = (-HISTORY_DAYS..0).chain(self.set.days..self.set.days + 21);
            for day in weekdays.filter(|day| !self.set.clock.weekend(*day)) {
                self.thin_clinic_day(unit, day, (crew / 8).max(2));
            }
        }
    }

    fn thin_clinic_day(&mut self, unit: u32, day: i64, visits: u32) {
        let department = self.set.hospital.units.at(unit).department;
        for _ in 0..visits {
            let Some(user) = self.anybody(department, Role::Physician) else { return };
            let start = self.set.clock.local(day, 8 * HOUR + HOUR / 3 * self.rng.between(0, 24));
            let missed = self.rng.chance(0.06);
            self.visit(unit, user, (start, start + HOUR / 3), missed);
        }
    }
}
