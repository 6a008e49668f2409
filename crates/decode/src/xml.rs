//! XML that formats share: finding documents in a stream, and reading one with the place of every value.
//!
//! Comes in: bytes. Goes out: units (one document each) and, from a document, quick-xml's events over text whose places in the raw bytes are known. Document
//! types are refused, so no entity is ever expanded. It knows no format.

use bumpalo::collections::String;
use cordon_model::{Anomaly, Arena, Span};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use crate::Framed;
use crate::frame::RECORD_TOO_LONG;

/// No element follows.
pub(crate) const NO_DOCUMENT: Anomaly =
    Anomaly::new("xml_no_document", "these bytes hold no XML element and were left out");
/// The XML is not well-formed or ends too early.
pub(crate) const BROKEN: Anomaly =
    Anomaly::new("xml_broken", "the XML is not well-formed or cut off; what stands before the fault was read")
        .losing_input();
/// The document has a document type.
pub(crate) const DOCTYPE: Anomaly = Anomaly::new(
    "xml_doctype",
    "the document declares a document type, which an audit record has no use for; it was not read",
);
/// An entity is not one of XML's own.
pub(crate) const UNKNOWN_ENTITY: Anomaly = Anomaly::new(
    "xml_unknown_entity",
    "a character reference or bare & could not be resolved; the value is kept as written",
);
/// The text is not UTF-8.
pub(crate) const NOT_UTF8: Anomaly =
    Anomaly::new("xml_not_utf8", "the text is not UTF-8 and was read as Latin-1, whatever it declares");

/// Longest name of a root element in bytes; a longer one is no document of ours.
const ROOT_NAME_MAX: usize = 256;

/// Finds XML documents that follow each other, with whatever prolog or syslog header stands in front of each. A document ends with the end tag of its root, or
/// where the next begins.
#[derive(Debug)]
pub(crate) struct Documents {
    record_bytes_max: usize,
    /// Bytes of the buffer that are scanned already.
    scanned: usize,
    /// Name of the root, once it is found.
    root: Vec<u8>,
    /// Open elements of the root's name.
    depth: usize,
    in_long_document: bool,
}

impl Documents {
    /// Documents of at most `record_bytes_max` bytes.
    pub(crate) const fn new(record_bytes_max: usize) -> Self {
        Self { record_bytes_max, scanned: 0, root: Vec::new(), depth: 0, in_long_document: false }
    }

    /// What stands at the start of the buffer.
    pub(crate) fn next(&mut self, buffer: &[u8], ended: bool) -> Framed {
        let blank = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if blank > 0 && self.scanned == 0 {
            return Framed::Skip { next: blank };
        }
        let end = self.scan(buffer);
        if end == Some(0) {
            // what was left of a document over the limit ended with the bytes before: the next begins here
            *self = Self::new(self.record_bytes_max);
            return self.next(buffer, ended);
        }
        let framed = match end {
            Some(end) => Framed::Unit { start: 0, end, next: end },
            None if buffer.len() > self.record_bytes_max => {
                Framed::Fault { anomaly: RECORD_TOO_LONG, next: buffer.len() }
            }
            None if !ended => return Framed::More,
            None if self.root.is_empty() => Framed::Fault { anomaly: NO_DOCUMENT, next: buffer.len() },
            None => Framed::Unit { start: 0, end: buffer.len(), next: buffer.len() },
        };
        self.after(framed)
    }

    /// Bookkeeping once bytes are consumed: the rest of a document over the limit is passed over as it comes.
    fn after(&mut self, framed: Framed) -> Framed {
        self.scanned = 0;
        let was_long = std::mem::take(&mut self.in_long_document);
        match framed {
            Framed::Fault { anomaly, next } if anomaly == RECORD_TOO_LONG => {
                self.in_long_document = true;
                if was_long { Framed::Skip { next } } else { framed }
            }
            Framed::Unit { end, next, .. } => {
                self.root.clear();
                self.depth = 0;
                match (was_long, end > self.record_bytes_max) {
                    (true, _) => Framed::Skip { next },
                    (_, true) => Framed::Fault { anomaly: RECORD_TOO_LONG, next },
                    _ => framed,
                }
            }
            other => other,
        }
    }

