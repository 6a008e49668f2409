//! The plan carried out: rows leave the event tables, blocks the evidence; ledger and audit say what left and why.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cordon_model::Time;
use cordon_store::evidence::{BlockFacts, Day};
use cordon_store::state::{AuditEntry, By, Hold};
use cordon_store::tables::{RowsLeaving, SiteSource};

use super::held::Held;
use super::plan::{Origin, Plan, Why};
use super::stock::{Inventory, Share, class_of};
use super::{DataClass, Left, Retention, RetentionError, Settings, count};

/// Who asks for removals.
const BY: &str = "retention";

type LotKey = (i64, Origin, DataClass);
type BundleKey = (i64, Arc<str>, Share);

/// What was to leave and is still there: everything of it is held. It is not tried again before something changes.
#[derive(Debug, Default)]
pub(super) struct Tried {
    today: i64,
    holds: Vec<i64>,
    settings: Option<Settings>,
    /// Rows that were left when it was next looked at.
    lots: BTreeMap<LotKey, Option<u64>>,
    /// Bytes.
    bundles: BTreeMap<BundleKey, Option<u64>>,
}

impl Tried {
    /// Takes what was tried before and did not leave for held. A new day, hold, setting or row is a reason to try again.
    pub(super) fn settle(&mut self, inventory: &mut Inventory, today: i64, holds: &[Hold], settings: &Settings) {
        let holds: Vec<i64> = holds.iter().map(|hold| hold.hold_id).collect();
        if self.today != today || self.holds != holds || self.settings.as_ref() != Some(settings) {
            *self = Self { today, holds, settings: Some(settings.clone()), ..Self::default() };
        }
        let Inventory { stock, lots, rows, bundles, .. } = inventory;
        self.lots.retain(|key, left| {
            let Some(number) = lots.get(key) else { return false };
            let (Some(lot), Some(rows)) = (stock.lots.get_mut(*number), rows.get(*number)) else { return false };
            let is_same = *left.get_or_insert(*rows) == *rows;
            lot.kept = if is_same { lot.bytes } else { lot.kept };
            is_same
        });
        self.bundles.retain(|key, left| {
            let Some(bundle) = bundles.get(key).and_then(|number| stock.bundles.get_mut(*number)) else { return false };
            let is_same = *left.get_or_insert(bundle.bytes) == bundle.bytes;
            bundle.kept = if is_same { bundle.bytes } else { bundle.kept };
            is_same
        });
    }

    fn note(&mut self, inventory: &Inventory, leaving: &BTreeSet<usize>) {
        let lots = inventory.lots.iter().filter(|(_, number)| leaving.contains(number));
        self.lots.extend(lots.map(|(key, _)| (key.clone(), None)));
        let all_leave = |number: &usize| {
            let bundle = inventory.stock.bundles.get(*number);
            bundle.is_some_and(|bundle| bundle.lots.iter().all(|lot| leaving.contains(lot)))
        };
        let bundles = inventory.bundles.iter().filter(|(_, number)| all_leave(number));
        self.bundles.extend(bundles.map(|(key, _)| (key.clone(), None)));
    }
}

impl Retention {
    /// Carries a plan out. Nothing at or beyond `through` leaves: nobody has asked of it whether it is held.
    pub(super) async fn carry_out(
        &mut self,
        inventory: &Inventory,
        plan: &Plan,
        held: &BTreeMap<i64, Held>,
        through: u64,
        now: Time,
    ) -> Result<Left, RetentionError> {
        if plan.leaving.is_empty() {
            return Ok(Left::default());
        }
        let leaving: BTreeSet<usize> = plan.leaving.iter().map(|(number, _)| *number).collect();
        let mut left = self.remove_rows(inventory, &leaving, held, through).await?;
        let evidence = self.remove_evidence(inventory, plan, held, through, now).await?;
        left.records = evidence.records;
        left.bytes += evidence.bytes;
        self.tried.note(inventory, &leaving);
        if left != Left::default() {
            let days: Vec<i64> = plan.days(&inventory.stock).collect();
            let (first, last) = (days.iter().min().copied(), days.iter().max().copied());
            let text = |day: Option<i64>| day.map(|day| Day(day).to_string()).unwrap_or_default();
            let (from, to) = (text(first), text(last));
            tracing::info!(from, to, left.events, left.records, left.bytes, why = plan.why(), "what is old left");
            let detail = serde_json::json!({
                "from": from, "to": to, "events": left.events, "records": left.records, "bytes": left.bytes, "why": plan.why(),
            });
            self.parts.state.audit(&By::node(now), &AuditEntry::new("data_removed", "store", BY, detail)).await?;
            count(&self.parts.room, left);
        }
        Ok(left)
    }

