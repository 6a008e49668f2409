//! Windows events as the collector's `windowseventlog` receiver writes them into the body of a LogRecord: given the names that decoders know Windows events by.

use super::message::{AnyValue, KeyValue, Value};
use super::record::Object;

/// The receiver's names of an event's elements, and the elements.
const NAMES: [(&str, &str); 9] = [
    ("channel", "Channel"),
    ("computer", "Computer"),
    ("record_id", "EventRecordID"),
    ("system_time", "TimeCreated_SystemTime"),
    ("level", "Level"),
    ("task", "Task"),
    ("opcode", "Opcode"),
    ("keywords", "Keywords"),
    ("version", "Version"),
];

/// The event in `body`, when it is one, as an object.
pub(super) fn event(body: &[KeyValue]) -> Option<Vec<u8>> {
    let provider = list(value(body, "provider")?)?;
    let id = value(body, "event_id")?;
    value(body, "channel")?;
    let mut event = Object::default();
    event.value("EventID", list(id).and_then(|id| value(id, "id")).or(Some(id)));
    event.value("Provider_Name", value(provider, "name"));
    if let Some(guid) = value(provider, "guid") {
        event.value("Provider_Guid", Some(guid));
    }
    for member in body {
        let known = NAMES.iter().find(|(name, _)| *name == member.key).map(|(_, element)| *element);
        match (member.key.as_str(), known) {
            ("event_id" | "provider", _) => {}
            ("event_data", _) => event_data(&mut event, member.value.as_ref()),
            (_, Some(element)) => event.value(element, member.value.as_ref()),
            (name, None) => event.value(name, member.value.as_ref()),
        }
    }
    Some(event.closed())
}

/// The named values of an event: written as one list of names, or below `data` as many lists of one name each.
fn event_data(event: &mut Object, data: Option<&AnyValue>) {
    let named = data.and_then(list).and_then(|list| value(list, "data")).and_then(|data| match &data.value {
        Some(Value::Array(array)) => Some(&array.values),
        _ => None,
    });
    let Some(named) = named else { return event.value("event_data", data) };
    let mut members = Object::default();
    for member in named.iter().filter_map(list).flatten() {
        members.value(&member.key, member.value.as_ref());
    }
    event.raw("event_data", &members.closed());
}

fn value<'v>(list: &'v [KeyValue], key: &str) -> Option<&'v AnyValue> {
    list.iter().find(|member| member.key == key)?.value.as_ref()
}

fn list(value: &AnyValue) -> Option<&[KeyValue]> {
    match &value.value {
        Some(Value::Map(list)) => Some(&list.values),
        _ => None,
    }
}
