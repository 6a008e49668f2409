//! One pass over the bytes of a JSON value: every leaf becomes a field, strings stay where they are. The walker asks [`Place`] for names and keeps the few
//! values that say what the record is.

use cordon_model::{Anomaly, Arena, Field, Value};

use super::anomaly::{MALFORMED, TOO_DEEP};
use super::place::{Name, Place};
use super::quote::closing_quote;
use super::{DEPTH_MAX, FIELDS_MAX, NAME_BYTES_MAX};

/// Fields a record has room for before its list grows.
const FIELDS_USUAL: usize = 48;

/// Lengths of the names that [`Walker::remember`] looks for at the top: most others are ordinary by that alone.
const SPECIAL_LENGTHS: [usize; 5] =
    ["Channel".len(), "EventID".len(), "@timestamp".len(), "Provider_Name".len(), "TimeCreated_SystemTime".len()];

/// What a Windows event says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Header<'a> {
    pub(super) channel: Option<Value<'a>>,
    pub(super) event_id: Option<Value<'a>>,
    pub(super) provider: Option<Value<'a>>,
    pub(super) time: Option<Value<'a>>,
}

/// The walk over one unit.
#[derive(Debug)]
pub(super) struct Walker<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    arena: &'a Arena,
    /// Names stay as they stand: the document turned out not to be a Windows event.
    plain: bool,
    /// Parts of a Windows event were given flat names.
    pub(super) flattened: bool,
    pub(super) fields: bumpalo::collections::Vec<'a, Field<'a>>,
    pub(super) header: Header<'a>,
    pub(super) too_many_fields: bool,
    pub(super) name_too_long: bool,
    data_name: Option<&'a str>,
    too_deep: bool,
    /// The string that was read last holds a backslash.
    escaped: bool,
}

/// What a value is. It travels beside its text and becomes a [`Value`] only where that is stored: a `Value` handed on through memory is written in halves and
/// read back whole, which stalls the CPU at every field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Null,
    True,
    False,
    Number,
    Text,
    Escaped,
}

impl Kind {
    #[inline]
    const fn of(self, text: &str) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::True => Value::Bool(true),
            Self::False => Value::Bool(false),
            Self::Number => Value::Number(text),
            Self::Text => Value::Text(text),
            Self::Escaped => Value::Escaped(text),
        }
    }
}

/// `None`: the text is malformed, or too deep when the walker says so.
type Step<T> = Option<T>;

impl<'a> Walker<'a> {
    /// Starts at byte `at` of `text`.
    pub(super) fn new(text: &'a str, at: usize, plain: bool, arena: &'a Arena) -> Self {
        Self {
            text,
            at,
            depth: 0,
            arena,
            plain,
            flattened: false,
            fields: bumpalo::collections::Vec::with_capacity_in(FIELDS_USUAL, arena),
            header: Header::default(),
            too_many_fields: false,
            name_too_long: false,
            data_name: None,
            too_deep: false,
            escaped: false,
        }
    }

