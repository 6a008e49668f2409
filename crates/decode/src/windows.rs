//! What Windows formats share: the log sources of a channel and an event id, and the names of Defender's fields.

use cordon_model::{Arena, Field, LogSourceTable, SourceSet, Value};

/// Key of the row for channels that the table does not name: they are still product `windows`.
const ANY_CHANNEL: &str = "*";

/// The log sources of a Windows event: by its channel; by its provider when it names no channel the table knows; else those of any channel.
pub(crate) fn channel_sources<'a>(
    table: &LogSourceTable,
    channel: Option<Value<'a>>,
    provider: Option<Value<'a>>,
    event_id: Option<Value<'a>>,
    arena: &'a Arena,
) -> SourceSet {
    let text = |value: Option<Value<'a>>| value.and_then(|value| value.text(arena));
    let id = text(event_id).and_then(|id| id.parse().ok());
    let by_channel = text(channel).map(|channel| table.lookup("windows_channel", channel, id)).unwrap_or_default();
    if by_channel != SourceSet::default() {
        return by_channel;
    }
    let by_provider = match text(channel) {
        None => text(provider).map(|provider| table.lookup("windows_provider", provider, id)).unwrap_or_default(),
        Some(_) => SourceSet::default(),
    };
    if by_provider != SourceSet::default() {
        return by_provider;
    }
    table.lookup("windows_channel", ANY_CHANNEL, None)
}

/// The channel whose events have blanks in their field names (`Threat Name`).
const DEFENDER: &str = "Microsoft-Windows-Windows Defender/Operational";

/// Takes the blanks out of the names of Defender's fields: rules write `ThreatName`.
pub(crate) fn drop_blanks_of_defender<'a>(channel: Option<Value<'a>>, fields: &mut [Field<'a>], arena: &'a Arena) {
    if channel != Some(Value::Text(DEFENDER)) {
        return;
    }
    for field in fields.iter_mut().filter(|field| field.name.contains(' ')) {
        let mut name = bumpalo::collections::String::with_capacity_in(field.name.len(), arena);
        name.extend(field.name.chars().filter(|letter| *letter != ' '));
        field.name = name.into_bump_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(channel: &str, expect: &str) {
        let arena = Arena::new();
        let mut fields = [Field { name: "Threat Name", value: Value::Null }];
        drop_blanks_of_defender(Some(Value::Text(arena.alloc_str(channel))), &mut fields, &arena);
        assert_eq!(fields[0].name, expect);
    }

    #[test]
    fn only_defenders_names_lose_their_blanks() {
        check(DEFENDER, "ThreatName");
        check("Application", "Threat Name");
    }
}
