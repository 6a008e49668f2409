//! When a JSON record happened: RFC 3339 text is kept for later, everything else is read at once.

use cordon_model::{Arena, Time, Value, When};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A time and whether its zone was assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) when: When<'a>,
    pub(super) zone_assumed: bool,
}

/// Reads a value as a time: RFC 3339, a date and time without a zone, seconds, milliseconds, microseconds or nanoseconds since 1970, `/Date(ms)/`.
pub(super) fn read<'a>(value: Value<'a>, zone: &TimeZone, arena: &'a Arena) -> Option<Found<'a>> {
    let text = match value {
        Value::Number(text) => return known(epoch(text)?),
        Value::Text(text) => text,
        Value::Escaped(_) => value.text(arena)?,
        Value::Null | Value::Bool(_) => return None,
    };
    if has_zone(text) {
        return Some(Found { when: When::Rfc3339(text), zone_assumed: false });
    }
    if let Some(time) = epoch(text) {
        return known(time);
    }
    if let Some(millis) = text.strip_prefix("/Date(").and_then(|rest| rest.split(['+', ')']).next()) {
        return known(Time(millis.parse::<i64>().ok()?.checked_mul(1000)?));
    }
    if let Some(local) = text.strip_suffix(" UTC").or_else(|| text.strip_suffix(" GMT")) {
        let moment = local.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?;
        return known(Time(moment.timestamp().as_microsecond()));
    }
    let local: DateTime = text.parse().ok()?;
    let moment = local.to_zoned(zone.clone()).ok()?;
    Some(Found { when: When::Known(Time(moment.timestamp().as_microsecond())), zone_assumed: true })
}

fn known<'a>(time: Time) -> Option<Found<'a>> {
    Some(Found { when: When::Known(time), zone_assumed: false })
}

/// Whether text that starts as a date ends in `Z` or an offset.
fn has_zone(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 17 || bytes.get(4) != Some(&b'-') {
        return false;
    }
    let tail = bytes.get(bytes.len() - 6..).unwrap_or_default();
    matches!(tail.last(), Some(b'Z' | b'z'))
        || tail.iter().any(|byte| matches!(byte, b'+'))
        || tail.first() == Some(&b'-')
}

/// A number since 1970; its size tells the unit.
fn epoch(text: &str) -> Option<Time> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    let micros = match number {
        0..=99_999_999_999 => number.checked_mul(1_000_000)?.checked_add(micros_of(fraction))?,
        100_000_000_000..=99_999_999_999_999 => number.checked_mul(1000)?,
        100_000_000_000_000..=99_999_999_999_999_999 => number,
        _ => number / 1000,
    };
    Some(Time(micros))
}

fn micros_of(fraction: &str) -> i64 {
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(6);
    digits.fold(0, |sum, digit| sum * 10 + i64::from(digit.saturating_sub(b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: Value<'_>, expect: &str, zone_assumed: bool) {
        let arena = Arena::new();
        let found = read(value, &TimeZone::UTC, &arena).unwrap();
        assert_eq!(found.when.resolve().unwrap().to_string(), expect, "{value:?}");
        assert_eq!(found.zone_assumed, zone_assumed, "{value:?}");
    }

    #[test]
    fn times_are_read_in_every_spelling_seen_in_the_wild() {
        let expect = "2025-12-10T04:47:28.250802Z";
        check(Value::Text("2025-12-10T04:47:28.250802Z"), expect, false);
        check(Value::Text("2025-12-10T04:47:28.250802+0000"), expect, false);
        check(Value::Text("2025-12-10 04:47:28.250802"), expect, true);
        check(Value::Number("1765342048.250802"), expect, false);
        check(Value::Number("1765342048250802"), expect, false);
        check(Value::Text("1765342048250802000"), expect, false);
        check(Value::Number("1765342048250"), "2025-12-10T04:47:28.250000Z", false);
        check(Value::Escaped("\\/Date(1765342048250)\\/"), "2025-12-10T04:47:28.250000Z", false);
    }

    #[test]
    fn what_is_no_time_is_none() {
        let arena = Arena::new();
        for value in [Value::Null, Value::Text("yesterday"), Value::Text("XXXXXXXXXX.XXXXXX"), Value::Number("-1")] {
            assert_eq!(read(value, &TimeZone::UTC, &arena), None);
        }
    }
}
