//! How far event time has come, per source: what a source has sent tells how late its events may still come.
//!
//! A source whose events come in order holds correlations up by half a second; one that mixes them by as much as it was seen to, with room. A source not heard
//! for two seconds holds up only what it may still bring late: as late as it was seen to be, ten seconds at most. A clock that runs ahead of the receipt does
//! not push time forward (contract "Time"). Under an event clock that runs faster these times are as much longer.

use std::collections::BTreeMap;
use std::sync::Arc;

use cordon_model::Time;
use cordon_stats::codec;

/// An event further ahead of its receipt than this does not advance the watermark.
const AHEAD_MAX_US: i64 = 5 * 60 * 1_000_000;
/// The least that is waited for events of a source.
const SLACK_MIN_US: i64 = 500_000;
/// The most that is waited: later events are refused and counted.
const SLACK_MAX_US: i64 = 5 * 60 * 1_000_000;
/// A source not heard for so long, by the event clock, holds nothing up.
const IDLE_US: i64 = 2_000_000;
/// A silent source is taken to be at most this late: what comes later is refused and counted.
const LAG_MAX_US: i64 = 10_000_000;
/// A source not heard for so long is forgotten here.
const FORGOTTEN_US: i64 = 10 * 60 * 1_000_000;
/// Sources followed one by one; of more, those longest not heard are let go, as if idle.
const SOURCES_MAX: usize = 16_384;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Progress {
    /// The latest event.
    latest: i64,
    /// How far behind the latest an event was seen to come, with room.
    slack: i64,
    /// When it was last heard, by the event clock.
    heard: i64,
    /// The longest that an event of it took from happening to receipt.
    lag: i64,
}

/// The watermarks of all sources.
#[derive(Debug)]
pub(super) struct Watermarks {
    sources: BTreeMap<Arc<str>, Progress>,
    /// How much faster than the real one the event clock runs, at least 1.
    pace: i64,
}

impl Watermarks {
    /// Of no source yet.
    pub(super) const fn new(pace: i64) -> Self {
        Self { sources: BTreeMap::new(), pace }
    }

    /// An event of `source` happened at `time` and was received at `received`.
    pub(super) fn heard(&mut self, source: &Arc<str>, time: Time, received: Time) {
        let time = time.0.min(received.0.saturating_add(AHEAD_MAX_US));
        let lag = received.0.saturating_sub(time).clamp(0, LAG_MAX_US.saturating_mul(self.pace));
        if let Some(known) = self.sources.get_mut(source) {
            let behind = known.latest.saturating_sub(time);
            if behind > 0 {
                known.slack = known.slack.max(behind.saturating_add(behind / 2)).min(SLACK_MAX_US);
            }
            known.latest = known.latest.max(time);
            known.heard = known.heard.max(received.0);
            known.lag = known.lag.max(lag);
            return;
        }
        if self.sources.len() >= SOURCES_MAX {
            self.let_one_go();
        }
        self.sources.insert(
            Arc::clone(source),
            Progress { latest: time, slack: SLACK_MIN_US.saturating_mul(self.pace), heard: received.0, lag },
        );
    }

    /// The time before which no more events are waited for: the lowest that any source may still bring. `None` when no source was ever heard.
    pub(super) fn lowest(&self, now: Time) -> Option<Time> {
        let bound = |source: &Progress| {
            let silent = now.0.saturating_sub(source.heard);
            if silent < IDLE_US.saturating_mul(self.pace) {
                return source.latest.saturating_sub(source.slack);
            }
            let is_known = silent < FORGOTTEN_US.saturating_mul(self.pace);
            let late = if is_known { source.lag } else { 0 };
            now.0.saturating_sub(late.max(SLACK_MIN_US.saturating_mul(self.pace)))
        };
        self.sources.values().map(bound).min().map(Time)
    }

    /// The state as bytes.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        codec::put_len(out, self.sources.len());
        for (source, Progress { latest, slack, heard, lag }) in &self.sources {
            codec::put_bytes(out, source.as_bytes());
            [latest, slack, heard, lag].into_iter().for_each(|number| codec::put_i64(out, *number));
        }
    }

    /// What [`Self::write`] wrote.
    pub(super) fn read(from: &mut &[u8], pace: i64) -> Option<Self> {
        let mut sources = BTreeMap::new();
        for _ in 0..codec::take_len(from, 40)?.min(SOURCES_MAX) {
            let source = std::str::from_utf8(codec::take_bytes(from)?).ok()?.into();
            let (latest, slack) = (codec::take_i64(from)?, codec::take_i64(from)?);
            let (heard, lag) = (codec::take_i64(from)?, codec::take_i64(from)?);
            sources.insert(source, Progress { latest, slack, heard, lag });
        }
        Some(Self { sources, pace })
    }

    fn let_one_go(&mut self) {
        let oldest =
            self.sources.iter().min_by_key(|(_, progress)| progress.heard).map(|(source, _)| Arc::clone(source));
        if let Some(oldest) = oldest {
            self.sources.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn check(heard: &[(&str, i64, i64)], now: i64, expect: Option<i64>) {
        let mut marks = Watermarks::new(1);
        for (source, time, received) in heard {
            marks.heard(&Arc::from(*source), Time(time * SECOND), Time(received * SECOND));
        }
        assert_eq!(marks.lowest(Time(now * SECOND)), expect.map(Time));
        let mut bytes = Vec::new();
        marks.write(&mut bytes);
        let again = Watermarks::read(&mut bytes.as_slice(), 1).unwrap();
        assert_eq!(again.sources, marks.sources);
    }

    #[test]
    fn the_slowest_source_that_is_heard_decides() {
        check(&[], 100, None);
        check(&[("a", 100, 100), ("b", 90, 100)], 101, Some(90 * SECOND - SLACK_MIN_US));
    }

    #[test]
    fn a_silent_source_holds_up_only_what_it_may_bring_late() {
        check(&[("a", 100, 100), ("b", 57, 60)], 101, Some(98 * SECOND));
        check(&[("a", 100, 100), ("b", 20, 60)], 101, Some(91 * SECOND));
        check(&[("a", 100, 100)], 200, Some(200 * SECOND - SLACK_MIN_US));
    }

    #[test]
    fn a_source_that_mixes_its_events_is_waited_for() {
        check(&[("a", 100, 100), ("a", 80, 100)], 101, Some((100 - 30) * SECOND));
    }

    #[test]
    fn a_clock_in_the_future_does_not_push_time_forward() {
        check(&[("a", 1_000_000, 100)], 101, Some(100 * SECOND + AHEAD_MAX_US - SLACK_MIN_US));
    }
}