    /// One past the end of the document, once it is in the buffer.
    fn scan(&mut self, buffer: &[u8]) -> Option<usize> {
        loop {
            let rest = buffer.get(self.scanned..)?;
            let at = self.scanned + memchr::memchr(b'<', rest)?;
            let tag = buffer.get(at..)?;
            self.scanned = at;
            let end = if self.root.is_empty() { self.find_root(tag)? } else { self.find_end(tag)? };
            if let Some(end) = end {
                return Some(at + end);
            }
            self.scanned = at + 1;
        }
    }

    /// Whether the document ends with this tag, or before it because another begins. Outer `None`: more bytes are needed.
    #[expect(clippy::option_option, reason = "not yet known, known to go on, known to end")]
    fn find_end(&mut self, tag: &[u8]) -> Option<Option<usize>> {
        if tag.len() < self.root.len() + 3 && !tag.contains(&b'>') {
            return None;
        }
        let opens_root = tag.strip_prefix(b"<").is_some_and(|name| is_name(name, &self.root));
        if tag.starts_with(b"<?xml ") || opens_root && self.root != b"Bundle" {
            return Some(Some(0));
        }
        self.depth += usize::from(opens_root);
        if !tag.strip_prefix(b"</").is_some_and(|name| is_name(name, &self.root)) {
            return Some(None);
        }
        let end = memchr::memchr(b'>', tag)? + 1;
        self.depth = self.depth.saturating_sub(1);
        Some((self.depth == 0).then_some(end))
    }

    /// Whether `tag` is the root's start tag: remembers its name. Outer `None`: more bytes are needed. A root that closes itself gives its end.
    #[expect(clippy::option_option, reason = "not yet known, known to go on, known to end")]
    fn find_root(&mut self, tag: &[u8]) -> Option<Option<usize>> {
        if !tag.get(1)?.is_ascii_alphabetic() {
            return Some(None);
        }
        let end = match memchr::memchr(b'>', tag) {
            Some(end) => end,
            None if tag.len() > self.record_bytes_max => return Some(None),
            None => return None,
        };
        let inside = tag.get(1..end)?;
        let length = inside.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'/').unwrap_or(inside.len());
        if length > ROOT_NAME_MAX {
            return Some(None);
        }
        self.root = inside.get(..length)?.to_vec();
        self.depth = 1;
        Some(inside.ends_with(b"/").then_some(end + 1))
    }
}

