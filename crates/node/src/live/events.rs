//! Events for who follows along live. While nobody does this costs one look at a number; else batches that were kept are made readable by a task of its own, and
//! never more of them wait than a bound: who listens is told how many were left out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cordon_api::{Live, LiveEvent};
use cordon_model::{EventId, Time};
use cordon_store::query::rows_to_json;
use cordon_store::tables::RowBatch;
use serde_json::{Map, Value};
use tokio::sync::{broadcast, mpsc};

/// Groups of batches that wait to be made readable.
const WAITING_MAX: usize = 8;
/// Events that are made readable of one group; what is kept faster than that nobody can read along.
const EVENTS_MAX: usize = 1_024;

/// The keeper's end.
#[derive(Clone, Debug)]
pub(super) struct LiveFeed {
    listeners: broadcast::Sender<Arc<Live>>,
    queue: mpsc::Sender<Vec<RowBatch>>,
    /// Events that were left out and not told of yet.
    missed: Arc<AtomicU64>,
}

impl LiveFeed {
    /// Feeds those who listen. The task ends with the feed.
    pub(super) fn new(listeners: broadcast::Sender<Arc<Live>>) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        let missed = Arc::<AtomicU64>::default();
        tokio::spawn(show(waiting, listeners.clone(), Arc::clone(&missed)));
        Self { listeners, queue, missed }
    }

    /// What is to be shown of rows on their way into the tables: nothing while nobody listens. The columns are shared, not copied.
    pub(super) fn of(&self, rows: &[RowBatch]) -> Option<Vec<RowBatch>> {
        (self.listeners.receiver_count() > 0 && !rows.is_empty()).then(|| rows.to_vec())
    }

    /// Shows rows that were kept. Never waits.
    pub(super) fn show(&self, rows: Vec<RowBatch>) {
        let count = count(&rows);
        if self.queue.try_send(rows).is_err() {
            self.missed.fetch_add(count, Ordering::Relaxed);
        }
    }
}

fn count(rows: &[RowBatch]) -> u64 {
    let rows: usize = rows.iter().map(|(_, batch)| batch.num_rows()).sum();
    u64::try_from(rows).unwrap_or(u64::MAX)
}

async fn show(
    mut waiting: mpsc::Receiver<Vec<RowBatch>>,
    listeners: broadcast::Sender<Arc<Live>>,
    missed: Arc<AtomicU64>,
) {
    while let Some(rows) = waiting.recv().await {
        let all = count(&rows);
        let Ok(events) = tokio::task::spawn_blocking(move || events(&rows)).await else { continue };
        let shown = u64::try_from(events.len()).unwrap_or(u64::MAX);
        for event in events {
            // nobody listens any more: then nobody misses it
            let _nobody = listeners.send(Arc::new(Live::Event(event)));
        }
        let missed = missed.swap(0, Ordering::Relaxed) + all.saturating_sub(shown);
        if missed > 0 {
            let _nobody = listeners.send(Arc::new(Live::Missed(missed)));
        }
    }
}

/// The first events of a group.
fn events(rows: &[RowBatch]) -> Vec<LiveEvent> {
    let mut events = Vec::new();
    for (_, batch) in rows {
        let room = EVENTS_MAX.saturating_sub(events.len()).min(batch.num_rows());
        events.extend(rows_to_json(&batch.slice(0, room)).into_iter().filter_map(event));
    }
    events
}

/// An id as it is written.
fn id(text: &str) -> Option<EventId> {
    let digits: String = text.chars().filter(|letter| *letter != '-').collect();
    u128::from_str_radix(&digits, 16).ok().map(|number| EventId(number.to_be_bytes()))
}

/// A row as an event. What every event has is taken out of its columns; where its bytes stand and their hash are nobody's who only reads along.
fn event(mut columns: Map<String, Value>) -> Option<LiveEvent> {
    let text = |columns: &mut Map<String, Value>, name: &str| match columns.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let time = |columns: &mut Map<String, Value>, name: &str| Time::from_rfc3339(&text(columns, name)?);
    let id = id(&text(&mut columns, "event_id")?)?;
    let (happened, received) = (time(&mut columns, "time")?, time(&mut columns, "received")?);
    let (site, source) = (text(&mut columns, "site")?, text(&mut columns, "source")?);
    let class_uid = columns.remove("class_uid")?.as_i64()?;
    for name in ["record_sha256", "position", "record_index", "event_day"] {
        columns.remove(name);
    }
    Some(LiveEvent { id, time: happened, received, source, site, class_uid, columns })
}
