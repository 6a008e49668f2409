//! What holds and findings keep of one day: asked of the store before anything of the day leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use cordon_model::Time;
use cordon_store::evidence::BlockFacts;
use cordon_store::query::HeldRow;
use cordon_store::query::filter::Filter;
use cordon_store::state::Hold;
use cordon_store::tables::Family;

use super::plan::Origin;
use super::stock::{Inventory, class_of};
use super::{DataClass, Retention, RetentionError};

/// Most events of one day that one hold picks out; a hold on more keeps the whole day.
const HELD_MAX: usize = 500_000;
/// How long the query of a hold over one day may take.
const QUERY_MAX: Duration = Duration::from_secs(600);

/// What stays of a day.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    /// Nothing of the day leaves: a hold picks out too much of it, or cannot be asked.
    pub(super) is_whole_day: bool,
    /// Offsets that stay, with the source of their record.
    pub(super) places: BTreeMap<u64, Arc<str>>,
    /// How many of them each lot has, as far as it is known.
    rows: BTreeMap<(Origin, DataClass), u64>,
}

impl Held {
    /// Whether a block of evidence stays.
    pub(super) fn holds(&self, block: &BlockFacts<'_>) -> bool {
        let is_of =
            |source: &Arc<str>| block.sources().is_empty() || block.sources().iter().any(|(one, _)| one == source);
        self.is_whole_day || self.places.range(block.offsets()).any(|(_, source)| is_of(source))
    }

    /// Offsets of rows that stay.
    pub(super) fn positions(&self) -> Arc<BTreeSet<u64>> {
        Arc::new(self.places.keys().copied().collect())
    }

    fn add(&mut self, row: HeldRow) {
        let class = class_of(Family::of_class(row.class_uid));
        let origin = Origin { site: row.site, source: Arc::clone(&row.source) };
        if self.places.insert(row.position, row.source).is_none() {
            *self.rows.entry((origin, class)).or_default() += 1;
        }
    }
}

impl Retention {
    /// What of a day stays whatever is decided.
    pub(super) async fn held(
        &self,
        day: i64,
        offsets: Option<(u64, u64)>,
        holds: &[Hold],
        cited_since: Time,
    ) -> Result<Held, RetentionError> {
        let mut held = Held::default();
        for hold in holds {
            if !self.add_hold(&mut held, day, hold).await {
                held.is_whole_day = true;
                return Ok(held);
            }
        }
        let Some((first, last)) = offsets else { return Ok(held) };
        match self.parts.state.cited(first..last.saturating_add(1), cited_since).await? {
            Some(cited) => held.places.extend(cited),
            None => held.is_whole_day = true,
        }
        Ok(held)
    }

    /// Adds what a hold picks out of a day; false when the whole day has to stay. A hold that cannot be asked holds everything.
    async fn add_hold(&self, held: &mut Held, day: i64, hold: &Hold) -> bool {
        let number = hold.hold_id;
        let Ok(filter) = Filter::parse(&hold.hold.query) else {
            tracing::error!(
                hold = number,
                "a legal hold does not read any more: nothing leaves before it is put right"
            );
            return false;
        };
        let Ok(day) = i32::try_from(day) else { return false };
        let site = hold.hold.site.as_deref();
        match self.queries.held(&filter, hold.created, site, day, HELD_MAX, QUERY_MAX).await {
            Ok(Some(rows)) => rows.into_iter().for_each(|row| held.add(row)),
            Ok(None) => return false,
            Err(error) => {
                tracing::error!(hold = number, error = %error, "a legal hold cannot be asked: nothing of the day leaves");
                return false;
            }
        }
        true
    }

    /// First and last offset of what is there of a day; of other days may lie in between.
    pub(super) fn offsets_of(&self, inventory: &Inventory, day: i64) -> Option<(u64, u64)> {
        let days = self.parts.tables.days();
        let of_tables = days.iter().filter(|one| i64::from(one.day) == day).map(|one| one.offsets);
        let both = of_tables.chain(inventory.offsets.get(&day).copied());
        both.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
    }

    /// Tells the plan what of a day stays.
    pub(super) async fn apply(
        &self,
        inventory: &mut Inventory,
        day: i64,
        offsets: Option<(u64, u64)>,
        held: &Held,
    ) -> Result<(), RetentionError> {
        if held.is_whole_day {
            inventory.hold_day(day);
            return Ok(());
        }
        for ((origin, class), rows) in &held.rows {
            inventory.hold_rows(day, origin.clone(), *class, *rows);
        }
        let Some((first, last)) = offsets.filter(|_| !held.places.is_empty()) else { return Ok(()) };
        let (evidence, held) = (Arc::clone(&self.parts.evidence), held.clone());
        let stays = move |block: &BlockFacts<'_>| block.day().0 == day && held.holds(block);
        let kept = tokio::task::spawn_blocking(move || evidence.counts(first..=last, &stays));
        let kept = kept.await.map_err(|_| RetentionError::GivenUp)??;
        inventory.hold_evidence(&kept);
        Ok(())
    }
}
