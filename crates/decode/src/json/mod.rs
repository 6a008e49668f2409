//! JSON in all its framings: NDJSON, pretty-printed values, arrays of records, envelopes. Windows events of every common shipper get Sigma's flat names;
//! everything else keeps its own, nested names joined with dots, and is recognised by `data/json_shapes.tsv`.

mod anomaly;
mod carried;
mod fields;
mod frame;
mod known_names;
mod place;
mod quote;
mod scan;
mod shape;
mod time;
mod walk;

#[cfg(test)]
mod shape_tests;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

pub(crate) use carried::CARRIER;
pub(crate) use fields::{leading, record};
pub(crate) use frame::JsonFramer;
pub(crate) use place::{Name, Place};
#[cfg(test)]
pub(crate) use shape::JSON_SHAPES;

use crate::{Confidence, DecodeOptions, Format, Framer};

/// Deepest nesting of a record, in levels.
pub(crate) const DEPTH_MAX: u32 = 64;

/// Most fields of one record.
pub(crate) const FIELDS_MAX: usize = 16_384;

/// Longest dotted name, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 1024;

/// JSON text, RFC 8259, one or many values.
#[derive(Debug)]
pub(crate) struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn sniff(&self, head: &[u8], _ended: bool) -> Confidence {
        let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
        if text.starts_with(b"[") && is_empty_array(text) {
            return Confidence::Likely;
        }
        let inside = text.strip_prefix(b"[").map_or(text, <[u8]>::trim_ascii_start);
        match inside.strip_prefix(b"{").map(|rest| rest.trim_ascii_start().first()) {
            Some(Some(b'"' | b'}')) => Confidence::Likely,
            _ => Confidence::No,
        }
    }

    fn framer(&self, options: &Arc<DecodeOptions>) -> Box<dyn Framer> {
        Box::new(JsonFramer::new(options))
    }
}

/// Whether text is an array without an element, or opening brackets only.
fn is_empty_array(text: &[u8]) -> bool {
    let is_open = |byte: &u8| *byte == b'[' || byte.is_ascii_whitespace();
    let rest = text.iter().position(|byte| !is_open(byte)).and_then(|at| text.get(at..)).unwrap_or_default();
    rest.iter().all(|byte| *byte == b']' || byte.is_ascii_whitespace())
}
