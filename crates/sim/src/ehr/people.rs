//! Who lives where with whom: households, patients, staff, and whom a patient names as a contact.

use rustc_hash::FxHashSet;

use super::hospital::{Hospital, Role, known};
use super::names;
use crate::clock::{Clock, DAY, Time};
use crate::rng::{Rng, Weights, index, whole};
use crate::table::{Ranges, Table};

/// No such number.
pub(crate) const NONE: u32 = u32::MAX;

/// Somebody, whether patient or staff.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Person {
    pub(crate) surname: u32,
    pub(crate) given: u32,
    /// Days since 1970-01-01.
    pub(crate) birth_day: i64,
    pub(crate) home: u32,
    pub(crate) phone: u32,
}

/// Where somebody lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Home {
    pub(crate) street: u32,
    pub(crate) number: u32,
    /// 0 or a letter behind the number.
    pub(crate) letter: u8,
}

/// A patient.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Patient {
    pub(crate) person: Person,
    pub(crate) household: u32,
    /// The member of staff that is this person, or `NONE`.
    pub(crate) staff: u32,
    pub(crate) death: Option<Time>,
    pub(crate) vip: bool,
    pub(crate) sensitive: bool,
    pub(crate) complaint: bool,
    /// Whether the flag `employee` is set; it is forgotten now and then.
    pub(crate) flagged_employee: bool,
}

/// A member of staff.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Staff {
    pub(crate) person: Person,
    pub(crate) household: u32,
    /// The patient that is this person, or `NONE`.
    pub(crate) patient: u32,
    pub(crate) role: Role,
    pub(crate) department: u32,
    pub(crate) unit: u32,
    pub(crate) manager: u32,
    /// Days from the start of the simulation.
    pub(crate) from_day: i64,
    /// Last day of employment, where it is known.
    pub(crate) to_day: Option<i64>,
    pub(crate) float: bool,
    /// Whether staff.csv knows the person id.
    pub(crate) person_known: bool,
    /// Whether somebody of office work may work from home.
    pub(crate) works_from_home: bool,
}

/// A person that a patient named.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contact {
    pub(crate) patient: u32,
    pub(crate) relation: &'static str,
    pub(crate) person: Person,
    pub(crate) birth_known: bool,
    /// The member of staff that is this person, or `NONE`.
    pub(crate) staff: u32,
}

/// Everybody.
#[derive(Clone, Debug)]
pub(crate) struct People {
    pub(crate) homes: Table<Home>,
    pub(crate) patients: Table<Patient>,
    pub(crate) staff: Table<Staff>,
    pub(crate) contacts: Vec<Contact>,
    /// Patients by household.
    members: Vec<u32>,
    households: Ranges,
    /// Patients sorted by street and house number.
    by_address: Vec<(u32, u32, u32)>,
}

struct Maker<'a> {
    rng: Rng,
    surnames: Weights,
    given: Weights,
    streets: Weights,
    first_day: i64,
    clock: &'a Clock,
    days: i64,
}

const FLAG_EMPLOYEE_SHARE: f64 = 0.8;
const STAFF_WHO_ARE_PATIENTS: f64 = 0.6;
const DIED_SHARE: f64 = 0.015;
const VIP_SHARE: f64 = 0.0005;
/// Even a small hospital knows so many.
const VIPS_MIN: u32 = 12;
const YEAR: f64 = 365.25;

