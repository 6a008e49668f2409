//! Records that were not read to their end: what stands behind the fault, and what was left out.
//!
//! Comes in: a Record. Goes out: the bytes of it that are in none of its fields and may name a patient. From the start of the top element in which an audit document
//! breaks off, the reader cannot know whose its parts are: what says so may be missing. So that element is unread as a whole.

use cordon_model::{Record, Span};

use crate::xml::{self, Node};

/// Faults after which values of a record are in none of its fields, wherever they stood.
const LEAVING_OUT: [&str; 4] =
    ["document_too_deep", "document_too_many_fields", "json_too_many_fields", "syslog_too_many_fields"];
/// Faults with which an audit document ends early.
const BREAKING_OFF: [&str; 2] = ["xml_broken", "fhir_json_broken"];
/// Starts of comments in XML.
const COMMENT: (&str, &str) = ("<!--", "-->");

/// What of a record was not read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cut<'r> {
    /// In bytes of the raw record.
    pub(super) spans: Vec<Span>,
    /// The element whose start is in [`Self::spans`]: the fields below it may be anybody's. Empty: all fields. `None`: no field.
    pub(super) element: Option<&'r str>,
}

/// What of an audit document was not read.
pub(super) fn of_document<'r>(record: &Record<'r>) -> Cut<'r> {
    let bytes = record.raw.bytes;
    let all = |start: usize| Cut { spans: vec![Span { start, end: bytes.len() }], element: Some("") };
    let start = document_start(bytes);
    let is_xml = bytes.get(start) == Some(&b'<');
    if has(record, &LEAVING_OUT) {
        return all(start);
    }
    let is_broken = has(record, &BREAKING_OFF);
    let document = bytes.get(start..).unwrap_or_default();
    match std::str::from_utf8(document) {
        Err(_) if is_broken => all(start),
        Ok(text) if is_xml => in_xml(text, is_broken, start),
        Ok(text) if is_broken => in_json(text, start),
        _ => Cut::default(),
    }
}

/// Whether values of a record of any other format were left out of its fields.
pub(super) fn leaves_out(record: &Record<'_>) -> bool {
    has(record, &LEAVING_OUT)
}

fn has(record: &Record<'_>, faults: &[&str]) -> bool {
    record.anomalies.iter().any(|anomaly| faults.contains(&anomaly.name()))
}

/// Where the first tag or object stands: `<13>` in front of it is the priority of syslog.
fn document_start(bytes: &[u8]) -> usize {
    let is_start = |pair: &[u8]| matches!(pair, [b'<', b'a'..=b'z' | b'A'..=b'Z' | b'?' | b'!'] | [b'{', _]);
    bytes.windows(2).position(is_start).unwrap_or_default()
}

/// What was not read of a document in XML that starts at `base`: from the element in which it breaks off, behind its end, and comments.
fn in_xml(text: &str, is_broken: bool, base: usize) -> Cut<'_> {
    let mut cut = Cut { spans: comments(text, base), element: None };
    let ends = ["AuditMessage>", "AuditEvent>", "Bundle>", "/>"].iter().any(|end| text.trim_end().ends_with(end));
    if ends && !is_broken {
        return cut;
    }
    let (mut from, mut element, mut end) = (0, None, None);
    let outcome = xml::walk(text, |node, open, place| {
        match node {
            Node::Open(_) if open == 1 => (from, element) = (place.start, Some(name_at(text, place.start))),
            Node::Close if open == 1 => (from, element) = (place.end, None),
            Node::Close if open == 0 => end = Some(place.end),
            _ => {}
        }
        Ok(())
    });
    match (outcome, end) {
        // whole, and still a fault: an attribute somewhere in it
        (Ok(true), Some(_)) if is_broken => (from, element) = (0, Some("")),
        (Ok(true), Some(end)) => (from, element) = (end, None),
        (Ok(_), _) if from > 0 => {}
        _ => (from, element) = (0, Some("")),
    }
    cut.spans.push(Span { start: base + from, end: base + text.len() });
    cut.element = element;
    cut
}

/// The name in the tag that starts here, without its prefix.
fn name_at(text: &str, start: usize) -> &str {
    let tag = text.get(start + 1..).unwrap_or_default();
    let end = tag.find(|letter: char| letter.is_whitespace() || "/>".contains(letter)).unwrap_or(tag.len());
    xml::local(tag.get(..end).unwrap_or_default())
}

fn comments(text: &str, base: usize) -> Vec<Span> {
    let (mut spans, mut at) = (Vec::new(), 0);
    while let Some(start) = text.get(at..).and_then(|rest| rest.find(COMMENT.0)).map(|found| at + found) {
        let end = text.get(start..).and_then(|rest| rest.find(COMMENT.1)).map_or(text.len(), |end| start + end);
        spans.push(Span { start: base + start, end: base + end });
        at = end;
    }
    spans
}

/// From the member of the outermost object or array in which a document in JSON breaks off.
fn in_json(text: &str, base: usize) -> Cut<'_> {
    let (mut depth, mut from, mut in_string, mut is_escaped) = (0_usize, 0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                from = if depth == 1 { at + 1 } else { from };
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 1 => from = at + 1,
            _ => {}
        }
    }
    let member = text.get(from..).unwrap_or_default().trim_start();
    let name = member.strip_prefix('"').and_then(|name| name.split('"').next()).unwrap_or_default();
    Cut { spans: vec![Span { start: base + from, end: base + text.len() }], element: Some(name) }
}
