//! Retention: looks at what there is, decides what leaves, and lets it leave. Beside the street: it only ever removes, and intake never waits for it.
//!
//! `plan` decides, `stock` puts together what the store counted, `held` asks what holds and findings keep, `room` tells the rest of the node, `alarm` tells people.
//! Rules and order: `docs/specs/retention.md`.

mod alarm;
mod held;
mod plan;
#[cfg(test)]
mod plan_tests;
mod remove;
mod room;
mod stock;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cordon_model::Time;
use cordon_store::backup::FROZEN;
use cordon_store::disk::{Disk, FileDisk};
use cordon_store::evidence::{CountsByDay, EvidenceError};
use cordon_store::query::{Queries, QueryError, QueryOptions};
use cordon_store::state::{Hold, PurgeBefore, StateError};
use cordon_store::tables::TablesError;
use tokio_util::sync::CancellationToken;

pub use room::{Room, Standing};

use self::held::Held;
use self::plan::{Plan, Quota, Stock, Terms, Why};
use self::remove::Tried;
use self::stock::{Inventory, class_of};
use super::node::Parts;
use crate::config::{DataClass, Retention as Settings};

/// How often everything is looked at.
const ROUND_EVERY: Duration = Duration::from_secs(300);
/// How often the free bytes of the file system are.
const FREE_EVERY: Duration = Duration::from_secs(5);
/// Free bytes that are kept in reserve, at least.
const RESERVE_BYTES_MIN: u64 = 1 << 30;
/// At most this part of the file system.
const RESERVE_PART: u64 = 20;
/// Days that one round removes from at most; others wait for the next.
const DAYS_MAX: usize = 64;
/// Days for which ended jobs and mutes stay.
const ENDED_DAYS: u64 = 90;
/// Days whose growth says when the budget is full.
const PACE_DAYS: i64 = 7;
/// Once room was made, the budget counts as full as long as less than this part of it is free.
const TURNS_PART: u64 = 10;
/// Memory of the queries of holds.
const QUERY_BYTES: usize = 64 << 20;

/// What keeps retention from doing its work. It is tried again with the next round.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// The event tables.
    #[error(transparent)]
    Tables(#[from] TablesError),
    /// The evidence.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The state.
    #[error(transparent)]
    State(#[from] StateError),
    /// The queries of holds.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The disk.
    #[error("the data folder: {0}")]
    Disk(#[from] std::io::Error),
    /// Work on another thread did not end.
    #[error("retention was given up")]
    GivenUp,
}

/// What left in one round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Events of the event tables.
    pub events: u64,
    /// RawRecords of the evidence.
    pub records: u64,
    /// Bytes that became free.
    pub bytes: u64,
}

/// The settings in force, asked anew in each round.
pub type SettingsNow = Arc<dyn Fn() -> Settings + Send + Sync>;

/// Looks after the disk of one node.
pub struct Retention {
    parts: Arc<Parts>,
    queries: Queries,
    site: Arc<str>,
    settings: SettingsNow,
    tried: Tried,
    /// Whether room was made in an earlier round.
    was_full: bool,
}

impl std::fmt::Debug for Retention {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Retention").field("site", &self.site).finish_non_exhaustive()
    }
}

impl Retention {
    /// Over the parts of a node.
    ///
    /// # Errors
    /// When the threads of its queries cannot be made.
    pub(super) fn new(parts: Arc<Parts>, site: Arc<str>, settings: SettingsNow) -> Result<Self, RetentionError> {
        let options = QueryOptions {
            memory_bytes_max: QUERY_BYTES,
            threads: 1,
            queries_max: 1,
            ..QueryOptions::spilling_to(parts.data_dir.join("spill"))
        };
        let queries = Queries::new(parts.tables.clone(), options)?;
        Ok(Self { parts, queries, site, settings, tried: Tried::default(), was_full: false })
    }

