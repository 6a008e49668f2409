//! BinXML templates as programs: the definition of a template is read once per chunk and becomes a list of fields to fill from a record's values
//! (MS-EVEN6 section 2.2.12). What does not fit the usual shapes is refused, and the caller takes the slow way.

use cordon_model::{Arena, Value};

use super::value::utf16;
use crate::bytes::{u16_at, u32_at};
use crate::json::{Name, Place};

/// Deepest nesting of elements in one template.
const DEPTH_MAX: u32 = 16;

/// Most steps of one program.
const OPS_MAX: usize = 4096;

/// Bytes of a template definition before its BinXML: offset of the next, GUID, size.
pub(super) const DEFINITION_HEADER_BYTES: usize = 24;

/// Stands among an element's children for the one that comes from a value.
const NESTED: &str = "";

/// Value type of embedded BinXML.
pub(super) const BINXML_TYPE: u8 = 0x21;

mod token {
    pub(super) const OPEN: u8 = 0x01;
    pub(super) const CLOSE_START: u8 = 0x02;
    pub(super) const CLOSE_EMPTY: u8 = 0x03;
    pub(super) const END: u8 = 0x04;
    pub(super) const TEXT: u8 = 0x05;
    pub(super) const ATTRIBUTE: u8 = 0x06;
    pub(super) const SLOT: u8 = 0x0D;
    pub(super) const OPTIONAL_SLOT: u8 = 0x0E;
    /// Flag of a token that more of its kind or attributes follow.
    pub(super) const MORE: u8 = 0x40;
}

/// What an empty value gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Empty {
    /// No field.
    Nothing,
    /// A field without a value.
    Null,
    /// An empty text.
    Text,
}

/// What a field says about the record as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Plain,
    Channel,
    EventId,
    Provider,
    Time,
}

/// One step of a program.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op<'a> {
    /// The next `count` steps belong to an element that is absent when this value is null.
    Depends { slot: u16, count: usize },
    /// A field with the same value in every record.
    Constant { name: &'a str, value: Value<'a>, role: Role },
    /// A field filled from a value.
    Field { name: &'a str, slot: u16, empty: Empty, role: Role },
    /// A value that is itself a template with its values.
    Nested { slot: u16, place: Place<'a> },
}

/// The content of an element or attribute.
#[derive(Clone, Copy, Debug)]
enum Content<'a> {
    Nothing,
    Text(&'a str),
    Slot { slot: u16, nested: bool },
}

/// What an element's children were so far.
#[derive(Debug)]
struct Children<'a> {
    names: bumpalo::collections::Vec<'a, &'a str>,
    content: Content<'a>,
    named_data: bool,
    unnamed_data: bool,
    independent: bool,
}

/// Reads one definition.
struct Compiler<'a> {
    chunk: &'a [u8],
    at: usize,
    arena: &'a Arena,
    ops: bumpalo::collections::Vec<'a, Op<'a>>,
}

/// The program of the template defined at `definition`, its root element standing at `place`. `None` when it is not of the usual shape.
pub(super) fn compile<'a>(
    chunk: &'a [u8],
    definition: usize,
    place: Place<'a>,
    arena: &'a Arena,
) -> Option<&'a [Op<'a>]> {
    let at = definition.checked_add(DEFINITION_HEADER_BYTES)?;
    let ops = bumpalo::collections::Vec::new_in(arena);
    let mut compiler = Compiler { chunk, at: fragment(chunk, at)?, arena, ops };
    let token = compiler.byte()?;
    compiler.element(token, place, &mut Children::new(arena), 0)?;
    (compiler.byte()? == 0).then_some(compiler.ops.into_bump_slice())
}

/// Where the content of the fragment at `at` starts: behind its four-byte header.
pub(super) fn fragment(chunk: &[u8], at: usize) -> Option<usize> {
    (chunk.get(at..at.checked_add(4)?)?.first() == Some(&0x0F)).then_some(at + 4)
}

impl<'a> Children<'a> {
    fn new(arena: &'a Arena) -> Self {
        Self {
            names: bumpalo::collections::Vec::new_in(arena),
            content: Content::Nothing,
            named_data: false,
            unnamed_data: false,
            independent: false,
        }
    }
}

