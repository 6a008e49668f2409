//! What there is, as the plan takes it: lots out of rows and receipts, bundles out of evidence. Pure: the store was asked before.

use std::collections::BTreeMap;
use std::sync::Arc;

use cordon_store::evidence::{CountsByDay, EvidenceCounts};
use cordon_store::tables::{Family, SourceRows};

use super::plan::{Bundle, Lot, Origin, Stock};
use crate::config::DataClass;

/// Days that the usual volume of a source is taken from.
const USUAL_DAYS: i64 = 28;
/// A source that is younger, in days, and was not there from the start is a newcomer.
const NEW_DAYS: i64 = 14;
/// All newcomers together are entitled to this part of what all others usually send.
const NEWCOMERS_PART: u64 = 10;

/// The class of data of a table.
pub(super) fn class_of(family: Family) -> DataClass {
    match family.name() {
        "record_access" | "clinical" => DataClass::Health,
        "identity" => DataClass::Identity,
        "process" | "file" | "system" => DataClass::System,
        "network" | "dns" => DataClass::Network,
        "web" => DataClass::Application,
        _ => DataClass::Other,
    }
}

/// Name of a class of data, as in the settings.
pub(super) const fn class_name(class: DataClass) -> &'static str {
    match class {
        DataClass::Health => "health",
        DataClass::Identity => "identity",
        DataClass::System => "system",
        DataClass::Network => "network",
        DataClass::Application => "application",
        DataClass::Other => "other",
    }
}

/// Evidence of one site and day that leaves together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Share {
    /// Blocks of one source alone.
    Own(Arc<str>),
    /// Blocks that several sources share.
    Shared,
    /// Blocks of which nobody knows the sources.
    Unknown,
}

/// Everything there is, with the names of its lots and bundles.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    pub(super) stock: Stock,
    pub(super) lots: BTreeMap<(i64, Origin, DataClass), usize>,
    /// Rows of each lot.
    pub(super) rows: Vec<u64>,
    pub(super) bundles: BTreeMap<(i64, Arc<str>, Share), usize>,
    /// First and last offset of the evidence of each day.
    pub(super) offsets: BTreeMap<i64, (u64, u64)>,
}

impl Inventory {
    /// Puts together what tables and evidence hold; `fixed` bytes are neither's.
    pub(super) fn new(rows: &[SourceRows], evidence: &CountsByDay, fixed: u64, today: i64) -> Self {
        let mut inventory = Self::default();
        inventory.stock.fixed = fixed;
        for of in rows {
            let origin = Origin { site: Arc::clone(&of.site), source: Arc::clone(&of.source) };
            let lot = inventory.lot(i64::from(of.day), origin, class_of(of.family));
            if let (Some(known), Some(counted)) = (inventory.stock.lots.get_mut(lot), inventory.rows.get_mut(lot)) {
                known.bytes += of.bytes;
                *counted += of.rows;
            }
        }
        for ((site, day), counts) in evidence {
            inventory.add_evidence(site, day.0, counts);
            let known = inventory.offsets.get(&day.0).copied();
            let both = known.into_iter().chain(counts.offsets);
            let both = both.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
            inventory.offsets.extend(both.map(|offsets| (day.0, offsets)));
        }
        let received = received(evidence);
        inventory.set_volumes(&received);
        inventory.stock.days = received.keys().map(|(_, day)| *day).collect();
        let (usual, newcomers) = usual(&received, today);
        (inventory.stock.usual, inventory.stock.usual_of_newcomers) = (usual, newcomers);
        inventory
    }

    fn lot(&mut self, day: i64, origin: Origin, class: DataClass) -> usize {
        let next = self.stock.lots.len();
        let number = *self.lots.entry((day, origin.clone(), class)).or_insert(next);
        if number == next {
            self.stock.lots.push(Lot { origin, day, class, volume: 0, bytes: 0, kept: 0 });
            self.rows.push(0);
        }
        number
    }

