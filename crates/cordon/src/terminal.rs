//! What the terminal can show: colour, width, and text that cannot command it.

use std::borrow::Cow;
use std::env;
use std::io::{self, IsTerminal, Write as _};

use cordon_model::Level;
use terminal_size::{Width, terminal_size_of};

/// Widest line written to a terminal; beyond, eyes lose the line.
const WIDTH_MAX: usize = 200;

/// Width of a terminal that does not say.
const WIDTH_UNKNOWN: usize = 100;

/// How text on standard output may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// Characters in a line, when there is a terminal to fill.
    width: Option<usize>,
    /// Colour is wanted.
    colour: bool,
}

impl Look {
    /// No colour, no width: for files and pipes.
    pub(crate) const PLAIN: Self = Self { width: None, colour: false };

    /// What standard output allows: colour on a terminal unless `NO_COLOR` is set (<https://no-color.org>) or the terminal is dumb.
    pub(crate) fn of_stdout() -> Self {
        if !io::stdout().is_terminal() {
            return Self::PLAIN;
        }
        let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let stated = terminal_size_of(io::stdout()).map(|(Width(width), _)| usize::from(width).min(WIDTH_MAX));
        let width = Some(stated.filter(|width| *width > 0).unwrap_or(WIDTH_UNKNOWN));
        Self { width, colour: !set("NO_COLOR") && !dumb }
    }

    /// A terminal of so many columns, without colour.
    #[cfg(test)]
    pub(crate) const fn of_width(width: usize) -> Self {
        Self { width: Some(width), colour: false }
    }

    /// The width to fill.
    pub(crate) fn width_or(self, otherwise: usize) -> usize {
        self.width.unwrap_or(otherwise)
    }

    pub(crate) const fn is_terminal(self) -> bool {
        self.width.is_some()
    }

    /// Text in the colour of a level (ANSI SGR, the sixteen colours that every theme adapts).
    pub(crate) fn level(self, level: Level, text: &str) -> String {
        self.painted(
            text,
            match level {
                Level::Critical => "1;31",
                Level::High => "31",
                Level::Medium => "33",
                Level::Low => "36",
                Level::Informational => "2",
            },
        )
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.painted(text, "1")
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.painted(text, "2")
    }

    fn painted(self, text: &str, code: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Whether standard error is a terminal that wants movement.
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Says something to whoever started the command.
pub(crate) fn say(text: &str) {
    // standard error may be closed; there is nowhere else to say it
    let _ = writeln!(io::stderr(), "{text}");
}

/// Text from logs on one line and without control characters: escape sequences in a log must not reach the terminal.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    // line ends and tabs only part words; what could steer a terminal is shown as lost
    replaced(text, |letter| match letter {
        '\t' | '\r' | '\n' => Some(' '),
        _ if is_harmful(letter) => Some(char::REPLACEMENT_CHARACTER),
        _ => None,
    })
}

/// Text from logs without what could steer a terminal; line ends and tabs stay.
pub(crate) fn without_controls(text: &str) -> Cow<'_, str> {
    let is_layout = |letter| matches!(letter, '\t' | '\r' | '\n');
    replaced(text, |letter| (is_harmful(letter) && !is_layout(letter)).then_some(char::REPLACEMENT_CHARACTER))
}

/// Control characters, and those that turn the direction of text (UAX 9).
fn is_harmful(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}')
}

fn replaced(text: &str, instead: impl Fn(char) -> Option<char>) -> Cow<'_, str> {
    if !text.contains(|letter| instead(letter).is_some()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|letter| instead(letter).unwrap_or(letter)).collect())
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

/// A number and what is counted: `1 file`, `2,000 files`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

/// The same of a length.
pub(crate) fn counted_of(number: usize, one: &str, many: &str) -> String {
    counted(u64::try_from(number).unwrap_or(u64::MAX), one, many)
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
        assert_eq!(plain("a\x1b[31mb\nc\u{202E}d"), "a\u{FFFD}[31mb c\u{FFFD}d");
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
