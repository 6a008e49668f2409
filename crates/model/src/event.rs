//! Event: a Record in OCSF terms, and the small ordered tree that holds it.

use std::io::Write as _;

use bumpalo::collections::Vec;

use crate::{Arena, EventId, Record, Time};

/// A Record in OCSF terms (`docs/specs/ocsf.md`), keeping the Record.
#[derive(Debug)]
pub struct Event<'a> {
    /// Which event it is.
    pub id: EventId,
    /// OCSF `class_uid`, that of an extension with the extension's uid in front.
    pub class_uid: i64,
    /// OCSF `activity_id` within the class.
    pub activity_id: i64,
    /// When it happened; when the record names no time, when it was received.
    pub time: Time,
    /// When it was received.
    pub received: Time,
    /// OCSF `severity_id`, 0 where the source states none.
    pub severity_id: i64,
    /// Pseudonyms of the patients it is about.
    pub patient_refs: Vec<'a, &'a str>,
    /// The whole event as OCSF writes it.
    pub ocsf: Object<'a>,
    /// What was decoded.
    pub record: Record<'a>,
}

/// A value of an OCSF event. Texts borrow from the record or from the arena.
#[derive(Debug, PartialEq)]
pub enum Node<'a> {
    /// true or false.
    Bool(bool),
    /// An integer, an id of an enumeration or a time in ms.
    Integer(i64),
    /// A number in its own spelling, which is one of JSON's.
    Number(&'a str),
    /// Text.
    Text(&'a str),
    /// Several values.
    List(Vec<'a, Self>),
    /// Attributes.
    Object(Object<'a>),
}

/// Attributes in the order in which they were put; a name stands once.
#[derive(Debug, PartialEq)]
pub struct Object<'a>(Vec<'a, (&'a str, Node<'a>)>);

impl<'a> Object<'a> {
    /// No attributes.
    #[must_use]
    pub fn new_in(arena: &'a Arena) -> Self {
        Self(Vec::new_in(arena))
    }

    /// All attributes, in order.
    pub fn members(&self) -> impl Iterator<Item = (&'a str, &Node<'a>)> {
        self.0.iter().map(|(name, node)| (*name, node))
    }

    /// All attributes, in order, taken out.
    pub fn into_members(self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        self.0.into_iter()
    }

    /// All attributes, in order, to be changed.
    pub fn members_mut(&mut self) -> impl Iterator<Item = (&'a str, &mut Node<'a>)> {
        self.0.iter_mut().map(|(name, node)| (*name, node))
    }

    /// An attribute.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node<'a>> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, node)| node)
    }

    /// Whether there is no attribute.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts an attribute unless it is there already; says whether it was put.
    pub fn put(&mut self, name: &'a str, node: Node<'a>) -> bool {
        let fresh = self.get(name).is_none();
        if fresh {
            self.0.push((name, node));
        }
        fresh
    }

    /// Puts a text.
    pub fn put_text(&mut self, name: &'a str, text: &'a str) -> bool {
        self.put(name, Node::Text(text))
    }

    /// Puts an integer.
    pub fn put_integer(&mut self, name: &'a str, number: i64) -> bool {
        self.put(name, Node::Integer(number))
    }

    /// Puts an attribute without looking whether it is there: for who knows that it is not.
    pub fn push(&mut self, name: &'a str, node: Node<'a>) {
        self.0.push((name, node));
    }

    /// The attribute, put by `make` when it is not there.
    pub fn entry(&mut self, name: &'a str, make: impl FnOnce() -> Node<'a>) -> Option<&mut Node<'a>> {
        let known = self.0.iter().position(|(known, _)| *known == name);
        let place = known.unwrap_or(self.0.len());
        if known.is_none() {
            self.0.push((name, make()));
        }
        self.0.get_mut(place).map(|(_, node)| node)
    }

    /// Takes an attribute out.
    pub fn take(&mut self, name: &str) -> Option<Node<'a>> {
        let place = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.remove(place).1)
    }

    /// Appends the JSON of the attributes to `out`, without blanks and line ends.
    pub fn write_json(&self, out: &mut std::vec::Vec<u8>) {
        out.push(b'{');
        for (place, (name, node)) in self.0.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            json_text(name, out);
            out.push(b':');
            node.write_json(out);
        }
        out.push(b'}');
    }
}

impl<'a> Node<'a> {
    /// A list of these.
    pub fn list_in(nodes: impl IntoIterator<Item = Self>, arena: &'a Arena) -> Self {
        let mut list = Vec::new_in(arena);
        list.extend(nodes);
        Self::List(list)
    }

    /// Appends the JSON of the value to `out`.
    pub fn write_json(&self, out: &mut std::vec::Vec<u8>) {
        match self {
            Self::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Self::Integer(number) => drop(write!(out, "{number}")),
            Self::Number(text) => out.extend_from_slice(text.as_bytes()),
            Self::Text(text) => json_text(text, out),
            Self::Object(object) => object.write_json(out),
            Self::List(items) => list_json(items, out),
        }
    }
}

fn list_json(items: &[Node<'_>], out: &mut std::vec::Vec<u8>) {
    out.push(b'[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        item.write_json(out);
    }
    out.push(b']');
}

/// A JSON string (RFC 8259 section 7): quote, backslash and control characters are escaped, everything else stands as it is.
fn json_text(text: &str, out: &mut std::vec::Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let plain = plain_bytes(rest);
        let (before, behind) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
        out.extend_from_slice(before);
        let Some((byte, behind)) = behind.split_first() else { break };
        rest = behind;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => drop(write!(out, "\\u{byte:04x}")),
        }
    }
    out.push(b'"');
}

/// How many of the first bytes stand in a JSON string as they are. Eight are looked at together, as long as there is nothing in them.
fn plain_bytes(bytes: &[u8]) -> usize {
    let is_escaped = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    let plain = |eight: &&[u8; 8]| !eight.iter().fold(false, |any, byte| any | is_escaped(byte));
    let (eights, _) = bytes.as_chunks::<8>();
    let start = 8 * eights.iter().take_while(plain).count();
    let rest = bytes.get(start..).unwrap_or_default();
    start + rest.iter().position(is_escaped).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_written_as_json_in_the_order_of_putting() {
        let arena = Arena::new();
        let mut object = Object::new_in(&arena);
        object.put_integer("b", -7);
        object.put_text("a", "x\"\\\n\u{1}ä");
        object.put("n", Node::Number("1.50"));
        let mut items = Vec::new_in(&arena);
        items.push(Node::Bool(true));
        items.push(Node::Object(Object::new_in(&arena)));
        object.put("l", Node::List(items));
        let mut out = std::vec::Vec::new();
        object.write_json(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"b":-7,"a":"x\"\\\n\u0001ä","n":1.50,"l":[true,{}]}"#);
    }

    #[test]
    fn what_stands_first_stays_until_it_is_taken() {
        let arena = Arena::new();
        let mut object = Object::new_in(&arena);
        assert!(object.put_text("a", "1"));
        assert!(!object.put_text("a", "2"));
        assert_eq!(object.take("a"), Some(Node::Text("1")));
        assert_eq!(object.get("a"), None);
    }
}
