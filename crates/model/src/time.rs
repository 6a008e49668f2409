//! Time: microseconds since 1970-01-01T00:00:00Z. Formatting and parsing are `jiff`'s.

use std::fmt;

/// A moment, in microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub i64);

impl Time {
    /// Reads an RFC 3339 time with a zone (`2025-12-10T04:47:28.250802Z`, also with a blank for the `T`). Digits beyond microseconds are cut.
    #[must_use]
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let moment: jiff::Timestamp = text.parse().ok()?;
        Some(Self(moment.as_microsecond()))
    }

    /// Seconds since 1970, cut.
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Milliseconds since 1970, cut: OCSF's `timestamp_t`.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }
}

/// RFC 3339 in UTC with six digits, `2025-12-10T04:47:28.250802Z`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(moment) => write!(f, "{moment:.6}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

/// When a record happened, as far as the decoder went: reading a time costs more than most records need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum When<'a> {
    /// Already read.
    Known(Time),
    /// Text in RFC 3339 with a zone, not yet read.
    Rfc3339(&'a str),
    /// The record names no time that could be understood.
    #[default]
    Missing,
}

impl When<'_> {
    /// The moment, or `None` when the record has none or its text is not a time.
    #[must_use]
    pub fn resolve(self) -> Option<Time> {
        match self {
            Self::Known(time) => Some(time),
            Self::Rfc3339(text) => Time::from_rfc3339(text),
            Self::Missing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_prints_as_it_was_read() {
        let text = "2025-12-10T04:47:28.250802Z";
        assert_eq!(Time::from_rfc3339(text).unwrap().to_string(), text);
        assert_eq!(Time::from_rfc3339("2025-12-10T05:47:28.2508029+01:00").unwrap().to_string(), text);
        assert_eq!(Time::from_rfc3339("yesterday"), None);
    }

    #[test]
    fn seconds_before_1970_round_down() {
        assert_eq!(Time(-1).as_seconds(), -1);
        assert_eq!(Time(-1).as_millis(), -1);
    }
}
