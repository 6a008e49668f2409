//! Rows under their number, read without a chance of panic: beyond the end stands a blank row.

use crate::rng::index;

/// Rows numbered from 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table<T> {
    rows: Vec<T>,
    blank: T,
}

impl<T: Default> Table<T> {
    /// No rows yet.
    pub(crate) fn new() -> Self {
        Self { rows: Vec::new(), blank: T::default() }
    }

    /// `n` blank rows.
    pub(crate) fn blank(n: usize) -> Self
    where
        T: Clone,
    {
        Self { rows: vec![T::default(); n], blank: T::default() }
    }

    /// Adds a row and says its number.
    pub(crate) fn add(&mut self, row: T) -> u32 {
        self.rows.push(row);
        index(self.rows.len() - 1)
    }

    /// The row of that number, or a blank one.
    pub(crate) fn at(&self, number: u32) -> &T {
        self.rows.get(number as usize).unwrap_or(&self.blank)
    }

    /// The row of that number to change; changes beyond the end are lost with the next such call.
    pub(crate) fn change(&mut self, number: u32) -> &mut T {
        match self.rows.get_mut(number as usize) {
            Some(row) => row,
            None => &mut self.blank,
        }
    }

    /// How many.
    pub(crate) fn len(&self) -> u32 {
        index(self.rows.len())
    }

    /// All of them.
    pub(crate) fn rows(&self) -> &[T] {
        &self.rows
    }

    /// All of them, to sort or change.
    pub(crate) fn rows_mut(&mut self) -> &mut Vec<T> {
        &mut self.rows
    }

    /// Every row with its number.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (u32, &T)> {
        (0u32..).zip(self.rows.iter())
    }
}

/// For rows sorted by a number: which rows belong to each number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ranges(Vec<u32>);

impl Ranges {
    /// `owners` are the numbers in the order of the rows, not decreasing; numbers are below `n`.
    pub(crate) fn new(n: u32, owners: impl Iterator<Item = u32>) -> Self {
        let mut ends = vec![0u32; n as usize + 1];
        for owner in owners {
            if let Some(end) = ends.get_mut(owner as usize + 1) {
                *end += 1;
            }
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum;
        }
        Self(ends)
    }

    /// The rows of one number.
    pub(crate) fn of<'a, T>(&self, rows: &'a [T], number: u32) -> &'a [T] {
        let bound = |at: u32| self.0.get(at as usize).map(|end| *end as usize);
        let (Some(start), Some(end)) = (bound(number), bound(number.saturating_add(1))) else {
            return &[];
        };
        rows.get(start..end).unwrap_or(&[])
    }
}
