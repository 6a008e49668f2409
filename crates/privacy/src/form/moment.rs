//! Times: ISO 8601 with an offset from UTC, as instants that also know the clock on the wall.

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::{DateTimeParser, Pieces};
use jiff::tz::Offset;

/// Milliseconds of a minute.
pub(crate) const MINUTE: i64 = 60_000;
/// Milliseconds of an hour.
pub(crate) const HOUR: i64 = 60 * MINUTE;
/// Milliseconds of 24 hours.
pub(crate) const DAY: i64 = 24 * HOUR;

/// A moment: an instant, and how far the clock on the wall was from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Milliseconds since 1970-01-01T00:00Z.
    pub at: i64,
    /// Minutes that the clock on the wall was ahead of UTC.
    pub offset_minutes: i16,
}

impl Moment {
    /// Reads a time.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        plain(text).map_or_else(|| Self::parse_any(text), Ok)
    }

    /// Reads a time however it is written.
    fn parse_any(text: &str) -> Result<Self, &'static str> {
        static PARSER: DateTimeParser = DateTimeParser::new();
        let pieces: Pieces<'_> =
            PARSER.parse_pieces(text).map_err(|_| "the time is not ISO 8601 (like 2026-03-18T21:14:03+01:00)")?;
        let offset = pieces.to_numeric_offset().ok_or("the time has no offset from UTC (like +01:00 or Z)")?;
        let civil = pieces.date().to_datetime(pieces.time().ok_or("the time is a date only")?);
        // the last hours of the year 9999, which stand for "no end" in many systems, are beyond what a timestamp holds with every offset
        let at = offset.to_timestamp(civil).or(if civil.year() == 9999 {
            Ok(jiff::Timestamp::MAX)
        } else {
            Err("the time is out of range")
        })?;
        let offset_minutes = i16::try_from(offset.seconds() / 60).map_err(|_| "the offset is out of range")?;
        Ok(Self { at: at.as_millisecond(), offset_minutes })
    }

    /// Milliseconds of the clock on the wall since its 1970-01-01T00:00.
    pub(crate) fn wall(self) -> i64 {
        self.at + i64::from(self.offset_minutes) * MINUTE
    }

    /// The day on the wall, counted from 1970-01-01.
    pub(crate) fn day(self) -> i64 {
        self.wall().div_euclid(DAY)
    }

    /// The hour of the week on the wall: 0 is Monday from midnight, 167 the last of Sunday.
    pub(crate) fn hour_of_week(self) -> u8 {
        // 1970-01-01 was a Thursday
        let hours = (self.wall() + 3 * DAY).div_euclid(HOUR).rem_euclid(168);
        u8::try_from(hours).unwrap_or(0)
    }

    /// As ISO 8601 with its offset, to the second.
    pub(crate) fn text(self) -> String {
        self.written("%Y-%m-%dT%H:%M:%S%:z")
    }

    /// When something began and ended, for people: `on 2026-03-18 at 21:14:20 (+01:00)`, `on 2026-03-18 between 21:14:20 and 21:19:40 (+01:00)`.
    pub(crate) fn words_until(self, last: Self) -> String {
        let (day, clock, zone) = ("%Y-%m-%d", "%H:%M:%S", "%:z");
        let (from, until) = (|format: &str| self.written(format), |format: &str| last.written(format));
        let (zone_from, zone_until) = (from(zone), until(zone));
        let apart = if zone_from == zone_until { String::new() } else { format!(" ({zone_from})") };
        if self.at == last.at {
            format!("on {} at {} ({zone_from})", from(day), from(clock))
        } else if from(day) == until(day) {
            format!("on {} between {}{apart} and {} ({zone_until})", from(day), from(clock), until(clock))
        } else {
            let both = format!("{day} {clock}");
            format!("between {}{apart} and {} ({zone_until})", from(&both), until(&both))
        }
    }

    fn written(self, format: &str) -> String {
        let offset = Offset::from_seconds(i32::from(self.offset_minutes) * 60).unwrap_or(Offset::UTC);
        let instant = jiff::Timestamp::from_millisecond(self.at).unwrap_or_default();
        instant.to_zoned(offset.to_time_zone()).strftime(format).to_string()
    }
}