    /// Numbers of the lots of a source on a day.
    pub(super) fn lots_of(&self, day: i64, origin: &Origin) -> Vec<usize> {
        let (from, to) = ((day, origin.clone(), DataClass::Health), (day, origin.clone(), DataClass::Other));
        self.lots.range(from..=to).map(|(_, number)| *number).collect()
    }

    /// The lots of a source on a day; one without rows when there is none.
    fn some_lots_of(&mut self, day: i64, origin: &Origin) -> Vec<usize> {
        let lots = self.lots_of(day, origin);
        if lots.is_empty() { vec![self.lot(day, origin.clone(), DataClass::Other)] } else { lots }
    }

    fn add_evidence(&mut self, site: &Arc<str>, day: i64, counts: &EvidenceCounts) {
        let origin = |source: &Arc<str>| Origin { site: Arc::clone(site), source: Arc::clone(source) };
        for (source, bytes) in counts.own.iter().filter(|(_, bytes)| bytes.sealed > 0) {
            let lots = self.some_lots_of(day, &origin(source));
            self.bundle((day, Arc::clone(site), Share::Own(Arc::clone(source))), lots, bytes.sealed);
        }
        if counts.shared_sealed > 0 {
            let mut lots = Vec::new();
            for source in counts.shared_received.keys() {
                lots.extend(self.some_lots_of(day, &origin(source)));
            }
            self.bundle((day, Arc::clone(site), Share::Shared), lots, counts.shared_sealed);
        }
        if counts.unknown_sealed > 0 {
            let of_site = |(of_day, origin, _): &(i64, Origin, DataClass)| *of_day == day && origin.site == *site;
            let mut lots: Vec<usize> =
                self.lots.iter().filter(|(key, _)| of_site(key)).map(|(_, number)| *number).collect();
            if lots.is_empty() {
                lots = self.some_lots_of(day, &origin(&"".into()));
            }
            self.bundle((day, Arc::clone(site), Share::Unknown), lots, counts.unknown_sealed);
        }
    }

    fn bundle(&mut self, key: (i64, Arc<str>, Share), lots: Vec<usize>, bytes: u64) {
        self.bundles.insert(key, self.stock.bundles.len());
        self.stock.bundles.push(Bundle { lots, bytes, kept: 0 });
    }

    /// What was received of a source on a day goes to its lots by their rows.
    fn set_volumes(&mut self, received: &BTreeMap<(Origin, i64), u64>) {
        let mut bytes_of: BTreeMap<(Origin, i64), u64> = BTreeMap::new();
        for lot in &self.stock.lots {
            *bytes_of.entry((lot.origin.clone(), lot.day)).or_default() += lot.bytes.max(1);
        }
        for lot in &mut self.stock.lots {
            let key = (lot.origin.clone(), lot.day);
            let all = bytes_of.get(&key).copied().unwrap_or(1);
            // evidence that waits in memory was not counted yet: rows stand for it
            let volume = received.get(&key).copied().unwrap_or(all);
            let part = u128::from(volume) * u128::from(lot.bytes.max(1)) / u128::from(all.max(1));
            lot.volume = u64::try_from(part).unwrap_or(volume);
        }
    }

    /// Nothing of a day may leave.
    pub(super) fn hold_day(&mut self, day: i64) {
        let stock = &mut self.stock;
        for lot in stock.lots.iter_mut().filter(|lot| lot.day == day) {
            lot.kept = lot.bytes;
        }
        for ((of, _, _), number) in &self.bundles {
            let bundle = stock.bundles.get_mut(*number).filter(|_| *of == day);
            bundle.into_iter().for_each(|bundle| bundle.kept = bundle.bytes);
        }
    }