impl People {
    /// `patients` patients and one member of staff for each post, of whom at least `leavers` leave before the end.
    pub(crate) fn new(
        seed: u64,
        clock: &Clock,
        days: i64,
        hospital: &mut Hospital,
        (patients, leavers): (u32, u32),
    ) -> Self {
        let streets = (patients as usize / 120).max(24);
        let mut maker = Maker {
            rng: Rng::of(seed, &[1]),
            surnames: Weights::zipf(names::SURNAMES, 0.85),
            given: Weights::zipf(names::GIVEN_NAMES, 0.5),
            streets: Weights::zipf(streets, 0.55),
            first_day: clock.local(0, 12 * 3600).div_euclid(DAY),
            clock,
            days,
        };
        let mut homes = Table::new();
        let mut list = maker.households(patients, &mut homes);
        maker.rng.shuffle(&mut list);
        for _ in 0..VIPS_MIN {
            let place = maker.rng.below(index(list.len())) as usize;
            if let Some(patient) = list.get_mut(place) {
                patient.vip = true;
            }
        }
        let mut table = Table::new();
        *table.rows_mut() = list;
        let mut people = Self {
            homes,
            patients: table,
            staff: Table::new(),
            contacts: Vec::new(),
            members: Vec::new(),
            households: Ranges::default(),
            by_address: Vec::new(),
        };
        people.hire(&mut maker, hospital);
        people.leave(&mut maker, leavers);
        people.sort_out();
        people.name_contacts(&mut maker);
        people
    }

    /// Patients of a household.
    pub(crate) fn household(&self, household: u32) -> &[u32] {
        self.households.of(&self.members, household)
    }

    /// Patients in the same street with house numbers at most `apart` apart, other than in the same house.
    pub(crate) fn neighbours(&self, home: &Home, apart: u32) -> Vec<u32> {
        let from = self
            .by_address
            .partition_point(|entry| (entry.0, entry.1) < (home.street, home.number.saturating_sub(apart)));
        let near = self.by_address.iter().skip(from);
        near.take_while(|entry| entry.0 == home.street && entry.1 <= home.number + apart)
            .filter(|entry| entry.1 != home.number)
            .map(|entry| entry.2)
            .collect()
    }

    fn hire(&mut self, maker: &mut Maker<'_>, hospital: &mut Hospital) {
        let mut posts = hospital.posts.clone();
        maker.rng.shuffle(&mut posts);
        let float = hospital.department(known::FLOAT);
        let mut taken = FxHashSet::default();
        let mut next_household = self.patients.rows().iter().map(|patient| patient.household).max().unwrap_or(0) + 1;
        for post in &posts {
            let number = self.staff.len();
            let (person, household, patient) = self.somebody(maker, &mut taken, &mut next_household);
            if patient != NONE {
                let row = self.patients.change(patient);
                row.staff = number;
                row.flagged_employee = maker.rng.chance(FLAG_EMPLOYEE_SHARE);
            }
            let is_float = post.department == float;
            let since = whole(maker.rng.unit() * maker.rng.unit() * 5000.0) + 5;
            self.staff.add(Staff {
                person,
                household,
                patient,
                role: post.role,
                department: post.department,
                unit: post.unit,
                manager: NONE,
                from_day: if is_float && maker.rng.chance(0.4) { -(since % 60) } else { -since },
                to_day: maker.rng.chance(0.02).then(|| maker.days + maker.rng.between(0, 90)),
                float: is_float,
                person_known: maker.rng.chance(0.93),
                works_from_home: maker.rng.chance(0.3),
            });
        }
        self.appoint_heads(hospital);
    }

    /// Some leave before or during the simulated days.
    fn leave(&mut self, maker: &mut Maker<'_>, leavers: u32) {
        for _ in 0..leavers {
            let user = maker.rng.below(self.staff.len());
            let last = maker.rng.between(-15, maker.days - 2);
            let row = self.staff.change(user);
            row.from_day = row.from_day.min(-40 - row.from_day.rem_euclid(300));
            row.to_day = Some(last);
        }
    }

