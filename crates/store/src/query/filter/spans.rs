//! Moments and lengths of time as people write them.

use cordon_model::Time;

/// Units of a length of time, in microseconds.
const UNITS: [(&str, i64); 5] =
    [("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000), ("w", 604_800_000_000)];

/// `24h`, `7d`: microseconds.
pub(super) fn length(text: &str) -> Option<i64> {
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, micros) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<i64>().ok()?.checked_mul(*micros)
}

/// `2026-11-22`, `2026-11-22T06:00`, with or without seconds and zone: microseconds since 1970. Without a zone it is UTC.
pub(super) fn moment(text: &str) -> Option<i64> {
    let tries = [text.to_owned(), format!("{text}Z"), format!("{text}:00Z"), format!("{text}T00:00:00Z")];
    tries.iter().find_map(|text| Time::from_rfc3339(text)).map(|time| time.0)
}
