//! Which sources have fallen silent. Pure: the node asks, and makes findings of the answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use cordon_model::Time;

use super::LiveSource;

const MICROS: i64 = 1_000_000;

/// A source that has been silent for longer than it should be.
#[derive(Clone, Debug)]
pub struct Silence {
    /// Which.
    pub source: Arc<LiveSource>,
    /// Since when: the last RawRecord, or the start of the node when there was none since.
    pub since: Time,
}

/// The sources that are silent `now`, in the order given. A source that was not heard since the node `started` is silent since then. Both times are of the event clock.
#[must_use]
pub fn silent_sources(sources: &[Arc<LiveSource>], started: Time, now: Time) -> Vec<Silence> {
    let silence = |source: &Arc<LiveSource>| {
        let seconds = i64::from(source.declaration.silence_seconds);
        let since = Time(source.counts.received_last.load(Ordering::Relaxed).max(started.0));
        let is_silent = seconds > 0 && now.0.saturating_sub(since.0) >= seconds.saturating_mul(MICROS);
        is_silent.then(|| Silence { source: Arc::clone(source), since })
    };
    sources.iter().filter_map(silence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::{SourceDeclaration, SourceRegistry};

    fn source(id: &str, silence_seconds: u32) -> SourceDeclaration {
        SourceDeclaration {
            id: id.into(),
            site: "main".into(),
            listener: "mllp".into(),
            sender: id.into(),
            format: "".into(),
            care: false,
            events_per_second_max: 0,
            silence_seconds,
        }
    }

    #[test]
    fn a_source_is_silent_when_its_time_has_passed_since_it_was_heard_or_the_node_started() {
        let registry = SourceRegistry::new("main".into(), [source("a", 60), source("b", 60), source("c", 0)]);
        registry.source("mllp", "a").counts.received(1, 1, Time(100 * MICROS));
        let silent = |now: i64| -> Vec<(String, i64)> {
            let silent = silent_sources(&registry.all(), Time(50 * MICROS), Time(now * MICROS));
            silent.iter().map(|silence| (silence.source.declaration.id.to_string(), silence.since.0 / MICROS)).collect()
        };
        assert_eq!(silent(109), []);
        assert_eq!(silent(110), [("b".to_owned(), 50)]);
        assert_eq!(silent(160), [("a".to_owned(), 100), ("b".to_owned(), 50)]);
    }
}