    /// So many rows of a lot are held.
    pub(super) fn hold_rows(&mut self, day: i64, origin: Origin, class: DataClass, held: u64) {
        let Some(number) = self.lots.get(&(day, origin, class)).copied() else { return };
        let (Some(lot), Some(rows)) = (self.stock.lots.get_mut(number), self.rows.get(number)) else { return };
        let part = u128::from(lot.bytes) * u128::from(held) / u128::from((*rows).max(1));
        lot.kept = u64::try_from(part).unwrap_or(lot.bytes).clamp(lot.kept, lot.bytes);
    }

    /// So much of the evidence of a day is held or cited.
    pub(super) fn hold_evidence(&mut self, kept: &CountsByDay) {
        for ((site, day), counts) in kept {
            let own = counts.own.iter().map(|(source, bytes)| (Share::Own(Arc::clone(source)), bytes.sealed));
            let others = [(Share::Shared, counts.shared_sealed), (Share::Unknown, counts.unknown_sealed)];
            for (share, bytes) in own.chain(others) {
                self.hold_bundle(&(day.0, Arc::clone(site), share), bytes);
            }
        }
    }

    fn hold_bundle(&mut self, of: &(i64, Arc<str>, Share), bytes: u64) {
        let bundle = self.bundles.get(of).and_then(|number| self.stock.bundles.get_mut(*number));
        bundle.into_iter().for_each(|bundle| bundle.kept = bytes.clamp(bundle.kept, bundle.bytes));
    }
}

/// Bytes as received of every source on every day, also of what left.
fn received(evidence: &CountsByDay) -> BTreeMap<(Origin, i64), u64> {
    let mut received: BTreeMap<(Origin, i64), u64> = BTreeMap::new();
    for ((site, day), counts) in evidence {
        let own = counts.own.iter().map(|(source, bytes)| (source, bytes.received));
        for (source, bytes) in own.chain(counts.shared_received.iter().map(|(source, bytes)| (source, *bytes))) {
            let origin = Origin { site: Arc::clone(site), source: Arc::clone(source) };
            *received.entry((origin, day.0)).or_default() += bytes;
        }
    }
    received
}

/// What each source usually sends in a day, and what all newcomers together are entitled to.
///
/// Usual is the median of the days of the last four weeks on which it sent anything, times their part of all of these days: one flood does not change it.
fn usual(received: &BTreeMap<(Origin, i64), u64>, today: i64) -> (BTreeMap<Origin, u64>, u64) {
    let mut days_of: BTreeMap<&Origin, BTreeMap<i64, u64>> = BTreeMap::new();
    for ((origin, day), bytes) in received {
        days_of.entry(origin).or_default().insert(*day, *bytes);
    }
    let start = received.keys().map(|(_, day)| *day).min().unwrap_or(today);
    let mut usual = BTreeMap::new();
    for (origin, days) in days_of {
        let first = days.keys().next().copied().unwrap_or(today);
        if first < start + NEW_DAYS || first <= today - NEW_DAYS {
            usual.insert(origin.clone(), usual_of(&days, first, today));
        }
    }
    let newcomers = usual.values().sum::<u64>() / NEWCOMERS_PART;
    (usual, newcomers.max(1))
}

fn usual_of(days: &BTreeMap<i64, u64>, first: i64, today: i64) -> u64 {
    let from = first.max(today - USUAL_DAYS);
    let mut bytes: Vec<u64> = days.range(from..today).map(|(_, bytes)| *bytes).filter(|bytes| *bytes > 0).collect();
    bytes.sort_unstable();
    let Some(median) = bytes.get(bytes.len().saturating_sub(1) / 2) else {
        // silent for four weeks, or of today alone
        let before = days.range(..today).map(|(_, bytes)| *bytes).max();
        return before.or_else(|| days.values().copied().max()).unwrap_or_default();
    };
    let all = u64::try_from(today - from).unwrap_or(1).max(1);
    let part = u128::from(*median) * bytes.len() as u128 / u128::from(all);
    u64::try_from(part).unwrap_or(*median).max(1)
}
