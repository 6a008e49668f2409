//! A line of the material with the places that get fresh values. Lengths stay, but for names of hosts.

use crate::fresh::Fresh;

/// Keys of Windows records whose numbers are new in each event, in JSON.
const NUMBERS: [&[u8]; 10] = [
    b"\"ProcessId\":",
    b"\"ProcessID\":",
    b"\"ParentProcessId\":",
    b"\"NewProcessId\":",
    b"\"SourceProcessId\":",
    b"\"TargetProcessId\":",
    b"\"ThreadId\":",
    b"\"EventRecordID\":",
    b"\"SourcePort\":",
    b"\"IpPort\":",
];
const HOST: &[u8] = b"\"Computer\":\"";
/// Hosts of the stream.
const HOSTS: usize = 400;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    /// Date, with what stands between its parts.
    Date(u8),
    Clock,
    Compact,
    Syslog,
    /// So many digits since 1970.
    Epoch(usize),
    Digits(usize),
    Number(usize),
    Hex(usize, bool),
    Host,
    /// UTC, as `+00:00` or `+0000`.
    Zone(bool),
}

#[derive(Clone, Debug)]
pub struct Template {
    text: Vec<u8>,
    /// End of the text that stands as it is, the slot behind it, and how much of the text the slot takes the place of.
    slots: Vec<(usize, Slot, usize)>,
}

impl Template {
    pub fn new(line: &[u8]) -> Self {
        let (mut slots, mut at) = (Vec::new(), 0);
        while at < line.len() {
            at += found(line, at, &mut slots).max(1);
        }
        Self { text: line.to_owned(), slots }
    }

    pub fn len(&self) -> usize {
        self.text.len()
    }

    pub fn write(&self, fresh: &mut Fresh, to: &mut Vec<u8>) {
        let mut from = 0;
        for (start, slot, len) in &self.slots {
            to.extend_from_slice(&self.text[from..*start]);
            from = start + len;
            match *slot {
                Slot::Date(separator) => fresh.date(separator, to),
                Slot::Clock => fresh.clock(to),
                Slot::Compact => fresh.compact(to),
                Slot::Syslog => fresh.syslog(to),
                Slot::Epoch(digits) => fresh.epoch(digits, to),
                Slot::Digits(count) => fresh.digits(count, to),
                Slot::Number(count) => fresh.number(count, to),
                Slot::Hex(count, upper) => fresh.hex(count, upper, to),
                Slot::Zone(colon) => to.extend_from_slice(if colon { b"+00:00" } else { b"+0000" }),
                Slot::Host => {
                    let host = fresh.random.below(HOSTS);
                    to.extend_from_slice(format!("ws{host:03}.lakeside.example").as_bytes());
                }
            }
        }
        to.extend_from_slice(&self.text[from..]);
    }
}

/// Slots that start at `at`, and how many bytes they take; 0 for none.
fn found(line: &[u8], at: usize, slots: &mut Vec<(usize, Slot, usize)>) -> usize {
    let rest = &line[at..];
    let before = at.checked_sub(1).map(|before| line[before]);
    let inside_word = before.is_some_and(|byte| byte.is_ascii_alphanumeric());
    match rest[0] {
        b'"' => key(rest, at, slots),
        _ if inside_word => 0,
        b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' if is(rest, b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") => guid(rest, at, slots),
        b'0'..=b'9' | b'a'..=b'f' if is(rest, b"xxxxxxxxxxxxxxxx") && before == Some(b'"') && rest.get(16) == Some(&b'"') => {
            slots.push((at, Slot::Hex(16, false), 16));
            16
        }
        b'0'..=b'9' => number(rest, at, slots),
        b'C' if is(rest, b"Cxxxxxxxxxxxxxxxxx") && !after(rest, 18) => {
            slots.push((at + 1, Slot::Hex(17, false), 17));
            18
        }
        b'A'..=b'Z' if before == Some(b'>') && is(rest, b"Aaa .. ..:..:..") => {
            slots.push((at, Slot::Syslog, 15));
            15
        }
        _ => 0,
    }
}

