//! Kinds of settings: how the text of a value becomes a [`Value`], and the words for what is expected.

use std::net::SocketAddr;

use cordon_model::{Level, Time};

use super::layers::Raw;
use super::value::{Clock, Hours, Span, Value, Weekday, Window};

/// Longest text of a value, bytes.
const TEXT_BYTES_MAX: usize = 4_096;
/// Most values of a list.
const LIST_MAX: usize = 1_024;
/// Fastest event clock.
const SPEED_MAX: f64 = 100_000.0;

/// What a setting takes. Every kind but numbers and switches may be empty text, which means "not set", unless the setting is marked as needed.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any text.
    Text,
    /// A path of a file or folder.
    Path,
    /// A short name: letters, digits, `.`, `_`, `-`.
    Name,
    /// An address to listen on.
    Address,
    /// A host and a port to connect to.
    Peer,
    /// An address of the web.
    Url,
    /// A mail address.
    Mail,
    /// A time zone.
    Zone,
    /// A whole number within bounds.
    Whole(u64, u64),
    /// A number of bytes, at least so many.
    Bytes(u64),
    /// A length of time, at least so many seconds.
    Span(u64),
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A level of findings.
    Level,
    /// Hours of the day.
    Hours,
    /// A stretch of time.
    Window,
    /// The event clock.
    Clock,
    /// A list of such.
    List(&'static Kind),
}

impl Kind {
    /// What is expected, in words, to follow "expected".
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Self::Text => format!("text of at most {TEXT_BYTES_MAX} bytes"),
            Self::Path => "a path".into(),
            Self::Name => "a name of letters, digits, `.`, `_` and `-`".into(),
            Self::Address => "an address and a port to listen on, such as `127.0.0.1:8480` or `[::]:514`".into(),
            Self::Peer => "a host and a port, such as `siem.example.org:6514`".into(),
            Self::Url => "an address that starts with `https://` or `http://`".into(),
            Self::Mail => "a mail address, such as `it@hospital.example`".into(),
            Self::Zone => "the name of a time zone, such as `Europe/Berlin`".into(),
            Self::Whole(least, most) => format!("a whole number from {least} to {most}"),
            Self::Bytes(0) => "a number of bytes with a unit, such as `512KiB`, `64MiB` or `2TiB`".into(),
            Self::Bytes(least) => {
                let least = Value::Bytes(*least).to_string();
                format!("a number of bytes with a unit, at least `{}`", least.trim_matches('"'))
            }
            Self::Span(0) => "a length of time, such as `90s`, `5m`, `2h` or `30d`".into(),
            Self::Span(least) => format!("a length of time, such as `5m` or `2h`, at least `{}`", Span(*least)),
            Self::Switch => "`true` or `false`".into(),
            Self::Choice(words) => format!("one of {}", listed(words)),
            Self::Level => format!("one of {}", listed(&Level::ALL.map(Level::name))),
            Self::Hours => "hours of the day, such as `22:00-06:00`".into(),
            Self::Window => "a weekly window such as `sun 02:00-04:00`, or two times with zones such as \
                 `2026-11-22T02:00:00Z/2026-11-22T04:00:00Z`"
                .into(),
            Self::Clock => "a time with its zone, a comma and a speed, such as `2026-10-12T18:00:00Z,60`".into(),
            Self::List(kind) => format!("a list, each {}", kind.expected()),
        }
    }

    /// Reads a value; `None` when it is not of this kind.
    pub(super) fn read(&self, raw: &Raw) -> Option<Value> {
        match (self, raw) {
            (Self::List(kind), Raw::List(values)) if values.len() <= LIST_MAX => {
                let values: Option<Vec<Value>> =
                    values.iter().map(|value| kind.read(value).filter(|value| *value != Value::Nothing)).collect();
                values.map(Value::List)
            }
            (Self::Whole(least, most), Raw::Whole(number)) => {
                u64::try_from(*number).ok().filter(|number| least <= number && number <= most).map(Value::Whole)
            }
            (Self::Switch, Raw::Switch(on)) => Some(Value::Switch(*on)),
            (Self::Whole(..) | Self::Switch | Self::List(_), _) => None,
            (_, Raw::Text(text)) if text.is_empty() => Some(Value::Nothing),
            (_, Raw::Text(text)) if text.len() <= TEXT_BYTES_MAX => self.of_text(text),
            _ => None,
        }
    }

    fn of_text(&self, text: &str) -> Option<Value> {
        let same = |fits: bool| fits.then(|| Value::Text(text.to_owned()));
        match self {
            Self::Text => same(true),
            Self::Path => same(!text.contains('\0')),
            Self::Name => same(text.chars().all(|letter| letter.is_alphanumeric() || ".-_".contains(letter))),
            Self::Address => text.parse::<SocketAddr>().ok().map(Value::Address),
            Self::Peer => same(is_peer(text)),
            Self::Url => same(is_url(text)),
            Self::Mail => same(text.parse::<lettre::Address>().is_ok()),
            Self::Zone => same(jiff::tz::TimeZone::get(text).is_ok()),
            Self::Bytes(least) => bytes(text).filter(|bytes| bytes >= least).map(Value::Bytes),
            Self::Span(least) => {
                seconds(text).filter(|seconds| seconds >= least).map(|seconds| Value::Span(Span(seconds)))
            }
            Self::Choice(words) => same(words.contains(&text)),
            Self::Level => Level::from_name(text).map(Value::Level),
            Self::Hours => hours(text).map(Value::Hours),
            Self::Window => window(text).map(Value::Window),
            Self::Clock => clock(text).map(Value::Clock),
            Self::Whole(..) | Self::Switch | Self::List(_) => None,
        }
    }
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn is_peer(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    !host.is_empty() && !host.contains(['/', ' ', '@']) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !text.contains(char::is_whitespace))
}

