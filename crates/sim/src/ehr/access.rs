//! Writes accesses.csv and labels.csv, row by row, with every id rendered once.

use std::io::Write;

use super::context::{CreateFile, surname};
use super::ids::Ids;
use super::names;
use super::options::SimError;
use super::row::{Label, Object, Row, Seat};
use super::world::World;
use crate::clock::Stamp;
use crate::rng::mix;

/// The header of accesses.csv.
pub(crate) const ACCESSES: &str = "time,user,patient,action,object,section,workstation,ip,application,location,encounter,purpose,break_glass,outcome,duration_ms";
/// The header of labels.csv.
pub(crate) const LABELS: &str = "row,label,case,scenario,reason";
const BUFFER_BYTES: usize = 1 << 20;
/// Longitude and latitude of the hospital, in hundredths of a degree.
const HERE: (i64, i64) = (5412, 1012);
/// Far places, the same way.
const ABROAD: [(i64, i64); 6] = [(4072, -7401), (1309, 8028), (5042, 3052), (645, 339), (3178, 3522), (139, 10382)];

/// Writes the two files.
pub(crate) struct AccessWriter<'a> {
    world: &'a World,
    stamp: Stamp<'a>,
    users: Vec<String>,
    /// Workstation, ip and location of each workstation, with commas between.
    seats: Vec<[String; 3]>,
    ids: &'a Ids,
    out: Box<dyn Write>,
    labels: Box<dyn Write>,
    text: Vec<u8>,
    label_text: Vec<u8>,
    /// The reasons last written for each user.
    reasons: Vec<u8>,
    pub(crate) rows: u64,
}

impl<'a> AccessWriter<'a> {
    pub(crate) fn new(world: &'a World, ids: &'a Ids, create: &mut CreateFile<'_>) -> Result<Self, SimError> {
        let mut open = |name: &str| create(name).map_err(|source| SimError::file(name, source));
        let writer = Self {
            stamp: Stamp::new(&world.clock),
            users: (0..world.people.staff.len()).map(|user| ids.user(user)).collect(),
            seats: seats(world, ids),
            out: open("accesses.csv")?,
            labels: open("labels.csv")?,
            text: format!("{ACCESSES}\n").into_bytes(),
            label_text: format!("{LABELS}\n").into_bytes(),
            reasons: vec![0; world.people.staff.rows().len()],
            rows: 0,
            world,
            ids,
        };
        Ok(writer)
    }

