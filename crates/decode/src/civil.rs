//! Local times and times written by a pattern, with or without a zone: what several text formats share.

use cordon_model::{Anomaly, Time};
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// A local time that the clocks of its zone show twice or not at all.
pub(crate) const AT_CLOCK_CHANGE: Anomaly = Anomaly::new(
    "time_at_clock_change",
    "the local time comes twice or not at all, as the clocks are set; the first of the two was taken, or the moment as far behind the gap",
);

/// Where the zone of a time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zone {
    /// The time names it.
    Stated,
    /// It was taken from outside.
    Taken,
    /// The same, and its clocks show this time twice or not at all.
    TakenAtChange,
}

impl Zone {
    /// What is to be noted, `missing` being the format's word for a time without a zone.
    pub(crate) fn faults(self, missing: Anomaly) -> impl Iterator<Item = Anomaly> {
        let missing = (self != Self::Stated).then_some(missing);
        missing.into_iter().chain((self == Self::TakenAtChange).then_some(AT_CLOCK_CHANGE))
    }
}

/// A time of day in a zone that it does not name.
pub(crate) fn in_zone(local: DateTime, zone: &TimeZone) -> Option<(Time, Zone)> {
    let moment = zone.to_ambiguous_timestamp(local);
    let taken = if moment.is_ambiguous() { Zone::TakenAtChange } else { Zone::Taken };
    Some((Time(moment.compatible().ok()?.as_microsecond()), taken))
}

/// Reads `text` by a `strptime` pattern (jiff's); when it names no zone `zone` is taken. A date alone is its midnight.
pub(crate) fn by_pattern(text: &str, pattern: &str, zone: &TimeZone) -> Option<(Time, Zone)> {
    let broken = BrokenDownTime::parse(pattern, text).ok()?;
    let local = broken.to_date().ok()?.to_datetime(broken.to_time().unwrap_or_default());
    match broken.offset() {
        Some(offset) => Some((in_zone(local, &TimeZone::fixed(offset))?.0, Zone::Stated)),
        None => in_zone(local, zone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_read_padded_and_unpadded_times_with_and_without_zone() {
        let check = |text: &str, pattern: &str, expect: Option<(&str, Zone)>| {
            let seen = by_pattern(text, pattern, &TimeZone::UTC).map(|(time, missing)| (time.to_string(), missing));
            assert_eq!(seen, expect.map(|(time, missing)| (time.to_owned(), missing)), "{text}");
        };
        check("2026-01-02 03:04:05", "%Y-%m-%d %H:%M:%S", Some(("2026-01-02T03:04:05.000000Z", Zone::Taken)));
        check("1/2/2026 3:04:05 PM", "%m/%d/%Y %I:%M:%S %p", Some(("2026-01-02T15:04:05.000000Z", Zone::Taken)));
        check(
            "02/Jan/2026:03:04:05 +0100",
            "%d/%b/%Y:%H:%M:%S %z",
            Some(("2026-01-02T02:04:05.000000Z", Zone::Stated)),
        );
        check("2026-01-02", "%Y-%m-%d", Some(("2026-01-02T00:00:00.000000Z", Zone::Taken)));
        check("2026-13-02", "%Y-%m-%d", None);
    }

    #[test]
    fn a_local_time_in_the_gap_or_the_overlap_of_summer_time_is_named() {
        // Central European time by its rule: forward on the last Sunday of March at 2, back on that of October at 3.
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let check = |local: &str, time: &str, expect: &[&str]| {
            let (seen, zone) = in_zone(local.parse().unwrap(), &zone).unwrap();
            assert_eq!(seen, Time::from_rfc3339(time).unwrap(), "{local}");
            let faults = zone.faults(Anomaly::new("x_missing_zone", "")).map(|fault| fault.name());
            assert_eq!(faults.collect::<Vec<_>>(), expect, "{local}");
        };
        check("2026-03-29T01:59:59", "2026-03-29T00:59:59Z", &["x_missing_zone"]);
        check("2026-03-29T02:30:00", "2026-03-29T01:30:00Z", &["x_missing_zone", "time_at_clock_change"]);
        check("2026-03-29T03:00:00", "2026-03-29T01:00:00Z", &["x_missing_zone"]);
        check("2026-10-25T02:30:00", "2026-10-25T00:30:00Z", &["x_missing_zone", "time_at_clock_change"]);
        check("2026-10-25T03:00:00", "2026-10-25T02:00:00Z", &["x_missing_zone"]);
    }
}
