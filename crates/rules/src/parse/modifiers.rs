//! Modifiers: their names, which of them go together in which order, and which values they take (Sigma 2.1, appendix "Modifiers").
//!
//! In: the part of a key behind its first `|`, and the values as YAML gave them. Out: the same in types, or a refusal that says what to write
//! instead. What a modifier does to a value is the compiler's business.

use std::net::IpAddr;

use ipnet::IpNet;
use regex::RegexBuilder;

use super::fault::Fault;
use super::suggest::did_you_mean;
use crate::ast::{Modifier, Scalar};

/// Every spelling that is read; of several for one modifier the first is written.
const NAMES: [(&str, Modifier); 34] = [
    ("contains", Modifier::Contains),
    ("startswith", Modifier::StartsWith),
    ("endswith", Modifier::EndsWith),
    ("all", Modifier::All),
    ("exists", Modifier::Exists),
    ("cased", Modifier::Cased),
    ("neq", Modifier::Neq),
    ("windash", Modifier::Windash),
    ("re", Modifier::Re),
    ("i", Modifier::ReIgnoreCase),
    ("ignorecase", Modifier::ReIgnoreCase),
    ("m", Modifier::ReMultiLine),
    ("multiline", Modifier::ReMultiLine),
    ("s", Modifier::ReDotAll),
    ("dotall", Modifier::ReDotAll),
    ("utf16le", Modifier::Utf16le),
    ("wide", Modifier::Utf16le),
    ("utf16be", Modifier::Utf16be),
    ("utf16", Modifier::Utf16),
    ("base64", Modifier::Base64),
    ("base64offset", Modifier::Base64Offset),
    ("lt", Modifier::Lt),
    ("lte", Modifier::Lte),
    ("gt", Modifier::Gt),
    ("gte", Modifier::Gte),
    ("minute", Modifier::Minute),
    ("hour", Modifier::Hour),
    ("day", Modifier::Day),
    ("week", Modifier::Week),
    ("month", Modifier::Month),
    ("year", Modifier::Year),
    ("cidr", Modifier::Cidr),
    ("expand", Modifier::Expand),
    ("fieldref", Modifier::FieldRef),
];

impl Modifier {
    /// Sigma's word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, modifier)| *modifier == self).map_or("", |(name, _)| name)
    }

    fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, modifier)| *modifier)
    }
}

/// What decides how the values of an item are read. An item has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Regex,
    Network,
    Number,
    Presence,
    Reference,
}

impl Kind {
    /// The kind that a modifier forces; `None` for those that go with several.
    fn of(modifier: Modifier) -> Option<Self> {
        use Modifier as M;
        Some(match modifier {
            M::Contains | M::StartsWith | M::EndsWith | M::Windash => Self::Text,
            M::Utf16le | M::Utf16be | M::Utf16 | M::Base64 | M::Base64Offset => Self::Text,
            M::Re | M::ReIgnoreCase | M::ReMultiLine | M::ReDotAll => Self::Regex,
            M::Lt | M::Lte | M::Gt | M::Gte => Self::Number,
            M::Minute | M::Hour | M::Day | M::Week | M::Month | M::Year => Self::Number,
            M::Cidr => Self::Network,
            M::Exists => Self::Presence,
            M::FieldRef => Self::Reference,
            M::All | M::Cased | M::Neq | M::Expand => return None,
        })
    }

    /// Whether a modifier that forces no kind goes with this one.
    fn goes_with(self, modifier: Modifier) -> bool {
        match modifier {
            Modifier::Expand => matches!(self, Self::Text | Self::Regex | Self::Network),
            Modifier::Cased => matches!(self, Self::Text | Self::Reference),
            Modifier::Neq | Modifier::All => self != Self::Presence,
            _ => true,
        }
    }
}

/// Reads the modifiers of a key, in their order.
pub(crate) fn parse(words: &[&str], line: usize) -> Result<Vec<Modifier>, Fault> {
    let mut modifiers: Vec<Modifier> = Vec::with_capacity(words.len());
    for word in words {
        let Some(modifier) = Modifier::from_name(word) else {
            return Err(Fault::new(line, format!("unknown modifier `{word}`"))
                .meant(did_you_mean(word, NAMES.iter().map(|(name, _)| *name))));
        };
        if modifiers.contains(&modifier) {
            return Err(Fault::new(line, format!("modifier `{}` stands twice", modifier.name())));
        }
        modifiers.push(modifier);
    }
    check_together(&modifiers, line)?;
    check_order(&modifiers, line)?;
    Ok(modifiers)
}

fn kind_of(modifiers: &[Modifier]) -> Option<(Kind, Modifier)> {
    modifiers.iter().find_map(|modifier| Kind::of(*modifier).map(|kind| (kind, *modifier)))
}

