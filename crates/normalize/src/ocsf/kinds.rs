//! Kinds of value: how a text of the source becomes a typed attribute of OCSF. What does not read as its kind is not put, and stays under `unmapped`.

use std::net::IpAddr;

use cordon_model::{Arena, Node, Object, Time};

use super::enums;
use super::place::{Step, object_at, put};
use crate::Mask;

/// Most values of one field that go into one list.
const VALUES_MAX: usize = 256;
/// Shorter values that read as a number or an address name nobody.
const PLAIN_BYTES_MIN: usize = 4;

/// How a value is read (`docs/specs/ocsf.md`, kinds).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Lower,
    Each,
    Words,
    Integer,
    Hex,
    Port,
    Bool,
    Ip,
    Mac,
    Moment,
    Seconds,
    Account,
    AccountName,
    Image,
    File,
    Pipe,
    Device,
    Hashes,
    Answers,
    Host,
    Url,
    Guid,
    Method,
    Protocol,
    RegistryValue,
    Enum(&'static str),
    Number(&'static str),
}

/// Names of the kinds as the table writes them.
const NAMES: [(&str, Kind); 27] = [
    ("text", Kind::Text),
    ("trim", Kind::Text),
    ("lower", Kind::Lower),
    ("each", Kind::Each),
    ("words", Kind::Words),
    ("int", Kind::Integer),
    ("hex", Kind::Hex),
    ("port", Kind::Port),
    ("bool", Kind::Bool),
    ("ip", Kind::Ip),
    ("mac", Kind::Mac),
    ("ms", Kind::Moment),
    ("seconds", Kind::Seconds),
    ("account", Kind::Account),
    ("account_name", Kind::AccountName),
    ("image", Kind::Image),
    ("file", Kind::File),
    ("pipe", Kind::Pipe),
    ("device", Kind::Device),
    ("hashes", Kind::Hashes),
    ("answers", Kind::Answers),
    ("host", Kind::Host),
    ("url", Kind::Url),
    ("guid", Kind::Guid),
    ("method", Kind::Method),
    ("proto", Kind::Protocol),
    ("registry_value", Kind::RegistryValue),
];

/// What may be shown of a record: all of it, or all but what names its patients.
#[derive(Debug, Default)]
pub(super) struct Shown<'s> {
    pub(super) mask: Option<&'s Mask>,
    /// Accounts are masked like any text.
    pub(super) accounts: bool,
}

impl Shown<'_> {
    /// The text without the patients' words.
    pub(super) fn text<'a>(&self, text: &'a str, arena: &'a Arena) -> &'a str {
        match self.mask.map(|mask| mask.text(text)) {
            Some(std::borrow::Cow::Owned(masked)) => arena.alloc_str(&masked),
            _ => text,
        }
    }

    /// The name of a field without the patients' words.
    pub(super) fn name<'a>(&self, name: &'a str, arena: &'a Arena) -> &'a str {
        match self.mask.map(|mask| mask.name(name)) {
            Some(std::borrow::Cow::Owned(masked)) => arena.alloc_str(&masked),
            _ => name,
        }
    }

    /// An account of a member of staff. Unless asked otherwise, it stays readable where a patient bears the same family name: that is what access is judged
    /// by. It is masked where it names a patient and nothing else.
    fn account<'a>(&self, text: &'a str, arena: &'a Arena) -> &'a str {
        let is_patients = self.accounts || self.mask.is_some_and(|mask| mask.is_all(text));
        if is_patients { self.text(text, arena) } else { text }
    }

    /// Whether a value can be shown as a number, an address or a name of the catalogue: it is none that names a patient.
    fn is_plain(&self, text: &str) -> bool {
        text.len() < PLAIN_BYTES_MIN || !self.mask.is_some_and(|mask| mask.is_all(text))
    }
}

/// Where a value goes.
pub(super) struct Write<'w, 'a> {
    pub(super) event: &'w mut Object<'a>,
    pub(super) path: &'w [Step],
    pub(super) shown: &'w Shown<'w>,
    pub(super) arena: &'a Arena,
}

impl Kind {
    /// A kind by its name in the table.
    pub(super) fn read(name: &'static str) -> Self {
        match name.split_once(':') {
            Some(("enum", table)) => Self::Enum(table),
            Some(("number", table)) => Self::Number(table),
            _ => NAMES.iter().find(|(known, _)| *known == name).map_or(Self::Text, |(_, kind)| *kind),
        }
    }

    /// How many values of a repeated field count.
    pub(super) const fn values_max(self) -> usize {
        if matches!(self, Self::Each) { VALUES_MAX } else { 1 }
    }

