//! Times in syslog headers: ISO 8601 (RFC 5424, rsyslog, ESXi), BSD (RFC 3164) with and without year.

use cordon_model::{Time, When};
use jiff::civil::{Date, DateTime, Time as Clock};
use jiff::tz::TimeZone;

use super::anomaly::{MISSING_YEAR, MISSING_ZONE};
use super::list::FieldList;
use super::scan::{digits, skip_one};
use crate::DecodeOptions;
use crate::civil::{Zone, in_zone};

/// How far after its receipt a time without year may lie, in microseconds: one day.
const AHEAD_MAX_US: i64 = 86_400_000_000;
/// How many years back a date is looked for: a 29 February lies at most eight years back.
const YEARS_BACK_MAX: i16 = 8;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A time as it stands in a header.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stamp<'a> {
    /// With a zone, in RFC 3339.
    Zoned(&'a str),
    /// Without a zone, or in UTC by the name of the zone.
    Local {
        /// Date and time of day.
        local: DateTime,
        /// The zone was named and is UTC.
        utc: bool,
    },
    /// Without year.
    Yearless {
        /// The zone was named and is UTC.
        utc: bool,
        /// 1 to 12.
        month: i8,
        /// 1 to 31.
        day: i8,
        /// Time of day.
        clock: Clock,
    },
}

impl<'a> Stamp<'a> {
    /// The moment, with what was assumed noted in `list`.
    pub(super) fn resolve(self, options: &DecodeOptions, list: &mut FieldList<'a>) -> When<'a> {
        match self {
            Self::Zoned(text) => When::Rfc3339(text),
            Self::Local { local, utc } => {
                let zone = zone_of(utc, options);
                known(in_zone(local, zone), utc, list)
            }
            Self::Yearless { month, day, clock, utc } => {
                list.anomaly(MISSING_YEAR);
                known(latest_year(month, day, clock, zone_of(utc, options), options.received), utc, list)
            }
        }
    }

    /// The same, with a zone that is UTC by name.
    pub(super) const fn in_utc(self) -> Self {
        match self {
            Self::Zoned(text) => Self::Zoned(text),
            Self::Local { local, .. } => Self::Local { local, utc: true },
            Self::Yearless { month, day, clock, .. } => Self::Yearless { month, day, clock, utc: true },
        }
    }
}

/// The zone to read a time in.
const fn zone_of(utc: bool, options: &DecodeOptions) -> &TimeZone {
    const UTC: &TimeZone = &TimeZone::UTC;
    if utc { UTC } else { &options.timezone }
}

/// The moment; that its zone was assumed is noted.
fn known<'a>(moment: Option<(Time, Zone)>, utc: bool, list: &mut FieldList<'a>) -> When<'a> {
    let zone = if utc { Zone::Stated } else { moment.map_or(Zone::Taken, |(_, zone)| zone) };
    zone.faults(MISSING_ZONE).for_each(|fault| list.anomaly(fault));
    moment.map_or(When::Missing, |(time, _)| When::Known(time))
}

/// The moment in the latest year that does not put it more than a day after receipt.
fn latest_year(month: i8, day: i8, clock: Clock, zone: &TimeZone, received: Time) -> Option<(Time, Zone)> {
    let arrival = jiff::Timestamp::from_microsecond(received.0).ok()?;
    let year = zone.to_datetime(arrival).year();
    for back in -1..=YEARS_BACK_MAX {
        let Some(date) = year.checked_sub(back).and_then(|year| Date::new(year, month, day).ok()) else { continue };
        let (time, taken) = in_zone(date.to_datetime(clock), zone)?;
        if time.0 <= received.0.saturating_add(AHEAD_MAX_US) {
            return Some((time, taken));
        }
    }
    None
}

/// An ISO 8601 time in front (`2025-01-02T03:04:05.678+01:00`, a blank for the `T` too), and what follows it.
pub(super) fn iso(text: &str) -> Option<(Stamp<'_>, &str)> {
    let (date, rest) = iso_date(text)?;
    let rest = rest.strip_prefix(['T', ' ', 't'])?;
    let (clock, rest) = clock(rest)?;
    let Some(after) = zone(rest) else {
        return Some((Stamp::Local { local: date.to_datetime(clock), utc: false }, rest));
    };
    let (stamp, _) = text.split_at_checked(text.len().checked_sub(after.len())?)?;
    Some((Stamp::Zoned(stamp), after))
}

/// `2025-01-02` or `2025/01/02`, and what follows it.
pub(super) fn iso_date(text: &str) -> Option<(Date, &str)> {
    let (year, rest) = digits(text, 4, 4)?;
    let (month, rest) = digits(rest.strip_prefix(['-', '/'])?, 2, 2)?;
    let (day, rest) = digits(rest.strip_prefix(['-', '/'])?, 2, 2)?;
    Some((Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?, rest))
}

/// Passes over `Z`, `+01:00` or `+0100`.
fn zone(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix(['Z', 'z']) {
        return Some(rest);
    }
    let (hours, rest) = digits(text.strip_prefix(['+', '-'])?, 2, 4)?;
    match (hours.len(), rest.strip_prefix(':')) {
        (2, Some(rest)) => digits(rest, 2, 2).map(|(_, rest)| rest),
        (4, _) => Some(rest),
        _ => None,
    }
}

