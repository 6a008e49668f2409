//! Trees as flat fields: XML and JSON documents are walked into dotted names, and where each value stood is kept for the patient spans.
//!
//! Comes in: one call per element and value, in the order of the document. Goes out: fields with their spans. It knows no format.

use bumpalo::collections::Vec;
use cordon_model::{Anomaly, Arena, Field, Span, Value};

/// Deeper elements are left out.
pub(crate) const DEPTH_MAX: usize = 32;
/// Further fields are left out.
pub(crate) const FIELDS_MAX: usize = 4_000;

/// The document is nested deeper than [`DEPTH_MAX`].
pub(crate) const TOO_DEEP: Anomaly =
    Anomaly::new("document_too_deep", "elements are nested more than 32 deep; the deeper ones were left out")
        .losing_input();
/// The document has more than [`FIELDS_MAX`] values.
pub(crate) const TOO_MANY_FIELDS: Anomaly =
    Anomaly::new("document_too_many_fields", "the record has more than 4000 values; the further ones were left out");

/// The fields of one record so far, and the name that the walk stands at.
pub(crate) struct Flat<'a> {
    arena: &'a Arena,
    path: String,
    parents: std::vec::Vec<usize>,
    too_deep: usize,
    fields: Vec<'a, Field<'a>>,
    spans: Vec<'a, Span>,
    anomalies: Vec<'a, Anomaly>,
}

/// What a walk gave: `spans` stand beside `fields`.
pub(crate) struct Flattened<'a> {
    pub(crate) fields: Vec<'a, Field<'a>>,
    pub(crate) spans: Vec<'a, Span>,
    pub(crate) anomalies: Vec<'a, Anomaly>,
}

impl<'a> Flat<'a> {
    /// At the root, with nothing seen.
    pub(crate) fn new(arena: &'a Arena) -> Self {
        Self {
            arena,
            path: String::new(),
            parents: std::vec::Vec::new(),
            too_deep: 0,
            fields: Vec::with_capacity_in(64, arena),
            spans: Vec::with_capacity_in(64, arena),
            anomalies: Vec::new_in(arena),
        }
    }

    /// Goes into the element `name`. Below [`DEPTH_MAX`] nothing is kept until the walk comes up again.
    pub(crate) fn enter(&mut self, name: &str) {
        if self.parents.len() >= DEPTH_MAX {
            self.too_deep += 1;
            self.fault(TOO_DEEP);
            return;
        }
        self.parents.push(self.path.len());
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(name);
    }

    /// Leaves the element entered last.
    pub(crate) fn leave(&mut self) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
        } else if let Some(length) = self.parents.pop() {
            self.path.truncate(length);
        }
    }

    /// The name that the walk stands at.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Whether the walk stands deeper than anything is kept.
    pub(crate) fn is_too_deep(&self) -> bool {
        self.too_deep > 0
    }

    /// Keeps a value under the name that the walk stands at.
    pub(crate) fn value(&mut self, value: Value<'a>, span: Span) {
        if self.fields.len() >= FIELDS_MAX {
            self.fault(TOO_MANY_FIELDS);
        } else if self.too_deep == 0 {
            self.fields.push(Field { name: self.arena.alloc_str(&self.path), value });
            self.spans.push(span);
        }
    }

    /// Keeps a value under `name` below the name that the walk stands at.
    pub(crate) fn value_below(&mut self, name: &str, value: Value<'a>, span: Span) {
        self.enter(name);
        self.value(value, span);
        self.leave();
    }

    /// Begins the next element of a repeated structure: a field with the structure's bare name and the element's number, from 0
    /// (`docs/specs/decoders-health.md`, repeated structures).
    pub(crate) fn begin_element(&mut self) {
        let number = self.fields.iter().filter(|field| field.name == self.path).count();
        let value = Value::Number(self.arena.alloc_str(&number.to_string()));
        self.value(value, Span { start: 0, end: 0 });
    }

    /// Keeps a fault, once.
    pub(crate) fn fault(&mut self, anomaly: Anomaly) {
        if !self.anomalies.contains(&anomaly) {
            self.anomalies.push(anomaly);
        }
    }

    /// What was gathered.
    pub(crate) fn finish(self) -> Flattened<'a> {
        Flattened { fields: self.fields, spans: self.spans, anomalies: self.anomalies }
    }
}

/// Spans in order, without empty ones, those that touch or overlap joined.
pub(crate) fn merge_spans(spans: &mut Vec<'_, Span>) {
    let count = merge_in_place(spans);
    spans.truncate(count);
}

/// The same for any list: how many spans are left at its start.
pub(crate) fn merge_in_place(spans: &mut [Span]) -> usize {
    spans.sort_unstable();
    let mut count: usize = 0;
    for at in 0..spans.len() {
        let Some(next) = spans.get(at).copied().filter(|span| span.start < span.end) else { continue };
        let last = count.checked_sub(1).and_then(|last| spans.get_mut(last));
        if let Some(last) = last.filter(|last| next.start <= last.end) {
            last.end = last.end.max(next.end);
            continue;
        }
        spans.get_mut(count).into_iter().for_each(|place| *place = next);
        count += 1;
    }
    count
}

/// The elements of a repeated structure, as ranges of fields: each begins with a field of the bare `name` ([`Flat::begin_element`]) and goes on while names
/// lie below it.
pub(crate) fn elements<'f>(
    fields: &'f [Field<'_>],
    name: &'f str,
) -> impl Iterator<Item = std::ops::Range<usize>> + 'f {
    let starts = fields.iter().enumerate().filter(move |(_, field)| field.name == name);
    starts.map(move |(start, _)| {
        let rest = fields.get(start + 1..).unwrap_or_default();
        let length = rest.iter().position(|field| below(field.name, name).is_none()).unwrap_or(rest.len());
        start + 1..start + 1 + length
    })
}

/// What follows `parent.` in a name.
pub(crate) fn below<'n>(name: &'n str, parent: &str) -> Option<&'n str> {
    name.strip_prefix(parent)?.strip_prefix('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_come_in_order_and_those_that_touch_become_one() {
        let span = |start, end| Span { start, end };
        let mut spans = [span(7, 9), span(3, 3), span(0, 2), span(1, 4), span(4, 5), span(8, 8)];
        let count = merge_in_place(&mut spans);
        assert_eq!(spans.get(..count), Some(&[span(0, 5), span(7, 9)][..]));
    }
}
