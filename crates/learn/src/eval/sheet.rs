//! Tables as text: cells become numbers, names become codes, labels become attack or not.

use std::collections::BTreeMap;

use crate::tabular::Rows;

/// Why a row of a table cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// A cell of a column of numbers that holds none.
    #[error(
        "row {row}: column {column} holds {cell:?} where a number is expected; name the column with --categorical if its values are names"
    )]
    NotANumber {
        /// The row, counted from 1.
        row: usize,
        /// The name of the column.
        column: String,
        /// What stands there.
        cell: String,
    },
    /// A row of another length than the first.
    #[error("row {row} has {cells} cells where {expected} are expected: check the separator and quoted cells")]
    Cells {
        /// The row, counted from 1.
        row: usize,
        /// Its cells.
        cells: usize,
        /// Cells expected.
        expected: usize,
    },
}

/// Codes of names, the same in every table that they are used for: numbers from 0 in the order of first appearance, column by column.
#[derive(Clone, Debug, Default)]
pub struct Codes(BTreeMap<(usize, String), f64>);

impl Codes {
    fn code(&mut self, column: usize, name: &str) -> f64 {
        let next = self.0.len() as f64;
        *self.0.entry((column, name.to_owned())).or_insert(next)
    }
}

/// A table with the truth beside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// Names of the columns, without that of the label.
    pub columns: Vec<String>,
    /// Columns whose cells are names.
    pub nominal: Vec<usize>,
    /// The cells; an empty cell, `?` and `NA` are missing values.
    pub rows: Rows,
    /// Whether each row is an attack.
    pub labels: Vec<bool>,
}

impl Sheet {
    /// An empty table of these columns, of which those in `nominal` hold names.
    #[must_use]
    pub fn new(columns: Vec<String>, nominal: Vec<usize>) -> Self {
        let rows = Rows::new(columns.len());
        Self { columns, nominal, rows, labels: Vec::new() }
    }

    /// Adds a row of cells, without its label.
    ///
    /// # Errors
    /// [`SheetError`]: a number of cells that is not that of the columns, a cell that is no number where one is expected.
    pub fn push(&mut self, cells: &[&str], attack: bool, codes: &mut Codes) -> Result<(), SheetError> {
        let row = self.labels.len() + 1;
        if cells.len() != self.columns.len() {
            return Err(SheetError::Cells { row, cells: cells.len(), expected: self.columns.len() });
        }
        let mut values = Vec::with_capacity(cells.len());
        for (column, (name, cell)) in self.columns.iter().zip(cells).enumerate() {
            let cell = cell.trim();
            let value = match cell {
                "" | "?" | "NA" => f64::NAN,
                _ if self.nominal.contains(&column) => codes.code(column, cell),
                _ => cell.parse().map_err(|_| SheetError::NotANumber {
                    row,
                    column: name.clone(),
                    cell: cell.to_owned(),
                })?,
            };
            values.push(value);
        }
        self.rows.push(&values);
        self.labels.push(attack);
        Ok(())
    }

    /// The rows that are no attacks.
    #[must_use]
    pub fn normal(&self) -> Rows {
        let mut rows = Rows::new(self.columns.len());
        self.rows.iter().zip(&self.labels).filter(|(_, attack)| !**attack).for_each(|(row, _)| rows.push(row));
        rows
    }

    /// The rows whose place `keep` says yes to.
    #[must_use]
    pub fn part(&self, keep: impl Fn(usize) -> bool) -> Self {
        let mut part = Self::new(self.columns.clone(), self.nominal.clone());
        for (_, (row, label)) in self.rows.iter().zip(&self.labels).enumerate().filter(|(place, _)| keep(*place)) {
            part.rows.push(row);
            part.labels.push(*label);
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        Sheet::new(vec!["bytes".to_owned(), "service".to_owned()], vec![1])
    }

    #[test]
    fn names_have_the_same_code_in_every_table() {
        let (mut one, mut other, mut codes) = (sheet(), sheet(), Codes::default());
        one.push(&["12", "http"], false, &mut codes).unwrap();
        one.push(&["", "smtp"], true, &mut codes).unwrap();
        other.push(&["1e3", "smtp"], false, &mut codes).unwrap();
        assert_eq!(one.rows.row(0), [12.0, 0.0]);
        assert!(one.rows.row(1)[0].is_nan());
        assert_eq!(one.rows.row(1)[1], other.rows.row(0)[1]);
        assert_eq!(one.normal().len(), 1);
        assert_eq!(one.part(|place| place == 1).labels, [true]);
    }

    #[test]
    fn a_bad_row_says_where_and_what() {
        let mut sheet = sheet();
        let fault = sheet.push(&["many", "http"], false, &mut Codes::default()).unwrap_err();
        assert_eq!(fault, SheetError::NotANumber { row: 1, column: "bytes".to_owned(), cell: "many".to_owned() });
        assert_eq!(
            sheet.push(&["1"], false, &mut Codes::default()).unwrap_err(),
            SheetError::Cells { row: 1, cells: 1, expected: 2 }
        );
        assert!(sheet.labels.is_empty());
    }
}