/// A BSD time in front: `Jun 14 15:16:01`, also with the year behind the day or behind the time, and with a fraction.
pub(super) fn bsd(text: &str) -> Option<(Stamp<'_>, &str)> {
    let (name, rest) = text.split_at_checked(3)?;
    let month = MONTHS.iter().position(|month| *month == name)?;
    let month = i8::try_from(month + 1).ok()?;
    let (day, rest) = digits(rest.strip_prefix(' ')?.trim_start_matches(' '), 1, 2)?;
    let day = day.parse().ok()?;
    let rest = rest.strip_prefix(' ')?;
    let year_first = digits(rest, 4, 4).filter(|(_, rest)| rest.starts_with(' '));
    let (clock, rest) = clock(year_first.map_or(rest, |(_, rest)| skip_one(rest)))?;
    let year_last =
        rest.strip_prefix(' ').and_then(|rest| digits(rest, 4, 4)).filter(|(_, rest)| rest.starts_with([' ', ':']));
    let year = year_first.or(year_last).map(|(year, _)| year);
    let rest = if year_first.is_none() { year_last.map_or(rest, |(_, rest)| rest) } else { rest };
    let Some(year) = year else {
        // A date that exists in no year is not a time: 2000 was a leap year.
        Date::new(2000, month, day).ok()?;
        return Some((Stamp::Yearless { month, day, clock, utc: false }, rest));
    };
    let date = Date::new(year.parse().ok()?, month, day).ok()?;
    Some((Stamp::Local { local: date.to_datetime(clock), utc: false }, rest))
}

/// `15:16:01`, with a fraction behind `.` or `,` of up to nine digits; a leap second counts as the one before.
pub(super) fn clock(text: &str) -> Option<(Clock, &str)> {
    let (hour, rest) = digits(text, 2, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
    let (second, mut rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
    let mut nanoseconds = 0;
    if let Some((fraction, after)) = rest.strip_prefix(['.', ',']).and_then(|rest| digits(rest, 1, 9)) {
        let scale = 10_i32.pow(9 - u32::try_from(fraction.len()).ok()?);
        nanoseconds = fraction.parse::<i32>().ok()? * scale;
        rest = after;
    }
    let second: i8 = second.parse().ok()?;
    let clock = Clock::new(hour.parse().ok()?, minute.parse().ok()?, second.min(59), nanoseconds).ok()?;
    Some((clock, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cordon_model::Arena;

    fn check(text: &str, received: &str, expect: &str, rest: &str) {
        let arena = Arena::new();
        let mut list = FieldList::new(&arena);
        let options = DecodeOptions::new(Time::from_rfc3339(received).unwrap());
        let (stamp, after) = iso(text).or_else(|| bsd(text)).unwrap();
        let time = stamp.resolve(&options, &mut list).resolve().unwrap();
        let anomalies = list.finish().1.iter().map(|anomaly| anomaly.name()).collect::<Vec<_>>().join(",");
        assert_eq!(format!("{time} {anomalies}").trim_end(), expect, "{text}");
        assert_eq!(after, rest);
    }

    #[test]
    fn iso_times_with_a_zone_need_no_assumption() {
        check("2025-01-02T03:04:05.678+01:00 host", "2025-01-03T00:00:00Z", "2025-01-02T02:04:05.678000Z", " host");
        check("2025-01-02 03:04:05Z x", "2025-01-03T00:00:00Z", "2025-01-02T03:04:05.000000Z", " x");
        check("2025-01-02T03:04:05-0830 x", "2025-01-03T00:00:00Z", "2025-01-02T11:34:05.000000Z", " x");
        let zone = "2025-01-02T03:04:05.000000Z syslog_missing_zone";
        check("2025-01-02T03:04:05 x", "2025-01-03T00:00:00Z", zone, " x");
        check("Jan  2 2025 03:04:05: x", "2025-01-03T00:00:00Z", zone, ": x");
        check("Jan 02 03:04:05 2025 x", "2026-01-03T00:00:00Z", zone, " x");
    }

    #[test]
    fn a_time_without_year_takes_the_latest_that_is_not_in_the_future() {
        let check = |text, received, time: &str| {
            check(text, received, &format!("{time} syslog_missing_year,syslog_missing_zone"), " h");
        };
        check("Jun 14 15:16:01 h", "2025-07-01T00:00:00Z", "2025-06-14T15:16:01.000000Z");
        check("Dec 31 23:59:59.5 h", "2025-01-01T00:00:10Z", "2024-12-31T23:59:59.500000Z");
        check("Jan  1 00:00:05 h", "2024-12-31T23:59:58Z", "2025-01-01T00:00:05.000000Z");
        check("Jul  1 12:00:00 h", "2025-06-30T13:00:00Z", "2025-07-01T12:00:00.000000Z");
        check("Jul  1 14:00:00 h", "2025-06-30T13:00:00Z", "2024-07-01T14:00:00.000000Z");
        check("Feb 29 14:00:00 h", "2027-06-30T13:00:00Z", "2024-02-29T14:00:00.000000Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in
            ["", "Jun", "Jun 31 00:00:00 x", "Jum 1 00:00:00", "Jan 1 25:00:00", "2025-13-01T00:00:00Z", "2025-01-01"]
        {
            assert!(iso(text).is_none() && bsd(text).is_none(), "{text}");
        }
    }
}
