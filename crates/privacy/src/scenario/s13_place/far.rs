//! A point on the globe where nobody else works from, and the user on one day only: an account at work in another country.
//!
//! Points are told apart by cells of two degrees and their neighbours, some 200 to 600 km. It needs at least three other people who work from outside at all: where
//! nobody else does, nothing is known of what is usual. Memory: 24 bytes for each user and cell.

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::gather::{Gather, Said};
use super::super::{Seen, Sign, of_user};
use super::site::Site;
use super::{FAR, ID};
use crate::form::Access;

const CELL_DEGREES: f64 = 2.0;
const OTHERS_MIN: usize = 3;

/// A cell: rows from the south pole, columns from the date line.
type Cell = (i16, i16);

/// Who works from a cell.
#[derive(Clone, Copy, Debug)]
struct Use {
    user: u32,
    /// Whether several people do.
    several: bool,
}

#[derive(Debug, Default)]
pub(super) struct Far {
    cells: FxHashMap<Cell, Use>,
    /// First day of each user in each cell, and whether there were more.
    days: FxHashMap<(u32, Cell), (i64, bool)>,
    people: FxHashSet<u32>,
    now: Vec<Option<(i64, Gather)>>,
}

impl Far {
    pub(super) fn learn(&mut self, site: Site, access: &Access) {
        let Some(cell) = cell(site) else { return };
        let day = access.time.day();
        let (first, more) = self.days.entry((access.user, cell)).or_insert((day, false));
        *more |= *first != day;
        self.people.insert(access.user);
        let used = self.cells.entry(cell).or_insert(Use { user: access.user, several: false });
        used.several |= used.user != access.user;
    }

    pub(super) fn judge(&mut self, site: Site, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        let access = seen.access;
        let Some(cell) = cell(site) else { return };
        if self.people.len() <= OTHERS_MIN || self.is_usual(access.user, cell) {
            return;
        }
        let day = access.time.day();
        let Some(now) = of_user(&mut self.now, access.user) else { return };
        if now.as_ref().is_some_and(|(known, _)| *known != day) {
            give(now.take(), signs);
        }
        now.get_or_insert_with(|| (day, Gather::at(access))).1.add(seen);
    }

    pub(super) fn end(&mut self, signs: &mut Vec<Sign>) {
        for now in &mut self.now {
            give(now.take(), signs);
        }
    }

    /// Whether anybody else works from around there, or the user on more than one day.
    fn is_usual(&self, user: u32, (row, column): Cell) -> bool {
        (-1..=1).flat_map(|up| (-1..=1).map(move |right| (row + up, wrapped(column + right)))).any(|near| {
            let others = self.cells.get(&near).is_some_and(|used| used.several || used.user != user);
            others || self.days.get(&(user, near)).is_some_and(|(_, more)| *more)
        })
    }
}

fn give(gathered: Option<(i64, Gather)>, signs: &mut Vec<Sign>) {
    let Some((_, gather)) = gathered else { return };
    let facts = [f64::from(gather.count), 0.0, 0.0];
    gather.give(&Said { scenario: ID, level: FAR, facts, other: crate::names::NONE, proofs: Vec::new() }, signs);
}

const COLUMNS: i16 = 180;

fn wrapped(column: i16) -> i16 {
    column.rem_euclid(COLUMNS)
}

fn cell(site: Site) -> Option<Cell> {
    let Site::Globe { latitude, longitude, .. } = site else { return None };
    Some((number(latitude + 90.0)?, wrapped(number(longitude + 180.0)?)))
}

/// The cell of so many degrees from 0; none when it is no place on the globe.
fn number(degrees: f64) -> Option<i16> {
    let cells = degrees / CELL_DEGREES;
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 180")]
    (0.0..=f64::from(COLUMNS)).contains(&cells).then(|| libm::floor(cells) as i16)
}