fn key(rest: &[u8], at: usize, slots: &mut Vec<(usize, Slot, usize)>) -> usize {
    if rest.starts_with(HOST) {
        let len = rest[HOST.len()..].iter().position(|byte| *byte == b'"').unwrap_or(0);
        slots.push((at + HOST.len(), Slot::Host, len));
        return HOST.len() + len;
    }
    let Some(name) = NUMBERS.iter().find(|name| rest.starts_with(name)) else { return 0 };
    let quote = usize::from(rest.get(name.len()) == Some(&b'"'));
    let from = name.len() + quote;
    let digits = rest[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = !rest.get(from + digits).is_some_and(|byte| byte.is_ascii_alphanumeric());
    if digits < 2 || digits > 9 || !whole {
        return 0;
    }
    slots.push((at + from, Slot::Number(digits), digits));
    from + digits
}

fn guid(rest: &[u8], at: usize, slots: &mut Vec<(usize, Slot, usize)>) -> usize {
    let upper = rest[..36].iter().any(u8::is_ascii_uppercase);
    for (from, len) in [(0, 8), (9, 4), (14, 4), (19, 4), (24, 12)] {
        slots.push((at + from, Slot::Hex(len, upper), len));
    }
    36
}

fn number(rest: &[u8], at: usize, slots: &mut Vec<(usize, Slot, usize)>) -> usize {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let separator = rest.get(4).copied().unwrap_or(0);
    if digits == 4 && matches!(separator, b'-' | b'/') && is(rest, b"0000.00.00") && rest[7] == separator {
        slots.push((at, Slot::Date(separator), 10));
        if !rest.get(11..).is_some_and(|clock| is(clock, b"00:00:00")) {
            return 10;
        }
        slots.push((at + 11, Slot::Clock, 8));
        return 19 + fraction(&rest[19..], at + 19, slots);
    }
    if digits == 2 && is(rest, b"00:00:00") {
        slots.push((at, Slot::Clock, 8));
        return 8 + fraction(&rest[8..], at + 8, slots);
    }
    if digits == 14 && rest.starts_with(b"202") {
        slots.push((at, Slot::Compact, 14));
        return 14;
    }
    if matches!(digits, 10 | 13 | 16 | 19) && rest.starts_with(b"177") {
        slots.push((at, Slot::Epoch(digits), digits));
        return digits + fraction(&rest[digits..], at + digits, slots);
    }
    digits
}

/// The fraction behind a second, and the zone behind it.
fn fraction(rest: &[u8], at: usize, slots: &mut Vec<(usize, Slot, usize)>) -> usize {
    let mut taken = 0;
    if rest.first() == Some(&b'.') {
        let digits = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            slots.push((at + 1, Slot::Digits(digits), digits));
            taken = 1 + digits;
        }
    }
    let zone = &rest[taken..];
    for (shape, colon) in [(&b"+00:00"[..], true), (b"+0000", false)] {
        let same_sign = matches!(zone.first(), Some(b'+' | b'-')) && zone.len() >= shape.len();
        if same_sign && is(&zone[1..], &shape[1..]) {
            slots.push((at + taken, Slot::Zone(colon), shape.len()));
            return taken + shape.len();
        }
    }
    taken
}

/// Whether a letter or digit stands at `at`.
fn after(rest: &[u8], at: usize) -> bool {
    rest.get(at).is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether a text starts with a shape: `0` a digit, `x` a hexadecimal digit, `a` and `A` a letter, `.` anything, else itself.
fn is(rest: &[u8], shape: &[u8]) -> bool {
    rest.len() >= shape.len()
        && rest.iter().zip(shape).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            b'x' => byte.is_ascii_hexdigit(),
            b'a' => byte.is_ascii_lowercase(),
            b'A' => byte.is_ascii_uppercase(),
            b'.' => true,
            same => byte == same,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stays of a line, with `_` for every byte that gets a fresh value.
    fn kept(line: &str) -> String {
        let template = Template::new(line.as_bytes());
        let mut text = line.as_bytes().to_owned();
        for (start, _, len) in &template.slots {
            text[*start..start + len].fill(b'_');
        }
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn times_ids_numbers_and_hosts_are_new_and_the_rest_stays() {
        for (line, expect) in [
            (r#"{"ts":1773619493.483133,"uid":"C010c263c27287e41c","p":49731}"#, r#"{"ts":__________.______,"uid":"C_________________","p":49731}"#),
            ("<78>Mar 16 02:39:11 clinic01 CRON[889]: x", "<78>_______________ clinic01 CRON[889]: x"),
            (r#"{"Computer":"pc1.x","ProcessId":"4432","UtcTime":"2019-03-18 19:27:37.123"}"#, r#"{"Computer":"_____","ProcessId":"____","UtcTime":"__________ ________.___"}"#),
            (r#"{"SystemTime":"2019-03-18T19:27:37.123456Z"}"#, r#"{"SystemTime":"__________T________.______Z"}"#),
            ("date=2026-03-16 time=00:04:06 eventtime=1773619446466437000", "date=__________ time=________ eventtime=___________________"),
            ("ProcessGuid {365ABB72-528D-5C91-0000-00103B680C00}", "ProcessGuid {________-____-____-____-____________}"),
            ("1,2026/03/16 00:12:52,0120", "1,__________ ________,0120"),
            (r#""timestamp":"2026-03-16T00:15:38.119499+0000""#, r#""timestamp":"__________T________.___________""#),
            ("MSH|^~\\&|A|B|C|D|20260316003020||ADT", "MSH|^~\\&|A|B|C|D|______________||ADT"),
        ] {
            assert_eq!(kept(line), expect);
            let (mut fresh, mut out) = (Fresh::new(1), Vec::new());
            Template::new(line.as_bytes()).write(&mut fresh, &mut out);
            assert!(out.len() == line.len() || line.contains("Computer"), "{line}");
        }
    }
}