fn check_together(modifiers: &[Modifier], line: usize) -> Result<(), Fault> {
    let clash = |a: Modifier, b: Modifier| {
        Err(Fault::new(line, format!("modifiers `{}` and `{}` do not go together", a.name(), b.name())))
    };
    if let Some((kind, first)) = kind_of(modifiers) {
        let fits = |other: Modifier| Kind::of(other).map_or_else(|| kind.goes_with(other), |its| its == kind);
        if let Some(other) = modifiers.iter().find(|modifier| !fits(**modifier)) {
            return clash(first, *other);
        }
    }
    for group in EXCLUSIVE {
        let mut members = modifiers.iter().filter(|modifier| group.contains(modifier));
        if let (Some(first), Some(second)) = (members.next(), members.next()) {
            return clash(*first, *second);
        }
    }
    Ok(())
}

/// Of each group an item takes one.
const EXCLUSIVE: [&[Modifier]; 5] = [
    &[Modifier::Contains, Modifier::StartsWith, Modifier::EndsWith],
    &[Modifier::Utf16le, Modifier::Utf16be, Modifier::Utf16],
    &[Modifier::Base64, Modifier::Base64Offset],
    &[Modifier::Lt, Modifier::Lte, Modifier::Gt, Modifier::Gte, Modifier::Neq],
    &[Modifier::Minute, Modifier::Hour, Modifier::Day, Modifier::Week, Modifier::Month, Modifier::Year],
];

/// Modifiers apply in the order written: the value is filled in and its dashes multiplied, then encoded, then placed.
fn step(modifier: Modifier) -> Option<u8> {
    use Modifier as M;
    match modifier {
        M::Utf16le | M::Utf16be | M::Utf16 => Some(1),
        M::Base64 | M::Base64Offset => Some(2),
        M::Contains | M::StartsWith | M::EndsWith => Some(3),
        M::Re => Some(1),
        M::ReIgnoreCase | M::ReMultiLine | M::ReDotAll => Some(2),
        _ => None,
    }
}

fn check_order(modifiers: &[Modifier], line: usize) -> Result<(), Fault> {
    let wrong = |first: Modifier, second: Modifier| {
        Err(Fault::new(line, format!("modifier `{}` must stand before `{}`", first.name(), second.name())))
    };
    let mut last: Option<(u8, Modifier)> = None;
    for modifier in modifiers {
        let encodes = matches!(modifier, Modifier::Expand | Modifier::Windash);
        match (step(*modifier), last) {
            (Some(step), Some((before, earlier))) if step < before => return wrong(*modifier, earlier),
            (Some(step), _) => last = Some((step, *modifier)),
            (None, Some((1 | 2, earlier)))
                if encodes && kind_of(modifiers).is_some_and(|(kind, _)| kind == Kind::Text) =>
            {
                return wrong(*modifier, earlier);
            }
            (None, _) => {}
        }
    }
    let flag = modifiers
        .iter()
        .find(|modifier| matches!(modifier, Modifier::ReIgnoreCase | Modifier::ReMultiLine | Modifier::ReDotAll));
    match flag {
        Some(flag) if !modifiers.contains(&Modifier::Re) => {
            Err(Fault::new(line, format!("modifier `{}` needs `re` before it", flag.name())))
        }
        _ => Ok(()),
    }
}

/// Brings the values into the form that the modifiers ask for, or says why one cannot be. `lines` holds the line of each value.
pub(crate) fn check_values(modifiers: &[Modifier], values: &mut [Scalar], lines: &[usize]) -> Result<(), Fault> {
    let line_of = |index: usize| lines.get(index).or(lines.first()).copied().unwrap_or(1);
    if modifiers.contains(&Modifier::All) && values.len() < 2 {
        return Err(Fault::new(line_of(0), "modifier `all` needs at least two values")
            .hint("leave `all` out: one value is the same with and without it"));
    }
    // A placeholder may become any text: its values are checked when they are filled in.
    let open = modifiers.contains(&Modifier::Expand);
    let count = values.len();
    for (index, value) in values.iter_mut().enumerate() {
        check_value(modifiers, value, count, open).map_err(|(reason, hint)| {
            let fault = Fault::new(line_of(index), reason);
            if hint.is_empty() { fault } else { fault.hint(hint) }
        })?;
    }
    Ok(())
}

