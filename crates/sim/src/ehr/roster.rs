//! The roster: who is on shift when and where, and whether the roster file knows of it.

use super::hospital::{Care, Duty, Hospital, Role, UnitKind};
use super::people::People;
use crate::clock::{Clock, DAY, HOUR, Time};
use crate::rng::{Rng, index};
use crate::table::{Ranges, Table};

/// Days of roster before the first simulated day.
pub(crate) const DAYS_BEFORE: i64 = 2;
/// Share of shifts that were swapped or taken over by word of mouth.
const UNWRITTEN_SHARE: f64 = 0.012;
const AGENCY_UNWRITTEN_SHARE: f64 = 0.06;

/// Somebody on shift.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shift {
    pub(crate) user: u32,
    pub(crate) start: Time,
    pub(crate) end: Time,
    pub(crate) unit: u32,
    /// Whether shifts.csv has it.
    pub(crate) written: bool,
    pub(crate) on_call: bool,
}

/// All shifts, sorted by user and start.
#[derive(Clone, Debug)]
pub(crate) struct Roster {
    pub(crate) shifts: Vec<Shift>,
    users: Ranges,
    days: i64,
    /// Shifts of each unit and day, as numbers.
    by_unit_day: Vec<Vec<u32>>,
    /// People who belong to each unit, for the time before the roster begins.
    crew: Vec<Vec<u32>>,
    units: u32,
}

impl Roster {
    pub(crate) fn new(seed: u64, clock: &Clock, days: i64, hospital: &Hospital, people: &People) -> Self {
        let mut shifts = Vec::new();
        for (user, _) in people.staff.numbered() {
            let mut rng = Rng::of(seed, &[2, u64::from(user)]);
            Planner { clock, hospital, people, user, rng: &mut rng }.plan(days, &mut shifts);
        }
        let units = hospital.units.len();
        let mut crew = vec![Vec::new(); units as usize];
        for (user, staff) in people.staff.numbered() {
            if let Some(list) = crew.get_mut(staff.unit as usize) {
                list.push(user);
            }
        }
        let mut roster = Self {
            users: Ranges::new(people.staff.len(), shifts.iter().map(|shift| shift.user)),
            shifts,
            days,
            by_unit_day: Vec::new(),
            crew,
            units,
        };
        roster.index(clock);
        roster
    }

    fn index(&mut self, clock: &Clock) {
        let cells = usize::try_from(self.days + DAYS_BEFORE).unwrap_or(0) * self.units as usize;
        self.by_unit_day = vec![Vec::new(); cells];
        for (number, shift) in (0u32..).zip(self.shifts.clone()) {
            let cell = self.cell(shift.unit, clock.day(shift.start));
            if let Some(list) = cell.and_then(|cell| self.by_unit_day.get_mut(cell)) {
                list.push(number);
            }
        }
    }

    fn cell(&self, unit: u32, day: i64) -> Option<usize> {
        let row = usize::try_from(day + DAYS_BEFORE).ok()?;
        Some(row * self.units as usize + unit as usize)
    }

    /// The shifts of a user, in order of time.
    pub(crate) fn of(&self, user: u32) -> &[Shift] {
        self.users.of(&self.shifts, user)
    }

    /// The shift of a user at a time.
    pub(crate) fn at(&self, user: u32, time: Time) -> Option<&Shift> {
        self.of(user).iter().find(|shift| shift.start <= time && time < shift.end)
    }

    /// Shifts that begin in a unit on a day.
    pub(crate) fn starting(&self, unit: u32, day: i64) -> impl Iterator<Item = &Shift> {
        let numbers = self.cell(unit, day).and_then(|cell| self.by_unit_day.get(cell));
        numbers.into_iter().flatten().filter_map(|number| self.shifts.get(*number as usize))
    }

    /// Somebody on shift in the unit at the time whose role is wanted; before the roster begins, anybody who belongs there.
    pub(crate) fn somebody(
        &self,
        clock: &Clock,
        people: &People,
        rng: &mut Rng,
        (unit, time): (u32, Time),
        wanted: impl Fn(Role) -> bool,
    ) -> Option<u32> {
        let day = clock.day(time);
        let fits = |user: u32| wanted(people.staff.at(user).role);
        if day < 0 {
            let crew = self.crew.get(unit as usize)?;
            return (0..8).filter_map(|_| rng.pick(crew)).copied().find(|user| fits(*user));
        }
        for _ in 0..16 {
            let back = i64::from(rng.below(3) == 0);
            let Some(numbers) = self.cell(unit, day - back).and_then(|cell| self.by_unit_day.get(cell)) else {
                continue;
            };
            let shift = rng.pick(numbers).and_then(|number| self.shifts.get(*number as usize));
            if let Some(shift) = shift.filter(|shift| shift.start <= time && time < shift.end && fits(shift.user)) {
                return Some(shift.user);
            }
        }
        None
    }

    /// People who belong to a unit.
    pub(crate) fn crew(&self, unit: u32) -> &[u32] {
        self.crew.get(unit as usize).map_or(&[], Vec::as_slice)
    }
}

/// Arranges the days of one person.
struct Planner<'a> {
    clock: &'a Clock,
    hospital: &'a Hospital,
    people: &'a People,
    user: u32,
    rng: &'a mut Rng,
}

