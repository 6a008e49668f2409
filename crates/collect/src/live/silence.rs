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
    /// Since when: the last RawRecord, also one from before the node started; the start of the node for a source that was never heard.
    pub since: Time,
}

/// The sources that are silent `now`, in the order given. Time in which no node was there to hear is no silence, so a silence that began before the node
/// `started` goes on as the same, and a long stop is none. All times are of the event clock.
#[must_use]
pub fn silent_sources(sources: &[Arc<LiveSource>], started: Time, now: Time) -> Vec<Silence> {
    let silence = |source: &Arc<LiveSource>| {
        let seconds = i64::from(source.declaration.silence_seconds);
        let counts = &source.counts;
        let received = counts.received_last.load(Ordering::Relaxed);
        let is_from_before = received > 0 && received < started.0;
        let away = if is_from_before { counts.away.load(Ordering::Relaxed) } else { 0 };
        let since = if received > 0 { Time(received) } else { started };
        let heard_for = now.0.saturating_sub(since.0).saturating_sub(away);
        let is_silent = seconds > 0 && heard_for >= seconds.saturating_mul(MICROS);
        is_silent.then(|| Silence { source: Arc::clone(source), since })
    };
    sources.iter().filter_map(silence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::{Remembered, SourceDeclaration, SourceRegistry};

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

    #[test]
    fn a_silence_goes_on_over_a_restart_and_the_time_without_a_node_is_none() {
        let registry = SourceRegistry::new("main".into(), []);
        // heard at 100, the node stopped at 130 and started at 1000
        let before =
            Remembered { received_last: Some(Time(100 * MICROS)), away: 870 * MICROS, ..Remembered::default() };
        registry.declare([source("a", 60)]);
        registry.remember(source("a", 60), &before);
        let silent = |now: i64| -> Vec<i64> {
            let silent = silent_sources(&registry.all(), Time(1_000 * MICROS), Time(now * MICROS));
            silent.iter().map(|silence| silence.since.0 / MICROS).collect()
        };
        assert_eq!(silent(1_029), [0_i64; 0]);
        assert_eq!(silent(1_030), [100]);
        registry.source("mllp", "a").counts.received(1, 1, Time(1_040 * MICROS));
        assert_eq!(silent(1_099), [0_i64; 0]);
        assert_eq!(silent(1_100), [1_040]);
    }
}
