//! Times of messages, and times as the file contract writes them.

use cordon_model::Time;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

/// A time as the file contract wants it: with the offset of the site's clocks, to the millisecond.
pub(super) fn written(at: Time, zone: &TimeZone) -> String {
    Timestamp::from_microsecond(at.0).map_or_else(
        |_| String::new(),
        |moment| moment.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string(),
    )
}

/// A time of HL7 v2 (data type DTM, `YYYYMMDD[HH[MM[SS[.S...]]]][+/-ZZZZ]`), on the site's clocks where it states no offset. To the day at least; none when it is no time.
pub(super) fn of_hl7(text: &str, zone: &TimeZone) -> Option<Time> {
    let (digits, offset) = match text.find(['+', '-']) {
        Some(at) => (text.get(..at)?, Some(offset(text.get(at..)?)?)),
        None => (text, None),
    };
    let digits = digits.split('.').next().unwrap_or_default();
    if digits.len() < 8 || digits.len() % 2 == 1 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to).map_or(Some(0), |part| part.parse::<i8>().ok());
    let date = Date::new(digits.get(..4)?.parse().ok()?, part(4, 6)?, part(6, 8)?).ok()?;
    let time = jiff::civil::Time::new(part(8, 10)?, part(10, 12)?, part(12, 14)?, 0).ok()?;
    let civil = DateTime::from_parts(date, time);
    let moment = match offset {
        Some(offset) => offset.to_timestamp(civil).ok()?,
        None => civil.to_zoned(zone.clone()).ok()?.timestamp(),
    };
    Some(Time(moment.as_microsecond()))
}

/// A time of FHIR (`dateTime`, `instant`): with an offset, or a day on the site's clocks. None when it says less than a day.
pub(super) fn of_fhir(text: &str, zone: &TimeZone) -> Option<Time> {
    Time::from_rfc3339(text).or_else(|| {
        let day: Date = text.parse().ok()?;
        Some(Time(day.to_zoned(zone.clone()).ok()?.timestamp().as_microsecond()))
    })
}

/// `+0100`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = text.split_at_checked(1)?;
    let (hours, minutes): (i32, i32) = (digits.get(..2)?.parse().ok()?, digits.get(2..4)?.parse().ok()?);
    let seconds = (hours * 60 + minutes) * 60;
    Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_resources_are_moments_or_days() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let is = |text: &str| of_fhir(text, &berlin).map(|at| written(at, &berlin));
        assert_eq!(is("2026-03-18T18:12:29Z").as_deref(), Some("2026-03-18T19:12:29.000+01:00"));
        assert_eq!(is("2026-03-18").as_deref(), Some("2026-03-18T00:00:00.000+01:00"));
        for text in ["", "2026", "2026-03", "soon"] {
            assert_eq!(is(text), None, "{text}");
        }
    }

    #[test]
    fn times_of_messages_are_read_with_and_without_an_offset() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let is = |text: &str| of_hl7(text, &berlin).map(|at| written(at, &berlin));
        assert_eq!(is("20260318181229+0000").as_deref(), Some("2026-03-18T19:12:29.000+01:00"));
        assert_eq!(is("20260318181229.5").as_deref(), Some("2026-03-18T18:12:29.000+01:00"));
        assert_eq!(is("202603181812-0500").as_deref(), Some("2026-03-19T00:12:00.000+01:00"));
        assert_eq!(is("20260618").as_deref(), Some("2026-06-18T00:00:00.000+02:00"));
        for text in ["", "2026", "202603", "20261318", "yesterday", "20260318181", "20260318+1"] {
            assert_eq!(is(text), None, "{text}");
        }
    }
}
