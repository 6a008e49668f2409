//! The accesses as a walk in order of time, wherever they are kept.

use std::io;

use crate::explain::Explained;
use crate::form::Access;

/// Accesses in order of time, which can be walked more than once.
pub trait Trail {
    /// Gives each access to `see`, the earliest first; of one moment the one with the lower row first.
    ///
    /// # Errors
    /// When what is kept outside memory cannot be read.
    fn walk(&mut self, see: &mut dyn FnMut(&Access)) -> io::Result<()>;

    /// Walks once and keeps what `explain` says of each access, for [`Trail::walk_explained`].
    ///
    /// # Errors
    /// When what is kept outside memory cannot be read or written.
    fn explain(&mut self, explain: &mut dyn FnMut(&Access) -> Explained) -> io::Result<()>;

    /// Gives each access together with what [`Trail::explain`] kept of it, in the order of the walk.
    ///
    /// # Errors
    /// When what is kept outside memory cannot be read.
    fn walk_explained(&mut self, see: &mut dyn FnMut(&Access, &Explained)) -> io::Result<()>;
}

/// Accesses in memory.
#[derive(Debug, Default)]
pub struct InMemory {
    accesses: Vec<Access>,
    explained: Vec<Explained>,
}

impl InMemory {
    /// Puts accesses into order.
    pub fn of(mut accesses: Vec<Access>) -> Self {
        accesses.sort_by_key(|access| (access.time.at, access.row));
        Self { accesses, explained: Vec::new() }
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
    fn walk(&mut self, see: &mut dyn FnMut(&Access)) -> io::Result<()> {
        self.accesses.iter().for_each(see);
        Ok(())
    }

    fn explain(&mut self, explain: &mut dyn FnMut(&Access) -> Explained) -> io::Result<()> {
        self.explained = self.accesses.iter().map(explain).collect();
        Ok(())
    }

    fn walk_explained(&mut self, see: &mut dyn FnMut(&Access, &Explained)) -> io::Result<()> {
        self.accesses.iter().zip(&self.explained).for_each(|(access, explained)| see(access, explained));
        Ok(())
    }
}
