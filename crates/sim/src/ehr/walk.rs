//! Walks through the month day by day: everybody on shift does the work of the shift, and what was planned besides happens in between.

use rustc_hash::FxHashMap;

use super::care::{Kind, reason};
use super::chart::{self, Section};
use super::hospital::{Role, UnitKind, known};
use super::people::NONE;
use super::roster::{self, Shift};
use super::row::{Block, Label, Manner, Place, Row, Tag, Visit};
use super::visit::{Desk, chart_rows};
use super::world::World;
use crate::clock::{DAY, HOUR, Time};
use crate::rng::{Rng, index, whole};
use crate::table::{Ranges, Table};

/// Share of visits with a reason that no file has.
const UNPROVABLE_SHARE: f64 = 0.021;
/// Share of visits without any reason that a file could have.
const UNDOCUMENTED_SHARE: f64 = 0.018;
/// How many earlier charts somebody may come back to.
const REMEMBERED: usize = 5;

/// A chart that belongs to the work of a shift.
#[derive(Clone, Copy, Debug)]
struct Item {
    patient: u32,
    encounter: u32,
    from: Time,
    to: Time,
    reasons: u8,
    label: Label,
    weight: u8,
}

/// Makes the rows of each day.
pub(crate) struct Walker<'a> {
    world: &'a World,
    /// Rows of a shift of activity 1.
    rows_per_shift: f64,
    /// Blocks inside shifts, sorted by user and time.
    blocks: Vec<Block>,
    users: Ranges,
    next_block: Vec<u32>,
    /// Blocks outside of shifts, by day.
    pinned: Table<Vec<Block>>,
    shifts_by_day: Table<Vec<u32>>,
    remembered: Vec<Vec<(u32, u32, Time)>>,
    /// How many charts an allied colleague has shared with a physician.
    shared: FxHashMap<(u32, u32), u8>,
    waiting: Vec<Row>,
}

impl<'a> Walker<'a> {
    pub(crate) fn new(world: &'a World, rows_per_staff_day: f64, blocks: Vec<Block>) -> Self {
        let staff = world.people.staff.len();
        let on_duty = world.roster.shifts.iter().filter(|shift| shift.start >= world.begin());
        let activity: f64 = on_duty.map(|shift| world.people.staff.at(shift.user).role.activity()).sum();
        let wanted = rows_per_staff_day * f64::from(staff) * world.days as f64;
        let (pinned, mut inside): (Vec<Block>, Vec<Block>) = blocks.into_iter().partition(|block| block.pinned);
        inside.sort_by_key(|block| (block.user, block.time, block.tag.case));
        let mut by_day: Table<Vec<Block>> = Table::blank(usize::try_from(world.days).unwrap_or(0));
        for block in pinned {
            if let Ok(day) = u32::try_from(world.clock.day(block.time)) {
                by_day.change(day).push(block);
            }
        }
        Self {
            world,
            rows_per_shift: wanted / activity.max(1.0),
            users: Ranges::new(staff, inside.iter().map(|block| block.user)),
            next_block: vec![0; staff as usize],
            blocks: inside,
            pinned: by_day,
            shifts_by_day: roster::by_day(&world.roster, &world.clock, world.days),
            remembered: vec![Vec::new(); staff as usize],
            shared: FxHashMap::default(),
            waiting: Vec::new(),
        }
    }

    /// The rows of a day in order of time; `day` counts up from `-roster::DAYS_BEFORE`.
    pub(crate) fn day(&mut self, day: i64) -> Vec<Row> {
        let mut rows = core::mem::take(&mut self.waiting);
        let number = u32::try_from(day + roster::DAYS_BEFORE).unwrap_or(NONE);
        let shifts = self.shifts_by_day.at(number).clone();
        for shift in shifts {
            if let Some(shift) = self.world.roster.shifts.get(shift as usize).copied() {
                self.shift(&shift, &mut rows);
            }
        }
        for block in u32::try_from(day).map(|day| self.pinned.at(day).clone()).unwrap_or_default() {
            self.outside(&block, &mut rows);
        }
        rows.sort_by_key(|row| row.time);
        let next = self.world.clock.local(day + 1, 0);
        self.waiting = rows.split_off(rows.partition_point(|row| row.time < next));
        rows
    }