    async fn remove_rows(
        &self,
        inventory: &Inventory,
        leaving: &BTreeSet<usize>,
        held: &BTreeMap<i64, Held>,
        through: u64,
    ) -> Result<Left, RetentionError> {
        let mut sources: BTreeMap<(i64, DataClass), BTreeSet<SiteSource>> = BTreeMap::new();
        for ((day, origin, class), _) in inventory.lots.iter().filter(|(_, number)| leaving.contains(number)) {
            let source = (Arc::clone(&origin.site), Arc::clone(&origin.source));
            sources.entry((*day, *class)).or_default().insert(source);
        }
        let mut left = Left::default();
        for of in self.parts.tables.days() {
            let day = i64::from(of.day);
            let Some(sources) = sources.get(&(day, class_of(of.family))) else { continue };
            let Some(held) = held.get(&day).filter(|held| !held.is_whole_day) else { continue };
            let which = RowsLeaving { sources: sources.clone(), keep: held.positions(), through };
            let rows = self.parts.tables.remove_rows(of.family, of.day, &which).await?;
            left.events += rows.rows;
            left.bytes += rows.bytes;
        }
        Ok(left)
    }

    async fn remove_evidence(
        &self,
        inventory: &Inventory,
        plan: &Plan,
        held: &BTreeMap<i64, Held>,
        through: u64,
        now: Time,
    ) -> Result<Left, RetentionError> {
        let Some((first, last)) = held.keys().next().copied().zip(held.keys().next_back().copied()) else {
            return Ok(Left::default());
        };
        let gone = Gone::new(inventory, plan, held.clone(), through);
        let (evidence, reason) = (Arc::clone(&self.parts.evidence), plan.why());
        let work = tokio::task::spawn_blocking(move || {
            let before = evidence.bytes()?;
            let leaves = |block: &BlockFacts<'_>| gone.leaves(block);
            let removed = evidence.remove_chosen((Day(first), Day(last)), &leaves, now, BY, reason)?;
            let records = removed.entry.map_or(0, |entry| entry.records);
            // a flush in between can only make this less
            let bytes = if records > 0 { before.saturating_sub(evidence.bytes()?) } else { 0 };
            Ok(Left { events: 0, records, bytes })
        });
        work.await.map_err(|_| RetentionError::GivenUp)?
    }
}

/// Which blocks leave.
struct Gone {
    /// Sources of a day of which every lot leaves.
    origins: BTreeSet<(i64, Origin)>,
    /// Sites of a day of which something stays.
    staying: BTreeSet<(i64, Arc<str>)>,
    held: BTreeMap<i64, Held>,
    through: u64,
}

impl Gone {
    fn new(inventory: &Inventory, plan: &Plan, held: BTreeMap<i64, Held>, through: u64) -> Self {
        let leaving: BTreeSet<usize> = plan.leaving.iter().map(|(number, _)| *number).collect();
        let mut leave: BTreeMap<(i64, Origin), bool> = BTreeMap::new();
        for ((day, origin, _), number) in &inventory.lots {
            *leave.entry((*day, origin.clone())).or_insert(true) &= leaving.contains(number);
        }
        let staying = leave.iter().filter(|(_, leaves)| !**leaves);
        let staying = staying.map(|((day, origin), _)| (*day, Arc::clone(&origin.site))).collect();
        let origins = leave.into_iter().filter(|(_, leaves)| *leaves).map(|(of, _)| of).collect();
        Self { origins, staying, held, through }
    }

    fn leaves(&self, block: &BlockFacts<'_>) -> bool {
        let day = block.day().0;
        let Some(held) = self.held.get(&day) else { return false };
        let site: Arc<str> = block.site().into();
        let is_gone = |source: &Arc<str>| {
            self.origins.contains(&(day, Origin { site: Arc::clone(&site), source: Arc::clone(source) }))
        };
        let all_gone = match block.sources() {
            [] => !self.staying.contains(&(day, Arc::clone(&site))),
            sources => sources.iter().all(|(source, _)| is_gone(source)),
        };
        all_gone && block.end() <= self.through && !held.holds(block)
    }
}

impl Plan {
    /// In words, for ledger and audit.
    pub(super) fn why(&self) -> &'static str {
        let any = |wanted: Why| self.leaving.iter().any(|(_, why)| *why == wanted);
        match (any(Why::Age), any(Why::Room)) {
            (true, true) => "older than anything is kept, and no room",
            (true, false) => "older than anything is kept",
            _ => "no room in the budget",
        }
    }
}
