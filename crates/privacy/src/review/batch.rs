//! Accesses on their way through a walk, with what was found of them.

use std::io;

use crate::explain::Explained;
use crate::form::Access;
use crate::scenario::Seen;
use crate::trail::Trail;

/// The next accesses of a walk, each beside what was found of it.
#[derive(Default)]
pub(super) struct Batch {
    pub accesses: Vec<Access>,
    pub explained: Vec<Explained>,
}

impl Batch {
    /// Reads the next accesses, and what an earlier walk kept of them.
    pub(super) fn read(&mut self, trail: &mut dyn Trail) -> io::Result<()> {
        trail.next(&mut self.accesses)?;
        trail.kept(&mut self.explained)
    }

    /// Each access with what was found of it.
    pub(super) fn each(&self) -> impl Iterator<Item = Seen<'_>> {
        self.accesses.iter().zip(&self.explained).map(|(access, explained)| Seen { access, explained })
    }
}
