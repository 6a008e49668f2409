//! Values of settings once they are read: what they are, how they print.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use cordon_model::{Level, Time};
use jiff::tz::TimeZone;

/// A checked value. Prints as TOML.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing: the setting is empty.
    Nothing,
    /// Text, a path, a name, an address of a host or of the web.
    Text(String),
    /// An address to listen on.
    Address(SocketAddr),
    /// A whole number.
    Whole(u64),
    /// A number of bytes.
    Bytes(u64),
    /// A length of time.
    Span(Span),
    /// Yes or no.
    Switch(bool),
    /// A level of findings.
    Level(Level),
    /// Hours of the day.
    Hours(Hours),
    /// A stretch of time that comes once or every week.
    Window(Window),
    /// The event clock.
    Clock(Clock),
    /// Several.
    List(Vec<Value>),
}

/// A length of time in seconds. Prints with the largest unit that leaves no rest: `90s`, `5m`, `2h`, `30d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span(pub u64);

/// Hours of the day in the site's time zone, in minutes since midnight. The end may lie before the start: then they run over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// First minute, 0 to 1439.
    pub from: u16,
    /// First minute after, 0 to 1440.
    pub to: u16,
}

/// A day of the week, Monday first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weekday(
    /// 0 for Monday to 6 for Sunday.
    pub u8,
);

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Once, from a moment to another.
    Once {
        /// First moment.
        from: Time,
        /// First moment after.
        to: Time,
    },
    /// Every week, in the site's time zone.
    Weekly {
        /// The day on which it starts.
        day: Weekday,
        /// Its hours; when they run over midnight they end on the next day.
        hours: Hours,
    },
}

/// The clock from which a demo or a test takes "now".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    /// What it shows when the node starts.
    pub start: Time,
    /// How many times faster than real time it runs; above 0, at most 100,000.
    pub speed: f64,
}

impl Span {
    /// As a duration.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }

    /// In microseconds, the unit of [`Time`].
    #[must_use]
    pub fn micros(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX).saturating_mul(1_000_000)
    }
}

impl Hours {
    /// Whether a minute of the day lies within.
    #[must_use]
    pub const fn holds(self, minute: u16) -> bool {
        if self.from < self.to {
            self.from <= minute && minute < self.to
        } else {
            self.from <= minute || minute < self.to
        }
    }

    /// Whether a moment lies within, by the clock of `zone`.
    #[must_use]
    pub fn hold_at(self, moment: Time, zone: &TimeZone) -> bool {
        local(moment, zone).is_some_and(|(_, minute)| self.holds(minute))
    }
}

impl Weekday {
    /// Short English names, as settings write them.
    pub const NAMES: [&'static str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    const fn before(self) -> Self {
        Self(if self.0 == 0 { 6 } else { self.0 - 1 })
    }
}

impl Window {
    /// Whether a moment lies within, by the clock of `zone`.
    #[must_use]
    pub fn holds(self, moment: Time, zone: &TimeZone) -> bool {
        match self {
            Self::Once { from, to } => from <= moment && moment < to,
            Self::Weekly { day, hours } => local(moment, zone).is_some_and(|(today, minute)| {
                let over_midnight = hours.from >= hours.to;
                let first = today == day && hours.from <= minute && (over_midnight || minute < hours.to);
                let second = over_midnight && today.before() == day && minute < hours.to;
                first || second
            }),
        }
    }
}

/// Day and minute of a moment on the clock of a zone.
fn local(moment: Time, zone: &TimeZone) -> Option<(Weekday, u16)> {
    let local = jiff::Timestamp::from_microsecond(moment.0).ok()?.to_zoned(zone.clone());
    let minute = u16::try_from(local.hour()).ok()? * 60 + u16::try_from(local.minute()).ok()?;
    Some((Weekday(u8::try_from(local.weekday().to_monday_zero_offset()).ok()?), minute))
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => write!(f, "\"\""),
            Self::Text(text) => quoted(f, text),
            Self::Address(address) => write!(f, "\"{address}\""),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Bytes(bytes) => write!(f, "\"{}\"", BytesText(*bytes)),
            Self::Span(span) => write!(f, "\"{span}\""),
            Self::Switch(on) => write!(f, "{on}"),
            Self::Level(level) => write!(f, "\"{}\"", level.name()),
            Self::Hours(hours) => write!(f, "\"{hours}\""),
            Self::Window(window) => write!(f, "\"{window}\""),
            Self::Clock(clock) => write!(f, "\"{},{}\"", clock.start, clock.speed),
            Self::List(values) => {
                let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", texts.join(", "))
            }
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t");
    write!(f, "\"{escaped}\"")
}

/// Bytes with the largest unit that leaves no rest.
struct BytesText(u64);

impl fmt::Display for BytesText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("TiB", 40_u32), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
        let fits = units.into_iter().find(|(_, shift)| self.0 > 0 && self.0.trailing_zeros() >= *shift);
        match fits {
            Some((unit, shift)) => write!(f, "{}{unit}", self.0 >> shift),
            None => write!(f, "{}B", self.0),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("d", 86_400), ("h", 3_600), ("m", 60)];
        let fits = units.into_iter().find(|(_, seconds)| self.0 > 0 && self.0.is_multiple_of(*seconds));
        match fits {
            Some((unit, seconds)) => write!(f, "{}{unit}", self.0 / seconds),
            None => write!(f, "{}s", self.0),
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, self.to / 60, self.to % 60)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Once { from, to } => write!(f, "{from}/{to}"),
            Self::Weekly { day, hours } => {
                write!(f, "{} {hours}", Weekday::NAMES.get(usize::from(day.0)).copied().unwrap_or_default())
            }
        }
    }
}
