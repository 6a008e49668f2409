//! What leaves: retention by day, and the erasure of one site and day. Blocks go, their digests stay, and a signed line says why.
//!
//! A removal is planned on disk, carried out file by file, and then entered; after a crash the next opening enters what was done.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, PoisonError};

use cordon_model::{Digest, Time};
use cordon_seal::PartsDigest;

use super::block::{BlockRow, Day, Group, SiteDay};
use super::counts::BlockFacts;
use super::ledger::{Ledger, Plan, Removal, RemovalEntry, Sum};
use super::segment::{self, Footer, Segment};
use super::{Evidence, EvidenceError};

/// What left by one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The line of the ledger; `None` when nothing left.
    pub entry: Option<RemovalEntry>,
    /// Keys that were erased with it.
    pub keys: usize,
}

impl Evidence {
    /// Gives up everything received before the day `before`, but every block that holds one of the offsets `keep` (cited by findings, or held). Keys of sites and days
    /// of which nothing is left are erased. `at`, `by` and `reason` go into the ledger; a reason holds no patient data.
    ///
    /// # Errors
    /// When the disk fails or a file is damaged; what had left until then is entered by the next call or opening.
    pub fn prune(
        &self,
        before: Day,
        keep: &BTreeSet<u64>,
        at: Time,
        by: &str,
        reason: &str,
    ) -> Result<Removed, EvidenceError> {
        let kept = |row: &BlockRow| keep.range(row.offsets()).next().is_some();
        let leaves = |row: &BlockRow| row.group.day < before && !kept(row);
        self.remove(at, by, reason, Removal::Before { day: before.0 }, &leaves)
    }

