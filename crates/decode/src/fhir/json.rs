//! The JSON syntax (`http://hl7.org/fhir/json.html`): finds the AuditEvents of a unit and walks each into fields. A primitive's companion `_name` goes under the
//! primitive's own name, as XML writes it.

use cordon_model::{Arena, Span, Value};

use super::anomaly::{BROKEN_JSON, ENTRY_WITHOUT_RESOURCE, OTHER_RESOURCE};
use super::fields::{AuditEvent, Gathered, REPEATED};
use crate::flat::Flat;
use crate::xml::{NOT_UTF8, Source};

/// The resource type of the first object in the first bytes of a source, also within an array.
pub(super) fn first_resource_type(head: &[u8]) -> Option<&[u8]> {
    let object = head.strip_prefix(b"[").map_or(head, <[u8]>::trim_ascii_start);
    member(object, 0, b"resourceType").and_then(|at| string(object, at)).map(|(inside, _)| inside)
}

/// The AuditEvents of a unit.
pub(super) fn gather<'a>(bytes: &'a [u8], arena: &'a Arena) -> Gathered<'a> {
    let (source, is_utf8) = Source::new(bytes, 0, arena);
    let text = source.text;
    let mut gather = Gather { source, is_utf8, arena, gathered: Gathered::new(arena) };
    let start = blank(text.as_bytes(), 0);
    gather.resource(start, true);
    gather.gathered
}

struct Gather<'a> {
    source: Source<'a>,
    is_utf8: bool,
    arena: &'a Arena,
    gathered: Gathered<'a>,
}

impl<'a> Gather<'a> {
    /// The resource at `at`: an AuditEvent, a Bundle of some where `bundles` are read, or one that is left out.
    fn resource(&mut self, at: usize, bundles: bool) {
        let bytes = self.source.text.as_bytes();
        let kind = member(bytes, at, b"resourceType").and_then(|at| string(bytes, at)).map(|(kind, _)| kind);
        match kind {
            Some(b"AuditEvent") => self.audit_event(at, bundles),
            Some(b"Bundle") if bundles => self.bundle(at),
            _ => {
                let end = skip(bytes, at).unwrap_or(bytes.len());
                let place = self.source.text.get(at..end).and_then(|part| self.source.find(part));
                let span = place.map_or(Span { start: 0, end: 0 }, |(_, span)| span);
                self.gathered.masked.push(span);
                self.gathered.faults.push((span.start, OTHER_RESOURCE));
            }
        }
    }

    fn bundle(&mut self, at: usize) {
        let bytes = self.source.text.as_bytes();
        let Some(entries) = member(bytes, at, b"entry").filter(|at| bytes.get(*at) == Some(&b'[')) else { return };
        let mut at = blank(bytes, entries + 1);
        while bytes.get(at) == Some(&b'{') {
            match member(bytes, at, b"resource") {
                Some(resource) => self.resource(resource, false),
                None => self.gathered.faults.push((at, ENTRY_WITHOUT_RESOURCE)),
            }
            let Some(end) = skip(bytes, at) else { break };
            at = blank(bytes, end);
            if bytes.get(at) != Some(&b',') {
                return;
            }
            at = blank(bytes, at + 1);
        }
        self.gathered.faults.push((at, BROKEN_JSON));
    }

    /// The AuditEvent at `at`. One in a Bundle keeps its own bytes where its places are those of the text.
    fn audit_event(&mut self, at: usize, is_alone: bool) {
        let mut walk = Walk { source: &mut self.source, at, arena: self.arena, flat: Flat::new(self.arena) };
        let is_whole = walk.object().is_some();
        if !is_whole {
            walk.flat.fault(BROKEN_JSON);
        }
        let end = walk.at;
        if !self.is_utf8 {
            walk.flat.fault(NOT_UTF8);
        }
        let content = walk.flat.finish();
        let part = if is_whole && self.is_utf8 && !is_alone { self.source.text.get(at..end) } else { None };
        let own = part.and_then(|part| self.source.find(part)).map(|(_, span)| span);
        self.gathered.events.push(AuditEvent { content, own });
    }
}

/// The walk over one AuditEvent. Every step gives `None` where the JSON breaks.
struct Walk<'a, 's> {
    source: &'s mut Source<'a>,
    at: usize,
    arena: &'a Arena,
    flat: Flat<'a>,
}