    /// Until `stop`: a round now and then, and the free bytes all the time. A round that is cut short is taken up by the next start: each of its steps stands by itself.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let (parts, site) = (Arc::clone(&self.parts), Arc::clone(&self.site));
        tokio::select! {
            () = stop.cancelled() => {}
            () = watch_free(&parts, &site) => {}
            () = self.keep_room() => {}
        }
    }

    async fn keep_room(&mut self) {
        let mut rounds = tokio::time::interval(ROUND_EVERY);
        loop {
            rounds.tick().await;
            if let Err(error) = self.round().await {
                tracing::error!(error = %error, cause = ?error, "what is old cannot be removed; trying again");
            }
        }
    }

    /// Looks at everything once, lets leave what has to, and says how it stands.
    ///
    /// # Errors
    /// What keeps it from its work; health says so too.
    pub async fn round(&mut self) -> Result<Left, RetentionError> {
        let outcome = self.try_round().await;
        if let Err(error) = &outcome {
            let standing = Standing { fault: error.to_string(), ..self.parts.room.standing() };
            self.parts.room.set(standing);
        }
        tell(&self.parts, &self.site).await;
        outcome
    }

    async fn try_round(&mut self) -> Result<Left, RetentionError> {
        let settings = (self.settings)();
        let (now, through) = (self.parts.clock.now(), self.parts.tables.through());
        let today = now.as_seconds().div_euclid(86_400);
        let holds = self.parts.state.holds(false).await?;
        let mut inventory = self.look(today).await?;
        self.tried.settle(&mut inventory, today, &holds, &settings);
        let terms = self.terms(&settings, inventory.stock.bytes()).await?;
        // findings received from here on protect what they cite
        let cited_since = behind(&inventory.stock, today, settings.cited_days_min);
        let (plan, held) = self.decide(&mut inventory, &terms, today, &holds, cited_since).await?;
        let left = self.carry_out(&inventory, &plan, &held, through, now).await?;
        if self.parts.room.is_at_reserve() {
            // files that left stay for readers that began before; now room is needed more
            self.parts.tables.vacuum(ROUND_EVERY).await?;
        }
        self.purge_state(&inventory.stock, today, &settings).await?;
        let has_room = plan.bytes_before < terms.budget - terms.budget / TURNS_PART;
        self.was_full = plan.leaving.iter().any(|(_, why)| *why == Why::Room) || (self.was_full && !has_room);
        let overdue = holds.iter().filter(|hold| hold.hold.review <= now).count() as u64;
        self.note(&inventory, &terms, &plan, (today, left), overdue);
        Ok(left)
    }

    /// What there is.
    async fn look(&self, today: i64) -> Result<Inventory, RetentionError> {
        let rows = self.parts.tables.sources().await?;
        let (evidence, data_dir) = (Arc::clone(&self.parts.evidence), self.parts.data_dir.clone());
        let look = move || -> Result<(CountsByDay, u64), RetentionError> {
            let counts = evidence.counts(0..=u64::MAX, &|_| true)?;
            let sealed: u64 = counts.values().map(sealed).sum();
            let beside = evidence.bytes()?.saturating_sub(sealed);
            Ok((counts, beside + bytes_beside(&FileDisk, &data_dir)?))
        };
        let looked = tokio::task::spawn_blocking(look).await.map_err(|_| RetentionError::GivenUp)?;
        let (counts, fixed) = looked?;
        Ok(Inventory::new(&rows, &counts, fixed, today))
    }

    async fn terms(&self, settings: &Settings, taken: u64) -> Result<Terms, RetentionError> {
        let dir = self.parts.data_dir.clone();
        let disk = tokio::task::spawn_blocking(move || Ok((FileDisk.free_bytes(&dir)?, FileDisk.total_bytes(&dir)?)));
        let disk: Result<(u64, u64), std::io::Error> = disk.await.map_err(|_| RetentionError::GivenUp)?;
        let (free, total) = disk?;
        let reserve = reserve(total);
        self.parts.room.note_free(free, reserve);
        let wanted = settings.bytes_max.unwrap_or(total / 5 * 4);
        // what others put on the file system takes room from the node; it makes way before senders have to wait
        let possible = (taken + free).saturating_sub(2 * reserve);
        let days = |days: u64| i64::try_from(days).unwrap_or(i64::MAX);
        let class = |share: &crate::config::ClassShare| {
            (share.class, Quota { percent: share.share_percent, days_min: days(share.days_min) })
        };
        let source = |share: &crate::config::SourceShare| {
            (share.source.as_str().into(), Quota { percent: share.share_percent_max, days_min: days(share.days_min) })
        };
        Ok(Terms {
            budget: wanted.min(possible),
            days_max: days(settings.days_max),
            classes: settings.classes.iter().map(class).collect(),
            sources: settings.sources.iter().map(source).collect(),
        })
    }

    /// Plans, asks of the days concerned what is held, and plans again until of every day concerned it is known.
    async fn decide(
        &self,
        inventory: &mut Inventory,
        terms: &Terms,
        today: i64,
        holds: &[Hold],
        cited_since: Time,
    ) -> Result<(Plan, BTreeMap<i64, Held>), RetentionError> {
        let mut held = BTreeMap::new();
        loop {
            let mut plan = plan::plan(&inventory.stock, terms, today);
            let days: Vec<i64> = plan.days(&inventory.stock).filter(|day| !held.contains_key(day)).collect();
            if days.is_empty() || held.len() >= DAYS_MAX {
                plan.keep_to(&inventory.stock, |day| held.contains_key(&day));
                return Ok((plan, held));
            }
            for day in days.into_iter().take(DAYS_MAX - held.len()) {
                let offsets = self.offsets_of(inventory, day);
                let of_day = self.held(day, offsets, holds, cited_since).await?;
                self.apply(inventory, day, offsets, &of_day).await?;
                held.insert(day, of_day);
            }
        }
    }

    /// Findings, jobs and mutes whose time is over leave the state; audit stays.
    async fn purge_state(&self, stock: &Stock, today: i64, settings: &Settings) -> Result<(), RetentionError> {
        let kept = settings.cited_days_min.max(settings.days_max);
        let before = PurgeBefore { findings: behind(stock, today, kept), ended: behind(stock, today, ENDED_DAYS) };
        loop {
            let purged = self.parts.state.remove_over(&before).await?;
            if purged.is_nothing() {
                return Ok(());
            }
            tracing::info!(?purged, "what is over left the state");
        }
    }

    fn note(&self, inventory: &Inventory, terms: &Terms, plan: &Plan, (today, left): (i64, Left), holds_overdue: u64) {
        let stock = &inventory.stock;
        let bytes = plan.bytes_before.saturating_sub(left.bytes);
        let mut by_class: BTreeMap<DataClass, u64> = BTreeMap::new();
        for day in self.parts.tables.days() {
            *by_class.entry(class_of(day.family)).or_default() += day.bytes;
        }
        let room = &self.parts.room;
        let before = room.standing();
        room.set(Standing {
            budget: terms.budget,
            bytes,
            by_class,
            evidence: stock.bundles.iter().map(|bundle| bundle.bytes).sum(),
            other: stock.fixed,
            protected: plan::protected(stock, terms, today),
            days_kept: u64::try_from(stock.oldest_age(today)).unwrap_or_default(),
            days_left: stock.days_left(terms.budget, bytes, today, PACE_DAYS),
            short: plan.short,
            is_turning: self.was_full,
            free: before.free,
            reserve: before.reserve,
            holds_overdue,
            fault: String::new(),
        });
    }
}

