//! The fields and anomalies of one record while it is being decoded, in the arena and bounded.

use bumpalo::collections::{String, Vec};
use cordon_model::{Anomaly, Arena, Field, Value};

use super::anomaly::TOO_MANY_FIELDS;

/// Most fields of one record.
pub(super) const FIELDS_MAX: usize = 4096;

/// Collects fields in the order of the source. Values that had to be changed live in the arena.
pub(super) struct FieldList<'a> {
    pub(super) arena: &'a Arena,
    fields: Vec<'a, Field<'a>>,
    anomalies: Vec<'a, Anomaly>,
}

impl<'a> FieldList<'a> {
    pub(super) fn new(arena: &'a Arena) -> Self {
        Self { arena, fields: Vec::with_capacity_in(24, arena), anomalies: Vec::with_capacity_in(4, arena) }
    }

    /// Adds a field; over the bound it is left out and the record says so.
    pub(super) fn push(&mut self, name: &'a str, value: Value<'a>) {
        if self.fields.len() >= FIELDS_MAX {
            self.anomaly(TOO_MANY_FIELDS);
            return;
        }
        self.fields.push(Field { name, value });
    }

    pub(super) fn text(&mut self, name: &'a str, value: &'a str) {
        self.push(name, Value::Text(value));
    }

    pub(super) fn some(&mut self, name: &'a str, value: Option<&'a str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// Number of fields so far.
    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    /// The fields from `start` on.
    pub(super) fn since(&self, start: usize) -> &[Field<'a>] {
        self.fields.get(start..).unwrap_or_default()
    }

    /// The text of the field `name` among those from `start` on.
    pub(super) fn text_behind(&self, start: usize, name: &str) -> Option<&'a str> {
        self.fields.iter().skip(start).find(|field| field.name == name).and_then(|field| match field.value {
            Value::Text(text) => Some(text),
            _ => None,
        })
    }

    /// The same anomaly is noted once.
    pub(super) fn anomaly(&mut self, anomaly: Anomaly) {
        if !self.anomalies.contains(&anomaly) {
            self.anomalies.push(anomaly);
        }
    }

    /// `text` in lower case, without a copy where it is so already.
    pub(super) fn lower(&self, text: &'a str) -> &'a str {
        if !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return text;
        }
        let copy = self.arena.alloc_str(text);
        copy.make_ascii_lowercase();
        copy
    }

    /// Two parts and a dot between them, in the arena.
    pub(super) fn dotted(&self, first: &str, second: &str) -> &'a str {
        let mut name = String::with_capacity_in(first.len() + second.len() + 1, self.arena);
        name.push_str(first);
        name.push('.');
        name.push_str(second);
        name.into_bump_str()
    }

    pub(super) fn finish(self) -> (&'a [Field<'a>], &'a [Anomaly]) {
        (self.fields.into_bump_slice(), self.anomalies.into_bump_slice())
    }
}