impl<'a> Walk<'a, '_> {
    fn bytes(&self) -> &'a [u8] {
        self.source.text.as_bytes()
    }

    /// The next byte that is not blank.
    fn token(&mut self) -> Option<u8> {
        self.at = blank(self.bytes(), self.at);
        self.bytes().get(self.at).copied()
    }

    fn object(&mut self) -> Option<()> {
        if REPEATED.contains(&self.flat.path()) {
            self.flat.begin_element();
        }
        self.at += 1;
        if self.token()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            self.token()?;
            let (name, end) = string(self.bytes(), self.at)?;
            let name = self.name(name)?;
            self.at = end;
            if self.token()? != b':' {
                return None;
            }
            self.at += 1;
            self.flat.enter(name.strip_prefix('_').unwrap_or(name));
            self.value(name.starts_with('_'))?;
            self.flat.leave();
            let separator = self.token()?;
            self.at += 1;
            match separator {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// A member's name in text.
    fn name(&self, inside: &'a [u8]) -> Option<&'a str> {
        let name = std::str::from_utf8(inside).ok()?;
        if name.contains('\\') { Value::Escaped(name).text(self.arena) } else { Some(name) }
    }

    /// A value, or each element of an array. A companion's nulls only keep places in an array.
    fn value(&mut self, companion: bool) -> Option<()> {
        match self.token()? {
            b'{' | b'[' if self.flat.is_too_deep() => self.at = skip(self.bytes(), self.at)?,
            b'{' => return self.object(),
            b'[' => return self.array(companion),
            _ => {
                let (value, span) = self.leaf()?;
                if !(companion && value == Value::Null) {
                    self.flat.value(value, span);
                }
            }
        }
        Some(())
    }

    /// An array is no level of its own for names, but one of the walk.
    fn array(&mut self, companion: bool) -> Option<()> {
        self.at += 1;
        if self.token()? == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            if self.token()? == b'[' {
                return None; // FHIR has no arrays in arrays
            }
            self.value(companion)?;
            let separator = self.token()?;
            self.at += 1;
            match separator {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    fn leaf(&mut self) -> Option<(Value<'a>, Span)> {
        let start = self.at;
        self.at = skip(self.bytes(), start)?;
        let written = self.source.text.get(start..self.at)?;
        let inside = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let (text, span) = self.source.find(inside.unwrap_or(written))?;
        let value = match (inside, text) {
            (Some(_), text) if text.contains('\\') => Value::Escaped(text),
            (Some(_), text) => Value::Text(text),
            (None, "true") => Value::Bool(true),
            (None, "false") => Value::Bool(false),
            (None, "null") => Value::Null,
            (None, number) if number.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
                Value::Number(number)
            }
            _ => return None,
        };
        Some((value, span))
    }
}

/// Where the value of a member of the object at `at` starts, as far as the bytes go.
fn member(bytes: &[u8], at: usize, wanted: &[u8]) -> Option<usize> {
    if bytes.get(at)? != &b'{' {
        return None;
    }
    let mut at = blank(bytes, at + 1);
    loop {
        let (name, end) = string(bytes, at)?;
        let colon = blank(bytes, end);
        if bytes.get(colon)? != &b':' {
            return None;
        }
        let value = blank(bytes, colon + 1);
        if name == wanted {
            return Some(value);
        }
        let separator = blank(bytes, skip(bytes, value)?);
        if bytes.get(separator)? != &b',' {
            return None;
        }
        at = blank(bytes, separator + 1);
    }
}

/// The first place from `at` on that is not blank.
fn blank(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// The inside of the string at `at`, as written, and where it ends.
fn string(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    if bytes.get(at)? != &b'"' {
        return None;
    }
    let mut end = at + 1;
    loop {
        let found = end + memchr::memchr2(b'"', b'\\', bytes.get(end..)?)?;
        if bytes.get(found) == Some(&b'"') {
            return Some((bytes.get(at + 1..found)?, found + 1));
        }
        end = found + 2;
    }
}

/// Where the value at `at` ends: one past its string, bracket or last letter. Brackets are counted, not checked.
fn skip(bytes: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = at;
    loop {
        match bytes.get(at)? {
            b'"' => at = string(bytes, at)?.1,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
                continue;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            b',' | b':' if depth > 0 => {
                at += 1;
                continue;
            }
            byte if byte.is_ascii_whitespace() && depth > 0 => {
                at = blank(bytes, at);
                continue;
            }
            _ => {
                let rest = bytes.get(at..)?;
                let length =
                    rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)).count();
                at += Some(length).filter(|length| *length > 0)?;
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}
