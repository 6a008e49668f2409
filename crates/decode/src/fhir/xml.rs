//! The XML syntax (`http://hl7.org/fhir/xml.html`): finds the AuditEvents of a document and walks each into the fields that its JSON would give.

use cordon_model::{Anomaly, Arena, Span, Value};
use quick_xml::events::BytesStart;

use super::anomaly::{ENTRY_WITHOUT_RESOURCE, OTHER_RESOURCE};
use super::fields::{AuditEvent, Gathered, REPEATED};
use crate::flat::Flat;
use crate::xml::{self, Node, Source};

/// Elements whose JSON is true or false.
const BOOLEANS: [&str; 2] = ["requestor", "valueBoolean"];
/// Elements whose JSON is a number.
const NUMBERS: [&str; 4] = ["valueInteger", "valueDecimal", "valueUnsignedInt", "valuePositiveInt"];
/// Elements open around the resources of a Bundle: Bundle, entry, resource.
const BUNDLE_DEPTH: usize = 3;

/// The AuditEvents of a document.
pub(super) fn gather<'a>(bytes: &'a [u8], arena: &'a Arena) -> Gathered<'a> {
    let (source, is_utf8) = Source::new(bytes, 0, arena);
    let text = source.text;
    let mut gather = Gather {
        source,
        is_utf8,
        arena,
        gathered: Gathered::new(arena),
        place: Place::Outside,
        entry_has_resource: false,
        in_resource: false,
    };
    let outcome = xml::walk(text, |node, open, place| match node {
        Node::Open(tag) => gather.open(tag, open, place),
        Node::Close => {
            gather.close(open, place.end);
            Ok(())
        }
        Node::Text(_) | Node::Reference(_) => Ok(()),
    });
    gather.finish(outcome)
}

/// What the walk stands in.
enum Place<'a> {
    /// Between resources.
    Outside,
    /// An AuditEvent whose root has `root` elements around it.
    Event { root: usize, walk: Box<Walk<'a>> },
    /// Another resource, from `start` on.
    Other { root: usize, start: usize },
}

struct Gather<'a> {
    source: Source<'a>,
    is_utf8: bool,
    arena: &'a Arena,
    gathered: Gathered<'a>,
    place: Place<'a>,
    entry_has_resource: bool,
    /// The innermost element below an entry is `resource`.
    in_resource: bool,
}

impl<'a> Gather<'a> {
    fn open(&mut self, tag: &BytesStart<'_>, open: usize, place: std::ops::Range<usize>) -> Result<(), Anomaly> {
        let name = xml::local(tag.name().into_inner());
        match &mut self.place {
            Place::Event { walk, .. } => walk.open(tag, name, place.start, &mut self.source),
            Place::Other { .. } => {}
            Place::Outside if open == 0 && name == "Bundle" => {}
            Place::Outside if open == 0 || open == BUNDLE_DEPTH && self.in_resource => {
                self.entry_has_resource = true;
                self.place = self.resource(name, open, place.start);
            }
            Place::Outside if open == 1 => self.entry_has_resource = name != "entry",
            Place::Outside if open == 2 => self.in_resource = name == "resource",
            Place::Outside => {}
        }
        Ok(())
    }

