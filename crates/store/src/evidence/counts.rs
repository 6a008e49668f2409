//! What the evidence holds, added up by site, day and source: what retention decides by. Reads footers, opens no block.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::block::{BlockRow, Day};
use super::segment::{Footer, Placed};
use super::{Evidence, EvidenceError};

/// What is known of a block without opening it.
#[derive(Clone, Copy, Debug)]
pub struct BlockFacts<'b> {
    pub(super) row: &'b BlockRow,
}

impl<'b> BlockFacts<'b> {
    /// Site of its deliveries.
    #[must_use]
    pub fn site(&self) -> &'b str {
        &self.row.group.site
    }

    /// Day on which they were received.
    #[must_use]
    pub fn day(&self) -> Day {
        self.row.group.day
    }

    /// Offset behind its last delivery.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.row.end
    }

    /// Every offset at which a record can stand in it; records of other blocks may stand in between.
    #[must_use]
    pub const fn offsets(&self) -> RangeInclusive<u64> {
        self.row.offsets()
    }

    /// Its sources with the bytes of their deliveries; empty when nobody knows.
    #[must_use]
    pub fn sources(&self) -> &'b [(Arc<str>, u64)] {
        &self.row.sources
    }
}

/// Bytes of one source, or of several that share blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceBytes {
    /// Bytes of deliveries that were received, also of those that left.
    pub received: u64,
    /// Sealed bytes that are there.
    pub sealed: u64,
}

/// What the evidence holds of one site and day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvidenceCounts {
    /// Blocks of one source alone.
    pub own: BTreeMap<Arc<str>, SourceBytes>,
    /// Sealed bytes of blocks that several sources share.
    pub shared_sealed: u64,
    /// Bytes of deliveries in them that were received, by source, also of those that left.
    pub shared_received: BTreeMap<Arc<str>, u64>,
    /// Sealed bytes of blocks of which nobody knows the sources.
    pub unknown_sealed: u64,
    /// First and last offset at which a record that is there can stand; `None` when nothing is.
    pub offsets: Option<(u64, u64)>,
}

impl EvidenceCounts {
    fn add(&mut self, placed: &Placed) {
        let sealed = if placed.removal == 0 { placed.bytes } else { 0 };
        if placed.removal == 0 {
            let (first, last) = self.offsets.unwrap_or((placed.row.first, placed.row.end));
            self.offsets = Some((first.min(placed.row.first), last.max(placed.row.end)));
        }
        match placed.row.sources.as_slice() {
            [] => self.unknown_sealed += sealed,
            [(source, received)] => {
                let own = self.own.entry(Arc::clone(source)).or_default();
                own.received += received;
                own.sealed += sealed;
            }
            several => {
                self.shared_sealed += sealed;
                for (source, received) in several {
                    *self.shared_received.entry(Arc::clone(source)).or_default() += received;
                }
            }
        }
    }
}

/// Counts by site and day.
pub type CountsByDay = BTreeMap<(Arc<str>, Day), EvidenceCounts>;

impl Evidence {
    /// What the files that reach into `offsets` hold, by site and day, of the blocks of which `counts` says so. A file whose footer is damaged is left out; `verify` says
    /// so. Blocks.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn counts(
        &self,
        offsets: RangeInclusive<u64>,
        counts: &dyn Fn(&BlockFacts<'_>) -> bool,
    ) -> Result<CountsByDay, EvidenceError> {
        let segments = self.state().segments.clone();
        let mut days = CountsByDay::new();
        for segment in segments.iter().filter(|one| one.from <= *offsets.end() && *offsets.start() <= one.through) {
            let Some(footer) = Footer::read(&*self.disk.open(&segment.path)?)? else { continue };
            for placed in footer.rows.iter().filter(|placed| counts(&BlockFacts { row: &placed.row })) {
                let group = &placed.row.group;
                days.entry((Arc::clone(&group.site), group.day)).or_default().add(placed);
            }
        }
        Ok(days)
    }
}
