//! The site's clock: which hour of which day an event time is, where the hospital stands.

use cordon_model::Time;
use jiff::Timestamp;
use jiff::tz::TimeZone;

const QUARTER_S: i64 = 900;
const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 86_400;

/// A moment as the site's people would say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moment {
    /// Seconds since 1970.
    pub(super) s: i64,
    /// Hours since 1970, UTC: what a running hour is told by.
    pub(super) hour: u32,
    /// Days since 1970 by the site's clock.
    pub(super) day: u32,
    /// 0 to 23 by the site's clock on workdays, 24 to 47 on Saturdays and Sundays.
    pub(super) of_week: usize,
}

impl Moment {
    /// 0 to 23 by the site's clock.
    pub(super) const fn of_day(self) -> usize {
        self.of_week % 24
    }

    /// The beginning of its hour.
    pub(super) const fn hour_start(self) -> Time {
        Time(self.s.div_euclid(HOUR_S) * HOUR_S * 1_000_000)
    }
}

/// Reads moments; the offset of the zone is asked once for the quarter of an hour last seen, since clocks change on none other.
#[derive(Debug)]
pub(super) struct SiteClock {
    zone: TimeZone,
    quarter: Option<i64>,
    offset_s: i64,
}

impl SiteClock {
    pub(super) const fn new(zone: TimeZone) -> Self {
        Self { zone, quarter: None, offset_s: 0 }
    }

    pub(super) fn moment(&mut self, time: Time) -> Moment {
        let s = time.as_seconds();
        let quarter = s.div_euclid(QUARTER_S);
        if self.quarter != Some(quarter) {
            let at = Timestamp::from_second(s).unwrap_or(Timestamp::UNIX_EPOCH);
            self.offset_s = i64::from(self.zone.to_offset(at).seconds());
            self.quarter = Some(quarter);
        }
        let local = s.saturating_add(self.offset_s);
        let day = local.div_euclid(DAY_S);
        let of_day = usize::try_from(local.rem_euclid(DAY_S) / HOUR_S).unwrap_or(0);
        // the first of January 1970 was a Thursday
        let is_weekend = matches!((day + 4).rem_euclid(7), 0 | 6);
        Moment {
            s,
            hour: u32::try_from(s.div_euclid(HOUR_S)).unwrap_or(0),
            day: u32::try_from(day).unwrap_or(0),
            of_week: of_day + if is_weekend { 24 } else { 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_those_of_the_site_also_in_the_night_when_clocks_change() {
        let mut clock = SiteClock::new(TimeZone::get("Europe/Berlin").unwrap());
        let mut check = |time: &str, of_week: usize| {
            assert_eq!(clock.moment(Time::from_rfc3339(time).unwrap()).of_week, of_week, "{time}");
        };
        check("2026-03-27T10:00:00Z", 11);
        check("2026-03-29T00:59:00Z", 24 + 1);
        check("2026-03-29T01:00:00Z", 24 + 3);
        check("2026-10-25T00:30:00Z", 24 + 2);
        check("2026-10-25T01:30:00Z", 24 + 2);
        check("2026-03-30T22:30:00Z", 0);
    }
}