    /// Puts `text` at its place as this kind; says whether it went in whole.
    pub(super) fn put<'a>(self, text: &'a str, write: &mut Write<'_, 'a>) -> bool {
        let text = text.trim();
        if text.is_empty() || text == "-" {
            return false;
        }
        match self {
            Self::Account | Self::AccountName => write.account(text, self == Self::Account),
            Self::Image | Self::File | Self::Pipe | Self::Device | Self::Url | Self::Host | Self::RegistryValue => {
                write.object(self, text)
            }
            Self::Words => text.split_ascii_whitespace().take(VALUES_MAX).for_each(|word| write.item(word)),
            Self::Hashes => hashes(text, write),
            Self::Answers => answers(text, write),
            Self::Enum(table) => return enums::put(table, text, write),
            _ => return self.node(text, write).is_some_and(|node| write.node(node)),
        }
        true
    }

    /// The value alone.
    fn node<'a>(self, text: &'a str, write: &Write<'_, 'a>) -> Option<Node<'a>> {
        let is_text = matches!(self, Self::Text | Self::Each | Self::Lower | Self::Guid);
        let text = if is_text { write.shown.text(text, write.arena) } else { text };
        if !is_text && !write.shown.is_plain(text) {
            return None;
        }
        Some(match self {
            Self::Integer => Node::Integer(integer(text)?),
            Self::Hex => Node::Integer(hex(text)?),
            Self::Port => Node::Integer(i64::from(text.parse::<u16>().ok()?)),
            Self::Bool => Node::Bool(boolean(text)?),
            Self::Ip => Node::Text(address(text)?),
            Self::Mac => Node::Text(mac(text, write.arena)?),
            Self::Moment => Node::Integer(moment(text)?.as_millis()),
            Self::Seconds => Node::Integer(milliseconds(text)?),
            Self::Guid => Node::Text(text.trim_start_matches('{').trim_end_matches('}')),
            Self::Method => Node::Text(method(text)?),
            Self::Lower => Node::Text(write.arena.alloc_str(&text.to_ascii_lowercase())),
            Self::Protocol => {
                let known = enums::find("protocol_num", text).map(|(_, name)| name);
                Node::Text(known.unwrap_or_else(|| write.arena.alloc_str(&text.to_ascii_lowercase())))
            }
            Self::Number(table) => Node::Integer(enums::find(table, text)?.0),
            _ => Node::Text(text),
        })
    }
}

impl<'a> Write<'_, 'a> {
    /// Puts a value at the place.
    pub(super) fn node(&mut self, node: Node<'a>) -> bool {
        put(self.event, self.path, node, self.arena)
    }

    /// Adds a text to the list at the place.
    fn item(&mut self, text: &'a str) {
        let Some((last, above)) = self.path.split_last() else { return };
        let Some(object) = object_at(self.event, above, self.arena) else { return };
        let list = object.entry(last.name, || Node::List(bumpalo::collections::Vec::new_in(self.arena)));
        if let Some(Node::List(items)) = list {
            items.push(Node::Text(self.shown.text(text, self.arena)));
        }
    }

    /// `DOMAIN\name` as name and domain of the user at the place.
    fn account(&mut self, text: &'a str, whole: bool) {
        let text = self.shown.account(text, self.arena);
        if !whole {
            self.node(Node::Text(text));
            return;
        }
        let Some(user) = object_at(self.event, self.path, self.arena) else { return };
        match text.split_once('\\') {
            Some((domain, name)) if !name.is_empty() => {
                user.put_text("name", name);
                if !domain.is_empty() {
                    user.put_text("domain", domain);
                }
            }
            _ => drop(user.put_text("name", text)),
        }
    }

    /// Fills the object at the place.
    fn object(&mut self, kind: Kind, text: &'a str) {
        let text = self.shown.text(text, self.arena);
        let arena = self.arena;
        let Some(object) = object_at(self.event, self.path, arena) else { return };
        match kind {
            Kind::Image => {
                object.put_text("name", base_name(text));
                if let Some(Node::Object(file)) = object.entry("file", || Node::Object(Object::new_in(arena))) {
                    fill_file(file, text, 1);
                }
            }
            Kind::Pipe => fill_file(object, text, 6),
            Kind::Device => fill_file(object, text, 4),
            Kind::Url => fill_url(object, text),
            Kind::Host if address(text).is_some() => drop(object.put_text("ip", text)),
            Kind::Host => drop(object.put_text("hostname", text)),
            Kind::RegistryValue => {
                let (path, name) = text.rsplit_once('\\').unwrap_or(("", text));
                object.put_text("name", if name.is_empty() { "(Default)" } else { name });
                object.put_text("path", if path.is_empty() { text } else { path });
            }
            _ => fill_file(object, text, 1),
        }
    }
}