    pub(crate) fn row(&mut self, row: &Row) -> Result<(), SimError> {
        self.rows += 1;
        self.stamp.time(row.time, &mut self.text);
        self.cell(self.users.get(row.user as usize).cloned().unwrap_or_default().as_bytes());
        self.cell(self.ids.patient(row.patient).as_bytes());
        self.cell(row.action.name().as_bytes());
        self.object(row);
        self.cell(row.section.name().as_bytes());
        self.seat(row);
        self.cell(self.ids.encounter(row.encounter).as_bytes());
        self.cell(row.purpose.as_bytes());
        self.cell(if row.break_glass { b"1" } else { b"0" });
        self.cell(if row.denied { b"denied" } else { b"success" });
        self.cell(b"");
        write!(self.text, "{}", row.duration_ms).map_err(|source| SimError::file("accesses.csv", source))?;
        self.text.push(b'\n');
        self.label(row)?;
        if self.text.len() > BUFFER_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn cell(&mut self, text: &[u8]) {
        self.text.push(b',');
        self.text.extend_from_slice(text);
    }

    fn object(&mut self, row: &Row) {
        match row.object {
            Object::Part => self.cell(row.section.object(row.variety).as_bytes()),
            Object::Name => {
                let person = self.world.people.patients.at(row.subject).person;
                let given = names::given(person.given);
                let typed: String = given.chars().take(1 + usize::from(row.variety) % 9).collect();
                self.cell(format!("\"name:{}, {typed}\"", surname(person.surname).to_uppercase()).as_bytes());
            }
            Object::Move => {
                let to = [
                    b"C-MOVE dest=VIEWER1".as_slice(),
                    b"C-MOVE dest=ORTHPLAN",
                    b"C-MOVE dest=CDBURN",
                    b"C-MOVE dest=NBOOK7",
                    b"C-MOVE dest=TEST_SCP",
                ];
                let own = usize::from(row.variety) % 2;
                let place = if row.tag.label == Label::Case { 2 + usize::from(row.variety) % 3 } else { own };
                self.cell(to.get(place).copied().unwrap_or_default());
            }
            Object::Whole => self.cell(b"complete record"),
            Object::List => self.cell(b"report patient list _count=2000"),
        }
    }

    fn seat(&mut self, row: &Row) {
        if row.seat == Seat::House {
            let Some([workstation, ip, location]) = self.seats.get(row.workstation as usize) else { return };
            for text in [workstation, ip] {
                self.text.push(b',');
                self.text.extend_from_slice(text.as_bytes());
            }
            self.text.push(b',');
            self.text.extend_from_slice(row.section.application().as_bytes());
            self.text.push(b',');
            self.text.extend_from_slice(location.as_bytes());
            return;
        }
        let (workstation, ip, location) = self.remote(row);
        self.cell(workstation.as_bytes());
        self.cell(ip.as_bytes());
        self.cell(row.section.application().as_bytes());
        self.cell(location.as_bytes());
    }

    fn remote(&self, row: &Row) -> (String, String, String) {
        let draw = mix(u64::from(row.user) ^ 0xA11CE);
        let (near, host) = (i64::try_from(draw % 40).unwrap_or(0) - 20, draw >> 8);
        if row.seat == Seat::Home {
            let ip = format!("10.250.{}.{}", host % 256, host / 256 % 254 + 1);
            return (self.ids.laptop(row.user), ip, geo(HERE.0 + near, HERE.1 - near / 2));
        }
        let place = ABROAD.get(row.workstation as usize % ABROAD.len()).copied().unwrap_or(HERE);
        let ip = format!("10.250.{}.{}", host / 7 % 256, host / 1792 % 254 + 1);
        (self.ids.laptop(row.user), ip, geo(place.0 + near, place.1 + near))
    }

    /// Plain rows need a line only when their reasons differ from the user's last line of that label.
    fn label(&mut self, row: &Row) -> Result<(), SimError> {
        let user = row.user as usize;
        if row.tag.label == Label::Legit {
            let Some(last) = self.reasons.get_mut(user) else { return Ok(()) };
            if *last == row.reasons {
                return Ok(());
            }
            *last = row.reasons;
        }
        let written = write!(self.label_text, "{},{},", self.rows, row.tag.label.name())
            .and_then(|()| if row.tag.case > 0 { write!(self.label_text, "C{:04}", row.tag.case) } else { Ok(()) })
            .and_then(|()| self.label_text.write_all(b","))
            .and_then(
                |()| if row.tag.scenario > 0 { write!(self.label_text, "S{}", row.tag.scenario) } else { Ok(()) },
            );
        written.map_err(|source| SimError::file("labels.csv", source))?;
        self.label_text.push(b',');
        let mut first = true;
        for bit in (0..6u8).filter(|bit| row.reasons & (1 << bit) != 0) {
            if !first {
                self.label_text.push(b'|');
            }
            first = false;
            self.label_text.extend_from_slice(&[b'E', b'1' + bit]);
        }
        self.label_text.push(b'\n');
        Ok(())
    }

    /// Gives everything written so far to the files.
    pub(crate) fn flush(&mut self) -> Result<(), SimError> {
        self.out
            .write_all(&self.text)
            .and_then(|()| self.out.flush())
            .map_err(|source| SimError::file("accesses.csv", source))?;
        self.labels
            .write_all(&self.label_text)
            .and_then(|()| self.labels.flush())
            .map_err(|source| SimError::file("labels.csv", source))?;
        self.text.clear();
        self.label_text.clear();
        Ok(())
    }
}

fn geo(latitude: i64, longitude: i64) -> String {
    let part = |n: i64| format!("{}{}.{:02}", if n < 0 { "-" } else { "" }, n.abs() / 100, n.abs() % 100);
    format!("\"geo:{},{}\"", part(latitude), part(longitude))
}

fn seats(world: &World, ids: &Ids) -> Vec<[String; 3]> {
    let mut seats = Vec::new();
    for (number, unit) in world.hospital.units.numbered() {
        for n in 0..unit.workstations {
            let ip = format!("10.{}.{}.{}", 20 + number / 200, number % 200, 10 + n % 240);
            seats.push([ids.workstation(unit.first_workstation + n), ip, format!("{}/{}", unit.building, unit.code)]);
        }
    }
    seats
}
