//! One sitting at one desk: charts opened one after the other, each as rows.

use super::chart::{self, Action, Section};
use super::hospital::Role;
use super::people::NONE;
use super::roster::Shift;
use super::row::{Block, Label, Manner, Object, Place, Row, Seat, Tag, Visit};
use super::walk::unit_of;
use super::world::World;
use crate::clock::Time;
use crate::rng::{Rng, whole};

/// Who sits where, and what is true of what they do there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Desk {
    pub(crate) user: u32,
    pub(crate) workstation: u32,
    pub(crate) seat: Seat,
    pub(crate) tag: Tag,
    pub(crate) purpose: &'static str,
    /// Whether the application records the encounter.
    pub(crate) records_encounter: bool,
}

impl Desk {
    /// Where somebody works on a shift: mostly at the usual workstation of the day, else at another of the unit.
    pub(crate) fn at_work(world: &World, shift: &Shift, rng: &mut Rng, from_home: bool) -> Self {
        let staff = world.people.staff.at(shift.user);
        let at_home = from_home || (shift.on_call && rng.chance(0.35));
        let workstation =
            if at_home { shift.user } else { workstation(world, shift.unit, shift.user, shift.start, rng) };
        let clinical = staff.role.is_medical() || matches!(staff.role, Role::Nurse | Role::Assistant | Role::Student);
        Self {
            user: shift.user,
            workstation,
            seat: if at_home { Seat::Home } else { Seat::House },
            tag: Tag::default(),
            purpose: if rng.chance(0.6) { chart::purpose(staff.role) } else { "" },
            records_encounter: rng.chance(if clinical { 0.85 } else { 0.45 }),
        }
    }

    /// Where a block is done.
    pub(crate) fn of_block(world: &World, block: &Block, shift: Option<&Shift>, rng: &mut Rng) -> Self {
        let unit = unit_of(world, block, shift);
        let day = shift.map_or(block.time, |shift| shift.start);
        let (seat, workstation) = match block.place {
            Place::Home => (Seat::Home, block.user),
            Place::Abroad(place) => (Seat::Abroad, place),
            Place::Beside => (Seat::House, other_workstation(world, unit, block.user, day, rng)),
            Place::Unit(_) | Place::Own => (Seat::House, workstation(world, unit, block.user, day, rng)),
        };
        let role = block.role_as.unwrap_or(world.people.staff.at(block.user).role);
        let purpose = if rng.chance(0.6) { chart::purpose(role) } else { "" };
        Self { user: block.user, workstation, seat, tag: block.tag, purpose, records_encounter: rng.chance(0.7) }
    }

    /// Does all visits of a block, from a time on; the time at which it is done.
    pub(crate) fn sit(&mut self, world: &World, block: &Block, from: Time, rng: &mut Rng, rows: &mut Vec<Row>) -> Time {
        let role = block.role_as.unwrap_or(world.people.staff.at(block.user).role);
        let mut clock = from;
        for visit in &block.visits {
            clock = chart_rows(world, self, visit, role, clock, rng, rows);
            clock += rng.wait(visit.rest);
        }
        clock
    }
}

fn usual(world: &World, unit: u32, user: u32, day: Time) -> u32 {
    let row = world.hospital.units.at(unit);
    let draw = crate::rng::mix(u64::from(user) ^ day.unsigned_abs().rotate_left(20));
    u32::try_from(draw % u64::from(row.workstations.max(1))).unwrap_or(0) + row.first_workstation
}

fn workstation(world: &World, unit: u32, user: u32, day: Time, rng: &mut Rng) -> u32 {
    if rng.chance(0.85) {
        return usual(world, unit, user, day);
    }
    let row = world.hospital.units.at(unit);
    row.first_workstation + rng.below(row.workstations)
}

fn other_workstation(world: &World, unit: u32, user: u32, day: Time, rng: &mut Rng) -> u32 {
    let row = world.hospital.units.at(unit);
    let shift = 1 + rng.below(row.workstations.saturating_sub(1));
    let own = usual(world, unit, user, day).saturating_sub(row.first_workstation);
    row.first_workstation + (own + shift) % row.workstations.max(1)
}

/// How often a chart is gone through in one visit at most.
const PASSES_MAX: u32 = 12;

fn change(removes: bool) -> Action {
    if removes { Action::Delete } else { Action::Update }
}

/// The rows of one visit; the time after the last.
pub(crate) fn chart_rows(
    world: &World,
    desk: &Desk,
    visit: &Visit,
    role: Role,
    from: Time,
    rng: &mut Rng,
    rows: &mut Vec<Row>,
) -> Time {
    let mut pen = Pen { desk, visit, clock: from, rng, rows, left: visit.rows };
    let is_current = visit.encounter != NONE && world.care.encounters.at(visit.encounter).start <= from + 3600;
    let encounter = if desk.records_encounter && is_current { visit.encounter } else { NONE };
    if visit.manner == Manner::Bulk {
        pen.write(Row {
            patient: NONE,
            action: Action::Export,
            section: Section::Documents,
            object: Object::List,
            ..Row::default()
        });
        return pen.clock;
    }
    if visit.search {
        pen.search();
    }
    if visit.manner == Manner::Refused {
        pen.write(Row { denied: true, encounter, ..Row::default() });
        return pen.clock;
    }
    pen.look(role, encounter);
    pen.ending(role, encounter);
    pen.clock
}