impl Planner<'_> {
    fn plan(&mut self, days: i64, shifts: &mut Vec<Shift>) {
        let staff = *self.people.staff.at(self.user);
        let phase = self.rng.between(0, 18);
        let leave = self.rng.chance(0.12).then(|| self.rng.between(-5, days));
        for day in -DAYS_BEFORE..days {
            let away = leave.is_some_and(|start| (start..start + 8).contains(&day)) || self.rng.chance(0.03);
            if away || day < staff.from_day || staff.to_day.is_some_and(|last| day > last) {
                continue;
            }
            let planned = match staff.role.duty() {
                Duty::Shifts => self.rotation(day, phase),
                Duty::Days => self.office(day),
                Duty::Medical => self.medical(day, phase),
            };
            let Some((start, length, unit, on_call)) = planned else { continue };
            let start = self.clock.local(day, start);
            let unwritten = if staff.float { AGENCY_UNWRITTEN_SHARE } else { UNWRITTEN_SHARE };
            let written = !self.rng.chance(unwritten);
            shifts.push(Shift { user: self.user, start, end: start + length, unit, written, on_call });
        }
    }

    /// Three early, three late or night in turn, three free; clinics by day only.
    fn rotation(&mut self, day: i64, phase: i64) -> Option<(i64, i64, u32, bool)> {
        let staff = self.people.staff.at(self.user);
        let unit = self.unit_today(staff.unit, staff.float);
        if self.hospital.units.at(unit).kind == UnitKind::Clinic {
            return (!self.clock.weekend(day))
                .then(|| (7 * HOUR + 1800 * self.rng.between(0, 3), 17 * HOUR / 2, unit, false));
        }
        let quiet = matches!(self.hospital.units.at(unit).kind, UnitKind::Theatre) && self.clock.weekend(day);
        let turn = (day + phase).rem_euclid(9);
        let free = turn >= 6 || (quiet && self.rng.chance(0.7));
        let block = (day + phase).div_euclid(9);
        let start = match (turn < 3, block.rem_euclid(2) == 0) {
            (true, _) => 6 * HOUR,
            (false, true) => 27 * HOUR / 2,
            (false, false) => 87 * HOUR / 4,
        };
        (!free).then_some((start, 17 * HOUR / 2, unit, false))
    }

    fn office(&mut self, day: i64) -> Option<(i64, i64, u32, bool)> {
        let unit = self.people.staff.at(self.user).unit;
        let start = 7 * HOUR + 900 * self.rng.between(0, 8);
        (!self.clock.weekend(day)).then_some((start, 17 * HOUR / 2, unit, false))
    }

    /// Weekdays on ward, in the clinic or in theatre; nights and weekends on call in turn.
    fn medical(&mut self, day: i64, phase: i64) -> Option<(i64, i64, u32, bool)> {
        let staff = *self.people.staff.at(self.user);
        let care = self.hospital.departments.at(staff.department).care;
        let round = (day + phase).rem_euclid(9);
        if matches!(care, Care::Emergency | Care::Intensive) {
            let start = [7 * HOUR, 14 * HOUR, 21 * HOUR].into_iter().nth(usize::try_from(round % 3).unwrap_or(0))?;
            return (round < 6).then_some((start, 10 * HOUR, staff.unit, false));
        }
        if round == 7 {
            let start = if self.clock.weekend(day) { 8 * HOUR } else { 16 * HOUR };
            return Some((start, DAY + 8 * HOUR - start, staff.unit, true));
        }
        if self.clock.weekend(day) || round == 8 {
            return None;
        }
        let unit = self.place(staff.department, staff.unit, care);
        Some((7 * HOUR + 1800 * self.rng.between(0, 3), 19 * HOUR / 2, unit, false))
    }

    /// Where a physician of a department spends a weekday.
    fn place(&mut self, department: u32, unit: u32, care: Care) -> u32 {
        let clinic = self.hospital.clinic(department);
        match (care, self.rng.below(100)) {
            (Care::Ward, 0..40) | (Care::Surgical, 0..30) => clinic.unwrap_or(unit),
            (Care::Surgical, 30..55) => {
                let theatres = self.hospital.units_of(UnitKind::Theatre);
                self.rng.pick(&theatres).copied().unwrap_or(unit)
            }
            _ => self
                .hospital
                .beds(department)
                .filter(|_| self.hospital.units.at(unit).kind == UnitKind::Clinic)
                .unwrap_or(unit),
        }
    }

    /// The pool is sent where somebody is missing; others help out elsewhere now and then.
    fn unit_today(&mut self, home: u32, float: bool) -> u32 {
        if float || (self.hospital.units.at(home).kind == UnitKind::Beds && self.rng.chance(0.02)) {
            let n = self.hospital.units.len();
            let tries = (0..24).map(|_| self.rng.below(n)).collect::<Vec<_>>();
            let beds = |unit: &u32| {
                matches!(self.hospital.units.at(*unit).kind, UnitKind::Beds | UnitKind::Intensive | UnitKind::Emergency)
            };
            return tries.into_iter().find(beds).unwrap_or(home);
        }
        home
    }
}

/// Numbers of shifts by the day they begin, for walking through the month.
pub(crate) fn by_day(roster: &Roster, clock: &Clock, days: i64) -> Table<Vec<u32>> {
    let mut table: Table<Vec<u32>> = Table::blank(usize::try_from(days + DAYS_BEFORE).unwrap_or(0));
    for (number, shift) in (0u32..).zip(&roster.shifts) {
        let row = index(usize::try_from(clock.day(shift.start) + DAYS_BEFORE).unwrap_or(usize::MAX));
        table.change(row).push(number);
    }
    table
}