    fn shift(&mut self, shift: &Shift, rows: &mut Vec<Row>) {
        let world = self.world;
        let mut rng = Rng::of(world.seed, &[5, u64::from(shift.user), shift.start.unsigned_abs()]);
        let staff = world.people.staff.at(shift.user);
        let items = self.worklist(shift, &mut rng);
        let from_home = staff.works_from_home && staff.role.works_on_ended() && rng.chance(0.5);
        let spread = rng.lognormal(1.0, 0.25);
        let wanted = whole(self.rows_per_shift * staff.role.activity() * spread);
        let mut clock = shift.start + rng.wait(400.0);
        let first = index(rows.len());
        let mut visits = wanted / 7 + 1;
        while clock < shift.end {
            clock = self.planned(shift, clock, clock, rows);
            let done = i64::from(index(rows.len()) - first);
            let mut desk = Desk::at_work(world, shift, &mut rng, from_home);
            if done < wanted && !items.is_empty() {
                clock = self.one_visit(shift, &items, clock, (&mut rng, &mut desk), rows);
                visits = ((wanted - done) / 7).max(1);
            }
            let left = (shift.end - clock).max(0) as f64;
            clock += 5 + rng.wait(((left / visits as f64) - 90.0).clamp(8.0, 5400.0));
        }
        self.planned(shift, clock, shift.end, rows);
        for row in rows.iter_mut().skip(first as usize).filter(|row| row.time >= shift.end) {
            overtime(row);
        }
    }

    /// Does what was planned to happen by now.
    fn planned(&mut self, shift: &Shift, clock: Time, until: Time, rows: &mut Vec<Row>) -> Time {
        let mut clock = clock;
        loop {
            let next = self.next_block.get(shift.user as usize).copied().unwrap_or(NONE);
            let blocks = self.users.of(&self.blocks, shift.user);
            let Some(block) = blocks.get(next as usize).filter(|block| block.time <= until) else { return clock };
            let mut rng = Rng::of(self.world.seed, &[6, u64::from(shift.user), u64::from(next)]);
            let mut desk = Desk::of_block(self.world, block, Some(shift), &mut rng);
            clock = desk.sit(self.world, block, clock.max(block.time), &mut rng, rows);
            if let Some(next) = self.next_block.get_mut(shift.user as usize) {
                *next += 1;
            }
        }
    }

    fn outside(&self, block: &Block, rows: &mut Vec<Row>) {
        let mut rng = Rng::of(self.world.seed, &[7, u64::from(block.user), block.time.unsigned_abs()]);
        let shift = self.world.roster.at(block.user, block.time);
        let mut desk = Desk::of_block(self.world, block, shift, &mut rng);
        desk.sit(self.world, block, block.time, &mut rng, rows);
    }

    /// One chart of the work, or now and then one outside of it.
    fn one_visit(
        &mut self,
        shift: &Shift,
        items: &[Item],
        clock: Time,
        (rng, desk): (&mut Rng, &mut Desk),
        rows: &mut Vec<Row>,
    ) -> Time {
        let role = self.world.people.staff.at(shift.user).role;
        let draw = rng.unit();
        let item = if draw < UNPROVABLE_SHARE {
            self.elsewhere(shift, clock, Label::Unprovable, rng)
        } else if draw < UNPROVABLE_SHARE + UNDOCUMENTED_SHARE {
            self.elsewhere(shift, clock, Label::Undocumented, rng)
        } else if draw < UNPROVABLE_SHARE + UNDOCUMENTED_SHARE + 0.03 {
            self.again(shift, clock, rng)
        } else {
            None
        };
        let Some(item) = item.or_else(|| available(items, clock, rng)) else { return clock + 300 };
        self.remember(shift.user, &item, clock);
        let label = if item.reasons != 0 { Label::Legit } else { item.label };
        let slip = label == Label::Undocumented && role != Role::QualityNurse && rng.chance(0.5);
        let visit = Visit {
            patient: item.patient,
            encounter: item.encounter,
            rows: if slip { 1 + rng.below(2) } else { 3 + rng.below(9) },
            manner: if item.reasons == 0 && label == Label::Undocumented {
                Manner::Look
            } else {
                chart::manner(role, rng)
            },
            focus: self.focus(shift, rng),
            search: rng.below(1000) < chart::searches(role) || (slip && rng.chance(0.5)),
            reasons: item.reasons,
            pace: if slip { 5.0 } else { 12.0 },
            ..Visit::default()
        };
        desk.tag = Tag { label, case: 0, scenario: 0 };
        chart_rows(self.world, desk, &visit, role, clock, rng, rows)
    }