    /// Walks the object that starts here and returns where it ends.
    pub(super) fn record(&mut self) -> Result<usize, Anomaly> {
        let walked = if self.peek() == Some(b'{') { self.object(Place::Top) } else { None };
        walked.map(|()| self.at).ok_or(if self.too_deep { TOO_DEEP } else { MALFORMED })
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not white space.
    fn token(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                other => return other,
            }
        }
    }

    fn enter(&mut self) -> Step<()> {
        self.at += 1;
        self.depth += 1;
        self.too_deep |= self.depth > DEPTH_MAX;
        (!self.too_deep).then_some(())
    }

    fn object(&mut self, place: Place<'a>) -> Step<()> {
        self.enter()?;
        if self.token() == Some(b'}') {
            self.at += 1;
            self.depth -= 1;
            return Some(());
        }
        loop {
            if self.token() != Some(b'"') {
                return None;
            }
            let name = self.name()?;
            if self.token() != Some(b':') {
                return None;
            }
            self.at += 1;
            self.value(place, name)?;
            let separator = self.token();
            self.at += 1;
            match separator {
                Some(b',') => {}
                Some(b'}') => break,
                _ => return None,
            }
        }
        self.depth -= 1;
        Some(())
    }

    fn array(&mut self, place: Place<'a>, name: &'a str) -> Step<()> {
        self.enter()?;
        if self.token() == Some(b']') {
            self.at += 1;
            self.depth -= 1;
            self.put(place, name, Kind::Null, "");
            return Some(());
        }
        loop {
            self.value(place, name)?;
            let separator = self.token();
            self.at += 1;
            match separator {
                Some(b',') => {}
                Some(b']') => break,
                _ => return None,
            }
        }
        self.depth -= 1;
        Some(())
    }

    fn value(&mut self, place: Place<'a>, name: &'a str) -> Step<()> {
        let (kind, text) = match self.token() {
            Some(b'"') => {
                self.at += 1;
                let text = self.string()?;
                (if self.escaped { Kind::Escaped } else { Kind::Text }, text)
            }
            Some(b'{') => return self.inner_object(place, name),
            Some(b'[') => return self.array(place, name),
            Some(b'-' | b'0'..=b'9') => (Kind::Number, self.number()?),
            Some(b't') => (Kind::True, self.word("true")?),
            Some(b'f') => (Kind::False, self.word("false")?),
            Some(b'n') => (Kind::Null, self.word("null")?),
            _ => return None,
        };
        self.put(place, name, kind, text);
        Some(())
    }

    fn inner_object(&mut self, place: Place<'a>, name: &'a str) -> Step<()> {
        let inside = if self.plain { None } else { place.inside(name) };
        match inside {
            Some(element @ Place::DataElement("Data" | "ComplexData")) => self.data_element(element),
            Some(inside) => {
                self.flattened |= inside.is_windows();
                self.object(inside)
            }
            None => {
                let prefix = match self.field_name(place, name) {
                    Name::Plain(name) => name,
                    Name::Joined(parent, separator, child) => self.join(parent, separator, child),
                    Name::NamesData | Name::Ignored => name,
                };
                self.object(Place::Under(prefix))
            }
        }
    }

    /// A `Data` element: its `Name` attribute, when it has one, is the name of its text.
    fn data_element(&mut self, element: Place<'a>) -> Step<()> {
        let first = self.fields.len();
        self.object(element)?;
        let Some(name) = self.data_name.take() else { return Some(()) };
        let own = self.fields.get_mut(first..).unwrap_or_default();
        if own.is_empty() {
            self.push(name, Kind::Null, "");
            return Some(());
        }
        for field in own.iter_mut().filter(|field| matches!(field.name, "Data" | "ComplexData")) {
            field.name = name;
        }
        Some(())
    }

    fn field_name(&self, place: Place<'a>, name: &'a str) -> Name<'a> {
        match place {
            Place::Top if self.plain => Name::Plain(name),
            _ => place.field(name),
        }
    }

    fn put(&mut self, place: Place<'a>, name: &'a str, kind: Kind, text: &'a str) {
        // Most fields of an event: what `Place::field` and the header would say is known.
        let is_ordinary = match place {
            Place::Data(_) => !name.starts_with(['#', 'x']),
            Place::Top => !(SPECIAL_LENGTHS.contains(&name.len()) || name.starts_with('w')),
            _ => false,
        };
        if is_ordinary {
            return self.push(name, kind, text);
        }
        let name = match self.field_name(place, name) {
            Name::Plain(name) => name,
            Name::Joined(parent, separator, child) => self.join(parent, separator, child),
            Name::NamesData => {
                self.data_name = kind.of(text).text(self.arena);
                return;
            }
            Name::Ignored => return,
        };
        if kind == Kind::Null && place.drops_null() {
            return;
        }
        match place {
            Place::System | Place::SystemElement(_) | Place::Attributes(_) | Place::Winlog | Place::Top => {
                self.remember(place, name, kind.of(text));
            }
            _ => {}
        }
        self.push(name, kind, text);
    }

    /// Keeps what names the record's channel, event, provider and time.
    fn remember(&mut self, place: Place<'a>, name: &'a str, value: Value<'a>) {
        let header = &mut self.header;
        let slot = match (place, name) {
            (Place::Top, "@timestamp") | (_, "TimeCreated_SystemTime") => &mut header.time,
            (Place::Top, _) if !name.starts_with(['C', 'E', 'P']) => return,
            (_, "Channel") => &mut header.channel,
            (_, "EventID") => &mut header.event_id,
            (_, "Provider_Name") => &mut header.provider,
            _ => return,
        };
        if slot.is_none() {
            *slot = Some(value);
        }
    }

    fn push(&mut self, name: &'a str, kind: Kind, text: &'a str) {
        if self.fields.len() >= FIELDS_MAX {
            self.too_many_fields = true;
            return;
        }
        self.fields.push(Field { name, value: kind.of(text) });
    }

    fn join(&mut self, parent: &'a str, separator: char, child: &'a str) -> &'a str {
        let length = parent.len() + separator.len_utf8() + child.len();
        if length > NAME_BYTES_MAX {
            self.name_too_long = true;
            return child;
        }
        let mut name = bumpalo::collections::String::with_capacity_in(length, self.arena);
        name.push_str(parent);
        name.push(separator);
        name.push_str(child);
        name.into_bump_str()
    }

    fn name(&mut self) -> Step<&'a str> {
        self.at += 1;
        let text = self.string()?;
        if self.escaped { Value::Escaped(text).text(self.arena) } else { Some(text) }
    }

    /// The inside of the string whose opening quote was just passed.
    fn string(&mut self) -> Step<&'a str> {
        let (end, escaped) = closing_quote(self.text.as_bytes(), self.at)?;
        let text = self.text.get(self.at..end)?;
        (self.at, self.escaped) = (end + 1, escaped);
        Some(text)
    }

    fn number(&mut self) -> Step<&'a str> {
        let start = self.at;
        let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| is_part(byte)).count();
        let text = self.text.get(start..self.at)?;
        if text.strip_prefix('-').unwrap_or(text).starts_with(|letter: char| letter.is_ascii_digit()) {
            Some(text)
        } else {
            None
        }
    }

    fn word(&mut self, word: &'static str) -> Step<&'a str> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return None;
        }
        self.at += word.len();
        Some(word)
    }
}