/// The last part of a path with either separator.
fn base_name(path: &str) -> &str {
    let name = path.trim_end_matches(['\\', '/']).rsplit(['\\', '/']).next().unwrap_or_default();
    if name.is_empty() { path } else { name }
}

/// `type_id`: 1 regular file, 4 block device, 6 named pipe.
fn fill_file<'a>(file: &mut Object<'a>, path: &'a str, type_id: i64) {
    file.put_text("name", base_name(path));
    file.put_text("path", path);
    file.put_integer("type_id", type_id);
}

/// A request target or a whole address.
fn fill_url<'a>(url: &mut Object<'a>, text: &'a str) {
    let Some((scheme, rest)) = text.split_once("://") else {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        url.put_text("path", if path.is_empty() { "/" } else { path });
        if !query.is_empty() {
            url.put_text("query_string", query);
        }
        return;
    };
    url.put_text("url_string", text);
    url.put_text("scheme", scheme);
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    if !host.is_empty() {
        url.put_text("hostname", host);
    }
}

/// Sysmon's `SHA256=..,MD5=..`: a fingerprint for each. Algorithms by OCSF's numbers.
fn hashes<'a>(text: &'a str, write: &mut Write<'_, 'a>) {
    let text = write.shown.text(text, write.arena);
    let Some((last, above)) = write.path.split_last() else { return };
    let Some(object) = object_at(write.event, above, write.arena) else { return };
    let list = object.entry(last.name, || Node::List(bumpalo::collections::Vec::new_in(write.arena)));
    let Some(Node::List(items)) = list else { return };
    for (algorithm, value) in text.split(',').take(8).map(|pair| pair.split_once('=').unwrap_or(("", pair))) {
        let (id, caption) = enums::find("hash", algorithm).unwrap_or((0, "Unknown"));
        let mut one = Object::new_in(write.arena);
        one.put_text("algorithm", caption);
        one.put_integer("algorithm_id", id);
        one.put_text("value", value);
        items.push(Node::Object(one));
    }
}

/// Sysmon's DNS results: `type:  5 name.example;::ffff:10.0.0.1;`.
fn answers<'a>(text: &'a str, write: &mut Write<'_, 'a>) {
    let text = write.shown.text(text, write.arena);
    let Some((last, above)) = write.path.split_last() else { return };
    let Some(object) = object_at(write.event, above, write.arena) else { return };
    let list = object.entry(last.name, || Node::List(bumpalo::collections::Vec::new_in(write.arena)));
    let Some(Node::List(items)) = list else { return };
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()).take(VALUES_MAX) {
        let mut one = Object::new_in(write.arena);
        match part.strip_prefix("type:").and_then(|rest| rest.trim().split_once(' ')) {
            Some((kind, data)) => {
                one.put_text("rdata", data.trim());
                one.put_text("type", kind);
            }
            None => drop(one.put_text("rdata", part.strip_prefix("::ffff:").unwrap_or(part))),
        }
        items.push(Node::Object(one));
    }
}

fn integer(text: &str) -> Option<i64> {
    let whole = text.strip_suffix(".0").unwrap_or(text);
    whole.parse().ok()
}

/// `0x1f` or decimal. Values that do not fit are none.
fn hex(text: &str) -> Option<i64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => integer(text),
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "T" | "1" | "Y" | "yes" => Some(true),
        "false" | "False" | "F" | "0" | "N" | "no" => Some(false),
        _ => None,
    }
}

/// An address as it stands, if it is one; an IPv4 address mapped into IPv6 (Windows) as IPv4.
fn address(text: &str) -> Option<&str> {
    let bare = text.strip_prefix("::ffff:").filter(|rest| rest.contains('.')).unwrap_or(text);
    bare.parse::<IpAddr>().ok().map(|_| bare)
}

/// Twelve hex digits, with colons between.
fn mac<'a>(text: &'a str, arena: &'a Arena) -> Option<&'a str> {
    let mut out = bumpalo::collections::String::with_capacity_in(17, arena);
    for digit in text.chars().filter(|letter| !matches!(letter, ':' | '-' | '.')) {
        if !digit.is_ascii_hexdigit() {
            return None;
        }
        if matches!(out.len(), 2 | 5 | 8 | 11 | 14) {
            out.push(':');
        }
        out.push(digit.to_ascii_lowercase());
    }
    (out.len() == 17).then(|| out.into_bump_str())
}