impl<'a> Compiler<'a> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.chunk.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn u16(&mut self) -> Option<u16> {
        let number = u16_at(self.chunk, self.at)?;
        self.at += 2;
        Some(number)
    }

    fn u32(&mut self) -> Option<u32> {
        let number = u32_at(self.chunk, self.at)?;
        self.at += 4;
        Some(number)
    }

    /// A name, which stands in the chunk once and is referred to by its place.
    fn name(&mut self) -> Option<&'a str> {
        let place = usize::try_from(self.u32()?).ok()?;
        let units = usize::from(u16_at(self.chunk, place.checked_add(6)?)?);
        let start = place + 8;
        let end = start + units * 2;
        if place == self.at {
            self.at = end + 2;
        }
        let name = utf16(self.chunk.get(start..end)?, self.arena)?;
        // What no XML name holds is left to the slow way.
        (!name.contains(|letter: char| letter.is_control() || matches!(letter, '"' | '\\'))).then_some(name)
    }

    fn push(&mut self, op: Op<'a>) -> Option<()> {
        self.ops.push(op);
        (self.ops.len() <= OPS_MAX).then_some(())
    }

    /// One element, whose opening token was just read.
    fn element(&mut self, token: u8, place: Place<'a>, siblings: &mut Children<'a>, depth: u32) -> Option<()> {
        if token & !token::MORE != token::OPEN || depth > DEPTH_MAX {
            return None;
        }
        let depends = self.u16()?;
        self.u32()?;
        let name = self.name()?;
        let guard = self.ops.len();
        if depends != u16::MAX {
            self.push(Op::Depends { slot: depends, count: 0 })?;
        }
        siblings.independent |= depends == u16::MAX;
        if name == "Data" || name == "ComplexData" {
            (place == Place::Data("EventData") && name == "Data").then_some(())?;
            self.data(token, siblings, depth)?;
        } else {
            // A repeated name would be numbered or become an array.
            (!siblings.names.contains(&name)).then_some(())?;
            siblings.names.push(name);
            self.named_element(token, place, name, depth)?;
        }
        let count = self.ops.len() - guard;
        if let Some(Op::Depends { count: inside, .. }) = self.ops.get_mut(guard).filter(|_| depends != u16::MAX) {
            *inside = count - 1;
        }
        Some(())
    }

    fn named_element(&mut self, token: u8, place: Place<'a>, name: &'a str, depth: u32) -> Option<()> {
        let inside = place.inside(name)?;
        let (mut constants, mut variables) = (0, 0);
        if token & token::MORE != 0 {
            let attributes = inside.inside("#attributes")?;
            self.u32()?;
            while self.chunk.get(self.at)? & !token::MORE == token::ATTRIBUTE {
                let content = self.attribute(attributes)?;
                constants += usize::from(matches!(content, Content::Text(_)));
                variables += usize::from(matches!(content, Content::Slot { .. }));
            }
        }
        let children = self.children(inside, depth)?;
        let has_elements = !children.names.is_empty() || children.named_data || children.unnamed_data;
        match children.content {
            Content::Nothing if has_elements => {
                return (place != Place::UserData || children.independent).then_some(());
            }
            _ if has_elements => return None,
            _ => {}
        }
        let empty = match place.drops_null() || constants > 0 {
            true => Empty::Nothing,
            false if variables > 0 => return None,
            false => Empty::Null,
        };
        let Name::Plain(field) = place.field(name) else { return None };
        self.field(field, children.content, empty, role(place, field))
    }

    /// A `Data` element of `EventData`: named by its attribute, or one of the unnamed ones.
    fn data(&mut self, token: u8, siblings: &mut Children<'a>, depth: u32) -> Option<()> {
        let mut name = None;
        if token & token::MORE != 0 {
            self.u32()?;
            while self.chunk.get(self.at)? & !token::MORE == token::ATTRIBUTE {
                self.at += 1;
                let attribute = self.name()?;
                match self.content()? {
                    Content::Text(text) if attribute == "Name" => name = Some(text),
                    _ => return None,
                }
            }
        }
        let children = self.children(Place::DataElement("Data"), depth)?;
        if !children.names.is_empty() || matches!(children.content, Content::Slot { nested: true, .. }) {
            return None;
        }
        siblings.named_data |= name.is_some();
        siblings.unnamed_data |= name.is_none();
        if let Some(name) = name {
            (!siblings.names.contains(&name)).then_some(())?;
            siblings.names.push(name);
        }
        self.field(name.unwrap_or("Data"), children.content, Empty::Text, Role::Plain)
    }

    /// What stands between the end of the attributes and the end of the element.
    fn children(&mut self, inside: Place<'a>, depth: u32) -> Option<Children<'a>> {
        let mut children = Children::new(self.arena);
        match self.byte()? {
            token::CLOSE_EMPTY => return Some(children),
            token::CLOSE_START => {}
            _ => return None,
        }
        loop {
            let next = self.byte()?;
            match next & !token::MORE {
                token::END => break,
                token::OPEN => self.element(next, inside, &mut children, depth + 1)?,
                _ => {
                    self.at -= 1;
                    self.text_or_value(inside, &mut children)?;
                }
            }
        }
        // Named and unnamed together: the unnamed ones are lost in the JSON form.
        (!(children.named_data && children.unnamed_data)).then_some(children)
    }

    /// A piece of text or a value between the tags. A template in a value is one more child element.
    fn text_or_value(&mut self, inside: Place<'a>, children: &mut Children<'a>) -> Option<()> {
        let content = self.content()?;
        matches!(children.content, Content::Nothing).then_some(())?;
        let Content::Slot { slot, nested: true } = content else {
            children.content = content;
            return Some(());
        };
        (!children.names.contains(&NESTED)).then_some(())?;
        children.names.push(NESTED);
        children.independent = true;
        self.push(Op::Nested { slot, place: inside })
    }

    fn attribute(&mut self, place: Place<'a>) -> Option<Content<'a>> {
        self.at += 1;
        let name = self.name()?;
        let content = self.content()?;
        let field = match place.field(name) {
            Name::Plain(field) => field,
            Name::Joined(parent, separator, child) => join(parent, separator, child, self.arena),
            Name::NamesData => return None,
            Name::Ignored => return Some(content),
        };
        if !matches!(content, Content::Nothing) {
            self.field(field, content, Empty::Nothing, role(place, field))?;
        }
        Some(content)
    }

    /// One text or one value; several pieces together are refused by whoever reads on.
    fn content(&mut self) -> Option<Content<'a>> {
        let token = self.chunk.get(self.at).copied()?;
        match token & !token::MORE {
            token::TEXT => {
                self.at += 1;
                (self.byte()? == 1).then_some(())?;
                let units = usize::from(self.u16()?);
                let text = without_zero(utf16(self.chunk.get(self.at..self.at + units * 2)?, self.arena)?)?;
                self.at += units * 2;
                Some(if text.is_empty() { Content::Nothing } else { Content::Text(text) })
            }
            token::SLOT | token::OPTIONAL_SLOT => {
                self.at += 1;
                let slot = self.u16()?;
                Some(Content::Slot { slot, nested: self.byte()? == BINXML_TYPE })
            }
            _ => None,
        }
    }

    fn field(&mut self, name: &'a str, content: Content<'a>, empty: Empty, role: Role) -> Option<()> {
        let value = match content {
            Content::Slot { slot, .. } => return self.push(Op::Field { name, slot, empty, role }),
            Content::Text(text) => Value::Text(text),
            Content::Nothing => match empty {
                Empty::Nothing => return Some(()),
                Empty::Null => Value::Null,
                Empty::Text => Value::Text(""),
            },
        };
        self.push(Op::Constant { name, value, role })
    }
}

/// A zero within a text of a template is out of the ordinary.
fn without_zero(text: &str) -> Option<&str> {
    (!text.contains('\0')).then_some(text)
}

fn role(place: Place<'_>, field: &str) -> Role {
    match (place, field) {
        (Place::System, "Channel") => Role::Channel,
        (Place::System, "EventID") => Role::EventId,
        (Place::Attributes(_), "Provider_Name") => Role::Provider,
        (Place::Attributes(_), "TimeCreated_SystemTime") => Role::Time,
        _ => Role::Plain,
    }
}

fn join<'a>(parent: &str, separator: char, child: &str, arena: &'a Arena) -> &'a str {
    let mut name = bumpalo::collections::String::with_capacity_in(parent.len() + 1 + child.len(), arena);
    name.push_str(parent);
    name.push(separator);
    name.push_str(child);
    name.into_bump_str()
}
