//! Column names of a table with a header: kept as one text, so that a row gets all of them into the arena in one go.

use cordon_model::Arena;

/// The names of the columns in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    joined: String,
    ends: Vec<usize>,
}

impl Names {
    /// Adds the next column.
    pub(crate) fn push(&mut self, name: &str) {
        self.joined.push_str(name);
        self.ends.push(self.joined.len());
    }

    /// Number of columns.
    pub(crate) const fn count(&self) -> usize {
        self.ends.len()
    }

    /// The text that all names are parts of, in the arena.
    pub(crate) fn in_arena<'a>(&self, arena: &'a Arena) -> &'a str {
        arena.alloc_str(&self.joined)
    }

    /// A column's name within that text (`column_9` beyond the header).
    pub(crate) fn name<'a>(&self, joined: &'a str, column: usize, arena: &'a Arena) -> &'a str {
        let start = column.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        let known = start.zip(self.ends.get(column)).and_then(|(start, end)| joined.get(start..*end));
        known.unwrap_or_else(|| bumpalo::format!(in arena, "column_{}", column + 1).into_bump_str())
    }

    /// The place of a name.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        let mut start = 0;
        self.ends.iter().position(|end| {
            let found = self.joined.get(start..*end) == Some(name);
            start = *end;
            found
        })
    }
}
