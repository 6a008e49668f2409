//! The accesses as a walk in order of time, wherever they are kept.
//!
//! A walk goes in batches, so that whoever walks can look at one batch while the next is read.

use std::io;

use crate::explain::Explained;
use crate::form::Access;

/// Accesses of a batch at most.
pub const BATCH: usize = 16_384;

/// Accesses in order of time, which can be walked more than once.
pub trait Trail: Send {
    /// Goes back to the earliest access, for reading and for keeping.
    fn begin(&mut self);

    /// The next accesses in place of what is in `into`, at most [`BATCH`]: the earliest first, of one moment the one with the lower row first. None at the end.
    ///
    /// # Errors
    /// When what is kept outside memory cannot be read.
    fn next(&mut self, into: &mut Vec<Access>) -> io::Result<()>;

    /// What [`Trail::keep`] kept of the next accesses, in place of what is in `into`, at most [`BATCH`]. None at the end.
    ///
    /// # Errors
    /// When what is kept outside memory cannot be read.
    fn kept(&mut self, into: &mut Vec<Explained>) -> io::Result<()>;

    /// Keeps what was found of the next accesses, in place of what was kept of them in an earlier walk. Reading may be ahead of it.
    ///
    /// # Errors
    /// When what is kept outside memory cannot be written.
    fn keep(&mut self, explained: &[Explained]) -> io::Result<()>;

    /// Gives each access to `see`.
    ///
    /// # Errors
    /// As [`Trail::next`].
    fn walk(&mut self, see: &mut dyn FnMut(&Access)) -> io::Result<()> {
        let mut batch = Vec::new();
        self.begin();
        loop {
            self.next(&mut batch)?;
            if batch.is_empty() {
                return Ok(());
            }
            batch.iter().for_each(&mut *see);
        }
    }

    /// Gives each access together with what was kept of it.
    ///
    /// # Errors
    /// As [`Trail::next`] and [`Trail::kept`].
    fn walk_explained(&mut self, see: &mut dyn FnMut(&Access, &Explained)) -> io::Result<()> {
        let (mut accesses, mut explained) = (Vec::new(), Vec::new());
        self.begin();
        loop {
            self.next(&mut accesses)?;
            self.kept(&mut explained)?;
            if accesses.is_empty() {
                return Ok(());
            }
            accesses.iter().zip(&explained).for_each(|(access, explained)| see(access, explained));
        }
    }
}

/// Accesses in memory.
#[derive(Debug, Default)]
pub struct InMemory {
    accesses: Vec<Access>,
    explained: Vec<Explained>,
    /// How many were read, read as explained, and kept in this walk.
    read: usize,
    read_explained: usize,
    kept: usize,
}

impl InMemory {
    /// Puts accesses into order.
    pub fn of(mut accesses: Vec<Access>) -> Self {
        accesses.sort_by_key(|access| (access.time.at, access.row));
        Self { accesses, ..Self::default() }
    }

    /// The accesses, in order of time.
    #[cfg(test)]
    pub(crate) fn accesses(&self) -> &[Access] {
        &self.accesses
    }

    /// What was found, in order of rows.
    pub fn explained(&self) -> Vec<Explained> {
        let mut out = self.explained.clone();
        out.sort_by_key(|explained| explained.row);
        out
    }
}

impl Trail for InMemory {
    fn begin(&mut self) {
        (self.read, self.read_explained, self.kept) = (0, 0, 0);
    }

    fn next(&mut self, into: &mut Vec<Access>) -> io::Result<()> {
        take(&self.accesses, &mut self.read, into);
        Ok(())
    }

    fn kept(&mut self, into: &mut Vec<Explained>) -> io::Result<()> {
        take(&self.explained, &mut self.read_explained, into);
        Ok(())
    }

    fn keep(&mut self, explained: &[Explained]) -> io::Result<()> {
        let until = self.kept + explained.len();
        match self.explained.get_mut(self.kept..until) {
            Some(before) => before.copy_from_slice(explained),
            None => self.explained.extend_from_slice(explained),
        }
        self.kept = until;
        Ok(())
    }
}

/// Copies the next batch behind `done`.
fn take<T: Copy>(all: &[T], done: &mut usize, into: &mut Vec<T>) {
    into.clear();
    into.extend(all.iter().skip(*done).take(BATCH));
    *done += into.len();
}
