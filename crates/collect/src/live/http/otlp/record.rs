//! A LogRecord as a record in JSON. What the body holds stands first and in its own names, then the attributes in theirs, then under `otel` what else the
//! request says, then the time as `@timestamp`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::message::{AnyValue, KeyValue, LogRecord, Resource, Scope, Value};
use super::windows;
use crate::live::http::envelope::{self, Content, Envelope, quoted};

/// Members that all records of one scope share, as written below `otel`.
#[derive(Debug)]
pub(super) struct Surroundings {
    members: Vec<u8>,
}

impl Surroundings {
    pub(super) fn of(resource: &Resource, scope: &Scope) -> Self {
        let mut members = Object::default();
        if !resource.attributes.is_empty() {
            members.raw("resource", &object(&resource.attributes));
        }
        let mut own = Object::default();
        own.text("name", &scope.name);
        own.text("version", &scope.version);
        if !scope.attributes.is_empty() {
            own.raw("attributes", &object(&scope.attributes));
        }
        if !own.0.is_empty() {
            members.raw("scope", &own.closed());
        }
        Self { members: members.0 }
    }
}

/// Writes the record.
pub(super) fn write_record(out: &mut Vec<u8>, record: LogRecord, surroundings: &Surroundings) {
    let mut says = Object(surroundings.members.clone());
    says.text("severity_text", &record.severity_text);
    says.number("severity_number", i64::from(record.severity_number));
    says.text("event_name", &record.event_name);
    says.text("trace_id", &hexadecimal(&record.trace_id));
    says.text("span_id", &hexadecimal(&record.span_id));
    says.number("flags", i64::from(record.flags));
    says.number("dropped_attributes_count", i64::from(record.dropped_attributes_count));
    let observed = rfc3339(record.observed_time_unix_nano);
    says.text("observed_timestamp", observed.as_deref().unwrap_or_default());
    let time = rfc3339(record.time_unix_nano).or(observed).map(|time| quoted(&time).into_bytes());
    let mut attributes = Object::default();
    attributes.members(&record.attributes);
    let envelope = Envelope { name: "otel", says: &says.0, more: &attributes.0, time: time.as_deref() };
    let written: Vec<u8>;
    let content = match record.body.and_then(|body| body.value) {
        None => Content::Nothing,
        Some(Value::Text(text)) => return envelope::write(out, Content::Text(&text), &envelope),
        Some(Value::Map(list)) => {
            written = windows::event(&list.values).unwrap_or_else(|| object(&list.values));
            Content::Object(&written)
        }
        Some(value) => {
            let mut bytes = Vec::new();
            write_value(&mut bytes, Some(&value));
            written = bytes;
            Content::Value(&written)
        }
    };
    envelope::write(out, content, &envelope);
}

/// Members of an object that is being written.
#[derive(Debug, Default)]
pub(super) struct Object(pub(super) Vec<u8>);

impl Object {
    pub(super) fn raw(&mut self, name: &str, value: &[u8]) {
        if !self.0.is_empty() {
            self.0.push(b',');
        }
        self.0.extend_from_slice(quoted(name).as_bytes());
        self.0.push(b':');
        self.0.extend_from_slice(value);
    }

    /// A text, unless it is empty: that is how OTLP leaves one out.
    fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.raw(name, quoted(text).as_bytes());
        }
    }

    /// A number, unless it is 0, likewise.
    fn number(&mut self, name: &str, number: i64) {
        if number != 0 {
            self.raw(name, number.to_string().as_bytes());
        }
    }

    pub(super) fn value(&mut self, name: &str, value: Option<&AnyValue>) {
        let mut written = Vec::new();
        write_value(&mut written, value.and_then(|value| value.value.as_ref()));
        self.raw(name, &written);
    }

    fn members(&mut self, list: &[KeyValue]) {
        list.iter().for_each(|member| self.value(&member.key, member.value.as_ref()));
    }

    pub(super) fn closed(&self) -> Vec<u8> {
        [b"{".as_slice(), &self.0, b"}"].concat()
    }
}

/// A list of keys and values as an object.
fn object(list: &[KeyValue]) -> Vec<u8> {
    let mut members = Object::default();
    members.members(list);
    members.closed()
}

/// Writes a value. How deep values nest is bounded by their readers: 100 levels in protobuf, 128 in JSON.
fn write_value(out: &mut Vec<u8>, value: Option<&Value>) {
    match value {
        None => out.extend_from_slice(b"null"),
        Some(Value::Text(text)) => out.extend_from_slice(quoted(text).as_bytes()),
        Some(Value::Bool(value)) => out.extend_from_slice(value.to_string().as_bytes()),
        Some(Value::Int(number)) => out.extend_from_slice(number.to_string().as_bytes()),
        Some(Value::Double(number)) => out.extend_from_slice(double(*number).as_bytes()),
        Some(Value::Bytes(bytes)) => out.extend_from_slice(quoted(&STANDARD.encode(bytes)).as_bytes()),
        Some(Value::Map(list)) => out.extend_from_slice(&object(&list.values)),
        Some(Value::Array(array)) => {
            out.push(b'[');
            for (number, value) in array.values.iter().enumerate() {
                if number > 0 {
                    out.push(b',');
                }
                write_value(out, value.value.as_ref());
            }
            out.push(b']');
        }
    }
}

/// JSON has no word for what is not finite: then the text.
fn double(number: f64) -> String {
    serde_json::Number::from_f64(number).map_or_else(|| quoted(&number.to_string()), |number| number.to_string())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Nanoseconds since 1970 as RFC 3339; `None` for 0, which says that there is none.
fn rfc3339(nanoseconds: u64) -> Option<String> {
    let nanoseconds = Some(i128::from(nanoseconds)).filter(|time| *time > 0)?;
    jiff::Timestamp::from_nanosecond(nanoseconds).ok().map(|time| time.to_string())
}
