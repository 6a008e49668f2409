//! One test on one value, as the fast path does it: on folded bytes where case does not count, on the text where it does.

use memchr::memmem;

use super::wildcard;
use crate::ast::Operator;
use crate::compile::{DatePart, Place, Test};

/// Whether a literal stands at its place.
pub(crate) fn literal(place: Place, literal: &[u8], value: &[u8]) -> bool {
    match place {
        Place::Exact => value == literal,
        Place::Prefix => value.starts_with(literal),
        Place::Suffix => value.ends_with(literal),
        Place::Contains => memmem::find(value, literal).is_some(),
    }
}

/// Whether the test looks at folded text.
pub(crate) fn is_folded(test: &Test) -> bool {
    matches!(test, Test::Literal { cased: false, .. } | Test::Wildcard { cased: false, .. })
}

/// A test on folded text ([`is_folded`]).
pub(crate) fn holds_folded(test: &Test, bytes: &[u8]) -> bool {
    match test {
        Test::Literal { place, text, .. } => literal(*place, text.as_bytes(), bytes),
        Test::Wildcard { tokens, .. } => wildcard::fits(tokens, bytes),
        _ => false,
    }
}

/// A test on the text as it stands. Tests on presence and on other fields are not asked here.
pub(crate) fn holds(test: &Test, text: &str) -> bool {
    match test {
        Test::Literal { .. } | Test::Wildcard { .. } => holds_folded(test, text.as_bytes()),
        Test::AnyText => true,
        Test::Regex(regex) => regex.is_match(text),
        Test::Cidr(network) => address(text).is_some_and(|address| network.contains(&address)),
        Test::Number { operator, value } => number(text).is_some_and(|is| compare(*operator, is, *value)),
        Test::Date { part, operator, value } => date_part(*part, text).is_some_and(|is| compare(*operator, is, *value)),
        Test::Null | Test::Exists(_) | Test::FieldRef { .. } => false,
    }
}

/// An address, also in brackets, with a zone, or IPv4 mapped into IPv6.
pub(crate) fn address(text: &str) -> Option<std::net::IpAddr> {
    let bare = text.trim().trim_start_matches('[').trim_end_matches(']');
    let bare = bare.split_once('%').map_or(bare, |(address, _)| address);
    let address: std::net::IpAddr = bare.parse().ok()?;
    Some(address.to_canonical())
}

/// A number in decimal, or in hexadecimal behind `0x` as Windows writes masks.
pub(crate) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u32::from_str_radix(digits, 16).ok().map(f64::from);
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A comparison.
pub(crate) fn compare(operator: Operator, is: f64, asked: f64) -> bool {
    match operator {
        Operator::Lt => is < asked,
        Operator::Lte => is <= asked,
        Operator::Gt => is > asked,
        Operator::Gte => is >= asked,
        Operator::Eq => is == asked,
        Operator::Neq => is != asked,
    }
}

/// A part of a date as it is written: no time zone is converted (Sigma modifiers appendix). Weeks are those of ISO 8601.
pub(crate) fn date_part(part: DatePart, text: &str) -> Option<f64> {
    let text = text.trim();
    let written = text.trim_end_matches('Z');
    let moment: jiff::civil::DateTime = written.parse().ok().or_else(|| {
        let date: jiff::civil::Date = written.get(..10)?.parse().ok()?;
        Some(date.at(0, 0, 0, 0))
    })?;
    Some(f64::from(match part {
        DatePart::Minute => i16::from(moment.minute()),
        DatePart::Hour => i16::from(moment.hour()),
        DatePart::Day => i16::from(moment.day()),
        DatePart::Week => i16::from(moment.date().iso_week_date().week()),
        DatePart::Month => i16::from(moment.month()),
        DatePart::Year => moment.year(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_logs_write_them() {
        assert_eq!(address("::ffff:10.0.0.1"), address("10.0.0.1"));
        assert!(address("[fe80::1%eth0]").is_some());
        assert_eq!(address("host"), None);
    }

    #[test]
    fn parts_of_dates_are_taken_as_written() {
        assert_eq!(date_part(DatePart::Hour, "2025-12-10T04:47:28.25Z"), Some(4.0));
        assert_eq!(date_part(DatePart::Hour, "2025-12-10 23:47:28"), Some(23.0));
        assert_eq!(date_part(DatePart::Week, "2025-12-29"), Some(1.0));
        assert_eq!(date_part(DatePart::Year, "soon"), None);
    }

    #[test]
    fn numbers_may_be_hexadecimal_and_never_infinite() {
        assert_eq!(number("0x10"), Some(16.0));
        assert_eq!(number(" 1.5 "), Some(1.5));
        assert_eq!(number("inf"), None);
    }
}