/// RFC 3339, or Sysmon's UTC time without a zone.
fn moment(text: &str) -> Option<Time> {
    Time::from_rfc3339(text).or_else(|| Time::from_rfc3339(&format!("{text}Z")))
}

/// Seconds with a fraction in ms, cut.
fn milliseconds(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut digits = fraction.bytes().chain(std::iter::repeat(b'0'));
    let mut ms: i64 = seconds.parse().ok()?;
    for _ in 0..3 {
        let digit = digits.next().filter(u8::is_ascii_digit)?;
        ms = ms.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
    }
    Some(ms)
}

/// The methods that OCSF knows.
fn method(text: &str) -> Option<&'static str> {
    const METHODS: [&str; 9] = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];
    METHODS.into_iter().find(|known| *known == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: &'static str, text: &'static str, expect: &str) {
        let arena = Arena::new();
        let mut event = Object::new_in(&arena);
        let path = super::super::place::path("x");
        let shown = Shown::default();
        Kind::read(kind).put(text, &mut Write { event: &mut event, path: &path, shown: &shown, arena: &arena });
        let mut out = Vec::new();
        event.write_json(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expect, "{kind} {text}");
    }

    #[test]
    fn texts_become_what_their_kind_says() {
        check("int", "17", r#"{"x":17}"#);
        check("hex", "0x1F", r#"{"x":31}"#);
        check("port", "65535", r#"{"x":65535}"#);
        check("bool", "True", r#"{"x":true}"#);
        check("ip", "::ffff:10.0.0.1", r#"{"x":"10.0.0.1"}"#);
        check("ip", "2001:db8::1", r#"{"x":"2001:db8::1"}"#);
        check("mac", "021A5C082389", r#"{"x":"02:1a:5c:08:23:89"}"#);
        check("ms", "2026-01-02 03:04:05.678", r#"{"x":1767323045678}"#);
        check("seconds", "3.5", r#"{"x":3500}"#);
        check("account", r"LAKE\kim", r#"{"x":{"name":"kim","domain":"LAKE"}}"#);
        check(
            "image",
            r"C:\a\b.exe",
            r#"{"x":{"name":"b.exe","file":{"name":"b.exe","path":"C:\\a\\b.exe","type_id":1}}}"#,
        );
        check("pipe", r"\lsass", r#"{"x":{"name":"lsass","path":"\\lsass","type_id":6}}"#);
        check(
            "hashes",
            "MD5=00,IMPHASH=11",
            r#"{"x":[{"algorithm":"MD5","algorithm_id":1,"value":"00"},{"algorithm":"Imphash","algorithm_id":18,"value":"11"}]}"#,
        );
        check(
            "answers",
            "type:  5 a.example;::ffff:10.0.0.1;",
            r#"{"x":[{"rdata":"a.example","type":"5"},{"rdata":"10.0.0.1"}]}"#,
        );
        check("url", "/a?b=c", r#"{"x":{"path":"/a","query_string":"b=c"}}"#);
        check(
            "url",
            "https://h.example:8/a",
            r#"{"x":{"url_string":"https://h.example:8/a","scheme":"https","hostname":"h.example"}}"#,
        );
        check("host", "10.0.0.1", r#"{"x":{"ip":"10.0.0.1"}}"#);
        check("host", "ec2.amazonaws.com", r#"{"x":{"hostname":"ec2.amazonaws.com"}}"#);
        check("registry_value", r"HKLM\A\b", r#"{"x":{"name":"b","path":"HKLM\\A"}}"#);
        check("words", "SeA\n\t\tSeB", r#"{"x":["SeA","SeB"]}"#);
        check("guid", "{A-1}", r#"{"x":"A-1"}"#);
        check("number:protocol_num", "tcp", r#"{"x":6}"#);
    }

    #[test]
    fn what_does_not_read_as_its_kind_is_not_put() {
        for (kind, text) in [
            ("int", "many"),
            ("port", "65536"),
            ("ip", "router"),
            ("mac", "02"),
            ("ms", "soon"),
            ("method", "GETS"),
            ("text", "-"),
            ("hex", "0xffffffffffffffffff"),
        ] {
            check(kind, text, "{}");
        }
    }

    #[test]
    fn every_kind_that_the_maps_name_is_known() {
        for [_, _, _, kind] in super::super::rows::rows::<4>(include_str!("../../data/ocsf/maps.tsv")) {
            let known = NAMES.iter().any(|(name, _)| *name == kind);
            let table = kind.strip_prefix("enum:").or_else(|| kind.strip_prefix("number:"));
            assert!(known || table.is_some_and(enums::knows), "{kind}");
        }
    }
}
