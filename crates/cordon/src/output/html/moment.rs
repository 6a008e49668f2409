//! Times for people, in UTC.

use cordon_model::Time;
use jiff::Timestamp;

/// `18 March 2026`.
pub(super) const DAY: &str = "%-d %B %Y";
/// `20:04:31`.
pub(super) const CLOCK: &str = "%H:%M:%S";
/// `18 Mar 20:04:31`.
pub(super) const DAY_CLOCK: &str = "%-d %b %H:%M:%S";

/// A time in `strftime`'s pattern; its plain number where the calendar ends.
pub(super) fn shown(time: Time, pattern: &str) -> String {
    Timestamp::from_microsecond(time.0).map_or_else(|_| time.to_string(), |moment| moment.strftime(pattern).to_string())
}

/// `between 18:52 and 21:40 UTC on 18 March 2026`.
pub(super) fn between(first: Time, last: Time) -> String {
    let minute = |time| shown(time, "%H:%M");
    let (from_day, to_day) = (shown(first, DAY), shown(last, DAY));
    if from_day != to_day {
        return format!("between {} on {from_day} and {} on {to_day} (UTC)", minute(first), minute(last));
    }
    if minute(first) == minute(last) {
        return format!("at {} UTC on {from_day}", minute(first));
    }
    format!("between {} and {} UTC on {from_day}", minute(first), minute(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_reads_as_a_sentence() {
        let check = |first, last, expect: &str| {
            let time = |text| Time::from_rfc3339(text).unwrap();
            assert_eq!(between(time(first), time(last)), expect);
        };
        check("2026-03-18T18:52:04Z", "2026-03-18T21:40:00Z", "between 18:52 and 21:40 UTC on 18 March 2026");
        check("2026-03-18T18:52:04Z", "2026-03-18T18:52:59Z", "at 18:52 UTC on 18 March 2026");
        check(
            "2026-03-18T18:52:04Z",
            "2026-03-19T01:00:00Z",
            "between 18:52 on 18 March 2026 and 01:00 on 19 March 2026 (UTC)",
        );
    }
}