/// Reads a time as nearly all are written, `2026-03-18T21:14:03+01:00`: only its letters here, the calendar is the library's. None when it is written otherwise, or is none.
fn plain(text: &str) -> Option<Moment> {
    let bytes: &[u8; 25] = text.as_bytes().try_into().ok()?;
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (22, b':')];
    if marks.iter().any(|(place, mark)| bytes.get(*place) != Some(mark)) {
        return None;
    }
    let two = |place: usize| {
        let (tens, ones) = (bytes.get(place)?.wrapping_sub(b'0'), bytes.get(place + 1)?.wrapping_sub(b'0'));
        (tens < 10 && ones < 10).then(|| i8::try_from(tens * 10 + ones).ok()).flatten()
    };
    let sign = match bytes.get(19)? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let date = Date::new(i16::from(two(0)?) * 100 + i16::from(two(2)?), two(5)?, two(8)?).ok()?;
    let time = Time::new(two(11)?, two(14)?, two(17)?, 0).ok()?;
    let minutes = two(23).filter(|minutes| *minutes < 60)?;
    let offset_minutes = sign * (i16::from(two(20)?) * 60 + i16::from(minutes));
    let offset = Offset::from_seconds(i32::from(offset_minutes) * 60).ok()?;
    let at = offset.to_timestamp(DateTime::from_parts(date, time)).ok()?;
    Some(Moment { at: at.as_millisecond(), offset_minutes })
}

/// A span of so many days, in milliseconds; never so long that adding it to a time overflows.
pub(crate) fn days_before(days: u32) -> i64 {
    i64::from(days) * DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_needs_an_offset_and_a_clock() {
        assert_eq!(
            Moment::parse("2026-03-18T21:14:03+01:00").map(|m| (m.at, m.offset_minutes)),
            Ok((1_773_864_843_000, 60))
        );
        assert_eq!(Moment::parse("2026-03-18T20:14:03Z").map(|m| m.at), Ok(1_773_864_843_000));
        assert!(Moment::parse("2026-03-18T21:14:03").is_err_and(|why| why.contains("offset")));
        for text in ["", "2026-03-18", "2026-03-18T24:00:00Z", "yesterday", "2026-13-01T00:00:00Z"] {
            assert!(Moment::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_as_nearly_all_are_written_are_read_as_by_the_general_way() {
        let mut read = 0;
        let years = [1970, 1999, 2000, 2026, 2028, 2100, 2199];
        let months = years.into_iter().flat_map(|year| (0..=13).map(move |month| format!("{year}-{month:02}")));
        let days = months.flat_map(|month| (0..=32).map(move |day| format!("{month}-{day:02}")));
        for day in days {
            for rest in ["00:00:00+00:00", "23:59:59-03:30", "12:60:00+01:00"] {
                let text = format!("{day}T{rest}");
                let quick = plain(&text);
                assert_eq!(quick, Moment::parse_any(&text).ok(), "{text}");
                read += u32::from(quick.is_some());
            }
        }
        assert_eq!(read, 2 * (5 * 365 + 2 * 366), "each day twice: 2000 and 2028 are leap years");
        for text in [
            "2026-03-18t21:14:03+01:00",
            "2026-03-18T21:14:03Z",
            "2026-03-18T21:14:03+01:60",
            "+026-03-18T21:14:03+01:00",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn a_stretch_of_time_is_told_as_people_say_it() {
        let told = |first: &str, last: &str| Moment::parse(first).unwrap().words_until(Moment::parse(last).unwrap());
        let evening = "2026-03-18T21:14:20+01:00";
        assert_eq!(told(evening, evening), "on 2026-03-18 at 21:14:20 (+01:00)");
        assert_eq!(told(evening, "2026-03-18T21:19:40+01:00"), "on 2026-03-18 between 21:14:20 and 21:19:40 (+01:00)");
        let next = "2026-03-19T00:01:00+01:00";
        assert_eq!(told(evening, next), "between 2026-03-18 21:14:20 and 2026-03-19 00:01:00 (+01:00)");
        let (summer, winter) = ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00");
        assert_eq!(told(summer, winter), "on 2026-10-25 between 02:30:00 (+02:00) and 02:30:00 (+01:00)");
    }

    #[test]
    fn the_clock_on_the_wall_is_the_offset_s_own() {
        // both are the night in which the clock goes back; half past two comes twice
        let first = Moment::parse("2026-10-25T02:30:00+02:00").unwrap();
        let second = Moment::parse("2026-10-25T02:30:00+01:00").unwrap();
        assert_eq!(second.at - first.at, HOUR);
        assert_eq!((first.hour_of_week(), first.day()), (second.hour_of_week(), second.day()));
        assert_eq!(first.hour_of_week(), 6 * 24 + 2);
        assert_eq!(first.text(), "2026-10-25T02:30:00+02:00");
    }
}
