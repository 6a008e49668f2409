//! The ten files as plain reviews need them: ids as numbers, people with name and street, who treats whom when, who is on shift where.

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use crate::clock::{DAY, Time};
use crate::ehr::SimError;
use crate::rng::index;
use crate::score::{OpenFile, Table};
use crate::table::Ranges;

/// Somebody with name and address, as words.
#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    pub(super) surname: u32,
    pub(super) address: u32,
    pub(super) known_to_public: bool,
    pub(super) employee: bool,
    pub(super) death: Option<Time>,
}

/// A span in which a row of a file joins two numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) left: u32,
    pub(super) right: u32,
    pub(super) start: Time,
    pub(super) end: Time,
    pub(super) file: &'static str,
    pub(super) row: u64,
}

/// One access.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Access {
    pub(super) time: Time,
    /// Second of the local day.
    pub(super) second: i64,
    /// Local days since 1970-01-01.
    pub(super) day: i64,
    pub(super) user: u32,
    pub(super) patient: Option<u32>,
    pub(super) is_search: bool,
    pub(super) takes_out: bool,
    pub(super) writes: bool,
    pub(super) break_glass: bool,
    pub(super) is_remote: bool,
    pub(super) workstation: u64,
}

/// What is done with each row; an access that cannot be used is none.
pub(super) type Each<'a> = dyn FnMut(u64, Option<&Access>) -> Result<(), SimError> + 'a;

/// Words under numbers, in order of appearance.
#[derive(Clone, Debug, Default)]
struct Words {
    numbers: FxHashMap<Vec<u8>, u32>,
    words: Vec<String>,
}

impl Words {
    fn number(&mut self, word: &[u8]) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = index(self.words.len());
        self.numbers.insert(word.to_vec(), number);
        self.words.push(String::from_utf8_lossy(word).into_owned());
        number
    }

    fn known(&self, word: &[u8]) -> Option<u32> {
        self.numbers.get(word).copied()
    }

    fn word(&self, number: u32) -> &str {
        self.words.get(number as usize).map_or("", String::as_str)
    }
}

/// Everything but the accesses.
#[derive(Debug, Default)]
pub(super) struct Input {
    user_ids: Words,
    patient_ids: Words,
    units: Words,
    pub(super) users: Vec<Person>,
    pub(super) patients: Vec<Person>,
    /// User and patient, sorted.
    treats: Vec<Link>,
    treats_of: Ranges,
    /// User and unit, sorted.
    shifts: Vec<Link>,
    shifts_of: Ranges,
    /// Patient and unit, sorted.
    stays: Vec<Link>,
    stays_of: Ranges,
}

/// Before the start and after the end of what joins user and patient.
const TREATS_WINDOW: (i64, i64) = (3 * DAY, 30 * DAY);
/// The same of a stay in the unit.
const STAY_WINDOW: (i64, i64) = (DAY, 14 * DAY);

impl Input {
    pub(super) fn read(open: &mut OpenFile<'_>) -> Result<Self, SimError> {
        let mut input = Self::default();
        let mut words = Words::default();
        input.people(open, &mut words)?;
        let encounters = input.encounters(open)?;
        input.treatment(open, &encounters)?;
        let mut table = table(open, "shifts.csv", &["user", "unit", "start", "end"])?;
        while table.next()? {
            let Some(user) = input.user_ids.known(table.cell(0)) else { continue };
            let unit = input.units.number(table.cell(1));
            let Some(start) = time(table.cell(2)) else { continue };
            let end = time(table.cell(3)).unwrap_or(start + DAY);
            input.shifts.push(Link { left: user, right: unit, start, end, file: "shifts.csv", row: table.row });
        }
        input.shifts_of = sort(&mut input.shifts, index(input.users.len()));
        Ok(input)
    }