    /// Gives up the blocks received on the days `from` to `to` of which `leaves` says so. Keys of sites and days of which nothing is left are erased. `at`, `by` and
    /// `reason` go into the ledger; a reason holds no patient data.
    ///
    /// # Errors
    /// As for [`Evidence::prune`].
    pub fn remove_chosen(
        &self,
        (from, to): (Day, Day),
        leaves: &dyn Fn(&BlockFacts<'_>) -> bool,
        at: Time,
        by: &str,
        reason: &str,
    ) -> Result<Removed, EvidenceError> {
        let days = from..=to;
        let leaves = |row: &BlockRow| days.contains(&row.group.day) && leaves(&BlockFacts { row });
        self.remove(at, by, reason, Removal::Chosen { from: from.0, to: to.0 }, &leaves)
    }

    /// Erases everything of one site received on one day: first its key, so that no copy of a file can be read any more, then its blocks. Deliveries that the
    /// write-ahead log still holds are not reached.
    ///
    /// # Errors
    /// As for [`Evidence::prune`].
    pub fn erase(&self, site: &str, day: Day, at: Time, by: &str, reason: &str) -> Result<Removed, EvidenceError> {
        self.flush()?;
        let leaves = |row: &BlockRow| *row.group.site == *site && row.group.day == day;
        self.remove(at, by, reason, Removal::SiteDay { site: site.to_owned(), day: day.0 }, &leaves)
    }

    /// The lines of the ledger, each with a valid signature and in the chain.
    ///
    /// # Errors
    /// [`EvidenceError::Ledger`], or when the disk fails.
    pub fn removals(&self) -> Result<Vec<RemovalEntry>, EvidenceError> {
        Ok(Ledger::read(&*self.disk, &self.dir, &self.keys.signing()?)?.entries)
    }

    fn remove(
        &self,
        at: Time,
        by: &str,
        reason: &str,
        what: Removal,
        leaves: &dyn Fn(&BlockRow) -> bool,
    ) -> Result<Removed, EvidenceError> {
        self.settle()?;
        let _one_at_a_time = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.any_leaves(leaves)? {
            return Ok(Removed { entry: None, keys: 0 });
        }
        let ledger = Ledger::read(&*self.disk, &self.dir, &self.keys.signing()?)?;
        let plan = Plan { number: ledger.next(), at: at.0, by: by.to_owned(), reason: reason.to_owned(), what };
        plan.write(&*self.disk, &self.dir)?;
        self.carry_out(plan, leaves)
    }

    /// Finishes or enters a removal that a crash or a fault of the disk cut short.
    pub(super) fn settle(&self) -> Result<(), EvidenceError> {
        let _one_at_a_time = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(plan) = Plan::read(&*self.disk, &self.dir)? else { return Ok(()) };
        let ledger = Ledger::read(&*self.disk, &self.dir, &self.keys.signing()?)?;
        if plan.number < ledger.next() {
            return Plan::remove(&*self.disk, &self.dir);
        }
        tracing::warn!(removal = plan.number, "a removal of evidence was cut short and is entered now");
        match plan.what.clone() {
            // which blocks were to be kept is not known any more: what has not left stays until the next pruning
            Removal::Before { .. } | Removal::Chosen { .. } => self.carry_out(plan, &|_| false)?,
            Removal::SiteDay { site, day } => {
                self.carry_out(plan, &|row| *row.group.site == *site && row.group.day == Day(day))?
            }
        };
        Ok(())
    }

    fn carry_out(&self, plan: Plan, leaves: &dyn Fn(&BlockRow) -> bool) -> Result<Removed, EvidenceError> {
        let mut keys = 0;
        if let Removal::SiteDay { site, day } = &plan.what {
            self.sealer.forget();
            keys += self.keys.erase(&[Group::key_name(site, Day(*day))])?;
        }
        let segments = self.state().segments.clone();
        for segment in &segments {
            self.rewrite(segment, plan.number, leaves)?;
        }
        let (sums, groups) = self.sums()?;
        let none = Sum { blocks: 0, records: 0, plain_bytes: 0, digest: PartsDigest::default().finish() };
        let sum = sums.get(&plan.number).unwrap_or(&none);
        let signing = self.keys.signing()?;
        let ledger = Ledger::read(&*self.disk, &self.dir, &signing)?;
        let before = plan.what.clone();
        let entry = ledger.add(&*self.disk, &self.dir, &signing, plan, sum)?;
        Plan::remove(&*self.disk, &self.dir)?;
        match before {
            Removal::Before { day } => keys += self.erase_unused(Day(day), &groups)?,
            Removal::Chosen { to, .. } => keys += self.erase_unused(Day(to.saturating_add(1)), &groups)?,
            Removal::SiteDay { .. } => {}
        }
        Ok(Removed { entry: Some(entry), keys })
    }

    fn any_leaves(&self, leaves: &dyn Fn(&BlockRow) -> bool) -> Result<bool, EvidenceError> {
        let segments = self.state().segments.clone();
        for segment in &segments {
            let (_, footer) = self.footer(segment)?;
            if footer.rows.iter().any(|placed| placed.removal == 0 && leaves(&placed.row)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn footer(&self, segment: &Segment) -> Result<(Box<dyn crate::disk::DiskFile>, Footer), EvidenceError> {
        let file = self.disk.open(&segment.path)?;
        let footer = Footer::read(&*file)?;
        let footer = footer.ok_or_else(|| EvidenceError::Damaged { segment: segment.name().to_owned() })?;
        Ok((file, footer))
    }

    /// Puts a file without the leaving blocks in place of this one.
    fn rewrite(&self, segment: &Segment, number: u64, leaves: &dyn Fn(&BlockRow) -> bool) -> Result<(), EvidenceError> {
        let (file, mut footer) = self.footer(segment)?;
        let mut staying = Vec::new();
        let mut left = false;
        for placed in &mut footer.rows {
            if placed.removal == 0 && leaves(&placed.row) {
                placed.removal = number;
                left = true;
            } else if placed.removal == 0 {
                staying.push(placed.clone());
            }
        }
        if !left {
            return Ok(());
        }
        // what stays is copied as it is: a damaged block keeps its checksum and shows when it is verified
        let mut staying = staying.iter();
        let copy =
            |_: &segment::Placed| staying.next().map_or(Err(io::ErrorKind::NotFound.into()), |old| old.copy(&*file));
        Ok(segment::publish(&*self.disk, &self.dir, segment, &mut footer, copy)?)
    }

    /// What left by each entry, and the sites and days of which a block is left.
    pub(super) fn sums(&self) -> Result<Tallied, EvidenceError> {
        let segments = self.state().segments.clone();
        let mut tally = Tally::default();
        for segment in &segments {
            let (_, footer) = self.footer(segment)?;
            tally.add(segment, &footer);
        }
        Ok(tally.finish())
    }

    fn erase_unused(&self, before: Day, groups: &BTreeSet<SiteDay>) -> Result<usize, EvidenceError> {
        let waiting: BTreeSet<_> = {
            let state = self.state();
            let groups = state.waiting.iter().map(|block| &block.row.group);
            groups.map(|group| Group::key_name(&group.site, group.day)).collect()
        };
        let used: BTreeSet<String> = groups.iter().map(|(site, day)| Group::key_name(site, *day)).collect();
        let before = before.to_string();
        let unused = self.keys.names("evidence/").into_iter().filter(|name| {
            let day = name.rsplit('/').next().unwrap_or_default();
            day < before.as_str() && !used.contains(name) && !waiting.contains(name)
        });
        let unused: Vec<String> = unused.collect();
        if unused.is_empty() {
            return Ok(0);
        }
        self.sealer.forget();
        Ok(self.keys.erase(&unused)?)
    }
}

/// What left by each entry, and the sites and days of which a block is left.
type Tallied = (BTreeMap<u64, Sum>, BTreeSet<SiteDay>);

/// Adds up what left, file by file.
#[derive(Debug, Default)]
pub(super) struct Tally {
    sums: BTreeMap<u64, (Sum, PartsDigest)>,
    groups: BTreeSet<SiteDay>,
}

impl Tally {
    pub(super) fn add(&mut self, segment: &Segment, footer: &Footer) {
        for placed in &footer.rows {
            let row = &placed.row;
            if placed.removal == 0 {
                self.groups.insert((Arc::clone(&row.group.site), row.group.day));
                continue;
            }
            let empty = Sum { blocks: 0, records: 0, plain_bytes: 0, digest: Digest([0; 32]) };
            let (sum, parts) = self.sums.entry(placed.removal).or_insert_with(|| (empty, PartsDigest::default()));
            sum.blocks += 1;
            sum.records += row.records;
            sum.plain_bytes += row.plain_bytes;
            parts.part(&segment.from.to_be_bytes());
            parts.part(&row.digest.0);
        }
    }

    pub(super) fn finish(self) -> Tallied {
        let sums = self.sums.into_iter().map(|(number, (sum, parts))| (number, Sum { digest: parts.finish(), ..sum }));
        (sums.collect(), self.groups)
    }
}
