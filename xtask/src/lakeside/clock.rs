//! Moments of the model: reading the times that the model's files state, and writing a moment in the spelling of each log format. All of Lakeside runs on UTC.

use anyhow::{Context, Result};
use cordon_model::Time;
use jiff::civil;

/// Microseconds in one second.
pub(super) const SECOND: i64 = 1_000_000;

/// Midnight at the start of a date.
pub(super) fn midnight(date: civil::Date) -> Result<Time> {
    let start = date.to_datetime(civil::Time::midnight()).to_zoned(jiff::tz::TimeZone::UTC)?;
    Ok(Time(start.timestamp().as_microsecond()))
}

/// Seconds after midnight of `18:52` or `18:52:04`.
pub(super) fn seconds_of_day(text: &str) -> Result<i64> {
    let time: civil::Time = text.parse().with_context(|| format!("not a time of day: {text}"))?;
    Ok(i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second()))
}

/// A moment some milliseconds later.
pub(super) fn later(at: Time, millis: i64) -> Time {
    Time(at.0 + millis * 1000)
}

/// The hour of the day, 0 to 23.
pub(super) fn hour(at: Time) -> i64 {
    at.as_seconds().rem_euclid(86_400) / 3600
}

/// The moment in a strftime pattern, UTC.
pub(super) fn show(at: Time, pattern: &str) -> String {
    jiff::Timestamp::from_microsecond(at.0)
        .map_or_else(|_| at.to_string(), |moment| moment.strftime(pattern).to_string())
}

/// `2026-03-18T20:14:07.123456Z`.
pub(super) fn rfc3339(at: Time) -> String {
    show(at, "%Y-%m-%dT%H:%M:%S.%6fZ")
}

/// `2026-03-18T20:14:07.123Z`.
pub(super) fn rfc3339_millis(at: Time) -> String {
    show(at, "%Y-%m-%dT%H:%M:%S.%3fZ")
}

/// Seconds since 1970 with six digits, as Zeek and auditd write times.
pub(super) fn epoch(at: Time) -> String {
    format!("{}.{:06}", at.as_seconds(), at.0.rem_euclid(SECOND))
}
