//! Times written by a pattern, with or without a zone: what several text formats share.

use cordon_model::Time;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// Reads `text` by a `strptime` pattern (jiff's). The flag says that it named no zone and `zone` was taken. A date alone is its midnight.
pub(crate) fn by_pattern(text: &str, pattern: &str, zone: &TimeZone) -> Option<(Time, bool)> {
    let broken = BrokenDownTime::parse(pattern, text).ok()?;
    let local = broken.to_date().ok()?.to_datetime(broken.to_time().unwrap_or_default());
    let offset = broken.offset();
    let zone = offset.map_or_else(|| zone.clone(), TimeZone::fixed);
    let moment = zone.to_ambiguous_timestamp(local).compatible().ok()?;
    Some((Time(moment.as_microsecond()), offset.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_read_padded_and_unpadded_times_with_and_without_zone() {
        let check = |text: &str, pattern: &str, expect: Option<(&str, bool)>| {
            let seen = by_pattern(text, pattern, &TimeZone::UTC).map(|(time, missing)| (time.to_string(), missing));
            assert_eq!(seen, expect.map(|(time, missing)| (time.to_owned(), missing)), "{text}");
        };
        check("2026-01-02 03:04:05", "%Y-%m-%d %H:%M:%S", Some(("2026-01-02T03:04:05.000000Z", true)));
        check("1/2/2026 3:04:05 PM", "%m/%d/%Y %I:%M:%S %p", Some(("2026-01-02T15:04:05.000000Z", true)));
        check("02/Jan/2026:03:04:05 +0100", "%d/%b/%Y:%H:%M:%S %z", Some(("2026-01-02T02:04:05.000000Z", false)));
        check("2026-01-02", "%Y-%m-%d", Some(("2026-01-02T00:00:00.000000Z", true)));
        check("2026-13-02", "%Y-%m-%d", None);
    }
}