    fn people(&mut self, open: &mut OpenFile<'_>, words: &mut Words) -> Result<(), SimError> {
        let mut staff = table(open, "staff.csv", &["user", "surname", "street", "postcode"])?;
        while staff.next()? {
            if self.user_ids.known(staff.cell(0)).is_none() {
                self.user_ids.number(staff.cell(0));
                self.users.push(person(&staff, words));
            }
        }
        let mut patients =
            table(open, "patients.csv", &["patient", "surname", "street", "postcode", "flags", "death_time"])?;
        while patients.next()? {
            if self.patient_ids.known(patients.cell(0)).is_none() {
                self.patient_ids.number(patients.cell(0));
                let flags = patients.text(4);
                let has = |flag: &str| flags.split(';').any(|other| other == flag);
                let death = time(patients.cell(5));
                let person = person(&patients, words);
                self.patients.push(Person { known_to_public: has("VIP"), employee: has("employee"), death, ..person });
            }
        }
        Ok(())
    }

    /// The patient and first begin of each encounter.
    fn encounters(&mut self, open: &mut OpenFile<'_>) -> Result<FxHashMap<Vec<u8>, u32>, SimError> {
        let mut encounters = FxHashMap::default();
        let mut table = table(open, "encounters.csv", &["encounter", "patient", "unit", "start", "end"])?;
        while table.next()? {
            let (Some(patient), Some(start)) = (self.patient_ids.known(table.cell(1)), time(table.cell(3))) else {
                continue;
            };
            let unit = self.units.number(table.cell(2));
            let end = time(table.cell(4)).unwrap_or(Time::MAX / 4);
            self.stays.push(Link { left: patient, right: unit, start, end, file: "encounters.csv", row: table.row });
            encounters.insert(table.cell(0).to_vec(), patient);
        }
        self.stays_of = sort(&mut self.stays, index(self.patients.len()));
        Ok(encounters)
    }

    fn treatment(&mut self, open: &mut OpenFile<'_>, encounters: &FxHashMap<Vec<u8>, u32>) -> Result<(), SimError> {
        let mut rows = table(open, "participants.csv", &["user", "encounter", "start", "end"])?;
        while rows.next()? {
            let patient = encounters.get(rows.cell(1)).copied();
            self.treats("participants.csv", &rows, 0, patient, (2, 3));
        }
        let mut rows = table(open, "appointments.csv", &["user", "patient", "start", "end"])?;
        while rows.next()? {
            let patient = self.patient_ids.known(rows.cell(1));
            self.treats("appointments.csv", &rows, 0, patient, (2, 3));
        }
        let mut rows = table(open, "orders.csv", &["ordered_by", "performed_by", "patient", "time"])?;
        while rows.next()? {
            let patient = self.patient_ids.known(rows.cell(2));
            for user in [0, 1] {
                self.treats("orders.csv", &rows, user, patient, (3, 3));
            }
        }
        self.treats_of = sort(&mut self.treats, index(self.users.len()));
        Ok(())
    }

    fn treats(
        &mut self,
        file: &'static str,
        table: &Table,
        user: usize,
        patient: Option<u32>,
        (start, end): (usize, usize),
    ) {
        let user = self.user_ids.known(table.cell(user));
        if let (Some(left), Some(right), Some(start)) = (user, patient, time(table.cell(start))) {
            let end = time(table.cell(end)).unwrap_or(Time::MAX / 4);
            self.treats.push(Link { left, right, start, end, file, row: table.row });
        }
    }

    pub(super) fn user(&self, user: u32) -> &str {
        self.user_ids.word(user)
    }

    pub(super) fn patient(&self, patient: u32) -> &str {
        self.patient_ids.word(patient)
    }

    pub(super) fn unit(&self, unit: u32) -> &str {
        self.units.word(unit)
    }

    pub(super) fn unit_count(&self) -> usize {
        self.units.words.len()
    }

    /// The row that joins user and patient around a time.
    pub(super) fn treating(&self, user: u32, patient: u32, time: Time) -> Option<&Link> {
        let links = self.treats_of.of(&self.treats, user);
        let first = links.partition_point(|link| link.right < patient);
        let those = links.iter().skip(first).take_while(|link| link.right == patient);
        those
            .into_iter()
            .find(|link| time >= link.start - TREATS_WINDOW.0 && time <= link.end.saturating_add(TREATS_WINDOW.1))
    }

