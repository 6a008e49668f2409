//! Sources over the life of a node and beyond it: silence and loss become findings, and what was counted is written down, so that the next start goes on from there.
//!
//! Rows of the state's table hold the declaration in this module's own form, with what the alarms have told of a source and when it was last looked after.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cordon_collect::live::{DropReason, LiveSource, Remembered, SourceDeclaration, SourceRegistry};
use cordon_model::Time;
use cordon_policy::AccessScope;
use cordon_store::state::{SourceCounted, SourceRow, State, StateError};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::alarms::Alarms;
use super::node::Parts;

/// How often the node looks at its sources for silence and loss.
const ALARMS_EVERY: Duration = Duration::from_secs(5);
/// Looks between two times that counts are written down.
const LOOKS_PER_NOTE: u32 = 2;
/// Sources that are read at a time.
const ROWS: u32 = 500;

/// The declaration of a source as the state keeps it.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Kept {
    listener: String,
    sender: String,
    format: String,
    care: bool,
    events_per_second_max: u32,
    silence_seconds: u32,
    /// Losses that were told, by reason.
    told: BTreeMap<String, u64>,
    /// When the node last looked after it, microseconds of the event clock.
    noted: i64,
    /// For how long no node was there since it was last heard, microseconds.
    away: i64,
}

/// What the state knew of sources.
#[derive(Debug, Default)]
pub(super) struct Recalled {
    /// What was told of them.
    pub(super) alarms: Alarms,
    /// Every site that had a source: its events can still be asked for.
    pub(super) sites: BTreeSet<String>,
}

/// Reads what is known of sources before the node hears any: counts go on, adopted sources are known again.
///
/// # Errors
/// The state cannot be read.
pub(super) async fn recall(state: &State, registry: &SourceRegistry, now: Time) -> Result<Recalled, StateError> {
    let (mut recalled, mut after) = (Recalled::default(), None::<String>);
    loop {
        let page = state.sources(&AccessScope::of_the_node(), after.as_deref(), ROWS).await?;
        for row in &page.rows {
            recalled.sites.insert(row.site.clone());
            recall_one(row, registry, &mut recalled.alarms, now);
        }
        after = page.next;
        if after.is_none() {
            return Ok(recalled);
        }
    }
}

fn recall_one(row: &SourceRow, registry: &SourceRegistry, alarms: &mut Alarms, now: Time) {
    let kept: Kept = serde_json::from_value(row.declaration.clone()).unwrap_or_default();
    let is_declared = registry.all().iter().any(|source| *source.declaration.id == *row.source);
    // whoever was declared once and is no more is adopted under the name of its sender when it is heard
    if !is_declared && (row.declared || kept.listener.is_empty()) {
        return;
    }
    let counts = &row.counts;
    let gone = if kept.noted > 0 { now.0.saturating_sub(kept.noted).max(0) } else { 0 };
    let drops: Vec<(DropReason, u64)> = named(&counts.dropped);
    let before = Remembered {
        records: counts.records,
        bytes: counts.bytes,
        received_last: counts.received_last,
        event_last: counts.event_last,
        away: kept.away.saturating_add(gone),
        drops,
    };
    let declaration = SourceDeclaration {
        id: row.source.as_str().into(),
        site: row.site.as_str().into(),
        listener: kept.listener.into(),
        sender: kept.sender.into(),
        format: kept.format.into(),
        care: kept.care,
        events_per_second_max: kept.events_per_second_max,
        silence_seconds: kept.silence_seconds,
    };
    registry.remember(declaration, &before);
    for (reason, told) in named(&kept.told) {
        alarms.recall(&row.source, reason, told);
    }
}

fn named(counts: &BTreeMap<String, u64>) -> Vec<(DropReason, u64)> {
    counts.iter().filter_map(|(name, count)| Some((DropReason::from_name(name)?, *count))).collect()
}