    /// The first senior of each department leads it; the heads report to one of them.
    fn appoint_heads(&mut self, hospital: &mut Hospital) {
        let mut heads = vec![NONE; hospital.departments.rows().len()];
        for (number, staff) in self.staff.numbered() {
            let senior = !matches!(staff.role, Role::Resident | Role::Student | Role::Assistant | Role::WardClerk);
            if let Some(head) = heads.get_mut(staff.department as usize).filter(|head| senior && **head == NONE) {
                *head = number;
            }
        }
        for (department, head) in hospital.departments.rows_mut().iter_mut().zip(&heads) {
            department.head = *head;
        }
        let top = heads.iter().copied().find(|head| *head != NONE).unwrap_or(0);
        for (number, staff) in (0u32..).zip(self.staff.rows_mut().iter_mut()) {
            let head = heads.get(staff.department as usize).copied().unwrap_or(NONE);
            staff.manager = if head == number || head == NONE { top } else { head };
            if number == top {
                staff.manager = NONE;
            }
        }
    }

    /// A person to hire: a grown patient, or somebody living with patients, or somebody new.
    fn somebody(
        &self,
        maker: &mut Maker<'_>,
        taken: &mut FxHashSet<u32>,
        next_household: &mut u32,
    ) -> (Person, u32, u32) {
        let wanted = if maker.rng.chance(STAFF_WHO_ARE_PATIENTS) { 12 } else { 0 };
        for _ in 0..wanted {
            let patient = maker.rng.below(self.patients.len());
            let row = self.patients.at(patient);
            let age = (maker.first_day - row.person.birth_day) / 365;
            if (20..64).contains(&age) && row.death.is_none() && taken.insert(patient) {
                return (row.person, row.household, patient);
            }
        }
        let mut person = maker.person(None, 20.0, 63.0);
        let with = self.patients.at(maker.rng.below(self.patients.len()));
        if maker.rng.chance(0.35) {
            person.home = with.person.home;
            if maker.rng.chance(0.8) {
                person.surname = with.person.surname;
            }
            return (person, with.household, NONE);
        }
        person.home = with.person.home;
        let near = maker.rng.below(self.homes.len());
        person.home = near;
        *next_household += 1;
        (person, *next_household, NONE)
    }

    fn sort_out(&mut self) {
        let mut pairs: Vec<(u32, u32)> = self.patients.numbered().map(|(n, patient)| (patient.household, n)).collect();
        pairs.sort_unstable();
        let most = pairs.last().map_or(0, |pair| pair.0) + 1;
        self.households = Ranges::new(most, pairs.iter().map(|pair| pair.0));
        self.members = pairs.into_iter().map(|pair| pair.1).collect();
        let address = |(n, patient): (u32, &Patient)| {
            let home = self.homes.at(patient.person.home);
            (home.street, home.number, n)
        };
        self.by_address = self.patients.numbered().map(address).collect();
        self.by_address.sort_unstable();
    }

    /// Whom patients name: mostly who lives with them, now and then a grown child elsewhere, some of them staff.
    fn name_contacts(&mut self, maker: &mut Maker<'_>) {
        let mut staff_of: Vec<(u32, u32)> = self.staff.numbered().map(|(n, staff)| (staff.household, n)).collect();
        staff_of.sort_unstable();
        let most = self.patients.len().saturating_add(self.staff.len()).saturating_mul(2);
        let by_household = Ranges::new(most, staff_of.iter().map(|pair| pair.0));
        for patient in 0..self.patients.len() {
            if !maker.rng.chance(0.6) {
                continue;
            }
            let row = *self.patients.at(patient);
            let living = self.household(row.household);
            let colleagues = by_household.of(&staff_of, row.household);
            let contact = if maker.rng.chance(0.3) && !colleagues.is_empty() {
                maker.rng.pick(colleagues).map(|pair| (self.staff.at(pair.1).person, pair.1))
            } else if living.len() > 1 && maker.rng.chance(0.7) {
                maker.rng.pick(living).map(|other| (self.patients.at(*other).person, self.patients.at(*other).staff))
            } else if maker.rng.chance(0.03) {
                let staff = maker.rng.below(self.staff.len());
                Some((self.staff.at(staff).person, staff))
            } else {
                let surname = maker.rng.chance(0.5).then_some(row.person.surname);
                Some((maker.person(surname, 20.0, 80.0), NONE))
            };
            let Some((person, staff)) = contact.filter(|found| found.0.phone != row.person.phone) else { continue };
            let relation = relation(&row.person, &person);
            self.contacts.push(Contact { patient, relation, person, birth_known: maker.rng.chance(0.6), staff });
        }
    }
}