    fn resource(&mut self, name: &str, root: usize, start: usize) -> Place<'a> {
        if name != "AuditEvent" {
            return Place::Other { root, start };
        }
        let mut flat = Flat::new(self.arena);
        if !self.is_utf8 {
            flat.fault(xml::NOT_UTF8);
        }
        flat.value_below("resourceType", Value::Text("AuditEvent"), Span { start: 0, end: 0 });
        Place::Event { root, walk: Box::new(Walk { flat, arena: self.arena, entered: Vec::new(), narrative: None }) }
    }

    fn close(&mut self, open: usize, end: usize) {
        match std::mem::replace(&mut self.place, Place::Outside) {
            Place::Event { root, walk } if root == open => {
                self.gathered.events.push(AuditEvent { content: walk.flat.finish(), own: None })
            }
            Place::Other { root, start } if root == open => self.leave_out(start, end),
            Place::Event { root, mut walk } => {
                walk.close(end, &mut self.source);
                self.place = Place::Event { root, walk };
            }
            other @ Place::Other { .. } => self.place = other,
            Place::Outside if open == 1 && !std::mem::replace(&mut self.entry_has_resource, true) => {
                self.gathered.faults.push((end, ENTRY_WITHOUT_RESOURCE));
            }
            Place::Outside => {}
        }
    }

    fn leave_out(&mut self, start: usize, end: usize) {
        let part = self.source.text.get(start..end).unwrap_or_default();
        let span = self.source.find(part).map_or(Span { start: 0, end: 0 }, |(_, span)| span);
        self.gathered.masked.push(span);
        self.gathered.faults.push((span.start, OTHER_RESOURCE));
    }

    /// Keeps what was read of a document that ended early.
    fn finish(mut self, outcome: Result<bool, Anomaly>) -> Gathered<'a> {
        if let Err(anomaly) = outcome {
            self.gathered.faults.push((0, anomaly));
            return self.gathered;
        }
        if outcome == Ok(true) {
            return self.gathered;
        }
        match std::mem::replace(&mut self.place, Place::Outside) {
            Place::Event { mut walk, .. } => {
                walk.flat.fault(xml::BROKEN);
                self.gathered.events.push(AuditEvent { content: walk.flat.finish(), own: None });
            }
            Place::Other { start, .. } => self.leave_out(start, self.source.text.len()),
            Place::Outside => self.gathered.faults.push((0, xml::BROKEN)),
        }
        self.gathered
    }
}

/// The walk over one AuditEvent.
struct Walk<'a> {
    flat: Flat<'a>,
    arena: &'a Arena,
    /// For each open element whether it is a level of names.
    entered: Vec<bool>,
    /// Where the narrative starts, and how many elements are open around it.
    narrative: Option<(usize, usize)>,
}

impl<'a> Walk<'a> {
    fn open(&mut self, tag: &BytesStart<'_>, name: &str, start: usize, source: &mut Source<'a>) {
        if self.narrative.is_some() || self.flat.path() == "text" && name == "div" {
            self.narrative = self.narrative.or(Some((start, self.entered.len())));
            self.entered.push(false);
            return;
        }
        if self.flat.path() == "contained" && self.entered.last() == Some(&true) {
            if let Some((name, span)) = source.find(name) {
                self.flat.value_below("resourceType", Value::Text(name), span);
            }
            self.entered.push(false);
            return;
        }
        self.flat.enter(name);
        self.entered.push(true);
        if REPEATED.contains(&self.flat.path()) {
            self.flat.begin_element();
        }
        let (flat, arena) = (&mut self.flat, self.arena);
        let complete = source.attributes(tag, |attribute, value, span| {
            let (text, resolved) = xml::resolve(value, arena);
            if !resolved {
                flat.fault(xml::UNKNOWN_ENTITY);
            }
            if attribute == "value" {
                flat.value(typed(name, text), span);
            } else {
                flat.value_below(attribute, Value::Text(text), span);
            }
        });
        if !complete {
            flat.fault(xml::BROKEN);
        }
    }

    fn close(&mut self, end: usize, source: &mut Source<'a>) {
        if self.entered.pop() == Some(true) {
            self.flat.leave();
        }
        let Some((start, _)) = self.narrative.filter(|(_, open)| *open == self.entered.len()) else { return };
        self.narrative = None;
        let part = source.text.get(start..end).unwrap_or_default();
        if let Some((text, span)) = source.find(part) {
            self.flat.value_below("div", Value::Text(text), span);
        }
    }
}

/// The value as JSON types it.
fn typed<'a>(element: &str, text: &'a str) -> Value<'a> {
    match text {
        "true" if BOOLEANS.contains(&element) => Value::Bool(true),
        "false" if BOOLEANS.contains(&element) => Value::Bool(false),
        number if NUMBERS.contains(&element) => Value::Number(number),
        text => Value::Text(text),
    }
}
