//! What the terminal can show: colour, width, and text that cannot command it.

use std::borrow::Cow;
use std::io::{self, IsTerminal};

/// Whether standard error is a terminal that wants movement.
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Text from logs without control characters: escape sequences in a log must not reach the terminal. Bidirectional overrides count as control characters.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let harmful = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}')
    };
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|letter| if harmful(letter) { '\u{FFFD}' } else { letter }).collect())
}

/// A number with commas between thousands: `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes in the unit that fits, `1.5 GB`; powers of ten.
pub(crate) fn bytes(count: u64) -> String {
    let mut unit = (1_u64, "B");
    for larger in [(1_000, "kB"), (1_000_000, "MB"), (1_000_000_000, "GB"), (1_000_000_000_000, "TB")] {
        if count >= larger.0 {
            unit = larger;
        }
    }
    let tenths = u128::from(count) * 10 / u128::from(unit.0);
    if unit.0 == 1 { format!("{count} B") } else { format!("{}.{} {}", tenths / 10, tenths % 10, unit.1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_cannot_command_the_terminal() {
        assert_eq!(plain("a\x1b[31mb\nc\u{202E}d"), "a\u{FFFD}[31mb\u{FFFD}c\u{FFFD}d");
        assert_eq!(plain("Grüße"), "Grüße");
    }

    #[test]
    fn numbers_read_easily() {
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(12), "12");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_550_000), "1.5 MB");
    }
}
