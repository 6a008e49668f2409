//! A table of a fixed size: four places for each group of keys; when all are taken the one silent for longest makes room and is counted.

use cordon_learn::Damaged;
use cordon_stats::codec;

/// Places of a group.
const WAYS: usize = 4;

/// What stands in a table.
pub(super) trait Row: Copy + Default {
    /// Its keyed hash; 0 stands for an empty place.
    fn key(&self) -> u64;
    /// When it was last touched, in seconds since 1970.
    fn last_s(&self) -> i64;
    /// One row out of two of the same key; it does not matter which is first.
    fn joined(one: Self, other: Self) -> Self;
    fn write(&self, out: &mut Vec<u8>);
    fn read(from: &mut &[u8]) -> Result<Self, Damaged>;
}

#[derive(Debug)]
pub(super) struct Table<R> {
    groups: Vec<[R; WAYS]>,
    pushed_out: u64,
}

impl<R: Row> Table<R> {
    /// For so many rows, rounded up to a power of two.
    pub(super) fn new(rows: usize) -> Self {
        let groups = (rows / WAYS).clamp(16, 1 << 24).next_power_of_two();
        Self { groups: vec![[R::default(); WAYS]; groups], pushed_out: 0 }
    }

    fn group(&self, key: u64) -> usize {
        usize::try_from(key % (self.groups.len() as u64)).unwrap_or(0)
    }

    pub(super) fn get(&self, key: u64) -> Option<&R> {
        self.groups.get(self.group(key))?.iter().find(|row| row.key() == key)
    }

    /// The row of a key; where there is none, the place of one made by `make`.
    pub(super) fn entry(&mut self, key: u64, make: impl FnOnce() -> R) -> Option<&mut R> {
        let group = self.group(key);
        let rows = self.groups.get_mut(group)?;
        let place = match rows.iter().position(|row| row.key() == key) {
            Some(place) => place,
            None => {
                let longest = rows.iter().enumerate().min_by_key(|(_, row)| (row.key() != 0, row.last_s()));
                let place = longest.map_or(0, |(place, _)| place);
                if let Some(row) = rows.get_mut(place) {
                    self.pushed_out += u64::from(row.key() != 0);
                    *row = make();
                }
                place
            }
        };
        rows.get_mut(place)
    }

    /// Changes the row of a key, if there is one.
    pub(super) fn change(&mut self, key: u64, change: impl FnOnce(&mut R)) {
        let group = self.group(key);
        let row = self.groups.get_mut(group).and_then(|rows| rows.iter_mut().find(|row| row.key() == key && key != 0));
        if let Some(row) = row {
            change(row);
        }
    }

    /// Empties the places of rows, and gives those.
    pub(super) fn take_out(&mut self, is_to_go: impl Fn(&R) -> bool) -> Vec<R> {
        let rows = self.groups.iter_mut().flatten().filter(|row| row.key() != 0 && is_to_go(row));
        rows.map(std::mem::take).collect()
    }

    /// Takes in the rows of another table; gives those that both had, as they are now. Where a group has no room for all, the longest silent go and are counted.
    pub(super) fn merge(&mut self, other: &Self) -> Vec<R> {
        let mut both = Vec::new();
        self.pushed_out = self.pushed_out.saturating_add(other.pushed_out);
        for (rows, others) in self.groups.iter_mut().zip(&other.groups) {
            let mut all: Vec<R> = rows.iter().filter(|row| row.key() != 0).copied().collect();
            both.extend(others.iter().filter(|row| row.key() != 0).filter_map(|row| join(&mut all, *row)));
            all.sort_unstable_by_key(|row| (std::cmp::Reverse(row.last_s()), row.key()));
            self.pushed_out += u64::try_from(all.len().saturating_sub(WAYS)).unwrap_or(0);
            let mut all = all.into_iter();
            rows.iter_mut().for_each(|row| *row = all.next().unwrap_or_default());
        }
        both
    }

    pub(super) fn bytes(&self) -> usize {
        self.groups.len() * size_of::<[R; WAYS]>()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, self.pushed_out);
        codec::put_len(out, self.groups.len());
        let used = self.groups.iter().enumerate().flat_map(|(group, rows)| {
            rows.iter().enumerate().filter(|(_, row)| row.key() != 0).map(move |(way, row)| (group * WAYS + way, row))
        });
        codec::put_len(out, used.clone().count());
        for (place, row) in used {
            codec::put_len(out, place);
            row.write(out);
        }
    }

    pub(super) fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let number = |from: &mut &[u8]| codec::take_u64(from).ok_or(Damaged("a number of rows"));
        let pushed_out = number(from)?;
        let groups =
            usize::try_from(number(from)?).ok().filter(|groups| groups.is_power_of_two() && *groups <= 1 << 24);
        let mut table = Self::new(groups.ok_or(Damaged("the size of a table"))?.saturating_mul(WAYS));
        table.pushed_out = pushed_out;
        for _ in 0..codec::take_len(from, 16).ok_or(Damaged("a number of rows"))? {
            let place = usize::try_from(number(from)?).unwrap_or(usize::MAX);
            let row = R::read(from)?;
            let slot = table.groups.get_mut(place / WAYS).and_then(|rows| rows.get_mut(place % WAYS));
            *slot.ok_or(Damaged("the place of a row"))? = row;
        }
        Ok(table)
    }
}

/// Joins a row with the one of its key, which is given then, or adds it.
fn join<R: Row>(all: &mut Vec<R>, row: R) -> Option<R> {
    let known = all.iter_mut().find(|known| known.key() == row.key());
    match known {
        Some(known) => {
            *known = R::joined(*known, row);
            Some(*known)
        }
        None => {
            all.push(row);
            None
        }
    }
}