/// Findings about the disk, as long as there is something to say; each is kept once.
async fn tell(parts: &Parts, site: &Arc<str>) {
    let found = alarm::alarms(&parts.room.standing(), parts.room.is_at_reserve(), site, parts.clock.now());
    if found.is_empty() {
        return;
    }
    match parts.state.record_findings(None, &found).await {
        Ok(recorded) if recorded.new > 0 => parts.findings.send_modify(|kept| *kept += recorded.new),
        Ok(_) => {}
        Err(error) => tracing::error!(error = %error, "findings about the disk cannot be written; they are made again"),
    }
}

/// Looks at the free bytes, for ever; a person is told at once when the reserve is reached.
async fn watch_free(parts: &Arc<Parts>, site: &Arc<str>) {
    let mut looks = tokio::time::interval(FREE_EVERY);
    loop {
        looks.tick().await;
        let was = parts.room.is_at_reserve();
        let dir = parts.data_dir.clone();
        let looked = tokio::task::spawn_blocking(move || {
            Some((FileDisk.free_bytes(&dir).ok()?, FileDisk.total_bytes(&dir).ok()?))
        });
        let Ok(Some((free, total))) = looked.await else {
            tracing::warn!("how much room the disk has cannot be read");
            continue;
        };
        parts.room.note_free(free, reserve(total));
        if !was && parts.room.is_at_reserve() {
            tell(parts, site).await;
        }
    }
}

/// Free bytes of a file system of `total` bytes that nothing new is taken into.
fn reserve(total: u64) -> u64 {
    RESERVE_BYTES_MIN.min(total / RESERVE_PART)
}

/// The moment behind the newest day that is older than `days`; the beginning of time when none is.
fn behind(stock: &Stock, today: i64, days: u64) -> Time {
    let day = stock.newest_over(today, i64::try_from(days).unwrap_or(i64::MAX));
    Time(day.map_or(i64::MIN, |day| (day + 1).saturating_mul(86_400_000_000)))
}

fn sealed(counts: &cordon_store::evidence::EvidenceCounts) -> u64 {
    counts.own.values().map(|own| own.sealed).sum::<u64>() + counts.shared_sealed + counts.unknown_sealed
}

/// Bytes of the data folder that the budget has to bear beside event tables and evidence. The log has a bound of its own and a frozen moment lasts as long as a backup: neither
/// pushes history out.
fn bytes_beside(disk: &dyn Disk, data_dir: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in disk.list(data_dir)? {
        bytes += match entry.name.as_str() {
            "tables" | "evidence" | "spill" | "wal" | FROZEN => 0,
            name if entry.is_dir => disk.list(&data_dir.join(name))?.iter().map(|file| file.bytes).sum(),
            _ => entry.bytes,
        };
    }
    Ok(bytes)
}

/// Adds to what left since the start.
fn count(room: &Room, left: Left) {
    room.removed_events.fetch_add(left.events, Ordering::Relaxed);
    room.removed_bytes.fetch_add(left.bytes, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_grows_and_a_backup_take_nothing_from_the_budget() {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in
            [("wal/1.wal", 1_000), ("frozen/state.sqlite", 200), ("state.sqlite", 40), ("keys.ring", 3)]
        {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, vec![0; bytes]).unwrap();
        }
        assert_eq!(bytes_beside(&FileDisk, folder.path()).unwrap(), 43);
    }
}