    /// Psychiatry reads its therapy notes.
    fn focus(&self, shift: &Shift, rng: &mut Rng) -> Option<Section> {
        let department = self.world.hospital.units.at(shift.unit).department;
        let psychiatry = self.world.hospital.departments.at(department).name == known::PSYCHIATRY;
        let clinical = chart::purpose(self.world.people.staff.at(shift.user).role) == "TREAT";
        (psychiatry && clinical && rng.chance(0.3)).then_some(Section::Psychotherapy)
    }

    fn remember(&mut self, user: u32, item: &Item, clock: Time) {
        if item.reasons & (reason::E1 | reason::E2) == 0 || item.encounter == NONE {
            return;
        }
        if let Some(list) = self.remembered.get_mut(user as usize) {
            if list.iter().any(|known| known.1 == item.encounter) {
                return;
            }
            if list.len() >= REMEMBERED {
                list.remove(0);
            }
            list.push((item.patient, item.encounter, clock));
        }
    }

    /// A chart that was explained to this person lately.
    fn again(&self, shift: &Shift, clock: Time, rng: &mut Rng) -> Option<Item> {
        let list = self.remembered.get(shift.user as usize)?;
        let (patient, encounter, seen) = *rng.pick(list)?;
        if clock - seen > 5 * DAY || clock <= seen {
            return None;
        }
        let reasons = reason::E6 | self.world.reasons(shift.user, Some(shift), patient, clock);
        Some(Item { patient, encounter, from: clock, to: clock + HOUR, reasons, label: Label::Legit, weight: 1 })
    }

    /// A patient whom this person has nothing to do with in the files: asked in passing, covered for somebody, shown in teaching, or clicked by mistake.
    fn elsewhere(&self, shift: &Shift, clock: Time, label: Label, rng: &mut Rng) -> Option<Item> {
        let world = self.world;
        let department = world.people.staff.at(shift.user).department;
        let own = &world.hospital.departments.at(department).units;
        let stay = (0..6).find_map(|_| {
            let unit = self.unit_elsewhere(shift, own, rng)?;
            let since = if label == Label::Undocumented && rng.chance(0.4) { 20 * DAY } else { 2 * HOUR };
            let stays: Vec<_> = world.index.census(unit, (clock - since, clock + HOUR)).collect();
            rng.pick(&stays).map(|stay| **stay)
        })?;
        let reasons = world.reasons(shift.user, Some(shift), stay.patient, clock);
        let encounter = if rng.chance(0.7) { stay.encounter } else { NONE };
        Some(Item { patient: stay.patient, encounter, from: clock, to: clock + HOUR, reasons, label, weight: 1 })
    }

    /// Mostly a unit of the own department or building; anywhere for who works for all, and now and then for everybody.
    fn unit_elsewhere(&self, shift: &Shift, own: &[u32], rng: &mut Rng) -> Option<u32> {
        let units = &self.world.hospital.units;
        let here = units.at(shift.unit);
        if own.len() > 1 && rng.chance(0.5) {
            return rng.pick(own).copied();
        }
        let anywhere = here.kind == UnitKind::Desk || rng.chance(0.1);
        let drawn =
            (0..40).map(|_| rng.below(units.len())).find(|unit| anywhere || units.at(*unit).building == here.building);
        drawn.or(Some(shift.unit))
    }

    /// The charts that belong to a shift.
    fn worklist(&mut self, shift: &Shift, rng: &mut Rng) -> Vec<Item> {
        let world = self.world;
        let role = world.people.staff.at(shift.user).role;
        let mut items = Vec::new();
        for task in world.index.tasks(shift.user, (shift.start, shift.end)) {
            let at = shift.start.max(task.from);
            let reasons = task.reasons | world.reasons(shift.user, Some(shift), task.patient, at);
            items.push(Item {
                patient: task.patient,
                encounter: task.encounter,
                from: task.from,
                to: task.to,
                reasons,
                label: Label::Unprovable,
                weight: task.weight,
            });
        }
        self.unit_list(shift, role, rng, &mut items);
        match role {
            _ if role.works_on_ended() => self.ended_list(shift, (1, 14), rng, &mut items),
            Role::QualityNurse => self.ended_list(shift, (20, 70), rng, &mut items),
            _ if role.is_allied() => self.co_treated(shift, &mut items),
            _ => {}
        }
        items
    }