fn relation(patient: &Person, other: &Person) -> &'static str {
    let years = (other.birth_day - patient.birth_day) / 365;
    match years {
        ..=-16 => "child",
        16.. => "parent",
        _ if patient.home == other.home => "spouse",
        _ => "sibling",
    }
}

impl Maker<'_> {
    fn person(&mut self, surname: Option<u32>, age_min: f64, age_max: f64) -> Person {
        let age = age_min + self.rng.unit() * (age_max - age_min);
        Person {
            surname: surname.unwrap_or_else(|| self.surnames.pick(&mut self.rng)),
            given: self.given.pick(&mut self.rng),
            birth_day: self.first_day - whole(age * YEAR),
            home: 0,
            phone: 10_000_000 + self.rng.below(89_999_999),
        }
    }

    /// House numbers are small more often than large; some streets are long.
    fn home(&mut self) -> Home {
        let street = self.streets.pick(&mut self.rng);
        let number = whole(self.rng.lognormal(22.0, 0.9)).clamp(1, 240);
        let letter = if self.rng.chance(0.12) { b'a' + u8::try_from(self.rng.below(4)).unwrap_or(0) } else { 0 };
        Home { street, number: u32::try_from(number).unwrap_or(1), letter }
    }

    fn households(&mut self, patients: u32, homes: &mut Table<Home>) -> Vec<Patient> {
        let mut list = Vec::new();
        let mut household = 0;
        while index(list.len()) < patients {
            household += 1;
            let shared = homes.len() > 20 && self.rng.chance(0.3);
            let home = if shared { self.rng.below(homes.len()) } else { homes.add(self.home()) };
            for person in self.family(home) {
                list.push(self.patient(person, household));
            }
        }
        list.truncate(patients as usize);
        list
    }

    /// One to six people: grown-ups, their children, now and then a grandparent or somebody of another name.
    fn family(&mut self, home: u32) -> Vec<Person> {
        let first = Person { home, ..self.person(None, 19.0, 92.0) };
        let age = (self.first_day - first.birth_day) as f64 / YEAR;
        let mut family = vec![first];
        if self.rng.chance(0.55) {
            let surname = self.rng.chance(0.8).then_some(first.surname);
            family.push(Person { home, ..self.person(surname, (age - 6.0).max(18.0), age + 6.0) });
        }
        let children = if (24.0..58.0).contains(&age) { self.rng.below(4) } else { 0 };
        for _ in 0..children {
            let oldest = (age - 20.0).clamp(1.0, 24.0);
            family.push(Person { home, ..self.person(Some(first.surname), 0.0, oldest) });
        }
        if self.rng.chance(0.04) {
            family.push(Person { home, ..self.person(Some(first.surname), age + 20.0, age + 34.0) });
        }
        family
    }

    fn patient(&mut self, person: Person, household: u32) -> Patient {
        let age = (self.first_day - person.birth_day) / 365;
        let risk = if age > 70 { 4.0 } else { 0.5 };
        let death_day = self.rng.between(-600, self.days);
        let death = self.rng.chance(DIED_SHARE * risk).then(|| self.clock.local(death_day, self.rng.between(0, DAY)));
        Patient {
            person,
            household,
            staff: NONE,
            death,
            vip: self.rng.chance(VIP_SHARE),
            sensitive: self.rng.chance(0.02),
            complaint: self.rng.chance(0.001),
            flagged_employee: false,
        }
    }
}