struct Pen<'a> {
    desk: &'a Desk,
    visit: &'a Visit,
    clock: Time,
    rng: &'a mut Rng,
    rows: &'a mut Vec<Row>,
    left: u32,
}

impl Pen<'_> {
    /// Adds a row at this moment, then time passes.
    fn write(&mut self, row: Row) {
        let dwell = self.rng.lognormal(self.visit.pace, 0.75).clamp(0.6, 900.0);
        let shown = u32::try_from(whole(dwell * 1000.0 * (0.35 + 0.6 * self.rng.unit()))).unwrap_or(0);
        let without_patient = row.patient == NONE && self.desk.tag.label == Label::Legit;
        let mut tag = self.desk.tag;
        if without_patient {
            tag.label = Label::Unprovable;
        }
        self.rows.push(Row {
            time: self.clock,
            user: self.desk.user,
            patient: if row.patient == NONE && !matches!(row.object, Object::Name | Object::List) {
                self.visit.patient
            } else {
                row.patient
            },
            subject: self.visit.patient,
            workstation: self.desk.workstation,
            seat: self.desk.seat,
            duration_ms: shown,
            reasons: if row.patient == NONE && matches!(row.object, Object::Name | Object::List) {
                0
            } else {
                self.visit.reasons
            },
            tag,
            variety: u8::try_from(self.rng.below(200)).unwrap_or(0),
            purpose: if self.visit.break_glass { "ETREAT" } else { self.desk.purpose },
            break_glass: self.visit.break_glass,
            ..row
        });
        self.clock += whole(dwell).max(1);
        self.left = self.left.saturating_sub(1);
    }

    /// A search by name; what the log keeps of it differs by application.
    fn search(&mut self) {
        let patient = if self.rng.chance(0.6) { self.visit.patient } else { NONE };
        let tries = if self.rng.chance(0.15) { 2 } else { 1 };
        for _ in 0..tries {
            self.write(Row {
                patient,
                action: Action::Search,
                section: Section::Demographics,
                object: Object::Name,
                ..Row::default()
            });
        }
        self.left = self.left.max(1);
    }

    /// Goes through the chart, once or several times.
    fn look(&mut self, role: Role, encounter: u32) {
        if let Some(section) = self.visit.focus.filter(|_| self.rng.chance(0.4)) {
            self.open(section, 0, encounter);
        }
        let before = self.rows.len();
        for _ in 0..PASSES_MAX {
            self.pass(role, encounter);
            if self.left == 0 || self.rng.chance(0.6) {
                break;
            }
        }
        let first = chart::habit(role).first().filter(|_| self.rows.len() == before);
        if let Some(step) = first {
            self.open(step.0, 0, encounter);
        }
        if let Some(section) = self.visit.focus {
            self.open(section, 0, encounter);
        }
    }

    fn pass(&mut self, role: Role, encounter: u32) {
        for step in chart::habit(role) {
            if self.left > 0 && self.rng.below(100) < u32::from(step.1) {
                self.open(step.0, step.2, encounter);
            }
        }
    }

    fn open(&mut self, section: Section, writes: u8, encounter: u32) {
        self.write(Row { action: Action::Read, section, encounter, ..self.blank() });
        let may_write = self.visit.manner == Manner::Usual || self.visit.manner == Manner::Print;
        if may_write && self.left > 0 && self.rng.below(100) < u32::from(writes) {
            let action = if self.rng.chance(0.55) { Action::Update } else { Action::Create };
            self.write(Row { action, section, encounter, ..self.blank() });
        }
    }

    fn blank(&self) -> Row {
        Row { patient: self.visit.patient, ..Row::default() }
    }

    fn ending(&mut self, role: Role, encounter: u32) {
        let notes = Row { section: Section::Notes, encounter, ..self.blank() };
        match self.visit.manner {
            Manner::Alter => {
                for _ in 0..1 + self.rng.below(3) {
                    let removes = self.rng.chance(0.25);
                    self.write(Row { action: change(removes), ..notes });
                }
            }
            Manner::Print => {
                let section = if self.rng.chance(0.5) { Section::Documents } else { Section::Letters };
                let given_out = role == Role::RecordsClerk && self.rng.chance(0.3);
                let action = if given_out { Action::Disclose } else { Action::Print };
                self.write(Row { action, section, ..notes });
            }
            Manner::Export => {
                self.write(Row { action: Action::Export, section: Section::Documents, object: Object::Whole, ..notes })
            }
            Manner::Move => {
                self.write(Row { action: Action::Export, section: Section::Imaging, object: Object::Move, ..notes })
            }
            Manner::Usual | Manner::Look | Manner::Refused | Manner::Bulk => {}
        }
    }
}