/// A number and its unit.
fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(end)?;
    Some((number.parse().ok()?, unit.trim()))
}

fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text)?;
    let factor = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1_u64 << 40,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return None,
    };
    number.checked_mul(factor).filter(|bytes| *bytes <= u64::MAX >> 1)
}

fn seconds(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text)?;
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    // A century: what is longer is a slip.
    number.checked_mul(factor).filter(|seconds| *seconds <= 36_525 * 86_400)
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |text: &str| (text.len() == 2).then(|| text.parse::<u16>().ok())?;
    let (hour, minute) = (digits(hour)?, digits(minute)?);
    (hour < 24 && minute < 60 || hour == 24 && minute == 0).then_some(hour * 60 + minute)
}

fn hours(text: &str) -> Option<Hours> {
    let (from, to) = text.split_once('-')?;
    let hours = Hours { from: minute(from.trim())?, to: minute(to.trim())? };
    (hours.from < 24 * 60 && hours.from != hours.to).then_some(hours)
}

fn window(text: &str) -> Option<Window> {
    if let Some((from, to)) = text.split_once('/') {
        let (from, to) = (Time::from_rfc3339(from.trim())?, Time::from_rfc3339(to.trim())?);
        return (from < to).then_some(Window::Once { from, to });
    }
    let (day, rest) = text.trim().split_once(' ')?;
    let day = Weekday::NAMES.iter().position(|name| *name == day)?;
    Some(Window::Weekly { day: Weekday(u8::try_from(day).ok()?), hours: hours(rest)? })
}

/// Reads `START,SPEED`.
pub(super) fn clock(text: &str) -> Option<Clock> {
    let (start, speed) = text.rsplit_once(',')?;
    let speed: f64 = speed.trim().parse().ok()?;
    let start = Time::from_rfc3339(start.trim())?;
    (speed > 0.0 && speed <= SPEED_MAX).then_some(Clock { start, speed })
}
