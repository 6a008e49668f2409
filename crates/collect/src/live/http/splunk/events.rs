//! The body of an HEC request: JSON objects one behind the other, each with the event and what is said of it (Splunk, "Format events for HTTP Event Collector").

use serde::de::IgnoredAny;

use crate::live::http::envelope::{self, Content, Envelope};
use crate::live::http::members::Members;

/// Why an event is not kept. The events behind it are not read: nobody can say where they start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventFault {
    /// Not JSON objects one behind the other.
    Format,
    /// An object without `event`.
    Required,
    /// An `event` that is empty.
    Blank,
    /// Longer than a record may be.
    TooLong,
}

/// One event as written.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    object: &'a [u8],
    event: &'a [u8],
}

impl Event<'_> {
    /// Writes the record of this event: what `event` holds, everything else below `splunk`.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut context = Vec::new();
        for (name, value) in Members::of(self.object).filter(|(name, _)| *name != b"\"event\"") {
            if !context.is_empty() {
                context.push(b',');
            }
            context.extend_from_slice(name);
            context.push(b':');
            context.extend_from_slice(value);
        }
        let text: String;
        let content = match self.event.first() {
            Some(b'{') => Content::Object(self.event),
            Some(b'"') => match serde_json::from_slice(self.event) {
                Ok(unescaped) => {
                    text = unescaped;
                    Content::Text(&text)
                }
                Err(_) => Content::Value(self.event),
            },
            _ => Content::Value(self.event),
        };
        let time = Members::value(self.object, "time").and_then(seconds);
        envelope::write(out, content, &Envelope { name: "splunk", says: &context, more: b"", time });
    }
}

/// A time in seconds, written as a number or as a number in quotes.
fn seconds(value: &[u8]) -> Option<&[u8]> {
    let number = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value);
    let is_number = number.first().is_some_and(u8::is_ascii_digit) && serde_json::from_slice::<f64>(number).is_ok();
    is_number.then_some(number)
}

/// Walks over the events of a body.
#[derive(Debug)]
pub struct Events<'a> {
    rest: &'a [u8],
    record_bytes_max: usize,
}

impl<'a> Events<'a> {
    /// The events of `body`.
    #[must_use]
    pub const fn new(body: &'a [u8], record_bytes_max: usize) -> Self {
        Self { rest: body, record_bytes_max }
    }

    fn event(&mut self) -> Result<Option<Event<'a>>, EventFault> {
        // white space, and commas as some senders write them between objects
        let rest = self.rest.trim_ascii_start();
        let rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
        if rest.is_empty() {
            return Ok(None);
        }
        if rest.first() != Some(&b'{') {
            return Err(EventFault::Format);
        }
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<IgnoredAny>();
        values.next().and_then(Result::ok).ok_or(EventFault::Format)?;
        let (object, behind) = rest.split_at_checked(values.byte_offset()).ok_or(EventFault::Format)?;
        self.rest = behind;
        if object.len() > self.record_bytes_max {
            return Err(EventFault::TooLong);
        }
        let event = Members::value(object, "event").ok_or(EventFault::Required)?;
        match event {
            b"null" => Err(EventFault::Required),
            b"\"\"" | b"{}" => Err(EventFault::Blank),
            _ => Ok(Some(Event { object, event })),
        }
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Result<Event<'a>, EventFault>;

    fn next(&mut self) -> Option<Self::Item> {
        let event = self.event();
        if event.is_err() {
            self.rest = &[];
        }
        event.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expect: &[&str]) {
        let seen = Events::new(body.as_bytes(), 128).map(|event| match event {
            Ok(event) => {
                let mut out = Vec::new();
                event.write(&mut out);
                String::from_utf8(out).unwrap()
            }
            Err(fault) => format!("{fault:?}"),
        });
        assert_eq!(seen.collect::<Vec<_>>(), expect, "{body}");
    }

    #[test]
    fn events_stand_one_behind_the_other() {
        check(
            "{\"event\":{\"a\":1},\"time\":1765342048.5,\"host\":\"h\"}{\"event\":\"line\"}\n\r\n{\"event\":[1]},{\"event\":3}",
            &[
                r#"{"a":1,"splunk":{"time":1765342048.5,"host":"h"},"@timestamp":1765342048.5}"#,
                r#"{"message":"line"}"#,
                r#"{"message":[1]}"#,
                r#"{"message":3}"#,
            ],
        );
        check(
            "{\"time\":\"17\",\"event\":\"{\\\"a\\\":1}\",\"fields\":{\"x\":[]}}",
            &[r#"{"a":1,"splunk":{"time":"17","fields":{"x":[]}},"@timestamp":17}"#],
        );
        check("{\"time\":\"now\",\"event\":true}", &[r#"{"message":true,"splunk":{"time":"now"}}"#]);
        check(" \n", &[]);
    }

    #[test]
    fn a_fault_ends_the_reading_and_has_its_name() {
        check("{\"event\":1}{\"even\":2}{\"event\":3}", &[r#"{"message":1}"#, "Required"]);
        check("{\"event\":null}", &["Required"]);
        check("{\"event\":\"\"}", &["Blank"]);
        check("{\"event\":1} x {\"event\":1}", &[r#"{"message":1}"#, "Format"]);
        check("{\"event\":", &["Format"]);
        check("[{\"event\":1}]", &["Format"]);
        check(&format!("{{\"event\":\"{}\"}}", "x".repeat(128)), &["TooLong"]);
    }
}