    /// The shift of a user and the stay of a patient in the same unit around a time.
    pub(super) fn same_unit(&self, user: u32, patient: u32, time: Time) -> Option<(&Link, &Link)> {
        let shifts = self.shifts_of.of(&self.shifts, user);
        let shift = shifts.iter().find(|shift| shift.start <= time && time < shift.end)?;
        let mut stays = self.stays_of.of(&self.stays, patient).iter();
        let stay = stays.find(|stay| {
            stay.right == shift.right
                && time >= stay.start - STAY_WINDOW.0
                && time <= stay.end.saturating_add(STAY_WINDOW.1)
        })?;
        Some((shift, stay))
    }

    /// The unit of the last stay that began before a time, or of the first one.
    pub(super) fn unit_of(&self, patient: u32, time: Time) -> Option<u32> {
        let stays = self.stays_of.of(&self.stays, patient);
        let last = stays.iter().filter(|stay| stay.start <= time).max_by_key(|stay| stay.start);
        last.or(stays.first()).map(|stay| stay.right)
    }

    /// Every access with its row; none where it cannot be used.
    pub(super) fn walk(&self, open: &mut OpenFile<'_>, each: &mut Each<'_>) -> Result<(), SimError> {
        let columns = ["time", "user", "patient", "action", "break_glass", "location", "workstation"];
        let mut rows = table(open, "accesses.csv", &columns)?;
        while rows.next()? {
            let access = self.access(&rows);
            each(rows.row, access.as_ref())?;
        }
        Ok(())
    }

    fn access(&self, rows: &Table) -> Option<Access> {
        let text = rows.cell(0);
        let time = time(text)?;
        let local = local(text)?;
        let action = rows.cell(3);
        Some(Access {
            time,
            second: local.rem_euclid(DAY),
            day: local.div_euclid(DAY),
            user: self.user_ids.known(rows.cell(1))?,
            patient: self.patient_ids.known(rows.cell(2)),
            is_search: action == b"search",
            takes_out: matches!(action, b"print" | b"export" | b"disclose"),
            writes: matches!(action, b"create" | b"update" | b"delete"),
            break_glass: rows.cell(4) == b"1",
            is_remote: rows.cell(5).starts_with(b"geo:"),
            workstation: rows.cell(6).iter().fold(7, |hash, byte| crate::rng::mix(hash ^ u64::from(*byte))),
        })
    }
}

fn table(open: &mut OpenFile<'_>, name: &'static str, columns: &[&str]) -> Result<Table, SimError> {
    Table::new(name, open(name).map_err(|source| SimError::file(name, source))?, columns)
}

fn person(table: &Table, words: &mut Words) -> Person {
    let address = [table.cell(2), b"/", table.cell(3)].concat();
    Person { surname: words.number(table.cell(1)), address: words.number(&address), ..Person::default() }
}

fn sort(links: &mut [Link], n: u32) -> Ranges {
    links.sort_by_key(|link| (link.left, link.right, link.start, link.row));
    Ranges::new(n, links.iter().map(|link| link.left))
}

/// Seconds since the epoch of an ISO 8601 time with offset.
fn time(text: &[u8]) -> Option<Time> {
    let offset = || std::str::from_utf8(text).ok()?.parse::<Timestamp>().ok().map(Timestamp::as_second);
    let quick = || Some(local(text)? - sign(*text.get(19)?)? * clock(text.get(20..25)?)?);
    quick().or_else(offset)
}

/// The wall's seconds since the epoch, of a time written as `2026-03-02T06:00:00`.
fn local(text: &[u8]) -> Option<i64> {
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let clock = number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    Some(days(year, month, day) * DAY + clock)
}

fn clock(text: &[u8]) -> Option<i64> {
    let [a, b, b':', c, d] = text else { return None };
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    Some((digit(a)? * 10 + digit(b)?) * 3600 + (digit(c)? * 10 + digit(d)?) * 60)
}

fn sign(byte: u8) -> Option<i64> {
    match byte {
        b'+' => Some(1),
        b'-' => Some(-1),
        _ => None,
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar (Hinnant 2013, `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}
