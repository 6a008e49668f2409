//! `cordon events --format record`: one JSON object a line, fields in the source's own names and order.
//!
//! A line is `{"source_file","position","index","format","time","log_sources","fields","anomalies"}`; bytes that gave no record have a line without the
//! keys that only a record has.

use std::borrow::Cow;
use std::collections::HashMap;

use cordon_collect::SourceInfo;
use cordon_model::{Anomaly, Arena, Field, LogSourceTable, Record, Value};
use cordon_normalize::Mask;

use super::json;

/// Writes the line of a record.
pub(crate) fn record<'a>(
    out: &mut Vec<u8>,
    record: &Record<'a>,
    source: &SourceInfo,
    table: &LogSourceTable,
    mask: Option<&Mask>,
    arena: &'a Arena,
) {
    json::raw(out, "{\"source_file\":");
    json::string(out, &source.id);
    json::raw(out, ",\"position\":\"");
    json::display(out, record.raw.position);
    json::raw(out, "\",\"index\":");
    json::display(out, record.index);
    json::member(out, "format", record.format);
    json::raw(out, ",\"time\":");
    match record.when.resolve() {
        Some(time) => json::string(out, &time.to_string()),
        None => json::raw(out, "null"),
    }
    json::raw(out, ",\"log_sources\":");
    json::list(out, table.sources(record.sources).iter(), |out, source| json::log_source(out, *source));
    json::raw(out, ",\"fields\":{");
    fields(out, record.fields, mask, arena);
    json::raw(out, "},\"anomalies\":");
    json::strings(out, record.anomalies.iter().map(|anomaly| anomaly.name()));
    json::raw(out, "}\n");
}

/// Writes the line of bytes that gave no record.
pub(crate) fn fault(out: &mut Vec<u8>, source: &SourceInfo, offset: u64, anomaly: Anomaly) {
    json::raw(out, "{\"source_file\":");
    json::string(out, &source.id);
    json::raw(out, ",\"position\":\"");
    json::display(out, offset);
    json::raw(out, "\",\"anomalies\":");
    json::strings(out, std::iter::once(anomaly.name()));
    json::raw(out, "}\n");
}

/// A name that repeats becomes an array at its first place.
fn fields<'a>(out: &mut Vec<u8>, fields: &[Field<'a>], mask: Option<&Mask>, arena: &'a Arena) {
    let mut by_name: HashMap<&str, Vec<Value<'a>>> = HashMap::with_capacity(fields.len());
    for field in fields {
        by_name.entry(field.name).or_default().push(field.value);
    }
    let mut first = true;
    for field in fields {
        let Some(values) = by_name.remove(field.name) else { continue };
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        // a name can hold a patient's words too: `{"patients": {"Jane Doe": ...}}`
        json::string(out, &mask.map_or(Cow::Borrowed(field.name), |mask| mask.name(field.name)));
        out.push(b':');
        match values.as_slice() {
            [one] => value(out, *one, mask, arena),
            several => json::list(out, several.iter(), |out, one| value(out, *one, mask, arena)),
        }
    }
}

fn value<'a>(out: &mut Vec<u8>, value: Value<'a>, mask: Option<&Mask>, arena: &'a Arena) {
    let text = value.text(arena).unwrap_or_default();
    if let Some(Cow::Owned(masked)) = mask.map(|mask| mask.text(text)) {
        return json::string(out, &masked);
    }
    match value {
        Value::Null => json::raw(out, "null"),
        Value::Bool(true) => json::raw(out, "true"),
        Value::Bool(false) => json::raw(out, "false"),
        Value::Number(text) if serde_json::from_str::<serde_json::Number>(text).is_ok() => json::raw(out, text),
        _ => json::string(out, text),
    }
}