/// A reason and a hint, the hint empty when there is none.
type Complaint = (String, &'static str);

fn check_value(modifiers: &[Modifier], value: &mut Scalar, count: usize, open: bool) -> Result<(), Complaint> {
    let kind = kind_of(modifiers);
    let name = kind.map_or("", |(_, modifier)| modifier.name());
    match kind.map(|(kind, _)| kind) {
        Some(Kind::Presence) if count == 1 && matches!(value, Scalar::Bool(_)) => Ok(()),
        Some(Kind::Presence) => Err(("modifier `exists` needs one value, true or false".to_owned(), "")),
        Some(Kind::Number) => check_number(modifiers, value, name),
        Some(Kind::Reference) => match value {
            Scalar::Text(field) if !field.is_empty() => Ok(()),
            _ => Err(("modifier `fieldref` needs the name of a field".to_owned(), "")),
        },
        Some(Kind::Regex) => {
            let pattern = into_text(value, name)?;
            if open { Ok(()) } else { check_regex(modifiers, pattern) }
        }
        Some(Kind::Network) => {
            let network = into_text(value, name)?;
            if open { Ok(()) } else { check_network(network) }
        }
        Some(Kind::Text) => check_text(modifiers, into_text(value, name)?),
        None if open || modifiers.contains(&Modifier::Cased) => {
            into_text(value, if open { "expand" } else { "cased" }).map(|_| ())
        }
        None => Ok(()),
    }
}

fn into_text<'v>(value: &'v mut Scalar, name: &str) -> Result<&'v mut String, Complaint> {
    let text = match value {
        Scalar::Null => return Err((format!("modifier `{name}` cannot work on null"), "`''` is the empty text")),
        Scalar::Bool(true) => "true".to_owned(),
        Scalar::Bool(false) => "false".to_owned(),
        Scalar::Number(text) | Scalar::Text(text) => std::mem::take(text),
    };
    *value = Scalar::Text(text);
    match value {
        Scalar::Text(text) => Ok(text),
        _ => Err((format!("modifier `{name}` needs text"), "")),
    }
}

/// Parts of a date with their least and greatest value.
const TIME_PARTS: [(Modifier, f64, f64); 6] = [
    (Modifier::Minute, 0.0, 59.0),
    (Modifier::Hour, 0.0, 23.0),
    (Modifier::Day, 1.0, 31.0),
    (Modifier::Week, 1.0, 53.0),
    (Modifier::Month, 1.0, 12.0),
    (Modifier::Year, 0.0, 9999.0),
];

fn check_number(modifiers: &[Modifier], value: &Scalar, name: &str) -> Result<(), Complaint> {
    let number = match value {
        Scalar::Number(text) => text.parse::<f64>().ok(),
        _ => None,
    };
    let Some(number) = number else {
        return Err((format!("modifier `{name}` needs a decimal number"), "write it without quotes"));
    };
    for (part, least, greatest) in TIME_PARTS {
        if modifiers.contains(&part) && !(least..=greatest).contains(&number) {
            return Err((format!("modifier `{}` takes {least} to {greatest}", part.name()), ""));
        }
    }
    Ok(())
}

fn check_network(text: &mut String) -> Result<(), Complaint> {
    if text.parse::<IpNet>().is_ok() {
        return Ok(());
    }
    let Ok(address) = text.parse::<IpAddr>() else {
        return Err((format!("`{text}` is not an IP network"), "write for example `10.0.0.0/8` or `fe80::/10`"));
    };
    *text = IpNet::from(address).to_string();
    Ok(())
}

fn check_text(modifiers: &[Modifier], text: &str) -> Result<(), Complaint> {
    let base64 = modifiers.iter().find(|modifier| matches!(modifier, Modifier::Base64 | Modifier::Base64Offset));
    match base64 {
        Some(modifier) if has_wildcard(text) => Err((
            format!("modifier `{}` cannot encode the wildcard in `{text}`", modifier.name()),
            "write `\\*` or `\\?` where the character itself is meant",
        )),
        _ => Ok(()),
    }
}

/// Whether a value holds a wildcard that no backslash takes its meaning from.
pub(crate) fn has_wildcard(text: &str) -> bool {
    let mut chars = text.chars().peekable();
    while let Some(letter) = chars.next() {
        match letter {
            '*' | '?' => return true,
            '\\' => {
                chars.next_if(|next| matches!(next, '*' | '?' | '\\'));
            }
            _ => {}
        }
    }
    false
}

fn check_regex(modifiers: &[Modifier], pattern: &str) -> Result<(), Complaint> {
    let built = RegexBuilder::new(pattern)
        .case_insensitive(modifiers.contains(&Modifier::ReIgnoreCase))
        .multi_line(modifiers.contains(&Modifier::ReMultiLine))
        .dot_matches_new_line(modifiers.contains(&Modifier::ReDotAll))
        .build();
    let Err(error) = built else { return Ok(()) };
    let said = error.to_string();
    // The crate draws the pattern over several lines; its last line says what is wrong.
    let why = said.lines().last().unwrap_or("").trim_start_matches("error: ");
    if why.contains("look-around") {
        return Err((
            "the regular expression looks ahead or behind, which Sigma's regular expressions do not have".to_owned(),
            "use a second selection and `not` in the condition",
        ));
    }
    if why.contains("backreference") {
        return Err((
            "the regular expression refers back, which Sigma's regular expressions do not have".to_owned(),
            "",
        ));
    }
    Err((format!("the regular expression cannot be read: {why}"), ""))
}