/// Whether a tag's inside begins with exactly this name.
fn is_name(inside: &[u8], name: &[u8]) -> bool {
    let after = inside.strip_prefix(name).map(<[u8]>::first);
    matches!(after, Some(Some(b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n')))
}

/// Name and attributes of the root's start tag in the first bytes of a source, behind prolog and comments; `None` when something else comes first.
pub(crate) fn root_tag(head: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    while let Some(prolog) = rest.strip_prefix(b"<?").or_else(|| rest.strip_prefix(b"<!")) {
        let end: &[u8] = if prolog.starts_with(b"--") { b"-->" } else { b">" };
        let at = memchr::memmem::find(prolog, end)?;
        rest = prolog.get(at + end.len()..)?.trim_ascii_start();
    }
    let tag = rest.strip_prefix(b"<")?;
    let tag = tag.get(..memchr::memchr(b'>', tag).unwrap_or(tag.len()))?;
    let length = tag.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'/').unwrap_or(tag.len());
    let (name, attributes) = tag.split_at_checked(length)?;
    Some((name.rsplit(|byte| *byte == b':').next().unwrap_or(name), attributes))
}

/// The text of a document and where it stands in the raw bytes.
pub(crate) struct Source<'a> {
    /// The text, without a byte order mark.
    pub(crate) text: &'a str,
    base: usize,
    /// For text made from Latin-1: how far places were counted, in text and in raw bytes.
    counted: Option<(usize, usize)>,
}

impl<'a> Source<'a> {
    /// The text of `bytes`, which begin at `base` in the raw bytes. Says whether it was UTF-8.
    pub(crate) fn new(bytes: &'a [u8], base: usize, arena: &'a Arena) -> (Self, bool) {
        let mark = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let bytes = bytes.get(mark..).unwrap_or_default();
        let base = base + mark;
        if let Ok(text) = std::str::from_utf8(bytes) {
            return (Self { text, base, counted: None }, true);
        }
        let mut text = String::with_capacity_in(bytes.len() * 2, arena);
        text.extend(bytes.iter().map(|byte| char::from(*byte)));
        (Self { text: text.into_bump_str(), base, counted: Some((0, 0)) }, false)
    }

    /// The part of the text that `part` is, and where it stands in the raw bytes. Parts are asked for in order; `None` for what is no part of the text.
    pub(crate) fn find(&mut self, part: &str) -> Option<(&'a str, Span)> {
        let start = part.as_ptr().addr().checked_sub(self.text.as_ptr().addr())?;
        let found = self.text.get(start..start.checked_add(part.len())?)?;
        let (raw_start, raw_len) = match self.counted {
            None => (start, part.len()),
            Some((text_at, raw_at)) => {
                let (text_at, raw_at) = if text_at <= start { (text_at, raw_at) } else { (0, 0) };
                let raw_start = raw_at + self.text.get(text_at..start)?.chars().count();
                self.counted = Some((start, raw_start));
                (raw_start, part.chars().count())
            }
        };
        let start = self.base + raw_start;
        Some((found, Span { start, end: start + raw_len }))
    }

    /// The attributes of a start tag in order, without name space declarations: local name, value as written and its place. `false` at the end when
    /// one of them could not be read.
    pub(crate) fn attributes(&mut self, tag: &BytesStart<'_>, mut each: impl FnMut(&'a str, &'a str, Span)) -> bool {
        for attribute in tag.attributes().with_checks(false) {
            let Ok(attribute) = attribute else { return false };
            let Some((name, _)) = self.find(attribute.key.as_ref()) else { return false };
            let Some((value, span)) = self.find(&attribute.value) else { return false };
            if name != "xmlns" && !name.starts_with("xmlns:") && !name.starts_with("xsi:") {
                each(local(name), value, span);
            }
        }
        true
    }
}

/// What a walk meets.
pub(crate) enum Node<'e> {
    /// A start tag.
    Open(&'e BytesStart<'e>),
    /// The end of the element opened last.
    Close,
    /// Text within an element, as written.
    Text(&'e str),
    /// The inside of a reference `&name;` in text.
    Reference(&'e str),
}

/// Walks the first element of the text. `each` takes what is met, how many elements are open around it, and where its markup stands. The answer says whether the
/// element was whole.
///
/// # Errors
/// There is no element, the document declares a document type, or `each` refused.
pub(crate) fn walk(
    text: &str,
    mut each: impl FnMut(Node<'_>, usize, std::ops::Range<usize>) -> Result<(), Anomaly>,
) -> Result<bool, Anomaly> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_dangling_amp = true;
    let (mut open, mut at) = (0_usize, 0_usize);
    let mut seen_root = false;
    loop {
        let event = reader.read_event();
        let place = at..usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        at = place.end;
        match event {
            Ok(Event::Start(tag)) => {
                each(Node::Open(&tag), open, place)?;
                (open, seen_root) = (open + 1, true);
                continue;
            }
            Ok(Event::Empty(tag)) => {
                each(Node::Open(&tag), open, place.clone())?;
                each(Node::Close, open, place)?;
                seen_root = true;
            }
            Ok(Event::End(_)) => {
                open = open.saturating_sub(1);
                each(Node::Close, open, place)?;
            }
            Ok(Event::Text(text)) => each(Node::Text(&text), open, place)?,
            Ok(Event::CData(text)) => each(Node::Text(&text), open, place)?,
            Ok(Event::GeneralRef(name)) => each(Node::Reference(&name), open, place)?,
            Ok(Event::DocType(_)) => return Err(DOCTYPE),
            Ok(Event::Eof) | Err(_) => return if seen_root { Ok(false) } else { Err(NO_DOCUMENT) },
            Ok(_) => {}
        }
        if seen_root && open == 0 {
            return Ok(true);
        }
    }
}

/// A name without its name space prefix.
pub(crate) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// A value with its character references resolved; `false` when one is unknown and the value stays as written.
pub(crate) fn resolve<'a>(text: &'a str, arena: &'a Arena) -> (&'a str, bool) {
    match unescape(text) {
        Ok(std::borrow::Cow::Borrowed(_)) => (text, true),
        Ok(std::borrow::Cow::Owned(owned)) => (arena.alloc_str(&owned), true),
        Err(_) => (text, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_begins_right_behind_a_piece_of_a_too_long_one_is_read() {
        let mut documents = Documents::new(16);
        assert!(matches!(documents.next(b"<a>far too long a document", false), Framed::Fault { next: 26, .. }));
        assert!(matches!(documents.next(b"<a><b/></a>", true), Framed::Unit { start: 0, end: 11, next: 11 }));
    }
}
