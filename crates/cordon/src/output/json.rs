//! Pieces of JSON that several formats write by hand, in a fixed order of keys.

use std::io::Write;

use cordon_model::LogSource;

/// A JSON string.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    // Writing to a Vec does not fail, and a str is always a JSON string.
    let _ = serde_json::to_writer(&mut *out, text);
}

/// A piece that needs no escaping.
pub(crate) fn raw(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Formatted text that needs no escaping.
pub(crate) fn display(out: &mut Vec<u8>, text: impl std::fmt::Display) {
    let _ = write!(out, "{text}");
}

/// `,"name":"text"`.
pub(crate) fn member(out: &mut Vec<u8>, name: &str, text: &str) {
    raw(out, ",\"");
    raw(out, name);
    raw(out, "\":");
    string(out, text);
}

/// A list of strings.
pub(crate) fn strings<'t>(out: &mut Vec<u8>, texts: impl Iterator<Item = &'t str>) {
    list(out, texts, string);
}

/// A list of anything.
pub(crate) fn list<T>(out: &mut Vec<u8>, items: impl Iterator<Item = T>, mut write: impl FnMut(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (place, item) in items.enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

/// `{"product":..,"category":..,"service":..}`, null for what the source does not have.
pub(crate) fn log_source(out: &mut Vec<u8>, source: LogSource) {
    let parts = [("product", source.product), ("category", source.category), ("service", source.service)];
    for (place, (name, value)) in parts.into_iter().enumerate() {
        raw(out, if place == 0 { "{\"" } else { ",\"" });
        raw(out, name);
        raw(out, "\":");
        if value.is_empty() {
            raw(out, "null");
        } else {
            string(out, value);
        }
    }
    out.push(b'}');
}