    /// Patients in the unit of the shift: all of them, or those given to this person.
    fn unit_list(&self, shift: &Shift, role: Role, rng: &mut Rng, items: &mut Vec<Item>) {
        let world = self.world;
        let kind = world.hospital.units.at(shift.unit).kind;
        let given = match (role, kind) {
            (_, UnitKind::Desk) => return,
            (Role::Nurse, UnitKind::Intensive) => 3,
            (Role::Nurse, UnitKind::Beds) => 7,
            (Role::Nurse | Role::Anaesthetist, UnitKind::Theatre) => 5,
            (Role::Assistant | Role::Student, _) => 10,
            (Role::Physician | Role::Resident, UnitKind::Clinic | UnitKind::Theatre) => 0,
            _ => 24,
        };
        let stays: Vec<_> = world.index.census(shift.unit, (shift.start, shift.end)).copied().collect();
        let skip = rng.below(index(stays.len())) as usize;
        for stay in stays.iter().cycle().skip(skip).take(given.min(stays.len())) {
            let at = shift.start.max(stay.start);
            let reasons = world.reasons(shift.user, Some(shift), stay.patient, at);
            let (from, to) = (stay.start - HOUR / 2, stay.end + HOUR);
            let weight = if role.is_medical() { 2 } else { 6 };
            items.push(Item {
                patient: stay.patient,
                encounter: stay.encounter,
                from,
                to,
                reasons,
                label: Label::Unprovable,
                weight,
            });
        }
    }

    /// Encounters that ended between so many days ago, from a work list.
    fn ended_list(&self, shift: &Shift, (least, most): (i64, i64), rng: &mut Rng, items: &mut Vec<Item>) {
        let world = self.world;
        let ended = &world.index.ended;
        let first = ended.partition_point(|end| end.0 < shift.start - most * DAY);
        let last = ended.partition_point(|end| end.0 < shift.start - least * DAY);
        let list = ended.get(first..last).unwrap_or(&[]);
        for _ in 0..if most > 30 { 12 } else { 60 } {
            let Some((_, encounter)) = rng.pick(list) else { return };
            let patient = world.care.encounters.at(*encounter).patient;
            let reasons = world.reasons(shift.user, Some(shift), patient, shift.start);
            let (from, to) = (shift.start, shift.end);
            items.push(Item {
                patient,
                encounter: *encounter,
                from,
                to,
                reasons,
                label: Label::Undocumented,
                weight: 5,
            });
        }
    }

    /// Patients of physicians with whom this person already shares at least three charts.
    fn co_treated(&mut self, shift: &Shift, items: &mut Vec<Item>) {
        let world = self.world;
        let mut more = Vec::new();
        for item in items.iter().filter(|item| item.reasons & reason::E1 != 0) {
            let encounter = world.care.encounters.at(item.encounter);
            let count = self.shared.entry((shift.user, encounter.attending)).or_default();
            *count = count.saturating_add(1);
            if *count <= 4 || encounter.kind != Kind::Inpatient || encounter.attending == NONE {
                continue;
            }
            let mut others = world.index.tasks(encounter.attending, (shift.start, shift.end));
            let other =
                others.find(|task| task.weight == 8 && task.reasons & reason::E1 != 0 && task.patient != item.patient);
            if let Some(task) = other {
                let reasons = reason::E5 | world.reasons(shift.user, Some(shift), task.patient, shift.start);
                let (patient, encounter) = (task.patient, task.encounter);
                more.push(Item {
                    patient,
                    encounter,
                    from: task.from,
                    to: task.to,
                    reasons,
                    label: Label::Legit,
                    weight: 2,
                });
            }
        }
        items.extend(more.into_iter().take(3));
    }
}

/// After the end of a shift the roster proves nothing any more.
fn overtime(row: &mut Row) {
    row.reasons &= !reason::E2;
    if row.reasons == 0 && row.tag.label == Label::Legit {
        row.tag.label = Label::Unprovable;
    }
}

/// One of the charts that can be worked on now.
fn available(items: &[Item], clock: Time, rng: &mut Rng) -> Option<Item> {
    let open = |item: &&Item| item.from <= clock && clock <= item.to;
    for _ in 0..10 {
        let item = rng.pick(items)?;
        if open(&item) && rng.below(8) < u32::from(item.weight) {
            return Some(*item);
        }
    }
    let skip = rng.below(index(items.len())) as usize;
    items.iter().skip(skip).chain(items.iter().take(skip)).find(open).copied()
}

/// Where a block is done, for who knows the shift.
pub(crate) fn unit_of(world: &World, block: &Block, shift: Option<&Shift>) -> u32 {
    match block.place {
        Place::Unit(unit) => unit,
        _ => shift.map_or(world.people.staff.at(block.user).unit, |shift| shift.unit),
    }
}
