//! Records that arrive in an envelope (Splunk HEC, OTLP): the record that the envelope holds, in its own names, with what the envelope says of it beside.
//!
//! An object stays an object and its members stay where rules look for them, byte for byte; a text that is a JSON object is taken for that object; any other
//! value becomes `message`. What the envelope says stands behind them under one name, and its time as `@timestamp` where the record states none.

use super::members::{Members, inside, is_object};

/// What an envelope holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'a> {
    /// A well-formed JSON object as written.
    Object(&'a [u8]),
    /// Any other JSON value as written.
    Value(&'a [u8]),
    /// Text.
    Text(&'a str),
    /// Nothing.
    Nothing,
}

/// What stands around the content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Envelope<'a> {
    /// Name of the member that holds what the envelope says.
    pub(super) name: &'a str,
    /// What it says: members as written.
    pub(super) says: &'a [u8],
    /// Members that stand beside those of the content, as written.
    pub(super) more: &'a [u8],
    /// Its time, a JSON value.
    pub(super) time: Option<&'a [u8]>,
}

/// Writes the record: `{content, more, "name": {says}, "@timestamp": time}`.
pub(super) fn write(out: &mut Vec<u8>, content: Content<'_>, envelope: &Envelope<'_>) {
    let content = match content {
        Content::Text(text) if is_object(text.trim().as_bytes()) => Content::Object(text.trim().as_bytes()),
        other => other,
    };
    out.push(b'{');
    let mut has_time = false;
    match content {
        Content::Object(object) => {
            has_time = Members::value(object, "@timestamp").is_some();
            member(out, inside(object));
        }
        Content::Value(value) => member(out, &[b"\"message\":", value].concat()),
        Content::Text(text) => member(out, &[b"\"message\":", quoted(text).as_bytes()].concat()),
        Content::Nothing => {}
    }
    member(out, envelope.more);
    if !envelope.says.is_empty() {
        member(out, &[b"\"", envelope.name.as_bytes(), b"\":{", envelope.says, b"}"].concat());
    }
    if let Some(time) = envelope.time.filter(|_| !has_time) {
        member(out, &[b"\"@timestamp\":", time].concat());
    }
    out.push(b'}');
}

/// A text as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Adds members to an object that is being written.
fn member(out: &mut Vec<u8>, members: &[u8]) {
    if members.is_empty() {
        return;
    }
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.extend_from_slice(members);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(content: Content<'_>, context: &str, time: Option<&str>, expect: &str) {
        let mut out = Vec::new();
        let time = time.map(str::as_bytes);
        write(&mut out, content, &Envelope { name: "hec", says: context.as_bytes(), more: b"", time });
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }

    #[test]
    fn the_record_stands_first_in_its_own_names() {
        check(
            Content::Object(b" { \"a\" : 1 } "),
            "\"host\":\"h\"",
            Some("7"),
            r#"{"a" : 1,"hec":{"host":"h"},"@timestamp":7}"#,
        );
        check(Content::Object(b"{}"), "", Some("7"), r#"{"@timestamp":7}"#);
        check(Content::Object(b"{\"@timestamp\":1}"), "", Some("7"), r#"{"@timestamp":1}"#);
        check(Content::Text("{\"a\":1}\n"), "", None, r#"{"a":1}"#);
        check(Content::Text("{\"a\":1"), "", None, r#"{"message":"{\"a\":1"}"#);
        check(Content::Value(b"[1]"), "\"host\":1", None, r#"{"message":[1],"hec":{"host":1}}"#);
        check(Content::Nothing, "", None, "{}");
    }
}