/// Looks after the sources of a node.
#[derive(Debug)]
pub(super) struct SourceWatch {
    parts: Arc<Parts>,
    alarms: Alarms,
    /// What was last written down.
    noted: BTreeMap<Arc<str>, (SourceCounted, bool)>,
}

impl SourceWatch {
    pub(super) fn new(parts: Arc<Parts>, alarms: Alarms) -> Self {
        Self { parts, alarms, noted: BTreeMap::new() }
    }

    /// Until `stop`; then gives itself back, for the last note.
    pub(super) async fn run(mut self, stop: CancellationToken) -> Self {
        let mut looks = 0_u32;
        loop {
            tokio::select! {
                () = stop.cancelled() => return self,
                () = tokio::time::sleep(ALARMS_EVERY) => {}
            }
            self.look().await;
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(LOOKS_PER_NOTE) {
                self.note().await;
            }
        }
    }

    /// Makes findings of silence and loss.
    async fn look(&mut self) {
        let parts = &self.parts;
        let looked = self.alarms.look(&parts.registry.all(), parts.started, parts.clock.now());
        if looked.found.is_empty() {
            return;
        }
        match parts.state.record_findings(None, &looked.found).await {
            Ok(recorded) => {
                self.alarms.kept(looked);
                if recorded.new > 0 {
                    parts.findings.send_modify(|kept| *kept += recorded.new);
                }
            }
            Err(error) => {
                tracing::error!(error = %error, "findings about sources cannot be written; they are made again");
            }
        }
    }

    /// Writes down what changed, and when sources that may not be silent were last looked after. What cannot be written is written with the next note.
    pub(super) async fn note(&mut self) {
        let now = self.parts.clock.now();
        let sources = self.parts.registry.all();
        let rows: Vec<SourceRow> = sources.iter().filter_map(|source| self.row(source, now)).collect();
        if rows.is_empty() {
            return;
        }
        match self.parts.state.note_sources(&rows).await {
            Ok(()) => {
                let noted = rows.into_iter().map(|row| (row.source.into(), (row.counts, row.declared)));
                self.noted.extend(noted);
            }
            Err(error) => tracing::warn!(error = %error, "the counts of sources cannot be written; trying again"),
        }
    }

    /// The row of a source; `None` when it is written down already and nothing waits for its silence.
    fn row(&self, source: &LiveSource, now: Time) -> Option<SourceRow> {
        let known = &source.declaration;
        let counts = counted(source);
        let is_noted = self.noted.get(&known.id).is_some_and(|noted| *noted == (counts.clone(), source.declared));
        if is_noted && known.silence_seconds == 0 {
            return None;
        }
        let is_from_before = counts.received_last.is_some_and(|received| received < self.parts.started);
        let kept = Kept {
            listener: known.listener.to_string(),
            sender: known.sender.to_string(),
            format: known.format.to_string(),
            care: known.care,
            events_per_second_max: known.events_per_second_max,
            silence_seconds: known.silence_seconds,
            told: self.alarms.told_of(&known.id),
            noted: now.0,
            away: if is_from_before { source.counts.away.load(Ordering::Relaxed) } else { 0 },
        };
        Some(SourceRow {
            source: known.id.to_string(),
            site: known.site.to_string(),
            declared: source.declared,
            declaration: serde_json::to_value(kept).unwrap_or_default(),
            first_seen: now,
            counts,
        })
    }
}

fn counted(source: &LiveSource) -> SourceCounted {
    let counts = &source.counts;
    let time = |micros: i64| (micros > 0).then_some(Time(micros));
    let dropped = counts.drops().filter(|(_, count)| *count > 0);
    SourceCounted {
        records: counts.records.load(Ordering::Relaxed),
        bytes: counts.bytes.load(Ordering::Relaxed),
        dropped: dropped.map(|(reason, count)| (reason.name().to_owned(), count)).collect(),
        received_last: time(counts.received_last.load(Ordering::Relaxed)),
        event_last: time(counts.event_last.load(Ordering::Relaxed)),
    }
}
