//! When a JSON record happened: what looks like RFC 3339 is kept for later, everything else is read at once.

use cordon_model::{Arena, Time, Value, When};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::civil::{Zone, in_zone};

/// A time and where its zone comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) when: When<'a>,
    pub(super) zone: Zone,
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
        return Some(Found { when: When::Rfc3339(text), zone: Zone::Stated });
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
    let (time, zone) = in_zone(local, zone)?;
    Some(Found { when: When::Known(time), zone })
}

fn known<'a>(time: Time) -> Option<Found<'a>> {
    Some(Found { when: When::Known(time), zone: Zone::Stated })
}

/// Whether text that starts as a date and a time of day, no part of which is out of range, ends in `Z` or an offset.
fn has_zone(text: &str) -> bool {
    let bytes = text.as_bytes();
    let [_, _, _, _, b'-', m0, m1, b'-', d0, d1, _, h0, h1, b':', n0, n1, _, ..] = bytes else { return false };
    let month_and_day = matches!((m0, m1), (b'0', b'1'..=b'9') | (b'1', b'0'..=b'2'))
        && matches!((d0, d1), (b'0', b'1'..=b'9') | (b'1' | b'2', b'0'..=b'9') | (b'3', b'0' | b'1'));
    let clock = matches!((h0, h1), (b'0' | b'1', b'0'..=b'9') | (b'2', b'0'..=b'3'))
        && matches!((n0, n1), (b'0'..=b'5', b'0'..=b'9'));
    if !month_and_day || !clock {
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

    fn check(value: Value<'_>, expect: &str, zone: Zone) {
        let arena = Arena::new();
        let found = read(value, &TimeZone::UTC, &arena).unwrap();
        assert_eq!(found.when.resolve().unwrap().to_string(), expect, "{value:?}");
        assert_eq!(found.zone, zone, "{value:?}");
    }

    #[test]
    fn times_are_read_in_every_spelling_seen_in_the_wild() {
        let expect = "2025-12-10T04:47:28.250802Z";
        check(Value::Text("2025-12-10T04:47:28.250802Z"), expect, Zone::Stated);
        check(Value::Text("2025-12-10T04:47:28.250802+0000"), expect, Zone::Stated);
        check(Value::Text("2025-12-10 04:47:28.250802"), expect, Zone::Taken);
        check(Value::Number("1765342048.250802"), expect, Zone::Stated);
        check(Value::Number("1765342048250802"), expect, Zone::Stated);
        check(Value::Text("1765342048250802000"), expect, Zone::Stated);
        check(Value::Number("1765342048250"), "2025-12-10T04:47:28.250000Z", Zone::Stated);
        check(Value::Escaped("\\/Date(1765342048250)\\/"), "2025-12-10T04:47:28.250000Z", Zone::Stated);
    }

    #[test]
    fn what_is_no_time_is_none() {
        let arena = Arena::new();
        for text in ["yesterday", "XXXXXXXXXX.XXXXXX", "2025-13-10T04:47:28Z", "2025-12-10T24:00:01+01:00", ""] {
            assert_eq!(read(Value::Text(text), &TimeZone::UTC, &arena), None, "{text}");
        }
        for value in [Value::Null, Value::Number("-1")] {
            assert_eq!(read(value, &TimeZone::UTC, &arena), None);
        }
    }
}
