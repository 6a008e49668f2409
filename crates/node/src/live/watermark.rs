//! How far event time has come, per source: what a source has sent tells how late its events may still come.
//!
//! A source whose events come in order holds correlations up by half a second; one that mixes them by as much as it was seen to, with room. A source not heard
//! for two seconds holds up only what it may still bring late: as late as it was seen to be, ten seconds at most. A clock that runs ahead of the receipt does
//! not push time forward, and one that stands far behind holds nobody up (contract "Time"). When the clock of the machine is set back, what was heard in its
//! future is forgotten. Under an event clock that runs faster these times are as much longer.

use std::collections::BTreeMap;
use std::sync::Arc;

use cordon_model::Time;
use cordon_stats::codec;

/// An event further ahead of its receipt than this says nothing about time.
pub(super) const AHEAD_MAX_US: i64 = 5 * 60 * 1_000_000;
/// An event further behind its receipt than this is not waited for: the clock of its source is wrong, or it is history.
const BEHIND_MAX_US: i64 = 5 * 60 * 1_000_000;
/// What is waited for a source shrinks by this part of the time in which it kept its order.
const SLACK_SHRINKS: i64 = 16;
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
    /// The latest event; `i64::MIN` when none said a time that can be believed.
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

    /// Something of `source` was received at `received`; its latest event happened at `time`, if any said a time not [too far ahead](is_ahead).
    pub(super) fn heard(&mut self, source: &Arc<str>, time: Option<Time>, received: Time) {
        let behind_max = BEHIND_MAX_US.saturating_mul(self.pace);
        let is_believed = |time: &Time| !is_ahead(*time, received) && received.0.saturating_sub(time.0) <= behind_max;
        let time = time.filter(is_believed).map_or(i64::MIN, |time| time.0);
        let lag = received.0.saturating_sub(time).clamp(0, LAG_MAX_US.saturating_mul(self.pace));
        let slack_min = SLACK_MIN_US.saturating_mul(self.pace);
        // what was heard in the future was heard before the clock was set back
        let known = self.sources.get_mut(source).filter(|known| !is_ahead(Time(known.heard), received));
        if let Some(known) = known {
            // what cannot be believed neither moves time nor holds it up
            if time > i64::MIN {
                known.follow(time, received, slack_min);
                known.lag = known.lag.max(lag);
            }
            return;
        }
        if self.sources.len() >= SOURCES_MAX {
            self.let_one_go();
        }
        self.sources.insert(Arc::clone(source), Progress { latest: time, slack: slack_min, heard: received.0, lag });
    }

    /// The time before which no more events are waited for: the lowest that any source may still bring. `None` when no source was ever heard.
    pub(super) fn lowest(&self, now: Time) -> Option<Time> {
        let bound = |source: &Progress| {
            let silent = now.0.saturating_sub(source.heard);
            let is_future = is_ahead(Time(source.heard), now);
            let is_told = !is_future && source.latest > i64::MIN;
            if is_told && silent < IDLE_US.saturating_mul(self.pace) {
                return source.latest.saturating_sub(source.slack);
            }
            let is_known = !is_future && silent < FORGOTTEN_US.saturating_mul(self.pace);
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

impl Progress {
    /// An event at `time` was received at `received`.
    fn follow(&mut self, time: i64, received: Time, slack_min: i64) {
        let behind = self.latest.saturating_sub(time);
        if behind > 0 {
            self.slack = self.slack.max(behind.saturating_add(behind / 2)).min(SLACK_MAX_US.max(slack_min));
        } else {
            let in_order = received.0.saturating_sub(self.heard).max(0);
            self.slack = self.slack.saturating_sub(in_order / SLACK_SHRINKS).max(slack_min);
        }
        self.latest = self.latest.max(time);
        self.heard = self.heard.max(received.0);
    }
}

/// Whether a time is further ahead of the receipt than clocks differ.
pub(super) const fn is_ahead(time: Time, received: Time) -> bool {
    time.0 > received.0.saturating_add(AHEAD_MAX_US)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn check(heard: &[(&str, i64, i64)], now: i64, expect: Option<i64>) {
        let mut marks = Watermarks::new(1);
        for (source, time, received) in heard {
            marks.heard(&Arc::from(*source), Some(Time(time * SECOND)), Time(received * SECOND));
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
        check(&[("a", 1_000_000, 100)], 101, Some(91 * SECOND));
        check(&[("a", 100, 100), ("a", 1_000_000, 100), ("b", 100, 100)], 101, Some(100 * SECOND - SLACK_MIN_US));
    }

    #[test]
    fn a_source_with_dates_in_1970_and_2099_holds_up_nobody_and_is_followed_where_it_can_be_believed() {
        let now = 1_800_000_000;
        let heard = |times: &[i64]| -> Vec<(&'static str, i64, i64)> {
            times.iter().map(|time| ("hostile", *time, now)).chain([("b", now, now)]).collect()
        };
        check(&heard(&[0]), now + 1, Some((now + 1 - 10) * SECOND));
        check(&heard(&[0, 4_070_908_800]), now + 1, Some((now + 1 - 10) * SECOND));
        check(&heard(&[0, 4_070_908_800, now, 0]), now + 1, Some(now * SECOND - SLACK_MIN_US));
    }

    #[test]
    fn what_was_heard_before_the_clock_was_set_back_holds_up_nobody() {
        let day = 86_400;
        check(&[("a", day, day), ("b", 100, 100)], 101, Some(100 * SECOND - SLACK_MIN_US));
        check(&[("a", day, day), ("a", 100, 100)], 101, Some(100 * SECOND - SLACK_MIN_US));
    }

    #[test]
    fn a_source_that_keeps_its_order_again_is_waited_for_less_and_less() {
        check(&[("a", 100, 100), ("a", 80, 100), ("a", 580, 580)], 581, Some(580 * SECOND - SLACK_MIN_US));
        check(&[("a", 100, 100), ("a", 80, 100), ("a", 260, 260)], 261, Some((260 - 20) * SECOND));
    }
}
