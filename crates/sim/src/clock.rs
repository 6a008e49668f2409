//! Times of the simulated hospital: seconds since the Unix epoch inside, Central European local time with its offset outside.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Seconds since the Unix epoch, UTC.
pub(crate) type Time = i64;

/// Seconds of an hour.
pub(crate) const HOUR: i64 = 3600;
/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// Central Europe as a POSIX rule (POSIX.1-2017, 8.3): summer time from the last Sunday of March to the last of October.
const ZONE: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
/// Days before the start and after it for which offsets are known.
const DAYS_AROUND: i64 = 800;

/// Turns days and hours on the wall into times and back.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    first_day: i64,
    changes: Vec<(Time, i64)>,
}

impl Clock {
    /// Day 0 is the local day `start`.
    pub(crate) fn new(start: Date) -> Self {
        let first_day = epoch_day(start);
        let zone = TimeZone::posix(ZONE).unwrap_or(TimeZone::UTC);
        let mut changes: Vec<(Time, i64)> = Vec::new();
        for hour in -DAYS_AROUND * 24..DAYS_AROUND * 24 {
            let time = first_day * DAY + hour * HOUR;
            let offset = Timestamp::from_second(time).map_or(0, |t| i64::from(zone.to_offset(t).seconds()));
            if changes.last().is_none_or(|last| last.1 != offset) {
                changes.push((time, offset));
            }
        }
        Self { first_day, changes }
    }

    /// Seconds that local time is ahead of UTC.
    pub(crate) fn offset(&self, time: Time) -> i64 {
        let known = self.changes.iter().rev().find(|change| change.0 <= time).or(self.changes.first());
        known.map_or(0, |change| change.1)
    }

    /// The time at which the wall shows `second` of day `day`.
    pub(crate) fn local(&self, day: i64, second: i64) -> Time {
        let wall = (self.first_day + day) * DAY + second;
        let near = wall - self.offset(wall - HOUR);
        wall - self.offset(near)
    }

    /// The local day, counted from the start.
    pub(crate) fn day(&self, time: Time) -> i64 {
        (time + self.offset(time)).div_euclid(DAY) - self.first_day
    }

    /// The second of the local day.
    pub(crate) fn second(&self, time: Time) -> i64 {
        (time + self.offset(time)).rem_euclid(DAY)
    }

    /// 0 is Monday.
    pub(crate) fn weekday(&self, day: i64) -> i64 {
        (self.first_day + day + 3).rem_euclid(7)
    }

    /// Whether the day is a Saturday or Sunday.
    pub(crate) fn weekend(&self, day: i64) -> bool {
        self.weekday(day) >= 5
    }
}

/// Days since 1970-01-01.
pub(crate) fn epoch_day(date: Date) -> i64 {
    let epoch = Date::constant(1970, 1, 1);
    epoch.until(date).map_or(0, |span| i64::from(span.get_days()))
}

/// Writes times and dates; the day last written is kept as text.
#[derive(Clone, Debug)]
pub(crate) struct Stamp<'a> {
    clock: &'a Clock,
    day: i64,
    text: Vec<u8>,
}

impl<'a> Stamp<'a> {
    pub(crate) fn new(clock: &'a Clock) -> Self {
        Self { clock, day: i64::MIN, text: Vec::new() }
    }

    /// ISO 8601 with offset, to the second.
    pub(crate) fn time(&mut self, time: Time, out: &mut Vec<u8>) {
        let offset = self.clock.offset(time);
        let wall = time + offset;
        let second = wall.rem_euclid(DAY);
        self.date(wall.div_euclid(DAY), out);
        for (mark, part) in [(b'T', second / HOUR), (b':', second / 60 % 60), (b':', second % 60)] {
            out.push(mark);
            two_digits(part, out);
        }
        out.push(b'+');
        two_digits(offset / HOUR, out);
        out.push(b':');
        two_digits(offset / 60 % 60, out);
    }

    /// A date, given in days since 1970-01-01.
    pub(crate) fn date(&mut self, day: i64, out: &mut Vec<u8>) {
        if day != self.day {
            self.day = day;
            self.text = Timestamp::from_second(day.saturating_mul(DAY))
                .map_or_else(|_| b"1970-01-01".to_vec(), |t| t.to_zoned(TimeZone::UTC).date().to_string().into_bytes());
        }
        out.extend_from_slice(&self.text);
    }
}

fn two_digits(n: i64, out: &mut Vec<u8>) {
    for digit in [n / 10 % 10, n % 10] {
        out.push(b'0' + u8::try_from(digit).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(day: i64, second: i64, expect: &str) {
        let clock = Clock::new(Date::constant(2026, 3, 2));
        let mut text = Vec::new();
        Stamp::new(&clock).time(clock.local(day, second), &mut text);
        assert_eq!(String::from_utf8(text).unwrap(), expect);
    }

    #[test]
    fn a_wall_time_carries_the_offset_of_its_season() {
        check(0, 0, "2026-03-02T00:00:00+01:00");
        check(26, 23 * HOUR + 61, "2026-03-28T23:01:01+01:00");
        check(27, 6 * HOUR, "2026-03-29T06:00:00+02:00");
        check(-1, 12 * HOUR, "2026-03-01T12:00:00+01:00");
    }

    #[test]
    fn a_day_is_found_again_from_its_time_and_monday_is_nought() {
        let clock = Clock::new(Date::constant(2026, 3, 2));
        for day in -40..60 {
            assert_eq!(clock.day(clock.local(day, 13 * HOUR)), day);
            assert_eq!(clock.second(clock.local(day, 13 * HOUR)), 13 * HOUR);
        }
        assert_eq!(clock.weekday(0), 0);
        assert!(clock.weekend(5) && clock.weekend(6) && !clock.weekend(7));
    }
}
