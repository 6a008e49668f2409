//! Rows of numbers, one after the other in one block.

/// A table of numbers. A cell that is not a number is a missing value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    width: usize,
    cells: Vec<f64>,
}

impl Rows {
    /// No rows yet, each to be of `width` cells.
    #[must_use]
    pub const fn new(width: usize) -> Self {
        Self { width, cells: Vec::new() }
    }

    /// Adds a row: cells beyond the width are left out, cells that are not there are missing values.
    pub fn push(&mut self, row: &[f64]) {
        self.cells.extend((0..self.width).map(|column| row.get(column).copied().unwrap_or(f64::NAN)));
    }

    /// Puts `row` in the place of the row at `place`; nothing happens when there is none.
    pub fn replace(&mut self, place: usize, row: &[f64]) {
        let start = place * self.width;
        if let Some(cells) = self.cells.get_mut(start..start + self.width) {
            cells.iter_mut().zip(row).for_each(|(cell, value)| *cell = *value);
        }
    }

    /// The row at `place`; empty when there is none.
    #[must_use]
    pub fn row(&self, place: usize) -> &[f64] {
        self.cells.get(place * self.width..(place + 1) * self.width).unwrap_or_default()
    }

    /// All rows in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f64]> + Clone + '_ {
        self.cells.chunks_exact(self.width.max(1))
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Cells in each row.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Every cell, row after row.
    #[must_use]
    pub fn cells(&self) -> &[f64] {
        &self.cells
    }
}
