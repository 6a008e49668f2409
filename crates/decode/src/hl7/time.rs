//! Times of HL7 v2: `YYYYMMDD[HH[MM[SS[.S[S[S[S]]]]]]][+/-ZZZZ]` (v2.5.1 section 2.A.22, type DTM).

use cordon_model::Time;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use crate::civil::{Zone, in_zone};

/// Reads a time; when it names no zone `zone` is taken. `None` when it is no time or not exact to the day.
pub(super) fn read(text: &str, zone: &TimeZone) -> Option<(Time, Zone)> {
    let cut = text.find(['+', '-']).unwrap_or(text.len());
    let (local, offset) = text.split_at_checked(cut)?;
    let (digits, fraction) = local.split_once('.').unwrap_or((local, ""));
    let moment = civil(digits, fraction)?;
    match offset {
        "" => in_zone(moment, zone),
        _ => Some((in_zone(moment, &TimeZone::fixed(self::offset(offset)?))?.0, Zone::Stated)),
    }
}

fn civil(digits: &str, fraction: &str) -> Option<DateTime> {
    let all_digits = digits.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !all_digits || !matches!(digits.len(), 8 | 10 | 12 | 14) || fraction.len() > 9 {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to).map_or(Some(0), |part| part.parse::<i8>().ok());
    let year = digits.get(..4)?.parse().ok()?;
    let nanos = format!("{fraction:0<9}").parse().ok()?;
    DateTime::new(year, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, part(12, 14)?, nanos).ok()
}

fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = text.split_at_checked(1)?;
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at_checked(2)?;
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()
}
